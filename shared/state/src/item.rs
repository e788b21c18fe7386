//! Items as typed values.

use camhook_ports::{Item, Key};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Error;

/// How often a write that another writer was faster than is tried again.
pub(crate) const ATTEMPTS: usize = 8;

pub(crate) fn decode<T: DeserializeOwned>(item: &Item) -> Result<T, Error> {
    T::deserialize(&item.data).map_err(|reason| Error::corrupt(&item.key, reason))
}

pub(crate) fn encode<T: Serialize>(key: &Key, value: &T) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(|reason| Error::corrupt(key, reason))
}
