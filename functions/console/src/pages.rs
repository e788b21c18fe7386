//! The pages, one module each, and what they share.

pub(crate) mod cameras;
pub(crate) mod event;
mod layout;
pub(crate) mod problems;
pub(crate) mod relays;
pub(crate) mod review;
pub(crate) mod sign_in;
pub(crate) mod site;
pub(crate) mod timeline;

use camhook_event::{Event, EventId};
use camhook_operations::events::{self, Summary};
use camhook_ports::{IndexPorts, ObjectError, ObjectStore};

pub(crate) use self::layout::error_page;
use crate::app::App;
use crate::error::PageError;
use crate::visit::Visit;

/// An event that the person may see. One of another area is answered like one that does not exist.
pub(crate) async fn visible_event<P: IndexPorts>(
    app: &App<P>,
    visit: &Visit,
    id: &str,
) -> Result<Summary, PageError> {
    let id: EventId = id.parse().map_err(|_| PageError::NotFound)?;
    let summary = events::find(app.ports.index(), id, visit.context.now).await?.ok_or(PageError::NotFound)?;
    let area = summary.area.as_ref().map(camhook_event::Text::as_str);
    if visit.visitor.person.may_see(area) { Ok(summary) } else { Err(PageError::NotFound) }
}

/// The whole record of an event; `None` when it has expired.
pub(crate) async fn record<P: IndexPorts>(
    app: &App<P>,
    summary: &Summary,
) -> Result<Option<Event>, PageError> {
    match app.ports.objects().get(&summary.record_key()).await {
        Ok(Some(object)) => Ok(serde_json::from_slice(&object.bytes).ok()),
        // S3 answers so for a missing object where the role may not list the bucket.
        Ok(None) | Err(ObjectError::Denied { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
