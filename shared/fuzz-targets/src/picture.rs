use camhook_ingest::{PICTURE_LIMIT, decode};
use camhook_site::Retention;

/// No picture makes its check panic, and what is accepted is a JPEG within the limits. The input is the picture, as it is
/// before base64; it is also read as base64 text.
pub(crate) fn picture(input: &[u8]) {
    let encoded = base64_simd::STANDARD.encode_to_string(input);
    for (text, metadata) in [
        (encoded.as_bytes(), Retention::Keep),
        (encoded.as_bytes(), Retention::Drop),
        (input, Retention::Drop),
    ] {
        let Ok(picture) = decode(text, metadata) else { continue };
        assert!(picture.bytes.len() <= PICTURE_LIMIT, "a picture is within the limit");
        assert!(picture.bytes.starts_with(&[0xFF, 0xD8, 0xFF]), "a picture begins as a JPEG");
        assert!(picture.width > 0 && picture.height > 0, "a picture has a size");
    }
}
