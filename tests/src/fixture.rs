//! The runner of the fixtures: `fixtures/<vendor>/<case>/{request.http, expected.json}`.
//!
//! A case is a request as its sender makes it, taken all the way through the ingest with the world outside in
//! memory, and all that comes of it. `request.http` may hold the placeholders of
//! [`camhook_ingest::Sample::request`]; an optional `source.toml` beside it holds further settings of the
//! source `gate`, whose path has a token unless these settings name another `auth`. It is always [`RECEIVED_AT`].

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use camhook_event::{Event, Image};
use camhook_ingest::{Adapter, Handled, Headers, Instance, Method, Parts, Request, handle};
use camhook_picture::{Context, SamplePost, render};
use camhook_ports::Queue;
use camhook_ports::memory::MemoryPorts;
use camhook_site::Site;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// When every fixture is received.
pub const RECEIVED_AT: &str = "2026-11-23T08:00:00Z";

/// The token of the source `gate`.
const TOKEN: &str = "fixture-token-22-chars";

/// Where the fixtures are.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// The cases of a vendor, by name.
///
/// # Errors
///
/// When the folder cannot be read.
pub fn cases(vendor: &str) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut cases = Vec::new();
    for entry in fs::read_dir(root().join(vendor))? {
        let path = entry?.path();
        if path.join("request.http").is_file() {
            cases.push(path);
        }
    }
    cases.sort();
    Ok(cases)
}

/// Takes a case through the ingest; all that comes of it.
///
/// # Errors
///
/// When the case cannot be read, or what comes of it is no good event.
pub fn run(adapter: &dyn Adapter, case: &Path) -> Result<Value, Box<dyn Error>> {
    let now: Timestamp = RECEIVED_AT.parse()?;
    let settings = fs::read_to_string(case.join("source.toml")).unwrap_or_default();
    let vendor = adapter.vendor();
    let (path, auth) = if settings.lines().any(|line| line.starts_with("auth")) {
        (format!("/{vendor}/gate"), String::new())
    } else {
        (format!("/{vendor}/gate/{TOKEN}"), format!("auth = {{ token = \"{TOKEN}\" }}\n"))
    };
    let toml = format!(
        "timezone = \"Europe/Berlin\"\n[[source]]\nid = \"gate\"\nvendor = \"{vendor}\"\narea = \"yard\"\n\
         {auth}{settings}"
    );
    let (site, _) = camhook_site::read(&toml, "fixture")
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    let request = read_request(&fs::read(case.join("request.http"))?, path, now)?;
    let ports = MemoryPorts::new(now);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let handled = runtime.block_on(handle(&ports, &site, adapter, &Instance::default(), request));
    outcome(&ports, &site, handled)
}

fn read_request(
    raw: &[u8],
    path: String,
    now: Timestamp,
) -> Result<Request<camhook_ingest::Unverified>, Box<dyn Error>> {
    let context = Context { path, now, timezone: TimeZone::get("Europe/Berlin")?, seed: 0 };
    // A post that is no UTF-8 has no placeholders.
    let rendered = match std::str::from_utf8(raw) {
        Ok(template) => render(template, &context)?.into_bytes(),
        Err(_) => raw.to_vec(),
    };
    let post = SamplePost::parse(&rendered)?;
    let (path, query) = post.path_and_query();
    let headers: Headers =
        post.headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ok(Request::new(Parts {
        method: Method::parse(post.method),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: Bytes::copy_from_slice(post.body),
        source_ip: "203.0.113.7".parse().ok(),
        request_id: "fixture-request".to_owned(),
        received_at: now,
    }))
}

fn outcome(ports: &MemoryPorts, _site: &Site, handled: Handled) -> Result<Value, Box<dyn Error>> {
    let Handled { reply, measurements } = handled;
    let mut result = Map::new();
    result.insert("status".to_owned(), reply.status.into());
    result.insert("reply".to_owned(), reply.body.into_owned().into());
    let counts = measurements.metrics().iter().filter(|metric| metric.dimensions.len() > 1);
    let counted: Vec<Value> = counts
        .map(|metric| {
            let parts: Vec<&str> = metric.dimensions.iter().skip(1).map(|part| part.value.as_str()).collect();
            format!("{} {}", metric.name, parts.join(" ")).into()
        })
        .collect();
    result.insert("counted".to_owned(), counted.into());

    let validator = jsonschema::validator_for(&serde_json::from_str(camhook_event::SCHEMA)?)?;
    let mut events = Vec::new();
    let mut pictures = Map::new();
    let mut quarantine = Map::new();
    for key in ports.objects.keys() {
        let object = ports.objects.object(&key).ok_or("an object is gone")?;
        if key.starts_with("events/") {
            let event: Value = serde_json::from_slice(&object.bytes)?;
            if let Err(error) = validator.validate(&event) {
                return Err(format!("the event is not as the schema says: {error}").into());
            }
            events.push(event);
        } else if key.starts_with("images/") {
            pictures.insert(key, describe_picture(&object.bytes)?);
        } else if key.ends_with("reason.json") {
            quarantine.insert("reason".to_owned(), serde_json::from_slice(&object.bytes)?);
        } else if key.ends_with("request.bin") {
            quarantine.insert("kept".to_owned(), hex(&Sha256::digest(&object.bytes)).into());
        } else {
            return Err(format!("`{key}` is no object that a webhook makes").into());
        }
    }
    // In the order of the events in the post, which is not that of their keys.
    let order = sent(ports, Queue::Notify)?;
    if order != sent(ports, Queue::Relay)? {
        return Err("the two queues got different messages".into());
    }
    events.sort_by_key(|event| order.iter().position(|message| message["id"] == event["id"]));
    check_images(&events, &pictures)?;
    for (message, event) in order.iter().zip(&events) {
        if message != event && message["data"].get("record").is_none() {
            return Err("a message is neither the record nor points to it".into());
        }
    }
    for (name, value) in [("events", Value::from(events)), ("pictures", pictures.into())] {
        if value != json!([]) && value != json!({}) {
            result.insert(name.to_owned(), value);
        }
    }
    if !quarantine.is_empty() {
        result.insert("quarantine".to_owned(), quarantine.into());
    }
    Ok(result.into())
}

fn sent(ports: &MemoryPorts, queue: Queue) -> Result<Vec<Value>, Box<dyn Error>> {
    let messages = ports.queues.sent(queue);
    Ok(messages.iter().map(|message| serde_json::from_str(&message.body)).collect::<Result<_, _>>()?)
}

/// Every stored image is in the bucket, and nothing else is.
fn check_images(events: &[Value], pictures: &Map<String, Value>) -> Result<(), Box<dyn Error>> {
    let mut named = Vec::new();
    for event in events {
        let event: Event = serde_json::from_value(event.clone())?;
        named.extend(
            event.data.images.iter().filter_map(Image::stored).map(|image| image.key.as_str().to_owned()),
        );
    }
    named.sort();
    if !named.iter().eq(pictures.keys()) {
        return Err(format!("the events name {named:?}, the bucket has {:?}", pictures.keys()).into());
    }
    Ok(())
}

fn describe_picture(bytes: &[u8]) -> Result<Value, Box<dyn Error>> {
    let mut decoder = zune_jpeg::JpegDecoder::new(std::io::Cursor::new(bytes));
    let decodes = decoder.decode().is_ok();
    Ok(json!({ "bytes": bytes.len(), "sha256": hex(&Sha256::digest(bytes)), "decodes": decodes }))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
