//! MQTT: messages that cameras publish, which an AWS IoT rule puts on the queue `mqtt`.
//!
//! This is the transport. What topics and payloads mean is a vendor's [dialect](camhook_ingest::MqttDialect), chosen
//! by the vendor of the source that a topic belongs to.
//!
//! A batch goes through the same steps as a webhook: find the source, read, join what belongs together, store,
//! enqueue. A message that fails on the way is delivered again; one that cannot be read goes to the quarantine.
//!
//! # Delivery
//!
//! Camera, on-site broker, bridge with a client certificate, AWS IoT, rule, queue: each hop delivers at least once,
//! and none keeps the order. The time at which IoT received a message orders messages, and its trace id names them.
//! A message that waited in the bridge while the line was down arrives late and looks new: only the device could tell,
//! and it does not.

#![warn(clippy::indexing_slicing)]

mod error;
mod handle;
mod locate;
mod relay_status;
mod rule;

pub use error::Error;
pub use handle::handle;
pub use locate::locate;
pub use rule::RuleMessage;
