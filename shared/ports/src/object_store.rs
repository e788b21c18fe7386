//! Where objects are stored.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

/// An object to be stored.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its content.
    pub bytes: Bytes,
    /// Its media type.
    pub content_type: &'static str,
}

/// An object as it was read.
#[derive(Debug, Clone)]
pub struct StoredObject {
    /// Its content.
    pub bytes: Bytes,
    /// The tag of its content.
    pub etag: String,
    /// The id of this version of it; `None` in a bucket without versions.
    pub version: Option<String>,
}

/// One version of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectVersion {
    /// Its id.
    pub id: String,
    /// When it was stored.
    pub stored_at: Timestamp,
    /// Its size in bytes.
    pub size: u64,
}

/// An object in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    /// Its key.
    pub key: String,
    /// When its newest version was stored.
    pub stored_at: Timestamp,
}

/// Under which condition an object is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition<'a> {
    /// Always: what stood there is replaced.
    None,
    /// Only when nothing stands there.
    Absent,
    /// Only when what stands there is this version.
    Unchanged(&'a str),
}

/// Why an object cannot be read, listed or removed.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// Access is denied. S3 answers this for a missing object, too, when the role may not list the bucket.
    #[error("access to `{key}` is denied, or it does not exist")]
    Denied {
        /// The object.
        key: String,
    },
    /// The store refused, or did not answer in time.
    #[error("the object store failed at `{key}`: {reason}")]
    Failed {
        /// The object or prefix.
        key: String,
        /// What the store or the way to it said.
        reason: String,
    },
}

/// Why an object was not stored.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// The condition does not hold.
    #[error("`{key}` was changed by another writer")]
    Precondition {
        /// The object.
        key: String,
    },
    /// The store refused, or did not answer in time.
    #[error("the object store failed at `{key}`: {reason}")]
    Failed {
        /// The object.
        key: String,
        /// What the store or the way to it said.
        reason: String,
    },
}

/// Where objects are stored: one bucket.
pub trait ObjectStore: Send + Sync {
    /// The bucket's name.
    fn bucket(&self) -> &str;

    /// Stores an object.
    fn put(
        &self,
        key: &str,
        object: Object,
        precondition: Precondition<'_>,
    ) -> impl Future<Output = Result<(), PutError>> + Send;

    /// Reads an object; `None` when there is none.
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<StoredObject>, ObjectError>> + Send;

    /// Whether there is an object, without its bytes where the store can tell. Fails as [`ObjectStore::get`] does.
    fn exists(&self, key: &str) -> impl Future<Output = Result<bool, ObjectError>> + Send {
        async move { Ok(self.get(key).await?.is_some()) }
    }

    /// Reads an object unless it still is the version with this tag; `None` when it is, or is gone.
    fn get_if_changed(
        &self,
        key: &str,
        etag: &str,
    ) -> impl Future<Output = Result<Option<StoredObject>, ObjectError>> + Send;

    /// Reads one version of an object; `None` when there is no such version.
    fn get_version(
        &self,
        key: &str,
        version: &str,
    ) -> impl Future<Output = Result<Option<StoredObject>, ObjectError>> + Send;

    /// The versions of an object, newest first, at most `limit`.
    fn versions(
        &self,
        key: &str,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<ObjectVersion>, ObjectError>> + Send;

    /// The keys that begin with a prefix, in their order, at most `limit`.
    fn list(
        &self,
        prefix: &str,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<String>, ObjectError>> + Send;

    /// The keys that begin with a prefix and come after a key, in their order, at most `limit`.
    fn list_after(
        &self,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<String>, ObjectError>> + Send {
        async move {
            let listed = self.list_stored(prefix, after, limit).await?;
            Ok(listed.into_iter().map(|object| object.key).collect())
        }
    }

    /// The same with the time of each object: what comes after a key, or everything after `prefix` itself.
    fn list_stored(
        &self,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<ListedObject>, ObjectError>> + Send;

    /// Removes an object; one that is not there is removed too.
    fn delete(&self, key: &str) -> impl Future<Output = Result<(), ObjectError>> + Send;

    /// Removes all versions of an object and its delete markers, so that nothing of it is left; the number of versions.
    fn erase(&self, key: &str) -> impl Future<Output = Result<usize, ObjectError>> + Send;

    /// A link by which anybody can read an object for a time.
    fn link(
        &self,
        key: &str,
        valid_for: Duration,
    ) -> impl Future<Output = Result<String, ObjectError>> + Send;
}
