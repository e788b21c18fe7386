//! Reading and operating a stack.
//!
//! The command line and the console call these functions and render what they return: plain structs that serialize
//! to JSON, without any text for people.

pub mod decisions;
mod error;
pub mod events;
pub mod marks;
pub mod modes;
pub mod people;
pub mod queues;
pub mod relays;
pub mod sessions;
pub mod sources;
pub mod status;
pub mod tail;
pub mod tokens;

pub use error::Error;
