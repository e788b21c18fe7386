//! The functions of a soak: their instances, which are killed, and the event source mappings before them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use camhook_end_to_end::cloud::{Queue, Taken};
use camhook_end_to_end::lambda_runtime::{Function, Outcome};
use camhook_end_to_end::own_stack::OwnStack;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::account::Queued;
use crate::faults::Instances;
use crate::site::MAX_AGE_SECONDS;

/// How many instances of each function run at most.
const POOLS: [(&str, usize); 8] = [
    ("viewtron", 2),
    ("xprotect", 1),
    ("ivsec", 1),
    ("instar", 1),
    ("mqtt", 1),
    ("notify", 2),
    ("relay", 3),
    ("watchdog", 1),
];

/// How often a message is delivered twice at the same moment, and how often one that is done with is delivered again.
pub(crate) const DUPLICATES: f64 = 0.05;

/// How often a message to a relay is delivered only when its event is too old.
const TOO_LATE: f64 = 0.06;

/// A queue, and the function that it is delivered to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mapping {
    /// Which queue.
    pub(crate) queue: Source,
    function: &'static str,
    /// Messages in an invocation. One where a kill must not interrupt more than one message.
    batch: i32,
    /// After how many deliveries a message is a dead letter, as in the template.
    most: u32,
    /// How many batches are delivered at the same time.
    pub(crate) pollers: usize,
}

/// The queues that a soak delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Notify,
    Alerts,
    Relay,
    Releases,
    Mqtt,
}

/// All mappings.
pub(crate) const MAPPINGS: [Mapping; 5] = [
    Mapping { queue: Source::Notify, function: "notify", batch: 1, most: 8, pollers: 2 },
    Mapping { queue: Source::Alerts, function: "notify", batch: 1, most: 8, pollers: 1 },
    Mapping { queue: Source::Relay, function: "relay", batch: 1, most: 10, pollers: 4 },
    Mapping { queue: Source::Releases, function: "relay", batch: 1, most: 1000, pollers: 2 },
    Mapping { queue: Source::Mqtt, function: "mqtt", batch: 10, most: 5, pollers: 1 },
];

struct Pool {
    permits: Semaphore,
    idle: Mutex<Vec<(String, Function)>>,
    started: AtomicUsize,
}

/// The functions of a stack.
pub(crate) struct Cluster {
    /// The stack.
    pub(crate) stack: OwnStack,
    pools: BTreeMap<&'static str, Pool>,
    instances: Instances,
    kills: AtomicUsize,
    random: Mutex<fastrand::Rng>,
    duplicates: f64,
    queued: Mutex<Queued>,
    /// What instances have written that are gone.
    logs: Mutex<String>,
    is_gentle: AtomicBool,
    is_over: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cluster {
    /// The functions of this stack; none runs yet. `duplicates` is how often a message is delivered again.
    pub(crate) fn new(stack: OwnStack, instances: Instances, seed: u64, duplicates: f64) -> Arc<Self> {
        let pool = |(name, size)| {
            let pool =
                Pool { permits: Semaphore::new(size), idle: Mutex::default(), started: AtomicUsize::new(0) };
            (name, pool)
        };
        Arc::new(Self {
            stack,
            pools: POOLS.into_iter().map(pool).collect(),
            instances,
            kills: AtomicUsize::new(0),
            random: Mutex::new(fastrand::Rng::with_seed(seed)),
            duplicates,
            queued: Mutex::default(),
            logs: Mutex::default(),
            is_gentle: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
        })
    }

    /// Invokes a function on an instance that is idle, or on a new one.
    pub(crate) async fn invoke(&self, function: &str, event: &Value) -> Outcome {
        let Some(pool) = self.pools.get(function) else { return Outcome::Died };
        let Ok(_permit) = pool.permits.acquire().await else { return Outcome::Died };
        let (name, instance) = self.instance(function, pool).await;
        let outcome = instance.invoke(event).await;
        if matches!(outcome, Outcome::Died) {
            self.kills.fetch_add(1, Ordering::Relaxed);
            self.bury(&name, &instance);
        } else {
            lock(&pool.idle).push((name, instance));
        }
        outcome
    }

    async fn instance(&self, function: &str, pool: &Pool) -> (String, Function) {
        loop {
            let Some((name, instance)) = lock(&pool.idle).pop() else { break };
            if !instance.kill_switch().has_ended() {
                return (name, instance);
            }
            self.bury(&name, &instance);
        }
        let name = format!("{function}.{}", pool.started.fetch_add(1, Ordering::Relaxed));
        let instance = self.stack.start_as(function, &name).await;
        lock(&self.instances).insert(name.clone(), instance.kill_switch());
        (name, instance)
    }

    fn bury(&self, name: &str, instance: &Function) {
        lock(&self.instances).remove(name);
        lock(&self.logs).push_str(&format!("== {name}\n{}\n", instance.log()));
    }

    /// What all instances have written. Ends those that are idle.
    pub(crate) fn logs(&self) -> String {
        for pool in self.pools.values() {
            for (name, instance) in lock(&pool.idle).drain(..) {
                self.bury(&name, &instance);
            }
        }
        lock(&self.logs).clone()
    }

    /// Kills an instance, whatever it does.
    pub(crate) async fn kill_one(&self) {
        let instances: Vec<_> = lock(&self.instances).values().cloned().collect();
        let chosen = lock(&self.random).choice(&instances).cloned();
        if let Some(process) = chosen {
            process.kill().await;
        }
    }

    /// Kills every instance, so that all that comes next begins with a cold start.
    pub(crate) async fn kill_all(&self) {
        let instances: Vec<_> = lock(&self.instances).values().cloned().collect();
        for process in instances {
            process.kill().await;
        }
    }

    /// How many invocations were ended by a kill.
    pub(crate) fn kills(&self) -> usize {
        self.kills.load(Ordering::Relaxed)
    }

    /// What was seen of the messages in queues.
    pub(crate) fn queued(&self) -> Queued {
        lock(&self.queued).clone()
    }

    /// From now on messages are delivered once and at once.
    pub(crate) fn be_gentle(&self) {
        self.is_gentle.store(true, Ordering::Relaxed);
    }

    /// Ends the pollers.
    pub(crate) fn finish(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// The queue of a mapping.
    fn queue(&self, source: Source) -> &Queue {
        match source {
            Source::Notify => &self.stack.notify,
            Source::Alerts => &self.stack.alerts,
            Source::Relay => &self.stack.relay,
            Source::Releases => &self.stack.releases,
            Source::Mqtt => &self.stack.mqtt,
        }
    }

    /// How many messages all queues hold.
    pub(crate) async fn messages(&self) -> usize {
        let mut messages = 0;
        for mapping in MAPPINGS {
            messages += self.queue(mapping.queue).holds().await;
        }
        for queue in [&self.stack.relay_lan, &self.stack.releases_lan, &self.stack.notify_dlq] {
            messages += queue.holds().await;
        }
        messages
    }

    fn happens(&self, probability: f64) -> bool {
        !self.is_gentle.load(Ordering::Relaxed) && lock(&self.random).f64() < probability
    }

    /// Delivers the messages of a queue, as an event source mapping does, until the soak is over.
    pub(crate) async fn poll(self: Arc<Self>, mapping: Mapping) {
        while !self.is_over.load(Ordering::Relaxed) {
            let mut taken = self.queue(mapping.queue).receive(mapping.batch, 1).await;
            for message in &taken {
                self.observe(mapping, message);
            }
            let (live, dead) = taken.drain(..).partition(|message| message.receive_count() <= mapping.most);
            let (live, dead): (Vec<Taken>, Vec<Taken>) = (live, dead);
            for message in dead {
                let body = message.record["body"].as_str().unwrap_or_default();
                lock(&self.queued).dead.push(format!("{:?} {body}", mapping.queue));
                message.delete().await;
            }
            if !live.is_empty() {
                self.deliver(mapping, &live).await;
            }
        }
    }

    fn observe(&self, mapping: Mapping, message: &Taken) {
        let body = message.body();
        if let (Some("camhook.event.v1"), Some(id)) = (body["type"].as_str(), body["id"].as_str()) {
            let mut queued = lock(&self.queued);
            match mapping.queue {
                Source::Notify => queued.notify.insert(id.to_owned()),
                Source::Relay => queued.relay.insert(id.to_owned()),
                Source::Alerts | Source::Releases | Source::Mqtt => false,
            };
        }
    }

    async fn deliver(&self, mapping: Mapping, messages: &[Taken]) {
        let is_about_plate = messages.iter().any(|message| message.body()["subject"] == "plate");
        if mapping.queue == Source::Relay && is_about_plate && self.happens(TOO_LATE) {
            tokio::time::sleep(Duration::from_secs(MAX_AGE_SECONDS + 4)).await;
        }
        let records: Vec<&Value> = messages.iter().map(|message| &message.record).collect();
        let event = json!({ "Records": records });
        let outcomes = if self.happens(self.duplicates) {
            let (one, other) =
                tokio::join!(self.invoke(mapping.function, &event), self.invoke(mapping.function, &event));
            vec![one, other]
        } else {
            vec![self.invoke(mapping.function, &event).await]
        };
        for message in messages {
            match fate(&outcomes, message) {
                Fate::Done if self.happens(self.duplicates) => message.give_back().await,
                Fate::Done => message.delete().await,
                // It comes again when the function wanted it, or after the queue's visibility timeout.
                Fate::Again => {}
                Fate::Died if self.happens(0.5) => {}
                Fate::Died => message.give_back().await,
            }
        }
    }
}

/// What is to happen to a message after its deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Done,
    Again,
    Died,
}

fn fate(outcomes: &[Outcome], message: &Taken) -> Fate {
    let mut fate = Fate::Done;
    for outcome in outcomes {
        match outcome {
            Outcome::Answered(answer) => {
                let failures = answer["batchItemFailures"].as_array().map(Vec::as_slice).unwrap_or_default();
                let id = &message.record["messageId"];
                if failures.iter().any(|failure| failure["itemIdentifier"] == *id) {
                    fate = Fate::Again;
                }
            }
            Outcome::Failed(_) => fate = Fate::Again,
            Outcome::Died => return Fate::Died,
        }
    }
    fate
}
