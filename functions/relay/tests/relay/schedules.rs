//! Generated schedules: deliveries, repeats, reorderings, delays, failing ports, silent devices and such that answer 404
//! to everything, functions and agents that run side by side, a person who sets the stop switch, and kills between any
//! two steps. Whatever happens: never late, never twice, never stuck on, nothing after the stop switch was set, and no
//! older `stop` undoes a newer `start`.
//!
//! The code under test is the real one, polled step by step: every call of a port and of a device waits once before it
//! has its effect and once after it, and at any of these points another delivery may go on, the clock may move, or the
//! process may be killed.
//!
//! `PROPTEST_CASES=10000 cargo test -p camhook-relay --release schedules` runs as many as are wanted before a release;
//! without the variable it is a tenth.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use camhook_event::{Event, EventId, Kind, Report, State as EventState};
use camhook_ports::memory::{MemoryClock, MemoryMetrics, MemoryPorts, MemoryPublisher};
use camhook_ports::{
    Clock, Condition, EventQueue, Item, Key, ListedObject, Message, Object, ObjectError, ObjectStore,
    ObjectVersion, Ports, Precondition, PutError, PutOutcome, Queue, QueueError, QueueRecord, SecretError,
    SecretReference, Secrets, State, StateError, StoredObject,
};
use camhook_relay::agent::{Disposition, RelayFilter, process_message_with};
use camhook_relay::message::{self, Received};
use camhook_relay::release::confirm_off;
use camhook_relay::{DeviceCommand, DeviceTimer, Devices, MAX_EVENT_RECEIVES, SendOutcome, handle_with};
use camhook_site::{Relay, Site};
use camhook_state::control::StopSwitch;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::support::{
    NOW, at, event, event_id, record, record_of, relay, rule, site, timer, with_key, with_state,
};

const MAX_AGE: f64 = 30.0;
const HOLD: f64 = 10.0;
/// How long a function may run.
const FUNCTION_TIMEOUT: f64 = 10.0;
/// How long a message is out of sight when nobody says otherwise.
const VISIBILITY: f64 = 60.0;
/// How many schedules are run unless `PROPTEST_CASES` says otherwise.
const SCHEDULES: u32 = 1_000;
/// The board that switches and answers 404, so that nothing it does is ever confirmed.
const BOARD: &str = "bare-board";
/// After how long a person looks at a relay that is not confirmed off.
const PERSON_COMES: f64 = 7_200.0;

fn the_site() -> &'static Site {
    static SITE: OnceLock<Site> = OnceLock::new();
    SITE.get_or_init(|| {
        let then = |relay: &str, action: &str| format!("{{ relay = \"{relay}\", action = \"{action}\" }}");
        let timed = |relay: &str, action: &str, seconds: f64| {
            format!("{{ relay = \"{relay}\", action = \"{action}\", seconds = {seconds} }}")
        };
        let tracking = r#"{ kind = "tracking", report = "tracking" }"#;
        let holds = format!("{}, {}", timed("bare-lamp", "hold", HOLD), timed("porch", "hold", HOLD));
        site(&[
            relay("bare-gate", "min_interval = \"1s\""),
            relay("bare-lamp", ""),
            relay("porch", ""),
            relay("light", ""),
            relay("bell", ""),
            relay(BOARD, ""),
            relay("bare-barn", "network = \"lan\"\nvia = \"agent\""),
            relay("hatch", "network = \"lan\"\nvia = \"agent\""),
            rule("open", r#"{ kind = "plate" }"#, &timed("bare-gate", "pulse", 5.0), ""),
            rule("close", r#"{ kind = "input" }"#, &then("bare-gate", "off"), ""),
            rule("shine", r#"{ kind = "intrusion", state = "start" }"#, &then("light", "on"), ""),
            rule("dim", r#"{ kind = "intrusion", state = "stop" }"#, &then("light", "off"), ""),
            rule("ring", r#"{ kind = "audio" }"#, &then("bell", "toggle"), "cooldown = \"20s\""),
            rule("presence", tracking, &holds, ""),
            rule("board", r#"{ kind = "manual" }"#, &timed(BOARD, "pulse", 5.0), ""),
            // One action is the agent's, the other one the function's: both may fail, each on its own.
            rule(
                "barn",
                r#"{ kind = "motion" }"#,
                &format!(
                    "{}, {}, {}",
                    timed("bare-barn", "pulse", 5.0),
                    then("hatch", "toggle"),
                    timed("porch", "pulse", 5.0)
                ),
                "cooldown = \"20s\"",
            ),
        ])
    })
}

/// What one schedule does with chance.
#[derive(Debug, Clone)]
struct Plan {
    events: Vec<PlannedEvent>,
    /// What happens next, one after the other.
    turns: Vec<u8>,
    /// What goes wrong in the calls of ports and devices, one after the other.
    faults: Vec<u8>,
}

#[derive(Debug, Clone)]
struct PlannedEvent {
    kind: u8,
    /// When it happened, in tenths of a second.
    time: u8,
    /// How much later it is on the queue, in tenths of a second.
    delay: u16,
    key: u8,
}

fn plan() -> impl Strategy<Value = Plan> {
    let planned = (0..8_u8, 0..80_u8, prop_oneof![3 => 0..20_u16, 1 => 0..400_u16], 0..3_u8)
        .prop_map(|(kind, time, delay, key)| PlannedEvent { kind, time, delay, key });
    let events = proptest::collection::vec(planned, 1..5);
    // Several events of one kind meet more often than chance would have it.
    let alike = (events, prop::option::of(0..8_u8)).prop_map(|(mut events, kind)| {
        for event in &mut events {
            event.kind = kind.unwrap_or(event.kind);
        }
        events
    });
    let turns = proptest::collection::vec(any::<u8>(), 0..300);
    let faults = proptest::collection::vec(any::<u8>(), 0..160);
    (alike, turns, faults).prop_map(|(events, turns, faults)| Plan { events, turns, faults })
}

fn planned_event(number: usize, planned: &PlannedEvent) -> Event {
    let number = u32::try_from(number).unwrap();
    let time = at(f64::from(planned.time) / 10.0);
    let of = |kind| event(number, kind, time);
    let made = match planned.kind {
        0 => of(Kind::Plate),
        1 => with_state(of(Kind::Intrusion), EventState::Start),
        2 => with_state(of(Kind::Intrusion), EventState::Stop),
        3 => of(Kind::Audio),
        4 => of(Kind::Input),
        6 => of(Kind::Manual),
        7 => of(Kind::Motion),
        _ => {
            let mut tracking = of(Kind::Tracking);
            tracking.data.report = Report::Tracking;
            tracking
        }
    };
    match (planned.kind, planned.key) {
        // Posts about one thing; the lights have a thing of their own for each post.
        (0, 1..) => with_key(made, &format!("cam:plate:{}", planned.key)),
        _ => made,
    }
}

/// Waits once.
async fn step() {
    let mut waited = false;
    std::future::poll_fn(|context| {
        if waited {
            return Poll::Ready(());
        }
        waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// What a device heard.
#[derive(Debug, Clone)]
struct Arrival {
    at: Timestamp,
    relay: String,
    command: DeviceCommand,
    /// Because of which event; `None` for a release.
    event: Option<EventId>,
    effect: bool,
    /// Whether the device put it off before it looked at it.
    is_put_off: bool,
    /// How many release messages for the relay the queue had at that moment.
    releases: usize,
    /// Whether `camhook relays off` had returned.
    is_stopped: bool,
}

/// A switch as it hangs on the wall.
#[derive(Debug, Clone, Copy, Default)]
struct Switch {
    on: bool,
    off_at: Option<Timestamp>,
}

impl Switch {
    fn settle(&mut self, now: Timestamp) {
        if self.off_at.is_some_and(|off_at| off_at <= now) {
            *self = Self::default();
        }
    }

    fn receive(&mut self, command: DeviceCommand, now: Timestamp) {
        self.settle(now);
        *self = match command {
            DeviceCommand::On { off_after } => Self { on: true, off_at: off_after.map(|after| now + after) },
            DeviceCommand::Off => Self::default(),
            DeviceCommand::Toggle => Self { on: !self.on, off_at: None },
        };
    }
}

/// The world that the function runs in.
struct World {
    memory: MemoryPorts,
    faults: Mutex<std::vec::IntoIter<u8>>,
    /// Because of which event the function that is polled now runs.
    running: Mutex<Option<EventId>>,
    arrivals: Mutex<Vec<Arrival>>,
    switches: Mutex<BTreeMap<String, Switch>>,
    /// The release messages that the queue has, by relay.
    releases: Mutex<BTreeMap<String, usize>>,
    /// From this time on only releases may reach a device: `camhook relays off` has returned.
    stopped_since: Mutex<Option<Timestamp>>,
}

/// What goes wrong in a call of a port.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// It fails and has no effect.
    Before,
    /// It has its effect and fails.
    After,
}

impl World {
    fn new(faults: Vec<u8>) -> Self {
        Self {
            memory: MemoryPorts::new(NOW),
            faults: Mutex::new(faults.into_iter()),
            running: Mutex::default(),
            arrivals: Mutex::default(),
            switches: Mutex::default(),
            releases: Mutex::default(),
            stopped_since: Mutex::default(),
        }
    }

    fn now(&self) -> Timestamp {
        self.memory.clock.now()
    }

    fn chance(&self) -> u8 {
        self.faults.lock().unwrap().next().unwrap_or(u8::MAX)
    }

    fn fault(&self) -> Fault {
        match self.chance() {
            0..2 => Fault::Before,
            2..4 => Fault::After,
            _ => Fault::None,
        }
    }

    async fn around<T, E>(
        &self,
        call: impl Future<Output = Result<T, E>>,
        failed: impl Fn() -> E,
    ) -> Result<T, E> {
        step().await;
        let fault = self.fault();
        if fault == Fault::Before {
            return Err(failed());
        }
        let done = call.await;
        step().await;
        if fault == Fault::After { Err(failed()) } else { done }
    }
}

fn state_error(key: &Key) -> StateError {
    StateError { pk: key.pk.clone(), sk: key.sk.clone(), reason: "as the test wants".to_owned() }
}

impl State for World {
    async fn get(&self, key: &Key) -> Result<Option<Item>, StateError> {
        self.around(self.memory.state.get(key), || state_error(key)).await
    }
    async fn put(
        &self,
        key: &Key,
        data: Value,
        expires: Option<Timestamp>,
        condition: Condition,
    ) -> Result<PutOutcome, StateError> {
        self.around(self.memory.state.put(key, data, expires, condition), || state_error(key)).await
    }
    async fn merge(
        &self,
        key: &Key,
        fields: Map<String, Value>,
        expires: Option<Timestamp>,
    ) -> Result<(), StateError> {
        self.around(self.memory.state.merge(key, fields, expires), || state_error(key)).await
    }
    async fn delete(&self, key: &Key, condition: Condition) -> Result<bool, StateError> {
        self.around(self.memory.state.delete(key, condition), || state_error(key)).await
    }
    async fn query(&self, pk: &str) -> Result<Vec<Item>, StateError> {
        self.around(self.memory.state.query(pk), || state_error(&Key::new(pk, "*"))).await
    }
}

impl EventQueue for World {
    async fn send(&self, queue: Queue, message: Message) -> Result<(), QueueError> {
        let failed = || QueueError { queue, reason: "as the test wants".to_owned() };
        self.around(self.memory.queues.send(queue, message), failed).await
    }
    async fn retry_after(&self, queue: Queue, receipt: &str, delay: Duration) -> Result<(), QueueError> {
        let failed = || QueueError { queue, reason: "as the test wants".to_owned() };
        self.around(self.memory.queues.retry_after(queue, receipt, delay), failed).await
    }
}

/// The bucket never fails here: what the audit says is what the schedules are judged by.
impl ObjectStore for World {
    fn bucket(&self) -> &str {
        self.memory.objects.bucket()
    }
    async fn put(&self, key: &str, object: Object, condition: Precondition<'_>) -> Result<(), PutError> {
        step().await;
        self.memory.objects.put(key, object, condition).await
    }
    async fn get(&self, key: &str) -> Result<Option<StoredObject>, ObjectError> {
        self.memory.objects.get(key).await
    }
    async fn get_if_changed(&self, key: &str, etag: &str) -> Result<Option<StoredObject>, ObjectError> {
        self.memory.objects.get_if_changed(key, etag).await
    }
    async fn get_version(&self, key: &str, version: &str) -> Result<Option<StoredObject>, ObjectError> {
        self.memory.objects.get_version(key, version).await
    }
    async fn versions(&self, key: &str, limit: usize) -> Result<Vec<ObjectVersion>, ObjectError> {
        self.memory.objects.versions(key, limit).await
    }
    async fn list(&self, prefix: &str, limit: usize) -> Result<Vec<String>, ObjectError> {
        self.memory.objects.list(prefix, limit).await
    }

    async fn list_stored(
        &self,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<ListedObject>, ObjectError> {
        self.memory.objects.list_stored(prefix, after, limit).await
    }
    async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        self.memory.objects.delete(key).await
    }
    async fn erase(&self, key: &str) -> Result<usize, ObjectError> {
        self.memory.objects.erase(key).await
    }
    async fn link(&self, key: &str, valid_for: Duration) -> Result<String, ObjectError> {
        self.memory.objects.link(key, valid_for).await
    }
}

impl Secrets for World {
    async fn resolve(&self, reference: &SecretReference) -> Result<SecretString, SecretError> {
        self.memory.secrets.resolve(reference).await
    }
}

impl Ports for World {
    type Objects = Self;
    type Queues = Self;
    type State = Self;
    type Secrets = Self;
    type Publisher = MemoryPublisher;
    type Clock = MemoryClock;
    type Metrics = MemoryMetrics;
    fn objects(&self) -> &Self {
        self
    }
    fn queues(&self) -> &Self {
        self
    }
    fn state(&self) -> &Self {
        self
    }
    fn secrets(&self) -> &Self {
        self
    }
    fn publisher(&self) -> &MemoryPublisher {
        &self.memory.publisher
    }
    fn clock(&self) -> &MemoryClock {
        &self.memory.clock
    }
    fn metrics(&self) -> &MemoryMetrics {
        &self.memory.metrics
    }
}

impl Devices for World {
    fn timer(&self, relay: &Relay) -> DeviceTimer {
        timer(relay)
    }

    async fn send(&self, relay: &Relay, command: DeviceCommand, left: Duration) -> SendOutcome {
        let given_up = self.now() + left;
        step().await;
        if self.now() > given_up {
            return SendOutcome::Unconfirmed("timed out before it was sent".to_owned());
        }
        let reached = match self.chance() {
            0..24 => (false, SendOutcome::NotExecuted("connection refused".to_owned())),
            24..32 => {
                let reason = "status 429".to_owned();
                (false, SendOutcome::Deferred { reason, retry_after: Some(Duration::from_secs(3)) })
            }
            32..48 => (false, SendOutcome::Unconfirmed("lost on the way there".to_owned())),
            48..72 => (true, SendOutcome::Unconfirmed("status 504".to_owned())),
            72..76 => (false, SendOutcome::Forbidden("as the test wants".to_owned())),
            _ => (true, SendOutcome::Confirmed("{}".to_owned())),
        };
        let (effect, answer) = match reached {
            (effect, SendOutcome::Confirmed(_)) if relay.id.as_str() == BOARD => {
                (effect, SendOutcome::Unconfirmed("status 404".to_owned()))
            }
            reached => reached,
        };
        let (at, name) = (self.now(), relay.id.as_str().to_owned());
        let event = *self.running.lock().unwrap();
        let releases = self.releases.lock().unwrap().get(&name).copied().unwrap_or_default();
        if effect {
            self.switches.lock().unwrap().entry(name.clone()).or_default().receive(command, at);
        }
        let is_stopped = self.stopped_since.lock().unwrap().is_some_and(|since| at > since);
        let is_put_off = matches!(answer, SendOutcome::Deferred { .. });
        let arrival = Arrival { at, relay: name, command, event, effect, is_put_off, releases, is_stopped };
        self.arrivals.lock().unwrap().push(arrival);
        step().await;
        if self.now() > given_up {
            return SendOutcome::Unconfirmed("timed out before the answer".to_owned());
        }
        answer
    }
}

/// A message of a simulated queue.
struct Queued {
    queue: Queue,
    record: QueueRecord,
    event: Option<EventId>,
    relay: Option<String>,
    visible_at: Timestamp,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Waiting,
    Deleted,
    Dead,
}

struct Running<'w> {
    /// Whether the message is processed and can be deleted.
    future: Pin<Box<dyn Future<Output = bool> + 'w>>,
    message: usize,
    started: Timestamp,
}

/// Plays a plan: the queue, the functions that it calls, and time.
struct Play<'w> {
    world: &'w World,
    messages: Vec<Queued>,
    running: Vec<Running<'w>>,
    deaths: usize,
    /// How many faults the plan has at most.
    faults: usize,
    repeats: usize,
    most_at_once: usize,
}

fn seconds(seconds: f64) -> SignedDuration {
    SignedDuration::from_secs_f64(seconds)
}

/// What a person does, whatever fails for the functions.
impl World {
    fn busy_until(&self, relay: &str) -> Option<Timestamp> {
        let item = block_on(self.memory.state.get(&Key::new(format!("relay#{relay}"), "-"))).unwrap()?;
        item.data["busy_until"].as_str()?.parse().ok()
    }

    fn set_stop_switch(&self, switch: StopSwitch) {
        let state = &self.memory.state;
        let set = camhook_state::control::set_stop_switch(state, switch, self.now(), "a person");
        block_on(set).unwrap();
    }

    /// Somebody has seen that the relay is off: this is asked only after everything else came to rest.
    fn confirm_off(&self, relay: &str) {
        block_on(confirm_off(&self.memory, relay, "a person")).unwrap();
    }
}

/// The ports in memory answer at once.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

impl<'w> Play<'w> {
    fn new(world: &'w World, events: &[Event], planned: &[PlannedEvent]) -> Self {
        let messages = events.iter().zip(planned).map(|(event, planned)| Queued {
            queue: Queue::Relay,
            record: record(event, 0),
            event: Some(event.id),
            relay: None,
            visible_at: event.time.timestamp() + seconds(f64::from(planned.delay) / 10.0),
            place: Place::Waiting,
        });
        let faults = world.faults.lock().unwrap().as_slice().iter().filter(|fault| **fault < 4).count();
        let (messages, running) = (messages.collect(), vec![]);
        Self { world, messages, running, deaths: 0, faults, repeats: 0, most_at_once: 0 }
    }

    fn visible(&self) -> Vec<usize> {
        let now = self.world.now();
        let waiting = self.messages.iter().enumerate();
        waiting
            .filter(|(_, message)| message.place == Place::Waiting && message.visible_at <= now)
            .map(|(index, _)| index)
            .collect()
    }

    fn deliver(&mut self, index: usize) {
        let now = self.world.now();
        let message = &mut self.messages[index];
        message.record.receive_count += 1;
        let most = if message.queue == Queue::Relay { MAX_EVENT_RECEIVES } else { 1000 };
        if message.record.receive_count > most {
            message.place = Place::Dead;
            return;
        }
        message.visible_at = now + seconds(VISIBILITY);
        let (world, queue, record) = (self.world, message.queue, message.record.clone());
        let future: Pin<Box<dyn Future<Output = bool>>> = match queue {
            Queue::RelayLan | Queue::ReleasesLan => Box::pin(async move {
                let filter = RelayFilter::All;
                let process = process_message_with(world, the_site(), world, &filter, queue, &record);
                match Box::pin(process).await {
                    Disposition::Delete => true,
                    Disposition::Redeliver => false,
                    Disposition::DeadLetter(reason) => panic!("a dead letter: {reason}"),
                }
            }),
            _ => Box::pin(
                async move { handle_with(world, the_site(), world, &[record]).await.failed.is_empty() },
            ),
        };
        self.running.push(Running { future, message: index, started: now });
        self.most_at_once = self.most_at_once.max(self.running.len());
    }

    fn poll(&mut self, index: usize) {
        let task = &mut self.running[index];
        let message = task.message;
        *self.world.running.lock().unwrap() = self.messages[message].event;
        let polled = task.future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        self.take_sent();
        let Poll::Ready(is_processed) = polled else { return };
        drop(self.running.remove(index));
        if is_processed {
            self.messages[message].place = Place::Deleted;
        } else {
            let receipt = &self.messages[message].record.receipt_handle;
            let retried = self.world.memory.queues.retried();
            let count = self.messages[message].record.receive_count;
            // The function asked for each delivery at most once.
            let asked = retried.iter().filter(|(_, of, _)| of == receipt).count();
            let delay = retried.iter().rev().find(|(_, of, _)| of == receipt).map(|(_, _, delay)| *delay);
            if asked > 0 && asked <= count as usize {
                self.messages[message].visible_at = self.world.now() + delay.unwrap_or_default();
            }
        }
        self.count_releases();
    }

    fn die(&mut self, index: usize) {
        drop(self.running.remove(index));
        self.take_sent();
    }

    /// What was sent to a queue is in it. Nothing is ever sent to the queue of the events.
    fn take_sent(&mut self) {
        assert!(self.world.memory.queues.sent(Queue::Relay).is_empty());
        for queue in [Queue::Releases, Queue::ReleasesLan, Queue::RelayLan] {
            for sent in self.world.memory.queues.take(queue) {
                let (event, relay) = match message::read(&sent.body) {
                    Ok(Received::Release(release)) => (None, Some(release.relay)),
                    Ok(Received::Command(_)) => {
                        let body: Value = serde_json::from_str(&sent.body).unwrap();
                        (Some(body["event"].as_str().unwrap().parse().unwrap()), None)
                    }
                    other => panic!("{other:?}"),
                };
                let id = format!("sent-{}", self.messages.len());
                self.messages.push(Queued {
                    queue,
                    record: record_of(&id, sent.body, 0),
                    event,
                    relay,
                    visible_at: self.world.now() + sent.delay,
                    place: Place::Waiting,
                });
            }
        }
        self.count_releases();
    }

    /// A person sets the stop switch, and waits until no relay is busy; or lets the relays go on.
    fn stop_or_go_on(&mut self) {
        let world = self.world;
        let mut stopped_since = world.stopped_since.lock().unwrap();
        let (switch, since) = match *stopped_since {
            None => {
                let busy = the_site().relays().iter().filter_map(|relay| world.busy_until(relay.id.as_str()));
                (StopSwitch::Stopped, Some(busy.fold(world.now(), Timestamp::max)))
            }
            Some(_) => (StopSwitch::Running, None),
        };
        *stopped_since = since;
        drop(stopped_since);
        world.set_stop_switch(switch);
    }

    fn count_releases(&self) {
        let mut releases = BTreeMap::new();
        for message in self.messages.iter().filter(|message| message.place == Place::Waiting) {
            if let Some(relay) = &message.relay {
                *releases.entry(relay.clone()).or_default() += 1;
            }
        }
        *self.world.releases.lock().unwrap() = releases;
    }

    fn advance(&mut self, by: f64) {
        self.world.memory.clock.advance(Duration::from_secs_f64(by));
        let now = self.world.now();
        while let Some(index) =
            self.running.iter().position(|task| now > task.started + seconds(FUNCTION_TIMEOUT))
        {
            self.die(index);
        }
    }

    fn turn(&mut self, turn: u8) {
        let (what, which) = (turn % 32, usize::from(turn / 32));
        match what {
            0..23 => {
                if !self.running.is_empty() {
                    self.poll(which % self.running.len());
                }
            }
            24..27 => {
                let visible = self.visible();
                if !visible.is_empty() {
                    self.deliver(visible[which % visible.len()]);
                }
            }
            27..30 => {
                let by =
                    [0.01, 0.1, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 9.0, 12.0, 15.0, 31.0, 61.0];
                self.advance(by[which % by.len()]);
            }
            30 => {
                if !self.running.is_empty() && self.deaths < 5 {
                    self.deaths += 1;
                    self.die(which % self.running.len());
                }
            }
            23 => self.stop_or_go_on(),
            _ => {
                if self.repeats < 4 {
                    self.repeats += 1;
                    let index = which % self.messages.len();
                    if self.messages[index].place != Place::Dead {
                        self.messages[index].place = Place::Waiting;
                        self.messages[index].visible_at = self.world.now();
                    }
                }
            }
        }
    }

    /// From now on everything works; the play goes on until nothing is left to do.
    fn come_to_rest(&mut self) {
        *self.world.faults.lock().unwrap() = Vec::new().into_iter();
        let person_comes = self.world.now() + seconds(PERSON_COMES);
        for _ in 0..20_000 {
            if self.world.now() >= person_comes {
                self.world.confirm_off(BOARD);
            }
            if !self.running.is_empty() {
                self.poll(0);
                continue;
            }
            if let Some(index) = self.visible().first() {
                self.deliver(*index);
                continue;
            }
            let waiting = self.messages.iter().filter(|message| message.place == Place::Waiting);
            let Some(next) = waiting.map(|message| message.visible_at).min() else { return };
            let wait = next.duration_since(self.world.now());
            self.world.memory.clock.advance(Duration::try_from(wait).unwrap());
        }
        panic!("the queue never becomes empty");
    }
}

/// The audit: which decisions there were about which event.
fn decisions(world: &World) -> BTreeMap<EventId, BTreeSet<String>> {
    let mut decisions: BTreeMap<EventId, BTreeSet<String>> = BTreeMap::new();
    for key in world.memory.objects.keys() {
        let object = world.memory.objects.object(&key).unwrap();
        let record: Value = serde_json::from_slice(&object.bytes).unwrap();
        let Some(event) = record["event"].as_str() else { continue };
        let decision = record["decision"].as_str().unwrap().to_owned();
        decisions.entry(event.parse().unwrap()).or_default().insert(decision);
    }
    decisions
}

fn judge(world: &World, events: &[Event], play: &Play<'_>) -> Result<(), TestCaseError> {
    let arrivals = world.arrivals.lock().unwrap().clone();
    let time = |id: EventId| events.iter().find(|event| event.id == id).unwrap().time.timestamp();

    for arrival in arrivals.iter().filter(|arrival| arrival.event.is_some()) {
        let event = arrival.event.unwrap();
        prop_assert!(arrival.at <= time(event) + seconds(MAX_AGE), "late: {arrival:?}");
        prop_assert!(!arrival.is_stopped, "after the stop switch was set: {arrival:?}");
        let on = matches!(arrival.command, DeviceCommand::On { .. });
        if on && timer(the_site().relay(&arrival.relay).unwrap()) == DeviceTimer::None {
            prop_assert!(arrival.releases > 0, "on without a release: {arrival:?}");
        }
    }
    never_twice(&arrivals)?;

    let on_light: Vec<Timestamp> = arrivals
        .iter()
        .filter(|arrival| arrival.relay == "light" && arrival.effect)
        .map(|arrival| time(arrival.event.unwrap()))
        .collect();
    prop_assert!(on_light.is_sorted(), "an older event undid a newer one: {arrivals:?}");

    for release in arrivals.iter().filter(|arrival| arrival.event.is_none()) {
        prop_assert_eq!(release.command, DeviceCommand::Off);
        for held in arrivals.iter().filter(|held| held.effect && held.at < release.at) {
            let Some(event) = held.event else { continue };
            if held.relay == "bare-lamp" && held.relay == release.relay {
                let on_until = time(event) + seconds(HOLD);
                prop_assert!(on_until <= release.at, "released too early: {held:?} {release:?}");
            }
        }
    }

    let after = world.now() + seconds(3600.0);
    for (relay, switch) in world.switches.lock().unwrap().iter_mut() {
        switch.settle(after);
        if ["bare-gate", "bare-lamp", "porch", BOARD, "bare-barn"].contains(&relay.as_str()) {
            prop_assert!(!switch.on, "{relay} is stuck on: {arrivals:?}");
        }
    }

    let decisions = decisions(world);
    for message in play.messages.iter().filter(|message| message.place != Place::Dead) {
        let Some(event) = message.event else { continue };
        prop_assert!(decisions.contains_key(&event), "nothing was decided about {event}");
    }
    for event in events.iter().filter(|event| event.data.kind == Kind::Motion) {
        let commands = play.messages.iter();
        let commands =
            commands.filter(|message| message.queue == Queue::RelayLan && message.event == Some(event.id));
        // One for each of its two relays on site, and another one after a kill or a fault between sending and
        // recording that; a second delivery side by side may send both before it is recorded.
        let most = 2 * (1 + play.repeats) + play.deaths + play.faults;
        prop_assert!(commands.count() <= most, "handed over again and again: {event:?}");
    }
    let bad = |decisions: &BTreeSet<String>| decisions.contains("unknown") || decisions.contains("failed");
    if decisions.values().any(bad) {
        prop_assert!(
            !world.memory.queues.sent(Queue::Alerts).is_empty(),
            "nobody was alerted: {decisions:?}"
        );
    }
    Ok(())
}

fn never_twice(arrivals: &[Arrival]) -> Result<(), TestCaseError> {
    let mut had_effect = BTreeSet::new();
    let mut toggled = BTreeSet::new();
    for arrival in arrivals {
        let Some(event) = arrival.event else { continue };
        if arrival.command == DeviceCommand::Toggle && !arrival.is_put_off {
            prop_assert!(toggled.insert((event, &arrival.relay)), "toggled again: {arrivals:?}");
        }
        if arrival.effect {
            prop_assert!(had_effect.insert((event, &arrival.relay)), "twice: {arrivals:?}");
        }
    }
    Ok(())
}

/// Posts about one thing: two of them may act only when more time than `once` lasts lies between, less the
/// age that the first may have had.
fn once_for_each_thing(world: &World, plan: &Plan) -> Result<(), TestCaseError> {
    let arrivals = world.arrivals.lock().unwrap();
    let gate: Vec<&Arrival> = arrivals
        .iter()
        .filter(|arrival| {
            arrival.relay == "bare-gate" && arrival.effect && arrival.command != DeviceCommand::Off
        })
        .collect();
    let key = |arrival: &Arrival| {
        let planned = plan.events.iter().enumerate();
        let mut of =
            planned.filter(|(number, _)| Some(event_id(u32::try_from(*number).unwrap())) == arrival.event);
        of.next().map_or(0, |(_, planned)| planned.key)
    };
    for (index, first) in gate.iter().enumerate() {
        for second in &gate[index + 1..] {
            let same = key(first) > 0 && key(first) == key(second);
            let apart = second.at.duration_since(first.at) >= seconds(60.0 - MAX_AGE);
            prop_assert!(!same || apart, "one thing moved the gate twice: {gate:?}");
        }
    }
    Ok(())
}

/// How often the schedules met what they are about: a test of the test.
#[derive(Debug, Default)]
struct Tally {
    effects: usize,
    releases: usize,
    deaths: usize,
    side_by_side: usize,
    by_the_agent: usize,
    stopped: usize,
    decisions: BTreeMap<String, usize>,
}

impl Tally {
    fn add(&mut self, world: &World, play: &Play<'_>) {
        let arrivals = world.arrivals.lock().unwrap();
        self.effects += arrivals.iter().filter(|one| one.effect && one.event.is_some()).count();
        self.releases += arrivals.iter().filter(|one| one.effect && one.event.is_none()).count();
        self.deaths += play.deaths;
        self.side_by_side += usize::from(play.most_at_once > 1);
        let on_site = |arrival: &&Arrival| ["bare-barn", "hatch"].contains(&arrival.relay.as_str());
        self.by_the_agent += arrivals.iter().filter(on_site).count();
        self.stopped += usize::from(world.stopped_since.lock().unwrap().is_some());
        for decision in decisions(world).into_values().flatten() {
            *self.decisions.entry(decision).or_default() += 1;
        }
    }
}

fn run(plan: &Plan, tally: &Mutex<Tally>) -> Result<(), TestCaseError> {
    let world = World::new(plan.faults.clone());
    let numbered = plan.events.iter().enumerate();
    let events: Vec<Event> = numbered.map(|(number, planned)| planned_event(number, planned)).collect();
    let mut play = Play::new(&world, &events, &plan.events);
    for turn in &plan.turns {
        play.turn(*turn);
    }
    play.come_to_rest();
    tally.lock().unwrap().add(&world, &play);
    judge(&world, &events, &play)?;
    once_for_each_thing(&world, plan)
}

#[test]
fn whatever_happens_never_late_never_twice_never_stuck_on() {
    let default = Config::default();
    // What the environment asks for, as proptest has it, or fewer than are run before a release.
    let cases = if default.cases == 256 { SCHEDULES } else { default.cases };
    let config = Config { cases, failure_persistence: None, ..default };
    let tally = Mutex::new(Tally::default());
    let result = TestRunner::new(config).run(&plan(), |plan| run(&plan, &tally));
    if let Err(error) = result {
        panic!("{error}");
    }
    let tally = tally.into_inner().unwrap();
    let often = cases as usize / 200;
    assert!(tally.effects > often && tally.releases > often, "{tally:?}");
    assert!(tally.deaths > often && tally.side_by_side > often, "{tally:?}");
    assert!(tally.by_the_agent > often && tally.stopped > often, "{tally:?}");
    for decision in ["done", "late", "duplicate", "failed", "unknown", "stopped"] {
        assert!(tally.decisions.get(decision).is_some_and(|count| *count > often), "{decision}: {tally:?}");
    }
}
