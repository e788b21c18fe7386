//! What can go wrong.

use camhook_ports::{Key, StateError};

/// Why something cannot be remembered or looked up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The table refused or did not answer in time; the same again may work later.
    #[error(transparent)]
    Table(#[from] StateError),
    /// What stands in the table was not written by this version of camhook.
    #[error("the item {pk}, {sk} of the state table cannot be read, remove it: {reason}")]
    Corrupt {
        /// The partition.
        pk: String,
        /// The item.
        sk: String,
        /// What is wrong with it.
        reason: serde_json::Error,
    },
    /// Others changed the same item each time before this could.
    #[error("the item {pk}, {sk} of the state table changes faster than it can be written, try again later")]
    Contended {
        /// The partition.
        pk: String,
        /// The item.
        sk: String,
    },
}

impl Error {
    pub(crate) fn corrupt(key: &Key, reason: serde_json::Error) -> Self {
        Self::Corrupt { pk: key.pk.clone(), sk: key.sk.clone(), reason }
    }

    pub(crate) fn contended(key: &Key) -> Self {
        Self::Contended { pk: key.pk.clone(), sk: key.sk.clone() }
    }
}
