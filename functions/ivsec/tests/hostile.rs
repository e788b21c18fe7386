//! No request makes the parser panic, and none makes it use much more room than the request itself.

use std::sync::Arc;

use bytes::Bytes;
use camhook_ingest::{Adapter, Headers, Method, Parsed, Parts, Request};
use camhook_ivsec::Ivsec;
use camhook_site::Source;
use proptest::prelude::*;
use serde_json::{Value, json};

#[cfg(test)]
fn source(settings: &str) -> Arc<Source> {
    let toml = format!(
        "timezone = \"Europe/Berlin\"\n[[source]]\nid = \"nvr\"\nvendor = \"ivsec\"\n\
         auth = {{ token = \"token\" }}\n{settings}"
    );
    Arc::clone(camhook_site::read(&toml, "test").unwrap().0.source("nvr").unwrap())
}

/// Reads a request; how many events it is, and whether every target's picture is one of its event's.
#[cfg(test)]
fn events(settings: &str, query: &str, body: &[u8], rest: &[&str]) -> usize {
    let request = Request::new(Parts {
        method: Method::Post,
        path: "/ivsec/nvr/token".to_owned(),
        query: query.to_owned(),
        headers: Headers::default(),
        body: Bytes::copy_from_slice(body),
        source_ip: None,
        request_id: "request".to_owned(),
        received_at: "2026-11-23T08:00:00Z".parse().unwrap(),
    });
    let rest = rest.iter().map(|segment| (*segment).to_owned()).collect();
    let request = Request::assume_verified(request, source(settings), rest);
    match Ivsec.parse(&request) {
        Ok(Parsed::Events(drafts)) => {
            assert!(!drafts.is_empty(), "a post of events has at least one");
            for target in
                drafts.iter().flat_map(|draft| draft.targets.iter().map(move |target| (draft, target)))
            {
                let (draft, target) = target;
                assert!(target.image.is_none_or(|image| image < draft.images.len()));
            }
            drafts.len()
        }
        _ => 0,
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        Just(Value::from("CH1")),
        Just(Value::from("2026-5-1 1:2:3")),
        ".{0,12}".prop_map(Into::into),
    ];
    let name = proptest::sample::select(vec![
        "data",
        "EventType",
        "EventAction",
        "EventTime",
        "PicData",
        "SnapedObjInfo",
        "PlateInfo",
        "FaceInfo",
        "Type",
        "GrpId",
        "Id",
        "SnapId",
        "Name",
        "StrChn",
        "Chn",
        "StartTime",
        "ObjectImage",
        "Image1",
        "Background",
        "alarm_list",
        "channel_alarm",
        "system_alarm",
        "channel",
        "int_alarm",
        "int_alarm_ex",
        "alarm_val",
        "int_subtype",
        "take_alarm_snap",
        "motion_alarm",
        "hdd",
        "hdd_alarm_type",
        "alarm_snap_data",
        "img_id",
        "img_data",
        "ai_snap_picture",
        "dev_net_info",
        "mac",
        "time",
        "heat_alarm",
        "ccCount",
        "alarm_state",
    ]);
    scalar.prop_recursive(6, 80, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            proptest::collection::hash_map(name.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..300), query in ".{0,60}") {
        events("", &query, &body, &[]);
        events("", &query, &body, &["manual", "1"]);
    }

    #[test]
    fn no_message_makes_it_panic(data in any_json(), inner in any_json()) {
        for body in [
            json!({ "data": data }),
            json!({ "data": { "EventType": "FD", "PicData": inner, "EventTime": data } }),
            json!({ "data": { "alarm_list": [{ "channel_alarm": [inner] , "system_alarm": data }],
                "alarm_snap_data": inner, "ai_snap_picture": { "PlateInfo": inner, "FaceInfo": data } } }),
        ] {
            for settings in ["", "faces = \"drop\""] {
                events(settings, "", body.to_string().as_bytes(), &[]);
            }
        }
    }
}

#[test]
fn a_post_of_nothing_but_alarms_becomes_no_more_events_than_a_recorder_has_channels() {
    let channel = json!({ "motion_alarm": true, "pir_alarm": true, "channel": "CH1" });
    let entry = json!({ "channel_alarm": vec![channel; 250] });
    let body = json!({ "data": { "alarm_list": vec![entry; 3] } }).to_string();
    assert_eq!(events("", "", body.as_bytes(), &[]), 256);
}
