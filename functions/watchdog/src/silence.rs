//! Reports sources that go offline and come back.
//!
//! A source with `offline_after` whose last contact is older than that gives a `device_offline` event, and its next
//! contact a `device_online` event. Both are processed like any other event: record, queues, rules. An agent on site
//! that goes offline is reported to the alert channel. Event ids are derived from the last contact, so that a tick that
//! was interrupted is repeated without a second event.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use camhook_event::{Kind, State};
use camhook_ingest::{Credentials, Draft, Identity, Received, persist};
use camhook_ports::{Clock, EventQueue, Metrics, Ports, Queue};
use camhook_site::{Site, Source};
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::presence::{self, Presence, Reported};
use jiff::Timestamp;

/// After how long without a contact an agent counts as offline; it reports each minute.
const AGENT_OFFLINE_AFTER: Duration = Duration::from_secs(5 * 60);

/// Reports every source and agent of the site that went offline or is back.
pub async fn report_silence<P: Ports>(ports: &P, site: &Site) {
    let contacts = match presence::all(ports.state()).await {
        Ok(contacts) => contacts,
        Err(error) => {
            tracing::error!(%error, "failed to read the last contacts of sources");
            ports.metrics().count("PresenceFailed", []);
            return;
        }
    };
    let now = ports.clock().now();
    for (id, presence) in contacts {
        if let Some(area) = presence::area_of_agent(&id) {
            report_agent(ports, &id, area, &presence, now).await;
            continue;
        }
        let Some(source) = site.source(&id) else { continue };
        if let Some((reported, since)) = news(source, &presence, now) {
            report(ports, source, reported, since, now).await;
        }
    }
}

/// What changed about a source and is not reported yet, with the last contact.
fn news(source: &Source, presence: &Presence, now: Timestamp) -> Option<(Reported, Timestamp)> {
    news_after(source.offline_after?, presence, now)
}

/// The same for anything that counts as offline after that long without a contact.
fn news_after(offline_after: Duration, presence: &Presence, now: Timestamp) -> Option<(Reported, Timestamp)> {
    let contact = presence.contact?;
    let is_silent = now.duration_since(contact).unsigned_abs() >= offline_after && contact < now;
    match (is_silent, presence.reported) {
        (true, None | Some(Reported::Back)) => Some((Reported::Gone, contact)),
        (false, Some(Reported::Gone)) => Some((Reported::Back, contact)),
        _ => None,
    }
}

/// Sends an alert about an agent that went offline or is back.
async fn report_agent<P: Ports>(ports: &P, id: &str, area: &str, presence: &Presence, now: Timestamp) {
    let Some((reported, since)) = news_after(AGENT_OFFLINE_AFTER, presence, now) else { return };
    let text = match reported {
        Reported::Gone => format!(
            "The agent {area} has been offline since {since:.0}. Its relays are not switched until it is back. Commands \
             that are too old by then are dropped; releases are executed."
        ),
        Reported::Back => format!("The agent {area} is back since {since:.0}."),
    };
    let alert = Alert::new(AlertSubject::Agent(area.to_owned()), text, now);
    let sent = match alert.message() {
        Ok(message) => ports.queues().send(Queue::Alerts, message).await,
        Err(error) => Err(error),
    };
    if let Err(error) = sent {
        tracing::error!(area, %error, "failed to send the alert about the agent; the next tick retries");
        return;
    }
    if let Err(error) = presence::record_reported(ports.state(), id, reported).await {
        tracing::error!(area, %error, "failed to record the alert; it will be sent again");
    }
}

async fn report<P: Ports>(
    ports: &P,
    source: &Arc<Source>,
    reported: Reported,
    since: Timestamp,
    now: Timestamp,
) {
    let (kind, state) = match reported {
        Reported::Gone => (Kind::DeviceOffline, State::Start),
        Reported::Back => (Kind::DeviceOnline, State::Start),
    };
    let mut draft = Draft::new(kind, Identity::SenderId(format!("{kind} {since}")));
    draft.state = Some(state);
    draft.vendor_data.insert("last_contact", since.to_string());
    // No request: the event is identified by the last contact alone.
    let received = Received {
        source: Arc::clone(source),
        received_at: now,
        id: String::new(),
        body: Bytes::new(),
        query: String::new(),
        credentials: Credentials::default(),
        replay: None,
    };
    let events = persist(ports, &received, vec![(0, draft)]).await;
    if events.iter().any(Result::is_err) {
        // Already logged; the next tick tries again.
        return;
    }
    if let Err(error) = presence::record_reported(ports.state(), source.id.as_str(), reported).await {
        tracing::error!(source = %source.id, %error, "failed to record the report; it will be sent again");
    }
}

#[cfg(test)]
mod tests {
    use camhook_event::Event;
    use camhook_ports::memory::MemoryPorts;

    use super::*;

    fn site() -> Site {
        let toml = "timezone = \"UTC\"\n[[source]]\nid = \"gate\"\nvendor = \"viewtron\"\noffline_after = \"5m\"\n\
                    auth = { token = \"AAAAAAAAAAAAAAAAAAAAAA\" }\n";
        camhook_site::read(toml, "test").unwrap().0
    }

    async fn reported(ports: &MemoryPorts) -> Vec<Kind> {
        report_silence(ports, &site()).await;
        let messages = ports.queues.take(Queue::Notify);
        messages
            .iter()
            .map(|message| serde_json::from_str::<Event>(&message.body).unwrap().data.kind)
            .collect()
    }

    #[tokio::test]
    async fn going_offline_and_coming_back_are_reported_once() {
        let ports = MemoryPorts::new("2026-11-23T08:00:00Z".parse().unwrap());
        let contact =
            async || presence::record_contact(&ports.state, "gate", ports.clock.now()).await.unwrap();
        assert_eq!(reported(&ports).await, [], "no contact yet: not offline");
        contact().await;
        ports.clock.advance(Duration::from_secs(299));
        assert_eq!(reported(&ports).await, []);
        ports.clock.advance(Duration::from_secs(1));
        assert_eq!(reported(&ports).await, [Kind::DeviceOffline]);
        assert_eq!(reported(&ports).await, []);
        contact().await;
        assert_eq!(reported(&ports).await, [Kind::DeviceOnline]);
        assert_eq!(reported(&ports).await, []);
        ports.clock.advance(Duration::from_secs(600));
        assert_eq!(reported(&ports).await, [Kind::DeviceOffline]);
    }

    #[tokio::test]
    async fn an_agent_that_goes_offline_and_is_back_is_reported_once_each() {
        let ports = MemoryPorts::new("2026-11-23T08:00:00Z".parse().unwrap());
        let contact = async || {
            presence::record_contact(&ports.state, &presence::agent("barn"), ports.clock.now())
                .await
                .unwrap();
        };
        let alerts = async || {
            report_silence(&ports, &site()).await;
            let messages = ports.queues.take(Queue::Alerts).into_iter();
            let alerts = messages.map(|message| serde_json::from_str::<Alert>(&message.body).unwrap());
            alerts.map(|alert| (alert.about.to_string(), alert.text)).collect::<Vec<_>>()
        };
        contact().await;
        ports.clock.advance(Duration::from_secs(299));
        assert!(alerts().await.is_empty());
        ports.clock.advance(Duration::from_secs(1));
        let gone = alerts().await;
        assert_eq!(gone.len(), 1);
        assert_eq!(gone[0].0, "agent barn");
        assert!(gone[0].1.contains("been offline since 2026-11-23T08:00:00Z"), "{}", gone[0].1);
        assert!(alerts().await.is_empty());
        contact().await;
        assert_eq!(alerts().await[0].1, "The agent barn is back since 2026-11-23T08:05:00Z.");
        assert!(alerts().await.is_empty());
    }

    #[tokio::test]
    async fn what_could_not_be_recorded_is_reported_again_under_the_same_id() {
        let ports = MemoryPorts::new("2026-11-23T08:00:00Z".parse().unwrap());
        presence::record_contact(&ports.state, "gate", ports.clock.now()).await.unwrap();
        ports.clock.advance(Duration::from_secs(300));
        ports.objects.fail("events/");
        assert_eq!(reported(&ports).await, []);
        ports.objects.heal();
        assert_eq!(reported(&ports).await, [Kind::DeviceOffline]);
        assert_eq!(ports.objects.keys().len(), 1);
    }

    #[tokio::test]
    async fn a_source_that_was_removed_is_not_reported() {
        let ports = MemoryPorts::new("2026-11-23T08:00:00Z".parse().unwrap());
        presence::record_contact(&ports.state, "old", ports.clock.now()).await.unwrap();
        ports.clock.advance(Duration::from_secs(3600));
        assert_eq!(reported(&ports).await, []);
    }
}
