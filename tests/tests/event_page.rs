//! `docs/event.md` says what the event's schema and the fixtures say.
//!
//! `UPDATE=1 cargo test -p camhook-end-to-end --test event_page` writes it anew.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fmt::Write;
use std::fs;

use camhook_end_to_end::page;
use camhook_event::Event;
use serde_json::{Map, Value};

/// The case of each vendor that shows the most of an event.
const SHOWN: [(&str, &str, &str); 5] = [
    ("Viewtron", "viewtron", "plate-on-the-allow-list"),
    ("Milestone XProtect", "xprotect", "analytics-event-that-is-sent-whole"),
    ("iVSEC", "ivsec", "plate-on-a-list"),
    ("INSTAR over HTTP", "instar", "cloud-recognized-a-person"),
    ("INSTAR over MQTT", "instar-mqtt", "alarm-of-an-older-camera"),
];

#[test]
fn the_fields_are_those_of_the_schema() {
    let schema: Value =
        serde_json::from_str(include_str!("../../shared/event/schema/camhook.event.v1.json")).unwrap();
    let types = schema["$defs"].as_object().unwrap();
    let mut section = String::from("### The event\n\n");
    fields(&mut section, &schema);
    for (name, definition) in types {
        if definition["properties"].is_object() {
            writeln!(section, "\n### {name}\n\n{}\n", sentence(definition)).unwrap();
            fields(&mut section, definition);
        } else if let Some(words) = definition["oneOf"].as_array().filter(|words| words.len() > 1) {
            writeln!(section, "\n### {name}\n\n{}\n", sentence(definition)).unwrap();
            for word in words {
                let name = word["const"].as_str().unwrap();
                writeln!(section, "* `{name}`: {}", sentence(word)).unwrap();
            }
        }
    }
    page::check_section("event.md", "shared/event/schema/camhook.event.v1.json", &section);
}

/// A type's fields as a table.
fn fields(section: &mut String, definition: &Value) {
    let required: Vec<&str> =
        definition["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    section.push_str("| field | type | always | meaning |\n|---|---|---|---|\n");
    for (name, field) in definition["properties"].as_object().unwrap_or(&Map::new()) {
        let always = if required.contains(&name.as_str()) { "yes" } else { "" };
        writeln!(section, "| `{name}` | {} | {always} | {} |", type_of(field), sentence(field)).unwrap();
    }
}

/// The type of a field in a word, with a link where the page has it.
fn type_of(field: &Value) -> String {
    let referred = field["$ref"].as_str().or_else(|| field["anyOf"][0]["$ref"].as_str());
    if let Some(name) = referred.and_then(|path| path.rsplit('/').next()) {
        return match name {
            "Image" => "[StoredImage](#storedimage) or [RejectedImage](#rejectedimage)".to_owned(),
            "VendorData" => "object".to_owned(),
            "Point" => "[x, y]".to_owned(),
            "SpecVersion" | "DataContentType" | "EventType" => "text".to_owned(),
            name => format!("[{name}](#{})", name.to_lowercase()),
        };
    }
    match field["type"].as_str() {
        Some("array") => format!("list of {}", type_of(&field["items"])),
        Some("string") if field["format"] == "date-time" => "time".to_owned(),
        Some("string") => "text".to_owned(),
        Some("number") if field["maximum"] == 1.0 || field["maximum"] == 1 => "0 to 1".to_owned(),
        Some(name) => name.to_owned(),
        None => "value".to_owned(),
    }
}

/// A description in one line, without the form that only Rust's documentation reads.
fn sentence(item: &Value) -> String {
    let text = item["description"].as_str().unwrap_or_default();
    let line = text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    line.replace("[`", "`").replace("`]", "`").replace('|', "\\|")
}

#[test]
fn one_event_of_each_vendor_is_one_of_a_fixture() {
    let mut section = String::new();
    for (vendor, folder, case) in SHOWN {
        let path = camhook_fixture::root().join(folder).join(case).join("expected.json");
        let outcome: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let event: Event = serde_json::from_value(outcome["events"][0].clone()).unwrap();
        let json = serde_json::to_string_pretty(&event).unwrap();
        let link = format!("[fixtures/{folder}/{case}](../fixtures/{folder}/{case}/)");
        writeln!(section, "### {vendor}\n\n{link}\n\n```json\n{json}\n```\n").unwrap();
    }
    page::check_section("event.md", "fixtures", &section);
}
