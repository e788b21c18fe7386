//! A receiver for trying out cameras, without AWS and without a configuration.
//!
//! [`Listener`] accepts any HTTP request at any path. [`interpret()`] finds the vendor dialect that can read it, runs
//! the same pipeline as the deployed functions on ports in memory, and returns the events with their pictures, or
//! the reason why there are none. [`source_block`] prints the `[[source]]` table that would receive such posts, and
//! [`case::write`] records a request as a fixture.
//!
//! Credentials are not checked: the listener is bound to the loopback interface, or, with [`Access::Lan`], accepts
//! peers with private addresses only.

#![warn(clippy::indexing_slicing)]

pub mod case;
mod dialect;
mod interpret;
mod request;
mod server;

pub use camhook_vendors::{DIALECTS, Dialect};
pub use dialect::source_block;
pub use interpret::{Attempt, Interpretation, Outcome, Picture, Remainder, interpret};
pub use request::CapturedRequest;
pub use server::{Access, BindError, Listener, Observation, Received};
