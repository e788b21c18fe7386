//! No alarm vanishes: a post that is an event stays one, or goes to the quarantine by name, when a member of it has
//! another name or stands one level deeper.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use camhook_ingest::{Adapter, Headers, Method, Parsed, Parts, Request, Verified};
use camhook_ivsec::Ivsec;
use camhook_picture::{Context, SamplePost, render};
use camhook_site::Source;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// The bodies of all fixtures that become events.
static BODIES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let folder = camhook_fixture::root().join("ivsec");
    let mut cases: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    let bodies: Vec<Value> = cases.iter().filter_map(|case| body(case)).filter(is_event).collect();
    assert!(bodies.len() > 80, "only {} fixtures are events", bodies.len());
    bodies
});

#[cfg(test)]
fn body(case: &Path) -> Option<Value> {
    let context = Context {
        path: "/ivsec/nvr".to_owned(),
        now: camhook_fixture::RECEIVED_AT.parse().unwrap(),
        timezone: TimeZone::UTC,
        seed: 0,
        plate: None,
    };
    let request = render(&fs::read_to_string(case.join("request.http")).ok()?, &context).unwrap();
    let post = SamplePost::parse(request.as_bytes()).unwrap();
    // A button is an event whatever its body is.
    if post.path_and_query().0.contains("/manual/") {
        return None;
    }
    serde_json::from_slice(post.body).ok()
}

#[cfg(test)]
fn is_event(body: &Value) -> bool {
    matches!(Ivsec.parse(&request(body)), Ok(Parsed::Events(_)))
}

#[cfg(test)]
fn request(body: &Value) -> Request<Verified> {
    static SOURCE: LazyLock<Arc<Source>> = LazyLock::new(|| {
        let toml = "timezone = \"Europe/Berlin\"\n[[source]]\nid = \"nvr\"\nvendor = \"ivsec\"\n\
                    auth = { token = \"token\" }\n";
        Arc::clone(camhook_site::read(toml, "test").unwrap().0.source("nvr").unwrap())
    });
    let request = Request::new(Parts {
        method: Method::Post,
        path: "/ivsec/nvr/token".to_owned(),
        query: String::new(),
        headers: Headers::default(),
        body: Bytes::from(body.to_string()),
        source_ip: None,
        request_id: "request".to_owned(),
        received_at: camhook_fixture::RECEIVED_AT.parse().unwrap(),
    });
    Request::assume_verified(request, Arc::clone(&SOURCE), Vec::new())
}

/// What is done to a member.
#[derive(Debug, Clone, Copy)]
enum Change {
    Rename,
    Nest,
}

/// How many members a value holds, at any depth.
#[cfg(test)]
fn members(value: &Value) -> usize {
    match value {
        Value::Object(object) => object.values().map(|value| 1 + members(value)).sum(),
        Value::Array(values) => values.iter().map(members).sum(),
        _ => 0,
    }
}

/// Changes the member with a number, counted in the order of [`members`]; its name.
#[cfg(test)]
fn change(value: &mut Value, number: &mut usize, change_it: Change) -> Option<String> {
    match value {
        Value::Array(values) => values.iter_mut().find_map(|value| change(value, number, change_it)),
        Value::Object(object) => {
            let names: Vec<String> = object.keys().cloned().collect();
            for name in names {
                if *number == 0 {
                    let mut changed = Map::new();
                    for (present, value) in std::mem::take(object) {
                        match (present == name, change_it) {
                            (false, _) => changed.insert(present, value),
                            (true, Change::Rename) => changed.insert(format!("{present}Zq"), value),
                            (true, Change::Nest) => changed.insert(present, json!({ "wrappedZq": value })),
                        };
                    }
                    *object = changed;
                    return Some(name);
                }
                *number -= 1;
                let found = object.get_mut(&name).and_then(|value| change(value, number, change_it));
                if found.is_some() {
                    return found;
                }
            }
            None
        }
        _ => None,
    }
}

#[cfg(test)]
fn check(body: &Value, number: usize, change_it: Change) -> Result<(), TestCaseError> {
    let mut changed = body.clone();
    let mut left = number;
    let Some(name) = change(&mut changed, &mut left, change_it) else { return Ok(()) };
    let outcome = Ivsec.parse(&request(&changed)).map(|parsed| match parsed {
        Parsed::Events(drafts) | Parsed::Partly { events: drafts, .. } => drafts.len(),
        Parsed::Heartbeat | Parsed::Ignored(_) => 0,
    });
    match outcome {
        Ok(events) => prop_assert!(events > 0, "{change_it:?} `{name}`: success with nothing in {changed}"),
        Err(malformed) => {
            let is_named = malformed.detail.contains(&name)
                || malformed.detail.contains("wrappedZq")
                || matches!(malformed.code, "not_an_object");
            prop_assert!(is_named, "{change_it:?} `{name}`: {malformed} names nothing of {changed}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_member_of_any_fixture_leaves_an_event_or_a_name(
        body in any::<prop::sample::Index>(),
        member in any::<prop::sample::Index>(),
        change_it in prop_oneof![Just(Change::Rename), Just(Change::Nest)],
    ) {
        let body = body.get(&BODIES);
        check(body, member.index(members(body).max(1)), change_it)?;
    }
}

#[test]
fn every_member_of_every_fixture_can_change() {
    for body in BODIES.iter() {
        for number in 0..members(body) {
            for change_it in [Change::Rename, Change::Nest] {
                check(body, number, change_it).unwrap_or_else(|error| panic!("{error}"));
            }
        }
    }
}
