//! A message as the IoT rule writes it to the queue:
//! `SELECT encode(*,'base64') AS data, topic() AS topic, timestamp() AS ts, clientid() AS client, traceid() AS trace`.

use base64_simd::STANDARD;
use camhook_ingest::MqttMessage;
use camhook_ports::QueueRecord;
use jiff::Timestamp;
use serde::Deserialize;

use crate::Error;

/// A message as AWS IoT received it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleMessage {
    /// The topic.
    pub topic: String,
    /// The payload, byte by byte.
    pub payload: Vec<u8>,
    /// When IoT received it.
    pub received_at: Timestamp,
    /// The MQTT client that published it: a camera, or the bridge before it. `None` for what came over HTTP.
    pub client: Option<String>,
    /// Names the message in each of its deliveries: IoT's trace id, else the queue's message id.
    pub id: String,
}

#[derive(Deserialize)]
struct Selected {
    data: String,
    topic: String,
    ts: i64,
    #[serde(default)]
    client: Option<String>,
    #[serde(default)]
    trace: Option<String>,
}

impl RuleMessage {
    /// Reads what the rule put on the queue.
    ///
    /// # Errors
    ///
    /// [`Error::Form`] when something else did.
    pub fn read(record: &QueueRecord) -> Result<Self, Error> {
        let selected: Selected =
            serde_json::from_str(&record.body).map_err(|error| Error::Form(error.to_string()))?;
        let payload = STANDARD
            .decode_to_vec(selected.data)
            .map_err(|_| Error::Form("`data` is not base64".to_owned()))?;
        let received_at = Timestamp::from_millisecond(selected.ts)
            .map_err(|_| Error::Form("`ts` is not a time in milliseconds since 1970".to_owned()))?;
        let named = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(Self {
            topic: selected.topic,
            payload,
            received_at,
            // What is published over HTTP has no client id; the rule then writes `n/a`.
            client: named(selected.client).filter(|client| client != "n/a"),
            id: named(selected.trace).unwrap_or_else(|| record.message_id.clone()),
        })
    }

    /// The message as a dialect reads it.
    #[must_use]
    pub fn message(&self) -> MqttMessage<'_> {
        let Self { topic, payload, received_at, id, .. } = self;
        MqttMessage { topic, payload, received_at: *received_at, id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(body: &str) -> QueueRecord {
        QueueRecord {
            message_id: "m1".to_owned(),
            receipt_handle: "r1".to_owned(),
            body: body.to_owned(),
            receive_count: 1,
            replay: None,
        }
    }

    #[test]
    fn the_output_of_the_rule_is_read() {
        let body = r#"{"data":"eyJ2YWwiOiIxIn0=","topic":"cameras/115/status/alarm/triggered",
            "ts":1795420800123,"client":"n/a","trace":"t-1"}"#;
        let message = RuleMessage::read(&record(body)).unwrap();
        assert_eq!(message.payload, b"{\"val\":\"1\"}");
        assert_eq!(message.received_at.as_millisecond(), 1_795_420_800_123);
        assert_eq!((message.client, message.id.as_str()), (None, "t-1"));
        let named = RuleMessage::read(&record(&body.replace("n/a", "camera-115"))).unwrap();
        assert_eq!(named.client.as_deref(), Some("camera-115"));
        let without = RuleMessage::read(&record(r#"{"data":"","topic":"a","ts":0}"#)).unwrap();
        assert_eq!((without.payload.len(), without.id.as_str()), (0, "m1"));
    }

    #[test]
    fn anything_else_is_an_error() {
        for body in ["", "{}", r#"{"data":"!","topic":"a","ts":0}"#, r#"{"data":"","topic":"a","ts":1e300}"#]
        {
            assert!(matches!(RuleMessage::read(&record(body)), Err(Error::Form(_))), "{body}");
        }
        let far = format!(r#"{{"data":"","topic":"a","ts":{}}}"#, i64::MAX);
        assert!(matches!(RuleMessage::read(&record(&far)), Err(Error::Form(_))));
    }
}
