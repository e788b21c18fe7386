//! What devices publish about relays: whoever switched one waits for it.

use camhook_ports::State;
use camhook_site::{MqttStatus, Site};
use camhook_state::Error;
use camhook_state::topic_status::{self, TopicStatus};

use crate::RuleMessage;

/// A longer payload is no status that a relay waits for, in bytes.
const STATUS_LIMIT: usize = 4096;

/// Whether a topic is the `status_topic` of a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RelayTopic {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// Records what a message says about a relay, if its topic is one that a relay waits for and the device's own client
/// published it.
pub(crate) async fn record<S: State>(
    state: &S,
    site: &Site,
    message: &RuleMessage,
) -> Result<RelayTopic, Error> {
    let statuses = site.relays().iter().filter_map(|relay| relay.driver.mqtt_status());
    let statuses: Vec<&MqttStatus> = statuses.filter(|status| status.topic == message.topic).collect();
    if statuses.is_empty() {
        return Ok(RelayTopic::No);
    }
    let is_publisher = |status: &&MqttStatus| {
        status.client.is_none() || status.client.as_deref() == message.client.as_deref()
    };
    if !statuses.iter().any(is_publisher) {
        tracing::warn!(topic = message.topic, "ignored a relay's status: another client published it");
        return Ok(RelayTopic::Yes);
    }
    if message.payload.len() <= STATUS_LIMIT {
        let payload = String::from_utf8_lossy(&message.payload).into_owned();
        let status = TopicStatus { payload, at: message.received_at };
        topic_status::record(state, &message.topic, &status).await?;
    }
    Ok(RelayTopic::Yes)
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;

    use super::*;

    const TOPIC: &str = "house/gate/status/relay";

    fn site(status_client: &str) -> Site {
        let toml = format!(
            "[[relay]]\nid = \"gate\"\ndriver = \"mqtt\"\ntopic = \"house/gate/set\"\non = \"1\"\noff = \"0\"\n\
             status_topic = \"{TOPIC}\"\n{status_client}"
        );
        camhook_site::read(&toml, "test").unwrap().0
    }

    async fn recorded(site: &Site, topic: &str, client: Option<&str>) -> (RelayTopic, Option<String>) {
        let state = MemoryState::default();
        let message = RuleMessage {
            topic: topic.to_owned(),
            payload: b"1".to_vec(),
            client: client.map(str::to_owned),
            received_at: "2026-11-23T08:00:00Z".parse().unwrap(),
            id: "message-1".to_owned(),
        };
        let found = record(&state, site, &message).await.unwrap();
        (found, topic_status::find(&state, TOPIC).await.unwrap().map(|status| status.payload))
    }

    #[tokio::test]
    async fn a_status_of_another_client_is_ignored() {
        let (any, one) = (site(""), site("status_client = \"house-bridge\"\n"));
        for client in [Some("house-bridge"), Some("another-bridge"), None] {
            let recorded_of_any = recorded(&any, TOPIC, client).await;
            assert_eq!(recorded_of_any, (RelayTopic::Yes, Some("1".to_owned())), "{client:?}");
            let expected = (client == Some("house-bridge")).then(|| "1".to_owned());
            assert_eq!(recorded(&one, TOPIC, client).await, (RelayTopic::Yes, expected), "{client:?}");
        }
        assert_eq!(
            recorded(&one, "house/barn/status/relay", Some("house-bridge")).await,
            (RelayTopic::No, None)
        );
    }
}
