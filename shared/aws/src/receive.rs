//! Acquisition messages from a queue oneself, where no event source mapping does it.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use camhook_ports::{Queue, QueueError};

use crate::SqsQueues;
use crate::objects::reason;

/// The longest that SQS waits for a message.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// A message that was received and comes again unless it is deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// Names the message.
    pub message_id: String,
    /// Names this delivery of it.
    pub receipt_handle: String,
    /// Its text.
    pub body: String,
    /// What the queue says of it, by SQS's names: `ApproximateReceiveCount` and others.
    pub attributes: BTreeMap<String, String>,
    /// What the sender said beside the text.
    pub message_attributes: BTreeMap<String, String>,
}

impl SqsQueues {
    /// Receives up to ten messages, and waits for the first of them.
    ///
    /// # Errors
    ///
    /// When the queue refuses or does not answer.
    pub async fn receive(&self, queue: Queue, wait: Duration) -> Result<Vec<ReceivedMessage>, QueueError> {
        let wait = wait.min(LONGEST_WAIT);
        let seconds = i32::try_from(wait.as_secs()).unwrap_or_default();
        // The usual limits are shorter than the wait.
        let limit = wait + Duration::from_secs(5);
        let patient = aws_sdk_sqs::config::Builder::new().timeout_config(
            TimeoutConfig::builder().operation_timeout(limit).operation_attempt_timeout(limit).build(),
        );
        let request = self
            .client
            .receive_message()
            .queue_url(self.url(queue)?)
            .max_number_of_messages(10)
            .wait_time_seconds(seconds)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All");
        let received = request.customize().config_override(patient).send().await;
        let received = received.map_err(|error| QueueError { queue, reason: reason(&error) })?;
        Ok(received.messages.unwrap_or_default().into_iter().map(message).collect())
    }

    /// Sends a message as it was received, without a delay: the id that it has now.
    ///
    /// # Errors
    ///
    /// When the queue refuses or does not answer.
    pub async fn forward(&self, queue: Queue, body: &str) -> Result<String, QueueError> {
        let request = self.client.send_message().queue_url(self.url(queue)?).message_body(body);
        let sent = request.send().await.map_err(|error| QueueError { queue, reason: reason(&error) })?;
        Ok(sent.message_id.unwrap_or_default())
    }

    /// Removes a received message: it is done with.
    ///
    /// # Errors
    ///
    /// When the queue refuses or does not answer.
    pub async fn delete(&self, queue: Queue, receipt_handle: &str) -> Result<(), QueueError> {
        let url = self.url(queue)?;
        let request = self.client.delete_message().queue_url(url).receipt_handle(receipt_handle);
        request.send().await.map(drop).map_err(|error| QueueError { queue, reason: reason(&error) })
    }
}

fn message(message: Message) -> ReceivedMessage {
    let attributes = message.attributes.unwrap_or_default().into_iter();
    let message_attributes = message.message_attributes.unwrap_or_default().into_iter();
    ReceivedMessage {
        message_id: message.message_id.unwrap_or_default(),
        receipt_handle: message.receipt_handle.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
        attributes: attributes.map(|(name, value)| (name.as_str().to_owned(), value)).collect(),
        message_attributes: message_attributes
            .filter_map(|(name, value)| Some((name, value.string_value?)))
            .collect(),
    }
}
