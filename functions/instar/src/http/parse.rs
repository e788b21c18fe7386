//! From parameters to a message, by the source's dialect.

use std::collections::BTreeMap;

use camhook_ingest::Malformed;
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
        (found.parameter != trigger_parameter(dialect)).then_some(found.parameter)
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
        let recognized = self.objects().is_some_and(|objects| !objects.is_none());
        if found.triggers.is_empty() && !recognized {
            return self.idle();
        }
        Ok(Message::Alarm(self.alarm(&CAMERA, Some(found))))
    }

    /// No alarm, unless another parameter may be one.
    fn idle(self) -> Result<Message, Malformed> {
        let may_be_alarm = |(name, value): &(&str, &str)| {
            !CAMERA.iter().any(|standard| self.name(standard).eq_ignore_ascii_case(name))
                && !is_nothing(value)
        };
        if self.parameters.iter().any(|parameter| may_be_alarm(&parameter)) {
            let detail =
                format!("there is no alarm in it but an unknown parameter; {}", self.parameters.describe());
            return Err(Malformed::new("unknown_parameters", detail));
        }
        let object = self.name("object");
        if self.objects().is_none() && self.parameters.get(object).is_some_and(|value| !is_nothing(value)) {
            let detail =
                format!("`{object}` is not a whole number from 0 on; {}", self.parameters.describe());
            return Err(Malformed::new("bad_object", detail));
        }
        Ok(Message::Idle)
    }

    /// What set off the alarm: in the dialect's own parameter, else in that of the other generation of cameras.
    ///
    /// # Errors
    ///
    /// When the dialect's own is there and neither can be read.
    fn triggers(self, dialect: Dialect) -> Result<Option<Found>, Malformed> {
        let read = |parameter: &'static str| {
            let word = self.parameters.get(self.name(parameter))?;
            let triggers = match parameter {
                "active" => Triggers::of_code(word),
                _ => Triggers::of_mask(word),
            };
            Some(
                triggers
                    .map(|triggers| Found { parameter, word: word.to_owned(), triggers })
                    .ok_or(parameter),
            )
        };
        // The Cloud's own `trigger` is a text of the user's.
        let (own, other) = match dialect {
            Dialect::Cloud => (None, read("active").and_then(Result::ok).map(Ok)),
            Dialect::CameraV1 => (read("active"), read("trigger")),
            Dialect::CameraV2 => (read("trigger"), read("active")),
        };
        match (own, other) {
            (Some(Ok(own)), Some(Ok(other))) if own.triggers.is_empty() && !other.triggers.is_empty() => {
                Ok(Some(other))
            }
            (Some(Ok(own)), _) => Ok(Some(own)),
            (None | Some(Err(_)), Some(Ok(other))) => Ok(Some(other)),
            (Some(Err(unreadable)), _) => {
                let name = self.name(unreadable);
                let found = self.parameters.describe();
                Err(Malformed::new(
                    "bad_trigger",
                    format!("`{name}` is not a whole number from 0 on; {found}"),
                ))
            }
            // A text in the other one is the user's own.
            (None, None | Some(Err(_))) => Ok(None),
        }
    }

    fn alarm(self, used: &[&'static str], found: Option<Found>) -> Alarm {
        let value = |standard: &'static str| {
            let is_used = used.contains(&standard);
            is_used.then(|| self.parameters.get(self.name(standard)).map(str::to_owned)).flatten()
        };
        let carrier = found.as_ref().map_or("trigger", |found| found.parameter);
        let something = |text: &String| !is_nothing(text);
        Alarm {
            camera: value("cam"),
            word: found.as_ref().map(|found| found.word.clone()).or_else(|| value("trigger")),
            objects: self.objects(),
            face: value("face").filter(something),
            plate: value("plate").filter(something),
            storage: value("storage"),
            other: self.other(used, carrier),
            triggers: found.map(|found| found.triggers),
        }
    }

    /// The parameters that have no place of their own in the event: unknown ones; of a name that occurs several times,
    /// all values but the one that counts; and the number `object`, since only its bits have a place.
    fn other(self, used: &[&'static str], carrier: &'static str) -> Vec<Parameter> {
        let other = |(name, value): (&str, &str)| {
            let standard =
                used.iter().find(|standard| self.name(standard).eq_ignore_ascii_case(name)).copied();
            let counts = value.trim().is_empty() || self.parameters.get(name) == Some(value.trim());
            let has_place = |standard| match standard {
                "object" => false,
                "active" | "trigger" => standard == carrier && counts,
                _ => counts,
            };
            if standard.is_some_and(has_place) {
                return None;
            }
            let meaning = if standard.is_some() { Meaning::Known } else { Meaning::Unknown };
            Some(Parameter { name: name.to_owned(), value: value.to_owned(), meaning })
        };
        self.parameters.iter().filter_map(other).collect()
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
