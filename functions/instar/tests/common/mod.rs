//! A source and its requests, as the ingest hands them to the adapter.

use std::sync::Arc;

use bytes::Bytes;
use camhook_ingest::{Headers, Method, Parts, Request, Verified};
use camhook_site::Source;

/// A source with these settings.
#[expect(clippy::unwrap_used, reason = "a test may fail")]
pub(crate) fn source(settings: &str) -> Arc<Source> {
    let toml = format!(
        "timezone = \"UTC\"\n[[source]]\nid = \"gate\"\nvendor = \"instar\"\n\
         auth = {{ token = \"AAAAAAAAAAAAAAAAAAAAAA\" }}\n{settings}\n"
    );
    let (site, _) = camhook_site::read(&toml, "test").unwrap();
    Arc::clone(site.source("gate").unwrap())
}

/// A request of that source.
pub(crate) fn request(source: &Arc<Source>, query: &str, body: &[u8]) -> Request<Verified> {
    let parts = Parts {
        method: if body.is_empty() { Method::Get } else { Method::Post },
        path: "/instar/gate".to_owned(),
        query: query.to_owned(),
        headers: Headers::default(),
        body: Bytes::copy_from_slice(body),
        source_ip: None,
        request_id: "test".to_owned(),
        received_at: jiff::Timestamp::UNIX_EPOCH,
    };
    Request::assume_verified(Request::new(parts), Arc::clone(source), Vec::new())
}
