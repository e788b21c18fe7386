//! What can go wrong.

use camhook_ports::{Key, StateError};

/// Why something cannot be remembered or looked up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The table refused or did not answer in time; the same again may work later.
    #[error(transparent)]
    Table(#[from] StateError),
    /// What stands in the table was not written by this version of camhook.
    #[error("an item of `{}` cannot be read, remove it: {reason}", kind_of(pk))]
    Corrupt {
        /// The partition.
        pk: String,
        /// The item.
        sk: String,
        /// What is wrong with it.
        reason: serde_json::Error,
    },
    /// Others changed the same item each time before this could.
    #[error("an item of `{}` changes faster than it can be written, try again later", kind_of(pk))]
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

/// The part of a partition key before its first `#`. What follows may come from a device, and is not shown.
fn kind_of(pk: &str) -> &str {
    pk.split('#').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_shows_the_key_of_an_item() {
        let key = Key::new("once#gate:plate:B-AN 4711", "rule of B-AN 4711");
        let unreadable = serde_json::from_str::<u8>("x").unwrap_err();
        let failed = StateError { pk: key.pk.clone(), sk: key.sk.clone(), reason: "throttled".to_owned() };
        for error in [Error::from(failed), Error::contended(&key), Error::corrupt(&key, unreadable)] {
            let text = error.to_string();
            assert!(text.contains("`once`") && !text.contains("4711"), "{text}");
        }
    }
}
