//! Why a mode is not set. The texts are for an authenticated caller.

/// Why a mode is not set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Neither path nor body name a mode.
    #[error("name a mode: POST …/AREA/MODE, or {{\"area\": \"AREA\", \"mode\": \"MODE\"}} as the body")]
    NoMode,
    /// The path has more segments than an area and a mode.
    #[error("the path has more segments than an area and a mode")]
    LongPath,
    /// The body is neither JSON of the documented form nor a form.
    #[error("the body is not valid: {0}")]
    Body(String),
    /// No area is named, and there are several.
    #[error("name an area: {known}")]
    NoArea {
        /// The areas that the source may set.
        known: String,
    },
    /// There is no such area, or no area at all.
    #[error("unknown area `{area}`: use {known}")]
    UnknownArea {
        /// What the request names.
        area: String,
        /// The areas that the source may set.
        known: String,
    },
    /// No source in camhook.toml has an area.
    #[error("no camera in camhook.toml has an `area`")]
    NoAreas,
    /// The source may set the mode of another area only.
    #[error("this source may set the mode of {allowed} only")]
    OtherArea {
        /// The area of the source.
        allowed: String,
    },
    /// There is no such mode.
    #[error("unknown mode `{mode}`: use {known}")]
    UnknownMode {
        /// What the request names.
        mode: String,
        /// The modes that there are.
        known: String,
    },
    /// Nothing but an address proves where the request comes from.
    #[error(
        "an address alone does not prove who sets a mode: give this source a token or basic in camhook.toml"
    )]
    Unproved,
    /// The request is a GET below the source's path.
    #[error("a GET request changes nothing: send POST")]
    Get,
    /// The method is neither GET nor POST.
    #[error("send POST to set a mode, or GET to the source's URL to show the modes")]
    Method,
    /// The body is larger than any valid one.
    #[error("the body is larger than 4 kB")]
    TooLarge,
}

impl Error {
    /// The HTTP status.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::OtherArea { .. } | Self::Unproved => 403,
            Self::Get | Self::Method => 405,
            Self::TooLarge => 413,
            Self::NoMode
            | Self::LongPath
            | Self::Body(_)
            | Self::NoArea { .. }
            | Self::UnknownArea { .. }
            | Self::NoAreas
            | Self::UnknownMode { .. } => 400,
        }
    }
}
