//! Consumes batches of SQS messages.
//!
//! [`consume`] runs a function for each message of a batch and reports which of them SQS must deliver again (the
//! partial batch response of Lambda). Messages are isolated from each other: one that fails or panics costs no
//! other message its delivery. A failed message is delivered again after a growing delay, and before SQS moves it
//! to the dead-letter queue its reason is recorded, where `camhook dlq` finds it.
//!
//! [`process`] does the same for a single message, for a consumer that polls its queue itself.
//!
//! ```
//! use std::time::Duration;
//!
//! use camhook_consumer::{Backoff, BatchOutcome, Concurrency, Policy, Retry, consume};
//! use camhook_ports::{Ports, Queue, QueueRecord};
//!
//! const POLICY: Policy = Policy {
//!     queue: Queue::Notify,
//!     max_receive_count: 8,
//!     backoff: Backoff::exponential(Duration::from_secs(5), 3, Duration::from_secs(900)),
//!     retries: "NotificationRetries",
//!     concurrency: Concurrency::Parallel,
//! };
//!
//! async fn handle<P: Ports>(ports: &P, records: &[QueueRecord]) -> BatchOutcome {
//!     consume(ports, &POLICY, records, async |record| deliver(record).await).await
//! }
//!
//! async fn deliver(record: &QueueRecord) -> Result<(), Retry> {
//!     // Every error becomes a retry whose reason is `error`.
//!     let seconds: u64 = record.body.parse()?;
//!     if seconds > 0 {
//!         return Err(Retry::waiting("cooldown").after(Duration::from_secs(seconds)));
//!     }
//!     Ok(())
//! }
//! ```

#![warn(clippy::indexing_slicing)]

mod batch;
mod policy;
mod retry;

pub use batch::{BatchOutcome, Disposition, consume, process};
pub use policy::{Backoff, Concurrency, LONGEST_REQUESTED, Policy};
pub use retry::Retry;
