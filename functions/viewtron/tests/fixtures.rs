//! Each fixture becomes what its `expected.json` states.
//!
//! `UPDATE=1 cargo test -p camhook-viewtron --test fixtures` rewrites `expected.json`: review it line by line, it is the
//! specification.

use std::path::Path;

use camhook_viewtron::Viewtron;

fn check(request: &Path) -> datatest_stable::Result<()> {
    camhook_fixture::check(&Viewtron, request)
}

datatest_stable::harness! {
    { test = check, root = "../../fixtures/viewtron", pattern = r"request\.http$" },
}
