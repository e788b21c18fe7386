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

/// Writes each call as a line of JSON: `caller`, `action` and `resource`, as policies name them.
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
        for (action, resource) in actions(request) {
            let line = json!({ "caller": caller, "action": action, "resource": resource });
            // One write for each line: several processes append to the file.
            self.file.lock().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
        }
    }
}

#[expect(clippy::unwrap_used, reason = "a test stops where it fails")]
fn open(path: &Path) -> Arc<Mutex<File>> {
    Arc::new(Mutex::new(OpenOptions::new().create(true).append(true).open(path).unwrap()))
}

/// The access key in the signature.
pub(crate) fn access_key(request: &Request<Bytes>) -> &str {
    let authorization = header(request.headers(), "authorization");
    let credential = authorization.split_once("Credential=").map_or("", |(_, credential)| credential);
    credential.split_once('/').map_or("unknown", |(key, _)| key)
}

/// The actions of a call and what each is about: an object's key, a queue, an item's partition, a parameter, a topic.
fn actions(request: &Request<Bytes>) -> Vec<(String, String)> {
    if let Some((service, operation)) = header(request.headers(), "x-amz-target").split_once('.') {
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        return json_actions(service, operation, &body);
    }
    let path = percent_decode_str(request.uri().path()).decode_utf8_lossy();
    let query = request.uri().query().unwrap_or_default();
    if let Some(topic) = path.strip_prefix("/topics/") {
        return vec![("iot:Publish".to_owned(), topic.to_owned())];
    }
    let key = path.trim_start_matches('/').split_once('/').map_or("", |(_, key)| key);
    let action = match (request.method().as_str(), key) {
        ("GET", "") => {
            let prefix = query.split('&').find_map(|pair| pair.strip_prefix("prefix=")).unwrap_or_default();
            let prefix = percent_decode_str(prefix).decode_utf8_lossy().into_owned();
            return vec![("s3:ListBucket".to_owned(), prefix)];
        }
        ("GET" | "HEAD", _) if query.split('&').any(|pair| pair.starts_with("versionId=")) => {
            "s3:GetObjectVersion"
        }
        ("GET" | "HEAD", _) => "s3:GetObject",
        ("PUT", _) => "s3:PutObject",
        ("DELETE", _) => "s3:DeleteObject",
        (method, _) => return vec![(format!("s3:{method}"), key.to_owned())],
    };
    vec![(action.to_owned(), key.to_owned())]
}

fn json_actions(service: &str, operation: &str, body: &Value) -> Vec<(String, String)> {
    let single = operation.strip_suffix("Batch").unwrap_or(operation);
    if let Some(url) = body["QueueUrl"].as_str() {
        let queue = url.rsplit('/').next().unwrap_or_default();
        return vec![(format!("sqs:{single}"), queue.to_owned())];
    }
    if let Some(names) = body["Names"].as_array() {
        let names = names.iter().filter_map(Value::as_str);
        return names.map(|name| (format!("ssm:{operation}"), name.to_owned())).collect();
    }
    let pk =
        [&body["Item"]["pk"]["S"], &body["Key"]["pk"]["S"], &body["ExpressionAttributeValues"][":pk"]["S"]];
    let pk = pk.into_iter().find_map(Value::as_str).unwrap_or_default();
    let service = if service.starts_with("DynamoDB") { "dynamodb" } else { service };
    vec![(format!("{service}:{operation}"), pk.to_owned())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(request: http::request::Builder, body: &str) -> Vec<(String, String)> {
        actions(&request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap())
    }

    fn one(action: &str, resource: &str) -> Vec<(String, String)> {
        vec![(action.to_owned(), resource.to_owned())]
    }

    #[test]
    fn calls_are_named_as_in_policies() {
        let get = || Request::get("/bucket/config/camhook.toml?versionId=1");
        assert_eq!(call(get(), ""), one("s3:GetObjectVersion", "config/camhook.toml"));
        assert_eq!(
            call(Request::get("/bucket/?list-type=2&prefix=pending%2F"), ""),
            one("s3:ListBucket", "pending/")
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
    }
}
