//! The versions of camhook.toml and whether they are valid.
//!
//! The watchdog checks each new version and records its verdict. A function that finds the newest version invalid uses
//! the last valid one.

use camhook_ports::{Condition, Key, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Error;
use crate::item::{decode, encode};

const CONFIGURATION: &str = "config";

/// The last version that was found valid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidVersion {
    /// The version's id in the bucket.
    pub version: String,
    /// When it was found valid.
    pub since: Timestamp,
    /// How many sources it has.
    pub sources: usize,
}

/// The verdict on one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validation {
    /// Whether the version can be used.
    pub verdict: ConfigurationVerdict,
    /// When it was checked.
    pub at: Timestamp,
    /// The errors, each with file, line, column and fix.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
    /// Whether the alert about an invalid version is on its way.
    pub alert: AlertState,
}

/// Whether a version can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigurationVerdict {
    /// It can.
    Valid,
    /// It cannot; the last valid version stays in force.
    Invalid,
}

/// Whether an alert is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// There is nothing to report.
    NotNeeded,
    /// The queue has not taken it yet.
    Pending,
    /// The queue has it.
    Queued,
}

#[derive(Debug, Serialize, Deserialize)]
struct ApprovedEmpty {
    /// The SHA-256 of the content.
    digest: String,
}

pub(crate) fn valid_key() -> Key {
    Key::new(CONFIGURATION, "valid")
}

pub(crate) fn validation_key(version: &str) -> Key {
    Key::new(CONFIGURATION, format!("version#{version}"))
}

fn approved_empty_key() -> Key {
    Key::new(CONFIGURATION, "approved-empty")
}

/// The last valid version; `None` before any was found valid.
///
/// # Errors
///
/// When the table fails.
pub async fn valid_version<S: State>(state: &S) -> Result<Option<ValidVersion>, Error> {
    state.get(&valid_key()).await?.as_ref().map(decode).transpose()
}

/// Records the last valid version.
///
/// # Errors
///
/// When the table fails.
pub async fn record_valid_version<S: State>(state: &S, valid: &ValidVersion) -> Result<(), Error> {
    let key = valid_key();
    state.put(&key, encode(&key, valid)?, None, Condition::None).await?;
    Ok(())
}

/// The verdict on a version; `None` when it was not checked yet.
///
/// # Errors
///
/// When the table fails.
pub async fn validation<S: State>(state: &S, version: &str) -> Result<Option<Validation>, Error> {
    state.get(&validation_key(version)).await?.as_ref().map(decode).transpose()
}

/// Records the verdict on a version.
///
/// # Errors
///
/// When the table fails.
pub async fn record_validation<S: State>(
    state: &S,
    version: &str,
    validation: &Validation,
) -> Result<(), Error> {
    let key = validation_key(version);
    state.put(&key, encode(&key, validation)?, None, Condition::None).await?;
    Ok(())
}

/// Approves a file without sources before it is pushed.
///
/// # Errors
///
/// When the table fails.
pub async fn approve_empty<S: State>(state: &S, content: &[u8]) -> Result<(), Error> {
    let key = approved_empty_key();
    let data = encode(&key, &ApprovedEmpty { digest: digest(content) })?;
    state.put(&key, data, None, Condition::None).await?;
    Ok(())
}

/// Whether a file without sources was approved.
///
/// # Errors
///
/// When the table fails.
pub async fn is_empty_approved<S: State>(state: &S, content: &[u8]) -> Result<bool, Error> {
    let item = state.get(&approved_empty_key()).await?;
    let approved: Option<ApprovedEmpty> = item.as_ref().map(decode).transpose()?;
    Ok(approved.is_some_and(|approved| approved.digest == digest(content)))
}

/// The SHA-256 in hexadecimal digits.
fn digest(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    #[tokio::test]
    async fn each_version_has_its_verdict_and_one_is_the_last_valid() {
        let state = MemoryState::default();
        assert_eq!(valid_version(&state).await.unwrap(), None);
        let valid = ValidVersion { version: "v1".to_owned(), since: NOW, sources: 2 };
        record_valid_version(&state, &valid).await.unwrap();
        assert_eq!(valid_version(&state).await.unwrap(), Some(valid));
        let validation_of_v2 = Validation {
            verdict: ConfigurationVerdict::Invalid,
            at: NOW,
            errors: vec!["camhook.toml:1:1: wrong: mend it".to_owned()],
            alert: AlertState::Queued,
        };
        record_validation(&state, "v2", &validation_of_v2).await.unwrap();
        assert_eq!(validation(&state, "v2").await.unwrap(), Some(validation_of_v2));
        assert_eq!(validation(&state, "v3").await.unwrap(), None);
    }

    #[tokio::test]
    async fn an_approval_is_for_one_content_alone() {
        let state = MemoryState::default();
        assert!(!is_empty_approved(&state, b"aa").await.unwrap());
        approve_empty(&state, b"aa").await.unwrap();
        assert!(is_empty_approved(&state, b"aa").await.unwrap());
        assert!(!is_empty_approved(&state, b"bb").await.unwrap());
    }
}
