//! One source of the deployed stack, over real HTTP: what its device posts and hears, and what is kept of it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

use crate::cloud::{Bucket, Cloud};
use crate::device_log::received;
use crate::http_server::HttpClient;
use crate::post::Post;
use crate::stack::Stack;
use crate::wait;

/// A source of the deployed stack. Each test has one of its own.
#[derive(Debug)]
pub struct Source {
    /// Its id.
    pub id: &'static str,
    /// Its webhook's address.
    pub url: String,
    /// The stack.
    pub stack: Stack,
    /// The stack's cloud.
    pub cloud: Cloud,
    /// The stack's bucket.
    pub bucket: Bucket,
    client: HttpClient,
    known: Vec<String>,
}

impl Source {
    /// The source with this id in tests/camhook.toml.
    pub async fn given(id: &'static str) -> Self {
        let stack = Stack::given();
        let cloud = Cloud::of(&stack);
        let bucket = cloud.bucket(&stack.bucket);
        let known = bucket.record_keys(id).await;
        let url = stack.webhook(id).to_owned();
        Self { id, url, stack, cloud, bucket, client: HttpClient::default(), known }
    }

    /// Sends a request with these header fields.
    pub async fn send(
        &self,
        method: &str,
        url: &str,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> Response<Bytes> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        self.client.send(request.body(Bytes::copy_from_slice(body)).unwrap()).await
    }

    /// Fills in a template for the path of this source.
    #[must_use]
    pub fn fill_in(&self, template: &str) -> Post {
        Post::new(template, self.url.strip_prefix(&self.stack.endpoint_url).unwrap())
    }

    /// Sends a post as its head says, with these header fields more.
    pub async fn post(&self, post: &Post, more: &[(&str, &str)]) -> Response<Bytes> {
        let sample = post.request();
        let fields = [&sample.headers[..], more].concat();
        let url = format!("{}{}", self.stack.endpoint_url, sample.target);
        self.send(sample.method, &url, &fields, sample.body).await
    }

    /// The records that were not there before.
    pub async fn news(&mut self) -> Vec<Value> {
        let mut records = Vec::new();
        for key in self.bucket.record_keys(self.id).await {
            if !self.known.contains(&key) {
                records.push(self.bucket.record(&key).await);
                self.known.push(key);
            }
        }
        records
    }

    /// The one event that came of what was just accepted.
    pub async fn the_event(&mut self) -> Value {
        let records = self.news().await;
        <[Value; 1]>::try_from(records)
            .map_or_else(|all| panic!("{} events: {all:#?}", all.len()), |[one]| one)
    }

    /// The pictures that a record names are stored, and are byte by byte those that were posted.
    pub async fn assert_pictures(&self, record: &Value, post: &Post) {
        let mut sent = post.pictures();
        for image in record["data"]["images"].as_array().map(Vec::as_slice).unwrap_or_default() {
            let key = image["key"].as_str().unwrap_or_else(|| panic!("a picture is rejected: {image}"));
            let stored = self.bucket.bytes(key).await;
            assert_eq!(image["bytes"], stored.len());
            let position = sent.iter().position(|sent| stored == *sent);
            sent.swap_remove(position.unwrap_or_else(|| panic!("{key} is no picture that was sent")));
        }
        assert!(sent.is_empty(), "{} pictures are not stored", sent.len());
    }

    /// Why something of it is in the quarantine, each time.
    pub async fn quarantined(&self) -> Vec<Value> {
        let mut reasons = Vec::new();
        for key in self.kept().await {
            if key.starts_with("quarantine/") && key.ends_with("/reason.json") {
                reasons.push(self.bucket.json(&key).await);
            }
        }
        reasons
    }

    /// The keys of all that the bucket has of it: records, pictures, quarantine. `pending/` holds what a queue
    /// refused, which no queue of the deployed stack does.
    pub async fn kept(&self) -> Vec<String> {
        self.kept_of(self.id).await
    }

    /// The same of another source, or of one that is none.
    pub async fn kept_of(&self, id: &str) -> Vec<String> {
        let mut keys = self.bucket.keys("").await;
        keys.retain(|key| key.contains(&format!("/{id}/")) || key.starts_with("pending/"));
        keys
    }

    /// What the webhook `automation` received about the source, title and event, for a source with such a rule.
    #[must_use]
    pub fn notified(&self) -> Vec<Value> {
        let posted = received(&self.stack, "/webhook/automation");
        let notified = posted.iter().map(|request| request.json()["data"].clone());
        notified.filter(|notified| notified["event"]["data"]["source"] == self.id).collect()
    }

    /// Waits until both consumers have finished all that there is.
    pub async fn consumers_are_done(&self) {
        for queue in ["notify", "relay", "alerts"] {
            let queue = self.cloud.queue(&self.stack.queues[queue]);
            let done = async || (queue.holds().await == 0).then_some(());
            wait::until_deadline("an empty queue", wait::REDELIVERY_DEADLINE, done).await;
        }
    }
}
