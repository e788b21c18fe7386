//! A log of the AWS calls that functions made, for the check of their roles (`infra/lint/roles.py`).

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Request;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::http_server::header;

/// Writes each call as a line of JSON: `caller`, `action` and `resource`, as policies name them, and the `index` of a
/// query that reads a secondary index.
#[derive(Debug, Clone)]
pub struct CallLog {
    file: Arc<Mutex<File>>,
    caller: Option<&'static str>,
}

impl CallLog {
    /// Takes the caller from the access key of each call.
    #[must_use]
    pub fn by_credentials(path: &Path) -> Self {
        Self { file: open(path), caller: None }
    }

    /// A log of calls that all come from one program.
    #[must_use]
    pub fn of(caller: &'static str, path: &Path) -> Self {
        Self { file: open(path), caller: Some(caller) }
    }

    /// Writes a call to the log.
    #[expect(clippy::unwrap_used, reason = "a test stops where it fails")]
    pub fn record(&self, request: &Request<Bytes>) {
        let key = access_key(request);
        let function = key.split_once('.').map_or(key, |(function, _)| function);
        let caller = self.caller.unwrap_or(function);
        for Action { action, resource, index } in actions(request) {
            let line = json!({ "caller": caller, "action": action, "resource": resource, "index": index });
            // One write for each line: several processes append to the file.
            self.file.lock().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
        }
    }
}

#[expect(clippy::unwrap_used, reason = "a test stops where it fails")]
fn open(path: &Path) -> Arc<Mutex<File>> {
    Arc::new(Mutex::new(OpenOptions::new().create(true).append(true).open(path).unwrap()))
}

/// What policies name: an action, and the object's key, queue, item's partition, parameter or topic that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Action {
    action: String,
    resource: String,
    /// The secondary index that is queried.
    index: Option<String>,
}

impl Action {
    fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resource: resource.into(), index: None }
    }
}

/// The access key in the signature, of a URL that was signed for a browser too.
pub(crate) fn access_key(request: &Request<Bytes>) -> &str {
    let credential = credential(request);
    credential.split_once("%2F").or_else(|| credential.split_once('/')).map_or("unknown", |(key, _)| key)
}

/// `KEY/DATE/REGION/SERVICE/aws4_request`, with `%2F` for each slash in a signed URL.
fn credential(request: &Request<Bytes>) -> &str {
    let authorization = header(request.headers(), "authorization");
    if let Some((_, credential)) = authorization.split_once("Credential=") {
        return credential;
    }
    query_value(request, "X-Amz-Credential").unwrap_or_default()
}

/// The value of a parameter of the query, as it is encoded.
fn query_value<'a>(request: &'a Request<Bytes>, name: &str) -> Option<&'a str> {
    let query = request.uri().query().unwrap_or_default();
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The actions of a call.
fn actions(request: &Request<Bytes>) -> Vec<Action> {
    if let Some((service, operation)) = header(request.headers(), "x-amz-target").split_once('.') {
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        return json_actions(service, operation, &body);
    }
    let path = decoded(request.uri().path());
    if let Some(topic) = path.strip_prefix("/topics/") {
        return vec![Action::new("iot:Publish", topic)];
    }
    let query = request.uri().query().unwrap_or_default();
    let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    let key = path.trim_start_matches('/').split_once('/').map_or("", |(_, key)| key);
    let action = match (request.method().as_str(), key) {
        ("GET", "") => {
            let prefix = decoded(query_value(request, "prefix").unwrap_or_default());
            let action = if has("versions") { "s3:ListBucketVersions" } else { "s3:ListBucket" };
            return vec![Action::new(action, prefix)];
        }
        ("GET" | "HEAD", _) if has("versionId") => "s3:GetObjectVersion",
        ("GET" | "HEAD", _) => "s3:GetObject",
        ("PUT", _) => "s3:PutObject",
        ("DELETE", _) if has("versionId") => "s3:DeleteObjectVersion",
        ("DELETE", _) => "s3:DeleteObject",
        (method, _) => return vec![Action::new(format!("s3:{method}"), key)],
    };
    vec![Action::new(action, key)]
}

fn json_actions(service: &str, operation: &str, body: &Value) -> Vec<Action> {
    let single = operation.strip_suffix("Batch").unwrap_or(operation);
    if let Some(url) = body["QueueUrl"].as_str() {
        let queue = url.rsplit('/').next().unwrap_or_default();
        return vec![Action::new(format!("sqs:{single}"), queue)];
    }
    if let Some(names) = body["Names"].as_array() {
        let names = names.iter().filter_map(Value::as_str);
        return names.map(|name| Action::new(format!("ssm:{operation}"), name)).collect();
    }
    let service = if service.starts_with("DynamoDB") { "dynamodb" } else { service };
    let action = format!("{service}:{operation}");
    if let Some(tables) = body["RequestItems"].as_object() {
        let keys = tables.values().filter_map(|table| table["Keys"].as_array()).flatten();
        return keys.filter_map(|key| key["pk"]["S"].as_str()).map(|pk| Action::new(&action, pk)).collect();
    }
    let values = &body["ExpressionAttributeValues"];
    let index = body["IndexName"].as_str().map(str::to_owned);
    let pk = match index {
        Some(_) => &values[":key"]["S"],
        None => [&body["Item"]["pk"]["S"], &body["Key"]["pk"]["S"]]
            .into_iter()
            .find(|pk| pk.is_string())
            .unwrap_or(&values[":pk"]["S"]),
    };
    vec![Action { index, ..Action::new(action, pk.as_str().unwrap_or_default()) }]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(request: http::request::Builder, body: &str) -> Vec<Action> {
        actions(&request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap())
    }

    fn one(action: &str, resource: &str) -> Vec<Action> {
        vec![Action::new(action, resource)]
    }

    #[test]
    fn calls_are_named_as_in_policies() {
        let get = || Request::get("/bucket/config/camhook.toml?versionId=1");
        assert_eq!(call(get(), ""), one("s3:GetObjectVersion", "config/camhook.toml"));
        assert_eq!(
            call(Request::get("/bucket/?list-type=2&prefix=pending%2F"), ""),
            one("s3:ListBucket", "pending/")
        );
        assert_eq!(
            call(Request::get("/bucket?prefix=config%2Fcamhook.toml&versions"), ""),
            one("s3:ListBucketVersions", "config/camhook.toml")
        );
        let put = Request::put("/bucket/events/2026/a%20b.json");
        assert_eq!(call(put, ""), one("s3:PutObject", "events/2026/a b.json"));
        let json = |target: &str| Request::post("/").header("x-amz-target", target);
        assert_eq!(
            call(json("AmazonSQS.SendMessageBatch"), r#"{"QueueUrl":"http://a/000000000000/x-notify"}"#),
            one("sqs:SendMessage", "x-notify")
        );
        assert_eq!(
            call(json("DynamoDB_20120810.GetItem"), r#"{"Key":{"pk":{"S":"claim#1"}}}"#),
            one("dynamodb:GetItem", "claim#1")
        );
        assert_eq!(
            call(
                json("DynamoDB_20120810.BatchGetItem"),
                r#"{"RequestItems":{"table":{"Keys":[{"pk":{"S":"relay#a"}},{"pk":{"S":"control"}}]}}}"#
            ),
            [one("dynamodb:BatchGetItem", "relay#a"), one("dynamodb:BatchGetItem", "control")].concat()
        );
        let of_index =
            Action { index: Some("ByKey1".to_owned()), ..Action::new("dynamodb:Query", "area#yard") };
        assert_eq!(
            call(
                json("DynamoDB_20120810.Query"),
                r#"{"IndexName":"ByKey1","ExpressionAttributeValues":{":key":{"S":"area#yard"}}}"#
            ),
            [of_index]
        );
        assert_eq!(
            call(json("AmazonSSM.GetParameters"), r#"{"Names":["/a","/b"]}"#),
            [one("ssm:GetParameters", "/a"), one("ssm:GetParameters", "/b")].concat()
        );
        assert_eq!(call(Request::post("/topics/cameras%2F1"), ""), one("iot:Publish", "cameras/1"));
    }

    #[test]
    fn the_caller_is_the_access_key() {
        let authorization =
            "AWS4-HMAC-SHA256 Credential=notify/20261123/eu-central-1/s3/aws4_request, Signature=0";
        let request = Request::get("/").header("authorization", authorization).body(Bytes::new()).unwrap();
        assert_eq!(access_key(&request), "notify");
        let signed =
            "/bucket/images/a.jpg?X-Amz-Credential=console%2F20261123%2Feu-central-1%2Fs3%2Faws4_request";
        let request = Request::get(signed).body(Bytes::new()).unwrap();
        assert_eq!(access_key(&request), "console");
    }
}
