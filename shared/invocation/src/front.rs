//! The CloudFront distribution in front of the API, if the stack has one (`Front=cloudfront` in the template).

use std::net::{IpAddr, SocketAddr};

use camhook_ingest::Headers;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// The header field in which the distribution adds its secret. A viewer's own field of this name never passes it.
pub const FRONT_FIELD: &str = "x-camhook-front";

/// The header field in which CloudFront names the viewer: `198.51.100.10:46532`, and the eight groups of an IPv6
/// address without brackets before the port.
const VIEWER_ADDRESS_FIELD: &str = "cloudfront-viewer-address";

/// The distribution, as a function knows it.
#[derive(Debug, Clone)]
pub struct Front {
    secret: SecretString,
}

/// How a request reached the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// Through the distribution, from this viewer; `None` when the distribution does not name it.
    ThroughFront(Option<IpAddr>),
    /// To the API itself.
    Direct,
}

impl Front {
    /// The distribution that adds this secret.
    #[must_use]
    pub fn new(secret: SecretString) -> Self {
        Self { secret }
    }

    /// How a request with these header fields reached the function: a sender that knows the secret is the distribution.
    pub(crate) fn route(&self, headers: &Headers) -> Route {
        let given = headers.get(FRONT_FIELD).unwrap_or_default();
        let is_front = given.as_bytes().ct_eq(self.secret.expose_secret().as_bytes());
        if self.secret.expose_secret().is_empty() || !bool::from(is_front) {
            return Route::Direct;
        }
        Route::ThroughFront(headers.get(VIEWER_ADDRESS_FIELD).and_then(viewer_address))
    }
}

/// The address before the port.
fn viewer_address(field: &str) -> Option<IpAddr> {
    let field = field.trim();
    let with_brackets = field.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    with_brackets.or_else(|| {
        let (address, port) = field.rsplit_once(':')?;
        port.parse::<u16>().ok()?;
        address.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(fields: &[(&str, &str)]) -> Route {
        let front = Front::new("a secret of the front".to_owned().into());
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        front.route(&fields.collect())
    }

    #[test]
    fn the_viewer_address_is_taken_from_a_request_with_the_secret() {
        let secret = (FRONT_FIELD, "a secret of the front");
        for (field, address) in [
            ("198.51.100.10:46532", "198.51.100.10"),
            ("2001:db8:0:0:0:0:0:7:46532", "2001:db8::7"),
            ("[2001:db8::7]:46532", "2001:db8::7"),
        ] {
            let expected = Route::ThroughFront(Some(address.parse().unwrap()));
            assert_eq!(route(&[secret, ("CloudFront-Viewer-Address", field)]), expected, "{field}");
        }
        for wrong in ["", "198.51.100.10", "nobody:1", "198.51.100.10:70000", "1.2.3.4:1, 5.6.7.8:1"] {
            let route = route(&[secret, ("CloudFront-Viewer-Address", wrong)]);
            assert_eq!(route, Route::ThroughFront(None), "{wrong}");
        }
        assert_eq!(route(&[secret]), Route::ThroughFront(None));
    }

    #[test]
    fn a_request_without_the_secret_came_directly() {
        let address = ("cloudfront-viewer-address", "198.51.100.10:46532");
        for secret in ["", "a secret", "a secret of the front, a secret of the front"] {
            assert_eq!(route(&[(FRONT_FIELD, secret), address]), Route::Direct);
        }
        assert_eq!(route(&[address]), Route::Direct);
        let without_secret = Front::new(String::new().into());
        let fields = [(FRONT_FIELD.to_owned(), String::new())];
        assert_eq!(without_secret.route(&fields.into_iter().collect()), Route::Direct);
    }

    #[test]
    fn the_secret_is_never_shown() {
        assert!(!format!("{:?}", Front::new("a secret of the front".to_owned().into())).contains("a secret"));
    }
}
