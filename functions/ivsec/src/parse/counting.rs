//! Counters of a line that persons or vehicles cross.

use camhook_event::{Counts, Kind, Report, Tally, Text};
use camhook_json::{Json, Object};

use super::EVENTS_LIMIT;
use super::member::{Channels, Member, folded, objects, objects_in, text, vendor_data};
use super::unknown::{Surroundings, Unknowns, Weight};
use crate::message::{Alarm, Scope, WordPlace};
use crate::vocabulary::meaning;

/// What a counter of those who entered is called, and one of those who left: beside an alarm, and as a sum of
/// `ccCount`, with its misspelling.
const BESIDE_ALARMS: Names = (&["cc_in_num"], &["cc_out_num"]);
const SUMS: Names = (&["cc_in_sum_num"], &["cc_out_sun_num", "cc_out_sum_num"]);

type Names = (&'static [&'static str], &'static [&'static str]);

/// The counters of these objects together. What is counted is not sent.
fn counts(objects: &[&Object<'_>], (entered, left): Names) -> Option<Counts> {
    let of =
        |object: &Object<'_>, names: &[&str]| names.iter().find_map(|name| object.get(name)?.to_integer());
    let number = |names: &[&str]| {
        let numbers = objects.iter().filter_map(|object| of(object, names));
        numbers.filter_map(|number| u64::try_from(number).ok()).reduce(u64::saturating_add)
    };
    let total = Tally { enter: number(entered), leave: number(left), inside: None };
    Counts { total, ..Counts::default() }.known()
}

/// Counters that stand beside an alarm, or within it: of the line that was crossed.
#[derive(Debug, Default)]
pub(super) struct Counters<'a>(Object<'a>);

impl<'a> Counters<'a> {
    /// Takes a member. What is left of it: the member itself when it is none of these.
    pub(super) fn read_member(&mut self, (name, value): Member<'a>) -> Option<Member<'a>> {
        match folded(&name).as_ref() {
            "cc_alarm_num" | "cc_alrm_num" | "cc_in_num" | "cc_out_num" | "cc_total_num" => {
                self.0.push(name, value);
                None
            }
            _ => Some((name, value)),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The counters: those of the last `cc_alarm_num`, which is repeated with each repetition of its alarm, else those
    /// that stand by themselves.
    pub(super) fn counts(&self) -> Option<Counts> {
        let held = self.0.iter().filter_map(|(_, value)| counts(&objects_in(value), BESIDE_ALARMS));
        held.last().or_else(|| counts(&[&self.0], BESIDE_ALARMS))
    }

    /// The members, as they were sent.
    pub(super) fn into_members(self) -> Object<'a> {
        self.0
    }
}

/// Reads `ccCount`: the sums of each channel, as statistics.
pub(super) fn read_statistics(
    value: Json<'_>,
    around: &Surroundings,
    alarms: &mut Vec<Alarm>,
    unknowns: &mut Unknowns,
) {
    let (entries, others) = objects(value);
    for other in others {
        unknowns.note_lost("ccCount", Weight::of(&other));
    }
    for entry in entries {
        let Some(word) = Text::new("ccCount") else { return };
        if entry.is_empty() || alarms.len() > EVENTS_LIMIT {
            continue;
        }
        let mut channels = Channels::default();
        let mut own_time = None;
        let mut rest = Object::default();
        for (name, value) in entry {
            let folded = folded(&name).into_owned();
            let Some(value) = channels.read_member(&folded, value) else { continue };
            match folded.as_str() {
                "time" if text(&value).is_some() => own_time = text(&value),
                _ => rest.push(name, value),
            }
        }
        let Surroundings { channel, time } = around.of_entry(&channels, own_time, &rest);
        let counts = counts(&[&rest], SUMS);
        alarms.push(Alarm {
            word,
            word_place: WordPlace::Name,
            kind: Kind::Counting,
            meaning: meaning("cc"),
            state: None,
            report: Report::Status,
            scope: Scope::Channel(channel),
            time,
            picture: None,
            counts,
            data: vendor_data(&rest),
            unknown: Default::default(),
        });
    }
}
