//! Members that no document names. One that could be an alarm is never passed over: it becomes an event beside the
//! others of its post, or the whole post goes to the quarantine with the names of what it held.

use camhook_event::{Kind, Report, Text, VendorData};
use camhook_ingest::Malformed;
use camhook_json::{Json, Object};

use super::EVENTS_LIMIT;
use super::member::{Flag, Member, folded, vendor_data};
use crate::message::{Alarm, Channel, Scope};

/// The unknown names that the quarantine of a post reports.
const NAMES_LIMIT: usize = 8;

/// The characters of such a name.
const NAME_LENGTH: usize = 64;

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
                .map(|(name, value)| Self::of_member(name, value).max(Self::Content))
                .max()
                .unwrap_or(Self::Nothing),
        }
    }

    /// What a member may mean, by its name too.
    fn of_member(name: &str, value: &Json<'_>) -> Self {
        let weight = Self::of(value);
        let is_alarm = match folded(name).as_ref() {
            "alarm_val" => Flag::of(value) != Flag::Off,
            "eventtype" => weight >= Self::Content,
            _ => {
                let is_container = matches!(value, Json::List(_) | Json::Object(_));
                is_container && weight >= Self::Content && name.trim().ends_with("Info")
            }
        };
        if is_alarm { Self::Alarm } else { weight }
    }
}

/// Where unknown members stand.
#[derive(Debug, Clone, Default)]
pub(super) struct Surroundings {
    /// The channel that they are about.
    pub(super) channel: Channel,
    /// The time that they were sent with.
    pub(super) time: Option<Text>,
}

/// The unknown members of a post.
#[derive(Debug, Clone, Default)]
pub(super) struct Unknowns {
    alarms: Vec<Alarm>,
    /// With the heaviest first once they are reported.
    names: Vec<(Weight, Text)>,
    heaviest: Option<Weight>,
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
            return;
        }
        if self.alarms.len() > EVENTS_LIMIT {
            return;
        }
        let word = shown(&name);
        let unknown = vendor_data(&Object::from_iter([(name, value)]));
        self.alarms.push(Alarm {
            word,
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
        if names.is_empty() {
            return Malformed::new(code, what);
        }
        Malformed::new(code, format!("{what}; not known or not readable: {}", names.join(", ")))
    }
}

/// A name as it may stand in logs: short, and without control characters.
fn shown(name: &str) -> Text {
    let shown: String = name
        .trim()
        .chars()
        .map(
            |character| {
                if character.is_alphanumeric() || character.is_ascii_graphic() { character } else { '?' }
            },
        )
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
                &["\"high\"", "\"1\"", "[0]", r#"{"a":0}"#, r#"{"alarm_val":false}"#, r#"{"PlateInfo":[]}"#],
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
                ],
            ),
        ] {
            for value in values {
                assert_eq!(Weight::of(&read(value).unwrap()), weight, "{value}");
            }
        }
    }

    #[test]
    fn names_are_short_and_hold_no_control_characters() {
        let mut unknowns = Unknowns::default();
        unknowns.note("level", Weight::Nothing);
        unknowns.note(&"n".repeat(1_000_000), Weight::Content);
        unknowns.note("a\u{1b}[31m\nb", Weight::Alarm);
        unknowns.note(" ", Weight::Alarm);
        for number in 0..1000 {
            unknowns.note(&format!("more{number}"), Weight::Content);
        }
        let detail = unknowns.into_malformed("unknown_content", "no event").detail;
        assert!(
            detail.starts_with("no event; not known or not readable: a?[31m?b, (no name), nnn"),
            "{detail}"
        );
        assert!(detail.len() < 800 && !detail.contains('\u{1b}'), "{detail}");
    }
}
