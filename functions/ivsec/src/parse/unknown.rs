//! Members that no document names. One that could be an alarm is never passed over: it becomes an event beside the
//! others of its post, or the whole post goes to the quarantine with the names of what it held.

use camhook_event::{Kind, Report, Text, VendorData};
use camhook_ingest::Malformed;
use camhook_json::{Json, Object};

use super::EVENTS_LIMIT;
use super::member::{Channels, Flag, Member, folded, is_container, is_of_channels, says_well, vendor_data};
use crate::message::{Alarm, Channel, Scope, WordPlace};

/// The unknown names that the quarantine of a post reports.
const NAMES_LIMIT: usize = 8;

/// The characters of such a name.
const NAME_LENGTH: usize = 64;

/// Members that only alarms, recognitions and pictures of alarms have. A value that holds one is one of them, whatever it
/// is called.
const TELLING: [&str; 20] = [
    "int_subtype",
    "alarm_type",
    "hdd_alarm_type",
    "mdstate",
    "talkback_close",
    "strchn",
    "grpid",
    "snapid",
    "objectimage",
    "plateimg",
    "bgimg",
    "image2",
    "image4",
    "img_data",
    "similarity",
    "platenum",
    "cc_in_num",
    "cc_out_num",
    "cc_in_sum_num",
    "cc_objnum",
];

/// What is wrong with a post of which no event keeps a part.
const PART: &str = "a part of the post cannot be read";

/// What an unknown member may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// No alarm: a number, an empty text, `false`, `null`, an empty list or object.
    Nothing,
    /// A text, or an object or list of levels: too much for a post to be passed over that has no event.
    Content,
    /// An alarm, perhaps: `true`, or a value with `true`, `alarm_val`, `EventType` or a list like `PlateInfo` in it.
    Alarm,
}

impl Weight {
    /// What a value may mean under whatever name.
    pub(super) fn of(value: &Json<'_>) -> Self {
        match value {
            Json::Null | Json::Bool(false) | Json::Number(_) => Self::Nothing,
            Json::Bool(true) => Self::Alarm,
            Json::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "" | "0" | "false" => Self::Nothing,
                "true" => Self::Alarm,
                _ => Self::Content,
            },
            Json::List(values) => {
                values.iter().map(|value| Self::of(value).max(Self::Content)).max().unwrap_or(Self::Nothing)
            }
            Json::Object(object) => object
                .iter()
                .map(|(name, value)| Self::of_inner_member(name, value).max(Self::Content))
                .max()
                .unwrap_or(Self::Nothing),
        }
    }

    /// What a member of an unknown value may mean.
    fn of_inner_member(name: &str, value: &Json<'_>) -> Self {
        let says_something = match value {
            Json::Null => false,
            Json::Text(text) => !text.trim().is_empty() && !says_well(text),
            _ => true,
        };
        if says_something && TELLING.contains(&folded(name).as_ref()) {
            return Self::Alarm;
        }
        Self::of_member(name, value)
    }

    /// What a member may mean, by its name too.
    fn of_member(name: &str, value: &Json<'_>) -> Self {
        let weight = Self::of(value);
        let is_alarm = match folded(name).as_ref() {
            "alarm_val" => Flag::of(value) != Flag::Off,
            "eventtype" => weight >= Self::Content,
            _ => is_container(value) && weight >= Self::Content && name.trim().ends_with("Info"),
        };
        if is_alarm { Self::Alarm } else { weight }
    }
}

/// What something stands in: the post, an entry of it, or what holds a list.
#[derive(Debug, Clone, Default)]
pub(super) struct Surroundings {
    /// The channel that it is about.
    pub(super) channel: Channel,
    /// The time that it was sent with.
    pub(super) time: Option<Text>,
}

impl Surroundings {
    /// The channel of an entry that names none. None where one of the members that were not read names one: a wrong
    /// camera is worse than none.
    pub(super) fn channel_beside(&self, unread: &Object<'_>) -> Channel {
        let is_somewhere = self.channel != Channel::default();
        if !is_somewhere || unread.iter().any(|(name, value)| is_of_channels(name, value)) {
            Channel::default()
        } else {
            self.channel.clone()
        }
    }

    /// The surroundings of what an entry holds, by its own channels and time.
    pub(super) fn of_entry(&self, channels: &Channels, time: Option<Text>, unread: &Object<'_>) -> Self {
        let channel = channels.first_within(&self.channel_beside(unread));
        Self { channel, time: time.or_else(|| self.time.clone()) }
    }
}

/// The unknown members of a post.
#[derive(Debug, Clone, Default)]
pub(super) struct Unknowns {
    alarms: Vec<Alarm>,
    /// With the heaviest first once they are reported.
    names: Vec<(Weight, Text)>,
    heaviest: Option<Weight>,
    /// The names of what no event keeps.
    lost: Vec<Text>,
}

impl Unknowns {
    /// Notes a member. One that could be an alarm is kept as an event; any other is added to `rest`.
    pub(super) fn add<'a>(
        &mut self,
        (name, value): Member<'a>,
        at_least: Weight,
        surroundings: &Surroundings,
        rest: &mut Object<'a>,
    ) {
        let weight = Weight::of_member(&name, &value).max(at_least);
        self.note(&name, weight);
        if weight < Weight::Alarm {
            rest.push(name, value);
        } else {
            self.add_alarm((name, value), surroundings);
        }
    }

    /// Notes a member that stands where no event keeps it. One that could be an alarm is kept as an event.
    pub(super) fn add_alone(
        &mut self,
        (name, value): Member<'_>,
        at_least: Weight,
        surroundings: &Surroundings,
    ) {
        let own = Weight::of_member(&name, &value);
        let weight = own.max(at_least);
        self.note(&name, weight);
        if weight == Weight::Alarm {
            self.add_alarm((name, value), surroundings);
        } else {
            self.note_lost(&name, own);
        }
    }

    /// Notes a member that raises alarms, with a value of which nobody knows whether it does, where no event keeps it.
    pub(super) fn add_unreadable(&mut self, (name, value): Member<'_>, surroundings: &Surroundings) {
        if Weight::of_member(&name, &value) == Weight::Alarm {
            self.add_alone((name, value), Weight::Alarm, surroundings);
        } else {
            self.note_lost(&name, Weight::Content);
        }
    }

    fn add_alarm(&mut self, (name, value): Member<'_>, surroundings: &Surroundings) {
        if self.alarms.len() > EVENTS_LIMIT {
            return;
        }
        let word = shown(&name);
        let unknown = vendor_data(&Object::from_iter([(name, value)]));
        self.alarms.push(Alarm {
            word,
            word_place: WordPlace::Name,
            kind: Kind::Other,
            meaning: None,
            state: None,
            report: Report::Detection,
            scope: Scope::Channel(surroundings.channel.clone()),
            time: surroundings.time.clone(),
            picture: None,
            counts: None,
            data: VendorData::default(),
            unknown,
        });
    }

    /// Notes the name of something that cannot be read.
    pub(super) fn note(&mut self, name: &str, weight: Weight) {
        self.heaviest = self.heaviest.max(Some(weight));
        let name = shown(name);
        let of_weight = self.names.iter().filter(|(other, _)| *other == weight).count();
        if of_weight < NAMES_LIMIT && !self.names.iter().any(|(_, known)| *known == name) {
            self.names.push((weight, name));
        }
    }

    /// Notes the name of something that cannot be read and that no event keeps, unless it says nothing.
    pub(super) fn note_lost(&mut self, name: &str, weight: Weight) {
        if weight == Weight::Nothing {
            return;
        }
        self.note(name, weight);
        let name = shown(name);
        if self.lost.len() < NAMES_LIMIT && !self.lost.contains(&name) {
            self.lost.push(name);
        }
    }

    /// Adds those of another part of the post.
    pub(super) fn append(&mut self, other: Self) {
        let Self { alarms, names, heaviest, lost } = other;
        self.alarms.extend(alarms);
        self.alarms.truncate(EVENTS_LIMIT + 1);
        self.names.extend(names);
        self.heaviest = self.heaviest.max(heaviest);
        self.lost.extend(lost);
        self.lost.truncate(NAMES_LIMIT);
    }

    /// Why a post that holds events goes to the quarantine, too: what of it no event keeps.
    pub(super) fn remainder(&self) -> Option<Malformed> {
        let names: Vec<&str> = self.lost.iter().map(Text::as_str).collect();
        (!names.is_empty()).then(|| Malformed::new("unknown_content", described(PART, &names)))
    }

    /// What the heaviest of them may mean; `None` when there are none.
    pub(super) fn heaviest(&self) -> Option<Weight> {
        self.heaviest
    }

    /// Those that could be alarms, as events of the kind `other`.
    pub(super) fn into_alarms(self) -> Vec<Alarm> {
        self.alarms
    }

    /// Why a post that holds no event cannot be read.
    pub(super) fn into_malformed(mut self, code: &'static str, what: &str) -> Malformed {
        self.names.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        let names: Vec<&str> = self.names.iter().take(NAMES_LIMIT).map(|(_, name)| name.as_str()).collect();
        Malformed::new(code, described(what, &names))
    }
}

/// What is wrong, with the names that say where.
fn described(what: &str, names: &[&str]) -> String {
    if names.is_empty() {
        return what.to_owned();
    }
    // In backticks: of a source whose faces are not kept, only what has the form of a name is stored and logged.
    format!("{what}; not known or not readable: `{}`", names.join("`, `"))
}

/// A name as it may stand in logs, in backticks: short, without control characters and backticks of its own.
fn shown(name: &str) -> Text {
    let is_shown =
        |character: char| character.is_alphanumeric() || (character.is_ascii_graphic() && character != '`');
    let shown: String = name
        .trim()
        .chars()
        .map(|character| if is_shown(character) { character } else { '?' })
        .take(NAME_LENGTH)
        .collect();
    Text::new(&shown).or_else(|| Text::new("(no name)")).unwrap_or_else(|| unreachable!())
}

#[cfg(test)]
mod tests {
    use super::*;
    use camhook_json::read;

    #[test]
    fn what_could_be_an_alarm_weighs_most() {
        for (weight, values) in [
            (Weight::Nothing, &["null", "false", "0", "7", "\"\"", "\"0\"", "[]", "{}"][..]),
            (
                Weight::Content,
                &[
                    "\"high\"",
                    "\"1\"",
                    "[0]",
                    r#"{"a":0}"#,
                    r#"{"alarm_val":false}"#,
                    r#"{"PlateInfo":[]}"#,
                    r#"{"hdd_alarm_type":"Ok"}"#,
                ],
            ),
            (
                Weight::Alarm,
                &[
                    "true",
                    "\"True\"",
                    "[[true]]",
                    r#"{"a":{"b":[0,true]}}"#,
                    r#"{"alarm_val":1}"#,
                    r#"[{"EventType":"x"}]"#,
                    r#"{"PlateInfo":[{"Id":"x"}]}"#,
                    r#"[{"SnapId":7}]"#,
                    r#"{"a":[{"hdd_alarm_type":"Error"}]}"#,
                ],
            ),
        ] {
            for value in values {
                assert_eq!(Weight::of(&read(value).unwrap()), weight, "{value}");
            }
        }
    }

    #[test]
    fn what_no_event_keeps_is_named() {
        let mut unknowns = Unknowns::default();
        let member = |name: &'static str, json| (name.into(), read(json).unwrap());
        let surroundings = Surroundings::default();
        unknowns.add(member("kept", "\"x\""), Weight::Nothing, &surroundings, &mut Object::default());
        unknowns.add_alone(member("level", "7"), Weight::Nothing, &surroundings);
        unknowns.add_alone(member("alarm", "true"), Weight::Nothing, &surroundings);
        assert_eq!(unknowns.remainder(), None);
        for number in 0..1000 {
            unknowns.add_alone(
                (format!("x{number}").into(), Json::Text("y".into())),
                Weight::Nothing,
                &surroundings,
            );
        }
        let detail = unknowns.remainder().unwrap().detail;
        let names = "`x0`, `x1`, `x2`, `x3`, `x4`, `x5`, `x6`, `x7`";
        assert_eq!(detail, format!("{PART}; not known or not readable: {names}"));
        assert_eq!(unknowns.into_alarms().len(), 1);
    }

    #[test]
    fn names_are_short_and_hold_no_control_characters() {
        let mut unknowns = Unknowns::default();
        unknowns.note("level", Weight::Nothing);
        unknowns.note(&"n".repeat(1_000_000), Weight::Content);
        unknowns.note("a\u{1b}[31m`b", Weight::Alarm);
        unknowns.note(" ", Weight::Alarm);
        for number in 0..1000 {
            unknowns.note(&format!("more{number}"), Weight::Content);
        }
        let detail = unknowns.into_malformed("unknown_content", "no event").detail;
        assert!(
            detail.starts_with("no event; not known or not readable: `a?[31m?b`, `(no name)`, `nnn"),
            "{detail}"
        );
        assert!(detail.len() < 800 && !detail.contains('\u{1b}'), "{detail}");
    }
}
