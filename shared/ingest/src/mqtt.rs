//! What a vendor's crate gives for MQTT: how its topics and payloads are read, and which messages are one event.

use camhook_event::{MacAddress, Text, Vendor};
use camhook_site::Source;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Draft, Ignored, Malformed};

/// A vendor's dialect over MQTT.
///
/// A message holds one value, and as a rule neither a time nor a number; several of them may be one event. So it is
/// taken in two steps: [`read`](Self::read) says what one message means, and [`observe`](Self::observe) what is to be
/// emitted once an observation joins what is remembered of its device. Both are pure, as [`crate::Adapter::parse`] is.
pub trait MqttDialect: Send + Sync {
    /// What is remembered of one device between two messages. Nothing known is its default.
    type Memory: Clone + Default + PartialEq + Serialize + DeserializeOwned + Send;
    /// What one message says, as far as an event may come of it.
    type Observation: Clone + Send + Sync;

    /// Whose dialect.
    fn vendor(&self) -> Vendor;

    /// The version of the parser, kept with what it could not read.
    fn parser_version(&self) -> &'static str;

    /// The device that a topic of the source names.
    ///
    /// `None` for a topic that is no status: a command, for one.
    fn device<'a>(&self, source: &Source, topic: &'a str) -> Option<MqttDevice<'a>>;

    /// Reads a message.
    ///
    /// # Errors
    ///
    /// When the topic is one that is read and the payload is not; the message then goes to the quarantine.
    fn read(
        &self,
        source: &Source,
        device: &MqttDevice<'_>,
        message: &MqttMessage<'_>,
    ) -> Result<Publication<Self::Observation>, Malformed>;

    /// Joins an observation to what is remembered; what is to be emitted because of it, in order.
    ///
    /// A message that is delivered again emits the same again: its first delivery may have failed half-way.
    fn observe(
        &self,
        memory: &mut Self::Memory,
        device: &MqttDevice<'_>,
        observation: Self::Observation,
    ) -> Vec<Emission>;
}

/// The device that a topic names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MqttDevice<'a> {
    /// Its id: what tells it from the source's others.
    pub id: Text,
    /// Its MAC address, where the topic holds it.
    pub mac: Option<MacAddress>,
    /// What the topic says of it: the part behind the device and `status`.
    pub path: &'a str,
}

/// A message as the broker received it.
#[derive(Debug, Clone, Copy)]
pub struct MqttMessage<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The payload, byte by byte.
    pub payload: &'a [u8],
    /// When the broker received it.
    pub received_at: Timestamp,
    /// Names the message: the same for each of its deliveries.
    pub id: &'a str,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publication<O> {
    /// Something of which an event may come.
    Observation {
        /// What was observed.
        observation: O,
        /// Who published it.
        publisher: MqttPublisher,
    },
    /// Something known of which no event comes.
    Ignored(Ignored),
}

/// Who published a message about a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MqttPublisher {
    /// The device, which therefore is there.
    Device,
    /// The broker in its stead: a last will.
    Broker,
}

/// An event to be stored.
#[derive(Debug, Clone)]
pub struct Emission {
    /// The event.
    pub draft: Draft<'static>,
    /// When the broker received the message that it is about, which is not always the one that came last.
    pub received_at: Timestamp,
    /// The name of that message.
    pub id: String,
    /// What stands for that message in the event's identity: its topic and value.
    pub body: String,
}
