//! A proxy between functions and the local cloud that records AWS calls and makes them fail as a test wants.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderName, Request, StatusCode, Uri, header};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use tokio::sync::watch;

use crate::call_log::{CallLog, access_key};
use crate::http_server::{HttpClient, HttpServer, Reply, header as header_value};
use crate::process::KillSwitch;

/// One call of an AWS service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The operation, as AWS names it: `PutObject`, `SendMessage`, `PutItem`, `GetParameters`.
    pub operation: String,
    /// What it is about: an object's key, a queue's name, an item's `pk`, a parameter's name.
    pub target: String,
    /// Its trace header, by which Lambda recognizes a function that invokes itself.
    pub trace: String,
    /// The access key of whoever made it: a function's name, or `{name}.{number}` where several instances run.
    pub caller: String,
}

impl Call {
    /// Whether it is this operation on a target that begins so.
    #[must_use]
    pub fn is(&self, operation: &str, target: &str) -> bool {
        self.operation == operation && self.target.starts_with(target)
    }

    fn read(request: &Request<Bytes>) -> Self {
        let trace = header_value(request.headers(), "x-amzn-trace-id").to_owned();
        let caller = access_key(request).to_owned();
        if let Some((_, operation)) = header_value(request.headers(), "x-amz-target").split_once('.') {
            let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
            let (operation, target) = (operation.to_owned(), target(&body).unwrap_or_default());
            return Self { operation, target, trace, caller };
        }
        // Path style, as the SDK does it for an address without a name: `/{bucket}/{key}`.
        let path = percent_decode_str(request.uri().path()).decode_utf8_lossy();
        let key = path.trim_start_matches('/').split_once('/').map_or("", |(_, key)| key);
        let operation = match (request.method().as_str(), key) {
            ("GET", "") => "ListObjectsV2".to_owned(),
            ("PUT", _) => "PutObject".to_owned(),
            ("GET", _) => "GetObject".to_owned(),
            ("DELETE", _) => "DeleteObject".to_owned(),
            (method, _) => method.to_owned(),
        };
        Self { operation, target: key.to_owned(), trace, caller }
    }
}

/// What a call in JSON is about.
fn target(body: &Value) -> Option<String> {
    if let Some(url) = body["QueueUrl"].as_str() {
        return url.rsplit('/').next().map(str::to_owned);
    }
    if let Some(name) = body["Names"][0].as_str() {
        return Some(name.to_owned());
    }
    let pk =
        [&body["Item"]["pk"]["S"], &body["Key"]["pk"]["S"], &body["ExpressionAttributeValues"][":pk"]["S"]];
    pk.into_iter().find_map(Value::as_str).map(str::to_owned)
}

/// What happens to a call instead of an answer.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It is answered with this status and does nothing.
    Status(u16),
    /// It is answered with this status and the code of an error of AWS, such as `AccessDenied`, and does nothing.
    Refusal(u16, &'static str),
    /// It does nothing and is never answered.
    Silence,
    /// It does nothing and its connection is closed.
    Close,
    /// It is done, and its answer is held back until the sender of this says `true`.
    Hold(watch::Receiver<bool>),
    /// It does nothing, and the process that made it is killed.
    KillBefore(KillSwitch),
    /// It is done, and the process that made it is killed before it hears of that.
    KillAfter(KillSwitch),
    /// Another call is made in its place, and its caller gets that one's answer.
    Rewrite(Rewrite),
}

/// Makes another request of one.
#[derive(Clone)]
pub struct Rewrite(Arc<dyn Fn(Request<Bytes>) -> Request<Bytes> + Send + Sync>);

impl Rewrite {
    /// Rewrites a request by this function.
    pub fn new(rewrite: impl Fn(Request<Bytes>) -> Request<Bytes> + Send + Sync + 'static) -> Self {
        Self(Arc::new(rewrite))
    }
}

impl fmt::Debug for Rewrite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Rewrite")
    }
}

type Matcher = dyn Fn(&Call) -> bool + Send;

type Decider = dyn FnMut(&Call) -> Option<Fault> + Send;

struct Rule {
    matches: Box<Matcher>,
    passed_first: usize,
    left: usize,
    fault: Fault,
}

#[derive(Default)]
struct Plan {
    rules: Vec<Rule>,
    decider: Option<Box<Decider>>,
    calls: Vec<Call>,
}

impl fmt::Debug for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Plan").field("rules", &self.rules.len()).field("calls", &self.calls).finish()
    }
}

/// The proxy.
#[derive(Debug)]
pub struct FaultProxy {
    server: HttpServer,
    plan: Arc<Mutex<Plan>>,
    cuts: watch::Sender<()>,
}

/// What S3 answers about an object that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingObject {
    /// 403, as to a role that may not list the bucket: that of a function. The local cloud answers 404.
    Denied,
    /// 404, as to people, who may.
    NotFound,
}

impl FaultProxy {
    /// Starts a proxy for functions, which forwards everything at first and writes the calls to a log.
    pub async fn start(endpoint: &str, log: CallLog) -> Self {
        Self::start_with(endpoint, log, MissingObject::Denied).await
    }

    /// Starts a proxy for commands of `camhook`.
    pub async fn start_for_people(endpoint: &str, calls: &Path) -> Self {
        Self::start_with(endpoint, CallLog::of("people", calls), MissingObject::NotFound).await
    }

    async fn start_with(endpoint: &str, log: CallLog, missing: MissingObject) -> Self {
        let endpoint: Uri = endpoint.parse().unwrap();
        let plan = Arc::new(Mutex::new(Plan::default()));
        let (rules, client) = (Arc::clone(&plan), HttpClient::default());
        let (cuts, cut) = watch::channel(());
        let server = HttpServer::start(move |request| {
            log.record(&request);
            let call = Call::read(&request);
            let fault = rules.lock().unwrap().next(call);
            let (client, endpoint, mut cut) = (client.clone(), endpoint.clone(), cut.clone());
            cut.mark_unchanged();
            async move {
                match fault {
                    None => tokio::select! {
                        reply = forward(&client, &endpoint, missing, request) => reply,
                        Ok(()) = cut.changed() => Reply::Close,
                    },
                    Some(Fault::Status(status)) => {
                        let code = if is_json(&request) { "InternalFailure" } else { "InternalError" };
                        refused(status, code, &request)
                    }
                    Some(Fault::Refusal(status, code)) => refused(status, code, &request),
                    Some(Fault::Silence) => Reply::Silence,
                    Some(Fault::Close) => Reply::Close,
                    Some(Fault::Hold(mut released)) => {
                        let reply = forward(&client, &endpoint, missing, request).await;
                        let _ = released.wait_for(|released| *released).await;
                        reply
                    }
                    Some(Fault::KillBefore(process)) => {
                        process.kill().await;
                        Reply::Close
                    }
                    Some(Fault::KillAfter(process)) => {
                        forward(&client, &endpoint, missing, request).await;
                        process.kill().await;
                        Reply::Close
                    }
                    Some(Fault::Rewrite(Rewrite(rewrite))) => {
                        forward(&client, &endpoint, missing, rewrite(request)).await
                    }
                }
            }
        })
        .await;
        Self { server, plan, cuts }
    }

    /// Where functions find AWS: `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// From now on every call that matches fails.
    pub fn fail(&self, fault: Fault, matches: impl Fn(&Call) -> bool + Send + 'static) {
        self.rule(Rule { matches: Box::new(matches), passed_first: 0, left: usize::MAX, fault });
    }

    /// The n-th call from now that matches fails, counted from 1; those before and after it do not.
    pub fn fail_nth(&self, n: usize, fault: Fault, matches: impl Fn(&Call) -> bool + Send + 'static) {
        self.rule(Rule { matches: Box::new(matches), passed_first: n - 1, left: 1, fault });
    }

    /// From now on this function decides which calls fail, of those that no other rule is about.
    pub fn decide(&self, decider: impl FnMut(&Call) -> Option<Fault> + Send + 'static) {
        self.plan.lock().unwrap().decider = Some(Box::new(decider));
    }

    fn rule(&self, rule: Rule) {
        self.plan.lock().unwrap().rules.push(rule);
    }

    /// From now on every connection is closed, and so are those on which an answer is waited for.
    pub fn cut(&self) {
        self.fail(Fault::Close, |_| true);
        self.cuts.send_replace(());
    }

    /// From now on nothing fails.
    pub fn heal(&self) {
        let mut plan = self.plan.lock().unwrap();
        plan.rules.clear();
        plan.decider = None;
    }

    /// All calls until now, failed ones and the SDK's further tries too.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.plan.lock().unwrap().calls.clone()
    }

    /// How many calls of an operation there were on targets that begin so.
    #[must_use]
    pub fn count(&self, operation: &str, target: &str) -> usize {
        self.calls().iter().filter(|call| call.is(operation, target)).count()
    }
}

impl Plan {
    fn next(&mut self, call: Call) -> Option<Fault> {
        let rule = self.rules.iter_mut().find(|rule| rule.left > 0 && (rule.matches)(&call));
        let decided = match (&rule, &mut self.decider) {
            (None, Some(decide)) => decide(&call),
            _ => None,
        };
        self.calls.push(call);
        let Some(rule) = rule else { return decided };
        if rule.passed_first > 0 {
            rule.passed_first -= 1;
            return None;
        }
        rule.left = rule.left.saturating_sub(1);
        Some(rule.fault.clone())
    }
}

async fn forward(
    client: &HttpClient,
    endpoint: &Uri,
    missing: MissingObject,
    request: Request<Bytes>,
) -> Reply {
    let is_object_read = Call::read(&request).operation == "GetObject";
    let (mut head, body) = request.into_parts();
    let mut target = endpoint.clone().into_parts();
    target.path_and_query = head.uri.path_and_query().cloned();
    head.uri = Uri::from_parts(target).unwrap();
    for hop_by_hop in [header::CONNECTION, header::EXPECT, header::TRANSFER_ENCODING, header::CONTENT_LENGTH]
    {
        head.headers.remove(hop_by_hop);
    }
    let Ok(mut response) = client.try_send(Request::from_parts(head, body)).await else {
        return Reply::Close;
    };
    if is_object_read && missing == MissingObject::Denied && response.status() == StatusCode::NOT_FOUND {
        return missing_object();
    }
    for hop_by_hop in [header::CONNECTION, header::TRANSFER_ENCODING, HeaderName::from_static("keep-alive")] {
        response.headers_mut().remove(hop_by_hop);
    }
    Reply::Answer(response)
}

/// What S3 answers about a missing object to a role that may not list the bucket.
fn missing_object() -> Reply {
    Reply::text(403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
        .with_header("content-type", "application/xml")
}

/// An error as the service writes it, so that the SDK reads it as one.
fn refused(status: u16, code: &str, request: &Request<Bytes>) -> Reply {
    if is_json(request) {
        let error = serde_json::json!({ "__type": code, "message": "refused by the test" });
        return Reply::json(status, &error);
    }
    let error = format!("<Error><Code>{code}</Code><Message>refused by the test</Message></Error>");
    Reply::text(status, error).with_header("content-type", "application/xml")
}

/// Whether a call is in JSON, as all are but those of S3.
fn is_json(request: &Request<Bytes>) -> bool {
    request.headers().contains_key("x-amz-target")
}
