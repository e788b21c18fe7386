//! A batch of the queue `mqtt`.

use std::sync::Arc;

use bytes::Bytes;
use camhook_consumer::{Backoff, BatchOutcome, Concurrency, Policy, consume};
use camhook_event::Vendor;
use camhook_ingest::{
    Credentials, Emission, Ignored, Instance, Malformed, MqttDevice, MqttDialect, MqttPublisher, Publication,
    Received, Transport, alert_quarantined, persist, presence, quarantine,
};
use camhook_instar::InstarMqtt;
use camhook_ports::{Clock, Metrics, Ports, Queue, QueueRecord};
use camhook_site::{Site, Source};
use camhook_state::mqtt;
use tracing::Instrument;

use crate::relay_status::{self, RelayTopic};
use crate::{Error, RuleMessage, locate};

/// How messages are retried: `maxReceiveCount` is that of the queue in `infra/template.yaml`.
const POLICY: Policy = Policy {
    queue: Queue::Mqtt,
    max_receive_count: 5,
    backoff: Backoff::VisibilityTimeout,
    retries: "MqttRetries",
    concurrency: Concurrency::Sequential,
};

/// Handles a batch of the queue.
pub async fn handle<P: Ports>(
    ports: &P,
    site: &Site,
    instance: &Instance,
    records: &[QueueRecord],
) -> BatchOutcome {
    // In the order in which IoT received them, which spares a dialect most corrections of what it remembers.
    let mut ordered: Vec<&QueueRecord> = records.iter().collect();
    ordered.sort_by_cached_key(|record| RuleMessage::read(record).ok().map(|message| message.received_at));
    let consumer = Consumer { ports, site, instance };
    consume(ports, &POLICY, ordered, async |record| {
        let message = RuleMessage::read(record).map_err(Error::retry)?;
        Box::pin(consumer.process(record, &message)).await.map_err(Error::retry)
    })
    .await
}

/// What every step needs.
struct Consumer<'a, P> {
    ports: &'a P,
    site: &'a Site,
    instance: &'a Instance,
}

impl<P: Ports> Consumer<'_, P> {
    async fn process(&self, record: &QueueRecord, message: &RuleMessage) -> Result<(), Error> {
        let relay_topic = relay_status::record(self.ports.state(), self.site, message).await?;
        let Some(source) = locate(self.site, &message.topic) else {
            self.count_unknown_topic(relay_topic);
            return Ok(());
        };
        let span = tracing::info_span!("device_message", source = %source.id);
        match source.vendor {
            Vendor::Instar => {
                self.take(&InstarMqtt, source, record, message, relay_topic).instrument(span).await
            }
            // No other vendor's source has a `topic`.
            _ => {
                self.count_unknown_topic(relay_topic);
                Ok(())
            }
        }
    }

    /// Anybody who may publish can choose a topic: an unknown one leaves no more than a count.
    fn count_unknown_topic(&self, relay_topic: RelayTopic) {
        if relay_topic == RelayTopic::No {
            self.ports.metrics().count("UnknownTopics", [("Queue", "mqtt")]);
        }
    }

    async fn take<D: MqttDialect>(
        &self,
        dialect: &D,
        source: &Arc<Source>,
        record: &QueueRecord,
        message: &RuleMessage,
        relay_topic: RelayTopic,
    ) -> Result<(), Error> {
        let Some(device) = dialect.device(source, &message.topic) else {
            self.count_unknown_topic(relay_topic);
            return Ok(());
        };
        match dialect.read(source, &device, &message.message()) {
            Ok(Publication::Observation { observation, publisher }) => {
                let emissions = self.join(dialect, source, &device, &observation).await?;
                self.emit(source, emissions, publisher, record.replay.as_deref()).await
            }
            Ok(Publication::Ignored(ignored)) => {
                self.ignore(source, ignored, MqttPublisher::Device).await;
                Ok(())
            }
            Err(malformed) => {
                self.quarantine(source, record, message, &malformed, dialect.parser_version()).await
            }
        }
    }

    /// Joins an observation to what is remembered of its device.
    ///
    /// What is to be emitted is remembered before it is: another message of the same alarm, read at the same moment,
    /// then emits nothing. When storing fails, the message is delivered again and emits the same again.
    async fn join<D: MqttDialect>(
        &self,
        dialect: &D,
        source: &Source,
        device: &MqttDevice<'_>,
        observation: &D::Observation,
    ) -> Result<Vec<Emission>, Error> {
        let observe = |memory: &mut D::Memory| dialect.observe(memory, device, observation.clone());
        let now = self.ports.clock().now();
        let (source, device) = (source.id.as_str(), device.id.as_str());
        Ok(mqtt::update(self.ports.state(), source, device, now, observe).await?)
    }

    async fn emit(
        &self,
        source: &Arc<Source>,
        emissions: Vec<Emission>,
        publisher: MqttPublisher,
        replay: Option<&str>,
    ) -> Result<(), Error> {
        let Some(latest) = emissions.iter().map(|emission| emission.received_at).max() else {
            self.ignore(source, Ignored::NoAlarm, publisher).await;
            return Ok(());
        };
        for Emission { draft, received_at, id, body } in emissions {
            let received = Received {
                source: Arc::clone(source),
                received_at,
                id,
                body: body.into(),
                query: String::new(),
                credentials: Credentials::default(),
                replay: replay.map(str::to_owned),
            };
            for event in persist(self.ports, &received, vec![(0, draft)]).await {
                event?;
            }
        }
        if publisher == MqttPublisher::Device {
            presence::event(self.ports, self.instance, source, latest, &[]).await;
        }
        Ok(())
    }

    async fn ignore(&self, source: &Source, ignored: Ignored, publisher: MqttPublisher) {
        self.ports.metrics().count("Ignored", [("Vendor", source.vendor.name()), ("Reason", ignored.name())]);
        if publisher == MqttPublisher::Device {
            presence::contact(self.ports, self.instance, source, &[]).await;
        }
    }

    /// Puts a message that cannot be read into the quarantine, as the queue carried it.
    async fn quarantine(
        &self,
        source: &Arc<Source>,
        record: &QueueRecord,
        message: &RuleMessage,
        malformed: &Malformed,
        parser_version: &str,
    ) -> Result<(), Error> {
        let received = Received {
            source: Arc::clone(source),
            received_at: message.received_at,
            id: message.id.clone(),
            body: Bytes::copy_from_slice(record.body.as_bytes()),
            query: String::new(),
            credentials: Credentials::default(),
            replay: record.replay.clone(),
        };
        let transport = Transport::Mqtt { topic: &message.topic, client: message.client.as_deref() };
        quarantine(self.ports.objects(), &received, transport, malformed, parser_version).await?;
        tracing::warn!(
            reason = malformed.code,
            detail = received.shown(&malformed.detail),
            request = message.id,
            "quarantined a message"
        );
        let vendor = source.vendor.name();
        self.ports.metrics().count("Quarantined", [("Vendor", vendor), ("Reason", malformed.code)]);
        presence::contact(self.ports, self.instance, source, &[]).await;
        alert_quarantined(self.ports, self.instance, source, malformed).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryPorts;
    use camhook_state::dead_letter;

    use super::*;

    #[tokio::test]
    async fn the_reason_of_a_dead_letter_is_recorded_at_the_last_delivery() {
        let ports = MemoryPorts::new("2026-11-23T08:00:00Z".parse().unwrap());
        let (site, _) = camhook_site::read("timezone = \"UTC\"\n", "test").unwrap();
        for (receive_count, expected) in [(4, 0), (5, 1)] {
            let record = QueueRecord {
                message_id: "m-1".to_owned(),
                receipt_handle: "receipt".to_owned(),
                body: "not what the rule writes".to_owned(),
                receive_count,
                replay: None,
            };
            let outcome = handle(&ports, &site, &Instance::default(), &[record]).await;
            assert_eq!(outcome.failed, ["m-1"]);
            let recorded = dead_letter::find(&ports.state, Queue::Mqtt, "m-1").await.unwrap();
            assert_eq!(recorded.map_or(0, |dead| dead.reasons.len()), expected);
        }
    }
}
