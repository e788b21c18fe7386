//! Replays of stored events, on a bucket and queues in memory.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use bytes::Bytes;
use camhook_operations::replay::{Consumers, Mode, Replay, Selection, Settings, Totals};
use camhook_ports::memory::MemoryPorts;
use camhook_ports::{Object, ObjectStore, Ports, Precondition, Queue};
use jiff::Timestamp;
use serde_json::json;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

async fn put(ports: &MemoryPorts, source: &str, number: u32, time: &str) {
    let id = format!("{number:032x}");
    let event = json!({
        "specversion": "1.0", "id": id, "source": format!("/viewtron/{source}"), "type": "camhook.event.v1",
        "subject": "motion", "time": time, "datacontenttype": "application/json",
        "data": { "vendor": "viewtron", "source": source, "kind": "motion", "report": "detection",
            "received_at": time, "clock": "server" },
    });
    let date = time[..10].replace('-', "/");
    let object = Object { bytes: Bytes::from(event.to_string()), content_type: "application/json" };
    ports
        .objects()
        .put(&format!("events/{date}/{source}/{id}.json"), object, Precondition::None)
        .await
        .unwrap();
}

async fn stack() -> MemoryPorts {
    let ports = MemoryPorts::new(at("2026-11-23T12:00:00Z"));
    put(&ports, "gate", 1, "2026-11-21T23:59:59Z").await;
    put(&ports, "gate", 2, "2026-11-22T00:00:00Z").await;
    put(&ports, "yard", 3, "2026-11-22T08:00:00Z").await;
    put(&ports, "gate", 4, "2026-11-23T08:00:00Z").await;
    ports
}

fn selection(source: Option<&str>) -> Selection {
    let (since, until) = (at("2026-11-22T00:00:00Z"), at("2026-11-23T09:00:00Z"));
    Selection { source: source.map(str::to_owned), since, until }
}

const NOTIFY: Settings<'static> =
    Settings { consumers: Consumers::Notify, run: "replay/1", mode: Mode::Send };

async fn all(
    ports: &MemoryPorts,
    selection: Selection,
    settings: Settings<'_>,
    after: Option<&str>,
) -> Totals {
    let mut replay = Replay::list(ports, selection, settings, after).await.unwrap();
    let mut totals = Totals::default();
    while let Some(step) = replay.step().await.unwrap() {
        totals.events += step.events;
        totals.unreadable += step.unreadable;
    }
    totals
}

fn sent(ports: &MemoryPorts, queue: Queue) -> Vec<u64> {
    let id = |body: &str| {
        let event: serde_json::Value = serde_json::from_str(body).unwrap();
        u64::from_str_radix(event["id"].as_str().unwrap(), 16).unwrap()
    };
    ports.queues.sent(queue).iter().map(|message| id(&message.body)).collect()
}

#[tokio::test]
async fn the_events_of_a_time_range_are_sent_to_notifications_only() {
    let ports = stack().await;
    let dry = all(&ports, selection(None), Settings { mode: Mode::DryRun, ..NOTIFY }, None).await;
    assert_eq!((dry.events, sent(&ports, Queue::Notify).len()), (3, 0));
    assert_eq!(all(&ports, selection(None), NOTIFY, None).await, Totals { events: 3, unreadable: 0 });
    assert_eq!(sent(&ports, Queue::Notify), [2, 3, 4]);
    assert!(sent(&ports, Queue::Relay).is_empty());
    assert_eq!(ports.queues.sent(Queue::Notify)[0].replay.as_deref(), Some("replay/1"));
    ports.queues.take(Queue::Notify);
    all(&ports, selection(Some("yard")), NOTIFY, None).await;
    assert_eq!(sent(&ports, Queue::Notify), [3]);
}

#[tokio::test]
async fn an_interrupted_replay_continues_behind_the_last_record() {
    let ports = stack().await;
    let settings = Settings { consumers: Consumers::NotifyAndRelays, ..NOTIFY };
    let mut replay = Replay::list(&ports, selection(None), settings, None).await.unwrap();
    let end = replay.end_of_step().unwrap().to_owned();
    replay.step().await.unwrap();
    assert_eq!(sent(&ports, Queue::Relay), [2], "relays: one event in a step");
    all(&ports, selection(None), settings, Some(&end)).await;
    assert_eq!(sent(&ports, Queue::Relay), [2, 3, 4]);
}
