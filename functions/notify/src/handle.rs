//! A batch of the notification queue.

use std::panic::AssertUnwindSafe;

use camhook_outbound::Client;
use camhook_ports::{EventQueue, Measurements, Ports, Queue, QueueRecord};
use camhook_site::Site;
use futures_util::FutureExt;
use futures_util::future::join_all;

use crate::message::{self, QueueMessage};
use crate::tell::{self, Delivery};
use crate::told::Ended;
use crate::{Error, retry, trouble};

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
    let processing = process(ports, site, client, record, &mut measurements);
    let (ended, reason) = match AssertUnwindSafe(processing).catch_unwind().await {
        Ok(Ok(Ended::Finished)) => return (Ended::Finished, measurements),
        Ok(Ok(again)) => (again, "not_told"),
        Ok(Err(error)) => {
            let message = record.message_id.as_str();
            tracing::warn!(message, receive_count = record.receive_count, %error, "the message is not handled");
            (Ended::Again { asked: None }, "error")
        }
        // The panic's own text may hold what the message says.
        Err(_) => {
            let message = record.message_id.as_str();
            tracing::error!(message, receive_count = record.receive_count, "handling the message panicked");
            (Ended::Again { asked: None }, "panic")
        }
    };
    measurements.count(RETRIES, [("Reason", reason)]);
    let asked = match ended {
        Ended::Finished => None,
        Ended::Again { asked } => asked,
    };
    let delay = retry::delay(record.receive_count, asked);
    if let Err(error) = ports.queues().retry_after(Queue::Notify, &record.receipt_handle, delay).await {
        tracing::warn!(message = record.message_id, %error, "the message comes again later than it should");
    }
    (ended, measurements)
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
            let replay = record.replay.as_deref();
            let delivery = Delivery { event: &event, receive_count: record.receive_count, replay };
            tell::tell(ports, site, client, delivery, measurements).await
        }
        QueueMessage::Trouble(trouble) => {
            trouble::tell(ports, site, client, &trouble, record.receive_count, measurements).await
        }
    }
}
