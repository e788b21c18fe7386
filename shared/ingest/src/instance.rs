//! What one instance of a function remembers between two invocations, to spare calls. Losing it loses nothing.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

/// More names than this are not remembered.
const CAPACITY: usize = 10_000;

/// What one instance of a function remembers between two invocations.
#[derive(Debug, Default)]
pub struct Instance {
    /// When the presence of a source was written last.
    pub(crate) presence: LastTimes<String>,
    /// The refusals that are not written yet, by source.
    pub(crate) refusals: Refusals,
    /// When an alert about a source's quarantined posts was sent or found.
    pub(crate) quarantine_alerts: LastTimes<(String, &'static str)>,
    /// When a notice about a source was logged.
    pub(crate) notices: LastTimes<(String, &'static str)>,
    /// When a tracking event of a source's target was passed on last.
    pub(crate) tracking: LastTimes<(String, String)>,
}

/// Refused requests in the name of a source.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RefusalCount {
    /// When the last one was received.
    pub(crate) at: Timestamp,
    /// Why it was refused.
    pub(crate) reason: &'static str,
    /// How many there were.
    pub(crate) count: u64,
}

/// Refusals that are not written yet. Only sources of the site have any, so their number is bounded.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<BTreeMap<String, RefusalCount>>);

impl Refusals {
    pub(crate) fn add(&self, source: &str, at: Timestamp, reason: &'static str) {
        let mut refusals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = refusals.get(source).map_or(0, |refusal| refusal.count) + 1;
        refusals.insert(source.to_owned(), RefusalCount { at, reason, count });
    }

    pub(crate) fn take(&self) -> BTreeMap<String, RefusalCount> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
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
