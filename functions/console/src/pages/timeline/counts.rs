//! How many events a day has, and how many of them are not reviewed.

use std::collections::{BTreeMap, BTreeSet};

use camhook_event::EventId;
use camhook_ports::DayCount;
use camhook_site::Site;
use camhook_state::review::{Review, day_of as utc_day};
use jiff::SignedDuration;
use jiff::civil::Date;

use crate::format::bounds;
use crate::query::TimelineQuery;
use crate::visit::Visit;

/// The totals of a day, of the sources that the person may see. Approximate: `camhook index rebuild` corrects them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DayTotal {
    pub(super) events: u64,
    pub(super) reviewed: u64,
}

impl DayTotal {
    pub(super) fn of(
        visit: &Visit,
        query: &TimelineQuery,
        day: Date,
        counts: &[DayCount],
        marks: &BTreeMap<EventId, Review>,
    ) -> Self {
        let on_day = counts.iter().filter(|count| count.key.day == day);
        let events = on_day.filter(|count| is_counted(visit, query, count)).map(|count| count.events).sum();
        let bounds = bounds(day, visit.context.site.timezone());
        let reviewed = marks.values().filter(|review| {
            let is_on_day = bounds.is_some_and(|(start, end)| review.time >= start && review.time < end);
            let area = review.area.as_deref();
            is_on_day
                && visit.visitor.person.may_see(area)
                && (query.area.is_none() || query.area.as_deref() == area)
        });
        Self { events, reviewed: reviewed.count() as u64 }
    }

    pub(super) fn unreviewed(self) -> u64 {
        self.events.saturating_sub(self.reviewed)
    }
}

/// Whether the events of a count belong to what the person may see, and to the area of the query.
pub(super) fn is_counted(visit: &Visit, query: &TimelineQuery, count: &DayCount) -> bool {
    let area = area_of(&visit.context.site, &count.key.source);
    visit.visitor.person.may_see(area) && (query.area.is_none() || query.area.as_deref() == area)
}

fn area_of<'a>(site: &'a Site, source: &str) -> Option<&'a str> {
    site.source(source)?.area.as_ref().map(camhook_event::Text::as_str)
}

/// The days in UTC that a day of the site's time zone lies in.
pub(super) fn utc_days(day: Date, site: &Site) -> BTreeSet<Date> {
    let Some((start, end)) = bounds(day, site.timezone()) else { return BTreeSet::new() };
    let last = end.checked_sub(SignedDuration::from_secs(1)).unwrap_or(end);
    [utc_day(start), utc_day(last)].into()
}
