//! A batch of the queue `index`.

use std::time::Duration;

use camhook_consumer::{Backoff, BatchOutcome, Concurrency, Policy, Retry, consume};
use camhook_event::{Event, Text, message};
use camhook_operations::events::Summary;
use camhook_ports::{EventQueue, IndexPorts, Message, Metrics, ObjectStore, Queue, QueueRecord};
use camhook_site::Site;
use tracing::Instrument;

use crate::Error;
use crate::index_event::{count, read, store_thumbnail, write};
use crate::notification::record_keys;

/// How messages are retried: `maxReceiveCount` is that of the queue in `infra/template.yaml`.
const POLICY: Policy = Policy {
    queue: Queue::Index,
    max_receive_count: 8,
    backoff: Backoff::exponential(Duration::from_secs(5), 3, Duration::from_secs(900)),
    retries: "IndexRetries",
    // One after the other: a decoded picture takes up to 75 MB.
    concurrency: Concurrency::Sequential,
};

/// Up to this delivery a thumbnail that was not stored is tried again.
const THUMBNAIL_ATTEMPTS: u32 = 3;

/// Whether events are put on the stack's event bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventBus {
    /// The stack has none.
    Absent,
    /// They are sent to the queue `bus`, from which a pipe puts them on the event bus.
    Queue,
}

/// Handles a batch of the queue.
pub async fn handle<P: IndexPorts>(
    ports: &P,
    site: &Site,
    events_days: u32,
    event_bus: EventBus,
    records: &[QueueRecord],
) -> BatchOutcome {
    consume(ports, &POLICY, records, async |record| {
        for key in record_keys(&record.body).map_err(Error::retry)? {
            let span = tracing::info_span!("record", key);
            Box::pin(index(ports, site, events_days, event_bus, record, &key)).instrument(span).await?;
        }
        Ok(())
    })
    .await
}

async fn index<P: IndexPorts>(
    ports: &P,
    site: &Site,
    events_days: u32,
    event_bus: EventBus,
    record: &QueueRecord,
    key: &str,
) -> Result<(), Retry> {
    let Some(event) = read(ports, key).await.map_err(Error::retry)? else {
        tracing::info!("skipped a record that was deleted");
        return Ok(());
    };
    let summary = Summary::of(&event);
    let (_, previous) = write(ports, &summary, events_days).await.map_err(Error::retry)?;
    // Counted after the event is written, and never again: a count is approximate.
    if let Err(error) = count(ports, site.timezone(), &summary, previous.as_ref(), events_days).await {
        tracing::warn!(%error, "failed to count an event");
    }
    // Before the thumbnail, which takes longer: another attempt at it sends the event again, with the same id.
    if event_bus == EventBus::Queue {
        publish(ports, &event).await.map_err(Error::retry)?;
    }
    let Err(error) = store_thumbnail(ports, &event, &summary).await else { return Ok(()) };
    if error.is_transient() && record.receive_count < THUMBNAIL_ATTEMPTS {
        return Err(error.retry());
    }
    tracing::warn!(%error, "failed to make a thumbnail");
    ports.metrics().count("ThumbnailsFailed", [("Reason", error.reason())]);
    Ok(())
}

/// Sends an event to the queue `bus`.
async fn publish<P: IndexPorts>(ports: &P, event: &Event) -> Result<(), Error> {
    let json = serde_json::to_string(event).map_err(Error::Message)?;
    // A bucket's name is never empty.
    let bucket = Text::new(ports.objects().bucket()).unwrap_or_else(|| event.data.source.clone());
    let body = message(event, json, &bucket).map_err(Error::Message)?;
    let message = Message::new(body, event.data.source.to_string());
    Ok(ports.queues().send(Queue::Bus, message).await?)
}
