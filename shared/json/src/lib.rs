//! A vendor's JSON as it lies in the request.
//!
//! Vendors document a part of what they send, misspell it, and add to it with every firmware. [`read`] therefore
//! expects nothing: it gives the whole of a post as a [`Json`], whose texts are borrowed from the request (a
//! picture's base64 is never copied). An adapter [takes](Object::take) out of it what has a place in the event, and
//! [keeps](Object::keep) the rest as the vendor's own data.
//!
//! No text makes it panic, and none makes it use much more than the text's own length: how many values a post may
//! hold depends on how long it is.

#![warn(clippy::indexing_slicing)]

mod object;
mod read;
mod value;

pub use object::Object;
pub use read::{LIST_LIMIT, Reading, read, read_most, text};
pub use value::Json;
