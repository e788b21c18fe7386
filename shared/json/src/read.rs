//! From text to a value of any kind.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use camhook_ingest::Malformed;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use crate::{Json, Object};

/// From here on a list's scalars and lists are passed over: they are a mask, a heat map or the like. Objects are read
/// wherever they stand.
pub const LIST_LIMIT: usize = 256;

/// How many values of any post are read: the outlines of all objects that a camera sees at once.
const VALUES: usize = 64 * 1024;

/// A post may hold one more value for each so many bytes: what is read never takes much more room than the post.
const BYTES_A_VALUE: usize = 32;

/// Down to this depth, counted in objects and lists around a value, one eighth of the values is reserved: names and ids
/// stand there, and outlines below.
const SHALLOW: usize = 5;

/// The reason of a post with more values than are read.
const TOO_MANY_VALUES: &str = "too_many_values";

/// The body of a post as text, without what some senders put around it: a byte order mark, NUL characters behind it.
///
/// # Errors
///
/// `not_text` when it is no UTF-8.
pub fn text(body: &[u8]) -> Result<&str, Malformed> {
    let text = str::from_utf8(body).map_err(|error| {
        Malformed::new("not_text", format!("no UTF-8 after byte {}", error.valid_up_to()))
    })?;
    Ok(text
        .trim_start_matches('\u{FEFF}')
        .trim_matches(|character: char| character == '\0' || character.is_whitespace()))
}

/// A post as far as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading<'a> {
    /// What was read.
    pub value: Json<'a>,
    /// Why some of it was passed over: `too_many_values`.
    pub passed_over: Option<Malformed>,
}

/// Reads JSON of any form, nested up to 127 deep.
///
/// # Errors
///
/// `no_body` when there is nothing, `truncated_json` when it ends too early, `too_many_values`, `not_json` for all
/// else. The reason never holds a part of the text.
pub fn read(text: &str) -> Result<Json<'_>, Malformed> {
    let Reading { value, passed_over } = read_most(text)?;
    passed_over.map_or(Ok(value), Err)
}

/// Reads JSON like [`read`], of a post with more values than it may have as many as it may, those near the root first.
///
/// # Errors
///
/// Those of [`read`] but `too_many_values`.
pub fn read_most(text: &str) -> Result<Reading<'_>, Malformed> {
    if text.trim().is_empty() {
        return Err(Malformed::new("no_body", "the body is empty"));
    }
    let limit = VALUES + text.len() / BYTES_A_VALUE;
    let budget = Budget { left: Cell::new(limit), reserved: limit / 8, passed_over: Cell::new(0) };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = AnyValue { budget: &budget, depth: 0 }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| malformed(&error))?;
    let passed_over = match budget.passed_over.get() {
        0 => None,
        number => {
            let detail =
                format!("{number} values were passed over; {limit} may be read of a post of its length");
            Some(Malformed::new(TOO_MANY_VALUES, detail))
        }
    };
    Ok(Reading { value: value.unwrap_or(Json::Null), passed_over })
}

fn malformed(error: &serde_json::Error) -> Malformed {
    let code = if error.is_eof() { "truncated_json" } else { "not_json" };
    Malformed::new(code, error.to_string())
}

/// How many values may still be read.
struct Budget {
    left: Cell<usize>,
    /// How many of them are for values near the root.
    reserved: usize,
    /// How many were not read. Values within them are not counted.
    passed_over: Cell<usize>,
}

/// Reads a value, or passes over it when there are too many.
#[derive(Clone, Copy)]
struct AnyValue<'b> {
    budget: &'b Budget,
    /// How many objects and lists are around it.
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for AnyValue<'_> {
    type Value = Option<Json<'de>>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.take() == Taken::PassOver {
            return deserializer.deserialize_ignored_any(IgnoredAny).map(|_| None);
        }
        deserializer.deserialize_any(self).map(Some)
    }
}

/// What is done with a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    Read,
    PassOver,
}

impl AnyValue<'_> {
    /// Counts one value more.
    fn take(self) -> Taken {
        let Budget { left, reserved, passed_over } = self.budget;
        let kept_free = if self.depth > SHALLOW { *reserved } else { 0 };
        if left.get() <= kept_free {
            passed_over.set(passed_over.get() + 1);
            return Taken::PassOver;
        }
        left.set(left.get() - 1);
        Taken::Read
    }

    /// A value within this one.
    fn within(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }

    fn object<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        let mut object = Object::default();
        while let Some(name) = map.next_key_seed(Name)? {
            if let Some(value) = map.next_value_seed(self.within())? {
                object.push(name, value);
            }
        }
        Ok(object)
    }
}

impl<'de> Visitor<'de> for AnyValue<'_> {
    type Value = Json<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        for _ in 0..LIST_LIMIT {
            match list.next_element_seed(self.within())? {
                Some(value) => values.extend(value),
                None => return Ok(Json::List(values)),
            }
        }
        while let Some(value) = list.next_element_seed(ObjectOnly(self.within()))? {
            values.extend(value.map(Json::Object));
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        self.object(map).map(Json::Object)
    }
}

/// Reads a value if it is an object, and passes over any other.
struct ObjectOnly<'b>(AnyValue<'b>);

impl<'de> DeserializeSeed<'de> for ObjectOnly<'_> {
    type Value = Option<Object<'de>>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ObjectOnly<'_> {
    type Value = Option<Object<'de>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        if self.0.take() == Taken::PassOver {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(None);
        }
        self.0.object(map).map(Some)
    }
}

struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(text: &str) -> &'static str {
        read(text).unwrap_err().code
    }

    #[test]
    fn what_is_wrong_is_told_apart_without_a_word_of_the_text() {
        assert_eq!(code(" \n"), "no_body");
        assert_eq!(code(r#"{"secret":"#), "truncated_json");
        assert_eq!(code(r#"{"a":"b"#), "truncated_json");
        for wrong in ["<config/>", r#"{"a":1} b"#, "{'a':1}", "1e999", "nul"] {
            assert!(matches!(code(wrong), "not_json" | "truncated_json"), "{wrong}");
        }
        assert_eq!(code(&"[".repeat(10_000)), "not_json");
        assert!(!read(r#"{"secret": secret}"#).unwrap_err().detail.contains("secret"));
        assert_eq!(text(b"\xff{}").unwrap_err().code, "not_text");
    }

    #[test]
    fn a_byte_order_mark_and_nul_characters_are_no_part_of_the_text() {
        assert_eq!(text("\u{FEFF}{} \r\n\0\0".as_bytes()).unwrap(), "{}");
    }

    #[test]
    fn a_long_list_is_cut_and_what_follows_it_is_read() {
        let text = format!(r#"{{"map":[{}],"after":1}}"#, vec!["0"; 100_000].join(","));
        let object = read(&text).unwrap().into_object().unwrap();
        assert!(matches!(object.get("map"), Some(Json::List(values)) if values.len() == LIST_LIMIT));
        assert_eq!(object.get("after").and_then(Json::to_integer), Some(1));
    }

    #[test]
    fn no_object_of_a_list_is_passed_over() {
        let objects: Vec<String> = (0..1000).map(|number| format!(r#"{{"n":{number}}}"#)).collect();
        let text = format!("[{},1,[2],\"three\",null,true,-4.5]", objects.join(","));
        let objects = read(&text).unwrap().into_objects();
        assert_eq!(objects.len(), 1000);
        let last = objects.last().and_then(|object| object.get("n")).and_then(Json::to_integer);
        assert_eq!(last, Some(999));
        let many = vec![r#"{"":0}"#; 100_000].join(",");
        assert_eq!(code(&format!("[{many}]")), "too_many_values");
    }

    #[test]
    fn a_post_of_nothing_but_small_values_is_refused() {
        let text = format!("{{{}}}", vec![r#""":0"#; 100_000].join(","));
        assert_eq!(code(&text), "too_many_values");
    }

    #[test]
    fn of_too_many_values_those_near_the_root_are_read() {
        let point = r#"{"X":0.5,"Y":0.25}"#;
        let outline = vec![point; 2000].join(",");
        let objects =
            vec![format!(r#"{{"Type":"Person","Polygon":{{"PointList":[{outline}]}}}}"#); 64].join(",");
        let text = format!(r#"{{"Event":{{"ObjectList":[{objects}],"EventHeader":{{"ID":"7"}}}}}}"#);
        assert_eq!(code(&text), "too_many_values");
        let Reading { value, passed_over } = read_most(&text).unwrap();
        assert_eq!(passed_over.unwrap().code, "too_many_values");
        let mut event = value.into_object().unwrap().take_object("Event");
        assert_eq!(event.take_object("EventHeader").take_text(&["ID"]).unwrap().as_str(), "7");
        let mut objects = event.take_objects("ObjectList");
        let last = objects.pop().unwrap();
        assert_eq!(
            (objects.len(), last.get("Type").and_then(Json::to_text).unwrap().as_str()),
            (63, "Person")
        );
        let few = text.replace(&outline, &vec![point; 300].join(","));
        assert_eq!(read_most(&few).unwrap().passed_over, None);
    }

    #[test]
    fn a_repeated_name_is_there_as_often_as_it_was_sent() {
        let mut object = read(r#"{"a":1,"a":2}"#).unwrap().into_object().unwrap();
        let mut next = || object.take("a").and_then(|value| value.to_integer());
        assert_eq!([next(), next(), next()], [Some(1), Some(2), None]);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in r#"[\{\}\[\]",:a\\u0-9\.eE+\-\ntruefalsn ]{0,200}"#) {
            let _ = read(&text);
        }
    }
}
