//! What a topic said last, for relays that a broker switches.
//!
//! A broker's word that it has a message says nothing of the device. Where the device publishes what it does, the
//! function that receives that writes it down here, and the relay function, which waits for it, reads it.

use std::time::Duration;

use camhook_ports::{Key, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::item::{Begin, Change, Present, Update, decode, update};

const TOPIC_STATUS: &str = "topic-status";

/// For how long it is remembered: whoever waits for it does so for seconds.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// What a topic said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicStatus {
    /// The payload, as text.
    pub payload: String,
    /// When the broker received it.
    pub at: Timestamp,
}

fn key(topic: &str) -> Key {
    Key::new(TOPIC_STATUS, topic)
}

/// Records the status on a topic, unless a newer one is recorded already.
///
/// # Errors
///
/// When the table fails, or others are faster each time.
pub async fn record<S: State>(state: &S, topic: &str, status: &TopicStatus) -> Result<(), Error> {
    let key = key(topic);
    let expires = status.at.checked_add(LIFETIME).ok();
    let updated = update(state, Update { key: &key, now: status.at, begin: Begin::Reading }, |present| {
        let is_newer = present.is_none_or(|present: Present<TopicStatus>| present.record.at < status.at);
        Ok(if is_newer {
            Change::Write { record: status.clone(), expires, result: () }
        } else {
            Change::Keep(())
        })
    });
    updated.await?;
    Ok(())
}

/// What a topic said last.
///
/// # Errors
///
/// When the table fails.
pub async fn find<S: State>(state: &S, topic: &str) -> Result<Option<TopicStatus>, Error> {
    state.get(&key(topic)).await?.as_ref().map(decode).transpose()
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;

    use super::*;

    #[tokio::test]
    async fn the_newest_word_stays_whatever_the_order_of_delivery() {
        let state = MemoryState::default();
        let said = |payload: &str, second| TopicStatus {
            payload: payload.to_owned(),
            at: Timestamp::from_second(second).unwrap(),
        };
        assert_eq!(find(&state, "a/b").await.unwrap(), None);
        for status in [said("off", 5), said("on", 9), said("off", 7)] {
            record(&state, "a/b", &status).await.unwrap();
        }
        assert_eq!(find(&state, "a/b").await.unwrap(), Some(said("on", 9)));
        assert_eq!(find(&state, "a/c").await.unwrap(), None);
    }
}
