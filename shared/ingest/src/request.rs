//! A request, before and after its credentials were checked.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use camhook_site::Source;
use jiff::Timestamp;

use crate::Credentials;
use crate::received::{Received, Transport};

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET, or HEAD.
    Get,
    /// POST.
    Post,
    /// Any other.
    Other,
}

impl Method {
    /// Reads a method's name.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        match name {
            "GET" | "HEAD" => Self::Get,
            "POST" => Self::Post,
            _ => Self::Other,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Other => "OTHER",
        }
    }
}

/// The header fields of a request. Names are lower case, as the gateway hands them over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The value of a field, by its lower-case name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(present, _)| present == name).map(|(_, value)| value.as_str())
    }
}

impl FromIterator<(String, String)> for Headers {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(fields: T) -> Self {
        Self(fields.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect())
    }
}

/// Nobody has looked at the credentials yet: nothing of the body can be read.
#[derive(Debug, Clone, Copy)]
pub struct Unverified;

/// The credentials of the source that the path names are good.
#[derive(Debug, Clone)]
pub struct Verified {
    pub(crate) source: Arc<Source>,
    pub(crate) rest: Vec<String>,
    pub(crate) credentials: Credentials,
    /// The names of the credentials of the source that it has.
    pub(crate) used: Vec<String>,
}

/// A request as the gateway handed it over.
///
/// The bytes of a [`Request<Unverified>`] can be verified and measured, no more; only a
/// [`Request<Verified>`] gives them away to be parsed.
#[derive(Debug, Clone)]
pub struct Request<S> {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Headers,
    pub(crate) body: Bytes,
    pub(crate) source_ip: Option<IpAddr>,
    pub(crate) request_id: String,
    pub(crate) received_at: Timestamp,
    pub(crate) state: S,
}

/// What a request is made of, for [`Request::new`].
#[derive(Debug, Clone)]
pub struct Parts {
    /// The method.
    pub method: Method,
    /// The path, decoded once by the gateway and never again.
    pub path: String,
    /// The query, still encoded.
    pub query: String,
    /// The header fields.
    pub headers: Headers,
    /// The bytes of the body; none for a request without one.
    pub body: Bytes,
    /// The sender's address, as the gateway saw it.
    pub source_ip: Option<IpAddr>,
    /// The gateway's id of this request.
    pub request_id: String,
    /// When it was received.
    pub received_at: Timestamp,
}

impl Request<Unverified> {
    /// A request that nobody has verified.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { method, path, query, headers, body, source_ip, request_id, received_at } = parts;
        Self { method, path, query, headers, body, source_ip, request_id, received_at, state: Unverified }
    }
}

impl<S> Request<S> {
    /// The gateway's id of this request.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// When it was received.
    #[must_use]
    pub fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }
}

impl Request<Verified> {
    /// The source that sent it.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.state.source
    }

    /// The segments of the path below the source (and its token): `["SendAlarmStatus"]`.
    #[must_use]
    pub fn rest(&self) -> &[String] {
        &self.state.rest
    }

    /// The query, still encoded; none where the source signs its posts. A signature is over the body alone: whoever sends a
    /// captured post again may write any query beside it.
    #[must_use]
    pub fn query(&self) -> &str {
        if self.state.source.auth.hmac.is_empty() { &self.query } else { "" }
    }

    /// Whether the address has a query, even one that does not count.
    #[must_use]
    pub fn has_query(&self) -> bool {
        !self.query.trim_matches('&').is_empty()
    }

    /// The header fields.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The bytes of the body; none for a request without one.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// What an event of this request is stored by.
    #[must_use]
    pub fn received(&self) -> Received {
        Received {
            source: Arc::clone(&self.state.source),
            received_at: self.received_at,
            id: self.request_id.clone(),
            body: self.body.clone(),
            query: self.query().to_owned(),
            credentials: self.state.credentials.clone(),
            replay: None,
        }
    }

    /// How it was carried.
    pub(crate) fn transport(&self) -> Transport<'_> {
        Transport::Http {
            method: self.method.name(),
            rest: &self.state.rest,
            content_type: self.headers.get("content-type"),
        }
    }

    /// A request from a source as if its credentials had been checked: for an adapter's own tests, the fixture
    /// runner, fuzz targets and the replay of what was verified when it came in.
    #[must_use]
    pub fn assume_verified(request: Request<Unverified>, source: Arc<Source>, rest: Vec<String>) -> Self {
        request.with_state(Verified { source, rest, credentials: Credentials::default(), used: Vec::new() })
    }
}

impl<S> Request<S> {
    pub(crate) fn with_state<T>(self, state: T) -> Request<T> {
        let Self { method, path, query, headers, body, source_ip, request_id, received_at, state: _ } = self;
        Request { method, path, query, headers, body, source_ip, request_id, received_at, state }
    }
}
