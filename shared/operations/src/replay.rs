//! Replays of stored events: they are sent to the consumers again, under today's configuration.

use std::fmt;

use camhook_event::{Event, RECORD_PREFIX, Text, message};
use camhook_ingest::message_group;
use camhook_ports::{EventQueue, Message, ObjectError, ObjectStore, Ports, Queue, QueueError};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::bucket::{day_prefix, days, keys_after};

/// The number of records that are read at the same time.
const AT_ONCE: usize = 16;

/// The number of records of one step. A step that switches relays has one.
const STEP: usize = 64;

/// Which events are replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Those of this source; `None` for all.
    pub source: Option<String>,
    /// Those of this time or later.
    pub since: Timestamp,
    /// Those before this time.
    pub until: Timestamp,
}

/// Whether events are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// They are counted only.
    DryRun,
    /// They are sent.
    Send,
}

/// The consumers of a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consumers {
    /// Notifications.
    Notify,
    /// Notifications and relays. The run must be named `relays/` and the time of its request.
    NotifyAndRelays,
}

impl Consumers {
    fn step(self) -> usize {
        match self {
            Self::Notify => STEP,
            Self::NotifyAndRelays => 1,
        }
    }

    fn queues(self) -> &'static [Queue] {
        match self {
            Self::Notify => &[Queue::Notify],
            Self::NotifyAndRelays => &[Queue::Notify, Queue::Relay],
        }
    }
}

/// A replay of stored events, day by day from the oldest.
pub struct Replay<'a, P> {
    ports: &'a P,
    selection: Selection,
    consumers: Consumers,
    run: &'a str,
    mode: Mode,
    keys: std::vec::IntoIter<String>,
}

impl<P> fmt::Debug for Replay<'_, P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Replay").field("selection", &self.selection).finish_non_exhaustive()
    }
}

/// What a replay sent, or would send.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// The number of events.
    pub events: usize,
    /// The number of records that are not events.
    pub unreadable: usize,
}

/// A replay that failed. It can be continued.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The bucket cannot be read.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// A queue refused.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// An event cannot be represented as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// How a replay is done.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a> {
    /// The consumers.
    pub consumers: Consumers,
    /// The name of the run. Within a run an action is not repeated.
    pub run: &'a str,
    /// Whether events are sent.
    pub mode: Mode,
}

impl<'a, P: Ports> Replay<'a, P> {
    /// Lists the records of a selection after the key where an interrupted replay ended.
    ///
    /// # Errors
    ///
    /// When the bucket fails.
    pub async fn list(
        ports: &'a P,
        selection: Selection,
        settings: Settings<'a>,
        after: Option<&str>,
    ) -> Result<Self, ObjectError> {
        let mut prefixes: Vec<String> = days(selection.since, selection.until)
            .map(|day| day_prefix(RECORD_PREFIX.trim_end_matches('/'), day))
            .collect();
        prefixes.reverse();
        let mut keys = Vec::new();
        for mut prefix in prefixes {
            if let Some(source) = &selection.source {
                prefix.push_str(source);
                prefix.push('/');
            }
            let listed = keys_after(ports.objects(), &prefix, None).await?;
            keys.extend(listed.into_iter().filter(|key| after.is_none_or(|after| key.as_str() > after)));
        }
        let Settings { consumers, run, mode } = settings;
        Ok(Self { ports, selection, consumers, run, mode, keys: keys.into_iter() })
    }

    /// The number of records that are still to be read.
    #[must_use]
    pub fn records_left(&self) -> usize {
        self.keys.len()
    }

    /// The key of the last record of the next step: where to continue if it is interrupted from now on.
    #[must_use]
    pub fn end_of_step(&self) -> Option<&str> {
        let keys = self.keys.as_slice();
        keys.get(keys.len().min(self.consumers.step()).checked_sub(1)?).map(String::as_str)
    }

    /// Sends the events of some records; `None` when all were sent.
    ///
    /// # Errors
    ///
    /// When the bucket or a queue fails.
    pub async fn step(&mut self) -> Result<Option<Totals>, ReplayError> {
        let keys: Vec<String> = self.keys.by_ref().take(self.consumers.step()).collect();
        if keys.is_empty() {
            return Ok(None);
        }
        let this = &*self;
        let records: Vec<Record> =
            stream::iter(keys).map(|key| this.read(key)).buffered(AT_ONCE).try_collect().await?;
        let mut totals = Totals::default();
        let mut events = Vec::new();
        for record in records {
            match record {
                Record::Event(event) => events.push(*event),
                Record::Unreadable => totals.unreadable += 1,
                Record::Outside => {}
            }
        }
        events.sort_by_key(|event| event.time);
        for event in &events {
            if self.mode == Mode::Send {
                self.send(event).await?;
            }
            totals.events += 1;
        }
        Ok(Some(totals))
    }

    async fn read(&self, key: String) -> Result<Record, ObjectError> {
        // It may have expired since it was listed.
        let Some(object) = self.ports.objects().get(&key).await? else { return Ok(Record::Outside) };
        let Ok(event) = serde_json::from_slice::<Event>(&object.bytes) else { return Ok(Record::Unreadable) };
        let time = event.time.timestamp();
        if time < self.selection.since || time >= self.selection.until {
            return Ok(Record::Outside);
        }
        Ok(Record::Event(Box::new(event)))
    }

    async fn send(&self, event: &Event) -> Result<(), ReplayError> {
        let json = serde_json::to_string(event)?;
        let bucket = Text::new(self.ports.objects().bucket()).unwrap_or_else(|| event.data.source.clone());
        let body = message(event, json, &bucket)?;
        for queue in self.consumers.queues() {
            let replay = Some(self.run.to_owned());
            let message = Message { replay, ..Message::new(body.clone(), message_group(event)) };
            self.ports.queues().send(*queue, message).await?;
        }
        Ok(())
    }
}

/// What is under a key.
enum Record {
    Event(Box<Event>),
    Unreadable,
    /// Another time, or gone.
    Outside,
}
