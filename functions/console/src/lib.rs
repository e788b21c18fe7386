//! The console: pages on which people look at events, and see what was done about them.
//!
//! [`router`] answers the requests below `/console`, as a function of the ports and the request. HTML is rendered here;
//! the stylesheet and the script are embedded, and every page works without the script. Links are relative, because
//! the path before `/console` differs on the local cloud.
//!
//! | module | answers |
//! |---|---|
//! | `access`, `guard` | sessions in cookies, where a change came from, the header fields of every answer |
//! | `pages` | one module per page |
//! | `pictures` | redirects to pictures, for those who may see them |
//! | `query` | the filters in the URL of the timeline |
//!
//! Every answer about an event is limited to the areas of the person: lists by [`camhook_operations::events::Filter`],
//! a single event by `pages::visible_event`. What a person may not see is answered like what does not exist.

#![warn(clippy::indexing_slicing)]

mod access;
mod app;
mod assets;
mod audit;
mod base;
mod compression;
mod error;
mod format;
mod guard;
mod headline;
mod pages;
mod pictures;
mod query;
mod router;
mod visit;

pub use app::{App, Deployment, Retention};
pub use router::{invalid_path, is_valid_target, router};
pub use visit::Address;
