//! `channel_alarm`: the flags and levels of one channel.
//!
//! A recorder sends every channel with every report, and most of what it sends are levels. An alarm is a flag that is on.

use std::borrow::Cow;

use camhook_event::{Kind, Report, State, Text};
use camhook_json::{Json, Object};

use super::EVENTS_LIMIT;
use super::evidence::{Evidence, FlatAlarms};
use super::member::{
    Channels, Flag, Member, folded, is_blank, is_container, is_of_channels, number_of_picture, objects, text,
    vendor_data, word, words,
};
use super::recognition::{Beside, read_beside, split_beside};
use super::unknown::{Surroundings, Unknowns, Weight};
use crate::message::{Alarm, Push, Scope, WordPlace};
use crate::vocabulary::{Meaning, Subject, exact_meaning, meaning};

/// The flag of a bell: on when it is pressed, and off some ten seconds later.
const BELL: &str = "doorbell_call";

/// Reads the entry of one channel.
pub(super) fn read_channel<'a>(
    entry: Object<'a>,
    around: &Surroundings,
    push: &mut Push<'a>,
    unknowns: &mut Unknowns,
) {
    let mut reader = Reader::default();
    for member in entry {
        reader.read_member(member);
    }
    reader.finish(around, push, unknowns);
}

/// An entry while it is read.
#[derive(Default)]
struct Reader<'a> {
    channels: Channels,
    time: Option<Text>,
    picture: Option<Text>,
    raised: Vec<Raised>,
    /// What shows the alarms of the channel, or is one by itself.
    evidence: Evidence<'a>,
    /// Recognitions whose members stand beside flags.
    beside: Vec<Beside<'a>>,
    /// Whether a member was found that can raise an alarm, on or off.
    has_flag: bool,
    /// The members of `int_alarm` that stand in the entry itself, and an `int_alarm` that is a flag.
    of_entry: Object<'a>,
    levels: Object<'a>,
    /// Members that raise an alarm, with a value of which nobody knows whether it does.
    unreadable: Object<'a>,
    unknown: Object<'a>,
}

/// A flag that is on.
struct Raised {
    word: Text,
    word_place: WordPlace,
    meaning: Option<Meaning>,
    kind: Kind,
    state: Option<State>,
    time: Option<Text>,
    picture: Option<Text>,
}

impl Raised {
    fn new(word: Text, word_place: WordPlace) -> Self {
        let meaning = meaning(word.as_str());
        let kind = meaning.map_or(Kind::Other, |meaning| meaning.kind);
        Self { word, word_place, meaning, kind, state: None, time: None, picture: None }
    }

    /// An alarm that bears the name of its member; none when that is blank.
    fn of_name(name: &str) -> Option<Self> {
        word(name).map(|word| Self::new(word, WordPlace::Name))
    }

    /// The alarm of a flag that is on. That of a bell is a press, whose end is the flag that is off.
    fn of_flag(name: &str) -> Option<Self> {
        let state = (folded(name) == BELL).then_some(State::Start);
        Self::of_name(name).map(|raised| Self { state, ..raised })
    }

    /// What the device recognizes when this happens.
    fn subject(&self) -> Option<Subject> {
        self.meaning?.subject
    }

    /// Whether both say the same: the alarm of `int_alarm` stands again in `int_alarm_ex`, and motion in up to four
    /// members. What is on is never an end of the same, which is an alarm beside it.
    fn is_same(&self, other: &Self) -> bool {
        let is_same_thing = match (self.meaning, other.meaning) {
            (Some(one), Some(another)) => one == another,
            _ => self.word == other.word,
        };
        is_same_thing && self.is_end() == other.is_end()
    }

    fn is_end(&self) -> bool {
        self.state == Some(State::Stop)
    }
}

impl<'a> Reader<'a> {
    fn read_member(&mut self, member: Member<'a>) {
        let Some((name, value)) = self.evidence.read_member(member) else { return };
        let folded = folded(&name).into_owned();
        let Some(value) = self.channels.read_member(&folded, value) else { return };
        match folded.as_str() {
            "time" if value.to_text().is_some() => self.time = text(&value),
            "take_alarm_snap" => self.picture = number_of_picture(&value),
            "int_alarm" if !is_container(&value) => self.of_entry.push(name, value),
            "alarm_val" | "int_subtype" => self.of_entry.push(name, value),
            "int_alarm" | "int_alarm_ex" => self.read_subtypes((name, value)),
            "motion_alarm" | "io_alarm" | "pir_alarm" | "videoloss" | "sound_alarm" | "occlusion_alarm"
            | BELL => self.read_flag((name, value)),
            "motion_report" => self.read_motion_report((name, value)),
            "motion_smart_alarm" => self.read_smart_motion((name, value)),
            "talkback_alarm" => self.read_talkback((name, value)),
            // Levels, which repeat while an alarm goes on. No document has a flag of that name here.
            "alarm_state" if are_levels(&value) || Flag::of(&value) == Flag::Off => {}
            "alarm_state" => self.read_flag((name, value)),
            "record_flag"
            | "camera_connect_status"
            | "alarm_out_state"
            | "floodlight_audioalarm"
            | "ptz_alarm"
            | "wireless_ipc_type"
            | "remote_pair_state" => self.levels.push(name, value),
            _ => self.read_undocumented((name, value)),
        }
    }

    /// Whether so much is raised that it shows that the post holds too many events: one more than those of a post.
    fn is_full(&self) -> bool {
        self.raised.len() > EVENTS_LIMIT
    }

    fn raise(&mut self, raised: Raised) {
        if self.is_full() {
            return;
        }
        let Some(known) = self.raised.iter_mut().find(|known| known.is_same(&raised)) else {
            self.raised.push(raised);
            return;
        };
        let Raised { word, word_place, state, time, picture, .. } = raised;
        if known.state.is_none() && state.is_some() {
            (known.word, known.word_place) = (word, word_place);
        }
        known.state = known.state.or(state);
        known.time = known.time.take().or(time);
        known.picture = known.picture.take().or(picture);
    }

    /// A flag that bears the name of what it reports.
    fn read_flag(&mut self, (name, value): Member<'a>) {
        let flag = Flag::of(&value);
        let value = match value {
            Json::Object(members) if flag != Flag::Unreadable => {
                Json::Object(self.evidence.read_members(members))
            }
            value => value,
        };
        match flag {
            Flag::On if !self.is_full() => {
                let Some(raised) = Raised::of_flag(&name) else {
                    self.unknown.push(name, value);
                    return;
                };
                let subject = raised.subject();
                self.raise(raised);
                if let Json::Object(members) = value {
                    self.keep_beside(name, subject, members);
                }
            }
            Flag::On | Flag::Off => {}
            Flag::Unreadable => self.unreadable.push(name, value),
        }
        self.has_flag = true;
    }

    /// Keeps what an object holds beside its flag: a recognition, and levels.
    fn keep_beside(&mut self, name: Cow<'a, str>, alarm: Option<Subject>, members: Object<'a>) {
        let (beside, members) = split_beside(alarm, members);
        self.add_beside(beside);
        if !members.is_empty() {
            self.levels.push(name, Json::Object(members));
        }
    }

    /// Adds a recognition, unless it is there: `int_alarm_ex` repeats what `int_alarm` says.
    fn add_beside(&mut self, beside: Option<Beside<'a>>) {
        let new = beside.filter(|beside| self.beside.len() <= EVENTS_LIMIT && !self.beside.contains(beside));
        self.beside.extend(new);
    }

    /// `int_alarm`, and with the number of its picture again `int_alarm_ex`. Without `alarm_val` it is an alarm: it has
    /// no other purpose.
    fn read_subtypes(&mut self, (name, value): Member<'a>) {
        let (alarms, others) = objects(value);
        for alarm in alarms {
            self.has_flag = true;
            let mut alarm = self.evidence.read_members(alarm);
            let flag = Flag::of_all(&alarm.take_all("alarm_val"));
            if flag == Some(Flag::Off) || (flag.is_none() && alarm.is_empty()) || self.is_full() {
                continue;
            }
            let picture = alarm.take("take_alarm_snap").as_ref().and_then(number_of_picture);
            let subtypes = alarm.take_all("int_subtype");
            let words: Vec<Text> = subtypes.iter().flat_map(words).take(EVENTS_LIMIT + 1).collect();
            let mut subject = None;
            if words.is_empty() {
                subtypes.into_iter().for_each(|subtype| alarm.push("int_subtype", subtype));
                if let Some(raised) = Raised::of_name(&name) {
                    self.raise(Raised { picture, ..raised });
                }
            } else {
                for word in words {
                    let raised = Raised::new(word, WordPlace::Value);
                    subject = subject.or(raised.subject());
                    self.raise(Raised { picture: picture.clone(), ..raised });
                }
            }
            self.keep_beside(name.clone(), subject, alarm);
        }
        for other in others {
            self.read_flag((name.clone(), other));
        }
    }

    /// An `int_alarm` whose members stand in the entry itself: a flag and its subtype. One without the other is read by
    /// itself.
    fn read_subtypes_of_entry(&mut self) {
        let members = std::mem::take(&mut self.of_entry);
        let is_subtype = |name: &str| folded(name) == "int_subtype";
        let (subtypes, flags): (Vec<_>, Vec<_>) = members.into_iter().partition(|(name, _)| is_subtype(name));
        let has_words = subtypes.iter().any(|(_, subtype)| !words(subtype).is_empty());
        if has_words && !flags.is_empty() {
            let flags = flags.into_iter().map(|(_, flag)| ("alarm_val".into(), flag));
            let alarm = Json::Object(flags.chain(subtypes).collect());
            return self.read_subtypes(("int_alarm".into(), alarm));
        }
        for (name, value) in flags.into_iter().chain(subtypes) {
            match folded(&name).as_ref() {
                "int_alarm" => self.read_flag((name, value)),
                _ => self.unknown.push(name, value),
            }
        }
    }

    /// `{"alarm_state": true, "alarm_type": "smd"}`: the one flag of the rich form that also reports an end.
    fn read_motion_report(&mut self, (name, value): Member<'a>) {
        let (reports, others) = objects(value);
        for mut report in reports {
            self.has_flag = true;
            let state = Flag::of_all(&report.take_all("alarm_state"));
            if state.is_none() && report.is_empty() {
                continue;
            }
            let alarm_type = report.get("alarm_type").and_then(text);
            if alarm_type.is_some() {
                report.take("alarm_type");
            }
            let named = alarm_type.map(|word| Raised::new(word, WordPlace::Value));
            let Some(mut raised) = named.or_else(|| Raised::of_name(&name)) else { continue };
            raised.state = match state {
                Some(Flag::On) => Some(State::Start),
                Some(Flag::Off) => Some(State::Stop),
                Some(Flag::Unreadable) | None => None,
            };
            if raised.kind == Kind::Other {
                raised.kind = Kind::Motion;
            }
            self.raise(raised);
            if !report.is_empty() {
                self.levels.push(name.clone(), Json::Object(report));
            }
        }
        for other in others {
            self.read_flag((name.clone(), other));
        }
    }

    /// `{"MDtime": "01/15/2027 05:00:01", "MDState": ["pd"]}`: motion when a state is there. Inferred from the names.
    fn read_smart_motion(&mut self, (name, value): Member<'a>) {
        let (alarms, others) = objects(value);
        for mut alarm in alarms {
            self.has_flag = true;
            let time = alarm.take("MDtime").as_ref().and_then(text);
            let states = alarm.take_all("MDState");
            let is_motion = states.iter().any(|state| match state {
                Json::List(states) => !states.iter().all(is_blank),
                state => Weight::of(state) > Weight::Nothing,
            });
            if let (true, Some(raised)) = (is_motion, Raised::of_name(&name)) {
                self.raise(Raised { time, ..raised });
            }
            if !is_motion {
                self.unknown.append(alarm);
                continue;
            }
            states.into_iter().for_each(|state| alarm.push("MDState", state));
            self.levels.push(name.clone(), Json::Object(alarm));
        }
        for other in others {
            self.read_flag((name.clone(), other));
        }
    }

    /// `{"channel": 1, "talkback_close": false}`: somebody rings; `true`: the conversation is over.
    fn read_talkback(&mut self, (name, value): Member<'a>) {
        let (calls, others) = objects(value);
        for call in calls {
            self.has_flag = true;
            if call.is_empty() {
                continue;
            }
            // Of calls that are over and not the one that is not counts.
            let closed: Vec<Flag> = call.get_all("talkback_close").map(Flag::of).collect();
            let is_over = !closed.is_empty() && closed.iter().all(|closed| *closed == Flag::On);
            let state = Some(if is_over { State::Stop } else { State::Start });
            if let Some(raised) = Raised::of_name(&name) {
                self.raise(Raised { state, ..raised });
            }
            self.levels.push(name.clone(), Json::Object(call));
        }
        for other in others {
            self.read_flag((name.clone(), other));
        }
    }

    /// A member of newer firmware. It is an alarm by its name when it is on and called like one.
    fn read_undocumented(&mut self, (name, value): Member<'a>) {
        let folded = folded(&name);
        let is_called_alarm = || {
            let is_named = folded.ends_with("_alarm") || folded.starts_with("linkage_");
            is_named || exact_meaning(&folded).is_some()
        };
        match Flag::of(&value) {
            Flag::On if is_called_alarm() => self.read_flag((name, value)),
            // A number or a text beside the name of an alarm: nobody knows whether it is one.
            Flag::Unreadable if !is_container(&value) && exact_meaning(&folded).is_some() => {
                self.read_flag((name, value));
            }
            _ => self.unknown.push(name, value),
        }
    }

    fn finish(mut self, around: &Surroundings, push: &mut Push<'a>, unknowns: &mut Unknowns) {
        self.read_subtypes_of_entry();
        let subject = self.raised.iter().find_map(Raised::subject);
        let (beside, unknown) = self.evidence.split_beside(subject, std::mem::take(&mut self.unknown));
        self.add_beside(beside);
        let Self {
            channels,
            time,
            picture,
            raised,
            mut evidence,
            beside,
            has_flag,
            of_entry: _,
            mut levels,
            unreadable,
            unknown: _,
        } = self;
        let counters = evidence.take_counters();
        let counts = counters.counts();
        let has_flag = has_flag || evidence.says_something() || !beside.is_empty() || !counters.is_empty();
        levels.append(counters.into_members());
        let is_nameless = channels.is_empty() && !raised.is_empty();
        for (name, value) in unknown.iter().filter(|(name, value)| is_nameless && is_of_channels(name, value))
        {
            unknowns.note_lost(name, Weight::of(value));
        }
        let own = around.of_entry(&channels, time, &unknown);
        let channels = channels.within(&around.channel_beside(&unknown));
        push.note_names(&channels);
        let mut rest = Object::default();
        for member in unreadable {
            if raised.is_empty() {
                unknowns.add_unreadable(member, &own);
            } else {
                unknowns.add(member, Weight::Content, &own, &mut rest);
            }
        }
        for (name, value) in unknown {
            // With no flag beside them, these are all that the entry has to report.
            let at_least = match (has_flag, Weight::of(&value)) {
                (true, _) => Weight::Nothing,
                (false, Weight::Nothing) => Weight::Content,
                (false, _) => Weight::Alarm,
            };
            if raised.is_empty() {
                unknowns.add_alone((name, value), at_least, &own);
            } else {
                unknowns.add((name, value), at_least, &own, &mut rest);
            }
        }
        let is_listed = evidence.has_recognitions();
        evidence.read(&FlatAlarms::default(), &own, push, unknowns);
        for (subject, members) in beside {
            if is_listed {
                levels.append(members);
            } else {
                read_beside((subject, members), &own, &mut push.recognitions);
            }
        }
        let time = own.time;
        let (data, unknown) = (vendor_data(&levels), vendor_data(&rest));
        for raised in raised {
            for channel in &channels {
                if push.alarms.len() > EVENTS_LIMIT {
                    return;
                }
                push.alarms.push(Alarm {
                    word: raised.word.clone(),
                    word_place: raised.word_place,
                    kind: raised.kind,
                    meaning: raised.meaning,
                    state: raised.state,
                    report: Report::Detection,
                    scope: Scope::Channel(channel.clone()),
                    time: raised.time.clone().or_else(|| time.clone()),
                    picture: raised.picture.clone().or_else(|| picture.clone()),
                    counts: counts.filter(|_| raised.kind == Kind::Counting),
                    data: data.clone(),
                    unknown: unknown.clone(),
                });
            }
        }
    }
}

/// Members of the levels in `alarm_state`, besides the names of alarms.
const OF_LEVELS: [&str; 6] =
    ["alarm_val", "int_subtype", "int_alarm", "int_alarm_ex", "alarm_type", "take_alarm_snap"];

/// Whether the value of `alarm_state` holds levels: a list of them, or the only one.
fn are_levels(value: &Json<'_>) -> bool {
    let is_of_levels = |name: &str| OF_LEVELS.contains(&name) || exact_meaning(name).is_some();
    match value {
        Json::List(_) => true,
        Json::Object(level) => level.is_empty() || level.iter().any(|(name, _)| is_of_levels(&folded(name))),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_raised_than_shows_that_there_are_too_many() {
        let mut reader = Reader::default();
        for number in 0..20_000 {
            reader.read_member((format!("x{number}_alarm").into(), Json::Bool(true)));
            reader.read_member(("motion_alarm".into(), Json::Bool(true)));
        }
        assert_eq!(reader.raised.len(), EVENTS_LIMIT + 1);
        assert!(reader.levels.is_empty());
    }
}
