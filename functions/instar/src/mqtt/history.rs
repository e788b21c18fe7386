//! Which messages of a camera are one alarm.
//!
//! What a camera reported in the last minutes is kept in the order in which IoT received it, and evaluated anew with
//! each report. So the order in which a queue delivers does not matter: a `0` that is delivered late can still show
//! that what looked like a repetition was an alarm of its own.
//!
//! The rules
//! * A report of `alarm/triggered` or `alarm/triggered/triggers` with a value other than 0 is an alarm, unless an
//!   emitted one covers it.
//! * An emitted one covers the same value at the same topic when neither a 0 of either topic nor another value of that
//!   topic lies between: the message was published again unchanged, by the camera, by a broker that retained it, or by
//!   a second bridge. After [`UNCHANGED`] it is news again, for a camera that never returns to 0.
//! * It also covers, at most [`JOINED`] away and without a 0 of either topic between, the same value at its own topic,
//!   and the same alarm at the other topic: one with a trigger in common and the value that the other topic had nearest
//!   to it. Where that has a trigger of which no event of the alarm speaks, it is emitted as well, with the alarm's name
//!   and the triggers of both.
//! * What was recognized belongs to the alarm that began last, at most [`RECOGNIZED`] before; when there is none, it is
//!   an alarm itself, unless it was published again unchanged, and the first report of the other kind then has its name.
//!
//! Each alarm is emitted once, with its first report, and each trigger and each thing that was recognized in it once more.
//! What counts is what was emitted, not what should have been had all come in order: whatever comes late finds its alarm
//! emitted or emits it, and never both.

use std::time::Duration;

use camhook_ingest::MqttMessage;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::connection::{ConnectionReport, Connections};
use crate::{Objects, Triggers};

/// How far apart reports of one alarm are at most. Cameras return to 0 after this time.
pub const JOINED: Duration = Duration::from_secs(5);

/// For how long after the beginning of an alarm something may be recognized in it. Inferred: cameras name no limit; a
/// later one still becomes an event, with a key of its own.
pub const RECOGNIZED: Duration = Duration::from_secs(10);

/// For how long a value that does not change is the same alarm. Cameras return to 0 after [`JOINED`]; what is beyond is
/// a message that was published again, or the alarm of a camera whose 0 was lost.
pub const UNCHANGED: Duration = Duration::from_secs(3600);

/// For how long reports are kept: longer than a queue hides a message that failed the first times.
const KEPT: Duration = Duration::from_secs(120);

/// How many reports are kept of one camera.
const CAPACITY: usize = 64;

/// What is remembered of a camera.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    #[serde(default, rename = "heard")]
    reports: Vec<AlarmReport>,
    /// When the newest of those was received that are not kept any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    forgotten: Option<Timestamp>,
    /// The values that were in force then.
    #[serde(default, skip_serializing_if = "Standing::is_empty")]
    standing: Standing,
    #[serde(default)]
    connections: Connections,
}

/// A report about an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmReport {
    /// When IoT received it.
    #[serde(rename = "at")]
    pub received_at: Timestamp,
    /// What its topic is about.
    pub form: Form,
    /// Its value, verbatim.
    pub value: String,
    /// Its topic.
    pub topic: String,
    /// Names the message in each of its deliveries.
    #[serde(rename = "delivery")]
    pub message: String,
    /// What was emitted because of it.
    #[serde(default, rename = "told", skip_serializing_if = "Option::is_none")]
    emitted: Option<Emitted>,
}

/// What a report about an alarm says.
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
struct Emitted {
    /// The alarm.
    alarm: String,
    /// The message that emitted it: each delivery of it emits again. `None` when the event of the alarm said it along
    /// with its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

/// The values in force before the reports that are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Standing {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<InForce>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mask: Option<InForce>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    objects: Option<InForce>,
}

/// A value that was not followed by another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct InForce {
    value: String,
    /// Since when: the time of the report that was emitted.
    since: Timestamp,
}

/// Something new of an alarm: what is to be emitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmNews {
    /// The report that it is about, not always the one that came last.
    pub report: AlarmReport,
    /// The alarm: the same for everything that is emitted of it.
    pub alarm: String,
    /// What set the alarm off: all that was emitted of it up to this report, or its first report where that is later.
    pub triggers: Triggers,
    /// What was recognized: all that is known when the alarm is emitted, and what is new after that.
    pub objects: Vec<Objects>,
}

impl AlarmReport {
    /// What a message reports.
    #[must_use]
    pub fn new(form: Form, value: String, message: &MqttMessage<'_>) -> Self {
        Self {
            received_at: message.received_at,
            form,
            value,
            topic: message.topic.to_owned(),
            message: message.id.to_owned(),
            emitted: None,
        }
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
        self.emitted.as_ref().map(|emitted| emitted.alarm.as_str())
    }

    fn is_emitted_by(&self, message: &str) -> bool {
        self.emitted.as_ref().is_some_and(|emitted| emitted.by.as_deref() == Some(message))
    }
}

impl Standing {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn of(&self, form: Form) -> Option<&InForce> {
        match form {
            Form::Code => self.code.as_ref(),
            Form::Mask => self.mask.as_ref(),
            Form::Objects => self.objects.as_ref(),
        }
    }

    /// Takes over a report that is not kept any more.
    fn take(&mut self, report: &AlarmReport) {
        let is_over = report.triggers().is_empty() && report.objects().is_none();
        match report.form {
            Form::Objects if is_over => self.objects = None,
            Form::Code | Form::Mask if is_over => (self.code, self.mask) = (None, None),
            Form::Objects => in_force(&mut self.objects, report),
            Form::Code => {
                in_force(&mut self.code, report);
                renew(&mut self.mask, Triggers::of_mask, report);
            }
            Form::Mask => {
                in_force(&mut self.mask, report);
                renew(&mut self.code, Triggers::of_code, report);
            }
        }
        // What is recognized in a new alarm is news.
        if report.form != Form::Objects && report.emitted.is_some() {
            self.objects = None;
        }
    }

    /// Whether a report repeats the value that stood before all that are kept.
    fn covers(&self, report: &AlarmReport) -> bool {
        self.of(report.form).is_some_and(|standing| {
            standing.value == report.value && is_unchanged(report.received_at, standing.since)
        })
    }
}

fn in_force(standing: &mut Option<InForce>, report: &AlarmReport) {
    let is_unchanged = standing.as_ref().is_some_and(|standing| standing.value == report.value);
    if !is_unchanged || report.emitted.is_some() {
        *standing = Some(InForce { value: report.value.clone(), since: report.received_at });
    }
}

/// What was emitted at one topic says all that the other topic still says.
fn renew(standing: &mut Option<InForce>, read: fn(&str) -> Option<Triggers>, report: &AlarmReport) {
    let is_same = |standing: &InForce| {
        report.emitted.is_some()
            && read(&standing.value).is_some_and(|triggers| report.triggers().cover(&triggers))
    };
    if let Some(standing) = standing.as_mut().filter(|standing| is_same(standing)) {
        standing.since = report.received_at;
    }
}

/// A report with a trigger: what sets off an alarm, or repeats what did.
#[derive(Debug)]
struct Trigger {
    index: usize,
    at: Timestamp,
    form: Form,
    triggers: Triggers,
    /// How many zeros lie before it: between two with the same number there is none.
    zeros: usize,
    /// The first report of its topic from which on that topic had this value: between two with the same one nothing
    /// changed.
    run: usize,
    /// Whether nothing of its topic, and no zero, lies before it.
    is_first: bool,
}

/// An alarm that was emitted.
#[derive(Debug)]
struct Alarm {
    name: String,
    /// When its first report was received, emitted or not.
    began: Timestamp,
    /// Whether nothing of it is known but what was recognized.
    is_only_objects: bool,
}

/// The reports with a trigger, in their order.
fn triggers(reports: &[AlarmReport]) -> Vec<Trigger> {
    let mut zeros = 0;
    let mut found: Vec<Trigger> = Vec::new();
    for (index, report) in reports.iter().enumerate() {
        if report.form == Form::Objects {
            continue;
        }
        let triggers = report.triggers();
        if triggers.is_empty() {
            zeros += 1;
            continue;
        }
        let before = found.iter().rfind(|before| before.form == report.form);
        let unchanged = before.filter(|before| {
            before.zeros == zeros
                && reports.get(before.index).is_some_and(|before| before.value == report.value)
        });
        let (run, is_first) = match unchanged {
            Some(before) => (before.run, before.is_first),
            None => (index, before.is_none() && zeros == 0),
        };
        found.push(Trigger {
            index,
            at: report.received_at,
            form: report.form,
            triggers,
            zeros,
            run,
            is_first,
        });
    }
    found
}

/// Whether two reports can be of one alarm as far as time goes.
fn are_joined(one: &Trigger, other: &Trigger) -> bool {
    one.zeros == other.zeros && one.at.duration_since(other.at).unsigned_abs() <= JOINED
}

impl History {
    /// Adds a report about an alarm; what is to be emitted because of it.
    ///
    /// The same message, delivered again, emits the same again.
    #[must_use]
    pub fn observe(&mut self, report: AlarmReport, camera: &str) -> Vec<AlarmNews> {
        let newest = self.reports.last().map(|last| last.received_at);
        let is_out_of_reach = newest.is_some_and(|newest| is_kept_no_more(report.received_at, newest))
            || self.forgotten.is_some_and(|forgotten| report.received_at < forgotten);
        if is_out_of_reach {
            return alone(report, camera);
        }
        let message = report.message.clone();
        let is_known = |known: &AlarmReport| known.message == report.message && known.topic == report.topic;
        if !self.reports.iter().any(is_known) {
            // After those of the same millisecond: they were delivered before.
            let position = self.reports.partition_point(|known| known.received_at <= report.received_at);
            self.reports.insert(position, report);
            let triggers = triggers(&self.reports);
            self.emit_alarms(&triggers, camera, &message);
            self.emit_objects(&triggers, camera, &message);
        }
        let news = self.emitted_by(&message);
        self.forget(&message);
        news
    }

    /// Adds a report about the camera's connection; those to be emitted because of it, in the order in which they were
    /// published.
    #[must_use]
    pub fn observe_connection(&mut self, report: ConnectionReport) -> Vec<ConnectionReport> {
        self.connections.observe(report)
    }

    /// Forgets what is too old or too much, but nothing that this message emitted: it may be delivered again.
    fn forget(&mut self, message: &str) {
        let Some(newest) = self.reports.last().map(|last| last.received_at) else { return };
        let too_old = self.reports.partition_point(|report| is_kept_no_more(report.received_at, newest));
        let surplus = too_old.max(self.reports.len().saturating_sub(CAPACITY));
        let emitted = self.reports.iter().position(|report| report.is_emitted_by(message));
        let surplus = emitted.map_or(surplus, |emitted| surplus.min(emitted));
        for report in self.reports.drain(..surplus) {
            self.forgotten = Some(report.received_at);
            self.standing.take(&report);
        }
    }

    /// Marks as emitted by this message each report with a trigger that nothing covers.
    fn emit_alarms(&mut self, triggers: &[Trigger], camera: &str, message: &str) {
        for trigger in triggers {
            let Some(report) = self.reports.get(trigger.index) else { continue };
            if report.emitted.is_some() || self.is_covered(trigger, triggers) {
                continue;
            }
            // What covered it may be forgotten. It was decided when it was delivered.
            let is_decided = self.forgotten.is_some_and(|forgotten| is_joined(report.received_at, forgotten));
            if is_decided && report.message != message {
                continue;
            }
            let alarm = self
                .joined_alarm(trigger, triggers)
                .or_else(|| self.name_of(trigger, triggers))
                .unwrap_or_else(|| name(camera, trigger.at));
            self.mark(trigger.index, alarm, Some(message));
        }
    }

    /// Whether what was emitted covers this report: the report that it repeats unchanged, or those of its alarm.
    fn is_covered(&self, trigger: &Trigger, triggers: &[Trigger]) -> bool {
        let is_emitted = |other: &Trigger| self.alarm_of(other).is_some();
        let is_said = |other: &Trigger| {
            let mut alarms = self.joined(other, triggers).filter_map(|emitted| self.alarm_of(emitted));
            alarms.any(|alarm| self.triggers_of(alarm, triggers).cover(&other.triggers))
        };
        let is_repeated = |other: &&Trigger| {
            other.form == trigger.form && other.run == trigger.run && is_unchanged(trigger.at, other.at)
        };
        let stood_before = || {
            let report = self.reports.get(trigger.index);
            trigger.is_first && report.is_some_and(|report| self.standing.covers(report))
        };
        triggers.iter().filter(is_repeated).any(|other| is_emitted(other) || is_said(other))
            || is_said(trigger)
            || stood_before()
    }

    /// The name of the alarm as which a report was emitted.
    fn alarm_of(&self, trigger: &Trigger) -> Option<&str> {
        self.reports.get(trigger.index).and_then(AlarmReport::alarm)
    }

    /// The emitted reports of the same alarm as this one.
    fn joined<'a>(&self, trigger: &Trigger, triggers: &'a [Trigger]) -> impl Iterator<Item = &'a Trigger> {
        let is_joined =
            |other: &&Trigger| self.alarm_of(other).is_some() && self.joins(other, trigger, triggers);
        triggers.iter().filter(is_joined)
    }

    /// The name of the alarm of the emitted report that is nearest to this one and of the same alarm.
    fn joined_alarm(&self, trigger: &Trigger, triggers: &[Trigger]) -> Option<String> {
        let distance = |other: &&Trigger| trigger.at.duration_since(other.at).unsigned_abs();
        let nearest = self.joined(trigger, triggers).min_by_key(distance)?;
        self.alarm_of(nearest).map(str::to_owned)
    }

    /// What was emitted as having set off an alarm.
    fn triggers_of(&self, alarm: &str, triggers: &[Trigger]) -> Triggers {
        let of_alarm = triggers.iter().filter(|trigger| self.alarm_of(trigger) == Some(alarm));
        Triggers::union(of_alarm.map(|trigger| trigger.triggers.clone()))
    }

    /// Whether an emitted report and another one are of one alarm.
    fn joins(&self, emitted: &Trigger, trigger: &Trigger, triggers: &[Trigger]) -> bool {
        if !are_joined(emitted, trigger) {
            return false;
        }
        let value = |trigger: &Trigger| self.reports.get(trigger.index).map(|report| report.value.as_str());
        if emitted.form == trigger.form {
            return value(emitted) == value(trigger);
        }
        let belongs = |other: &&Trigger| {
            other.form == trigger.form
                && are_joined(emitted, other)
                && emitted.triggers.overlaps(&other.triggers)
        };
        let distance = |other: &&Trigger| emitted.at.duration_since(other.at).unsigned_abs();
        let nearest = triggers.iter().filter(belongs).min_by_key(distance);
        emitted.triggers.overlaps(&trigger.triggers) && nearest.map(value) == Some(value(trigger))
    }

    /// The name of an alarm of which only what was recognized has been emitted, and which this report set off.
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

    /// Marks as emitted what was recognized and is new in its alarm.
    fn emit_objects(&mut self, triggers: &[Trigger], camera: &str, message: &str) {
        let mut alarms = self.alarms(triggers);
        for index in 0..self.reports.len() {
            let Some(report) = self.reports.get(index) else { continue };
            if report.emitted.is_some() || report.objects().is_none() {
                continue;
            }
            let is_decided =
                self.forgotten.is_some_and(|forgotten| is_recognized(report.received_at, forgotten));
            if is_decided && report.message != message {
                continue;
            }
            let Some(alarm) = began_last(&alarms, report.received_at) else {
                if !self.is_unchanged_object(index) {
                    let alarm = name(camera, report.received_at);
                    self.mark(index, alarm, Some(message));
                    alarms = self.alarms(triggers);
                }
                continue;
            };
            let is_said = |other: &AlarmReport| {
                other.form == Form::Objects
                    && other.emitted.is_some()
                    && other.value == report.value
                    && began_last(&alarms, other.received_at)
                        .is_some_and(|of_other| of_other.name == alarm.name)
            };
            if self.reports.iter().any(is_said) {
                continue;
            }
            // What the event of the alarm says already needs none of its own.
            let is_emitted_now = |other: &AlarmReport| {
                other.form != Form::Objects
                    && other.is_emitted_by(message)
                    && other.alarm() == Some(alarm.name.as_str())
            };
            let by = (!self.reports.iter().any(is_emitted_now)).then_some(message);
            let alarm = alarm.name.clone();
            self.mark(index, alarm, by);
        }
    }

    /// Whether what was recognized outside of any alarm is what its topic said before, with neither a 0 nor a new alarm
    /// between.
    fn is_unchanged_object(&self, index: usize) -> bool {
        let Some((report, before)) = self.reports.get(..=index).and_then(<[AlarmReport]>::split_last) else {
            return false;
        };
        let mut standing = self.standing.clone();
        before.iter().for_each(|report| standing.take(report));
        standing.covers(report)
    }

    /// The alarms that were emitted, in the order of their beginning.
    fn alarms(&self, triggers: &[Trigger]) -> Vec<Alarm> {
        let mut alarms: Vec<Alarm> = Vec::new();
        for (index, report) in self.reports.iter().enumerate() {
            let Some(name) = report.alarm() else { continue };
            let trigger = triggers.iter().find(|trigger| trigger.index == index);
            let joined = |emitted| triggers.iter().filter(move |other| self.joins(emitted, other, triggers));
            let first = trigger.into_iter().flat_map(joined).map(|other| other.at).min();
            let began = first.map_or(report.received_at, |first| first.min(report.received_at));
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

    fn mark(&mut self, index: usize, alarm: String, by: Option<&str>) {
        if let Some(report) = self.reports.get_mut(index) {
            report.emitted = Some(Emitted { alarm, by: by.map(str::to_owned) });
        }
    }

    /// What this message emitted, now or at an earlier delivery.
    fn emitted_by(&self, message: &str) -> Vec<AlarmNews> {
        let emitted = self.reports.iter().enumerate().filter(|(_, report)| report.is_emitted_by(message));
        emitted
            .filter_map(|(index, report)| {
                let alarm = report.alarm()?;
                let of_alarm =
                    || self.reports.iter().enumerate().filter(|(_, other)| other.alarm() == Some(alarm));
                let with_trigger = of_alarm().filter(|(_, other)| other.form != Form::Objects);
                // What was received later may have been emitted since: a second delivery says what the first one did.
                let known = with_trigger.enumerate().filter(|(rank, (at, _))| *rank == 0 || *at <= index);
                let triggers = Triggers::union(known.map(|(_, (_, other))| other.triggers()));
                let objects = match report.objects() {
                    Some(objects) => vec![objects],
                    None => of_alarm().filter_map(|(_, other)| other.objects()).collect(),
                };
                Some(AlarmNews { report: report.clone(), alarm: alarm.to_owned(), triggers, objects })
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

fn is_unchanged(later: Timestamp, earlier: Timestamp) -> bool {
    later.duration_since(earlier) <= duration(UNCHANGED)
}

fn is_kept_no_more(at: Timestamp, newest: Timestamp) -> bool {
    newest.duration_since(at) > duration(KEPT)
}

/// A report that is delivered so late that all it may belong to is forgotten: an alarm by itself.
fn alone(report: AlarmReport, camera: &str) -> Vec<AlarmNews> {
    let (triggers, objects) = (report.triggers(), report.objects());
    if triggers.is_empty() && objects.is_none() {
        return Vec::new();
    }
    let alarm = name(camera, report.received_at);
    vec![AlarmNews { report, alarm, triggers, objects: objects.into_iter().collect() }]
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

    fn report((at, form, value): Given, number: usize) -> AlarmReport {
        let received_at = Timestamp::from_millisecond(1_800_000_000_000 + at).unwrap();
        let (topic, id) = (format!("cameras/115/{form:?}"), format!("d{number}"));
        let message = MqttMessage { topic: &topic, payload: b"", received_at, id: &id };
        AlarmReport::new(form, value.to_owned(), &message)
    }

    /// What is emitted when messages are delivered in this order: the time and form of each, and the alarm's name.
    fn emitted(messages: &[(usize, Given)]) -> Vec<(i64, Form, String)> {
        let mut history = History::default();
        let news =
            messages.iter().flat_map(|(number, given)| history.observe(report(*given, *number), "115"));
        news.map(|one| {
            let at = one.report.received_at.as_millisecond() - 1_800_000_000_000;
            (at, one.report.form, one.alarm)
        })
        .collect()
    }

    fn in_order(messages: &[Given]) -> Vec<(i64, Form)> {
        let numbered: Vec<(usize, Given)> = messages.iter().copied().enumerate().collect();
        emitted(&numbered).into_iter().map(|(at, form, _)| (at, form)).collect()
    }

    use Form::{Code, Mask, Objects as Object};

    #[test]
    fn one_alarm_of_a_newer_camera_is_emitted_once_and_its_object_once() {
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
        let alarms: Vec<String> = emitted(&numbered).into_iter().map(|(_, _, alarm)| alarm).collect();
        assert_eq!(alarms[0], alarms[1], "both have the same key");
    }

    #[test]
    fn a_repetition_is_no_alarm_unless_a_zero_lies_between() {
        assert_eq!(in_order(&[(0, Code, "1"), (4999, Code, "1")]), [(0, Code)]);
        assert_eq!(in_order(&[(0, Code, "1"), (5001, Code, "1")]), [(0, Code)]);
        assert_eq!(in_order(&[(0, Code, "1"), (10, Code, "0"), (20, Code, "1")]), [(0, Code), (20, Code)]);
    }

    #[test]
    fn a_message_that_is_published_again_unchanged_is_the_same_alarm_whatever_lies_between() {
        let minute = 60_000;
        let alarm = [(0, Code, "7"), (20, Mask, "17"), (900, Object, "1")];
        let again = |at: i64| [(at, Code, "7"), (at + 1, Mask, "17"), (at + 2, Object, "1")];
        let messages: Vec<Given> = [alarm, again(8000), again(minute), again(30 * minute)].concat();
        assert_eq!(in_order(&messages), [(0, Code), (900, Object)]);
        let other_order = [(8000, Object, "1"), (8001, Mask, "17"), (8002, Code, "7")];
        assert_eq!(in_order(&[&alarm[..], &other_order[..]].concat()), [(0, Code), (900, Object)]);
        let changed = [(0, Code, "1"), (minute, Code, "2"), (2 * minute, Code, "1")];
        assert_eq!(in_order(&changed), changed.map(|(at, form, _)| (at, form)));
    }

    #[test]
    fn an_alarm_after_a_zero_that_was_forgotten_long_ago_is_one() {
        let minute = 60_000;
        let messages = [
            (0, Code, "1"),
            (900, Object, "1"),
            (5000, Code, "0"),
            (10 * minute, Code, "1"),
            (10 * minute + 900, Object, "1"),
        ];
        let expected = [(0, Code), (900, Object), (10 * minute, Code), (10 * minute + 900, Object)];
        assert_eq!(in_order(&messages), expected);
    }

    #[test]
    fn another_value_is_another_alarm() {
        assert_eq!(in_order(&[(0, Mask, "1"), (100, Mask, "17")]), [(0, Mask), (100, Mask)]);
        assert_eq!(in_order(&[(0, Code, "1"), (100, Mask, "2")]), [(0, Code), (100, Mask)]);
        let interleaved = [(0, Code, "1"), (5, Mask, "1"), (100, Code, "2"), (105, Mask, "2")];
        assert_eq!(in_order(&interleaved), [(0, Code), (100, Code)]);
    }

    /// The names of triggers and of the alarm of each event, in the order in which they are emitted.
    fn named(messages: &[(usize, Given)]) -> Vec<(Vec<String>, String)> {
        let mut history = History::default();
        let news =
            messages.iter().flat_map(|(number, given)| history.observe(report(*given, *number), "115"));
        news.map(|one| (one.triggers.as_slice().iter().map(|trigger| trigger.name()).collect(), one.alarm))
            .collect()
    }

    #[test]
    fn a_trigger_that_only_the_other_topic_has_is_emitted_with_the_key_of_its_alarm() {
        let zeros = [(2, (5000, Code, "0")), (3, (5001, Mask, "0"))];
        for (code, mask, first, both) in [
            ("1", "3", "area 1", "area 1, area 2"),
            ("1", "33", "area 1", "area 1, input"),
            ("1", "129", "area 1", "area 1, manual"),
            ("5", "32", "pir or input", "input"),
            ("7", "2065", "area 1, pir", "area 1, area 8, pir"),
        ] {
            let (code, mask) = ((0, (0, Code, code)), (1, (5, Mask, mask)));
            let [earlier, later]: [_; 2] = named(&[&[code, mask][..], &zeros].concat()).try_into().unwrap();
            assert_eq!((earlier.0.join(", "), later.0.join(", ")), (first.to_owned(), both.to_owned()));
            assert_eq!(earlier.1, later.1, "both have the same key");
            let [alone]: [_; 1] = named(&[&[mask, code][..], &zeros].concat()).try_into().unwrap();
            assert_eq!(alone.0.join(", "), both, "the mask says all that the code does");
        }
    }

    #[test]
    fn what_another_topic_adds_is_emitted_once_and_the_same_at_each_delivery() {
        let mut history = History::default();
        let first = history.observe(report((0, Code, "1"), 0), "115");
        let added = history.observe(report((5, Mask, "3"), 1), "115");
        assert_eq!((first.len(), added.len()), (1, 1));
        assert_eq!(history.observe(report((0, Code, "1"), 0), "115"), first);
        assert_eq!(history.observe(report((5, Mask, "3"), 1), "115"), added);
        for (number, given) in [(2, (3000, Code, "1")), (3, (3005, Mask, "3")), (4, (60_000, Mask, "3"))] {
            assert_eq!(history.observe(report(given, number), "115"), [], "published again unchanged");
        }
    }

    #[test]
    fn a_camera_that_never_returns_to_zero_is_not_silenced() {
        let minutes = |number: i64| number * 60_000;
        let messages: Vec<Given> = (0..10).map(|index| (minutes(index * 20), Code, "1")).collect();
        let expected = [0, 80, 160].map(|at| (minutes(at), Code));
        assert_eq!(in_order(&messages), expected);
        let objects: Vec<Given> = (0..10).map(|index| (minutes(index * 20), Object, "1")).collect();
        assert_eq!(in_order(&objects), expected.map(|(at, _)| (at, Object)));
    }

    #[test]
    fn what_was_remembered_by_an_older_version_is_read() {
        let stored = r#"{"heard":[{"at":"2027-01-15T08:00:00Z","form":"code","value":"1","topic":"t","delivery":"d",
            "told":{"alarm":"115-1","by":"d"}}],"connections":[{"at":"2027-01-15T08:00:00Z","connection":"online",
            "word":"alive","topic":"t","delivery":"e","told":{"by":"e"}}]}"#;
        let mut history: History = serde_json::from_str(stored).unwrap();
        let again = AlarmReport { message: "f".to_owned(), emitted: None, ..history.reports[0].clone() };
        assert_eq!(history.observe(again, "115"), []);
    }

    #[test]
    fn an_object_that_comes_first_has_the_key_of_its_alarm() {
        let news = emitted(&[(0, (0, Object, "2")), (1, (30, Code, "1"))]);
        assert_eq!(
            news.iter().map(|(at, form, _)| (*at, *form)).collect::<Vec<_>>(),
            [(0, Object), (30, Code)]
        );
        assert_eq!(news[0].2, news[1].2);
    }

    #[test]
    fn each_object_is_emitted_once() {
        let messages = [(0, Code, "1"), (50, Object, "1"), (60, Object, "1"), (70, Object, "3")];
        assert_eq!(in_order(&messages), [(0, Code), (50, Object), (70, Object)]);
        assert_eq!(in_order(&[(0, Code, "1"), (10_001, Object, "1")]), [(0, Code), (10_001, Object)]);
    }

    #[test]
    fn a_late_zero_emits_what_looked_like_a_repetition() {
        let news = emitted(&[(0, (0, Code, "1")), (2, (20, Code, "1")), (1, (10, Code, "0"))]);
        assert_eq!(news.iter().map(|(at, ..)| *at).collect::<Vec<_>>(), [0, 20]);
    }

    #[test]
    fn an_alarm_every_few_seconds_is_emitted_once_each() {
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
    fn what_comes_too_late_for_a_busy_camera_is_emitted_all_the_same() {
        let mut numbered: Vec<(usize, Given)> =
            (0..2 * CAPACITY).map(|number| (number, (number as i64 * 100, Object, "0"))).collect();
        numbered.push((numbered.len(), (50, Code, "1")));
        assert_eq!(emitted(&numbered), [(50, Code, "115-1800000000050".to_owned())]);
    }

    #[test]
    fn a_late_zero_doubles_nothing_that_was_emitted_before_its_alarm_was_known() {
        // The second alarm's code is delivered first and then stands for the first alarm's too; its mask is too far from
        // the first alarm to belong to it.
        let first = [(0, (0, Code, "1")), (2, (1000, Code, "0"))];
        let second = [(3, (5000, Code, "1")), (4, (5007, Mask, "1"))];
        let news = emitted(&[second[0], first[0], second[1], first[1]]);
        assert_eq!(news.iter().map(|(at, ..)| *at).collect::<Vec<_>>(), [5000, 0]);
    }

    #[test]
    fn what_was_recognized_before_its_alarm_is_delivered_keeps_the_name_for_it() {
        let news = emitted(&[(1, (500, Object, "2")), (0, (0, Code, "1")), (2, (600, Object, "1"))]);
        assert_eq!(news.iter().map(|(at, ..)| *at).collect::<Vec<_>>(), [500, 0, 600]);
        assert!(news.iter().all(|(.., alarm)| *alarm == news[0].2), "{news:?}");
    }

    #[test]
    fn a_message_that_is_delivered_again_emits_the_same_again_and_no_more() {
        let mut history = History::default();
        let first = history.observe(report((0, Code, "1"), 0), "115");
        assert_eq!(history.observe(report((10, Mask, "1"), 1), "115"), []);
        assert_eq!(history.observe(report((0, Code, "1"), 0), "115"), first);
        assert_eq!(history.observe(report((10, Mask, "1"), 1), "115"), []);
    }

    #[test]
    fn an_alarm_that_the_other_topic_emitted_is_not_emitted_again_when_its_report_is_forgotten() {
        // A camera that never returns to 0, and the first report of its mask.
        let step = 9 * 60_000 + 100;
        let mut messages: Vec<Given> = (0..7).map(|number| (number * step, Code, "7")).collect();
        messages.push((6 * step + 100, Mask, "17"));
        messages.extend((7..10).map(|number| (number * step, Code, "7")));
        assert_eq!(in_order(&messages), [(0, Code), (6 * step + 100, Mask)]);
    }

    #[test]
    fn what_is_older_than_all_that_is_known_is_an_alarm_by_itself() {
        let numbered = [(0, (1_000_000, Code, "1")), (1, (0, Code, "1")), (2, (5, Code, "0"))];
        let news = emitted(&numbered);
        assert_eq!(news.iter().map(|(at, ..)| *at).collect::<Vec<_>>(), [1_000_000, 0]);
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
        /// emitted by exactly one of its messages, and nothing by two messages. Each object is emitted, or the same was
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
            // What was emitted, and the message that emitted it.
            let mut emitted: BTreeMap<String, (Form, usize)> = BTreeMap::new();
            for (position, (number, given)) in mixed.iter().enumerate() {
                let earlier = again.iter().filter(|(after, which)| *after == position && *which < position);
                let repeated = earlier.filter_map(|(_, which)| mixed.get(*which)).copied();
                for (number, given) in std::iter::once((*number, *given)).chain(repeated) {
                    for AlarmNews { report, .. } in history.observe(report(given, number), "115") {
                        let (_, by) = *emitted.entry(report.message).or_insert((report.form, number));
                        prop_assert_eq!(by, number, "emitted by two messages: {:?}", mixed);
                    }
                }
            }
            let emitted_alarms = emitted.values().filter(|(form, _)| *form != Object).count();
            prop_assert_eq!(emitted_alarms, alarms.len(), "{:?} left {:?}", mixed, history);
            let recognized = || history.reports.iter().filter(|report| report.objects().is_some());
            for object in recognized() {
                let is_said = |other: &AlarmReport| {
                    let apart = object.received_at.duration_since(other.received_at).unsigned_abs();
                    other.emitted.is_some() && other.value == object.value && apart <= RECOGNIZED
                };
                prop_assert!(recognized().any(is_said), "{:?} of {:?} is not emitted: {:?}", object, mixed, history);
            }
        }

        /// Whatever its messages say and in whichever order they are delivered, no trigger of an alarm is lost, all its
        /// events have one key, and the events are at most as many as its messages.
        #[test]
        fn no_order_of_delivery_loses_a_trigger(
            code in prop::sample::select(vec!["1", "2", "5", "7", "8"]),
            mask in 1_u8..64,
            object in prop::sample::select(vec!["0", "1"]),
            order in Just([0_usize, 1, 2, 3, 4]).prop_shuffle(),
        ) {
            let mask = mask.to_string();
            let messages: [(i64, Form, &str); 5] =
                [(0, Code, code), (7, Mask, &mask), (300, Object, object), (5000, Code, "0"), (5007, Mask, "0")];
            let mut history = History::default();
            let mut news: Vec<AlarmNews> = Vec::new();
            for number in order {
                let (at, form, value) = messages[number];
                let received_at = Timestamp::from_millisecond(1_800_000_000_000 + at).unwrap();
                let (topic, id) = (format!("{form:?}"), number.to_string());
                let message = MqttMessage { topic: &topic, payload: b"", received_at, id: &id };
                news.extend(history.observe(AlarmReport::new(form, value.to_owned(), &message), "115"));
            }
            let (of_code, of_mask) = (Triggers::of_code(code).unwrap(), Triggers::of_mask(&mask).unwrap());
            let of_triggers: Vec<&AlarmNews> = news.iter().filter(|one| one.report.form != Object).collect();
            let said = Triggers::union(of_triggers.iter().map(|one| one.triggers.clone()));
            prop_assert!(said.cover(&of_code) && said.cover(&of_mask), "{:?}", news);
            prop_assert!(of_triggers.len() <= 2, "{:?}", news);
            if of_code.overlaps(&of_mask) {
                prop_assert!(news.iter().all(|one| one.alarm == news[0].alarm), "{:?}", news);
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
            let emitted = emitted(&mixed).into_iter().filter(|(_, form, _)| *form != Object).count();
            prop_assert_eq!(emitted, alarms.len(), "{:?}", mixed);
        }

        /// A message that is delivered again at once emits the same again, however long the camera was silent before.
        #[test]
        fn a_message_emits_the_same_at_its_second_delivery(
            given in prop::collection::vec(
                (
                    prop::sample::select(vec![100_i64, 4_000, 9_000, 60_000, 540_000, 3_700_000]),
                    prop::sample::select(vec![
                        (Code, "7"), (Code, "7"), (Code, "1"), (Code, "0"), (Mask, "17"), (Mask, "1"), (Mask, "0"),
                        (Object, "1"), (Object, "2"), (Object, "0"),
                    ]),
                ),
                0..100,
            ),
        ) {
            let mut history = History::default();
            let mut at = 0;
            for (number, (gap, (form, value))) in given.into_iter().enumerate() {
                at += gap;
                let message = report((at, form, value), number);
                let first = history.observe(message.clone(), "115");
                prop_assert_eq!(history.observe(message, "115"), first);
            }
        }

        /// No message makes it panic or grow.
        #[test]
        fn any_messages(
            given in prop::collection::vec((0_i64..200_000, 0..3_usize, 0_u32..40, 0..50_usize), 0..120),
        ) {
            let mut history = History::default();
            for (at, form, value, delivery) in given {
                let form = [Code, Mask, Object][form];
                let at = Timestamp::from_millisecond(1_800_000_000_000 + at).unwrap();
                let id = delivery.to_string();
                let message = MqttMessage { topic: "t", payload: b"", received_at: at, id: &id };
                let report = AlarmReport::new(form, value.to_string(), &message);
                let _ = history.observe(report, "115");
                // One more while what the last message emitted is the oldest.
                prop_assert!(history.reports.len() <= CAPACITY + 1);
            }
        }
    }
}
