//! The fixtures of all vendors, posted to the functions' bootstraps on S3, SQS and a table: what they store is what each
//! fixture says.
//!
//! The clock is that of today, so that times are not compared.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fs;
use std::path::{Path, PathBuf};

use camhook_end_to_end::gateway::{self, BodyForm};
use camhook_end_to_end::lambda_runtime::Function;
use camhook_end_to_end::own_stack::OwnStack;
use camhook_end_to_end::post::Post;
use camhook_event::Vendor;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// The token of every source that has no other `auth`.
const TOKEN: &str = "fixture-token-22-chars";

/// What depends on when a post is received, and on the names of source and bucket.
const VOLATILE: [&str; 9] =
    ["id", "source", "time", "received_at", "device_time", "clock", "lag_s", "key", "bucket"];

struct Fixture {
    name: String,
    template: String,
    settings: String,
    expected: Value,
}

impl Fixture {
    /// Whether it says itself how its source is recognized.
    fn has_auth(&self) -> bool {
        self.settings.lines().any(|line| line.starts_with("auth"))
    }

    /// Its source, by this id.
    fn source(&self, vendor: Vendor, id: &str) -> String {
        let auth =
            if self.has_auth() { String::new() } else { format!("auth = {{ token = \"{TOKEN}\" }}\n") };
        format!(
            "[[source]]\nid = \"{id}\"\nvendor = \"{vendor}\"\narea = \"yard\"\n{auth}{}\n",
            self.settings
        )
    }

    /// Posts it to a function: the status.
    async fn post(&self, function: &Function, path: &str, request_id: &str) -> Value {
        let post = Post::with_seed(&self.template, path, 0);
        let mut event = gateway::event(&post.request(), BodyForm::Base64, request_id);
        event["requestContext"]["http"]["sourceIp"] = json!("203.0.113.7");
        function.call(&event).await["statusCode"].clone()
    }

    fn events(&self) -> Vec<Value> {
        self.expected["events"].as_array().cloned().unwrap_or_default()
    }
}

/// Where the requests of a fixture go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// To the path of its source.
    Source,
    /// To a path that devices have built in. As only one source may be meant, each needs a site of its own.
    Fixed,
}

/// The fixtures of a vendor that are posted there.
fn fixtures(vendor: Vendor, target: Target) -> Vec<Fixture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(vendor.name());
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    let fixture = |case: PathBuf| {
        let template = String::from_utf8(fs::read(case.join("request.http")).ok()?).ok()?;
        let line = template.lines().next()?;
        let is_there = match target {
            Target::Source => line.contains("{{path}}"),
            Target::Fixed => line.contains(" /Send") || line.contains(" /API/"),
        };
        if !is_there {
            return None;
        }
        Some(Fixture {
            name: case.file_name()?.to_string_lossy().into_owned(),
            template,
            settings: fs::read_to_string(case.join("source.toml")).unwrap_or_default(),
            expected: serde_json::from_slice(&fs::read(case.join("expected.json")).ok()?).ok()?,
        })
    };
    cases.into_iter().filter_map(fixture).collect()
}

/// Without what is volatile, and with times of the fixtures' clock as they are today.
fn lasting(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let rest = object.iter().filter(|(name, _)| !VOLATILE.contains(&name.as_str()));
            Value::Object(rest.map(|(name, value)| (name.clone(), lasting(value))).collect())
        }
        Value::Array(values) => values.iter().map(lasting).collect(),
        other => other.clone(),
    }
}

/// A text that is the same for equal events, whatever their order.
fn sorted(events: &[Value]) -> Vec<String> {
    let mut events: Vec<String> = events.iter().map(|event| lasting(event).to_string()).collect();
    events.sort();
    events
}

async fn check(vendor: Vendor) {
    let fixtures = fixtures(vendor, Target::Source);
    assert!(fixtures.len() > 40, "{} fixtures of {vendor}", fixtures.len());
    let mut toml = "timezone = \"Europe/Berlin\"\n".to_owned();
    for (number, fixture) in fixtures.iter().enumerate() {
        toml.push_str(&fixture.source(vendor, &format!("f{number}")));
    }
    let stack = OwnStack::create(&toml).await;
    let function = stack.start(vendor.name()).await;
    let mut wrong = Vec::new();
    for (number, fixture) in fixtures.iter().enumerate() {
        let token = if fixture.has_auth() { String::new() } else { format!("/{TOKEN}") };
        let path = format!("/{vendor}/f{number}{token}");
        let status = fixture.post(&function, &path, &format!("fixture-{number}")).await;
        if status != fixture.expected["status"] {
            wrong.push(format!("{}: {status} instead of {}", fixture.name, fixture.expected["status"]));
        }
    }

    let records = stack.bucket.jsons("events/").await;
    let mut reasons: Map<String, Value> = Map::new();
    for key in stack.bucket.keys("quarantine/").await {
        if key.ends_with("/reason.json") {
            let reason = stack.bucket.json(&key).await;
            reasons.insert(reason["source"].as_str().unwrap().to_owned(), reason);
        }
    }
    for (number, fixture) in fixtures.iter().enumerate() {
        let source = format!("f{number}");
        let of_source = |record: &&Value| record["data"]["source"] == *source;
        let stored: Vec<Value> = records.iter().filter(of_source).cloned().collect();
        let expected = fixture.events();
        if sorted(&stored) != sorted(&expected) {
            let (stored, expected) = (sorted(&stored), sorted(&expected));
            wrong.push(format!("{}:\nstored   {stored:?}\nexpected {expected:?}", fixture.name));
        }
        let reason = reasons.get(&source).map(|reason| reason["reason"].clone()).unwrap_or_default();
        if reason != fixture.expected["quarantine"]["reason"]["reason"] {
            wrong.push(format!("{}: quarantined because of {reason}", fixture.name));
        }
        check_pictures(&stack, &stored, fixture, &mut wrong).await;
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

/// The pictures are, byte by byte, those that the fixture has.
async fn check_pictures(stack: &OwnStack, stored: &[Value], fixture: &Fixture, wrong: &mut Vec<String>) {
    let pictures = fixture.expected["pictures"].as_object().cloned().unwrap_or_default();
    let mut expected: Vec<String> =
        pictures.values().map(|picture| picture["sha256"].as_str().unwrap().to_owned()).collect();
    let mut found = Vec::new();
    for image in stored.iter().flat_map(|record| record["data"]["images"].as_array().into_iter().flatten()) {
        if let Some(key) = image["key"].as_str() {
            found.push(camhook_fixture::hex(&Sha256::digest(&stack.bucket.bytes(key).await)));
        }
    }
    expected.sort();
    found.sort();
    if found != expected {
        wrong.push(format!("{}: {} pictures that are other ones", fixture.name, found.len()));
    }
}

/// What devices send to paths of their own, each with only its source in the site.
#[tokio::test]
async fn fixed_paths() {
    let mut wrong = Vec::new();
    for vendor in [Vendor::Viewtron, Vendor::Ivsec] {
        let fixtures = fixtures(vendor, Target::Fixed);
        assert!(fixtures.len() > 4, "{} fixtures of {vendor}", fixtures.len());
        for fixture in fixtures {
            let toml = format!("timezone = \"Europe/Berlin\"\n{}", fixture.source(vendor, "gate"));
            let stack = OwnStack::create(&toml).await;
            let status = fixture.post(&stack.start(vendor.name()).await, "/", "fixture-fixed").await;
            let (stored, expected) = (stack.bucket.records("gate").await, fixture.events());
            if status != fixture.expected["status"] || sorted(&stored) != sorted(&expected) {
                wrong.push(format!("{}: {status}, {stored:?} instead of {expected:?}", fixture.name));
            }
            if !stack.bucket.keys("quarantine/").await.is_empty() {
                wrong.push(format!("{}: quarantined", fixture.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn viewtron() {
    check(Vendor::Viewtron).await;
}

#[tokio::test]
async fn instar() {
    check(Vendor::Instar).await;
}

#[tokio::test]
async fn xprotect() {
    check(Vendor::Xprotect).await;
}

#[tokio::test]
async fn ivsec() {
    check(Vendor::Ivsec).await;
}
