//! Posts that could not be understood.

use camhook_description::printable;
use camhook_ports::{IndexPorts, ObjectStore as _};
use futures_util::future::try_join_all;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;

use crate::app::App;
use crate::error::PageError;
use crate::format::{counted, full_time};
use crate::visit::Visit;

/// The number of days that are listed.
const DAYS: i64 = 3;

/// The number of objects that are listed of a day: one call of S3.
const LISTED: usize = 999;

/// The number of entries that are shown.
const SHOWN: usize = 20;

/// What `reason.json` says.
#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    reason: String,
    detail: String,
    source: String,
    received_at: Timestamp,
    request_id: String,
}

/// The newest entries.
pub(super) struct Entries {
    newest: Vec<Entry>,
    total: usize,
}

/// The entries of the last days, newest first.
pub(super) async fn newest<P: IndexPorts>(app: &App<P>, visit: &Visit) -> Result<Entries, PageError> {
    let mut keys = Vec::new();
    for days in 0..DAYS {
        let day =
            visit.place.now.checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(visit.place.now);
        let day = day.to_zoned(TimeZone::UTC).strftime("%Y/%m/%d").to_string();
        let listed = app.ports.objects().list(&format!("quarantine/{day}/"), LISTED).await?;
        keys.extend(listed.into_iter().filter(|key| key.ends_with("/reason.json")));
    }
    let total = keys.len();
    // Keys are in the order of sources: what is newest is known only from the objects.
    keys.truncate(SHOWN * 5);
    let objects: Vec<_> = keys.iter().map(|key| app.ports.objects().get(key)).collect();
    let objects = try_join_all(objects).await?;
    let entries =
        objects.into_iter().flatten().filter_map(|object| serde_json::from_slice(&object.bytes).ok());
    let mut newest: Vec<Entry> = entries.collect();
    newest.sort_by_key(|entry| std::cmp::Reverse(entry.received_at));
    newest.truncate(SHOWN);
    Ok(Entries { newest, total })
}

pub(super) fn section(visit: &Visit, entries: &Entries) -> Markup {
    let zone = visit.place.site.timezone();
    html! {
        section.panel {
            h2 { "Quarantine" }
            @if entries.newest.is_empty() {
                p.quiet { "Every accepted post of the last " (DAYS) " days was understood." }
            } @else {
                p {
                    (counted(entries.total as u64, "post", "posts"))
                    " of the last " (DAYS) " days could not be understood. They are kept, and can be sent through a newer version."
                }
                div.scroll {
                    table {
                        thead { tr { th { "Received" } th { "Source" } th { "Reason" } th { "Request" } } }
                        tbody {
                            @for entry in &entries.newest {
                                tr {
                                    td { (full_time(entry.received_at, zone)) }
                                    td { (printable(&entry.source)) }
                                    td { strong { (printable(&entry.reason)) } " " (printable(&entry.detail)) }
                                    td { code { (printable(&entry.request_id)) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
