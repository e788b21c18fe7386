//! Counters of a line that persons or vehicles cross.

use camhook_event::{Counts, Kind, Report, Tally, Text};
use camhook_json::{Json, Object};

use super::EVENTS_LIMIT;
use super::member::{Channels, folded, objects, objects_in, text, vendor_data};
use super::unknown::{Surroundings, Unknowns, Weight};
use crate::message::{Alarm, Scope, WordPlace};
use crate::vocabulary::meaning;

/// The counters of an object, or the sums of those of a list, by the names of those who entered and who left. What is
/// counted is not sent.
pub(super) fn counts(value: &Json<'_>, entered: &str, left: &str) -> Option<Counts> {
    let objects = objects_in(value);
    let number = |name: &str| {
        let numbers = objects.iter().filter_map(|object| object.get(name)?.to_integer());
        numbers.filter_map(|number| u64::try_from(number).ok()).reduce(u64::saturating_add)
    };
    let total = Tally { enter: number(entered), leave: number(left), inside: None };
    Counts { total, ..Counts::default() }.known()
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
        let sums = Json::Object(rest);
        let counts = counts(&sums, "cc_in_sum_num", "cc_out_sun_num")
            .or_else(|| counts(&sums, "cc_in_sum_num", "cc_out_sum_num"));
        let Json::Object(rest) = sums else { return };
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
