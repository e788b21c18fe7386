//! Counters of a line that persons or vehicles cross.

use camhook_event::{Counts, Kind, Report, Tally, Text};
use camhook_json::{Json, Object};

use super::EVENTS_LIMIT;
use super::member::{channel, folded, objects, text, vendor_data};
use super::unknown::{Unknowns, Weight};
use crate::message::{Alarm, Channel, Scope, WordPlace};
use crate::vocabulary::meaning;

/// The counters of an object, by the names of those who entered and who left. What is counted is not sent.
pub(super) fn counts(value: &Json<'_>, entered: &str, left: &str) -> Option<Counts> {
    let Json::Object(object) = value else { return None };
    let number =
        |name| object.get(name).and_then(Json::to_integer).and_then(|number| u64::try_from(number).ok());
    let total = Tally { enter: number(entered), leave: number(left), inside: None };
    Counts { total, ..Counts::default() }.known()
}

/// Reads `ccCount`: the sums of each channel, as statistics.
pub(super) fn read_statistics(
    value: Json<'_>,
    time: Option<&Text>,
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
        let mut place = Channel::default();
        let mut own_time = None;
        let mut rest = Object::default();
        for (name, value) in entry {
            match folded(&name).as_ref() {
                "channel" | "chnnel" | "strchn" if channel(&value).is_some() => place.id = channel(&value),
                "chn_alias" | "chn_alais" | "channel_name" if text(&value).is_some() => {
                    place.name = text(&value);
                }
                "time" if text(&value).is_some() => own_time = text(&value),
                _ => rest.push(name, value),
            }
        }
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
            scope: Scope::Channel(place),
            time: own_time.or_else(|| time.cloned()),
            picture: None,
            counts,
            data: vendor_data(&rest),
            unknown: Default::default(),
        });
    }
}
