//! Alerts about quarantined posts: an alarm that camhook could not read must not go unnoticed.

use camhook_event::pending_key;
use camhook_ports::{
    Clock, EventQueue, Metrics, ObjectStore, Ports, Precondition, PutError, Queue, QueueError,
};
use camhook_site::Source;
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::quarantine_alert::{self, ALERT_INTERVAL, AlertState};

use crate::adapter::TOO_MANY_EVENTS;
use crate::instance::Instance;
use crate::quarantine::TOO_LARGE;
use crate::{Malformed, Pending};

/// Why an alert could neither be sent nor stored under `pending/`.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// It cannot be written as a message.
    #[error(transparent)]
    Message(#[from] QueueError),
    /// It cannot be written as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// The queue refused it, and so did the bucket.
    #[error("the queue refused it, and it could not be stored as pending: {0}")]
    Pending(#[from] PutError),
}

/// Sends an alert. One that the queue refuses is stored under `pending/`, from where the watchdog sends it.
///
/// # Errors
///
/// When neither the queue nor the bucket takes it.
pub async fn send_alert<P: Ports>(ports: &P, alert: &Alert) -> Result<(), AlertError> {
    let Err(refused) = ports.queues().send(Queue::Alerts, alert.message()?).await else { return Ok(()) };
    tracing::warn!(about = %alert.about, error = %refused, "queue refused the alert; it is pending");
    let message = serde_json::to_value(alert)?;
    let pending = Pending { queues: vec![Queue::Alerts], message, replay: None, since: None };
    Ok(ports.objects().put(&pending_key(alert.id), pending.object()?, Precondition::None).await?)
}

/// Sends an alert about the first quarantined post of a source and reason in 24 hours.
///
/// It is sent later if the queue refuses it. A failure is logged and counted, and has no effect on the post.
pub async fn alert_quarantined<P: Ports>(
    ports: &P,
    instance: &Instance,
    source: &Source,
    malformed: &Malformed,
) {
    let key = (source.id.to_string(), malformed.code);
    if !instance.quarantine_alerts.is_due(key.clone(), ALERT_INTERVAL, ports.clock().elapsed()) {
        return;
    }
    if let Err(error) = send(ports, source, malformed.code).await {
        instance.quarantine_alerts.forget(&key);
        ports.metrics().count("AlertsFailed", [("Vendor", source.vendor.name())]);
        tracing::error!(source = %source.id, reason = malformed.code, %error, "failed to send the alert about a quarantined post");
    }
}

async fn send<P: Ports>(ports: &P, source: &Source, reason: &str) -> Result<(), AlertError> {
    let (id, now) = (source.id.as_str(), ports.clock().now());
    let found = quarantine_alert::find(ports.state(), id, reason, now).await;
    if matches!(found, Ok(AlertState::Sent)) {
        return Ok(());
    }
    let alert = Alert::new(AlertSubject::Source(id.to_owned()), text(source, reason), now);
    send_alert(ports, &alert).await?;
    let recorded = match found {
        Ok(_) => quarantine_alert::record(ports.state(), id, reason, now).await,
        // An alert too many is better than none. A table that does not answer is not asked twice.
        Err(error) => Err(error),
    };
    if let Err(error) = recorded {
        tracing::warn!(source = id, reason, %error, "failed to record the alert; another instance may send it again");
    }
    Ok(())
}

/// The text of an alert. Nothing that a device sent is part of it.
fn text(source: &Source, reason: &str) -> String {
    let (id, vendor) = (&source.id, source.vendor.name());
    let what_to_do = match reason {
        TOO_LARGE => "Choose smaller pictures in the camera's settings; nothing of the post became an event.",
        TOO_MANY_EVENTS => "Its first events are stored. Check what the device sends.",
        _ => {
            "It may have been an alarm. Check the device's settings against `camhook setup`, and report the device's \
             model and firmware with the post's reason.json."
        }
    };
    format!(
        "The source {id} ({vendor}) sent a post that could not be read completely: {reason}. The post is in the bucket, \
         below quarantine/ in the folder {id} of its day. {what_to_do} The next alert about this follows in 24 hours at \
         the earliest."
    )
}
