//! For how long a secret is used before it is read again, and what is used while it cannot be.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use secrecy::SecretString;

/// How long a secret is cached.
const KEPT: Duration = Duration::from_secs(5 * 60);

/// How long a failure is cached: a failing store is not asked for each webhook.
const KEPT_AFTER_A_FAILURE: Duration = Duration::from_secs(30);

/// Secrets by name, each with the moment until which it is cached.
#[derive(Debug, Default)]
pub(crate) struct KeptSecrets {
    kept: Mutex<HashMap<String, (Duration, SecretString)>>,
}

impl KeptSecrets {
    /// The secret of a name: the kept one while it is young, else what `read` gives, else the one that was good
    /// last. `read` is awaited only when it is needed; `now` is the time since a fixed moment.
    pub(crate) async fn get(
        &self,
        name: &str,
        now: Duration,
        read: impl Future<Output = Result<SecretString, String>>,
    ) -> Result<SecretString, String> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some((_, secret)) = kept.as_ref().filter(|(until, _)| now < *until) {
            return Ok(secret.clone());
        }
        let (until, secret) = match (read.await, kept) {
            (Ok(secret), _) => (now.saturating_add(KEPT), secret),
            (Err(error), Some((_, secret))) => {
                tracing::warn!(parameter = name, error, "the secret is used as it was last read");
                (now.saturating_add(KEPT_AFTER_A_FAILURE), secret)
            }
            (Err(error), None) => return Err(error),
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(name.to_owned(), (until, secret.clone()));
        Ok(secret)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    async fn get(kept: &KeptSecrets, now: Duration, answer: Result<&str, &str>) -> Result<String, String> {
        let read = async { answer.map(SecretString::from).map_err(str::to_owned) };
        kept.get("/camhook/gate", now, read).await.map(|secret| secret.expose_secret().to_owned())
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
