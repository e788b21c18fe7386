//! Published posts become the events that their fields say.
//!
//! They are third-party material beside the project, in `../shared/samples/ivsec`; where that folder is absent, each test
//! reports that it is skipped.

use std::fs;
use std::sync::Arc;

use bytes::Bytes;
use camhook_event::{Kind, PlateList, State, TargetClass};
use camhook_fixture::published;
use camhook_ingest::{
    Adapter, Draft, Headers, Identity, Malformed, Method, Outcome, Parsed, Parts, Request, Verified,
};
use camhook_ivsec::{Ivsec, KEEP_ALIVE_PATH};
use camhook_picture::SamplePost;
use serde_json::Value;

#[cfg(test)]
fn request(method: Method, query: &str, body: &[u8]) -> Request<Verified> {
    let toml = "timezone = \"Asia/Shanghai\"\n[[source]]\nid = \"nvr\"\nvendor = \"ivsec\"\n\
                auth = { token = \"token\" }\n";
    let (site, _) = camhook_site::read(toml, "test").unwrap();
    let request = Request::new(Parts {
        method,
        path: "/ivsec/nvr/token".to_owned(),
        query: query.to_owned(),
        headers: Headers::default(),
        body: Bytes::copy_from_slice(body),
        source_ip: None,
        request_id: "request".to_owned(),
        received_at: "2023-07-12T23:19:00Z".parse().unwrap(),
    });
    Request::assume_verified(request, Arc::clone(site.source("nvr").unwrap()), Vec::new())
}

/// Hands the events of a published body to a check.
#[cfg(test)]
fn with_events(file: &str, check: impl FnOnce(&[Draft<'_>])) {
    let Some(folder) = published("ivsec") else { return };
    let body = fs::read(folder.join(file)).unwrap();
    match Ivsec.parse(&request(Method::Post, "", &body)).unwrap() {
        Parsed::Events(drafts) => check(&drafts),
        other => panic!("{other:?}"),
    }
}

#[cfg(test)]
fn text<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

#[test]
fn the_flat_post_is_an_alarm_that_ended() {
    with_events("raysharp_eventpush_post_ipc_flat.compact.json", |events| {
        let [event] = events else { panic!("{events:?}") };
        assert_eq!((event.kind, event.state), (Kind::Motion, Some(State::Stop)));
        assert_eq!(text(event.vendor_kind.as_ref()), "VideoMotion");
        assert_eq!(event.identity, Identity::Content);
        assert_eq!(text(event.device.mac.as_ref()), "00:23:63:69:23:6d");
        assert_eq!(text(event.device.name.as_ref()), "RS-CH281M8ND-DF-WA2812PW");
        assert_eq!(text(event.device.address.as_ref()), "172.16.11.186");
        assert_eq!(text(event.camera.as_ref().map(|camera| &camera.id)), "senvi");
        let time = event.device_time.as_ref().unwrap();
        assert_eq!(time.text.as_str(), "2023-7-13 7:28:10");
        assert_eq!(text(time.at.as_ref()), "2023-07-12T23:28:10Z", "by the source's zone");
        assert!(event.vendor_data.is_empty());
    });
}

#[test]
fn the_get_is_an_alarm_that_began() {
    let Some(folder) = published("ivsec") else { return };
    let raw = fs::read_to_string(folder.join("raysharp_eventpush_get.http")).unwrap();
    // Its request line holds a blank as it is, which no gateway lets through: a device has to escape it.
    let target = raw.lines().next().unwrap().trim_start_matches("GET ").trim_end_matches(" HTTP/1.1");
    let (_, query) = target.split_once('?').unwrap();
    for blank in ["%20", "+"] {
        let request = request(Method::Get, &query.replace(' ', blank), b"");
        let Ok(Parsed::Events(events)) = Ivsec.parse(&request) else { panic!("no event") };
        assert_eq!((events[0].kind, events[0].state), (Kind::Motion, Some(State::Start)));
        let time = events[0].device_time.as_ref().unwrap();
        assert_eq!(text(time.at.as_ref()), "2023-07-12T23:18:49Z");
        assert_eq!(text(events[0].device.mac.as_ref()), "00:23:63:69:23:6d");
    }
}

#[test]
fn the_line_crossing_is_one_alarm_without_its_empty_picture() {
    with_events("raysharp_lumina_linecrossing_push.json", |events| {
        let [event] = events else { panic!("{events:?}") };
        assert_eq!(event.kind, Kind::LineCrossing);
        assert_eq!(text(event.vendor_kind.as_ref()), "lcd");
        let camera = event.camera.as_ref().unwrap();
        assert_eq!(
            (camera.id.as_str(), camera.name.as_ref()),
            ("CH1", None),
            "`ChannelName` names the push target"
        );
        assert_eq!(text(event.device.mac.as_ref()), "8c:1f:64:d5:da:99");
        assert_eq!(text(event.event_ids.first()), "707");
        assert!(event.images.is_empty());
        assert_eq!(event.vendor_data.get("data_pos"), Some(&Value::from(6957)));
        assert_eq!(event.vendor_data.get("record_flag.s"), Some(&Value::from("G")));
    });
}

#[test]
fn the_plate_is_on_no_list() {
    with_events("raysharp_lumina_plate_push.json", |events| {
        let [event] = events else { panic!("{events:?}") };
        assert_eq!(event.kind, Kind::Plate);
        let plate = event.plate.as_ref().unwrap();
        assert_eq!((plate.text.as_str(), plate.list), ("RJ14CV0002", Some(PlateList::Stranger)));
        assert_eq!((plate.owner.as_ref(), plate.vehicle.as_ref()), (None, None));
        assert_eq!(event.targets[0].class, Some(TargetClass::Plate));
        let time = event.device_time.as_ref().unwrap();
        assert_eq!(text(time.at.as_ref()), "2026-05-01T02:00:00Z", "the wall clock of the source's zone");
        assert_eq!(text(plate.group.as_ref()), "3");
    });
}

#[test]
fn the_missing_disk_is_the_one_alarm_of_its_post() {
    with_events("raysharp_event_alarm_list_system.json", |events| {
        let [event] = events else { panic!("{events:?}") };
        assert_eq!((event.kind, text(event.vendor_kind.as_ref())), (Kind::Storage, "hdd".to_owned()));
        assert_eq!(event.vendor_data.get("hdd_alarm_info"), Some(&Value::from("NoDisk")));
        assert_eq!(text(event.device_time.as_ref().map(|time| &time.text)), "2023-08-25T08:38:58Z+08:00");
    });
}

#[test]
fn the_keep_alive_is_one_on_its_fixed_path() {
    let Some(folder) = published("ivsec") else { return };
    let raw = fs::read(folder.join("raysharp_keepalive_post.http")).unwrap();
    let post = SamplePost::parse(&raw).unwrap();
    assert_eq!((post.method, post.path_and_query().0), ("POST", KEEP_ALIVE_PATH));
    assert!(Ivsec.fixed_paths().iter().any(|fixed| fixed.path == KEEP_ALIVE_PATH));
    let body = fs::read(folder.join("raysharp_keepalive_body.reconstructed.json")).unwrap();
    let request = request(Method::Post, "", body.trim_ascii());
    assert!(matches!(Ivsec.parse(&request), Ok(Parsed::Heartbeat)));
}

#[test]
fn the_answer_is_the_documented_one() {
    let Some(folder) = published("ivsec") else { return };
    let documented: Value =
        serde_json::from_slice(&fs::read(folder.join("raysharp_eventpush_reply_success.json")).unwrap())
            .unwrap();
    let reply = Ivsec.reply(Outcome::Accepted);
    assert_eq!(serde_json::from_str::<Value>(&reply.body).unwrap(), documented);
    let malformed: Result<_, Malformed> = Ivsec.parse(&request(Method::Post, "", b"{}")).map(|_| ());
    assert!(malformed.is_ok(), "an empty object says nothing, and is no error");
}

#[test]
fn the_head_of_a_post_is_the_one_of_the_flat_body() {
    let Some(folder) = published("ivsec") else { return };
    let head = fs::read(folder.join("raysharp_eventpush_post_headers.http")).unwrap();
    let body = fs::read(folder.join("raysharp_eventpush_post_ipc_flat.compact.json")).unwrap();
    let post = SamplePost::parse(&head).unwrap();
    assert_eq!(post.header("content-length").unwrap(), body.trim_ascii().len().to_string());
    // Whatever the path below the source and whatever the type is called, the bytes are read.
    assert_eq!((post.method, post.header("content-type")), ("POST", Some("application/json;charset=UTF-8")));
    let request = request(Method::Post, "", body.trim_ascii());
    assert!(matches!(Ivsec.parse(&request), Ok(Parsed::Events(events)) if events.len() == 1));
}

#[test]
fn no_published_file_is_left_out() {
    let Some(folder) = published("ivsec") else { return };
    let this = include_str!("samples.rs");
    // What a device is documented to take for a failure; camhook has no such answer.
    let no_request = ["raysharp_eventpush_reply_error.http"];
    for file in fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(no_request.contains(&name.as_str()) || this.contains(&name), "{name} is not looked at");
    }
}
