//! Signing in and out.

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse as _, Response};
use camhook_operations::people::Secret;
use camhook_operations::sessions::{self, SignIn};
use camhook_ports::IndexPorts;
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use maud::html;

use super::layout::document;
use crate::access::{browser_of, secret_of};
use crate::app::App;
use crate::error::PageError;
use crate::visit::{Address, Context};

/// Shows a button. Looking at a link does not use it: messengers and mail scanners open links.
pub(crate) async fn page(context: Context, Path(link): Path<String>) -> Result<Html<String>, PageError> {
    link.parse::<Secret>().map_err(|_| PageError::InvalidLink)?;
    let content = html! {
        section.message {
            h1 { "Sign in to camhook" }
            p { "This signs in this browser for as long as you use it at least once in 30 days. The link works once." }
            form method="post" id="sign-in" {
                button.primary { "Sign in" }
            }
        }
    };
    Ok(document(context.base, "Sign in", None, &content))
}

/// Redeems a link for a session.
pub(crate) async fn redeem<P: IndexPorts>(
    State(app): State<App<P>>,
    context: Context,
    Path(link): Path<String>,
    address: Option<Extension<Address>>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let link: Secret = link.parse().map_err(|_| PageError::InvalidLink)?;
    let address = address.map(|Extension(address)| address);
    let browser = browser_of(&headers, address.as_ref());
    let SignIn::Done(secret) = sessions::sign_in(app.ports, &link, browser).await? else {
        return Err(PageError::InvalidLink);
    };
    // The session of before, if any, is another one: it ends.
    if let Some(previous) = secret_of(app.deployment, &headers) {
        sessions::sign_out(app.ports, &previous, browser).await?;
    }
    let cookie = app.deployment.session_cookie(&secret);
    Ok((StatusCode::SEE_OTHER, [(LOCATION, context.base.link("")), (SET_COOKIE, cookie)]).into_response())
}

/// Ends the session.
pub(crate) async fn sign_out<P: IndexPorts>(
    State(app): State<App<P>>,
    context: Context,
    address: Option<Extension<Address>>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let address = address.map(|Extension(address)| address);
    if let Some(secret) = secret_of(app.deployment, &headers) {
        sessions::sign_out(app.ports, &secret, browser_of(&headers, address.as_ref())).await?;
    }
    let cookie = app.deployment.expired_cookie();
    let content = html! {
        section.message {
            h1 { "Signed out" }
            p { "This browser is no longer signed in. To sign in again, use a new link." }
        }
    };
    Ok(([(SET_COOKIE, cookie)], document(context.base, "Signed out", None, &content)).into_response())
}
