//! `camhook pump`: what AWS does between the queues and the functions, for `make watch`.

use std::collections::BTreeMap;
use std::path::Path;
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
use crate::output::Output;
use crate::stack::Stack;

/// Which function gets which queue's messages.
const CONSUMERS: [(Queue, &str); 2] = [(Queue::Notify, "notify"), (Queue::Relay, "relay")];

/// The function that is invoked each minute.
const WATCHDOG: &str = "watchdog";

/// How long a poll waits for a message.
const POLL: Duration = Duration::from_secs(5);

/// How long nothing is asked after a failure.
const PAUSE: Duration = Duration::from_secs(2);

/// Between two ticks of the watchdog.
const TICK: Duration = Duration::from_secs(60);

/// How long an invocation may take: the first one may compile the function.
const INVOCATION: Duration = Duration::from_secs(600);

pub(super) async fn run(arguments: &Pump, stack: Option<&Path>, output: &Output) -> Result<Outcome, Error> {
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

/// Hands a queue's messages to a function for ever.
async fn consume(ports: &AwsPorts, functions: &Functions, queue: Queue, function: &str, output: &Output) {
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
        let failed = match functions.invoke(function, &sqs_event(queue, &messages)).await {
            Ok(answer) => failures(&answer),
            Err(error) => {
                output.note(format_args!("{function} was not invoked: {error}"));
                tokio::time::sleep(PAUSE).await;
                Failures::All("it was not invoked".to_owned())
            }
        };
        let done: Vec<&ReceivedMessage> =
            messages.iter().filter(|message| failed.is_done(&message.message_id)).collect();
        for message in &done {
            if let Err(error) = ports.queues().delete(queue, &message.receipt_handle).await {
                output.note(error);
            }
        }
        let outcome = Handed { queue: queue.name(), messages: messages.len(), done: done.len() };
        let reason = match &failed {
            Failures::All(reason) => format!(": {reason}"),
            Failures::These(_) => String::new(),
        };
        output.result(
            &outcome,
            format_args!("{queue}: {} messages, {} done{reason}", outcome.messages, outcome.done),
        );
    }
}

#[derive(Serialize)]
struct Handed {
    queue: &'static str,
    messages: usize,
    done: usize,
}

/// Invokes the watchdog each minute for ever.
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
            Err(error) => output.note(format_args!("{WATCHDOG} was not invoked: {error}")),
        }
    }
}

/// The functions, as Lambda's own API invokes them.
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

/// A batch as an event source mapping hands it over.
fn sqs_event(queue: Queue, messages: &[ReceivedMessage]) -> serde_json::Value {
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
                "eventSourceARN": format!("arn:aws:sqs:local:000000000000:{queue}"),
                "awsRegion": "local",
            })
        })
        .collect();
    json!({ "Records": records })
}

/// Which messages of a batch come again.
#[derive(Debug, PartialEq, Eq)]
enum Failures {
    /// All, for this reason.
    All(String),
    /// Those with these ids.
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

/// What a function's answer says of its batch, as an event source mapping reads it: an error, an answer that is
/// no batch response, or an item without a name fail the whole batch; an empty answer fails nothing.
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
        return Failures::All("its answer is no batch response".to_owned());
    };
    let names = response.batch_item_failures.unwrap_or_default().into_iter();
    let names: Option<Vec<String>> =
        names.map(|failure| failure.item_identifier.filter(|name| !name.is_empty())).collect();
    names.map_or_else(|| Failures::All("it names a failure without an id".to_owned()), Failures::These)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_function_names_comes_again() {
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
    fn a_whole_batch_comes_again_when_the_answer_is_none() {
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
    fn a_batch_has_the_form_that_functions_read() {
        let message = ReceivedMessage {
            message_id: "1".to_owned(),
            receipt_handle: "handle".to_owned(),
            body: "{}".to_owned(),
            attributes: [("ApproximateReceiveCount".to_owned(), "2".to_owned())].into(),
            message_attributes: [("replay".to_owned(), "run-1".to_owned())].into(),
        };
        let event = sqs_event(Queue::Notify, &[message]);
        let record = &event["Records"][0];
        assert_eq!(record["attributes"]["ApproximateReceiveCount"], "2");
        assert_eq!(record["messageAttributes"]["replay"]["stringValue"], "run-1");
        assert_eq!((&record["messageId"], &record["receiptHandle"]), (&json!("1"), &json!("handle")));
    }
}
