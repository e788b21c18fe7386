//! Delivers pending events.

use bytes::Bytes;
use camhook_event::{Event, PENDING_PREFIX};
use camhook_ingest::{Pending, message_group};
use camhook_ports::{
    EventQueue, Message, Metrics, Object, ObjectError, ObjectStore, Ports, Precondition, PutError, Queue,
};
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};

/// How many events are delivered in one tick; the rest has its turn a minute later.
const EVENTS_A_TICK: usize = 1000;

/// How many events are under way at the same time.
const AT_ONCE: usize = 16;

/// The result for one event under `pending/`.
enum Delivery {
    /// Every queue accepted it.
    Done,
    /// A queue still refuses it.
    Pending,
}

/// Why an event under `pending/` was not delivered.
#[derive(Debug, thiserror::Error)]
enum PendingError {
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error(transparent)]
    Put(#[from] PutError),
    #[error("not a pending event: {0}")]
    Json(#[from] serde_json::Error),
}

/// Delivers events under `pending/` to the queues that refused them.
pub async fn deliver_pending<P: Ports>(ports: &P) {
    let keys = match ports.objects().list(PENDING_PREFIX, EVENTS_A_TICK).await {
        Ok(keys) => keys,
        Err(error) => {
            tracing::error!(%error, "failed to list pending events");
            ports.metrics().count("PendingFailed", []);
            return;
        }
    };
    let deliveries = stream::iter(keys).map(|key| async move {
        let delivery = deliver(ports, &key).await;
        (key, delivery)
    });
    let mut deliveries = deliveries.buffer_unordered(AT_ONCE);
    while let Some((key, delivery)) = deliveries.next().await {
        match delivery {
            Ok(Delivery::Done) => {
                tracing::info!(key, "delivered a pending event");
                ports.metrics().count("PendingDelivered", []);
            }
            Ok(Delivery::Pending) => ports.metrics().count("PendingOwed", []),
            Err(error) => {
                tracing::error!(key, %error, "failed to deliver a pending event");
                ports.metrics().count("PendingFailed", []);
            }
        }
    }
}

async fn deliver<P: Ports>(ports: &P, key: &str) -> Result<Delivery, PendingError> {
    let Some(object) = ports.objects().get(key).await? else {
        return Ok(Delivery::Done);
    };
    let pending: Pending = serde_json::from_slice(&object.bytes)?;
    let body = serde_json::to_string(&pending.message)?;
    let group = message_group(&serde_json::from_value::<Event>(pending.message.clone())?);
    let sends = pending.queues.iter().map(|&queue| {
        let message = Message::new(body.clone(), group.clone());
        async move { ports.queues().send(queue, message).await.map_err(|error| (queue, error)) }
    });
    let mut refused: Vec<Queue> = Vec::new();
    for (queue, error) in join_all(sends).await.into_iter().filter_map(Result::err) {
        tracing::warn!(key, %queue, %error, "queue still refuses the event");
        refused.push(queue);
    }
    if refused.is_empty() {
        ports.objects().delete(key).await?;
        return Ok(Delivery::Done);
    }
    if refused != pending.queues {
        let rest = Pending { queues: refused, message: pending.message };
        let bytes = Bytes::from(serde_json::to_vec(&rest)?);
        let object = Object { bytes, content_type: "application/json" };
        ports.objects().put(key, object, Precondition::None).await?;
    }
    Ok(Delivery::Pending)
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryPorts;
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef";

    async fn put_pending(ports: &MemoryPorts, queues: &[&str]) -> String {
        let pending = json!({ "owed": queues, "message": {
            "specversion": "1.0", "id": ID, "source": "/viewtron/gate", "type": "camhook.event.v1",
            "subject": "motion", "time": "2026-11-23T08:00:00.000Z", "datacontenttype": "application/json",
            "data": { "vendor": "viewtron", "source": "gate", "camera": { "id": "1" }, "kind": "motion",
                "report": "detection", "received_at": "2026-11-23T08:00:00.000Z", "clock": "server" },
        }});
        let key = format!("{PENDING_PREFIX}{ID}.json");
        let object = Object { bytes: pending.to_string().into(), content_type: "application/json" };
        ports.objects.put(&key, object, Precondition::None).await.unwrap();
        key
    }

    async fn counted_by_a_tick(ports: &MemoryPorts, name: &str) -> usize {
        let before = ports.metrics.counted(name);
        deliver_pending(ports).await;
        ports.metrics.counted(name) - before
    }

    fn ports() -> MemoryPorts {
        MemoryPorts::new(Timestamp::UNIX_EPOCH)
    }

    #[tokio::test]
    async fn a_pending_event_is_delivered_to_the_queues_that_refused_it_and_no_other() {
        let ports = ports();
        put_pending(&ports, &["relay"]).await;
        assert_eq!(counted_by_a_tick(&ports, "PendingDelivered").await, 1);
        let sent = ports.queues.sent(Queue::Relay);
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].group, "gate/1");
        assert!(serde_json::from_str::<Event>(&sent[0].body).is_ok());
        assert!(ports.queues.sent(Queue::Notify).is_empty());
        assert!(ports.objects.keys().is_empty(), "nothing is pending");
    }

    #[tokio::test]
    async fn an_event_is_pending_until_every_queue_accepts_it() {
        let ports = ports();
        let key = put_pending(&ports, &["notify", "relay"]).await;
        ports.queues.fail(Queue::Notify);
        assert_eq!(counted_by_a_tick(&ports, "PendingOwed").await, 1);
        let rest: Pending = serde_json::from_slice(&ports.objects.object(&key).unwrap().bytes).unwrap();
        assert_eq!(rest.queues, [Queue::Notify]);
        ports.queues.heal();
        assert_eq!(counted_by_a_tick(&ports, "PendingDelivered").await, 1);
        assert_eq!(ports.queues.sent(Queue::Relay).len(), 1);
        assert_eq!(ports.queues.sent(Queue::Notify).len(), 1);
    }

    #[tokio::test]
    async fn what_cannot_be_read_stays_and_is_counted() {
        let ports = ports();
        let key = format!("{PENDING_PREFIX}{ID}.json");
        let object = Object { bytes: Bytes::from_static(b"{"), content_type: "application/json" };
        ports.objects.put(&key, object, Precondition::None).await.unwrap();
        assert_eq!(counted_by_a_tick(&ports, "PendingFailed").await, 1);
        assert_eq!(ports.objects.keys(), [key]);
    }
}
