//! The guarded HTTP client: how camhook speaks to what a site's configuration names.
//!
//! Channels and relays are addresses that somebody typed, so the client trusts none of them. It resolves a
//! name once, checks every address that it resolves to, and connects to what was checked ([`address`]); it
//! follows no redirect, asks no proxy, keeps no connection, sends nothing twice by itself, and caps answers
//! and time. What came of a request is an [`Outcome`] that keeps apart what surely had no effect
//! from what nobody can know, since a gate must not be opened twice.
//!
//! Beside it stand, as pure functions, the ways to prove who is asking: HTTP Digest ([`digest`]) and the
//! signature of Standard Webhooks ([`standard_webhooks`]).
#![warn(clippy::indexing_slicing)]

pub mod address;
mod authentication;
mod client;
pub mod digest;
mod error;
mod lookup;
mod nonces;
mod outcome;
mod request;
mod resolver;
pub mod standard_webhooks;
#[cfg(feature = "test-server")]
pub mod test_server;
pub mod tls;

pub use authentication::Authentication;
pub use client::{Client, Limits, Stack};
pub use error::Error;
pub use outcome::{Answer, Completeness, Failure, NotSent, Outcome};
pub use request::Request;
