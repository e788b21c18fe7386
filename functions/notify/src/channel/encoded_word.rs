//! Text in header values that are limited to ASCII: encoded words.
//!
//! Source: RFC 2047, form B. ntfy decodes them with the `mime` package of Go, which joins words that only white
//! space parts, and knows UTF-8.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

const PREFIX: &str = "=?UTF-8?B?";
const SUFFIX: &str = "?=";

/// An encoded word has at most 75 characters: 60 of them base64, which hold 45 bytes.
const WORD_BYTES: usize = 45;

/// The text as the value of a header.
///
/// Plain ASCII stays as it is, unless a reader could take it for an encoded word.
pub(super) fn encode(text: &str) -> Cow<'_, str> {
    let is_plain = text.bytes().all(|octet| (0x20..0x7f).contains(&octet));
    if is_plain && !text.contains("=?") {
        return Cow::Borrowed(text);
    }
    let words = words(text).map(|word| format!("{PREFIX}{}{SUFFIX}", BASE64_STANDARD.encode(word)));
    Cow::Owned(words.collect::<Vec<_>>().join(" "))
}

/// The text in pieces that an encoded word holds, cut between characters.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (word, after) = rest.split_at_checked(rest.floor_char_boundary(WORD_BYTES))?;
        rest = after;
        (!word.is_empty()).then_some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected values are those that Python's `email.header` reads back as the same text.
    #[test]
    fn only_what_needs_it_is_encoded() {
        for (text, expected) in [
            ("", ""),
            ("Ann at the gate", "Ann at the gate"),
            ("Tür", "=?UTF-8?B?VMO8cg==?="),
            ("a\nb", "=?UTF-8?B?YQpi?="),
            ("a\r\nX-Injected: b", "=?UTF-8?B?YQ0KWC1JbmplY3RlZDogYg==?="),
            ("=?UTF-8?B?YQ==?=", "=?UTF-8?B?PT9VVEYtOD9CP1lRPT0/PQ==?="),
        ] {
            assert_eq!(encode(text), expected, "{text:?}");
        }
    }

    #[test]
    fn long_text_is_cut_between_characters_into_short_words() {
        let text = "ä🚗".repeat(40);
        let encoded = encode(&text);
        let mut decoded = Vec::new();
        for word in encoded.split(' ') {
            assert!(word.len() <= 75, "{word}");
            let base64 = word.strip_prefix(PREFIX).unwrap().strip_suffix(SUFFIX).unwrap();
            let bytes = BASE64_STANDARD.decode(base64).unwrap();
            assert!(std::str::from_utf8(&bytes).is_ok(), "{word}");
            decoded.extend(bytes);
        }
        assert_eq!(decoded, text.as_bytes());
    }
}
