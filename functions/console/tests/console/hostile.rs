//! Text of devices and people is shown as text, whatever it is.

use camhook_state::person::Role;
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Console, event};

const HOSTILE: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}\u{202e}";

/// An event with a hostile value in every field that holds text of a device.
fn hostile() -> Value {
    json!({
        "camera": { "id": HOSTILE, "name": HOSTILE }, "vendor_kind": HOSTILE, "name": HOSTILE, "device_time": HOSTILE,
        "device": { "name": HOSTILE, "serial": HOSTILE, "address": HOSTILE, "channel": HOSTILE },
        "targets": [{ "id": HOSTILE, "class": "vehicle", "attributes": { (HOSTILE): HOSTILE },
                      "box": { "x1": 0.1, "y1": 0.1, "x2": 0.2, "y2": 0.2 } }],
        "zone": { "id": HOSTILE, "name": HOSTILE, "points": [] },
        "plate": { "text": HOSTILE, "read": HOSTILE, "list": "deny", "group": HOSTILE, "color": HOSTILE,
                   "region": HOSTILE, "owner": HOSTILE,
                   "vehicle": { "type": HOSTILE, "color": HOSTILE, "brand": HOSTILE, "model": HOSTILE } },
        "face": { "person_id": HOSTILE, "name": HOSTILE, "group": HOSTILE, "sex": HOSTILE, "age": HOSTILE },
        "vendor_data": { (HOSTILE): HOSTILE },
    })
}

fn assert_harmless(page: &str) {
    let script_tags = page.matches("<script").count();
    let own = page.matches("<script src=\"").count();
    assert_eq!(script_tags, own, "{page}");
    for tag in ["<img src=x", "<img src=\"x\"", "onerror=alert(1)>{{", "\"'>"] {
        assert!(!page.contains(tag), "{tag} in {page}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)"), "the value is shown: {page}");
}

#[tokio::test]
async fn every_text_of_an_event_is_escaped_on_every_page() {
    let console = Console::new();
    let event = event("gate", Some("yard"), 5, &hostile());
    console.store(&event).await;
    let cookie = console.sign_in("Anna", Role::Admin, &[]).await;
    for path in
        ["/console".to_owned(), "/console/live?since=1".to_owned(), format!("/console/events/{}", event.id)]
    {
        let page = console.get(&path, &cookie).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert_harmless(page.text());
        assert!(!page.text().contains('\u{202e}'), "{path}");
    }
}

#[tokio::test]
async fn names_of_people_are_escaped() {
    let console = Console::new();
    let id = console.event("gate", Some("yard"), 5).await;
    let name = "<script>alert(1)</script>\"'";
    let cookie = console.sign_in(name, Role::Operator, &[]).await;
    console.post("/console/reviewed", &cookie, &format!("event={id}&reviewed=yes")).await;
    for path in ["/console".to_owned(), format!("/console/events/{id}")] {
        assert_harmless(console.get(&path, &cookie).await.text());
    }
}

#[tokio::test]
async fn filters_are_escaped_where_they_are_shown_again() {
    let console = Console::new();
    let cookie = console.sign_in("Anna", Role::Admin, &[]).await;
    let query: String = form_urlencoded::byte_serialize(HOSTILE.as_bytes()).collect();
    for name in ["text", "face", "plate", "camera", "area"] {
        let page = console.get(&format!("/console?{name}={query}"), &cookie).await;
        assert_eq!(page.status, StatusCode::OK, "{name}");
        assert_harmless(page.text());
    }
}

#[tokio::test]
async fn paths_that_lead_nowhere_are_answered_with_404() {
    let console = Console::new();
    let cookie = console.sign_in("Anna", Role::Admin, &[]).await;
    for path in [
        "/console/nothing",
        "/console/events/",
        "/console/events/x",
        "/console/events/%22%3E%3Cscript%3E",
        "/console/events/../../config",
        "/console/assets/../main.rs",
        "/console/assets/%2e%2e%2fmain.rs",
        "/console/pictures/x/0",
        "/other",
    ] {
        let answer = console.get(path, &cookie).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!answer.text().contains("script&gt;"), "{path}");
    }
}
