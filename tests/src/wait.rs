//! Waiting for a condition, with a deadline.

#![expect(clippy::panic, reason = "a test stops where it fails")]

use std::time::Duration;

/// How long anything may take on a busy machine. Nothing that works comes near it.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// How long messages may take that come again when whoever died at them is surely gone: 45 s after that at most.
pub const REDELIVERY_DEADLINE: Duration = Duration::from_secs(150);

/// How long until the condition is looked at again.
const BETWEEN_LOOKS: Duration = Duration::from_millis(25);

/// Waits until there is something and gives it back; fails the test with `what` when it never comes.
pub async fn until<T>(what: &str, condition: impl AsyncFnMut() -> Option<T>) -> T {
    until_deadline(what, DEADLINE, condition).await
}

/// The same with a deadline of its own.
pub async fn until_deadline<T>(
    what: &str,
    deadline: Duration,
    mut condition: impl AsyncFnMut() -> Option<T>,
) -> T {
    let looking = async {
        loop {
            if let Some(found) = condition().await {
                return found;
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    };
    match tokio::time::timeout(deadline, looking).await {
        Ok(found) => found,
        Err(_) => panic!("{what}: not within {} s", deadline.as_secs()),
    }
}

/// Waits for something that has to come; fails the test with `what` when it does not come in time.
pub async fn within<T>(what: &str, coming: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, coming).await {
        Ok(value) => value,
        Err(_) => panic!("{what}: not within {} s", DEADLINE.as_secs()),
    }
}
