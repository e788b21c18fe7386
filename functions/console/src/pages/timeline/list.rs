//! The events of the timeline.

use std::collections::BTreeMap;

use camhook_event::EventId;
use camhook_operations::events::Summary;
use camhook_state::person::Role;
use camhook_state::review::Review;
use maud::{Markup, html};

use crate::format::{bounds, clock_time, date_name, day_name, day_of, full_time};
use crate::headline::describe_summary;
use crate::query::TimelineQuery;
use crate::visit::Visit;

/// Events, newest first, below the names of their days.
pub(super) fn events(
    visit: &Visit,
    query: &TimelineQuery,
    events: &[Summary],
    marks: &BTreeMap<EventId, Review>,
) -> Markup {
    let zone = visit.context.site.timezone();
    let today = day_of(visit.context.now, zone);
    let back = query.to_url();
    let mut last = None;
    html! {
        div.events id="events" {
            @for event in events {
                @let day = day_of(event.time.timestamp(), zone);
                @if last.replace(day) != Some(day) {
                    // Sorts before every event of the day.
                    @let end = bounds(day, zone).map_or(0, |(_, end)| end.as_millisecond());
                    h2.day data-key={ "day-" (day) } data-time=(end)
                        data-name=(date_name(day)) { (day_name(day, today)) }
                }
                (card(visit, event, marks.get(&event.id), &back))
            }
        }
    }
}

fn card(visit: &Visit, event: &Summary, review: Option<&Review>, back: &str) -> Markup {
    let context = &visit.context;
    let zone = context.site.timezone();
    let time = event.time.timestamp();
    let description = describe_summary(&context.site, event);
    let link = context.base.link(format_args!("events/{}", event.id));
    let reviewed = if review.is_some() { "yes" } else { "no" };
    html! {
        article.card data-event=(event.id) data-key=(event.id) data-time=(time.as_millisecond()) data-reviewed=(reviewed)
            data-list=[event.plate.as_ref().and_then(|plate| plate.list).map(|list| crate::query::word(&list))] {
            a.shot href=(link) tabindex="-1" aria-hidden="true" {
                @if event.thumbnail.is_some() {
                    img src=(context.base.link(format_args!("thumbnails/{}", event.id))) alt="" loading="lazy"
                        decoding="async" width="320" height="180";
                } @else {
                    span.no-picture { "No picture" }
                }
            }
            div.facts {
                p.when {
                    time datetime=(event.time) title=(full_time(time, zone)) { (clock_time(time, zone)) }
                    " " span.place { (description.place) }
                    @if event.pictures > 1 { " " span.quiet { (event.pictures) " pictures" } }
                }
                h3 { a href=(link) { (description.subject) } }
                @if !description.facts.is_empty() { p.quiet { (description.facts.join(" · ")) } }
                (review_form(visit, event, review, back))
            }
        }
    }
}

fn review_form(visit: &Visit, event: &Summary, review: Option<&Review>, back: &str) -> Markup {
    if visit.visitor.person.role < Role::Operator {
        return html! { @if let Some(review) = review { p.reviewed { "Reviewed by " (review.by) } } };
    }
    html! {
        @if review.is_none() { input type="hidden" name="event" value=(event.id) form="mark-all"; }
        form.review method="post" action=(visit.context.base.link("reviewed")) {
            input type="hidden" name="event" value=(event.id);
            input type="hidden" name="back" value=(back);
            @match review {
                Some(review) => {
                    span.reviewed { "Reviewed by " (review.by) }
                    button.quiet name="reviewed" value="no" { "Undo" }
                }
                None => button name="reviewed" value="yes" { "Mark reviewed" },
            }
        }
    }
}
