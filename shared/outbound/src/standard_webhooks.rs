//! The signature of Standard Webhooks.
//!
//! Source: the specification of Standard Webhooks, version 1: HMAC-SHA256 with the decoded key over
//! `{id}.{timestamp}.{body}`, in base64 behind `v1,`; the key is written as `whsec_` and base64.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::Sha256;

use crate::Error;

/// The header with the message's id: the same for every attempt to deliver it.
pub const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
/// The header with the time of the attempt, in seconds since 1970.
pub const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
/// The header with the signature.
pub const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// A key that messages are signed with.
#[derive(Debug)]
pub struct SigningKey(SecretSlice<u8>);

impl SigningKey {
    /// Reads a key: `whsec_` and base64 of 24 to 64 bytes.
    ///
    /// # Errors
    ///
    /// When the text is something else.
    pub fn parse(text: &SecretString) -> Result<Self, Error> {
        let encoded = text.expose_secret().trim().strip_prefix("whsec_").ok_or(Error::SigningKey)?;
        let key = BASE64_STANDARD.decode(encoded).map_err(|_| Error::SigningKey)?;
        if !(24..=64).contains(&key.len()) {
            return Err(Error::SigningKey);
        }
        Ok(Self(SecretSlice::from(key)))
    }
}

/// The value of `webhook-signature`.
///
/// # Errors
///
/// When HMAC does not take the key, which no key that was read is known to cause.
pub fn sign(key: &SigningKey, id: &str, timestamp: i64, body: &[u8]) -> Result<String, Error> {
    let mut code = Hmac::<Sha256>::new_from_slice(key.0.expose_secret()).map_err(|_| Error::SigningKey)?;
    code.update(format!("{id}.{timestamp}.").as_bytes());
    code.update(body);
    Ok(format!("v1,{}", BASE64_STANDARD.encode(code.finalize().into_bytes())))
}

/// The three headers of a signed message.
///
/// # Errors
///
/// When the id holds what no header may hold.
pub fn headers(key: &SigningKey, id: &str, now: Timestamp, body: &[u8]) -> Result<HeaderMap, Error> {
    let signature = sign(key, id, now.as_second(), body)?;
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (WEBHOOK_ID, id.to_owned()),
        (WEBHOOK_TIMESTAMP, now.as_second().to_string()),
        (WEBHOOK_SIGNATURE, signature),
    ] {
        let value = HeaderValue::from_str(&value).map_err(|_| Error::HeaderValue { name: name.clone() })?;
        headers.insert(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Result<SigningKey, Error> {
        SigningKey::parse(&SecretString::from(text.to_owned()))
    }

    /// The first is the vector that the libraries of Standard Webhooks test with; both were computed again
    /// with Python's `hmac`.
    #[test]
    fn signatures_are_those_of_other_implementations() {
        let published = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(
            sign(&published, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#)
                .unwrap(),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
        let counted = key("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        assert_eq!(
            sign(&counted, "0123456789abcdef0123456789abcdef", 1_800_000_000, r#"{"a":"é"}"#.as_bytes())
                .unwrap(),
            "v1,4VeT+jvQZX8uBHGa5K2FrHSLXY/yYIcSQwAfYAEN9u4="
        );
    }

    #[test]
    fn the_headers_carry_what_was_signed() {
        let key = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let now = Timestamp::from_second(1_614_265_330).unwrap();
        let headers = headers(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", now, br#"{"test": 2432232314}"#).unwrap();
        assert_eq!(headers["webhook-id"], "msg_p5jXN8AQM9LWM0D4loKWxJek");
        assert_eq!(headers["webhook-timestamp"], "1614265330");
        assert_eq!(headers["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_is_no_key_is_refused_and_never_shown() {
        for wrong in ["", "whsec_", "whsec_!", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            let error = key(wrong).unwrap_err();
            assert!(wrong.is_empty() || wrong == "whsec_" || !error.to_string().contains(wrong));
        }
        let debug = format!("{:?}", key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        assert!(debug.contains("REDACTED") && !debug.contains("49, 242"), "{debug}");
    }
}
