//! Limits how many messages a rule sends by one channel in a minute.
//!
//! `limit#{rule}`, `{channel}` holds the current window. The messages above the limit are counted, and the first
//! of them asks for a summary that is delivered when the window ends.

use std::time::Duration;

use camhook_event::EventId;
use camhook_ports::{Condition, Key, Message, PutOutcome, Queue, QueueError, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::item::{decode, encode};

/// The length of a window.
pub const WINDOW: Duration = Duration::from_secs(60);

/// The messages that a window allows.
pub const MESSAGES_PER_WINDOW: u32 = 30;

/// How long a window is kept for its summary, which is retried for hours when the channel fails.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// A burst updates one item from many instances at once.
const ATTEMPTS: usize = 24;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct WindowRecord {
    start: Timestamp,
    sent: u32,
    held_back: u32,
}

/// A rule's messages by one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitKey<'a> {
    /// The rule's id.
    pub rule: &'a str,
    /// The channel's id.
    pub channel: &'a str,
}

impl LimitKey<'_> {
    fn key(&self) -> Key {
        Key::new(format!("limit#{}", self.rule), self.channel)
    }

    fn window_key(&self, start: Timestamp) -> Key {
        Key::new(format!("limit#{}", self.rule), format!("{}#{}", self.channel, start.as_millisecond()))
    }
}

/// Whether a message may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may be sent.
    Sent,
    /// It is held back, and counted in the summary of its window.
    HeldBack {
        /// Identifies the window.
        start: Timestamp,
        /// Whether the summary has to be queued, which the first messages of a window ask for.
        summary: Summary,
    },
}

/// Whether the summary of a window has to be queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Summary {
    /// It has, to be delivered after this long.
    Due(Duration),
    /// It is queued.
    Queued,
}

/// Counts a message, and decides whether it may be sent.
///
/// # Errors
///
/// When the table fails, or other writers are faster each time.
pub async fn admit<S: State>(state: &S, limit: LimitKey<'_>, now: Timestamp) -> Result<Admission, Error> {
    let key = limit.key();
    let mut present = state.get(&key).await?;
    for _ in 0..ATTEMPTS {
        let open = match &present {
            Some(item) => Some((item.revision, decode::<WindowRecord>(item)?)),
            None => None,
        };
        let (mut record, condition) = match open {
            Some((revision, record)) if now < end(record.start) => (record, Condition::Revision(revision)),
            Some((revision, ended)) => {
                // Its summary may come later: the count is kept under a key of its own.
                if ended.held_back > 0 {
                    keep_window(state, limit, &ended, now).await?;
                }
                (new_window(now), Condition::Revision(revision))
            }
            None => (new_window(now), Condition::Absent { now }),
        };
        if record.sent < MESSAGES_PER_WINDOW {
            record.sent += 1;
        } else {
            record.held_back = record.held_back.saturating_add(1);
        }
        let expires = now.checked_add(LIFETIME).ok();
        match state.put(&key, encode(&key, &record)?, expires, condition).await? {
            PutOutcome::Written(_) if record.held_back == 0 => return Ok(Admission::Sent),
            PutOutcome::Written(_) => return Ok(held_back(&record, now)),
            PutOutcome::Refused(item) => present = item,
        }
    }
    Err(Error::contended(&key))
}

fn new_window(now: Timestamp) -> WindowRecord {
    WindowRecord { start: now, sent: 0, held_back: 0 }
}

fn end(start: Timestamp) -> Timestamp {
    start.checked_add(WINDOW).unwrap_or(Timestamp::MAX)
}

fn held_back(record: &WindowRecord, now: Timestamp) -> Admission {
    // The first ones all ask for the summary: should one of them be lost, another one queues it. The claim of the
    // summary makes it one message.
    let summary = if record.held_back <= 3 {
        Summary::Due(Duration::try_from(end(record.start).duration_since(now)).unwrap_or_default())
    } else {
        Summary::Queued
    };
    Admission::HeldBack { start: record.start, summary }
}

/// Closes a window whose time is over, and returns how many messages it held back: the same number however often
/// it is asked.
///
/// # Errors
///
/// When the table fails, or other writers are faster each time.
pub async fn close<S: State>(
    state: &S,
    limit: LimitKey<'_>,
    start: Timestamp,
    now: Timestamp,
) -> Result<u32, Error> {
    let (key, closed_key) = (limit.key(), limit.window_key(start));
    if let Some(item) = state.get(&closed_key).await? {
        return Ok(decode::<WindowRecord>(&item)?.held_back);
    }
    let Some(item) = state.get(&key).await? else { return Ok(0) };
    let record: WindowRecord = decode(&item)?;
    if record.start != start {
        // A later message opened the next window before this one was counted.
        return Ok(0);
    }
    if now < end(start) {
        return Ok(record.held_back);
    }
    keep_window(state, limit, &record, now).await?;
    Ok(record.held_back)
}

async fn keep_window<S: State>(
    state: &S,
    limit: LimitKey<'_>,
    record: &WindowRecord,
    now: Timestamp,
) -> Result<(), Error> {
    let key = limit.window_key(record.start);
    state.put(&key, encode(&key, record)?, now.checked_add(LIFETIME).ok(), Condition::None).await?;
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum HeldBackType {
    #[serde(rename = "camhook.held_back.v1")]
    V1,
}

/// A message on the notification queue that says, when a window has ended, how many messages it held back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldBack {
    #[serde(rename = "type")]
    message_type: HeldBackType,
    /// The rule's id.
    pub rule: String,
    /// The channel's id.
    pub channel: String,
    /// Identifies the window.
    pub start: Timestamp,
}

impl HeldBack {
    /// The summary of a window.
    #[must_use]
    pub fn new(limit: LimitKey<'_>, start: Timestamp) -> Self {
        let (rule, channel) = (limit.rule.to_owned(), limit.channel.to_owned());
        Self { message_type: HeldBackType::V1, rule, channel, start }
    }

    /// Whose messages were held back.
    #[must_use]
    pub fn limit(&self) -> LimitKey<'_> {
        LimitKey { rule: &self.rule, channel: &self.channel }
    }

    /// The same for every delivery of this summary.
    #[must_use]
    pub fn id(&self) -> EventId {
        EventId::of_sender_id("@held-back", &format!("{}\0{}\0{}", self.rule, self.channel, self.start))
    }

    /// The message for the queue of alerts, delivered after `delay` (at most 900 s).
    ///
    /// # Errors
    ///
    /// When it cannot be written as JSON.
    pub fn message(&self, delay: Duration) -> Result<Message, QueueError> {
        let body = serde_json::to_string(self)
            .map_err(|error| QueueError { queue: Queue::Alerts, reason: error.to_string() })?;
        let mut message = Message::new(body, format!("{}/@held-back", self.rule));
        message.delay = delay;
        Ok(message)
    }
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);
    const LIMIT: LimitKey<'static> = LimitKey { rule: "people", channel: "family" };

    fn after(seconds: u64) -> Timestamp {
        NOW.checked_add(Duration::from_secs(seconds)).unwrap()
    }

    #[tokio::test]
    async fn above_the_limit_messages_are_held_back_until_the_window_ends() {
        let state = MemoryState::default();
        for _ in 0..MESSAGES_PER_WINDOW {
            assert_eq!(admit(&state, LIMIT, after(1)).await.unwrap(), Admission::Sent);
        }
        let first = admit(&state, LIMIT, after(21)).await.unwrap();
        let due = Summary::Due(Duration::from_secs(40));
        assert_eq!(first, Admission::HeldBack { start: after(1), summary: due });
        for _ in 0..9 {
            assert!(matches!(admit(&state, LIMIT, after(30)).await.unwrap(), Admission::HeldBack { .. }));
        }
        let other = LimitKey { channel: "admin", ..LIMIT };
        assert_eq!(admit(&state, other, after(30)).await.unwrap(), Admission::Sent);
        // The next window opens before the summary of the first is asked for.
        assert_eq!(admit(&state, LIMIT, after(61)).await.unwrap(), Admission::Sent);
        for _ in 0..2 {
            assert_eq!(close(&state, LIMIT, after(1), after(62)).await.unwrap(), 10);
        }
    }

    #[test]
    fn a_summary_is_read_back_and_is_nothing_else() {
        let summary = HeldBack::new(LIMIT, NOW);
        let message = summary.message(Duration::from_secs(40)).unwrap();
        assert_eq!(serde_json::from_str::<HeldBack>(&message.body).unwrap(), summary);
        let renamed = message.body.replace("camhook.held_back.v1", "camhook.trouble.v1");
        assert!(serde_json::from_str::<HeldBack>(&renamed).is_err());
    }
}
