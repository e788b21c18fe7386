//! Viewtron's page: smart events, levels of alarms, fixtures.

use std::collections::BTreeMap;
use std::fmt::Write;

use camhook_end_to_end::page;
use serde_json::Value;

use crate::common::{Case, cases, events, every_fixture, words};

/// The case whose post has every alarm that has a level.
const EVERY_ALARM: &str = "every-alarm-by-its-name";

#[test]
fn the_tables_are_those_of_the_fixtures() {
    let cases = cases("viewtron");
    let section = format!(
        "### Smart events and positions\n\n{}\n### Levels of alarms\n\n{}\n{}",
        words(smart_events(&cases)),
        levels(&cases),
        every_fixture("viewtron", &cases)
    );
    page::check_section("vendors/viewtron.md", "fixtures/viewtron", &section);
}

/// The events that are no levels of alarms.
fn smart_events(cases: &[Case]) -> impl Iterator<Item = &Value> {
    let is_smart = |name: &str| !name.contains("alarm") && name != "recorder-that-lost-a-camera";
    cases.iter().filter(move |(name, _)| is_smart(name)).flat_map(|(_, outcome)| events(outcome))
}

fn levels(cases: &[Case]) -> String {
    let mut levels = BTreeMap::new();
    for event in cases.iter().filter(|(name, _)| name == EVERY_ALARM).flat_map(|(_, outcome)| events(outcome))
    {
        let text = |field: &str| event["data"][field].as_str().unwrap();
        levels.insert(text("vendor_kind"), (text("kind"), text("report")));
    }
    assert!(!levels.is_empty(), "{EVERY_ALARM} has no events");
    let mut table = String::from("`true` is `start`, `false` is `stop`.\n\n");
    table.push_str("| alarm | kind | report |\n|---|---|---|\n");
    for (word, (kind, report)) in levels {
        writeln!(table, "| `{word}` | {kind} | {report} |").unwrap();
    }
    table
}
