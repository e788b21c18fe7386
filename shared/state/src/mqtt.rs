//! The state that combines several MQTT messages into one alarm.
//!
//! An MQTT message contains one value, without a number or time. The recent messages of a camera are one item, which
//! is changed by one message at a time: of two that are processed at once, the second sees the change of the first.
//! The vendor's dialect defines the content of the item.

use std::time::Duration;

use camhook_ports::{Key, State};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::item::{Begin, Change, Present, Update};

/// For how long a camera that says nothing is remembered.
const LIFETIME: Duration = Duration::from_secs(90 * 24 * 3600);

/// Lets `decide` change what is known of one camera of a source, and keeps it; what it decided.
///
/// `decide` is asked again with newer knowledge when another message was faster, and what it leaves unchanged is
/// not written. Nothing known is the default of `K`.
///
/// # Errors
///
/// When the table fails, or other messages are faster each time.
pub async fn update<S, K, R>(
    state: &S,
    source: &str,
    camera: &str,
    now: Timestamp,
    decide: impl Fn(&mut K) -> R,
) -> Result<R, Error>
where
    S: State,
    K: Default + Clone + PartialEq + Serialize + DeserializeOwned,
{
    let key = Key::new(format!("mqtt#{source}"), camera);
    let expires = now.checked_add(LIFETIME).ok();
    let change = Update { key: &key, now, begin: Begin::Reading };
    let updated = crate::item::update(state, change, |present: Option<Present<K>>| {
        let before = present.map(|present| present.record).unwrap_or_default();
        let mut record = before.clone();
        let result = decide(&mut record);
        Ok(if record == before { Change::Keep(result) } else { Change::Write { record, expires, result } })
    });
    Ok(updated.await?.result)
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;
    use serde::Deserialize;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    #[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
    struct Memory {
        values: Vec<u32>,
    }

    async fn observe(state: &MemoryState, camera: &str, value: u32, now: Timestamp) -> usize {
        let decide = |memory: &mut Memory| {
            memory.values.push(value);
            memory.values.len()
        };
        update(state, "yard", camera, now, decide).await.unwrap()
    }

    #[tokio::test]
    async fn each_message_sees_what_the_one_before_left() {
        let state = MemoryState::default();
        assert_eq!(observe(&state, "115", 1, NOW).await, 1);
        assert_eq!(observe(&state, "115", 2, NOW).await, 2);
        assert_eq!(observe(&state, "116", 3, NOW).await, 1, "another camera has an item of its own");
        let later = NOW.checked_add(LIFETIME).unwrap();
        assert_eq!(observe(&state, "115", 4, later).await, 1, "what expired is forgotten");
    }

    #[tokio::test]
    async fn of_two_messages_at_the_same_moment_the_second_decides_anew() {
        let state = MemoryState::default();
        // The first one reads, then the second one writes, then the first one writes.
        let raced = std::sync::atomic::AtomicBool::new(false);
        let decided = {
            let decide = |memory: &mut Memory| {
                if !raced.swap(true, std::sync::atomic::Ordering::SeqCst) {
                    let other = observe(&state, "115", 2, NOW);
                    let mut other = std::pin::pin!(other);
                    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
                    assert!(other.as_mut().poll(&mut context).is_ready(), "a table in memory never waits");
                }
                memory.values.push(1);
                memory.values.clone()
            };
            update(&state, "yard", "115", NOW, decide).await.unwrap()
        };
        assert_eq!(decided, [2, 1]);
    }

    #[tokio::test]
    async fn what_changes_nothing_is_not_written() {
        let state = MemoryState::default();
        let calls = state.calls();
        update(&state, "yard", "115", NOW, |_: &mut Memory| ()).await.unwrap();
        assert_eq!(state.calls(), calls + 1);
    }
}
