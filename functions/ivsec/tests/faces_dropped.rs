//! With `faces = "drop"` no event holds anything that may say who somebody is, wherever in a post it stands.

#[cfg(test)]
#[expect(dead_code, reason = "other tests ask for the paths of fixtures, too")]
mod support;

use std::sync::{Arc, LazyLock};

use camhook_ingest::{Adapter, Draft, Parsed, Remainder, Request, Verified};
use camhook_ivsec::Ivsec;
use camhook_site::Source;
use serde_json::{Value, json};

/// A person's name and number that no fixture holds.
const NAME: &str = "Zqann Zqmarked";
const NUMBER: u64 = 7_141_710_714;

/// Members that name a device, a camera, a plate or its owner, and no face: their texts are kept.
const IMPERSONAL: [&str; 28] = [
    "devicename",
    "device_name",
    "ipaddress",
    "ip",
    "channelname",
    "chnnelname",
    "channel",
    "chnnel",
    "strchn",
    "chn",
    "channel_name",
    "chn_alias",
    "chn_alais",
    "platenum",
    "plate",
    "matchedplate",
    "carnum",
    "platetext",
    "platenumber",
    "platecolor",
    "carbrand",
    "cartype",
    "carcolor",
    "owner",
    // Of a plate, which is tested apart.
    "id",
    "snapid",
    "grpid",
    // It is compared with one word.
    "result",
];

/// The bodies of all fixtures.
static BODIES: LazyLock<Vec<(String, Value)>> = LazyLock::new(|| {
    let bodies: Vec<(String, Value)> =
        support::cases().into_iter().map(|case| (case.name, case.body)).collect();
    assert!(bodies.len() > 100, "only {} fixtures have a body", bodies.len());
    bodies
});

#[cfg(test)]
fn request(body: &Value, rest: &[&str]) -> Request<Verified> {
    static SOURCE: LazyLock<Arc<Source>> = LazyLock::new(|| support::source("faces = \"drop\""));
    support::request(&SOURCE, body, rest)
}

/// All that camhook keeps of a post besides its pictures, as text.
#[cfg(test)]
fn kept(body: &Value) -> String {
    [&[][..], &["manual", "1"], &["KeepLive"]]
        .into_iter()
        .map(|rest| match Ivsec.parse(&request(body, rest)) {
            Ok(Parsed::Events(drafts)) => without_pictures(drafts),
            Ok(Parsed::Partly { events, remainder: Remainder::Quarantine(malformed) }) => {
                format!("{}{malformed}", without_pictures(events))
            }
            Ok(other) => format!("{other:?}"),
            Err(malformed) => malformed.to_string(),
        })
        .collect()
}

#[cfg(test)]
fn without_pictures(mut drafts: Vec<Draft<'_>>) -> String {
    drafts.iter_mut().for_each(|draft| draft.images.clear());
    format!("{drafts:?}")
}

#[cfg(test)]
fn is_leak(kept: &str) -> bool {
    kept.contains("Zq") || kept.contains(&NUMBER.to_string())
}

/// The paths of all values that a predicate is true of, with the name of the last member on the way.
#[cfg(test)]
fn paths(value: &Value, is_wanted: fn(&Value) -> bool) -> Vec<(String, String)> {
    fn visit(
        value: &Value,
        path: &str,
        name: &str,
        is_wanted: fn(&Value) -> bool,
        found: &mut Vec<(String, String)>,
    ) {
        if is_wanted(value) {
            found.push((path.to_owned(), name.trim().to_ascii_lowercase()));
        }
        match value {
            Value::Object(object) => {
                for (name, value) in object {
                    let escaped = name.replace('~', "~0").replace('/', "~1");
                    visit(value, &format!("{path}/{escaped}"), name, is_wanted, found);
                }
            }
            Value::Array(values) => {
                for (index, value) in values.iter().enumerate() {
                    visit(value, &format!("{path}/{index}"), name, is_wanted, found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    visit(value, "", "", is_wanted, &mut found);
    found
}

/// Whether the text of a member is the plate of a plate: in the list of plates, or of an object that another text makes one.
#[cfg(test)]
fn is_plate(body: &Value, path: &str) -> bool {
    let list = path.rsplit('/').find(|part| part.parse::<usize>().is_err() && part.ends_with("Info"));
    let object = path.rsplit_once('/').and_then(|(object, _)| body.pointer(object));
    let read = object.filter(|object| object.get("GrpId").is_some()).and_then(|object| object.get("SnapId"));
    let is_read = read.and_then(Value::as_str).is_some_and(|text| text.contains(char::is_alphabetic));
    list == Some("PlateInfo") || (is_read && path.ends_with("/Id"))
}

#[test]
fn no_text_is_kept_that_may_be_a_name() {
    for (case, body) in BODIES.iter() {
        let mut all = body.clone();
        for (path, name) in paths(body, Value::is_string) {
            let is_exempt = IMPERSONAL.contains(&name.as_str());
            let is_name = !matches!(name.as_str(), "id" | "snapid") || is_plate(body, &path);
            if is_exempt && is_name {
                continue;
            }
            let mut changed = body.clone();
            *changed.pointer_mut(&path).unwrap() = NAME.into();
            *all.pointer_mut(&path).unwrap() = NAME.into();
            let kept = kept(&changed);
            assert!(!is_leak(&kept), "{case}: {path}: {kept}");
        }
        let kept = kept(&all);
        assert!(!is_leak(&kept), "{case}: {kept}");
    }
}

#[test]
fn no_member_is_kept_that_stands_anywhere_and_may_say_who_somebody_is() {
    let members = [
        ("Name", json!(NAME)),
        ("name", json!([NAME, NAME])),
        ("FaceId", json!(NUMBER)),
        ("PersonId", json!(NUMBER.to_string())),
        ("IdCode", json!(NAME)),
        ("Message", json!(format!("{NAME} was seen at 08:00"))),
        ("MatchedFace", json!({ "Name": NAME, "Id": NUMBER })),
        ("Matched", json!({ "alarm_val": true, "who": NAME, "Id": NUMBER })),
    ];
    for (case, body) in BODIES.iter() {
        for (path, _) in paths(body, Value::is_object) {
            for (name, value) in &members {
                let mut changed = body.clone();
                let object = changed.pointer_mut(&path).unwrap().as_object_mut().unwrap();
                object.insert((*name).to_owned(), value.clone());
                let kept = kept(&changed);
                assert!(!is_leak(&kept), "{case}: {path}/{name}: {kept}");
            }
        }
    }
}

#[test]
fn the_forms_that_name_a_person_keep_what_they_report() {
    for (data, expected) in [
        (
            json!({ "alarm_list": [{ "channel_alarm": [{ "channel": "CH1",
                "int_alarm": { "alarm_val": true, "int_subtype": "fr", "Name": NAME } }] }] }),
            "face fr",
        ),
        (
            json!({ "ai_snap_picture": { "SnapedObjInfo": [
                { "StrChn": "CH1", "Type": 1, "SnapId": 12, "FaceId": NUMBER, "Name": NAME, "Similarity": 93 }] } }),
            "object SnapedObjInfo",
        ),
        (json!({ "EventType": format!("{NAME} recognized"), "EventTime": "2026-11-23 9:0:0" }), "other -"),
        (json!({ "EventType": "FD", "EventTime": NAME, "ChannelName": "Yard" }), "face FD"),
        (
            json!({ "channel_alarm": [{ "channel": "CH1", "int_alarm": { "int_subtype": ["fd", NAME] } }] }),
            "face fd, other -",
        ),
        (
            json!({ "channel_alarm": [{ "channel": "CH1", "gate_forced": { "by": NAME, "forced": true } }] }),
            "",
        ),
        (
            json!({ "channel_alarm": [{ "channel": "CH1", "motion_alarm": true, "gate_forced": { "by": NAME, "on": true } }] }),
            "motion motion_alarm, other gate_forced",
        ),
    ] {
        let body = json!({ "data": data });
        assert!(!is_leak(&kept(&body)), "{body}");
        let found: Vec<String> = match Ivsec.parse(&request(&body, &[])) {
            Ok(Parsed::Events(drafts) | Parsed::Partly { events: drafts, .. }) => drafts
                .iter()
                .map(|draft| {
                    let word = draft.vendor_kind.as_ref().map_or("-", |word| word.as_str());
                    format!("{} {word}", draft.kind)
                })
                .collect(),
            _ => Vec::new(),
        };
        assert_eq!(found.join(", "), expected, "{body}");
    }
}
