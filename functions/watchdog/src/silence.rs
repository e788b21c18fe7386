//! Tells when a source goes silent, and when it is back.
//!
//! A source with `offline_after` that was heard of once and then not for that long gives a `device_offline`
//! event; the first sign of life after it a `device_online` event. The events go the way of all others: record,
//! queues, rules. Their ids come from the last sign of life, so that a tick that died half-way is repeated
//! without telling twice.

use std::sync::Arc;

use bytes::Bytes;
use camhook_event::{Kind, State};
use camhook_ingest::{Draft, Headers, Identity, Method, Parts, Request, Verified, keep};
use camhook_ports::{Clock, Measurements, Ports};
use camhook_site::{Site, Source};
use camhook_state::presence::{self, Presence, Told};
use jiff::Timestamp;

/// Tells of every source of the site that went silent or is back.
pub async fn tell_of_silence<P: Ports>(ports: &P, site: &Site) -> Measurements {
    let mut measurements = Measurements::default();
    let heard = match presence::all(ports.state()).await {
        Ok(heard) => heard,
        Err(error) => {
            tracing::error!(%error, "who was heard of cannot be read");
            measurements.count("PresenceFailed", []);
            return measurements;
        }
    };
    let now = ports.clock().now();
    for (id, presence) in heard {
        let Some(source) = site.source(&id) else { continue };
        if let Some((told, since)) = news(source, &presence, now) {
            measurements.append(tell(ports, source, told, since, now).await);
        }
    }
    measurements
}

/// What is to be told of a source that was not told yet, and since when it is so.
fn news(source: &Source, presence: &Presence, now: Timestamp) -> Option<(Told, Timestamp)> {
    let offline_after = source.offline_after?;
    let contact = presence.contact?;
    let is_silent = now.duration_since(contact).unsigned_abs() >= offline_after && contact < now;
    match (is_silent, presence.told) {
        (true, None | Some(Told::Back)) => Some((Told::Gone, contact)),
        (false, Some(Told::Gone)) => Some((Told::Back, contact)),
        _ => None,
    }
}

async fn tell<P: Ports>(
    ports: &P,
    source: &Arc<Source>,
    told: Told,
    since: Timestamp,
    now: Timestamp,
) -> Measurements {
    let (kind, state) = match told {
        Told::Gone => (Kind::DeviceOffline, State::Start),
        Told::Back => (Kind::DeviceOnline, State::Start),
    };
    let mut draft = Draft::new(kind, Identity::SenderId(format!("{kind} {since}")));
    draft.state = Some(state);
    draft.vendor_data.insert("last_contact", since.to_string());
    let (events, measurements) = keep(ports, &request(source, now), vec![(0, draft)]).await;
    if events.iter().any(Result::is_err) {
        // Already logged; the next tick tries again.
        return measurements;
    }
    if let Err(error) = presence::told(ports.state(), source.id.as_str(), told).await {
        tracing::error!(source = %source.id, %error, "that it was told is not noted: it is told again");
    }
    measurements
}

/// The request that nobody made: what the event is kept by.
fn request(source: &Arc<Source>, now: Timestamp) -> Request<Verified> {
    let parts = Parts {
        method: Method::Other,
        path: String::new(),
        query: String::new(),
        headers: Headers::default(),
        body: Bytes::new(),
        source_ip: None,
        request_id: String::new(),
        received_at: now,
    };
    Request::assume_verified(Request::new(parts), Arc::clone(source), Vec::new())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use camhook_event::Event;
    use camhook_ports::Queue;
    use camhook_ports::memory::MemoryPorts;

    use super::*;

    fn site() -> Site {
        let toml = "timezone = \"UTC\"\n[[source]]\nid = \"gate\"\nvendor = \"viewtron\"\noffline_after = \"5m\"\n\
                    auth = { token = \"AAAAAAAAAAAAAAAAAAAAAA\" }\n";
        camhook_site::read(toml, "test").unwrap().0
    }

    async fn told(ports: &MemoryPorts) -> Vec<Kind> {
        let _ = tell_of_silence(ports, &site()).await;
        let messages = ports.queues.take(Queue::Notify);
        messages
            .iter()
            .map(|message| serde_json::from_str::<Event>(&message.body).unwrap().data.kind)
            .collect()
    }

    #[tokio::test]
    async fn a_silence_and_its_end_are_told_once() {
        let ports = MemoryPorts::new("2026-11-23T08:00:00Z".parse().unwrap());
        let contact = async || presence::contact(&ports.state, "gate", ports.clock.now()).await.unwrap();
        assert_eq!(told(&ports).await, [], "never heard of: nothing to miss");
        contact().await;
        ports.clock.advance(Duration::from_secs(299));
        assert_eq!(told(&ports).await, []);
        ports.clock.advance(Duration::from_secs(1));
        assert_eq!(told(&ports).await, [Kind::DeviceOffline]);
        assert_eq!(told(&ports).await, []);
        contact().await;
        assert_eq!(told(&ports).await, [Kind::DeviceOnline]);
        assert_eq!(told(&ports).await, []);
        ports.clock.advance(Duration::from_secs(600));
        assert_eq!(told(&ports).await, [Kind::DeviceOffline]);
    }

    #[tokio::test]
    async fn what_could_not_be_noted_is_told_again_under_the_same_id() {
        let ports = MemoryPorts::new("2026-11-23T08:00:00Z".parse().unwrap());
        presence::contact(&ports.state, "gate", ports.clock.now()).await.unwrap();
        ports.clock.advance(Duration::from_secs(300));
        ports.objects.fail("events/");
        assert_eq!(told(&ports).await, []);
        ports.objects.heal();
        assert_eq!(told(&ports).await, [Kind::DeviceOffline]);
        assert_eq!(ports.objects.keys().len(), 1);
    }

    #[tokio::test]
    async fn a_source_that_the_site_no_longer_has_is_missed_by_nobody() {
        let ports = MemoryPorts::new("2026-11-23T08:00:00Z".parse().unwrap());
        presence::contact(&ports.state, "old", ports.clock.now()).await.unwrap();
        ports.clock.advance(Duration::from_secs(3600));
        assert_eq!(told(&ports).await, []);
    }
}
