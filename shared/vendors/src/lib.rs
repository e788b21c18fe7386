//! The table of vendors: the dialects of their devices over HTTP, setup texts and samples.
//!
//! The command line, `camhook listen` and tests know the crates of vendors through this one.

mod dialect;
mod guide;

pub use camhook_ingest::{Apply, Sign};
pub use dialect::{DIALECTS, Dialect, adapter};
pub use guide::{Guide, Setup, depends_on_the_source, guide};
