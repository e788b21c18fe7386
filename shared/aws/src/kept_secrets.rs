//! For how long a secret is used before it is read again, and what is used while it cannot be.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use secrecy::SecretString;

/// How long a secret is cached.
const KEPT: Duration = Duration::from_secs(5 * 60);

/// How long a failure is cached when a value is known, or that there is none: the store is not asked for each webhook.
const KEPT_AFTER_A_FAILURE: Duration = Duration::from_secs(30);

/// Why a secret cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReadError {
    /// There is none of that name: asking again at once gives the same answer.
    #[error("there is no parameter of that name")]
    Missing,
    /// The store failed.
    #[error("{0}")]
    Failed(String),
}

/// What is known of a name until a moment: its secret, or that there is none.
type Known = (Duration, Option<SecretString>);

/// Secrets by name.
#[derive(Debug, Default)]
pub(crate) struct KeptSecrets {
    kept: Mutex<HashMap<String, Known>>,
}

impl KeptSecrets {
    /// The secret of a name: the kept one while it is young, else what `read` gives, else the one that was good
    /// last. `read` is awaited only when it is needed; `now` is the time since a fixed moment.
    pub(crate) async fn get(
        &self,
        name: &str,
        now: Duration,
        read: impl Future<Output = Result<SecretString, ReadError>>,
    ) -> Result<SecretString, ReadError> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some((_, secret)) = kept.as_ref().filter(|(until, _)| now < *until) {
            return secret.clone().ok_or(ReadError::Missing);
        }
        let last = kept.and_then(|(_, secret)| secret);
        let (until, secret) = match (read.await, last) {
            (Ok(secret), _) => (now.saturating_add(KEPT), Some(secret)),
            (Err(error), Some(secret)) => {
                tracing::warn!(parameter = name, %error, "the secret is used as it was last read");
                (now.saturating_add(KEPT_AFTER_A_FAILURE), Some(secret))
            }
            (Err(ReadError::Missing), None) => (now.saturating_add(KEPT_AFTER_A_FAILURE), None),
            (Err(error), None) => return Err(error),
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(name.to_owned(), (until, secret.clone()));
        secret.ok_or(ReadError::Missing)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    async fn get(kept: &KeptSecrets, now: Duration, answer: Result<&str, &str>) -> Result<String, String> {
        let read = async {
            answer.map(SecretString::from).map_err(|error| match error {
                "missing" => ReadError::Missing,
                error => ReadError::Failed(error.to_owned()),
            })
        };
        let secret = kept.get("/camhook/gate", now, read).await;
        secret.map(|secret| secret.expose_secret().to_owned()).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_name_without_a_secret_is_looked_up_again_after_half_a_minute() {
        let kept = KeptSecrets::default();
        let none = "there is no parameter of that name";
        assert_eq!(get(&kept, Duration::ZERO, Err("missing")).await.unwrap_err(), none);
        assert_eq!(get(&kept, MINUTE / 4, Ok("created")).await.unwrap_err(), none);
        assert_eq!(get(&kept, MINUTE / 2, Ok("created")).await.unwrap(), "created");
        // A parameter that was deleted is used until the function ends: the alternative would be an outage.
        assert_eq!(get(&kept, MINUTE * 6, Err("missing")).await.unwrap(), "created");
    }

    #[tokio::test]
    async fn a_secret_is_read_again_after_five_minutes() {
        let kept = KeptSecrets::default();
        assert_eq!(get(&kept, Duration::ZERO, Ok("first")).await.unwrap(), "first");
        assert_eq!(get(&kept, MINUTE * 4, Ok("second")).await.unwrap(), "first");
        assert_eq!(get(&kept, MINUTE * 5, Ok("second")).await.unwrap(), "second");
        assert_eq!(get(&kept, MINUTE * 9, Ok("third")).await.unwrap(), "second");
    }

    #[tokio::test]
    async fn while_it_cannot_be_read_the_last_good_one_is_used() {
        let kept = KeptSecrets::default();
        assert_eq!(get(&kept, Duration::ZERO, Err("throttled")).await.unwrap_err(), "throttled");
        assert_eq!(get(&kept, Duration::ZERO, Ok("first")).await.unwrap(), "first");
        assert_eq!(get(&kept, MINUTE * 5, Err("throttled")).await.unwrap(), "first");
        // It is asked again soon, but not at once.
        assert_eq!(get(&kept, MINUTE * 5 + MINUTE / 4, Ok("second")).await.unwrap(), "first");
        assert_eq!(get(&kept, MINUTE * 5 + MINUTE / 2, Ok("second")).await.unwrap(), "second");
        assert_eq!(get(&kept, MINUTE * 60, Err("throttled")).await.unwrap(), "second");
    }
}
