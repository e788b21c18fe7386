//! Sessions in cookies, the origin of changes, and the header fields of every answer.

use axum::body::Body;
use axum::response::Response;
use camhook_operations::people::Secret;
use camhook_operations::sessions::Browser;
use camhook_state::session::SESSION_LIFETIME;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, HOST, ORIGIN, REFERRER_POLICY, USER_AGENT,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue};

use crate::app::Deployment;
use crate::visit::Address;

impl Deployment {
    /// The name of the cookie. A browser accepts `__Host-` only over HTTPS, for this host alone.
    fn cookie_name(self) -> &'static str {
        match self {
            Self::Aws => "__Host-camhook",
            Self::Local => "camhook",
        }
    }

    /// The cookie that signs a browser in.
    pub(crate) fn session_cookie(self, secret: &Secret) -> String {
        let (name, secure) = (self.cookie_name(), self.secure());
        let seconds = SESSION_LIFETIME.as_secs();
        format!("{name}={}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", secret.expose())
    }

    /// The cookie that signs a browser out.
    pub(crate) fn expired_cookie(self) -> String {
        format!("{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{}", self.cookie_name(), self.secure())
    }

    fn secure(self) -> &'static str {
        match self {
            Self::Aws => "; Secure",
            Self::Local => "",
        }
    }

    fn scheme(self) -> &'static str {
        match self {
            Self::Aws => "https://",
            Self::Local => "http://",
        }
    }
}

/// The secret in the cookie of a request. A malformed one is none.
pub(crate) fn secret_of(deployment: Deployment, headers: &HeaderMap) -> Option<Secret> {
    let fields = headers.get_all(COOKIE).into_iter().filter_map(|field| field.to_str().ok());
    let mut cookies =
        fields.flat_map(|field| field.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    let (_, value) = cookies.find(|(name, _)| *name == deployment.cookie_name())?;
    value.parse().ok()
}

/// Where a request to sign in or out came from.
pub(crate) fn browser_of<'a>(headers: &'a HeaderMap, address: Option<&'a Address>) -> Browser<'a> {
    let name = headers.get(USER_AGENT).and_then(|name| name.to_str().ok());
    Browser { address: address.map(|Address(address)| address.as_str()), name }
}

/// Whether a change was requested by a page of this host.
///
/// Browsers send `Origin` with every POST. A page of another host cannot set it, and cannot choose `Host`.
pub(crate) fn is_own_origin(deployment: Deployment, headers: &HeaderMap) -> bool {
    let field = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let (Some(origin), Some(host)) = (field(ORIGIN), field(HOST)) else { return false };
    origin.strip_prefix(deployment.scheme()).is_some_and(|origin| origin.eq_ignore_ascii_case(host))
}

/// The header fields of every answer: nothing may embed a page, and a page loads nothing but its own files and pictures
/// of the bucket.
pub(crate) fn with_headers(mut response: Response<Body>, picture_origin: Option<&str>) -> Response {
    let policy = format!(
        "default-src 'none'; img-src 'self' {}; style-src 'self'; script-src 'self'; connect-src 'self'; \
         manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        picture_origin.unwrap_or_default()
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-store"));
    response
}
