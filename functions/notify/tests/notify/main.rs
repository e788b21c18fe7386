//! The notification function against receivers on the loopback interface, with the ports in memory.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as the tests do"
)]

mod alert;
mod channels;
mod decision;
mod delivery;
mod failure;
mod form;
mod group;
mod limit;
mod mode;
mod support;
mod text;
