//! The signature of a post.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The header field that carries it, in lower case.
pub const SIGNATURE_FIELD: &str = "x-hub-signature-256";

/// The signature in a header field: `sha256=` and the base64 of 32 bytes, with its padding.
///
/// Milestone's page calls it a hex digest and prints base64, as do its code samples: base64 it is, and hexadecimal
/// digits are no signature.
pub(crate) fn signature(field: &str) -> Option<[u8; 32]> {
    let encoded = field.trim().strip_prefix("sha256=")?;
    BASE64_STANDARD.decode(encoded).ok()?.try_into().ok()
}

/// The value of the header field [`SIGNATURE_FIELD`] over a body, as XProtect with this token sends it: for samples.
///
/// The key is the token's text as it was typed, whatever it looks like.
#[must_use]
pub fn sign(token: &str, body: &[u8]) -> String {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(token.as_bytes()) else { return String::new() };
    mac.update(body);
    format!("sha256={}", BASE64_STANDARD.encode(mac.finalize().into_bytes().as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_read_again() {
        // RFC 4231, test case 2.
        let field = sign("Jefe", b"what do ya want for nothing?");
        assert_eq!(field, "sha256=W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
        assert!(signature(&field).is_some());
    }

    const DOCUMENTED: &str = "sha256=LBr6+XIEOZKgMck2/aG1CNCaCCOAwHT4o+vYRE4D3JM=";

    #[test]
    fn the_documented_form_is_read() {
        let bytes = signature(DOCUMENTED).unwrap();
        assert_eq!((bytes[0], bytes[31]), (0x2C, 0x93));
    }

    #[test]
    fn no_other_form_is() {
        let hex = format!("sha256={}", "8d".repeat(32));
        let unpadded = DOCUMENTED.trim_end_matches('=');
        let twice = format!("{DOCUMENTED}, {DOCUMENTED}");
        let url_safe = DOCUMENTED.replace('+', "-").replace('/', "_");
        let other = DOCUMENTED.replace("256", "1");
        for wrong in ["", "sha256=", "sha256=AAAA", &hex, unpadded, &twice, &url_safe, &other] {
            assert_eq!(signature(wrong), None, "{wrong}");
        }
    }
}
