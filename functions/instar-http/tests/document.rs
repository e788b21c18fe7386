//! The table of `docs/vendors/instar.md` says what the fixtures say.
//!
//! `UPDATE=1 cargo test -p camhook-instar-http --test document` writes it anew.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

const BEGIN: &str = "<!-- begin: generated from fixtures/instar -->";
const END: &str = "<!-- end -->";

#[test]
fn the_table_is_that_of_the_fixtures() {
    let path = root().join("docs/vendors/instar.md");
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
        "the page is stale: run UPDATE=1 cargo test -p camhook-instar-http --test document"
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
    let mut cases: Vec<PathBuf> = fs::read_dir(root().join("fixtures/instar"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|case| case.join("request.http").is_file())
        .collect();
    cases.sort();
    let mut table = String::from("| request | sent as | becomes |\n|---|---|---|\n");
    for case in &cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let outcome: Value = serde_json::from_slice(&fs::read(case.join("expected.json")).unwrap()).unwrap();
        let sentence = name.replace('-', " ");
        writeln!(
            table,
            "| [{sentence}](../../fixtures/instar/{name}/request.http) | {} | {} |",
            sent_as(case),
            becomes(&outcome)
        )
        .unwrap();
    }
    table
}

/// The query, or the first line of the body.
fn sent_as(case: &Path) -> String {
    let request = fs::read(case.join("request.http")).unwrap();
    let text = String::from_utf8_lossy(&request);
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let target = head.split_whitespace().nth(1).unwrap_or_default();
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let line = body.trim().lines().next().unwrap_or_default();
    let is_text = line.chars().all(|character| character.is_ascii_graphic() || character == ' ');
    let parts: Vec<String> = [query, if is_text { line } else { "" }]
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(|part| format!("`{}`", part.chars().take(60).collect::<String>().replace('|', "\\|")))
        .collect();
    if parts.is_empty() { "nothing of that kind".to_owned() } else { parts.join(", ") }
}

fn becomes(outcome: &Value) -> String {
    if let Some(reason) = outcome["quarantine"]["reason"]["reason"].as_str() {
        return format!("quarantine: `{reason}`");
    }
    let events: Vec<String> = outcome["events"].as_array().into_iter().flatten().map(describe).collect();
    if !events.is_empty() {
        return events.join("; ");
    }
    let ready = outcome["reply"].as_str().is_some_and(|reply| reply.contains("is ready"));
    if ready {
        "nothing: somebody looks whether it is there".to_owned()
    } else {
        "nothing: no alarm".to_owned()
    }
}

fn describe(event: &Value) -> String {
    let data = &event["data"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut words = vec![format!("**{}**", text(&data["kind"]))];
    let labelled = [
        ("camera", &data["camera"]["id"]),
        ("area", &data["zone"]["id"]),
        ("plate", &data["plate"]["text"]),
        ("face", &data["face"]["name"]),
        ("storage", &data["vendor_data"]["storage"]),
    ];
    words.extend(
        labelled
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| format!("{name} {}", text(value))),
    );
    let classes: Vec<String> =
        data["targets"].as_array().into_iter().flatten().map(|target| text(&target["class"])).collect();
    if !classes.is_empty() {
        words.push(format!("targets {}", classes.join(", ")));
    }
    words.join(", ")
}
