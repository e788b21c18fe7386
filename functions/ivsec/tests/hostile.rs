//! No request makes the parser panic, and none makes it use much more room than the request itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use camhook_ingest::{Adapter, Headers, Method, Parsed, Parts, Request, Verified};
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

#[cfg(test)]
fn request(settings: &str, query: &str, body: &[u8], rest: &[&str]) -> Request<Verified> {
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
    Request::assume_verified(request, source(settings), rest)
}

/// Reads a request; how many events it is, and whether every target's picture is one of its event's.
#[cfg(test)]
fn events(settings: &str, query: &str, body: &[u8], rest: &[&str]) -> usize {
    match Ivsec.parse(&request(settings, query, body, rest)) {
        Ok(Parsed::Events(drafts) | Parsed::Partly { events: drafts, .. }) => {
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
        "motion_report",
        "motion_smart_alarm",
        "MDState",
        "talkback_alarm",
        "doorbell_call",
        "cc_alarm_num",
        "cc_in_num",
        "MatchedPlate",
        "FaceId",
        "channel_name",
        "Chn_alias",
        "Similarity",
        "Image4",
        "PlateNum",
        "EventTrafficCar",
        "img_time",
        "result",
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
        events("", &query, &body, &["API", "HttpListening", "KeepLive"]);
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
fn a_post_becomes_64_events_at_most() {
    let channel = json!({ "motion_alarm": true, "pir_alarm": true, "channel": "CH1" });
    let entry = json!({ "channel_alarm": vec![channel; 250] });
    let body = json!({ "data": { "alarm_list": vec![entry; 3] } }).to_string();
    assert_eq!(events("", "", body.as_bytes(), &[]), 64);
}

/// A body of each form, with the list whose entry can be repeated.
#[cfg(test)]
fn forms() -> Vec<(Value, &'static str)> {
    let snap = json!({ "StrChn": "CH1", "SnapId": 7, "Type": 3, "StartTime": 1_795_420_800 });
    let plate = json!({ "StrChn": "CH1", "Id": "KX01ABC", "GrpId": 1, "SnapId": "KXO1ABC" });
    let face = json!({ "StrChn": "CH1", "Id": 4, "Name": "Ada", "Image2": "A".repeat(60) });
    let picture = json!({ "channel": "CH1", "img_id": 7, "img_data": "A".repeat(60) });
    let flags = json!({ "channel": "CH1", "motion_alarm": true, "int_alarm": { "alarm_val": true, "int_subtype": "fd" } });
    let reports = json!({ "channel": "CH1", "motion_report": { "alarm_state": true, "alarm_type": "smd" },
        "motion_smart_alarm": { "MDState": ["pd"] }, "talkback_alarm": [{ "talkback_close": false }] });
    vec![
        (json!({ "data": { "EventType": "FD", "PicData": { "FaceInfo": [face.clone()] } } }), "FaceInfo"),
        (json!({ "data": { "alarm_list": [{ "EventType": "FD", "Chn": ["CH1"] }] } }), "alarm_list"),
        (json!({ "data": { "alarm_list": [{ "channel_alarm": [flags] }] } }), "channel_alarm"),
        (json!({ "data": { "time": "1/2/2026 3:4:5", "channel_alarm": [reports] } }), "channel_alarm"),
        (json!({ "data": { "system_alarm": [{ "hdd": { "hdd_alarm_type": "Error" } }] } }), "system_alarm"),
        (json!({ "data": { "ai_snap_picture": { "SnapedObjInfo": [snap] } } }), "SnapedObjInfo"),
        (json!({ "data": { "ai_snap_picture": { "PlateInfo": [plate.clone()] } } }), "PlateInfo"),
        (json!({ "data": { "ai_snap_picture": { "FaceInfo": [face] } } }), "FaceInfo"),
        (
            json!({ "data": { "StrChn": "CH1", "channel_alarm": [{ "lpd": true, "PlateInfo": [plate.clone()] }] } }),
            "PlateInfo",
        ),
        (
            json!({ "data": { "alarm_list": [{ "ai_snap_picture": { "strChn": "CH1", "PlateInfo": [plate.clone()] } }] } }),
            "alarm_list",
        ),
        (
            json!({ "data": { "channel_alarm": [{ "channel": "CH1",
                "int_alarm": [{ "int_subtype": "lpd", "PlateNum": "KX01ABC", "GrpId": 1 }] }] } }),
            "int_alarm",
        ),
        (json!({ "data": { "EventTrafficCar": { "PlateInfo": [plate] } } }), "PlateInfo"),
        (json!({ "data": { "alarm_snap_data": [picture] } }), "alarm_snap_data"),
        (json!({ "data": { "ccCount": [{ "channel": "CH1", "cc_in_sum_num": 4 }] } }), "ccCount"),
        (json!({ "data": { "nobody": [{ "knows": true }] } }), "nobody"),
    ]
}

/// Repeats the entries of the lists of a name.
#[cfg(test)]
fn repeat(value: &mut Value, list: &str, times: usize) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                match value {
                    Value::Array(entries) if name == list => {
                        *entries = entries.iter().cycle().take(entries.len() * times).cloned().collect();
                    }
                    value => repeat(value, list, times),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| repeat(value, list, times)),
        _ => {}
    }
}

/// Reads a body whole, and says so if that takes longer than linear work on 4 MiB ever does.
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the time that reading takes is what is tested")]
fn read_in_time(what: &str, body: &str) {
    let started = Instant::now();
    for settings in ["", "faces = \"drop\""] {
        events(settings, "", body.as_bytes(), &[]);
    }
    let took = started.elapsed();
    assert!(took < Duration::from_secs(20), "{what}: {} bytes took {took:?}", body.len());
}

#[test]
fn each_form_may_be_cut_off_anywhere() {
    for (body, _) in forms() {
        let body = body.to_string();
        for end in 0..body.len() {
            events("", "", &body.as_bytes()[..end], &[]);
        }
    }
}

#[test]
fn each_form_may_be_nested_and_repeated() {
    for (body, list) in forms() {
        let (mut in_objects, mut in_lists) = (body.clone(), body.clone());
        for _ in 0..100 {
            in_objects = json!({ "data": in_objects });
            in_lists = json!([in_lists]);
        }
        read_in_time("nested in objects", &in_objects.to_string());
        read_in_time("nested in lists", &in_lists.to_string());
        let mut repeated = body;
        repeat(&mut repeated, list, 10_000);
        read_in_time(list, &repeated.to_string());
    }
}

#[test]
fn names_and_values_may_be_long() {
    let long = "n".repeat(1_000_000);
    for (body, list) in forms() {
        let body = body.to_string();
        read_in_time("a long name", &body.replacen("\"data\":{", &format!("\"data\":{{\"{long}\":true,"), 1));
        read_in_time("a long list name", &body.replace(list, &long));
        read_in_time("a long text", &body.replace("CH1", &long));
        read_in_time("a long plate", &body.replace("KX01ABC", &long));
        read_in_time("a long word", &body.replace("\"FD\"", &format!("\"{long}\"")));
    }
}

#[test]
fn one_name_may_come_many_times() {
    for member in [
        "\"motion_alarm\":true",
        "\"channel\":\"CH1\"",
        "\"unknown\":true",
        "\"level\":\"x\"",
        "\"int_alarm\":{\"int_subtype\":\"x\"}",
    ] {
        let many = vec![member; 20_000].join(",");
        read_in_time(member, &format!(r#"{{"data":{{"channel_alarm":[{{{many}}}]}}}}"#));
        read_in_time(member, &format!(r#"{{"data":{{"EventType":"FD",{many}}}}}"#));
    }
    let different: Vec<String> = (0..20_000).map(|number| format!("\"level\":{number}")).collect();
    read_in_time("many values", &format!(r#"{{"data":{{"EventType":"FD",{}}}}}"#, different.join(",")));
}

/// As many different members of a form as fit into 4 MiB, and within the limit of values of a post.
#[cfg(test)]
fn different(member: impl Fn(usize) -> String) -> String {
    different_within(4_000_000, member)
}

/// As many different members of a form as fit into so many bytes, and within the limit of values of a post.
#[cfg(test)]
fn different_within(length: usize, member: impl Fn(usize) -> String) -> String {
    let mut members = String::new();
    let mut number = 0;
    while members.len() < length {
        let member = format!("{:<33}", member(number));
        members.push_str(&member);
        members.push(',');
        number += 1;
    }
    members.truncate(members.len() - 1);
    members
}

#[test]
fn names_may_all_be_different() {
    let flags = different(|number| format!("\"nobody_knows_{number}_alarm\":true"));
    // Each is two values.
    let subtypes = different(|number| format!("{{\"int_subtype\":\"subtype{number:050}\"}}"));
    let words = different(|number| format!("\"some_subtype_{number}\""));
    for body in [
        format!(r#"{{"data":{{"channel_alarm":[{{"channel":"CH1",{flags}}}]}}}}"#),
        format!(r#"{{"data":{{"channel_alarm":[{{"channel":"CH1","int_alarm":[{subtypes}]}}]}}}}"#),
        format!(r#"{{"data":{{"system_alarm":[{{{flags}}}]}}}}"#),
        format!(r#"{{"data":{{"EventType":"FD",{flags}}}}}"#),
    ] {
        read_in_time("different names", &body);
        assert_eq!(events("", "", body.as_bytes(), &[]), 64, "{}", &body[..80]);
    }
    // Scalars of a list are cut off.
    let body = format!(r#"{{"data":{{"channel_alarm":[{{"int_alarm":{{"int_subtype":[{words}]}}}}]}}}}"#);
    assert_eq!(events("", "", body.as_bytes(), &[]), 64);
}

#[test]
fn names_that_count_only_once_may_come_many_times() {
    for name in
        ["EventType", "Id", "GrpId", "Name", "SnapId", "StrChn", "Chn", "PlateNum", "PicData", "alarm_val"]
    {
        let many = different_within(500_000, |number| format!("\"{name}\":\"{number:06}\""));
        for body in [
            format!(r#"{{"data":{{"EventType":"LPD","GrpId":1,{many}}}}}"#),
            format!(r#"{{"data":{{"PlateInfo":[{{"StrChn":"CH1",{many}}}]}}}}"#),
            format!(r#"{{"data":{{"FaceInfo":[{{"StrChn":"CH1",{many}}}]}}}}"#),
            format!(r#"{{"data":{{"SnapedObjInfo":[{{"StrChn":"CH1",{many}}}]}}}}"#),
            format!(r#"{{"data":{{"ai_snap_picture":{{{many}}}}}}}"#),
            format!(r#"{{"data":{{"alarm_list":[{{{many}}}]}}}}"#),
            format!(r#"{{"data":{{"channel_alarm":[{{"lpd":true,{many}}}]}}}}"#),
            format!(r#"{{"data":{{"channel_alarm":[{{"int_alarm":{{"int_subtype":"lpd",{many}}}}}]}}}}"#),
        ] {
            read_in_time(name, &body);
        }
    }
}

#[test]
fn flags_may_be_nested() {
    for (open, close) in [("[", "]"), ("{\"alarm_val\":", "}")] {
        for flag in ["false", "2", "true"] {
            let nested = format!("{}{flag}{}", open.repeat(100), close.repeat(100));
            for member in ["motion_alarm", "int_alarm", "alarm_state", "nobody_knows", "talkback_alarm"] {
                read_in_time(
                    "a nested flag",
                    &format!(r#"{{"data":{{"channel_alarm":[{{"{member}":{nested}}}]}}}}"#),
                );
            }
        }
    }
}

#[test]
fn a_long_word_may_be_that_of_many_channels() {
    let word = "w".repeat(1_800_000);
    let same = different(|_| "\"channel\":1".to_owned());
    let numbers = different(|number| format!("\"channel\":{number}"));
    let list: Vec<String> = (0..200).map(|number| format!("\"CH{number}\"")).collect();
    let text: Vec<String> = (0..9999).map(|number| format!("CH{number}")).collect();
    for (members, expected) in [
        (same.as_str(), 1),
        (numbers.as_str(), 64),
        (&format!("\"Chn\":[{}]", list.join(",")), 64),
        (&format!("\"StrChn\":\"{}\"", text.join(",")), 64),
    ] {
        let members = &members[..members.len().min(2_000_000)];
        let members =
            members.rfind(',').filter(|_| members.len() == 2_000_000).map_or(members, |end| &members[..end]);
        let flat = format!(r#""EventType":"{word}",{members}"#);
        for body in [
            format!(r#"{{"data":{{{flat}}}}}"#),
            format!(r#"{{"data":{{"alarm_list":[{{{flat}}}]}}}}"#),
            format!(
                r#"{{"data":{{"channel_alarm":[{{"int_alarm":{{"int_subtype":"{word}"}},{members}}}]}}}}"#
            ),
        ] {
            read_in_time("a long word", &body);
            assert_eq!(events("", "", body.as_bytes(), &[]), expected, "{}", &members[..40]);
        }
    }
}

#[test]
fn long_texts_are_not_copied_for_each_event() {
    let long = "n".repeat(600_000);
    let snap = r#"{"StrChn":"CH1","Type":3,"SnapId":7}"#;
    let snaps = vec![snap; 20_000].join(",");
    for body in [
        format!(
            r#"{{"data":{{"DeviceName":"{long}","ChannelName":"{long}","IPAddress":"{long}",
            "ai_snap_picture":{{"SnapedObjInfo":[{{"StrChn":"CH1","Chn_alias":"{long}","StartTime":"{long}"}},{snaps}]}}}}}}"#
        ),
        format!(
            r#"{{"data":{{"alarm_list":[{{"time":"{long}","channel_alarm":[{}]}}]}}}}"#,
            vec![
                format!(r#"{{"channel":"CH1","channel_name":"{}","motion_alarm":true}}"#, &long[..9000]);
                200
            ]
            .join(",")
        ),
    ] {
        read_in_time("long texts", &body);
        let shown = longest(body.as_bytes());
        assert!(shown <= 256, "a text of {shown} characters");
    }
}

/// The longest of the texts that a post has several times among its events.
#[cfg(test)]
fn longest(body: &[u8]) -> usize {
    let request = request("", "", body, &[]);
    let Ok(Parsed::Events(drafts) | Parsed::Partly { events: drafts, .. }) = Ivsec.parse(&request) else {
        return 0;
    };
    let texts = drafts.iter().flat_map(|draft| {
        let camera = draft.camera.iter().flat_map(|camera| [Some(&camera.id), camera.name.as_ref()]);
        let device = [&draft.device.name, &draft.device.address, &draft.device.channel].map(Option::as_ref);
        camera.chain(device).chain([draft.device_time.as_ref().map(|time| &time.text)]).flatten()
    });
    texts.map(|text| text.as_str().chars().count()).max().unwrap_or_default()
}
