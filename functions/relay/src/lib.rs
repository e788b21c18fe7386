//! Switches relays on events: never late, never twice, never stuck on, never outside the list.
//!
//! [`handle`] processes a batch of the relay queues. For each event it evaluates the site's rules and executes their
//! relay actions. [`protocol`] is a pure function from the known state to the next step; [`actuate`](mod@actuate)
//! executes the steps. The process may be killed after any step: the next delivery of the event reads from the state
//! table what may have happened, and repeats only what was certainly not executed. A device without a timer is switched
//! off by a message that is in a queue before the device is switched on ([`release`]).
//!
//! `docs/relays.md` describes the same for the authors of a camhook.toml.

pub mod actuate;
pub mod agent;
mod audit;
pub mod command;
mod command_message;
mod decision;
mod decision_log;
mod device;
pub mod driver;
mod error;
pub mod execute_release;
mod handle;
pub mod message;
pub mod protocol;
mod refuse;
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
pub use handle::{MAX_EVENT_RECEIVES, PAUSES, RETRIES, handle, handle_with};
pub use protocol::Pause;
