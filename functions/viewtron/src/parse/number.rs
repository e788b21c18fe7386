//! Numbers and coordinates.

use super::{ParseError, Parser, leaf};
use crate::xml::{Node, Tag};

/// Numbers by name.
pub(super) type Numbers<'a> = Vec<(&'a str, f64)>;

impl<'a> Parser<'a> {
    /// Every number below the element that is open. An empty element is 0.
    pub(super) fn numbers(&mut self) -> Result<Numbers<'a>, ParseError> {
        let mut numbers = Vec::new();
        self.number_entries(&mut numbers)?;
        Ok(numbers)
    }

    pub(super) fn number_entries(&mut self, into: &mut Numbers<'a>) -> Result<(), ParseError> {
        while let Some(tag) = self.cursor.child()? {
            self.number_entry(into, &tag)?;
        }
        Ok(())
    }

    pub(super) fn number_entry(&mut self, into: &mut Numbers<'a>, tag: &Tag<'a>) -> Result<(), ParseError> {
        match self.cursor.next()? {
            Node::Close => {
                let value = leaf(tag, self.cursor.take_text().to_scalar());
                let value = if value.is_empty() { Some(0.0) } else { number(&value) };
                into.extend(value.map(|value| (tag.name, value)));
            }
            Node::Open(first) => {
                self.number_entry(into, &first)?;
                self.number_entries(into)?;
            }
        }
        Ok(())
    }
}

/// A finite number.
pub(crate) fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The points of a run of `x` and `y`.
pub(super) fn points(numbers: &Numbers<'_>) -> Vec<(f64, f64)> {
    let mut points = Vec::new();
    let mut left = None;
    for &(name, value) in numbers {
        if name.eq_ignore_ascii_case("x") {
            left = Some(value);
        } else if let ("y" | "Y", Some(x)) = (name, left.take()) {
            points.push((x, value));
        }
    }
    points
}

/// `x1`, `y1`, `x2`, `y2`, when all are there.
pub(super) fn sides(numbers: &Numbers<'_>) -> Option<[f64; 4]> {
    let side = |wanted: &str| {
        numbers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| *value)
    };
    Some([side("x1")?, side("y1")?, side("x2")?, side("y2")?])
}
