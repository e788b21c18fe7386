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
async fn quarantined_posts_before_a_time_are_found_to_the_second_on_the_last_day_too() {
    let ports = MemoryPorts::new(at("2026-11-23T12:00:00Z"));
    for (id, received_at) in [
        ("a", "2026-11-21T23:59:59Z"),
        ("b", "2026-11-22T00:00:00Z"),
        ("c", "2026-11-22T22:59:59Z"),
        ("d", "2026-11-22T23:00:00Z"),
        ("e", "2026-11-23T00:00:00Z"),
    ] {
        let prefix = format!("quarantine/{}/gate/{id}/", received_at[..10].replace('-', "/"));
        put(&ports, &format!("{prefix}request.bin"), "<post/>").await;
        put(&ports, &format!("{prefix}reason.json"), json!({ "received_at": received_at }).to_string()).await;
    }
    // What nobody received has no reason: the bucket knows when it was stored, here in 1970.
    put(&ports, "quarantine/2026/11/22/mqtt-rule/f/request.bin", "{}").await;
    // The night of 23 November in Berlin.
    let subject = Subject::Before(at("2026-11-22T23:00:00Z"));
    let found = searched(&ports, &subject).await;
    assert_eq!(found.totals().quarantined, 4);
    assert!(erase(&ports, &subject, &found).await);
    let left: Vec<String> =
        keys_with(&ports, "quarantine/").into_iter().filter(|key| key.ends_with("request.bin")).collect();
    assert_eq!(
        left,
        ["quarantine/2026/11/22/gate/d/request.bin", "quarantine/2026/11/23/gate/e/request.bin"]
    );
    assert!(searched(&ports, &subject).await.is_empty());
}

#[tokio::test]
async fn a_post_that_was_erased_in_part_is_found_again_by_its_time() {
    let ports = MemoryPorts::new(at("2026-11-23T12:00:00Z"));
    let prefix = "quarantine/2026/11/23/gate/a/";
    put(&ports, &format!("{prefix}request.bin"), "<post/>").await;
    let reason = json!({ "received_at": "2026-11-23T08:00:00Z" }).to_string();
    put(&ports, &format!("{prefix}reason.json"), reason).await;
    let subject = Subject::Before(at("2026-11-23T12:00:00Z"));
    let found = searched(&ports, &subject).await;
    assert!(found.quarantine[1].ends_with("reason.json"), "what says when it was received goes last");
    ports.objects.fail(&format!("{prefix}reason.json"));
    assert!(!erase(&ports, &subject, &found).await, "the bucket refuses");
    ports.objects.heal();
    assert_eq!(searched(&ports, &subject).await.totals().quarantined, 1);
}

#[tokio::test]
async fn the_id_of_a_person_is_looked_for_where_a_person_is_named_and_a_name_everywhere() {
    let ports = MemoryPorts::new(at("2026-11-23T12:00:00Z"));
    let events = [
        json!({ "face": { "name": "Ann", "person_id": "3" } }),
        json!({ "face": { "matched": false }, "vendor_data": { "Id": 3 } }),
        json!({ "vendor_data": { "snapPersonId": "3" } }),
        json!({ "vendor_data": { "id": "3", "enterPersonCount": 3, "width": [3, 72] } }),
        json!({ "targets": [{ "class": "face", "id": "3", "attributes": { "PosFaceImage": { "x": 3 } } }] }),
        json!({ "face": { "person_id": "7" }, "vendor_data": { "id": "3" } }),
        json!({ "vendor_data": { "note": "ann" } }),
    ];
    for (number, more) in (1..).zip(events) {
        event(&ports, number, if number == 1 { "door" } else { "gate" }, "2026-11-22T08:00:00Z", more).await;
    }
    for (id, body) in [("q1", "{\"PersonId\": 3}"), ("q2", "{\"Channel\": 3, \"Name\": \"Annabel\"}")] {
        put(&ports, &format!("quarantine/2026/11/22/yard/{id}/request.bin"), body).await;
    }
    put(&ports, "config/camhook.toml", "channel = 3\nnote = \"person 3\"\n").await;
    let found = searched(&ports, &Subject::person("3").unwrap()).await;
    let numbers: Vec<String> = found.events.iter().map(|event| event.id.to_string()).collect();
    assert_eq!(numbers, [1, 2, 3].map(|number| format!("{number:032x}")));
    assert_eq!(found.totals().quarantined, 1);

    let overview = found.overview();
    let sources: Vec<(&str, usize)> =
        overview.sources.iter().map(|(source, count)| (source.as_str(), *count)).collect();
    assert_eq!(sources, [("door", 1), ("gate", 2), ("yard", 1)]);
    assert_eq!(overview.kinds.into_iter().collect::<Vec<_>>(), [("face", 3)]);
    let members: Vec<&str> = overview.samples.iter().map(|sample| sample.mention.member.as_str()).collect();
    assert_eq!(members, ["face.person_id", "vendor_data.Id", "vendor_data.snapPersonId"]);

    let found = searched(&ports, &Subject::person("Ann").unwrap()).await;
    assert_eq!(found.events.len(), 2, "a name is a whole value, wherever it is");
}

/// Every value of a vendor's fixture that says who somebody is.
fn people_in(data: &Value) -> Vec<String> {
    let mut people = Vec::new();
    for pointer in
        ["/face/name", "/face/person_id", "/plate/owner", "/vendor_data/IdCode", "/vendor_data/snapPersonId"]
    {
        people.extend(data.pointer(pointer).map(|value| value.as_str().unwrap().to_owned()));
    }
    for target in data["targets"].as_array().into_iter().flatten().filter(|target| target["class"] == "face")
    {
        people.extend(target["attributes"]["Name"].as_str().map(str::to_owned));
    }
    people
}

#[tokio::test]
async fn everybody_in_the_fixtures_of_every_vendor_is_found() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures");
    let mut vendors = std::collections::BTreeSet::new();
    for vendor in std::fs::read_dir(fixtures).unwrap() {
        for case in std::fs::read_dir(vendor.unwrap().path()).unwrap() {
            let Ok(text) = std::fs::read_to_string(case.unwrap().path().join("expected.json")) else {
                continue;
            };
            let expected: Value = serde_json::from_str(&text).unwrap();
            for event in expected["events"].as_array().into_iter().flatten() {
                let people = people_in(&event["data"]);
                if people.is_empty() {
                    continue;
                }
                vendors.insert(event["data"]["vendor"].as_str().unwrap().to_owned());
                let ports = MemoryPorts::new(at("2026-11-24T12:00:00Z"));
                let id = event["id"].as_str().unwrap();
                put(&ports, &format!("events/2026/11/23/gate/{id}.json"), event.to_string()).await;
                for person in people {
                    let found = searched(&ports, &Subject::person(&person).unwrap()).await;
                    assert_eq!(found.events.len(), 1, "{person} in {event}");
                }
            }
        }
    }
    let vendors: Vec<&str> = vendors.iter().map(String::as_str).collect();
    assert_eq!(vendors, ["instar", "ivsec", "viewtron", "xprotect"]);
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
