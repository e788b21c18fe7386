//! No body of an iVSEC post makes its parser panic or hang, whatever the source's settings.

#![no_main]

use std::sync::{Arc, LazyLock};

use camhook_fuzz::{events, sources};
use camhook_ivsec::Ivsec;
use camhook_site::Source;
use libfuzzer_sys::fuzz_target;

static SOURCES: LazyLock<Vec<Arc<Source>>> =
    LazyLock::new(|| sources("ivsec", &["", "faces = \"drop\"\noverview = \"drop\""]));

fuzz_target!(|body: &[u8]| {
    for source in SOURCES.iter() {
        events(&Ivsec, source, "", body);
    }
});
