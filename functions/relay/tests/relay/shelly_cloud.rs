//! A simulated Shelly Cloud: one request a second for each account, and 401 for what is more.

use std::sync::Mutex;
use std::time::Duration;

use camhook_event::Kind;
use camhook_outbound::test_server::{Received, Reply, TestServer};
use camhook_ports::Queue;
use camhook_relay::handle;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{NOW, event, record, rule, site};
use crate::world::{PULSE, World, answer};

const KEY: &str = "MWRkNzRldWlk0123456789";

fn cloud() -> impl Fn(&Received) -> Reply {
    let last: Mutex<Option<Instant>> = Mutex::new(None);
    move |request| {
        let mut last = last.lock().unwrap();
        let is_too_soon =
            last.replace(Instant::now()).is_some_and(|last| last.elapsed() < Duration::from_secs(1));
        if is_too_soon || request.target != format!("/v2/devices/api/set/switch?auth_key={KEY}") {
            return Reply::status(401);
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        match body["id"].as_str().unwrap() {
            "b48a0a1cd978" | "b48a0a1cd979" => Reply::status(200),
            _ => Reply::Answer {
                status: 400,
                headers: vec![],
                body: format!(r#"{{"error":"DEVICE_OFFLINE","data":{{"messages":["{KEY}"]}}}}"#).into(),
            },
        }
    }
}

fn keys(server: &TestServer, device: &str, key: &str) -> String {
    let url = server.url("/").unwrap();
    format!("driver = \"shelly-cloud\"\nserver = \"{url}\"\ndevice = \"{device}\"\nkey = \"{key}\"")
}

#[tokio::test]
async fn a_pulse_is_timed_by_the_device_and_confirmed_by_an_empty_answer() {
    let server = TestServer::start(cloud()).await.unwrap();
    let world = World::of(&keys(&server, "b48a0a1cd978", KEY), PULSE);
    let (decision, text) = world.decide().await;
    assert_eq!(decision, "done");
    assert!(text.contains("status 200"), "{text}");
    let body: Value = serde_json::from_slice(&server.received()[0].body).unwrap();
    assert_eq!(body, json!({ "id": "b48a0a1cd978", "channel": 0, "on": true, "toggle_after": 5 }));
    assert!(world.ports.queues.sent(Queue::Releases).is_empty());
}

#[tokio::test]
async fn two_relays_of_one_account_take_turns_of_a_second() {
    let server = TestServer::start(cloud()).await.unwrap();
    let relay = |id: &str, device: &str| {
        format!("\n[[relay]]\nid = \"{id}\"\nnetwork = \"loopback\"\n{}\n", keys(&server, device, KEY))
    };
    let then = r#"{ relay = "gate", action = "on" }, { relay = "door", action = "on" }"#;
    let mut world = World::of(&keys(&server, "b48a0a1cd978", KEY), PULSE);
    world.site = site(&[
        relay("gate", "b48a0a1cd978"),
        relay("door", "b48a0a1cd979"),
        rule("open", r#"{ kind = "motion" }"#, then, ""),
    ]);
    // On a busy machine the first request may be late, and the second one follows it within the second after all. It is
    // refused then, and retried with the next delivery.
    let retried = async {
        for delivery in 1.. {
            let sent = Instant::now();
            let record = record(&event(1, Kind::Motion, NOW), delivery);
            if handle(&world.ports, &world.site, &world.client, &[record]).await.failed.is_empty() {
                return;
            }
            tokio::time::sleep_until(sent + Duration::from_secs(3)).await;
            world.ports.clock.advance(Duration::from_secs(3));
        }
    };
    tokio::time::timeout(Duration::from_secs(25), retried).await.unwrap();
    let mut decisions: Vec<Value> = world.audit().iter().map(|record| record["decision"].clone()).collect();
    decisions.retain(|decision| decision != "duplicate");
    assert_eq!(decisions, ["done", "done"]);
}

#[tokio::test]
async fn a_401_is_retried_since_another_program_may_have_used_the_account() {
    let server = TestServer::start(cloud()).await.unwrap();
    let world = World::of(&keys(&server, "b48a0a1cd978", "anotherkey"), PULSE);
    assert_eq!(world.deliver(1).await, 1);
    world.ports.clock.advance(Duration::from_secs(31));
    assert_eq!(world.deliver(2).await, 0);
    let audit = world.audit();
    let text = audit[0]["text"].as_str().unwrap();
    assert_eq!(audit[0]["decision"], "failed");
    assert!(text.contains("the key is wrong, or another program"), "{text}");
    assert_eq!(text.matches("certainly not executed").count(), 1, "{text}");
    assert!(!audit[0].to_string().contains("anotherkey"));
    let alerts = world.ports.queues.sent(Queue::Alerts);
    assert!(!alerts[0].body.contains("anotherkey"), "{}", alerts[0].body);
}

#[tokio::test]
async fn an_error_is_kept_without_the_key() {
    let server = TestServer::start(cloud()).await.unwrap();
    let world = World::of(&keys(&server, "b48a0a1cd970", KEY), PULSE);
    assert_eq!(world.deliver(1).await, 1);
    world.ports.clock.advance(Duration::from_secs(31));
    assert_eq!(world.deliver(2).await, 0);
    let text = world.audit()[0]["text"].as_str().unwrap().to_owned();
    assert!(text.contains("DEVICE_OFFLINE") && !text.contains(KEY), "{text}");
}

#[tokio::test]
async fn an_unreachable_cloud_and_one_that_says_nothing_never_show_the_key() {
    for (reply, decision) in
        [(Reply::Silence, "unknown"), (Reply::Close, "unknown"), (answer("<html>"), "unknown")]
    {
        let server = TestServer::start(move |_| reply.clone()).await.unwrap();
        let world = World::of(&keys(&server, "b48a0a1cd978", KEY), PULSE);
        assert_eq!(world.decide().await.0, decision);
        assert!(!world.audit()[0].to_string().contains(KEY));
        assert!(!world.ports.queues.sent(Queue::Alerts)[0].body.contains(KEY));
    }
}

#[tokio::test]
async fn a_status_of_202_is_not_a_confirmation() {
    let server = TestServer::start(|_| Reply::status(202)).await.unwrap();
    let world = World::of(&keys(&server, "b48a0a1cd978", KEY), PULSE);
    assert_eq!(world.decide().await.0, "unknown");
    assert_eq!(server.received().len(), 1);
}
