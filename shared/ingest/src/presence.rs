//! The last contact of each source.
//!
//! Presence is secondary to the events: a failed write is logged and has no other effect.

use std::time::Duration;

use camhook_ports::{Clock, Ports};
use camhook_site::Source;
use camhook_state::presence::{self, Accepted, Content, Presence};
use jiff::Timestamp;

use crate::instance::{Instance, RefusalCount};

/// Records a contact with these credentials, unless this instance recorded one recently.
pub async fn contact<P: Ports>(ports: &P, instance: &Instance, source: &Source, credentials: &[String]) {
    let (now, elapsed) = (ports.clock().now(), ports.clock().elapsed());
    let key = presence_key(source, credentials);
    if !instance.presence.is_due(key.clone(), presence_interval(source), elapsed) {
        return;
    }
    write_refusals(ports, instance).await;
    let post = Accepted { at: now, content: Content::Other, credentials };
    if let Err(error) = presence::record_accepted(ports.state(), source.id.as_str(), post).await {
        instance.presence.forget(&key);
        tracing::warn!(source = %source.id, %error, "failed to record the contact");
    }
}

/// Records an event, which is a contact too.
pub async fn event<P: Ports>(
    ports: &P,
    instance: &Instance,
    source: &Source,
    at: Timestamp,
    credentials: &[String],
) {
    let key = presence_key(source, credentials);
    instance.presence.is_due(key.clone(), presence_interval(source), ports.clock().elapsed());
    write_refusals(ports, instance).await;
    let post = Accepted { at, content: Content::Event, credentials };
    if let Err(error) = presence::record_accepted(ports.state(), source.id.as_str(), post).await {
        instance.presence.forget(&key);
        tracing::warn!(source = %source.id, %error, "failed to record the time of the event");
    }
}

/// Remembers a refused post in the name of this source. It is written with the next accepted post of any source: a
/// refusal that costs a call would be answered later than one of an unknown source.
pub(crate) fn refused<P: Ports>(ports: &P, instance: &Instance, source: &Source, reason: &'static str) {
    tracing::warn!(source = %source.id, reason, "refused a request");
    instance.refusals.add(source.id.as_str(), ports.clock().now(), reason);
}

/// Writes the refusals that this instance remembers.
async fn write_refusals<P: Ports>(ports: &P, instance: &Instance) {
    for (source, RefusalCount { at, reason, count }) in instance.refusals.take() {
        if let Err(error) = presence::record_refusal(ports.state(), &source, at, reason).await {
            tracing::warn!(source, count, %error, "failed to record refusals");
        }
    }
}

/// The text for a person who opens the webhook's address.
pub(crate) async fn ready_text<P: Ports>(ports: &P, source: &Source) -> String {
    let last_event = match presence::find(ports.state(), source.id.as_str()).await {
        Ok(Some(Presence { event: Some(at), .. })) => format!("its last event came at {at:.0}"),
        Ok(_) => "it has sent no event yet".to_owned(),
        Err(error) => {
            tracing::warn!(source = %source.id, %error, "failed to read the time of the last event");
            "the time of its last event is not available now".to_owned()
        }
    };
    format!("camhook: the source {} is ready; {last_event}\n", source.id)
}

/// A change of credentials is recorded at once.
fn presence_key(source: &Source, credentials: &[String]) -> String {
    format!("{} {}", source.id, credentials.join(" "))
}

/// The shortest time between two writes of one source's presence by one instance.
fn presence_interval(source: &Source) -> Duration {
    const SHORTEST: Duration = Duration::from_secs(60);
    source.offline_after.map_or(SHORTEST, |after| (after / 4).max(SHORTEST))
}
