//! What camhook remembers between invocations, as typed items on the `State` port.
//!
//! Pure logic over conditional writes: claims ([`claim`]), several posts about one thing ([`once`]), cooldowns
//! ([`cooldown`]), messages that are one alarm ([`mqtt`]), levels that are reported
//! again ([`level`]), relays ([`relay`]), what topics said last
//! ([`topic_status`]), presence ([`presence`]), the stop switch and the modes ([`control`]). Each module names the keys of its items; together they share one table and
//! never a key. So do groups of events that become one message ([`coalesce`]), the reasons of dead letters
//! ([`dead_letter`]), and turns at what may be asked only so often ([`turn`]). The messages that tell of trouble
//! ([`trouble`]) and of groups ([`flush`]), and the one that switches a relay off ([`release`]), stand here too.

pub mod alert;
pub mod claim;
pub mod coalesce;
pub mod configuration;
pub mod control;
pub mod cooldown;
pub mod dead_letter;
pub mod dedupe;
mod error;
pub mod flush;
mod item;
pub mod level;
pub mod message_limit;
pub mod mqtt;
pub mod presence;
pub mod rate_limit;
pub mod relay;
pub mod release;
pub mod retry;
pub mod topic_status;

pub use error::Error;
