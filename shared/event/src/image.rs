//! The pictures of an event.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Text;

/// What a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ImageRole {
    /// The whole frame.
    Overview,
    /// A target, cut out.
    Target,
    /// A licence plate, cut out.
    Plate,
    /// A face, cut out.
    Face,
    /// The picture from a face album that a face was compared with.
    Album,
    /// A picture that was taken because of the event.
    Snapshot,
}

impl ImageRole {
    /// The name in events and object keys.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Target => "target",
            Self::Plate => "plate",
            Self::Face => "face",
            Self::Album => "album",
            Self::Snapshot => "snapshot",
        }
    }
}

impl fmt::Display for ImageRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Why a picture that the sender gave is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RejectedReason {
    /// The text is no base64.
    BadBase64,
    /// The bytes are no JPEG.
    NotJpeg,
    /// The JPEG ends before its end marker.
    Truncated,
    /// More than 3 MiB.
    TooLarge,
    /// The event has more than 16 pictures.
    TooMany,
    /// The source's settings say that pictures of this role are not kept.
    Dropped,
    /// The picture could not be stored in time.
    StoreFailed,
}

impl RejectedReason {
    /// The name in events and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BadBase64 => "bad_base64",
            Self::NotJpeg => "not_jpeg",
            Self::Truncated => "truncated",
            Self::TooLarge => "too_large",
            Self::TooMany => "too_many",
            Self::Dropped => "dropped",
            Self::StoreFailed => "store_failed",
        }
    }
}

/// A picture of an event: stored, or named with the reason why it is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Image {
    /// It is in the bucket.
    Stored(StoredImage),
    /// It is not.
    Rejected(RejectedImage),
}

/// A picture in the bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredImage {
    /// What it shows.
    pub role: ImageRole,
    /// The bucket's name.
    pub bucket: Text,
    /// The object's key.
    pub key: Text,
    /// Size of the JPEG in bytes.
    pub bytes: u64,
    /// Width in pixels, from the JPEG itself.
    pub width: u16,
    /// Height in pixels, from the JPEG itself.
    pub height: u16,
}

/// A picture that is not in the bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RejectedImage {
    /// What it would have shown.
    pub role: ImageRole,
    /// Why it is not stored.
    pub rejected: RejectedReason,
}

impl Image {
    /// What the picture shows.
    #[must_use]
    pub fn role(&self) -> ImageRole {
        match self {
            Self::Stored(image) => image.role,
            Self::Rejected(image) => image.role,
        }
    }

    /// The picture, when it is in the bucket.
    #[must_use]
    pub fn stored(&self) -> Option<&StoredImage> {
        match self {
            Self::Stored(image) => Some(image),
            Self::Rejected(_) => None,
        }
    }
}
