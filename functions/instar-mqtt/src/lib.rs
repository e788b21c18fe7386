//! INSTAR over MQTT: what cameras publish to a broker and an AWS IoT rule puts on the queue `mqtt`.
//!
//! # What cameras publish
//!
//! | generation | status topic |
//! |---|---|
//! | Full HD, WQHD with the default prefix | `instar/<local or MAC>/status/<path>` |
//! | WQHD 2K+ and later | `<prefix>/<client id>/status/<path>` |
//!
//! with a payload `{"val":"<text>"}`, and below `status/`
//!
//! | path | value |
//! |---|---|
//! | `alarm/triggered` | the code of an alarm, back to 0 after 5 s |
//! | `alarm/triggered/triggers` | the bit mask of an alarm (2K+) |
//! | `alarm/triggered/object`, `alarm/triggered/objects` | what was recognized; the vendor's own pages do not agree on the name |
//! | `testament`, `connection`, or another name | the last will: `alive` or `online`, `dead` or `offline` |
//!
//! One alarm is two or three of these messages and their return to 0, and none of them holds a time or a number.
//! The [history](history) of a camera says which belong together. The first message of an alarm becomes an event at
//! once: nobody waits for what may still come. What was recognized later becomes a second event with the same
//! correlation key, so that a rule acts once.
//!
//! # How a message gets here
//!
//! Camera, on-site broker, bridge with a client certificate, AWS IoT, rule, queue. Each hop delivers at least once,
//! and none keeps the order: the time at which IoT received a message orders them here. A message that waited in
//! the bridge while the line was down arrives late and looks new: only the device could tell, and it does not.
//!
//! Sources: wiki.instar.com, "MQTT", "INSTAR MQTT Broker", "INSTAR MQTT Alarmserver"; public code that talks to the
//! cameras (`mpolinowski`, `Schnittcher/INSTARMQTT`). Configurable words are the source's setting `parameters`.

#![warn(clippy::indexing_slicing)]

pub mod connection;
mod draft;
mod error;
mod handle;
pub mod history;
mod message;
mod rule;
mod sample;
mod setup;
mod topic;

pub use error::Error;
pub use handle::handle;
pub use message::{Message, read};
pub use rule::RuleMessage;
pub use sample::{SAMPLES, Sample};
pub use setup::setup;
pub use topic::{Camera, locate};
