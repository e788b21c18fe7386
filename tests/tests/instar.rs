//! INSTAR over real HTTP against the deployed template: what the Cloud and the cameras send, what they hear, and all
//! that comes of it. Each test has a source of its own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use std::path::Path;

use bytes::Bytes;
use camhook_end_to_end::cloud::{Bucket, Cloud, assert_valid};
use camhook_end_to_end::http_server::{HttpClient, header};
use camhook_end_to_end::stack::Stack;
use camhook_picture::SamplePost;
use camhook_site::Dialect;
use http::{Request, Response};
use serde_json::Value;

struct Source {
    url: String,
    endpoint: String,
    id: &'static str,
    bucket: Bucket,
    client: HttpClient,
}

impl Source {
    fn given(id: &'static str) -> Self {
        let stack = Stack::given();
        let bucket = Cloud::of(&stack).bucket(&stack.bucket);
        let url = stack.webhook(id).to_owned();
        Self { url, endpoint: stack.api_url, id, bucket, client: HttpClient::default() }
    }

    async fn send(&self, method: &str, url: &str, fields: &[(&str, &str)], body: &[u8]) -> Response<Bytes> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        self.client.send(request.body(Bytes::copy_from_slice(body)).unwrap()).await
    }

    async fn get(&self, query: &str) -> Response<Bytes> {
        self.send("GET", &format!("{}?{query}", self.url), &[], b"").await
    }

    /// The one event that came of what was just accepted.
    async fn the_event(&self, reply: &Response<Bytes>, known: &mut Vec<Value>) -> Value {
        assert_eq!((reply.status().as_u16(), &reply.body()[..]), (200, &b"ok\n"[..]));
        let mut records = self.bucket.records(self.id).await;
        records.retain(|record| !known.contains(&record["id"]));
        let [record] = &records[..] else { panic!("{} events: {records:#?}", records.len()) };
        assert_valid(record);
        known.push(record["id"].clone());
        record.clone()
    }

    async fn quarantined(&self) -> Vec<Value> {
        let mut reasons = Vec::new();
        for key in self.bucket.keys("quarantine/").await {
            if key.contains(&format!("/{}/", self.id)) && key.ends_with("reason.json") {
                reasons.push(serde_json::from_slice(&self.bucket.bytes(&key).await).unwrap());
            }
        }
        reasons
    }
}

#[expect(clippy::print_stdout, reason = "a test says what it skips")]
fn published(name: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples/instar").join(name);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        println!("skipped: there is no {}", path.display());
    }
    text
}

async fn each_sample_is_an_event(source: &Source, dialect: Dialect, known: &mut Vec<Value>) {
    for sample in camhook_instar_http::samples(dialect) {
        let post = SamplePost::parse(sample.request.as_bytes()).unwrap();
        let reply = source.get(post.path_and_query().1).await;
        let event = source.the_event(&reply, known).await;
        assert_eq!(event["data"]["vendor"], "instar", "{}", sample.name);
    }
}

#[tokio::test]
async fn what_the_cloud_sends() {
    let source = Source::given("cloud");
    let mut known = Vec::new();
    each_sample_is_an_event(&source, Dialect::Cloud, &mut known).await;
    let classes = [&[][..], &["person"], &["vehicle"], &["person", "vehicle"], &["animal"]];
    for (object, expected) in classes.iter().enumerate() {
        let reply = source.get(&format!("trigger=cloud&cam=4711&object={object}&note=a+b%20c")).await;
        let event = source.the_event(&reply, &mut known).await;
        let targets = event["data"]["targets"].as_array().cloned().unwrap_or_default();
        let found: Vec<&str> = targets.iter().map(|target| target["class"].as_str().unwrap()).collect();
        assert_eq!(&found, expected);
        assert_eq!(event["data"]["camera"]["id"], "4711");
        assert_eq!(event["data"]["vendor_data"]["note"], "a b c");
    }
    // Two requests that are alike are two alarms: nothing in them says that they are one.
    for _ in 0..2 {
        let reply = source.get("cam=4711&object=1").await;
        source.the_event(&reply, &mut known).await;
    }
}

#[tokio::test]
async fn what_older_cameras_send() {
    let source = Source::given("older");
    let mut known = Vec::new();
    each_sample_is_an_event(&source, Dialect::CameraV1, &mut known).await;
    let mut queries = Vec::new();
    if let Some(text) = published("instar_alarmserver_v1.http") {
        queries.push(SamplePost::parse(text.as_bytes()).unwrap().path_and_query().1.to_owned());
    }
    queries.extend(published("instar_alarmserver_v1_query.txt").map(|query| query.trim().to_owned()));
    for query in queries {
        let reply = source.get(&query).await;
        let event = source.the_event(&reply, &mut known).await;
        assert_eq!((&event["data"]["kind"], &event["data"]["zone"]["id"]), (&"motion".into(), &"1".into()));
    }
}

#[tokio::test]
async fn what_newer_cameras_send_in_every_form() {
    let source = Source::given("newer");
    let mut known = Vec::new();
    each_sample_is_an_event(&source, Dialect::CameraV2, &mut known).await;
    if let Some(query) = published("instar_alarmserver_v2_query.txt") {
        let reply = source.get(query.trim()).await;
        source.the_event(&reply, &mut known).await;
    }
    for (content_type, body) in [
        ("application/x-www-form-urlencoded", "&trigger=17&object=1"),
        ("text/plain", "trigger=17&object=1"),
        ("application/json", r#"{"trigger":"17","object":"1"}"#),
        ("application/octet-stream", r#"{"trigger":17,"object":1}"#),
    ] {
        let reply =
            source.send("POST", &source.url, &[("content-type", content_type)], body.as_bytes()).await;
        let event = source.the_event(&reply, &mut known).await;
        assert_eq!(
            event["data"]["vendor_data"]["triggers"],
            serde_json::json!(["area 1", "pir"]),
            "{content_type}"
        );
        assert_eq!(event["data"]["targets"][0]["class"], "person", "{content_type}");
    }
    let reply = source.send("POST", &format!("{}?trigger=32", source.url), &[], b"").await;
    assert_eq!(source.the_event(&reply, &mut known).await["data"]["kind"], "input");
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_and_accepted() {
    let source = Source::given("garbled-instar");
    for (query, body) in [
        ("", &b""[..]),
        ("active=1", b""),
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
    let idle = source.get("&trigger=0&object=0").await;
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
    let source = Source::given("locked-instar");
    let base = format!("{}/instar/locked-instar", source.endpoint);
    // camera:local and camera:wrong
    let (good, wrong) =
        (("authorization", "Basic Y2FtZXJhOmxvY2Fs"), ("authorization", "Basic Y2FtZXJhOndyb25n"));
    let query = "?&active=1";
    let refused = [
        (format!("{base}{query}"), vec![]),
        (format!("{base}{query}"), vec![wrong]),
        (format!("{}/instar/nobody{query}", source.endpoint), vec![good]),
        (format!("{}/viewtron/locked-instar{query}", source.endpoint), vec![good]),
    ];
    for (url, fields) in &refused {
        let reply = source.send("GET", url, fields, b"").await;
        assert_eq!(reply.status(), 401, "{url}");
        assert_eq!(header(reply.headers(), "www-authenticate"), "Basic realm=\"camhook\"", "{url}");
    }
    let with_token = format!("{}/instar/cloud/AAAAAAAAAAAAAAAAAAAAAA?object=1", source.endpoint);
    let reply = source.send("GET", &with_token, &[], b"").await;
    assert_eq!((reply.status().as_u16(), header(reply.headers(), "www-authenticate")), (401, ""));
    assert!(source.bucket.records(source.id).await.is_empty() && source.quarantined().await.is_empty());

    let reply = source.send("GET", &format!("{base}{query}"), &[good], b"").await;
    source.the_event(&reply, &mut Vec::new()).await;
}
