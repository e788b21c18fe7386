//! The timeline: events, newest first.

mod calendar;
mod counts;
mod filters;
mod list;

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{RawQuery, State};
use axum::response::{Html, IntoResponse as _, Response};
use camhook_event::EventId;
use camhook_operations::events::{self, Page};
use camhook_operations::marks;
use camhook_ports::IndexPorts;
use camhook_state::person::Role;
use camhook_state::review::Review;
use http::StatusCode;
use http::header::LOCATION;
use jiff::Timestamp;
use jiff::civil::Date;
use maud::{Markup, html};

use self::counts::DayTotal;
use super::layout::{Section, layout};
use crate::app::App;
use crate::base::Base;
use crate::error::PageError;
use crate::format::{clock_time, counted, day_name, day_of, full_time};
use crate::query::{Reviewed, TimelineQuery};
use crate::visit::Visit;

/// The number of events on one page.
const SHOWN: usize = 50;

/// The maximum number of events in one live update.
const LIVE: usize = 100;

/// Where the page is that live updates are inserted into.
const PAGE: &str = "/console";

/// Redirects from `/console/`, on which relative links would lead elsewhere.
pub(crate) async fn without_slash(RawQuery(query): RawQuery) -> Response {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    (StatusCode::PERMANENT_REDIRECT, [(LOCATION, format!("../console{query}"))]).into_response()
}

/// The events of a page with the marks that belong to them.
struct Events {
    page: Page,
    marks: BTreeMap<EventId, Review>,
    total: Option<DayTotal>,
}

/// The timeline.
pub(crate) async fn page<P: IndexPorts>(
    State(app): State<App<P>>,
    visit: Visit,
    RawQuery(raw): RawQuery,
) -> Result<Html<String>, PageError> {
    let (query, notice) = parse(&raw.unwrap_or_default())?;
    let filter = query.filter(&visit.context.site, &visit.visitor.person)?;
    let now = visit.context.now;
    let page = events::query(app.ports.index(), &filter, query.cursor.as_ref(), SHOWN, now).await?;
    let events = with_marks(&app, &visit, &query, page).await?;
    let month = shown_day(&visit, &query);
    let calendar = calendar::calendar(&app, &visit, &query, month).await?;
    let content = html! {
        div.heading {
            h1 { (title(&visit, &query)) }
            (day_links(&visit, &query))
        }
        (notice.map(|notice| undo_form(&visit, &query, &notice)).unwrap_or_default())
        div.tools {
            (filters::form(&visit, &query))
            (calendar)
        }
        (list_with_bar(&visit, &query, &events))
    };
    Ok(layout(&visit, Section::Timeline, &title(&visit, &query), &content))
}

/// What appeared since a time: for the script.
pub(crate) async fn live<P: IndexPorts>(
    State(app): State<App<P>>,
    mut visit: Visit,
    RawQuery(raw): RawQuery,
) -> Result<Html<String>, PageError> {
    let raw = raw.unwrap_or_default();
    let (since, rest): (Vec<_>, Vec<_>) =
        form_urlencoded::parse(raw.as_bytes()).partition(|(name, _)| name == "since");
    let since = since.first().and_then(|(_, since)| Timestamp::from_millisecond(since.parse().ok()?).ok());
    let since = since.ok_or_else(|| PageError::invalid("The time of the last event is missing."))?;
    let query = TimelineQuery::from_pairs(rest)?;
    visit.context.base = Base::of_path(PAGE);
    let mut filter = query.filter(&visit.context.site, &visit.visitor.person)?;
    filter.since = filter.since.max(Some(since));
    let now = visit.context.now;
    let page = events::query(app.ports.index(), &filter, query.cursor.as_ref(), LIVE, now).await?;
    let events = with_marks(&app, &visit, &query, page).await?;
    let next = events.page.next.as_ref().map(ToString::to_string);
    let update = html! {
        div data-next=[next] data-now=(now.as_millisecond()) data-today=(day_of(now, visit.context.site.timezone())) {
            // What a filter leaves is counted by the script: an update has only the newest of it.
            @if events.total.is_some() { (summary(&visit, &query, &events)) }
            (list::events(&visit, &TimelineQuery { cursor: None, ..query.clone() }, &events.page.events, &events.marks))
        }
    };
    Ok(Html(update.into_string()))
}

/// Reads a query, and apart from its filters what was just marked.
fn parse(raw: &str) -> Result<(TimelineQuery, Option<Notice>), PageError> {
    let pairs = form_urlencoded::parse(raw.as_bytes());
    let (notice, filters): (Vec<_>, Vec<_>) = pairs.partition(|(name, _)| name == "marked" || name == "in");
    let value =
        |wanted: &str| notice.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_ref());
    let notice = value("marked").zip(value("in")).and_then(|(marked, days)| Notice::parse(marked, days));
    Ok((TimelineQuery::from_pairs(filters)?, notice))
}

/// What the person has just marked: enough to undo it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) marked_at: Timestamp,
    pub(crate) days: BTreeSet<Date>,
}

impl Notice {
    /// The maximum number of days on which events are marked at once: one for each event.
    const DAYS: usize = marks::AT_ONCE;

    pub(crate) fn parse(marked: &str, days: &str) -> Option<Self> {
        let marked_at = Timestamp::from_nanosecond(marked.parse().ok()?).ok()?;
        let days: Option<BTreeSet<Date>> = days.split('.').map(|day| day.parse().ok()).collect();
        let days = days.filter(|days| days.len() <= Self::DAYS)?;
        Some(Self { marked_at, days })
    }

    pub(crate) fn marked(&self) -> String {
        self.marked_at.as_nanosecond().to_string()
    }

    /// The fields of a form that undoes the marks.
    pub(crate) fn to_query(&self) -> String {
        format!("marked={}&in={}", self.marked(), self.in_days())
    }

    pub(crate) fn in_days(&self) -> String {
        let days: Vec<String> = self.days.iter().map(ToString::to_string).collect();
        days.join(".")
    }
}

/// Adds the marks, the total of the day, and applies the filter of marks.
async fn with_marks<P: IndexPorts>(
    app: &App<P>,
    visit: &Visit,
    query: &TimelineQuery,
    mut page: Page,
) -> Result<Events, PageError> {
    let day = shown_day(visit, query);
    let total_days =
        if query.is_narrow() { BTreeSet::new() } else { counts::utc_days(day, &visit.context.site) };
    let days: BTreeSet<Date> = marks::days_of(&page.events).into_iter().chain(total_days).collect();
    let marks = marks::of_days(app.ports.state(), &days).await?;
    let total = if query.is_narrow() {
        None
    } else {
        let counts = app.counts(day).await?;
        Some(DayTotal::of(visit, query, day, &counts, &marks))
    };
    match query.reviewed {
        Some(Reviewed::Yes) => page.events.retain(|event| marks.contains_key(&event.id)),
        Some(Reviewed::No) => page.events.retain(|event| !marks.contains_key(&event.id)),
        None => {}
    }
    Ok(Events { page, marks, total })
}

/// The day that totals and the calendar are about.
fn shown_day(visit: &Visit, query: &TimelineQuery) -> Date {
    query.day.unwrap_or_else(|| day_of(visit.context.now, visit.context.site.timezone()))
}

fn title(visit: &Visit, query: &TimelineQuery) -> String {
    let today = day_of(visit.context.now, visit.context.site.timezone());
    query.day.map_or_else(|| "Timeline".to_owned(), |day| day_name(day, today))
}

/// Links to the day before and after.
fn day_links(visit: &Visit, query: &TimelineQuery) -> Markup {
    let today = day_of(visit.context.now, visit.context.site.timezone());
    let day = query.day.unwrap_or(today);
    let link = |day: Option<Date>| {
        let query = TimelineQuery { day, cursor: None, from: None, to: None, ..query.clone() };
        visit.context.base.link(query.to_url())
    };
    html! {
        div.days {
            @if let Ok(before) = day.yesterday() {
                a.button href=(link(Some(before))) aria-label="Day before" { "‹" }
            }
            @if query.day.is_some() { a.button href=(link(None)) { "Newest" } }
            @if let Some(after) = day.tomorrow().ok().filter(|after| *after <= today) {
                a.button href=(link(Some(after))) aria-label="Day after" { "›" }
            }
        }
    }
}

fn undo_form(visit: &Visit, query: &TimelineQuery, notice: &Notice) -> Markup {
    html! {
        form.notice method="post" action=(visit.context.base.link("reviewed/undo")) role="status" {
            span { "Marked as reviewed." }
            input type="hidden" name="marked" value=(notice.marked());
            input type="hidden" name="in" value=(notice.in_days());
            input type="hidden" name="back" value=(query.to_url());
            button.quiet { "Undo" }
        }
    }
}

/// How many events there are, and how many are not reviewed.
fn summary(visit: &Visit, query: &TimelineQuery, events: &Events) -> Markup {
    let today = day_of(visit.context.now, visit.context.site.timezone());
    let text = match &events.total {
        Some(total) => {
            let day = day_name(shown_day(visit, query), today);
            format!(
                "{day}: {}, {} not reviewed",
                counted(total.events, "event", "events"),
                total.unreviewed()
            )
        }
        None => {
            let shown = events.page.events.len();
            let open =
                events.page.events.iter().filter(|event| !events.marks.contains_key(&event.id)).count();
            format!("{} shown, {open} not reviewed", counted(shown as u64, "event", "events"))
        }
    };
    let counts = if events.total.is_some() { "day" } else { "shown" };
    html! { p.summary id="summary" aria-live="polite" data-counts=(counts) { (text) } }
}

fn list_with_bar(visit: &Visit, query: &TimelineQuery, events: &Events) -> Markup {
    let base = visit.context.base;
    let today = day_of(visit.context.now, visit.context.site.timezone());
    let live = query.is_open(today).then(|| base.link(format_args!("live{}", query.to_url())));
    let next = events.page.next.as_ref();
    let older = next
        .map(|cursor| base.link(TimelineQuery { cursor: Some(cursor.clone()), ..query.clone() }.to_url()));
    html! {
        div.bar {
            (summary(visit, query, events))
            @if live.is_some() { p.live id="live-state" { "Live" } }
            @if visit.visitor.person.role >= Role::Operator && !events.page.events.is_empty() {
                form id="mark-all" method="post" action=(base.link("reviewed")) {
                    input type="hidden" name="back" value=(query.to_url());
                    button name="reviewed" value="yes" { "Mark all shown as reviewed" }
                }
            }
        }
        div id="timeline" data-live=[live] data-now=(visit.context.now.as_millisecond()) data-today=(today) {
            (list::events(visit, query, &events.page.events, &events.marks))
        }
        @if events.page.events.is_empty() { (empty(visit, query, next.is_some())) }
        @if let (Some(cursor), Some(older)) = (next, older) {
            p.more {
                @if events.page.searched_until.is_some() || events.page.events.is_empty() {
                    span { "Searched until " (full_time(cursor.time(), visit.context.site.timezone())) ". " }
                }
                a.button id="older" href=(older) rel="next" { "Older events" }
            }
        }
    }
}

fn empty(visit: &Visit, query: &TimelineQuery, is_unfinished: bool) -> Markup {
    let is_filtered = query.is_narrow() || query.reviewed.is_some() || query.area.is_some();
    html! {
        section.empty id="empty" {
            @if is_unfinished {
                h2 { "No event so far" }
                p { "No event of the part that was searched matches the filters." }
            } @else if query.reviewed == Some(Reviewed::No) {
                h2 { "Everything is reviewed" }
                p { "No event that matches the filters is left." }
            } @else if is_filtered {
                h2 { "No event matches the filters" }
                p { a href=(visit.context.base.link("")) { "Show all events" } }
            } @else if query.day.is_some() {
                h2 { "No events on this day" }
            } @else {
                h2 { "No events yet" }
                p { "An event appears here a few seconds after a camera reports it. " a href=(visit.context.base.link("cameras")) { "Cameras" } " shows the last contact of each." }
            }
            p.quiet { "Times are in " (visit.context.site.timezone().iana_name().unwrap_or("the site's time zone")) "; now " (clock_time(visit.context.now, visit.context.site.timezone())) "." }
        }
    }
}
