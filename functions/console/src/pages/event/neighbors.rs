//! The events of the same camera before and after an event.

use camhook_operations::events::{self, CameraRef, Cursor, Filter, Summary};
use camhook_ports::IndexPorts;
use jiff::SignedDuration;

use crate::app::App;
use crate::error::PageError;
use crate::visit::Visit;

/// The lengths of time in which the next event is looked for, in minutes.
const WINDOWS: [i64; 3] = [10, 6 * 60, 7 * 24 * 60];

/// The maximum number of events that are read in a window.
const READ: usize = 200;

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
    let (index, now) = (app.ports.index(), visit.place.now);
    let cursor: Option<Cursor> =
        format!("{}-{}", summary.time.timestamp().as_millisecond(), summary.id).parse().ok();
    let before = events::query(index, &filter, cursor.as_ref(), 1, now).await?;
    Ok(Neighbors {
        previous: before.events.into_iter().next(),
        next: next(&app, &visit, &summary, &filter).await?,
    })
}

/// The next event. The index lists the newest first, so it is the last one of a window after the event.
async fn next<P: IndexPorts>(
    app: &App<P>,
    visit: &Visit,
    summary: &Summary,
    filter: &Filter,
) -> Result<Option<Summary>, PageError> {
    let since = summary.time.timestamp();
    for minutes in WINDOWS {
        let until = since.checked_add(SignedDuration::from_mins(minutes)).ok();
        let filter = Filter { since: Some(since), until, ..filter.clone() };
        let page = events::query(app.ports.index(), &filter, None, READ, visit.place.now).await?;
        let this = (summary.time, summary.id);
        let mut after = page.events.into_iter().filter(|event| (event.time, event.id) > this);
        if let Some(next) = after.next_back() {
            return Ok(Some(next));
        }
    }
    Ok(None)
}
