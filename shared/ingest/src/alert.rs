//! Alerts about quarantined posts: an alarm that camhook could not read must not go unnoticed.

use camhook_ports::{Clock, EventQueue, Metrics, Ports, Queue, QueueError};
use camhook_site::Source;
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::quarantine_alert::{self, ALERT_INTERVAL, AlertState};

use crate::Malformed;
use crate::adapter::TOO_MANY_EVENTS;
use crate::instance::Instance;
use crate::quarantine::TOO_LARGE;

/// Why an alert could not be sent.
#[derive(Debug, thiserror::Error)]
enum AlertError {
    #[error(transparent)]
    State(#[from] camhook_state::Error),
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// Sends an alert about the first quarantined post of a source and reason in 24 hours.
///
/// A failure is logged and counted, and has no effect on the post.
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
    if quarantine_alert::find(ports.state(), id, reason, now).await? == AlertState::Sent {
        return Ok(());
    }
    let alert = Alert::new(AlertSubject::Source(id.to_owned()), text(source, reason), now);
    ports.queues().send(Queue::Alerts, alert.message()?).await?;
    quarantine_alert::record(ports.state(), id, reason, now).await?;
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
