//! Queries on an index with 100,000 events.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use camhook_event::{Event, EventId};
use camhook_operations::events::{CameraRef, Cursor, Filter, PAGES, Page, Summary, find, next, query};
use camhook_ports::EventIndex;
use camhook_ports::memory::MemoryIndex;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const EVENTS: i64 = 100_000;
const SECONDS_BETWEEN: i64 = 60;

fn start() -> Timestamp {
    "2026-09-01T00:00:00Z".parse().unwrap()
}

fn now() -> Timestamp {
    start() + SignedDuration::from_secs(EVENTS * SECONDS_BETWEEN)
}

fn summary(time: Timestamp, id: &str, more: &Value) -> Summary {
    let mut data = json!({
        "vendor": "viewtron", "source": "gate", "kind": "intrusion", "report": "detection",
        "received_at": time.to_string(), "clock": "server",
    });
    data.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    let event: Event = serde_json::from_value(json!({
        "specversion": "1.0", "id": id, "source": "/viewtron/gate", "type": "camhook.event.v1",
        "subject": data["kind"], "time": time.to_string(), "datacontenttype": "application/json", "data": data,
    }))
    .unwrap();
    Summary::of(&event)
}

async fn put(index: &MemoryIndex, summary: &Summary) {
    let (item, keys) = summary.item(365).unwrap();
    index.put(item, &keys).await.unwrap();
}

/// One event a minute: of 20 sources with 4 cameras each in 5 areas; every 50th with a plate, of which there are 1,000;
/// every 500th with a face; one event in all is a tampering.
async fn large() -> MemoryIndex {
    let index = MemoryIndex::default();
    let template = summary(start(), &format!("{:032x}", 0), &json!({}));
    for number in 0..EVENTS {
        let mut event = template.clone();
        // Ids are hashes: not in the order of time.
        event.id =
            format!("{:032x}", u128::from(number.unsigned_abs()) << 64 | 0xf0).parse::<EventId>().unwrap();
        event.time = camhook_event::Time::new(start() + SignedDuration::from_secs(number * SECONDS_BETWEEN));
        event.received_at = event.time;
        event.source = text(&format!("source-{}", number % 20));
        event.area = Some(text(&format!("area-{}", number % 5)));
        event.camera = Some(camhook_event::Camera { id: text(&(number / 20 % 4).to_string()), name: None });
        if number % 50 == 0 {
            event.kind = camhook_event::Kind::Plate;
            event.plate =
                serde_json::from_value(json!({ "text": format!("IB-{:04}", number / 50 % 1000) })).unwrap();
        }
        if number % 500 == 7 {
            event.face = serde_json::from_value(json!({ "name": "Ada Example", "list": "allow" })).unwrap();
        }
        if number == 70_000 {
            event.kind = camhook_event::Kind::Tamper;
        }
        put(&index, &event).await;
    }
    index
}

fn text(text: &str) -> camhook_event::Text {
    camhook_event::Text::new(text).unwrap()
}

/// One query, with the number of pages that it read asserted.
async fn page(index: &MemoryIndex, filter: &Filter, cursor: Option<&Cursor>, limit: usize) -> Page {
    let before = index.pages_read();
    let page = query(index, filter, cursor, limit, now()).await.unwrap();
    let pages = index.pages_read() - before;
    assert!(pages <= PAGES, "{filter:?} read {pages} pages");
    assert!(page.events.len() <= limit);
    assert!(page.events.is_sorted_by(|newer, older| (newer.time, newer.id) > (older.time, older.id)));
    page
}

/// All events of a filter by continuing, and the number of queries.
async fn all(index: &MemoryIndex, filter: &Filter, limit: usize) -> (Vec<Summary>, usize) {
    let (mut events, mut queries, mut cursor) = (Vec::new(), 0, None);
    loop {
        let page = page(index, filter, cursor.as_ref(), limit).await;
        queries += 1;
        events.extend(page.events);
        let Some(next) = page.next else { return (events, queries) };
        assert!(cursor.is_none_or(|cursor: Cursor| cursor.time() >= next.time()), "goes backwards in time");
        cursor = Some(next);
    }
}

fn camera(source: &str, camera: Option<&str>) -> CameraRef {
    CameraRef { source: source.to_owned(), camera: camera.map(str::to_owned) }
}

#[tokio::test]
async fn each_query_of_100_000_events_reads_at_most_two_pages_and_continuing_finds_each_event_once() {
    let index = large().await;
    reads_at_most_two_pages(&index).await;
    continuing_finds_every_event_once(&index).await;
    a_range_of_time_includes_its_start_and_not_its_end(&index).await;
}

async fn reads_at_most_two_pages(index: &MemoryIndex) {
    let filters: Vec<(Filter, usize)> = vec![
        (Filter::default(), 50),
        (Filter { area: Some("area-3".to_owned()), ..Filter::default() }, 50),
        (Filter { source: Some("source-3".to_owned()), ..Filter::default() }, 50),
        (Filter { cameras: vec![camera("source-3", Some("1"))], ..Filter::default() }, 50),
        (
            Filter {
                cameras: vec![camera("source-3", Some("1")), camera("source-8", None)],
                ..Filter::default()
            },
            50,
        ),
        (Filter { plate: Some("ib 0003".parse().unwrap()), ..Filter::default() }, 2),
        (Filter { plate: Some("*9".parse().unwrap()), ..Filter::default() }, 4),
        (Filter { face: Some("ada".to_owned()), ..Filter::default() }, 4),
        (Filter { kind: Some(camhook_event::Kind::Plate), ..Filter::default() }, 40),
        (Filter { kind: Some(camhook_event::Kind::Tamper), ..Filter::default() }, 0),
        (Filter { list: Some(camhook_event::PlateList::Allow), ..Filter::default() }, 4),
        (Filter { vendor: Some(camhook_event::Vendor::Ivsec), ..Filter::default() }, 0),
        (Filter { target: Some(camhook_event::TargetClass::Person), ..Filter::default() }, 0),
        (Filter { state: Some(camhook_event::State::Start), ..Filter::default() }, 0),
        (Filter { report: Some(camhook_event::Report::Status), ..Filter::default() }, 0),
    ];
    for (filter, at_least) in filters {
        let page = page(index, &filter, None, 50).await;
        assert!(page.events.len() >= at_least, "{filter:?}: {}", page.events.len());
        assert!(page.next.is_some() || page.events.len() < 50, "{filter:?}");
        assert_eq!(
            page.searched_until.is_some(),
            page.events.len() < 50 && page.next.is_some(),
            "{filter:?}"
        );
    }
}

async fn continuing_finds_every_event_once(index: &MemoryIndex) {
    let (events, queries) =
        all(index, &Filter { plate: Some("IB0003".parse().unwrap()), ..Filter::default() }, 1).await;
    assert_eq!((events.len(), queries), (2, 2));
    // A camera has a fortieth of the events of its source and another source's all.
    let joined = vec![camera("source-3", Some("1")), camera("source-8", None)];
    let (events, _) = all(index, &Filter { cameras: joined, ..Filter::default() }, 700).await;
    assert_eq!(events.len(), 1_250 + 5_000);
    // Three cameras have no key together: they are filtered out of all events.
    let cameras: Vec<CameraRef> = ["0", "1", "2"].map(|id| camera("source-3", Some(id))).to_vec();
    let (events, _) = all(index, &Filter { cameras, ..Filter::default() }, 50).await;
    assert_eq!(events.len(), 3 * 1_250);
    let (events, queries) =
        all(index, &Filter { kind: Some(camhook_event::Kind::Tamper), ..Filter::default() }, 50).await;
    assert_eq!(events.len(), 1);
    assert!(queries <= 51, "{queries}");
    let (events, _) = all(index, &Filter { face: Some("EXAMPLE".to_owned()), ..Filter::default() }, 50).await;
    assert_eq!(events.len(), 200);
}

async fn a_range_of_time_includes_its_start_and_not_its_end(index: &MemoryIndex) {
    let hour = |hour: i64| start() + SignedDuration::from_hours(hour);
    let filter = Filter { since: Some(hour(100)), until: Some(hour(124)), ..Filter::default() };
    let (events, _) = all(index, &filter, 500).await;
    assert_eq!(events.len(), 24 * 60);
    assert_eq!(events.last().unwrap().time.timestamp(), hour(100));
    let nothing = Filter { since: Some(hour(124)), until: Some(hour(100)), ..Filter::default() };
    assert_eq!(page(index, &nothing, None, 50).await.events, []);
}

#[tokio::test]
async fn expired_events_are_not_shown_before_the_table_deletes_them() {
    let index = MemoryIndex::default();
    let event = summary(start(), &format!("{:032x}", 1), &json!({}));
    let (item, keys) = event.item(1).unwrap();
    index.put(item, &keys).await.unwrap();
    let shown = async |now| query(&index, &Filter::default(), None, 10, now).await.unwrap().events.len();
    assert_eq!(shown(start() + SignedDuration::from_hours(23)).await, 1);
    assert_eq!(shown(start() + SignedDuration::from_hours(24)).await, 0);
}

#[tokio::test]
async fn an_event_that_is_written_again_is_found_by_its_new_keys_only() {
    let index = MemoryIndex::default();
    let id = format!("{:032x}", 1);
    let camera = |id: &str| json!({ "camera": { "id": id }, "area": "yard", "plate": { "text": "IB 36" } });
    put(&index, &summary(start(), &id, &camera("1"))).await;
    let later = start() + SignedDuration::from_secs(1);
    put(&index, &summary(later, &id, &json!({ "camera": { "id": "2" } }))).await;
    assert_eq!(index.len(), 1);
    let found = async |filter: Filter| page(&index, &filter, None, 10).await.events.len();
    let of_camera = |id: &str| Filter { cameras: vec![self::camera("gate", Some(id))], ..Filter::default() };
    assert_eq!(found(of_camera("1")).await, 0);
    assert_eq!(found(of_camera("2")).await, 1);
    assert_eq!(found(Filter { area: Some("yard".to_owned()), ..Filter::default() }).await, 0);
    assert_eq!(found(Filter { plate: Some("IB36".parse().unwrap()), ..Filter::default() }).await, 0);
    assert_eq!(found(Filter::default()).await, 1);
}

#[tokio::test]
async fn the_next_event_is_the_first_one_after_it_however_long_the_silence_was() {
    let index = MemoryIndex::default();
    let at = |minutes: i64| start() + SignedDuration::from_mins(minutes);
    let id = |number: i64| format!("{number:032x}");
    let first = summary(at(0), &id(0), &json!({ "area": "yard" }));
    put(&index, &first).await;
    let camera = CameraRef { source: "gate".to_owned(), camera: None };
    let filter = Filter { cameras: vec![camera], ..Filter::default() };
    assert_eq!(next(&index, &filter, &Cursor::of(&first), now()).await.unwrap(), None);
    // Eight hours of silence, then an event a minute for five hours; 250 of them are of another area.
    for number in 1..=300 {
        let area = if number <= 250 { "office" } else { "yard" };
        put(&index, &summary(at(480 + number), &id(number), &json!({ "area": area }))).await;
    }
    put(&index, &summary(at(0), &id(1000), &json!({ "source": "drive" }))).await;
    let found = next(&index, &filter, &Cursor::of(&first), now()).await.unwrap().unwrap();
    assert_eq!(found.id.to_string(), id(1));
    // Of two events of one time the ids decide.
    put(&index, &summary(at(0), &id(2000), &json!({}))).await;
    let found = next(&index, &filter, &Cursor::of(&first), now()).await.unwrap().unwrap();
    assert_eq!(found.id.to_string(), id(2000));

    let limited = Filter { areas: ["yard".to_owned()].into(), ..filter };
    let (before, after) = (index.pages_read(), Cursor::of(&found));
    next(&index, &limited, &after, now()).await.unwrap();
    assert!(index.pages_read() - before <= PAGES);
    let near = summary(at(480 + 200), &id(200), &json!({ "area": "office" }));
    let found = next(&index, &limited, &Cursor::of(&near), now()).await.unwrap().unwrap();
    assert_eq!(found.id.to_string(), id(251));
}

#[tokio::test]
async fn an_event_that_has_expired_is_not_found_though_the_table_still_has_it() {
    let index = MemoryIndex::default();
    let event = summary(start(), &format!("{:032x}", 1), &json!({}));
    put(&index, &event).await;
    let expires = event.expires(365);
    let found = async |now| find(&index, event.id, now).await.unwrap().is_some();
    assert!(found(expires - SignedDuration::from_secs(1)).await && !found(expires).await);
}
