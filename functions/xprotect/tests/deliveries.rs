//! One event is one event, however often XProtect sends it.

use std::time::Duration;

use bytes::Bytes;
use camhook_event::Event;
use camhook_ingest::{Headers, Instance, Method, Parts, Request, handle};
use camhook_ports::Queue;
use camhook_ports::memory::MemoryPorts;
use camhook_xprotect::Xprotect;
use jiff::Timestamp;

const FIRST: &str = "2026-11-23T08:00:01Z";

const BODY: &str = r#"{"Event":{"EventHeader":{"ID":"2388f93d-5cb0-48e0-9524-d8bb981e1629",
    "Timestamp":"2026-11-23T08:00:00Z","Name":"Motion Detected"}}}"#;

#[tokio::test]
async fn another_version_is_taken_and_noticed_once() {
    let toml =
        "timezone = \"UTC\"\n[[source]]\nid = \"vms\"\nvendor = \"xprotect\"\nauth = { token = \"t\" }\n";
    let (site, _) = camhook_site::read(toml, "test").unwrap();
    let ports = MemoryPorts::new(FIRST.parse().unwrap());
    let instance = Instance::default();
    let mut noticed = Vec::new();
    for version in ["v1.0", "V1.0", "v2.0", "v2.0", "v3.0"] {
        let request = Request::new(Parts {
            method: Method::Post,
            path: "/xprotect/vms/t".to_owned(),
            query: String::new(),
            headers: [("X-Milestone-Api-Version".to_owned(), version.to_owned())].into_iter().collect(),
            body: Bytes::from(BODY),
            source_ip: None,
            request_id: "request".to_owned(),
            received_at: FIRST.parse().unwrap(),
        });
        let reply = handle(&ports, &site, &Xprotect, &instance, request).await;
        assert_eq!(reply.status, 200, "{version}");
        noticed.push(ports.metrics.counted("Notices"));
    }
    assert_eq!(noticed, [0, 0, 1, 1, 1], "once");
}

/// Three deliveries, so long after each other; the first is written in another way than the last.
#[cfg(test)]
async fn deliver(apart: Duration) -> MemoryPorts {
    let toml =
        "timezone = \"UTC\"\n[[source]]\nid = \"vms\"\nvendor = \"xprotect\"\nauth = { token = \"t\" }\n";
    let (site, _) = camhook_site::read(toml, "test").unwrap();
    let first: Timestamp = FIRST.parse().unwrap();
    let ports = MemoryPorts::new(first);
    let instance = Instance::default();
    let bodies = [BODY.to_owned(), BODY.replace("2388f93d", "2388F93D"), BODY.replace('\n', "")];
    let deliveries = bodies.into_iter().zip(0_u32..).map(|(body, number)| {
        let request = Request::new(Parts {
            method: Method::Post,
            path: "/xprotect/vms/t".to_owned(),
            query: String::new(),
            headers: Headers::default(),
            body: Bytes::from(body),
            source_ip: None,
            request_id: format!("request-{number}"),
            received_at: first + apart * number,
        });
        handle(&ports, &site, &Xprotect, &instance, request)
    });
    let mut statuses = Vec::new();
    for delivery in deliveries {
        statuses.push(delivery.await.status);
    }
    assert_eq!(statuses, [200, 200, 200]);
    ports
}

#[tokio::test]
async fn three_deliveries_are_one_record_and_messages_of_one_id() {
    for apart in [Duration::ZERO, Duration::from_secs(30)] {
        let ports = deliver(apart).await;
        let records = ports.objects.keys().into_iter().filter(|key| key.starts_with("events/")).count();
        assert_eq!(records, 1, "{apart:?}");
        for queue in [Queue::Notify, Queue::Relay] {
            let messages = ports.queues.sent(queue);
            assert_eq!(messages.len(), 3, "consumers claim an event by its id");
            let ids = messages.iter().map(|message| serde_json::from_str::<Event>(&message.body).unwrap().id);
            let mut ids: Vec<_> = ids.collect();
            ids.dedup();
            assert_eq!(ids.len(), 1);
        }
    }
}
