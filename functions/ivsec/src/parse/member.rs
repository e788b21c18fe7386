//! Names and values of members, as every part of the parser reads them.

use std::borrow::Cow;

use camhook_event::{Text, VendorData};
use camhook_json::{Json, Object};

/// A name and a value.
pub(super) type Member<'a> = (Cow<'a, str>, Json<'a>);

/// A member's name, without the blanks that some documents print around it and in lower case.
pub(super) fn folded(name: &str) -> Cow<'_, str> {
    let name = name.trim();
    if name.bytes().any(|octet| octet.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// What a flag says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flag {
    /// There is an alarm.
    On,
    /// There is none.
    Off,
    /// It is no flag.
    Unreadable,
}

impl Flag {
    /// `true`, `1` or `{"alarm_val": true}`; the same as text; a list in which one of them stands.
    pub(super) fn of(value: &Json<'_>) -> Self {
        match value {
            Json::Null | Json::Bool(false) => Self::Off,
            Json::Bool(true) => Self::On,
            Json::Number(_) => match value.to_integer() {
                Some(0) => Self::Off,
                Some(1) => Self::On,
                _ => Self::Unreadable,
            },
            Json::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "" | "0" | "false" => Self::Off,
                "1" | "true" => Self::On,
                _ => Self::Unreadable,
            },
            Json::Object(object) => object.get("alarm_val").map_or(Self::Unreadable, Self::of),
            Json::List(values) => {
                let flags = || values.iter().map(Self::of);
                if flags().any(|flag| flag == Self::On) {
                    Self::On
                } else if flags().all(|flag| flag == Self::Off) {
                    Self::Off
                } else {
                    Self::Unreadable
                }
            }
        }
    }
}

/// The objects of a value and what else it holds: a list may be a single object and the reverse, and lists may be
/// nested.
pub(super) fn objects<'a>(value: Json<'a>) -> (Vec<Object<'a>>, Vec<Json<'a>>) {
    let (mut objects, mut others) = (Vec::new(), Vec::new());
    let mut stack = vec![value];
    while let Some(value) = stack.pop() {
        match value {
            Json::Object(object) => objects.push(object),
            Json::List(values) => stack.extend(values.into_iter().rev()),
            other => others.push(other),
        }
    }
    (objects, others)
}

/// The texts of a value: one, or those of a list.
pub(super) fn texts(value: &Json<'_>) -> Vec<Text> {
    match value {
        Json::List(values) => values.iter().filter_map(Json::to_text).collect(),
        other => other.to_text().into_iter().collect(),
    }
}

/// A text or number that stands for something: 0 is none.
pub(super) fn number_of_picture(value: &Json<'_>) -> Option<Text> {
    value.to_text().filter(|number| number.as_str() != "0")
}

/// What is left of an object, as the vendor's own data: within its limit, since it is copied for each of several alarms.
pub(super) fn vendor_data(object: &Object<'_>) -> VendorData {
    let mut data = VendorData::default();
    object.keep(&mut data);
    data.fit();
    data
}

/// The channel of `channel` and `StrChn`: `CH1`, `IP_CH1`; `4` and 4 are `CH4`.
pub(super) fn channel(value: &Json<'_>) -> Option<Text> {
    let text = value.to_text()?;
    if text.as_str().bytes().all(|octet| octet.is_ascii_digit()) {
        return Text::new(&format!("CH{}", text.as_str()));
    }
    Some(text)
}

/// The channel of `Chn`: a number from 0 on, or a text like those of [`channel`].
pub(super) fn channel_from_zero(value: &Json<'_>) -> Option<Text> {
    match value.to_integer() {
        Some(number) => {
            let number = Some(number).filter(|number| (0..1024).contains(number))?;
            Text::new(&format!("CH{}", number + 1))
        }
        None => value.to_text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use camhook_json::read;

    #[test]
    fn a_flag_is_on_off_or_none_at_all() {
        for on in ["true", "1", "\"True\"", r#"{"alarm_val":true}"#, r#"[false,{"alarm_val":1}]"#] {
            assert_eq!(Flag::of(&read(on).unwrap()), Flag::On, "{on}");
        }
        for off in ["false", "0", "null", "\"\"", r#"{"alarm_val":false,"zone":4}"#, "[]", "[false,0]"] {
            assert_eq!(Flag::of(&read(off).unwrap()), Flag::Off, "{off}");
        }
        for unreadable in ["2", "\"online\"", "{}", r#"{"x":true}"#, r#"[0,"online"]"#] {
            assert_eq!(Flag::of(&read(unreadable).unwrap()), Flag::Unreadable, "{unreadable}");
        }
    }

    #[test]
    fn objects_are_found_in_lists_of_lists_in_their_order() {
        let (found, others) = objects(read(r#"[{"a":1},[[{"b":2}],"x"],{"c":3},4]"#).unwrap());
        let names: Vec<String> =
            found.iter().flat_map(Object::iter).map(|(name, _)| name.to_owned()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(others.len(), 2);
    }

    #[test]
    fn channels_have_one_form() {
        let text = |value: Option<Text>| value.map(|text| text.to_string()).unwrap_or_default();
        for (json, by_name, from_zero) in [
            ("\"CH1\"", "CH1", "CH1"),
            ("\" IP_CH2 \"", "IP_CH2", "IP_CH2"),
            ("\"4\"", "CH4", "CH5"),
            ("15", "CH15", "CH16"),
            ("-1", "-1", ""),
            ("[]", "", ""),
        ] {
            let value = read(json).unwrap();
            assert_eq!(
                (text(channel(&value)).as_str(), text(channel_from_zero(&value)).as_str()),
                (by_name, from_zero),
                "{json}"
            );
        }
    }
}
