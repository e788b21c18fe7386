//! Pictures: redirects to URLs that are signed for a minute, for those who may see the event.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use camhook_event::{Image, is_image_of};
use camhook_ports::{Clock, IndexPorts, ObjectStore};
use http::StatusCode;
use http::header::LOCATION;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::app::App;
use crate::error::PageError;
use crate::pages::{record, visible_event};
use crate::visit::Visit;

/// How long a signed URL of a picture is valid.
const VALID_FOR: Duration = Duration::from_secs(60);

/// Whether the bucket has deleted the pictures of an event: it does at the first midnight in UTC after their days.
pub(crate) fn have_expired<P: IndexPorts>(app: &App<P>, received_at: Timestamp) -> bool {
    let days = SignedDuration::from_hours(24 * i64::from(app.retention.images_days));
    let last_day = received_at.checked_add(days).map(|end| end.to_zoned(TimeZone::UTC).date());
    let deleted = last_day.and_then(|day| day.tomorrow()?.to_zoned(TimeZone::UTC));
    deleted.is_ok_and(|deleted| app.ports.clock().now() >= deleted.timestamp())
}

/// Redirects to the n-th picture of an event.
pub(crate) async fn picture<P: IndexPorts>(
    State(app): State<App<P>>,
    visit: Visit,
    Path((id, index)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let summary = visible_event(&app, &visit, &id).await?;
    if have_expired(&app, summary.received_at.timestamp()) {
        return Err(PageError::NoPicture);
    }
    let index: usize = index.parse().map_err(|_| PageError::NotFound)?;
    let event = record(&app, &summary).await?.ok_or(PageError::NoPicture)?;
    let stored = event.data.images.get(index).and_then(Image::stored).ok_or(PageError::NoPicture)?;
    redirect(&app, stored.key.as_str(), is_image_of(stored.key.as_str(), summary.id)).await
}

/// Redirects to the thumbnail of an event.
pub(crate) async fn thumbnail<P: IndexPorts>(
    State(app): State<App<P>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let summary = visible_event(&app, &visit, &id).await?;
    if have_expired(&app, summary.received_at.timestamp()) {
        return Err(PageError::NoPicture);
    }
    let key = summary.thumbnail.as_deref().ok_or(PageError::NoPicture)?;
    let is_thumbnail = key.starts_with("thumbnails/") && key.ends_with(&format!("/{}.jpg", summary.id));
    redirect(&app, key, is_thumbnail || is_image_of(key, summary.id)).await
}

/// `is_of_event` guards against a record that names another object of the bucket.
async fn redirect<P: IndexPorts>(app: &App<P>, key: &str, is_of_event: bool) -> Result<Response, PageError> {
    if !is_of_event {
        tracing::error!("refused to sign the URL of an object that is not a picture of the event");
        return Err(PageError::NoPicture);
    }
    let link = app.ports.objects().link(key, VALID_FOR).await?;
    // Not stored by browsers, as every answer: nobody sees a picture from a cache after signing out or losing an area.
    Ok((StatusCode::FOUND, [(LOCATION, link.as_str())]).into_response())
}
