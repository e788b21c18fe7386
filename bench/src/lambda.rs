//! A Lambda Runtime API that takes the time, and the real bootstrap under it.
//!
//! Source: AWS Lambda's developer guide, "Using the Lambda runtime API for custom runtimes".

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use camhook_ports::{Clock, SystemClock};

use crate::allocator;
use crate::cloud::Cloud;
use crate::error::Error;
use crate::process::Process;
use crate::server::{self, Answer, Request};

/// How long anything may take on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);

/// When the event that was asked for may be worked on at the latest.
const INVOCATION: Duration = Duration::from_secs(10);

/// A function under a Runtime API of its own.
#[derive(Debug)]
pub(crate) struct Function {
    /// Its process.
    pub(crate) process: Process,
    /// Process start until its first `GET /next`.
    pub(crate) started_within: Duration,
    name: String,
    log: PathBuf,
    clock: SystemClock,
    events: Sender<Vec<u8>>,
    observed: Receiver<Observed>,
}

/// What the Runtime API observes of a function.
#[derive(Debug)]
enum Observed {
    /// It asked for an event.
    Asks(Duration),
    /// It was given one.
    Has(Duration),
    /// It answered.
    Answered(Duration, Vec<u8>),
    /// It reported an error.
    Failed(Vec<u8>),
}

impl Function {
    /// Starts a bootstrap and waits until it asks for its first event.
    pub(crate) fn start(name: &str, bootstrap: &Path, cloud: &Cloud, log: PathBuf) -> Result<Self, Error> {
        let clock = SystemClock::start();
        let (events, next) = channel();
        let (observations, observed) = channel();
        let next = Mutex::new(next);
        let api = server::start(move |request| answer(&request, clock, &next, &observations))?;
        let api = api.to_string();
        let endpoint = cloud.url();
        let queue = format!("{endpoint}/000000000000/bench");
        let mut environment = vec![
            ("AWS_LAMBDA_RUNTIME_API", api.as_str()),
            ("AWS_LAMBDA_FUNCTION_NAME", name),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "bench"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
            ("AWS_ACCESS_KEY_ID", "bench"),
            ("AWS_SECRET_ACCESS_KEY", "bench"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("CAMHOOK_BUCKET", "bench"),
            ("CAMHOOK_TABLE", "bench"),
            ("CAMHOOK_INDEX_TABLE", "bench-index"),
            ("CAMHOOK_NOTIFY_QUEUE_URL", queue.as_str()),
            ("CAMHOOK_RELAY_QUEUE_URL", queue.as_str()),
            ("CAMHOOK_RELAY_LAN_QUEUE_URL", queue.as_str()),
            ("CAMHOOK_RELEASES_QUEUE_URL", queue.as_str()),
            ("CAMHOOK_RELEASES_LAN_QUEUE_URL", queue.as_str()),
            ("CAMHOOK_MQTT_QUEUE_URL", queue.as_str()),
            ("CAMHOOK_LOG", "info"),
        ];
        environment.extend(allocator::settings());
        let before = clock.elapsed();
        let process = Process::start(bootstrap, &environment, &log)?;
        let mut function = Self {
            process,
            started_within: Duration::ZERO,
            name: name.to_owned(),
            log,
            clock,
            events,
            observed,
        };
        match function.observed.recv_timeout(DEADLINE) {
            Ok(Observed::Asks(at)) => function.started_within = at.saturating_sub(before),
            other => return Err(function.wrong(&format!("does not ask for its first event: {other:?}"))),
        }
        Ok(function)
    }

    /// Gives it an event and waits for its answer; how long it took from the one to the other.
    pub(crate) fn invoke(&self, event: &[u8]) -> Result<(Duration, Vec<u8>), Error> {
        // A function that is gone shows below.
        let _ = self.events.send(event.to_vec());
        let mut given = self.clock.elapsed();
        loop {
            match self.observed.recv_timeout(DEADLINE) {
                Ok(Observed::Asks(_)) => {}
                Ok(Observed::Has(at)) => given = at,
                Ok(Observed::Answered(at, answer)) => return Ok((at.saturating_sub(given), answer)),
                Ok(Observed::Failed(error)) => {
                    return Err(self.wrong(&format!("fails: {}", String::from_utf8_lossy(&error))));
                }
                Err(_) => return Err(self.wrong("does not answer")),
            }
        }
    }

    /// How much it has written into its log, in bytes.
    pub(crate) fn log_length(&self) -> Result<u64, Error> {
        let about = std::fs::metadata(&self.log);
        Ok(about.map_err(|source| Error::File { path: self.log.clone(), source })?.len())
    }

    /// The error of a function that does something else than it should.
    pub(crate) fn wrong(&self, what: &str) -> Error {
        Error::Function { function: self.name.clone(), what: what.to_owned(), log: self.log.clone() }
    }
}

fn answer(
    request: &Request,
    clock: SystemClock,
    next: &Mutex<Receiver<Vec<u8>>>,
    observations: &Sender<Observed>,
) -> Answer {
    let at = clock.elapsed();
    let path = request.target.trim_start_matches("/2018-06-01/runtime/invocation/");
    match path.split_once('/') {
        None if path == "next" => {
            // Nobody listens any more when the measurement is over.
            let _ = observations.send(Observed::Asks(at));
            let Ok(event) = next.lock().unwrap_or_else(PoisonError::into_inner).recv() else {
                loop {
                    thread::park();
                }
            };
            let deadline = clock.now().as_millisecond() + INVOCATION.as_millis() as i64;
            let _ = observations.send(Observed::Has(clock.elapsed()));
            Answer::new(200, event)
                .with("content-type", "application/json")
                .with("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
                .with("lambda-runtime-deadline-ms", deadline.to_string())
                .with(
                    "lambda-runtime-invoked-function-arn",
                    "arn:aws:lambda:eu-central-1:000000000000:function:bench",
                )
        }
        Some((_, "response")) => {
            let _ = observations.send(Observed::Answered(at, request.body.clone()));
            Answer::new(202, "")
        }
        _ => {
            let _ = observations.send(Observed::Failed(request.body.clone()));
            Answer::new(202, "")
        }
    }
}
