//! Each fixture becomes what its `expected.json` states.
//!
//! `UPDATE=1 cargo test -p camhook-ivsec --test fixtures` rewrites `expected.json`: review it line by line, it is the
//! specification.

use std::path::Path;

use camhook_ivsec::Ivsec;

fn check(request: &Path) -> datatest_stable::Result<()> {
    camhook_fixture::check(&Ivsec, request)
}

datatest_stable::harness! {
    { test = check, root = "../../fixtures/ivsec", pattern = r"request\.http$" },
}
