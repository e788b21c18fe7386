//! Where a query continues.

use std::fmt;
use std::str::FromStr;

use camhook_event::EventId;
use camhook_ports::Position;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Summary;

/// Where a query continues: the position of the last event that was searched. Safe in a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub(crate) Position);

impl Cursor {
    /// The position of an event.
    #[must_use]
    pub fn of(event: &Summary) -> Self {
        Self(Position { time: event.time.timestamp(), id: event.id.to_string() })
    }

    /// The time down to which was searched.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.0.time
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.0.time.as_millisecond(), self.0.id)
    }
}

/// Text that is not a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of a previous answer")]
pub struct InvalidCursor;

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (time, id) = text.rsplit_once('-').ok_or(InvalidCursor)?;
        let milliseconds = time.parse().map_err(|_| InvalidCursor)?;
        let time = Timestamp::from_millisecond(milliseconds).map_err(|_| InvalidCursor)?;
        let id: EventId = id.parse().map_err(|_| InvalidCursor)?;
        Ok(Self(Position { time, id: id.to_string() }))
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is() {
        let text = "1795420800123-0123456789abcdef0123456789abcdef";
        assert_eq!(text.parse::<Cursor>().unwrap().to_string(), text);
        for wrong in [
            "",
            "-",
            "1795420800123",
            "x-0123456789abcdef0123456789abcdef",
            "1-0123",
            "99999999999999999999-a",
        ] {
            assert!(wrong.parse::<Cursor>().is_err(), "{wrong}");
        }
    }
}
