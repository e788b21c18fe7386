//! A request as API Gateway hands it to a function (payload format 2.0).

use base64_simd::STANDARD;
use camhook_picture::SamplePost;
use serde_json::{Map, Value, json};

/// The event of a post, as bytes.
///
/// The gateway hands text over as text and everything else as base64, by the media type alone.
pub(crate) fn event(post: &SamplePost<'_>, extra_headers: &[(&str, &str)], request_id: &str) -> Vec<u8> {
    let (path, query) = post.path_and_query();
    let headers = post.headers.iter().copied().chain(extra_headers.iter().copied());
    let mut headers: Map<String, Value> =
        headers.map(|(name, value)| (name.to_ascii_lowercase(), value.into())).collect();
    for (name, value) in [
        ("content-length", post.body.len().to_string().as_str()),
        ("host", "abcdefghij.execute-api.eu-central-1.amazonaws.com"),
        ("x-amzn-trace-id", "Root=1-6922a0c4-0a1b2c3d4e5f60718293a4b5"),
        ("x-forwarded-for", "203.0.113.17"),
        ("x-forwarded-port", "443"),
        ("x-forwarded-proto", "https"),
    ] {
        headers.insert(name.to_owned(), value.into());
    }
    let media_type = post.header("content-type").unwrap_or_default();
    let is_text =
        ["application/xml", "application/json", "text/"].iter().any(|text| media_type.starts_with(text));
    let body = match str::from_utf8(post.body) {
        Ok("") => Value::Null,
        Ok(text) if is_text => text.into(),
        _ => STANDARD.encode_to_string(post.body).into(),
    };
    let event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "abcdefghij",
            "domainName": "abcdefghij.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "abcdefghij",
            "http": {
                "method": post.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.17",
                "userAgent": "",
            },
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": "23/Nov/2026:08:00:00 +0000",
            "timeEpoch": 1_795_420_800_000_i64,
        },
        "body": body,
        "isBase64Encoded": !is_text && !post.body.is_empty(),
    });
    event.to_string().into_bytes()
}
