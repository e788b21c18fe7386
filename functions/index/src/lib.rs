//! The event index, kept up to date.
//!
//! The bucket notifies the queue `index` of each record that is stored below `events/`. [`handle`] reads the record,
//! writes the event into the index, counts it for its camera and day, and makes a thumbnail where the event has no
//! small picture. `rebuild` does the same for all records of the bucket since a day.
//!
//! A stack with an event bus has a queue `bus`, to which [`handle`] sends each event as well.
//!
//! An event is indexed by its id, so a notification that arrives twice, or for a record that was overwritten, changes
//! nothing more. Counts are approximate: a function that ends between the event and its count loses the count.

#![warn(clippy::indexing_slicing)]

mod error;
mod handle;
mod index_event;
mod notification;
mod rebuild;
mod thumbnail;

pub use error::Error;
pub use handle::{EventBus, handle};
pub use rebuild::{Day, Mode, Rebuild, Totals};
pub use thumbnail::{THUMBNAIL_WIDTH, ThumbnailError, thumbnail};
