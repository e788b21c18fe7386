//! Sources with `vendor = "control"`: phones and automations that set the mode of an area by an HTTP request.
//!
//! | request | reply |
//! |---|---|
//! | `POST /control/{source}[/{token}]/{area}/{mode}` | 200: the mode is set |
//! | `POST /control/{source}[/{token}]/{mode}` | the same, for the source's area, or the only one there is |
//! | `POST /control/{source}[/{token}]` with `{"area": "yard", "mode": "away"}` or the same as a form | the same |
//! | `GET /control/{source}[/{token}]` | 200: the modes of the areas that the source may set |
//! | any other GET | 405: link previews and browsers change nothing |
//!
//! Credentials are checked as those of a camera are, before anything of the request is read. A refusal reveals nothing;
//! the other errors are for an authenticated caller and name what is allowed.

#![warn(clippy::indexing_slicing)]

mod error;
mod handle;
mod reply;
mod request;
mod setup;

pub use error::Error;
pub use handle::handle;
pub use request::{ModeRequest, parse};
pub use setup::GUIDE;
