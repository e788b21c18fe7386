//! The names that camhook.toml gives to things.

use std::borrow::Borrow;
use std::fmt;

use camhook_event::Text;

/// Whether a text is an id: `[a-z0-9][a-z0-9-]{0,31}`.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let lower_or_digit = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit();
    text.len() <= 32
        && text.bytes().next().is_some_and(lower_or_digit)
        && text.bytes().all(|octet| lower_or_digit(octet) || octet == b'-')
}

macro_rules! ids {
    ($($(#[doc = $doc:literal])* $name:ident,)*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Text);

        impl $name {
            /// The id, or `None` when the text is no id: `[a-z0-9][a-z0-9-]{0,31}`.
            #[must_use]
            pub fn new(text: &str) -> Option<Self> {
                if is_id(text) { Text::new(text).map(Self) } else { None }
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, formatter)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, formatter)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }
    )*};
}

ids! {
    /// The id of a camera that has a name of its own over all sources.
    CameraId,
    /// The id of a list of plates.
    ListId,
    /// The id of a channel.
    ChannelId,
    /// The id of a relay.
    RelayId,
    /// The id of a rule: given, or `rule-` and its position in the file, counted from 1.
    RuleId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_lower_case_and_begins_with_a_letter_or_digit() {
        for good in ["a", "gate", "2-gates", &"x".repeat(32)] {
            assert!(is_id(good), "{good}");
        }
        for bad in ["", "-gate", "Gate", "gate_1", "tür", "gate 1", &"x".repeat(33)] {
            assert!(!is_id(bad), "{bad}");
        }
    }
}
