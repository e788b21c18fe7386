//! The external services that camhook needs, as small traits.
//!
//! Objects, queues, the state table, secrets, metrics, the publisher and the clock are each behind one of these ports.
//! Each has an implementation in [`memory`], for tests, and one on AWS in `camhook-aws`. No AWS type is part of a port.

mod alarm;
mod clock;
mod index;
pub mod memory;
mod metric;
mod network;
mod object_store;
mod publisher;
mod queue;
mod secret;
mod state;

pub use alarm::{ActiveAlarm, AlarmError, Alarms};
pub use clock::{Clock, SystemClock};
pub use index::{
    DayCount, DayKey, EventIndex, IndexError, IndexItem, IndexKey, IndexKeys, IndexPage, PageEnd,
    PageRequest, Position,
};
pub use metric::{Dimension, Metric, Metrics, Unit};
pub use network::Network;
pub use object_store::{
    ListedObject, Object, ObjectError, ObjectStore, ObjectVersion, Precondition, PutError, StoredObject,
};
pub use publisher::{PublishError, Publisher};
pub use queue::{DepthError, EventQueue, Message, Queue, QueueDepth, QueueDepths, QueueError, QueueRecord};
pub use secret::{SecretError, SecretReference, Secrets};
pub use state::{Condition, Item, Key, PutOutcome, State, StateError};

/// All the ports of one function.
///
/// Functions are generic over this one trait, not over one per port.
pub trait Ports: Sync {
    /// Where objects are stored.
    type Objects: ObjectStore;
    /// Where messages are sent.
    type Queues: EventQueue;
    /// What is remembered between invocations.
    type State: State;
    /// Who knows the secrets.
    type Secrets: Secrets;
    /// Where messages for devices are published.
    type Publisher: Publisher;
    /// The clock.
    type Clock: Clock;
    /// Where metrics are recorded.
    type Metrics: Metrics;

    /// Where objects are stored.
    fn objects(&self) -> &Self::Objects;
    /// Where messages are sent.
    fn queues(&self) -> &Self::Queues;
    /// What is remembered between invocations.
    fn state(&self) -> &Self::State;
    /// Who knows the secrets.
    fn secrets(&self) -> &Self::Secrets;
    /// Where messages for devices are published.
    fn publisher(&self) -> &Self::Publisher;
    /// What time it is.
    fn clock(&self) -> &Self::Clock;
    /// Where metrics are recorded.
    fn metrics(&self) -> &Self::Metrics;
}

/// The ports of what reads or writes the event index. Receiving a webhook needs none of it.
pub trait IndexPorts: Ports {
    /// The event index.
    type Index: EventIndex;

    /// The event index.
    fn index(&self) -> &Self::Index;
}
