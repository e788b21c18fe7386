//! `camhook pump`: event source mappings and the schedule of the watchdog, for `make watch`.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use camhook_aws::{AwsPorts, ReceivedMessage};
use camhook_outbound::{Answer, Client, Request};
use camhook_ports::{Clock, Ports, Queue};
use futures_util::future::join_all;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

use super::Outcome;
use crate::arguments::Pump;
use crate::connection::{client, exchange, text};
use crate::error::Error;
use crate::output::{Output, single_line};
use crate::stack::{Selection, Stack};

/// The function that consumes each queue, as in infra/template.yaml.
const CONSUMERS: [(Queue, &str); 6] = [
    (Queue::Notify, "notify"),
    (Queue::Alerts, "notify"),
    (Queue::Relay, "relay"),
    (Queue::Releases, "relay"),
    (Queue::Mqtt, "mqtt"),
    (Queue::Index, "index"),
];

/// The function that is invoked every minute.
const WATCHDOG: &str = "watchdog";

/// The wait time of a long poll.
const POLL: Duration = Duration::from_secs(5);

/// The delay after a failure.
const PAUSE: Duration = Duration::from_secs(2);

/// The interval of the watchdog.
const TICK: Duration = Duration::from_secs(60);

/// The timeout of an invocation, which may compile the function first.
const INVOCATION: Duration = Duration::from_secs(600);

pub(super) async fn run(arguments: &Pump, stack: Selection<'_>, output: &Output) -> Result<Outcome, Error> {
    let ports = Stack::find(stack)?.connect().await;
    let functions = Functions { client: client(INVOCATION), lambda_url: arguments.lambda_url.clone() };
    let mut terminated = signal(SignalKind::terminate()).map_err(Error::Signal)?;
    let mut interrupted = signal(SignalKind::interrupt()).map_err(Error::Signal)?;
    let queues = CONSUMERS.map(|(queue, function)| consume(&ports, &functions, queue, function, output));
    tokio::select! {
        _ = join_all(queues) => {}
        () = tick(&ports, &functions, output) => {}
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    Ok(Outcome::Done)
}

/// Polls a queue and invokes its function until the command ends.
async fn consume(ports: &AwsPorts, functions: &Functions, queue: Queue, function: &str, output: &Output) {
    // Functions recognize a queue by its ARN.
    let queue_name = ports.queues().name(queue).unwrap_or_else(|| queue.name());
    loop {
        let messages = match ports.queues().receive(queue, POLL).await {
            Ok(messages) if messages.is_empty() => continue,
            Ok(messages) => messages,
            Err(error) => {
                output.note(error);
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let failed = match functions.invoke(function, &sqs_event(queue_name, &messages)).await {
            Ok(answer) => failures(&answer),
            Err(error) => {
                output.note(format_args!("failed to invoke {function}: {error}"));
                tokio::time::sleep(PAUSE).await;
                Failures::All("not invoked".to_owned())
            }
        };
        let done: Vec<&ReceivedMessage> =
            messages.iter().filter(|message| failed.is_done(&message.message_id)).collect();
        for message in &done {
            if let Err(error) = ports.queues().delete(queue, &message.receipt_handle).await {
                output.note(error);
            }
        }
        let outcome = BatchResult { queue: queue.name(), messages: messages.len(), done: done.len() };
        let reason = match &failed {
            Failures::All(reason) => format!(": {}", single_line(reason)),
            Failures::These(_) => String::new(),
        };
        output.result(
            &outcome,
            format_args!("{queue}: {} received, {} processed{reason}", outcome.messages, outcome.done),
        );
    }
}

#[derive(Serialize)]
struct BatchResult {
    queue: &'static str,
    messages: usize,
    done: usize,
}

/// Invokes the watchdog every minute until the command ends.
async fn tick(ports: &AwsPorts, functions: &Functions, output: &Output) {
    loop {
        tokio::time::sleep(TICK).await;
        let event = json!({
            "version": "0", "id": "00000000-0000-0000-0000-000000000000", "detail-type": "Scheduled Event",
            "source": "aws.events", "account": "000000000000", "time": format!("{:.0}", ports.clock().now()),
            "region": "local", "resources": [], "detail": {},
        });
        match functions.invoke(WATCHDOG, &event).await {
            Ok(answer) if answer.status.is_success() => {}
            Ok(answer) => output.note(format_args!("{WATCHDOG} failed: {} {}", answer.status, text(&answer))),
            Err(error) => output.note(format_args!("failed to invoke {WATCHDOG}: {error}")),
        }
    }
}

/// Invokes functions through the API of Lambda.
struct Functions {
    client: Client,
    lambda_url: Url,
}

impl Functions {
    async fn invoke(&self, function: &str, event: &serde_json::Value) -> Result<Answer, Error> {
        let url = self.lambda_url.join(&format!("/2015-03-31/functions/{function}/invocations"));
        let url = url.map_err(|error| Error::Unsendable(error.to_string()))?;
        let request = Request::new(Method::POST, url.clone())
            .with_body("application/json", Bytes::from(event.to_string()));
        exchange(&self.client, &url, &request).await
    }
}

/// A batch of messages as an event source mapping sends it.
fn sqs_event(queue_name: &str, messages: &[ReceivedMessage]) -> serde_json::Value {
    let records: Vec<serde_json::Value> = messages
        .iter()
        .map(|message| {
            let attributes: BTreeMap<&String, serde_json::Value> = message
                .message_attributes
                .iter()
                .map(|(name, value)| {
                    let attribute = json!({
                        "stringValue": value, "dataType": "String",
                        "stringListValues": [], "binaryListValues": [],
                    });
                    (name, attribute)
                })
                .collect();
            json!({
                "messageId": message.message_id,
                "receiptHandle": message.receipt_handle,
                "body": message.body,
                "attributes": message.attributes,
                "messageAttributes": attributes,
                "eventSource": "aws:sqs",
                "eventSourceARN": format!("arn:aws:sqs:local:000000000000:{queue_name}"),
                "awsRegion": "local",
            })
        })
        .collect();
    json!({ "Records": records })
}

/// The messages of a batch that are delivered again.
#[derive(Debug, PartialEq, Eq)]
enum Failures {
    /// All of them, with the reason.
    All(String),
    /// The ones with these ids.
    These(Vec<String>),
}

impl Failures {
    fn is_done(&self, message_id: &str) -> bool {
        match self {
            Self::All(_) => false,
            Self::These(failed) => !failed.iter().any(|id| id == message_id),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchResponse {
    #[serde(default)]
    batch_item_failures: Option<Vec<ItemFailure>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemFailure {
    item_identifier: Option<String>,
}

/// Reads a function's answer as an event source mapping does: an error, an answer that is not a batch response, or
/// an item without an id fail the whole batch; an empty answer fails nothing.
fn failures(answer: &Answer) -> Failures {
    let body = text(answer);
    if !answer.status.is_success() || answer.headers.contains_key("x-amz-function-error") {
        return Failures::All(format!("{} {body}", answer.status));
    }
    read_failures(&answer.body)
}

fn read_failures(body: &[u8]) -> Failures {
    if body.trim_ascii().is_empty() || body.trim_ascii() == b"null" {
        return Failures::These(Vec::new());
    }
    let Ok(response) = serde_json::from_slice::<BatchResponse>(body) else {
        return Failures::All("the answer is not a batch response".to_owned());
    };
    let names = response.batch_item_failures.unwrap_or_default().into_iter();
    let names: Option<Vec<String>> =
        names.map(|failure| failure.item_identifier.filter(|name| !name.is_empty())).collect();
    names.map_or_else(|| Failures::All("the answer has a failure without an id".to_owned()), Failures::These)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reported_failures_are_delivered_again() {
        let these = |names: &[&str]| Failures::These(names.iter().map(|&name| name.to_owned()).collect());
        for (body, expected) in [
            ("", these(&[])),
            ("null", these(&[])),
            ("{}", these(&[])),
            (r#"{"batchItemFailures":null}"#, these(&[])),
            (r#"{"batchItemFailures":[]}"#, these(&[])),
            (r#"{"batchItemFailures":[{"itemIdentifier":"a"}]}"#, these(&["a"])),
        ] {
            assert_eq!(read_failures(body.as_bytes()), expected, "{body}");
        }
        assert!(these(&["a"]).is_done("b") && !these(&["a"]).is_done("a"));
    }

    #[test]
    fn an_invalid_answer_fails_the_whole_batch() {
        for body in [
            "\"done\"",
            "[]x",
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{}]}"#,
        ] {
            assert!(matches!(read_failures(body.as_bytes()), Failures::All(_)), "{body}");
        }
    }

    #[test]
    fn a_batch_is_an_sqs_event() {
        let message = ReceivedMessage {
            message_id: "1".to_owned(),
            receipt_handle: "handle".to_owned(),
            body: "{}".to_owned(),
            attributes: [("ApproximateReceiveCount".to_owned(), "2".to_owned())].into(),
            message_attributes: [("replay".to_owned(), "run-1".to_owned())].into(),
        };
        let event = sqs_event("camhook-notify", &[message]);
        let record = &event["Records"][0];
        assert_eq!(record["attributes"]["ApproximateReceiveCount"], "2");
        assert_eq!(record["messageAttributes"]["replay"]["stringValue"], "run-1");
        assert_eq!((&record["messageId"], &record["receiptHandle"]), (&json!("1"), &json!("handle")));
    }
}
