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
//! Rules with `coalesce` tell of each event by itself: joining several has no form here yet.

mod about;
pub mod channel;
mod encoded_word;
mod error;
mod handle;
mod job;
mod message;
mod notification;
mod ntfy;
mod picture;
mod retry;
mod tell;
pub mod text;
mod told;
mod trouble;
mod webhook;

pub use error::{Error, NotTold};
pub use handle::{NOTIFICATIONS, RETRIES, handle};
pub use notification::{Notification, Picture, Subject};
