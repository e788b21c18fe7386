//! INSTAR: the webhook of its Cloud, the Alarm Server of its cameras, and what its cameras publish over MQTT.
//!
//! None of them sends a picture, a time or the number of an event. They share two things:
//!
//! | value | form | read by |
//! |---|---|---|
//! | what set off an alarm | a code at older cameras, a bit mask at newer ones | [`Triggers`] |
//! | what was recognized | a bit mask of 1 person, 2 vehicle, 4 animal | [`Objects`] |
//!
//! [`http`] is the dialect of the webhooks ([`InstarHttp`]), [`mqtt`] that of the messages ([`InstarMqtt`], which the
//! function `mqtt` asks).
//!
//! Sources: wiki.instar.com, and public code that talks to the cameras (`mpolinowski`, `Schnittcher/INSTARMQTT`).

#![warn(clippy::indexing_slicing)]

pub mod http;
pub mod mqtt;
mod object;
mod trigger;

pub use http::InstarHttp;
pub use mqtt::InstarMqtt;
pub use object::Objects;
pub use trigger::{Trigger, Triggers};
