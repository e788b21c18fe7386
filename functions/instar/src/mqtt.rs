//! INSTAR over MQTT: what cameras publish to a broker.
//!
//! | generation | status topic |
//! |---|---|
//! | Full HD, WQHD with the default prefix | `instar/<local or MAC>/status/<path>` |
//! | WQHD 2K+ and later | `<prefix>/<client id>/status/<path>` |
//!
//! with a payload `{"val":"<text>"}`, and below `status/`
//!
//! | path | value |
//! |---|---|
//! | `alarm/triggered` | the code of an alarm, back to 0 after 5 s |
//! | `alarm/triggered/triggers` | the bit mask of an alarm (2K+) |
//! | `alarm/triggered/object`, `alarm/triggered/objects` | what was recognized; the vendor's own pages do not agree on the name |
//! | `testament`, `connection`, or another name | the last will: `alive` or `online`, `dead` or `offline` |
//!
//! One alarm is two or three of these messages and their return to 0, and none of them holds a time or a number. The
//! [`history`] of a camera decides which belong together. The first message of an alarm becomes an event at
//! once, whatever may still come. What a later one adds, a trigger or what was recognized, becomes another event with
//! the same correlation key, so that a rule acts once.
//!
//! Sources: wiki.instar.com, "MQTT", "INSTAR MQTT Broker", "INSTAR MQTT Alarmserver"; public code that talks to the
//! cameras (`mpolinowski`, `Schnittcher/INSTARMQTT`). Configurable words are the source's setting `parameters`.

pub mod connection;
mod event;
pub mod history;
mod message;
mod payload;
mod sample;
mod setup;
mod topic;

use camhook_event::Vendor;
use camhook_ingest::{Emission, Malformed, MqttDevice, MqttDialect, MqttMessage, MqttPublisher, Publication};
use camhook_site::Source;

pub use message::{Message, read};
pub use sample::{SAMPLES, Sample};
pub use setup::setup;

use connection::{Connection, ConnectionReport};
use history::{AlarmReport, Form, History};

/// The INSTAR dialect over MQTT.
#[derive(Debug, Clone, Copy, Default)]
pub struct InstarMqtt;

/// What a message reports of a camera.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// Something about an alarm.
    Alarm(AlarmReport),
    /// Whether the camera is connected.
    Connection(ConnectionReport),
}

impl MqttDialect for InstarMqtt {
    type Memory = History;
    type Observation = Observation;

    fn vendor(&self) -> Vendor {
        Vendor::Instar
    }

    fn parser_version(&self) -> &'static str {
        concat!("instar-mqtt ", env!("CARGO_PKG_VERSION"))
    }

    fn device<'a>(&self, source: &Source, topic: &'a str) -> Option<MqttDevice<'a>> {
        topic::camera(source, topic)
    }

    fn read(
        &self,
        source: &Source,
        device: &MqttDevice<'_>,
        message: &MqttMessage<'_>,
    ) -> Result<Publication<Observation>, Malformed> {
        let alarm = |form, value| {
            let observation = Observation::Alarm(AlarmReport::new(form, value, message));
            Publication::Observation { observation, publisher: MqttPublisher::Device }
        };
        let connection = |connection, word, publisher| {
            let observation = Observation::Connection(ConnectionReport::new(connection, word, message));
            Publication::Observation { observation, publisher }
        };
        Ok(match read(source, device, message.payload)? {
            Message::Code(value, _) => alarm(Form::Code, value),
            Message::Mask(value, _) => alarm(Form::Mask, value),
            Message::Objects(value, _) => alarm(Form::Objects, value),
            Message::Online(word) => connection(Connection::Online, word, MqttPublisher::Device),
            Message::Offline(word) => connection(Connection::Offline, word, MqttPublisher::Broker),
            Message::Ignored(ignored) => Publication::Ignored(ignored),
        })
    }

    fn observe(
        &self,
        history: &mut History,
        device: &MqttDevice<'_>,
        observation: Observation,
    ) -> Vec<Emission> {
        match observation {
            Observation::Alarm(report) => {
                let news = history.observe(report, device.id.as_str());
                news.iter().map(|news| event::of_alarm(news, device)).collect()
            }
            Observation::Connection(report) => {
                let news = history.observe_connection(report);
                news.iter().map(|report| event::of_connection(report, device)).collect()
            }
        }
    }
}
