//! The identity of an event: the same for every delivery that a sender makes of it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use twox_hash::XxHash3_128;

use crate::Vendor;

/// 128 bits, written as 32 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(u128);

impl EventId {
    /// The identity of an event that its sender numbered: the first 128 bits of SHA-256 over the source and
    /// the lower-cased number, so that a resent event is recognized however its body was re-encoded.
    #[must_use]
    pub fn of_sender_id(source: &str, sender_id: &str) -> Self {
        let digest = Sha256::new()
            .chain_update(source.as_bytes())
            .chain_update([0])
            .chain_update(sender_id.to_lowercase().as_bytes())
            .finalize();
        let mut bits = [0_u8; 16];
        for (bit, octet) in bits.iter_mut().zip(digest.iter()) {
            *bit = *octet;
        }
        Self(u128::from_be_bytes(bits))
    }

    /// The identity of an event that is known by what was posted.
    ///
    /// `ordinal` counts the events of one post from 0. `delivery` is the gateway's request id where the post
    /// holds no time of its own: without it two alarms of one camera would be one.
    #[must_use]
    pub fn of_content(
        vendor: Vendor,
        source: &str,
        body: &[u8],
        query: &str,
        ordinal: usize,
        delivery: Option<&str>,
    ) -> Self {
        let mut hash = XxHash3_128::new();
        // Each part is led by its length: no two different posts have the same bytes in a row.
        for part in [
            vendor.name().as_bytes(),
            source.as_bytes(),
            body,
            query.as_bytes(),
            delivery.unwrap_or_default().as_bytes(),
        ] {
            hash.write(&(part.len() as u64).to_le_bytes());
            hash.write(part);
        }
        hash.write(&(ordinal as u64).to_le_bytes());
        Self(hash.finish_128())
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Text that is no event id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no event id: 32 lower-case hex digits")]
pub struct InvalidEventId(String);

impl FromStr for EventId {
    type Err = InvalidEventId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = |octet: u8| octet.is_ascii_digit() || (b'a'..=b'f').contains(&octet);
        if text.len() != 32 || !text.bytes().all(digits) {
            return Err(InvalidEventId(text.to_owned()));
        }
        u128::from_str_radix(text, 16).map(Self).map_err(|_| InvalidEventId(text.to_owned()))
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for EventId {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "EventId".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9a-f]{32}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(body: &str, query: &str, ordinal: usize, delivery: Option<&str>) -> EventId {
        EventId::of_content(Vendor::Viewtron, "gate", body.as_bytes(), query, ordinal, delivery)
    }

    #[test]
    fn the_same_post_has_the_same_id_and_any_difference_another() {
        let first = content("<config/>", "", 0, None);
        assert_eq!(first, content("<config/>", "", 0, None));
        for other in [
            content("<config/>", "", 1, None),
            content("<config/>", "a", 0, None),
            content("<config/>a", "", 0, None),
            content("<config/>", "", 0, Some("r1")),
            EventId::of_content(Vendor::Ivsec, "gate", b"<config/>", "", 0, None),
        ] {
            assert_ne!(first, other);
        }
        assert_ne!(content("ab", "c", 0, None), content("a", "bc", 0, None));
    }

    #[test]
    fn a_sender_id_is_compared_without_case() {
        let id = EventId::of_sender_id("vms", "ABCDEF00-0000-0000-0000-000000000001");
        assert_eq!(id, EventId::of_sender_id("vms", "abcdef00-0000-0000-0000-000000000001"));
        assert_ne!(id, EventId::of_sender_id("vms2", "abcdef00-0000-0000-0000-000000000001"));
        // printf 'vms\0abcdef00-0000-0000-0000-000000000001' | sha256sum
        assert_eq!(id.to_string().len(), 32);
        assert_eq!(id.to_string().parse::<EventId>().unwrap(), id);
    }

    #[test]
    fn only_32_lower_case_digits_are_read() {
        for wrong in ["", "A0000000000000000000000000000000", "+0000000000000000000000000000000"] {
            assert!(wrong.parse::<EventId>().is_err(), "{wrong}");
        }
    }
}
