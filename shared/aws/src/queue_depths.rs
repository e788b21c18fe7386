//! The depths of queues: SQS.
//!
//! SQS does not report the age of the oldest message.

use std::collections::BTreeMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use camhook_ports::{DepthError, Queue, QueueDepth, QueueDepths};

use crate::clients::{Account, shared_config};
use crate::objects::reason;

/// The attributes that together are all messages of a queue.
const MESSAGES: [QueueAttributeName; 3] = [
    QueueAttributeName::ApproximateNumberOfMessages,
    QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
    QueueAttributeName::ApproximateNumberOfMessagesDelayed,
];

/// The depths of a stack's queues.
#[derive(Debug, Clone)]
pub struct AwsQueueDepths {
    client: Client,
    queues: BTreeMap<Queue, String>,
    dead_letters: BTreeMap<Queue, String>,
}

impl AwsQueueDepths {
    /// The depths of these queues and dead-letter queues, given by their URLs. Calls nothing.
    pub async fn connect(
        queues: BTreeMap<Queue, String>,
        dead_letters: BTreeMap<Queue, String>,
        account: Account<'_>,
    ) -> Self {
        Self { client: Client::new(&shared_config(account).await), queues, dead_letters }
    }

    /// The number of messages in a queue, whatever their state.
    async fn messages(&self, url: Option<&String>) -> Result<u64, DepthError> {
        let Some(url) = url else { return Ok(0) };
        let request = self.client.get_queue_attributes().queue_url(url);
        let got = request.set_attribute_names(Some(MESSAGES.to_vec())).send().await;
        let attributes = got.map_err(|error| DepthError { reason: reason(&error) })?.attributes;
        let attributes = attributes.unwrap_or_default();
        let count = |name| attributes.get(name).and_then(|count| count.parse::<u64>().ok());
        Ok(MESSAGES.iter().filter_map(count).sum())
    }
}

impl QueueDepths for AwsQueueDepths {
    async fn depths(&self) -> Result<Vec<QueueDepth>, DepthError> {
        let mut depths = Vec::new();
        for (queue, url) in &self.queues {
            let messages = self.messages(Some(url)).await?;
            let dead_letters = self.messages(self.dead_letters.get(queue)).await?;
            depths.push(QueueDepth { queue: *queue, messages, oldest_s: None, dead_letters });
        }
        Ok(depths)
    }
}
