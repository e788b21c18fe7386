//! The tables of `docs/vendors/viewtron.md` say what the fixtures say.
//!
//! `UPDATE=1 cargo test -p camhook-viewtron --test document` writes them anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

const BEGIN: &str = "<!-- begin: generated from fixtures/viewtron -->";
const END: &str = "<!-- end -->";

#[test]
fn the_tables_are_those_of_the_fixtures() {
    let path = root().join("docs/vendors/viewtron.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let current = format!("{before}{BEGIN}\n\n{}\n{END}{after}", tables());
    if update() {
        fs::write(&path, current).unwrap();
        return;
    }
    assert!(
        page == current,
        "the page is stale: run UPDATE=1 cargo test -p camhook-viewtron --test document"
    );
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[expect(clippy::disallowed_methods, reason = "a test is told by the environment to rewrite its file")]
fn update() -> bool {
    std::env::var("UPDATE").is_ok()
}

/// What came of a case, and its name.
#[cfg(test)]
fn cases() -> Vec<(String, Value)> {
    let mut cases: Vec<(String, Value)> = fs::read_dir(root().join("fixtures/viewtron"))
        .unwrap()
        .map(|case| {
            let path = case.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, serde_json::from_slice(&fs::read(path.join("expected.json")).unwrap()).unwrap())
        })
        .collect();
    cases.sort_by(|one, other| one.0.cmp(&other.0));
    cases
}

/// What events of one word of the vendor's have.
#[derive(Default)]
struct Row {
    kinds: BTreeSet<String>,
    states: BTreeSet<String>,
    fields: BTreeSet<&'static str>,
    roles: BTreeSet<String>,
    cases: BTreeSet<String>,
}

#[cfg(test)]
fn tables() -> String {
    let cases = cases();
    let mut levels = BTreeMap::<String, (String, String)>::new();
    let mut events = BTreeMap::<String, Row>::new();
    for (name, outcome) in &cases {
        for event in outcome["events"].as_array().into_iter().flatten() {
            let data = &event["data"];
            let text = |field: &str| data[field].as_str().unwrap_or_default().to_owned();
            if name == "every-alarm-by-its-name" {
                levels.insert(text("vendor_kind"), (text("kind"), text("report")));
            }
            let is_smart = outcome["counted"].to_string().contains("Events") && !name.contains("alarm");
            if !is_smart || name == "recorder-that-lost-a-camera" {
                continue;
            }
            let row = events.entry(text("vendor_kind")).or_default();
            row.kinds.insert(text("kind"));
            row.states.extend(data["state"].as_str().map(str::to_owned));
            for field in ["targets", "zone", "plate", "face", "counts"] {
                if !data[field].is_null() {
                    row.fields.insert(field);
                }
            }
            let images = data["images"].as_array().into_iter().flatten();
            row.roles.extend(images.filter_map(|image| image["role"].as_str().map(str::to_owned)));
            row.cases.insert(name.clone());
        }
    }

    let mut page = String::new();
    page.push_str("### Smart events and positions\n\n");
    page.push_str(
        "| the device's word | kind | state | holds | pictures | fixtures |\n|---|---|---|---|---|---|\n",
    );
    for (word, row) in &events {
        let first: Vec<&String> = row.cases.iter().take(2).collect();
        let more = row.cases.len().saturating_sub(first.len());
        writeln!(
            page,
            "| `{word}` | {} | {} | {} | {} | {}{} |",
            list(&row.kinds),
            list(&row.states),
            list(&row.fields),
            list(&row.roles),
            list(first),
            if more > 0 { format!(" and {more} more") } else { String::new() },
        )
        .unwrap();
    }
    page.push_str("\n### Levels of alarms\n\n`true` is `start`, `false` is `stop`.\n\n");
    page.push_str("| the device's word | kind | report |\n|---|---|---|\n");
    for (word, (kind, report)) in &levels {
        writeln!(page, "| `{word}` | {kind} | {report} |").unwrap();
    }
    page.push_str("\n### Every fixture\n\n| post | becomes |\n|---|---|\n");
    for (name, outcome) in &cases {
        let sentence = name.replace('-', " ");
        writeln!(
            page,
            "| [{sentence}](../../fixtures/viewtron/{name}/request.http) | {} |",
            becomes(outcome)
        )
        .unwrap();
    }
    page
}

#[cfg(test)]
fn becomes(outcome: &Value) -> String {
    if let Some(reason) = outcome["quarantine"]["reason"]["reason"].as_str() {
        return format!("quarantine: `{reason}`");
    }
    let events: Vec<String> = outcome["events"].as_array().into_iter().flatten().map(describe).collect();
    if events.len() > 8 {
        return format!("{} events, one for each alarm", events.len());
    }
    if !events.is_empty() {
        return events.join("; ");
    }
    let counted = outcome["counted"].to_string();
    let ignored = outcome["counted"].as_array().into_iter().flatten().filter_map(Value::as_str);
    match ignored.filter_map(|name| name.strip_prefix("Ignored ")).next() {
        Some(reason) => format!("nothing: {}", reason.replace('_', " ")),
        None if counted.contains("Heartbeat") => "nothing: the device is there".to_owned(),
        None if outcome["reply"].as_str().unwrap_or_default().contains("success") => {
            "nothing: the device is there".to_owned()
        }
        None => "a text that says that the source is ready".to_owned(),
    }
}

/// An event in a few words.
fn describe(event: &Value) -> String {
    let data = &event["data"];
    let text = |field: &str| data[field].as_str();
    let mut words = vec![text("kind").unwrap_or_default().to_owned()];
    words.extend(text("state").map(str::to_owned));
    if let Some(report @ ("status" | "tracking")) = text("report") {
        words.push(format!("({report})"));
    }
    if let Some(plate) = data["plate"]["text"].as_str() {
        words.push(plate.to_owned());
    }
    let targets = data["targets"].as_array().map_or(0, Vec::len);
    if targets > 1 {
        words.push(format!("{targets} targets"));
    }
    let images: Vec<&Value> = data["images"].as_array().into_iter().flatten().collect();
    let rejected: BTreeSet<&str> = images.iter().filter_map(|image| image["rejected"].as_str()).collect();
    let stored = images.iter().filter(|image| image["rejected"].is_null()).count();
    match stored {
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

fn list<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    if values.is_empty() { "–".to_owned() } else { values.join(", ") }
}
