//! Requests as API Gateway's HTTP API hands them over (payload format 2.0), and the replies that it takes.
//!
//! This is a leaner form than the one of `lambda_http`, whose conversion panics on a space in the query, on a
//! bad `Host` and on bad base64 (docs/decisions/002). Nothing here can fail: what the gateway does not say is
//! empty.

use std::collections::HashMap;

use bytes::Bytes;
use camhook_ingest::{Headers, Method, Parts, Reply, Request, Unverified};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use crate::front::{Front, Route};

/// A request as the gateway hands it over.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpApiEvent {
    /// The path, decoded: never to be decoded again.
    #[serde(default, deserialize_with = "null_is_empty")]
    raw_path: String,
    /// The query, still encoded.
    #[serde(default, deserialize_with = "null_is_empty")]
    raw_query_string: String,
    /// The header fields, in lower case, several of one name joined with a comma.
    #[serde(default, deserialize_with = "null_is_empty")]
    headers: HashMap<String, Option<String>>,
    /// The body, as text or base64. Taken as bytes: read as text, it would be searched for control characters and
    /// checked to be UTF-8, which together takes longer than all else that is done with it.
    #[serde(default, with = "serde_bytes")]
    body: Option<Vec<u8>>,
    /// Which of the two. The media type says nothing of it.
    #[serde(default, deserialize_with = "null_is_empty")]
    is_base64_encoded: bool,
    /// What the gateway knows of the request.
    #[serde(default, deserialize_with = "null_is_empty")]
    request_context: RequestContext,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    #[serde(default, deserialize_with = "null_is_empty")]
    request_id: String,
    #[serde(default, deserialize_with = "null_is_empty")]
    http: HttpContext,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpContext {
    #[serde(default, deserialize_with = "null_is_empty")]
    method: String,
    #[serde(default, deserialize_with = "null_is_empty")]
    source_ip: String,
}

fn null_is_empty<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl HttpApiEvent {
    /// The request, with the bytes that the gateway received.
    ///
    /// Its address is the one that the gateway saw, or, for a request that came through `front`, the one that this
    /// saw.
    #[must_use]
    pub fn into_request(self, received_at: Timestamp, front: Option<&Front>) -> Request<Unverified> {
        let fields = self.headers.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let headers = fields.collect::<Headers>();
        let http = self.request_context.http;
        let source_ip = match front.map_or(Route::Direct, |front| front.route(&headers)) {
            Route::ThroughFront(viewer) => viewer,
            Route::Direct => http.source_ip.parse().ok(),
        };
        Request::new(Parts {
            method: Method::parse(&http.method),
            path: self.raw_path,
            query: self.raw_query_string,
            headers,
            body: body(self.body.unwrap_or_default(), self.is_base64_encoded),
            source_ip,
            request_id: self.request_context.request_id,
            received_at,
        })
    }
}

fn body(mut bytes: Vec<u8>, is_base64_encoded: bool) -> Bytes {
    if is_base64_encoded {
        // What the gateway calls base64 and is not stays as it is: the parser then says what it found.
        if let Ok(decoded) = base64_simd::STANDARD.decode_inplace(&mut bytes) {
            let length = decoded.len();
            bytes.truncate(length);
        }
    }
    bytes.into()
}

/// A reply as the gateway takes it.
///
/// Every field is always there: a reply without `statusCode` would reach the sender as 200.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpApiReply {
    status_code: u16,
    headers: HashMap<&'static str, String>,
    body: String,
    is_base64_encoded: bool,
    /// Always empty: `cargo lambda watch` answers 500 to a reply that lacks the list.
    cookies: [String; 0],
}

impl From<Reply> for HttpApiReply {
    fn from(reply: Reply) -> Self {
        Self {
            status_code: reply.status,
            headers: reply.headers.into_iter().map(|(name, value)| (name, value.into_owned())).collect(),
            body: reply.body.into_owned(),
            is_base64_encoded: false,
            cookies: [],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Request<Unverified> {
        serde_json::from_str::<HttpApiEvent>(json).unwrap().into_request(Timestamp::UNIX_EPOCH, None)
    }

    /// What can be seen of an unverified request.
    fn seen(request: &Request<Unverified>) -> String {
        format!("{request:?}")
    }

    #[test]
    fn text_and_base64_give_the_same_bytes_whatever_the_type_says() {
        let text =
            r#"{"body":"<a/>","isBase64Encoded":false,"headers":{"content-type":"application/soap+xml"}}"#;
        let base64 =
            r#"{"body":"PGEvPg==","isBase64Encoded":true,"headers":{"content-type":"application/soap+xml"}}"#;
        assert_eq!(seen(&read(text)), seen(&read(base64)));
    }

    #[test]
    fn a_body_is_taken_whatever_bytes_its_text_stands_for() {
        for (text, bytes) in [
            (r#"a\n\"\/\u00e9\ud83d\ude00"#, "a\n\"/\u{e9}\u{1f600}".as_bytes()),
            ("a\tb\u{1}", b"a\tb\x01"),
            (r"\ud800", b"\xed\xa0\x80"),
        ] {
            let event: HttpApiEvent = serde_json::from_str(&format!(r#"{{"body":"{text}"}}"#)).unwrap();
            assert_eq!(event.body.as_deref(), Some(bytes), "{text}");
        }
    }

    #[test]
    fn what_would_panic_elsewhere_is_read() {
        for json in [
            "{}",
            r#"{"body":null,"headers":null,"requestContext":null,"isBase64Encoded":null}"#,
            r#"{"rawQueryString":"a=\"<> b&&=","rawPath":"/viewtron/gate?x#y"}"#,
            r#"{"headers":{"host":"not a host","x":null,"y":"\u0001"}}"#,
            r#"{"body":"%%%","isBase64Encoded":true}"#,
            r#"{"requestContext":{"http":{"sourceIp":"nowhere","method":"BREW"}}}"#,
        ] {
            let _ = read(json);
        }
    }

    #[test]
    fn the_viewer_counts_behind_the_front_and_the_caller_everywhere_else() {
        let front = Front::new("secret".to_owned().into());
        let address = |secret: &str, front: Option<&Front>| {
            let json = format!(
                r#"{{"headers":{{"x-camhook-front":"{secret}","cloudfront-viewer-address":"198.51.100.10:4653"}},
                    "requestContext":{{"http":{{"sourceIp":"203.0.113.7"}}}}}}"#
            );
            let event: HttpApiEvent = serde_json::from_str(&json).unwrap();
            let seen = seen(&event.into_request(Timestamp::UNIX_EPOCH, front));
            [seen.contains("Some(198.51.100.10)"), seen.contains("Some(203.0.113.7)")]
        };
        assert_eq!(address("secret", Some(&front)), [true, false]);
        assert_eq!(address("guessed", Some(&front)), [false, true]);
        assert_eq!(address("secret", None), [false, true]);
    }

    #[test]
    fn a_reply_always_has_a_status() {
        let reply = HttpApiReply::from(Reply::empty(503));
        assert_eq!(
            serde_json::to_string(&reply).unwrap(),
            r#"{"statusCode":503,"headers":{},"body":"","isBase64Encoded":false,"cookies":[]}"#
        );
    }
}
