//! Records every decision: an object in the bucket, a log line and a metric.
//!
//! The claim, or the relay's item for the end of a release, contains the decision too. If the process is killed before the
//! object is written, the next delivery writes it from there, under the same key.

use bytes::Bytes;
use camhook_event::{EventId, Time, audit_key};
use camhook_ports::{Metrics, Object, ObjectStore, Ports, Precondition, PutError};
use camhook_site::RelayAction;
use camhook_state::claim::DecisionRecord;
use jiff::Timestamp;
use serde::Serialize;

use crate::command::PlateEvidence;
use crate::{CommandMessage, Decision, Reason, RelayCommand};

/// Metric: decisions, by relay and decision.
pub const DECISIONS: &str = "RelayDecisions";

/// Metric: audit records that could not be written, by relay.
pub const AUDIT_LOST: &str = "RelayAuditLost";

/// Metric: audit records that a later delivery wrote, by relay.
pub const AUDIT_RECOVERED: &str = "RelayAuditRecovered";

#[derive(Debug, Serialize)]
enum AuditType {
    #[serde(rename = "camhook.audit.v1")]
    V1,
}

/// The stored form of a decision.
#[derive(Debug, Serialize)]
struct AuditRecord<'a> {
    #[serde(rename = "type")]
    audit_type: AuditType,
    /// The time of the decision.
    at: Time,
    decision: &'a str,
    /// The reason's name; `text` is the same in a sentence.
    reason: &'a str,
    text: &'a str,
    relay: &'a str,
    action: &'static str,
    /// The length of a pulse or hold, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    /// The index of the action within the rule, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    action_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<EventId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_time: Option<Time>,
    /// The age of the event at the decision, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    age_s: Option<f64>,
    /// The number of the attempt, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    /// The generation of the release.
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u64>,
    /// What was read and what matched, if the rule matched a plate by tolerance.
    #[serde(skip_serializing_if = "Option::is_none")]
    plate: Option<&'a PlateEvidence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replay: Option<&'a str>,
}

/// The subject of a decision.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Subject<'a> {
    /// An action of a rule.
    Actuation {
        /// The action.
        command: &'a RelayCommand<'a>,
        /// The number of the attempt, counted from 1; `None` if there was none.
        attempt: Option<u32>,
    },
    /// A command that the agent refuses; its relay may be in no camhook.toml.
    Refused {
        /// The command.
        message: &'a CommandMessage,
        /// The number of the last known attempt, counted from 1; `None` if there was none.
        attempt: Option<u32>,
    },
    /// The release of a relay whose device has no timer.
    Release {
        /// The relay's id.
        relay: &'a str,
        /// Its generation.
        generation: u64,
        /// The number of the attempt, counted from 1.
        attempt: u32,
    },
}

impl<'a> Subject<'a> {
    fn relay(&self) -> &'a str {
        match self {
            Self::Actuation { command, .. } => command.relay.id.as_str(),
            Self::Refused { message, .. } => &message.relay,
            Self::Release { relay, .. } => relay,
        }
    }

    /// Distinguishes the objects of two decisions of the same millisecond.
    fn name(&self, decision: &str) -> String {
        match self {
            Self::Actuation { command, .. } => {
                format!("{decision}-{}-{}-{}", command.event, command.rule, command.action_index)
            }
            Self::Refused { message, .. } => {
                format!("{decision}-{}-{}-{}", message.event, message.rule, message.action_index)
            }
            Self::Release { generation, attempt, .. } => format!("{decision}-{generation}-{attempt}"),
        }
    }

    fn record(&self, decided: &'a DecisionRecord) -> AuditRecord<'a> {
        let empty = AuditRecord {
            audit_type: AuditType::V1,
            at: Time::new(decided.at),
            decision: &decided.decision,
            reason: &decided.reason,
            text: &decided.text,
            relay: self.relay(),
            action: "release",
            seconds: None,
            rule: None,
            action_index: None,
            event: None,
            source: None,
            event_time: None,
            age_s: None,
            attempt: None,
            generation: None,
            plate: None,
            replay: None,
        };
        match *self {
            Self::Actuation { command, attempt } => AuditRecord {
                action: command.action.name(),
                seconds: seconds(command.action),
                rule: Some(command.rule),
                action_index: Some(command.action_index),
                event: Some(command.event),
                source: Some(command.source),
                event_time: Some(Time::new(command.order_time)),
                age_s: Some(command.age(decided.at).as_secs_f64()),
                attempt,
                plate: command.plate.as_ref(),
                replay: command.replay,
                ..empty
            },
            Self::Refused { message, attempt } => AuditRecord {
                action: message.action().name(),
                seconds: seconds(message.action()),
                rule: Some(&message.rule),
                action_index: Some(message.action_index),
                event: Some(message.event),
                source: Some(&message.source),
                event_time: Some(Time::new(message.event_time)),
                age_s: Some(decided.at.duration_since(message.happened_at).as_secs_f64().max(0.0)),
                attempt,
                plate: message.plate.as_ref(),
                replay: message.replay.as_deref(),
                ..empty
            },
            Self::Release { generation, attempt, .. } => {
                AuditRecord { generation: Some(generation), attempt: Some(attempt), ..empty }
            }
        }
    }
}

/// The length of a pulse or hold.
fn seconds(action: RelayAction) -> Option<f64> {
    match action {
        RelayAction::Pulse { duration } | RelayAction::Hold { duration } => Some(duration.as_secs_f64()),
        RelayAction::On | RelayAction::Off | RelayAction::Toggle => None,
    }
}

/// A decision in the form that claim and audit share.
pub(crate) fn decided(decision: Decision, reason: &Reason, at: Timestamp) -> DecisionRecord {
    DecisionRecord {
        decision: decision.name().to_owned(),
        reason: reason.name().to_owned(),
        text: reason.to_string(),
        at,
    }
}

/// Whether the object of a decision exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recording {
    /// It does.
    Written,
    /// It could not be written.
    Lost,
}

/// Records a decision. A failure to write the object is counted and logged, and does not undo the decision.
pub(crate) async fn record<P: Ports>(ports: &P, subject: Subject<'_>, decided: &DecisionRecord) -> Recording {
    let record = subject.record(decided);
    let relay = record.relay;
    ports.metrics().count(DECISIONS, [("Relay", relay), ("Decision", record.decision)]);
    log(&record);
    let key = key(&subject, decided);
    if let Err(error) = put(ports, &key, &record, Precondition::None).await {
        ports.metrics().count(AUDIT_LOST, [("Relay", relay)]);
        tracing::error!(key, %error, "failed to write the audit record");
        return Recording::Lost;
    }
    Recording::Written
}

/// Records a decision that an earlier delivery left in the table, unless its record exists.
pub(crate) async fn recover<P: Ports>(
    ports: &P,
    subject: Subject<'_>,
    decided: &DecisionRecord,
) -> Recording {
    let record = subject.record(decided);
    let key = key(&subject, decided);
    match put(ports, &key, &record, Precondition::Absent).await {
        Ok(()) => {
            ports.metrics().count(DECISIONS, [("Relay", record.relay), ("Decision", record.decision)]);
            ports.metrics().count(AUDIT_RECOVERED, [("Relay", record.relay)]);
            log(&record);
            Recording::Written
        }
        Err(AuditError::Put(PutError::Precondition { .. })) => Recording::Written,
        Err(error) => {
            ports.metrics().count(AUDIT_LOST, [("Relay", record.relay)]);
            tracing::error!(key, %error, "failed to write the audit record of an earlier delivery");
            Recording::Lost
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum AuditError {
    #[error(transparent)]
    Put(#[from] PutError),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

fn key(subject: &Subject<'_>, decided: &DecisionRecord) -> String {
    audit_key(subject.relay(), decided.at, &subject.name(&decided.decision))
}

async fn put<P: Ports>(
    ports: &P,
    key: &str,
    record: &AuditRecord<'_>,
    precondition: Precondition<'_>,
) -> Result<(), AuditError> {
    let json = serde_json::to_vec(record)?;
    let object = Object { bytes: Bytes::from(json), content_type: "application/json" };
    Ok(ports.objects().put(key, object, precondition).await?)
}

/// Logs a decision without `text`, which may contain the device's answer.
fn log(record: &AuditRecord<'_>) {
    let event = record.event.map(|event| event.to_string());
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                relay = record.relay,
                action = record.action,
                decision = record.decision,
                reason = record.reason,
                rule = record.rule,
                event,
                age_s = record.age_s,
                attempt = record.attempt,
                "recorded a relay decision"
            )
        };
    }
    let needs_attention = [Decision::Failed, Decision::Unknown, Decision::Refused];
    if needs_attention.iter().any(|decision| decision.name() == record.decision) {
        line!(warn);
    } else {
        line!(info);
    }
}
