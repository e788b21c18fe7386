//! MAC addresses, which every vendor writes in its own way.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A MAC address, written in lower case with colons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddress([u8; 6]);

impl MacAddress {
    /// Reads twelve hex digits, whatever stands between them (`-`, `:`, `.` or nothing).
    ///
    /// ```
    /// use camhook_event::MacAddress;
    /// let address = MacAddress::parse("58-5B-69-5F-42-1B").unwrap();
    /// assert_eq!(address.to_string(), "58:5b:69:5f:42:1b");
    /// assert!(MacAddress::parse("58:5b:69").is_none());
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut octets = [0_u8; 6];
        let mut digits = 0_usize;
        for character in text.trim().chars() {
            if matches!(character, ':' | '-' | '.') {
                continue;
            }
            let digit = u8::try_from(character.to_digit(16)?).ok()?;
            let octet = octets.get_mut(digits / 2)?;
            *octet = (*octet << 4) | digit;
            digits += 1;
        }
        (digits == 12).then_some(Self(octets))
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, f] = self.0;
        write!(formatter, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
    }
}

impl Serialize for MacAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MacAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom(format!("`{text}` is no MAC address")))
    }
}

impl JsonSchema for MacAddress {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "MacAddress".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^([0-9a-f]{2}:){5}[0-9a-f]{2}$" })
    }
}
