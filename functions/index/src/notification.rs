//! Notifications of S3: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>

use camhook_event::RECORD_PREFIX;
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use crate::Error;

/// A message of S3 about objects that were stored.
#[derive(Debug, Deserialize)]
struct Notification {
    /// Absent in the `s3:TestEvent` that S3 sends when notifications are set up.
    #[serde(rename = "Records", default)]
    records: Vec<Record>,
}

#[derive(Debug, Deserialize)]
struct Record {
    #[serde(rename = "eventName", default)]
    event_name: String,
    s3: S3,
}

#[derive(Debug, Deserialize)]
struct S3 {
    object: Object,
}

#[derive(Debug, Deserialize)]
struct Object {
    key: String,
}

/// The keys of the event records that a message is about.
///
/// # Errors
///
/// When the message is not a notification.
pub(crate) fn record_keys(body: &str) -> Result<Vec<String>, Error> {
    let notification: Notification = serde_json::from_str(body).map_err(Error::Notification)?;
    let created =
        notification.records.iter().filter(|record| record.event_name.starts_with("ObjectCreated:"));
    let keys = created.map(|record| decode(&record.s3.object.key));
    Ok(keys.filter(|key| is_record(key)).collect())
}

/// Whether an object is the record of an event.
pub(crate) fn is_record(key: &str) -> bool {
    key.starts_with(RECORD_PREFIX) && key.ends_with(".json")
}

/// The key of an object, which a notification encodes as a form does: a space as `+`, other bytes as `%20`.
fn decode(key: &str) -> String {
    percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_decoded_and_other_objects_ignored() {
        let record = |name: &str, key: &str| {
            format!(
                r#"{{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"{name}","s3":{{"bucket":{{"name":"b"}},
                "object":{{"key":"{key}","size":12,"eTag":"e","versionId":"v","sequencer":"0"}}}}}}"#
            )
        };
        let records = [
            record("ObjectCreated:Put", "events/2026/11/23/T%C3%BCr+am%2BHof/0.json"),
            record("ObjectCreated:CompleteMultipartUpload", "events/2026/11/23/gate/1.json"),
            record("ObjectRemoved:Delete", "events/2026/11/23/gate/2.json"),
            record("ObjectCreated:Put", "images/gate/2026/11/23/3/0-overview.jpg"),
            record("ObjectCreated:Put", "events/2026/11/23/gate/"),
        ];
        let body = format!(r#"{{"Records":[{}]}}"#, records.join(","));
        let expected = ["events/2026/11/23/Tür am+Hof/0.json", "events/2026/11/23/gate/1.json"];
        assert_eq!(record_keys(&body).unwrap(), expected);
    }

    #[test]
    fn the_test_event_of_s3_is_about_nothing() {
        let test = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-11-23T08:00:00.000Z","Bucket":"b","RequestId":"r","HostId":"h"}"#;
        assert!(record_keys(test).unwrap().is_empty());
        assert!(matches!(record_keys("not JSON"), Err(Error::Notification(_))));
    }
}
