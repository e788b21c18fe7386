//! Stores the record and its pictures, then enqueues the event; what a queue refuses is stored under `pending/`.

use std::time::Duration;

use bytes::Bytes;
use camhook_event::{Event, Image, RejectedReason, Text, message, pending_key, record_key};
use camhook_ports::{
    Clock, EventQueue, Message, Metrics, Object, ObjectStore, Ports, Precondition, PutError, Queue,
};
use futures_util::future::join_all;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Received;
use crate::draft::Draft;
use crate::normalize::{Normalized, normalize, rejected};

/// The queues that each event is sent to.
pub const CONSUMERS: [Queue; 2] = [Queue::Notify, Queue::Relay];

/// Why an event could not be stored: the post must not be acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The bucket has no name.
    #[error("the bucket has no name: set CAMHOOK_BUCKET")]
    Bucket,
    /// The record cannot be written as JSON.
    #[error("the event cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The record is not in the bucket.
    #[error("the record is not stored: {0}")]
    Record(PutError),
    /// The record is stored, but the event is neither in every queue nor under `pending/`.
    #[error("{queues:?} refused the event, and it could not be stored as pending: {error}")]
    Pending {
        /// The queues that refused it.
        queues: Vec<Queue>,
        /// The error of the bucket.
        error: PutError,
    },
}

/// An object under `pending/`: a stored event or an alert, and the queues that refused it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// The queues that refused it.
    #[serde(rename = "owed")]
    pub queues: Vec<Queue>,
    /// The event or alert as the queues carry it.
    pub message: serde_json::Value,
    /// The name of the run, if the event is replayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<String>,
    /// Since when a replayed event waits, which was received long before. Absent where the message says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

impl Pending {
    pub(crate) fn object(&self) -> Result<Object, serde_json::Error> {
        Ok(Object { bytes: serde_json::to_vec(self)?.into(), content_type: "application/json" })
    }
}

/// The message group of an event: its source and camera, so that one camera's burst does not delay the others.
#[must_use]
pub fn message_group(event: &Event) -> String {
    let camera = event.data.camera.as_ref().map_or("-", |camera| camera.id.as_str());
    let group: String = format!("{}/{camera}", event.data.source)
        .chars()
        .map(|character| if character.is_ascii_graphic() { character } else { '-' })
        .take(128)
        .collect();
    group
}

/// Stores and enqueues the events of what was received, all at the same time and each by itself.
///
/// A draft comes with its ordinal in the post. An event that is returned without an error is safe: in the
/// bucket, and in each queue or under `pending/`.
pub async fn persist<P: Ports>(
    ports: &P,
    received: &Received,
    drafts: Vec<(usize, Draft<'_>)>,
) -> Vec<Result<Event, StoreError>> {
    let Some(bucket) = Text::new(ports.objects().bucket()) else {
        return drafts.iter().map(|_| Err(StoreError::Bucket)).collect();
    };
    let stored = drafts
        .into_iter()
        .map(|(ordinal, draft)| normalize(draft, ordinal, received, &bucket))
        .map(|normalized| store_and_enqueue(ports, normalized, received.replay.as_deref()));
    let events = join_all(stored).await;
    for event in &events {
        match event {
            Ok(event) => tracing::info!(
                event = %event.id,
                source = %event.data.source,
                kind = %event.data.kind,
                pictures = event.data.images.len(),
                "stored an event"
            ),
            Err(error) => {
                tracing::error!(source = %received.source.id, %error, "failed to store an event");
            }
        }
    }
    events
}

/// Stores an event with its pictures, then sends it to every consumer, as a part of a run if it is replayed.
pub(crate) async fn store_and_enqueue<P: Ports>(
    ports: &P,
    normalized: Normalized,
    replay: Option<&str>,
) -> Result<Event, StoreError> {
    let Normalized { mut event, pictures } = normalized;
    let started = ports.clock().elapsed();
    let json = serde_json::to_string(&event)?;
    let failed = store(ports, &event, &json, pictures).await?;
    ports.metrics().time("S3Time", elapsed_since(ports, started), []);

    let whole = failed.is_empty();
    for index in failed {
        if let Some(image) = event.data.images.get_mut(index) {
            *image = rejected(image.role(), RejectedReason::StoreFailed);
        }
    }
    count(ports.metrics(), &event);

    let started = ports.clock().elapsed();
    if whole {
        enqueue(ports, &event, json, replay).await?;
    } else {
        // The record names pictures that are not stored: it is corrected while the event is enqueued.
        let json = serde_json::to_string(&event)?;
        let (corrected, enqueued) = futures_util::future::join(
            put_record(ports, &event, &json),
            enqueue(ports, &event, json.clone(), replay),
        )
        .await;
        if let Err(error) = corrected {
            tracing::warn!(event = %event.id, %error, "failed to correct the record, which names pictures that are not stored");
        }
        enqueued?;
    }
    ports.metrics().time("SqsTime", elapsed_since(ports, started), []);
    Ok(event)
}

fn elapsed_since<P: Ports>(ports: &P, started: Duration) -> Duration {
    ports.clock().elapsed().saturating_sub(started)
}

fn count(metrics: &impl Metrics, event: &Event) {
    let vendor = event.data.vendor.name();
    metrics.count("Events", [("Vendor", vendor), ("Kind", event.data.kind.name())]);
    for image in &event.data.images {
        match image {
            Image::Stored(_) => metrics.count("PicturesStored", [("Vendor", vendor)]),
            Image::Rejected(image) => {
                let reason = image.rejected.name();
                metrics.count("PicturesRejected", [("Vendor", vendor), ("Reason", reason)]);
            }
        }
    }
}

/// Puts the record and all pictures at the same time; the indices of the pictures that could not be stored.
async fn store<P: Ports>(
    ports: &P,
    event: &Event,
    json: &str,
    pictures: Vec<(usize, crate::picture::Picture)>,
) -> Result<Vec<usize>, StoreError> {
    let puts = pictures.into_iter().filter_map(|(index, picture)| {
        let image = event.data.images.get(index).and_then(Image::stored)?;
        Some(async move {
            let object = Object { bytes: picture.bytes, content_type: "image/jpeg" };
            let put = ports.objects().put(image.key.as_str(), object, Precondition::None).await;
            put.map_err(|error| {
                tracing::warn!(event = %event.id, image = index, %error, "failed to store a picture");
                index
            })
        })
    });
    let (record, pictures) = futures_util::future::join(put_record(ports, event, json), join_all(puts)).await;
    record?;
    Ok(pictures.into_iter().filter_map(Result::err).collect())
}

async fn put_record<P: Ports>(ports: &P, event: &Event, json: &str) -> Result<(), StoreError> {
    let object = Object { bytes: Bytes::from(json.to_owned()), content_type: "application/json" };
    ports.objects().put(&record_key(event), object, Precondition::None).await.map_err(StoreError::Record)
}

/// Sends an event to all consumers at the same time; what a queue refuses is stored under `pending/`.
async fn enqueue<P: Ports>(
    ports: &P,
    event: &Event,
    json: String,
    replay: Option<&str>,
) -> Result<(), StoreError> {
    // A bucket's name is never empty.
    let bucket = Text::new(ports.objects().bucket()).unwrap_or_else(|| event.data.source.clone());
    let body = message(event, json, &bucket)?;
    let group = message_group(event);
    let sends = CONSUMERS.map(|queue| {
        let replay = replay.map(str::to_owned);
        let message = Message { replay, ..Message::new(body.clone(), group.clone()) };
        async move {
            let sent = ports.queues().send(queue, message).await;
            sent.map_err(|error| {
                tracing::warn!(event = %event.id, %queue, %error, "queue refused the event; it is pending");
                queue
            })
        }
    });
    let refused: Vec<Queue> = join_all(sends).await.into_iter().filter_map(Result::err).collect();
    if refused.is_empty() {
        return Ok(());
    }
    let message = serde_json::from_str(&body)?;
    let since = replay.map(|_| ports.clock().now());
    let pending = Pending { queues: refused.clone(), message, replay: replay.map(str::to_owned), since };
    ports
        .objects()
        .put(&pending_key(event.id), pending.object()?, Precondition::None)
        .await
        .map_err(|error| StoreError::Pending { queues: refused, error })
}
