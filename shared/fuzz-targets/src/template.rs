use std::sync::LazyLock;

use camhook_event::Event;
use camhook_notify::text::{Templates, render};
use camhook_site::Site;
use serde_json::Value;

static SITE: LazyLock<Site> = LazyLock::new(|| super::site(""));

static EVENT: LazyLock<Event> = LazyLock::new(|| {
    let batch: Value = serde_json::from_str(include_str!("../../../events/notify-intrusion.json"))
        .expect("the sample event of the notify function is JSON");
    let body = batch["Records"][0]["body"].as_str().expect("the sample has a body");
    serde_json::from_str(body).expect("the body is an event")
});

/// No template of a message makes the renderer panic or run without end, and a message always has a title and a text.
/// The input is the title, a line feed, and the body.
pub(crate) fn template(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (title, body) = text.split_once('\n').unwrap_or((&text, ""));
    let templates = Templates { title: Some(title), body: Some(body) };
    let link = "https://hooks.example.org/console/events/0123";
    let (rendered, _errors) = render(&SITE, &EVENT, None, templates, Some(link));
    assert!(!rendered.title.contains('\n'), "a title is one line");
    assert!(rendered.title.chars().count() <= 250, "a title has at most 250 characters");
    assert!(rendered.text.chars().count() <= 2000, "a text has at most 2000 characters");
}
