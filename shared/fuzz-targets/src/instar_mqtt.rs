use std::sync::{Arc, LazyLock};

use camhook_ingest::{MqttDialect, MqttMessage, Publication};
use camhook_instar::InstarMqtt;
use camhook_site::Source;
use jiff::Timestamp;

static SOURCE: LazyLock<Arc<Source>> = LazyLock::new(|| {
    let site = super::site("[[source]]\nid = \"yard\"\nvendor = \"instar\"\ntopic = \"cameras\"\n");
    site.source("yard").expect("the source is there").clone()
});

/// No MQTT message makes its reader panic, and no sequence of messages makes the history of a camera grow without end.
/// Each line of the input is one message: a digit of minutes, the path below `status/`, a space, the payload.
pub(crate) fn instar_mqtt_read(input: &[u8]) {
    let mut history = <InstarMqtt as MqttDialect>::Memory::default();
    let mut milliseconds = 1_800_000_000_000_i64;
    for (number, line) in input.split(|octet| *octet == b'\n').enumerate() {
        let text = String::from_utf8_lossy(line);
        let minutes = text.chars().next().and_then(|digit| digit.to_digit(10)).unwrap_or(0);
        milliseconds += i64::from(minutes) * 60_000 + 100;
        let received_at = Timestamp::from_millisecond(milliseconds).expect("the time is in range");
        let (path, payload) =
            text.trim_start_matches(|first: char| first.is_ascii_digit()).split_once(' ').unwrap_or(("", ""));
        let topic = format!("cameras/115/status/{path}");
        let Some(camera) = InstarMqtt.device(&SOURCE, &topic) else { continue };
        let id = number.to_string();
        let message = MqttMessage { topic: &topic, payload: payload.as_bytes(), received_at, id: &id };
        let Ok(Publication::Observation { observation, .. }) = InstarMqtt.read(&SOURCE, &camera, &message)
        else {
            continue;
        };
        let first = InstarMqtt.observe(&mut history, &camera, observation.clone());
        let again = InstarMqtt.observe(&mut history, &camera, observation);
        assert_eq!(first.len(), again.len(), "the same message emits the same again");
    }
    let stored = serde_json::to_vec(&history).expect("a history can be written");
    assert!(stored.len() < 400_000, "an item of the table holds 400 kB");
}
