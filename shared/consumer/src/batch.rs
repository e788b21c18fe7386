//! One batch of messages.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use camhook_ports::{Clock, EventQueue, Metrics, Ports, Queue, QueueRecord};
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::dead_letter::{self, DeadLetter};
use camhook_state::retry::{self, RetryRecord};
use futures_util::FutureExt;
use futures_util::future::join_all;
use tracing::Instrument;

use crate::policy::{Concurrency, Policy};
use crate::retry::{Cause, Delay, Retry};

/// The outcome of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct BatchOutcome {
    /// The ids of the messages that SQS must deliver again; it deletes the others.
    pub failed: Vec<String>,
}

/// The outcome of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Disposition {
    /// It is processed and can be deleted.
    Delete,
    /// It is delivered again.
    Redeliver,
}

/// Processes a batch of messages. Neither an error nor a panic of one message affects another one.
pub async fn consume<'a, P: Ports>(
    ports: &P,
    policy: &Policy,
    records: impl IntoIterator<Item = &'a QueueRecord>,
    processor: impl AsyncFn(&QueueRecord) -> Result<(), Retry>,
) -> BatchOutcome {
    let processor = &processor;
    let one = async |record: &'a QueueRecord| {
        let disposition = process(ports, policy, record, processor(record)).await;
        (record, disposition)
    };
    let processed = match policy.concurrency {
        Concurrency::Parallel => join_all(records.into_iter().map(one)).await,
        Concurrency::Sequential => {
            let mut processed = Vec::new();
            for record in records {
                processed.push(one(record).await);
            }
            processed
        }
    };
    let failed = processed.into_iter().filter(|(_, disposition)| *disposition == Disposition::Redeliver);
    BatchOutcome { failed: failed.map(|(record, _)| record.message_id.clone()).collect() }
}

/// Processes one message. What has to be delivered again has its delay set when this returns.
pub async fn process<P: Ports>(
    ports: &P,
    policy: &Policy,
    record: &QueueRecord,
    processing: impl Future<Output = Result<(), Retry>>,
) -> Disposition {
    let span = tracing::info_span!(
        "message",
        queue = %policy.queue,
        message_id = record.message_id,
        receive_count = record.receive_count,
    );
    async {
        // Nothing of the processor is looked at after a panic. The text of the panic is not used: it may hold
        // what the message says.
        let processed = AssertUnwindSafe(processing).catch_unwind().await;
        let panicked = |_| Err(Retry::failed("panic", "processing the message panicked"));
        let Err(retry) = processed.unwrap_or_else(panicked) else {
            if record.receive_count > 1 {
                remove_retry(ports, policy, record).await;
            }
            return Disposition::Delete;
        };
        redeliver(ports, policy, record, &retry).await;
        Disposition::Redeliver
    }
    .instrument(span)
    .await
}

async fn redeliver<P: Ports>(ports: &P, policy: &Policy, record: &QueueRecord, retry: &Retry) {
    ports.metrics().count(policy.retries, [("Reason", retry.reason)]);
    let details = retry.details.join("; ");
    let delay = delay(policy, record, retry);
    if record.receive_count >= policy.max_receive_count {
        tracing::error!(reason = retry.reason, error = details, "message dead-lettered");
        record_dead_letter(ports, policy, record, retry).await;
        remove_retry(ports, policy, record).await;
        alert(ports, policy, record, retry).await;
    } else if retry.cause == Cause::Failed {
        tracing::warn!(
            reason = retry.reason,
            error = details,
            attempt = record.receive_count,
            attempts = policy.max_receive_count,
            next_attempt_s = delay.map(|delay| delay.as_secs()),
            "failed to process message, it will be redelivered"
        );
        record_retry(ports, policy, record, retry, delay).await;
    }
    let Some(delay) = delay else { return };
    if let Err(error) = ports.queues().retry_after(policy.queue, &record.receipt_handle, delay).await {
        tracing::warn!(%error, "failed to set the delay, the message is redelivered after its visibility timeout");
    }
}

fn delay(policy: &Policy, record: &QueueRecord, retry: &Retry) -> Option<Duration> {
    let backoff = policy.backoff;
    match retry.delay {
        Delay::Backoff => backoff.delay(record.receive_count),
        Delay::AtLeast(delay) => Some(backoff.delay_at_least(record.receive_count, delay)),
        Delay::Exactly(delay) => Some(delay),
    }
}

/// SQS moves a message to the dead-letter queue without a reason; the table has it.
async fn record_dead_letter<P: Ports>(ports: &P, policy: &Policy, record: &QueueRecord, retry: &Retry) {
    let reasons = match retry.details.as_slice() {
        [] => vec![format!("still waiting: {}", retry.reason)],
        details => details.to_vec(),
    };
    let dead_letter = DeadLetter { reasons, at: ports.clock().now() };
    let recorded = dead_letter::record(ports.state(), policy.queue, &record.message_id, &dead_letter).await;
    if let Err(error) = recorded {
        tracing::warn!(%error, "failed to record the reason of a dead letter");
    }
}

/// Records a failure where `camhook dlq` lists messages that are retried.
async fn record_retry<P: Ports>(
    ports: &P,
    policy: &Policy,
    record: &QueueRecord,
    retry: &Retry,
    delay: Option<Duration>,
) {
    let at = ports.clock().now();
    let next_at = delay.and_then(|delay| at.checked_add(delay).ok());
    let failure = RetryRecord { attempt: record.receive_count, reasons: retry.details.clone(), at, next_at };
    if let Err(error) = retry::record(ports.state(), policy.queue, &record.message_id, &failure).await {
        tracing::warn!(%error, "failed to record a retry");
    }
}

async fn remove_retry<P: Ports>(ports: &P, policy: &Policy, record: &QueueRecord) {
    if let Err(error) = retry::remove(ports.state(), policy.queue, &record.message_id).await {
        tracing::warn!(%error, "failed to remove the record of a retry, it expires by itself");
    }
}

/// Alerts that a message became a dead letter. An alert that became one itself is only logged; the queue of alerts also
/// carries messages of groups, which are no alerts.
async fn alert<P: Ports>(ports: &P, policy: &Policy, record: &QueueRecord, retry: &Retry) {
    if Alert::is_in(&record.body) {
        return;
    }
    let reason = match retry.details.as_slice() {
        [] => format!("still waiting: {}", retry.reason),
        details => details.join("; "),
    };
    let text = format!(
        "A message of the queue {} failed {} times and is a dead letter now: {reason}. See `camhook dlq`.",
        policy.queue, policy.max_receive_count
    );
    let alert = Alert::new(AlertSubject::Queue(policy.queue), text, ports.clock().now());
    let sent = match alert.message() {
        Ok(message) => ports.queues().send(Queue::Alerts, message).await,
        Err(error) => Err(error),
    };
    if let Err(error) = sent {
        tracing::error!(%error, "failed to enqueue an alert about a dead letter");
    }
}
