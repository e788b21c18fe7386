//! Which version of camhook.toml is in force.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as it does")]

use std::time::Duration;

use camhook_aws::{CurrentSite, SiteError};
use camhook_event::CONFIG_KEY;
use camhook_ports::memory::MemoryPorts;
use camhook_ports::{Clock, Object, ObjectStore, Precondition};
use camhook_state::configuration::{self, ValidVersion};

/// How long the bucket is not asked again.
const MAX_AGE: Duration = Duration::from_secs(30);

const TYPO: &str = "[[source]]\nid = \"gate\"\nvendor = \"viewtorn\"\n";

fn ports() -> MemoryPorts {
    MemoryPorts::new("2026-11-23T08:00:00Z".parse().unwrap())
}

fn file(source: &str) -> String {
    format!(
        "[[source]]\nid = \"{source}\"\nvendor = \"viewtron\"\nauth = {{ token = \"AAAAAAAAAAAAAAAAAAAAAA\" }}\n"
    )
}

async fn upload(ports: &MemoryPorts, text: &str) -> String {
    let object = Object { bytes: text.to_owned().into(), content_type: "application/toml" };
    ports.objects.put(CONFIG_KEY, object, Precondition::None).await.unwrap();
    ports.objects.get(CONFIG_KEY).await.unwrap().unwrap().version.unwrap()
}

async fn find_valid(ports: &MemoryPorts, version: &str, sources: usize) {
    let valid = ValidVersion { version: version.to_owned(), since: ports.clock.now(), sources };
    configuration::record_valid_version(&ports.state, &valid).await.unwrap();
}

/// The sources in force, after the time in which the bucket is not asked.
async fn sources(current: &CurrentSite, ports: &MemoryPorts) -> Vec<String> {
    ports.clock.advance(MAX_AGE);
    let site = current.get(ports).await.unwrap();
    site.sources().map(|source| source.id.as_str().to_owned()).collect()
}

#[tokio::test]
async fn a_newer_valid_version_is_used_at_once() {
    let (ports, current) = (ports(), CurrentSite::default());
    upload(&ports, &file("gate")).await;
    assert_eq!(sources(&current, &ports).await, ["gate"]);
    let second = upload(&ports, &file("barn")).await;
    assert_eq!(current.get(&ports).await.unwrap().sources().count(), 1);
    assert_eq!(sources(&current, &ports).await, ["barn"]);
    assert_eq!(current.get(&ports).await.unwrap().version(), Some(second.as_str()));
}

#[tokio::test]
async fn a_cold_start_on_an_invalid_version_uses_the_last_valid_one() {
    for bad in [TYPO, "", "id = gate", "\u{fffd}\u{0}", "timezone = \"Europe/Berlin\""] {
        let ports = ports();
        let valid = upload(&ports, &file("gate")).await;
        find_valid(&ports, &valid, 1).await;
        upload(&ports, bad).await;
        let current = CurrentSite::default();
        assert_eq!(sources(&current, &ports).await, ["gate"], "{bad:?}");
        assert_eq!(current.get(&ports).await.unwrap().version(), Some(valid.as_str()));
    }
}

#[tokio::test]
async fn a_cold_start_after_the_file_was_deleted_uses_the_last_valid_version() {
    let (ports, current) = (ports(), CurrentSite::default());
    let valid = upload(&ports, &file("gate")).await;
    find_valid(&ports, &valid, 1).await;
    ports.objects.delete(CONFIG_KEY).await.unwrap();
    assert_eq!(sources(&current, &ports).await, ["gate"]);
}

#[tokio::test]
async fn a_running_function_keeps_its_site_and_follows_the_last_valid_version() {
    let (ports, current) = (ports(), CurrentSite::default());
    let first = upload(&ports, &file("gate")).await;
    assert_eq!(sources(&current, &ports).await, ["gate"]);
    find_valid(&ports, &first, 1).await;
    // A valid one and an invalid one within the time in which the bucket is not asked.
    let second = upload(&ports, &file("barn")).await;
    upload(&ports, TYPO).await;
    assert_eq!(sources(&current, &ports).await, ["gate"]);
    find_valid(&ports, &second, 1).await;
    assert_eq!(sources(&current, &ports).await, ["barn"]);
    upload(&ports, &file("shed")).await;
    assert_eq!(sources(&current, &ports).await, ["shed"]);
}

#[tokio::test]
async fn a_file_without_sources_replaces_none_with_sources_until_it_is_confirmed() {
    let (ports, current) = (ports(), CurrentSite::default());
    upload(&ports, &file("gate")).await;
    assert_eq!(sources(&current, &ports).await, ["gate"]);
    let empty = upload(&ports, "").await;
    assert_eq!(sources(&current, &ports).await, ["gate"]);
    find_valid(&ports, &empty, 0).await;
    assert!(sources(&current, &ports).await.is_empty());
    assert!(sources(&CurrentSite::default(), &ports).await.is_empty());
}

#[tokio::test]
async fn a_file_without_sources_is_not_used_before_the_last_valid_version_is_known() {
    let ports = ports();
    let valid = upload(&ports, &file("gate")).await;
    find_valid(&ports, &valid, 1).await;
    let running = CurrentSite::default();
    assert_eq!(sources(&running, &ports).await, ["gate"]);
    upload(&ports, "").await;
    ports.state.fail("config");
    assert_eq!(sources(&running, &ports).await, ["gate"]);
    let cold = CurrentSite::default();
    let error = cold.get(&ports).await.unwrap_err();
    assert!(matches!(error, SiteError::Unconfirmed(_)), "{error}");
    ports.state.heal();
    assert_eq!(sources(&cold, &ports).await, ["gate"]);
    assert_eq!(sources(&running, &ports).await, ["gate"]);
}

#[tokio::test]
async fn the_first_file_of_a_stack_may_have_no_sources() {
    let ports = ports();
    upload(&ports, "timezone = \"Europe/Berlin\"").await;
    assert!(sources(&CurrentSite::default(), &ports).await.is_empty());
}

#[tokio::test]
async fn without_any_valid_version_the_error_says_what_is_wrong() {
    let ports = ports();
    let error = CurrentSite::default().get(&ports).await.unwrap_err();
    assert!(matches!(error, SiteError::Missing), "{error}");
    upload(&ports, TYPO).await;
    let error = CurrentSite::default().get(&ports).await.unwrap_err().to_string();
    assert!(
        error.contains("config/camhook.toml:3:10") && error.contains("did you mean `viewtron`?"),
        "{error}"
    );
}

#[tokio::test]
async fn what_cannot_be_read_changes_nothing() {
    let (ports, current) = (ports(), CurrentSite::default());
    let first = upload(&ports, &file("gate")).await;
    find_valid(&ports, &first, 1).await;
    assert_eq!(sources(&current, &ports).await, ["gate"]);
    ports.objects.fail("config/");
    ports.state.fail("config");
    assert_eq!(sources(&current, &ports).await, ["gate"]);
    assert!(CurrentSite::default().get(&ports).await.is_err());
    ports.objects.heal();
    upload(&ports, TYPO).await;
    assert_eq!(sources(&current, &ports).await, ["gate"]);
}
