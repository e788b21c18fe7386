//! The object store: S3.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use camhook_ports::{
    ListedObject, Object, ObjectError, ObjectStore, ObjectVersion, Precondition, PutError, StoredObject,
};
use jiff::Timestamp;

use crate::failure::describe;

/// One bucket of S3.
#[derive(Debug, Clone)]
pub struct S3Objects {
    client: Client,
    bucket: String,
}

impl S3Objects {
    /// A bucket by its name.
    #[must_use]
    pub fn new(client: Client, bucket: String) -> Self {
        Self { client, bucket }
    }

    /// Reads an object, or one version of it, unless its tag is the known one.
    async fn fetch(
        &self,
        key: &str,
        known: Option<&str>,
        version: Option<&str>,
    ) -> Result<Option<StoredObject>, ObjectError> {
        let request = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .set_if_none_match(known.map(str::to_owned))
            .set_version_id(version.map(str::to_owned));
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.code() == Some("NoSuchBucket") => return Err(failed(key, &error)),
            Err(error) if is_status(&error, 304) || is_status(&error, 404) => return Ok(None),
            Err(error) if is_status(&error, 403) => {
                return Err(ObjectError::Denied { key: key.to_owned() });
            }
            Err(error) => return Err(failed(key, &error)),
        };
        let etag = response.e_tag().unwrap_or_default().to_owned();
        let version = response.version_id().map(str::to_owned);
        let bytes = response
            .body
            .collect()
            .await
            .map_err(|error| ObjectError::Failed { key: key.to_owned(), reason: describe(&error) })?;
        Ok(Some(StoredObject { bytes: bytes.into_bytes(), etag, version }))
    }
}

fn object_version(version: &aws_sdk_s3::types::ObjectVersion) -> Option<ObjectVersion> {
    Some(ObjectVersion {
        id: version.version_id()?.to_owned(),
        stored_at: Timestamp::from_second(version.last_modified()?.secs()).ok()?,
        size: version.size().and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
    })
}

fn is_status<E>(error: &SdkError<E>, status: u16) -> bool {
    error.raw_response().is_some_and(|response| response.status().as_u16() == status)
}

/// What failed, in one line that a person can use. The SDK's own text for a service error hides it.
pub(crate) fn reason<E: ProvideErrorMetadata + std::error::Error + 'static>(error: &SdkError<E>) -> String {
    match error.code() {
        Some(code) => format!("{code}: {}", error.message().unwrap_or_default()),
        None => describe(error),
    }
}

fn failed<E: ProvideErrorMetadata + std::error::Error + 'static>(
    key: &str,
    error: &SdkError<E>,
) -> ObjectError {
    ObjectError::Failed { key: key.to_owned(), reason: reason(error) }
}

impl ObjectStore for S3Objects {
    fn bucket(&self) -> &str {
        &self.bucket
    }

    async fn put(&self, key: &str, object: Object, precondition: Precondition<'_>) -> Result<(), PutError> {
        let request = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(object.content_type)
            .body(ByteStream::from(object.bytes));
        let request = match precondition {
            Precondition::None => request,
            Precondition::Absent => request.if_none_match("*"),
            Precondition::Unchanged(etag) => request.if_match(etag),
        };
        // One checksum is enough: the SDK's CRC32 is checked by S3, and HTTPS keeps the payload as it is, so
        // that it is not hashed again for the signature.
        match request.customize().disable_payload_signing().send().await {
            Ok(_) => Ok(()),
            Err(error) if is_status(&error, 412) || is_status(&error, 409) => {
                Err(PutError::Precondition { key: key.to_owned() })
            }
            Err(error) => Err(PutError::Failed { key: key.to_owned(), reason: reason(&error) }),
        }
    }

    async fn get(&self, key: &str) -> Result<Option<StoredObject>, ObjectError> {
        self.fetch(key, None, None).await
    }

    async fn exists(&self, key: &str) -> Result<bool, ObjectError> {
        match self.client.head_object().bucket(&self.bucket).key(key).send().await {
            Ok(_) => Ok(true),
            Err(error) if is_status(&error, 404) => Ok(false),
            Err(error) if is_status(&error, 403) => Err(ObjectError::Denied { key: key.to_owned() }),
            Err(error) => Err(failed(key, &error)),
        }
    }

    async fn get_if_changed(&self, key: &str, etag: &str) -> Result<Option<StoredObject>, ObjectError> {
        self.fetch(key, Some(etag), None).await
    }

    async fn get_version(&self, key: &str, version: &str) -> Result<Option<StoredObject>, ObjectError> {
        self.fetch(key, None, Some(version)).await
    }

    async fn versions(&self, key: &str, limit: usize) -> Result<Vec<ObjectVersion>, ObjectError> {
        let mut versions = Vec::new();
        let mut next: (Option<String>, Option<String>) = (None, None);
        loop {
            let page = self
                .client
                .list_object_versions()
                .bucket(&self.bucket)
                .prefix(key)
                .set_key_marker(next.0)
                .set_version_id_marker(next.1)
                .send()
                .await
                .map_err(|error| failed(key, &error))?;
            // Sorted by key, then newest first; keys that only begin like this one come after it.
            for version in page.versions().iter().filter(|version| version.key() == Some(key)) {
                versions.extend(object_version(version));
                if versions.len() >= limit {
                    return Ok(versions);
                }
            }
            if page.is_truncated() != Some(true) {
                return Ok(versions);
            }
            next = (page.next_key_marker, page.next_version_id_marker);
        }
    }

    async fn list(&self, prefix: &str, limit: usize) -> Result<Vec<String>, ObjectError> {
        self.list_after(prefix, prefix, limit).await
    }

    async fn list_stored(
        &self,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<ListedObject>, ObjectError> {
        let mut listed = Vec::new();
        let request = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let request = if after == prefix { request } else { request.start_after(after) };
        let mut pages = request.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed(prefix, &error))?;
            for object in page.contents() {
                if listed.len() >= limit {
                    return Ok(listed);
                }
                let stored_at = object.last_modified().map(|time| Timestamp::from_second(time.secs()));
                let stored_at = stored_at.and_then(Result::ok).unwrap_or_default();
                listed.extend(object.key().map(|key| ListedObject { key: key.to_owned(), stored_at }));
            }
        }
        Ok(listed)
    }

    async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        let deleted = self.client.delete_object().bucket(&self.bucket).key(key).send().await;
        deleted.map(drop).map_err(|error| failed(key, &error))
    }

    async fn erase(&self, key: &str) -> Result<usize, ObjectError> {
        let mut erased = 0;
        loop {
            // Each round removes the versions that it lists: the next one begins at the first version again.
            let page = self.client.list_object_versions().bucket(&self.bucket).prefix(key).send().await;
            let page = page.map_err(|error| failed(key, &error))?;
            let versions = page.versions().iter().filter(|version| version.key() == Some(key));
            let versions: Vec<&str> = versions.filter_map(|version| version.version_id()).collect();
            let markers = page.delete_markers().iter().filter(|marker| marker.key() == Some(key));
            let markers: Vec<&str> = markers.filter_map(|marker| marker.version_id()).collect();
            if versions.is_empty() && markers.is_empty() {
                return Ok(erased);
            }
            // Versions first: a marker that went alone would bring a version back.
            for version in versions.iter().chain(&markers) {
                let request = self.client.delete_object().bucket(&self.bucket).key(key).version_id(*version);
                request.send().await.map_err(|error| failed(key, &error))?;
            }
            erased += versions.len();
        }
    }

    async fn link(&self, key: &str, valid_for: Duration) -> Result<String, ObjectError> {
        let wrong = |reason: String| ObjectError::Failed { key: key.to_owned(), reason };
        let presigning = PresigningConfig::expires_in(valid_for).map_err(|error| wrong(error.to_string()))?;
        let request = self.client.get_object().bucket(&self.bucket).key(key).presigned(presigning).await;
        Ok(request.map_err(|error| failed(key, &error))?.uri().to_owned())
    }
}
