//! The notification function against receivers on the loopback interface, with the ports in memory.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as the tests do")]

mod delivery;
mod failure;
mod support;
mod trouble;
mod written;
