//! `data`: the members of a post, in every envelope.
//!
//! | envelope | members |
//! |---|---|
//! | flat | `EventType`, `EventTime`, `EventAction`, and `PicData` |
//! | list of alarms | `alarm_list` of `channel_alarm` and `system_alarm`, or of `EventType` with `Chn` |
//! | alarms by themselves | `channel_alarm`, `system_alarm` with a `time` |
//! | recognitions | `ai_snap_picture` with three lists, or one recognition by itself; the lists by themselves |
//! | pictures and statistics | `alarm_snap_data`, `ccCount`, `hmlist`, `log_collect`, `heat_alarm` |
//!
//! Several may stand in one post.

use std::borrow::Cow;
use std::collections::BTreeSet;

use camhook_event::{Kind, Report, State, Text, VendorData};
use camhook_json::{Json, Object};

use super::EVENTS_LIMIT;
use super::channel::read_channel;
use super::counting::read_statistics;
use super::member::{channel, channel_from_zero, folded, number_of_picture, objects, vendor_data};
use super::recognition::{list, read_holder, read_list};
use super::system::read_system;
use super::unknown::{Surroundings, Unknowns, Weight};
use crate::message::{Alarm, AlarmPicture, Channel, Place, Push, Scope, Sender};
use crate::vocabulary::meaning;

/// What a post holds, beside what it reports.
#[derive(Debug, Clone, Default)]
pub(super) struct Findings {
    /// What is not known.
    pub(super) unknowns: Unknowns,
    /// Members that are known.
    pub(super) known: usize,
    /// What else there is to see.
    pub(super) signs: BTreeSet<Sign>,
}

/// Something about a post that decides what it is when it holds no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sign {
    /// A `time` of digits, which is all that a keep-alive holds.
    NumericTime,
    /// `heat_alarm`, which some firmware sends as a keep-alive.
    HeatAlarm,
    /// Statistics that are no event: heat maps, names of log files.
    Statistics,
    /// `EventTime` or `EventAction` without an `EventType`.
    NoEventType,
    /// A result that is no success, or an `error_code`.
    Error,
}

/// The members of the flat form, and of an entry of `alarm_list` that is like it.
#[derive(Debug, Clone, Default)]
struct Flat {
    event_type: Option<Text>,
    time: Option<Text>,
    state: Option<State>,
    channels: Vec<Channel>,
    channel_name: Option<Text>,
    is_begun: bool,
}

impl Flat {
    /// Takes a member. What is left of it: the value itself when it is none of these or cannot be read.
    fn read_member<'a>(&mut self, folded_name: &str, value: Json<'a>) -> Option<Json<'a>> {
        match folded_name {
            "eventtype" => {
                self.is_begun = true;
                let event_type = value.to_text();
                let is_blank = matches!(&value, Json::Text(_) | Json::Null);
                self.event_type = event_type.clone().or_else(|| self.event_type.take());
                (event_type.is_none() && !is_blank).then_some(value)
            }
            "eventtime" => {
                self.is_begun = true;
                self.time = value.to_text();
                None
            }
            "eventaction" => {
                self.is_begun = true;
                self.state = value.to_text().and_then(|action| state(action.as_str()));
                self.state.is_none().then_some(value)
            }
            "chn" => {
                let values = match value {
                    Json::List(values) => values,
                    value => vec![value],
                };
                let ids = values.iter().filter_map(channel_from_zero);
                self.channels
                    .extend(ids.take(EVENTS_LIMIT + 1).map(|id| Channel { id: Some(id), name: None }));
                None
            }
            "strchn" | "channel" | "chnnel" if channel(&value).is_some() => {
                self.channels.push(Channel { id: channel(&value), name: None });
                None
            }
            "channel_name" | "chn_alias" | "chn_alais" if value.to_text().is_some() => {
                self.channel_name = value.to_text();
                None
            }
            _ => Some(value),
        }
    }
}

fn state(action: &str) -> Option<State> {
    if action.eq_ignore_ascii_case("start") {
        Some(State::Start)
    } else if action.eq_ignore_ascii_case("stop") {
        Some(State::Stop)
    } else {
        None
    }
}

/// The members of `data` by what is done with them: the order in which they are sent says nothing.
#[derive(Debug, Default)]
struct Members<'a> {
    sender: Sender,
    flat: Flat,
    time: Option<Text>,
    alarm_lists: Vec<Json<'a>>,
    channel_alarms: Vec<Json<'a>>,
    system_alarms: Vec<Json<'a>>,
    pictures: Vec<Json<'a>>,
    counters: Vec<Json<'a>>,
    holders: Vec<(Cow<'a, str>, Place, Json<'a>)>,
    lists: Vec<(Cow<'a, str>, Json<'a>)>,
    levels: Object<'a>,
    unknown: Object<'a>,
}

/// Reads the members of `data`.
pub(super) fn read_data<'a>(data: Object<'a>, findings: &mut Findings) -> Push<'a> {
    let mut members = Members::default();
    for (name, value) in data {
        members.sort(name, value, findings);
    }
    members.read(findings)
}

impl<'a> Members<'a> {
    fn sort(&mut self, name: Cow<'a, str>, value: Json<'a>, findings: &mut Findings) {
        let folded = folded(&name).into_owned();
        findings.known += 1;
        if self.sender.read_member(&folded, &value) {
            return;
        }
        let Some(value) = self.flat.read_member(&folded, value) else { return };
        match folded.as_str() {
            "time" if value.to_text().is_some() => {
                self.time = value.to_text();
                if value.to_integer().is_some() {
                    findings.signs.insert(Sign::NumericTime);
                }
            }
            "alarm_list" => self.alarm_lists.push(value),
            "channel_alarm" => self.channel_alarms.push(value),
            "system_alarm" => self.system_alarms.push(value),
            "alarm_snap_data" => self.pictures.push(value),
            "cccount" => self.counters.push(value),
            "picdata" => self.holders.push((name, Place::PicData, value)),
            "ai_snap_picture" | "eventtrafficcar" => self.holders.push((name, Place::Post, value)),
            "dev_net_info" => self.read_interfaces(value),
            "heat_alarm" if matches!(value, Json::Text(_)) => {
                findings.signs.insert(Sign::HeatAlarm);
            }
            "hmlist" | "log_collect" => {
                findings.signs.insert(Sign::Statistics);
            }
            "videoloss_status"
            | "subscribe_record_sign"
            | "subscribe_intelligence"
            | "subscribe_id"
            | "data_pos"
            | "reader_id"
            | "sequence"
            | "lap_number"
            | "eventaction"
            | "macaddress"
            | "mac" => {
                self.levels.push(name, value);
            }
            folded if list(folded).is_some() => self.lists.push((name, value)),
            "device_name" | "devicename" | "ip" | "ipaddress" | "channelname" | "chnnelname" => {
                self.keep_unless_blank(name, value, findings);
            }
            _ => {
                findings.known -= 1;
                self.unknown.push(name, value);
            }
        }
    }

    /// A member that describes the device and is no text: nothing when it is blank, else not known.
    fn keep_unless_blank(&mut self, name: Cow<'a, str>, value: Json<'a>, findings: &mut Findings) {
        if Weight::of(&value) > Weight::Nothing {
            findings.known -= 1;
            self.unknown.push(name, value);
        }
    }

    /// One entry for each network interface: the first is the device's own.
    fn read_interfaces(&mut self, value: Json<'a>) {
        let (interfaces, _) = objects(value);
        let Some(mut interface) = interfaces.into_iter().next() else { return };
        let Sender { mac, name, address, label } = Sender::take_from(&mut interface);
        let sender = std::mem::take(&mut self.sender);
        self.sender = Sender {
            mac: sender.mac.or(mac),
            name: sender.name.or(name),
            address: sender.address.or(address),
            label: sender.label.or(label),
        };
        if !interface.is_empty() {
            self.levels.push("dev_net_info", Json::Object(interface));
        }
    }

    fn read(self, findings: &mut Findings) -> Push<'a> {
        let Self { sender, flat, time, levels, unknown, .. } = self;
        let mut push = Push { sender, ..Push::default() };
        if flat.is_begun && flat.event_type.is_none() {
            findings.signs.insert(Sign::NoEventType);
        }
        let unknowns = &mut findings.unknowns;
        let is_flat = flat.event_type.is_some();
        if let Some(alarm) = flat_alarms(flat, None, Scope::Post).next() {
            push.alarms.push(alarm);
        }
        for value in self.alarm_lists {
            let (entries, others) = objects(value);
            for other in others {
                unknowns.note("alarm_list", Weight::of(&other));
            }
            for entry in entries {
                read_entry(entry, time.as_ref(), &mut push, unknowns);
            }
        }
        read_alarms(self.channel_alarms, self.system_alarms, time.as_ref(), &mut push, unknowns);
        for value in self.counters {
            read_statistics(value, time.as_ref(), &mut push.alarms, unknowns);
        }
        for value in self.pictures {
            let (pictures, others) = objects(value);
            for other in others {
                unknowns.note("alarm_snap_data", Weight::of(&other));
            }
            for picture in pictures {
                push.pictures.extend(read_picture(picture, unknowns));
            }
        }
        for (name, place, value) in self.holders {
            match value {
                Json::Text(_) if place == Place::PicData => push.pictures.extend(picture_by_itself(value)),
                value => read_holder((&name, value), place, &mut push.recognitions, unknowns),
            }
        }
        let place = if is_flat { Place::PicData } else { Place::Post };
        for (name, value) in self.lists {
            if let Some(subject) = list(&folded(&name)) {
                read_list((&name, value), subject, place, &mut push.recognitions, unknowns);
            }
        }
        let mut rest = Object::default();
        let surroundings = Surroundings { time, ..Surroundings::default() };
        for member in unknown {
            unknowns.add(member, Weight::Nothing, &surroundings, &mut rest);
        }
        push.data = vendor_data(&levels);
        push.unknown = vendor_data(&rest);
        push
    }
}

/// Reads an entry of `alarm_list`.
fn read_entry<'a>(entry: Object<'a>, post_time: Option<&Text>, push: &mut Push<'a>, unknowns: &mut Unknowns) {
    let mut flat = Flat::default();
    let mut time = None;
    let (mut channels, mut systems) = (Vec::new(), Vec::new());
    let mut unknown = Object::default();
    for (name, value) in entry {
        let folded = folded(&name).into_owned();
        let Some(value) = flat.read_member(&folded, value) else { continue };
        match folded.as_str() {
            "time" if value.to_text().is_some() => time = value.to_text(),
            "channel_alarm" => channels.push(value),
            "system_alarm" => systems.push(value),
            "eventaction" => {}
            "picdata" => read_holder((&name, value), Place::Post, &mut push.recognitions, unknowns),
            _ => unknown.push(name, value),
        }
    }
    let time = time.or_else(|| post_time.cloned());
    let is_readable = !channels.is_empty() || !systems.is_empty() || flat.event_type.is_some();
    if !is_readable {
        unknowns.note("alarm_list", Weight::Content);
    }
    let surroundings = Surroundings { time: time.clone(), ..Surroundings::default() };
    let mut rest = Object::default();
    for (name, value) in unknown {
        let at_least = match (is_readable, Weight::of(&value)) {
            (true, _) | (false, Weight::Nothing) => Weight::Nothing,
            (false, _) => Weight::Alarm,
        };
        unknowns.add((name, value), at_least, &surroundings, &mut rest);
    }
    let unknown = vendor_data(&rest);
    for alarm in flat_alarms(flat, time.as_ref(), Scope::Channel) {
        if push.alarms.len() <= EVENTS_LIMIT {
            push.alarms.push(Alarm { unknown: unknown.clone(), ..alarm });
        }
    }
    read_alarms(channels, systems, time.as_ref(), push, unknowns);
}

fn read_alarms<'a>(
    channels: Vec<Json<'a>>,
    systems: Vec<Json<'a>>,
    time: Option<&Text>,
    push: &mut Push<'a>,
    unknowns: &mut Unknowns,
) {
    for value in channels {
        let (entries, others) = objects(value);
        for other in others {
            unknowns.note("channel_alarm", Weight::of(&other));
        }
        for entry in entries {
            read_channel(entry, time, &mut push.alarms, unknowns);
        }
    }
    for value in systems {
        let (entries, others) = objects(value);
        for other in others {
            unknowns.note("system_alarm", Weight::of(&other));
        }
        for entry in entries {
            read_system(entry, time, &mut push.alarms, unknowns);
        }
    }
}

/// The alarms of the flat form: one for each channel that it names, or one alone.
fn flat_alarms(
    flat: Flat,
    list_time: Option<&Text>,
    scope: fn(Channel) -> Scope,
) -> impl Iterator<Item = Alarm> {
    let Flat { event_type, time, state, mut channels, channel_name, is_begun: _ } = flat;
    let time = time.or_else(|| list_time.cloned());
    if channels.is_empty() {
        channels.push(Channel::default());
    }
    let meaning = event_type.as_ref().and_then(|word| meaning(word.as_str()));
    channels.into_iter().filter_map(move |channel| {
        Some(Alarm {
            word: event_type.clone()?,
            kind: meaning.map_or(Kind::Other, |meaning| meaning.kind),
            meaning,
            state,
            report: Report::Detection,
            scope: scope(Channel { name: channel_name.clone(), ..channel }),
            time: time.clone(),
            picture: None,
            counts: None,
            data: VendorData::default(),
            unknown: VendorData::default(),
        })
    })
}

/// An entry of `alarm_snap_data`; none without a picture.
fn read_picture<'a>(picture: Object<'a>, unknowns: &mut Unknowns) -> Option<AlarmPicture<'a>> {
    let mut place = Channel::default();
    let (mut id, mut time, mut base64) = (None, None, None);
    let mut unknown = Object::default();
    for (name, value) in picture {
        match folded(&name).as_ref() {
            "channel" | "chnnel" | "strchn" => place.id = channel(&value),
            "chn_alias" | "chn_alais" | "channel_name" => place.name = value.to_text(),
            "img_id" => id = number_of_picture(&value),
            "img_time" => time = number_of_picture(&value),
            "img_data" if matches!(value, Json::Text(_) | Json::Null) => base64 = value.into_bytes(),
            "img_encode" | "img_format" => {}
            _ => unknown.push(name, value),
        }
    }
    let surroundings = Surroundings { channel: place.clone(), time: time.clone() };
    for member in unknown {
        unknowns.add(member, Weight::Nothing, &surroundings, &mut Object::default());
    }
    Some(AlarmPicture { channel: place, id, time, base64: base64? })
}

fn picture_by_itself(value: Json<'_>) -> Option<AlarmPicture<'_>> {
    Some(AlarmPicture { channel: Channel::default(), id: None, time: None, base64: value.into_bytes()? })
}
