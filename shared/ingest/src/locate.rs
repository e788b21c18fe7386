//! Which source a path names.

use camhook_event::Vendor;
use camhook_site::{Site, Source};
use std::sync::Arc;

use crate::adapter::{Challenge, Refusal};

/// The characters of a random token: 128 bits, URL-safe base64 without padding.
const TOKEN_LENGTH: usize = 22;

/// A path that names a source of the site.
#[derive(Debug)]
pub(crate) struct Located<'a> {
    /// The source.
    pub(crate) source: Arc<Source>,
    /// The segment that a source with a token has after its id.
    pub(crate) token: Option<&'a str>,
    /// What stands below the source, and below its token.
    pub(crate) rest: Vec<String>,
    /// How to refuse it.
    pub(crate) refusal: Refusal,
}

/// Finds the source that `/{vendor}/{source}…` names.
///
/// # Errors
///
/// How to refuse a path that names none: exactly as one with a wrong credential.
pub(crate) fn locate<'a>(site: &Site, vendor: Vendor, path: &'a str) -> Result<Located<'a>, Refusal> {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty()).peekable();
    let vendor_segment = segments.next();
    let source_segment = segments.next().unwrap_or_default();
    let refusal = refusal(segments.peek().copied());
    if vendor_segment != Some(vendor.name()) {
        return Err(refusal);
    }
    let Some(source) = site.source(source_segment).filter(|source| source.vendor == vendor) else {
        return Err(refusal);
    };
    let token = if source.auth.tokens.is_empty() { None } else { segments.next() };
    let rest = segments.map(str::to_owned).collect();
    Ok(Located { source: Arc::clone(source), token, rest, refusal })
}

/// How a post to a fixed path that belongs to no source is refused: like any other whose path holds no token.
pub(crate) const FIXED_PATH_REFUSAL: Refusal = Refusal { challenge: Challenge::Basic };

/// How a path is refused. Its form alone decides, so that a source that is not there and one that is look
/// alike: a segment of a token's form after the source's id is a token.
fn refusal(after_source: Option<&str>) -> Refusal {
    let in_token = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    let challenge = match after_source {
        Some(segment) if segment.len() == TOKEN_LENGTH && segment.bytes().all(in_token) => Challenge::None,
        _ => Challenge::Basic,
    };
    Refusal { challenge }
}
