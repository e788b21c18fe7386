//! The tables of vendors' pages say what the fixtures say.
//!
//! `UPDATE=1 cargo test -p camhook-end-to-end --test vendor_pages` writes them anew.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod common;
mod instar;
mod viewtron;

use camhook_end_to_end::page;

#[test]
fn xprotect() {
    page::check_section("vendors/xprotect.md", "fixtures/xprotect", &common::words_and_fixtures("xprotect"));
}

#[test]
fn ivsec() {
    page::check_section("vendors/ivsec.md", "fixtures/ivsec", &common::words_and_fixtures("ivsec"));
}
