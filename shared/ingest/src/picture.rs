//! From a picture's base64 text to a JPEG that is known to be one.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use camhook_event::RejectedReason;
use camhook_site::Retention;

/// The most that one picture may hold, in bytes.
pub const PICTURE_LIMIT: usize = 3 * 1024 * 1024;

/// The most pictures that one event may have.
pub const PICTURES_LIMIT: usize = 16;

/// More pixels than any camera has: what claims more is made to hurt whoever opens it.
const PIXELS_LIMIT: u32 = 150_000_000;

/// The longest side in pixels: four 8K frames side by side are shorter.
const SIDE_LIMIT: u16 = 32_000;

/// The longest prefix of a data URL, up to its comma, in bytes.
const DATA_URL_PREFIX_LIMIT: usize = 256;

/// A JPEG whose markers were walked from its first byte to its last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The JPEG, up to and including its end marker.
    pub bytes: Bytes,
    /// Width in pixels.
    pub width: u16,
    /// Height in pixels.
    pub height: u16,
}

/// Decodes and checks a picture.
///
/// The text may be plain base64, base64url, or a data URL (RFC 2397) of either, with white space within it and NUL
/// characters around it, as devices send them, and all of it may be percent-encoded. Padding is optional. Bytes behind the JPEG's end marker are cut off, and
/// EXIF, XMP and IPTC data and comments unless `metadata` is kept.
///
/// # Errors
///
/// Why it is not kept.
pub fn decode(base64: &[u8], metadata: Retention) -> Result<Picture, RejectedReason> {
    if base64.len() / 4 > PICTURE_LIMIT / 3 + 1024 {
        return Err(RejectedReason::TooLarge);
    }
    let mut jpeg = decode_base64(base64).ok_or(RejectedReason::BadBase64)?;
    let Frame { length, width, height, metadata: segments } = read_markers(&jpeg)?;
    let is_absurd =
        width > SIDE_LIMIT || height > SIDE_LIMIT || u32::from(width) * u32::from(height) > PIXELS_LIMIT;
    if length > PICTURE_LIMIT || is_absurd {
        return Err(RejectedReason::TooLarge);
    }
    jpeg.truncate(length);
    if metadata == Retention::Drop {
        jpeg = without(jpeg, &segments);
    }
    Ok(Picture { bytes: jpeg.into(), width, height })
}

fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    if let Ok(bytes) = base64_simd::STANDARD.decode_to_vec(after_data_url_prefix(text)) {
        return Some(bytes);
    }
    // Rare: line breaks within, NUL characters or a byte order mark around it, no padding or too much, the alphabet of
    // URLs, the encoding of URLs, or several pieces, each with its padding.
    let decoded = percent_decoded(text);
    let content = after_data_url_prefix(trim(&decoded));
    let standard = to_standard_alphabet(trim(content));
    let mut bytes = Vec::with_capacity(standard.len() / 4 * 3);
    for piece in standard.split(|octet| *octet == b'=').filter(|piece| !piece.is_empty()) {
        bytes.extend(base64_simd::forgiving_decode_to_vec(piece).ok()?);
    }
    Some(bytes)
}

/// The text without white space and NUL characters around it and a byte order mark before it.
fn trim(text: &[u8]) -> &[u8] {
    let is_around = |octet: &u8| octet.is_ascii_whitespace() || *octet == 0;
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let start = text.iter().position(|octet| !is_around(octet)).unwrap_or(text.len());
    let end = text.iter().rposition(|octet| !is_around(octet)).map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

/// The content of a data URL, `data:image/jpeg;base64,/9j/…`, or of one that lost its beginning, `base64,/9j/…`; the whole
/// text where it is none.
fn after_data_url_prefix(text: &[u8]) -> &[u8] {
    let beginning = text.get(..text.len().min(DATA_URL_PREFIX_LIMIT)).unwrap_or_default();
    let is_marked = |window: &[u8]| window.eq_ignore_ascii_case(BASE64_MARK);
    if let Some(mark) = beginning.windows(BASE64_MARK.len()).rposition(is_marked) {
        return text.get(mark + BASE64_MARK.len()..).unwrap_or(text);
    }
    let trimmed = beginning.trim_ascii_start();
    let is_data_url = trimmed.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"data:"));
    let comma = beginning.iter().position(|&octet| octet == b',').filter(|_| is_data_url);
    comma.and_then(|comma| text.get(comma + 1..)).unwrap_or(text)
}

/// What stands before the content of a data URL. No base64 text has a comma.
const BASE64_MARK: &[u8] = b"base64,";

/// The text with its `%2B` as `+`.
fn percent_decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'%') {
        return Cow::Borrowed(text);
    }
    let digit = |octet: Option<&u8>| char::from(*octet?).to_digit(16);
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, behind @ ..] = rest {
        let encoded = (*first == b'%').then(|| Some(digit(behind.first())? * 16 + digit(behind.get(1))?));
        let octet = encoded.flatten().and_then(|octet| u8::try_from(octet).ok());
        decoded.push(octet.unwrap_or(*first));
        rest = if octet.is_some() { behind.get(2..).unwrap_or_default() } else { behind };
    }
    Cow::Owned(decoded)
}

/// base64url (RFC 4648, section 5) as base64.
fn to_standard_alphabet(text: &[u8]) -> Vec<u8> {
    let standard = |&octet: &u8| match octet {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    };
    text.iter().map(standard).collect()
}

struct Frame {
    length: usize,
    width: u16,
    height: u16,
    /// Where the segments with metadata are, with their markers, in order.
    metadata: Vec<Range<usize>>,
}

/// The bytes without some ranges of them, which are in order.
fn without(bytes: Vec<u8>, ranges: &[Range<usize>]) -> Vec<u8> {
    if ranges.is_empty() {
        return bytes;
    }
    let mut kept = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for range in ranges {
        kept.extend_from_slice(bytes.get(from..range.start).unwrap_or_default());
        from = range.end;
    }
    kept.extend_from_slice(bytes.get(from..).unwrap_or_default());
    kept
}

/// Walks the markers of a JPEG (ITU-T T.81, annex B).
fn read_markers(jpeg: &[u8]) -> Result<Frame, RejectedReason> {
    let Some(mut rest) = jpeg.strip_prefix(&[0xFF, 0xD8]) else {
        return Err(RejectedReason::NotJpeg);
    };
    let mut size = None;
    let mut metadata = Vec::new();
    loop {
        let begin = jpeg.len() - rest.len();
        let marker;
        (marker, rest) = next_marker(rest)?;
        match marker {
            // End of image.
            0xD9 => break,
            // Markers without a segment: restarts and TEM. A second start of image is no JPEG.
            0x01 | 0xD0..=0xD7 => continue,
            0x00 | 0xD8 => return Err(RejectedReason::NotJpeg),
            _ => {}
        }
        let (&[high, low], _) = rest.split_first_chunk::<2>().ok_or(RejectedReason::Truncated)?;
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length < 2 {
            return Err(RejectedReason::NotJpeg);
        }
        let (segment, behind) = rest.split_at_checked(length).ok_or(RejectedReason::Truncated)?;
        rest = behind;
        match marker {
            // Start of frame, of any kind of coding; C4, C8 and CC are tables and an extension.
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                let &[_, _, _, h1, h0, w1, w0, ..] = segment else {
                    return Err(RejectedReason::NotJpeg);
                };
                // A decoder goes by the first frame; a second one only hides the size from whoever checks it.
                size = size.or(Some((u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]))));
            }
            // EXIF and XMP, IPTC, comments.
            0xE1 | 0xED | 0xFE => metadata.push(begin..jpeg.len() - rest.len()),
            // Start of scan: coded data up to the next marker.
            0xDA => rest = after_coded_data(rest)?,
            _ => {}
        }
    }
    match size {
        Some((width, height)) if width > 0 && height > 0 => {
            Ok(Frame { length: jpeg.len() - rest.len(), width, height, metadata })
        }
        _ => Err(RejectedReason::NotJpeg),
    }
}

/// The next marker, which any number of fill bytes may precede, and what follows it.
fn next_marker(bytes: &[u8]) -> Result<(u8, &[u8]), RejectedReason> {
    let Some((0xFF, rest)) = bytes.split_first() else {
        return Err(if bytes.is_empty() { RejectedReason::Truncated } else { RejectedReason::NotJpeg });
    };
    let fill = rest.iter().take_while(|&&octet| octet == 0xFF).count();
    match rest.get(fill..).and_then(<[u8]>::split_first) {
        Some((&marker, rest)) => Ok((marker, rest)),
        None => Err(RejectedReason::Truncated),
    }
}

/// How much coded data is gone through before it is asked what was found: enough that asking costs nothing beside
/// it, and little enough that what was found is soon found again.
const BLOCK: usize = 1024;

/// Skips coded data: up to a 0xFF that is neither stuffed (0x00) nor a restart marker, nor a fill byte.
///
/// Noisy data has a 0xFF every 256 bytes; stopping at each takes longer than decoding the base64 text does. A block
/// is therefore gone through without a branch, which the compiler makes vector instructions of: first for a 0xFF
/// with anything but 0x00 behind it, of which most pictures have one, and only then for what ends the data.
fn after_coded_data(bytes: &[u8]) -> Result<&[u8], RejectedReason> {
    let following = bytes.get(1..).unwrap_or_default();
    for (number, (block, following)) in bytes.chunks(BLOCK).zip(following.chunks(BLOCK)).enumerate() {
        let pairs = || block.iter().copied().zip(following.iter().copied());
        if !any(pairs(), |octet, next| (octet == 0xFF) & (next != 0x00)) || !any(pairs(), ends_coded_data) {
            continue;
        }
        let within = pairs().position(|(octet, next)| ends_coded_data(octet, next));
        return within.and_then(|at| bytes.get(number * BLOCK + at..)).ok_or(RejectedReason::Truncated);
    }
    Err(RejectedReason::Truncated)
}

/// Whether any pair is of that kind; all of them are asked.
fn any(pairs: impl Iterator<Item = (u8, u8)>, is_wanted: impl Fn(u8, u8) -> bool) -> bool {
    pairs.fold(false, |found, (octet, next)| found | is_wanted(octet, next))
}

/// Whether two bytes of coded data are a marker that ends it.
fn ends_coded_data(octet: u8, next: u8) -> bool {
    (octet == 0xFF) & (next != 0x00) & (next != 0xFF) & (next & 0xF8 != 0xD0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(base64: &[u8]) -> Result<Picture, RejectedReason> {
        super::decode(base64, Retention::Keep)
    }

    /// The smallest thing whose markers are those of a picture: 16 x 8 pixels, one scan.
    fn small() -> Vec<u8> {
        let mut jpeg = vec![0xFF, 0xD8];
        jpeg.extend([0xFF, 0xE0, 0, 4, 0xFF, 0xD9]);
        jpeg.extend([0xFF, 0xC0, 0, 8, 8, 0, 8, 0, 16, 1]);
        jpeg.extend([0xFF, 0xDA, 0, 2, 1, 2, 0xFF, 0x00, 3, 0xFF, 0xD0, 4]);
        jpeg.extend([0xFF, 0xFF, 0xD9]);
        jpeg
    }

    fn encode(bytes: &[u8]) -> Vec<u8> {
        base64_simd::STANDARD.encode_to_string(bytes).into_bytes()
    }

    #[test]
    fn a_picture_is_read_with_its_size() {
        let picture = decode(&encode(&small())).unwrap();
        assert_eq!((picture.width, picture.height), (16, 8));
        assert_eq!(picture.bytes, small());
    }

    #[test]
    fn line_breaks_nul_tails_and_missing_padding_are_allowed() {
        let text = encode(&small());
        let broken: Vec<u8> = text.chunks(8).flat_map(|line| [line, b"\r\n "].concat()).collect();
        assert_eq!(decode(&broken).unwrap().bytes, small());
        assert_eq!(decode(&[text.as_slice(), b"\0\0\0"].concat()).unwrap().bytes, small());
        let unpadded: Vec<u8> = text.into_iter().filter(|&octet| octet != b'=').collect();
        assert_eq!(decode(&unpadded).unwrap().bytes, small());
    }

    #[test]
    fn data_urls_and_base64url_are_decoded() {
        // Every two of the alphabets' last characters are in it.
        let mut jpeg = small();
        jpeg.splice(2..2, [0xFF, 0xFE, 0, 8, 0xFB, 0xEF, 0xBF, 0xFF, 0xBE, 0xFB]);
        let standard = encode(&jpeg);
        let url_safe = base64_simd::URL_SAFE_NO_PAD.encode_to_string(&jpeg).into_bytes();
        assert!(url_safe.contains(&b'-') && url_safe.contains(&b'_'));
        for prefix in [
            "",
            "data:image/jpeg;base64,",
            "\r\n DATA:image/jpg;charset=utf-8;base64,",
            "data:;base64,",
            "data:,",
        ] {
            for text in [&standard, &url_safe] {
                let text = [prefix.as_bytes(), text.as_slice()].concat();
                assert_eq!(decode(&text).unwrap().bytes, jpeg, "{}", String::from_utf8_lossy(&text));
            }
        }
        for text in
            ["data:image/jpeg;base64", "data:", "data:image/jpeg;base64,", "data:image/jpeg;base64,\0"]
        {
            assert!(decode(text.as_bytes()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn damaged_forms_of_base64_and_data_urls_are_decoded() {
        let text = String::from_utf8(encode(&small())).unwrap();
        let encoded: String = text.bytes().map(|octet| format!("%{octet:02x}")).collect();
        let pieces = small().chunks(10).flat_map(encode).collect();
        for form in [
            format!("data:image/jpeg;base64,{encoded}"),
            format!("data%3Aimage/jpeg%3Bbase64%2C{text}"),
            encoded.clone(),
            format!("data:image/jpeg;name=\"a,b.jpg\";base64,{text}"),
            format!("image/jpeg;base64,{text}"),
            format!("BASE64,\r\n{text}"),
            format!("\u{feff}{text}"),
            format!("\0\0{text}\0"),
            format!("{text}=="),
            String::from_utf8(pieces).unwrap(),
        ] {
            assert_eq!(decode(form.as_bytes()).unwrap().bytes, small(), "{form}");
        }
        for none in [format!("{text}%"), format!("{text}%zz"), format!("a{text}=A"), "base64,".to_owned()] {
            assert!(decode(none.as_bytes()).is_err(), "{none}");
        }
    }

    #[test]
    fn what_follows_the_end_marker_is_cut_off() {
        for tail in [b"\0\0\0\0".as_slice(), b"PK\x03\x04 another file", &[0xFF, 0xD9]] {
            let padded = [small().as_slice(), tail].concat();
            assert_eq!(decode(&encode(&padded)).unwrap().bytes, small());
        }
    }

    #[test]
    fn the_end_of_coded_data_is_found_wherever_it_stands() {
        let harmless = [[0xFF, 0x00], [0xFF, 0xD0], [0xFF, 0xD7], [0x00, 0xD9], [0xFF, 0xFF]].concat();
        for length in (0..24).chain(BLOCK - 12..BLOCK + 12).chain(3 * BLOCK - 12..3 * BLOCK + 12) {
            let mut coded: Vec<u8> = harmless.iter().copied().cycle().take(length).collect();
            coded.push(0);
            assert_eq!(after_coded_data(&coded), Err(RejectedReason::Truncated), "{length}");
            for end in [[0xFF, 0xD9], [0xFF, 0xC4], [0xFF, 0xD8], [0xFF, 0x01], [0xFF, 0xCF], [0xFF, 0xFE]] {
                let tail = [end.as_slice(), &[1, 2, 3, 0xFF, 0xDA]].concat();
                let ended = [coded.as_slice(), &tail].concat();
                assert_eq!(after_coded_data(&ended), Ok(tail.as_slice()), "{end:x?} after {length}");
            }
        }
        assert_eq!(after_coded_data(&[]), Err(RejectedReason::Truncated));
        assert_eq!(after_coded_data(&[0xFF]), Err(RejectedReason::Truncated));
    }

    #[test]
    fn what_is_no_picture_is_rejected_with_the_reason() {
        let rejected = |bytes: &[u8]| decode(&encode(bytes)).unwrap_err();
        assert_eq!(decode(b"not base64 at all!").unwrap_err(), RejectedReason::BadBase64);
        assert_eq!(decode(b"").unwrap_err(), RejectedReason::NotJpeg);
        assert_eq!(rejected(b"\x89PNG\r\n\x1a\n"), RejectedReason::NotJpeg);
        assert_eq!(rejected(&[0xFF, 0xD8, 0xFF, 0xD9]), RejectedReason::NotJpeg);
        assert_eq!(rejected(&[0xFF, 0xD8, 1, 2, 3]), RejectedReason::NotJpeg);
        let whole = small();
        for end in 2..whole.len() {
            let reason = rejected(&whole[..end]);
            assert_eq!(reason, RejectedReason::Truncated, "cut after {end} bytes");
        }
    }

    #[test]
    fn huge_claims_are_refused() {
        let mut huge = small();
        let size = huge.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap() + 5;
        huge[size..size + 4].copy_from_slice(&[0xFF; 4]);
        assert_eq!(decode(&encode(&huge)).unwrap_err(), RejectedReason::TooLarge);
        let long = vec![b'A'; PICTURE_LIMIT / 3 * 4 + 8192];
        assert_eq!(decode(&long).unwrap_err(), RejectedReason::TooLarge);
    }

    /// `small` with segments behind its start.
    fn with_segments(segments: &[(u8, &[u8])]) -> Vec<u8> {
        let mut jpeg = small();
        for (marker, content) in segments.iter().rev() {
            let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
            jpeg.splice(2..2, [&[0xFF, *marker], length.as_slice(), content].concat());
        }
        jpeg
    }

    #[test]
    fn exif_iptc_and_comments_are_dropped_unless_they_are_kept() {
        let colors: (u8, &[u8]) = (0xE2, b"ICC_PROFILE\0");
        let jpeg =
            with_segments(&[(0xE1, b"Exif\0\0 48.1 N"), colors, (0xFE, b"Ann"), (0xED, b"Photoshop 3.0\0")]);
        let dropped = super::decode(&encode(&jpeg), Retention::Drop).unwrap();
        assert_eq!(dropped.bytes, with_segments(&[colors]));
        assert_eq!((dropped.width, dropped.height), (16, 8));
        assert_eq!(decode(&encode(&jpeg)).unwrap().bytes, jpeg);
    }

    #[test]
    fn the_first_frame_header_counts() {
        // 65,535 x 65,535 first, then 16 x 8.
        let jpeg = with_segments(&[(0xC2, &[8, 0xFF, 0xFF, 0xFF, 0xFF, 1])]);
        assert_eq!(decode(&encode(&jpeg)).unwrap_err(), RejectedReason::TooLarge);
        let thin = with_segments(&[(0xC2, &[8, 0xFF, 0xFF, 0, 1, 1])]);
        assert_eq!(decode(&encode(&thin)).unwrap_err(), RejectedReason::TooLarge);
    }
}
