//! iVSEC: HTTP Event Push and Manual Push of iVSEC cameras and recorders, and of other brands with the firmware of
//! Raysharp (Swann, GVD / Lumina).
//!
//! # What these devices send
//!
//! | request | recognized by | becomes |
//! |---|---|---|
//! | `GET` with a query, `POST {"result": "success", "data": {…}}` of a camera | `EventType` | one event with `start` or `stop`, and one for each further plate and face in `PicData` |
//! | `POST {"data": {…}}` of recorders and newer cameras | `alarm_list`, `channel_alarm`, `system_alarm` | one event for each flag that is on |
//! | the same | `ai_snap_picture`, `SnapedObjInfo`, `PlateInfo`, `FaceInfo`, `EventTrafficCar` | one event for each plate and face, and for the objects of one kind in one channel; joined with the flag of the same post that reports the same |
//! | the same | `alarm_snap_data`, `ccCount` | pictures of an alarm; statistics (`report: status`) |
//! | `GET` or `POST` below `/manual/1` and `/manual/2` | the path | a person pressed that button |
//! | keep-alive, every 1, 5 or 10 minutes | `POST /API/HttpListening/KeepLive`, or `data` with a numeric `time` alone, or `heat_alarm` | a heartbeat |
//!
//! A recorder sends every channel with every post, and most of what it sends are levels: an alarm is a flag that is on.
//! Firmware adds members that no document names. One that could be an alarm becomes an event of the kind `other` beside
//! the others of its post; a post that holds nothing else goes to the quarantine with the names of what it held.
//!
//! Nothing is numbered, signed or sent again. Every post is answered with [the same JSON](Ivsec#method.reply); without a
//! status code Manual Push shows "Error !".
//!
//! Sources: iVSEC's "HTTP Webhook API Feature" (its menus), Raysharp's HTTP API reference (names, forms, the enum of
//! `SnapedObjInfo.Type`), and public receivers of such posts (which flags are alarms, where the text of a plate stands).
//! That both are the same family is inferred from the menus.

#![warn(clippy::indexing_slicing)]

mod adapter;
mod event;
mod limit;
mod message;
mod parse;
mod reply;
mod sample;
mod setup;
mod time;
mod vocabulary;

pub use adapter::{EVENT_PUSH_PATH, Ivsec, KEEP_ALIVE_PATH};
pub use limit::{Limit, limits};
pub use sample::SAMPLES;
pub use setup::GUIDE;
