//! Posts in another encoding than UTF-8.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use memchr::memmem;

/// How far into a post its XML declaration may reach, in bytes.
const DECLARATION_LIMIT: usize = 256;

/// The post in UTF-8, copied only where it has to be.
///
/// The encoding is that of a byte order mark, of the XML declaration, or of the media type, in this order. Without any,
/// where none of that name exists, and where the bytes are UTF-8 whatever is declared, the post is taken as it is.
pub(crate) fn to_utf8<'a>(body: &'a [u8], content_type: Option<&str>) -> Cow<'a, [u8]> {
    let Some(encoding) = encoding(body, content_type).filter(|encoding| *encoding != UTF_8) else {
        return Cow::Borrowed(body);
    };
    if body.is_ascii() || is_surely_utf_8(body, encoding) {
        return Cow::Borrowed(body);
    }
    let (text, _) = encoding.decode_with_bom_removal(body);
    Cow::Owned(text.into_owned().into_bytes())
}

/// Whether a body that declares another encoding is UTF-8 all the same.
///
/// Text of one byte a character is hardly ever UTF-8 by chance. Two bytes of Chinese text may be a letter of UTF-8:
/// there the declaration counts, unless it cannot be right, a character is longer than that, or the letter stands
/// beside others of a word.
fn is_surely_utf_8(body: &[u8], declared: &'static Encoding) -> bool {
    if [UTF_16LE, UTF_16BE].contains(&declared) {
        return false;
    }
    let Ok(text) = str::from_utf8(body) else { return false };
    declared.is_single_byte()
        || text.chars().any(|character| character.len_utf8() > 2)
        || has_letter_within_word(text)
        || declared.decode_without_bom_handling_and_without_replacement(body).is_none()
}

/// Whether a letter such as `ü` stands beside one of ASCII.
fn has_letter_within_word(text: &str) -> bool {
    let is_letter = |character: char| ('\u{c0}'..='\u{ff}').contains(&character);
    let mut pairs = text.chars().zip(text.chars().skip(1));
    pairs.any(|(one, other)| {
        (is_letter(one) && other.is_ascii_alphabetic()) || (one.is_ascii_alphabetic() && is_letter(other))
    })
}

fn encoding(body: &[u8], content_type: Option<&str>) -> Option<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(body) {
        return Some(encoding);
    }
    match body {
        [b'<', 0, ..] => return Some(UTF_16LE),
        [0, b'<', ..] => return Some(UTF_16BE),
        _ => {}
    }
    let named = declared(body).or_else(|| {
        let (_, charset) = content_type?.split_once("charset=")?;
        Encoding::for_label(charset.split(';').next()?.trim_matches(['"', '\'', ' ']).as_bytes())
    });
    // XML of two bytes a character has a zero in each of its first ones.
    let may_be_wide = body.get(..2).is_some_and(|first| first.contains(&0));
    named.filter(|encoding| may_be_wide || ![UTF_16LE, UTF_16BE].contains(encoding))
}

/// The encoding that the XML declaration names.
fn declared(body: &[u8]) -> Option<&'static Encoding> {
    let start = body.trim_ascii_start();
    let start = start.get(..DECLARATION_LIMIT.min(start.len()))?.strip_prefix(b"<?xml")?;
    let declaration = start.get(..memmem::find(start, b"?>")?)?;
    let behind = declaration.get(memmem::find(declaration, b"encoding")? + b"encoding".len()..)?;
    let value = behind.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, value) = value.split_first()?;
    Encoding::for_label(value.get(..value.iter().position(|octet| octet == quote)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &[u8], content_type: Option<&str>) -> String {
        String::from_utf8_lossy(&to_utf8(body, content_type)).into_owned()
    }

    fn post(encoding: &str, name: &[u8]) -> Vec<u8> {
        let declaration = format!("<?xml version=\"1.0\" encoding='{encoding}' ?><a>");
        [declaration.as_bytes(), name, b"</a>"].concat()
    }

    #[test]
    fn declared_encodings_are_decoded() {
        for (encoding, name, expected) in [
            ("ISO-8859-1", b"T\xfcr".as_slice(), "Tür"),
            ("iso-8859-15", b"\xa4", "€"),
            ("windows-1251", b"\xc4\xe2\xee\xf0", "Двор"),
            ("GB2312", b"\xb4\xf3\xc3\xc5", "大门"),
            ("GBK", b"\xb4\xf3]", "大]"),
            ("Big5", b"\xa4\x6a\xaa\xf9", "大門"),
            ("Shift_JIS", b"\x96\xe5", "門"),
            ("UTF-8", "Tür".as_bytes(), "Tür"),
            ("levitation", "Tür".as_bytes(), "Tür"),
            ("ISO-8859-1", "Tür".as_bytes(), "Tür"),
            ("UTF-16", "Tür".as_bytes(), "Tür"),
            ("GB2312", "大门".as_bytes(), "大门"),
            ("GBK", "Tür".as_bytes(), "Tür"),
            ("Shift_JIS", "門".as_bytes(), "門"),
            // Two characters that would be UTF-8, too.
            ("GB2312", b"\xcd\xa8\xc3\xe6", "通面"),
            ("GB2312", b"\xcd\xa8", "通"),
        ] {
            let text = read(&post(encoding, name), Some("application/xml; charset=utf-8"));
            assert!(text.ends_with(&format!("<a>{expected}</a>")), "{encoding}: {text}");
        }
    }

    #[test]
    fn the_media_type_counts_where_nothing_is_declared() {
        assert_eq!(read(b"<a>T\xfcr</a>", Some("text/xml; charset=\"iso-8859-1\"")), "<a>Tür</a>");
        assert_eq!(read(b"<a>T\xfcr</a>", Some("text/xml")), "<a>T\u{fffd}r</a>");
        assert_eq!(read("<a>Tür</a>".as_bytes(), Some("text/xml; charset=utf-16")), "<a>Tür</a>");
    }

    #[test]
    fn utf_16_is_recognized_with_and_without_a_mark() {
        let text = "<a>Tür</a>";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(read(&little, None), text);
        assert_eq!(read(&big, None), text);
        assert_eq!(read(&[b"\xff\xfe", little.as_slice()].concat(), None), text);
    }

    #[test]
    fn ascii_is_not_copied() {
        let post = post("GBK", b"gate");
        assert!(matches!(to_utf8(&post, None), Cow::Borrowed(_)));
    }
}
