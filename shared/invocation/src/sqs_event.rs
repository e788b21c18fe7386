//! Messages as an SQS event source mapping hands them over, and its partial batch response.

use std::collections::HashMap;

use camhook_ports::QueueRecord;
use serde::{Deserialize, Serialize};

/// The attribute of a message that was sent again, with the run that did it.
pub const REPLAY_ATTRIBUTE: &str = "replay";

/// A batch of messages.
#[derive(Debug, Deserialize)]
pub struct SqsEvent {
    /// The messages.
    #[serde(rename = "Records")]
    records: Vec<SqsRecord>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SqsRecord {
    message_id: String,
    receipt_handle: String,
    body: String,
    #[serde(default)]
    attributes: HashMap<String, String>,
    #[serde(default)]
    message_attributes: HashMap<String, MessageAttribute>,
    #[serde(default, rename = "eventSourceARN")]
    event_source_arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageAttribute {
    string_value: Option<String>,
}

impl SqsEvent {
    /// The name of the queue, by the ARN that the event source mapping gives: a batch is from one queue.
    #[must_use]
    pub fn queue_name(&self) -> Option<&str> {
        self.records.first()?.event_source_arn.rsplit(':').next().filter(|name| !name.is_empty())
    }

    /// The messages as the functions take them.
    #[must_use]
    pub fn into_records(self) -> Vec<QueueRecord> {
        self.records.into_iter().map(record).collect()
    }
}

fn record(mut record: SqsRecord) -> QueueRecord {
    let receive_count = record.attributes.get("ApproximateReceiveCount");
    let replay = record.message_attributes.remove(REPLAY_ATTRIBUTE);
    QueueRecord {
        message_id: record.message_id,
        receipt_handle: record.receipt_handle,
        body: record.body,
        receive_count: receive_count.and_then(|count| count.parse().ok()).unwrap_or(1),
        replay: replay.and_then(|attribute| attribute.string_value),
    }
}

/// Which messages of a batch are to be delivered again; all others are done with.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    batch_item_failures: Vec<BatchItemFailure>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchItemFailure {
    item_identifier: String,
}

impl BatchResponse {
    /// The response that asks for some messages again, by their ids.
    #[must_use]
    pub fn failed(message_ids: Vec<String>) -> Self {
        let failures = message_ids.into_iter().map(|item_identifier| BatchItemFailure { item_identifier });
        Self { batch_item_failures: failures.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_read_as_sqs_delivers_it() {
        let event: SqsEvent = serde_json::from_str(
            r#"{"Records":[{"messageId":"m1","receiptHandle":"r1","body":"{}","attributes":
            {"ApproximateReceiveCount":"3"},"messageAttributes":{"replay":{"stringValue":"run-1","dataType":"String"}},
            "md5OfBody":"x","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-central-1:1:camhook-NotifyQueue-1","awsRegion":"eu-central-1"}]}"#,
        )
        .unwrap();
        assert_eq!(event.queue_name(), Some("camhook-NotifyQueue-1"));
        let records = event.into_records();
        assert_eq!(records[0].receive_count, 3);
        assert_eq!(records[0].replay.as_deref(), Some("run-1"));
        let response = serde_json::to_string(&BatchResponse::failed(vec!["m1".to_owned()])).unwrap();
        assert_eq!(response, r#"{"batchItemFailures":[{"itemIdentifier":"m1"}]}"#);
        let none = serde_json::to_string(&BatchResponse::default()).unwrap();
        assert_eq!(none, r#"{"batchItemFailures":[]}"#);
    }
}
