//! What is to be erased.

use camhook_event::Event;
use camhook_site::PlateText;
use jiff::Timestamp;
use serde_json::Value;

/// The members of an event's data that may name a plate or person.
const NAMING: [&str; 4] = ["plate", "face", "targets", "vendor_data"];

/// What is to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// What is stored about a plate, whatever the spaces, hyphens and case.
    Plate(PlateText),
    /// What is stored about a person, by the name or id of the device's album.
    Person(PlateText),
    /// All events of a source.
    Source(String),
    /// All events before this time.
    Before(Timestamp),
}

/// Text in which no letter or digit is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a plate or name needs at least one letter or digit")]
pub struct InvalidSubject;

impl Subject {
    /// A plate.
    ///
    /// # Errors
    ///
    /// When the text has no letter or digit.
    pub fn plate(text: &str) -> Result<Self, InvalidSubject> {
        PlateText::new(text).map(Self::Plate).ok_or(InvalidSubject)
    }

    /// A person by name or id.
    ///
    /// # Errors
    ///
    /// When the text has no letter or digit.
    pub fn person(text: &str) -> Result<Self, InvalidSubject> {
        PlateText::new(text).map(Self::Person).ok_or(InvalidSubject)
    }

    /// The letters and digits of the plate or name.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Plate(text) | Self::Person(text) => Some(text.as_str()),
            Self::Source(_) | Self::Before(_) => None,
        }
    }

    /// Whether an event is about the plate or person: one of the values that a device sent about plate, face and
    /// targets, or in the vendor's own data, is the plate or name.
    pub(super) fn is_about(&self, event: &Event) -> bool {
        let Some(wanted) = self.text() else { return false };
        let data = serde_json::to_value(&event.data).unwrap_or_default();
        NAMING.iter().any(|member| data.get(member).is_some_and(|value| names(value, wanted)))
    }

    /// Whether a text mentions the plate or name as words of their own, also percent-encoded.
    pub(super) fn is_mentioned(&self, text: &str) -> bool {
        self.text().is_some_and(|wanted| mentions(text, wanted) || mentions(&percent_decoded(text), wanted))
    }
}

/// Whether a value or one below it is a text with these letters and digits. Numbers count as text.
fn names(value: &Value, wanted: &str) -> bool {
    let is_same = |text: &str| PlateText::new(text).is_some_and(|text| text.as_str() == wanted);
    match value {
        Value::String(text) => is_same(text),
        Value::Number(number) => is_same(&number.to_string()),
        Value::Array(values) => values.iter().any(|value| names(value, wanted)),
        Value::Object(members) => members.values().any(|value| names(value, wanted)),
        Value::Null | Value::Bool(_) => false,
    }
}

/// Whether a text has these letters and digits in a row, with at most one other character between two of them, and no
/// letter or digit on either side.
fn mentions(text: &str, wanted: &str) -> bool {
    let characters: Vec<char> = text.chars().flat_map(char::to_uppercase).collect();
    let is_word = |at: Option<&char>| at.is_some_and(|character| character.is_alphanumeric());
    (0..characters.len()).any(|start| {
        let begins = is_word(characters.get(start))
            && !is_word(start.checked_sub(1).and_then(|before| characters.get(before)));
        begins && end_of_match(characters.get(start..).unwrap_or_default(), wanted)
    })
}

/// Whether characters begin with the wanted ones, and no letter or digit follows.
fn end_of_match(characters: &[char], wanted: &str) -> bool {
    let mut rest = characters.iter().peekable();
    for wanted in wanted.chars() {
        if rest.peek().is_some_and(|character| !character.is_alphanumeric()) {
            rest.next();
        }
        if rest.next() != Some(&wanted) {
            return false;
        }
    }
    rest.next().is_none_or(|character| !character.is_alphanumeric())
}

/// Forms and queries as text: `+` is a space, and `%C3%BC` an ü.
fn percent_decoded(text: &str) -> String {
    let octets = text.as_bytes();
    let mut decoded = Vec::with_capacity(octets.len());
    let mut at = 0;
    while let Some(&octet) = octets.get(at) {
        let pair = octets.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        let value = pair.filter(|_| octet == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok());
        decoded.push(match (value, octet) {
            (Some(value), _) => value,
            (None, b'+') => b' ',
            (None, other) => other,
        });
        at += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plate_or_name_is_mentioned_as_words_of_its_own() {
        let plate = Subject::plate("ib-36 nl").unwrap();
        for text in ["<plate>IB36NL</plate>", "plate=IB-36+NL&x=1", "ib 36 nl", "x=%49B36NL"] {
            assert!(plate.is_mentioned(text), "{text}");
        }
        for text in ["IB36NLX", "XIB36NL", "IB--36NL", "IB36", ""] {
            assert!(!plate.is_mentioned(text), "{text}");
        }
        let person = Subject::person("Jürgen Example").unwrap();
        for text in ["{\"name\":\"jürgen example\"}", "name=J%C3%BCrgen%20Example", "JÜRGEN_EXAMPLE"] {
            assert!(person.is_mentioned(text), "{text}");
        }
        assert!(!person.is_mentioned("Jürgen Examples"));
        assert_eq!(Subject::person(" - "), Err(InvalidSubject));
    }
}
