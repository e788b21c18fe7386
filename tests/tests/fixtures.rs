//! Every fixture gives what its `expected.json` says.
//!
//! `UPDATE=1 cargo test -p camhook-end-to-end --test fixtures` writes `expected.json` anew; what it wrote is
//! then to be read as what it is: the specification.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops where it fails, and says what it ran"
)]

use std::fs;

use camhook_end_to_end::fixture;
use camhook_ingest::Adapter;

fn check(adapter: &dyn Adapter, vendor: &str) {
    let cases = fixture::cases(vendor).unwrap();
    assert!(!cases.is_empty(), "{vendor} has no fixtures");
    let mut failures = Vec::new();
    for case in &cases {
        let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let actual = match fixture::run(adapter, case) {
            Ok(outcome) => format!("{}\n", serde_json::to_string_pretty(&outcome).unwrap()),
            Err(error) => {
                failures.push(format!("{vendor}/{name}: {error}"));
                continue;
            }
        };
        let path = case.join("expected.json");
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if actual == expected {
            continue;
        }
        if update() {
            fs::write(&path, &actual).unwrap();
            continue;
        }
        failures.push(format!("{vendor}/{name}: {}", difference(&expected, &actual)));
    }
    println!("{vendor}: {} cases", cases.len());
    assert!(failures.is_empty(), "{} of {} cases fail\n{}", failures.len(), cases.len(), failures.join("\n"));
}

/// The first line in which two texts differ.
fn difference(expected: &str, actual: &str) -> String {
    let mut lines = expected.lines().zip(actual.lines()).enumerate();
    match lines.find(|(_, (expected, actual))| expected != actual) {
        Some((line, (expected, actual))) => {
            format!("line {}: expected `{}`, got `{}`", line + 1, expected.trim(), actual.trim())
        }
        None => format!("expected {} lines, got {}", expected.lines().count(), actual.lines().count()),
    }
}

#[expect(clippy::disallowed_methods, reason = "a test is told by the environment to rewrite its files")]
fn update() -> bool {
    std::env::var("UPDATE").is_ok()
}

#[test]
fn viewtron() {
    check(&camhook_viewtron::Viewtron, "viewtron");
}

#[test]
fn xprotect() {
    check(&camhook_xprotect::Xprotect, "xprotect");
}

#[test]
fn ivsec() {
    check(&camhook_ivsec::Ivsec, "ivsec");
}

#[test]
fn instar() {
    check(&camhook_instar_http::InstarHttp, "instar");
}
