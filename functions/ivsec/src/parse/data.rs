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
use super::member::{
    Channels, channel, folded, is_container, is_of_channels, number_of_picture, objects, text, vendor_data,
};
use super::recognition::{list, read_holder, read_list};
use super::system::read_system;
use super::unknown::{Surroundings, Unknowns, Weight};
use crate::message::{Alarm, AlarmPicture, Channel, Place, Push, Recognition, Scope, Sender, WordPlace};
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
    channels: Channels,
    channel_name: Option<Text>,
    is_begun: bool,
}

/// The alarms of one flat form: which of them a picture or recognition of its `PicData` belongs to.
#[derive(Debug, Clone, Default)]
struct FlatAlarms {
    /// The channel of each, and its number.
    channels: Vec<(Option<Text>, usize)>,
}

impl FlatAlarms {
    /// The place of what is about a channel: that channel's alarm among several, and else the only one or the first.
    fn place(&self, channel: Option<&Text>) -> Place {
        let is_same = |own: &Option<Text>| match (own, channel) {
            (Some(own), Some(channel)) => own.as_str().eq_ignore_ascii_case(channel.as_str()),
            _ => true,
        };
        let number = match self.channels.as_slice() {
            [(_, number)] => Some(number),
            several => several.iter().find(|(own, _)| is_same(own)).map(|(_, number)| number),
        };
        number.map_or(Place::Post, |number| Place::PicData(*number))
    }

    /// The channel that a picture shows which names none.
    fn first_channel(&self) -> Option<Text> {
        self.channels.first().and_then(|(channel, _)| channel.clone())
    }

    /// Gives the recognitions from the one with an index on to these alarms.
    fn claim(&self, recognitions: &mut [Recognition<'_>], from: usize) {
        for recognition in recognitions.iter_mut().skip(from) {
            recognition.place = self.place(recognition.channel.id.as_ref());
        }
    }
}

impl Flat {
    /// Takes a member. What is left of it: the value itself when it is none of these or cannot be read.
    fn read_member<'a>(&mut self, folded_name: &str, value: Json<'a>) -> Option<Json<'a>> {
        match folded_name {
            "eventtype" => {
                self.is_begun = true;
                let event_type = text(&value);
                let is_blank = matches!(&value, Json::Text(_) | Json::Null);
                self.event_type = event_type.clone().or_else(|| self.event_type.take());
                (event_type.is_none() && !is_blank).then_some(value)
            }
            "eventtime" => {
                self.is_begun = true;
                self.time = text(&value).or(self.time.take());
                is_container(&value).then_some(value)
            }
            "eventaction" => {
                self.is_begun = true;
                self.state = value.to_text().and_then(|action| state(action.as_str()));
                self.state.is_none().then_some(value)
            }
            "chn" => (!self.channels.read_from_zero(&value)).then_some(value),
            "strchn" | "channel" | "chnnel" => (!self.channels.read(&value)).then_some(value),
            "channel_name" | "chn_alias" | "chn_alais" if value.to_text().is_some() => {
                self.channel_name = text(&value);
                None
            }
            _ => Some(value),
        }
    }

    /// Whether a member that could not be read names the channels of this alarm, which has none.
    fn is_of_its_channels(&self, name: &str, value: &Json<'_>) -> bool {
        self.event_type.is_some() && self.channels.is_empty() && is_of_channels(name, value)
    }

    /// Adds an alarm for each channel that the form names, or one alone; the first has the number of the alarms before.
    fn add_alarms(self, list_time: Option<&Text>, unknown: &VendorData, push: &mut Push<'_>) -> FlatAlarms {
        let Self { event_type, time, state, channels, channel_name, is_begun: _ } = self;
        let mut flat = FlatAlarms::default();
        let Some(word) = event_type else { return flat };
        let time = time.or_else(|| list_time.cloned());
        let meaning = meaning(word.as_str());
        let mut ids: Vec<Option<Text>> = channels.into_ids().into_iter().map(Some).collect();
        if ids.is_empty() {
            ids.push(None);
        }
        for id in ids {
            let number = push.alarms.len();
            if number > EVENTS_LIMIT {
                return flat;
            }
            flat.channels.push((id.clone(), number));
            push.alarms.push(Alarm {
                word: word.clone(),
                word_place: WordPlace::Value,
                kind: meaning.map_or(Kind::Other, |meaning| meaning.kind),
                meaning,
                state,
                report: Report::Detection,
                scope: Scope::Flat { channel: Channel { id, name: channel_name.clone() }, number },
                time: time.clone(),
                picture: None,
                counts: None,
                data: VendorData::default(),
                unknown: unknown.clone(),
            });
        }
        flat
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
    pic_data: Vec<(Cow<'a, str>, Json<'a>)>,
    holders: Vec<(Cow<'a, str>, Json<'a>)>,
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
                self.time = text(&value);
                if value.to_integer().is_some() {
                    findings.signs.insert(Sign::NumericTime);
                }
            }
            "alarm_list" => self.alarm_lists.push(value),
            "channel_alarm" => self.channel_alarms.push(value),
            "system_alarm" => self.system_alarms.push(value),
            "alarm_snap_data" => self.pictures.push(value),
            "cccount" => self.counters.push(value),
            "picdata" => self.pic_data.push((name, value)),
            "ai_snap_picture" | "eventtrafficcar" => self.holders.push((name, value)),
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
        for (name, value) in unknown.iter().filter(|(name, value)| flat.is_of_its_channels(name, value)) {
            unknowns.note_lost(name, Weight::of(value));
        }
        let flat = flat.add_alarms(None, &VendorData::default(), &mut push);
        for value in self.alarm_lists {
            let (entries, others) = objects(value);
            for other in others {
                unknowns.note_lost("alarm_list", Weight::of(&other));
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
                unknowns.note_lost("alarm_snap_data", Weight::of(&other));
            }
            for picture in pictures {
                push.pictures.extend(read_picture(picture, unknowns));
            }
        }
        for member in self.pic_data {
            read_pic_data(member, &flat, &mut push, unknowns);
        }
        for (name, value) in self.holders {
            read_holder((&name, value), &mut push.recognitions, unknowns);
        }
        let first_of_lists = push.recognitions.len();
        for (name, value) in self.lists {
            if let Some(subject) = list(&folded(&name)) {
                read_list((&name, value), subject, &mut push.recognitions, unknowns);
            }
        }
        flat.claim(&mut push.recognitions, first_of_lists);
        let mut rest = Object::default();
        let surroundings = Surroundings { time, ..Surroundings::default() };
        let is_kept = push.has_event();
        for member in unknown {
            if is_kept {
                unknowns.add(member, Weight::Nothing, &surroundings, &mut rest);
            } else {
                unknowns.add_alone(member, Weight::Nothing, &surroundings);
            }
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
    let (mut channels, mut systems, mut pic_data) = (Vec::new(), Vec::new(), Vec::new());
    let mut unknown = Object::default();
    for (name, value) in entry {
        let folded = folded(&name).into_owned();
        let Some(value) = flat.read_member(&folded, value) else { continue };
        match folded.as_str() {
            "time" if value.to_text().is_some() => time = text(&value),
            "channel_alarm" => channels.push(value),
            "system_alarm" => systems.push(value),
            "picdata" => pic_data.push((name, value)),
            _ => unknown.push(name, value),
        }
    }
    let time = time.or_else(|| post_time.cloned());
    let is_flat = flat.event_type.is_some();
    let is_readable = !channels.is_empty() || !systems.is_empty() || is_flat;
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
        if flat.is_of_its_channels(&name, &value) {
            unknowns.note_lost(&name, Weight::of(&value));
        }
        if is_flat {
            unknowns.add((name, value), at_least, &surroundings, &mut rest);
        } else {
            unknowns.add_alone((name, value), at_least, &surroundings);
        }
    }
    let flat = flat.add_alarms(time.as_ref(), &vendor_data(&rest), push);
    for member in pic_data {
        read_pic_data(member, &flat, push, unknowns);
    }
    read_alarms(channels, systems, time.as_ref(), push, unknowns);
}

/// Reads the `PicData` of flat alarms: recognitions, or pictures by themselves.
fn read_pic_data<'a>(
    (name, value): (Cow<'a, str>, Json<'a>),
    flat: &FlatAlarms,
    push: &mut Push<'a>,
    unknowns: &mut Unknowns,
) {
    let (holders, others) = objects(value);
    for other in others {
        let weight = Weight::of(&other);
        let picture = other.into_bytes().map(|base64| AlarmPicture {
            place: flat.place(None),
            channel: Channel { id: flat.first_channel(), name: None },
            id: None,
            time: None,
            base64,
        });
        match picture {
            Some(picture) => push.pictures.push(picture),
            None => unknowns.note_lost(&name, weight),
        }
    }
    let first = push.recognitions.len();
    read_holder(
        (&name, Json::List(holders.into_iter().map(Json::Object).collect())),
        &mut push.recognitions,
        unknowns,
    );
    flat.claim(&mut push.recognitions, first);
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
            unknowns.note_lost("channel_alarm", Weight::of(&other));
        }
        for entry in entries {
            read_channel(entry, time, &mut push.alarms, unknowns);
        }
    }
    for value in systems {
        let (entries, others) = objects(value);
        for other in others {
            unknowns.note_lost("system_alarm", Weight::of(&other));
        }
        for entry in entries {
            read_system(entry, time, &mut push.alarms, unknowns);
        }
    }
}

/// An entry of `alarm_snap_data`; none without a picture.
fn read_picture<'a>(picture: Object<'a>, unknowns: &mut Unknowns) -> Option<AlarmPicture<'a>> {
    let mut place = Channel::default();
    let (mut id, mut time, mut base64) = (None, None, None);
    let mut unknown = Object::default();
    for (name, value) in picture {
        match folded(&name).as_ref() {
            "channel" | "chnnel" | "strchn" if channel(&value).is_some() => place.id = channel(&value),
            "chn_alias" | "chn_alais" | "channel_name" if text(&value).is_some() => place.name = text(&value),
            "img_id" => id = number_of_picture(&value),
            "img_time" => time = number_of_picture(&value),
            "img_data" if matches!(value, Json::Text(_) | Json::Null) => base64 = value.into_bytes(),
            "img_encode" | "img_format" => {}
            _ => unknown.push(name, value),
        }
    }
    let surroundings = Surroundings { channel: place.clone(), time: time.clone() };
    for member in unknown {
        unknowns.add_alone(member, Weight::Nothing, &surroundings);
    }
    Some(AlarmPicture { place: Place::Post, channel: place, id, time, base64: base64? })
}
