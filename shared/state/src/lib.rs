//! What camhook remembers between invocations, as typed items on the `State` port.
//!
//! Pure logic over conditional writes: claims ([`claim`]), several posts about one thing ([`once`]), cooldowns
//! ([`cooldown`]), messages that are one alarm ([`mqtt`]), relays ([`relay`]), presence ([`presence`]), the stop
//! switch and the modes ([`control`]). Each module names the keys of its items; together they share one table and
//! never a key. The messages that tell of trouble stand here too ([`trouble`]).
//!
//! Joining several events of a rule into one message (`coalesce#`) has no items here yet.

pub mod claim;
pub mod control;
pub mod cooldown;
mod error;
mod item;
pub mod mqtt;
pub mod once;
pub mod presence;
pub mod relay;
pub mod trouble;

pub use error::Error;
