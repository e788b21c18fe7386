//! Reports, on a bucket and index in memory.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use bytes::Bytes;
use camhook_event::Event;
use camhook_operations::events::Summary;
use camhook_operations::report::{gate, month, plates};
use camhook_ports::memory::MemoryPorts;
use camhook_ports::{EventIndex, IndexPorts, Object, ObjectStore, Ports, Precondition};
use camhook_site::Site;
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// A site with a list of plates: of one, who has it changes in the middle of November.
fn site() -> Site {
    let toml = "timezone = \"Europe/Berlin\"\n\
        [lists]\nresidents = [\n\
        { plate = \"IB 36 NL\", name = \"Ann\" },\n\
        { plate = \"B CD 12\", name = \"Ben\", until = \"2026-11-14\" },\n\
        { plate = \"M 1\" },\n]\n\
        next-residents = [{ plate = \"B CD 12\", name = \"Cleo\", from = \"2026-11-15\" }]\n";
    camhook_site::read(toml, "camhook.toml").unwrap().0
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

async fn event(ports: &MemoryPorts, number: u32, source: &str, time: &str, more: Value) {
    let mut data = json!({
        "vendor": "viewtron", "source": source, "kind": "plate", "report": "detection", "received_at": time,
        "clock": "server",
    });
    data.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    let event: Event = serde_json::from_value(json!({
        "specversion": "1.0", "id": format!("{number:032x}"), "source": format!("/viewtron/{source}"),
        "type": "camhook.event.v1", "subject": "plate", "time": time, "datacontenttype": "application/json",
        "data": data,
    }))
    .unwrap();
    let (item, keys) = Summary::of(&event).item(90).unwrap();
    ports.index().put(item, &keys).await.unwrap();
}

async fn decided(ports: &MemoryPorts, at: &str, decision: &str, event: u32, more: Value) {
    let mut record = json!({
        "type": "camhook.audit.v1", "at": at, "decision": decision, "reason": "answered", "text": "the device answered",
        "relay": "gate", "action": "pulse", "seconds": 1.0, "rule": "open", "event": format!("{event:032x}"),
        "source": "drive",
    });
    record.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    let key = format!("audit/{}/gate/{event}-{decision}.json", at[..10].replace('-', "/"));
    let object = Object { bytes: Bytes::from(record.to_string()), content_type: "application/json" };
    ports.objects().put(&key, object, Precondition::None).await.unwrap();
}

#[tokio::test]
async fn openings_of_a_month_of_the_site_are_listed_with_plate_and_person() {
    let ports = MemoryPorts::new(at("2026-12-05T12:00:00Z"));
    event(&ports, 1, "drive", "2026-10-31T23:30:00Z", json!({ "plate": { "text": "IB-36 NL" } })).await;
    let face = json!({ "face": { "name": "Ada Example" } });
    event(&ports, 2, "door", "2026-11-10T08:00:00Z", face).await;
    decided(&ports, "2026-10-31T23:30:01Z", "done", 1, json!({})).await;
    decided(&ports, "2026-11-10T08:00:01Z", "unknown", 2, json!({})).await;
    decided(&ports, "2026-11-11T08:00:01Z", "late", 2, json!({})).await;
    decided(
        &ports,
        "2026-11-12T08:00:01Z",
        "done",
        3,
        json!({ "plate": { "read": "1B36NL", "matched": "IB36NL",
        "list": "residents" } }),
    )
    .await;
    decided(&ports, "2026-11-12T09:00:01Z", "done", 4, json!({ "action": "release" })).await;
    decided(&ports, "2026-11-30T23:30:00Z", "done", 5, json!({})).await;
    // 23:30 UTC on the last day of October is in November there.
    let (since, until) = month(date(2026, 11, 20), &TimeZone::get("Europe/Berlin").unwrap()).unwrap();
    let openings = gate(&ports, &site(), since, until, None).await.unwrap();
    let who: Vec<(&str, Option<&str>, Option<&str>)> = openings
        .iter()
        .map(|one| (one.decision.as_str(), one.plate.as_deref(), one.person.as_deref()))
        .collect();
    assert_eq!(
        who,
        [
            ("done", Some("IB-36 NL"), Some("Ann")),
            ("unknown", None, Some("Ada Example")),
            ("done", Some("1B36NL"), Some("Ann"))
        ]
    );
    assert_eq!(openings[2].matched_plate.as_deref(), Some("IB36NL"));
    assert!(gate(&ports, &site(), since, until, Some("door")).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_person_is_the_one_of_the_list_on_that_day_else_the_face() {
    let ports = MemoryPorts::new(at("2026-12-05T12:00:00Z"));
    let both = |plate: &str| json!({ "plate": { "text": plate }, "face": { "name": "Ada Example" } });
    let expected = [
        (both("b-cd 12"), "2026-11-14T22:59:00Z", Some("Ben")),
        (both("bcd12"), "2026-11-14T23:01:00Z", Some("Cleo")),
        (both("M 1"), "2026-11-16T08:00:00Z", Some("Ada Example")),
        (both("X 9"), "2026-11-17T08:00:00Z", Some("Ada Example")),
        (json!({ "plate": { "text": "X 9" } }), "2026-11-18T08:00:00Z", None),
    ];
    for (number, (more, time, _)) in (1..).zip(&expected) {
        event(&ports, number, "drive", time, more.clone()).await;
        decided(&ports, time, "done", number, json!({})).await;
    }
    let (since, until) = (at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z"));
    let openings = gate(&ports, &site(), since, until, None).await.unwrap();
    let who: Vec<Option<&str>> = openings.iter().map(|opening| opening.person.as_deref()).collect();
    assert_eq!(who, expected.map(|(_, _, person)| person));
}

#[tokio::test]
async fn spellings_of_one_plate_are_counted_together() {
    let ports = MemoryPorts::new(at("2026-12-05T12:00:00Z"));
    for (number, source, text) in [(1, "drive", "IB-36 NL"), (2, "yard", "ib36nl"), (3, "drive", "B-CD 12")] {
        let time = format!("2026-11-{:02}T08:00:00Z", number + 1);
        event(&ports, number, source, &time, json!({ "plate": { "text": text } })).await;
    }
    let (since, until) = (at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z"));
    let counted = plates(ports.index(), since, until, at("2026-12-05T12:00:00Z")).await.unwrap();
    assert_eq!(counted.len(), 2);
    assert_eq!((counted[0].plate.as_str(), counted[0].events), ("IB-36 NL", 2));
    assert_eq!(counted[0].sources.iter().map(String::as_str).collect::<Vec<_>>(), ["drive", "yard"]);
    assert_eq!(counted[0].last, at("2026-11-03T08:00:00Z"));
}
