//! Which messages of a camera are one alarm.
//!
//! What was heard of a camera in the last minutes is kept in the order in which IoT received it, and with every
//! message all of it is looked at anew. So it does not matter in which order a queue delivers: a `0` that comes
//! late can still show that what looked like a repeat was an alarm of its own.
//!
//! The rules
//! * A message of `alarm/triggered` or `alarm/triggered/triggers` with a value other than 0 is an alarm, unless one
//!   that was told covers it.
//! * One that was told covers what is at most [`JOINED`] away from it without a 0 of either topic between them: the
//!   same value at the same topic, a repeat; and the same alarm at the other topic, with a trigger in common and the
//!   value that the other topic had nearest to it.
//! * What was recognized belongs to the alarm that began last, at most [`RECOGNIZED`] before; when there is
//!   none, it is an alarm itself, and the first message of the other kind then has its name.
//!
//! Each alarm is told once, when its first message is heard, and each thing that was recognized in it once more.
//! What counts is what was told, not which message should have been told had all come in order: whatever comes late
//! finds its alarm told or tells it, and never does both.

use std::time::Duration;

use camhook_instar_http::{Objects, Triggers};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::connection::{Connections, Word};

/// How far apart messages of one alarm are at most. Cameras return to 0 after this time.
pub const JOINED: Duration = Duration::from_secs(5);

/// For how long after the beginning of an alarm something may be recognized in it. Inferred: cameras name no
/// limit; a later one still becomes an event, with a key of its own.
pub const RECOGNIZED: Duration = Duration::from_secs(10);

/// For how long messages are kept: longer than a queue hides one that failed the first times.
const KEPT: Duration = Duration::from_secs(120);

/// How many messages are kept of one camera.
const CAPACITY: usize = 64;

/// What was heard of a camera.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    #[serde(default)]
    heard: Vec<Heard>,
    /// When the newest of those was heard that are not kept any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    forgotten: Option<Timestamp>,
    #[serde(default)]
    connections: Connections,
}

/// One message about an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// When IoT received it.
    pub at: Timestamp,
    /// What its topic is about.
    pub form: Form,
    /// Its value, verbatim.
    pub value: String,
    /// Its topic.
    pub topic: String,
    /// What names its delivery.
    pub delivery: String,
    /// What was told because of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told: Option<Told>,
}

/// What a message about an alarm says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// A code.
    Code,
    /// A bit mask.
    Mask,
    /// What was recognized.
    Objects,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    /// The alarm.
    alarm: String,
    /// The delivery that told it: when that one comes again, it tells again. None when the telling of the alarm
    /// said it along with its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

/// Something to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// The message that it is about, not always the one that was heard last.
    pub message: Heard,
    /// The alarm: the same for everything that is told of it.
    pub alarm: String,
    /// What set the alarm off, as far as it is known.
    pub triggers: Triggers,
    /// What was recognized: all that is known when the alarm is told, and what is new after that.
    pub objects: Vec<Objects>,
}

impl Heard {
    /// A message as it is heard.
    #[must_use]
    pub fn new(at: Timestamp, form: Form, value: String, topic: String, delivery: String) -> Self {
        Self { at, form, value, topic, delivery, told: None }
    }

    fn triggers(&self) -> Triggers {
        let read = match self.form {
            Form::Code => Triggers::of_code(&self.value),
            Form::Mask => Triggers::of_mask(&self.value),
            Form::Objects => None,
        };
        read.unwrap_or_default()
    }

    fn objects(&self) -> Option<Objects> {
        let is_objects = self.form == Form::Objects;
        is_objects.then(|| Objects::parse(&self.value)).flatten().filter(|objects| !objects.is_none())
    }

    fn alarm(&self) -> Option<&str> {
        self.told.as_ref().map(|told| told.alarm.as_str())
    }

    fn is_told_by(&self, delivery: &str) -> bool {
        self.told.as_ref().is_some_and(|told| told.by.as_deref() == Some(delivery))
    }
}

/// A message with a trigger: what sets off an alarm, or says again what did.
#[derive(Debug)]
struct Trigger {
    index: usize,
    at: Timestamp,
    form: Form,
    triggers: Triggers,
    /// How many zeros were heard before it: between two with the same number there is none.
    zeros: usize,
}

/// An alarm that was told.
#[derive(Debug)]
struct Alarm {
    name: String,
    /// When its first message was heard, told or not.
    began: Timestamp,
    /// Whether nothing of it is known but what was recognized.
    is_only_objects: bool,
}

/// The messages with a trigger, in their order.
fn triggers(heard: &[Heard]) -> Vec<Trigger> {
    let mut zeros = 0;
    let mut found = Vec::new();
    for (index, message) in heard.iter().enumerate() {
        if message.form == Form::Objects {
            continue;
        }
        let triggers = message.triggers();
        if triggers.is_empty() {
            zeros += 1;
            continue;
        }
        found.push(Trigger { index, at: message.at, form: message.form, triggers, zeros });
    }
    found
}

/// Whether two messages can be of one alarm as far as time goes.
fn are_joined(one: &Trigger, other: &Trigger) -> bool {
    one.zeros == other.zeros && one.at.duration_since(other.at).unsigned_abs() <= JOINED
}

impl History {
    /// Hears a message about an alarm; what is to be told because of it.
    ///
    /// The same delivery, heard again, tells the same again.
    #[must_use]
    pub fn hear(&mut self, message: Heard, camera: &str) -> Vec<Telling> {
        let newest = self.heard.last().map(|last| last.at);
        let is_out_of_reach = newest.is_some_and(|newest| is_kept_no_more(message.at, newest))
            || self.forgotten.is_some_and(|forgotten| message.at < forgotten);
        if is_out_of_reach {
            return alone(message, camera);
        }
        let delivery = message.delivery.clone();
        let is_known = |heard: &Heard| heard.delivery == message.delivery && heard.topic == message.topic;
        if !self.heard.iter().any(is_known) {
            // After those of the same millisecond: they were heard before.
            let position = self.heard.partition_point(|heard| heard.at <= message.at);
            self.heard.insert(position, message);
            let triggers = triggers(&self.heard);
            self.tell_alarms(&triggers, camera, &delivery);
            self.tell_objects(&triggers, camera, &delivery);
        }
        let tellings = self.tellings_of(&delivery);
        self.forget();
        tellings
    }

    /// Hears whether the camera is connected; what is to be told because of it, in the order in which it was said.
    #[must_use]
    pub fn hear_connection(&mut self, word: Word) -> Vec<Word> {
        self.connections.hear(word)
    }

    fn forget(&mut self) {
        let Some(newest) = self.heard.last().map(|last| last.at) else { return };
        let too_old = self.heard.partition_point(|heard| is_kept_no_more(heard.at, newest));
        let surplus = too_old.max(self.heard.len().saturating_sub(CAPACITY));
        if let Some(last) = self.heard.drain(..surplus).next_back() {
            self.forgotten = Some(last.at);
        }
    }

    /// Notes as told by this delivery each message with a trigger that nothing covers.
    fn tell_alarms(&mut self, triggers: &[Trigger], camera: &str, delivery: &str) {
        for trigger in triggers {
            let Some(message) = self.heard.get(trigger.index) else { continue };
            if message.told.is_some() || self.is_covered(trigger, triggers) {
                continue;
            }
            // What covered it may be forgotten. It was decided when it was heard.
            let is_decided = self.forgotten.is_some_and(|forgotten| is_joined(message.at, forgotten));
            if is_decided && message.delivery != delivery {
                continue;
            }
            let alarm = self.name_of(trigger, triggers).unwrap_or_else(|| name(camera, trigger.at));
            self.note(trigger.index, alarm, Some(delivery));
        }
    }

    /// Whether a message that was told covers this one.
    fn is_covered(&self, message: &Trigger, triggers: &[Trigger]) -> bool {
        let is_told =
            |other: &&Trigger| self.heard.get(other.index).is_some_and(|heard| heard.told.is_some());
        triggers.iter().filter(is_told).any(|told| self.covers(told, message, triggers))
    }

    fn covers(&self, told: &Trigger, message: &Trigger, triggers: &[Trigger]) -> bool {
        if !are_joined(told, message) {
            return false;
        }
        let value = |trigger: &Trigger| self.heard.get(trigger.index).map(|heard| heard.value.as_str());
        if told.form == message.form {
            return value(told) == value(message);
        }
        let belongs = |other: &&Trigger| {
            other.form == message.form && are_joined(told, other) && told.triggers.overlaps(&other.triggers)
        };
        let distance = |other: &&Trigger| told.at.duration_since(other.at).unsigned_abs();
        let nearest = triggers.iter().filter(belongs).min_by_key(distance);
        told.triggers.overlaps(&message.triggers) && nearest.map(value) == Some(value(message))
    }

    /// The name of an alarm of which nothing but what was recognized was told so far, and which this message set off.
    fn name_of(&self, trigger: &Trigger, triggers: &[Trigger]) -> Option<String> {
        let alarms = self.alarms(triggers);
        let unclaimed = || alarms.iter().filter(|alarm| alarm.is_only_objects);
        let before =
            unclaimed().rfind(|alarm| alarm.began <= trigger.at && is_joined(trigger.at, alarm.began));
        // What was recognized belongs to the alarm that began last.
        let next = alarms.iter().find(|alarm| !alarm.is_only_objects && alarm.began > trigger.at);
        let after = || {
            unclaimed().find(|alarm| {
                alarm.began > trigger.at
                    && is_recognized(alarm.began, trigger.at)
                    && next.is_none_or(|next| alarm.began < next.began)
            })
        };
        before.or_else(after).map(|alarm| alarm.name.clone())
    }

    /// Notes as told what was recognized and is new in its alarm.
    fn tell_objects(&mut self, triggers: &[Trigger], camera: &str, delivery: &str) {
        let mut alarms = self.alarms(triggers);
        for index in 0..self.heard.len() {
            let Some(message) = self.heard.get(index) else { continue };
            if message.told.is_some() || message.objects().is_none() {
                continue;
            }
            let is_decided = self.forgotten.is_some_and(|forgotten| is_recognized(message.at, forgotten));
            if is_decided && message.delivery != delivery {
                continue;
            }
            let Some(alarm) = began_last(&alarms, message.at) else {
                let alarm = name(camera, message.at);
                self.note(index, alarm, Some(delivery));
                alarms = self.alarms(triggers);
                continue;
            };
            let is_said = |other: &Heard| {
                other.form == Form::Objects
                    && other.told.is_some()
                    && other.value == message.value
                    && began_last(&alarms, other.at).is_some_and(|of_other| of_other.name == alarm.name)
            };
            if self.heard.iter().any(is_said) {
                continue;
            }
            // What the telling of the alarm says already needs none of its own.
            let is_told_now = |other: &Heard| {
                other.form != Form::Objects
                    && other.is_told_by(delivery)
                    && other.alarm() == Some(alarm.name.as_str())
            };
            let by = (!self.heard.iter().any(is_told_now)).then_some(delivery);
            let alarm = alarm.name.clone();
            self.note(index, alarm, by);
        }
    }

    /// The alarms that were told, in the order of their beginning.
    fn alarms(&self, triggers: &[Trigger]) -> Vec<Alarm> {
        let mut alarms: Vec<Alarm> = Vec::new();
        for (index, message) in self.heard.iter().enumerate() {
            let Some(name) = message.alarm() else { continue };
            let trigger = triggers.iter().find(|trigger| trigger.index == index);
            let covered = |told| triggers.iter().filter(move |other| self.covers(told, other, triggers));
            let first = trigger.into_iter().flat_map(covered).map(|other| other.at).min();
            let began = first.map_or(message.at, |first| first.min(message.at));
            match alarms.iter_mut().find(|alarm| alarm.name == name) {
                Some(alarm) => {
                    alarm.began = alarm.began.min(began);
                    alarm.is_only_objects &= trigger.is_none();
                }
                None => {
                    let is_only_objects = trigger.is_none();
                    alarms.push(Alarm { name: name.to_owned(), began, is_only_objects });
                }
            }
        }
        alarms.sort_by_key(|alarm| alarm.began);
        alarms
    }

    fn note(&mut self, index: usize, alarm: String, by: Option<&str>) {
        if let Some(message) = self.heard.get_mut(index) {
            message.told = Some(Told { alarm, by: by.map(str::to_owned) });
        }
    }

    /// What this delivery told, now or before.
    fn tellings_of(&self, delivery: &str) -> Vec<Telling> {
        let told = self.heard.iter().filter(|message| message.is_told_by(delivery));
        told.filter_map(|message| {
            let alarm = message.alarm()?;
            let of_alarm = || self.heard.iter().filter(move |other| other.alarm() == Some(alarm));
            let opener = of_alarm().find(|other| other.form != Form::Objects);
            let objects = match message.objects() {
                Some(objects) => vec![objects],
                None => of_alarm().filter_map(Heard::objects).collect(),
            };
            let triggers = opener.map(Heard::triggers).unwrap_or_default();
            Some(Telling { message: message.clone(), alarm: alarm.to_owned(), triggers, objects })
        })
        .collect()
    }
}

/// The alarm that what was recognized at a time belongs to.
fn began_last(alarms: &[Alarm], at: Timestamp) -> Option<&Alarm> {
    let last = alarms.iter().rfind(|alarm| alarm.began <= at);
    last.filter(|alarm| is_recognized(at, alarm.began))
}

fn is_joined(later: Timestamp, earlier: Timestamp) -> bool {
    later.duration_since(earlier) <= duration(JOINED)
}

fn is_recognized(later: Timestamp, earlier: Timestamp) -> bool {
    later.duration_since(earlier) <= duration(RECOGNIZED)
}

fn is_kept_no_more(at: Timestamp, newest: Timestamp) -> bool {
    newest.duration_since(at) > duration(KEPT)
}

/// What comes so late that all it may belong to is forgotten: an alarm by itself.
fn alone(message: Heard, camera: &str) -> Vec<Telling> {
    let (triggers, objects) = (message.triggers(), message.objects());
    if triggers.is_empty() && objects.is_none() {
        return Vec::new();
    }
    let alarm = name(camera, message.at);
    vec![Telling { message, alarm, triggers, objects: objects.into_iter().collect() }]
}

/// The name of an alarm. Two of one camera never begin in the same millisecond.
fn name(camera: &str, began: Timestamp) -> String {
    format!("{camera}-{}", began.as_millisecond())
}

fn duration(duration: Duration) -> jiff::SignedDuration {
    jiff::SignedDuration::try_from(duration).unwrap_or(jiff::SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// A message of a test: when it is received in milliseconds, its topic, its value.
    type Given = (i64, Form, &'static str);

    fn heard((at, form, value): Given, number: usize) -> Heard {
        let at = Timestamp::from_millisecond(1_800_000_000_000 + at).unwrap();
        Heard::new(at, form, value.to_owned(), format!("cameras/115/{form:?}"), format!("d{number}"))
    }

    /// What is told when messages are heard in this order: for each, its time and form, and how the alarm is named.
    fn told(messages: &[(usize, Given)]) -> Vec<(i64, Form, String)> {
        let mut history = History::default();
        let tellings =
            messages.iter().flat_map(|(number, given)| history.hear(heard(*given, *number), "115"));
        tellings
            .map(|telling| {
                let at = telling.message.at.as_millisecond() - 1_800_000_000_000;
                (at, telling.message.form, telling.alarm)
            })
            .collect()
    }

    fn in_order(messages: &[Given]) -> Vec<(i64, Form)> {
        let numbered: Vec<(usize, Given)> = messages.iter().copied().enumerate().collect();
        told(&numbered).into_iter().map(|(at, form, _)| (at, form)).collect()
    }

    use Form::{Code, Mask, Objects as Object};

    #[test]
    fn one_alarm_of_a_newer_camera_is_told_once_and_its_object_once() {
        let messages = [
            (0, Code, "7"),
            (20, Mask, "17"),
            (900, Object, "1"),
            (5000, Code, "0"),
            (5010, Mask, "0"),
            (5020, Object, "0"),
        ];
        assert_eq!(in_order(&messages), [(0, Code), (900, Object)]);
        let numbered: Vec<(usize, Given)> = messages.into_iter().enumerate().collect();
        let alarms: Vec<String> = told(&numbered).into_iter().map(|(_, _, alarm)| alarm).collect();
        assert_eq!(alarms[0], alarms[1], "both have the same key");
    }

    #[test]
    fn a_repeat_within_five_seconds_is_no_alarm_unless_a_zero_lies_between() {
        assert_eq!(in_order(&[(0, Code, "1"), (4999, Code, "1")]), [(0, Code)]);
        assert_eq!(in_order(&[(0, Code, "1"), (5000, Code, "1")]), [(0, Code)]);
        assert_eq!(in_order(&[(0, Code, "1"), (5001, Code, "1")]), [(0, Code), (5001, Code)]);
        assert_eq!(in_order(&[(0, Code, "1"), (10, Code, "0"), (20, Code, "1")]), [(0, Code), (20, Code)]);
    }

    #[test]
    fn another_value_is_another_alarm() {
        assert_eq!(in_order(&[(0, Mask, "1"), (100, Mask, "17")]), [(0, Mask), (100, Mask)]);
        assert_eq!(in_order(&[(0, Code, "1"), (100, Mask, "2")]), [(0, Code), (100, Mask)]);
        let interleaved = [(0, Code, "1"), (5, Mask, "1"), (100, Code, "2"), (105, Mask, "2")];
        assert_eq!(in_order(&interleaved), [(0, Code), (100, Code)]);
    }

    #[test]
    fn a_camera_that_repeats_without_a_zero_is_not_silenced() {
        let messages: Vec<Given> = (0..10).map(|index| (index * 4000, Code, "1")).collect();
        let expected: Vec<(i64, Form)> = (0..5).map(|index| (index * 8000, Code)).collect();
        assert_eq!(in_order(&messages), expected);
    }

    #[test]
    fn an_object_that_comes_first_has_the_key_of_its_alarm() {
        let tellings = told(&[(0, (0, Object, "2")), (1, (30, Code, "1"))]);
        assert_eq!(
            tellings.iter().map(|(at, form, _)| (*at, *form)).collect::<Vec<_>>(),
            [(0, Object), (30, Code)]
        );
        assert_eq!(tellings[0].2, tellings[1].2);
    }

    #[test]
    fn each_object_is_told_once() {
        let messages = [(0, Code, "1"), (50, Object, "1"), (60, Object, "1"), (70, Object, "3")];
        assert_eq!(in_order(&messages), [(0, Code), (50, Object), (70, Object)]);
        assert_eq!(in_order(&[(0, Code, "1"), (10_001, Object, "1")]), [(0, Code), (10_001, Object)]);
    }

    #[test]
    fn a_zero_that_comes_late_tells_what_looked_like_a_repeat() {
        let tellings = told(&[(0, (0, Code, "1")), (2, (20, Code, "1")), (1, (10, Code, "0"))]);
        assert_eq!(tellings.iter().map(|(at, ..)| *at).collect::<Vec<_>>(), [0, 20]);
    }

    #[test]
    fn a_camera_with_an_alarm_every_few_seconds_tells_each_once() {
        let mut messages: Vec<Given> = Vec::new();
        let beginnings: Vec<i64> = (0..60).map(|index| index * 7000).collect();
        for at in &beginnings {
            messages.extend([(*at, Code, "7"), (at + 20, Mask, "17"), (at + 300, Object, "1")]);
            messages.extend([(at + 5000, Code, "0"), (at + 5010, Mask, "0"), (at + 5020, Object, "0")]);
        }
        let expected: Vec<(i64, Form)> =
            beginnings.iter().flat_map(|at| [(*at, Code), (at + 300, Object)]).collect();
        assert_eq!(in_order(&messages), expected);
    }

    #[test]
    fn what_comes_too_late_for_a_busy_camera_is_told_all_the_same() {
        let mut numbered: Vec<(usize, Given)> =
            (0..2 * CAPACITY).map(|number| (number, (number as i64 * 100, Object, "0"))).collect();
        numbered.push((numbered.len(), (50, Code, "1")));
        assert_eq!(told(&numbered), [(50, Code, "115-1800000000050".to_owned())]);
    }

    #[test]
    fn a_zero_that_comes_late_doubles_nothing_that_was_told_before_its_alarm_was_known() {
        // The second alarm's code is heard first and then stands for the first alarm's too; its mask is too far from
        // the first alarm to belong to it.
        let first = [(0, (0, Code, "1")), (2, (1000, Code, "0"))];
        let second = [(3, (5000, Code, "1")), (4, (5007, Mask, "1"))];
        let tellings = told(&[second[0], first[0], second[1], first[1]]);
        assert_eq!(tellings.iter().map(|(at, ..)| *at).collect::<Vec<_>>(), [5000, 0]);
    }

    #[test]
    fn what_was_recognized_before_its_alarm_is_delivered_keeps_the_name_for_it() {
        let tellings = told(&[(1, (500, Object, "2")), (0, (0, Code, "1")), (2, (600, Object, "1"))]);
        assert_eq!(tellings.iter().map(|(at, ..)| *at).collect::<Vec<_>>(), [500, 0, 600]);
        assert!(tellings.iter().all(|(.., alarm)| *alarm == tellings[0].2), "{tellings:?}");
    }

    #[test]
    fn a_delivery_that_comes_again_tells_the_same_again_and_no_more() {
        let mut history = History::default();
        let first = history.hear(heard((0, Code, "1"), 0), "115");
        assert_eq!(history.hear(heard((10, Mask, "1"), 1), "115"), []);
        assert_eq!(history.hear(heard((0, Code, "1"), 0), "115"), first);
        assert_eq!(history.hear(heard((10, Mask, "1"), 1), "115"), []);
    }

    #[test]
    fn what_is_older_than_all_that_is_known_is_an_alarm_by_itself() {
        let numbered = [(0, (1_000_000, Code, "1")), (1, (0, Code, "1")), (2, (5, Code, "0"))];
        let tellings = told(&numbered);
        assert_eq!(tellings.iter().map(|(at, ..)| *at).collect::<Vec<_>>(), [1_000_000, 0]);
    }

    /// What a camera says of one alarm: code and mask, what it recognizes, and the return to 0.
    fn alarm_strategy() -> impl Strategy<Value = Vec<Given>> {
        let triggers = prop::sample::select(vec![("1", "1"), ("7", "17"), ("2", "2"), ("6", "64")]);
        let form = prop::sample::select(vec![&[Code, Mask][..], &[Mask, Code], &[Code], &[Mask]]);
        let objects = prop::collection::vec(prop::sample::select(vec!["1", "2"]), 0..3);
        (triggers, form, objects).prop_map(|((code, mask), forms, objects)| {
            let mut messages: Vec<Given> = Vec::new();
            for (form, at) in forms.iter().zip([0, 7]) {
                messages.push((at, *form, if *form == Code { code } else { mask }));
                messages.push((1000 + at, *form, "0"));
            }
            messages.extend(objects.into_iter().zip([300, 400]).map(|(value, at)| (at, Object, value)));
            messages.push((1020, Object, "0"));
            messages
        })
    }

    /// Alarms of one camera, each with the seconds between its end and the next one.
    fn alarms_strategy(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<(Vec<Given>, i64)>> {
        prop::collection::vec((alarm_strategy(), 0_i64..9), count)
    }

    /// The same one after the other.
    fn one_after_the_other(alarms: &[(Vec<Given>, i64)]) -> Vec<(usize, Given)> {
        let mut messages: Vec<Given> = Vec::new();
        let mut begin = 0;
        for (alarm, gap) in alarms {
            messages.extend(alarm.iter().map(|(at, form, value)| (begin + at, *form, *value)));
            begin += 1500 + gap * 1000;
        }
        messages.sort_by_key(|(at, ..)| *at);
        messages.into_iter().enumerate().collect()
    }

    proptest! {
        /// However a queue mixes the messages of alarms that a 0 ends, and however often it delivers them, each alarm is
        /// told by exactly one of its messages, and nothing by two deliveries. Each object is told, or the same was told
        /// within the time of one alarm.
        #[test]
        fn no_order_of_delivery_loses_or_doubles_an_alarm(
            (alarms, mixed) in alarms_strategy(1..6).prop_flat_map(|alarms| {
                let messages = Just(one_after_the_other(&alarms)).prop_shuffle();
                (Just(alarms), messages)
            }),
            again in prop::collection::vec((0..40_usize, 0..40_usize), 0..20),
        ) {
            let mut history = History::default();
            // What was told, and the delivery that told it.
            let mut told: BTreeMap<String, (Form, usize)> = BTreeMap::new();
            for (position, (number, given)) in mixed.iter().enumerate() {
                let earlier = again.iter().filter(|(after, which)| *after == position && *which < position);
                let repeated = earlier.filter_map(|(_, which)| mixed.get(*which)).copied();
                for (number, given) in std::iter::once((*number, *given)).chain(repeated) {
                    for Telling { message, .. } in history.hear(heard(given, number), "115") {
                        let (_, by) = *told.entry(message.delivery).or_insert((message.form, number));
                        prop_assert_eq!(by, number, "told by two deliveries: {:?}", mixed);
                    }
                }
            }
            let told_alarms = told.values().filter(|(form, _)| *form != Object).count();
            prop_assert_eq!(told_alarms, alarms.len(), "{:?} told {:?}", mixed, history);
            let recognized = || history.heard.iter().filter(|heard| heard.objects().is_some());
            for object in recognized() {
                let is_said = |other: &Heard| {
                    let apart = object.at.duration_since(other.at).unsigned_abs();
                    other.told.is_some() && other.value == object.value && apart <= RECOGNIZED
                };
                prop_assert!(recognized().any(is_said), "{:?} of {:?} is not told: {:?}", object, mixed, history);
            }
        }

        /// The same for a camera that says more than is kept of it, when no message is more than some seconds late.
        #[test]
        fn a_busy_camera_loses_and_doubles_none(
            (alarms, late) in alarms_strategy(10..60).prop_flat_map(|alarms| {
                let messages = one_after_the_other(&alarms);
                let late = messages.into_iter().map(|message| (0_i64..4_000).prop_map(move |by| (message, by)));
                (Just(alarms), late.collect::<Vec<_>>())
            }),
        ) {
            let mut late = late;
            late.sort_by_key(|((_, (at, ..)), by)| at + by);
            let mixed: Vec<(usize, Given)> = late.into_iter().map(|(message, _)| message).collect();
            let told = told(&mixed).into_iter().filter(|(_, form, _)| *form != Object).count();
            prop_assert_eq!(told, alarms.len(), "{:?}", mixed);
        }

        /// Nothing that is said makes it panic or grow.
        #[test]
        fn any_messages(
            given in prop::collection::vec((0_i64..200_000, 0..3_usize, 0_u32..40, 0..50_usize), 0..120),
        ) {
            let mut history = History::default();
            for (at, form, value, delivery) in given {
                let form = [Code, Mask, Object][form];
                let at = Timestamp::from_millisecond(1_800_000_000_000 + at).unwrap();
                let message = Heard::new(at, form, value.to_string(), "t".to_owned(), delivery.to_string());
                let _ = history.hear(message, "115");
                prop_assert!(history.heard.len() <= CAPACITY);
            }
        }
    }
}
