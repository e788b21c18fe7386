//! Where messages are sent.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The queues of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Queue {
    /// To the notification function.
    Notify,
    /// To the relay function.
    Relay,
    /// Commands to the agents on site.
    RelayLan,
    /// Releases of relays that the relay function switches.
    Releases,
    /// Releases of relays that an agent on site switches.
    ReleasesLan,
    /// From the MQTT rule.
    Mqtt,
    /// Alerts to the notification function. Who may write here cannot enqueue events.
    Alerts,
    /// Notifications of the bucket about new records, to the index function.
    Index,
    /// Events for the event bus, to a pipe of EventBridge.
    Bus,
}

impl Queue {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Notify,
        Self::Alerts,
        Self::Relay,
        Self::RelayLan,
        Self::Releases,
        Self::ReleasesLan,
        Self::Mqtt,
        Self::Index,
        Self::Bus,
    ];

    /// The name in metrics, logs and `pending/`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Notify => "notify",
            Self::Relay => "relay",
            Self::RelayLan => "relay-lan",
            Self::Releases => "releases",
            Self::ReleasesLan => "releases-lan",
            Self::Mqtt => "mqtt",
            Self::Alerts => "alerts",
            Self::Index => "index",
            Self::Bus => "bus",
        }
    }
}

impl fmt::Display for Queue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A message to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its text.
    pub body: String,
    /// Whom it is fair to share the queue with: `source/camera`.
    pub group: String,
    /// How long it stays out of sight, at most 900 s.
    pub delay: Duration,
    /// The run that sent it again, when it is a replay.
    pub replay: Option<String>,
}

impl Message {
    /// A message that is delivered at once.
    #[must_use]
    pub fn new(body: String, group: String) -> Self {
        Self { body, group, delay: Duration::ZERO, replay: None }
    }
}

/// A queue that refused or did not answer in time.
#[derive(Debug, thiserror::Error)]
#[error("the queue `{queue}` failed: {reason}")]
pub struct QueueError {
    /// Which queue.
    pub queue: Queue,
    /// What the queue or the way to it said.
    pub reason: String,
}

/// Where messages are sent.
pub trait EventQueue: Send + Sync {
    /// Sends a message. When this returns, the queue has it.
    fn send(&self, queue: Queue, message: Message) -> impl Future<Output = Result<(), QueueError>> + Send;

    /// Hides a received message for another while, at most 12 hours, before it is delivered again.
    fn retry_after(
        &self,
        queue: Queue,
        receipt_handle: &str,
        delay: Duration,
    ) -> impl Future<Output = Result<(), QueueError>> + Send;
}

/// How many messages a queue and its dead-letter queue hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueDepth {
    /// The queue.
    pub queue: Queue,
    /// The messages that are waiting, delayed, or in progress. Approximate.
    pub messages: u64,
    /// The age of the oldest of them, in seconds; `None` where it is not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_s: Option<u64>,
    /// The messages in the dead-letter queue. Approximate.
    pub dead_letters: u64,
}

/// The depths of a stack's queues.
pub trait QueueDepths: Send + Sync {
    /// The depths of all queues, in the order of [`Queue::ALL`]. Queues that the stack does not have are left out.
    fn depths(&self) -> impl Future<Output = Result<Vec<QueueDepth>, DepthError>> + Send;
}

/// The depths of the queues cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("failed to read the depths of the queues: {reason}")]
pub struct DepthError {
    /// What AWS reported.
    pub reason: String,
}

/// A message as a queue delivers it to a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueRecord {
    /// The queue's name for it: what a function reports when it failed.
    pub message_id: String,
    /// The name of this delivery: what [`EventQueue::retry_after`] takes.
    pub receipt_handle: String,
    /// Its text.
    pub body: String,
    /// Which delivery of the message this is, counted from 1.
    pub receive_count: u32,
    /// The run that sent it again, when it is a replay.
    pub replay: Option<String>,
}
