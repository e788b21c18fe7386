//! What camhook remembers between invocations, as typed items on the `State` port.
//!
//! Pure logic over conditional writes. Each module names the keys of its items; all share one table and no key.
//!
//! | module | holds |
//! |---|---|
//! | [`claim`], [`dedupe`], [`cooldown`], [`rate_limit`] | which delivery of which event may act, and when |
//! | [`coalesce`] | events that become one message |
//! | [`relay`], [`topic_status`], [`control`] | relays, the last message of a topic, the stop switch and the modes |
//! | [`presence`], [`level`], [`mqtt`] | the last contact of a source, repeated levels, messages that form one alarm |
//! | [`decision`], [`channel_status`] | what was decided about an event; the last message of a channel |
//! | [`person`], [`session`], [`review`] | who may use the console, their sign-in links and sessions, reviewed events |
//! | [`snooze`] | notifications that are not sent until a time |
//! | [`overview`] | the items of relays, modes, snoozes and configuration in one call |
//! | [`dead_letter`] | why a message became a dead letter |
//! | [`alert`], [`flush`], [`release`] | the messages of camhook's own queues |

pub mod alert;
pub mod channel_status;
pub mod claim;
pub mod coalesce;
pub mod configuration;
pub mod control;
pub mod cooldown;
pub mod dead_letter;
pub mod decision;
pub mod dedupe;
mod error;
pub mod flush;
mod item;
pub mod level;
pub mod message_limit;
pub mod mqtt;
pub mod overview;
pub mod pending;
pub mod person;
pub mod presence;
pub mod quarantine_alert;
pub mod rate_limit;
pub mod relay;
pub mod release;
pub mod retry;
pub mod review;
pub mod session;
pub mod snooze;
pub mod topic_status;

pub use error::Error;
