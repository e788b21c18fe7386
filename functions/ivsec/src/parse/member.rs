//! Names and values of members, as every part of the parser reads them.

use std::borrow::Cow;

use camhook_event::{Text, VendorData};
use camhook_json::{Json, Object};

use super::EVENTS_LIMIT;

/// The characters of a word, a name or a time that are read: no event keeps more, and they are copied for each of several
/// alarms.
const TEXT_LENGTH: usize = 256;

/// What a status says when all is well: `…_alarm_type` of a part of a device.
const WELL: [&str; 3] = ["ok", "normal", "none"];

/// What stands between several channels in one text.
const BETWEEN_CHANNELS: [char; 4] = [',', ';', '|', ' '];

/// A name and a value.
pub(super) type Member<'a> = (Cow<'a, str>, Json<'a>);

/// Whether a status says that all is well.
pub(super) fn says_well(status: &str) -> bool {
    WELL.iter().any(|well| status.trim().eq_ignore_ascii_case(well))
}

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

/// A text or number, as long as any that an event keeps.
pub(super) fn text(value: &Json<'_>) -> Option<Text> {
    value.to_text().map(shortened)
}

/// A member's name as the word for what it reports, as long as any that an event keeps.
pub(super) fn word(name: &str) -> Option<Text> {
    Text::new(name).map(shortened)
}

fn shortened(mut text: Text) -> Text {
    text.truncate(TEXT_LENGTH);
    text
}

/// The texts of a value: one, or those of a list.
pub(super) fn texts(value: &Json<'_>) -> Vec<Text> {
    match value {
        Json::List(values) => values.iter().filter_map(text).collect(),
        other => text(other).into_iter().collect(),
    }
}

/// A text or number that stands for something: 0 is none.
pub(super) fn number_of_picture(value: &Json<'_>) -> Option<Text> {
    text(value).filter(|number| number.as_str() != "0")
}

/// Whether a value holds others.
pub(super) fn is_container(value: &Json<'_>) -> bool {
    matches!(value, Json::List(_) | Json::Object(_))
}

/// What is left of an object, as the vendor's own data: within its limit, since it is copied for each of several alarms.
pub(super) fn vendor_data(object: &Object<'_>) -> VendorData {
    let mut data = VendorData::default();
    object.keep(&mut data);
    data.fit();
    data
}

/// The channel of `channel` and `StrChn`: `CH1`, `IP_CH1`; `4` and 4 are `CH4`. It may be the only one of a list.
pub(super) fn channel(value: &Json<'_>) -> Option<Text> {
    let text = text(only(value))?;
    if text.as_str().bytes().all(|octet| octet.is_ascii_digit()) {
        return Text::new(&format!("CH{}", text.as_str()));
    }
    Some(text)
}

/// The channel of `Chn`: a number from 0 on, or a text like those of [`channel`].
pub(super) fn channel_from_zero(value: &Json<'_>) -> Option<Text> {
    let value = only(value);
    match value.to_integer() {
        Some(number) => {
            let number = Some(number).filter(|number| (0..1024).contains(number))?;
            Text::new(&format!("CH{}", number + 1))
        }
        None => text(value),
    }
}

/// The value of a list of one.
fn only<'v, 'a>(value: &'v Json<'a>) -> &'v Json<'a> {
    match value {
        Json::List(values) => match values.as_slice() {
            [only] => only,
            _ => value,
        },
        _ => value,
    }
}

/// Whether a text is surely the id of a channel: `CH2`, `IP_CH2`.
fn is_channel_id(text: &str) -> bool {
    let text = text.to_ascii_uppercase();
    let text = ["IP_", "WIFI_"].iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(&text);
    text.strip_prefix("CH").is_some_and(is_number)
}

fn is_number(text: &str) -> bool {
    (1..=4).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_digit())
}

/// Whether a member that could not be read names channels: by its name, or by its value.
pub(super) fn is_of_channels(name: &str, value: &Json<'_>) -> bool {
    let is_channel = matches!(folded(name).as_ref(), "chn" | "strchn" | "channel" | "chnnel");
    are_channel_ids(value) || (is_channel && !is_blank(value))
}

/// Whether a value names channels and nothing else, by their ids.
fn are_channel_ids(value: &Json<'_>) -> bool {
    match value {
        Json::Text(text) => {
            let mut ids = text.split(BETWEEN_CHANNELS).filter(|id| !id.is_empty()).peekable();
            ids.peek().is_some() && ids.all(is_channel_id)
        }
        Json::List(values) => !values.is_empty() && values.iter().all(are_channel_ids),
        _ => false,
    }
}

/// The channels that an alarm names: each of them is one of its own. Bounded like the events of a post.
#[derive(Debug, Clone, Default)]
pub(super) struct Channels {
    /// Those that are named by their ids.
    named: Vec<Text>,
    /// Those that `Chn` gives by their numbers.
    numbered: Vec<Text>,
}

impl Channels {
    /// Reads the value of `channel` or `StrChn`: the channel, a list of channels, or a text of several. Whether all of it
    /// could be read.
    pub(super) fn read(&mut self, value: &Json<'_>) -> bool {
        match value {
            Json::List(values) => {
                // Each value is read, also after one that cannot be.
                values.iter().filter(|value| !self.read(value)).count() == 0
            }
            Json::Text(text) if is_several(text) => {
                for id in text.split(BETWEEN_CHANNELS).filter(|id| !id.is_empty()) {
                    insert(&mut self.named, channel(&Json::Text(id.into())));
                }
                true
            }
            value => insert(&mut self.named, channel(value)) || is_blank(value),
        }
    }

    /// Reads the value of `Chn`: like [`Channels::read`], where a number counts from 0.
    pub(super) fn read_from_zero(&mut self, value: &Json<'_>) -> bool {
        match value {
            Json::List(values) => values.iter().filter(|value| !self.read_from_zero(value)).count() == 0,
            Json::Text(text) if is_several(text) => {
                for id in text.split(BETWEEN_CHANNELS).filter(|id| !id.is_empty()) {
                    self.read_from_zero(&Json::Text(id.into()));
                }
                true
            }
            value if value.to_integer().is_some() => {
                insert(&mut self.numbered, channel_from_zero(value));
                true
            }
            value => insert(&mut self.named, text(value)) || is_blank(value),
        }
    }

    /// Whether none is named.
    pub(super) fn is_empty(&self) -> bool {
        self.named.is_empty() && self.numbered.is_empty()
    }

    /// The channels, in their order. Numbers beside as many ids are the same channels again.
    pub(super) fn into_ids(self) -> Vec<Text> {
        let Self { mut named, numbered } = self;
        if numbered.len() > named.len() {
            for id in numbered {
                insert(&mut named, Some(id));
            }
        }
        named
    }
}

/// Whether a text names several channels: each of its parts is the id or the number of one.
fn is_several(text: &str) -> bool {
    let mut parts = text.split(BETWEEN_CHANNELS).filter(|part| !part.is_empty());
    let count = parts.clone().take(2).count();
    count == 2 && parts.all(|part| is_number(part) || is_channel_id(part))
}

/// Adds a channel unless it is known or there are too many; whether there is one.
fn insert(ids: &mut Vec<Text>, id: Option<Text>) -> bool {
    let Some(id) = id else { return false };
    let is_known = |known: &Text| known.as_str().eq_ignore_ascii_case(id.as_str());
    if ids.len() <= EVENTS_LIMIT && !ids.iter().any(is_known) {
        ids.push(id);
    }
    true
}

/// Whether a value says nothing at all.
fn is_blank(value: &Json<'_>) -> bool {
    match value {
        Json::Null => true,
        Json::Text(text) => text.trim().is_empty(),
        _ => false,
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
    fn several_channels_are_told_apart_in_every_spelling() {
        let ids = |named: &str, from_zero: &str| {
            let mut channels = Channels::default();
            let is_read =
                channels.read(&read(named).unwrap()) & channels.read_from_zero(&read(from_zero).unwrap());
            let ids: Vec<String> = channels.into_ids().iter().map(ToString::to_string).collect();
            (ids.join(" "), is_read)
        };
        for (named, from_zero, expected) in [
            (r#"["CH2","CH5"]"#, "null", "CH2 CH5"),
            ("[2,5]", "null", "CH2 CH5"),
            ("\"CH2, CH5;IP_CH7\"", "null", "CH2 CH5 IP_CH7"),
            ("\"2,5\"", "null", "CH2 CH5"),
            ("null", r#"["CH2","CH5"]"#, "CH2 CH5"),
            ("null", "[1,4]", "CH2 CH5"),
            ("null", "\"1,4\"", "CH2 CH5"),
            ("null", "\"CH2|ch2\"", "CH2"),
            ("\"CH5\"", "4", "CH5"),
            ("\"CH5\"", "5", "CH5"),
            ("\"CH5\"", "[4,5]", "CH5 CH6"),
            ("\"Gate, left\"", "null", "Gate, left"),
            ("\" \"", "-1", ""),
        ] {
            assert_eq!(ids(named, from_zero), (expected.to_owned(), true), "{named} {from_zero}");
        }
        assert_eq!(ids(r#"["CH2",{"a":1},"CH5"]"#, "null"), ("CH2 CH5".to_owned(), false));
        assert_eq!(ids("null", r#"{"a":["CH2"]}"#), (String::new(), false));
        let many: Vec<String> = (0..9999).map(|number| format!("CH{number}")).collect();
        let mut channels = Channels::default();
        assert!(channels.read(&Json::Text(many.join(",").into())));
        assert!(channels.read_from_zero(&Json::List((0..1000).map(|id| Json::Number(id.into())).collect())));
        assert_eq!(channels.into_ids().len(), EVENTS_LIMIT + 1);
    }

    #[test]
    fn texts_are_as_long_as_an_event_keeps_them() {
        let long = Json::Text("é".repeat(1_000_000).into());
        assert_eq!(text(&long).unwrap().as_str().chars().count(), TEXT_LENGTH);
        assert_eq!(word(&"n".repeat(1_000_000)).unwrap().as_str().len(), TEXT_LENGTH);
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
            ("[\"CH3\"]", "CH3", "CH3"),
            ("[2,3]", "", ""),
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
