//! Notifies people and other systems of events, with the picture.
//!
//! [`handle`] takes a batch of the notification queue, or of the queue of alerts. For each event it evaluates the site's rules, renders title
//! and text ([`text`]) and delivers them by the channels of the rules that match ([`channel`]). Each channel gets
//! one message per event, however often the queue delivers it: a claim per message records its outcome, and a
//! later delivery continues with what is left. A channel that gave no answer is tried again, since a message that
//! arrives twice is better than an alarm that nobody hears of; receivers that must not act twice get the same
//! `webhook-id` both times.
//!
//! A message that fails returns to the queue with a growing delay, and becomes a dead letter after the last
//! delivery; the alert channel gets an alert. Only a delivered message charges a rule's cooldown. A replayed event
//! has claims of its own and ignores cooldowns.
//!
//! A rule with `coalesce` gathers the events of a source; a delayed message on the same queue delivers the group.
//! A rule can also set the mode of an area, once per event and never over a mode that was set later.

mod alert;
mod attempt;
pub mod channel;
mod context;
mod cooldown;
mod decision_log;
mod delivery;
mod error;
mod event;
mod gather;
mod group;
mod handle;
mod held_back;
mod matched_rule;
mod message;
mod mode;
mod notification;
mod outcome;
mod picture;
mod request;
mod retry;
mod snooze;
pub mod text;
mod unfinished;

pub use channel::{Accepted, Caveat};
pub use context::{NOTIFICATIONS, Services};
pub use error::{DeliveryError, Error};
pub use handle::handle;
pub use notification::{Notification, Picture, Subject};
pub use retry::RETRIES;
