//! A message in a dead-letter queue, with the recorded reasons and outcomes.

use std::collections::BTreeMap;

use camhook_event::{Event, EventId};
use camhook_ports::{Queue, State};
use camhook_site::Site;
use camhook_state::alert::Alert;
use camhook_state::claim::{self, ClaimState};
use camhook_state::flush::Flush;
use camhook_state::{Error, cooldown, dead_letter};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// The message attribute that names the run of a replay.
const REPLAY: &str = "replay";

/// A message as it was received from a dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedLetter {
    /// The queue that it was sent to first.
    pub queue: Queue,
    /// The message id.
    pub message_id: String,
    /// Identifies this delivery of it.
    pub receipt_handle: String,
    /// Its text.
    pub body: String,
    /// The attributes of the queue, by SQS's names.
    pub attributes: BTreeMap<String, String>,
    /// The attributes of the sender.
    pub message_attributes: BTreeMap<String, String>,
}

/// A dead letter.
#[derive(Debug, Clone, Serialize)]
pub struct DeadLetter {
    /// The queue that it was sent to first.
    pub queue: Queue,
    /// The message id.
    pub message: String,
    /// The type of the message.
    pub what: &'static str,
    /// When it was first sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Timestamp>,
    /// The event, of a message about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// The event's source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// A short description. It contains text of devices.
    pub about: String,
    /// Why it was dead-lettered; empty if no reason was recorded.
    pub reasons: Vec<String>,
    /// The outcomes of the actions of an event's notifications.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ActionState>,
    /// The event as the message has it.
    #[serde(skip)]
    body: Option<Box<Event>>,
    /// The message as it was received.
    #[serde(skip)]
    pub received: ReceivedLetter,
}

/// The outcome of one action of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActionState {
    /// The rule's id.
    pub rule: String,
    /// The number of the action in the rule, counted from 1.
    pub action: usize,
    /// How far it came.
    pub state: ClaimState,
    /// The outcome, as text for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}

impl DeadLetter {
    /// What is known about a received message.
    ///
    /// # Errors
    ///
    /// When the table fails.
    pub async fn read<S: State>(state: &S, received: ReceivedLetter) -> Result<Self, Error> {
        let queue = received.queue;
        let recorded = dead_letter::find(state, queue, &received.message_id).await?;
        let Content { what, event, about } = content(queue, &received.body);
        let actions = match (queue, &event) {
            (Queue::Notify, Some(event)) => actions(state, event.id).await?,
            _ => Vec::new(),
        };
        let sent = received.attributes.get("SentTimestamp").and_then(|text| text.parse().ok());
        Ok(Self {
            queue,
            message: received.message_id.clone(),
            what,
            sent: sent.and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok()),
            event: event.as_ref().map(|event| event.id),
            source: event.as_ref().map(|event| event.data.source.to_string()),
            about,
            reasons: recorded.map(|recorded| recorded.reasons).unwrap_or_default(),
            actions,
            body: event,
            received,
        })
    }

    /// Whether the id of the message or of its event starts with `id`.
    #[must_use]
    pub fn is(&self, id: &str) -> bool {
        self.message.starts_with(id) || self.event.is_some_and(|event| event.to_string().starts_with(id))
    }

    /// The message group, for fair queues.
    #[must_use]
    pub fn group(&self) -> &str {
        self.received.attributes.get("MessageGroupId").map_or("dlq", String::as_str)
    }

    /// The run of the replay that sent it.
    #[must_use]
    pub fn replay(&self) -> Option<&str> {
        self.received.message_attributes.get(REPLAY).map(String::as_str)
    }

    /// A rule with a pending action that is in the cooldown of a later event: if the message is sent again, the rule
    /// does not act on it. `None` for messages that no cooldown applies to, such as replays.
    ///
    /// # Errors
    ///
    /// When the table fails.
    pub async fn rule_in_cooldown<S: State>(
        &self,
        state: &S,
        site: &Site,
        now: Timestamp,
    ) -> Result<Option<&str>, Error> {
        let Some(event) = self.body.as_deref() else { return Ok(None) };
        if self.queue != Queue::Notify || self.replay().is_some() {
            return Ok(None);
        }
        for action in self.actions.iter().filter(|action| action.state == ClaimState::Taken) {
            let Some(rule) = site.rule(&action.rule) else { continue };
            let scope = site.cooldown_scope(rule, event);
            let key = cooldown::CooldownKey { rule: &action.rule, scope: &scope };
            if cooldown::is_charged(state, key, event.id, now).await? {
                return Ok(Some(&action.rule));
            }
        }
        Ok(None)
    }
}

async fn actions<S: State>(state: &S, event: EventId) -> Result<Vec<ActionState>, Error> {
    let claims = claim::of_event(state, event).await?;
    let actions = claims.into_iter().map(|(rule, action, record)| ActionState {
        rule,
        action: action + 1,
        state: record.state,
        outcome: record.outcome,
    });
    Ok(actions.collect())
}

/// What is known from a message's body.
struct Content {
    what: &'static str,
    event: Option<Box<Event>>,
    about: String,
}

/// Describes a message by its body. Unknown bodies are listed, too.
fn content(queue: Queue, body: &str) -> Content {
    if let Ok(event) = serde_json::from_str::<Event>(body) {
        let about = format!("{} at {}", event.data.kind, event.data.source);
        return Content { what: "event", event: Some(Box::new(event)), about };
    }
    let of = |what, about| Content { what, event: None, about };
    if let Ok(alert) = serde_json::from_str::<Alert>(body) {
        return of("alert", format!("alert about {}: {}", alert.about, alert.text));
    }
    if let Ok(flush) = serde_json::from_str::<Flush>(body) {
        return of("group", format!("events grouped by the rule {} at {}", flush.rule, flush.source));
    }
    let value: Value = serde_json::from_str(body).unwrap_or_default();
    let field = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    match (queue, value["type"].as_str()) {
        (_, Some("camhook.command.v1")) => of("command", format!("command for the relay {}", field("relay"))),
        (_, Some("camhook.release.v1")) => of("release", format!("release of the relay {}", field("relay"))),
        (_, Some("camhook.held_back.v1")) => {
            of("held_back", format!("count of messages that the rule {} did not send", field("rule")))
        }
        (Queue::Mqtt, _) if value["topic"].is_string() => {
            of("mqtt", format!("published to {}", field("topic")))
        }
        (Queue::Index, _) => {
            let key = value.pointer("/Records/0/s3/object/key").and_then(Value::as_str);
            of("notification", format!("record {}", key.unwrap_or("unknown")))
        }
        _ => of("unreadable", "unreadable message".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_described_by_their_bodies() {
        let about = |queue, body: &str| {
            let content = content(queue, body);
            (content.what, content.about)
        };
        let release = r#"{"type":"camhook.release.v1","relay":"gate","generation":1}"#;
        assert_eq!(about(Queue::Relay, release), ("release", "release of the relay gate".to_owned()));
        let command = r#"{"type":"camhook.command.v1","relay":"gate"}"#;
        assert_eq!(about(Queue::RelayLan, command), ("command", "command for the relay gate".to_owned()));
        let mqtt = r#"{"data":"MQ==","topic":"cameras/115/status/alarm","ts":1}"#;
        assert_eq!(about(Queue::Mqtt, mqtt).1, "published to cameras/115/status/alarm");
        assert_eq!(about(Queue::Notify, mqtt).0, "unreadable");
        assert_eq!(about(Queue::Notify, "IB36NL").0, "unreadable");
        let stored = r#"{"Records":[{"s3":{"object":{"key":"events/2026/11/23/gate/1.json"}}}]}"#;
        assert_eq!(about(Queue::Index, stored).1, "record events/2026/11/23/gate/1.json");
    }
}
