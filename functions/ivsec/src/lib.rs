//! iVSEC: HTTP Event Push and Manual Push of iVSEC cameras and recorders, and of other brands with the firmware of
//! Raysharp (Swann, GVD / Lumina).
//!
//! # What these devices send
//!
//! | request | told by | becomes |
//! |---|---|---|
//! | `GET` with a query | `EventType` in it | one event, `start` or `stop` |
//! | `POST`, a camera's flat form `{"result": "success", "data": {…}}` | `EventType` in `data` | one event, or one for each plate and face |
//! | `POST`, the rich form of recorders and newer cameras `{"data": {…}}` | `alarm_list`, `alarm_snap_data`, `ai_snap_picture` | one event for each flag that is true, each plate, each face, and each channel's objects of one kind |
//! | `GET` or `POST` below `/manual/1` and `/manual/2` | the path | a person pressed that button |
//! | keep-alive, every 1, 5 or 10 minutes | `POST /API/HttpListening/KeepLive`, or `data` with a `time` alone, or `heat_alarm` | nothing |
//!
//! Most entries of `alarm_list` are levels and no alarms: a recorder repeats them with every post. What counts is a
//! flag that is `true`; `alarm_state` repeats while an alarm goes on, and is passed over.
//!
//! Nothing is numbered, signed or sent again. A device wants [the same JSON](Ivsec#method.reply) for an answer to
//! whatever it sent; without a status code its Manual Push shows "Error !".
//!
//! Sources: iVSEC's "HTTP Webhook API Feature" (its menus), Raysharp's HTTP API reference (names, forms, the enum of
//! `SnapedObjInfo.Type`), and public receivers of such posts (which flags are alarms). That both are the same family
//! is inferred from the menus. What no device was seen to send is marked so where it is read.

#![warn(clippy::indexing_slicing)]

mod adapter;
mod event;
mod kind;
mod limit;
mod message;
mod parse;
mod query;
mod reply;
mod sample;
mod setup;
mod snapped;
mod time;

pub use adapter::{EVENT_PUSH_PATH, Ivsec, KEEP_ALIVE_PATH};
pub use limit::{Limit, limits};
pub use sample::SAMPLES;
pub use setup::setup;
