//! Switches relays on events: never late, never twice, never stuck on, never outside the list.
//!
//! [`handle`] takes a batch of the relay queue. For each event it asks the site's rules what they want of
//! which relay, and carries that out by the protocol of [`protocol`]: a pure function from what is known to
//! the next step, and [`actuate`](mod@actuate) which takes the steps. Every step may be the last one before
//! the function dies; the next delivery of the event finds out from the state table what may have happened,
//! and repeats only what surely had no effect. What has no timer of its own is switched off by a message that
//! the queue holds before it is switched on ([`release`]).
//!
//! `docs/relays.md` says the same for whoever writes a camhook.toml.

pub mod actuate;
pub mod agent;
mod audit;
pub mod command;
mod command_message;
mod decision;
mod device;
pub mod driver;
mod error;
pub mod execute_release;
mod handle;
pub mod message;
pub mod protocol;
pub mod release;
pub mod replay;
pub mod stop;

pub use actuate::ActionOutcome;
pub use audit::{AUDIT_LOST, AUDIT_RECOVERED, DECISIONS};
pub use camhook_site::DeviceTimer;
pub use command::{Executor, RelayCommand};
pub use command_message::CommandMessage;
pub use decision::{Decision, Reason};
pub use device::{DeviceCommand, Devices, SendOutcome};
pub use error::Error;
pub use handle::{PAUSES, RETRIES, handle, handle_with};
pub use protocol::Pause;
