//! Batches of the queues of notifications and of alerts.

use camhook_consumer::{BatchOutcome, Retry, consume};
use camhook_ports::{Ports, Queue, QueueRecord};
use camhook_site::Site;
use tracing::Instrument;

use crate::alert::send_alert;
use crate::context::{Context, Services};
use crate::delivery::Delivery;
use crate::event::notify_event;
use crate::group::notify_group;
use crate::held_back::notify_held_back;
use crate::message::{self, QueueMessage};
use crate::retry::policy;

/// Handles a batch of a queue: [`Queue::Notify`] or [`Queue::Alerts`]. The latter is open to writers that must not
/// enqueue events, notify itself among them, so that no event is accepted from it.
pub async fn handle<P: Ports>(
    ports: &P,
    site: &Site,
    services: Services<'_>,
    queue: Queue,
    records: &[QueueRecord],
) -> BatchOutcome {
    let Services { client, console } = services;
    let context = Context { ports, site, client, console };
    // Boxed: the nested futures are too deep for the compiler to lay out.
    let processor = async |record: &QueueRecord| Box::pin(process_message(&context, queue, record)).await;
    consume(ports, &policy(queue), records, processor).await
}

async fn process_message<P: Ports>(
    context: &Context<'_, P>,
    queue: Queue,
    record: &QueueRecord,
) -> Result<(), Retry> {
    let receive_count = record.receive_count;
    match (message::read(&record.body)?, queue) {
        (QueueMessage::Event(_), Queue::Alerts) => {
            // It never becomes acceptable: a retry would only repeat this line.
            tracing::error!("dropped an event from the queue of alerts");
            Ok(())
        }
        (QueueMessage::Event(event), _) => {
            let span = tracing::info_span!("event", event = %event.id, source = event.data.source.as_str());
            let delivery = Delivery::of_event(&event, receive_count, record.replay.as_deref());
            notify_event(context, delivery).instrument(span).await
        }
        (QueueMessage::Alert(alert), _) => send_alert(context, &alert, receive_count).await,
        (QueueMessage::Flush(flush), _) => {
            let span =
                tracing::info_span!("group", event = %flush.group, source = flush.source, rule = flush.rule);
            notify_group(context, &flush, receive_count).instrument(span).await
        }
        (QueueMessage::HeldBack(held_back), _) => {
            let span = tracing::info_span!("held_back", rule = held_back.rule, channel = held_back.channel);
            notify_held_back(context, &held_back).instrument(span).await
        }
    }
}
