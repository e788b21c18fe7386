//! Names and values, of which an adapter takes what it knows.

use std::borrow::Cow;
use std::collections::BTreeMap;

use camhook_event::{Text, VendorData};
use serde_json::Value;

use crate::Json;

/// From this length on a text of nothing but base64 is a blob, as a data URL always is: a mask, a feature vector, a picture that stands where
/// none is known. It is no scalar that a person could read.
const BLOB_LENGTH: usize = 256;

/// The most bytes of a name, or of several joined with dots, that are kept; what a device calls its values is shorter.
const NAME_LIMIT: usize = 256;

/// Names and values in the order in which they were sent. A name may occur more than once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Object<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Object<'a> {
    /// Adds a value.
    pub fn push(&mut self, name: impl Into<Cow<'a, str>>, value: Json<'a>) {
        self.0.push((name.into(), value));
    }

    /// Adds the values of another object behind these.
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Takes the first value under a name, in any case.
    pub fn take(&mut self, name: &str) -> Option<Json<'a>> {
        let at = self.0.iter().position(|(present, _)| is_named(present, name))?;
        Some(self.0.remove(at).1)
    }

    /// Takes every value under a name, in any case and in their order: for a name that a sender may write besides the
    /// device. Most readers of JSON let the last one win.
    pub fn take_all(&mut self, name: &str) -> Vec<Json<'a>> {
        let (values, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.0).into_iter().partition(|(present, _)| is_named(present, name));
        self.0 = rest;
        values.into_iter().map(|(_, value)| value).collect()
    }

    /// Takes the value under the first of several names that has one: a name and its misspellings.
    pub fn take_any(&mut self, names: &[&str]) -> Option<Json<'a>> {
        names.iter().find_map(|name| self.take(name))
    }

    /// Takes the objects under a name: a list of them, or one that stands alone.
    pub fn take_objects(&mut self, name: &str) -> Vec<Object<'a>> {
        self.take(name).map(Json::into_objects).unwrap_or_default()
    }

    /// Takes the object under a name; an empty one for what is none.
    pub fn take_object(&mut self, name: &str) -> Object<'a> {
        self.take(name).and_then(Json::into_object).unwrap_or_default()
    }

    /// Takes the text under the first of several names that has one which is not blank.
    pub fn take_text(&mut self, names: &[&str]) -> Option<Text> {
        names.iter().find_map(|name| self.take(name)?.to_text())
    }

    /// The first value under a name, in any case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.0.iter().find(|(present, _)| is_named(present, name)).map(|(_, value)| value)
    }

    /// Every value under a name, in any case and in their order.
    pub fn get_all(&self, name: &str) -> impl Iterator<Item = &Json<'a>> {
        self.0.iter().filter(move |(present, _)| is_named(present, name)).map(|(_, value)| value)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and values, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Keeps every scalar that is left, by its name; one within another object by the names on the way to it,
    /// joined with dots. Lists are no part of a name. Base64 blobs are left out.
    pub fn keep(&self, data: &mut VendorData) {
        self.keep_below("", data);
    }

    /// Like [`Object::keep`], with names on the way that are not in the object.
    pub fn keep_below(&self, path: &str, data: &mut VendorData) {
        for (name, value) in &self.0 {
            keep(&joined(path, name), value, data);
        }
    }

    /// Every scalar that is left, as a target's attributes.
    #[must_use]
    pub fn to_attributes(&self) -> BTreeMap<String, Value> {
        let mut data = VendorData::default();
        self.keep(&mut data);
        data.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect()
    }
}

impl<'a> FromIterator<(Cow<'a, str>, Json<'a>)> for Object<'a> {
    fn from_iter<T: IntoIterator<Item = (Cow<'a, str>, Json<'a>)>>(entries: T) -> Self {
        Self(entries.into_iter().collect())
    }
}

impl<'a> IntoIterator for Object<'a> {
    type Item = (Cow<'a, str>, Json<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// A name below a path, within [`NAME_LIMIT`]: a long name would otherwise be copied for each value below it.
fn joined<'p>(path: &'p str, name: &'p str) -> Cow<'p, str> {
    let limited = |text: &'p str| text.get(..text.floor_char_boundary(NAME_LIMIT)).unwrap_or(text);
    if path.is_empty() {
        return Cow::Borrowed(limited(name));
    }
    if path.len() + name.len() >= NAME_LIMIT {
        return Cow::Borrowed(limited(path));
    }
    Cow::Owned(format!("{path}.{name}"))
}

/// Names are compared without case, and without the blanks that some documents print around them.
fn is_named(present: &str, name: &str) -> bool {
    present.trim().eq_ignore_ascii_case(name)
}

fn keep(path: &str, value: &Json<'_>, data: &mut VendorData) {
    match value {
        Json::List(values) => values.iter().for_each(|value| keep(path, value, data)),
        Json::Object(object) => object.keep_below(path, data),
        Json::Text(text) if is_blob(text) => {}
        scalar => {
            if let Some(scalar) = scalar.to_scalar() {
                data.insert(path, scalar);
            }
        }
    }
}

/// How many bytes of a text its beginning as a data URL may have: `data:image/jpeg;base64,`.
const DATA_URL_BEGINNING: usize = 256;

fn is_blob(text: &str) -> bool {
    is_data_url(text) || is_base64_blob(text)
}

/// Whether a text is a data URL of base64 (RFC 2397), however long.
fn is_data_url(text: &str) -> bool {
    let beginning = text.trim_start().as_bytes();
    let beginning = beginning.get(..beginning.len().min(DATA_URL_BEGINNING)).unwrap_or_default();
    let has_scheme = beginning.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"data:"));
    has_scheme && beginning.windows(8).any(|window| window.eq_ignore_ascii_case(b";base64,"))
}

fn is_base64_blob(text: &str) -> bool {
    text.len() >= BLOB_LENGTH
        && text.bytes().all(|octet| {
            octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/' | b'=' | b'-' | b'_' | b'\r' | b'\n')
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read;

    fn object(json: &str) -> Object<'_> {
        read(json).unwrap().into_object().unwrap()
    }

    fn kept(object: &Object<'_>) -> String {
        let mut data = VendorData::default();
        object.keep(&mut data);
        serde_json::to_string(&data).unwrap()
    }

    #[test]
    fn names_are_found_in_any_case_and_taken_once() {
        let mut values = object(r#"{"chnnel":"CH1","MacAddress ":"a","macaddress":"b","blank":" "}"#);
        assert_eq!(values.take_any(&["channel", "chnnel"]).unwrap().to_text().unwrap().as_str(), "CH1");
        assert_eq!(values.take_text(&["MACAddress"]).unwrap().as_str(), "a");
        assert_eq!(values.take_text(&["blank", "MACAddress"]).unwrap().as_str(), "b");
        assert_eq!(values.take("MACAddress"), None);
        assert!(values.is_empty());
    }

    #[test]
    fn every_value_of_a_repeated_name_is_taken() {
        let mut values = object(r#"{"event":1,"a":2,"Event":3}"#);
        assert_eq!(values.get_all("event").filter_map(Json::to_integer).collect::<Vec<_>>(), [1, 3]);
        let taken: Vec<_> = values.take_all("EVENT").iter().filter_map(Json::to_integer).collect();
        assert_eq!((taken, kept(&values)), (vec![1, 3], r#"{"a":2}"#.to_owned()));
    }

    #[test]
    fn what_is_left_is_kept_by_the_names_on_the_way() {
        let values = object(r#"{"a":1,"b":{"c":true,"d":[{"e":"x"},{"e":"y"},{}]},"f":null,"g":[1,2,1]}"#);
        assert_eq!(kept(&values), r#"{"a":1,"b.c":true,"b.d.e":["x","y"],"g":[1,2]}"#);
        assert_eq!(values.to_attributes().len(), 4);
    }

    #[test]
    fn a_long_name_is_cut_and_not_copied_for_each_value_below_it() {
        let long = "n".repeat(1_000_000);
        let below: Vec<String> = (0..20_000).map(|number| format!(r#""{number}":{number}"#)).collect();
        let text = format!(r#"{{"{long}":{{{}}},"short":1}}"#, below.join(","));
        let mut data = VendorData::default();
        let values = object(&text);
        values.keep(&mut data);
        let names: Vec<&str> = data.iter().map(|(name, _)| name).collect();
        assert_eq!(names, [&long[..NAME_LIMIT], "short"]);
    }

    #[test]
    fn blobs_are_not_kept() {
        let blob = "QUJD".repeat(100);
        let sentence = "a b ".repeat(100);
        let url = "DATA:image/jpeg;name=a b;base64,QUJD RA==";
        let text =
            format!(r#"{{"blob":"{blob}","url":"{url}","sentence":"{sentence}","data":"data: none"}}"#);
        let values = object(&text);
        assert!(!kept(&values).contains("QUJD"));
        assert!(kept(&values).contains("a b a b"));
        assert!(kept(&values).contains("data: none"));
    }
}
