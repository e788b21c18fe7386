//! Relative links.

use std::fmt::Display;

/// Where a page is, so that its links can be relative: the path before `/console` is not known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Base {
    up: &'static str,
}

impl Base {
    /// The base of the page at a path, which begins with `/console`.
    pub(crate) fn of_path(path: &str) -> Self {
        let up = match segments(path) {
            0 | 1 => "",
            2 => "../",
            3 => "../../",
            // No page is deeper than `/console/pictures/ID/N`.
            _ => "../../../",
        };
        Self { up }
    }

    /// The link to what stands below `/console`; the timeline for an empty one.
    pub(crate) fn link(self, below: impl Display) -> String {
        let below = below.to_string();
        let slash = if below.is_empty() || below.starts_with('?') { "" } else { "/" };
        format!("{}console{slash}{below}", self.up)
    }
}

/// The number of segments of a path as the browser has it. API Gateway decodes paths: browsers resolve `.` and `..`, so
/// that one of them was behind an encoded slash, in one segment with what is beside it.
fn segments(path: &str) -> usize {
    let is_dots = |segment: &str| matches!(segment, "." | "..");
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let joined = segments.windows(2).filter(|pair| pair.iter().take(1).any(|first| is_dots(first))).count();
    let is_dots_at_end = segments.len() > 1 && segments.last().is_some_and(|last| is_dots(last));
    segments.len() - joined - usize::from(is_dots_at_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_the_same_page_from_everywhere() {
        for (path, link) in [
            ("/console", "console/cameras"),
            ("/console/", "../console/cameras"),
            ("/console/site", "../console/cameras"),
            ("/console/events/1", "../../console/cameras"),
            ("/console/pictures/1/0", "../../../console/cameras"),
        ] {
            assert_eq!(Base::of_path(path).link("cameras"), link, "{path}");
            let base = url::Url::parse(&format!("http://localhost/some/stage{path}")).unwrap();
            let absolute = base.join(&Base::of_path(path).link("cameras")).unwrap();
            assert_eq!(absolute.path(), "/some/stage/console/cameras");
        }
        // The path that the browser has, and the same as API Gateway decodes it.
        for (path, decoded) in [
            ("/console/%2e%2e%2fsite", "/console/../site"),
            ("/console/.%2f..%2fsite", "/console/./../site"),
            ("/console/site%2f..", "/console/site/.."),
            ("/console/events/..%2F1", "/console/events/../1"),
        ] {
            let base = url::Url::parse(&format!("http://localhost/some/stage{path}")).unwrap();
            let absolute = base.join(&Base::of_path(decoded).link("cameras")).unwrap();
            assert_eq!(absolute.path(), "/some/stage/console/cameras", "{path}");
        }
        assert_eq!(Base::of_path("/console/site").link("?kind=plate"), "../console?kind=plate");
    }
}
