//! A request as API Gateway's HTTP API hands it to a function (payload format 2.0).
//!
//! Source: API Gateway's developer guide, "Create AWS Lambda proxy integrations for HTTP APIs".

use base64_simd::STANDARD;
use camhook_picture::SamplePost;
use serde_json::{Map, Value, json};

/// How the gateway hands over a body. Which of the two it takes follows from the media type alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyForm {
    /// As text: `application/xml`, `text/*`, `application/json`.
    Text,
    /// As base64: everything else, no media type too.
    Base64,
}

/// The event of a request.
#[must_use]
pub fn event(post: &SamplePost<'_>, form: BodyForm, request_id: &str) -> Value {
    let (path, query) = post.path_and_query();
    let headers: Map<String, Value> =
        post.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), (*value).into())).collect();
    let body = match form {
        _ if post.body.is_empty() => Value::Null,
        BodyForm::Text => String::from_utf8_lossy(post.body).into_owned().into(),
        BodyForm::Base64 => STANDARD.encode_to_string(post.body).into(),
    };
    json!({
        "version": "2.0",
        "routeKey": "ANY /viewtron/{proxy+}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "test",
            "http": { "method": post.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.17" },
            "requestId": request_id,
            "routeKey": "ANY /viewtron/{proxy+}",
            "stage": "$default",
        },
        "body": body,
        "isBase64Encoded": form == BodyForm::Base64 && !post.body.is_empty(),
    })
}

/// A request to the console by somebody whose browser has this cookie. A form is sent from a page of the console.
#[must_use]
pub fn console(method: &str, path_and_query: &str, cookie: &str, form: &str) -> Value {
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    json!({
        "version": "2.0",
        "routeKey": "ANY /console/{proxy+}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {
            "host": "hooks.example.org",
            "origin": "http://hooks.example.org",
            "content-type": "application/x-www-form-urlencoded",
        },
        "cookies": [cookie],
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "test",
            "domainName": "hooks.example.org",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.17",
                "userAgent": "test",
            },
            "requestId": "request",
            "routeKey": "ANY /console/{proxy+}",
            "stage": "$default",
            "time": "",
            "timeEpoch": 0,
        },
        "body": form,
        "isBase64Encoded": false,
    })
}
