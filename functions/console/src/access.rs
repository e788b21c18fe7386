//! Who is signed in, where a change came from, and the header fields of every answer.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use camhook_operations::people::Secret;
use camhook_operations::sessions::{self, Browser, SessionUse, Visitor};
use camhook_ports::{Clock, IndexPorts};
use camhook_site::Site;
use camhook_state::person::Role;
use camhook_state::session::SESSION_LIFETIME;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, HOST, ORIGIN, REFERRER_POLICY, SET_COOKIE, USER_AGENT,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use jiff::Timestamp;

use crate::app::{App, Deployment};
use crate::base::Base;
use crate::compression::{accepts_gzip, compressed};
use crate::error::PageError;
use crate::pages::error_page;

/// The header field that the CloudFront distribution adds. It forwards no cookies and speaks plain HTTP.
const FRONT_FIELD: &str = "x-camhook-front";

/// The address that a request came from, as API Gateway names it.
#[derive(Debug, Clone)]
pub struct Address(pub String);

/// A request, as far as every page needs it.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) site: Arc<Site>,
    pub(crate) base: Base,
    pub(crate) now: Timestamp,
}

/// A request of a person who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub(crate) place: Place,
    pub(crate) visitor: Visitor,
}

impl Visit {
    /// Requires a role.
    pub(crate) fn require(&self, role: Role) -> Result<(), PageError> {
        if self.visitor.person.role >= role { Ok(()) } else { Err(PageError::Forbidden) }
    }

    /// Requires a role without a limit to areas: for what concerns the whole site.
    pub(crate) fn require_everywhere(&self, role: Role) -> Result<(), PageError> {
        self.require(role)?;
        if self.visitor.person.areas.is_empty() { Ok(()) } else { Err(PageError::Forbidden) }
    }
}

impl<S: Sync> FromRequestParts<S> for Place {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        parts.extensions.get::<Self>().cloned().ok_or(PageError::Unavailable)
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        parts.extensions.get::<Self>().cloned().ok_or(PageError::SignedOut)
    }
}

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

/// Checks what concerns every request, renders its errors, and adds the header fields of every answer.
pub(crate) async fn guard<P: IndexPorts>(
    State(app): State<App<P>>,
    mut request: Request,
    next: Next,
) -> Response {
    if request.headers().contains_key(FRONT_FIELD) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let base = Base::of_path(request.uri().path());
    let Some(site) = request.extensions().get::<Arc<Site>>().cloned() else {
        return with_headers(error_page(base, &PageError::Unavailable).into_response(), None);
    };
    let place = Place { site, base, now: app.ports.clock().now() };
    request.extensions_mut().insert(place);
    let gzip = accepts_gzip(request.headers());
    let is_change = !matches!(*request.method(), Method::GET | Method::HEAD);
    let response = if is_change && !is_own_origin(app.deployment, request.headers()) {
        PageError::ForeignOrigin.into_response()
    } else {
        next.run(request).await
    };
    let response = match response.extensions().get::<PageError>() {
        Some(error) => error_page(base, error).into_response(),
        None if response.status() == StatusCode::METHOD_NOT_ALLOWED => {
            let mut shown = error_page(base, &PageError::NotFound).into_response();
            *shown.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            shown
        }
        None => response,
    };
    let response = with_headers(response, app.picture_origin().await.as_deref());
    if gzip { compressed(response).await } else { response }
}

/// Requires a session, for the pages behind it.
pub(crate) async fn signed_in<P: IndexPorts>(
    State(app): State<App<P>>,
    place: Place,
    mut request: Request,
    next: Next,
) -> Result<Response, PageError> {
    let secret = secret_of(app.deployment, request.headers()).ok_or(PageError::SignedOut)?;
    let visitor = sessions::find(app.ports, &secret).await?.ok_or(PageError::SignedOut)?;
    let session = visitor.session;
    request.extensions_mut().insert(Visit { place, visitor });
    let mut response = next.run(request).await;
    if session == SessionUse::Prolonged
        && let Ok(cookie) = HeaderValue::from_str(&app.deployment.session_cookie(&secret))
    {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Whether a change was requested by a page of this host.
///
/// Browsers send `Origin` with every POST. A page of another host cannot set it, and cannot choose `Host`.
fn is_own_origin(deployment: Deployment, headers: &HeaderMap) -> bool {
    let field = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let (Some(origin), Some(host)) = (field(ORIGIN), field(HOST)) else { return false };
    origin.strip_prefix(deployment.scheme()).is_some_and(|origin| origin.eq_ignore_ascii_case(host))
}

/// The header fields of every answer: nothing may embed a page, and a page loads nothing but its own files and pictures
/// of the bucket.
fn with_headers(mut response: Response<Body>, picture_origin: Option<&str>) -> Response {
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
