//! A value of any kind.

use std::borrow::Cow;

use camhook_event::Text;
use serde_json::{Number, Value};

use crate::Object;

/// A value of any kind, its texts borrowed from what was read wherever they hold no escape.
#[derive(Debug, Clone, PartialEq)]
pub enum Json<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Json<'a>>),
    /// Names and values.
    Object(Object<'a>),
}

impl<'a> Json<'a> {
    /// The value as text: a text that is not blank, or a number as it is written.
    #[must_use]
    pub fn to_text(&self) -> Option<Text> {
        match self {
            Self::Text(text) => Text::new(text),
            Self::Number(number) => Text::new(&number.to_string()),
            Self::Null | Self::Bool(_) | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// The value as a number: one, or a text that is one.
    #[must_use]
    pub fn to_number(&self) -> Option<f64> {
        let number = match self {
            Self::Number(number) => number.as_f64(),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Null | Self::Bool(_) | Self::List(_) | Self::Object(_) => None,
        };
        number.filter(|number| number.is_finite())
    }

    /// The value as a whole number: one, or a text that is one.
    #[must_use]
    pub fn to_integer(&self) -> Option<i64> {
        match self {
            Self::Number(number) => number.as_i64(),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Null | Self::Bool(_) | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// Whether the value says yes: `true`, `1`, or one of them as text.
    #[must_use]
    pub fn is_true(&self) -> bool {
        match self {
            Self::Bool(value) => *value,
            Self::Number(number) => number.as_i64() == Some(1),
            Self::Text(text) => text.trim() == "1" || text.trim().eq_ignore_ascii_case("true"),
            Self::Null | Self::List(_) | Self::Object(_) => false,
        }
    }

    /// The text itself, borrowed where it can be: a picture's base64. `None` for a blank one.
    #[must_use]
    pub fn into_bytes(self) -> Option<Cow<'a, [u8]>> {
        match self {
            Self::Text(text) if text.trim().is_empty() => None,
            Self::Text(Cow::Borrowed(text)) => Some(Cow::Borrowed(text.as_bytes())),
            Self::Text(Cow::Owned(text)) => Some(Cow::Owned(text.into_bytes())),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// The value's names and values; none for what is no object.
    #[must_use]
    pub fn into_object(self) -> Option<Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The objects of a list; an object that stands alone is a list of one.
    #[must_use]
    pub fn into_objects(self) -> Vec<Object<'a>> {
        match self {
            Self::List(values) => values.into_iter().filter_map(Self::into_object).collect(),
            Self::Object(object) => vec![object],
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => Vec::new(),
        }
    }

    /// The value as `serde_json` has it, when it is a scalar.
    pub(crate) fn to_scalar(&self) -> Option<Value> {
        match self {
            Self::Bool(value) => Some(Value::Bool(*value)),
            Self::Number(number) => Some(Value::Number(number.clone())),
            Self::Text(text) => Some(Value::String(text.as_ref().to_owned())),
            Self::Null | Self::List(_) | Self::Object(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read;

    #[test]
    fn a_scalar_is_read_as_what_is_asked_for() {
        assert_eq!(read("\" 7 \"").unwrap().to_integer(), Some(7));
        assert_eq!(read("0.5").unwrap().to_number(), Some(0.5));
        assert_eq!(read("\"NaN\"").unwrap().to_number(), None);
        assert_eq!(read("7").unwrap().to_text().unwrap().as_str(), "7");
        for yes in ["true", "1", "\"True\"", "\"1\""] {
            assert!(read(yes).unwrap().is_true(), "{yes}");
        }
        for no in ["false", "0", "2", "\"yes\"", "null", "[true]", "{}"] {
            assert!(!read(no).unwrap().is_true(), "{no}");
        }
    }

    #[test]
    fn the_text_of_a_picture_is_not_copied() {
        let borrowed = read("\"/9j/4AAQ\"").unwrap().into_bytes().unwrap();
        assert!(matches!(borrowed, Cow::Borrowed(b"/9j/4AAQ")));
        let escaped = read(r#""\/9j\/4AAQ\u002B""#).unwrap().into_bytes().unwrap();
        assert_eq!(escaped.as_ref(), b"/9j/4AAQ+");
        assert_eq!(read("\" \"").unwrap().into_bytes(), None);
    }

    #[test]
    fn an_object_alone_is_a_list_of_one() {
        assert_eq!(read(r#"[{"a":1},2,{"b":3}]"#).unwrap().into_objects().len(), 2);
        assert_eq!(read(r#"{"a":1}"#).unwrap().into_objects().len(), 1);
        assert!(read("\"a\"").unwrap().into_objects().is_empty());
    }
}
