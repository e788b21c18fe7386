//! A Lambda Runtime API, as much of it as a bootstrap needs, and the real bootstrap running under it.
//!
//! Source: AWS Lambda's developer guide, "Using the Lambda runtime API for custom runtimes".

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use camhook_ports::{Clock, SystemClock};
use http::Request;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use crate::http_server::{HttpServer, Reply};
use crate::process::{KillSwitch, Process};
use crate::wait;

/// The trace header of every invocation. Its lineage says that a function has invoked itself 15 times: Lambda stops the
/// next message that carries it.
pub const TRACE: &str =
    "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=15:a1b2c3d4:0";

/// The outcome of an invocation.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The function answered.
    Answered(Value),
    /// The function reported an error.
    Failed(Value),
    /// The function's process ended first.
    Died,
}

/// A function: its bootstrap under a Runtime API of its own.
#[derive(Debug)]
pub struct Function {
    process: Process,
    invocations: mpsc::UnboundedSender<Invocation>,
    _api: HttpServer,
}

#[derive(Debug)]
struct Invocation {
    event: Bytes,
    answer: oneshot::Sender<Outcome>,
}

#[derive(Debug)]
struct RuntimeApi {
    next: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    under_way: Mutex<HashMap<String, oneshot::Sender<Outcome>>>,
    count: AtomicUsize,
}

impl Function {
    /// Starts a bootstrap with this environment and what the Lambda service adds to it.
    pub async fn start(name: &str, bootstrap: &Path, mut environment: Vec<(String, String)>) -> Self {
        let (invocations, next) = mpsc::unbounded_channel();
        let runtime = Arc::new(RuntimeApi {
            next: tokio::sync::Mutex::new(next),
            under_way: Mutex::default(),
            count: AtomicUsize::new(0),
        });
        let api = HttpServer::start(move |request| {
            let runtime = Arc::clone(&runtime);
            async move { runtime.answer(request).await }
        })
        .await;
        for (variable, value) in [
            ("AWS_LAMBDA_RUNTIME_API", api.address().to_string().as_str()),
            ("AWS_LAMBDA_FUNCTION_NAME", name),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "test"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "test"),
        ] {
            environment.push((variable.to_owned(), value.to_owned()));
        }
        Self { process: Process::start(bootstrap, environment), invocations, _api: api }
    }

    /// Invokes the function and waits for the outcome.
    pub async fn invoke(&self, event: &Value) -> Outcome {
        let (answer, answered) = oneshot::channel();
        let invocation = Invocation { event: event.to_string().into(), answer };
        self.invocations.send(invocation).unwrap();
        let ended = self.kill_switch();
        let outcome = async {
            tokio::select! {
                biased;
                Ok(outcome) = answered => outcome,
                () = ended.ended() => Outcome::Died,
            }
        };
        wait::within("an answer of the function", outcome).await
    }

    /// Invokes the function; the test fails when it does not answer.
    #[expect(clippy::panic, reason = "a test stops where it fails")]
    pub async fn call(&self, event: &Value) -> Value {
        match self.invoke(event).await {
            Outcome::Answered(answer) => answer,
            other => panic!("the function did not answer: {other:?}; its log:\n{}", self.log()),
        }
    }

    /// What kills it.
    #[must_use]
    pub fn kill_switch(&self) -> KillSwitch {
        self.process.kill_switch()
    }

    /// All that it has written by now.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.output().join("\n")
    }

    /// The sum of a metric with just these dimensions, as far as it is written by now.
    #[must_use]
    pub fn counted(&self, name: &str, dimensions: &[(&str, &str)]) -> f64 {
        let lines = self.process.output();
        let lines = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter_map(|line| metric(&line, name, dimensions)).sum()
    }

    /// Waits until a metric with just these dimensions was counted this often.
    pub async fn has_counted(&self, name: &str, dimensions: &[(&str, &str)], times: f64) {
        let what = format!("{name} {dimensions:?} counted {times} times");
        wait::until(&what, async || (self.counted(name, dimensions) >= times).then_some(())).await;
    }
}

/// The value of a metric in a line of metrics. The dimensions are the line's only texts.
fn metric(line: &Value, name: &str, dimensions: &[(&str, &str)]) -> Option<f64> {
    let texts = line.as_object()?.values().filter(|value| value.is_string()).count();
    let same =
        texts == dimensions.len() && dimensions.iter().all(|(dimension, value)| line[dimension] == *value);
    same.then(|| line[name].as_f64()).flatten()
}

impl RuntimeApi {
    async fn answer(&self, request: Request<Bytes>) -> Reply {
        let path = request.uri().path().to_owned();
        let parts: Vec<&str> = path.trim_start_matches("/2018-06-01/runtime/").split('/').collect();
        match parts.as_slice() {
            ["invocation", "next"] => self.next().await,
            ["invocation", id, "response"] => self.end(id, &request, Outcome::Answered),
            ["invocation", id, "error"] => self.end(id, &request, Outcome::Failed),
            _ => Reply::json(404, &Value::Null),
        }
    }

    async fn next(&self) -> Reply {
        let Some(Invocation { event, answer }) = self.next.lock().await.recv().await else {
            return Reply::Silence;
        };
        let id = format!("invocation-{}", self.count.fetch_add(1, Ordering::Relaxed));
        self.under_way.lock().unwrap().insert(id.clone(), answer);
        let deadline = SystemClock::start().now().checked_add(Duration::from_secs(10)).unwrap();
        Reply::text(200, event)
            .with_header("content-type", "application/json")
            .with_header("lambda-runtime-aws-request-id", &id)
            .with_header("lambda-runtime-trace-id", TRACE)
            .with_header("lambda-runtime-deadline-ms", &deadline.as_millisecond().to_string())
            .with_header(
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:eu-central-1:000000000000:function:test",
            )
    }

    fn end(&self, id: &str, request: &Request<Bytes>, outcome: impl Fn(Value) -> Outcome) -> Reply {
        let value = serde_json::from_slice(request.body()).unwrap_or(Value::Null);
        if let Some(answer) = self.under_way.lock().unwrap().remove(id) {
            // Nobody waits any more when the test is over.
            let _ = answer.send(outcome(value));
        }
        Reply::json(202, &Value::Null)
    }
}
