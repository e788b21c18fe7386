//! The calendar: the number of events on each day of a month.

use std::collections::BTreeMap;

use camhook_ports::IndexPorts;
use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};
use maud::{Markup, html};

use super::counts::is_counted;
use crate::app::App;
use crate::error::PageError;
use crate::format::{counted, day_of};
use crate::query::TimelineQuery;
use crate::visit::Visit;

/// The month of a day, each day with its count and a link.
pub(super) async fn calendar<P: IndexPorts>(
    app: &App<P>,
    visit: &Visit,
    query: &TimelineQuery,
    shown: Date,
) -> Result<Markup, PageError> {
    let counts = app.counts(shown).await?;
    // Days are counted by camera: other filters leave fewer.
    let is_counted_here = !query.is_narrow();
    let mut by_day: BTreeMap<Date, u64> = BTreeMap::new();
    for count in counts.iter().filter(|count| is_counted(visit, query, count)) {
        *by_day.entry(count.key.day).or_default() += count.events;
    }
    let today = day_of(visit.context.now, visit.context.site.timezone());
    let link = |day: Date| {
        let query = TimelineQuery { day: Some(day), cursor: None, from: None, to: None, ..query.clone() };
        visit.context.base.link(query.to_url())
    };
    let first = shown.first_of_month();
    let before = first.yesterday().map(Date::first_of_month).ok();
    let after = shown.last_of_month().tomorrow().ok().filter(|after| *after <= today);
    Ok(html! {
        details.calendar {
            summary { "Calendar" }
            div.heading {
                h2 { (first.strftime("%B %Y")) }
                div.days {
                    @if let Some(before) = before { a.button href=(link(before)) aria-label="Month before" { "‹" } }
                    @if let Some(after) = after { a.button href=(link(after)) aria-label="Month after" { "›" } }
                }
            }
            table {
                thead { tr { @for name in ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"] { th scope="col" { (name) } } } }
                tbody {
                    @for week in weeks(first) {
                        tr {
                            @for day in week {
                                td {
                                    @if day.month() == first.month() {
                                        @let count = by_day.get(&day).copied().unwrap_or_default();
                                        a href=(link(day)) aria-current=[(day == shown).then_some("date")]
                                            aria-label={ (day.strftime("%-d %B")) @if is_counted_here { ", " (counted(count, "event", "events")) } } {
                                            span.number { (day.day()) }
                                            @if is_counted_here { span.count { @if count > 0 { (count) } @else { "–" } } }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    })
}

/// The weeks of a month, each from Monday.
fn weeks(first: Date) -> Vec<Vec<Date>> {
    let offset = i64::from(first.weekday().since(Weekday::Monday));
    let Ok(start) = first.checked_sub(offset.days()) else { return Vec::new() };
    let last = first.last_of_month();
    let week = |index: i64| -> Vec<Date> {
        (0..7).filter_map(|day| start.checked_add((index * 7 + day).days()).ok()).collect()
    };
    (0..6).map(week).take_while(|week| week.first().is_some_and(|monday| *monday <= last)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_made_of_whole_weeks() {
        let november = weeks("2026-11-01".parse().unwrap());
        assert_eq!(november.len(), 6);
        assert_eq!(november[0][0].to_string(), "2026-10-26");
        assert_eq!(november[5][0].to_string(), "2026-11-30");
        let february = weeks("2027-02-01".parse().unwrap());
        assert_eq!((february.len(), february[0][0].to_string()), (4, "2027-02-01".to_owned()));
    }
}
