//! The deployed template over real HTTP: what a camera posts, what it hears, and all that comes of it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use base64_simd::STANDARD;
use bytes::Bytes;
use camhook_end_to_end::cloud::{Bucket, Cloud};
use camhook_end_to_end::device_log::{Logged, received};
use camhook_end_to_end::http_server::{HttpClient, header};
use camhook_end_to_end::post::{INTRUSION, Post, with_gif};
use camhook_end_to_end::stack::Stack;
use camhook_end_to_end::wait;
use hmac::{Hmac, KeyInit, Mac};
use http::{Request, Response};
use serde_json::{Value, json};
use sha2::Sha256;

/// The vendor's answer to all that arrived.
const SUCCESS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
    <config version=\"1.0\" xmlns=\"http://www.ipc.com/ver10\"><status>success</status></config>";

/// The key that the webhooks of tests/camhook.toml are signed with.
const SIGNING_KEY: &[u8] = b"a key of the end to end tests";

struct Deployed {
    stack: Stack,
    cloud: Cloud,
    bucket: Bucket,
    client: HttpClient,
}

impl Deployed {
    fn given() -> Self {
        let stack = Stack::given();
        let cloud = Cloud::of(&stack);
        let bucket = cloud.bucket(&stack.bucket);
        Self { stack, cloud, bucket, client: HttpClient::default() }
    }

    /// A post of this template, for a device that no other post is of: rules act once for each thing.
    fn post_for(&self, source: &str, template: &str) -> Post {
        Post::new(&of_a_new_device(template), self.path(source))
    }

    fn path(&self, source: &str) -> &str {
        self.stack.webhook(source).strip_prefix(&self.stack.endpoint_url).unwrap()
    }

    /// Sends a post as its head says, and its body with a length.
    async fn send(&self, post: &Post) -> Response<Bytes> {
        let sample = post.request();
        let mut request = Request::builder()
            .method(sample.method)
            .uri(format!("{}{}", self.stack.endpoint_url, sample.target));
        for (name, value) in sample.headers {
            if !name.eq_ignore_ascii_case("connection") {
                request = request.header(name, value);
            }
        }
        self.client.send(request.body(Bytes::copy_from_slice(sample.body)).unwrap()).await
    }

    async fn request(&self, method: &str, url: &str, body: impl Into<Bytes>) -> Response<Bytes> {
        self.client.send(Request::builder().method(method).uri(url).body(body.into()).unwrap()).await
    }

    /// Posts XML to a source.
    async fn post_xml(&self, url: &str, body: impl Into<Bytes>) -> Response<Bytes> {
        let request = Request::builder().method("POST").uri(url).header("content-type", "application/xml");
        self.client.send(request.body(body.into()).unwrap()).await
    }

    /// The records of a source under keys that were not there before.
    async fn news(&self, source: &str, known: &mut Vec<String>) -> Vec<Value> {
        let mut records = Vec::new();
        for key in self.bucket.record_keys(source).await {
            if !known.contains(&key) {
                records.push(self.bucket.record(&key).await);
                known.push(key);
            }
        }
        records
    }

    /// The pictures that a record names are, byte by byte, those that were posted.
    async fn assert_pictures(&self, record: &Value, post: &Post) {
        let mut sent = post.pictures();
        let images = record["data"]["images"].as_array().map(Vec::as_slice).unwrap_or_default();
        for image in images {
            let key = image["key"].as_str().unwrap_or_else(|| panic!("a picture is rejected: {image}"));
            let stored = self.bucket.bytes(key).await;
            assert_eq!(image["bytes"], stored.len());
            let position = sent.iter().position(|sent| stored == *sent);
            sent.swap_remove(position.unwrap_or_else(|| panic!("{key} is no picture that was sent")));
        }
        assert!(sent.is_empty(), "{} pictures are not stored", sent.len());
        let prefix = format!("images/{}/", record["data"]["source"].as_str().unwrap());
        let id = record["id"].as_str().unwrap();
        let keys = self.bucket.keys(&prefix).await;
        assert_eq!(keys.iter().filter(|key| key.contains(id)).count(), images.len());
    }

    /// Waits for the webhook that carries an event, and checks its signature.
    async fn webhook(&self, record: &Value) -> Logged {
        let what = format!("a webhook with the event {}", record["id"]);
        let posted = wait::until(&what, async || self.webhooks(record).into_iter().next()).await;
        assert_signed(&posted);
        assert_eq!(lasting(&posted.json()["data"]["event"]), lasting(record), "the queue carried the record");
        posted
    }

    fn webhooks(&self, record: &Value) -> Vec<Logged> {
        let mut posted = received(&self.stack, "/webhook/automation");
        posted.retain(|request| request.json()["data"]["event"]["id"] == record["id"]);
        posted
    }

    /// Waits until both consumers have finished all that there is.
    async fn consumers_are_done(&self) {
        for queue in ["notify", "relay"] {
            let queue = self.cloud.queue(&self.stack.queues[queue]);
            let done = async || (queue.holds().await == 0).then_some(());
            wait::until_deadline("an empty queue", wait::REDELIVERY_DEADLINE, done).await;
        }
    }
}

/// A template with the address of a device that nobody else has.
fn of_a_new_device(template: &str) -> String {
    let octets = getrandom::u64().unwrap().to_be_bytes();
    let [a, b, c, ..] = octets.map(|octet| format!("{octet:02x}"));
    let mut template = template.to_owned();
    for mac in ["58:5b:69:5a:84:bb", "58:5b:69:11:22:33", "58:5B:69:44:55:66"] {
        template = template.replace(mac, &format!("58:5b:69:{a}:{b}:{c}"));
    }
    template
}

/// An event without what another delivery of the same post changes: when it was received.
fn lasting(event: &Value) -> Value {
    let mut event = event.clone();
    let data = event["data"].as_object_mut().unwrap();
    data.remove("received_at");
    data.remove("lag_s");
    event
}

/// Source: the specification of Standard Webhooks, version 1.
fn assert_signed(request: &Logged) {
    let mut code = Hmac::<Sha256>::new_from_slice(SIGNING_KEY).unwrap();
    let (id, timestamp) = (request.header("webhook-id"), request.header("webhook-timestamp"));
    code.update(format!("{id}.{timestamp}.").as_bytes());
    code.update(&request.body());
    let expected = format!("v1,{}", STANDARD.encode_to_string(code.finalize().into_bytes()));
    assert_eq!(request.header("webhook-signature"), expected);
}

fn assert_success(reply: &Response<Bytes>) {
    assert_eq!(reply.status(), 200);
    assert_eq!(header(reply.headers(), "content-type"), "application/xml");
    assert_eq!(std::str::from_utf8(reply.body()).unwrap(), SUCCESS);
}

/// What each sample is to become: kind, report and state of its event, and how many pictures that has.
fn expected(sample: &str) -> Option<(&'static str, &'static str, Option<&'static str>, usize)> {
    match sample {
        "intrusion" => Some(("intrusion", "detection", Some("start"), 2)),
        "nvr-intrusion" => Some(("intrusion", "detection", None, 2)),
        "line-crossing" => Some(("line_crossing", "detection", Some("start"), 2)),
        "plate" | "nvr-plate" => Some(("plate", "detection", None, 2)),
        "face" => Some(("face", "detection", None, 2)),
        "counting" => Some(("counting", "detection", Some("start"), 0)),
        "alarm-start" => Some(("perimeter", "status", Some("start"), 0)),
        "alarm-stop" => Some(("perimeter", "status", Some("stop"), 0)),
        "keepalive" | "traject" => None,
        other => panic!("nobody said what the sample `{other}` is to become"),
    }
}

#[tokio::test]
async fn each_sample_becomes_the_event_that_it_says_and_people_see_its_picture() {
    let deployed = Deployed::given();
    let mut known = deployed.bucket.record_keys("samples").await;
    for sample in camhook_viewtron::SAMPLES {
        let name = sample.name;
        let post = deployed.post_for("samples", sample.request);
        assert_success(&deployed.send(&post).await);
        let records = deployed.news("samples", &mut known).await;
        let Some((kind, report, state, pictures)) = expected(name) else {
            assert!(records.is_empty(), "{name} became {records:?}");
            continue;
        };
        let [record] = <[Value; 1]>::try_from(records).unwrap_or_else(|all| panic!("{name} became {all:?}"));
        let data = &record["data"];
        assert_eq!((data["kind"].as_str(), data["report"].as_str()), (Some(kind), Some(report)), "{name}");
        assert_eq!(data["state"].as_str(), state, "{name}");
        assert_eq!(post.pictures().len(), pictures, "{name}");
        deployed.assert_pictures(&record, &post).await;
        // Some events match no rule: status reports beside a detection, and ends.
        if report != "detection" {
            continue;
        }
        deployed.webhook(&record).await;
        if pictures > 0 {
            let seen = async || {
                let notified = received(&deployed.stack, "/ntfy/samples");
                notified.into_iter().find(|request| post.pictures().contains(&request.body()))
            };
            let notified = wait::until(&format!("{name}: a notification with its picture"), seen).await;
            assert_eq!(notified.header("title"), kind, "{name}");
        }
    }
}

#[tokio::test]
async fn an_intrusion_is_stored_told_and_switches_the_light() {
    let deployed = Deployed::given();
    let mut known = deployed.bucket.record_keys("gate").await;
    let before = received(&deployed.stack, "/rpc/Switch.Set?id=1&").len();
    let post = deployed.post_for("gate", INTRUSION);
    assert_success(&deployed.send(&post).await);
    let records = deployed.news("gate", &mut known).await;
    assert_eq!(records.len(), 1);
    let record = &records[0];
    assert_eq!(record["data"]["area"], "yard");
    assert_eq!(record["data"]["camera"], json!({ "id": "1", "name": "Drive" }));
    deployed.assert_pictures(record, &post).await;
    let posted = deployed.webhook(record).await;
    assert!(posted.header("webhook-id").starts_with(record["id"].as_str().unwrap()));

    let notified = wait::until("the notification", async || {
        let notified = received(&deployed.stack, "/ntfy/gate");
        notified.into_iter().find(|request| post.pictures().contains(&request.body()))
    })
    .await;
    assert_eq!(notified.header("title"), "intrusion at Drive");
    assert_eq!(notified.header("content-type"), "image/jpeg");

    let asked = wait::until("the switched light", async || {
        let asked = received(&deployed.stack, "/rpc/Switch.Set?id=1&").split_off(before);
        asked.iter().any(|request| request.status == 200).then_some(asked)
    })
    .await;
    let seen: Vec<_> = asked
        .iter()
        .map(|request| (request.status, request.authorization.as_str(), request.path.as_str()))
        .collect();
    let pulse = "/rpc/Switch.Set?id=1&on=true&toggle_after=5";
    // The first command of an instance has no nonce yet; the device's challenge gives it one.
    let answered = seen.strip_prefix(&[(401, "none", pulse)]).unwrap_or(&seen);
    assert_eq!(answered, [(200, "Digest", pulse)]);
    let id = record["id"].as_str().unwrap();
    assert_eq!(deployed.bucket.audit_record("gate", id).await["decision"], "done");
}

#[tokio::test]
async fn one_post_twice_and_at_the_same_moment_is_one_event_one_notification_one_pulse() {
    let deployed = Deployed::given();
    let mut known = deployed.bucket.record_keys("twice").await;
    let notified = received(&deployed.stack, "/ntfy/twice").len();
    let switched = async || {
        let asked = received(&deployed.stack, "/rpc/Switch.Set?id=2&");
        asked.iter().filter(|request| request.status == 200).count()
    };
    let before = switched().await;

    let post = deployed.post_for("twice", INTRUSION);
    let (left, right) = tokio::join!(deployed.send(&post), deployed.send(&post));
    assert_success(&left);
    assert_success(&right);
    assert_success(&deployed.send(&post).await);

    let records = deployed.news("twice", &mut known).await;
    assert_eq!(records.len(), 1, "one post, one record");
    deployed.assert_pictures(&records[0], &post).await;
    deployed.webhook(&records[0]).await;
    wait::until("the switched light", async || (switched().await > before).then_some(())).await;
    deployed.consumers_are_done().await;
    assert_eq!(deployed.webhooks(&records[0]).len(), 1);
    assert_eq!(received(&deployed.stack, "/ntfy/twice").len(), notified + 1);
    assert_eq!(switched().await, before + 1);
}

/// A camera was seen to send one intrusion four times within 110 ms, with another time in each post.
#[tokio::test]
async fn one_intrusion_in_four_posts_is_four_records_one_notification_one_actuation() {
    let deployed = Deployed::given();
    let mut known = deployed.bucket.record_keys("repeated").await;
    let switched = || {
        let asked = received(&deployed.stack, "/rpc/Switch.Toggle?id=0");
        asked.iter().filter(|request| request.status == 200).count()
    };
    let before = switched();
    let template = of_a_new_device(INTRUSION);
    for _ in 0..4 {
        assert_success(&deployed.send(&Post::new(&template, deployed.path("repeated"))).await);
    }
    let records = deployed.news("repeated", &mut known).await;
    assert_eq!(records.len(), 4, "nothing that a camera says is merged");
    let key = &records[0]["data"]["correlation"]["key"];
    assert!(records.iter().all(|record| record["data"]["correlation"]["key"] == *key));
    let notified = || records.iter().map(|record| deployed.webhooks(record).len()).sum::<usize>();
    wait::until("the notification and the relay", async || {
        (notified() + switched() >= before + 2).then_some(())
    })
    .await;
    deployed.consumers_are_done().await;
    assert_eq!(notified(), 1);
    assert_eq!(switched(), before + 1);
}

#[tokio::test]
async fn a_light_is_held_on_while_a_camera_says_where_somebody_is() {
    let deployed = Deployed::given();
    let sample = camhook_viewtron::SAMPLES.iter().find(|sample| sample.name == "traject").unwrap();
    let switched = || {
        let mut asked = received(&deployed.stack, "/rpc/Switch.Set?id=3&");
        asked.retain(|request| request.status == 200);
        asked
    };
    let before = switched().len();
    // Each post has its own time. Which of them are forwarded is the source's rate.
    wait::until("two holds", async || {
        assert_success(&deployed.send(&deployed.post_for("watched", sample.request)).await);
        (switched().len() >= before + 2).then_some(())
    })
    .await;
    for hold in switched().split_off(before) {
        let left = hold.path.strip_prefix("/rpc/Switch.Set?id=3&on=true&toggle_after=").unwrap();
        let left: f64 = left.parse().unwrap();
        assert!((0.0..=4.0).contains(&left), "held for {left} s");
    }
}

#[tokio::test]
async fn the_media_type_and_the_path_below_change_nothing() {
    let deployed = Deployed::given();
    let mut known = deployed.bucket.record_keys("types").await;
    for media_type in [
        Some("application/xml"),
        Some("application/xml; charset=utf-8"),
        Some("text/xml"),
        Some("application/soap+xml; charset=utf-8"),
        Some("application/x-www-form-urlencoded"),
        Some("application/octet-stream"),
        None,
    ] {
        for below in ["", "/SendAlarmData", "/?a=b"] {
            let post = deployed.post_for("types", INTRUSION);
            let url = format!("{}{below}", deployed.stack.webhook("types"));
            let mut request = Request::builder().method("POST").uri(url);
            if let Some(media_type) = media_type {
                request = request.header("content-type", media_type);
            }
            let body = Bytes::copy_from_slice(post.request().body);
            assert_success(&deployed.client.send(request.body(body).unwrap()).await);
            let records = deployed.news("types", &mut known).await;
            assert_eq!(records.len(), 1, "{media_type:?} {below}");
            deployed.assert_pictures(&records[0], &post).await;
        }
    }
}

#[tokio::test]
async fn a_heartbeat_is_acknowledged_and_a_browser_is_told_that_the_source_is_ready() {
    let deployed = Deployed::given();
    let url = deployed.stack.webhook("quiet").to_owned();
    assert_success(&deployed.request("POST", &url, "").await);
    assert_success(&deployed.post_xml(&url, "").await);
    assert_success(&deployed.post_xml(&format!("{url}/SendKeepalive"), "").await);

    let ready = deployed.request("GET", &url, "").await;
    assert_eq!(ready.status(), 200);
    assert!(header(ready.headers(), "content-type").starts_with("text/plain"));
    assert_eq!(ready.body(), "camhook: the source quiet is ready; it has sent no event yet\n");
    assert_eq!(deployed.request("HEAD", &url, "").await.status(), 200);
    assert!(deployed.bucket.records("quiet").await.is_empty());
    assert!(quarantined(&deployed, "quiet").await.is_empty());
}

#[tokio::test]
async fn who_has_no_good_credentials_learns_nothing_and_leaves_nothing() {
    let deployed = Deployed::given();
    let api = &deployed.stack.api_url;
    let good = deployed.stack.webhook("locked").to_owned();
    let body = deployed.post_for("locked", INTRUSION).request().body.to_vec();
    let wrong_token = format!("{api}/viewtron/locked/BBBBBBBBBBBBBBBBBBBBBB");
    let unknown_source = format!("{api}/viewtron/nowhere/BBBBBBBBBBBBBBBBBBBBBB");
    let mut replies = Vec::new();
    for url in [&wrong_token, &unknown_source] {
        for reply in [deployed.post_xml(url, body.clone()).await, deployed.request("GET", url, "").await] {
            assert_eq!(reply.status(), 401, "{url}");
            assert_eq!(header(reply.headers(), "www-authenticate"), "");
            replies.push(reply.into_body());
        }
    }
    assert!(replies.windows(2).all(|pair| pair[0] == pair[1]), "a source and none look alike");
    for url in [format!("{api}/viewtron/locked"), format!("{api}/viewtron/nowhere")] {
        let reply = deployed.post_xml(&url, body.clone()).await;
        assert_eq!(reply.status(), 401, "{url}");
        assert_eq!(header(reply.headers(), "www-authenticate"), "Basic realm=\"camhook\"");
    }

    // Every kind of credential that the source names must hold.
    let token_alone = deployed.post_xml(&good, body.clone()).await;
    assert_eq!(token_alone.status(), 401);
    for (password, status) in [("wrong", 401), ("local", 200)] {
        let authorization = format!("Basic {}", STANDARD.encode_to_string(format!("camera:{password}")));
        let request = Request::builder().method("GET").uri(&good).header("authorization", authorization);
        let reply = deployed.client.send(request.body(Bytes::new()).unwrap()).await;
        assert_eq!(reply.status(), status, "{password}");
    }
    assert!(deployed.bucket.records("locked").await.is_empty());
    assert!(deployed.bucket.keys("images/locked/").await.is_empty());
    assert!(quarantined(&deployed, "locked").await.is_empty());
    assert!(quarantined(&deployed, "nowhere").await.is_empty());
}

/// The quarantine of a source: each reason with the bytes that were kept.
async fn quarantined(deployed: &Deployed, source: &str) -> Vec<(Value, Bytes)> {
    let mut all = Vec::new();
    for key in deployed.bucket.keys("quarantine/").await {
        if key.contains(&format!("/{source}/")) && key.ends_with("/reason.json") {
            let kept = key.replace("/reason.json", "/request.bin");
            all.push((deployed.bucket.json(&key).await, deployed.bucket.bytes(&kept).await));
        }
    }
    all
}

#[tokio::test]
async fn what_cannot_be_read_is_acknowledged_or_too_large_and_in_the_quarantine() {
    let deployed = Deployed::given();
    let url = deployed.stack.webhook("garbled").to_owned();
    let before = quarantined(&deployed, "garbled").await.len();
    let whole = deployed.post_for("garbled", INTRUSION).request().body.to_vec();
    let mark = format!("{:016x}", getrandom::u64().unwrap());
    let truncated = whole[..whole.len() / 3].to_vec();
    let doctype = format!("<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"{mark}\">]><config>&b;</config>")
        .into_bytes();
    let no_xml = format!("{{\"not\": \"xml\", \"mark\": \"{mark}\"}}").into_bytes();
    let too_large = format!("<config>{}{mark}</config>", "a".repeat(4 * 1024 * 1024)).into_bytes();

    let posts = [("truncated_xml", &truncated), ("doctype", &doctype), ("not_xml", &no_xml)];
    for (_, body) in posts {
        assert_success(&deployed.post_xml(&url, body.clone()).await);
    }
    assert_eq!(deployed.post_xml(&url, too_large.clone()).await.status(), 413);

    let kept = quarantined(&deployed, "garbled").await;
    assert_eq!(kept.len(), before + 4);
    for (reason, body) in posts {
        let (why, _) =
            kept.iter().find(|(_, kept)| kept == body).unwrap_or_else(|| panic!("{reason} is lost"));
        assert_eq!(why["reason"], reason);
        assert_eq!(why["source"], "garbled");
        assert!(!why.to_string().contains("garbled-token"), "the token is not kept: {why}");
    }
    let (why, beginning) = kept.iter().find(|(why, _)| why["reason"] == "too_large").unwrap();
    assert_eq!(why["length"], too_large.len());
    assert!(beginning == &too_large[..64 * 1024]);
    assert!(deployed.bucket.records("garbled").await.is_empty());
}

#[tokio::test]
async fn a_picture_that_is_none_is_named_and_not_stored() {
    let deployed = Deployed::given();
    let mut known = deployed.bucket.record_keys("forged").await;
    // The GIF of one pixel, in the place of the target's picture.
    let template = with_gif(INTRUSION, 1);
    let post = deployed.post_for("forged", &template);
    assert_success(&deployed.send(&post).await);
    let records = deployed.news("forged", &mut known).await;
    assert_eq!(records.len(), 1);
    let record = &records[0];
    assert_eq!(record["data"]["images"][1], json!({ "role": "target", "rejected": "not_jpeg" }));
    let overview = deployed.bucket.bytes(record["data"]["images"][0]["key"].as_str().unwrap()).await;
    assert_eq!([overview.to_vec()], post.pictures()[..]);
}
