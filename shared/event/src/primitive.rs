//! The small values that events are made of, each with its invariant.

use std::borrow::Cow;
use std::fmt;

use jiff::{Timestamp, Unit};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Text with at least one character that is not white space.
///
/// White space around it is gone, and so are U+FFFE and U+FFFF, which a queue refuses to carry, and NUL.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(String);

impl Text {
    /// The text, or `None` when nothing is left of it.
    ///
    /// ```
    /// use camhook_event::Text;
    /// assert_eq!(Text::new("  gate ").unwrap().as_str(), "gate");
    /// assert!(Text::new(" \u{FFFF}").is_none());
    /// ```
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let unwelcome = |character| matches!(character, '\u{FFFE}' | '\u{FFFF}' | '\0');
        let cleaned: Cow<'_, str> = if text.contains(unwelcome) {
            Cow::Owned(text.replace(unwelcome, ""))
        } else {
            Cow::Borrowed(text)
        };
        let trimmed = cleaned.trim();
        (!trimmed.is_empty()).then(|| Self(trimmed.to_owned()))
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Cuts the text to a number of characters, at least one.
    ///
    /// ```
    /// use camhook_event::Text;
    /// let mut text = Text::new("Tür am Hof").unwrap();
    /// text.truncate(4);
    /// assert_eq!(text.as_str(), "Tür");
    /// ```
    pub fn truncate(&mut self, characters: usize) {
        if self.0.len() <= characters {
            return;
        }
        if let Some((end, _)) = self.0.char_indices().nth(characters.max(1)) {
            self.0.truncate(end);
            self.0.truncate(self.0.trim_end().len());
        }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::new(&text).ok_or_else(|| de::Error::custom("text must not be empty"))
    }
}

impl JsonSchema for Text {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}

/// A moment in UTC, to the millisecond, written `2026-11-23T07:36:04.123Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(Timestamp);

impl Time {
    /// The millisecond that this moment lies in.
    #[must_use]
    pub fn new(timestamp: Timestamp) -> Self {
        let rounding = jiff::TimestampRound::new().smallest(Unit::Millisecond).mode(jiff::RoundMode::Floor);
        // Rounding down fails only within a millisecond of the year -9999.
        Self(timestamp.round(rounding).unwrap_or(timestamp))
    }

    /// The moment as a timestamp.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        self.0
    }
}

impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.3}", self.0)
    }
}

impl From<Timestamp> for Time {
    fn from(timestamp: Timestamp) -> Self {
        Self::new(timestamp)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Timestamp::deserialize(deserializer).map(Self::new)
    }
}

impl JsonSchema for Time {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "date-time",
            "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
        })
    }
}

/// A number from 0 to 1, kept to six decimal places.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
pub struct Fraction(f64);

impl Fraction {
    /// The value, moved into 0 to 1 when it lies outside; `None` for what is no number.
    ///
    /// ```
    /// use camhook_event::Fraction;
    /// assert_eq!(Fraction::new(1.25).map(Fraction::value), Some(1.0));
    /// assert_eq!(Fraction::new(f64::NAN), None);
    /// ```
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        Some(Self((value.clamp(0.0, 1.0) * 1e6).round() / 1e6))
    }

    /// `part` of `whole`; `None` when `whole` is not above 0.
    #[must_use]
    pub fn of(part: f64, whole: f64) -> Option<Self> {
        if whole > 0.0 { Self::new(part / whole) } else { None }
    }

    /// The number.
    #[must_use]
    pub fn value(self) -> f64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Fraction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        if !(0.0..=1.0).contains(&value) {
            return Err(de::Error::custom(format!("{value} is not within 0 and 1")));
        }
        Ok(Self(value))
    }
}

impl JsonSchema for Fraction {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Fraction".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": 1 })
    }
}

/// A point of the frame, from its upper left corner, as fractions of width and height.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Point(pub Fraction, pub Fraction);

/// A box in the frame, from its upper left corner, as fractions of width and height.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rectangle {
    /// Left edge.
    pub x1: Fraction,
    /// Upper edge.
    pub y1: Fraction,
    /// Right edge.
    pub x2: Fraction,
    /// Lower edge.
    pub y2: Fraction,
}

impl Rectangle {
    /// The box between two corners in units of a frame of `width` by `height`.
    ///
    /// `None` for a box without area (devices send one of zeros for "none") or a frame without size.
    #[must_use]
    pub fn of_frame([x1, y1, x2, y2]: [f64; 4], (width, height): (f64, f64)) -> Option<Self> {
        let rectangle = Self {
            x1: Fraction::of(x1.min(x2), width)?,
            y1: Fraction::of(y1.min(y2), height)?,
            x2: Fraction::of(x1.max(x2), width)?,
            y2: Fraction::of(y1.max(y2), height)?,
        };
        (rectangle.x1 < rectangle.x2 && rectangle.y1 < rectangle.y2).then_some(rectangle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_with_milliseconds_and_rounded_down() {
        let time = Time::new("2026-11-23T07:36:04.1239Z".parse().unwrap());
        assert_eq!(serde_json::to_string(&time).unwrap(), "\"2026-11-23T07:36:04.123Z\"");
        let whole = Time::new("2026-11-23T07:36:04Z".parse().unwrap());
        assert_eq!(whole.to_string(), "2026-11-23T07:36:04.000Z");
    }

    #[test]
    fn empty_text_cannot_be_read_back() {
        assert!(serde_json::from_str::<Text>("\"\"").is_err());
        assert_eq!(serde_json::from_str::<Text>("\"a\\nb\"").unwrap().as_str(), "a\nb");
    }

    #[test]
    fn a_box_without_area_is_no_box() {
        assert!(Rectangle::of_frame([0.0; 4], (10_000.0, 10_000.0)).is_none());
        assert!(Rectangle::of_frame([1.0, 1.0, 2.0, 2.0], (0.0, 10.0)).is_none());
        let flipped = Rectangle::of_frame([5000.0, 100.0, 2500.0, 200.0], (10_000.0, 10_000.0)).unwrap();
        assert_eq!((flipped.x1.value(), flipped.x2.value()), (0.25, 0.5));
    }
}
