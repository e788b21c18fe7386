//! Which page answers which path.

use axum::Router;
use axum::extract::State;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{get, post};
use camhook_ports::{Alarms, IndexPorts, QueueDepths};
use http::Uri;

use crate::app::App;
use crate::assets::asset;
use crate::error::PageError;
use crate::guard::{guard, signed_in};
use crate::pages::{cameras, event, problems, relays, review, sign_in, site, timeline};
use crate::pictures;
use crate::visit::Visit;

/// The console. A request carries the [`camhook_site::Site`] in force as an `Arc` in its extensions, and may carry the
/// [`crate::Address`] that it came from.
///
/// `monitor` knows the queues and alarms of the stack.
pub fn router<P: IndexPorts + 'static, M: QueueDepths + Alarms + 'static>(
    app: App<P>,
    monitor: &'static M,
) -> Router {
    let problems =
        async move |State(app): State<App<P>>, visit: Visit| problems::page(&app, &visit, monitor).await;
    let pages = Router::new()
        .route("/console", get(timeline::page::<P>))
        .route("/console/", get(timeline::without_slash))
        .route("/console/live", get(timeline::live::<P>))
        .route("/console/reviewed", post(review::change::<P>))
        .route("/console/reviewed/undo", post(review::undo::<P>))
        .route("/console/events/{id}", get(event::page::<P>))
        .route("/console/pictures/{id}/{index}", get(pictures::picture::<P>))
        .route("/console/thumbnails/{id}", get(pictures::thumbnail::<P>))
        .route("/console/cameras", get(cameras::page::<P>))
        .route("/console/relays", get(relays::page::<P>))
        .route("/console/problems", get(problems))
        .route("/console/site", get(site::page::<P>))
        .layer(from_fn_with_state(app.clone(), signed_in::<P>));
    Router::new()
        .merge(pages)
        .route("/console/sign-in/{secret}", get(sign_in::page).post(sign_in::redeem::<P>))
        .route("/console/sign-out", post(sign_in::sign_out::<P>))
        .route("/console/assets/{name}", get(asset))
        .route(INVALID_PATH, get(invalid_request).post(invalid_request))
        .route(INVALID_PATH_BELOW, get(invalid_request).post(invalid_request))
        .fallback(async || PageError::NotFound)
        .layer(from_fn_with_state(app.clone(), guard::<P>))
        .layer(map_response(without_allow))
        .with_state(app)
}

/// An answer says nothing about other methods of a path.
async fn without_allow(mut response: Response) -> Response {
    response.headers_mut().remove(http::header::ALLOW);
    response
}

/// Outside of `/console`: the gateway routes no request of a browser there.
const INVALID_PATH: &str = "/invalid-request";

const INVALID_PATH_BELOW: &str = "/invalid-request/{*rest}";

/// The path that a request gets whose own is not valid, with as many segments, so that its links lead to the same
/// places.
#[must_use]
pub fn invalid_path(path: &str) -> String {
    let slashes = path.bytes().filter(|octet| *octet == b'/').count();
    format!("{INVALID_PATH}{}", "/-".repeat(slashes.clamp(1, 8) - 1))
}

async fn invalid_request() -> PageError {
    PageError::invalid("The address has characters that an address cannot have.")
}

/// Whether a path and query, as API Gateway hands them over, form a request target. Others are answered with 400:
/// `lambda_http` panics when it makes a request of them.
#[must_use]
pub fn is_valid_target(host: Option<&str>, path: &str, query: &str) -> bool {
    let separator = if query.is_empty() { "" } else { "?" };
    let host = host.unwrap_or("localhost");
    path.starts_with('/') && format!("https://{host}{path}{separator}{query}").parse::<Uri>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_path_keeps_its_depth() {
        for (path, replaced) in [
            ("/console", "/invalid-request"),
            ("/console/\"", "/invalid-request/-"),
            ("/console/events/<b>", "/invalid-request/-/-"),
            ("/console/pictures/<b>/0", "/invalid-request/-/-/-"),
        ] {
            assert_eq!(invalid_path(path), replaced);
        }
    }

    #[test]
    fn targets_with_characters_that_a_uri_cannot_have_are_invalid() {
        for (path, query) in
            [("/console", ""), ("/console/events/1", "a=b&c=%22"), ("/console", "plate=B*12")]
        {
            assert!(is_valid_target(Some("example.org:8080"), path, query), "{path} {query}");
        }
        for (path, query) in
            [("/console", "q=\"<"), ("/console/ä b", ""), ("", ""), ("console", ""), ("/console", "q=\u{7f}")]
        {
            assert!(!is_valid_target(Some("example.org"), path, query), "{path} {query}");
        }
        assert!(!is_valid_target(Some("exa mple\""), "/console", ""));
    }
}
