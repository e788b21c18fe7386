//! The queues: SQS.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::MessageAttributeValue;
use camhook_invocation::REPLAY_ATTRIBUTE;
use camhook_ports::{EventQueue, Message, Queue, QueueError};

use crate::objects::reason;

/// The queues of a stack.
#[derive(Debug, Clone)]
pub struct SqsQueues {
    pub(crate) client: Client,
    urls: BTreeMap<Queue, String>,
}

impl SqsQueues {
    /// Queues by their URLs.
    #[must_use]
    pub fn new(client: Client, urls: BTreeMap<Queue, String>) -> Self {
        Self { client, urls }
    }

    /// The queue's name in SQS, which ends its ARN; `None` for a queue whose URL is not known.
    #[must_use]
    pub fn name(&self, queue: Queue) -> Option<&str> {
        self.urls.get(&queue)?.rsplit('/').next()
    }

    /// The queue with this name in SQS.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Queue> {
        self.urls.keys().copied().find(|queue| self.name(*queue) == Some(name))
    }

    pub(crate) fn url(&self, queue: Queue) -> Result<&str, QueueError> {
        let unknown = || QueueError { queue, reason: "the function was not given its URL".to_owned() };
        self.urls.get(&queue).map(String::as_str).ok_or_else(unknown)
    }
}

fn whole_seconds(duration: Duration) -> i32 {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

impl EventQueue for SqsQueues {
    async fn send(&self, queue: Queue, message: Message) -> Result<(), QueueError> {
        let mut request = self
            .client
            .send_message()
            .queue_url(self.url(queue)?)
            .message_group_id(message.group)
            .message_body(message.body);
        if message.delay > Duration::ZERO {
            request = request.delay_seconds(whole_seconds(message.delay));
        }
        if let Some(run) = message.replay {
            let value = MessageAttributeValue::builder().data_type("String").string_value(run).build();
            let value = value.map_err(|error| QueueError { queue, reason: error.to_string() })?;
            request = request.message_attributes(REPLAY_ATTRIBUTE, value);
        }
        let sent = request.send().await;
        sent.map(drop).map_err(|error| QueueError { queue, reason: reason(&error) })
    }

    async fn retry_after(
        &self,
        queue: Queue,
        receipt_handle: &str,
        delay: Duration,
    ) -> Result<(), QueueError> {
        let changed = self
            .client
            .change_message_visibility()
            .queue_url(self.url(queue)?)
            .receipt_handle(receipt_handle)
            .visibility_timeout(whole_seconds(delay))
            .send()
            .await;
        changed.map(drop).map_err(|error| QueueError { queue, reason: reason(&error) })
    }
}
