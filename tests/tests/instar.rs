//! INSTAR over real HTTP against the deployed template: what the Cloud and the cameras send, what they hear, and all
//! that comes of it. Each test has a source of its own.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use bytes::Bytes;
use camhook_end_to_end::http_server::header;
use camhook_end_to_end::source::Source;
use camhook_ingest::DialectGuide;
use camhook_instar::http::{CAMERA_V1, CAMERA_V2, CLOUD};
use camhook_picture::SamplePost;
use http::Response;

async fn get(source: &Source, query: &str) -> Response<Bytes> {
    source.send("GET", &format!("{}?{query}", source.url), &[], b"").await
}

fn assert_accepted(reply: &Response<Bytes>) {
    assert_eq!((reply.status().as_u16(), &reply.body()[..]), (200, &b"ok\n"[..]));
}

fn published(name: &str) -> Option<String> {
    let path = camhook_fixture::published(&format!("instar/{name}"))?;
    std::fs::read_to_string(path).ok()
}

async fn each_sample_is_an_event(source: &mut Source, guide: DialectGuide) {
    for sample in guide.samples {
        let post = SamplePost::parse(sample.request.as_bytes()).unwrap();
        let reply = get(source, post.path_and_query().1).await;
        assert_accepted(&reply);
        let event = source.the_event().await;
        assert_eq!(event["data"]["vendor"], "instar", "{}", sample.name);
    }
}

#[tokio::test]
async fn what_the_cloud_sends() {
    let mut source = Source::given("cloud").await;
    each_sample_is_an_event(&mut source, CLOUD).await;
    let classes = [&[][..], &["person"], &["vehicle"], &["person", "vehicle"], &["animal"]];
    for (object, expected) in classes.iter().enumerate() {
        let reply = get(&source, &format!("trigger=cloud&cam=4711&object={object}&note=a+b%20c")).await;
        assert_accepted(&reply);
        let event = source.the_event().await;
        let targets = event["data"]["targets"].as_array().cloned().unwrap_or_default();
        let found: Vec<&str> = targets.iter().map(|target| target["class"].as_str().unwrap()).collect();
        assert_eq!(&found, expected);
        assert_eq!(event["data"]["camera"]["id"], "4711");
        assert_eq!(event["data"]["vendor_data"]["note"], "a b c");
    }
    // Two requests that are alike are two alarms: nothing in them says that they are one.
    for _ in 0..2 {
        let reply = get(&source, "cam=4711&object=1").await;
        assert_accepted(&reply);
        source.the_event().await;
    }
}

#[tokio::test]
async fn what_older_cameras_send() {
    let mut source = Source::given("older").await;
    each_sample_is_an_event(&mut source, CAMERA_V1).await;
    let mut queries = Vec::new();
    if let Some(text) = published("instar_alarmserver_v1.http") {
        queries.push(SamplePost::parse(text.as_bytes()).unwrap().path_and_query().1.to_owned());
    }
    queries.extend(published("instar_alarmserver_v1_query.txt").map(|query| query.trim().to_owned()));
    for query in queries {
        let reply = get(&source, &query).await;
        assert_accepted(&reply);
        let event = source.the_event().await;
        assert_eq!((&event["data"]["kind"], &event["data"]["zone"]["id"]), (&"motion".into(), &"1".into()));
    }
}

#[tokio::test]
async fn what_newer_cameras_send_in_every_form() {
    let mut source = Source::given("newer").await;
    each_sample_is_an_event(&mut source, CAMERA_V2).await;
    if let Some(query) = published("instar_alarmserver_v2_query.txt") {
        let reply = get(&source, query.trim()).await;
        assert_accepted(&reply);
        source.the_event().await;
    }
    for (content_type, body) in [
        ("application/x-www-form-urlencoded", "&trigger=17&object=1"),
        ("text/plain", "trigger=17&object=1"),
        ("application/json", r#"{"trigger":"17","object":"1"}"#),
        ("application/octet-stream", r#"{"trigger":17,"object":1}"#),
    ] {
        let reply =
            source.send("POST", &source.url, &[("content-type", content_type)], body.as_bytes()).await;
        assert_accepted(&reply);
        let event = source.the_event().await;
        assert_eq!(
            event["data"]["vendor_data"]["triggers"],
            serde_json::json!(["area 1", "pir"]),
            "{content_type}"
        );
        assert_eq!(event["data"]["targets"][0]["class"], "person", "{content_type}");
    }
    let reply = source.send("POST", &format!("{}?trigger=32", source.url), &[], b"").await;
    assert_accepted(&reply);
    assert_eq!(source.the_event().await["data"]["kind"], "input");
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_and_accepted() {
    let source = Source::given("garbled-instar").await;
    for (query, body) in [
        ("", &b""[..]),
        ("active=camera", b""),
        ("trigger=camera", b""),
        ("", b"{\"trigger\":\"1"),
        ("", b"<?xml version=\"1.0\"?><!DOCTYPE a><a/>"),
        ("", b"\xff\xd8\xff\xe0\x00"),
    ] {
        let before = source.quarantined().await.len();
        let reply = source.send("POST", &format!("{}?{query}", source.url), &[], body).await;
        assert_eq!((reply.status().as_u16(), &reply.body()[..]), (200, &b"ok\n"[..]));
        assert_eq!(source.quarantined().await.len(), before + 1, "{query}");
    }
    assert!(source.bucket.records(source.id).await.is_empty());
    let idle = get(&source, "&trigger=0&object=0").await;
    assert_eq!(idle.status(), 200);
    let visit = source.send("GET", &source.url, &[], b"").await;
    assert!(
        visit.status() == 200 && visit.body().starts_with(b"camhook: the source garbled-instar is ready")
    );
    let too_large = source.send("POST", &source.url, &[], &vec![b'a'; 4 * 1024 * 1024 + 1]).await;
    assert_eq!(too_large.status(), 413);
    assert!(source.bucket.records(source.id).await.is_empty(), "no event came of any of this");
}

#[tokio::test]
async fn who_has_not_the_credentials_leaves_nothing() {
    let mut source = Source::given("locked-instar").await;
    let base = format!("{}/instar/locked-instar", source.stack.api_url);
    // camera:local and camera:wrong
    let (good, wrong) =
        (("authorization", "Basic Y2FtZXJhOmxvY2Fs"), ("authorization", "Basic Y2FtZXJhOndyb25n"));
    let query = "?&active=1";
    let refused = [
        (format!("{base}{query}"), vec![]),
        (format!("{base}{query}"), vec![wrong]),
        (format!("{}/instar/nobody{query}", source.stack.api_url), vec![good]),
        (format!("{}/viewtron/locked-instar{query}", source.stack.api_url), vec![good]),
    ];
    for (url, fields) in &refused {
        let reply = source.send("GET", url, fields, b"").await;
        assert_eq!(reply.status(), 401, "{url}");
        assert_eq!(header(reply.headers(), "www-authenticate"), "Basic realm=\"camhook\"", "{url}");
    }
    let with_token = format!("{}/instar/cloud/AAAAAAAAAAAAAAAAAAAAAA?object=1", source.stack.api_url);
    let reply = source.send("GET", &with_token, &[], b"").await;
    assert_eq!((reply.status().as_u16(), header(reply.headers(), "www-authenticate")), (401, ""));
    assert!(source.bucket.records(source.id).await.is_empty() && source.quarantined().await.is_empty());

    let reply = source.send("GET", &format!("{base}{query}"), &[good], b"").await;
    assert_accepted(&reply);
    source.the_event().await;
}
