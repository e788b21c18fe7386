//! The code that fuzzing runs on an input: every parser of bytes from outside, the verifiers, and the configuration.
//!
//! Each target is a function of an input that panics when something that must always hold does not. `cargo fuzz` calls
//! it through `fuzz/fuzz_targets/`; the test `replay` calls it with each file of `fuzz/corpus/`, whose names say what
//! they are.

#![expect(clippy::expect_used, clippy::panic, reason = "a panic is how a target reports what it found")]

mod configuration;
mod control;
mod digest;
mod instar_mqtt;
mod mqtt_rule;
mod picture;
mod template;
mod webhook;

/// A function that panics when an input breaks what must always hold.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: [(&str, Target); 12] = [
    ("configuration", configuration::configuration),
    ("control_request", control::control_request),
    ("digest", digest::digest),
    ("instar_http_parse", webhook::instar_http_parse),
    ("instar_mqtt_read", instar_mqtt::instar_mqtt_read),
    ("ivsec_parse", webhook::ivsec_parse),
    ("mqtt_rule_read", mqtt_rule::mqtt_rule_read),
    ("picture", picture::picture),
    ("template", template::template),
    ("viewtron_parse", webhook::viewtron_parse),
    ("webhook_handle", webhook::webhook_handle),
    ("xprotect_parse", webhook::xprotect_parse),
];

/// Runs a target on an input.
///
/// # Panics
///
/// If the input breaks what must always hold, or no target has this name.
pub fn run(name: &str, input: &[u8]) {
    let Some((_, target)) = TARGETS.iter().find(|(known, _)| *known == name) else {
        panic!("no target is named {name}")
    };
    target(input);
}

fn site(toml: &str) -> camhook_site::Site {
    let (site, _) = camhook_site::read(&format!("timezone = \"Europe/Berlin\"\n{toml}"), "fuzz")
        .expect("the configuration of a target is valid");
    site
}
