//! A request as it arrived.

use std::net::SocketAddr;

use bytes::Bytes;
use camhook_ingest::{Headers, Method, Parts, Request, Unverified};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;

/// A request as it arrived, before anything is known about its sender.
#[derive(Debug, Clone)]
pub struct CapturedRequest {
    /// The method, as sent.
    pub method: String,
    /// The path, still percent-encoded.
    pub path: String,
    /// The query, still percent-encoded; empty without one.
    pub query: String,
    /// Names (lower case) and values of the header fields, in their order. Values that are not UTF-8 are omitted.
    pub headers: Vec<(String, String)>,
    /// The body; empty without one.
    pub body: Bytes,
    /// The sender's address.
    pub peer: SocketAddr,
    /// When the whole request had arrived.
    pub received_at: Timestamp,
}

impl CapturedRequest {
    /// The value of a header field, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(present, _)| present == name).map(|(_, value)| value.as_str())
    }

    /// The path, percent-decoded once as the gateway does.
    pub(crate) fn decoded_path(&self) -> String {
        percent_decode_str(&self.path).decode_utf8_lossy().into_owned()
    }

    /// The request at another path, as the pipeline takes it.
    pub(crate) fn at_path(&self, path: String) -> Request<Unverified> {
        Request::new(Parts {
            method: Method::parse(&self.method),
            path,
            query: self.query.clone(),
            headers: self.headers.iter().cloned().collect::<Headers>(),
            body: self.body.clone(),
            source_ip: Some(self.peer.ip()),
            request_id: format!("listen-{}", self.received_at.as_nanosecond()),
            received_at: self.received_at,
        })
    }
}
