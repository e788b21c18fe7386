//! Events: queries on the index.

mod cursor;
mod filter;
mod plate_pattern;
mod query;
mod summary;

pub use cursor::{Cursor, InvalidCursor};
pub use filter::{CameraRef, Filter};
pub use plate_pattern::{InvalidPlatePattern, PlatePattern};
pub use query::{PAGES, Page, count_key, counts, find, next, query};
pub use summary::{FaceSummary, PlateSummary, SMALL_PICTURE, Summary, smallest_picture};
