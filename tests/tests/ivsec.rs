//! iVSEC over real HTTP against the deployed template: what recorders and cameras send, what they hear, and all that
//! comes of it. Each test has a source of its own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use bytes::Bytes;
use camhook_end_to_end::gateway::{self, BodyForm};
use camhook_end_to_end::http_server::header;
use camhook_end_to_end::own_stack::OwnStack;
use camhook_end_to_end::post::with_gif;
use camhook_end_to_end::source::Source;
use camhook_end_to_end::wait;
use camhook_ivsec::{KEEP_ALIVE_PATH, SAMPLES};
use camhook_picture::SamplePost;
use http::Response;
use serde_json::{Value, json};

/// The documented answer to everything that arrived.
const SUCCESS: &str = r#"{"result":"success","data":{}}"#;

/// recorder:local
const GOOD: (&str, &str) = ("authorization", "Basic cmVjb3JkZXI6bG9jYWw=");
/// recorder:wrong
const WRONG: (&str, &str) = ("authorization", "Basic cmVjb3JkZXI6d3Jvbmc=");

const JSON: (&str, &str) = ("content-type", "application/json;charset=UTF-8");

const KEEP_ALIVE: &[u8] = br#"{"data":{"time":"1689232690"}}"#;

fn assert_success(reply: &Response<Bytes>) {
    assert_eq!(reply.status(), 200);
    assert_eq!(header(reply.headers(), "content-type"), "application/json");
    assert_eq!(std::str::from_utf8(reply.body()).unwrap(), SUCCESS);
}

/// Refused, and asked for user and password if the path has no token.
fn assert_refused(reply: &Response<Bytes>, challenge: &str, what: &str) {
    assert_eq!((reply.status().as_u16(), &reply.body()[..]), (401, &b""[..]), "{what}");
    assert_eq!(header(reply.headers(), "www-authenticate"), challenge, "{what}");
}

fn flat(channel: &str, action: &str) -> Vec<u8> {
    let data = json!({
        "EventType": "VideoMotion",
        "EventTime": "2023-7-13 7:28:10",
        "EventAction": action,
        "ChannelName": channel
    });
    json!({ "result": "success", "data": data }).to_string().into_bytes()
}

/// What each sample is to become: kind, state, and the roles of its pictures.
type Expected = (&'static str, Option<&'static str>, &'static [&'static str]);

fn expected(sample: &str) -> Option<Expected> {
    match sample {
        "motion-start" => Some(("motion", Some("start"), &[])),
        "motion-stop" => Some(("motion", Some("stop"), &[])),
        "line-crossing" => Some(("line_crossing", None, &["snapshot", "target"])),
        "plate" => Some(("plate", None, &["overview", "plate"])),
        "face" => Some(("face", Some("start"), &["overview", "face"])),
        "disk" => Some(("storage", None, &[])),
        "manual-1" => Some(("manual", None, &[])),
        "keep-alive" => None,
        other => panic!("nobody said what the sample `{other}` is to become"),
    }
}

#[tokio::test]
async fn each_sample_becomes_the_event_that_it_says() {
    let mut source = Source::given("nvr").await;
    for sample in SAMPLES {
        let post = source.fill_in(sample.request);
        assert_success(&source.post(&post, &[]).await);
        let Some((kind, state, roles)) = expected(sample.name) else {
            assert!(source.news().await.is_empty(), "{}", sample.name);
            continue;
        };
        let event = source.the_event().await;
        let data = &event["data"];
        assert_eq!((data["kind"].as_str(), data["state"].as_str()), (Some(kind), state), "{}", sample.name);
        let images = data["images"].as_array().cloned().unwrap_or_default();
        let found: Vec<&str> = images.iter().map(|image| image["role"].as_str().unwrap()).collect();
        assert_eq!(found, roles, "{}", sample.name);
        assert_eq!(post.pictures().len(), roles.len(), "{}", sample.name);
        source.assert_pictures(&event, &post).await;
    }
}

#[tokio::test]
async fn every_form_is_read() {
    let mut source = Source::given("nvr-forms").await;
    let gets = [
        "EventType=VideoMotion&EventTime=2023-7-13+7:18:49&EventAction=start&ChannelName=front+door",
        "EventType=VideoMotion&EventTime=2023-7-13%207:18:50&EventAction=start&ChannelName=front%20door",
        "&EventType=VideoMotion&EventTime=2023-7-13%207:18:51&EventAction=start&ChannelName=front%20door&",
    ];
    for query in gets {
        for method in ["GET", "POST"] {
            let url = format!("{}?{query}&MACAddress=00-23-63-69-23-6D&Method={method}", source.url);
            assert_success(&source.send(method, &url, &[JSON], b"").await);
            let event = source.the_event().await;
            assert_eq!(event["data"]["camera"]["id"], "front door", "{query}");
            assert_eq!(event["data"]["device"]["mac"], "00:23:63:69:23:6d", "{query}");
            assert!(event["data"]["device_time"].as_str().unwrap().starts_with("2023-7-13 7:18:"), "{query}");
        }
    }
    // As text and as base64, below another path, with what an NVR may call JSON.
    let forms = [
        ("application/json;charset=UTF-8", "", "wrapped"),
        ("application/octet-stream", "", "base64"),
        ("text/plain", "/", "slash"),
        ("application/x-www-form-urlencoded", "/below/it", "below"),
    ];
    for (content_type, below, channel) in forms {
        let url = format!("{}{below}", source.url);
        let body = flat(channel, "Start");
        assert_success(&source.send("POST", &url, &[("content-type", content_type)], &body).await);
        let event = source.the_event().await;
        assert_eq!(
            (&event["data"]["camera"]["id"], &event["data"]["state"]),
            (&channel.into(), &"start".into())
        );
    }
    // The same bytes again are the same event.
    assert_success(&source.send("POST", &source.url, &[JSON], &flat("wrapped", "Start")).await);
    assert!(source.news().await.is_empty());
    // Levels, and a heart beat in the place of alarms.
    for nothing in [
        br#"{"data":{"alarm_list":[{"channel_alarm":[{"channel":"CH1","motion_alarm":false}]}]}}"#.as_slice(),
        br#"{"data":{"heat_alarm":"HeatAlarm"}}"#,
        KEEP_ALIVE,
    ] {
        assert_success(&source.send("POST", &source.url, &[JSON], nothing).await);
    }
    assert!(source.news().await.is_empty() && source.quarantined().await.is_empty());
}

#[tokio::test]
async fn each_button_does_what_its_rule_says() {
    let mut source = Source::given("nvr-buttons").await;
    for (button, method, title) in [("1", "POST", "button one"), ("2", "GET", "button two")] {
        let url = format!("{}/manual/{button}", source.url);
        assert_success(&source.send(method, &url, &[JSON], b"").await);
        let event = source.the_event().await;
        assert_eq!(
            (&event["data"]["kind"], &event["data"]["zone"]["id"]),
            (&"manual".into(), &button.into())
        );
        let notified = wait::until("the notification", async || {
            source.notified().into_iter().find(|notified| notified["event"]["id"] == event["id"])
        })
        .await;
        assert_eq!(notified["title"], title);
    }
    let reply = source.send("POST", &format!("{}/manual/3", source.url), &[JSON], b"").await;
    assert_success(&reply);
    assert!(source.news().await.is_empty());
    assert_eq!(source.quarantined().await[0]["reason"], "unknown_button");
    source.consumers_are_done().await;
    assert_eq!(source.notified().len(), 2);
}

#[tokio::test]
async fn a_keep_alive_on_the_fixed_path_is_its_senders() {
    let basic = Source::given("nvr-basic").await;
    let near = Source::given("nvr-near").await;
    let url = format!("{}{KEEP_ALIVE_PATH}", basic.stack.api_url);
    let table = basic.cloud.table(&basic.stack.table);
    let heard = async |source: &str| {
        let items = table.items("presence").await;
        items.iter().any(|item| item["sk"] == source && item.contains_key("contact"))
    };
    assert!(!heard(basic.id).await && !heard(near.id).await);
    // nvr:local
    let password = ("authorization", "Basic bnZyOmxvY2Fs");
    assert_success(&basic.send("POST", &url, &[JSON, password], KEEP_ALIVE).await);
    assert!(heard(basic.id).await && !heard(near.id).await, "user and password say whose it is");
    assert_success(&basic.send("POST", &url, &[JSON], KEEP_ALIVE).await);
    assert!(heard(near.id).await, "so does the address, if nobody's password is there");
    assert!(basic.kept().await.is_empty() && near.kept().await.is_empty());
}

/// The local cloud's gateway gives every sender one address: here the function is called as if from others.
#[tokio::test]
async fn a_keep_alive_of_nobody_is_answered_and_counted() {
    let site = "timezone = \"UTC\"\n\
        [[source]]\nid = \"left\"\nvendor = \"ivsec\"\nauth = { allow = [\"203.0.113.0/25\"] }\n\
        [[source]]\nid = \"right\"\nvendor = \"ivsec\"\nauth = { allow = [\"203.0.113.0/24\"] }\n";
    let stack = OwnStack::create(site).await;
    let ivsec = stack.start("ivsec").await;
    let request = format!("POST {KEEP_ALIVE_PATH} HTTP/1.1\n\n{}", std::str::from_utf8(KEEP_ALIVE).unwrap());
    let post = SamplePost::parse(request.as_bytes()).unwrap();
    let mut event = gateway::event(&post, BodyForm::Text, "request");
    for (address, of_nobody, of_somebody) in
        [("198.51.100.7", 1.0, 0.0), ("203.0.113.17", 2.0, 0.0), ("203.0.113.130", 2.0, 1.0)]
    {
        event["requestContext"]["http"]["sourceIp"] = address.into();
        let reply = ivsec.call(&event).await;
        assert_eq!((&reply["statusCode"], &reply["body"]), (&200.into(), &SUCCESS.into()), "{address}");
        ivsec.has_counted("HeartbeatsOfNobody", &[("Vendor", "ivsec")], of_nobody).await;
        ivsec.has_counted("Heartbeats", &[("Vendor", "ivsec")], of_somebody).await;
    }
    let heard = stack.table.items("presence").await;
    let heard: Vec<&str> = heard.iter().map(|item| item["sk"].as_str()).collect();
    assert_eq!(heard, ["right"], "an address that two sources have is nobody's");
    assert_eq!(stack.bucket.keys("").await, ["config/camhook.toml"]);
}

#[tokio::test]
async fn who_has_not_the_credentials_is_refused_and_leaves_nothing() {
    const CHALLENGE: &str = "Basic realm=\"camhook\"";
    let mut source = Source::given("nvr-locked").await;
    let api = source.stack.api_url.clone();
    let body = flat("Yard", "start");
    for fields in [&[JSON][..], &[JSON, WRONG], &[JSON, ("authorization", "Digest username=\"recorder\"")]] {
        assert_refused(&source.send("POST", &source.url, fields, &body).await, CHALLENGE, "wrong");
        let query = format!("{}?EventType=VideoMotion&EventAction=start", source.url);
        assert_refused(&source.send("GET", &query, fields, b"").await, CHALLENGE, "wrong by GET");
        let button = format!("{}/manual/1", source.url);
        assert_refused(&source.send("POST", &button, fields, b"").await, CHALLENGE, "a button");
    }
    for path in ["/ivsec/nobody", "/ivsec/gate", "/viewtron/nvr-locked", "/instar/nvr-locked"] {
        let reply = source.send("POST", &format!("{api}{path}"), &[JSON, GOOD], &body).await;
        assert_refused(&reply, CHALLENGE, path);
    }
    // Who asks with a token learns nothing of passwords, whether the source is there or not.
    for id in ["nvr", "nobody"] {
        let url = format!("{api}/ivsec/{id}/AAAAAAAAAAAAAAAAAAAAAA");
        assert_refused(&source.send("POST", &url, &[JSON], &body).await, "", id);
    }
    // At XProtect's path the sender is no better off than anybody who signs wrong.
    let reply = source.send("POST", &format!("{api}/xprotect/nvr-locked"), &[JSON, GOOD], &body).await;
    assert_eq!((reply.status().as_u16(), &reply.body()[..]), (401, &b""[..]));
    assert!(source.kept().await.is_empty() && source.kept_of("nobody").await.is_empty());

    assert_success(&source.send("POST", &source.url, &[JSON, GOOD], &body).await);
    let event = source.the_event().await;
    wait::until("the notification", async || source.notified().pop()).await;
    source.consumers_are_done().await;
    let notified: Vec<Value> =
        source.notified().iter().map(|notified| notified["event"]["id"].clone()).collect();
    assert_eq!(notified, [event["id"].clone()]);
}

#[tokio::test]
async fn what_cannot_be_read_is_acknowledged_and_kept() {
    let source = Source::given("nvr-garbled").await;
    let whole = flat("Yard", "start");
    let bodies: [(&str, &[u8]); 6] = [
        ("no_body", b""),
        ("truncated_json", &whole[..whole.len() / 2]),
        ("not_json", b"<?xml version=\"1.0\"?><config/>"),
        ("not_json", b"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"),
        ("unknown_content", br#"{"data":{"something":"else"}}"#),
        ("no_event_type", br#"{"data":{"EventType":" "}}"#),
    ];
    for (number, (reason, body)) in bodies.into_iter().enumerate() {
        assert_success(&source.send("POST", &source.url, &[JSON], body).await);
        let kept = source.quarantined().await;
        assert_eq!(kept.len(), number + 1, "{reason}");
        let reasons: Vec<&str> = kept.iter().map(|why| why["reason"].as_str().unwrap()).collect();
        assert!(reasons.contains(&reason), "{reasons:?} has no {reason}");
    }
    let too_large = vec![b'a'; 4 * 1024 * 1024 + 1];
    assert_eq!(source.send("POST", &source.url, &[JSON], &too_large).await.status(), 413);
    assert_eq!(source.quarantined().await.len(), bodies.len() + 1);
    assert!(source.bucket.records(source.id).await.is_empty(), "no event came of any of this");
    let ready = source.send("GET", &source.url, &[], b"").await;
    assert_eq!(ready.status(), 200);
    assert!(ready.body().starts_with(b"camhook: the source nvr-garbled is ready"));
}

#[tokio::test]
async fn a_picture_that_is_none_is_named_and_not_stored() {
    let mut source = Source::given("nvr-forged").await;
    let plate = SAMPLES.iter().find(|sample| sample.name == "plate").unwrap();
    let gif = with_gif(plate.request, 0);
    let post = source.fill_in(&gif);
    assert_success(&source.post(&post, &[]).await);
    let event = source.the_event().await;
    assert_eq!(event["data"]["images"][1], json!({ "role": "plate", "rejected": "not_jpeg" }));
    let overview = source.bucket.bytes(event["data"]["images"][0]["key"].as_str().unwrap()).await;
    assert_eq!([overview.to_vec()], post.pictures()[..]);
}
