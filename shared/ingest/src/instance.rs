//! What one instance of a function remembers between two invocations, to spare calls. Losing it loses nothing.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// More names than this are not remembered.
const CAPACITY: usize = 10_000;

/// What one instance of a function remembers between two invocations.
#[derive(Debug, Default)]
pub struct Instance {
    /// When the presence of a source was written last.
    pub(crate) presence: LastTimes<String>,
    /// When a refusal of a source was written last.
    pub(crate) refusals: LastTimes<String>,
    /// When a notice about a source was logged.
    pub(crate) notices: LastTimes<(String, &'static str)>,
    /// When a tracking event of a source's target was passed on last.
    pub(crate) tracking: LastTimes<(String, String)>,
}

/// When something was done last, by what it was done for.
#[derive(Debug)]
pub(crate) struct LastTimes<K> {
    times: Mutex<HashMap<K, Duration>>,
}

impl<K> Default for LastTimes<K> {
    fn default() -> Self {
        Self { times: Mutex::default() }
    }
}

impl<K: Eq + Hash> LastTimes<K> {
    /// Whether it was not done within `interval` before `now`; if so, it counts as done now.
    pub(crate) fn is_due(&self, key: K, interval: Duration, now: Duration) -> bool {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        if times.get(&key).is_some_and(|last| now.saturating_sub(*last) < interval) {
            return false;
        }
        if times.len() >= CAPACITY {
            times.retain(|_, last| now.saturating_sub(*last) < interval);
        }
        if times.len() >= CAPACITY {
            times.clear();
        }
        times.insert(key, now);
        true
    }

    /// Takes back that it was done.
    pub(crate) fn forget(&self, key: &K) {
        self.times.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_in_an_interval_and_again_after_it() {
        let times = LastTimes::default();
        let (interval, second) = (Duration::from_secs(60), Duration::from_secs(1));
        assert!(times.is_due("gate", interval, second));
        assert!(!times.is_due("gate", interval, second * 60));
        assert!(times.is_due("gate", interval, second * 61));
        assert!(times.is_due("yard", interval, second * 61));
        times.forget(&"gate");
        assert!(times.is_due("gate", interval, second * 62));
    }
}
