//! Control requests with in-memory services: what sets a mode, and what does not.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use bytes::Bytes;
use camhook_control::handle;
use camhook_ingest::{Headers, Instance, Method, Parts, Reply, Request};
use camhook_ports::memory::MemoryPorts;
use camhook_site::Site;
use camhook_state::control::{self, SetBy};
use jiff::Timestamp;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);
const TOKEN: &str = "AAAAAAAAAAAAAAAAAAAAAA";
const CAMERA_TOKEN: &str = "BBBBBBBBBBBBBBBBBBBBBB";

const SITE: &str = r#"
timezone = "UTC"
modes = ["night"]

[[source]]
id = "gate"
vendor = "viewtron"
area = "yard"
auth = { token = "BBBBBBBBBBBBBBBBBBBBBB" }

[[source]]
id = "barn"
vendor = "viewtron"
area = "barn"
auth = { token = "BBBBBBBBBBBBBBBBBBBBBB" }

[[source]]
id = "phone"
vendor = "control"
auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" }

[[source]]
id = "stable"
vendor = "control"
area = "barn"
auth = { basic = { user = "ann", password = "secret" }, allow = "203.0.113.0/24" }
"#;

struct World {
    ports: MemoryPorts,
    site: Site,
    instance: Instance,
}

impl World {
    fn new() -> Self {
        let (site, _) = camhook_site::read(SITE, "test").unwrap();
        Self { ports: MemoryPorts::new(NOW), site, instance: Instance::default() }
    }

    async fn send(&self, parts: Parts) -> Reply {
        handle(&self.ports, &self.site, &self.instance, Request::new(parts)).await
    }

    async fn post(&self, path: &str, body: &str) -> Reply {
        self.send(parts(Method::Post, path, body)).await
    }

    async fn mode(&self, area: &str) -> Option<String> {
        control::mode(&self.ports.state, area).await.unwrap()
    }

    /// Nothing was written.
    async fn assert_unchanged(&self) {
        assert_eq!((self.mode("yard").await, self.mode("barn").await), (None, None));
        assert!(self.ports.objects.keys().is_empty());
    }
}

fn parts(method: Method, path: &str, body: &str) -> Parts {
    Parts {
        method,
        path: path.to_owned(),
        query: String::new(),
        headers: Headers::default(),
        body: Bytes::copy_from_slice(body.as_bytes()),
        source_ip: "203.0.113.7".parse().ok(),
        request_id: "request-1".to_owned(),
        received_at: NOW,
    }
}

fn with_basic(parts: Parts) -> Parts {
    // ann:secret
    let field = ("authorization".to_owned(), "Basic YW5uOnNlY3JldA==".to_owned());
    Parts { headers: Headers::from_iter([field]), ..parts }
}

fn json_of(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap()
}

fn phone(rest: &str) -> String {
    format!("/control/phone/{TOKEN}{rest}")
}

#[tokio::test]
async fn a_post_sets_the_mode_and_records_the_source() {
    for (path, body) in [
        (phone("/yard/away"), ""),
        (phone(""), r#"{"area": "yard", "mode": "away"}"#),
        (phone(""), "area=yard&mode=away"),
    ] {
        let world = World::new();
        let reply = world.post(&path, body).await;
        assert_eq!(reply.status, 200, "{path} {body}: {}", reply.body);
        let expected = json!({ "area": "yard", "mode": "away", "since": NOW, "by": "source phone" });
        assert_eq!(json_of(&reply), expected);
        let record = control::mode_record(&world.ports.state, "yard").await.unwrap().unwrap();
        assert_eq!((record.mode.as_str(), record.since), ("away", NOW));
        assert_eq!(record.by, Some(SetBy::Source("phone".to_owned())));
        assert_eq!(world.mode("barn").await, None);
        assert!(world.ports.objects.keys().is_empty());
    }
}

#[tokio::test]
async fn a_get_shows_modes_and_changes_nothing() {
    let world = World::new();
    world.post(&phone("/yard/night"), "").await;
    for body in ["", r#"{"area": "yard", "mode": "away"}"#] {
        let reply = world.send(parts(Method::Get, &phone(""), body)).await;
        let expected = json!({ "areas": [
            { "area": "barn", "mode": "home" },
            { "area": "yard", "mode": "night", "since": NOW, "by": "source phone" },
        ]});
        assert_eq!((reply.status, json_of(&reply)), (200, expected));
    }
    for method in [Method::Get, Method::Other] {
        let reply = world.send(parts(method, &phone("/yard/away"), "")).await;
        assert_eq!(reply.status, 405);
        assert!(reply.headers.iter().any(|(name, value)| *name == "allow" && value.contains("POST")));
    }
    let query = Parts { query: "area=yard&mode=away".to_owned(), ..parts(Method::Get, &phone(""), "") };
    assert_eq!(world.send(query).await.status, 200);
    assert_eq!(world.mode("yard").await.as_deref(), Some("night"));
}

#[tokio::test]
async fn what_is_unknown_is_answered_400_with_what_is_known() {
    for (rest, body, error) in [
        ("/yrad/away", "", "unknown area `yrad`: use `barn`, `yard`"),
        ("/yard/awya", "", "unknown mode `awya`: use `away`, `home`, `night`, `off`"),
        ("/away", "", "name an area: `barn`, `yard`"),
        ("/a/b/c", "", "the path has more segments than an area and a mode"),
        ("", "", "name a mode"),
        ("", "{", "the body is not valid"),
        ("", "mode=away&relay=gate", "the body is not valid"),
    ] {
        let world = World::new();
        let reply = world.post(&phone(rest), body).await;
        assert_eq!(reply.status, 400, "{rest} {body}");
        let text = json_of(&reply)["error"].as_str().unwrap().to_owned();
        assert!(text.starts_with(error), "{text}");
        world.assert_unchanged().await;
    }
    let world = World::new();
    assert_eq!(world.post(&phone(""), &"a".repeat(5000)).await.status, 413);
    world.assert_unchanged().await;
}

#[tokio::test]
async fn a_source_with_an_area_sets_the_mode_of_that_area_only() {
    let world = World::new();
    let post = |path: &str| with_basic(parts(Method::Post, path, ""));
    assert_eq!(world.send(post("/control/stable/barn/away")).await.status, 200);
    assert_eq!(world.send(post("/control/stable/off")).await.status, 200);
    assert_eq!(world.mode("barn").await.as_deref(), Some("off"));
    let other = world.send(post("/control/stable/yard/away")).await;
    assert_eq!(other.status, 403);
    assert_eq!(json_of(&other)["error"], "this source may set the mode of `barn` only");
    let shown = world.send(with_basic(parts(Method::Get, "/control/stable", ""))).await;
    assert_eq!(json_of(&shown)["areas"].as_array().unwrap().len(), 1);
    assert_eq!(world.mode("yard").await, None);
}

/// An unknown source, a source of a camera and wrong credentials are answered alike, whatever the request asks for.
#[tokio::test]
async fn a_refusal_reveals_and_changes_nothing() {
    let world = World::new();
    let calls = world.ports.state.calls();
    let wrong_token = "/control/phone/CCCCCCCCCCCCCCCCCCCCCC/yard/away";
    let expected = world.post(wrong_token, "").await;
    assert_eq!((expected.status, expected.body.as_ref()), (401, ""));
    for path in [
        "/control/nobody/CCCCCCCCCCCCCCCCCCCCCC/yard/away".to_owned(),
        format!("/control/gate/{CAMERA_TOKEN}/yard/away"),
        "/control/phone/CCCCCCCCCCCCCCCCCCCCCC/nowhere/nothing".to_owned(),
    ] {
        assert_eq!(world.post(&path, "").await, expected, "{path}");
    }
    let no_token = world.post("/control/phone/yard/away", "").await;
    assert_eq!(no_token, world.post("/control/nobody/yard/away", "").await);
    assert_eq!(no_token.status, 401);
    let elsewhere = Parts {
        source_ip: "198.51.100.1".parse().ok(),
        ..with_basic(parts(Method::Post, "/control/stable/barn/away", ""))
    };
    assert_eq!(world.send(elsewhere).await.status, 401);
    assert_eq!(world.post("/control/stable/barn/away", "").await.status, 401);
    assert_eq!(world.ports.state.calls(), calls);
    world.assert_unchanged().await;
}

#[tokio::test]
async fn a_table_that_fails_is_answered_503() {
    let world = World::new();
    world.ports.state.fail("mode#");
    assert_eq!(world.post(&phone("/yard/away"), "").await.status, 503);
    assert_eq!(world.send(parts(Method::Get, &phone(""), "")).await.status, 503);
}
