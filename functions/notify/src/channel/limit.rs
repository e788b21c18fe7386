//! Texts within the limits of a service, each counted in the service's own unit.

use std::borrow::Cow;

/// The text, cut to at most `limit` characters.
pub(crate) fn characters(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    text.chars().take(limit.saturating_sub(1)).chain(['…']).collect()
}

/// The text, cut to at most `limit` UTF-16 code units.
pub(super) fn utf16(text: &str, limit: usize) -> String {
    if utf16_length(text) <= limit {
        return text.to_owned();
    }
    let mut left = limit.saturating_sub(1);
    let fits = |character: &char| {
        let length = character.len_utf16();
        let fits = length <= left;
        left = if fits { left - length } else { 0 };
        fits
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

/// The text, cut to at most `limit` bytes of UTF-8.
pub(super) fn bytes(text: &str, limit: usize) -> Cow<'_, str> {
    const MARK: &str = "…";
    if text.len() <= limit {
        return text.into();
    }
    let end = text.floor_char_boundary(limit.saturating_sub(MARK.len()));
    format!("{}{MARK}", text.get(..end).unwrap_or_default()).into()
}

/// The length of a text in UTF-16 code units.
pub(super) fn utf16_length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_above_the_limit_is_cut_and_marked() {
        assert_eq!(characters("äöü", 3), "äöü");
        assert_eq!(characters("äöüß", 3), "äö…");
        assert_eq!(utf16("a🚗", 3), "a🚗");
        assert_eq!(utf16("a🚗b", 3), "a…");
        assert_eq!(utf16("🚗🚗🚗", 5), "🚗🚗…");
        assert_eq!(utf16_length("a🚗"), 3);
        assert_eq!(bytes("äöü", 6), "äöü");
        assert_eq!(bytes("äöüß", 7), "äö…");
        assert_eq!(bytes(&"門".repeat(2000), 4096).len(), 4095);
    }
}
