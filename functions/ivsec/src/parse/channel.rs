//! `channel_alarm`: the flags and levels of one channel.
//!
//! A recorder sends every channel with every report, and most of what it sends are levels. An alarm is a flag that is on.

use camhook_event::{Counts, Kind, Report, State, Text};
use camhook_json::{Json, Object};

use super::EVENTS_LIMIT;
use super::counting::counts;
use super::member::{Flag, Member, channel, folded, number_of_picture, objects, texts, vendor_data};
use super::unknown::{Surroundings, Unknowns, Weight};
use crate::message::{Alarm, Channel, Scope};
use crate::vocabulary::{Meaning, exact_meaning, meaning};

/// Reads the entry of one channel, sent with a time.
pub(super) fn read_channel<'a>(
    entry: Object<'a>,
    time: Option<&Text>,
    alarms: &mut Vec<Alarm>,
    unknowns: &mut Unknowns,
) {
    let mut reader = Reader::default();
    for member in entry {
        reader.read_member(member);
    }
    reader.finish(time, alarms, unknowns);
}

/// An entry while it is read.
#[derive(Default)]
struct Reader<'a> {
    channel: Channel,
    time: Option<Text>,
    picture: Option<Text>,
    counts: Option<Counts>,
    raised: Vec<Raised>,
    /// Whether a member was found that can raise an alarm, on or off.
    has_flag: bool,
    levels: Object<'a>,
    unknown: Object<'a>,
}

/// A flag that is on.
struct Raised {
    word: Text,
    meaning: Option<Meaning>,
    kind: Kind,
    state: Option<State>,
    time: Option<Text>,
    picture: Option<Text>,
}

impl Raised {
    fn new(word: Text) -> Self {
        let meaning = meaning(word.as_str());
        let kind = meaning.map_or(Kind::Other, |meaning| meaning.kind);
        Self { word, meaning, kind, state: None, time: None, picture: None }
    }

    /// Whether both say the same: the alarm of `int_alarm` stands again in `int_alarm_ex`, and motion in up to four
    /// members.
    fn is_same(&self, other: &Self) -> bool {
        let is_same_thing = match (self.meaning, other.meaning) {
            (Some(one), Some(another)) => one == another,
            _ => self.word == other.word,
        };
        is_same_thing && (self.state == other.state || self.state.is_none() || other.state.is_none())
    }
}

impl<'a> Reader<'a> {
    fn read_member(&mut self, (name, value): Member<'a>) {
        match folded(&name).as_ref() {
            "channel" | "chnnel" | "strchn" if channel(&value).is_some() => self.channel.id = channel(&value),
            "channel_name" | "chn_alias" | "chn_alais" => {
                self.channel.name = value.to_text().or_else(|| self.channel.name.take());
            }
            "time" if value.to_text().is_some() => self.time = value.to_text(),
            "take_alarm_snap" => self.picture = number_of_picture(&value),
            "int_alarm" | "int_alarm_ex" => self.read_subtypes((name, value)),
            "motion_alarm" | "io_alarm" | "pir_alarm" | "videoloss" | "sound_alarm" | "occlusion_alarm"
            | "doorbell_call" => self.read_flag((name, value)),
            "motion_report" => self.read_motion_report((name, value)),
            "motion_smart_alarm" => self.read_smart_motion((name, value)),
            "talkback_alarm" => self.read_talkback((name, value)),
            "cc_alarm_num" | "cc_alrm_num" => {
                self.has_flag = true;
                self.counts = counts(&value, "cc_in_num", "cc_out_num");
                self.levels.push(name, value);
            }
            // It repeats while an alarm goes on.
            "alarm_state" => {}
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

    fn raise(&mut self, raised: Raised) {
        let Some(known) = self.raised.iter_mut().find(|known| known.is_same(&raised)) else {
            self.raised.push(raised);
            return;
        };
        let Raised { word, state, time, picture, .. } = raised;
        if known.state.is_none() && state.is_some() {
            known.word = word;
        }
        known.state = known.state.or(state);
        known.time = known.time.take().or(time);
        known.picture = known.picture.take().or(picture);
    }

    /// A flag that bears the name of what it reports.
    fn read_flag(&mut self, (name, value): Member<'a>) {
        match (Flag::of(&value), Text::new(&name)) {
            (Flag::On, Some(word)) => {
                self.raise(Raised::new(word));
                // What an object holds beside its flag.
                if matches!(value, Json::Object(_)) {
                    self.levels.push(name, value);
                }
            }
            (Flag::Off, _) => {}
            _ => {
                self.unknown.push(name, value);
                return;
            }
        }
        self.has_flag = true;
    }

    /// `int_alarm`, and with the number of its picture again `int_alarm_ex`. Without `alarm_val` it is an alarm: it has
    /// no other purpose.
    fn read_subtypes(&mut self, (name, value): Member<'a>) {
        let (alarms, others) = objects(value);
        for mut alarm in alarms {
            self.has_flag = true;
            let flag = alarm.take("alarm_val").map(|flag| Flag::of(&flag));
            if flag == Some(Flag::Off) || (flag.is_none() && alarm.is_empty()) {
                continue;
            }
            let picture = alarm.take("take_alarm_snap").as_ref().and_then(number_of_picture);
            let mut words = alarm.get("int_subtype").map(texts).unwrap_or_default();
            if words.is_empty() {
                words.extend(Text::new(&name));
            } else {
                alarm.take("int_subtype");
            }
            for word in words {
                self.raise(Raised { picture: picture.clone(), ..Raised::new(word) });
            }
            if !alarm.is_empty() {
                self.levels.push(name.clone(), Json::Object(alarm));
            }
        }
        for other in others {
            self.read_flag((name.clone(), other));
        }
    }

    /// `{"alarm_state": true, "alarm_type": "smd"}`: the one flag of the rich form that also reports an end.
    fn read_motion_report(&mut self, (name, value): Member<'a>) {
        let (reports, others) = objects(value);
        for mut report in reports {
            self.has_flag = true;
            let state = report.take("alarm_state").map(|state| Flag::of(&state));
            if state.is_none() && report.is_empty() {
                continue;
            }
            let Some(word) = report.take_text(&["alarm_type"]).or_else(|| Text::new(&name)) else { continue };
            let state = match state {
                Some(Flag::On) => Some(State::Start),
                Some(Flag::Off) => Some(State::Stop),
                Some(Flag::Unreadable) | None => None,
            };
            let mut raised = Raised { state, ..Raised::new(word) };
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
            let time = alarm.take_text(&["MDtime"]);
            let state = alarm.take("MDState");
            let is_motion = state.as_ref().is_some_and(|state| Weight::of(state) > Weight::Nothing);
            if let (true, Some(word)) = (is_motion, Text::new(&name)) {
                self.raise(Raised { time, ..Raised::new(word) });
            }
            if !is_motion {
                self.unknown.append(alarm);
                continue;
            }
            if let Some(state) = state {
                alarm.push("MDState", state);
            }
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
            let is_over = call.get("talkback_close").is_some_and(|closed| Flag::of(closed) == Flag::On);
            let state = Some(if is_over { State::Stop } else { State::Start });
            if let Some(word) = Text::new(&name) {
                self.raise(Raised { state, ..Raised::new(word) });
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
        let is_called_alarm = folded.ends_with("_alarm") || folded.starts_with("linkage_");
        if (is_called_alarm || exact_meaning(&folded).is_some()) && Flag::of(&value) == Flag::On {
            self.read_flag((name, value));
            return;
        }
        self.unknown.push(name, value);
    }

    fn finish(self, time: Option<&Text>, alarms: &mut Vec<Alarm>, unknowns: &mut Unknowns) {
        let Self { channel, time: own_time, picture, counts, raised, has_flag, levels, unknown } = self;
        let surroundings = Surroundings { channel, time: own_time.or_else(|| time.cloned()) };
        let mut rest = Object::default();
        for (name, value) in unknown {
            // With no flag beside them, these are all that the entry has to report.
            let at_least = match (has_flag, Weight::of(&value)) {
                (true, _) => Weight::Nothing,
                (false, Weight::Nothing) => Weight::Content,
                (false, _) => Weight::Alarm,
            };
            unknowns.add((name, value), at_least, &surroundings, &mut rest);
        }
        let Surroundings { channel, time } = surroundings;
        let (data, unknown) = (vendor_data(&levels), vendor_data(&rest));
        for raised in raised {
            if alarms.len() > EVENTS_LIMIT {
                return;
            }
            alarms.push(Alarm {
                word: raised.word,
                kind: raised.kind,
                meaning: raised.meaning,
                state: raised.state,
                report: Report::Detection,
                scope: Scope::Channel(channel.clone()),
                time: raised.time.or_else(|| time.clone()),
                picture: raised.picture.or_else(|| picture.clone()),
                counts: counts.filter(|_| raised.kind == Kind::Counting),
                data: data.clone(),
                unknown: unknown.clone(),
            });
        }
    }
}
