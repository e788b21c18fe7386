//! When a source was heard of last.
//!
//! Presence is a convenience beside the events: when it cannot be written, that is logged and nothing else.

use std::time::Duration;

use camhook_ports::{Clock, Ports};
use camhook_site::Source;
use camhook_state::presence::{self, Presence};
use jiff::Timestamp;

use crate::instance::Instance;

/// Notes a sign of life, unless this instance noted one of late.
pub async fn contact<P: Ports>(ports: &P, instance: &Instance, source: &Source) {
    let (now, elapsed) = (ports.clock().now(), ports.clock().elapsed());
    let id = source.id.to_string();
    if !instance.presence.is_due(id.clone(), presence_interval(source), elapsed) {
        return;
    }
    if let Err(error) = presence::record_contact(ports.state(), source.id.as_str(), now).await {
        instance.presence.forget(&id);
        tracing::warn!(source = %source.id, %error, "the sign of life is not noted");
    }
}

/// Notes an event, which is a sign of life too.
pub async fn event<P: Ports>(ports: &P, instance: &Instance, source: &Source, at: Timestamp) {
    instance.presence.is_due(source.id.to_string(), presence_interval(source), ports.clock().elapsed());
    if let Err(error) = presence::record_event(ports.state(), source.id.as_str(), at).await {
        instance.presence.forget(&source.id.to_string());
        tracing::warn!(source = %source.id, %error, "the time of the event is not noted");
    }
}

/// Notes that somebody who named this source was refused, unless this instance noted one of late.
pub(crate) async fn refused<P: Ports>(ports: &P, instance: &Instance, source: &Source, reason: &'static str) {
    let (now, elapsed) = (ports.clock().now(), ports.clock().elapsed());
    tracing::warn!(source = %source.id, reason, "refused");
    if !instance.refusals.is_due(source.id.to_string(), presence_interval(source), elapsed) {
        return;
    }
    if let Err(error) = presence::record_refusal(ports.state(), source.id.as_str(), now, reason).await {
        tracing::warn!(source = %source.id, %error, "the refusal is not noted");
    }
}

/// What a person reads who opens the webhook's address.
pub(crate) async fn ready_text<P: Ports>(ports: &P, source: &Source) -> String {
    let last_event = match presence::find(ports.state(), source.id.as_str()).await {
        Ok(Some(Presence { event: Some(at), .. })) => format!("its last event came at {at:.0}"),
        Ok(_) => "it has sent no event yet".to_owned(),
        Err(error) => {
            tracing::warn!(source = %source.id, %error, "the last event cannot be read");
            "when its last event came cannot be told now".to_owned()
        }
    };
    format!("camhook: the source {} is ready; {last_event}\n", source.id)
}

/// The shortest time between two writes of one source's presence by one instance.
fn presence_interval(source: &Source) -> Duration {
    const SHORTEST: Duration = Duration::from_secs(60);
    source.offline_after.map_or(SHORTEST, |after| (after / 4).max(SHORTEST))
}
