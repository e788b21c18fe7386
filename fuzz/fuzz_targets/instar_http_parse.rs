//! No request of the INSTAR Cloud or a camera makes its parser panic or hang, whatever the dialect. The input is
//! the query, an empty line, and the body.

#![no_main]

use std::sync::{Arc, LazyLock};

use camhook_fuzz::{events, sources};
use camhook_instar::InstarHttp;
use camhook_site::Source;
use libfuzzer_sys::fuzz_target;

const SETTINGS: [&str; 3] =
    ["dialect = \"cloud\"", "dialect = \"camera-v1\"\nfaces = \"drop\"", "dialect = \"camera-v2\""];

static SOURCES: LazyLock<Vec<Arc<Source>>> = LazyLock::new(|| sources("instar", &SETTINGS));

fuzz_target!(|input: &[u8]| {
    let end = input.windows(2).position(|pair| pair == b"\n\n").unwrap_or(input.len());
    let (query, body) = input.split_at(end);
    for source in SOURCES.iter() {
        let events = events(&InstarHttp, source, &String::from_utf8_lossy(query), body);
        assert!(events <= 1, "a request is one event");
    }
});
