//! Tells people, and other systems, of events, with the picture.
//!
//! [`handle`] takes a batch of the notification queue. For each event it asks the site's rules whom to tell,
//! writes title and text ([`text`]), and sends them by each rule's channels ([`channel`]). One event tells each
//! channel once, however often it is delivered: a claim for each message says what became of it, so that a
//! delivery after a failure goes on with what is left. A channel that gave no answer is told again, since a
//! message that comes twice is better than an alarm that nobody hears of; a receiver that must not act twice
//! has the same `webhook-id` both times.
//!
//! A message that fails goes back to the queue with a growing delay, and after the last delivery to the dead
//! letters; the trouble channel is told. A rule's cooldown is charged by a message that was sent and by no
//! other. A replayed event has claims of its own, and neither asks nor charges a cooldown.
//!
//! A rule with `coalesce` gathers the events of a source first; a delayed message on the same queue then tells of all
//! of them at once. A rule may also set the mode of an area, once for an event and never over a newer word.

mod about;
mod apprise;
pub mod channel;
mod delivery;
mod discord;
mod encoded_word;
mod error;
mod gather;
mod group;
mod handle;
mod home_assistant;
mod job;
mod limit;
mod mail;
mod mail_message;
mod message;
mod mode;
mod multipart;
mod notification;
mod ntfy;
mod order;
mod picture;
mod pushover;
mod retry;
mod send;
mod settle;
mod slack;
mod telegram;
mod tell;
pub mod text;
mod told;
mod trouble;
mod webhook;

pub use error::{Error, NotTold};
pub use handle::{NOTIFICATIONS, RETRIES, handle};
pub use notification::{Notification, Picture, Subject};
