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

/// The ids of the events that requests become, an hour after each other.
#[cfg(test)]
async fn ids_of(auth: &str, requests: &[(Method, &str, &str)]) -> Vec<String> {
    let toml =
        format!("timezone = \"UTC\"\n[[source]]\nid = \"vms\"\nvendor = \"xprotect\"\nauth = {{ {auth} }}\n");
    let (site, _) = camhook_site::read(&toml, "test").unwrap();
    let first: Timestamp = FIRST.parse().unwrap();
    let ports = MemoryPorts::new(first);
    let mut ids = Vec::new();
    for (number, (method, query, body)) in (0_u32..).zip(requests) {
        let signature = ("x-hub-signature-256".to_owned(), camhook_xprotect::sign("key", body.as_bytes()));
        let request = Request::new(Parts {
            method: *method,
            path: "/xprotect/vms/t".to_owned(),
            query: (*query).to_owned(),
            headers: [signature].into_iter().collect(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            source_ip: None,
            request_id: format!("request-{number}"),
            received_at: first + Duration::from_secs(3600) * number,
        });
        assert_eq!(handle(&ports, &site, &Xprotect, &Instance::default(), request).await.status, 200);
        let messages = ports.queues.take(Queue::Notify);
        let event: Event = serde_json::from_str(&messages.first().unwrap().body).unwrap();
        assert_eq!(event.data.vendor_data.get("x"), None, "a query beside a signed body");
        ids.push(event.id.to_string());
    }
    ids
}

#[tokio::test]
async fn an_id_that_stands_in_every_event_joins_none() {
    let token = "token = \"t\"";
    let get = (Method::Get, "event=Intrusion&id=4", "");
    let ids = ids_of(token, &[get, get]).await;
    assert_ne!(ids[0], ids[1]);
    for constant in ["N/A", "-1", "0", "4"] {
        let bodies = [BODY, &BODY.replace("08:00:00Z", "09:00:00Z")]
            .map(|body| body.replace("2388f93d-5cb0-48e0-9524-d8bb981e1629", constant));
        let [first, second] = bodies.each_ref().map(|body| (Method::Post, "", body.as_str()));
        let ids = ids_of(token, &[first, second, second]).await;
        assert_ne!(ids[0], ids[1], "{constant}");
        assert_eq!(ids[1], ids[2], "{constant}");
    }
}

#[tokio::test]
async fn a_query_beside_a_signed_body_makes_no_other_event_of_it() {
    let body = BODY.replace("2388f93d-5cb0-48e0-9524-d8bb981e1629", "00000000-0000-0000-0000-000000000000");
    let hmac = "token = \"t\", hmac = \"key\"";
    let ids = ids_of(hmac, &[(Method::Post, "", &body), (Method::Post, "x=1", &body)]).await;
    assert_eq!(ids[0], ids[1]);
}
