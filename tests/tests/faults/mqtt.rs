//! MQTT messages that cannot be read: quarantine, and the alert about it.

use camhook_end_to_end::own_stack::OwnStack;
use serde_json::{Value, json};

/// A site with a source behind the bridge, and a channel for its alerts.
const SITE: &str = r#"
timezone = "Europe/Berlin"
alert_channel = "caretaker"

[[source]]
id = "bridged"
vendor = "instar"
topic = "cameras"

[[channel]]
id = "caretaker"
kind = "webhook"
url = "{{devices}}/webhook/caretaker"
network = "loopback"
"#;

/// A message as the IoT rule puts it on the queue.
fn message(payload: &str, client: &str, trace: &str) -> Value {
    json!({
        "data": base64_simd::STANDARD.encode_to_string(payload),
        "topic": "cameras/115/status/alarm/triggered",
        "ts": 1_795_420_800_123_i64,
        "client": client,
        "trace": trace,
    })
}

#[tokio::test]
async fn an_unreadable_message_is_kept_with_its_client_and_a_person_is_alerted_once() {
    let stack = OwnStack::create(SITE).await;
    let (mqtt, notify) = (stack.start("mqtt").await, stack.start("notify").await);
    for (client, trace) in [("camera-115", "trace-1"), ("camera-115", "trace-2"), ("n/a", "trace-3")] {
        let message = message(r#"{"val":"1"#, client, trace);
        stack.mqtt.send(&message.to_string()).await;
        stack.work_off(&stack.mqtt, &mqtt).await;
    }
    let mut reasons = Vec::new();
    for key in stack.bucket.keys("quarantine/").await {
        if key.ends_with("/reason.json") {
            reasons.push(stack.bucket.json(&key).await);
        }
    }
    let clients: Vec<&Value> = reasons.iter().map(|reason| &reason["client"]).collect();
    assert_eq!(clients, [&json!("camera-115"), &json!("camera-115"), &Value::Null], "{reasons:#?}");
    for reason in &reasons {
        assert_eq!((&reason["source"], &reason["vendor"]), (&json!("bridged"), &json!("instar")));
        assert_eq!(reason["topic"], "cameras/115/status/alarm/triggered");
    }
    assert!(stack.bucket.keys("events/").await.is_empty());

    stack.work_off(&stack.alerts, &notify).await;
    let alerts = stack.devices.received("/webhook/caretaker");
    assert_eq!(alerts.len(), 1, "the first of a source and a reason alerts");
    let alert: Value = serde_json::from_slice(&alerts[0].body).unwrap();
    assert_eq!(alert["data"]["trouble"]["about"], json!({ "what": "source", "id": "bridged" }));
}
