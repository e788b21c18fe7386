//! The events of the same camera before and after an event.

use camhook_operations::events::{self, CameraRef, Cursor, Filter, Summary};
use camhook_ports::IndexPorts;

use crate::app::App;
use crate::error::PageError;
use crate::visit::Visit;

/// The events of the same camera before and after an event.
pub(super) struct Neighbors {
    pub(super) previous: Option<Summary>,
    pub(super) next: Option<Summary>,
}

pub(super) async fn of<P: IndexPorts>(
    app: App<P>,
    visit: Visit,
    summary: Summary,
) -> Result<Neighbors, PageError> {
    let camera = CameraRef {
        source: summary.source.to_string(),
        camera: summary.camera.as_ref().map(|camera| camera.id.to_string()),
    };
    let filter =
        Filter { cameras: vec![camera], areas: visit.visitor.person.areas.clone(), ..Filter::default() };
    let (index, now) = (app.ports.index(), visit.context.now);
    let this = Cursor::of(&summary);
    let before = events::query(index, &filter, Some(&this), 1, now).await?;
    Ok(Neighbors {
        previous: before.events.into_iter().next(),
        next: events::next(index, &filter, &this, now).await?,
    })
}
