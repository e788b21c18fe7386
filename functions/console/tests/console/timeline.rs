//! The timeline.

use camhook_event::{Kind, Time};
use camhook_operations::events::Summary;
use camhook_ports::EventIndex;
use camhook_ports::IndexPorts;
use camhook_state::person::Role;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{Answer, Console, NOW, event};

/// The ids of the events on a page, in their order.
fn ids(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let parts = answer.text().split("data-event=\"").skip(1);
    parts.map(|part| part[..32].to_owned()).collect()
}

/// The value of the first attribute that begins so, with entities decoded.
fn attribute(answer: &Answer, beginning: &str) -> String {
    let text = answer.text();
    let start = text.find(beginning).unwrap() + beginning.len();
    text[start..].split('"').next().unwrap().replace("&amp;", "&")
}

#[tokio::test]
async fn events_are_listed_newest_first_and_the_list_continues_where_it_ended() {
    let console = Console::new();
    let mut expected = Vec::new();
    for minutes in 1..=120 {
        expected.push(console.event("gate", Some("yard"), minutes).await);
    }
    let cookie = console.sign_in("Anna", Role::Viewer, &[]).await;
    let mut found = Vec::new();
    let mut path = "/console".to_owned();
    for length in [50, 50, 20] {
        let page = console.get(&path, &cookie).await;
        let shown = ids(&page);
        assert_eq!(shown.len(), length);
        found.extend(shown);
        if length == 50 {
            path = format!("/{}", attribute(&page, "id=\"older\" href=\""));
        } else {
            assert!(!page.text().contains("id=\"older\""));
        }
    }
    assert_eq!(found, expected);
}

/// A console with an event a minute, every 50th of them a plate.
async fn with_events(count: u32) -> Console {
    let console = Console::new();
    let template = Summary::of(&event("gate", Some("yard"), 1, &json!({})));
    for minutes in 1..=count {
        let mut summary = template.clone();
        summary.id = format!("{minutes:032x}").parse().unwrap();
        summary.time = Time::new(NOW - SignedDuration::from_mins(minutes.into()));
        summary.received_at = summary.time;
        if minutes % 50 == 0 {
            summary.kind = Kind::Plate;
        }
        let (item, keys) = summary.item(90).unwrap();
        console.ports.index.put(item, &keys).await.unwrap();
    }
    console
}

#[tokio::test]
async fn a_page_of_100_000_events_reads_two_pages_of_the_index_at_most() {
    let console = with_events(100_000).await;
    let cookie = console.sign_in("Anna", Role::Viewer, &[]).await;
    let read = async |path: &str| {
        let before = console.ports.index.pages_read();
        let page = console.get(path, &cookie).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let pages = console.ports.index.pages_read() - before;
        assert!(pages <= 2, "{path}: {pages}");
        page
    };
    for query in ["", "?area=yard", "?camera=drive", "?day=2026-10-01"] {
        let page = read(&format!("/console{query}")).await;
        assert_eq!(ids(&page).len(), 50, "{query}");
        let older = format!("/{}", attribute(&page, "id=\"older\" href=\""));
        assert_eq!(ids(&read(&older).await).len(), 50, "{query}");
    }
    // Where few events match, a page says down to when it was searched.
    for query in ["?kind=plate", "?text=nothing", "?reviewed=yes"] {
        let page = read(&format!("/console{query}")).await;
        assert!(page.text().contains("id=\"older\""), "{query}");
    }
}

#[tokio::test]
async fn filters_in_the_url_limit_the_list() {
    let console = Console::new();
    let plate = event(
        "gate",
        Some("yard"),
        5,
        &json!({
            "kind": "plate", "targets": [{ "class": "vehicle" }], "plate": { "text": "B-AN 4711", "list": "deny" },
        }),
    );
    console.store(&plate).await;
    let person = console.event("desk", Some("office"), 6).await;
    let old = console.event("gate", Some("yard"), 3 * 24 * 60).await;
    let plate = plate.id.to_string();
    let cookie = console.sign_in("Anna", Role::Viewer, &[]).await;
    for (query, expected) in [
        ("kind=plate", vec![&plate]),
        ("target=person&from=2026-11-29T00:00", vec![&person]),
        ("plate=ban4711", vec![&plate]),
        ("plate=*4711", vec![&plate]),
        ("list=deny", vec![&plate]),
        ("area=office", vec![&person]),
        ("camera=drive", vec![&plate, &old]),
        ("camera=desk", vec![&person]),
        ("text=4711", vec![&plate]),
        ("text=lawn&to=2026-11-27T00:00", vec![&old]),
        ("day=2026-11-26", vec![&old]),
        ("reviewed=yes", vec![]),
        ("face=Ann", vec![]),
    ] {
        let page = console.get(&format!("/console?{query}"), &cookie).await;
        assert_eq!(ids(&page).iter().collect::<Vec<_>>(), expected, "{query}");
    }
    let empty = console.get("/console?face=Ann", &cookie).await;
    assert!(empty.text().contains("No event matches the filters"));
}

#[tokio::test]
async fn an_invalid_query_is_answered_with_400_and_shows_nothing_of_it() {
    let console = Console::new();
    let cookie = console.sign_in("Anna", Role::Admin, &[]).await;
    for query in
        ["q=%22%3C", "kind=%3Cscript%3E", "cursor=%22%3C", "day=2026-13-01", "plate=*", "reviewed=%00"]
    {
        for path in ["/console?", "/console/live?since=1&"] {
            let answer = console.get(&format!("{path}{query}"), &cookie).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}{query}");
            assert!(!answer.text().contains("&lt;") && !answer.text().contains("<script>"), "{query}");
        }
    }
    for wrong in ["/console/live", "/console/live?since=x", "/console/live?since=99999999999999999999"] {
        assert_eq!(console.get(wrong, &cookie).await.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn an_update_has_what_appeared_since_with_links_of_the_page() {
    let console = Console::new();
    let old = console.event("gate", Some("yard"), 60).await;
    let new = console.event("gate", Some("yard"), 5).await;
    let cookie = console.sign_in("Anna", Role::Viewer, &[]).await;
    let page = console.get("/console", &cookie).await;
    assert!(attribute(&page, "data-live=\"").starts_with("console/live"));
    let since = NOW.as_millisecond() - 10 * 60_000;
    let update = console.get(&format!("/console/live?since={since}"), &cookie).await;
    assert_eq!(ids(&update), std::slice::from_ref(&new));
    assert!(
        update.text().contains(&format!("href=\"console/events/{new}\"")) && !update.text().contains(&old)
    );
    // A page that ends in the past has no updates.
    for query in
        ["day=2026-11-28", "to=2026-11-29T08:00", "cursor=1795420800123-0123456789abcdef0123456789abcdef"]
    {
        assert!(
            !console.get(&format!("/console?{query}"), &cookie).await.text().contains("data-live="),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_long_gap_is_filled_in_parts() {
    let console = Console::new();
    for minutes in 1..=130 {
        console.event("gate", Some("yard"), minutes).await;
    }
    let cookie = console.sign_in("Anna", Role::Viewer, &[]).await;
    let since = NOW.as_millisecond() - 24 * 3_600_000;
    let first = console.get(&format!("/console/live?since={since}"), &cookie).await;
    let cursor = attribute(&first, "data-next=\"");
    let second = console.get(&format!("/console/live?since={since}&cursor={cursor}"), &cookie).await;
    assert_eq!((ids(&first).len(), ids(&second).len()), (100, 30));
    assert!(!second.text().contains("data-next="));
}

#[tokio::test]
async fn marks_are_shared_counted_and_undone() {
    let console = Console::new();
    let first = console.event("gate", Some("yard"), 5).await;
    let second = console.event("desk", Some("office"), 6).await;
    let (anna, ben) =
        (console.sign_in("Anna", Role::Operator, &[]).await, console.sign_in("Ben", Role::Viewer, &[]).await);
    assert!(console.get("/console", &ben).await.text().contains("Today: 2 events, 2 not reviewed"));

    let one = console
        .post("/console/reviewed", &anna, &format!("event={first}&reviewed=yes&back=%3Freviewed%3Dno"))
        .await;
    assert_eq!(one.status, StatusCode::SEE_OTHER);
    let back = format!("/{}", one.location().trim_start_matches("../"));
    assert!(back.starts_with("/console?reviewed=no&marked="), "{back}");
    let page = console.get(&back, &anna).await;
    assert_eq!(ids(&page), std::slice::from_ref(&second));
    assert!(page.text().contains("Today: 2 events, 1 not reviewed") && page.text().contains(">Undo<"));
    assert!(console.get("/console", &ben).await.text().contains("Reviewed by Anna"));

    let (marked, days) =
        (attribute(&page, "name=\"marked\" value=\""), attribute(&page, "name=\"in\" value=\""));
    let undone =
        console.post("/console/reviewed/undo", &anna, &format!("marked={marked}&in={days}&back=")).await;
    assert_eq!((undone.status, undone.location()), (StatusCode::SEE_OTHER, "../../console"));
    assert!(console.get("/console", &ben).await.text().contains("Today: 2 events, 2 not reviewed"));

    let all = format!("event={first}&event={second}&reviewed=yes&answer=none");
    assert_eq!(console.post("/console/reviewed", &anna, &all).await.status, StatusCode::NO_CONTENT);
    assert!(console.get("/console?reviewed=no", &ben).await.text().contains("Everything is reviewed"));
    let none = format!("event={first}&reviewed=no&answer=none");
    assert_eq!(console.post("/console/reviewed", &anna, &none).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ids(&console.get("/console?reviewed=no", &ben).await), [first]);
}

#[tokio::test]
async fn a_mark_of_somebody_else_stays_and_is_not_undone() {
    let console = Console::new();
    let (first, second) = (console.event("gate", None, 5).await, console.event("gate", None, 15).await);
    let anna = console.sign_in("Anna", Role::Operator, &[]).await;
    let ben = console.sign_in("Ben", Role::Operator, &[]).await;
    let form = format!("event={first}&reviewed=yes&answer=none");
    console.post("/console/reviewed", &anna, &form).await;
    console.advance(60);
    // Ben's browser does not know of it yet.
    let all = format!("event={first}&event={second}&reviewed=yes&answer=none");
    let marked = console.post("/console/reviewed", &ben, &all).await;
    let page = console.get("/console", &ben).await;
    assert!(page.text().contains("Reviewed by Anna") && page.text().contains("Reviewed by Ben"));
    let undo = format!("{}&answer=none", marked.header("camhook-undo"));
    assert_eq!(console.post("/console/reviewed/undo", &ben, &undo).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ids(&console.get("/console?reviewed=no", &ben).await), [second]);
    assert_eq!(ids(&console.get("/console?reviewed=yes", &ben).await), [first]);
}

#[tokio::test]
async fn an_update_of_a_filtered_list_has_no_total() {
    let console = Console::new();
    console.event("gate", None, 5).await;
    let cookie = console.sign_in("Anna", Role::Viewer, &[]).await;
    let since = console.now().as_millisecond() - 900_000;
    for (query, has_total) in [("", true), ("&kind=intrusion", false), ("&area=yard", true)] {
        let update = console.get(&format!("/console/live?since={since}{query}"), &cookie).await;
        assert_eq!(update.status, StatusCode::OK, "{query}");
        assert_eq!(update.text().contains("id=\"summary\""), has_total, "{query}");
    }
    let page = console.get("/console?kind=intrusion", &cookie).await;
    assert!(page.text().contains("data-counts=\"shown\""));
}

#[tokio::test]
async fn a_mark_returns_to_the_console_wherever_the_form_points() {
    let console = Console::new();
    let id = console.event("gate", Some("yard"), 5).await;
    let cookie = console.sign_in("Anna", Role::Operator, &[]).await;
    for back in
        ["//evil.example", "https://evil.example", "?back=//evil.example", "/\\evil.example", "%3Fq%3D1"]
    {
        for path in ["/console/reviewed", "/console/reviewed/undo"] {
            let form = format!("event={id}&reviewed=yes&marked=1&in=2026-11-29&back={back}");
            let answer = console.post(path, &cookie, &form).await;
            assert_eq!((answer.status, answer.location()), (StatusCode::BAD_REQUEST, ""), "{path} {back}");
        }
    }
    let form = format!("event={id}&reviewed=yes&from=event");
    let answer = console.post("/console/reviewed", &cookie, &form).await;
    assert_eq!(answer.location(), format!("../console/events/{id}"));
}

#[tokio::test]
async fn forms_that_say_nothing_are_refused() {
    let console = Console::new();
    let id = console.event("gate", Some("yard"), 5).await;
    let cookie = console.sign_in("Anna", Role::Operator, &[]).await;
    let many: String = (0..101).map(|number| format!("&event={number:032x}")).collect();
    for form in
        ["", "reviewed=yes", "reviewed=maybe&event=1", &format!("event={id}"), &format!("reviewed=yes{many}")]
    {
        assert_eq!(
            console.post("/console/reviewed", &cookie, form).await.status,
            StatusCode::BAD_REQUEST,
            "{form}"
        );
    }
    assert_eq!(
        console.post("/console/reviewed/undo", &cookie, "marked=1&in=x").await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(console.get("/console/reviewed", &cookie).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn the_calendar_counts_what_the_person_may_see() {
    let console = Console::new();
    for minutes in [5, 6, 2 * 24 * 60] {
        console.event("gate", Some("yard"), minutes).await;
    }
    console.event("desk", Some("office"), 7).await;
    for (areas, today) in [(&[][..], "3 events"), (&["yard"][..], "2 events"), (&["office"][..], "1 event")] {
        let cookie = console.sign_in("Anna", Role::Viewer, areas).await;
        let page = console.get("/console", &cookie).await;
        assert!(page.text().contains(&format!("aria-label=\"29 November, {today}\"")), "{areas:?}");
        let before = if areas == ["office"] { "0 events" } else { "1 event" };
        assert!(page.text().contains(&format!("aria-label=\"27 November, {before}\"")), "{areas:?}");
    }
}

#[tokio::test]
async fn an_empty_and_a_failing_index_have_pages_of_their_own() {
    let console = Console::new();
    let cookie = console.sign_in("Anna", Role::Admin, &[]).await;
    assert!(console.get("/console", &cookie).await.text().contains("No events yet"));
    console.ports.index.fail();
    let failing = console.get("/console", &cookie).await;
    assert_eq!(failing.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(failing.text().contains("Temporarily unavailable") && !failing.text().contains("made to fail"));
    assert!(console.ports.index().get("x").await.is_err());
}

#[tokio::test]
async fn assets_are_cached_for_ever_and_pages_never() {
    let console = Console::new();
    let cookie = console.sign_in("Anna", Role::Admin, &[]).await;
    let page = console.get("/console", &cookie).await;
    assert!(page.header(CACHE_CONTROL).contains("no-store"));
    for attribute_name in [
        "rel=\"stylesheet\" href=\"",
        "<script src=\"",
        "rel=\"manifest\" href=\"",
        "rel=\"apple-touch-icon\" href=\"",
    ] {
        let path = format!("/{}", attribute(&page, attribute_name));
        let asset = console.get(&path, "").await;
        assert_eq!(asset.status, StatusCode::OK, "{path}");
        assert!(asset.header(CACHE_CONTROL).starts_with("public"));
        assert_eq!(asset.header(CONTENT_ENCODING), "");
    }
}

#[tokio::test]
async fn the_manifest_names_icons_that_phones_take() {
    let console = Console::new();
    let manifest = console.get("/console/assets/manifest.webmanifest", "").await;
    let manifest: serde_json::Value = serde_json::from_slice(&manifest.body).unwrap();
    let mut purposes = Vec::new();
    for icon in manifest["icons"].as_array().unwrap() {
        let path = format!("/console/assets/{}", icon["src"].as_str().unwrap());
        let answer = console.get(&path, "").await;
        assert_eq!(answer.header(CONTENT_TYPE), icon["type"].as_str().unwrap(), "{path}");
        if icon["type"] == "image/png" {
            // The width and height stand at the beginning of a PNG.
            let side = |start: usize| {
                u32::from_be_bytes(answer.body[start..start + 4].try_into().unwrap()).to_string()
            };
            assert_eq!(format!("{}x{}", side(16), side(20)), icon["sizes"].as_str().unwrap());
            purposes.push((icon["sizes"].as_str().unwrap(), icon["purpose"].as_str().unwrap()));
        }
    }
    assert_eq!(purposes, [("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")]);
}

#[tokio::test]
async fn a_day_outside_of_the_range_of_times_is_an_invalid_request_and_not_every_event() {
    let console = Console::new();
    console.event("gate", Some("yard"), 5).await;
    let cookie = console.sign_in("Anna", Role::Viewer, &[]).await;
    for query in ["day=9999-12-31", "day=-009999-01-01", "from=9999-12-31T23:59"] {
        let page = console.get(&format!("/console?{query}"), &cookie).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(!page.text().contains("data-event="), "{query}");
    }
    assert!(ids(&console.get("/console?day=1970-01-01", &cookie).await).is_empty());
}

#[tokio::test]
async fn marks_of_events_of_many_days_are_undone_without_the_script() {
    let console = Console::new();
    let mut form = String::from("reviewed=yes&back=");
    for day in 0..50 {
        let id = console.event("gate", Some("yard"), 5 + day * 24 * 60).await;
        form.push_str(&format!("&event={id}"));
    }
    let cookie = console.sign_in("Anna", Role::Operator, &[]).await;
    let marked = console.post("/console/reviewed", &cookie, &form).await;
    let page = console.get(&format!("/{}", marked.location().trim_start_matches("../")), &cookie).await;
    assert_eq!(page.text().matches("data-reviewed=\"yes\"").count(), 50);
    let (time, days) =
        (attribute(&page, "name=\"marked\" value=\""), attribute(&page, "name=\"in\" value=\""));
    let form = format!("marked={time}&in={days}&back=");
    let undone = console.post("/console/reviewed/undo", &cookie, &form).await;
    assert_eq!(undone.status, StatusCode::SEE_OTHER);
    let page = console.get("/console", &cookie).await;
    assert_eq!(page.text().matches("data-reviewed=\"yes\"").count(), 0);
}
