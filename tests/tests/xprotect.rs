//! Milestone XProtect over real HTTP against the deployed template: what it and plug-ins like it send, what they hear,
//! and all that comes of it. Each test has a source of its own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use bytes::Bytes;
use camhook_end_to_end::device_log::received;
use camhook_end_to_end::http_server::header;
use camhook_end_to_end::post::{Post, with_gif};
use camhook_end_to_end::source::Source;
use camhook_end_to_end::wait;
use camhook_xprotect::{SAMPLES, SIGNATURE_FIELD, sign};
use http::Response;
use serde_json::{Value, json};

/// plug-in:local
const GOOD: (&str, &str) = ("authorization", "Basic cGx1Zy1pbjpsb2NhbA==");
/// plug-in:wrong
const WRONG: (&str, &str) = ("authorization", "Basic cGx1Zy1pbjp3cm9uZw==");

/// Section 3 of the design: 200 without a body for all that was taken.
fn assert_accepted(reply: &Response<Bytes>) {
    assert_eq!((reply.status().as_u16(), &reply.body()[..]), (200, &b""[..]));
}

/// XProtect never sends again what was answered so.
fn assert_refused_for_good(reply: &Response<Bytes>, what: &str) {
    assert_eq!((reply.status().as_u16(), &reply.body()[..]), (400, &b""[..]), "{what}");
    assert_eq!(header(reply.headers(), "www-authenticate"), "", "{what}");
}

/// Without a signature the answer asks for user and password, whatever sources there are.
fn assert_asked_for_a_password(reply: &Response<Bytes>, what: &str) {
    assert_eq!((reply.status().as_u16(), &reply.body()[..]), (401, &b""[..]), "{what}");
    assert_eq!(header(reply.headers(), "www-authenticate"), "Basic realm=\"camhook\"", "{what}");
}

/// The body of an event that no other is.
fn external_event() -> Vec<u8> {
    let random = format!("{:012x}", getrandom::u64().unwrap() >> 16);
    let template = SAMPLES[0].request.replace("d8{{now s}}", &random);
    assert!(template.contains(&random));
    Post::new(&template, "/").request().body.to_vec()
}

/// Posts a body to a source with a signature.
async fn post(source: &Source, url: &str, body: &[u8], signature: &str) -> Response<Bytes> {
    let fields = [("content-type", "application/json; charset=utf-8"), (SIGNATURE_FIELD, signature)];
    source.send("POST", url, &fields, body).await
}

/// What each sample is to become: kind, state, camera or name, and how many pictures.
fn expected(sample: &str) -> (&'static str, Option<&'static str>, &'static str, usize) {
    match sample {
        "external-event" => ("external", None, "Event High", 0),
        "motion" => ("motion", Some("start"), "Yard camera", 0),
        "input" => ("input", Some("start"), "Door contact", 0),
        "analytics" => ("intrusion", None, "Yard camera", 1),
        "plug-in" => ("motion", None, "RTSP Source (10.0.0.48) - Channel 1", 0),
        other => panic!("nobody said what the sample `{other}` is to become"),
    }
}

#[tokio::test]
async fn each_sample_becomes_the_event_that_it_says() {
    let mut source = Source::given("vms").await;
    for sample in SAMPLES {
        let (kind, state, name, pictures) = expected(sample.name);
        let post = source.fill_in(sample.request);
        let signature = sign("vms-token", post.request().body);
        assert_accepted(&source.post(&post, &[(SIGNATURE_FIELD, &signature)]).await);
        let event = source.the_event().await;
        let data = &event["data"];
        assert_eq!(
            (data["vendor"].as_str(), data["kind"].as_str()),
            (Some("xprotect"), Some(kind)),
            "{event:#}"
        );
        assert_eq!(data["state"].as_str(), state, "{}", sample.name);
        let named = data["camera"]["name"].as_str().or(data["name"].as_str());
        assert_eq!(named, Some(name), "{}", sample.name);
        assert_eq!(data["clock"], "device", "{}", sample.name);
        assert_eq!(data["images"].as_array().map_or(0, Vec::len), pictures, "{}", sample.name);
        assert_eq!(post.pictures().len(), pictures, "{}", sample.name);
        source.assert_pictures(&event, &post).await;
        if sample.name == "analytics" {
            assert_eq!(data["targets"][0]["class"], "person");
            assert_eq!(data["zone"]["name"], "Yard");
        }
    }
}

#[tokio::test]
async fn the_signature_is_one_over_the_bytes_whatever_they_are_and_however_they_are_handed_over() {
    let mut source = Source::given("vms-two-tokens").await;
    let compact = external_event();
    let id = |number: u8| format!("{:08x}-5cb0-48e0-9524-0000000000{number:02}", getrandom::u32().unwrap());
    let bodies = [
        serde_json::to_vec_pretty(&serde_json::from_slice::<Value>(&compact).unwrap()).unwrap(),
        format!(
            r#"{{"Event":{{"EventHeader":{{"ID":"{}","Version":1.0,"Name":"Tür \u00f6ffnet","Priority":1e0}}}}}}"#,
            id(1)
        )
        .into_bytes(),
        [b"\xef\xbb\xbf".as_slice(), &external_event()].concat(),
    ];
    for body in &bodies {
        for content_type in ["application/json; charset=utf-8", "application/octet-stream", "text/plain"] {
            for token in ["the-new-token", "the-old-token"] {
                let signature = sign(token, body);
                let fields = [("content-type", content_type), ("X-Hub-Signature-256", &signature)];
                assert_accepted(&source.send("POST", &source.url, &fields, body).await);
            }
        }
        // One event, whichever token it was signed with.
        source.the_event().await;
    }
}

#[tokio::test]
async fn three_deliveries_at_the_same_moment_are_one_record_one_notification_one_pulse() {
    let mut source = Source::given("vms-thrice").await;
    let pulse = "/rpc/Switch.Set?id=4&on=true&toggle_after=7";
    let switched = || {
        let asked = received(&source.stack, pulse);
        asked.iter().filter(|request| request.status == 200).count()
    };
    let (notified, before) = (source.notified().len(), switched());
    let first = external_event();
    // The same event in another order of its keys, and indented: another body and another signature.
    let event: Value = serde_json::from_slice(&first).unwrap();
    let turned = format!("{{\"Site\":{},\"Event\":{}}}", event["Site"], event["Event"]).into_bytes();
    let indented = serde_json::to_vec_pretty(&event).unwrap();
    assert!(first != turned && turned != indented);
    let send = async |body: &[u8]| {
        let signature = sign("vms-thrice-token", body);
        assert_accepted(&post(&source, &source.url, body, &signature).await);
    };
    tokio::join!(send(&first), send(&turned), send(&indented));
    wait::until("the switched light", async || (switched() > before).then_some(())).await;
    wait::until("the notification", async || (source.notified().len() > notified).then_some(())).await;
    // XProtect sends again when no answer came in time.
    send(&first).await;
    source.consumers_are_done().await;
    assert_eq!(source.notified().len(), notified + 1);
    assert_eq!(switched(), before + 1);
    let record = source.the_event().await;
    assert_eq!(source.notified().last().unwrap()["event"]["id"], record["id"]);
}

#[tokio::test]
async fn who_does_not_sign_well_is_refused_for_good_and_leaves_nothing() {
    let mut source = Source::given("vms-locked").await;
    let body = external_event();
    let good = sign("vms-locked-token", &body);
    let hexadecimal = format!("sha256={}", "8d".repeat(32));
    let wrong = [
        sign("another-token", &body),
        sign("vms-locked-token", &external_event()),
        hexadecimal,
        good.trim_end_matches('=').to_owned(),
        good.replace("sha256", "sha1"),
        String::new(),
    ];
    for signature in &wrong {
        assert_refused_for_good(&post(&source, &source.url, &body, signature).await, signature);
    }
    let json = [("content-type", "application/json; charset=utf-8")];
    let api = &source.stack.api_url;
    for url in [&source.url, &format!("{api}/xprotect/nobody")] {
        assert_asked_for_a_password(&source.send("POST", url, &json, &body).await, url);
        assert_asked_for_a_password(&source.send("GET", url, &[], b"").await, url);
    }
    for path in ["/xprotect/nobody", "/xprotect/nobody/AAAAAAAAAAAAAAAAAAAAAA", "/xprotect/gate"] {
        assert_refused_for_good(&post(&source, &format!("{api}{path}"), &body, &good).await, path);
    }
    for path in ["/ivsec/vms-locked", "/viewtron/vms-locked", "/instar/vms-locked"] {
        let reply = post(&source, &format!("{api}{path}"), &body, &good).await;
        assert_eq!((reply.status().as_u16(), &reply.body()[..]), (401, &b""[..]), "{path}");
        assert_eq!(header(reply.headers(), "www-authenticate"), "Basic realm=\"camhook\"", "{path}");
    }
    assert!(source.kept().await.is_empty() && source.kept_of("nobody").await.is_empty());

    // Correctly signed posts are notified, refused ones are not.
    assert_accepted(&post(&source, &source.url, &body, &good).await);
    let record = source.the_event().await;
    wait::until("the notification", async || source.notified().pop()).await;
    source.consumers_are_done().await;
    let notified: Vec<Value> =
        source.notified().iter().map(|notified| notified["event"]["id"].clone()).collect();
    assert_eq!(notified, [record["id"].clone()]);
}

#[tokio::test]
async fn a_plug_in_has_user_and_password_and_is_asked_for_them() {
    let mut source = Source::given("vms-plug-in").await;
    let plug_in = SAMPLES.iter().find(|sample| sample.name == "plug-in").unwrap();
    let sent = source.fill_in(plug_in.request);
    for fields in [&[][..], &[WRONG], &[("authorization", "Basic !")], &[("authorization", "Bearer x")]] {
        let reply = source.post(&sent, fields).await;
        assert_eq!((reply.status().as_u16(), &reply.body()[..]), (401, &b""[..]), "{fields:?}");
        assert_eq!(header(reply.headers(), "www-authenticate"), "Basic realm=\"camhook\"", "{fields:?}");
    }
    assert!(source.kept().await.is_empty());
    assert_accepted(&source.post(&sent, &[GOOD]).await);
    let record = source.the_event().await;
    assert_eq!(record["data"]["vendor_data"]["zone"], "parking_lot");
    wait::until("the notification", async || source.notified().pop()).await;
    source.consumers_are_done().await;
    assert_eq!(source.notified().len(), 1);
}

/// Whoever probes learns nothing of which sources there are and how they are protected: the reply depends on the request
/// alone.
#[tokio::test]
async fn a_source_with_a_password_one_with_a_key_and_one_that_is_none_answer_alike() {
    let source = Source::given("vms-plug-in").await;
    let body = external_event();
    let signature = sign("another-token", &body);
    let json = ("content-type", "application/json; charset=utf-8");
    let requests: [(&str, Vec<(&str, &str)>); 8] = [
        ("POST", vec![json]),
        ("POST", vec![json, WRONG]),
        ("POST", vec![json, ("authorization", "Basic !")]),
        ("POST", vec![json, ("authorization", "Bearer x")]),
        ("POST", vec![json, (SIGNATURE_FIELD, &signature)]),
        ("POST", vec![json, (SIGNATURE_FIELD, &signature), WRONG]),
        ("GET", vec![]),
        ("GET", vec![WRONG]),
    ];
    for (method, fields) in &requests {
        let mut replies = Vec::new();
        for id in ["vms-plug-in", "vms-locked", "vms-garbled", "nobody"] {
            let url = format!("{}/xprotect/{id}", source.stack.api_url);
            let reply = source.send(method, &url, fields, &body).await;
            let fields =
                ["www-authenticate", "content-type", "content-length", "retry-after", "cache-control"];
            let headers = fields.map(|name| header(reply.headers(), name).to_owned());
            replies.push((id, reply.status(), headers, reply.body().clone()));
        }
        for (id, status, headers, reply) in &replies[1..] {
            let (_, first_status, first_headers, first_reply) = &replies[0];
            assert_eq!(
                (status, headers, reply),
                (first_status, first_headers, first_reply),
                "{id}: {fields:?}"
            );
            assert!(status.is_client_error(), "{id}: {status}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_for_good_and_kept() {
    let source = Source::given("vms-garbled").await;
    let whole = external_event();
    let bodies: [(&str, &[u8]); 6] = [
        ("no_body", b""),
        ("truncated_json", &whole[..whole.len() / 2]),
        ("not_json", b"<?xml version=\"1.0\"?><Event/>"),
        ("not_json", b"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"),
        ("no_event", b"{\"Site\":{}}"),
        ("not_an_object", b"[]"),
    ];
    for (number, (reason, body)) in bodies.into_iter().enumerate() {
        let reply = source.send("POST", &source.url, &[("content-type", "application/json")], body).await;
        assert_refused_for_good(&reply, reason);
        let kept = source.quarantined().await;
        assert_eq!(kept.len(), number + 1, "{reason}");
        let reasons: Vec<&str> = kept.iter().map(|why| why["reason"].as_str().unwrap()).collect();
        assert!(reasons.contains(&reason), "{reasons:?} has no {reason}");
    }
    let too_large = vec![b'a'; 4 * 1024 * 1024 + 1];
    let json = [("content-type", "application/json")];
    assert_refused_for_good(&source.send("POST", &source.url, &json, &too_large).await, "too large");
    assert_eq!(source.quarantined().await.len(), bodies.len() + 1);
    assert!(source.bucket.records(source.id).await.is_empty(), "no event came of any of this");
    let ready = source.send("GET", &source.url, &[], b"").await;
    assert_eq!(ready.status(), 200);
    assert!(ready.body().starts_with(b"camhook: the source vms-garbled is ready"));
}

#[tokio::test]
async fn a_picture_that_is_none_is_named_and_not_stored() {
    let mut source = Source::given("vms-forged").await;
    let analytics = SAMPLES.iter().find(|sample| sample.name == "analytics").unwrap();
    let gif = with_gif(analytics.request, 0);
    let post = source.fill_in(&gif);
    let signature = sign("vms-forged-token", post.request().body);
    assert_accepted(&source.post(&post, &[(SIGNATURE_FIELD, &signature)]).await);
    let record = source.the_event().await;
    assert_eq!(record["data"]["images"][0], json!({ "role": "snapshot", "rejected": "not_jpeg" }));
}
