//! A message in a dead-letter queue, with the recorded reasons and outcomes.

use camhook_aws::ReceivedMessage;
use camhook_event::{Event, EventId};
use camhook_ports::{Queue, State};
use camhook_state::alert::Alert;
use camhook_state::claim::{self, ClaimState};
use camhook_state::dead_letter::DeadLetter as RecordedReasons;
use camhook_state::flush::Flush;
use jiff::{SpanRound, Timestamp, Unit};
use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::output::single_line;

/// The message attribute that identifies a replay.
const REPLAY: &str = "replay";

/// A message in a dead-letter queue.
#[derive(Debug, Clone, Serialize)]
pub(super) struct DeadLetter {
    pub(super) queue: Queue,
    /// The message id.
    pub(super) message: String,
    /// The type of the message.
    what: &'static str,
    /// When it was first sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<EventId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// A short description.
    about: String,
    /// Why it was dead-lettered; empty if no reason was recorded.
    reasons: Vec<String>,
    /// The outcomes of the actions of an event's notifications.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    actions: Vec<Action>,
    #[serde(skip)]
    received: ReceivedMessage,
}

/// The outcome of one action of a rule.
#[derive(Debug, Clone, Serialize)]
struct Action {
    rule: String,
    /// The index of the action in the rule, from 0.
    action: usize,
    state: ClaimState,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
}

/// What is known from a message's body.
struct Content {
    what: &'static str,
    event: Option<EventId>,
    source: Option<String>,
    about: String,
}

impl DeadLetter {
    pub(super) async fn read<S: State>(
        state: &S,
        queue: Queue,
        received: ReceivedMessage,
        recorded: Option<RecordedReasons>,
    ) -> Result<Self, Error> {
        let Content { what, event, source, about } = content(queue, &received.body);
        let actions = match (queue, event) {
            (Queue::Notify, Some(event)) => actions(state, event).await?,
            _ => Vec::new(),
        };
        let sent = received.attributes.get("SentTimestamp").and_then(|text| text.parse().ok());
        Ok(Self {
            queue,
            message: received.message_id.clone(),
            what,
            sent: sent.and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok()),
            event,
            source,
            about,
            reasons: recorded.map(|recorded| recorded.reasons).unwrap_or_default(),
            actions,
            received,
        })
    }

    /// Whether the id of the message or of its event starts with `id`.
    pub(super) fn is(&self, id: &str) -> bool {
        self.message.starts_with(id) || self.event.is_some_and(|event| event.to_string().starts_with(id))
    }

    pub(super) fn body(&self) -> &str {
        &self.received.body
    }

    pub(super) fn receipt_handle(&self) -> &str {
        &self.received.receipt_handle
    }

    /// The message group, for fair queues.
    pub(super) fn group(&self) -> &str {
        self.received.attributes.get("MessageGroupId").map_or("dlq", String::as_str)
    }

    /// The id of the replay that sent it.
    pub(super) fn replay(&self) -> Option<&str> {
        self.received.message_attributes.get(REPLAY).map(String::as_str)
    }

    /// The event and source of a notification that is subject to cooldowns.
    pub(super) fn notification(&self) -> Option<(EventId, &str)> {
        if self.queue != Queue::Notify || self.replay().is_some() {
            return None;
        }
        Some((self.event?, self.source.as_deref()?))
    }

    /// The rules with actions that are not done.
    pub(super) fn rules_with_pending_actions(&self) -> impl Iterator<Item = &str> {
        let pending = self.actions.iter().filter(|action| action.state == ClaimState::Taken);
        pending.map(|action| action.rule.as_str())
    }

    /// The message as text for people.
    pub(super) fn text(&self, now: Timestamp) -> String {
        let age = self.sent.map_or_else(|| "unknown age".to_owned(), |sent| age(sent, now));
        let mut lines =
            vec![format!("{}  {}  {age}  {}", self.queue, self.message, single_line(&self.about))];
        lines.extend(self.event.map(|event| format!("    event {event}")));
        if self.reasons.is_empty() {
            lines.push("    no reason recorded; see the log of the function".to_owned());
        }
        lines.extend(self.reasons.iter().map(|reason| format!("    {}", single_line(reason))));
        for Action { rule, action, state, outcome } in &self.actions {
            let state = match state {
                ClaimState::Done => "done",
                ClaimState::Taken => "pending",
                ClaimState::Unknown => "unknown",
            };
            let outcome =
                outcome.as_ref().map(|outcome| format!(": {}", single_line(outcome))).unwrap_or_default();
            lines.push(format!("    {rule}, action {}: {state}{outcome}", action + 1));
        }
        lines.join("\n")
    }
}

/// The time since `then`, in its two largest units.
fn age(then: Timestamp, now: Timestamp) -> String {
    let elapsed = now.duration_since(then);
    let smallest = match elapsed.as_secs().abs() {
        0..120 => Unit::Second,
        120..7200 => Unit::Minute,
        _ => Unit::Hour,
    };
    let round = SpanRound::new().smallest(smallest).largest(Unit::Hour);
    let rounded = now.since(then).and_then(|span| span.round(round));
    rounded.map_or_else(|_| "unknown age".to_owned(), |span| format!("{span:#} ago"))
}

async fn actions<S: State>(state: &S, event: EventId) -> Result<Vec<Action>, Error> {
    let claims = claim::of_event(state, event).await?;
    let actions = claims.into_iter().map(|(rule, action, record)| Action {
        rule,
        action,
        state: record.state,
        outcome: record.outcome,
    });
    Ok(actions.collect())
}

/// Describes a message by its body. Unknown bodies are listed too.
fn content(queue: Queue, body: &str) -> Content {
    if let Ok(event) = serde_json::from_str::<Event>(body) {
        return Content {
            what: "event",
            event: Some(event.id),
            source: Some(event.data.source.to_string()),
            about: format!("{} at {}", event.data.kind, event.data.source),
        };
    }
    let of = |what, about| Content { what, event: None, source: None, about };
    if let Ok(alert) = serde_json::from_str::<Alert>(body) {
        return of("alert", format!("alert about {}: {}", alert.about, alert.text));
    }
    if let Ok(flush) = serde_json::from_str::<Flush>(body) {
        return of("group", format!("events grouped by the rule {} at {}", flush.rule, flush.source));
    }
    match camhook_relay::message::read(body) {
        Ok(camhook_relay::message::Received::Command(command)) => {
            return of("command", format!("command for the relay {}", command.relay));
        }
        Ok(camhook_relay::message::Received::Release(release)) => {
            return of("release", format!("release of the relay {}", release.relay));
        }
        _ => {}
    }
    let value: Value = serde_json::from_str(body).unwrap_or_default();
    match (queue, value["topic"].as_str()) {
        (Queue::Mqtt, Some(topic)) => of("mqtt", format!("published to {topic}")),
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
        let mqtt = r#"{"data":"MQ==","topic":"cameras/115/status/alarm","ts":1}"#;
        assert_eq!(about(Queue::Mqtt, mqtt).1, "published to cameras/115/status/alarm");
        assert_eq!(about(Queue::Notify, mqtt).0, "unreadable");
        assert_eq!(about(Queue::Notify, "IB36NL").0, "unreadable");
    }

    #[test]
    fn ages_are_rounded() {
        let then: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
        let at = |text: &str| age(then, text.parse().unwrap());
        assert_eq!(at("2026-11-23T08:00:42Z"), "42s ago");
        assert_eq!(at("2026-11-23T08:05:20Z"), "5m ago");
        assert_eq!(at("2026-11-25T08:05:00Z"), "48h ago");
    }
}
