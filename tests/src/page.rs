//! Pages whose tables are generated: what stands between two marks is written by a test, the rest by hand.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fs;
use std::path::Path;

const END: &str = "<!-- end -->";

/// Holds a page's generated section against what it should say, or writes it anew with `UPDATE=1`.
///
/// The section stands between `<!-- begin: generated from {origin} -->` and `<!-- end -->`; `page` is below `docs/`.
///
/// # Panics
///
/// When the page says something else, or has no such section.
pub fn check_section(page: &str, origin: &str, section: &str) {
    let path = camhook_fixture::root().join("../docs").join(page);
    let written = fs::read_to_string(&path).unwrap();
    let current = with_section(&written, origin, section);
    if update() {
        write(&path, &current);
        return;
    }
    assert!(written == current, "docs/{page} is stale: UPDATE=1 cargo test -p camhook-end-to-end");
}

fn with_section(page: &str, origin: &str, section: &str) -> String {
    let begin = format!("<!-- begin: generated from {origin} -->");
    let (before, rest) = page.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    format!("{before}{begin}\n\n{}\n\n{END}{after}", section.trim())
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "UPDATE=1 makes a test rewrite its file")]
fn update() -> bool {
    std::env::var("UPDATE").is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_section_changes() {
        let page = "a\n<!-- begin: generated from x -->\nold\n<!-- end -->\nz\n<!-- begin: generated from y -->\n<!-- end -->\n";
        let expected = "a\n<!-- begin: generated from x -->\n\nnew\n\n<!-- end -->\nz\n<!-- begin: generated from y -->\n<!-- end -->\n";
        assert_eq!(with_section(page, "x", "new\n"), expected);
    }
}
