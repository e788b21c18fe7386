//! From parameters to a message, by the source's dialect.

use std::collections::BTreeMap;

use camhook_ingest::Malformed;
use camhook_site::Dialect;

use crate::message::{Alarm, Message, Parsing};
use crate::parameters::Parameters;
use crate::{Objects, Triggers};

/// The parameters of the Cloud by their standard names, which are also their default names.
///
/// `cam`, `object` and `trigger` are documented; `face`, `plate` and `storage` are unverified.
const CLOUD: [&str; 6] = ["cam", "object", "trigger", "face", "plate", "storage"];

/// The name under which a standard parameter is sent to this source.
fn name<'a>(standard: &'static str, chosen: &'a BTreeMap<String, String>) -> &'a str {
    chosen.get(standard).map_or(standard, String::as_str)
}

/// Reads a message.
///
/// # Errors
///
/// When the request has no parameter of the dialect, or the one that says what happened cannot be read.
pub(crate) fn parse(parameters: &Parameters, dialect: Dialect, chosen: &BTreeMap<String, String>) -> Parsing {
    match dialect {
        Dialect::Cloud => cloud(parameters, chosen),
        Dialect::CameraV1 => camera(parameters, chosen, ("active", "trigger"), Triggers::of_code),
        Dialect::CameraV2 => camera(parameters, chosen, ("trigger", "active"), Triggers::of_mask),
    }
}

fn cloud(parameters: &Parameters, chosen: &BTreeMap<String, String>) -> Parsing {
    if !CLOUD.iter().any(|standard| parameters.has(name(standard, chosen))) {
        let names: Vec<&str> = CLOUD.iter().map(|standard| name(standard, chosen)).collect();
        return Err(Malformed::new("no_parameters", format!("it has none of {}", names.join(", "))));
    }
    Ok(Message::Alarm(alarm(parameters, chosen, &CLOUD, "trigger", None)))
}

/// Reads what a camera says of itself in `(own, others)`: its dialect's parameter, and that of the other one.
fn camera(
    parameters: &Parameters,
    chosen: &BTreeMap<String, String>,
    (own, others): (&'static str, &'static str),
    read: impl Fn(&str) -> Option<Triggers>,
) -> Parsing {
    let own_name = name(own, chosen);
    let Some(word) = parameters.get(own_name) else {
        let hint = if parameters.has(name(others, chosen)) {
            format!("; it has `{}`: the source may have another dialect", name(others, chosen))
        } else {
            String::new()
        };
        return Err(Malformed::new("no_trigger", format!("it has no value of `{own_name}`{hint}")));
    };
    let triggers = read(word)
        .ok_or_else(|| Malformed::new("bad_trigger", format!("`{own_name}` is no whole number from 0 on")))?;
    if triggers.is_empty() {
        return Ok(Message::Idle);
    }
    Ok(Message::Alarm(alarm(parameters, chosen, &["cam", "object", own], own, Some(triggers))))
}

fn alarm(
    parameters: &Parameters,
    chosen: &BTreeMap<String, String>,
    used: &[&'static str],
    word: &'static str,
    triggers: Option<Triggers>,
) -> Alarm {
    let value = |standard: &'static str| {
        let is_used = used.contains(&standard);
        is_used.then(|| parameters.get(name(standard, chosen)).map(str::to_owned)).flatten()
    };
    // "0" and "none" are what the other parameters of this sender look like when there is nothing; unverified.
    let found = |text: &String| !matches!(text.as_str(), "0" | "none" | "None");
    // What counts has its place in the event; of a name that occurs several times, the others are kept.
    let is_told = |parameter: &str, value: &str| {
        let standard = used.iter().find(|standard| name(standard, chosen) == parameter);
        standard.is_some_and(|&standard| {
            standard != "object"
                && (value.trim().is_empty() || parameters.get(parameter) == Some(value.trim()))
        })
    };
    let others = parameters.iter().filter(|(parameter, value)| !is_told(parameter, value));
    Alarm {
        camera: value("cam"),
        triggers,
        word: value(word),
        objects: value("object").and_then(|text| Objects::parse(&text)),
        face: value("face").filter(found),
        plate: value("plate").filter(found),
        storage: value("storage"),
        other: others.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
    }
}
