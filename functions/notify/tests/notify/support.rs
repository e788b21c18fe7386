//! A site, events and receivers.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use bytes::Bytes;
use camhook_event::Event;
use camhook_notify::{Services, handle};
use camhook_outbound::test_server::{Received, Reply, TestServer};
use camhook_outbound::{Client, Limits, Stack};
use camhook_ports::memory::{MemoryMetrics, MemoryObjects, MemoryPorts};
use camhook_ports::{
    ListedObject, Metric, Object, ObjectError, ObjectStore, ObjectVersion, Ports, Precondition, PutError,
    Queue, QueueRecord, StoredObject,
};
use camhook_site::Site;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Monday, 12:00:05 in Berlin.
pub(crate) const NOW: Timestamp = Timestamp::constant(1_795_431_605, 0);

/// The key of the overview of the event whose id consists of this digit.
pub(crate) fn picture_key(digit: char) -> String {
    format!("images/gate/2026/11/23/{}/0-overview.jpg", digit.to_string().repeat(32))
}

/// Bytes that no text encoding leaves as they are.
pub(crate) fn picture() -> Bytes {
    Bytes::from((0..=255).cycle().take(400_000).collect::<Vec<u8>>())
}

pub(crate) fn client() -> Client {
    Client::new(Stack::Local, Limits { total: Duration::from_secs(5), ..Limits::default() })
}

/// A client that gives a silent receiver up at once.
pub(crate) fn impatient_client() -> Client {
    Client::new(Stack::Local, Limits { total: Duration::from_millis(300), ..Limits::default() })
}

/// A site with one source, its rules, and a channel for each receiver.
pub(crate) fn site(text: &str, receivers: &[(&str, &TestServer)]) -> Site {
    let mut whole = text.to_owned();
    for (name, server) in receivers {
        whole = whole.replace(name, server.url("").unwrap().as_str().trim_end_matches('/'));
    }
    let whole = format!(
        "timezone = \"Europe/Berlin\"\n{whole}\n[[source]]\nid = \"gate\"\nvendor = \"viewtron\"\narea = \"yard\"\n\
         auth = {{ token_sha256 = \"{}\" }}\n",
        "ab".repeat(32)
    );
    match camhook_site::read(&whole, "test.toml") {
        Ok((site, _)) => site,
        Err(problems) => {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            unreachable!("{}\n{whole}", problems.join("\n"))
        }
    }
}

/// A plate at the gate; `digit` makes its id, `correlation` joins it with others.
pub(crate) fn plate(digit: char, correlation: Option<&str>) -> Event {
    let mut event = json!({
        "specversion": "1.0",
        "id": digit.to_string().repeat(32),
        "source": "/viewtron/gate",
        "type": "camhook.event.v1",
        "subject": "plate",
        "time": "2026-11-23T11:00:00.000Z",
        "datacontenttype": "application/json",
        "data": {
            "vendor": "viewtron", "source": "gate", "area": "yard", "kind": "plate", "report": "detection",
            "camera": { "id": "1", "name": "Tür" },
            "received_at": "2026-11-23T11:00:00.000Z", "clock": "server",
            "plate": { "text": "IB36NL", "list": "allow" },
            "images": [
                { "role": "plate", "bucket": "memory", "key": picture_key(digit).replace("0-overview", "1-plate"),
                  "bytes": 3, "width": 16, "height": 16 },
                { "role": "overview", "bucket": "memory", "key": picture_key(digit),
                  "bytes": 400_000, "width": 1920, "height": 1080 },
            ],
        },
    });
    if let Some(key) = correlation {
        event["data"]["correlation"] = json!({ "key": key });
    }
    serde_json::from_value(event).unwrap()
}

/// The ports, with the event's picture in the bucket.
pub(crate) async fn ports() -> MemoryPorts {
    let ports = MemoryPorts::new(NOW);
    for digit in "abcdef".chars() {
        let object = Object { bytes: picture(), content_type: "image/jpeg" };
        ports.objects.put(&picture_key(digit), object, Precondition::None).await.unwrap();
    }
    ports
}

/// A delivery of an event.
pub(crate) fn delivered(event: &Event, receive_count: u32) -> QueueRecord {
    record(serde_json::to_string(event).unwrap(), receive_count)
}

pub(crate) fn record(body: String, receive_count: u32) -> QueueRecord {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    let message_id = format!("message-{:x}", hasher.finish());
    QueueRecord {
        receipt_handle: format!("{message_id}-{receive_count}"),
        message_id,
        body,
        receive_count,
        replay: None,
    }
}

/// The address of the console.
pub(crate) const CONSOLE: &str = "https://hooks.example.org/console";

fn services(client: &Client) -> Services<'_> {
    Services { client, console: Some(CONSOLE) }
}

/// Handles a batch of the notification queue: the ids of the messages to be delivered again.
pub(crate) async fn handle_all<P: Ports>(
    ports: &P,
    site: &Site,
    client: &Client,
    records: &[QueueRecord],
) -> Vec<String> {
    handle(ports, site, services(client), Queue::Notify, records).await.failed
}

/// Handles one delivery; whether it is to be delivered again, and what was counted.
pub(crate) async fn handled<P: Ports<Metrics = MemoryMetrics>>(
    ports: &P,
    site: &Site,
    client: &Client,
    record: QueueRecord,
) -> (bool, Vec<Metric>) {
    ports.metrics().take();
    let failed = handle_all(ports, site, client, &[record]).await;
    (!failed.is_empty(), ports.metrics().take())
}

/// Handles one delivery of the queue of alerts; whether it is to be delivered again.
pub(crate) async fn alerted<P: Ports>(ports: &P, site: &Site, client: &Client, record: QueueRecord) -> bool {
    !handle(ports, site, services(client), Queue::Alerts, &[record]).await.failed.is_empty()
}

/// Handles one delivery that leaves nothing to do.
pub(crate) async fn finished<P: Ports>(ports: &P, site: &Site, client: &Client, record: QueueRecord) {
    let failed = handle_all(ports, site, client, &[record]).await;
    assert!(failed.is_empty(), "the message is to be delivered again");
}

/// How often an outcome was counted.
pub(crate) fn outcomes(metrics: &[Metric], outcome: &str) -> usize {
    let metrics = metrics.iter().filter(|metric| metric.name == camhook_notify::NOTIFICATIONS);
    metrics.filter(|metric| metric.dimensions.iter().any(|dimension| dimension.value == outcome)).count()
}

/// A receiver that answers always the same.
pub(crate) async fn receiver(reply: Reply) -> TestServer {
    TestServer::start(move |_| reply.clone()).await.unwrap()
}

/// A receiver that answers by what it received.
pub(crate) async fn receiver_by(
    answering: impl Fn(&Received) -> Reply + Send + Sync + 'static,
) -> TestServer {
    TestServer::start(answering).await.unwrap()
}

pub(crate) fn header<'a>(received: &'a Received, name: &str) -> Option<&'a str> {
    received.headers.get(name).map(|value| value.to_str().unwrap())
}

pub(crate) fn json_body(received: &Received) -> Value {
    serde_json::from_slice(&received.body).unwrap()
}

/// The ports in memory, but for a bucket whose links look like those of S3, and which panics over what a test
/// calls poison.
pub(crate) struct OddPorts {
    pub(crate) inner: MemoryPorts,
    objects: OddObjects,
}

pub(crate) struct OddObjects {
    inner: MemoryObjects,
}

impl OddPorts {
    pub(crate) async fn new() -> Self {
        let MemoryPorts { objects, queues, state, secrets, publisher, clock, metrics, index } = ports().await;
        let inner = MemoryPorts {
            objects: MemoryObjects::default(),
            queues,
            state,
            secrets,
            publisher,
            clock,
            metrics,
            index,
        };
        Self { inner, objects: OddObjects { inner: objects } }
    }

    /// From now on a missing object is denied.
    pub(crate) fn deny_missing(&self) {
        self.objects.inner.deny_missing();
    }
}

impl Ports for OddPorts {
    type Objects = OddObjects;
    type Queues = <MemoryPorts as Ports>::Queues;
    type State = <MemoryPorts as Ports>::State;
    type Secrets = <MemoryPorts as Ports>::Secrets;
    type Publisher = <MemoryPorts as Ports>::Publisher;
    type Clock = <MemoryPorts as Ports>::Clock;
    type Metrics = <MemoryPorts as Ports>::Metrics;

    fn objects(&self) -> &OddObjects {
        &self.objects
    }
    fn queues(&self) -> &Self::Queues {
        self.inner.queues()
    }
    fn state(&self) -> &Self::State {
        self.inner.state()
    }
    fn secrets(&self) -> &Self::Secrets {
        self.inner.secrets()
    }
    fn publisher(&self) -> &Self::Publisher {
        self.inner.publisher()
    }
    fn clock(&self) -> &Self::Clock {
        self.inner.clock()
    }
    fn metrics(&self) -> &Self::Metrics {
        self.inner.metrics()
    }
}

impl ObjectStore for OddObjects {
    fn bucket(&self) -> &str {
        self.inner.bucket()
    }
    async fn put(&self, key: &str, object: Object, precondition: Precondition<'_>) -> Result<(), PutError> {
        self.inner.put(key, object, precondition).await
    }
    async fn get(&self, key: &str) -> Result<Option<StoredObject>, ObjectError> {
        assert!(!key.contains("poison"), "the payload is poisoned");
        self.inner.get(key).await
    }
    async fn get_if_changed(&self, key: &str, etag: &str) -> Result<Option<StoredObject>, ObjectError> {
        self.inner.get_if_changed(key, etag).await
    }
    async fn get_version(&self, key: &str, version: &str) -> Result<Option<StoredObject>, ObjectError> {
        self.inner.get_version(key, version).await
    }

    async fn versions(&self, key: &str, limit: usize) -> Result<Vec<ObjectVersion>, ObjectError> {
        self.inner.versions(key, limit).await
    }

    async fn list(&self, prefix: &str, limit: usize) -> Result<Vec<String>, ObjectError> {
        self.inner.list(prefix, limit).await
    }

    async fn list_stored(
        &self,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<ListedObject>, ObjectError> {
        self.inner.list_stored(prefix, after, limit).await
    }
    async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        self.inner.delete(key).await
    }
    async fn erase(&self, key: &str) -> Result<usize, ObjectError> {
        self.inner.erase(key).await
    }
    async fn link(&self, key: &str, valid_for: Duration) -> Result<String, ObjectError> {
        Ok(format!("https://bucket.example/{key}?X-Amz-Expires={}", valid_for.as_secs()))
    }
}
