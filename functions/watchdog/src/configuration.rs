//! Checks the newest version of camhook.toml.
//!
//! The verdict is stored by version id, and a valid version becomes the one that functions use when a later one is
//! invalid. An invalid version sends one alert, which goes to the alert channel of the last valid version.
//!
//! A file that was deleted after one was valid sends one alert, too: functions go on with the last valid version. When the
//! newest version is removed by its id, the one before it is the newest again, and the last valid one.
//!
//! Every tick checks again, because the verdict can change without a new version: an update of camhook knows more keys, or
//! the author of a file without sources confirms it.

use camhook_event::CONFIG_KEY;
use camhook_ports::{Clock, EventQueue, Metrics, ObjectError, ObjectStore, Ports, Queue, StoredObject};
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::configuration::ConfigurationVerdict::{Invalid, Valid};
use camhook_state::configuration::{self, AlertState, ValidVersion, Validation};
use jiff::Timestamp;

/// How often the newest version was found invalid or deleted: once a tick while it is.
pub const CONFIGURATION_REJECTED: &str = "ConfigurationRejected";

/// How many checks could not be made.
pub const CONFIGURATION_CHECK_FAILED: &str = "ConfigurationCheckFailed";

/// How many errors an alert repeats.
const ERRORS_IN_ALERT: usize = 5;

/// How many errors are stored: an item of the table has 400 KB at most, and a file can have thousands of errors.
const STORED_ERRORS: usize = 20;

/// The longest error, in characters: it may repeat a value of the file.
const ERROR_LENGTH: usize = 1000;

/// The name under which the alert about a deleted file is remembered. No version has it as its id.
const DELETED: &str = "deleted";

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
            return check_deleted(ports, now).await;
        }
        Err(error) => return Err(error.into()),
    };
    if let Some(deleted) = configuration::validation(state, DELETED).await?
        && deleted.alert != AlertState::NotNeeded
    {
        // The next time that it is deleted, there is an alert again.
        let restored =
            Validation { verdict: Valid, at: now, errors: Vec::new(), alert: AlertState::NotNeeded };
        configuration::record_validation(state, DELETED, &restored).await?;
    }
    // A bucket without versions has nothing to fall back to; its alerts go by the tag of the content.
    let version = object.version.clone().unwrap_or_else(|| format!("etag-{}", object.etag));
    let before = configuration::validation(state, &version).await?;
    let errors = match errors_of(ports, &version, &object).await? {
        Verdict::Valid { sources } => {
            if object.version.is_some() {
                record_valid(ports, &version, sources, now).await?;
            }
            if before.is_some_and(|before| before.verdict == Valid) {
                return Ok(());
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
        Some(Validation { alert: AlertState::Pending, at, .. }) => {
            return alert(ports, &version, &errors, at, now).await;
        }
        Some(Validation { alert: AlertState::NotNeeded, .. }) | None => {}
    }
    let stored = summary(&errors, STORED_ERRORS);
    tracing::error!(version, errors = stored.join("; "), "rejected the configuration");
    let validation = Validation { verdict: Invalid, at: now, errors: stored, alert: AlertState::Pending };
    configuration::record_validation(state, &version, &validation).await?;
    alert(ports, &version, &errors, now, now).await
}

/// Records the newest version as the last valid one, unless it is. It may have been before: when a later version was
/// removed by its id, the last valid one must not remain one that is gone.
async fn record_valid<P: Ports>(
    ports: &P,
    version: &str,
    sources: usize,
    now: Timestamp,
) -> Result<(), CheckError> {
    let last = configuration::valid_version(ports.state()).await?;
    if last.is_some_and(|last| last.version == version) {
        return Ok(());
    }
    let valid = ValidVersion { version: version.to_owned(), since: now, sources };
    Ok(configuration::record_valid_version(ports.state(), &valid).await?)
}

/// Sends an alert, once, when there is no file although one was valid before.
async fn check_deleted<P: Ports>(ports: &P, now: Timestamp) -> Result<(), CheckError> {
    let state = ports.state();
    let Some(valid) = configuration::valid_version(state).await? else {
        tracing::warn!(key = CONFIG_KEY, "found no configuration");
        return Ok(());
    };
    ports.metrics().count(CONFIGURATION_REJECTED, []);
    let record = |at, alert| Validation { verdict: Invalid, at, errors: Vec::new(), alert };
    let at = match configuration::validation(state, DELETED).await? {
        Some(Validation { alert: AlertState::Queued, .. }) => return Ok(()),
        Some(Validation { alert: AlertState::Pending, at, .. }) => at,
        Some(Validation { alert: AlertState::NotNeeded, .. }) | None => {
            tracing::error!(key = CONFIG_KEY, version = valid.version, "the configuration was deleted");
            configuration::record_validation(state, DELETED, &record(now, AlertState::Pending)).await?;
            now
        }
    };
    let text = format!(
        "The configuration was deleted, or may not be read. The last valid one, version {}, stays in force. Restore it with \
         `camhook config rollback`, or push a file with `camhook config push FILE`.",
        valid.version
    );
    send_alert(ports, text, at).await?;
    Ok(configuration::record_validation(state, DELETED, &record(at, AlertState::Queued)).await?)
}

/// The first errors, each cut to [`ERROR_LENGTH`], and how many there are besides.
fn summary(errors: &[String], limit: usize) -> Vec<String> {
    let cut = |error: &String| match error.char_indices().nth(ERROR_LENGTH) {
        Some((end, _)) => format!("{}…", error.get(..end).unwrap_or_default()),
        None => error.clone(),
    };
    let mut summary: Vec<String> = errors.iter().take(limit).map(cut).collect();
    match errors.len().saturating_sub(limit) {
        0 => {}
        more => summary.push(format!("and {more} more")),
    }
    summary
}

enum Verdict {
    Valid { sources: usize },
    Invalid(Vec<String>),
}

async fn errors_of<P: Ports>(ports: &P, version: &str, object: &StoredObject) -> Result<Verdict, CheckError> {
    let text = match camhook_site::text_of(&object.bytes, CONFIG_KEY) {
        Ok(text) => text,
        Err(problem) => return Ok(Verdict::Invalid(vec![problem.to_string()])),
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
    errors: &[String],
    at: Timestamp,
    now: Timestamp,
) -> Result<(), CheckError> {
    let text = format!(
        "The new configuration is invalid and not used; the last valid one stays in force.\n{}\nVersion {version}. Push a \
         corrected file, or go back with `camhook config rollback`.",
        summary(errors, ERRORS_IN_ALERT).join("\n"),
    );
    send_alert(ports, text, at).await?;
    let errors = summary(errors, STORED_ERRORS);
    let validation = Validation { verdict: Invalid, at: now, errors, alert: AlertState::Queued };
    Ok(configuration::record_validation(ports.state(), version, &validation).await?)
}

/// Hands an alert about the configuration to the queue. `at` is the time of the check that found it, so that a repetition
/// is the same message.
async fn send_alert<P: Ports>(ports: &P, text: String, at: Timestamp) -> Result<(), CheckError> {
    let message = Alert::new(AlertSubject::Configuration, text, at).message()?;
    Ok(ports.queues().send(Queue::Alerts, message).await?)
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
    async fn a_file_with_very_many_or_long_errors_sends_its_alert_and_fits_into_an_item() {
        let many: String = (0..5000)
            .map(|number| format!("[[source]]\nid = \"camera-{number}\"\nvendor = \"viewtorn\"\n"))
            .collect();
        let long = format!("[[source]]\nid = \"gate\"\nvendor = \"{}\"\n", "ü".repeat(300_000));
        for (text, more) in [(many, true), (long, false)] {
            let ports = ports();
            let version = upload(&ports, text.as_bytes()).await;
            let alerts = tick(&ports).await;
            assert_eq!(alerts.len(), 1, "{}", alerts.len());
            assert!(alerts[0].len() < 20_000, "{}", alerts[0].len());
            assert_eq!(alerts[0].contains(" more\nVersion"), more, "{}", alerts[0]);
            let stored = configuration::validation(&ports.state, &version).await.unwrap().unwrap();
            assert_eq!((stored.verdict, stored.alert), (Invalid, AlertState::Queued));
            assert_eq!(stored.errors.last().unwrap().starts_with("and "), more, "{:?}", stored.errors.last());
            let bytes = serde_json::to_string(&stored).unwrap().len();
            assert!(bytes < 100_000, "{bytes}");
            assert_eq!(tick(&ports).await, [""; 0]);
        }
    }

    #[test]
    fn a_summary_has_the_first_errors_and_the_number_of_the_others() {
        let errors: Vec<String> = (1..=23).map(|number| format!("error {number}")).collect();
        assert_eq!(summary(&errors[..20], 20), errors[..20]);
        let summary_of_all = summary(&errors, 20);
        assert_eq!(summary_of_all.len(), 21);
        assert_eq!(summary_of_all[20], "and 3 more");
        assert_eq!(summary(&["é".repeat(1001)], 5), [format!("{}…", "é".repeat(1000))]);
    }

    async fn delete(ports: &MemoryPorts) {
        ports.objects.delete(CONFIG_KEY).await.unwrap();
    }

    #[tokio::test]
    async fn a_deleted_file_sends_one_alert_that_says_what_is_in_force_and_how_to_restore_it() {
        let ports = ports();
        let version = upload(&ports, VALID.as_bytes()).await;
        assert_eq!(tick(&ports).await, [""; 0]);
        delete(&ports).await;
        ports.queues.fail(Queue::Alerts);
        assert_eq!(tick(&ports).await, [""; 0]);
        ports.queues.heal();
        let alerts = tick(&ports).await;
        assert_eq!(alerts.len(), 1, "{alerts:?}");
        for expected in ["was deleted", version.as_str(), "stays in force", "camhook config rollback"] {
            assert!(alerts[0].contains(expected), "{expected}: {}", alerts[0]);
        }
        assert_eq!(tick(&ports).await, [""; 0], "the same alert was sent again");
        assert_eq!(valid(&ports).await, Some(version));
        assert_eq!(ports.metrics.counted(CONFIGURATION_REJECTED), 3);
        // Restored, and deleted again; S3 answers 403 to a role that may not list.
        let restored = upload(&ports, VALID.as_bytes()).await;
        assert_eq!(tick(&ports).await, [""; 0]);
        delete(&ports).await;
        ports.objects.deny_missing();
        let alerts = tick(&ports).await;
        assert!(alerts.len() == 1 && alerts[0].contains(&restored), "{alerts:?}");
    }

    #[tokio::test]
    async fn without_a_valid_version_a_missing_file_is_no_alert() {
        let ports = ports();
        assert_eq!(tick(&ports).await, [""; 0]);
        upload(&ports, b"id = gate").await;
        assert_eq!(tick(&ports).await.len(), 1);
        delete(&ports).await;
        assert_eq!(tick(&ports).await, [""; 0]);
    }

    #[tokio::test]
    async fn the_last_valid_version_is_never_one_that_was_removed_while_the_newest_is_valid() {
        let ports = ports();
        let version = upload(&ports, VALID.as_bytes()).await;
        assert_eq!(tick(&ports).await, [""; 0]);
        // A later version was valid, and was removed by its id: this one is the newest again.
        let removed = ValidVersion { version: "removed".to_owned(), since: ports.clock.now(), sources: 3 };
        configuration::record_valid_version(&ports.state, &removed).await.unwrap();
        assert_eq!(tick(&ports).await, [""; 0]);
        let last = configuration::valid_version(&ports.state).await.unwrap().unwrap();
        assert_eq!((last.version, last.sources), (version, 1));
    }

    #[tokio::test]
    async fn the_last_valid_version_keeps_the_time_since_which_it_is_valid() {
        let ports = ports();
        upload(&ports, VALID.as_bytes()).await;
        tick(&ports).await;
        let first = configuration::valid_version(&ports.state).await.unwrap();
        tick(&ports).await;
        assert_eq!(configuration::valid_version(&ports.state).await.unwrap(), first);
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
