//! Events per day as bars.

use camhook_ports::DayCount;
use jiff::civil::Date;
use maud::{Markup, html};

/// The height of the highest bar.
const HEIGHT: u64 = 40;

/// The width of a bar with the space after it.
const STEP: usize = 10;

/// One bar for each day.
pub(super) fn chart(counts: &[&DayCount], days: &[Date]) -> Markup {
    let of_day =
        |day: &Date| counts.iter().filter(|count| count.key.day == *day).map(|count| count.events).sum();
    let totals: Vec<u64> = days.iter().map(of_day).collect();
    let highest = totals.iter().copied().max().unwrap_or_default().max(1);
    let label: Vec<String> =
        days.iter().zip(&totals).map(|(day, total)| format!("{}: {total}", day.strftime("%-d %b"))).collect();
    html! {
        svg.chart role="img" aria-label={ "Events per day. " (label.join(", ")) }
            viewBox={ "0 0 " (days.len() * STEP) " " (HEIGHT) } preserveAspectRatio="none" {
            @for (index, total) in totals.iter().enumerate() {
                @let height = height(*total, highest);
                rect x=(index * STEP) y=(HEIGHT - height) width=(STEP - 2) height=(height) {
                    title { (label.get(index).map_or("", String::as_str)) }
                }
            }
        }
    }
}

/// A day with events has a bar that can be seen.
fn height(total: u64, highest: u64) -> u64 {
    if total == 0 { 0 } else { (total * HEIGHT / highest).max(2) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_relative_to_the_highest_and_never_vanish() {
        assert_eq!([height(0, 10), height(10, 10), height(5, 10), height(1, 1000)], [0, 40, 20, 2]);
    }
}
