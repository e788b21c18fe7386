//! Dates that are over: lists and rules that were right once.

use jiff::civil::Date;

use super::good;
use crate::problem::{Notes, Path};
use crate::raw::RawSite;
use crate::{Schedule, Site};

/// Warns of lists whose plates have all expired, and of rules whose dates are all over. `positions` are those of the
/// rules in the file.
pub(super) fn check(site: &Site, document: &RawSite, positions: &[usize], today: Date, notes: &mut Notes) {
    let root = Path::Root;
    let section = root.key("lists");
    for id in document.lists.keys() {
        let entries = site.list(id).map_or(&[][..], |list| &list.entries);
        let is_over = |until: Option<Date>| until.is_some_and(|until| until < today);
        if !entries.is_empty() && entries.iter().all(|entry| is_over(entry.until)) {
            notes.warning(
                &section.key(id),
                "every plate of this list has expired: none matches any more",
                "set a later `until`, or take the list out",
            );
        }
    }
    let section = root.key("rule");
    for (rule, position) in site.rules().iter().zip(positions) {
        let path = section.index(*position);
        let message = "these dates are over: the rule does not apply on them again";
        warn(&path.key("during"), &rule.during, message, today, notes);
    }
    let section = root.key("channel");
    for (index, raw) in good(&document.channel) {
        let Some(channel) = site.channel(raw.id()) else { continue };
        let path = section.index(index);
        let message = "these dates are over: the channel is not quiet on them again";
        warn(&path.key("quiet"), &channel.quiet, message, today, notes);
    }
}

/// Warns of the schedules at a path whose dates are over.
fn warn(path: &Path<'_>, schedules: &[Schedule], message: &str, today: Date, notes: &mut Notes) {
    for (index, _) in schedules.iter().enumerate().filter(|(_, schedule)| is_over(schedule, today)) {
        notes.warning(&path.index(index).key("dates"), message, "name later dates, or take them out");
    }
}

/// Whether a schedule has dates, and each is over. Hours past midnight belong to the date on which they begin, and the
/// site may be a day behind: yesterday is not over.
fn is_over(schedule: &Schedule, today: Date) -> bool {
    let yesterday = today.yesterday().unwrap_or(today);
    schedule
        .dates
        .as_ref()
        .is_some_and(|dates| !dates.is_empty() && dates.iter().all(|range| range.last < yesterday))
}
