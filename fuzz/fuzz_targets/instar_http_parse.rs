//! No request of the INSTAR Cloud or a camera makes its parser panic or hang, whatever the dialect. The input is
//! the query, an empty line, and the body.

#![no_main]

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use camhook_ingest::{Adapter, Headers, Method, Parsed, Parts, Request};
use camhook_instar_http::InstarHttp;
use camhook_site::Source;
use libfuzzer_sys::fuzz_target;

const SETTINGS: [&str; 3] =
    ["dialect = \"cloud\"", "dialect = \"camera-v1\"\nfaces = \"drop\"", "dialect = \"camera-v2\""];

static SOURCES: LazyLock<Vec<Arc<Source>>> = LazyLock::new(|| SETTINGS.map(source).into());

fn source(settings: &str) -> Arc<Source> {
    let toml = format!(
        "timezone = \"UTC\"\n[[source]]\nid = \"gate\"\nvendor = \"instar\"\n\
         auth = {{ token = \"token\" }}\n{settings}"
    );
    let (site, _) = camhook_site::read(&toml, "fuzz").expect("the settings are right");
    site.source("gate").expect("the source is there").clone()
}

fuzz_target!(|input: &[u8]| {
    let end = input.windows(2).position(|pair| pair == b"\n\n").unwrap_or(input.len());
    let (query, body) = input.split_at(end);
    for source in SOURCES.iter() {
        let request = Request::new(Parts {
            method: Method::Post,
            path: "/instar/gate/token".to_owned(),
            query: String::from_utf8_lossy(query).into_owned(),
            headers: Headers::default(),
            body: Bytes::copy_from_slice(body),
            source_ip: None,
            request_id: "fuzz".to_owned(),
            received_at: "2026-11-23T08:00:00Z".parse().expect("the time is right"),
        });
        let request = Request::assume_verified(request, source.clone(), Vec::new());
        if let Ok(Parsed::Events(drafts)) = InstarHttp.parse(&request) {
            assert_eq!(drafts.len(), 1, "a request is one event");
        }
    }
});
