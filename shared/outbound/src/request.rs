//! What is sent.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

use crate::{Authentication, Error};

/// A request.
#[derive(Clone)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) authentication: Authentication,
    pub(crate) answers: Answers,
}

/// Which answers are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// Those of HTTP/1.
    Http1,
    /// Those of HTTP/0.9 too: a body and nothing before it.
    BareToo,
}

impl Request {
    /// A request without a body.
    #[must_use]
    pub fn new(method: Method, url: Url) -> Self {
        let (headers, body, authentication) = (HeaderMap::new(), Bytes::new(), Authentication::None);
        Self { method, url, headers, body, authentication, answers: Answers::Http1 }
    }

    /// The same with a body of this media type.
    #[must_use]
    pub fn with_body(mut self, content_type: &'static str, body: Bytes) -> Self {
        self.headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        self.body = body;
        self
    }

    /// The same with a header.
    ///
    /// # Errors
    ///
    /// When the value holds a control character or one that is not ASCII.
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Result<Self, Error> {
        let is_visible = value.bytes().all(|octet| (0x20..0x7f).contains(&octet) || octet == b'\t');
        let value = HeaderValue::from_str(value).ok().filter(|_| is_visible);
        let value = value.ok_or_else(|| Error::HeaderValue { name: name.clone() })?;
        self.headers.insert(name, value);
        Ok(self)
    }

    /// The same with more headers.
    #[must_use]
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    /// The same, to a device that may answer with a bare body, as HTTP/0.9 had it: such an answer is taken for a
    /// status of 200. Whoever allows it has to know the body for the device's own, since anything at all that
    /// comes back is an answer then.
    #[must_use]
    pub fn allowing_bare_answer(mut self) -> Self {
        self.answers = Answers::BareToo;
        self
    }

    /// The same with a proof of who is asking.
    #[must_use]
    pub fn with_authentication(mut self, authentication: Authentication) -> Self {
        self.authentication = authentication;
        self
    }
}

/// Where a URL leads, without what may be secret: paths hold topics and tokens, queries hold keys.
pub(crate) fn origin(url: &Url) -> String {
    let host = url.host_str().unwrap_or("(no host)");
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Request")
            .field("method", &self.method)
            .field("origin", &origin(&self.url))
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("authentication", &self.authentication)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn nothing_secret_is_shown() {
        let url: Url = "https://user:hunter2@example.org:8443/tk_secret?auth_key=abc#f".parse().unwrap();
        let request = Request::new(Method::POST, url)
            .with_header(http::header::COOKIE, "session=monster")
            .unwrap()
            .with_body("application/json", Bytes::from_static(b"plate IB36NL"))
            .with_authentication(Authentication::Bearer(SecretString::from("tk_bearer".to_owned())));
        let shown = format!("{request:?}");
        assert!(shown.contains("https://example.org:8443"), "{shown}");
        for secret in ["hunter2", "tk_secret", "abc", "monster", "IB36NL", "tk_bearer"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }

    #[test]
    fn a_header_takes_no_line_break() {
        let request = || Request::new(Method::GET, "https://example.org".parse().unwrap());
        let name = HeaderName::from_static("title");
        assert!(request().with_header(name.clone(), "a\r\nb: c").is_err());
        assert!(request().with_header(name.clone(), "ä").is_err());
        assert!(request().with_header(name, "a b").is_ok());
    }
}
