//! Every minute: what is still owed.
//!
//! An event whose record is stored while a queue refused it stands under `pending/` with the names of the
//! queues that are owed it. Here it is delivered, and only then removed: a crash between the two delivers it
//! twice, which the consumers' claims turn into once.

mod pending;

pub use pending::deliver_pending;
