use camhook_outbound::digest::{Algorithm, Asked, Challenge, authorization, challenged_schemes};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue};
use secrecy::SecretString;

/// No `WWW-Authenticate` header of a device makes the parser of challenges panic, and the answer to one never repeats the
/// password. Each line of the input is one header value.
pub(crate) fn digest(input: &[u8]) {
    let mut headers = HeaderMap::new();
    let values = input.split(|octet| *octet == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok());
    for value in values.take(64) {
        headers.append(WWW_AUTHENTICATE, value);
    }
    let _schemes = challenged_schemes(&headers);
    let password = SecretString::from("a password that no header holds");
    for weakest in [Algorithm::Md5, Algorithm::Sha256] {
        let Some(challenge) = Challenge::best(&headers, weakest) else { continue };
        let asked = Asked {
            method: "GET",
            uri: "/relay/0?turn=on",
            user: "camhook",
            password: &password,
            count: 1,
            client_nonce: "0123456789abcdef",
        };
        let Some(value) = authorization(&challenge, &asked) else { continue };
        let text = String::from_utf8_lossy(value.as_bytes());
        assert!(text.starts_with("Digest "), "the answer is a Digest");
        assert!(!text.contains("a password"), "the answer holds the password");
    }
}
