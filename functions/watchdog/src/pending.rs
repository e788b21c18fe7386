//! Delivers pending events and alerts.

use std::time::Duration;

use bytes::Bytes;
use camhook_event::{Event, PENDING_PREFIX, quarantine_prefix};
use camhook_ingest::{Pending, message_group, send_alert};
use camhook_ports::{
    Clock, EventQueue, Message, Metrics, Object, ObjectError, ObjectStore, Ports, Precondition, PutError,
    Queue, QueueError,
};
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::pending;
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use jiff::{SignedDuration, Timestamp};

/// How many events are tried in one tick. The next tick goes on behind them.
const EVENTS_A_TICK: usize = 1000;

/// How many events are delivered at the same time.
const AT_ONCE: usize = 16;

/// How long a tick delivers. Both queues may be slow, and the tick has other work.
const TIME_A_TICK: Duration = Duration::from_secs(20);

/// After how long an event that cannot be delivered is dead-lettered: its queues have refused it all that time.
const DEAD_LETTER_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// The folder below `quarantine/` of events that could not be delivered.
const DEAD_LETTERS: &str = "pending";

/// The result for one object under `pending/`.
enum Delivery {
    /// Every queue accepted it.
    Done,
    /// A queue still refuses it.
    Pending,
    /// It is in the quarantine.
    DeadLettered,
    /// It is an alert that no queue accepted for a day, and gone: what it is about alerts again.
    Dropped,
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
    #[error(transparent)]
    Message(#[from] QueueError),
}

/// What a queue refused.
enum Content {
    Event(Box<Event>),
    Alert(Box<Alert>),
}

impl Content {
    /// The message group.
    fn group(&self) -> Result<String, QueueError> {
        match self {
            Self::Event(event) => Ok(message_group(event)),
            Self::Alert(alert) => Ok(alert.message()?.group),
        }
    }

    /// Since when it waits, unless it was replayed.
    fn since(&self) -> Timestamp {
        match self {
            Self::Event(event) => event.data.received_at.timestamp(),
            Self::Alert(alert) => alert.at,
        }
    }
}

/// Delivers events under `pending/` to the queues that refused them.
///
/// A tick goes on where the last one ended, so that events that cannot be delivered do not hold up the others.
pub async fn deliver_pending<P: Ports>(ports: &P) {
    let keys = match next_keys(ports).await {
        Ok(keys) => keys,
        Err(error) => {
            tracing::error!(%error, "failed to list pending events");
            ports.metrics().count("PendingFailed", []);
            return;
        }
    };
    let started = ports.clock().elapsed();
    let mut dead_letters: Vec<String> = Vec::new();
    let mut last = None;
    for chunk in keys.chunks(AT_ONCE * 4) {
        if ports.clock().elapsed().saturating_sub(started) > TIME_A_TICK {
            break;
        }
        last = chunk.last();
        let deliveries = stream::iter(chunk).map(|key| async move { (key, deliver(ports, key).await) });
        let mut deliveries = deliveries.buffer_unordered(AT_ONCE);
        while let Some((key, delivery)) = deliveries.next().await {
            match delivery {
                Ok(Delivery::Done) => {
                    tracing::info!(key, "delivered a pending event");
                    ports.metrics().count("PendingDelivered", []);
                }
                Ok(Delivery::Pending) => ports.metrics().count("PendingOwed", []),
                Ok(Delivery::Dropped) => {
                    tracing::error!(key, "dropped a pending alert that no queue accepted for a day");
                    ports.metrics().count("PendingFailed", []);
                }
                Ok(Delivery::DeadLettered) => {
                    tracing::error!(key, "dead-lettered a pending event");
                    ports.metrics().count("PendingDeadLettered", []);
                    dead_letters.push(key.clone());
                }
                Err(error) => {
                    tracing::error!(key, %error, "failed to deliver a pending event");
                    ports.metrics().count("PendingFailed", []);
                }
            }
        }
    }
    if let Some(last) = last
        && let Err(error) = pending::record_cursor(ports.state(), last).await
    {
        tracing::warn!(%error, "failed to record where the next tick goes on");
    }
    if !dead_letters.is_empty() {
        alert_dead_lettered(ports, dead_letters.len()).await;
    }
}

/// The keys that are next: those behind the last one that was tried, then from the beginning.
async fn next_keys<P: Ports>(ports: &P) -> Result<Vec<String>, ObjectError> {
    let cursor = pending::cursor(ports.state()).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "failed to read where the last tick ended");
        None
    });
    let objects = ports.objects();
    let Some(cursor) = cursor else { return objects.list(PENDING_PREFIX, EVENTS_A_TICK).await };
    let mut keys = objects.list_after(PENDING_PREFIX, &cursor, EVENTS_A_TICK).await?;
    if keys.len() < EVENTS_A_TICK {
        let first = objects.list(PENDING_PREFIX, EVENTS_A_TICK - keys.len()).await?;
        keys.extend(first.into_iter().filter(|key| *key <= cursor));
    }
    Ok(keys)
}

async fn alert_dead_lettered<P: Ports>(ports: &P, count: usize) {
    let text = format!(
        "{count} stored events could not be delivered to a queue for a day: nobody was notified and no relay was switched \
         because of them. They are in the bucket below quarantine/, in the folder {DEAD_LETTERS} of today. Check the \
         stack's queues and the watchdog's log."
    );
    let alert = Alert::new(AlertSubject::Queue(Queue::Notify), text, ports.clock().now());
    if let Err(error) = send_alert(ports, &alert).await {
        tracing::error!(count, %error, "failed to send the alert about dead-lettered events");
    }
}

/// Moves an object to the quarantine.
async fn dead_letter<P: Ports>(ports: &P, key: &str, bytes: Bytes) -> Result<Delivery, PendingError> {
    let name = key.trim_start_matches(PENDING_PREFIX).trim_end_matches(".json");
    let prefix = quarantine_prefix(DEAD_LETTERS, ports.clock().now(), name);
    let object = Object { bytes, content_type: "application/json" };
    ports.objects().put(&format!("{prefix}request.bin"), object, Precondition::None).await?;
    ports.objects().delete(key).await?;
    Ok(Delivery::DeadLettered)
}

fn read(bytes: &[u8]) -> Result<(Pending, Content), serde_json::Error> {
    let pending: Pending = serde_json::from_slice(bytes)?;
    // The type of a message tells an alert from an event.
    let content = match serde_json::from_value(pending.message.clone()) {
        Ok(alert) => Content::Alert(Box::new(alert)),
        Err(_) => Content::Event(serde_json::from_value(pending.message.clone())?),
    };
    Ok((pending, content))
}

async fn deliver<P: Ports>(ports: &P, key: &str) -> Result<Delivery, PendingError> {
    let Some(object) = ports.objects().get(key).await? else {
        return Ok(Delivery::Done);
    };
    let Ok((pending, content)) = read(&object.bytes) else {
        // No later version of it will come: nobody but the ingest writes here.
        return dead_letter(ports, key, object.bytes).await;
    };
    let body = serde_json::to_string(&pending.message)?;
    let group = content.group()?;
    let sends = pending.queues.iter().map(|&queue| {
        let replay = pending.replay.clone();
        let message = Message { replay, ..Message::new(body.clone(), group.clone()) };
        async move { ports.queues().send(queue, message).await.map_err(|error| (queue, error)) }
    });
    let mut refused: Vec<Queue> = Vec::new();
    for (queue, error) in join_all(sends).await.into_iter().filter_map(Result::err) {
        tracing::warn!(key, %queue, %error, "queue still refuses a pending message");
        refused.push(queue);
    }
    if refused.is_empty() {
        ports.objects().delete(key).await?;
        return Ok(Delivery::Done);
    }
    let since = pending.since.unwrap_or_else(|| content.since());
    let is_too_old = ports.clock().now().duration_since(since) >= DEAD_LETTER_AFTER;
    match content {
        Content::Event(_) if is_too_old => return dead_letter(ports, key, object.bytes).await,
        Content::Alert(_) if is_too_old => {
            ports.objects().delete(key).await?;
            return Ok(Delivery::Dropped);
        }
        Content::Event(_) | Content::Alert(_) => {}
    }
    if refused != pending.queues {
        let rest = Pending { queues: refused, ..pending };
        let bytes = Bytes::from(serde_json::to_vec(&rest)?);
        let object = Object { bytes, content_type: "application/json" };
        ports.objects().put(key, object, Precondition::None).await?;
    }
    Ok(Delivery::Pending)
}

#[cfg(test)]
mod tests {
    use camhook_ingest::{Instance, Malformed, alert_quarantined};
    use camhook_ports::memory::MemoryPorts;
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

    async fn put_event(ports: &MemoryPorts, number: u32, queues: &[&str]) {
        let key = put_pending(ports, queues).await;
        let object = ports.objects.object(&key).unwrap();
        let other = format!("{PENDING_PREFIX}{number:032x}.json");
        ports.objects.put(&other, object, Precondition::None).await.unwrap();
        ports.objects.delete(&key).await.unwrap();
    }

    #[tokio::test]
    async fn events_that_cannot_be_delivered_do_not_hold_up_the_others() {
        let ports = MemoryPorts::new("2026-11-23T08:05:00Z".parse().unwrap());
        for number in 0..1000 {
            put_event(&ports, number, &["notify"]).await;
        }
        for number in 1000..1004 {
            put_event(&ports, number, &["relay"]).await;
        }
        ports.queues.fail(Queue::Notify);
        deliver_pending(&ports).await;
        assert_eq!(ports.queues.sent(Queue::Relay).len(), 0);
        deliver_pending(&ports).await;
        assert_eq!(ports.queues.sent(Queue::Relay).len(), 4);
        assert_eq!(ports.objects.keys().len(), 1000, "the others wait for their queue");
        ports.queues.heal();
        deliver_pending(&ports).await;
        assert!(ports.objects.keys().is_empty());
    }

    fn alerts(ports: &MemoryPorts) -> Vec<String> {
        let messages = ports.queues.take(Queue::Alerts).into_iter();
        messages.map(|message| serde_json::from_str::<Alert>(&message.body).unwrap().text).collect()
    }

    #[tokio::test]
    async fn an_event_that_cannot_be_delivered_for_a_day_is_dead_lettered_with_an_alert() {
        let ports = MemoryPorts::new("2026-11-24T07:59:59Z".parse().unwrap());
        let key = put_pending(&ports, &["notify", "relay"]).await;
        ports.queues.fail(Queue::Notify);
        deliver_pending(&ports).await;
        assert_eq!(ports.objects.keys(), [key.as_str()]);
        assert!(alerts(&ports).is_empty());
        ports.clock.advance(Duration::from_secs(1));
        assert_eq!(counted_by_a_tick(&ports, "PendingDeadLettered").await, 1);
        assert_eq!(ports.objects.keys(), [format!("quarantine/2026/11/24/pending/{ID}/request.bin")]);
        let [alert] = alerts(&ports).try_into().unwrap();
        assert!(alert.starts_with("1 stored events"), "{alert}");
    }

    /// Alerts about an unreadable post while the queue of alerts refuses.
    async fn refuse_alert(ports: &MemoryPorts) {
        let toml = "timezone = \"UTC\"\n[[source]]\nid = \"gate\"\nvendor = \"viewtron\"\n\
            auth = { token = \"AAAAAAAAAAAAAAAAAAAAAA\" }\n";
        let (site, _) = camhook_site::read(toml, "test").unwrap();
        let malformed = Malformed { code: "not_xml", detail: "no element".to_owned() };
        ports.queues.fail(Queue::Alerts);
        alert_quarantined(ports, &Instance::default(), site.source("gate").unwrap(), &malformed).await;
    }

    #[tokio::test]
    async fn an_alert_that_the_queue_refused_is_sent_when_the_queue_works_again() {
        let ports = ports();
        refuse_alert(&ports).await;
        assert_eq!(counted_by_a_tick(&ports, "PendingOwed").await, 1);
        ports.queues.heal();
        assert_eq!(counted_by_a_tick(&ports, "PendingDelivered").await, 1);
        let [alert] = alerts(&ports).try_into().unwrap();
        assert!(alert.starts_with("The source gate (viewtron) sent a post"), "{alert}");
        assert!(ports.objects.keys().is_empty(), "nothing is pending");
        assert!(ports.queues.sent(Queue::Notify).is_empty());
        deliver_pending(&ports).await;
        assert!(alerts(&ports).is_empty(), "it is sent once");
    }

    #[tokio::test]
    async fn an_alert_that_no_queue_accepts_for_a_day_is_dropped() {
        let ports = ports();
        refuse_alert(&ports).await;
        ports.clock.advance(Duration::from_secs(24 * 3600));
        assert_eq!(counted_by_a_tick(&ports, "PendingFailed").await, 1);
        assert!(ports.objects.keys().is_empty());
    }

    #[tokio::test]
    async fn a_replayed_event_has_a_day_of_its_own() {
        let ports = MemoryPorts::new("2026-12-24T08:00:00Z".parse().unwrap());
        let key = put_pending(&ports, &["notify"]).await;
        let object = ports.objects.object(&key).unwrap();
        let pending: Pending = serde_json::from_slice(&object.bytes).unwrap();
        let replayed =
            Pending { replay: Some("run-1".to_owned()), since: Some(ports.clock.now()), ..pending };
        let bytes = Bytes::from(serde_json::to_vec(&replayed).unwrap());
        ports.objects.put(&key, Object { bytes, ..object }, Precondition::None).await.unwrap();
        ports.queues.fail(Queue::Notify);
        assert_eq!(counted_by_a_tick(&ports, "PendingOwed").await, 1);
        ports.clock.advance(Duration::from_secs(24 * 3600));
        assert_eq!(counted_by_a_tick(&ports, "PendingDeadLettered").await, 1);
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_dead_lettered() {
        let ports = ports();
        let key = format!("{PENDING_PREFIX}{ID}.json");
        let object = Object { bytes: Bytes::from_static(b"{"), content_type: "application/json" };
        ports.objects.put(&key, object, Precondition::None).await.unwrap();
        assert_eq!(counted_by_a_tick(&ports, "PendingDeadLettered").await, 1);
        assert_eq!(ports.objects.keys(), [format!("quarantine/1970/01/01/pending/{ID}/request.bin")]);
        assert_eq!(alerts(&ports).len(), 1);
    }
}
