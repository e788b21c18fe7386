//! The nonces of Digest challenges that were answered well.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::Request;
use crate::digest::Challenge;
use crate::request::origin;

/// How many servers are remembered. A site has fewer devices; should it have more, all are forgotten, which costs each
/// of them one more challenge.
const MOST_SERVERS: usize = 256;

/// Whose nonce it is: a server's, for a user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct NonceKey {
    origin: String,
    user: String,
}

impl NonceKey {
    pub(crate) fn new(request: &Request, user: &str) -> Self {
        Self { origin: origin(&request.url), user: user.to_owned() }
    }
}

/// The last challenge of each server whose answer was accepted, and how often its nonce was used.
#[derive(Debug, Default)]
pub(crate) struct Nonces {
    known: Mutex<HashMap<NonceKey, (Challenge, u32)>>,
}

impl Nonces {
    /// The challenge to answer again, and the count of this use; no two uses get the same count.
    pub(crate) fn next(&self, key: &NonceKey) -> Option<(Challenge, u32)> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (challenge, count) = known.get_mut(key)?;
        *count = count.checked_add(1)?;
        Some((challenge.clone(), *count))
    }

    /// Remembers a challenge whose answer, with the count 1, was accepted.
    pub(crate) fn keep(&self, key: NonceKey, challenge: Challenge) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_SERVERS && !known.contains_key(&key) {
            known.clear();
        }
        known.insert(key, (challenge, 1));
    }

    /// Forgets a server that accepts no answer.
    pub(crate) fn forget(&self, key: &NonceKey) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}
