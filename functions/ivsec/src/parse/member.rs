//! Names and values of members, as every part of the parser reads them.

use std::borrow::Cow;

use camhook_event::{Text, VendorData};
use camhook_json::{Json, Object};

use super::EVENTS_LIMIT;
use crate::message::Channel;
use crate::vocabulary::split_words;

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
            Json::Object(object) => Self::of_all(object.get_all("alarm_val")).unwrap_or(Self::Unreadable),
            Json::List(values) => Self::of_all(values).unwrap_or(Self::Off),
        }
    }

    /// What several flags say together: there is an alarm when one of them says so. `None` when there are none.
    pub(super) fn of_all<'v, 'a: 'v>(flags: impl IntoIterator<Item = &'v Json<'a>>) -> Option<Self> {
        flags.into_iter().map(Self::of).reduce(|one, other| match (one, other) {
            (Self::On, _) | (_, Self::On) => Self::On,
            (Self::Off, Self::Off) => Self::Off,
            _ => Self::Unreadable,
        })
    }
}

/// What a member says that may stand several times in an object. Readers of JSON differ in which of the values counts,
/// so that none of them does where they differ.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Statement<'a> {
    /// It is absent.
    Absent,
    /// It says one thing, however often.
    One(Json<'a>),
    /// It says different things.
    Contradiction(Vec<Json<'a>>),
}

impl<'a> Statement<'a> {
    /// Takes every value under a name.
    pub(super) fn take(object: &mut Object<'a>, name: &str) -> Self {
        Self::of(object.take_all(name))
    }

    /// What all of these values say.
    pub(super) fn of(mut values: Vec<Json<'a>>) -> Self {
        let Some(last) = values.pop() else { return Self::Absent };
        let is_same = |value: &Json<'a>| {
            *value == last || value.to_text().is_some_and(|text| last.to_text() == Some(text))
        };
        if values.iter().all(is_same) {
            return Self::One(last);
        }
        values.push(last);
        Self::Contradiction(values)
    }

    /// The values.
    pub(super) fn values(&self) -> &[Json<'a>] {
        match self {
            Self::Absent => &[],
            Self::One(value) => std::slice::from_ref(value),
            Self::Contradiction(values) => values,
        }
    }

    /// Whether it says different things.
    pub(super) fn is_contradiction(&self) -> bool {
        matches!(self, Self::Contradiction(_))
    }

    /// The value when it says one thing.
    pub(super) fn into_one(self) -> Option<Json<'a>> {
        match self {
            Self::One(value) => Some(value),
            Self::Absent | Self::Contradiction(_) => None,
        }
    }

    /// Puts the values back under a name.
    pub(super) fn put_back(self, name: &'static str, object: &mut Object<'a>) {
        match self {
            Self::Absent => {}
            Self::One(value) => object.push(name, value),
            Self::Contradiction(values) => object.push(name, Json::List(values)),
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

/// The objects of a value like those of [`objects`], where it stands.
pub(super) fn objects_in<'v, 'a>(value: &'v Json<'a>) -> Vec<&'v Object<'a>> {
    let mut objects = Vec::new();
    let mut stack = vec![value];
    while let Some(value) = stack.pop() {
        match value {
            Json::Object(object) => objects.push(object),
            Json::List(values) => stack.extend(values.iter().rev()),
            _ => {}
        }
    }
    objects
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

/// The words of a value: its texts, and each of several in one text.
pub(super) fn words(value: &Json<'_>) -> Vec<Text> {
    texts(value).iter().flat_map(|text| split_words(text.as_str())).filter_map(Text::new).collect()
}

/// A text or number that stands for something: 0 is none.
pub(super) fn number_of_picture(value: &Json<'_>) -> Option<Text> {
    text(value).filter(|number| number.as_str() != "0")
}

/// -1 as an unsigned number of 32 or 64 bits.
pub(super) const UNSIGNED_MINUS_ONE: [&str; 2] = ["4294967295", "18446744073709551615"];

/// A whole number, also as `1.0` or as the only value of a list, and -1 also as an unsigned one.
pub(super) fn integer(value: &Json<'_>) -> Option<i64> {
    let text = only(value).to_text()?;
    let text = text.as_str();
    let is_zero = |fraction: &str| fraction.bytes().all(|digit| digit == b'0');
    let whole =
        text.split_once('.').filter(|(_, fraction)| is_zero(fraction)).map_or(text, |(whole, _)| whole);
    if UNSIGNED_MINUS_ONE.contains(&whole) { Some(-1) } else { whole.parse().ok() }
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

/// What a member says of the channel that something is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChannelMember {
    /// `channel`, `chnnel`, `StrChn`: its id.
    Id,
    /// `Chn`: its number from 0 on, or its id.
    FromZero,
    /// `channel_name`, `chn_alias`, `chn_alais`: the name of its camera.
    Name,
}

impl ChannelMember {
    fn of(folded_name: &str) -> Option<Self> {
        match folded_name {
            "channel" | "chnnel" | "strchn" => Some(Self::Id),
            "chn" => Some(Self::FromZero),
            "channel_name" | "chn_alias" | "chn_alais" => Some(Self::Name),
            _ => None,
        }
    }
}

/// Whether a member names a channel, or the camera of one.
pub(super) fn is_channel_member(folded_name: &str) -> bool {
    ChannelMember::of(folded_name).is_some()
}

/// The channel of `channel` and `StrChn`: `CH1`, `IP_CH1`; `4` and 4 are `CH4`. It may be the only one of a list.
fn channel(value: &Json<'_>) -> Option<Text> {
    let text = text(only(value))?;
    if text.as_str().bytes().all(|octet| octet.is_ascii_digit()) {
        return Text::new(&format!("CH{}", text.as_str()));
    }
    Some(text)
}

/// The channel of `Chn`: a number from 0 on, or a text like those of [`channel`].
fn channel_from_zero(value: &Json<'_>) -> Option<Text> {
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
pub(super) fn only<'v, 'a>(value: &'v Json<'a>) -> &'v Json<'a> {
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
    let is_channel =
        matches!(ChannelMember::of(&folded(name)), Some(ChannelMember::Id | ChannelMember::FromZero));
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

/// The channels that an entry names, in every spelling that a document or a device has. An alarm of several is one in
/// each of them. Bounded like the events of a post.
#[derive(Debug, Clone, Default)]
pub(super) struct Channels {
    /// Those that are named by their ids.
    named: Vec<Text>,
    /// Those that `Chn` gives by their numbers.
    numbered: Vec<Text>,
    /// The names of their cameras: one for all of them, or one for each.
    names: Vec<Option<Text>>,
}

impl Channels {
    /// Takes a member that names channels or their camera. What is left of it: the value itself when it does not or
    /// cannot be read.
    pub(super) fn read_member<'a>(&mut self, folded_name: &str, value: Json<'a>) -> Option<Json<'a>> {
        let is_read = match ChannelMember::of(folded_name) {
            Some(ChannelMember::Id) => self.read(&value),
            Some(ChannelMember::FromZero) => self.read_from_zero(&value),
            Some(ChannelMember::Name) => self.read_names(&value),
            None => false,
        };
        (!is_read).then_some(value)
    }

    /// Reads the value of `channel` or `StrChn`: the channel, a list of channels, or a text of several. Whether all of it
    /// could be read.
    fn read(&mut self, value: &Json<'_>) -> bool {
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
    fn read_from_zero(&mut self, value: &Json<'_>) -> bool {
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

    /// Reads the value of `channel_name`: a name, or a list of them in the order of the channels. Whether it could be
    /// read.
    fn read_names(&mut self, value: &Json<'_>) -> bool {
        let values = match value {
            Json::List(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        let is_read = values.iter().all(|value| text(value).is_some() || is_blank(value));
        let names: Vec<_> = values.iter().take(EVENTS_LIMIT + 1).map(text).collect();
        if is_read && names.iter().any(Option::is_some) {
            self.names = names;
        }
        is_read
    }

    /// The name of the camera at a place among so many channels.
    fn name(&self, index: usize, count: usize) -> Option<Text> {
        match self.names.as_slice() {
            [name] => name.clone(),
            names if names.len() == count => names.get(index).cloned().flatten(),
            _ => None,
        }
    }

    /// Whether none is named by its id or number.
    pub(super) fn is_empty(&self) -> bool {
        self.named.is_empty() && self.numbered.is_empty()
    }

    /// The channels, in their order. Numbers beside as many ids are the same channels again.
    pub(super) fn ids(&self) -> Vec<Text> {
        let Self { named, numbered, names: _ } = self;
        let mut ids = named.clone();
        if numbered.len() > named.len() {
            for id in numbered {
                insert(&mut ids, Some(id.clone()));
            }
        }
        ids
    }

    /// The channels of an entry that stands in something about a channel: its own, else that one; one without an id
    /// where neither names any.
    pub(super) fn within(&self, around: &Channel) -> Vec<Channel> {
        let ids = self.ids();
        if ids.is_empty() {
            let Channel { id, name } = around.clone();
            return vec![Channel { id, name: self.name(0, 1).or(name) }];
        }
        let count = ids.len();
        let named = |(index, id): (usize, Text)| {
            let is_around = Some(&id) == around.id.as_ref();
            let name = self.name(index, count).or_else(|| around.name.clone().filter(|_| is_around));
            Channel { id: Some(id), name }
        };
        ids.into_iter().enumerate().map(named).collect()
    }

    /// Keeps the channels but the first in what is left of something that is about one.
    pub(super) fn keep_others(&self, rest: &mut Object<'_>) {
        let others = self.ids().into_iter().skip(1);
        let others: Vec<Json<'_>> = others.map(|id| Json::Text(id.to_string().into())).collect();
        if !others.is_empty() {
            rest.push("StrChn", Json::List(others));
        }
    }

    /// Keeps what a post says that no entry of it may show: the channels but the first, a name without a channel.
    pub(super) fn keep_unplaced(&self, levels: &mut Object<'_>) {
        self.keep_others(levels);
        match &self.name(0, 1) {
            Some(name) if self.is_empty() => levels.push("channel_name", Json::Text(name.to_string().into())),
            _ => {}
        }
    }

    /// The channel of something that is about one: the first of those of [`Channels::within`].
    pub(super) fn first_within(&self, around: &Channel) -> Channel {
        self.within(around).into_iter().next().unwrap_or_default()
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
    // One of which characters could not be read may be that of several channels.
    let Some(id) = id.filter(|id| !id.as_str().contains(char::REPLACEMENT_CHARACTER)) else { return false };
    let id = one_case(id);
    let is_known = |known: &Text| known.as_str().eq_ignore_ascii_case(id.as_str());
    if ids.len() <= EVENTS_LIMIT && !ids.iter().any(is_known) {
        ids.push(id);
    }
    true
}

/// An id like `ch2` as the documents write it: a camera has one id in whatever case it comes.
fn one_case(id: Text) -> Text {
    let upper = Some(id.as_str()).filter(|id| is_channel_id(id)).map(str::to_ascii_uppercase);
    upper.and_then(|upper| Text::new(&upper)).unwrap_or(id)
}

/// Whether a value says nothing at all.
pub(super) fn is_blank(value: &Json<'_>) -> bool {
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
    fn a_flag_in_lists_of_lists_is_read_in_little_time() {
        let nested = |flag: &str| format!("{}{flag}{}", "[".repeat(100), "]".repeat(100));
        for (flag, expected) in [("0", Flag::Off), ("1", Flag::On), ("2", Flag::Unreadable)] {
            assert_eq!(Flag::of(&read(&nested(flag)).unwrap()), expected, "{flag}");
        }
    }

    #[test]
    fn a_repeated_flag_is_on_when_one_of_them_is() {
        for (json, expected) in [
            (r#"{"alarm_val":false,"alarm_val":true}"#, Flag::On),
            (r#"{"alarm_val":true,"Alarm_Val":false}"#, Flag::On),
            (r#"{"alarm_val":false,"alarm_val":0}"#, Flag::Off),
            (r#"{"alarm_val":false,"alarm_val":2}"#, Flag::Unreadable),
        ] {
            assert_eq!(Flag::of(&read(json).unwrap()), expected, "{json}");
        }
    }

    #[test]
    fn a_member_that_says_different_things_says_none_of_them() {
        let statement = |json| {
            let mut object = read(json).unwrap().into_object().unwrap();
            let statement = Statement::take(&mut object, "Id");
            assert_eq!(object.get("Id"), None);
            (statement.values().len(), statement.is_contradiction())
        };
        assert_eq!(statement("{}"), (0, false));
        assert_eq!(statement(r#"{"Id":41}"#), (1, false));
        assert_eq!(statement(r#"{"Id":41,"id":"41"}"#), (1, false));
        assert_eq!(statement(r#"{"Id":41,"Id":-1}"#), (2, true));
        assert_eq!(statement(r#"{"Id":41,"Id":null}"#), (2, true));
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
    fn a_whole_number_is_read_in_every_form() {
        for (json, number) in [
            ("1", Some(1)),
            ("\" 2 \"", Some(2)),
            ("1.0", Some(1)),
            ("\"3.00\"", Some(3)),
            ("[4]", Some(4)),
            ("-1", Some(-1)),
            ("4294967295", Some(-1)),
            ("18446744073709551615", Some(-1)),
            ("900000000000000001", Some(900_000_000_000_000_001)),
            ("1.5", None),
            ("[1,2]", None),
            ("\"\"", None),
            ("true", None),
        ] {
            assert_eq!(integer(&read(json).unwrap()), number, "{json}");
        }
    }

    #[test]
    fn several_channels_are_told_apart_in_every_spelling() {
        let ids = |named: &str, from_zero: &str| {
            let mut channels = Channels::default();
            let is_read =
                channels.read(&read(named).unwrap()) & channels.read_from_zero(&read(from_zero).unwrap());
            let ids: Vec<String> = channels.ids().iter().map(ToString::to_string).collect();
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
            ("\"ip_ch2\"", "null", "IP_CH2"),
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
        assert_eq!(channels.ids().len(), EVENTS_LIMIT + 1);
    }

    #[test]
    fn each_of_several_channels_may_have_its_name() {
        let named = |ids: &str, names: &str| {
            let mut channels = Channels::default();
            channels.read(&read(ids).unwrap());
            let is_read = channels.read_names(&read(names).unwrap());
            let text = |text: Option<Text>| text.map_or("-".to_owned(), |text| text.to_string());
            let within = channels.within(&Channel::default());
            let names: Vec<String> = within.into_iter().map(|channel| text(channel.name)).collect();
            (names.join(" "), is_read)
        };
        for (ids, names, expected) in [
            (r#"["CH1","CH2"]"#, r#"["Gate","Yard"]"#, "Gate Yard"),
            (r#"["CH1","CH2"]"#, r#"["","Yard"]"#, "- Yard"),
            (r#"["CH1","CH2"]"#, "\"Gate\"", "Gate Gate"),
            (r#"["CH1","CH2"]"#, r#"["Gate","Yard","Door"]"#, "- -"),
            ("\"CH1\"", r#"["Gate"]"#, "Gate"),
            ("null", "\"Gate\"", "Gate"),
            ("null", "null", "-"),
        ] {
            assert_eq!(named(ids, names), (expected.to_owned(), true), "{ids} {names}");
        }
        assert_eq!(named("\"CH1\"", r#"[{"a":"Gate"}]"#), ("-".to_owned(), false));
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
