//! Every vendor is registered in each place that CONTRIBUTING.md lists ("Add a vendor").

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use camhook_event::Vendor;

/// A place that has to name each vendor: the file, and the text it must contain.
type Registration = (&'static str, fn(&str) -> String);

/// Lines of their own, and the copied block of the template with its line in the settings of the stage.
const REGISTRATIONS: [Registration; 8] = [
    ("shared/event/src/vendor.rs", |name| format!(" = \"{name}\", \"")),
    ("Cargo.toml", |name| format!("camhook-{name} = {{ path = \"functions/{name}\" }}")),
    ("Cargo.toml", |name| format!("\"/{name}/{{*proxy}}\" = \"{name}\"")),
    ("shared/vendors/Cargo.toml", |name| format!("camhook-{name}.workspace")),
    ("shared/vendors/src/dialect.rs", |name| format!("camhook_{name}::")),
    ("infra/template.yaml", |name| format!("CodeUri: ../target/lambda/{name}/")),
    ("infra/template.yaml", |name| format!("RouteKey: ANY /{name}/{{proxy+}}")),
    ("infra/template.yaml", |name| format!("\"ANY /{name}/{{proxy+}}\":")),
];

/// What each vendor has: its fixtures, the test that runs them, its page.
const FILES: [fn(&str) -> String; 3] = [
    |name| format!("fixtures/{name}"),
    |name| format!("functions/{name}/tests/fixtures.rs"),
    |name| format!("docs/vendors/{name}.md"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// What is missing for a vendor of this name.
fn missing(name: &str) -> Vec<String> {
    let text = |file: &str| fs::read_to_string(root().join(file)).unwrap();
    let registrations = REGISTRATIONS
        .iter()
        .map(|(file, expected)| (file, expected(name)))
        .filter(|(file, expected)| !text(file).contains(expected.as_str()))
        .map(|(file, expected)| format!("{file} lacks `{expected}`"));
    let files = FILES
        .iter()
        .map(|path| path(name))
        .filter(|path| !root().join(path).exists())
        .map(|path| format!("{path} is missing"));
    registrations.chain(files).collect()
}

#[test]
fn every_vendor_is_registered_everywhere() {
    let missing: Vec<_> = Vendor::ALL
        .into_iter()
        .flat_map(|vendor| missing(vendor.name()).into_iter().map(move |what| format!("{vendor}: {what}")))
        .collect();
    assert!(missing.is_empty(), "see \"Add a vendor\" in CONTRIBUTING.md:\n{}", missing.join("\n"));
}

/// `control` is not a vendor of devices: it has neither dialect nor fixtures.
#[test]
fn control_is_registered_wherever_a_vendor_is_deployed_and_set_up() {
    let of_devices = [
        "shared/event/src/vendor.rs",
        "shared/vendors/src/dialect.rs",
        "fixtures/",
        "functions/control/tests/fixtures.rs",
        "docs/vendors/",
    ];
    let mut missing = missing(Vendor::Control.name());
    missing.retain(|what| !of_devices.iter().any(|place| what.starts_with(place)));
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn a_vendor_that_is_registered_nowhere_is_named_with_each_place() {
    assert_eq!(missing("example").len(), REGISTRATIONS.len() + FILES.len());
}

#[test]
fn every_crate_with_fixtures_is_a_vendor() {
    let unknown: Vec<_> = fs::read_dir(root().join("functions"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("tests/fixtures.rs").exists())
        .map(|entry| entry.file_name().into_string().unwrap())
        // The transport MQTT, which runs the fixtures of every vendor over it.
        .filter(|name| name != "mqtt" && name.parse::<Vendor>().is_err())
        .collect();
    assert!(unknown.is_empty(), "shared/event/src/vendor.rs lacks {unknown:?}");
}
