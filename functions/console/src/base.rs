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
        let up = match path.bytes().filter(|octet| *octet == b'/').count() {
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
        assert_eq!(Base::of_path("/console/site").link("?kind=plate"), "../console?kind=plate");
    }
}
