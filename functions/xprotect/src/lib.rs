//! Milestone XProtect: webhooks of its rules, and of plug-ins that speak like them.
//!
//! # What XProtect sends
//!
//! `POST` with one JSON object, `{"Event": {"EventHeader": {…}}, "Site": {…}}`, for each rule action *Send event
//! info to `<Webhook>`*, available from XProtect 2023 R1 on. Three header fields belong to it: `content-type:
//! application/json; charset=utf-8`, `X-Milestone-Api-Version: v1.0`, and, when the webhook has a token,
//! `X-Hub-Signature-256: sha256=` with the base64 of HMAC-SHA256 over the body. The key is the token's text as it
//! was typed, not the bytes that its hexadecimal digits mean.
//!
//! | what | recognized by | becomes |
//! |---|---|---|
//! | which event | `EventHeader.ID`, the same in each delivery | the event's identity |
//! | where | `Source.FQID`: its `Kind` says what `ObjectId` is the id of | the camera, or the name of what raised it |
//! | what happened | `Kind` and the words of `Name` and `Message` | the event's kind |
//! | who was seen | `ObjectList`, when an analytics event is sent whole | targets, and an event for each plate and recognized face |
//! | how many | `Count`, likewise | counters |
//! | pictures | `SnapshotList`, likewise | images |
//!
//! # Replies
//!
//! 400 is never tried again; after any other failure, or none, XProtect sends the same event up to two more times,
//! 30 s apart. Everything that is wrong for good is therefore [answered](Xprotect#method.reply) 400.
//!
//! Sources: Milestone's webhooks documentation with its code samples, and the schema of analytics events (MIP SDK)
//! for all that goes beyond the documented header: that a webhook ever carries more than the header is inferred, not
//! seen. The plug-in `mscp` sends the same shape with keys of its user's own, and signs nothing.

#![warn(clippy::indexing_slicing)]

mod adapter;
mod analytics;
mod event;
mod impersonal;
mod kind;
mod message;
mod parse;
mod query;
mod reply;
mod sample;
mod setup;
mod signature;
mod subject;
mod words;

pub use adapter::Xprotect;
pub use sample::SAMPLES;
pub use setup::GUIDE;
pub use signature::{SIGNATURE_FIELD, sign};
