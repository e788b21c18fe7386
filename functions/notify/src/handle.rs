//! Batches of the notification queue.

use std::panic::AssertUnwindSafe;

use camhook_outbound::Client;
use camhook_ports::{Clock, EventQueue, Measurements, Ports, Queue, QueueRecord};
use camhook_site::Site;
use camhook_state::dead_letter::{self, DeadLetter};
use futures_util::FutureExt;
use futures_util::future::join_all;
use tracing::Instrument;
use tracing::field::Empty;

use crate::alert::send_alert;
use crate::context::Context;
use crate::delivery::Delivery;
use crate::error::Error;
use crate::event::notify_event;
use crate::group::notify_group;
use crate::message::{self, QueueMessage};
use crate::outcome::Disposition;
use crate::retry::{self, LAST_DELIVERY};

/// Counts messages of the queue that have to be delivered again, by reason.
pub const RETRIES: &str = "NotificationRetries";

/// Handles a batch of the notification queue. Returns the ids of the messages that have to be delivered again,
/// and what was measured. Messages are handled concurrently; a failure or panic of one affects no other.
pub async fn handle<P: Ports>(
    ports: &P,
    site: &Site,
    client: &Client,
    records: &[QueueRecord],
) -> (Vec<String>, Measurements) {
    let context = Context::new(ports, site, client);
    let dispositions = join_all(records.iter().map(|record| {
        let span = tracing::info_span!(
            "message",
            message_id = record.message_id.as_str(),
            receive_count = record.receive_count,
            event = Empty,
            source = Empty,
        );
        handle_record(&context, record).instrument(span)
    }))
    .await;
    let failed =
        records.iter().zip(dispositions).filter(|(_, disposition)| *disposition != Disposition::Done);
    let failed = failed.map(|(record, _)| record.message_id.clone()).collect();
    (failed, context.into_measurements())
}

async fn handle_record<P: Ports>(context: &Context<'_, P>, record: &QueueRecord) -> Disposition {
    let processing = AssertUnwindSafe(process_message(context, record)).catch_unwind().await;
    let (disposition, reason) = match processing {
        Ok(Ok(Disposition::Done)) => return Disposition::Done,
        Ok(Ok(retry)) => (retry, "not_delivered"),
        Ok(Err(error)) => {
            tracing::warn!(%error, "failed to process a message");
            (Disposition::failed(error.to_string()), "error")
        }
        // The panic's own text may hold what the message says.
        Err(_) => {
            tracing::error!("panicked while processing a message");
            (Disposition::failed("the function panicked".to_owned()), "panic")
        }
    };
    context.count(RETRIES, [("Reason", reason)]);
    let Disposition::Retry { after, reasons } = &disposition else { return disposition };
    if record.receive_count >= LAST_DELIVERY {
        record_dead_letter(context.ports, record, reasons).await;
    }
    let delay = retry::delay(record.receive_count, *after);
    if let Err(error) = context.ports.queues().retry_after(Queue::Notify, &record.receipt_handle, delay).await
    {
        tracing::warn!(%error, "failed to delay a retry, the queue's own timeout applies");
    }
    disposition
}

/// Records why a message becomes a dead letter: the queue itself keeps no reason.
async fn record_dead_letter<P: Ports>(ports: &P, record: &QueueRecord, reasons: &[String]) {
    tracing::error!(reasons = reasons.join("; "), "message becomes a dead letter");
    let dead_letter = DeadLetter { reasons: reasons.to_vec(), at: ports.clock().now() };
    let recorded = dead_letter::record(ports.state(), Queue::Notify, &record.message_id, &dead_letter).await;
    if let Err(error) = recorded {
        tracing::warn!(%error, "failed to record the reasons of a dead letter");
    }
}

async fn process_message<P: Ports>(
    context: &Context<'_, P>,
    record: &QueueRecord,
) -> Result<Disposition, Error> {
    let span = tracing::Span::current();
    match message::read(&record.body)? {
        QueueMessage::Event(event) => {
            span.record("event", tracing::field::display(event.id));
            span.record("source", event.data.source.as_str());
            let delivery = Delivery::of_event(&event, record.receive_count, record.replay.as_deref());
            notify_event(context, delivery).await
        }
        QueueMessage::Flush(flush) => {
            span.record("event", tracing::field::display(flush.group));
            span.record("source", flush.source.as_str());
            notify_group(context, &flush, record.receive_count).await
        }
        QueueMessage::Alert(alert) => send_alert(context, &alert, record.receive_count).await,
    }
}
