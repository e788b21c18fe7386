//! The stylesheet, the script and the icons, embedded and named after their content.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use sha2::{Digest, Sha256};

use crate::error::PageError;

/// A file that pages refer to, by a name that changes with its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asset {
    Style,
    Script,
    Icon,
}

/// What the manifest and the home screen of a phone refer to, by a name that does not change: browsers know an
/// installed console by it. `icons.py` of the browser tests draws the icons from `icon.svg`.
const INSTALLED: [(&str, &str, &[u8]); 6] = [
    (MANIFEST, "application/manifest+json", include_bytes!("../assets/manifest.webmanifest")),
    ("icon.svg", "image/svg+xml", include_bytes!("../assets/icon.svg")),
    ("icon-192.png", "image/png", include_bytes!("../assets/icon-192.png")),
    ("icon-512.png", "image/png", include_bytes!("../assets/icon-512.png")),
    ("icon-full-512.png", "image/png", include_bytes!("../assets/icon-full-512.png")),
    (TOUCH_ICON, "image/png", include_bytes!("../assets/icon-full-180.png")),
];

/// The manifest of the console as an app.
pub(crate) const MANIFEST: &str = "manifest.webmanifest";

/// The icon on the home screen of iOS, which takes no SVG.
pub(crate) const TOUCH_ICON: &str = "icon-full-180.png";

impl Asset {
    const ALL: [Self; 3] = [Self::Style, Self::Script, Self::Icon];

    fn content(self) -> &'static [u8] {
        match self {
            Self::Style => include_bytes!("../assets/console.css"),
            Self::Script => include_bytes!("../assets/console.js"),
            Self::Icon => include_bytes!("../assets/icon.svg"),
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Style => "text/css; charset=utf-8",
            Self::Script => "text/javascript; charset=utf-8",
            Self::Icon => "image/svg+xml",
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
        }
    }

    /// The path below `/console`.
    pub(crate) fn path(self) -> String {
        path(self.name())
    }
}

/// The path of a file below `/console`.
pub(crate) fn path(name: &str) -> String {
    format!("assets/{name}")
}

/// Answers with an asset. One whose name changes with its content may be cached for ever.
pub(crate) async fn asset(Path(name): Path<String>) -> Result<Response, PageError> {
    let (content_type, content, age) = if let Some((_, content_type, content)) =
        INSTALLED.into_iter().find(|(installed, ..)| *installed == name)
    {
        (content_type, content, "public, max-age=86400")
    } else {
        let asset = Asset::ALL.into_iter().find(|asset| asset.name() == name).ok_or(PageError::NotFound)?;
        (asset.content_type(), asset.content(), "public, max-age=31536000, immutable")
    };
    Ok(([(CONTENT_TYPE, content_type), (CACHE_CONTROL, age)], content).into_response())
}
