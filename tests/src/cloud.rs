//! What is in the local cloud's S3, SQS and table, looked at past camhook's own code.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, VersioningConfiguration,
};
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::stack::Stack;
use crate::wait;

/// Clients of the local cloud.
#[derive(Debug, Clone)]
pub struct Cloud {
    /// Objects.
    pub s3: aws_sdk_s3::Client,
    /// Queues.
    pub sqs: aws_sdk_sqs::Client,
    /// The table.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Parameters.
    pub ssm: aws_sdk_ssm::Client,
    region: String,
}

impl Cloud {
    /// Clients of the cloud that a stack is on.
    #[must_use]
    pub fn of(stack: &Stack) -> Self {
        let shared = aws_config::SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(stack.region.clone()))
            .endpoint_url(&stack.endpoint_url)
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                "local",
                "local",
                None,
                None,
                "the tests",
            )))
            .http_client(camhook_aws::http_client())
            .build();
        Self {
            s3: aws_sdk_s3::Client::new(&shared),
            sqs: aws_sdk_sqs::Client::new(&shared),
            dynamodb: aws_sdk_dynamodb::Client::new(&shared),
            ssm: aws_sdk_ssm::Client::new(&shared),
            region: stack.region.clone(),
        }
    }

    /// A bucket of the cloud.
    #[must_use]
    pub fn bucket(&self, name: &str) -> Bucket {
        Bucket { s3: self.s3.clone(), name: name.to_owned() }
    }

    /// A queue of the cloud.
    #[must_use]
    pub fn queue(&self, url: &str) -> Queue {
        Queue { sqs: self.sqs.clone(), url: url.to_owned() }
    }

    /// A bucket of a test's own, which keeps versions as the template's does.
    pub async fn create_bucket(&self, name: &str) -> Bucket {
        let place = BucketLocationConstraint::from(self.region.as_str());
        let configuration = CreateBucketConfiguration::builder().location_constraint(place).build();
        let request = self.s3.create_bucket().bucket(name).create_bucket_configuration(configuration);
        request.send().await.unwrap();
        let versioning = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let request = self.s3.put_bucket_versioning().bucket(name).versioning_configuration(versioning);
        request.send().await.unwrap();
        self.bucket(name)
    }

    /// A queue of a test's own. Messages that are taken and not deleted come again after 30 seconds.
    pub async fn create_queue(&self, name: &str) -> Queue {
        let created = self.sqs.create_queue().queue_name(name).send().await.unwrap();
        self.queue(created.queue_url().unwrap())
    }

    /// The table with this name.
    #[must_use]
    pub fn table(&self, name: &str) -> Table {
        Table { dynamodb: self.dynamodb.clone(), name: name.to_owned() }
    }

    /// A table of a test's own, with the keys of camhook's.
    pub async fn create_table(&self, name: &str) -> Table {
        let mut request =
            self.dynamodb.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
        for (key, key_type) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
            let definition = AttributeDefinition::builder()
                .attribute_name(key)
                .attribute_type(ScalarAttributeType::S)
                .build()
                .unwrap();
            let element = KeySchemaElement::builder().attribute_name(key).key_type(key_type).build().unwrap();
            request = request.attribute_definitions(definition).key_schema(element);
        }
        request.send().await.unwrap();
        self.table(name)
    }
}

/// One bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    s3: aws_sdk_s3::Client,
    /// Its name.
    pub name: String,
}

impl Bucket {
    /// The keys below a prefix, in order.
    pub async fn keys(&self, prefix: &str) -> Vec<String> {
        let mut keys = Vec::new();
        let mut pages = self.s3.list_objects_v2().bucket(&self.name).prefix(prefix).into_paginator().send();
        while let Some(page) = pages.next().await {
            keys.extend(page.unwrap().contents().iter().map(|object| object.key().unwrap().to_owned()));
        }
        keys
    }

    /// An object's bytes.
    pub async fn bytes(&self, key: &str) -> Bytes {
        let got = self.s3.get_object().bucket(&self.name).key(key).send().await;
        got.unwrap_or_else(|error| missing(key, &error)).body.collect().await.unwrap().into_bytes()
    }

    /// An object as JSON.
    pub async fn json(&self, key: &str) -> Value {
        serde_json::from_slice(&self.bytes(key).await).unwrap()
    }

    /// All objects of JSON below a prefix, in the order of their keys.
    pub async fn jsons(&self, prefix: &str) -> Vec<Value> {
        let mut values = Vec::new();
        for key in self.keys(prefix).await {
            values.push(self.json(&key).await);
        }
        values
    }

    /// The keys of a source's event records.
    pub async fn record_keys(&self, source: &str) -> Vec<String> {
        let mut keys = self.keys("events/").await;
        keys.retain(|key| key.contains(&format!("/{source}/")));
        keys
    }

    /// The event records of a source, every one valid.
    pub async fn records(&self, source: &str) -> Vec<Value> {
        let mut records = Vec::new();
        for key in self.record_keys(source).await {
            records.push(self.record(&key).await);
        }
        records
    }

    /// The event record under a key, which is valid.
    pub async fn record(&self, key: &str) -> Value {
        let event = self.json(key).await;
        assert_valid(&event);
        event
    }

    /// The audit record of a relay and an event, when there is one.
    pub async fn audit_record(&self, relay: &str, event: &str) -> Value {
        let key = wait::until(&format!("the audit record of {relay}"), async || {
            let keys = self.keys("audit/").await;
            keys.into_iter().find(|key| key.contains(&format!("/{relay}/")) && key.contains(event))
        })
        .await;
        self.json(&key).await
    }

    /// Puts an object.
    pub async fn put(&self, key: &str, bytes: impl Into<Bytes>) {
        let body = aws_sdk_s3::primitives::ByteStream::from(bytes.into());
        self.s3.put_object().bucket(&self.name).key(key).body(body).send().await.unwrap();
    }
}

#[expect(clippy::panic, reason = "a test stops where it fails")]
fn missing<T>(key: &str, error: &dyn std::error::Error) -> T {
    panic!("`{key}` cannot be read: {error}, {:?}", error.source().map(ToString::to_string))
}

/// Checks an event against the published schema.
#[expect(clippy::panic, reason = "a test stops where it fails")]
pub fn assert_valid(event: &Value) {
    if let Err(error) = camhook_fixture::check_event(event) {
        panic!("{error}: {event:#}");
    }
}

/// One queue.
#[derive(Debug, Clone)]
pub struct Queue {
    sqs: aws_sdk_sqs::Client,
    /// Its URL.
    pub url: String,
}

/// A message that was taken from a queue: to be deleted, or it comes again.
#[derive(Debug, Clone)]
pub struct Taken {
    queue: Queue,
    receipt_handle: String,
    /// The message as an event source mapping hands it to a function.
    pub record: Value,
}

impl Queue {
    /// Sends a message.
    pub async fn send(&self, body: &str) {
        let request = self.sqs.send_message().queue_url(&self.url).message_body(body);
        request.message_group_id("test").send().await.unwrap();
    }

    /// How many messages the queue holds: to be taken, taken, or waiting for their time.
    pub async fn holds(&self) -> usize {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let request = self.sqs.get_queue_attributes().queue_url(&self.url);
        let got = request.set_attribute_names(Some(names.to_vec())).send().await.unwrap();
        let attributes = got.attributes.unwrap_or_default();
        names.iter().filter_map(|name| attributes.get(name)?.parse::<usize>().ok()).sum()
    }

    /// Takes a message, if there is one by now.
    pub async fn take(&self) -> Option<Taken> {
        self.receive(1, 0).await.pop()
    }

    /// Takes at most this many messages; waits for the first one for so many seconds.
    pub async fn receive(&self, most: i32, seconds: i32) -> Vec<Taken> {
        let request = self.sqs.receive_message().queue_url(&self.url);
        let request = request
            .max_number_of_messages(most)
            .wait_time_seconds(seconds)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All");
        let messages = request.send().await.unwrap().messages.unwrap_or_default();
        messages.into_iter().map(|message| self.taken(message)).collect()
    }

    fn taken(&self, message: Message) -> Taken {
        let attributes: Map<String, Value> = message
            .attributes
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.into()))
            .collect();
        let message_attributes: Map<String, Value> = message
            .message_attributes
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| {
                (name, json!({ "stringValue": value.string_value, "dataType": value.data_type }))
            })
            .collect();
        let receipt_handle = message.receipt_handle.unwrap();
        let name = self.url.rsplit('/').next().unwrap();
        let record = json!({
            "messageId": message.message_id,
            "receiptHandle": receipt_handle,
            "body": message.body,
            "attributes": attributes,
            "messageAttributes": message_attributes,
            "md5OfBody": message.md5_of_body,
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:eu-central-1:000000000000:{name}"),
            "awsRegion": "eu-central-1",
        });
        Taken { queue: self.clone(), receipt_handle, record }
    }
}

impl Taken {
    /// Which delivery of the message this is, counted from 1.
    #[must_use]
    pub fn receive_count(&self) -> u32 {
        let count = self.record["attributes"]["ApproximateReceiveCount"].as_str();
        count.and_then(|count| count.parse().ok()).unwrap_or(1)
    }

    /// The message's body as JSON.
    #[must_use]
    pub fn body(&self) -> Value {
        serde_json::from_str(self.record["body"].as_str().unwrap()).unwrap()
    }

    /// The event with which a function is invoked for this message.
    #[must_use]
    pub fn event(&self) -> Value {
        json!({ "Records": [self.record] })
    }

    /// It is done with.
    pub async fn delete(&self) {
        let request = self.queue.sqs.delete_message().queue_url(&self.queue.url);
        request.receipt_handle(&self.receipt_handle).send().await.unwrap();
    }

    /// It comes again at once, as it does after the visibility timeout of a function that died.
    pub async fn give_back(&self) {
        let request = self.queue.sqs.change_message_visibility().queue_url(&self.queue.url);
        request.receipt_handle(&self.receipt_handle).visibility_timeout(0).send().await.unwrap();
    }
}

/// One table.
#[derive(Debug, Clone)]
pub struct Table {
    dynamodb: aws_sdk_dynamodb::Client,
    /// Its name.
    pub name: String,
}

impl Table {
    /// The items whose `pk` begins so: `claim#`.
    pub async fn items(&self, prefix: &str) -> Vec<BTreeMap<String, String>> {
        let mut items = Vec::new();
        let mut pages =
            self.dynamodb.scan().table_name(&self.name).consistent_read(true).into_paginator().send();
        while let Some(page) = pages.next().await {
            items.extend(page.unwrap().items.unwrap_or_default());
        }
        let items = items.into_iter().map(|item| item.into_iter().filter_map(scalar).collect());
        items.filter(|item: &BTreeMap<String, String>| item["pk"].starts_with(prefix)).collect()
    }

    /// Puts an item under another `sk`.
    pub async fn rename(&self, pk: &str, from: &str, to: &str) {
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let key = |sk: &str| [("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))];
        let got = self.dynamodb.get_item().table_name(&self.name).set_key(Some(key(from).into()));
        let mut item = got.consistent_read(true).send().await.unwrap().item.unwrap();
        item.extend(key(to));
        self.put(item.into_iter().collect()).await;
        let delete = self.dynamodb.delete_item().table_name(&self.name).set_key(Some(key(from).into()));
        delete.send().await.unwrap();
    }

    /// Sets a text of an item that exists.
    pub async fn set(&self, pk: &str, sk: &str, name: &str, value: &str) {
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let key = [("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))];
        let update = self.dynamodb.update_item().table_name(&self.name).set_key(Some(key.into()));
        let update = update.update_expression("SET #n = :v").condition_expression("attribute_exists(pk)");
        let update =
            update.expression_attribute_names("#n", name).expression_attribute_values(":v", text(value));
        update.send().await.unwrap();
    }

    /// Puts an item of texts and numbers.
    async fn put(&self, item: BTreeMap<String, AttributeValue>) {
        let item = item.into_iter().collect();
        self.dynamodb.put_item().table_name(&self.name).set_item(Some(item)).send().await.unwrap();
    }
}

fn scalar((name, value): (String, AttributeValue)) -> Option<(String, String)> {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => Some((name, text)),
        _ => None,
    }
}
