//! Reading and operating a stack.
//!
//! The command line and the console call these functions and render what they return: plain structs that serialize
//! to JSON, without any text for people.

pub mod audit;
mod bucket;
pub mod checkpoint;
pub mod config;
pub mod dead_letters;
pub mod decisions;
pub mod erase;
mod error;
pub mod events;
pub mod marks;
pub mod modes;
pub mod people;
pub mod quarantine;
pub mod queues;
pub mod relays;
pub mod replay;
pub mod report;
pub mod sessions;
pub mod sources;
pub mod status;
pub mod tail;
pub mod tokens;

pub use error::Error;
