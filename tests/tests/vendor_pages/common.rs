//! Shared by the pages of several vendors: terms, fixtures and their events.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;

use serde_json::Value;

/// The name of a case, and what came of it.
pub(crate) type Case = (String, Value);

/// The cases of a vendor, by name.
pub(crate) fn cases(vendor: &str) -> Vec<Case> {
    let outcome = |path: std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, serde_json::from_slice(&fs::read(path.join("expected.json")).unwrap()).unwrap())
    };
    let mut cases: Vec<Case> = fs::read_dir(camhook_fixture::root().join(vendor))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("expected.json").is_file())
        .map(outcome)
        .collect();
    cases.sort_by(|one, other| one.0.cmp(&other.0));
    cases
}

/// The events of a case.
pub(crate) fn events(outcome: &Value) -> impl Iterator<Item = &Value> {
    outcome["events"].as_array().into_iter().flatten()
}

/// What events of one word of the vendor's have.
#[derive(Default)]
struct Row {
    kinds: BTreeSet<String>,
    states: BTreeSet<String>,
    fields: BTreeSet<&'static str>,
    roles: BTreeSet<String>,
}

impl Row {
    fn add(&mut self, data: &Value) {
        self.kinds.extend(data["kind"].as_str().map(str::to_owned));
        self.states.extend(data["state"].as_str().map(str::to_owned));
        for field in ["camera", "name", "targets", "zone", "plate", "face", "counts"] {
            if !data[field].is_null() {
                self.fields.insert(field);
            }
        }
        let images = data["images"].as_array().into_iter().flatten();
        self.roles.extend(images.filter_map(|image| image["role"].as_str().map(str::to_owned)));
    }
}

/// What each word of a vendor's becomes, and each fixture.
pub(crate) fn words_and_fixtures(vendor: &str) -> String {
    let cases = cases(vendor);
    let all = cases.iter().flat_map(|(_, outcome)| events(outcome));
    format!("### The vendor's words\n\n{}\n{}", words(all), every_fixture(vendor, &cases))
}

/// What the events of each of the vendor's words have.
pub(crate) fn words<'a>(events: impl Iterator<Item = &'a Value>) -> String {
    let mut words = BTreeMap::<String, Row>::new();
    for event in events {
        if let Some(word) = event["data"]["vendor_kind"].as_str() {
            words.entry(word.to_owned()).or_default().add(&event["data"]);
        }
    }
    let mut table =
        String::from("| the vendor's word | kind | state | may hold | pictures |\n|---|---|---|---|---|\n");
    for (word, Row { kinds, states, fields, roles }) in &words {
        let cells = [list(kinds), list(states), list(fields), list(roles)].join(" | ");
        writeln!(table, "| `{word}` | {cells} |").unwrap();
    }
    table
}

/// Each fixture, its reply and what it becomes.
pub(crate) fn every_fixture(vendor: &str, cases: &[Case]) -> String {
    let mut page = String::from("### Every fixture\n\n| request | reply | becomes |\n|---|---|---|\n");
    for (name, outcome) in cases {
        let sentence = name.replace('-', " ");
        let link = format!("[{sentence}](../../fixtures/{vendor}/{name}/request.http)");
        writeln!(page, "| {link} | {} | {} |", outcome["status"], becomes(outcome)).unwrap();
    }
    page
}

fn becomes(outcome: &Value) -> String {
    if let Some(reason) = outcome["quarantine"]["reason"]["reason"].as_str() {
        return format!("quarantine: `{reason}`");
    }
    let counted: Vec<&str> =
        outcome["counted"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if let Some(reason) = counted.iter().find_map(|name| name.strip_prefix("Refusals ")) {
        return format!("refused: {}", reason.replace('_', " "));
    }
    let events: Vec<String> = events(outcome).map(describe).collect();
    if events.len() > 8 {
        return format!("{} events", events.len());
    }
    if !events.is_empty() {
        return events.join("; ");
    }
    if let Some(reason) = counted.iter().find_map(|name| name.strip_prefix("Ignored ")) {
        return format!("nothing: {}", reason.replace('_', " "));
    }
    match outcome["reply"].as_str() {
        Some(reply) if reply.contains("is ready") => "a text that says that the source is ready".to_owned(),
        _ => "nothing: the device is there".to_owned(),
    }
}

/// An event in a few words.
fn describe(event: &Value) -> String {
    let data = &event["data"];
    let text = |field: &str| data[field].as_str();
    let mut words = vec![text("kind").unwrap_or_default().to_owned()];
    words.extend(text("state").map(str::to_owned));
    words.extend(text("report").filter(|report| *report != "detection").map(|report| format!("({report})")));
    words.extend(text("name").map(|name| format!("“{name}”")));
    words.extend(data["plate"]["text"].as_str().map(str::to_owned));
    words.extend(data["zone"]["id"].as_str().map(|id| format!("zone {id}")));
    let targets = data["targets"].as_array().map_or(0, Vec::len);
    if targets > 1 {
        words.push(format!("{targets} targets"));
    }
    let images: Vec<&Value> = data["images"].as_array().into_iter().flatten().collect();
    let rejected: BTreeSet<&str> = images.iter().filter_map(|image| image["rejected"].as_str()).collect();
    match images.iter().filter(|image| image["rejected"].is_null()).count() {
        0 => {}
        1 => words.push("1 picture".to_owned()),
        count => words.push(format!("{count} pictures")),
    }
    words.extend(rejected.into_iter().map(|reason| format!("rejected: `{reason}`")));
    if text("clock") == Some("server") && text("device_time").is_some() {
        words.push("time of receipt".to_owned());
    }
    words.join(", ")
}

fn list<T: ToString>(values: &BTreeSet<T>) -> String {
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    if values.is_empty() { "–".to_owned() } else { values.join(", ") }
}
