//! The tables of vendors' pages say what the fixtures say.
//!
//! `UPDATE=1 cargo test -p camhook-end-to-end --test vendor_pages` writes them anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use camhook_end_to_end::fixture;
use serde_json::Value;

const END: &str = "<!-- end -->";

#[cfg(test)]
fn check(vendor: &str) {
    let begin = format!("<!-- begin: generated from fixtures/{vendor} -->");
    let path = fixture::root().join(format!("../docs/vendors/{vendor}.md"));
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let current = format!("{before}{begin}\n\n{}\n{END}{after}", tables(vendor));
    if update() {
        fs::write(&path, current).unwrap();
        return;
    }
    assert!(
        page == current,
        "the page is stale: UPDATE=1 cargo test -p camhook-end-to-end --test vendor_pages"
    );
}

#[expect(clippy::disallowed_methods, reason = "a test is told by the environment to rewrite its file")]
fn update() -> bool {
    std::env::var("UPDATE").is_ok()
}

/// What came of a case.
#[cfg(test)]
fn outcome(case: &Path) -> Value {
    serde_json::from_slice(&fs::read(case.join("expected.json")).unwrap()).unwrap()
}

/// What events of one word of the vendor's have.
#[derive(Default)]
struct Row {
    kinds: BTreeSet<String>,
    states: BTreeSet<String>,
    fields: BTreeSet<&'static str>,
    roles: BTreeSet<String>,
}

#[cfg(test)]
fn tables(vendor: &str) -> String {
    let cases: Vec<(String, Value)> = fixture::cases(vendor)
        .unwrap()
        .iter()
        .map(|case| (case.file_name().unwrap().to_string_lossy().into_owned(), outcome(case)))
        .collect();
    let mut words = BTreeMap::<String, Row>::new();
    for event in cases.iter().flat_map(|(_, outcome)| outcome["events"].as_array().into_iter().flatten()) {
        let data = &event["data"];
        let Some(word) = data["vendor_kind"].as_str() else { continue };
        let row = words.entry(word.to_owned()).or_default();
        row.kinds.extend(data["kind"].as_str().map(str::to_owned));
        row.states.extend(data["state"].as_str().map(str::to_owned));
        for field in ["camera", "name", "targets", "zone", "plate", "face"] {
            if !data[field].is_null() {
                row.fields.insert(field);
            }
        }
        let images = data["images"].as_array().into_iter().flatten();
        row.roles.extend(images.filter_map(|image| image["role"].as_str().map(str::to_owned)));
    }
    let mut page = String::new();
    page.push_str("### The vendor's words\n\n");
    page.push_str("| the vendor's word | kind | state | may hold | pictures |\n|---|---|---|---|---|\n");
    for (word, Row { kinds, states, fields, roles }) in &words {
        let cells = [list(kinds), list(states), list(fields), list(roles)].join(" | ");
        writeln!(page, "| `{word}` | {cells} |").unwrap();
    }
    page.push_str("\n### Every fixture\n\n| request | reply | becomes |\n|---|---|---|\n");
    for (name, outcome) in &cases {
        let sentence = name.replace('-', " ");
        let link = format!("[{sentence}](../../fixtures/{vendor}/{name}/request.http)");
        writeln!(page, "| {link} | {} | {} |", outcome["status"], becomes(outcome)).unwrap();
    }
    page
}

#[cfg(test)]
fn becomes(outcome: &Value) -> String {
    if let Some(reason) = outcome["quarantine"]["reason"]["reason"].as_str() {
        return format!("quarantine: `{reason}`");
    }
    let counted: Vec<&str> =
        outcome["counted"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if let Some(reason) = counted.iter().find_map(|name| name.strip_prefix("Refusals ")) {
        return format!("refused: {}", reason.replace('_', " "));
    }
    let events: Vec<String> = outcome["events"].as_array().into_iter().flatten().map(describe).collect();
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

#[test]
fn xprotect() {
    check("xprotect");
}

#[test]
fn ivsec() {
    check("ivsec");
}
