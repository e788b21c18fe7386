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

/// The messages that one post becomes, each as a queue carries it.
#[cfg(test)]
async fn messages_of(body: &str) -> Vec<String> {
    let toml =
        "timezone = \"UTC\"\n[[source]]\nid = \"vms\"\nvendor = \"xprotect\"\nauth = { token = \"t\" }\n";
    let (site, _) = camhook_site::read(toml, "test").unwrap();
    let ports = MemoryPorts::new(FIRST.parse().unwrap());
    let request = Request::new(Parts {
        method: Method::Post,
        path: "/xprotect/vms/t".to_owned(),
        query: String::new(),
        headers: Headers::default(),
        body: Bytes::copy_from_slice(body.as_bytes()),
        source_ip: None,
        request_id: "request".to_owned(),
        received_at: FIRST.parse().unwrap(),
    });
    assert_eq!(handle(&ports, &site, &Xprotect, &Instance::default(), request).await.status, 200);
    ports.queues.take(Queue::Notify).into_iter().map(|message| message.body).collect()
}

#[tokio::test]
async fn thousands_of_objects_and_pictures_fit_a_queue_message() {
    let header = BODY.trim_end_matches("}}}");
    for (number, length) in [(2000, 256), (4000, 36), (500, 3000)] {
        let objects: Vec<String> = (0..number)
            .map(|number| {
                format!(
                    r#"{{"ID":"{number}{}","Type":"Person","Note":"{}"}}"#,
                    "i".repeat(length),
                    "n".repeat(300)
                )
            })
            .collect();
        let pictures = r#""/9j/","#.repeat(5000);
        let body = format!(
            r#"{header}}},"ObjectList":[{},{{"Type":"Car"}}],"Snapshots":[{pictures}"/9j/"]}}}}"#,
            objects.join(",")
        );
        let messages = messages_of(&body).await;
        let [message] = messages.as_slice() else { panic!("{} messages", messages.len()) };
        assert!(message.len() <= camhook_event::MESSAGE_LIMIT, "{number} of {length}: {}", message.len());
        let event: Event = serde_json::from_str(message).unwrap();
        assert!(event.data.truncated);
        let classes: Vec<_> = event.data.targets.iter().filter_map(|target| target.class).collect();
        assert!(classes.contains(&camhook_event::TargetClass::Vehicle), "each class is kept");
        assert!(event.data.correlation.unwrap().key.as_str().len() <= 1024);
    }
}

#[tokio::test]
async fn each_plate_of_an_event_has_an_identity_of_its_own_whatever_their_order() {
    let header = BODY.trim_end_matches("}}}");
    let ids = async |plates: [&str; 3]| {
        let objects =
            plates.map(|plate| format!(r#"{{"Type":"License Plate","Value":"{plate}"}}"#)).join(",");
        let mut ids = Vec::new();
        for message in messages_of(&format!(r#"{header}}},"ObjectList":[{objects}]}}}}"#)).await {
            let event: Event = serde_json::from_str(&message).unwrap();
            let plate = event.data.plate.unwrap().text.to_string().replace(' ', "").to_uppercase();
            ids.push((plate, event.id.to_string()));
        }
        ids.sort();
        ids
    };
    let first = ids(["QX 1", "WB 2", "qx1"]).await;
    assert_eq!(first.len(), 2, "a plate that was seen twice is one");
    assert_ne!(first[0].1, first[1].1);
    assert_eq!(first, ids(["WB2", "QX1", "QX 1"]).await);
}
