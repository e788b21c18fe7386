//! Erasing a plate, a person, a source and a time, on a stack in memory.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use bytes::Bytes;
use camhook_event::Event;
use camhook_operations::erase::{Eraser, Found, Subject, Totals, find};
use camhook_operations::events::Summary;
use camhook_ports::memory::MemoryPorts;
use camhook_ports::{
    Condition, EventIndex, IndexKey, IndexPorts, Key, Object, ObjectStore, PageRequest, Ports, Precondition,
    State,
};
use camhook_site::Site;
use jiff::Timestamp;
use serde_json::{Value, json};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn site() -> Site {
    let toml = "timezone = \"UTC\"\n\
        [[source]]\nid = \"gate\"\nvendor = \"viewtron\"\nauth = { token = \"AAAAAAAAAAAAAAAAAAAAAA\" }\n\
        [[channel]]\nid = \"family\"\nkind = \"ntfy\"\nurl = \"https://ntfy.example/family\"\n\
        [[rule]]\nid = \"faces\"\nwhen = { source = \"gate\" }\nthen = [{ notify = \"family\" }]\n";
    camhook_site::read(toml, "camhook.toml").unwrap().0
}

async fn put(ports: &MemoryPorts, key: &str, bytes: impl Into<Bytes>) {
    let object = Object { bytes: bytes.into(), content_type: "application/json" };
    ports.objects().put(key, object, Precondition::None).await.unwrap();
}

/// An event with a record in two versions, a picture, a thumbnail, a decision, an audit record and an index entry.
async fn event(ports: &MemoryPorts, number: u32, source: &str, time: &str, more: Value) -> String {
    let id = format!("{number:032x}");
    let date = time[..10].replace('-', "/");
    let mut data = json!({
        "vendor": "viewtron", "source": source, "kind": "face", "report": "detection", "received_at": time,
        "clock": "server",
        "images": [{ "role": "overview", "bucket": "memory", "key": format!("images/{source}/{date}/{id}/0-overview.jpg"),
            "bytes": 90_000, "width": 640, "height": 360 }],
    });
    data.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    let json = json!({
        "specversion": "1.0", "id": id, "source": format!("/viewtron/{source}"), "type": "camhook.event.v1",
        "subject": "face", "time": time, "datacontenttype": "application/json", "data": data,
    });
    let event: Event = serde_json::from_value(json.clone()).unwrap();
    let record = format!("events/{date}/{source}/{id}.json");
    put(ports, &record, json.to_string()).await;
    put(ports, &record, json.to_string()).await;
    put(ports, &format!("images/{source}/{date}/{id}/0-overview.jpg"), "jpeg").await;
    put(ports, &format!("thumbnails/{source}/{date}/{id}.jpg"), "jpeg").await;
    put(ports, &format!("audit/{date}/gate/1-done-{id}-open-0.json"), "{}").await;
    let (item, keys) = Summary::of(&event).item(90).unwrap();
    ports.index().put(item, &keys).await.unwrap();
    let decision = Key::new(format!("decision#{id}"), "notify");
    ports.state().put(&decision, json!({ "actions": [] }), None, Condition::None).await.unwrap();
    id
}

async fn stack() -> MemoryPorts {
    let ports = MemoryPorts::new(at("2026-11-23T12:00:00Z"));
    event(&ports, 1, "gate", "2026-11-21T08:00:00Z", json!({ "face": { "name": "Ada Example" } })).await;
    event(&ports, 2, "gate", "2026-11-22T08:00:00Z", json!({ "vendor_data": { "who": ["ada  example"] } }))
        .await;
    event(&ports, 3, "gate", "2026-11-22T09:00:00Z", json!({ "face": { "name": "Ada Examples" } })).await;
    event(&ports, 4, "yard", "2026-11-22T10:00:00Z", json!({ "plate": { "text": "IB-36 NL" } })).await;
    for (id, body) in [("q1", "<name>ADA EXAMPLE</name>"), ("q2", "<name>Adam Example</name>")] {
        put(&ports, &format!("quarantine/2026/11/22/gate/{id}/request.bin"), body).await;
        put(&ports, &format!("quarantine/2026/11/22/gate/{id}/reason.json"), "{}").await;
    }
    put(&ports, "config/camhook.toml", "# guests\nnames = [\"Ada Example\"]\n").await;
    let group = json!({ "best": { "id": format!("{:032x}", 1) } });
    ports.state().put(&Key::new("coalesce#faces", "gate#g"), group, None, Condition::None).await.unwrap();
    ports
}

async fn searched(ports: &MemoryPorts, subject: &Subject) -> Found {
    find(ports, subject, |_| {}).await.unwrap()
}

async fn erase(ports: &MemoryPorts, subject: &Subject, found: &Found) -> bool {
    let site = site();
    Eraser { ports, subject, site: &site, events_days: 90 }.erase(found, || {}).await.is_ok()
}

/// The numbers of the events in the index.
async fn indexed(ports: &MemoryPorts) -> Vec<u32> {
    let request = PageRequest { key: &IndexKey::All, since: None, until: None, after: None, limit: 100 };
    let page = ports.index().page(request).await.unwrap();
    let mut ids: Vec<u32> =
        page.items.iter().map(|item| u32::from_str_radix(&item.position.id[24..], 16).unwrap()).collect();
    ids.sort_unstable();
    ids
}

fn keys_with(ports: &MemoryPorts, part: &str) -> Vec<String> {
    ports.objects.version_keys().into_iter().filter(|key| key.contains(part)).collect()
}

#[tokio::test]
async fn a_person_is_erased_from_all_places_and_nobody_else_is() {
    let ports = stack().await;
    let subject = Subject::person("Ada Example").unwrap();
    let found = searched(&ports, &subject).await;
    assert_eq!(found.totals(), Totals { events: 2, pictures: 4, quarantined: 1 });
    assert_eq!((found.remains.audit_records, &found.remains.configuration_lines[..]), (2, &[2][..]));
    assert_eq!(found.remains.newest_audit_record, "2026-11-22".parse().ok());
    assert!(erase(&ports, &subject, &found).await);
    for number in [1_u32, 2] {
        let left = keys_with(&ports, &format!("{number:032x}"));
        assert!(left.iter().all(|key| key.starts_with("audit/")), "{left:?}");
        assert!(ports.state().query(&format!("decision#{number:032x}")).await.unwrap().is_empty());
    }
    assert!(ports.state().query("coalesce#faces").await.unwrap().is_empty());
    assert!(keys_with(&ports, "/q1/").is_empty());
    assert_eq!(keys_with(&ports, "/q2/").len(), 2);
    assert_eq!(indexed(&ports).await, [3, 4]);
    assert_eq!(keys_with(&ports, &format!("{:032x}", 3)).len(), 5, "two versions, picture, thumbnail, audit");
    assert!(searched(&ports, &subject).await.is_empty());
}

#[tokio::test]
async fn a_plate_is_found_whatever_its_spelling_and_a_source_with_all_its_pictures() {
    let ports = stack().await;
    put(&ports, "images/yard/2026/11/20/expired/0-overview.jpg", "jpeg").await;
    let plate = searched(&ports, &Subject::plate("ib36nl").unwrap()).await;
    assert_eq!(plate.totals(), Totals { events: 1, pictures: 2, quarantined: 0 });
    let subject = Subject::Source("yard".to_owned());
    let source = searched(&ports, &subject).await;
    assert_eq!(source.totals(), Totals { events: 1, pictures: 3, quarantined: 0 });
    assert!(erase(&ports, &subject, &source).await);
    assert!(keys_with(&ports, "/yard/").is_empty());
    assert_eq!(indexed(&ports).await, [1, 2, 3]);
}

#[tokio::test]
async fn what_is_before_a_time_is_found_to_the_second() {
    let ports = stack().await;
    let found = searched(&ports, &Subject::Before(at("2026-11-22T09:00:00Z"))).await;
    assert_eq!(found.totals(), Totals { events: 2, pictures: 4, quarantined: 0 });
}

#[tokio::test]
async fn a_quarantined_post_of_which_only_a_part_was_erased_is_found_again() {
    let ports = stack().await;
    // The mention is in the object whose key comes first.
    put(&ports, "quarantine/2026/11/22/gate/q3/reason.json", "{\"detail\":\"Grace Example\"}").await;
    put(&ports, "quarantine/2026/11/22/gate/q3/request.bin", "<name/>").await;
    let subject = Subject::person("grace example").unwrap();
    let found = searched(&ports, &subject).await;
    ports.objects.fail("quarantine/2026/11/22/gate/q3/request.bin");
    assert!(!erase(&ports, &subject, &found).await, "the bucket refuses");
    ports.objects.heal();
    let left = searched(&ports, &subject).await;
    assert_eq!(left.totals().quarantined, 1);
    assert!(erase(&ports, &subject, &left).await);
    assert!(keys_with(&ports, "/q3/").is_empty());
}

#[tokio::test]
async fn an_interrupted_run_is_taken_up_again() {
    let ports = stack().await;
    let subject = Subject::person("ada example").unwrap();
    let found = searched(&ports, &subject).await;
    ports.state.fail("decision#");
    assert!(!erase(&ports, &subject, &found).await, "the table is throttled");
    ports.state.heal();
    let left = searched(&ports, &subject).await;
    assert_eq!(left.events.len(), 2, "records go last");
    assert!(erase(&ports, &subject, &left).await);
    assert!(searched(&ports, &subject).await.is_empty());
    assert_eq!(indexed(&ports).await, [3, 4]);
}
