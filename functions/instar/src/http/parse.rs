//! From parameters to a message, by the source's dialect.

use std::collections::BTreeMap;

use camhook_ingest::{Malformed, names_nobody};
use camhook_site::Dialect;

use super::message::{Alarm, Meaning, Message, Parameter};
use super::parameters::Parameters;
use super::trigger_parameter;
use crate::{Objects, Triggers};

/// The parameters of the Cloud by their standard names, which are also their default names.
///
/// `cam`, `object` and `trigger` are documented; `face`, `plate` and `storage` are unverified.
const CLOUD: [&str; 6] = ["cam", "object", "trigger", "face", "plate", "storage"];

/// What is read of a request to the Cloud's dialect: a camera's `active` too, which means the same everywhere.
const CLOUD_AND_CAMERA: [&str; 7] = ["cam", "object", "trigger", "face", "plate", "storage", "active"];

/// The parameters of both generations of cameras.
const CAMERA: [&str; 4] = ["cam", "object", "active", "trigger"];

/// Reads the parameters of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parser<'a> {
    /// The parameters.
    pub(crate) parameters: &'a Parameters,
    /// The names that the source has chosen, by standard name.
    pub(crate) chosen: &'a BTreeMap<String, String>,
}

/// What set off an alarm, and the parameter that says so.
struct Found {
    parameter: &'static str,
    word: String,
    triggers: Triggers,
}

impl<'a> Parser<'a> {
    /// Reads a message.
    ///
    /// # Errors
    ///
    /// When the request has no parameter of the dialect, or the one that says what happened cannot be read.
    pub(crate) fn parse(self, dialect: Dialect) -> Result<Message, Malformed> {
        match dialect {
            Dialect::Cloud => self.cloud(),
            Dialect::CameraV1 | Dialect::CameraV2 => self.camera(dialect),
        }
    }

    /// The parameter that holds the alarm, where it is that of another dialect than the source's.
    pub(crate) fn other_parameter(self, dialect: Dialect) -> Option<&'static str> {
        let found = self.triggers(dialect).ok()??;
        let is_alarm = !found.triggers.is_empty();
        (is_alarm && found.parameter != trigger_parameter(dialect)).then_some(found.parameter)
    }

    fn cloud(self) -> Result<Message, Malformed> {
        let found = self.triggers(Dialect::Cloud)?;
        let is_of_cloud = CLOUD.iter().any(|standard| self.parameters.has(self.name(standard)));
        match found {
            Some(found) if is_of_cloud || !found.triggers.is_empty() => {
                Ok(Message::Alarm(self.alarm(&CLOUD_AND_CAMERA, Some(found))))
            }
            Some(_) => self.idle(),
            None if is_of_cloud => Ok(Message::Alarm(self.alarm(&CLOUD_AND_CAMERA, None))),
            None => {
                let names: Vec<&str> = CLOUD.iter().map(|standard| self.name(standard)).collect();
                let detail = format!("it has none of {}; {}", names.join(", "), self.parameters.describe());
                Err(Malformed::new("no_parameters", detail))
            }
        }
    }

    fn camera(self, dialect: Dialect) -> Result<Message, Malformed> {
        let Some(found) = self.triggers(dialect)? else {
            let own = self.name(trigger_parameter(dialect));
            let detail = format!("it has no value of `{own}`; {}", self.parameters.describe());
            return Err(Malformed::new("no_trigger", detail));
        };
        let mut objects = self.parameters.values(self.name("object")).filter_map(Objects::parse);
        let recognized = objects.any(|objects| !objects.is_none());
        if found.triggers.is_empty() && !recognized {
            return self.idle();
        }
        Ok(Message::Alarm(self.alarm(&CAMERA, Some(found))))
    }

    /// No alarm, unless a value beside those that were read may be one.
    fn idle(self) -> Result<Message, Malformed> {
        for parameter in ["active", "trigger"] {
            let name = self.name(parameter);
            let is_none = |word| triggers_of(parameter, word).is_some_and(|triggers| triggers.is_empty());
            if !self.parameters.values(name).all(is_none) {
                return Err(self.bad_trigger(parameter));
            }
        }
        // A name without a value is a flag.
        let may_be_alarm = |(name, value): (&str, Option<&str>)| {
            !CAMERA.iter().any(|standard| self.name(standard).eq_ignore_ascii_case(name))
                && !value.is_some_and(is_nothing)
        };
        if self.parameters.iter().any(may_be_alarm) {
            let detail =
                format!("there is no alarm in it but an unknown parameter; {}", self.parameters.describe());
            return Err(Malformed::new("unknown_parameters", detail));
        }
        let object = self.name("object");
        let is_unreadable = |value: &str| !is_nothing(value) && Objects::parse(value).is_none();
        if self.parameters.values(object).any(is_unreadable) {
            let detail =
                format!("`{object}` is not a whole number from 0 on; {}", self.parameters.describe());
            return Err(Malformed::new("bad_object", detail));
        }
        Ok(Message::Idle)
    }

    fn bad_trigger(self, parameter: &'static str) -> Malformed {
        let (name, found) = (self.name(parameter), self.parameters.describe());
        Malformed::new("bad_trigger", format!("`{name}` is not a whole number from 0 on; {found}"))
    }

    /// What a parameter says set off the alarm: the last of its values that is a trigger, else the last one that says that
    /// there is none. `None` where it has no value, an error where it has none that can be read.
    fn trigger(self, parameter: &'static str) -> Option<Result<Found, &'static str>> {
        let mut values = self.parameters.values(self.name(parameter)).peekable();
        values.peek()?;
        let read = |word: &str| {
            Some(Found { parameter, word: word.to_owned(), triggers: triggers_of(parameter, word)? })
        };
        let readable: Vec<Found> = values.filter_map(read).collect();
        let alarm = readable.iter().position(|found| !found.triggers.is_empty());
        Some(readable.into_iter().nth(alarm.unwrap_or(0)).ok_or(parameter))
    }

    /// What set off the alarm: in the dialect's own parameter, else in that of the other generation of cameras.
    ///
    /// # Errors
    ///
    /// When the dialect's own is there and neither can be read.
    fn triggers(self, dialect: Dialect) -> Result<Option<Found>, Malformed> {
        // The Cloud's own `trigger` is a text of the user's.
        let (own, other) = match dialect {
            Dialect::Cloud => (None, self.trigger("active").and_then(Result::ok).map(Ok)),
            Dialect::CameraV1 => (self.trigger("active"), self.trigger("trigger")),
            Dialect::CameraV2 => (self.trigger("trigger"), self.trigger("active")),
        };
        match (own, other) {
            (Some(Ok(own)), Some(Ok(other))) if own.triggers.is_empty() && !other.triggers.is_empty() => {
                Ok(Some(other))
            }
            (Some(Ok(own)), _) => Ok(Some(own)),
            (None | Some(Err(_)), Some(Ok(other))) => Ok(Some(other)),
            (Some(Err(unreadable)), _) => Err(self.bad_trigger(unreadable)),
            // A text in the other one is the user's own.
            (None, None | Some(Err(_))) => Ok(None),
        }
    }

    fn alarm(self, used: &[&'static str], found: Option<Found>) -> Alarm {
        let value = |standard: &'static str| {
            let is_used = used.contains(&standard);
            is_used.then(|| self.parameters.get(self.name(standard)).map(str::to_owned)).flatten()
        };
        let word = found.as_ref().map(|found| found.word.clone()).or_else(|| value("trigger"));
        let carrier = found.as_ref().map_or("trigger", |found| found.parameter);
        let somebody = |standard: &'static str| {
            let is_used = used.contains(&standard);
            is_used.then(|| self.somebody(self.name(standard)).map(str::to_owned)).flatten()
        };
        Alarm {
            camera: value("cam"),
            objects: self.objects(),
            face: somebody("face"),
            plate: somebody("plate"),
            storage: value("storage"),
            other: self.other(used, carrier, word.as_deref()),
            word,
            triggers: found.map(|found| found.triggers),
        }
    }

    /// The parameters that have no place of their own in the event: unknown ones; of a name that occurs several times,
    /// all values but the one that counts; a word for nobody; and the number `object`, since only its bits have a place.
    fn other(self, used: &[&'static str], carrier: &'static str, word: Option<&str>) -> Vec<Parameter> {
        let other = |(name, value): (&str, Option<&str>)| {
            let value = value.unwrap_or_default();
            let standard =
                used.iter().find(|standard| self.name(standard).eq_ignore_ascii_case(name)).copied();
            let is_one = |counted: Option<&str>| value.trim().is_empty() || counted == Some(value.trim());
            let has_place = |standard| match standard {
                "object" => false,
                "active" | "trigger" => standard == carrier && is_one(word),
                "face" | "plate" => is_nothing(value) || is_one(self.somebody(name)),
                _ => is_one(self.parameters.get(name)),
            };
            if standard.is_some_and(has_place) {
                return None;
            }
            let meaning = if standard.is_some() { Meaning::Known } else { Meaning::Unknown };
            Some(Parameter { name: name.to_owned(), value: value.to_owned(), meaning })
        };
        self.parameters.iter().filter_map(other).collect()
    }

    /// The last value under a name that is no word for nobody.
    fn somebody(self, name: &str) -> Option<&'a str> {
        self.parameters.values(name).find(|value| !is_nothing(value) && !names_nobody(value))
    }

    fn objects(self) -> Option<Objects> {
        self.parameters.get(self.name("object")).and_then(Objects::parse)
    }

    /// The name under which a standard parameter is sent to this source.
    fn name(self, standard: &'static str) -> &'a str {
        self.chosen.get(standard).map_or(standard, String::as_str)
    }
}

/// What parameters look like when there is nothing. Unverified.
fn is_nothing(value: &str) -> bool {
    matches!(value.trim(), "" | "0") || value.trim().eq_ignore_ascii_case("none")
}

/// What set off an alarm, as the word in a parameter says; `None` when it is no number.
fn triggers_of(parameter: &str, word: &str) -> Option<Triggers> {
    match parameter {
        "active" => Triggers::of_code(word),
        _ => Triggers::of_mask(word),
    }
}
