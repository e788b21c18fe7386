//! The ports in memory, for tests.
//!
//! They keep the contracts of the traits (conditions, order, strong reads) and can be made to fail.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::{
    ActiveAlarm, AlarmError, Alarms, Clock, Condition, DayCount, DayKey, DepthError, EventIndex, EventQueue,
    IndexError, IndexItem, IndexKey, IndexKeys, IndexPage, IndexPorts, Item, Key, ListedObject, Message,
    Metric, Metrics, Object, ObjectError, ObjectStore, ObjectVersion, PageEnd, PageRequest, Ports, Position,
    Precondition, PublishError, Publisher, PutError, PutOutcome, Queue, QueueDepth, QueueDepths, QueueError,
    SecretError, SecretReference, Secrets, State, StateError, StoredObject,
};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A bucket in memory, with versions.
#[derive(Debug, Default)]
pub struct MemoryObjects {
    objects: Mutex<BTreeMap<String, (Object, u64)>>,
    /// Every version that was ever stored, oldest first.
    versions: Mutex<Vec<(String, Object, u64)>>,
    failing: Mutex<Vec<String>>,
    unlisted: Mutex<bool>,
    writes: Mutex<u64>,
    calls: Mutex<u64>,
}

impl MemoryObjects {
    /// From now on every write, read and list whose key begins with `prefix` fails.
    pub fn fail(&self, prefix: &str) {
        lock(&self.failing).push(prefix.to_owned());
    }

    /// From now on a missing object is denied, as by S3 to a role that may not list the bucket.
    pub fn deny_missing(&self) {
        *lock(&self.unlisted) = true;
    }

    /// Everything works again.
    pub fn heal(&self) {
        lock(&self.failing).clear();
    }

    /// Removes all objects with their versions.
    pub fn clear(&self) {
        lock(&self.objects).clear();
        lock(&self.versions).clear();
    }

    /// The keys of all objects, in their order.
    pub fn keys(&self) -> Vec<String> {
        lock(&self.objects).keys().cloned().collect()
    }

    /// The keys of all versions that are left, in the order of their writes.
    pub fn version_keys(&self) -> Vec<String> {
        lock(&self.versions).iter().map(|(key, _, _)| key.clone()).collect()
    }

    /// The object under a key.
    pub fn object(&self, key: &str) -> Option<Object> {
        lock(&self.objects).get(key).map(|(object, _)| object.clone())
    }

    /// How many calls were made.
    pub fn calls(&self) -> u64 {
        *lock(&self.calls)
    }

    fn fails(&self, key: &str) -> bool {
        *lock(&self.calls) += 1;
        lock(&self.failing).iter().any(|prefix| key.starts_with(prefix.as_str()))
    }

    fn check(&self, key: &str) -> Result<(), ObjectError> {
        if self.fails(key) {
            return Err(ObjectError::Failed { key: key.to_owned(), reason: "made to fail".to_owned() });
        }
        Ok(())
    }
}

fn stored(object: &Object, version: u64) -> StoredObject {
    let version = version.to_string();
    StoredObject { bytes: object.bytes.clone(), etag: version.clone(), version: Some(version) }
}

/// When a write was: its number as seconds.
fn at(write: u64) -> Timestamp {
    Timestamp::from_second(i64::try_from(write).unwrap_or(0)).unwrap_or_default()
}

impl ObjectStore for MemoryObjects {
    fn bucket(&self) -> &'static str {
        "memory"
    }

    async fn put(&self, key: &str, object: Object, precondition: Precondition<'_>) -> Result<(), PutError> {
        if self.fails(key) {
            return Err(PutError::Failed { key: key.to_owned(), reason: "made to fail".to_owned() });
        }
        let mut objects = lock(&self.objects);
        let holds = match precondition {
            Precondition::None => true,
            Precondition::Absent => !objects.contains_key(key),
            Precondition::Unchanged(etag) => {
                objects.get(key).is_some_and(|(_, version)| version.to_string() == etag)
            }
        };
        if !holds {
            return Err(PutError::Precondition { key: key.to_owned() });
        }
        let mut writes = lock(&self.writes);
        *writes += 1;
        lock(&self.versions).push((key.to_owned(), object.clone(), *writes));
        objects.insert(key.to_owned(), (object, *writes));
        Ok(())
    }

    async fn get(&self, key: &str) -> Result<Option<StoredObject>, ObjectError> {
        self.check(key)?;
        if *lock(&self.unlisted) && !lock(&self.objects).contains_key(key) {
            return Err(ObjectError::Denied { key: key.to_owned() });
        }
        Ok(lock(&self.objects).get(key).map(|(object, version)| stored(object, *version)))
    }

    async fn get_if_changed(&self, key: &str, etag: &str) -> Result<Option<StoredObject>, ObjectError> {
        Ok(self.get(key).await?.filter(|object| object.etag != etag))
    }

    async fn get_version(&self, key: &str, version: &str) -> Result<Option<StoredObject>, ObjectError> {
        self.check(key)?;
        let versions = lock(&self.versions);
        let found = versions.iter().find(|(of, _, number)| of == key && number.to_string() == version);
        Ok(found.map(|(_, object, number)| stored(object, *number)))
    }

    async fn versions(&self, key: &str, limit: usize) -> Result<Vec<ObjectVersion>, ObjectError> {
        self.check(key)?;
        let versions = lock(&self.versions);
        let of_key = versions.iter().rev().filter(|(of, _, _)| of == key).take(limit);
        let version = |(_, object, number): &(String, Object, u64)| ObjectVersion {
            id: number.to_string(),
            stored_at: at(*number),
            size: u64::try_from(object.bytes.len()).unwrap_or(u64::MAX),
        };
        Ok(of_key.map(version).collect())
    }

    async fn list(&self, prefix: &str, limit: usize) -> Result<Vec<String>, ObjectError> {
        self.check(prefix)?;
        let objects = lock(&self.objects);
        Ok(objects.keys().filter(|key| key.starts_with(prefix)).take(limit).cloned().collect())
    }

    /// As in [`ObjectStore::versions`], the time of an object is the number of its write.
    async fn list_stored(
        &self,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<ListedObject>, ObjectError> {
        self.check(prefix)?;
        let objects = lock(&self.objects);
        let listed = objects.iter().filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after);
        let listed = listed.map(|(key, (_, write))| ListedObject { key: key.clone(), stored_at: at(*write) });
        Ok(listed.take(limit).collect())
    }

    async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        self.check(key)?;
        lock(&self.objects).remove(key);
        Ok(())
    }

    async fn erase(&self, key: &str) -> Result<usize, ObjectError> {
        self.check(key)?;
        lock(&self.objects).remove(key);
        let mut versions = lock(&self.versions);
        let before = versions.len();
        versions.retain(|(of, _, _)| of != key);
        Ok(before - versions.len())
    }

    async fn link(&self, key: &str, valid_for: Duration) -> Result<String, ObjectError> {
        self.check(key)?;
        Ok(format!("memory://{key}?seconds={}", valid_for.as_secs()))
    }
}

/// Queues in memory.
#[derive(Debug, Default)]
pub struct MemoryQueues {
    sent: Mutex<Vec<(Queue, Message)>>,
    retried: Mutex<Vec<(Queue, String, Duration)>>,
    failing: Mutex<Vec<Queue>>,
}

impl MemoryQueues {
    /// From now on a queue refuses everything.
    pub fn fail(&self, queue: Queue) {
        lock(&self.failing).push(queue);
    }

    /// Everything works again.
    pub fn heal(&self) {
        lock(&self.failing).clear();
    }

    /// What was sent to a queue, in its order.
    pub fn sent(&self, queue: Queue) -> Vec<Message> {
        let sent = lock(&self.sent);
        sent.iter().filter(|(to, _)| *to == queue).map(|(_, message)| message.clone()).collect()
    }

    /// Takes what was sent to a queue out of it.
    pub fn take(&self, queue: Queue) -> Vec<Message> {
        let mut sent = lock(&self.sent);
        let (taken, kept) = sent.drain(..).partition(|(to, _)| *to == queue);
        *sent = kept;
        taken.into_iter().map(|(_, message)| message).collect()
    }

    /// Which received messages were asked for again, and after how long.
    pub fn retried(&self) -> Vec<(Queue, String, Duration)> {
        lock(&self.retried).clone()
    }

    fn check(&self, queue: Queue) -> Result<(), QueueError> {
        if lock(&self.failing).contains(&queue) {
            return Err(QueueError { queue, reason: "made to fail".to_owned() });
        }
        Ok(())
    }
}

impl EventQueue for MemoryQueues {
    async fn send(&self, queue: Queue, message: Message) -> Result<(), QueueError> {
        self.check(queue)?;
        lock(&self.sent).push((queue, message));
        Ok(())
    }

    async fn retry_after(
        &self,
        queue: Queue,
        receipt_handle: &str,
        delay: Duration,
    ) -> Result<(), QueueError> {
        self.check(queue)?;
        lock(&self.retried).push((queue, receipt_handle.to_owned(), delay));
        Ok(())
    }
}

/// The depths of queues and the alarms, as a test sets them.
#[derive(Debug, Default)]
pub struct MemoryMonitor {
    depths: Mutex<Vec<QueueDepth>>,
    alarms: Mutex<Vec<ActiveAlarm>>,
    failing: Mutex<bool>,
    calls: Mutex<u64>,
}

impl MemoryMonitor {
    /// Sets the depths.
    pub fn set_depths(&self, depths: Vec<QueueDepth>) {
        *lock(&self.depths) = depths;
    }

    /// Sets the alarms whose state is ALARM.
    pub fn set_alarms(&self, alarms: Vec<ActiveAlarm>) {
        *lock(&self.alarms) = alarms;
    }

    /// From now on every call fails.
    pub fn fail(&self) {
        *lock(&self.failing) = true;
    }

    /// How many calls were made.
    pub fn calls(&self) -> u64 {
        *lock(&self.calls)
    }

    fn call(&self) -> Result<(), String> {
        *lock(&self.calls) += 1;
        if *lock(&self.failing) { Err("made to fail".to_owned()) } else { Ok(()) }
    }
}

impl QueueDepths for MemoryMonitor {
    async fn depths(&self) -> Result<Vec<QueueDepth>, DepthError> {
        self.call().map_err(|reason| DepthError { reason })?;
        Ok(lock(&self.depths).clone())
    }
}

impl Alarms for MemoryMonitor {
    async fn active(&self) -> Result<Vec<ActiveAlarm>, AlarmError> {
        self.call().map_err(|reason| AlarmError { reason })?;
        Ok(lock(&self.alarms).clone())
    }
}

/// A state table in memory.
#[derive(Debug, Default)]
pub struct MemoryState {
    items: Mutex<BTreeMap<Key, Item>>,
    failing: Mutex<Vec<(String, usize)>>,
    failing_next: Mutex<Vec<String>>,
    calls: Mutex<u64>,
}

/// The longest partition key and sort key of DynamoDB, in bytes.
const LONGEST_PK: usize = 2048;
const LONGEST_SK: usize = 1024;

impl MemoryState {
    /// From now on every call for a `pk` that begins with `prefix` fails.
    pub fn fail(&self, prefix: &str) {
        self.fail_after(prefix, 0);
    }

    /// The next call for a `pk` that begins with `prefix` fails.
    pub fn fail_next(&self, prefix: &str) {
        lock(&self.failing_next).push(prefix.to_owned());
    }

    /// Every call for a `pk` that begins with `prefix` fails, once as many as this have worked.
    pub fn fail_after(&self, prefix: &str, calls: usize) {
        lock(&self.failing).push((prefix.to_owned(), calls));
    }

    /// Everything works again.
    pub fn heal(&self) {
        lock(&self.failing).clear();
    }

    /// How many calls were made.
    pub fn calls(&self) -> u64 {
        *lock(&self.calls)
    }

    /// All items, in the order of their keys.
    pub fn items(&self) -> Vec<Item> {
        lock(&self.items).values().cloned().collect()
    }

    fn call(&self, pk: &str, sk: &str) -> Result<(), StateError> {
        *lock(&self.calls) += 1;
        if pk.len() > LONGEST_PK || sk.len() > LONGEST_SK {
            let reason = "the key is longer than DynamoDB allows".to_owned();
            return Err(StateError { pk: pk.to_owned(), sk: sk.to_owned(), reason });
        }
        let next = lock(&self.failing_next).extract_if(.., |prefix| pk.starts_with(prefix.as_str())).count();
        let mut fails = next > 0;
        for (_, left) in lock(&self.failing).iter_mut().filter(|(prefix, _)| pk.starts_with(prefix.as_str()))
        {
            fails |= *left == 0;
            *left = left.saturating_sub(1);
        }
        if fails {
            let reason = "made to fail".to_owned();
            return Err(StateError { pk: pk.to_owned(), sk: sk.to_owned(), reason });
        }
        Ok(())
    }
}

fn holds(condition: Condition, present: Option<&Item>) -> bool {
    match condition {
        Condition::None => true,
        Condition::Absent { now } => present.is_none_or(|item| !item.is_live(now)),
        Condition::Revision(revision) => present.is_some_and(|item| item.revision == revision),
    }
}

impl State for MemoryState {
    async fn get(&self, key: &Key) -> Result<Option<Item>, StateError> {
        self.call(&key.pk, &key.sk)?;
        Ok(lock(&self.items).get(key).cloned())
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Item>, StateError> {
        // One call reads 100 keys, as with DynamoDB.
        for batch in keys.chunks(100) {
            if let Some(key) = batch.first() {
                self.call(&key.pk, &key.sk)?;
            }
        }
        let items = lock(&self.items);
        Ok(keys.iter().filter_map(|key| items.get(key).cloned()).collect())
    }

    async fn put(
        &self,
        key: &Key,
        data: Value,
        expires: Option<Timestamp>,
        condition: Condition,
    ) -> Result<PutOutcome, StateError> {
        self.call(&key.pk, &key.sk)?;
        let mut items = lock(&self.items);
        let present = items.get(key);
        if !holds(condition, present) {
            return Ok(PutOutcome::Refused(present.cloned()));
        }
        let revision = match condition {
            Condition::None | Condition::Absent { .. } => 1,
            Condition::Revision(revision) => revision + 1,
        };
        items.insert(key.clone(), Item { key: key.clone(), data, revision, expires });
        Ok(PutOutcome::Written(revision))
    }

    async fn merge(
        &self,
        key: &Key,
        fields: Map<String, Value>,
        expires: Option<Timestamp>,
    ) -> Result<(), StateError> {
        self.call(&key.pk, &key.sk)?;
        let mut items = lock(&self.items);
        let empty = Item { key: key.clone(), data: Value::Object(Map::new()), revision: 0, expires: None };
        let item = items.entry(key.clone()).or_insert(empty);
        if let Value::Object(data) = &mut item.data {
            data.extend(fields);
        }
        item.revision += 1;
        item.expires = expires;
        Ok(())
    }

    async fn delete(&self, key: &Key, condition: Condition) -> Result<bool, StateError> {
        self.call(&key.pk, &key.sk)?;
        let mut items = lock(&self.items);
        if !holds(condition, items.get(key)) {
            return Ok(false);
        }
        Ok(items.remove(key).is_some())
    }

    async fn query(&self, pk: &str) -> Result<Vec<Item>, StateError> {
        self.call(pk, "*")?;
        Ok(lock(&self.items).values().filter(|item| item.key.pk == pk).cloned().collect())
    }
}

/// Secrets in memory.
#[derive(Debug, Default)]
pub struct MemorySecrets {
    values: Mutex<HashMap<String, SecretString>>,
}

impl MemorySecrets {
    /// Sets the secret behind a reference such as `ssm:/camhook/gate`.
    pub fn set(&self, reference: &str, secret: &str) {
        lock(&self.values).insert(reference.to_owned(), SecretString::from(secret.to_owned()));
    }

    /// Forgets all secrets.
    pub fn clear(&self) {
        lock(&self.values).clear();
    }
}

impl Secrets for MemorySecrets {
    async fn resolve(&self, reference: &SecretReference) -> Result<SecretString, SecretError> {
        if let SecretReference::Literal(secret) = reference {
            return Ok(secret.clone());
        }
        let name = reference.to_string();
        let secret = lock(&self.values).get(&name).cloned();
        secret.ok_or_else(|| SecretError { reference: name, reason: "there is none".to_owned() })
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct MemoryClock {
    now: Mutex<Timestamp>,
    elapsed: Mutex<Duration>,
}

impl MemoryClock {
    /// A clock that shows this time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self { now: Mutex::new(now), elapsed: Mutex::new(Duration::ZERO) }
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let mut now = lock(&self.now);
        if let Ok(later) = now.checked_add(by) {
            *now = later;
        }
        *lock(&self.elapsed) += by;
    }
}

impl Clock for MemoryClock {
    fn now(&self) -> Timestamp {
        *lock(&self.now)
    }

    fn elapsed(&self) -> Duration {
        *lock(&self.elapsed)
    }
}

/// A broker in memory.
#[derive(Debug, Default)]
pub struct MemoryPublisher {
    published: Mutex<Vec<(String, String)>>,
    failure: Mutex<Option<PublishError>>,
}

impl MemoryPublisher {
    /// From now on nothing is published, and this comes of it.
    pub fn fail(&self, failure: PublishError) {
        *lock(&self.failure) = Some(failure);
    }

    /// Topic and payload of what was published, in its order.
    pub fn published(&self) -> Vec<(String, String)> {
        lock(&self.published).clone()
    }
}

impl Publisher for MemoryPublisher {
    async fn publish(&self, topic: &str, payload: &str) -> Result<(), PublishError> {
        if let Some(failure) = lock(&self.failure).clone() {
            return Err(failure);
        }
        lock(&self.published).push((topic.to_owned(), payload.to_owned()));
        Ok(())
    }
}

/// Metrics in memory.
#[derive(Debug, Default)]
pub struct MemoryMetrics {
    recorded: Mutex<Vec<Metric>>,
}

impl MemoryMetrics {
    /// Everything recorded so far, in order.
    pub fn recorded(&self) -> Vec<Metric> {
        lock(&self.recorded).clone()
    }

    /// Removes and returns everything recorded so far.
    pub fn take(&self) -> Vec<Metric> {
        std::mem::take(&mut *lock(&self.recorded))
    }

    /// How many values of a metric were recorded, over all dimensions.
    pub fn counted(&self, name: &str) -> usize {
        lock(&self.recorded).iter().filter(|metric| metric.name == name).count()
    }

    /// How many values of a metric were recorded with a dimension of this value.
    pub fn counted_with(&self, name: &str, value: &str) -> usize {
        let has_value = |metric: &&Metric| metric.dimensions.iter().any(|dimension| dimension.value == value);
        lock(&self.recorded).iter().filter(|metric| metric.name == name).filter(has_value).count()
    }
}

impl Metrics for MemoryMetrics {
    fn record(&self, metric: Metric) {
        lock(&self.recorded).push(metric);
    }
}

/// The maximum number of items in a page, as where a page of the table ends by its size.
const LARGEST_PAGE: usize = 1000;

/// An event index in memory.
#[derive(Debug, Default)]
pub struct MemoryIndex {
    items: Mutex<BTreeMap<String, (IndexItem, IndexKeys)>>,
    keys: Mutex<BTreeMap<IndexKey, BTreeSet<Position>>>,
    counts: Mutex<BTreeMap<DayKey, i64>>,
    pages: Mutex<usize>,
    failing: Mutex<bool>,
}

impl MemoryIndex {
    /// From now on every call fails.
    pub fn fail(&self) {
        *lock(&self.failing) = true;
    }

    /// Everything works again.
    pub fn heal(&self) {
        *lock(&self.failing) = false;
    }

    /// The number of pages read so far.
    pub fn pages_read(&self) -> usize {
        *lock(&self.pages)
    }

    /// The number of events.
    pub fn len(&self) -> usize {
        lock(&self.items).len()
    }

    /// Whether there are no events.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn check(&self, action: &'static str) -> Result<(), IndexError> {
        if *lock(&self.failing) {
            return Err(IndexError { action, reason: "made to fail".to_owned() });
        }
        Ok(())
    }

    fn remove(&self, id: &str) -> Option<IndexItem> {
        let (item, keys) = lock(&self.items).remove(id)?;
        let mut positions = lock(&self.keys);
        for key in keys.all() {
            positions.entry(key).or_default().remove(&item.position);
        }
        Some(item)
    }
}

impl EventIndex for MemoryIndex {
    async fn put(&self, item: IndexItem, keys: &IndexKeys) -> Result<Option<IndexItem>, IndexError> {
        self.check("write an event")?;
        let previous = self.remove(&item.position.id);
        for key in keys.all() {
            lock(&self.keys).entry(key).or_default().insert(item.position.clone());
        }
        lock(&self.items).insert(item.position.id.clone(), (item, keys.clone()));
        Ok(previous)
    }

    async fn get(&self, id: &str) -> Result<Option<IndexItem>, IndexError> {
        self.check("read an event")?;
        Ok(lock(&self.items).get(id).map(|(item, _)| item.clone()))
    }

    async fn delete(&self, id: &str) -> Result<(), IndexError> {
        self.check("delete an event")?;
        self.remove(id);
        Ok(())
    }

    async fn page(&self, request: PageRequest<'_>) -> Result<IndexPage, IndexError> {
        self.check("read a page")?;
        *lock(&self.pages) += 1;
        let limit = request.limit.clamp(1, LARGEST_PAGE);
        let keys = lock(&self.keys);
        // The first position of a time: no id sorts before the empty one.
        let first = |time| Position { time, id: String::new() };
        let low = request.since.map_or(Position { time: Timestamp::MIN, id: String::new() }, first);
        let until = request.until.map(first);
        let high = [until.as_ref(), request.after].into_iter().flatten().min();
        let high = high.map_or(Bound::Unbounded, Bound::Excluded);
        let is_empty = matches!(high, Bound::Excluded(high) if *high <= low);
        let of_key = keys.get(request.key).filter(|_| !is_empty);
        let positions = of_key.into_iter().flat_map(|all| all.range((Bound::Included(&low), high)).rev());
        let items = lock(&self.items);
        let items: Vec<IndexItem> = positions
            .take(limit)
            .filter_map(|position| items.get(&position.id).map(|(item, _)| item.clone()))
            .collect();
        let end = if items.len() == limit { PageEnd::More } else { PageEnd::Complete };
        Ok(IndexPage { items, end })
    }

    async fn newer(&self, key: &IndexKey, than: &Position, limit: usize) -> Result<IndexPage, IndexError> {
        self.check("read a page")?;
        *lock(&self.pages) += 1;
        let limit = limit.clamp(1, LARGEST_PAGE);
        let keys = lock(&self.keys);
        let after = (Bound::Excluded(than), Bound::Unbounded);
        let positions = keys.get(key).into_iter().flat_map(|all| all.range(after));
        let items = lock(&self.items);
        let items: Vec<IndexItem> = positions
            .take(limit)
            .filter_map(|position| items.get(&position.id).map(|(item, _)| item.clone()))
            .collect();
        let end = if items.len() == limit { PageEnd::More } else { PageEnd::Complete };
        Ok(IndexPage { items, end })
    }

    async fn add(&self, key: &DayKey, events: i64, _: Timestamp) -> Result<(), IndexError> {
        self.check("count")?;
        *lock(&self.counts).entry(key.clone()).or_default() += events;
        Ok(())
    }

    async fn set_count(&self, count: &DayCount, _: Timestamp) -> Result<(), IndexError> {
        self.check("count")?;
        lock(&self.counts).insert(count.key.clone(), i64::try_from(count.events).unwrap_or(i64::MAX));
        Ok(())
    }

    async fn counts(&self, month: Date) -> Result<Vec<DayCount>, IndexError> {
        self.check("read counts")?;
        let counts = lock(&self.counts);
        let of_month = counts.iter().filter(|(key, _)| key.day.first_of_month() == month.first_of_month());
        let count = |(key, events): (&DayKey, &i64)| DayCount {
            key: key.clone(),
            events: u64::try_from(*events).unwrap_or(0),
        };
        Ok(of_month.map(count).collect())
    }
}

/// All ports in memory.
#[derive(Debug)]
pub struct MemoryPorts {
    /// The bucket.
    pub objects: MemoryObjects,
    /// The queues.
    pub queues: MemoryQueues,
    /// The table.
    pub state: MemoryState,
    /// The secrets.
    pub secrets: MemorySecrets,
    /// The broker.
    pub publisher: MemoryPublisher,
    /// The clock.
    pub clock: MemoryClock,
    /// The metrics.
    pub metrics: MemoryMetrics,
    /// The event index.
    pub index: MemoryIndex,
}

impl MemoryPorts {
    /// Empty ports at this time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            objects: MemoryObjects::default(),
            queues: MemoryQueues::default(),
            state: MemoryState::default(),
            secrets: MemorySecrets::default(),
            publisher: MemoryPublisher::default(),
            clock: MemoryClock::new(now),
            metrics: MemoryMetrics::default(),
            index: MemoryIndex::default(),
        }
    }
}

impl Ports for MemoryPorts {
    type Objects = MemoryObjects;
    type Queues = MemoryQueues;
    type State = MemoryState;
    type Secrets = MemorySecrets;
    type Publisher = MemoryPublisher;
    type Clock = MemoryClock;
    type Metrics = MemoryMetrics;

    fn objects(&self) -> &MemoryObjects {
        &self.objects
    }
    fn queues(&self) -> &MemoryQueues {
        &self.queues
    }
    fn state(&self) -> &MemoryState {
        &self.state
    }
    fn secrets(&self) -> &MemorySecrets {
        &self.secrets
    }
    fn publisher(&self) -> &MemoryPublisher {
        &self.publisher
    }
    fn clock(&self) -> &MemoryClock {
        &self.clock
    }
    fn metrics(&self) -> &MemoryMetrics {
        &self.metrics
    }
}

impl IndexPorts for MemoryPorts {
    type Index = MemoryIndex;

    fn index(&self) -> &MemoryIndex {
        &self.index
    }
}
