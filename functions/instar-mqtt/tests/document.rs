//! The table of `docs/vendors/instar-mqtt.md` says what the fixtures say.
//!
//! `UPDATE=1 cargo test -p camhook-instar-mqtt --test document` writes it anew.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

const BEGIN: &str = "<!-- begin: generated from fixtures/instar-mqtt -->";
const END: &str = "<!-- end -->";

#[test]
fn the_table_is_that_of_the_fixtures() {
    let path = root().join("docs/vendors/instar-mqtt.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let current = format!("{before}{BEGIN}\n\n{}\n{END}{after}", table());
    if update() {
        fs::write(&path, current).unwrap();
        return;
    }
    assert!(
        page == current,
        "the page is stale: run UPDATE=1 cargo test -p camhook-instar-mqtt --test document"
    );
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[expect(clippy::disallowed_methods, reason = "a test is told by the environment to rewrite its file")]
fn update() -> bool {
    std::env::var("UPDATE").is_ok()
}

fn table() -> String {
    let mut cases: Vec<PathBuf> = fs::read_dir(root().join("fixtures/instar-mqtt"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|case| case.join("messages.jsonl").is_file())
        .collect();
    cases.sort();
    let mut table = String::from("| messages | | become |\n|---|---|---|\n");
    for case in &cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let outcome: Value = serde_json::from_slice(&fs::read(case.join("expected.json")).unwrap()).unwrap();
        let sentence = name.replace('-', " ");
        writeln!(
            table,
            "| [{sentence}](../../fixtures/instar-mqtt/{name}/messages.jsonl) | {} | {} |",
            messages(case),
            becomes(&outcome)
        )
        .unwrap();
    }
    table
}

fn messages(case: &Path) -> String {
    let lines = fs::read_to_string(case.join("messages.jsonl")).unwrap();
    let message = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let topic = line["topic"].as_str().unwrap();
        let path = topic.split_once("/status/").map_or(topic, |(_, path)| path);
        let payload = line["payload"].as_str().unwrap();
        let value =
            payload.strip_prefix("{\"val\":\"").and_then(|rest| rest.strip_suffix("\"}")).unwrap_or(payload);
        let short: String = value.chars().take(16).collect();
        let seconds = line["at"].as_f64().unwrap_or_default() / 1000.0;
        format!("{seconds} s `{path}` `{short}`")
    };
    lines.lines().map(message).collect::<Vec<_>>().join("<br>")
}

fn becomes(outcome: &Value) -> String {
    let described = |name: &str, describe: fn(&Value) -> String| -> Vec<String> {
        outcome[name].as_array().into_iter().flatten().map(describe).collect()
    };
    let mut all = described("events", describe);
    all.extend(described("quarantine", |reason| {
        format!("quarantine: `{}`", reason["reason"].as_str().unwrap())
    }));
    if !all.is_empty() {
        return all.join("<br>");
    }
    let unknown = outcome["counted"].to_string().contains("UnknownTopics");
    if unknown { "nothing: counted".to_owned() } else { "nothing: no alarm".to_owned() }
}

fn describe(event: &Value) -> String {
    let data = &event["data"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut words =
        vec![format!("**{}**", text(&data["kind"])), format!("camera {}", text(&data["camera"]["id"]))];
    if let Some(area) = data["zone"]["id"].as_str() {
        words.push(format!("area {area}"));
    }
    let classes: Vec<String> =
        data["targets"].as_array().into_iter().flatten().map(|target| text(&target["class"])).collect();
    if !classes.is_empty() {
        words.push(format!("targets {}", classes.join(", ")));
    }
    words.join(", ")
}
