//! `system_alarm`: the device itself.

use camhook_event::{Kind, Report, Text, VendorData};
use camhook_json::{Json, Object};

use super::EVENTS_LIMIT;
use super::member::{Flag, folded, is_container, objects, says_well, text, vendor_data, word};
use super::unknown::{Surroundings, Unknowns, Weight};
use crate::message::{Alarm, Scope, WordPlace};
use crate::vocabulary::{exact_meaning, meaning};

/// Reads the entry of a device, sent with a time: one alarm for each of its parts that is not well.
pub(super) fn read_system(
    entry: Object<'_>,
    time: Option<&Text>,
    alarms: &mut Vec<Alarm>,
    unknowns: &mut Unknowns,
) {
    let mut device_name = None;
    let mut failed: Vec<(Text, VendorData)> = Vec::new();
    let surroundings = Surroundings { time: time.cloned(), ..Surroundings::default() };
    for (name, value) in entry {
        if folded(&name) == "device_name" {
            device_name = text(&value).or(device_name);
            continue;
        }
        let is_part = is_container(&value) || Flag::of(&value) == Flag::On;
        let Some(word) = word(&name).filter(|_| is_part) else {
            // Of a known part it is unknown whether it is well.
            let is_unreadable = exact_meaning(name.trim()).is_some() && Flag::of(&value) == Flag::Unreadable;
            if is_unreadable {
                unknowns.add_unreadable((name, value), &surroundings);
            } else {
                unknowns.add_alone((name, value), Weight::Nothing, &surroundings);
            }
            continue;
        };
        if failed.len() > EVENTS_LIMIT {
            continue;
        }
        if Flag::of(&value) == Flag::On && !matches!(value, Json::List(_)) {
            failed.push((word, vendor_data(&Object::from_iter([(name, value)]))));
            continue;
        }
        let (parts, others) = objects(value);
        for part in parts {
            if !is_well(&name, &part) {
                failed.push((word.clone(), vendor_data(&part)));
            }
        }
        for other in others {
            unknowns.note_lost(&name, Weight::of(&other));
        }
    }
    for (word, data) in failed {
        if alarms.len() > EVENTS_LIMIT {
            return;
        }
        let meaning = meaning(word.as_str());
        alarms.push(Alarm {
            kind: meaning.map_or(Kind::System, |meaning| meaning.kind),
            word,
            word_place: WordPlace::Name,
            meaning,
            state: None,
            report: Report::Detection,
            scope: Scope::Device(device_name.clone()),
            time: time.cloned(),
            picture: None,
            counts: None,
            data,
            unknown: VendorData::default(),
        });
    }
}

/// Whether a part says that it is well: by `hdd_alarm_type` of `hdd`, or by `alarm_val`.
fn is_well(name: &str, part: &Object<'_>) -> bool {
    if part.is_empty() {
        return true;
    }
    let status_name = format!("{}_alarm_type", name.trim());
    let mut statuses = part.get_all(&status_name).filter_map(Json::to_text).peekable();
    if statuses.peek().is_some() {
        return statuses.all(|status| says_well(status.as_str()));
    }
    Flag::of_all(part.get_all("alarm_val")) == Some(Flag::Off)
}
