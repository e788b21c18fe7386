//! What the fuzz targets share: sources, verified posts, and what holds for every parsed post.

use std::sync::Arc;

use bytes::Bytes;
use camhook_ingest::{Adapter, Headers, Method, Parsed, Parts, Request};
use camhook_site::{Site, Source};
use jiff::Timestamp;

/// When everything is received.
pub const RECEIVED_AT: Timestamp = Timestamp::constant(1_795_420_800, 0);

/// A site as its configuration says it.
pub fn site(toml: &str) -> Site {
    camhook_site::read(&format!("timezone = \"Europe/Berlin\"\n{toml}"), "fuzz")
        .expect("the settings are right")
        .0
}

/// A source of a vendor for each of some settings.
pub fn sources(vendor: &str, settings: &[&str]) -> Vec<Arc<Source>> {
    let source = |settings: &&str| {
        let site = site(&format!(
            "[[source]]\nid = \"gate\"\nvendor = \"{vendor}\"\nauth = {{ token = \"token\" }}\n{settings}\n"
        ));
        site.source("gate").expect("the source is there").clone()
    };
    settings.iter().map(source).collect()
}

/// How many events a verified post with this query and body becomes; none when it becomes something else.
pub fn events(adapter: &dyn Adapter, source: &Arc<Source>, query: &str, body: &[u8]) -> usize {
    let request = Request::new(Parts {
        method: Method::Post,
        path: format!("/{}/gate/token", adapter.vendor()),
        query: query.to_owned(),
        headers: Headers::default(),
        body: Bytes::copy_from_slice(body),
        source_ip: None,
        request_id: "fuzz".to_owned(),
        received_at: RECEIVED_AT,
    });
    let request = Request::assume_verified(request, source.clone(), Vec::new());
    let drafts = match adapter.parse(&request) {
        Ok(Parsed::Events(events) | Parsed::Partly { events, .. }) => events,
        Ok(Parsed::Heartbeat | Parsed::Ignored(_)) | Err(_) => return 0,
    };
    assert!(!drafts.is_empty(), "a post of events has at least one");
    for draft in &drafts {
        let is_there = |image: usize| image < draft.images.len();
        assert!(
            draft.targets.iter().all(|target| target.image.is_none_or(is_there)),
            "a target's picture is there"
        );
    }
    drafts.len()
}
