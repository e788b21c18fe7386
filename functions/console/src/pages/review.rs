//! Marking events as reviewed.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use camhook_operations::events::Summary;
use camhook_operations::marks::{self, AT_ONCE};
use camhook_ports::IndexPorts;
use camhook_state::person::Role;
use futures_util::future::try_join_all;
use http::StatusCode;
use http::header::LOCATION;

use super::timeline::Notice;
use super::visible_event;
use crate::app::App;
use crate::error::PageError;
use crate::query::{Reviewed, TimelineQuery};
use crate::visit::Visit;

/// The header that tells the script what undoes the marks.
const UNDO: &str = "camhook-undo";

/// The fields of a form.
struct Form<'a> {
    pairs: Vec<(std::borrow::Cow<'a, str>, std::borrow::Cow<'a, str>)>,
}

impl<'a> Form<'a> {
    fn parse(body: &'a [u8]) -> Self {
        Self { pairs: form_urlencoded::parse(body).collect() }
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.pairs.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_ref())
    }

    fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Whether the script sent it, which needs no page as an answer.
    fn is_of_script(&self) -> bool {
        self.first("answer") == Some("none")
    }

    /// Where the person came from: the query of the timeline, or an event. Only these are returned to.
    fn back(&self) -> Result<Back, PageError> {
        if self.first("from") == Some("event") {
            return Ok(Back::Event);
        }
        let query = self.first("back").unwrap_or_default();
        let query = TimelineQuery::parse(query.strip_prefix('?').unwrap_or(query))?;
        Ok(Back::Timeline(Box::new(query)))
    }
}

enum Back {
    Timeline(Box<TimelineQuery>),
    Event,
}

/// Marks events as reviewed, or removes their marks. Answers with a redirect to where the person was, or with nothing
/// where the script asks for it.
pub(crate) async fn change<P: IndexPorts>(
    State(app): State<App<P>>,
    visit: Visit,
    body: Bytes,
) -> Result<Response, PageError> {
    visit.require(Role::Operator)?;
    let form = Form::parse(&body);
    let reviewed = match form.first("reviewed") {
        Some("yes") => Reviewed::Yes,
        Some("no") => Reviewed::No,
        _ => return Err(PageError::invalid("The form does not say what to do.")),
    };
    let back = form.back()?;
    let ids: BTreeSet<&str> = form.all("event").collect();
    if ids.is_empty() || ids.len() > AT_ONCE {
        return Err(PageError::invalid("Mark between 1 and 100 events at once."));
    }
    let events = visible_events(&app, &visit, &ids).await?;
    let (state, now) = (app.ports.state(), visit.context.now);
    let (person, days) = (&visit.visitor.person, app.retention.events_days);
    match reviewed {
        Reviewed::Yes => marks::mark(state, &events, person, now, days).await?,
        Reviewed::No => marks::unmark(state, &events, now, days).await?,
    }
    let notice = Notice { marked_at: now, days: marks::days_of(&events) };
    if form.is_of_script() {
        return Ok((StatusCode::NO_CONTENT, [(UNDO, notice.to_query())]).into_response());
    }
    let base = visit.context.base;
    let location = match (&back, events.first()) {
        (Back::Event, Some(event)) => base.link(format_args!("events/{}", event.id)),
        (Back::Timeline(query), Some(_)) if reviewed == Reviewed::Yes => {
            base.link(with_notice(query, &notice))
        }
        (Back::Timeline(query), _) => base.link(query.to_url()),
        (Back::Event, None) => base.link(""),
    };
    Ok((StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response())
}

/// Removes the marks that the person has just made.
pub(crate) async fn undo<P: IndexPorts>(
    State(app): State<App<P>>,
    visit: Visit,
    body: Bytes,
) -> Result<Response, PageError> {
    visit.require(Role::Operator)?;
    let form = Form::parse(&body);
    let notice = form.first("marked").zip(form.first("in"));
    let notice = notice.and_then(|(marked, days)| Notice::parse(marked, days));
    let notice = notice.ok_or_else(|| PageError::invalid("The form does not say what to undo."))?;
    let Back::Timeline(query) = form.back()? else {
        return Err(PageError::invalid("The form does not say where to go."));
    };
    let (state, person) = (app.ports.state(), &visit.visitor.person);
    marks::undo(state, &notice.days, person, notice.marked_at, visit.context.now, app.retention.events_days)
        .await?;
    if form.is_of_script() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok((StatusCode::SEE_OTHER, [(LOCATION, visit.context.base.link(query.to_url()))]).into_response())
}

/// The events with these ids. One that the person may not see, or that does not exist, refuses the whole change.
async fn visible_events<P: IndexPorts>(
    app: &App<P>,
    visit: &Visit,
    ids: &BTreeSet<&str>,
) -> Result<Vec<Summary>, PageError> {
    let events: Vec<_> = ids.iter().map(|id| visible_event(app, visit, id)).collect();
    try_join_all(events).await
}

fn with_notice(query: &TimelineQuery, notice: &Notice) -> String {
    let url = query.to_url();
    let separator = if url.is_empty() { '?' } else { '&' };
    format!("{url}{separator}{}", notice.to_query())
}
