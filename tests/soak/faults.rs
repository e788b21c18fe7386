//! The faults of AWS in a soak, and the deliberate ones that it has to notice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use camhook_end_to_end::fault_proxy::{Call, Fault, Rewrite};
use camhook_end_to_end::process::KillSwitch;
use camhook_ports::{Clock, SystemClock};
use http::{Request, Uri};
use serde_json::Value;

/// The running instances of functions, by the names under which they call AWS.
pub(crate) type Instances = Arc<Mutex<BTreeMap<String, KillSwitch>>>;

/// A promise that is broken on purpose, to see that the soak notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Break {
    /// Some messages to queues get lost although the queue accepted them.
    Enqueue,
    /// Claims are granted to whoever asks.
    Claim,
    /// Release messages get lost.
    Release,
    /// What cannot be read is not kept, although the bucket accepted it.
    Quarantine,
    /// A bad configuration takes effect.
    Configuration,
}

/// How often a call's process is killed.
const KILLED: f64 = 0.0012;

/// How often a call fails by itself. The SDK tries again.
const FAILED: f64 = 0.005;

/// Calls that fail for some seconds.
#[derive(Debug, Clone, Copy)]
struct Outage {
    operation: &'static str,
    target: Target,
    fault: OutageFault,
}

#[derive(Debug, Clone, Copy)]
enum Target {
    StartsWith(&'static str),
    EndsWith(&'static str),
}

#[derive(Debug, Clone, Copy)]
enum OutageFault {
    Status(u16),
    Silence,
}

const fn status(operation: &'static str, target: Target, status: u16) -> Outage {
    Outage { operation, target, fault: OutageFault::Status(status) }
}

/// The keys that no outage of DynamoDB concerns: where a claim cannot be written after a message was delivered, the
/// message is delivered again, as after a kill. Single calls fail for them, too.
const EXCLUDED: &str = "claim#";

/// An empty operation is any operation of DynamoDB. The audit is excluded, which gets lost then and is counted as lost:
/// the account needs it to explain what was not switched.
const OUTAGES: [Outage; 14] = [
    status("SendMessage", Target::EndsWith("-notify"), 503),
    status("SendMessage", Target::EndsWith("-relay"), 503),
    status("SendMessage", Target::EndsWith("-releases"), 503),
    status("SendMessage", Target::EndsWith("-alerts"), 503),
    status("SendMessage", Target::EndsWith(""), 500),
    status("ChangeMessageVisibility", Target::EndsWith(""), 500),
    status("PutObject", Target::StartsWith("events/"), 503),
    status("PutObject", Target::StartsWith("images/"), 503),
    status("PutObject", Target::StartsWith("quarantine/"), 500),
    status("GetObject", Target::StartsWith("config/"), 503),
    status("DeleteObject", Target::StartsWith("pending/"), 503),
    status("", Target::StartsWith(""), 500),
    status("GetParameters", Target::StartsWith(""), 500),
    Outage { operation: "PutObject", target: Target::StartsWith("images/"), fault: OutageFault::Silence },
];

impl Outage {
    fn concerns(&self, call: &Call) -> bool {
        let is_operation = match self.operation {
            "" => is_dynamodb(&call.operation) && !call.target.starts_with(EXCLUDED),
            operation => call.operation == operation,
        };
        let is_target = match self.target {
            Target::StartsWith(start) => call.target.starts_with(start),
            Target::EndsWith(end) => call.target.ends_with(end),
        };
        is_operation && is_target
    }

    fn fault(&self) -> Fault {
        match self.fault {
            OutageFault::Status(status) => Fault::Status(status),
            OutageFault::Silence => Fault::Silence,
        }
    }
}

fn is_dynamodb(operation: &str) -> bool {
    matches!(operation, "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem" | "Query")
}

/// Decides which calls fail.
#[derive(Debug)]
pub(crate) struct Faults {
    clock: SystemClock,
    random: fastrand::Rng,
    instances: Instances,
    broken: Option<Break>,
    outage: Option<(Outage, Duration)>,
    next_outage: Duration,
    count: Arc<Mutex<usize>>,
}

impl Faults {
    /// Faults of this seed. `count` counts them.
    pub(crate) fn new(
        seed: u64,
        instances: Instances,
        broken: Option<Break>,
        count: Arc<Mutex<usize>>,
    ) -> Self {
        Self {
            clock: SystemClock::start(),
            random: fastrand::Rng::with_seed(seed),
            instances,
            broken,
            outage: None,
            next_outage: Duration::from_secs(5),
            count,
        }
    }

    /// What happens to a call instead of an answer.
    pub(crate) fn decide(&mut self, call: &Call) -> Option<Fault> {
        if let Some(rewrite) = broken(self.broken, call, &mut self.random) {
            return Some(Fault::Rewrite(rewrite));
        }
        let fault = self.random_fault(call)?;
        *self.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Some(fault)
    }

    fn random_fault(&mut self, call: &Call) -> Option<Fault> {
        let now = self.clock.elapsed();
        if now >= self.next_outage {
            let outage = self.random.choice(OUTAGES)?;
            let end = now + Duration::from_millis(self.random.u64(1000..4000));
            self.outage = Some((outage, end));
            self.next_outage = end + Duration::from_secs(self.random.u64(2..10));
        }
        if let Some((outage, end)) = &self.outage
            && now < *end
            && outage.concerns(call)
        {
            return Some(outage.fault());
        }
        let fate = self.random.f64();
        if fate < KILLED {
            let instances = self.instances.lock().unwrap_or_else(PoisonError::into_inner);
            let process = instances.get(&call.caller)?.clone();
            return Some(if self.random.bool() {
                Fault::KillBefore(process)
            } else {
                Fault::KillAfter(process)
            });
        }
        if fate < KILLED + FAILED {
            return Some(if self.random.bool() { Fault::Status(500) } else { Fault::Close });
        }
        None
    }
}

/// The call that is made instead of this one, while a promise is broken.
pub(crate) fn broken(broken: Option<Break>, call: &Call, random: &mut fastrand::Rng) -> Option<Rewrite> {
    let is_to = |queue: &str| call.operation == "SendMessage" && call.target.ends_with(queue);
    match broken? {
        Break::Enqueue if (is_to("-notify") || is_to("-relay")) && random.f64() < 0.03 => {
            Some(to_lost_queue())
        }
        Break::Release if is_to("-releases") => Some(to_lost_queue()),
        Break::Claim if call.is("PutItem", "claim#") => Some(Rewrite::new(|request| {
            with_json(request, |body| {
                for condition in
                    ["ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues"]
                {
                    body.remove(condition);
                }
            })
        })),
        Break::Quarantine if call.is("PutObject", "quarantine/") => Some(Rewrite::new(|mut request| {
            let path = request.uri().path().replacen("/quarantine/", "/lost/", 1);
            if let Ok(uri) = path.parse::<Uri>() {
                *request.uri_mut() = uri;
            }
            request
        })),
        _ => None,
    }
}

/// Sends the message to a queue that nobody reads: `{name}-lost`.
fn to_lost_queue() -> Rewrite {
    Rewrite::new(|request| {
        with_json(request, |body| {
            if let Some(url) = body.get("QueueUrl").and_then(Value::as_str) {
                let prefix = ["-notify", "-relay", "-releases"].iter().find_map(|end| url.strip_suffix(end));
                let lost = format!("{}-lost", prefix.unwrap_or(url));
                body.insert("QueueUrl".to_owned(), lost.into());
            }
        })
    })
}

fn with_json(
    request: Request<Bytes>,
    change: impl FnOnce(&mut serde_json::Map<String, Value>),
) -> Request<Bytes> {
    let (head, body) = request.into_parts();
    let Ok(Value::Object(mut object)) = serde_json::from_slice(&body) else {
        return Request::from_parts(head, body);
    };
    change(&mut object);
    Request::from_parts(head, Value::Object(object).to_string().into())
}
