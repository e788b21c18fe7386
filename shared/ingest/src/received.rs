//! What was received, whichever transport carried it.

use std::sync::Arc;

use bytes::Bytes;
use camhook_site::Source;
use jiff::Timestamp;

use crate::Credentials;

/// What an event is stored by: everything that its identity and its time rest on.
///
/// HTTP, MQTT and the watchdog each build one. Whoever does has checked that it comes from the source.
#[derive(Debug, Clone)]
pub struct Received {
    /// The source.
    pub source: Arc<Source>,
    /// When it was received.
    pub received_at: Timestamp,
    /// Names this delivery: the gateway's request id, or that of an MQTT message. Empty where nothing was delivered.
    pub id: String,
    /// The bytes that were sent, or what stands for them where they say less than the transport does: topic and value
    /// of an MQTT message.
    pub body: Bytes,
    /// The query, still encoded. Empty without HTTP.
    pub query: String,
    /// The secrets that it was verified by, which are not stored.
    pub credentials: Credentials,
    /// The name of the run, if it is replayed. Its events are then replayed events for the consumers.
    pub replay: Option<String>,
}

/// How it was carried, for whoever looks into the quarantine.
#[derive(Debug, Clone, Copy)]
pub enum Transport<'a> {
    /// By an HTTP request.
    Http {
        /// Its method, in capitals.
        method: &'static str,
        /// The segments of its path below the source and its token.
        rest: &'a [String],
        /// The media type that it names.
        content_type: Option<&'a str>,
    },
    /// By an MQTT message.
    Mqtt {
        /// Its topic.
        topic: &'a str,
        /// The MQTT client that published it, where AWS IoT names one.
        client: Option<&'a str>,
    },
}
