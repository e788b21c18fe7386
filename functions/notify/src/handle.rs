//! A batch of the notification queue.

use std::panic::AssertUnwindSafe;

use camhook_outbound::Client;
use camhook_ports::{Clock, EventQueue, Measurements, Ports, Queue, QueueRecord};
use camhook_site::Site;
use camhook_state::dead_letter::{self, DeadLetter};
use futures_util::FutureExt;
use futures_util::future::join_all;

use crate::delivery::Delivery;
use crate::message::{self, QueueMessage};
use crate::retry::LAST_DELIVERY;
use crate::told::Ended;
use crate::{Error, group, retry, tell, trouble};

/// How many messages went which way, by kind of channel and outcome.
pub const NOTIFICATIONS: &str = "Notifications";

/// How many messages of the queue have to be delivered again, by reason.
pub const RETRIES: &str = "NotificationRetries";

/// Handles a batch of the notification queue: the ids of the messages that have to be delivered again, and what
/// was counted. Messages are handled side by side, and none can make another fail.
pub async fn handle<P: Ports>(
    ports: &P,
    site: &Site,
    client: &Client,
    records: &[QueueRecord],
) -> (Vec<String>, Measurements) {
    let handled = join_all(records.iter().map(|record| handle_record(ports, site, client, record))).await;
    let (mut failed, mut measurements) = (Vec::new(), Measurements::default());
    for (record, (ended, measured)) in records.iter().zip(handled) {
        measurements.append(measured);
        if ended != Ended::Finished {
            failed.push(record.message_id.clone());
        }
    }
    (failed, measurements)
}

async fn handle_record<P: Ports>(
    ports: &P,
    site: &Site,
    client: &Client,
    record: &QueueRecord,
) -> (Ended, Measurements) {
    let mut measurements = Measurements::default();
    let message = record.message_id.as_str();
    let processing = process(ports, site, client, record, &mut measurements);
    let (ended, reason) = match AssertUnwindSafe(processing).catch_unwind().await {
        Ok(Ok(Ended::Finished)) => return (Ended::Finished, measurements),
        Ok(Ok(again)) => (again, "not_told"),
        Ok(Err(error)) => {
            tracing::warn!(message, receive_count = record.receive_count, %error, "the message is not handled");
            (Ended::failed(error.to_string()), "error")
        }
        // The panic's own text may hold what the message says.
        Err(_) => {
            tracing::error!(message, receive_count = record.receive_count, "handling the message panicked");
            (Ended::failed("handling the message panicked".to_owned()), "panic")
        }
    };
    measurements.count(RETRIES, [("Reason", reason)]);
    let Ended::Again { asked, reasons } = &ended else { return (ended, measurements) };
    if record.receive_count >= LAST_DELIVERY {
        give_up(ports, record, reasons).await;
    }
    let delay = retry::delay(record.receive_count, *asked);
    if let Err(error) = ports.queues().retry_after(Queue::Notify, &record.receipt_handle, delay).await {
        tracing::warn!(message, %error, "the message comes again later than it should");
    }
    (ended, measurements)
}

/// Notes why a message is given up: the queue moves it to its dead letters without a word.
async fn give_up<P: Ports>(ports: &P, record: &QueueRecord, reasons: &[String]) {
    let message = record.message_id.as_str();
    tracing::error!(message, reasons = reasons.join("; "), "the message is given up");
    let dead_letter = DeadLetter { reasons: reasons.to_vec(), at: ports.clock().now() };
    if let Err(error) = dead_letter::record(ports.state(), Queue::Notify, message, &dead_letter).await {
        tracing::warn!(message, %error, "why the message is given up is not noted");
    }
}

async fn process<P: Ports>(
    ports: &P,
    site: &Site,
    client: &Client,
    record: &QueueRecord,
    measurements: &mut Measurements,
) -> Result<Ended, Error> {
    match message::read(&record.body)? {
        QueueMessage::Event(event) => {
            let delivery = Delivery::of_event(&event, record.receive_count, record.replay.as_deref());
            tell::tell(ports, site, client, delivery, measurements).await
        }
        QueueMessage::Flush(flush) => {
            group::tell(ports, site, client, &flush, record.receive_count, measurements).await
        }
        QueueMessage::Alert(trouble) => {
            trouble::tell(ports, site, client, &trouble, record.receive_count, measurements).await
        }
    }
}
