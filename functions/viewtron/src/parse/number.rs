//! Numbers and coordinates.

use super::{ParseError, Parser, Part, Unknown};
use crate::xml::Tag;

/// Numbers by name.
pub(super) type Numbers<'a> = Vec<(&'a str, f64)>;

impl<'a> Parser<'a> {
    /// Every number below the element that is open. An empty element is 0; what is no number is kept as it is.
    pub(super) fn numbers(&mut self, around: &Tag<'a>) -> Result<Numbers<'a>, ParseError> {
        let mut numbers = Vec::new();
        self.number_entries(&mut numbers, around)?;
        Ok(numbers)
    }

    pub(super) fn number_entries(
        &mut self,
        into: &mut Numbers<'a>,
        around: &Tag<'a>,
    ) -> Result<(), ParseError> {
        while let Some(tag) = self.child(around.name)? {
            self.number_entry(into, &tag)?;
        }
        Ok(())
    }

    pub(super) fn number_entry(&mut self, into: &mut Numbers<'a>, tag: &Tag<'a>) -> Result<(), ParseError> {
        match self.unknown(tag)? {
            Unknown::Level => {}
            Unknown::Leaf(value) => match number(&value) {
                Some(value) => into.push((tag.name, value)),
                None if value.is_empty() => into.push((tag.name, 0.0)),
                None => self.keep_leaf(tag, value, Part::Message),
            },
            Unknown::Block(first) => {
                self.number_entry(into, &first)?;
                self.number_entries(into, tag)?;
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
