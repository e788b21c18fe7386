//! A simulated AWS in this process: S3, SQS, DynamoDB and SSM, as much of them as the functions call, with answers
//! that come after a time of the measurement's choice.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::console::{self, Items};
use crate::error::Error;
use crate::posts::SITE;
use crate::server::{self, Answer, Request};

/// How long the services take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Latency {
    /// S3.
    pub(crate) s3: Duration,
    /// SQS.
    pub(crate) sqs: Duration,
    /// The table.
    pub(crate) table: Duration,
}

impl Latency {
    /// Everything answers at once.
    pub(crate) const NONE: Self = Self { s3: Duration::ZERO, sqs: Duration::ZERO, table: Duration::ZERO };
}

/// The simulated AWS.
#[derive(Debug)]
pub(crate) struct Cloud {
    address: SocketAddr,
    latency: Arc<Mutex<Latency>>,
    calls: Arc<Mutex<Vec<String>>>,
}

impl Cloud {
    /// The operation of [`Self::take_calls`] that reads a page of the event index.
    pub(crate) const INDEX_PAGE: &str = "Query of the index";

    /// Starts it, with these items in the event index.
    pub(crate) fn start(items: Items) -> Result<Self, Error> {
        let latency = Arc::new(Mutex::new(Latency::NONE));
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (latencies, called) = (Arc::clone(&latency), Arc::clone(&calls));
        let address = server::start(move |request| {
            let latency = *latencies.lock().unwrap_or_else(PoisonError::into_inner);
            let operation = operation(&request);
            let (answer, takes) = answer(&operation, &request, latency, &items);
            called.lock().unwrap_or_else(PoisonError::into_inner).push(operation);
            wait(takes);
            answer
        })?;
        Ok(Self { address, latency, calls })
    }

    /// Where the functions find AWS: `AWS_ENDPOINT_URL`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on the services take this long.
    pub(crate) fn answer_after(&self, latency: Latency) {
        *self.latency.lock().unwrap_or_else(PoisonError::into_inner) = latency;
    }

    /// The operations that were called since this was asked last.
    pub(crate) fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[expect(clippy::disallowed_methods, reason = "the simulated AWS is to take this long")]
fn wait(latency: Duration) {
    if latency > Duration::ZERO {
        thread::sleep(latency);
    }
}

/// The operation, as AWS names it.
fn operation(request: &Request) -> String {
    if let Some((_, operation)) = request.header("x-amz-target").and_then(|target| target.split_once('.')) {
        let is_page = operation == "Query" && body(request).get("IndexName").is_some();
        let operation = if is_page { Cloud::INDEX_PAGE } else { operation };
        return operation.to_owned();
    }
    let path = request.target.split('?').next().unwrap_or_default();
    let key = path.trim_start_matches('/').split_once('/').map_or("", |(_, key)| key);
    match (request.method.as_str(), key) {
        ("PUT", _) => "PutObject",
        ("GET", "") => "ListObjectsV2",
        ("GET", _) => "GetObject",
        (method, _) => method,
    }
    .to_owned()
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap_or_default()
}

fn answer(operation: &str, request: &Request, latency: Latency, items: &Items) -> (Answer, Duration) {
    const ETAG: &str = "\"0123456789abcdef0123456789abcdef\"";
    let json = |value: &Value| {
        Answer::new(200, value.to_string()).with("content-type", "application/x-amz-json-1.0")
    };
    match operation {
        "PutObject" => (Answer::new(200, "").with("etag", ETAG), latency.s3),
        "GetObject" if request.target.contains("config/camhook.toml") => {
            match request.header("if-none-match") {
                Some(_) => (Answer::new(304, "").with("etag", ETAG), latency.s3),
                None => (Answer::new(200, SITE).with("etag", ETAG), latency.s3),
            }
        }
        "GetObject" => {
            let error = "<Error><Code>NoSuchKey</Code><Message>there is none</Message></Error>";
            (Answer::new(404, error).with("content-type", "application/xml"), latency.s3)
        }
        "ListObjectsV2" => {
            let none =
                "<ListBucketResult><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>";
            (Answer::new(200, none).with("content-type", "application/xml"), latency.s3)
        }
        "SendMessage" => (json(&json!({ "MessageId": "059f36b4-87a3-44ab-83d2-661975830a7d" })), latency.sqs),
        Cloud::INDEX_PAGE => (json(&items.page(&body(request))), latency.table),
        "GetItem" => (json(&console::table_item(&body(request)["Key"])), latency.table),
        "Query" => (json(&json!({ "Items": [], "Count": 0, "ScannedCount": 0 })), latency.table),
        _ => (json(&json!({})), latency.table),
    }
}
