//! No alarm vanishes: when a member of a post has another name or stands one level deeper, the events that do not need it
//! remain, and those that it carried become other events or send the post to the quarantine by name.

#[cfg(test)]
#[expect(dead_code, reason = "other tests ask for the names of fixtures, too")]
mod support;

use std::sync::{Arc, LazyLock};

use camhook_ingest::{Adapter, Draft, Malformed, Parsed, Remainder, Request, Verified};
use camhook_ivsec::Ivsec;
use camhook_site::Source;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// The bodies of all fixtures that become events.
static BODIES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    // A button is an event whatever its body is.
    let cases = support::cases().into_iter().filter(|case| !case.path.contains("/manual/"));
    let bodies: Vec<Value> = cases.map(|case| case.body).filter(is_event).collect();
    assert!(bodies.len() > 80, "only {} fixtures are events", bodies.len());
    bodies
});

#[cfg(test)]
fn is_event(body: &Value) -> bool {
    matches!(Ivsec.parse(&request(body)), Ok(Parsed::Events(_)))
}

#[cfg(test)]
fn request(body: &Value) -> Request<Verified> {
    static SOURCE: LazyLock<Arc<Source>> = LazyLock::new(|| support::source(""));
    support::request(&SOURCE, body, &[])
}

/// What is done to a member.
#[derive(Debug, Clone, Copy)]
enum Change {
    Rename,
    Nest,
    Remove,
}

/// How many members a value holds, at any depth.
#[cfg(test)]
fn members(value: &Value) -> usize {
    match value {
        Value::Object(object) => object.values().map(|value| 1 + members(value)).sum(),
        Value::Array(values) => values.iter().map(members).sum(),
        _ => 0,
    }
}

/// Changes the member with a number, counted in the order of [`members`]; its name.
#[cfg(test)]
fn change(value: &mut Value, number: &mut usize, change_it: Change) -> Option<String> {
    match value {
        Value::Array(values) => values.iter_mut().find_map(|value| change(value, number, change_it)),
        Value::Object(object) => {
            let names: Vec<String> = object.keys().cloned().collect();
            for name in names {
                if *number == 0 {
                    let mut changed = Map::new();
                    for (present, value) in std::mem::take(object) {
                        match (present == name, change_it) {
                            (false, _) => changed.insert(present, value),
                            (true, Change::Rename) => changed.insert(format!("{present}Zq"), value),
                            (true, Change::Nest) => changed.insert(present, json!({ "wrappedZq": value })),
                            (true, Change::Remove) => None,
                        };
                    }
                    *object = changed;
                    return Some(name);
                }
                *number -= 1;
                let found = object.get_mut(&name).and_then(|value| change(value, number, change_it));
                if found.is_some() {
                    return found;
                }
            }
            None
        }
        _ => None,
    }
}

/// The word of a picture without an alarm.
const PICTURE: &str = "alarm_snap_data";

/// What a post becomes.
struct Outcome {
    /// Its events, but for pictures that came without their alarms: they join any alarm that is there.
    alarms: Vec<String>,
    /// How many events there are, with those pictures.
    count: usize,
    /// Why it is in the quarantine.
    quarantined: Option<Malformed>,
}

#[cfg(test)]
fn outcome(body: &Value) -> Outcome {
    let (drafts, quarantined) = match Ivsec.parse(&request(body)) {
        Ok(Parsed::Events(drafts)) => (signatures(&drafts), None),
        Ok(Parsed::Partly { events, remainder: Remainder::Quarantine(malformed) }) => {
            (signatures(&events), Some(malformed))
        }
        Ok(Parsed::Partly { events, remainder: Remainder::Notice(_) }) => (signatures(&events), None),
        Ok(Parsed::Heartbeat | Parsed::Ignored(_)) => ((Vec::new(), 0), None),
        Err(malformed) => ((Vec::new(), 0), Some(malformed)),
    };
    let (alarms, count) = drafts;
    Outcome { alarms, count, quarantined }
}

#[cfg(test)]
fn signatures(drafts: &[Draft<'_>]) -> (Vec<String>, usize) {
    let is_alarm =
        |draft: &&Draft<'_>| draft.vendor_kind.as_ref().is_none_or(|word| word.as_str() != PICTURE);
    (drafts.iter().filter(is_alarm).map(signature).collect(), drafts.len())
}

/// A body without its pictures.
#[cfg(test)]
fn shown(body: &Value) -> String {
    let mut body = body.clone();
    camhook_event::edit_value(&mut body, &|text: &str| (text.len() > 80).then(|| "…".to_owned()));
    body.to_string()
}

/// What an event says, without the levels that stand beside it.
#[cfg(test)]
fn signature(draft: &Draft<'_>) -> String {
    let Draft { camera, kind, vendor_kind, state, plate, face, targets, counts, .. } = draft;
    let (plate, face) = (plate.as_ref().map(|plate| &plate.text), face.as_ref().map(|face| face.matched));
    let classes: Vec<_> = targets.iter().map(|target| target.class).collect();
    format!("{kind} {vendor_kind:?} {state:?} {camera:?} {plate:?} {face:?} {classes:?} {counts:?}")
}

#[cfg(test)]
fn changed(body: &Value, number: usize, change_it: Change) -> Option<(String, Value)> {
    let (mut changed, mut left) = (body.clone(), number);
    change(&mut changed, &mut left, change_it).map(|name| (name, changed))
}

/// The events of the first that are not among those of the second.
#[cfg(test)]
fn missing(events: &[String], among: &[String]) -> Vec<String> {
    let mut among = among.to_vec();
    let mut missing = Vec::new();
    for event in events {
        match among.iter().position(|other| other == event) {
            Some(at) => drop(among.swap_remove(at)),
            None => missing.push(event.clone()),
        }
    }
    missing
}

#[cfg(test)]
fn check(body: &Value, number: usize, change_it: Change) -> Result<(), TestCaseError> {
    let Some((name, changed_body)) = changed(body, number, change_it) else { return Ok(()) };
    let Some((_, without)) = changed(body, number, Change::Remove) else { return Ok(()) };
    let (before, without, after) = (outcome(body).alarms, outcome(&without).alarms, outcome(&changed_body));
    let shown = shown(&changed_body);
    // What is there without the member does not need it, and stays as it is.
    let carried = missing(&before, &without);
    let others = missing(&before, &carried);
    let lost = missing(&others, &after.alarms);
    prop_assert!(lost.is_empty(), "{change_it:?} `{name}`: {lost:?} is gone in {shown}");
    // What it carried is more than nothing.
    let is_in_an_event = without.len() >= before.len() || after.alarms.len() > without.len();
    if is_in_an_event && after.count > 0 {
        return Ok(());
    }
    let Some(malformed) = after.quarantined else {
        return Err(TestCaseError::fail(format!("{change_it:?} `{name}`: {carried:?} vanished in {shown}")));
    };
    let is_named = malformed.detail.contains(&name)
        || malformed.detail.contains("wrappedZq")
        || matches!(malformed.code, "not_an_object");
    prop_assert!(is_named, "{change_it:?} `{name}`: {malformed} names nothing of {shown}");
    Ok(())
}

/// Posts of several forms at once: what is broken in one of them must not cost the others, and must not vanish beside
/// them.
static MIXED: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let picture = "A".repeat(60);
    let plate = json!({ "StrChn": "CH3", "Id": "KX01ABC", "GrpId": 1, "PlateImg": picture });
    let face = json!({ "StrChn": "CH4", "Id": 4, "Name": "Ada", "Similarity": 93, "Image2": picture });
    let person = json!({ "StrChn": "CH5", "SnapId": 7, "Type": 3, "ObjectImage": picture });
    let motion = json!({ "channel": "CH1", "motion_alarm": true });
    let crossing = json!({ "channel": "CH2", "int_alarm": { "alarm_val": true, "int_subtype": "lcd" } });
    let implied = json!({ "channel": "CH6", "int_alarm": { "int_subtype": "pid" } });
    let report = json!({ "channel": "CH7", "motion_report": { "alarm_state": false, "alarm_type": "smd" } });
    let smart = json!({ "channel": "CH8", "motion_smart_alarm": { "MDState": ["pd"] } });
    let call = json!({ "channel": "CH9", "talkback_alarm": [{ "channel": 9, "talkback_close": false }] });
    let counted = json!({ "channel": "CH10", "int_alarm": { "alarm_val": true, "int_subtype": "cc" },
        "cc_alarm_num": { "cc_in_num": 59, "cc_out_num": 96 } });
    let disk = json!({ "hdd": { "hdd_alarm_type": "Error", "hdd_alarm_info": "NoDisk" } });
    let of_flat = json!({ "EventType": "FD", "EventTime": "2026-11-23 9:0:0", "EventAction": "start",
        "Chn": ["CH11"], "PicData": { "FaceInfo": [face] } });
    let entry = json!({ "EventType": "VideoMotion", "EventTime": "2026-11-23 9:0:0", "Chn": ["CH12", "CH13"],
        "PicData": picture });
    let mut flat = of_flat.clone();
    flat["ai_snap_picture"] = json!({ "PlateInfo": [plate], "SnapedObjInfo": [person] });
    flat["alarm_list"] =
        json!([{ "time": "2026-11-23T08:00:00Z", "channel_alarm": [motion, crossing] }, entry]);
    flat["ccCount"] = json!([{ "channel": "CH14", "cc_in_sum_num": 4 }]);
    vec![
        json!({ "data": flat }),
        json!({ "data": { "time": "1/2/2026 3:4:5", "channel_alarm": [motion, implied, report, smart, call, counted],
            "system_alarm": [disk], "alarm_snap_data": [{ "channel": "CH15", "img_id": 7, "img_data": picture }],
            "PlateInfo": [plate], "FaceInfo": [face] } }),
        json!({ "data": [
            { "alarm_list": [{ "channel_alarm": [crossing], "system_alarm": [disk] }] },
            { "EventTrafficCar": { "PlateInfo": [plate] }, "ai_snap_picture": person },
            of_flat,
        ] }),
        json!({ "data": { "StrChn": "CH16", "alarm_list": [
            { "time": "2026-11-23T08:00:00Z", "channel_alarm": [
                { "channel": "CH17", "lpd": true, "PlateInfo": [{ "Id": "KX02ABC", "GrpId": 2, "PlateImg": picture }] },
                { "channel": "CH18", "motion_alarm": true, "alarm_snap_data": [{ "img_data": picture }] },
                { "channel": "CH19", "int_alarm": { "alarm_val": true, "int_subtype": "lpd", "PlateNum": "KX03ABC" } },
            ] },
            { "channel": "CH20", "ai_snap_picture": { "FaceInfo": [{ "Id": 4, "Name": "Ada", "Similarity": 93 }] } },
        ], "ai_snap_picture": { "strChn": "CH21", "SnapedObjInfo": [{ "SnapId": 8, "Type": 1 }] },
            "ccCount": [{ "cc_in_sum_num": 4 }] } }),
    ]
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_member_of_any_fixture_leaves_an_event_or_a_name(
        body in any::<prop::sample::Index>(),
        member in any::<prop::sample::Index>(),
        change_it in prop_oneof![Just(Change::Rename), Just(Change::Nest)],
    ) {
        let body = body.get(&BODIES);
        check(body, member.index(members(body).max(1)), change_it)?;
    }
}

#[test]
fn every_member_of_every_post_can_change() {
    for body in MIXED.iter() {
        let Outcome { alarms, quarantined, .. } = outcome(body);
        assert!(alarms.len() >= 5 && quarantined.is_none(), "{alarms:?}, {quarantined:?}");
    }
    let mut failures = Vec::new();
    for body in BODIES.iter().chain(MIXED.iter()) {
        for number in 0..members(body) {
            for change_it in [Change::Rename, Change::Nest] {
                failures.extend(check(body, number, change_it).err().map(|error| error.to_string()));
            }
        }
    }
    assert!(failures.is_empty(), "{} changes, the first: {:.5000}", failures.len(), failures.join("\n"));
}
