//! Reading and operating a stack.
//!
//! The command line and the console call these functions and render what they return: plain structs that serialize
//! to JSON, without any text for people.

mod bucket;
pub mod checkpoint;
pub mod dead_letters;
pub mod decisions;
mod error;
pub mod events;
pub mod marks;
pub mod modes;
pub mod people;
pub mod quarantine;
pub mod queues;
pub mod relays;
pub mod replay;
pub mod sessions;
pub mod sources;
pub mod status;
pub mod tail;
pub mod tokens;

pub use error::Error;
