//! The stylesheet, the script and the icon, embedded and named after their content.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use sha2::{Digest, Sha256};

use crate::error::PageError;

/// A file that pages refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asset {
    Style,
    Script,
    Icon,
    Manifest,
}

impl Asset {
    const ALL: [Self; 4] = [Self::Style, Self::Script, Self::Icon, Self::Manifest];

    fn content(self) -> &'static str {
        match self {
            Self::Style => include_str!("../assets/console.css"),
            Self::Script => include_str!("../assets/console.js"),
            Self::Icon => include_str!("../assets/icon.svg"),
            // Not named after its content: browsers know an installed console by it.
            Self::Manifest => include_str!("../assets/manifest.webmanifest"),
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Style => "text/css; charset=utf-8",
            Self::Script => "text/javascript; charset=utf-8",
            Self::Icon => "image/svg+xml",
            Self::Manifest => "application/manifest+json",
        }
    }

    fn name(self) -> &'static str {
        static NAMES: LazyLock<[String; 3]> = LazyLock::new(|| {
            let named = |asset: Asset, stem: &str, extension: &str| {
                let mut name = format!("{stem}-");
                for octet in Sha256::digest(asset.content()).iter().take(6) {
                    // Writing to a string does not fail.
                    let _ = write!(name, "{octet:02x}");
                }
                format!("{name}.{extension}")
            };
            [
                named(Asset::Style, "console", "css"),
                named(Asset::Script, "console", "js"),
                named(Asset::Icon, "icon", "svg"),
            ]
        });
        let [style, script, icon] = &*NAMES;
        match self {
            Self::Style => style,
            Self::Script => script,
            Self::Icon => icon,
            Self::Manifest => "manifest.webmanifest",
        }
    }

    /// The path below `/console`.
    pub(crate) fn path(self) -> String {
        format!("assets/{}", self.name())
    }
}

/// Answers with an asset. Its name changes with its content, so that it may be cached for ever.
pub(crate) async fn asset(Path(name): Path<String>) -> Result<Response, PageError> {
    // The manifest names the icon without the hash of its content.
    let (asset, age) = match name.as_str() {
        "icon.svg" => (Asset::Icon, "public, max-age=86400"),
        "manifest.webmanifest" => (Asset::Manifest, "public, max-age=86400"),
        name => {
            let asset = Asset::ALL.into_iter().find(|asset| asset.name() == name);
            (asset.ok_or(PageError::NotFound)?, "public, max-age=31536000, immutable")
        }
    };
    Ok(([(CONTENT_TYPE, asset.content_type()), (CACHE_CONTROL, age)], asset.content()).into_response())
}
