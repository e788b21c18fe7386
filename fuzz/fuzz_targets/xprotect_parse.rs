//! No body of an XProtect post makes its parser panic or hang, whatever the source's settings.

#![no_main]

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use camhook_ingest::{Adapter, Headers, Method, Parsed, Parts, Request};
use camhook_site::Source;
use camhook_xprotect::Xprotect;
use libfuzzer_sys::fuzz_target;

const SETTINGS: [&str; 2] = ["", "faces = \"drop\"\noverview = \"drop\""];

static SOURCES: LazyLock<Vec<Arc<Source>>> = LazyLock::new(|| SETTINGS.map(source).into());

fn source(settings: &str) -> Arc<Source> {
    let toml = format!(
        "timezone = \"Europe/Berlin\"\n[[source]]\nid = \"gate\"\nvendor = \"xprotect\"\n\
         auth = {{ token = \"token\" }}\n{settings}"
    );
    let (site, _) = camhook_site::read(&toml, "fuzz").expect("the settings are right");
    site.source("gate").expect("the source is there").clone()
}

fuzz_target!(|body: &[u8]| {
    for source in SOURCES.iter() {
        let request = Request::new(Parts {
            method: Method::Post,
            path: "/xprotect/gate/token".to_owned(),
            query: String::new(),
            headers: Headers::default(),
            body: Bytes::copy_from_slice(body),
            source_ip: None,
            request_id: "fuzz".to_owned(),
            received_at: "2026-11-23T08:00:00Z".parse().expect("the time is right"),
        });
        let request = Request::assume_verified(request, source.clone(), Vec::new());
        if let Ok(Parsed::Events(drafts)) = Xprotect.parse(&request) {
            assert!(!drafts.is_empty(), "a post of events has at least one");
            for draft in &drafts {
                for target in &draft.targets {
                    assert!(target.image.is_none_or(|image| image < draft.images.len()));
                }
            }
        }
    }
});
