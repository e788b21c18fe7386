//! Plates to search for.

use std::fmt;
use std::str::FromStr;

use camhook_site::PlateText;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A plate to search for, compared as rules compare plates: `B-CD 12`, or a part of one with `*` for any characters,
/// such as `*CD12` or `*C*1*`.
#[derive(Clone, PartialEq, Eq)]
pub struct PlatePattern {
    /// What stands between the asterisks, normalized; the first and the last one may be empty.
    segments: Vec<String>,
}

/// Text in which no letter or digit of a plate is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a plate needs at least one letter or digit")]
pub struct InvalidPlatePattern;

impl PlatePattern {
    /// The whole plate; `None` for a part of one.
    #[must_use]
    pub fn exact(&self) -> Option<&str> {
        match self.segments.as_slice() {
            [plate] => Some(plate),
            _ => None,
        }
    }

    /// Whether a normalized plate matches.
    #[must_use]
    pub fn matches(&self, plate: &str) -> bool {
        let [first, between @ .., last] = self.segments.as_slice() else {
            return self.exact() == Some(plate);
        };
        let Some(rest) = plate.strip_prefix(first.as_str()) else { return false };
        let Some(mut rest) = rest.strip_suffix(last.as_str()) else { return false };
        for segment in between {
            let Some((_, after)) = rest.split_once(segment.as_str()) else { return false };
            rest = after;
        }
        true
    }
}

impl FromStr for PlatePattern {
    type Err = InvalidPlatePattern;

    fn from_str(text: &str) -> Result<Self, InvalidPlatePattern> {
        let normalized =
            |segment| PlateText::new(segment).map_or_else(String::new, |plate| plate.as_str().to_owned());
        let segments: Vec<String> = text.split('*').map(normalized).collect();
        if segments.iter().all(String::is_empty) {
            return Err(InvalidPlatePattern);
        }
        Ok(Self { segments })
    }
}

impl fmt::Display for PlatePattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.segments.join("*"))
    }
}

/// A plate tells who was where: it stays out of logs.
impl fmt::Debug for PlatePattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PlatePattern(…)")
    }
}

impl Serialize for PlatePattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PlatePattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plate_is_compared_as_rules_do_and_an_asterisk_stands_for_anything() {
        let matches = |pattern: &str, plate: &str| pattern.parse::<PlatePattern>().unwrap().matches(plate);
        for (pattern, plate) in [
            ("b-cd 12", "BCD12"),
            ("*", ""),
            ("*cd*", "BCD12"),
            ("b*12", "BCD12"),
            ("*12", "BCD12"),
            ("b**2", "BCD12"),
        ] {
            if pattern == "*" {
                assert!(pattern.parse::<PlatePattern>().is_err());
                continue;
            }
            assert!(matches(pattern, plate), "{pattern}");
        }
        for (pattern, plate) in
            [("BCD1", "BCD12"), ("12*", "BCD12"), ("*B", "BCD12"), ("b*b", "B"), ("*d*c*", "BCD12")]
        {
            assert!(!matches(pattern, plate), "{pattern}");
        }
    }
}
