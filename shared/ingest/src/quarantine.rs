//! What could not be read, kept for a second look.

use bytes::Bytes;
use camhook_event::{Vendor, quarantine_prefix};
use camhook_ports::{Object, ObjectStore, Precondition, PutError};
use camhook_site::Retention;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Malformed, Received, Transport, structure};

/// The reason of a request whose body is above the limit.
pub(crate) const TOO_LARGE: &str = "too_large";

/// How much of a request above the cap is kept, in bytes.
const OVERSIZE_KEPT: usize = 64 * 1024;

/// `reason.json`: why a request is in the quarantine, and what is needed to send it through the code again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// A short name.
    pub reason: String,
    /// What was wrong, and where.
    pub detail: String,
    /// Whose dialect it was read as.
    pub vendor: Vendor,
    /// The source.
    pub source: String,
    /// The version of the parser that could not read it.
    pub parser: String,
    /// When it was received.
    pub received_at: Timestamp,
    /// Names the delivery: the gateway's request id, or that of an MQTT message.
    pub request_id: String,
    /// The method, of an HTTP request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path of an HTTP request below the source and its token, which itself is not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest: Option<Vec<String>>,
    /// The topic, of an MQTT message. Segments that may be no names are kept as their lengths where the source's faces are
    /// not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// The MQTT client that published it: a camera, or the bridge before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The query; only its structure where the source's faces are not kept.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub query: String,
    /// The media type that the sender named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The length of the whole body in bytes.
    pub length: usize,
    /// The length of `request.bin` in bytes: the body, its beginning where it is too large, or its structure (names,
    /// types and lengths without values) where the source's faces are not kept.
    pub kept: usize,
    /// What of the body `request.bin` holds. Absent where it is the whole body.
    #[serde(default, skip_serializing_if = "KeptContent::is_whole")]
    pub content: KeptContent,
}

/// What of a post's body is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeptContent {
    /// The whole body.
    #[default]
    Whole,
    /// The beginning of a body that is too large.
    Beginning,
    /// Names, types and lengths without values: the source's faces are not kept.
    Structure,
}

impl KeptContent {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_whole(&self) -> bool {
        *self == Self::Whole
    }
}

/// Puts what cannot be read into the quarantine.
///
/// # Errors
///
/// When the bucket does not take it.
pub async fn quarantine<O: ObjectStore>(
    objects: &O,
    received: &Received,
    transport: Transport<'_>,
    malformed: &Malformed,
    parser: &str,
) -> Result<(), PutError> {
    let Received { source, received_at, id, body, query, credentials, replay: _ } = received;
    let (method, rest, content_type) = match transport {
        Transport::Http { method, rest, content_type } => (Some(method), Some(rest), content_type),
        Transport::Mqtt { .. } => (None, None, None),
    };
    let (topic, client) = match transport {
        Transport::Http { .. } => (None, None),
        Transport::Mqtt { topic, client } => (Some(topic), client),
    };
    let (content, kept): (KeptContent, Bytes) = match source.faces {
        Retention::Drop => (KeptContent::Structure, structure::of_body(body).into()),
        Retention::Keep if malformed.code == TOO_LARGE => {
            (KeptContent::Beginning, body.slice(..body.len().min(OVERSIZE_KEPT)))
        }
        Retention::Keep => (KeptContent::Whole, body.clone()),
    };
    let redacted = |text: &str| credentials.redact(text).unwrap_or_else(|| text.to_owned());
    let reason = Reason {
        reason: malformed.code.to_owned(),
        detail: received.shown(&malformed.detail),
        vendor: source.vendor,
        source: source.id.to_string(),
        parser: parser.to_owned(),
        received_at: *received_at,
        request_id: id.clone(),
        method: method.map(str::to_owned),
        rest: rest.map(|rest| match source.faces {
            Retention::Drop => rest.iter().map(|segment| structure::of_segment(segment)).collect(),
            Retention::Keep => rest.iter().map(|segment| redacted(segment)).collect(),
        }),
        topic: topic.map(|topic| match source.faces {
            Retention::Drop => structure::of_topic(topic),
            Retention::Keep => topic.to_owned(),
        }),
        client: client.map(str::to_owned),
        query: match source.faces {
            Retention::Drop => structure::of_query(query),
            Retention::Keep => redacted(query),
        },
        content_type: content_type.map(str::to_owned),
        length: body.len(),
        kept: kept.len(),
        content,
    };
    let prefix = quarantine_prefix(source.id.as_str(), *received_at, id);
    let reason_key = format!("{prefix}reason.json");
    let reason = serde_json::to_vec(&reason)
        .map_err(|error| PutError::Failed { key: reason_key.clone(), reason: error.to_string() })?;
    let reason = Object { bytes: reason.into(), content_type: "application/json" };
    let raw = Object { bytes: kept, content_type: "application/octet-stream" };
    let request_key = format!("{prefix}request.bin");
    let (raw, reason) = futures_util::future::join(
        objects.put(&request_key, raw, Precondition::None),
        objects.put(&reason_key, reason, Precondition::None),
    )
    .await;
    raw.and(reason)
}
