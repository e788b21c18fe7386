//! Each fixture of messages, `fixtures/instar-mqtt/<case>/{messages.jsonl, expected.json}`, becomes what its
//! `expected.json` states.
//!
//! `UPDATE=1 cargo test -p camhook-mqtt --test fixtures` rewrites `expected.json`: review it line by line, it is
//! the specification.
//!
//! Each line of `messages.jsonl` is one message as a queue delivers it, in the order of delivery: `at`, when IoT
//! received it, in milliseconds after [`BEGINS_AT`]; its `topic` and `payload`; and a `trace` where two lines are the
//! same delivery. An optional `source.toml` holds further settings of the source `yard`, whose topic is `cameras`
//! unless these name another.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Duration;

use camhook_ingest::Instance;
use camhook_ports::memory::MemoryPorts;
use camhook_ports::{Clock, Queue, QueueRecord};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

/// When every fixture begins.
const BEGINS_AT: &str = "2026-11-23T08:00:00Z";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    at: i64,
    topic: String,
    payload: String,
    #[serde(default)]
    trace: Option<String>,
}

fn check(messages: &Path) -> datatest_stable::Result<()> {
    let case = messages.parent().ok_or("the messages stand in no folder")?;
    camhook_fixture::check_expected(case, &run(case)?)
}

/// Handles the messages of a case, each as a batch of its own, and describes the outcome.
fn run(case: &Path) -> Result<Value, Box<dyn Error>> {
    let settings = fs::read_to_string(case.join("source.toml")).unwrap_or_default();
    let topic =
        if settings.lines().any(|line| line.starts_with("topic")) { "" } else { "topic = \"cameras\"\n" };
    let toml = format!(
        "timezone = \"Europe/Berlin\"\n[[source]]\nid = \"yard\"\nvendor = \"instar\"\n{topic}{settings}"
    );
    let (site, _) = camhook_site::read(&toml, "fixture")
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    let begin: Timestamp = BEGINS_AT.parse()?;
    let ports = MemoryPorts::new(begin);
    let instance = Instance::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;

    let mut counted: Vec<Value> = Vec::new();
    let mut failed: Vec<String> = Vec::new();
    for (number, line) in fs::read_to_string(case.join("messages.jsonl"))?.lines().enumerate() {
        let line: Line =
            serde_json::from_str(line).map_err(|error| format!("line {}: {error}", number + 1))?;
        let at = begin.as_millisecond() + line.at;
        // A queue delivers nothing before it was received.
        let wait = u64::try_from(at - ports.clock.now().as_millisecond()).unwrap_or(0);
        ports.clock.advance(Duration::from_millis(wait));
        let body = json!({
            "data": base64_simd::STANDARD.encode_to_string(line.payload),
            "topic": line.topic,
            "ts": at,
            "client": "camhook-bridge",
            "trace": line.trace.unwrap_or_else(|| format!("trace-{}", number + 1)),
        });
        let record = QueueRecord {
            message_id: format!("message-{}", number + 1),
            receipt_handle: String::new(),
            body: body.to_string(),
            receive_count: 1,
            replay: None,
        };
        let outcome = runtime.block_on(camhook_mqtt::handle(&ports, &site, &instance, &[record]));
        failed.extend(outcome.failed);
        let recorded = ports.metrics.take();
        let counts = recorded.iter().filter(|metric| !metric.dimensions.is_empty()).map(|metric| {
            let values: Vec<&str> =
                metric.dimensions.iter().skip(1).map(|part| part.value.as_str()).collect();
            format!("{} {}", metric.name, values.join(" ")).trim().to_owned()
        });
        counted.push(counts.collect::<Vec<_>>().join(", ").into());
    }
    let mut result = outcome(&ports)?;
    result["counted"] = counted.into();
    if !failed.is_empty() {
        result["failed"] = failed.into();
    }
    Ok(result)
}

fn outcome(ports: &MemoryPorts) -> Result<Value, Box<dyn Error>> {
    let sent = |queue| -> Result<Vec<Value>, Box<dyn Error>> {
        let messages = ports.queues.sent(queue);
        Ok(messages.iter().map(|message| serde_json::from_str(&message.body)).collect::<Result<_, _>>()?)
    };
    let events = sent(Queue::Notify)?;
    if events != sent(Queue::Relay)? {
        return Err("the two queues got different messages".into());
    }
    let mut result = json!({ "events": events });
    let mut quarantine = Vec::new();
    for key in ports.objects.keys() {
        let object = ports.objects.object(&key).ok_or("an object is gone")?;
        if key.starts_with("events/") {
            let event: Value = serde_json::from_slice(&object.bytes)?;
            camhook_fixture::check_event(&event)?;
            if !events.contains(&event) {
                return Err(format!("nobody was sent the event {}", event["id"]).into());
            }
        } else if key.ends_with("reason.json") {
            quarantine.push(serde_json::from_slice(&object.bytes)?);
        } else if !key.ends_with("request.bin") {
            return Err(format!("`{key}` is no object that a message makes").into());
        }
    }
    if !quarantine.is_empty() {
        result["quarantine"] = Value::Array(quarantine);
    }
    Ok(result)
}

datatest_stable::harness! {
    { test = check, root = "../../fixtures/instar-mqtt", pattern = r"messages\.jsonl$" },
}
