//! How a request proves who is asking.

use crate::digest::Algorithm;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

/// How a request proves who is asking.
#[derive(Debug, Clone, Default)]
pub enum Authentication {
    /// Not at all.
    #[default]
    None,
    /// User and password, with every request.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// A token, with every request.
    Bearer(SecretString),
    /// User and password, in answer to a challenge: one that asks for none gets neither.
    Digest {
        /// The user.
        user: String,
        /// The password.
        password: SecretString,
        /// The weakest algorithm that is answered. A device that always asks for a better one is not itself when it
        /// asks for this.
        weakest: Algorithm,
    },
}

/// The value of `Authorization` that goes with every request; `None` when there is none. `Err` when it cannot
/// stand in a header.
pub(crate) fn authorization(
    authentication: &Authentication,
) -> Option<Result<HeaderValue, http::header::InvalidHeaderValue>> {
    let value = match authentication {
        Authentication::None | Authentication::Digest { .. } => return None,
        Authentication::Basic { user, password } => {
            let credentials = format!("{user}:{}", password.expose_secret());
            format!("Basic {}", BASE64_STANDARD.encode(credentials))
        }
        Authentication::Bearer(token) => format!("Bearer {}", token.expose_secret()),
    };
    Some(HeaderValue::from_str(&value).map(|mut value| {
        value.set_sensitive(true);
        value
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_sent_and_never_shown() {
        let basic = Authentication::Basic {
            user: "Aladdin".to_owned(),
            password: SecretString::from("open sesame".to_owned()),
        };
        // The example of RFC 7617.
        let value = authorization(&basic).unwrap().unwrap();
        assert_eq!(value.to_str().unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(format!("{value:?}"), "Sensitive");
        assert!(!format!("{basic:?}").contains("sesame"));

        let bearer = Authentication::Bearer(SecretString::from("tk_abc".to_owned()));
        assert_eq!(authorization(&bearer).unwrap().unwrap().to_str().unwrap(), "Bearer tk_abc");
        assert!(!format!("{bearer:?}").contains("tk_abc"));
    }
}
