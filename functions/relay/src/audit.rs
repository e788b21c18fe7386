//! The record of every decision: an object in the bucket, a log line and a metric.

use bytes::Bytes;
use camhook_event::{EventId, Time, audit_key};
use camhook_ports::{Clock, Measurements, Object, ObjectStore, Ports, Precondition};
use camhook_site::RelayAction;
use jiff::Timestamp;
use serde::Serialize;

use crate::{Decision, Order, Reason};

/// How many decisions there were, by relay and decision.
pub const DECISIONS: &str = "RelayDecisions";

/// How many decisions could not be recorded, by relay.
pub const AUDIT_LOST: &str = "RelayAuditLost";

#[derive(Debug, Serialize)]
enum AuditType {
    #[serde(rename = "camhook.audit.v1")]
    V1,
}

/// One decision, as it is kept.
#[derive(Debug, Serialize)]
struct AuditRecord<'a> {
    #[serde(rename = "type")]
    audit_type: AuditType,
    /// When it was decided.
    at: Time,
    decision: Decision,
    /// The reason's name, and the same for a person.
    reason: &'static str,
    text: String,
    relay: &'a str,
    action: &'static str,
    /// The length of a pulse or hold, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    /// Which of the rule's actions, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    action_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<EventId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_time: Option<Time>,
    /// How old the event was, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    age_s: Option<f64>,
    /// Which attempt of the action or release, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    /// Which setting of the relay's time a release belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replay: Option<&'a str>,
}

/// What a decision was about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Subject<'a> {
    /// An action that a rule wants.
    Actuation {
        /// The action.
        order: &'a Order<'a>,
        /// Which attempt, counted from 1; `None` when none was made.
        attempt: Option<u32>,
    },
    /// The release of a relay without a timer.
    Release {
        /// The relay's id.
        relay: &'a str,
        /// Which setting of its time.
        generation: u64,
        /// Which attempt, counted from 1.
        attempt: u32,
    },
}

impl<'a> Subject<'a> {
    fn relay(&self) -> &'a str {
        match self {
            Self::Actuation { order, .. } => order.relay.id.as_str(),
            Self::Release { relay, .. } => relay,
        }
    }

    /// What tells the objects of two decisions of the same millisecond apart.
    fn name(&self, decision: Decision) -> String {
        match self {
            Self::Actuation { order, .. } => {
                format!("{decision}-{}-{}-{}", order.event, order.rule, order.action_index)
            }
            Self::Release { generation, attempt, .. } => format!("{decision}-{generation}-{attempt}"),
        }
    }

    fn record(&self, decision: Decision, reason: &Reason, at: Timestamp) -> AuditRecord<'a> {
        let empty = AuditRecord {
            audit_type: AuditType::V1,
            at: Time::new(at),
            decision,
            reason: reason.name(),
            text: reason.to_string(),
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
            replay: None,
        };
        match *self {
            Self::Actuation { order, attempt } => AuditRecord {
                action: order.action.name(),
                seconds: match order.action {
                    RelayAction::Pulse { duration } | RelayAction::Hold { duration } => {
                        Some(duration.as_secs_f64())
                    }
                    RelayAction::On | RelayAction::Off | RelayAction::Toggle => None,
                },
                rule: Some(order.rule),
                action_index: Some(order.action_index),
                event: Some(order.event),
                source: Some(order.source),
                event_time: Some(Time::new(order.event_time)),
                age_s: Some(order.age(at).as_secs_f64()),
                attempt,
                replay: order.replay,
                ..empty
            },
            Self::Release { generation, attempt, .. } => {
                AuditRecord { generation: Some(generation), attempt: Some(attempt), ..empty }
            }
        }
    }
}

/// Keeps a decision. What cannot be written to the bucket is counted, and stands in the log all the same: the
/// decision is made, and a lost record must not undo it.
pub(crate) async fn record<P: Ports>(
    ports: &P,
    subject: Subject<'_>,
    decision: Decision,
    reason: &Reason,
    measurements: &mut Measurements,
) {
    let at = ports.clock().now();
    let record = subject.record(decision, reason, at);
    measurements.count(DECISIONS, [("Relay", record.relay), ("Decision", decision.name())]);
    log(&record);

    let key = audit_key(record.relay, at, &subject.name(decision));
    let written = match serde_json::to_vec(&record) {
        Ok(json) => {
            let object = Object { bytes: Bytes::from(json), content_type: "application/json" };
            let put = ports.objects().put(&key, object, Precondition::None).await;
            put.map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = written {
        measurements.count(AUDIT_LOST, [("Relay", record.relay)]);
        tracing::error!(relay = record.relay, key, error, "the audit record was not written");
    }
}

/// The log says what can be searched for; the words of the device stand in the audit record alone.
fn log(record: &AuditRecord<'_>) {
    let event = record.event.map(|event| event.to_string());
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                relay = record.relay,
                action = record.action,
                decision = record.decision.name(),
                reason = record.reason,
                rule = record.rule,
                event,
                age_s = record.age_s,
                attempt = record.attempt,
                "relay decision"
            )
        };
    }
    match record.decision {
        Decision::Failed | Decision::Unknown | Decision::Refused => {
            line!(warn);
        }
        Decision::Done
        | Decision::Late
        | Decision::Duplicate
        | Decision::Stopped
        | Decision::Released
        | Decision::DryRun => {
            line!(info);
        }
    }
}
