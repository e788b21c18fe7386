//! The pipeline of a webhook: verify, parse, decode, store, enqueue, reply.
//!
//! [`handle`] runs the pipeline. A vendor's crate implements [`Adapter`]; external services are behind the ports of
//! `camhook-ports`. The order of the steps is guaranteed: requests are verified before they are parsed (a parser takes a
//! [`Request<Verified>`]), and a post is acknowledged only after its record is stored.

#![warn(clippy::indexing_slicing)]

mod adapter;
mod alert;
mod credentials;
mod draft;
mod guide;
mod handle;
mod instance;
mod level;
mod limit;
mod locate;
mod mqtt;
mod nobody;
mod normalize;
mod picture;
pub mod presence;
mod quarantine;
mod received;
mod replay;
mod request;
mod store;
mod structure;
mod verify;

pub use adapter::{
    Adapter, Challenge, EVENTS_LIMIT, FixedContent, FixedPath, Ignored, Malformed, Notice, Outcome, Parsed,
    QUERY_IN_PATH, Refusal, Remainder, Reply, describe_names, query_in_path,
};
pub use alert::{AlertError, alert_quarantined, send_alert};
pub use credentials::Credentials;
pub use draft::{AlarmIds, DeviceTime, Draft, DraftImage, DraftTarget, Identity};
pub use guide::{Apply, DialectGuide, Sample, Sign, WebhookUrl};
pub use handle::{BODY_LIMIT, Unauthenticated, authenticate, handle};
pub use instance::Instance;
pub use limit::TARGETS_LIMIT;
pub use mqtt::{Emission, MqttDevice, MqttDialect, MqttMessage, MqttPublisher, Publication};
pub use nobody::names_nobody;
pub use picture::{PICTURE_LIMIT, PICTURES_LIMIT, Picture, decode};
pub use quarantine::{KeptContent, Reason, quarantine};
pub use received::{Received, Transport};
pub use replay::{QuarantinedPost, Reading, ReplayedEvent, store_replayed};
pub use request::{Headers, Method, Parts, Request, Unverified, Verified};
pub use store::{CONSUMERS, Pending, StoreError, message_group, persist};
