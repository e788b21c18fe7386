//! Tells when a source goes silent, and when it is back.
//!
//! A source with `offline_after` that was heard of once and then not for that long gives a `device_offline`
//! event; the first sign of life after it a `device_online` event. The events go the way of all others: record,
//! queues, rules. An agent on site that goes silent is told of to the trouble channel. Ids of events come from the last sign of life, so that a tick that died half-way is repeated
//! without telling twice.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use camhook_event::{Kind, State};
use camhook_ingest::{Draft, Identity, Received, persist};
use camhook_ports::{Clock, EventQueue, Metrics, Ports, Queue};
use camhook_site::{Site, Source};
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::presence::{self, Presence, Reported};
use jiff::Timestamp;

/// After how long without a sign of life an agent counts as gone; it gives one each minute.
const AGENT_OFFLINE_AFTER: Duration = Duration::from_secs(5 * 60);

/// Tells of every source of the site that went silent or is back.
pub async fn report_silence<P: Ports>(ports: &P, site: &Site) {
    let heard = match presence::all(ports.state()).await {
        Ok(heard) => heard,
        Err(error) => {
            tracing::error!(%error, "who was heard of cannot be read");
            ports.metrics().count("PresenceFailed", []);
            return;
        }
    };
    let now = ports.clock().now();
    for (id, presence) in heard {
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

/// What is to be told of a source that was not told yet, and since when it is so.
fn news(source: &Source, presence: &Presence, now: Timestamp) -> Option<(Reported, Timestamp)> {
    news_after(source.offline_after?, presence, now)
}

/// What is to be told of whoever counts as gone after a time without a sign of life.
fn news_after(offline_after: Duration, presence: &Presence, now: Timestamp) -> Option<(Reported, Timestamp)> {
    let contact = presence.contact?;
    let is_silent = now.duration_since(contact).unsigned_abs() >= offline_after && contact < now;
    match (is_silent, presence.reported) {
        (true, None | Some(Reported::Back)) => Some((Reported::Gone, contact)),
        (false, Some(Reported::Gone)) => Some((Reported::Back, contact)),
        _ => None,
    }
}

/// Tells the trouble channel of an agent that went silent or is back.
async fn report_agent<P: Ports>(ports: &P, id: &str, area: &str, presence: &Presence, now: Timestamp) {
    let Some((reported, since)) = news_after(AGENT_OFFLINE_AFTER, presence, now) else { return };
    let text = match reported {
        Reported::Gone => format!(
            "The agent {area} has not been heard of since {since:.0}. What it switches is not switched until it is \
             back; commands are dropped when they are too old, and what is on for a time is switched off then."
        ),
        Reported::Back => format!("The agent {area} is back since {since:.0}."),
    };
    let trouble = Alert::new(AlertSubject::Agent(area.to_owned()), text, now);
    let sent = match trouble.message() {
        Ok(message) => ports.queues().send(Queue::Notify, message).await,
        Err(error) => Err(error),
    };
    if let Err(error) = sent {
        tracing::error!(area, %error, "nobody was told of the agent, the next tick tries again");
        return;
    }
    if let Err(error) = presence::record_reported(ports.state(), id, reported).await {
        tracing::error!(area, %error, "that it was told is not noted: it is told again");
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
    // Nobody sent anything: the event's identity rests on the last contact alone.
    let received = Received {
        source: Arc::clone(source),
        received_at: now,
        id: String::new(),
        body: Bytes::new(),
        query: String::new(),
    };
    let events = persist(ports, &received, vec![(0, draft)]).await;
    if events.iter().any(Result::is_err) {
        // Already logged; the next tick tries again.
        return;
    }
    if let Err(error) = presence::record_reported(ports.state(), source.id.as_str(), reported).await {
        tracing::error!(source = %source.id, %error, "that it was told is not noted: it is told again");
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

    async fn told(ports: &MemoryPorts) -> Vec<Kind> {
        report_silence(ports, &site()).await;
        let messages = ports.queues.take(Queue::Notify);
        messages
            .iter()
            .map(|message| serde_json::from_str::<Event>(&message.body).unwrap().data.kind)
            .collect()
    }

    #[tokio::test]
    async fn a_silence_and_its_end_are_told_once() {
        let ports = MemoryPorts::new("2026-11-23T08:00:00Z".parse().unwrap());
        let contact =
            async || presence::record_contact(&ports.state, "gate", ports.clock.now()).await.unwrap();
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
    async fn an_agent_that_goes_silent_and_is_back_is_told_of_once_each() {
        let ports = MemoryPorts::new("2026-11-23T08:00:00Z".parse().unwrap());
        let contact = async || {
            presence::record_contact(&ports.state, &presence::agent("barn"), ports.clock.now())
                .await
                .unwrap();
        };
        let troubles = async || {
            report_silence(&ports, &site()).await;
            let messages = ports.queues.take(Queue::Notify).into_iter();
            let troubles = messages.map(|message| serde_json::from_str::<Alert>(&message.body).unwrap());
            troubles.map(|trouble| (trouble.about.to_string(), trouble.text)).collect::<Vec<_>>()
        };
        contact().await;
        ports.clock.advance(Duration::from_secs(299));
        assert!(troubles().await.is_empty());
        ports.clock.advance(Duration::from_secs(1));
        let gone = troubles().await;
        assert_eq!(gone.len(), 1);
        assert_eq!(gone[0].0, "agent barn");
        assert!(gone[0].1.contains("not been heard of since 2026-11-23T08:00:00Z"), "{}", gone[0].1);
        assert!(troubles().await.is_empty());
        contact().await;
        assert_eq!(troubles().await[0].1, "The agent barn is back since 2026-11-23T08:05:00Z.");
        assert!(troubles().await.is_empty());
    }

    #[tokio::test]
    async fn what_could_not_be_noted_is_told_again_under_the_same_id() {
        let ports = MemoryPorts::new("2026-11-23T08:00:00Z".parse().unwrap());
        presence::record_contact(&ports.state, "gate", ports.clock.now()).await.unwrap();
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
        presence::record_contact(&ports.state, "old", ports.clock.now()).await.unwrap();
        ports.clock.advance(Duration::from_secs(3600));
        assert_eq!(told(&ports).await, []);
    }
}
