//! The audit of a relay that is switched often.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use camhook_event::{EventId, audit_key};
use camhook_operations::audit;
use camhook_ports::memory::MemoryPorts;
use camhook_ports::{Object, ObjectStore, Precondition};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// More than S3 lists in two calls.
const RECORDS: i64 = 2500;

const FIRST: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn time(number: i64) -> Timestamp {
    FIRST + SignedDuration::from_secs(10 * number)
}

fn event(number: i64) -> EventId {
    EventId::of_sender_id("gate", &number.to_string())
}

/// A decision about the gate every 10 s, from 08:00 to 14:57 of one day.
async fn busy_day() -> MemoryPorts {
    let ports = MemoryPorts::new(time(RECORDS));
    for number in 0..RECORDS {
        let (at, id) = (time(number), event(number).to_string());
        let record = json!({
            "at": at, "decision": "done", "reason": "answered", "text": "done", "relay": "gate",
            "action": "pulse", "event": id,
        });
        let key = audit_key("gate", at, &format!("done-{id}-open-0"));
        let object = Object { bytes: record.to_string().into(), content_type: "application/json" };
        ports.objects.put(&key, object, Precondition::None).await.unwrap();
    }
    ports
}

#[tokio::test]
async fn the_newest_decisions_of_a_day_are_found_however_many_it_has() {
    let ports = busy_day().await;
    let newest = audit::newest(&ports.objects, "gate", time(RECORDS), 3).await.unwrap();
    let times: Vec<Timestamp> = newest.iter().map(|record| record.at).collect();
    assert_eq!(times, [time(RECORDS - 1), time(RECORDS - 2), time(RECORDS - 3)]);
    let day_after = time(RECORDS) + SignedDuration::from_hours(20);
    let newest = audit::newest(&ports.objects, "gate", day_after, 1).await.unwrap();
    assert_eq!(newest[0].at, time(RECORDS - 1), "those of the day before");
}

#[tokio::test]
async fn the_decisions_about_an_event_are_found_among_many_later_and_earlier_ones() {
    let ports = busy_day().await;
    for number in [0, 1200, RECORDS - 1] {
        let relays = vec!["gate".to_owned()];
        let found = audit::of_event(&ports.objects, relays, event(number), time(number)).await.unwrap();
        let times: Vec<Timestamp> = found.iter().map(|record| record.at).collect();
        assert_eq!(times, [time(number)], "{number}");
    }
}
