//! No body of a Viewtron post makes its parser panic or hang, whatever the source's settings.

#![no_main]

use std::sync::{Arc, LazyLock};

use camhook_fuzz::{events, sources};
use camhook_site::Source;
use camhook_viewtron::Viewtron;
use libfuzzer_sys::fuzz_target;

static SOURCES: LazyLock<Vec<Arc<Source>>> =
    LazyLock::new(|| sources("viewtron", &["", "tracking = \"1s\"\nfaces = \"drop\"\noverview = \"drop\""]));

fuzz_target!(|body: &[u8]| {
    for source in SOURCES.iter() {
        events(&Viewtron, source, "", body);
    }
});
