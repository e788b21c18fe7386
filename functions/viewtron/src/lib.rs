//! Viewtron: webhooks of Viewtron cameras and recorders, and of other brands with the firmware of TVT.
//!
//! # What these devices send
//!
//! `POST` with an XML body, root `config` in the namespace `http://www.ipc.com/ver10` (or `DeviceInfo`, without
//! one). A camera posts itself (its `version` is 1.0 or 1.7, elements carry `type` attributes); a recorder
//! forwards what its cameras see (2.x, a `messageType`, no attributes). Versions and types do not tell them apart,
//! since every mixture of them was seen: the blocks in a post do.
//!
//! | post | told by | becomes |
//! |---|---|---|
//! | heartbeat, every 10 to 120 s | no body; root `DeviceInfo`; `messageType` keepalive; `deviceInfo` alone | nothing |
//! | level of alarms | `alarmStatusInfo` | one event for each alarm, `start` or `stop` |
//! | smart event, with pictures as base64 text | `smartType` directly below the root | one event, or one for each plate |
//! | positions, 6 to 12 a second | `traject` | one tracking event, or nothing |
//!
//! Nothing is numbered, signed or sent again. A device wants [the same XML](Viewtron#method.reply) for an answer
//! to whatever it sent.
//!
//! Sources: the vendor's "Webhook Event Notification API", its public examples and SDKs, and posts captured by
//! others. What no device was seen to send is marked so where it is read.
//!
//! # How it is read
//!
//! [`Viewtron`] goes over a post once. The text of its pictures, nearly all of its bytes, is searched for its end
//! and handed on as it lies in the request: never copied, never looked at as text. No post makes it panic, and
//! none makes it use much more than ten times the post's own length.

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
mod text;
mod time;
mod vocabulary;
mod xml;

pub use adapter::Viewtron;
pub use sample::SAMPLES;
pub use setup::{http_post_config, setup};
