//! Waiting for a condition, with a deadline.

#![expect(clippy::panic, reason = "a test stops where it fails")]

use std::time::Duration;

/// How long anything may take on a busy machine. Nothing that works comes near it.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// How long until the condition is looked at again.
const BETWEEN_LOOKS: Duration = Duration::from_millis(25);

/// Waits until there is something and gives it back; fails the test with `what` when it never comes.
pub async fn until<T>(what: &str, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = condition().await {
                return found;
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    };
    within(what, looking).await
}

/// Waits for something that has to come; fails the test with `what` when it does not come in time.
pub async fn within<T>(what: &str, coming: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, coming).await {
        Ok(value) => value,
        Err(_) => panic!("{what}: not within {} s", DEADLINE.as_secs()),
    }
}
