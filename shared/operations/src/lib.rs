//! Reading and operating a stack.
//!
//! The command line and the console call these functions and render what they return: plain structs that serialize
//! to JSON, without any text for people.

pub mod events;
pub mod marks;
pub mod people;
pub mod sessions;
