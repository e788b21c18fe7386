//! Checks the newest version of camhook.toml.
//!
//! The verdict is stored by version id, and a valid version becomes the one that functions use when a later one is
//! invalid. An invalid version sends one alert, which goes to the alert channel of the last valid version.
//!
//! Every tick checks again, because the verdict can change without a new version: an update of camhook knows more keys, or
//! the author of a file without sources confirms it.

use camhook_event::CONFIG_KEY;
use camhook_ports::{Clock, EventQueue, Metrics, ObjectError, ObjectStore, Ports, Queue, StoredObject};
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::configuration::ConfigurationVerdict::{Invalid, Valid};
use camhook_state::configuration::{self, AlertState, ValidVersion, Validation};
use jiff::Timestamp;

/// How often the newest version was found invalid: once a tick while it is the newest.
pub const CONFIGURATION_REJECTED: &str = "ConfigurationRejected";

/// How many checks could not be made.
pub const CONFIGURATION_CHECK_FAILED: &str = "ConfigurationCheckFailed";

/// How many errors an alert repeats.
const ERRORS_IN_ALERT: usize = 5;

/// Why a version could not be checked; the next tick tries again.
#[derive(Debug, thiserror::Error)]
enum CheckError {
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error(transparent)]
    State(#[from] camhook_state::Error),
    #[error(transparent)]
    Queue(#[from] camhook_ports::QueueError),
}

/// Checks the newest version of camhook.toml.
pub async fn check_configuration<P: Ports>(ports: &P) {
    if let Err(error) = check(ports).await {
        tracing::error!(%error, "failed to check the configuration");
        ports.metrics().count(CONFIGURATION_CHECK_FAILED, []);
    }
}

async fn check<P: Ports>(ports: &P) -> Result<(), CheckError> {
    let (state, now) = (ports.state(), ports.clock().now());
    let object = match ports.objects().get(CONFIG_KEY).await {
        Ok(Some(object)) => object,
        // What S3 answers for a key that is not there, to a role that may not list the bucket.
        Ok(None) | Err(ObjectError::Denied { .. }) => {
            tracing::warn!(key = CONFIG_KEY, "found no configuration");
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    // A bucket without versions has nothing to fall back to; its alerts go by the tag of the content.
    let version = object.version.clone().unwrap_or_else(|| format!("etag-{}", object.etag));
    let before = configuration::validation(state, &version).await?;
    let errors = match errors_of(ports, &version, &object).await? {
        Verdict::Valid { .. } if before.as_ref().is_some_and(|before| before.verdict == Valid) => {
            return Ok(());
        }
        Verdict::Valid { sources } => {
            if object.version.is_some() {
                let valid = ValidVersion { version: version.clone(), since: now, sources };
                configuration::record_valid_version(state, &valid).await?;
            }
            let validation =
                Validation { verdict: Valid, at: now, errors: Vec::new(), alert: AlertState::NotNeeded };
            configuration::record_validation(state, &version, &validation).await?;
            tracing::info!(version, sources, "accepted the configuration");
            return Ok(());
        }
        Verdict::Invalid(errors) => errors,
    };
    ports.metrics().count(CONFIGURATION_REJECTED, []);
    match before {
        Some(Validation { alert: AlertState::Queued, .. }) => return Ok(()),
        Some(Validation { alert: AlertState::Pending, errors, at, .. }) => {
            return alert(ports, &version, errors, at, now).await;
        }
        Some(Validation { alert: AlertState::NotNeeded, .. }) | None => {}
    }
    tracing::error!(version, errors = errors.join("; "), "rejected the configuration");
    let validation =
        Validation { verdict: Invalid, at: now, errors: errors.clone(), alert: AlertState::Pending };
    configuration::record_validation(state, &version, &validation).await?;
    alert(ports, &version, errors, now, now).await
}

enum Verdict {
    Valid { sources: usize },
    Invalid(Vec<String>),
}

async fn errors_of<P: Ports>(ports: &P, version: &str, object: &StoredObject) -> Result<Verdict, CheckError> {
    let text = match std::str::from_utf8(&object.bytes) {
        Ok(text) => text,
        Err(error) => {
            let line =
                object.bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
            let message = format!("{CONFIG_KEY}:{line}:1: this is not UTF-8: save the file as UTF-8");
            return Ok(Verdict::Invalid(vec![message]));
        }
    };
    let site = match camhook_site::read(text, CONFIG_KEY) {
        Ok((site, _warnings)) => site,
        Err(problems) => return Ok(Verdict::Invalid(problems.iter().map(ToString::to_string).collect())),
    };
    let sources = site.sources().count();
    if sources > 0 {
        return Ok(Verdict::Valid { sources });
    }
    let valid = configuration::valid_version(ports.state()).await?;
    let replaces_sources = valid.is_some_and(|valid| valid.sources > 0 && valid.version != version);
    if replaces_sources && !configuration::is_empty_approved(ports.state(), &object.bytes).await? {
        return Ok(Verdict::Invalid(vec![format!(
            "{CONFIG_KEY}:1:1: the file names no source, and the version before does: push it with --allow-empty if \
             that is intended"
        )]));
    }
    Ok(Verdict::Valid { sources })
}

/// Sends the alert about an invalid version, and records that the queue has it.
async fn alert<P: Ports>(
    ports: &P,
    version: &str,
    errors: Vec<String>,
    at: Timestamp,
    now: Timestamp,
) -> Result<(), CheckError> {
    let shown: Vec<&str> = errors.iter().take(ERRORS_IN_ALERT).map(String::as_str).collect();
    let more = match errors.len().saturating_sub(ERRORS_IN_ALERT) {
        0 => String::new(),
        more => format!("\nand {more} more"),
    };
    let text = format!(
        "The new configuration is invalid and not used; the last valid one stays in force.\n{}{more}\nVersion \
         {version}. Push a corrected file, or go back with `camhook config rollback`.",
        shown.join("\n"),
    );
    // The time of the check, so that a repetition is the same message.
    let message = Alert::new(AlertSubject::Configuration, text, at).message()?;
    ports.queues().send(Queue::Alerts, message).await?;
    let validation = Validation { verdict: Invalid, at: now, errors, alert: AlertState::Queued };
    Ok(configuration::record_validation(ports.state(), version, &validation).await?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use camhook_ports::memory::MemoryPorts;
    use camhook_ports::{Object, Precondition};
    use camhook_state::configuration::ConfigurationVerdict;

    use super::*;

    const VALID: &str =
        "[[source]]\nid = \"gate\"\nvendor = \"viewtron\"\nauth = { token = \"AAAAAAAAAAAAAAAAAAAAAA\" }\n";

    fn ports() -> MemoryPorts {
        MemoryPorts::new("2026-11-23T08:00:00Z".parse().unwrap())
    }

    async fn upload(ports: &MemoryPorts, bytes: &[u8]) -> String {
        let object = Object { bytes: bytes.to_vec().into(), content_type: "application/toml" };
        ports.objects.put(CONFIG_KEY, object, Precondition::None).await.unwrap();
        ports.objects.get(CONFIG_KEY).await.unwrap().unwrap().version.unwrap()
    }

    /// The alerts of another tick.
    async fn tick(ports: &MemoryPorts) -> Vec<String> {
        ports.clock.advance(Duration::from_secs(60));
        check_configuration(ports).await;
        let messages = ports.queues.take(Queue::Alerts).into_iter();
        messages.map(|message| serde_json::from_str::<Alert>(&message.body).unwrap().text).collect()
    }

    async fn valid(ports: &MemoryPorts) -> Option<String> {
        configuration::valid_version(&ports.state).await.unwrap().map(|valid| valid.version)
    }

    async fn verdict(ports: &MemoryPorts, version: &str) -> Option<ConfigurationVerdict> {
        configuration::validation(&ports.state, version).await.unwrap().map(|validation| validation.verdict)
    }

    #[tokio::test]
    async fn a_valid_version_becomes_the_last_valid_one() {
        let ports = ports();
        assert_eq!(tick(&ports).await, [""; 0], "no file yet");
        let first = upload(&ports, VALID.as_bytes()).await;
        assert_eq!(tick(&ports).await, [""; 0]);
        assert_eq!(valid(&ports).await, Some(first.clone()));
        assert_eq!(verdict(&ports, &first).await, Some(Valid));
        let second = upload(&ports, VALID.replace("gate", "barn").as_bytes()).await;
        assert_eq!(tick(&ports).await, [""; 0]);
        assert_eq!(valid(&ports).await, Some(second));
    }

    #[tokio::test]
    async fn an_invalid_version_sends_one_alert_with_line_and_fix_and_is_not_used() {
        let wrong: [&[u8]; 4] = [
            b"[[source]]\nid = \"gate\"\nvendor = \"viewtorn\"\n",
            b"[[source]]\nid = gate\n",
            b"[[source]]\nid = \"g\xe4te\"\n",
            b"",
        ];
        for bytes in wrong {
            let ports = ports();
            let good = upload(&ports, VALID.as_bytes()).await;
            assert_eq!(tick(&ports).await, [""; 0]);
            let bad = upload(&ports, bytes).await;
            let alerts = tick(&ports).await;
            assert_eq!(alerts.len(), 1, "{alerts:?}");
            assert!(alerts[0].contains("config/camhook.toml:"), "{}", alerts[0]);
            assert_eq!(tick(&ports).await, [""; 0], "the same alert was sent again");
            assert_eq!(valid(&ports).await, Some(good));
            assert_eq!(verdict(&ports, &bad).await, Some(Invalid));
        }
    }

    #[tokio::test]
    async fn an_alert_that_the_queue_refused_is_sent_with_the_next_tick() {
        let ports = ports();
        upload(&ports, b"id = gate").await;
        ports.queues.fail(Queue::Alerts);
        assert_eq!(tick(&ports).await, [""; 0]);
        ports.queues.heal();
        assert_eq!(tick(&ports).await.len(), 1);
        assert_eq!(tick(&ports).await.len(), 0);
    }

    #[tokio::test]
    async fn a_file_without_sources_is_valid_when_its_author_confirmed_it() {
        let ports = ports();
        upload(&ports, VALID.as_bytes()).await;
        assert_eq!(tick(&ports).await, [""; 0]);
        configuration::approve_empty(&ports.state, b"# none\n").await.unwrap();
        let empty = upload(&ports, b"# none\n").await;
        assert_eq!(tick(&ports).await, [""; 0]);
        assert_eq!(valid(&ports).await, Some(empty));
    }

    #[tokio::test]
    async fn the_verdict_on_a_version_changes_with_what_the_watchdog_knows() {
        let ports = ports();
        upload(&ports, VALID.as_bytes()).await;
        assert_eq!(tick(&ports).await, [""; 0]);
        // Without sources, until its author confirms it.
        let empty = upload(&ports, b"# none\n").await;
        assert_eq!(tick(&ports).await.len(), 1);
        assert_eq!(verdict(&ports, &empty).await, Some(Invalid));
        configuration::approve_empty(&ports.state, b"# none\n").await.unwrap();
        assert_eq!(tick(&ports).await, [""; 0]);
        assert_eq!(verdict(&ports, &empty).await, Some(Valid));
        assert_eq!(valid(&ports).await, Some(empty));
        // Found invalid by an older camhook, which knew fewer keys.
        let newer = upload(&ports, VALID.as_bytes()).await;
        let errors = vec!["unknown key".to_owned()];
        let before =
            Validation { verdict: Invalid, at: ports.clock.now(), errors, alert: AlertState::Queued };
        configuration::record_validation(&ports.state, &newer, &before).await.unwrap();
        assert_eq!(tick(&ports).await, [""; 0]);
        assert_eq!(verdict(&ports, &newer).await, Some(Valid));
        assert_eq!(valid(&ports).await, Some(newer));
    }

    #[tokio::test]
    async fn an_invalid_version_counts_as_rejected_while_it_is_the_newest() {
        let ports = ports();
        upload(&ports, b"id = gate").await;
        for rejections in 1..=3 {
            tick(&ports).await;
            assert_eq!(ports.metrics.counted(CONFIGURATION_REJECTED), rejections);
        }
        upload(&ports, VALID.as_bytes()).await;
        tick(&ports).await;
        assert_eq!(ports.metrics.counted(CONFIGURATION_REJECTED), 3);
    }

    #[tokio::test]
    async fn a_table_or_bucket_that_fails_leaves_the_check_to_the_next_tick() {
        let ports = ports();
        let version = upload(&ports, VALID.as_bytes()).await;
        ports.state.fail("config");
        assert_eq!(tick(&ports).await, [""; 0]);
        ports.state.heal();
        ports.objects.fail("config/");
        assert_eq!(tick(&ports).await, [""; 0]);
        ports.objects.heal();
        assert_eq!(tick(&ports).await, [""; 0]);
        assert_eq!(valid(&ports).await, Some(version));
    }
}
