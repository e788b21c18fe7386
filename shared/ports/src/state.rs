//! What is remembered between invocations.
//!
//! The port is a table of small items with conditional writes, no more: what the items mean (claims,
//! cooldowns, presence, modes) is pure code in `camhook-state`.

use std::future::Future;

use jiff::Timestamp;
use serde_json::{Map, Value};

/// The two keys of an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The partition: what is asked for together.
    pub pk: String,
    /// The item within it.
    pub sk: String,
}

impl Key {
    /// The key of an item.
    pub fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }
}

/// What is remembered under a key.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its key.
    pub key: Key,
    /// What it says: a JSON object.
    pub data: Value,
    /// Counts the writes of this item, from 1.
    pub revision: u64,
    /// From when on it is as good as gone; the table may delete it days later.
    pub expires: Option<Timestamp>,
}

impl Item {
    /// Whether the item still counts.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| expires > now)
    }
}

/// Under which condition an item is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Always.
    None,
    /// Only when there is none, or one that expired by now.
    Absent {
        /// What time it is.
        now: Timestamp,
    },
    /// Only when it still has this revision.
    Revision(u64),
}

/// The result of a conditional write.
#[derive(Debug, Clone, PartialEq)]
pub enum PutOutcome {
    /// It was written, with this revision.
    Written(u64),
    /// The condition does not hold; the item that is there instead, unless it was removed meanwhile.
    Refused(Option<Item>),
}

/// A table that refused or did not answer in time.
#[derive(Debug, thiserror::Error)]
#[error("the state table failed at an item of `{}`: {reason}", kind_of(pk))]
pub struct StateError {
    /// The partition.
    pub pk: String,
    /// The item.
    pub sk: String,
    /// What the table or the way to it said.
    pub reason: String,
}

/// The part of a partition key before its first `#`. What follows may come from a device, and is not shown.
fn kind_of(pk: &str) -> &str {
    pk.split('#').next().unwrap_or_default()
}

/// What is remembered between invocations.
///
/// Every read is strongly consistent: what was written before is seen.
pub trait State: Send + Sync {
    /// The item under a key, expired ones too.
    fn get(&self, key: &Key) -> impl Future<Output = Result<Option<Item>, StateError>> + Send;

    /// The items under these keys, expired ones too, in any order. Keys without an item are left out.
    fn get_many(&self, keys: &[Key]) -> impl Future<Output = Result<Vec<Item>, StateError>> + Send {
        async move {
            let mut items = Vec::new();
            for key in keys {
                items.extend(self.get(key).await?);
            }
            Ok(items)
        }
    }

    /// Writes an item under a condition.
    ///
    /// The revision becomes 1 after [`Condition::None`] and [`Condition::Absent`], and one more than it was
    /// after [`Condition::Revision`].
    fn put(
        &self,
        key: &Key,
        data: Value,
        expires: Option<Timestamp>,
        condition: Condition,
    ) -> impl Future<Output = Result<PutOutcome, StateError>> + Send;

    /// Sets some fields of an item and leaves its others as they are; makes the item where there is none.
    fn merge(
        &self,
        key: &Key,
        fields: Map<String, Value>,
        expires: Option<Timestamp>,
    ) -> impl Future<Output = Result<(), StateError>> + Send;

    /// Removes an item under a condition; whether it was removed.
    fn delete(
        &self,
        key: &Key,
        condition: Condition,
    ) -> impl Future<Output = Result<bool, StateError>> + Send;

    /// All items of a partition, in the order of their `sk`, expired ones too.
    fn query(&self, pk: &str) -> impl Future<Output = Result<Vec<Item>, StateError>> + Send;
}
