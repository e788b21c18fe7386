//! From a request to a message.

mod channel;
mod counting;
mod data;
mod evidence;
mod face;
mod member;
mod plate;
mod query;
mod recognition;
mod sender;
mod system;
mod unknown;

use std::collections::BTreeSet;

use camhook_event::Text;
use camhook_ingest::{Ignored, Malformed};
use camhook_json::{Json, Object, read};

use crate::message::{Channel, Manual, Message, Push, Scope, Sender};
use data::{Findings, Sign, read_data};
use member::{folded, objects};
pub(crate) use query::parameters;
pub(crate) use recognition::RECOGNITIONS_LIMIT;
use unknown::Weight;

/// The most events of one post. Lists grow by one more, which shows that there were more: such a post goes to the
/// quarantine, too.
pub(crate) const EVENTS_LIMIT: usize = 64;

/// What is wrong with a flat post whose type cannot be read.
const NO_EVENT_TYPE: &str = "`EventType` is missing or empty";

/// What is wrong with a post that may hold an alarm.
const NO_EVENT: &str = "no event can be read";

/// How a line begins that firmware of 2016 and 2017 posts: `key=value`.
const OLD_FORM: &str = "EventType=";

/// Reads the parameters of a GET, which are those of the flat form.
///
/// # Errors
///
/// When they name no event.
pub(crate) fn parse_query(parameters: Object<'_>) -> Result<Message<'_>, Malformed> {
    let mut findings = Findings::default();
    let push = read_data(parameters, &mut findings);
    if push.alarms.is_empty() {
        return Err(findings.unknowns.into_malformed("no_event_type", NO_EVENT_TYPE));
    }
    Ok(finish(vec![push], findings))
}

/// Reads what is sent to the path of the keep-alive. Whatever it is, the device is there; what could be an alarm is read
/// as at any other path.
///
/// # Errors
///
/// When it holds something that could be an alarm and none that can be read.
pub(crate) fn parse_keep_alive<'a>(parameters: Object<'a>, text: &'a str) -> Result<Message<'a>, Malformed> {
    let mut findings = Findings::default();
    let mut pushes = match read_pushes(text, &mut findings) {
        Ok(pushes) => pushes,
        Err(malformed) if mentions_alarm(text) => return Err(malformed),
        Err(_) => Vec::new(),
    };
    if !parameters.is_empty() {
        pushes.push(read_data(parameters, &mut findings));
    }
    let could_be_alarm = pushes.iter().any(|push| findings.could_be_alarm(push));
    if could_be_alarm { conclude(pushes, findings) } else { Ok(Message::Heartbeat) }
}

/// Whether a text that cannot be read holds a word that no keep-alive does.
fn mentions_alarm(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["eventtype", "alarm", "snap", "plateinfo", "faceinfo"].iter().any(|word| text.contains(word))
}

/// Reads the body of a POST. Its query is another `data` when it could be an alarm, or when the body holds nothing: other
/// parameters are part of the address that was typed into the device.
///
/// # Errors
///
/// When it is no JSON, or holds something that could be an alarm and none that can be read.
pub(crate) fn parse_body<'a>(parameters: Object<'a>, text: &'a str) -> Result<Message<'a>, Malformed> {
    let mut findings = Findings::default();
    let mut pushes = match read_pushes(text, &mut findings) {
        Ok(pushes) => pushes,
        Err(malformed) => return beside_malformed(parameters, malformed),
    };
    if parameters.is_empty() {
        return conclude(pushes, findings);
    }
    let mut of_query = Findings::default();
    let mut push = read_data(parameters, &mut of_query);
    push.alarms
        .retain(|alarm| !pushes.iter().flat_map(|push| &push.alarms).any(|known| known.is_repeated(alarm)));
    if findings.is_empty() || of_query.could_be_alarm(&push) {
        pushes.push(push);
        findings.append(of_query);
    }
    conclude(pushes, findings)
}

/// What a post is whose body cannot be read: the event of its query, and an object of the quarantine.
fn beside_malformed(parameters: Object<'_>, malformed: Malformed) -> Result<Message<'_>, Malformed> {
    let mut findings = Findings::default();
    let push = read_data(parameters, &mut findings);
    if !push.has_event() {
        return Err(malformed);
    }
    match finish(vec![push], findings) {
        Message::Push { pushes, remainder: _ } => Ok(Message::Push { pushes, remainder: Some(malformed) }),
        message => Ok(message),
    }
}

/// Reads each `data` of a body.
fn read_pushes<'a>(text: &'a str, findings: &mut Findings) -> Result<Vec<Push<'a>>, Malformed> {
    if text.lines().any(|line| line.trim_start().starts_with(OLD_FORM)) && !text.starts_with(['{', '[']) {
        let detail =
            "lines of `key=value`, as firmware of 2016 posts them to /action/eventManage, are not read";
        return Err(Malformed::new("old_form", detail));
    }
    let mut pushes = Vec::new();
    let (roots, others) = objects(read(text)?);
    if roots.is_empty() || !others.is_empty() {
        return Err(Malformed::new("not_an_object", "the body is no object"));
    }
    for root in roots {
        for data in split_root(root, &mut findings.signs)? {
            pushes.push(read_data(data, findings));
        }
    }
    Ok(pushes)
}

/// The objects of `data`, the first with what else the root holds. A root without `data` is one itself.
fn split_root<'a>(root: Object<'a>, signs: &mut BTreeSet<Sign>) -> Result<Vec<Object<'a>>, Malformed> {
    let mut datas = Vec::new();
    let mut beside = Object::default();
    for (name, value) in root {
        match folded(&name).as_ref() {
            "data" if matches!(value, Json::Null) => {}
            "data" => {
                let (objects, others) = objects(value);
                if !others.is_empty() {
                    return Err(Malformed::new("not_an_object", "`data` is no object"));
                }
                datas.extend(objects);
            }
            "result" if matches!(value, Json::Text(_)) => {
                if value.to_text().is_some_and(|result| result.as_str() != "success") {
                    signs.insert(Sign::Error);
                }
            }
            "error_code" => {
                signs.insert(Sign::Error);
            }
            "version" => {}
            _ => beside.push(name, value),
        }
    }
    if !beside.is_empty() {
        match datas.first_mut() {
            Some(first) => first.append(beside),
            None => datas.push(beside),
        }
    }
    Ok(datas)
}

/// What a post is, of which all members are read.
fn conclude(pushes: Vec<Push<'_>>, findings: Findings) -> Result<Message<'_>, Malformed> {
    if pushes.iter().any(Push::has_event) {
        return Ok(finish(pushes, findings));
    }
    let Findings { unknowns, known, signs } = findings;
    let has = |sign| signs.contains(&sign);
    if has(Sign::NoEventType) {
        return Err(unknowns.into_malformed("no_event_type", NO_EVENT_TYPE));
    }
    match unknowns.heaviest() {
        Some(Weight::Content | Weight::Alarm) => {
            return Err(unknowns.into_malformed("unknown_content", NO_EVENT));
        }
        Some(Weight::Nothing) if known == 0 => {
            return Err(unknowns.into_malformed("unknown_content", NO_EVENT));
        }
        Some(Weight::Nothing) | None => {}
    }
    if has(Sign::HeatAlarm) || (has(Sign::NumericTime) && known == 1) {
        return Ok(Message::Heartbeat);
    }
    Ok(Message::Ignored(if has(Sign::Statistics) {
        Ignored::Statistics
    } else if has(Sign::Error) {
        Ignored::ErrorReport
    } else {
        Ignored::NoAlarm
    }))
}

/// The events of a post, with what could be an alarm beside them, and why it goes to the quarantine, too.
fn finish(mut pushes: Vec<Push<'_>>, findings: Findings) -> Message<'_> {
    let Findings { unknowns, known: _, signs } = findings;
    let has_no_event_type =
        signs.contains(&Sign::NoEventType) && unknowns.heaviest() >= Some(Weight::Content);
    let remainder = if has_no_event_type {
        Some(unknowns.clone().into_malformed("no_event_type", NO_EVENT_TYPE))
    } else {
        unknowns.remainder()
    };
    let room = |pushes: &[Push<'_>]| {
        (EVENTS_LIMIT + 1).saturating_sub(pushes.iter().map(|push| push.alarms.len()).sum())
    };
    let room = room(&pushes);
    if let Some(first) = pushes.first_mut() {
        first.alarms.extend(unknowns.into_alarms().into_iter().take(room));
    }
    for push in &mut pushes {
        push.name_channels();
    }
    Message::Push { pushes, remainder }
}

impl Push<'_> {
    /// Whether the post reports anything that becomes an event.
    fn has_event(&self) -> bool {
        !(self.alarms.is_empty() && self.pictures.is_empty() && self.recognitions.is_empty())
    }

    /// Notes the names of channels, also of those that report nothing.
    fn note_names(&mut self, channels: &[Channel]) {
        let name_of = |channel: &Channel| Some((channel.id.clone()?, channel.name.clone()?));
        self.names.extend(channels.iter().filter_map(name_of));
    }

    /// Gives each channel the name that any part of the post has for it.
    fn name_channels(&mut self) {
        let mut channels: Vec<&mut Channel> = Vec::new();
        channels.extend(self.alarms.iter_mut().filter_map(|alarm| match &mut alarm.scope {
            Scope::Flat { channel, .. } | Scope::Channel(channel) => Some(channel),
            Scope::Device(_) => None,
        }));
        channels.extend(self.recognitions.iter_mut().map(|recognition| &mut recognition.channel));
        channels.extend(self.pictures.iter_mut().map(|picture| &mut picture.channel));
        let name_of = |channel: &&mut Channel| Some((channel.id.clone()?, channel.name.clone()?));
        self.names.extend(channels.iter().filter_map(name_of));
        for channel in channels {
            if channel.name.is_none() {
                channel.name = channel.id.as_ref().and_then(|id| self.names.get(id)).cloned();
            }
        }
    }
}

/// Reads what is posted when a button is pressed: no document says what it is, so anything will do.
pub(crate) fn manual<'a>(button: Text, parameters: Object<'a>, text: &'a str) -> Message<'a> {
    let body = read(text).ok().and_then(Json::into_object).map(|mut root| match root.take("data") {
        Some(Json::Object(data)) => data,
        _ => root,
    });
    let mut rest = body.unwrap_or_default();
    rest.append(parameters);
    let sender = Sender::take_from(&mut rest);
    Message::Manual(Manual { button, sender, time: rest.take_text(&["EventTime", "time"]), rest })
}
