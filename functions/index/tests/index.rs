//! Batches and rebuilds on the ports in memory.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use bytes::Bytes;
use camhook_event::{Event, MESSAGE_LIMIT, record_key, thumbnail_key};
use camhook_index::{EventBus, Mode, Rebuild, Totals, handle};
use camhook_operations::events::{Filter, Summary, counts, query};
use camhook_ports::memory::MemoryPorts;
use camhook_ports::{EventIndex, Object, ObjectStore, Precondition, Queue, QueueRecord};
use camhook_site::Site;
use camhook_state::dead_letter;
use jiff::civil::Date;
use serde_json::{Value, json};

const DAYS: u32 = 90;

fn site() -> Site {
    camhook_site::read("timezone = \"Europe/Berlin\"\n", "test").unwrap().0
}

fn ports() -> MemoryPorts {
    MemoryPorts::new("2026-11-23T12:00:00Z".parse().unwrap())
}

fn event(number: u32, time: &str, more: &Value) -> Event {
    let mut data = json!({
        "vendor": "viewtron", "source": "gate", "kind": "plate", "report": "detection", "camera": { "id": "1" },
        "received_at": time, "clock": "server", "plate": { "text": "ib-36 nl" },
    });
    data.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    serde_json::from_value(json!({
        "specversion": "1.0", "id": format!("{number:032x}"), "source": "/viewtron/gate", "type": "camhook.event.v1",
        "subject": data["kind"], "time": time, "datacontenttype": "application/json", "data": data,
    }))
    .unwrap()
}

async fn store(ports: &MemoryPorts, key: &str, bytes: impl Into<Bytes>) {
    let object = Object { bytes: bytes.into(), content_type: "application/json" };
    ports.objects.put(key, object, Precondition::None).await.unwrap();
}

async fn store_event(ports: &MemoryPorts, event: &Event) {
    store(ports, &record_key(event), serde_json::to_vec(event).unwrap()).await;
}

fn notification(keys: &[&str], receive_count: u32) -> QueueRecord {
    let records: Vec<Value> = keys
        .iter()
        .map(|key| json!({ "eventName": "ObjectCreated:Put", "s3": { "object": { "key": key } } }))
        .collect();
    QueueRecord {
        message_id: format!("m-{}", keys.join("+")),
        receipt_handle: "receipt".to_owned(),
        body: json!({ "Records": records }).to_string(),
        receive_count,
        replay: None,
    }
}

async fn deliver(ports: &MemoryPorts, keys: &[&str], receive_count: u32) -> Vec<String> {
    handle(ports, &site(), DAYS, EventBus::Absent, &[notification(keys, receive_count)]).await.failed
}

async fn all(ports: &MemoryPorts) -> Vec<Summary> {
    query(&ports.index, &Filter::default(), None, 100, "2026-11-23T12:00:00Z".parse().unwrap())
        .await
        .unwrap()
        .events
}

/// Day, camera and number of the counts of a month.
async fn counted(ports: &MemoryPorts) -> Vec<(String, Option<String>, u64)> {
    let month: Date = "2026-11-01".parse().unwrap();
    let counts = counts(&ports.index, month).await.unwrap().into_iter();
    counts.map(|count| (count.key.day.to_string(), count.key.camera, count.events)).collect()
}

fn picture(key: &str, bytes: usize) -> Value {
    json!({ "role": "overview", "bucket": "memory", "key": key, "bytes": bytes, "width": 1280, "height": 720 })
}

#[tokio::test]
async fn a_stored_event_is_found_by_its_plate_and_counted_once_however_often_it_is_notified() {
    let ports = ports();
    // Half past eleven in the evening in Berlin is the same day; half past midnight is the next.
    let late = event(1, "2026-11-22T22:30:00Z", &json!({}));
    let next = event(2, "2026-11-22T23:30:00Z", &json!({}));
    for event in [&late, &next, &late] {
        store_event(&ports, event).await;
        assert!(deliver(&ports, &[&record_key(event)], 1).await.is_empty());
    }
    let filter = Filter { plate: Some("IB36NL".parse().unwrap()), ..Filter::default() };
    let found =
        query(&ports.index, &filter, None, 10, "2026-11-23T12:00:00Z".parse().unwrap()).await.unwrap();
    assert_eq!(found.events.iter().map(|event| event.id).collect::<Vec<_>>(), [next.id, late.id]);
    let camera = Some("1".to_owned());
    assert_eq!(
        counted(&ports).await,
        [("2026-11-22".to_owned(), camera.clone(), 1), ("2026-11-23".to_owned(), camera, 1)]
    );
}

#[tokio::test]
async fn an_event_that_moves_to_another_day_is_counted_there() {
    let ports = ports();
    for time in ["2026-11-20T12:00:00Z", "2026-11-21T12:00:00Z"] {
        let event = event(1, time, &json!({}));
        store_event(&ports, &event).await;
        assert!(deliver(&ports, &[&record_key(&event)], 1).await.is_empty());
    }
    let counts: Vec<u64> = counted(&ports).await.into_iter().map(|(_, _, events)| events).collect();
    assert_eq!(counts, [0, 1]);
    assert_eq!(all(&ports).await.len(), 1);
}

#[tokio::test]
async fn a_large_picture_gets_a_thumbnail_and_a_small_one_is_its_own() {
    let ports = ports();
    let large =
        event(1, "2026-11-23T08:00:00Z", &json!({ "images": [picture("images/large.jpg", 120_000)] }));
    let small =
        json!({ "images": [picture("images/large.jpg", 120_000), picture("images/small.jpg", 39_999)] });
    let small = event(2, "2026-11-23T09:00:00Z", &small);
    store(&ports, "images/large.jpg", camhook_picture::jpeg(1280, 720, 120_000, 1)).await;
    for event in [&large, &small] {
        store_event(&ports, event).await;
        assert!(deliver(&ports, &[&record_key(event)], 1).await.is_empty());
    }
    let thumbnail = ports.objects.object(&thumbnail_key(&large)).unwrap();
    assert!(thumbnail.bytes.starts_with(&[0xff, 0xd8]) && thumbnail.bytes.len() < 40_000);
    assert_eq!(thumbnail.content_type, "image/jpeg");
    assert!(ports.objects.object(&thumbnail_key(&small)).is_none());
    let thumbnails: Vec<String> = all(&ports).await.into_iter().filter_map(|event| event.thumbnail).collect();
    assert_eq!(thumbnails, ["images/small.jpg".to_owned(), thumbnail_key(&large)]);
}

#[tokio::test]
async fn a_picture_that_cannot_be_scaled_costs_the_thumbnail_only() {
    let ports = ports();
    let event = event(1, "2026-11-23T08:00:00Z", &json!({ "images": [picture("images/bad.jpg", 120_000)] }));
    store(&ports, "images/bad.jpg", vec![0xff; 120_000]).await;
    store_event(&ports, &event).await;
    assert!(deliver(&ports, &[&record_key(&event)], 1).await.is_empty());
    assert_eq!(all(&ports).await.len(), 1);
    assert_eq!(ports.metrics.counted_with("ThumbnailsFailed", "picture"), 1);
}

#[tokio::test]
async fn a_picture_that_cannot_be_read_is_tried_again_after_the_event_is_indexed() {
    let ports = ports();
    let event =
        event(1, "2026-11-23T08:00:00Z", &json!({ "images": [picture("images/large.jpg", 120_000)] }));
    store(&ports, "images/large.jpg", camhook_picture::jpeg(1280, 720, 120_000, 1)).await;
    store_event(&ports, &event).await;
    ports.objects.fail("images/");
    let key = record_key(&event);
    assert_eq!(deliver(&ports, &[&key], 1).await.len(), 1);
    assert_eq!(all(&ports).await.len(), 1);
    assert!(deliver(&ports, &[&key], 3).await.is_empty(), "after three attempts there is no thumbnail");
    ports.objects.heal();
    assert!(deliver(&ports, &[&key], 2).await.is_empty());
    assert!(ports.objects.object(&thumbnail_key(&event)).is_some());
    assert_eq!(counted(&ports).await.len(), 1);
}

#[tokio::test]
async fn one_bad_message_costs_no_other_message() {
    let ports = ports();
    let event = event(1, "2026-11-23T08:00:00Z", &json!({}));
    store_event(&ports, &event).await;
    store(&ports, "events/2026/11/23/gate/bad.json", "not an event").await;
    let bad = QueueRecord { body: "not a notification".to_owned(), ..notification(&[], 8) };
    let records = [
        bad,
        notification(&["events/2026/11/23/gate/bad.json"], 1),
        notification(&["events/2026/11/23/gate/deleted.json"], 1),
        notification(&[&record_key(&event)], 1),
    ];
    let outcome = handle(&ports, &site(), DAYS, EventBus::Absent, &records).await;
    assert_eq!(outcome.failed, ["m-", "m-events/2026/11/23/gate/bad.json"]);
    assert_eq!(all(&ports).await.len(), 1);
    let dead = dead_letter::find(&ports.state, Queue::Index, "m-").await.unwrap();
    assert!(dead.unwrap().reasons[0].contains("not a notification"));
}

#[tokio::test]
async fn an_index_that_fails_leaves_the_message_in_the_queue() {
    let ports = ports();
    let event = event(1, "2026-11-23T08:00:00Z", &json!({}));
    store_event(&ports, &event).await;
    ports.index.fail();
    assert_eq!(deliver(&ports, &[&record_key(&event)], 1).await.len(), 1);
    ports.index.heal();
    assert!(deliver(&ports, &[&record_key(&event)], 2).await.is_empty());
    assert_eq!(all(&ports).await.len(), 1);
}

/// Delivers the notification of a record to a stack with an event bus.
async fn deliver_with_bus(ports: &MemoryPorts, event: &Event, receive_count: u32) -> Vec<String> {
    let record = notification(&[&record_key(event)], receive_count);
    handle(ports, &site(), DAYS, EventBus::Queue, &[record]).await.failed
}

#[tokio::test]
async fn each_stored_event_is_sent_to_the_bus_at_least_once_with_the_same_id() {
    let ports = ports();
    let plate = event(1, "2026-11-23T08:00:00Z", &json!({}));
    let long = "x".repeat(MESSAGE_LIMIT);
    let large = event(2, "2026-11-23T09:00:00Z", &json!({ "vendor_data": { "note": long } }));
    for event in [&plate, &large] {
        store_event(&ports, event).await;
    }
    assert!(deliver(&ports, &[&record_key(&plate)], 1).await.is_empty());
    assert_eq!(ports.queues.sent(Queue::Bus), [], "a stack without a bus");
    for event in [&plate, &large, &plate] {
        assert!(deliver_with_bus(&ports, event, 1).await.is_empty());
    }
    let sent = ports.queues.take(Queue::Bus);
    let sent: Vec<Event> = sent.iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect();
    assert_eq!(sent.iter().map(|event| event.id).collect::<Vec<_>>(), [plate.id, large.id, plate.id]);
    assert_eq!(sent[0], plate);
    assert_eq!(sent[1].data.record.as_ref().unwrap().key.as_str(), record_key(&large), "without vendor_data");
}

#[tokio::test]
async fn an_event_that_the_bus_refuses_is_indexed_and_sent_by_a_later_delivery() {
    let ports = ports();
    let event = event(1, "2026-11-23T08:00:00Z", &json!({}));
    store_event(&ports, &event).await;
    ports.queues.fail(Queue::Bus);
    assert_eq!(deliver_with_bus(&ports, &event, 1).await.len(), 1);
    assert_eq!(all(&ports).await.len(), 1);
    ports.queues.heal();
    assert!(deliver_with_bus(&ports, &event, 2).await.is_empty());
    assert_eq!(ports.queues.sent(Queue::Bus).len(), 1);
}

#[tokio::test]
async fn a_rebuild_sends_nothing_to_the_bus() {
    let ports = damaged().await;
    rebuild(&ports, Mode::Write, "2026-11-20").await;
    assert_eq!(ports.queues.sent(Queue::Bus), []);
}

/// Runs a rebuild to its end.
async fn rebuild(ports: &MemoryPorts, mode: Mode, since: &str) -> Totals {
    let timezone = site().timezone().clone();
    let mut rebuild = Rebuild::since(ports, timezone, DAYS, mode, since.parse().unwrap());
    let mut totals = Totals::default();
    while let Some(day) = rebuild.step(|_, _| ()).await.unwrap() {
        totals += day.totals;
    }
    assert_eq!(rebuild.days_left(), 0);
    totals
}

/// Three events around midnight in Berlin, one of them indexed by an older state, and one that has no record.
async fn damaged() -> MemoryPorts {
    let ports = ports();
    for (number, time) in
        [(1, "2026-11-20T22:30:00Z"), (2, "2026-11-20T23:30:00Z"), (3, "2026-11-22T10:00:00Z")]
    {
        store_event(&ports, &event(number, time, &json!({}))).await;
    }
    store(&ports, "events/2026/11/22/gate/bad.json", "{}").await;
    for (number, time) in [(2, "2026-11-20T23:30:00Z"), (4, "2026-11-22T11:00:00Z")] {
        let summary = Summary::of(&event(number, time, &json!({ "camera": { "id": "9" } })));
        let (item, keys) = summary.item(DAYS).unwrap();
        ports.index.put(item, &keys).await.unwrap();
        let key = camhook_operations::events::count_key(&summary, site().timezone());
        ports.index.add(&key, 5, "2027-02-01T00:00:00Z".parse().unwrap()).await.unwrap();
    }
    ports
}

#[tokio::test]
async fn a_rebuild_makes_the_index_what_the_records_say() {
    let ports = damaged().await;
    let expected = Totals {
        records: 4,
        added: 2,
        changed: 1,
        removed: 1,
        unreadable: 1,
        counts: 5,
        thumbnails_failed: 0,
    };
    assert_eq!(rebuild(&ports, Mode::DryRun, "2026-11-20").await, expected);
    assert_eq!(all(&ports).await.len(), 2, "a dry run writes nothing");
    assert_eq!(rebuild(&ports, Mode::Write, "2026-11-20").await, expected);
    let ids: Vec<String> = all(&ports).await.iter().map(|event| event.id.to_string()).collect();
    assert_eq!(ids, [3, 2, 1].map(|number| format!("{number:032x}")));
    let day = |day: &str, camera: &str, events| (day.to_owned(), Some(camera.to_owned()), events);
    let counts = counted(&ports).await.into_iter().filter(|(_, _, events)| *events > 0).collect::<Vec<_>>();
    assert_eq!(counts, [day("2026-11-20", "1", 1), day("2026-11-21", "1", 1), day("2026-11-22", "1", 1)]);
    let again = rebuild(&ports, Mode::Write, "2026-11-20").await;
    assert_eq!(again, Totals { records: 4, unreadable: 1, ..Totals::default() });
}

#[tokio::test]
async fn an_interrupted_rebuild_goes_on_and_counts_no_day_by_half() {
    let ports = damaged().await;
    let timezone = site().timezone().clone();
    let mut first = Rebuild::since(&ports, timezone, DAYS, Mode::Write, "2026-11-20".parse().unwrap());
    // The 19th and 20th in UTC: of the 21st in Berlin only the first hour.
    first.step(|_, _| ()).await.unwrap();
    first.step(|_, _| ()).await.unwrap();
    let next = first.next_day();
    assert_eq!(next.to_string(), "2026-11-21");
    rebuild(&ports, Mode::Write, &next.to_string()).await;
    assert_eq!(
        rebuild(&ports, Mode::DryRun, "2026-11-20").await,
        Totals { records: 4, unreadable: 1, ..Totals::default() }
    );
}

#[tokio::test]
async fn a_rebuild_that_fails_keeps_what_it_did() {
    let ports = damaged().await;
    let timezone = site().timezone().clone();
    let mut failing = Rebuild::since(&ports, timezone, DAYS, Mode::Write, "2026-11-20".parse().unwrap());
    failing.step(|_, _| ()).await.unwrap();
    ports.index.fail();
    assert!(failing.step(|_, _| ()).await.is_err());
    ports.index.heal();
    while failing.step(|_, _| ()).await.unwrap().is_some() {}
    assert_eq!(all(&ports).await.len(), 3);
}
