//! What camhook is measured against: the least that has to be done, and the same work as a tutorial does it.

use std::collections::HashMap;
use std::ops::Range;

use base64::Engine;
use hmac::{Hmac, KeyInit, Mac};
use lambda_http::Body;
use lambda_http::request::LambdaRequest;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::Sha256;

use crate::error::Error;

/// The envelope, typed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "the floor reads what a function needs, and does nothing with it")]
struct Envelope {
    body: String,
    raw_path: String,
    raw_query_string: String,
    headers: HashMap<String, String>,
    is_base64_encoded: bool,
    request_context: RequestContext,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "the floor reads what a function needs, and does nothing with it")]
struct RequestContext {
    request_id: String,
    http: HttpContext,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "the floor reads what a function needs, and does nothing with it")]
struct HttpContext {
    method: String,
    source_ip: String,
}

/// The body of an event.
pub(crate) fn body(event: &[u8]) -> Result<String, Error> {
    let envelope: Envelope = serde_json::from_slice(event)?;
    Ok(envelope.body)
}

/// Where the base64 texts of the pictures stand in a body. Every JPEG begins with FF D8 FF: `/9j/`.
pub(crate) fn picture_ranges(body: &str) -> Vec<Range<usize>> {
    let is_base64 = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/' | b'=');
    let begin = memchr::memmem::find_iter(body.as_bytes(), b"/9j/");
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for start in begin {
        if ranges.last().is_some_and(|last| last.end > start) {
            continue;
        }
        let length = body.bytes().skip(start).take_while(|octet| is_base64(*octet)).count();
        ranges.push(start..start + length);
    }
    ranges
}

/// The least: the typed envelope, one pass over the body, the decoded pictures. Nothing is checked or written.
pub(crate) fn floor(
    event: &[u8],
    pictures: &[Range<usize>],
    mark: u8,
) -> Result<(usize, Vec<Vec<u8>>), Error> {
    let failed = |what: String| Error::Contender { contender: "the floor", what };
    let envelope: Envelope = serde_json::from_slice(event).map_err(|error| failed(error.to_string()))?;
    let body = envelope.body.as_bytes();
    let marks = memchr::memchr_iter(mark, body).count();
    let decoded = pictures.iter().map(|range| {
        let text = body.get(range.clone()).unwrap_or_default();
        base64_simd::STANDARD.decode_to_vec(text).map_err(|error| failed(error.to_string()))
    });
    Ok((marks, decoded.collect::<Result<_, _>>()?))
}

/// The least for a signed post: the floor and one pass of HMAC-SHA256 over the body.
pub(crate) fn signed_floor(
    event: &[u8],
    pictures: &[Range<usize>],
    key: &str,
) -> Result<(Vec<u8>, Vec<Vec<u8>>), Error> {
    let failed = |what: String| Error::Contender { contender: "the floor", what };
    let envelope: Envelope = serde_json::from_slice(event).map_err(|error| failed(error.to_string()))?;
    let body = envelope.body.as_bytes();
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_err(|error| failed(error.to_string()))?;
    let signature = mac.chain_update(body).finalize().into_bytes().to_vec();
    std::hint::black_box(memchr::memchr_iter(b'"', body).count());
    let decoded = pictures.iter().map(|range| {
        let text = body.get(range.clone()).unwrap_or_default();
        base64_simd::STANDARD.decode_to_vec(text).map_err(|error| failed(error.to_string()))
    });
    Ok((signature, decoded.collect::<Result<_, _>>()?))
}

/// What a tutorial's handler leaves behind.
#[derive(Debug)]
pub(crate) struct Handled {
    /// The pictures.
    pub(crate) pictures: Vec<Vec<u8>>,
    /// The record.
    pub(crate) record: String,
    /// The message.
    pub(crate) message: String,
}

/// The same work as a tutorial does it: `lambda_http` with its own deserializer and conversion, the body as text,
/// every element's text as a string, the `base64` crate, a `serde_json` value as record and message. As camhook does,
/// it looks at the first and last bytes of each picture; it walks no markers, makes no identity and checks no token.
pub(crate) fn tutorial(event: &[u8]) -> Result<Handled, Error> {
    let failed = |what: String| Error::Contender { contender: "the handler on lambda_http", what };
    let event: LambdaRequest = serde_json::from_slice(event).map_err(|error| failed(error.to_string()))?;
    let request = lambda_http::Request::from(event);
    let body = match request.body() {
        Body::Text(text) => text.as_str(),
        Body::Binary(_) | _ => return Err(failed("the body is no text".to_owned())),
    };
    let mut reader = Reader::from_str(body);
    let mut open: Vec<String> = Vec::new();
    let mut fields = Map::new();
    let mut pictures = Vec::new();
    loop {
        let text = match reader.read_event().map_err(|error| failed(error.to_string()))? {
            Event::Start(start) => {
                open.push(start.local_name().as_ref().to_owned());
                continue;
            }
            Event::End(_) => {
                open.pop();
                continue;
            }
            Event::Text(text) => text.xml10_content().into_owned(),
            Event::CData(text) => text.xml10_content().into_owned(),
            Event::Eof => break,
            _ => continue,
        };
        let Some(name) = open.last().filter(|_| !text.trim().is_empty()) else { continue };
        if !name.ends_with("Base64Data") {
            fields.insert(open.join("."), Value::String(text));
            continue;
        }
        let jpeg = base64::engine::general_purpose::STANDARD
            .decode(text.trim())
            .map_err(|error| failed(error.to_string()))?;
        if !jpeg.starts_with(&[0xFF, 0xD8, 0xFF]) || !jpeg.ends_with(&[0xFF, 0xD9]) {
            return Err(failed("a picture is no JPEG".to_owned()));
        }
        pictures.push(jpeg);
    }
    let images: Vec<Value> = pictures
        .iter()
        .enumerate()
        .map(|(n, jpeg)| json!({ "key": format!("images/{n}.jpg"), "bytes": jpeg.len() }))
        .collect();
    let record = json!({ "path": request.uri().path(), "fields": fields, "images": images }).to_string();
    let message = record.clone();
    Ok(Handled { pictures, record, message })
}
