//! Each fixture becomes what its `expected.json` states.
//!
//! `UPDATE=1 cargo test -p camhook-xprotect --test fixtures` rewrites `expected.json`: review it line by line, it is the
//! specification.

use std::path::Path;

use camhook_xprotect::Xprotect;

fn check(request: &Path) -> datatest_stable::Result<()> {
    camhook_fixture::check(&Xprotect, request)
}

datatest_stable::harness! {
    { test = check, root = "../../fixtures/xprotect", pattern = r"request\.http$" },
}
