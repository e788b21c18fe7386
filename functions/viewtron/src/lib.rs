//! Viewtron: webhooks of Viewtron cameras and recorders, and of other brands with the firmware of TVT.
//!
//! # What these devices send
//!
//! `POST` with an XML body, root `config` in the namespace `http://www.ipc.com/ver10` (or `DeviceInfo`, without
//! one). A camera posts itself (its `version` is 1.0 or 1.7, elements carry `type` attributes); a recorder
//! forwards what its cameras see (2.x, a `messageType`, no attributes). Every mixture of versions and types was
//! seen, so that only the blocks in a post decide.
//!
//! | post | recognized by | becomes |
//! |---|---|---|
//! | heartbeat, every 10 to 120 s | no body; root `DeviceInfo`; `messageType` keepalive; `deviceInfo` alone | nothing |
//! | level of alarms | `alarmStatusInfo` | one event for each alarm, `start` or `stop` |
//! | smart event, with pictures as base64 text | `smartType` directly below the root | one event, or one for each plate |
//! | positions, 6 to 12 a second | `traject` | one tracking event, or nothing |
//!
//! Devices neither number nor sign their posts, and do not resend them. They expect
//! [the same XML](Viewtron#method.reply) in reply to every post.
//!
//! Sources: the vendor's "Webhook Event Notification API", its public examples and SDKs, and posts captured by
//! others. Comments mark what no device was seen to send.
//!
//! # How a post is parsed
//!
//! [`Viewtron`] reads a post once. The text of its pictures, nearly all of its bytes, is borrowed from the request and
//! neither copied nor decoded. No post makes the parser panic, or use much more memory than ten times the post's length.
//!
//! Firmware names and nests the same thing in many ways. What is not recognized ends up in `vendor_data`; a post in which
//! nothing is recognized goes to the quarantine with the names that it holds.

#![warn(clippy::indexing_slicing)]

mod adapter;
mod encoding;
mod event;
mod frame;
mod message;
mod parse;
mod reply;
mod sample;
mod scalars;
mod setup;
mod suspicion;
mod text;
mod time;
mod vocabulary;
mod xml;

pub use adapter::Viewtron;
pub use sample::SAMPLES;
pub use setup::GUIDE;
