//! INSTAR's pages: what was sent, over HTTP or as messages of MQTT, and what it becomes.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use camhook_end_to_end::page;
use serde_json::Value;

use crate::common::{cases, events};

#[test]
fn the_table_over_http_is_that_of_the_fixtures() {
    let mut table = String::from("| request | sent as | becomes |\n|---|---|---|\n");
    for (name, outcome) in cases("instar") {
        let sentence = name.replace('-', " ");
        let sent = sent_as(&camhook_fixture::root().join("instar").join(&name));
        let link = format!("[{sentence}](../../fixtures/instar/{name}/request.http)");
        writeln!(table, "| {link} | {sent} | {} |", becomes(&outcome)).unwrap();
    }
    page::check_section("vendors/instar.md", "fixtures/instar", &table);
}

#[test]
fn the_table_over_mqtt_is_that_of_the_fixtures() {
    let mut table = String::from("| messages | | become |\n|---|---|---|\n");
    for (name, outcome) in cases("instar-mqtt") {
        let sentence = name.replace('-', " ");
        let sent = messages(&camhook_fixture::root().join("instar-mqtt").join(&name));
        let link = format!("[{sentence}](../../fixtures/instar-mqtt/{name}/messages.jsonl)");
        writeln!(table, "| {link} | {sent} | {} |", become_over_mqtt(&outcome)).unwrap();
    }
    page::check_section("vendors/instar-mqtt.md", "fixtures/instar-mqtt", &table);
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

/// Each message with its time, topic and value.
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
    if let Some(reason) = outcome["quarantine"]["reason"]["reason"].as_str() {
        return format!("quarantine: `{reason}`");
    }
    let events: Vec<String> = events(outcome).map(describe).collect();
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

fn become_over_mqtt(outcome: &Value) -> String {
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
