//! Rules without a cooldown send a limited number of messages, and devices that vanish together are one.

use std::time::Duration;

use camhook_event::Event;
use camhook_outbound::test_server::Reply;
use camhook_ports::Queue;
use camhook_ports::memory::MemoryPorts;
use camhook_site::Site;
use serde_json::json;

use crate::support::{client, delivered, finished, handle_all, header, plate, ports, receiver, record, site};

const SITE: &str = r#"
alert_channel = "admin"
[[channel]]
id = "admin"
kind = "ntfy"
url = "ADMIN/admin"
network = "loopback"
[[channel]]
id = "family"
kind = "ntfy"
url = "NTFY/family"
network = "loopback"
[[rule]]
id = "plates"
when = { kind = "plate" }
then = { notify = "family" }
"#;

/// One of many plates.
fn numbered(number: u32) -> Event {
    let mut value = serde_json::to_value(plate('a', None)).unwrap();
    value["id"] = format!("{number:032x}").into();
    value["data"]["images"] = json!([]);
    serde_json::from_value(value).unwrap()
}

/// Delivers what is queued for notify, until nothing is.
async fn deliver_queued(ports: &MemoryPorts, site: &Site) {
    for message in ports.queues.take(Queue::Alerts) {
        finished(ports, site, &client(), record(message.body, 1)).await;
    }
}

#[tokio::test]
async fn above_thirty_messages_a_minute_one_says_how_many_were_held_back() {
    let (ntfy, admin) = (receiver(Reply::status(200)).await, receiver(Reply::status(200)).await);
    let (ports, site) = (ports().await, site(SITE, &[("NTFY", &ntfy), ("ADMIN", &admin)]));
    for number in 0..42 {
        finished(&ports, &site, &client(), delivered(&numbered(number), 1)).await;
    }
    // A second delivery counts no message twice.
    finished(&ports, &site, &client(), delivered(&numbered(41), 2)).await;
    assert_eq!(ntfy.received().len(), 30);
    ports.clock.advance(Duration::from_secs(61));
    deliver_queued(&ports, &site).await;
    let received = ntfy.received();
    assert_eq!(received.len(), 31);
    assert_eq!(header(&received[30], "title"), Some("12 more messages held back"));
    let text = String::from_utf8(received[30].body.to_vec()).unwrap();
    assert!(
        text.starts_with("The rule plates sent 30 messages in the minute from 2026-11-23 12:00:05"),
        "{text}"
    );
    finished(&ports, &site, &client(), delivered(&numbered(100), 1)).await;
    assert_eq!(ntfy.received().len(), 32);
}

#[tokio::test]
async fn a_rule_with_a_cooldown_is_limited_by_that_alone() {
    let (ntfy, admin) = (receiver(Reply::status(200)).await, receiver(Reply::status(200)).await);
    let text = format!("{SITE}cooldown = \"1s\"\n");
    let (ports, site) = (ports().await, site(&text, &[("NTFY", &ntfy), ("ADMIN", &admin)]));
    for number in 0..40 {
        ports.clock.advance(Duration::from_secs(1));
        finished(&ports, &site, &client(), delivered(&numbered(number), 1)).await;
    }
    assert_eq!(ntfy.received().len(), 40);
}

/// Camera `number` of the source is offline or back, as the watchdog finds it.
fn reachability(kind: &str, number: u32) -> Event {
    let id = if kind == "device_online" { number + 1000 } else { number };
    let mut value = serde_json::to_value(numbered(id)).unwrap();
    value["subject"] = kind.into();
    value["data"]["kind"] = kind.into();
    value["data"]["camera"] = json!({ "id": number.to_string() });
    value["data"]["vendor_data"] = json!({ "last_contact": "2026-11-23T10:50:00Z" });
    value["data"].as_object_mut().unwrap().remove("plate");
    serde_json::from_value(value).unwrap()
}

#[tokio::test]
async fn twelve_cameras_that_go_offline_together_are_one_message() {
    let (ntfy, admin) = (receiver(Reply::status(200)).await, receiver(Reply::status(200)).await);
    let text = SITE.replace("kind = \"plate\"", "kind = [\"device_offline\", \"device_online\"]");
    let (ports, site) = (ports().await, site(&text, &[("NTFY", &ntfy), ("ADMIN", &admin)]));
    for number in 1..=12 {
        finished(&ports, &site, &client(), delivered(&reachability("device_offline", number), 1)).await;
    }
    assert!(ntfy.received().is_empty());
    ports.clock.advance(Duration::from_secs(20));
    deliver_queued(&ports, &site).await;
    let received = ntfy.received();
    assert_eq!(received.len(), 1);
    assert_eq!(header(&received[0], "title"), Some("12 cameras offline"));
    let text = String::from_utf8(received[0].body.to_vec()).unwrap();
    assert!(text.starts_with("Camera 1, Camera 2, ") && text.contains("Camera 12"), "{text}");

    finished(&ports, &site, &client(), delivered(&reachability("device_online", 7), 1)).await;
    ports.clock.advance(Duration::from_secs(20));
    deliver_queued(&ports, &site).await;
    assert_eq!(header(&ntfy.received()[1], "title"), Some("Camera 7 online again"));
    assert!(ports.queues.sent(Queue::Alerts).is_empty());
}

#[tokio::test]
async fn sources_that_go_silent_without_a_rule_are_one_alert() {
    let (ntfy, admin) = (receiver(Reply::status(200)).await, receiver(Reply::status(200)).await);
    let (ports, site) = (ports().await, site(SITE, &[("NTFY", &ntfy), ("ADMIN", &admin)]));
    let records = [1, 2, 3].map(|number| delivered(&reachability("device_offline", number), 1));
    assert!(handle_all(&ports, &site, &client(), &records).await.is_empty());
    // A recorder's own word about a camera, which has no time of a last contact, alerts nobody.
    let mut reported = serde_json::to_value(reachability("device_offline", 9)).unwrap();
    reported["data"]["vendor_data"] = json!({ "channel": "9" });
    finished(&ports, &site, &client(), record(reported.to_string(), 1)).await;
    ports.clock.advance(Duration::from_secs(20));
    deliver_queued(&ports, &site).await;
    let alerts = ports.queues.take(Queue::Alerts);
    assert_eq!(alerts.len(), 1);
    assert!(
        alerts[0].body.contains("3 cameras offline") && alerts[0].body.contains("Camera 2"),
        "{alerts:?}"
    );
    assert!(ntfy.received().is_empty());
}
