//! Where things are in the frame, whatever unit the device used.

use camhook_event::{Fraction, Point, Rectangle};

/// Cameras and recorders divide both sides of the frame into this many parts.
const PARTS: f64 = 10_000.0;

/// What coordinates count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Unit {
    /// Ten-thousandths of the frame.
    Parts,
    /// Pixels of a frame of this width and height.
    Pixels(f64, f64),
    /// Pixels of a frame whose size is not known.
    UnknownPixels,
}

impl Unit {
    fn frame(self) -> Option<(f64, f64)> {
        match self {
            Self::Parts => Some((PARTS, PARTS)),
            Self::Pixels(width, height) => Some((width, height)),
            Self::UnknownPixels => None,
        }
    }
}

/// The box between two corners. `None` for a box without area, or one that does not lie in the frame: its unit is
/// then not the one that it was taken for.
pub(crate) fn rectangle(sides @ [x1, y1, x2, y2]: [f64; 4], unit: Unit) -> Option<Rectangle> {
    let (width, height) = unit.frame()?;
    let is_within = |value: f64, side: f64| (0.0..=side).contains(&value);
    let lies_within =
        is_within(x1, width) && is_within(x2, width) && is_within(y1, height) && is_within(y2, height);
    if !lies_within {
        return None;
    }
    Rectangle::of_frame(sides, (width, height))
}

/// The sides of the smallest box that holds all corners; `None` for fewer than two.
pub(crate) fn around(corners: &[(f64, f64)]) -> Option<[f64; 4]> {
    let (&(x, y), others) = corners.split_first()?;
    if others.is_empty() {
        return None;
    }
    Some(others.iter().fold([x, y, x, y], |[left, upper, right, lower], &(x, y)| {
        [left.min(x), upper.min(y), right.max(x), lower.max(y)]
    }))
}

/// Points of an area or a line, which are always in ten-thousandths.
pub(crate) fn points(points: &[(f64, f64)]) -> Vec<Point> {
    points
        .iter()
        .filter_map(|&(x, y)| Some(Point(Fraction::of(x, PARTS)?, Fraction::of(y, PARTS)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_in_fractions_whatever_its_unit() {
        let parts = rectangle([4403.0, 694.0, 5909.0, 8125.0], Unit::Parts).unwrap();
        assert_eq!((parts.x1.value(), parts.y2.value()), (0.4403, 0.8125));
        let pixels = rectangle([320.0, 180.0, 640.0, 720.0], Unit::Pixels(1280.0, 720.0)).unwrap();
        assert_eq!((pixels.x1.value(), pixels.x2.value(), pixels.y2.value()), (0.25, 0.5, 1.0));
    }

    #[test]
    fn a_box_that_cannot_be_placed_is_left_out() {
        assert_eq!(rectangle([1104.0, 546.0, 1232.0, 610.0], Unit::UnknownPixels), None);
        assert_eq!(rectangle([1104.0, 546.0, 1282.0, 610.0], Unit::Pixels(1280.0, 720.0)), None);
        assert_eq!(rectangle([0.0; 4], Unit::Parts), None);
        assert_eq!(around(&[(1.0, 2.0)]), None);
        assert_eq!(around(&[(5.0, 2.0), (1.0, 4.0)]), Some([1.0, 2.0, 5.0, 4.0]));
    }
}
