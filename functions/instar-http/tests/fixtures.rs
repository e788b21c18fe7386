//! Each fixture becomes what its `expected.json` states.
//!
//! `UPDATE=1 cargo test -p camhook-instar-http --test fixtures` rewrites `expected.json`: review it line by line, it is the
//! specification.

use std::path::Path;

use camhook_instar_http::InstarHttp;

fn check(request: &Path) -> datatest_stable::Result<()> {
    camhook_fixture::check(&InstarHttp, request)
}

datatest_stable::harness! {
    { test = check, root = "../../fixtures/instar", pattern = r"request\.http$" },
}
