//! One event: its pictures, its facts in words, what was decided, and the raw record.

mod facts;
mod neighbors;
mod outcomes;
mod picture;

use axum::extract::{Path, State};
use axum::response::Html;
use camhook_description::{Description, describe};
use camhook_event::Event;
use camhook_operations::audit;
use camhook_operations::events::Summary;
use camhook_operations::marks;
use camhook_ports::IndexPorts;
use camhook_state::decision;
use camhook_state::person::Role;
use camhook_state::review::Review;
use maud::{Markup, html};

use self::neighbors::Neighbors;
use super::layout::{Section, layout};
use super::{record, visible_event};
use crate::app::App;
use crate::error::PageError;
use crate::format::{clock_time, full_time};
use crate::headline::describe_summary;
use crate::pictures::have_expired;
use crate::query::TimelineQuery;
use crate::visit::Visit;

/// One event.
pub(crate) async fn page<P: IndexPorts>(
    State(app): State<App<P>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Html<String>, PageError> {
    let summary = visible_event(&app, &visit, &id).await?;
    let days = marks::days_of(std::slice::from_ref(&summary));
    let stored = {
        let (app, summary) = (app.clone(), summary.clone());
        async move { record(&app, &summary).await }
    };
    let relays: Vec<String> = if visit.sees_relays() {
        visit.context.site.relays().iter().map(|relay| relay.id.to_string()).collect()
    } else {
        Vec::new()
    };
    let (event, neighbors, marks, decisions, audit) = futures_util::future::join5(
        stored,
        neighbors::of(app.clone(), visit.clone(), summary.clone()),
        marks::of_days(app.ports.state(), &days),
        decision::of_event(app.ports.state(), summary.id),
        audit::of_event(app.ports.objects(), relays, summary.id, summary.received_at.timestamp()),
    )
    .await;
    let (event, neighbors, mut marks, decisions) = (event?, neighbors?, marks?, decisions?);
    let audit = audit?;
    let site = &visit.context.site;
    let description =
        event.as_ref().map_or_else(|| describe_summary(site, &summary), |event| describe(site, event));
    let title = description.headline();
    let content = html! {
        (heading(&visit, &summary, &description, &neighbors, marks.remove(&summary.id).as_ref()))
        @match &event {
            Some(event) if have_expired(&app, summary.received_at.timestamp()) => (picture::expired(event, app.retention)),
            Some(event) => (picture::pictures(&visit, event)),
            None => p.notice { "The record of this event has expired, or cannot be read. This is what the index has of it." }
        }
        div.columns {
            (facts::table(&visit, &summary, event.as_ref(), &description))
            (outcomes::section(&visit, &summary, &decisions, &audit))
        }
        @if let Some(event) = &event { (raw(event)) }
    };
    Ok(layout(&visit, Section::Timeline, &title, &content))
}

fn heading(
    visit: &Visit,
    summary: &Summary,
    description: &Description,
    neighbors: &Neighbors,
    review: Option<&Review>,
) -> Markup {
    let base = visit.context.base;
    let zone = visit.context.site.timezone();
    let time = summary.time.timestamp();
    let day = time.to_zoned(zone.clone()).date();
    let day_link = base.link(TimelineQuery { day: Some(day), ..TimelineQuery::default() }.to_url());
    html! {
        div.heading data-event=(summary.id) data-reviewed=(if review.is_some() { "yes" } else { "no" }) {
            div {
                h1 { (description.headline()) }
                p.when {
                    time datetime=(summary.time) { (full_time(time, zone)) }
                    " · " a href=(day_link) { "all events of the day" }
                }
            }
            div.days {
                @if let Some(previous) = &neighbors.previous {
                    a.button rel="prev" href=(base.link(format_args!("events/{}", previous.id))) {
                        "‹ Previous " span.quiet { (clock_time(previous.time.timestamp(), zone)) }
                    }
                }
                @if let Some(next) = &neighbors.next {
                    a.button rel="next" href=(base.link(format_args!("events/{}", next.id))) {
                        "Next " span.quiet { (clock_time(next.time.timestamp(), zone)) } " ›"
                    }
                }
            }
        }
        @match (review, visit.visitor.person.role >= Role::Operator) {
            (None, false) => {},
            (Some(review), false) => p.reviewed { "Reviewed by " (review.by) ", " (full_time(review.at, zone)) },
            (review, true) => form.review method="post" action=(base.link("reviewed")) {
                input type="hidden" name="event" value=(summary.id);
                input type="hidden" name="from" value="event";
                @match review {
                    Some(review) => {
                        span.reviewed { "Reviewed by " (review.by) ", " (full_time(review.at, zone)) }
                        button.quiet name="reviewed" value="no" { "Undo" }
                    }
                    None => button.primary name="reviewed" value="yes" { "Mark reviewed" },
                }
            }
        }
    }
}

fn raw(event: &Event) -> Markup {
    let json = with_visible_controls(&serde_json::to_string_pretty(event).unwrap_or_default());
    html! {
        details.raw {
            summary { "Raw record" }
            pre { code { (json) } }
        }
    }
}

/// JSON in which characters that change the direction of writing are escaped: they would show another record.
fn with_visible_controls(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}' => {
                shown.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            character => shown.push(character),
        }
    }
    shown
}
