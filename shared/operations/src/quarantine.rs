//! The quarantine: posts that could not be read, what is known about them, and their replay.

mod entry;
mod replay;

pub use entry::{Entry, EntryKind, Filter, Folder, Status, body, counts, find, folders, list};
pub use replay::{NotReplayable, ReplayError, ReplayOutcome, Replayer};
