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

use camhook_event::{Counts, Kind, Report, State, Text, VendorData};
use camhook_json::{Json, Object};

use super::EVENTS_LIMIT;
use super::channel::read_channel;
use super::counting::{Counters, read_statistics};
use super::evidence::{Evidence, FlatAlarms};
use super::member::{
    Channels, folded, is_blank, is_container, is_of_channels, number_of_picture, objects, text, vendor_data,
    words,
};
use super::recognition::{Beside, read_beside};
use super::sender::mac_address;
use super::system::read_system;
use super::unknown::{Surroundings, Unknowns, Weight};
use crate::message::{Alarm, Push, Scope, Sender, WordPlace};
use crate::vocabulary::{Meaning, Subject, meaning};

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

impl Findings {
    /// Whether what was read, with these findings, could be an alarm.
    pub(super) fn could_be_alarm(&self, push: &Push<'_>) -> bool {
        push.has_event()
            || self.signs.contains(&Sign::NoEventType)
            || self.unknowns.heaviest() == Some(Weight::Alarm)
    }

    /// Whether nothing was found.
    pub(super) fn is_empty(&self) -> bool {
        self.known == 0 && self.signs.is_empty() && self.unknowns.heaviest().is_none()
    }

    /// Adds the findings of another `data`.
    pub(super) fn append(&mut self, other: Self) {
        let Self { unknowns, known, signs } = other;
        self.unknowns.append(unknowns);
        self.known += known;
        self.signs.extend(signs);
    }
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
    /// `EventType`: each word is an alarm, with its meaning. More than one are a contradiction, of which either may be
    /// true.
    words: Vec<(Text, Option<Meaning>)>,
    time: Option<Text>,
    state: Option<State>,
    channels: Channels,
    /// The counters of the line that was crossed.
    counts: Option<Counts>,
    is_begun: bool,
}

impl Flat {
    /// Takes a member. What is left of it: the value itself when it is none of these or cannot be read.
    fn read_member<'a>(&mut self, folded_name: &str, value: Json<'a>) -> Option<Json<'a>> {
        match folded_name {
            "eventtype" => {
                self.is_begun = true;
                let new = words(&value);
                let is_read = match &value {
                    Json::List(values) => !new.is_empty() && !values.iter().any(is_container),
                    value => !new.is_empty() || is_blank(value),
                };
                new.into_iter().for_each(|word| self.add_word(word));
                (!is_read).then_some(value)
            }
            "eventtime" => {
                self.is_begun = true;
                self.time = text(&value).or(self.time.take());
                is_container(&value).then_some(value)
            }
            "eventaction" => {
                self.is_begun = true;
                let state = value.to_text().and_then(|action| state(action.as_str()));
                // What began is reported, also where the same member says that it ended.
                if self.state != Some(State::Start) {
                    self.state = state;
                }
                state.is_none().then_some(value)
            }
            folded_name => self.channels.read_member(folded_name, value),
        }
    }

    /// Adds a word, unless one is there that says the same: a face that is found and one that is compared are one alarm.
    fn add_word(&mut self, word: Text) {
        if self.words.len() > EVENTS_LIMIT {
            return;
        }
        let meaning = meaning(word.as_str());
        let says_same = |(known, of_known): &(Text, Option<Meaning>)| {
            known.as_str().eq_ignore_ascii_case(word.as_str()) || (meaning.is_some() && *of_known == meaning)
        };
        if !self.words.iter().any(says_same) {
            self.words.push((word, meaning));
        }
    }

    /// Whether a member that could not be read names the channels of this alarm, which has none.
    fn is_of_its_channels(&self, name: &str, value: &Json<'_>) -> bool {
        self.is_alarm() && self.channels.is_empty() && is_of_channels(name, value)
    }

    /// Takes the counters that stand beside this alarm. What is left of them: all where there is none.
    fn read_counters<'a>(&mut self, counters: Counters<'a>, levels: &mut Object<'a>) -> Object<'a> {
        if !self.is_alarm() {
            return counters.into_members();
        }
        self.counts = counters.counts();
        levels.append(counters.into_members());
        Object::default()
    }

    /// Whether the form reports anything.
    fn is_alarm(&self) -> bool {
        !self.words.is_empty()
    }

    /// What the device recognizes when this happens.
    fn subject(&self) -> Option<Subject> {
        self.words.iter().find_map(|(_, meaning)| (*meaning)?.subject)
    }

    /// Adds an alarm of each word for each channel that the form names, or for one alone. Those of one channel share a
    /// number, since `PicData` may show any of them; the first is the number of the alarms before.
    fn add_alarms(&self, around: &Surroundings, unknown: &Object<'_>, push: &mut Push<'_>) -> FlatAlarms {
        let mut flat = FlatAlarms::default();
        if !self.is_alarm() {
            return flat;
        }
        let time = self.time.clone().or_else(|| around.time.clone());
        let data = vendor_data(unknown);
        let channels = self.channels.within(&around.channel_beside(unknown));
        let first = push.alarms.len();
        for (word, meaning) in &self.words {
            for (number, channel) in (first..).zip(&channels) {
                let kind = meaning.map_or(Kind::Other, |meaning| meaning.kind);
                if push.alarms.len() > EVENTS_LIMIT {
                    return flat;
                }
                flat.add(channel.id.clone(), number);
                push.alarms.push(Alarm {
                    word: word.clone(),
                    word_place: WordPlace::Value,
                    kind,
                    meaning: *meaning,
                    state: self.state,
                    report: Report::Detection,
                    scope: Scope::Flat { channel: channel.clone(), number },
                    time: time.clone(),
                    picture: None,
                    counts: self.counts.filter(|_| kind == Kind::Counting),
                    data: VendorData::default(),
                    unknown: data.clone(),
                });
            }
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
    /// `StartTime`, as recognitions have it.
    start_time: Option<Text>,
    alarm_lists: Vec<Json<'a>>,
    channel_alarms: Vec<Json<'a>>,
    system_alarms: Vec<Json<'a>>,
    counters: Vec<Json<'a>>,
    evidence: Evidence<'a>,
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
        let Some((name, value)) = self.evidence.read_member((name, value)) else { return };
        let Some(value) = self.flat.read_member(&folded, value) else { return };
        if folded == "starttime" && !is_container(&value) {
            self.start_time = number_of_picture(&value);
        }
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
            "cccount" => self.counters.push(value),
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

    /// One entry for each network interface: the first that has an address is the device's own.
    fn read_interfaces(&mut self, value: Json<'a>) {
        let (mut interfaces, _) = objects(value);
        let mac = |interface: &Object<'_>| mac_address(interface.get("mac")?.to_text()?.as_str());
        interfaces.sort_by_key(|interface| mac(interface).is_none());
        for (index, mut interface) in interfaces.into_iter().enumerate() {
            let Sender { mac, name, address, label } = Sender::take_from(&mut interface);
            let sender = std::mem::take(&mut self.sender);
            self.sender = Sender {
                mac: sender.mac.or(mac),
                name: sender.name.or(name),
                address: sender.address.or(address),
                label: sender.label.or(label),
            };
            if index == 0 && !interface.is_empty() {
                self.levels.push("dev_net_info", Json::Object(interface));
            }
        }
    }

    fn read(self, findings: &mut Findings) -> Push<'a> {
        let Self { sender, mut flat, time, start_time, mut levels, mut unknown, mut evidence, .. } = self;
        let mut push = Push { sender, ..Push::default() };
        if flat.is_begun && !flat.is_alarm() {
            findings.signs.insert(Sign::NoEventType);
        }
        let counters = flat.read_counters(evidence.take_counters(), &mut levels);
        findings.known -= counters.iter().count();
        unknown.append(counters);
        let unknowns = &mut findings.unknowns;
        let (beside, unknown) = evidence.split_beside(flat.subject(), unknown);
        for (name, value) in unknown.iter().filter(|(name, value)| flat.is_of_its_channels(name, value)) {
            unknowns.note_lost(name, Weight::of(value));
        }
        let own_time = time.or(start_time);
        let none = Surroundings::default();
        // What the post says of its channel holds for each entry that names none.
        let around = none.of_entry(&flat.channels, own_time.clone(), &unknown);
        let flat_alarms = flat.add_alarms(&none, &Object::default(), &mut push);
        if !flat.is_alarm() {
            flat.channels.keep_unplaced(&mut levels);
        }
        for value in self.alarm_lists {
            let (entries, others) = objects(value);
            for other in others {
                unknowns.note_lost("alarm_list", Weight::of(&other));
            }
            for entry in entries {
                read_entry(entry, &around, &mut push, unknowns);
            }
        }
        read_alarms(self.channel_alarms, self.system_alarms, &around, &mut push, unknowns);
        for value in self.counters {
            read_statistics(value, &around, &mut push.alarms, unknowns);
        }
        let shown = Surroundings { time: flat.time.clone().or(own_time), ..around.clone() };
        evidence.read(&flat_alarms, &shown, &mut push, unknowns);
        read_claimed(beside, &flat_alarms, &shown, &mut push);
        let mut rest = Object::default();
        let is_kept = push.has_event();
        for member in unknown {
            if is_kept {
                unknowns.add(member, Weight::Nothing, &around, &mut rest);
            } else {
                unknowns.add_alone(member, Weight::Nothing, &around);
            }
        }
        push.data = vendor_data(&levels);
        push.unknown = vendor_data(&rest);
        push
    }
}

/// Reads an entry of `alarm_list`.
fn read_entry<'a>(entry: Object<'a>, around: &Surroundings, push: &mut Push<'a>, unknowns: &mut Unknowns) {
    let mut flat = Flat::default();
    let mut time = None;
    let (mut channels, mut systems, mut evidence) = (Vec::new(), Vec::new(), Evidence::default());
    let mut unknown = Object::default();
    for member in entry {
        let Some((name, value)) = evidence.read_member(member) else { continue };
        let folded = folded(&name).into_owned();
        let Some(value) = flat.read_member(&folded, value) else { continue };
        match folded.as_str() {
            "time" if value.to_text().is_some() => time = text(&value),
            "channel_alarm" => channels.push(value),
            "system_alarm" => systems.push(value),
            _ => unknown.push(name, value),
        }
    }
    let is_flat = flat.is_alarm();
    let mut rest = Object::default();
    unknown.append(flat.read_counters(evidence.take_counters(), &mut rest));
    let (beside, unknown) = evidence.split_beside(flat.subject(), unknown);
    let has_alarms = !channels.is_empty() || !systems.is_empty() || is_flat;
    let is_readable = has_alarms || beside.is_some() || evidence.says_something();
    if !is_readable {
        unknowns.note("alarm_list", Weight::Content);
    }
    let own = around.of_entry(&flat.channels, time, &unknown);
    for (name, value) in unknown {
        let at_least = match (is_readable, Weight::of(&value)) {
            (true, _) | (false, Weight::Nothing) => Weight::Nothing,
            (false, _) => Weight::Alarm,
        };
        if flat.is_of_its_channels(&name, &value) {
            unknowns.note_lost(&name, Weight::of(&value));
        }
        if is_flat {
            unknowns.add((name, value), at_least, &own, &mut rest);
        } else {
            unknowns.add_alone((name, value), at_least, &own);
        }
    }
    let flat_alarms =
        flat.add_alarms(&Surroundings { time: own.time.clone(), ..around.clone() }, &rest, push);
    read_alarms(channels, systems, &own, push, unknowns);
    let shown = Surroundings { time: flat.time.or(own.time), ..own };
    evidence.read(&flat_alarms, &shown, push, unknowns);
    read_claimed(beside, &flat_alarms, &shown, push);
}

/// Reads the recognition that stands beside flat alarms, and gives it to them.
fn read_claimed<'a>(
    beside: Option<Beside<'a>>,
    flat: &FlatAlarms,
    around: &Surroundings,
    push: &mut Push<'a>,
) {
    let Some(beside) = beside else { return };
    let first = push.recognitions.len();
    read_beside(beside, around, &mut push.recognitions);
    flat.claim(&mut push.recognitions, first);
}

fn read_alarms<'a>(
    channels: Vec<Json<'a>>,
    systems: Vec<Json<'a>>,
    around: &Surroundings,
    push: &mut Push<'a>,
    unknowns: &mut Unknowns,
) {
    for value in channels {
        let (entries, others) = objects(value);
        for other in others {
            unknowns.note_lost("channel_alarm", Weight::of(&other));
        }
        for entry in entries {
            read_channel(entry, around, push, unknowns);
        }
    }
    for value in systems {
        let (entries, others) = objects(value);
        for other in others {
            unknowns.note_lost("system_alarm", Weight::of(&other));
        }
        for entry in entries {
            read_system(entry, around.time.as_ref(), &mut push.alarms, unknowns);
        }
    }
}
