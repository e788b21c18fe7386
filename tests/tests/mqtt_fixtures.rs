//! Every fixture of messages gives what its `expected.json` says.
//!
//! `UPDATE=1 cargo test -p camhook-end-to-end --test mqtt_fixtures` writes `expected.json` anew; what it wrote is then
//! to be read as what it is: the specification.

use std::fs;

use camhook_end_to_end::mqtt_fixture;

#[test]
fn instar_mqtt() {
    let cases = mqtt_fixture::cases().unwrap();
    assert!(!cases.is_empty(), "there are no fixtures");
    let mut failures = Vec::new();
    for case in &cases {
        let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let outcome = match mqtt_fixture::run(case) {
            Ok(outcome) => outcome,
            Err(error) => {
                failures.push(format!("{name}: {error}"));
                continue;
            }
        };
        let path = case.join("expected.json");
        let actual = format!("{}\n", serde_json::to_string_pretty(&outcome).unwrap());
        if update() {
            fs::write(&path, &actual).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != actual {
            failures.push(format!("{name}: expected.json says something else than\n{actual}"));
        }
    }
    println!("instar-mqtt: {} cases", cases.len());
    assert!(failures.is_empty(), "{} of {} cases fail\n{}", failures.len(), cases.len(), failures.join("\n"));
}

#[expect(clippy::disallowed_methods, reason = "a test is told by the environment to rewrite its files")]
fn update() -> bool {
    std::env::var("UPDATE").is_ok()
}
