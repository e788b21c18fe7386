//! What was received, whichever transport carried it.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use camhook_site::{Retention, Source};
use jiff::Timestamp;

use crate::{Credentials, structure};

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

impl Received {
    /// A sentence about what was sent as it may be stored and logged, for example [`Malformed::detail`]: without secrets of
    /// ours, and, where the source's faces are not kept, without names in backticks that do not have the form of one. A
    /// sender may write a person's name where a name belongs.
    ///
    /// [`Malformed::detail`]: crate::Malformed::detail
    #[must_use]
    pub fn shown(&self, sentence: &str) -> String {
        let sentence = match self.source.faces {
            Retention::Drop => Cow::Owned(structure::of_sentence(sentence)),
            Retention::Keep => Cow::Borrowed(sentence),
        };
        self.credentials.redact(&sentence).unwrap_or_else(|| sentence.into_owned())
    }
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
