//! A batch of the queue `mqtt`.

use std::sync::Arc;

use bytes::Bytes;
use camhook_event::{Kind, Vendor};
use camhook_ingest::{
    Draft, Ignored, Instance, Malformed, Received, Transport, persist, presence, quarantine,
};
use camhook_ports::{Clock, Measurements, Ports, Queue, QueueRecord};
use camhook_site::{Site, Source};
use camhook_state::dead_letter::{self, DeadLetter};
use camhook_state::mqtt;
use camhook_state::topic_status::{self, TopicStatus};
use jiff::Timestamp;

use crate::connection::{Connection, Word};
use crate::history::{Form, Heard, History};
use crate::topic::Camera;
use crate::{Error, Message, RuleMessage, draft, locate, read};

/// The parser's version, kept with what it could not read.
const PARSER_VERSION: &str = concat!("instar-mqtt ", env!("CARGO_PKG_VERSION"));

/// After this delivery the queue gives a message up: `maxReceiveCount` of the queue in `infra/template.yaml`.
const LAST_DELIVERY: u32 = 5;

/// A longer payload is no status that a relay waits for, in bytes.
const STATUS_LIMIT: usize = 4096;

/// Handles a batch of the queue: the ids of the messages that have to be delivered again, and what was counted.
pub async fn handle<P: Ports>(
    ports: &P,
    site: &Site,
    instance: &Instance,
    records: &[QueueRecord],
) -> (Vec<String>, Measurements) {
    let mut failed = Vec::new();
    let mut measurements = Measurements::default();
    let mut messages: Vec<(&QueueRecord, Result<RuleMessage, Error>)> =
        records.iter().map(|record| (record, RuleMessage::of(record))).collect();
    // In the order in which IoT received them: that spares the history most of its corrections.
    messages.sort_by_key(|(_, message)| message.as_ref().ok().map(|message| message.at));
    for (record, message) in messages {
        let handled = match message {
            Ok(message) => {
                let step = Step { ports, site, instance, record };
                step.take(&message, &mut measurements).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = handled {
            tracing::error!(
                message = record.message_id,
                receive_count = record.receive_count,
                %error,
                "the message is delivered again"
            );
            measurements.count("MqttRetries", [("Reason", error.name())]);
            if record.receive_count >= LAST_DELIVERY {
                give_up(ports, record, &error).await;
            }
            failed.push(record.message_id.clone());
        }
    }
    (failed, measurements)
}

/// Notes why a message is given up: the queue moves it to its dead letters without a word.
async fn give_up<P: Ports>(ports: &P, record: &QueueRecord, error: &Error) {
    let dead_letter = DeadLetter { reasons: vec![error.to_string()], at: ports.clock().now() };
    let noted = dead_letter::record(ports.state(), Queue::Mqtt, &record.message_id, &dead_letter).await;
    if let Err(error) = noted {
        tracing::warn!(message = record.message_id, %error, "why the message is given up is not noted");
    }
}

/// What taking one message needs.
struct Step<'a, P> {
    ports: &'a P,
    site: &'a Site,
    instance: &'a Instance,
    record: &'a QueueRecord,
}

impl<P: Ports> Step<'_, P> {
    async fn take(&self, message: &RuleMessage, measurements: &mut Measurements) -> Result<(), Error> {
        let vendor = Vendor::Instar.name();
        let is_of_a_relay = self.note_for_relays(message).await?;
        let Some(camera) = locate(self.site, &message.topic) else {
            if !is_of_a_relay {
                // Anybody who may publish can choose a topic: it leaves no more than a count.
                measurements.count("UnknownTopics", [("Vendor", vendor)]);
            }
            return Ok(());
        };
        let source = Arc::clone(&camera.source);
        match read(&camera, &message.payload) {
            Ok(Message::Code(value, _)) => {
                self.alarm(&camera, message, Form::Code, value, measurements).await
            }
            Ok(Message::Mask(value, _)) => {
                self.alarm(&camera, message, Form::Mask, value, measurements).await
            }
            Ok(Message::Objects(value, _)) => {
                self.alarm(&camera, message, Form::Objects, value, measurements).await
            }
            Ok(Message::Online(word)) => {
                self.connection(&camera, message, Connection::Online, word, measurements).await
            }
            Ok(Message::Offline(word)) => {
                self.connection(&camera, message, Connection::Offline, word, measurements).await
            }
            Ok(Message::Ignored(ignored)) => {
                self.ignore(&source, ignored, measurements).await;
                Ok(())
            }
            Err(malformed) => self.set_aside(&source, message, &malformed, measurements).await,
        }
    }

    /// Writes down what a relay's device says of itself: whoever switched it waits for that. Whether it is one.
    async fn note_for_relays(&self, message: &RuleMessage) -> Result<bool, Error> {
        let mut drivers = self.site.relays().iter().map(|relay| &relay.driver);
        let is_of_a_relay = drivers.any(|driver| driver.status_topic() == Some(&message.topic));
        if is_of_a_relay && message.payload.len() <= STATUS_LIMIT {
            let payload = String::from_utf8_lossy(&message.payload).into_owned();
            let status = TopicStatus { payload, at: message.at };
            topic_status::record(self.ports.state(), &message.topic, &status).await?;
        }
        Ok(is_of_a_relay)
    }

    async fn alarm(
        &self,
        camera: &Camera<'_>,
        message: &RuleMessage,
        form: Form,
        value: String,
        measurements: &mut Measurements,
    ) -> Result<(), Error> {
        let source = &camera.source;
        let heard = Heard::new(message.at, form, value, message.topic.clone(), message.delivery.clone());
        let id = camera.id.as_str();
        let decide = |history: &mut History| history.hear(heard.clone(), id);
        let now = self.ports.clock().now();
        // What is to be told is noted before it is told: another message of the same alarm, read at the same
        // moment, then tells nothing. When telling fails, this delivery comes again and tells it again.
        let tellings = mqtt::update(self.ports.state(), source.id.as_str(), id, now, decide).await?;
        if tellings.is_empty() {
            self.ignore(source, Ignored::NoAlarm, measurements).await;
            return Ok(());
        }
        for telling in &tellings {
            let heard = &telling.message;
            let received = received(source, &heard.topic, &heard.value, &heard.delivery, heard.at);
            self.tell(&received, draft::alarm(telling, camera)).await?;
        }
        Ok(())
    }

    async fn connection(
        &self,
        camera: &Camera<'_>,
        message: &RuleMessage,
        connection: Connection,
        word: String,
        measurements: &mut Measurements,
    ) -> Result<(), Error> {
        let source = &camera.source;
        let word = Word::new(message.at, connection, word, message.topic.clone(), message.delivery.clone());
        let id = camera.id.as_str();
        let decide = |history: &mut History| history.hear_connection(word.clone());
        let now = self.ports.clock().now();
        let tellings = mqtt::update(self.ports.state(), source.id.as_str(), id, now, decide).await?;
        if tellings.is_empty() {
            // That a camera is still gone is no sign of life of it.
            if connection == Connection::Online {
                presence::contact(self.ports, self.instance, source).await;
            }
            measurements
                .count("Ignored", [("Vendor", Vendor::Instar.name()), ("Reason", Ignored::NoAlarm.name())]);
            return Ok(());
        }
        for word in &tellings {
            let received = received(source, &word.topic, &word.word, &word.delivery, word.at);
            self.tell(&received, draft::connection(word, camera)).await?;
        }
        Ok(())
    }

    async fn tell(&self, received: &Received, draft: Draft<'_>) -> Result<(), Error> {
        let is_sign_of_life = draft.kind != Kind::DeviceOffline;
        let events = persist(self.ports, received, vec![(0, draft)]).await;
        for event in events {
            event?;
        }
        if is_sign_of_life {
            presence::event(self.ports, self.instance, &received.source, received.received_at).await;
        }
        Ok(())
    }

    async fn ignore(&self, source: &Source, ignored: Ignored, measurements: &mut Measurements) {
        measurements.count("Ignored", [("Vendor", Vendor::Instar.name()), ("Reason", ignored.name())]);
        presence::contact(self.ports, self.instance, source).await;
    }

    /// Keeps what cannot be read, as the queue carried it.
    async fn set_aside(
        &self,
        source: &Arc<Source>,
        message: &RuleMessage,
        malformed: &Malformed,
        measurements: &mut Measurements,
    ) -> Result<(), Error> {
        let received = Received {
            source: Arc::clone(source),
            received_at: message.at,
            id: message.delivery.clone(),
            body: Bytes::copy_from_slice(self.record.body.as_bytes()),
            query: String::new(),
        };
        let transport = Transport::Mqtt { topic: &message.topic };
        quarantine(self.ports.objects(), &received, transport, malformed, PARSER_VERSION).await?;
        tracing::warn!(
            source = %source.id,
            reason = malformed.code,
            detail = malformed.detail,
            request = message.delivery,
            "a message is in the quarantine"
        );
        measurements.count("Quarantined", [("Vendor", Vendor::Instar.name()), ("Reason", malformed.code)]);
        presence::contact(self.ports, self.instance, source).await;
        Ok(())
    }
}

/// What an event is stored by. The same message gives the same event, whichever delivery emits it.
fn received(source: &Arc<Source>, topic: &str, value: &str, delivery: &str, at: Timestamp) -> Received {
    Received {
        source: Arc::clone(source),
        received_at: at,
        id: delivery.to_owned(),
        body: format!("{topic}\n{value}").into(),
        query: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryPorts;

    use super::*;

    #[tokio::test]
    async fn why_a_message_is_given_up_is_kept() {
        let ports = MemoryPorts::new("2026-11-23T08:00:00Z".parse().unwrap());
        let (site, _) = camhook_site::read("timezone = \"UTC\"\n", "test").unwrap();
        for (receive_count, expected) in [(4, 0), (5, 1)] {
            let record = QueueRecord {
                message_id: "m-1".to_owned(),
                receipt_handle: "receipt".to_owned(),
                body: "nothing that the rule wrote".to_owned(),
                receive_count,
                replay: None,
            };
            let (failed, _) = handle(&ports, &site, &Instance::default(), &[record]).await;
            assert_eq!(failed, ["m-1"]);
            let noted = dead_letter::find(&ports.state, Queue::Mqtt, "m-1").await.unwrap();
            assert_eq!(noted.map_or(0, |dead| dead.reasons.len()), expected);
        }
    }
}
