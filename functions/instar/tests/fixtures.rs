//! Each fixture becomes what its `expected.json` states.
//!
//! `UPDATE=1 cargo test -p camhook-instar --test fixtures` rewrites `expected.json`: review it line by line, it is the
//! specification. Those of MQTT are run by the function `mqtt`, which joins their messages.

use std::path::Path;

use camhook_instar::InstarHttp;

fn check(request: &Path) -> datatest_stable::Result<()> {
    camhook_fixture::check(&InstarHttp, request)
}

datatest_stable::harness! {
    { test = check, root = "../../fixtures/instar", pattern = r"request\.http$" },
}
