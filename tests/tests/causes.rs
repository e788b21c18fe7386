//! Why was nobody notified? Each cause is injected into a stack of its own and found by at most two commands:
//! `camhook status`, and `camhook explain` with the event.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use camhook_end_to_end::gateway::{self, BodyForm};
use camhook_end_to_end::lambda_runtime::Function;
use camhook_end_to_end::own_stack::{Delivery, OwnStack};
use camhook_end_to_end::post::{INTRUSION, Post};
use serde_json::Value;

const PATH: &str = "/viewtron/gate/AAAAAAAAAAAAAAAAAAAAAA";

/// One camera that is missed after ten minutes, one channel, one relay that nothing answers for.
const SITE: &str = r#"
timezone = "Europe/Berlin"

[[source]]
id = "gate"
vendor = "viewtron"
area = "yard"
offline_after = "10m"
auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" }

[[channel]]
id = "family"
kind = "ntfy"
url = "{{devices}}/ntfy/family"
network = "loopback"

[[relay]]
id = "light"
driver = "shelly-gen2"
url = "http://127.0.0.1:1"
network = "loopback"

[[rule]]
id = "notify"
when = { source = "gate" }
mode = ["home", "away"]
then = [{ notify = "family" }]

[[rule]]
id = "light-up"
when = { source = "gate", kind = "intrusion" }
then = [{ relay = "light", action = "on" }]
max_age = "60s"
"#;

/// A stack that has received posts of intrusions.
struct Site {
    stack: OwnStack,
    viewtron: Function,
    notify: Function,
}

impl Site {
    async fn start() -> Self {
        let stack = OwnStack::create(SITE).await;
        let viewtron = stack.start("viewtron").await;
        let notify = stack.start("notify").await;
        Self { stack, viewtron, notify }
    }

    async fn post(&self) {
        let post = Post::new(INTRUSION, PATH);
        let event = gateway::event(&post.request(), BodyForm::Text, "request-1");
        assert_eq!(self.viewtron.call(&event).await["statusCode"], 200);
    }

    fn notified(&self) -> usize {
        self.stack.devices.received("/ntfy/family").len()
    }

    /// What `camhook status` prints, as text and as JSON.
    async fn status(&self) -> (String, Value) {
        let text = self.stack.run("status", &[]).await.join("\n");
        let json = self.stack.run("status", &["--json"]).await;
        (text, serde_json::from_str(&json[0]).unwrap())
    }

    /// What `camhook explain` prints for the newest event.
    async fn explain(&self) -> String {
        let mut records = self.stack.bucket.records("gate").await;
        records.sort_by_key(|record| record["data"]["received_at"].as_str().unwrap().to_owned());
        let id = records.last().unwrap()["id"].as_str().unwrap().to_owned();
        self.stack.run("explain", &[&id]).await.join("\n")
    }
}

/// The problems of a status, by name.
fn problems(status: &Value) -> Vec<&str> {
    status["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["problem"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn nothing_is_wrong_while_a_message_is_delivered() {
    let site = Site::start().await;
    site.post().await;
    assert_eq!(site.stack.deliver(&site.stack.notify, &site.notify).await, Delivery::Done);
    assert_eq!(site.notified(), 1);
    let (text, json) = site.status().await;
    assert_eq!(problems(&json), [""; 0], "{text}");
    assert!(text.contains("family  ntfy  delivered "), "{text}");
    let explained = site.explain().await;
    assert!(explained.contains("notify family\n        delivered (attempt 1 at "), "{explained}");
}

#[tokio::test]
async fn a_silent_camera_is_found_by_status() {
    let site = Site::start().await;
    site.post().await;
    site.stack.table.set("presence", "gate", "contact", "2026-01-01T00:00:00Z").await;
    let (text, json) = site.status().await;
    assert_eq!(problems(&json), ["source_offline"], "{text}");
    assert!(text.contains("source gate is offline since 2026-01-01 "), "{text}");
}

#[tokio::test]
async fn a_rejected_configuration_is_found_by_status() {
    let site = Site::start().await;
    site.stack.configure(&SITE.replace("notify = \"family\"", "notify = \"famly\"")).await;
    let (text, json) = site.status().await;
    assert_eq!(problems(&json), ["configuration_rejected"], "{text}");
    assert!(text.contains("rejected") && text.contains("famly"), "{text}");
}

#[tokio::test]
async fn a_channel_that_refuses_is_found_by_status_and_by_explain() {
    let site = Site::start().await;
    site.post().await;
    site.stack.devices.refuse_once("/ntfy/", 500);
    site.stack.deliver(&site.stack.notify, &site.notify).await;
    let (text, json) = site.status().await;
    assert_eq!(problems(&json), ["channel_failing"], "{text}");
    assert!(text.contains("channel family failed at ") && text.contains("status 500"), "{text}");
    let explained = site.explain().await;
    assert!(explained.contains("failed, tried again") && explained.contains("status 500"), "{explained}");
}

#[tokio::test]
async fn a_suppressed_duplicate_is_found_by_explain() {
    let site = Site::start().await;
    for _ in 0..2 {
        site.post().await;
        assert_eq!(site.stack.deliver(&site.stack.notify, &site.notify).await, Delivery::Done);
    }
    assert_eq!(site.notified(), 1);
    let explained = site.explain().await;
    assert!(explained.contains("not delivered: same object as event "), "{explained}");
    assert!(explained.contains(" s earlier"), "{explained}");
}

#[tokio::test]
async fn a_mode_is_found_by_explain() {
    let site = Site::start().await;
    site.stack.run("arm", &["yard", "off"]).await;
    site.post().await;
    assert_eq!(site.stack.deliver(&site.stack.notify, &site.notify).await, Delivery::Done);
    assert_eq!(site.notified(), 0);
    // The mode that was in force counts, not that of now.
    site.stack.run("arm", &["yard", "home"]).await;
    let explained = site.explain().await;
    let expected = "notify: not matched: the mode of yard is off, the rule wants home or away";
    assert!(explained.contains(expected), "{explained}");
}

#[tokio::test]
async fn a_dead_relay_is_found_by_explain() {
    let site = Site::start().await;
    site.post().await;
    let relay = site.stack.start("relay").await;
    assert_eq!(site.stack.deliver(&site.stack.relay, &relay).await, Delivery::Again);
    let explained = site.explain().await;
    assert!(explained.contains("relay light: on\n        failed, tried again, not before "), "{explained}");
    assert!(explained.contains("127.0.0.1:1"), "{explained}");
}
