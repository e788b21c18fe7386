//! What is done for every request before and after its page.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use camhook_operations::sessions::{self, SessionUse};
use camhook_ports::{Clock, IndexPorts};
use camhook_site::Site;
use http::header::SET_COOKIE;
use http::{HeaderValue, Method, StatusCode};

use crate::access::{is_own_origin, secret_of, with_headers};
use crate::app::App;
use crate::base::Base;
use crate::compression::{accepts_gzip, compressed};
use crate::error::PageError;
use crate::pages::error_page;
use crate::visit::{Context, Visit};

/// The header field that the CloudFront distribution adds. It forwards no cookies and speaks plain HTTP.
const FRONT_FIELD: &str = "x-camhook-front";

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
    let context = Context { site, base, now: app.ports.clock().now() };
    request.extensions_mut().insert(context);
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
    context: Context,
    mut request: Request,
    next: Next,
) -> Result<Response, PageError> {
    let secret = secret_of(app.deployment, request.headers()).ok_or(PageError::SignedOut)?;
    let visitor = sessions::find(app.ports, &secret).await?.ok_or(PageError::SignedOut)?;
    let session = visitor.session;
    request.extensions_mut().insert(Visit { context, visitor });
    let mut response = next.run(request).await;
    if session == SessionUse::Prolonged
        && let Ok(cookie) = HeaderValue::from_str(&app.deployment.session_cookie(&secret))
    {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}
