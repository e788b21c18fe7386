//! Every published post becomes the event that its fields say.
//!
//! The posts are third-party material that stands beside the checkout, in `../shared/samples/viewtron`; where that
//! folder is absent the test says so and has nothing to do. `samples.json` holds, by file, what each is read as.
//! `UPDATE=1 cargo test -p camhook-viewtron --test samples` writes it anew, to be compared with the posts.

#[cfg(test)]
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use camhook_ingest::{Adapter, Malformed, Parsed};
use camhook_viewtron::Viewtron;
use serde_json::{Value, json};

/// What a post is read as, in JSON: `heartbeat`, `ignored: …`, `malformed: …`, or the drafts of its events.
#[cfg(test)]
fn outcome(body: &[u8], settings: &str) -> Value {
    let request = support::request(body, support::source(settings), &[]);
    describe(&Viewtron.parse(&request))
}

fn describe(parsed: &Result<Parsed<'_>, Malformed>) -> Value {
    match parsed {
        Ok(Parsed::Heartbeat) => json!("heartbeat"),
        Ok(Parsed::Ignored(ignored)) => json!(format!("ignored: {}", ignored.name())),
        Ok(Parsed::Events(events)) => events.iter().map(support::draft).collect(),
        Ok(Parsed::Partly { events, remainder }) => {
            let events: Value = events.iter().map(support::draft).collect();
            json!({ "events": events, "remainder": format!("{remainder:?}") })
        }
        Err(malformed) => json!(format!("malformed: {}", malformed.code)),
    }
}

#[test]
fn every_published_post_is_what_its_fields_say() {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Some(folder) = camhook_fixture::published("viewtron") else { return };
    let mut actual = BTreeMap::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // Positions are wanted, so that they are compared too.
        actual.insert(name, outcome(&fs::read(&path).unwrap(), "tracking = \"1s\""));
    }
    let expected_path = crate_root.join("tests/samples.json");
    if update() {
        fs::write(&expected_path, format!("{}\n", serde_json::to_string_pretty(&actual).unwrap())).unwrap();
    }
    let expected: BTreeMap<String, Value> =
        serde_json::from_str(&fs::read_to_string(&expected_path).unwrap()).unwrap();
    assert!(actual.keys().eq(expected.keys()), "{:?} are there", actual.keys());
    for (name, outcome) in &actual {
        assert_eq!(outcome, &expected[name], "{name}");
    }
}

#[expect(clippy::disallowed_methods, reason = "UPDATE=1 asks a test to rewrite its file")]
fn update() -> bool {
    std::env::var("UPDATE").is_ok()
}
