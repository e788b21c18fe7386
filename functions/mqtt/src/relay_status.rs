//! What devices publish about relays: whoever switched one waits for it.

use camhook_ports::State;
use camhook_site::Site;
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

/// Records what a message says about a relay, if its topic is one that a relay waits for.
pub(crate) async fn record<S: State>(
    state: &S,
    site: &Site,
    message: &RuleMessage,
) -> Result<RelayTopic, Error> {
    let mut drivers = site.relays().iter().map(|relay| &relay.driver);
    if !drivers.any(|driver| driver.status_topic() == Some(&message.topic)) {
        return Ok(RelayTopic::No);
    }
    if message.payload.len() <= STATUS_LIMIT {
        let payload = String::from_utf8_lossy(&message.payload).into_owned();
        let status = TopicStatus { payload, at: message.received_at };
        topic_status::record(state, &message.topic, &status).await?;
    }
    Ok(RelayTopic::Yes)
}
