//! The way of one webhook: verify, parse, decode, store, enqueue, reply.

mod adapter;
mod draft;
mod guide;
mod request;

pub use adapter::{Adapter, Ignored, Malformed, Outcome, Parsed, Refusal, Reply};
pub use draft::{DeviceTime, Draft, DraftImage, DraftTarget, Identity};
pub use guide::{Sample, WebhookUrl};
pub use request::{Headers, Method, Parts, Request, Unverified, Verified};
