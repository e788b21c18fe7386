//! Posts that could not be understood.

use std::collections::BTreeMap;

use camhook_description::printable;
use camhook_operations::quarantine::{Folder, folders};
use camhook_ports::{IndexPorts, ListedObject, ObjectStore as _};
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

/// The number of objects that are listed with one call of S3.
const LISTED: usize = 1000;

/// The maximum number of calls that list a day.
const CALLS: usize = 5;

/// The number of entries that are shown.
const SHOWN: usize = 20;

/// What `reason.json` says.
#[derive(Debug, Deserialize)]
struct Reason {
    reason: String,
    detail: String,
    received_at: Timestamp,
}

/// An entry that was not replayed.
pub(super) struct Entry {
    stored_at: Timestamp,
    folder: Folder,
    /// `None` where no function could record it, such as for what the rule of AWS IoT could not enqueue.
    reason: Option<Reason>,
}

/// The newest entries.
pub(super) struct Entries {
    newest: Vec<Entry>,
    total: usize,
    /// Whether there are more than were listed.
    is_cut: bool,
}

/// The entries of the last days, newest first.
pub(super) async fn newest<P: IndexPorts>(app: &App<P>, visit: &Visit) -> Result<Entries, PageError> {
    let mut listed = Vec::new();
    let mut is_cut = false;
    for days in 0..DAYS {
        let day =
            visit.context.now.checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(visit.context.now);
        let day = day.to_zoned(TimeZone::UTC).strftime("%Y/%m/%d").to_string();
        let of_day = of_day(app, &format!("quarantine/{day}/")).await?;
        is_cut |= of_day.len() >= LISTED * CALLS;
        let folders = folders(of_day.iter().map(|object| object.key.as_str()));
        let stored: BTreeMap<&str, Timestamp> = of_day
            .iter()
            .filter_map(|object| Some((object.key.rsplit_once('/')?.0, object.stored_at)))
            .collect();
        let kept = folders.into_iter().filter(|folder| !folder.has_replay);
        listed.extend(kept.filter_map(|folder| {
            let stored_at = *stored.get(folder.prefix.trim_end_matches('/'))?;
            Some(Entry { stored_at, folder, reason: None })
        }));
    }
    let total = listed.len();
    // Keys are in the order of sources, and not of time.
    listed.sort_by_key(|entry| std::cmp::Reverse(entry.stored_at));
    listed.truncate(SHOWN);
    let newest = listed.into_iter().map(async |mut entry| {
        if entry.folder.has_reason {
            let object = app.ports.objects().get(&format!("{}reason.json", entry.folder.prefix)).await?;
            entry.reason = object.and_then(|object| serde_json::from_slice(&object.bytes).ok());
        }
        Ok::<_, PageError>(entry)
    });
    let newest = try_join_all(newest).await?;
    Ok(Entries { newest, total, is_cut })
}

/// The objects of a day, as far as they are listed with a few calls.
async fn of_day<P: IndexPorts>(app: &App<P>, prefix: &str) -> Result<Vec<ListedObject>, PageError> {
    let mut objects: Vec<ListedObject> = Vec::new();
    for _ in 0..CALLS {
        let after = objects.last().map_or(prefix, |last| last.key.as_str());
        let listed = app.ports.objects().list_stored(prefix, after, LISTED).await?;
        let is_last = listed.len() < LISTED;
        objects.extend(listed);
        if is_last {
            break;
        }
    }
    Ok(objects)
}

pub(super) fn section(visit: &Visit, entries: &Entries) -> Markup {
    let zone = visit.context.site.timezone();
    html! {
        section.panel {
            h2 { "Quarantine" }
            @if entries.newest.is_empty() {
                p.quiet { "No post of the last " (DAYS) " days is left in quarantine." }
            } @else {
                p {
                    @if entries.is_cut { "At least " }
                    (counted(entries.total as u64, "post", "posts"))
                    " of the last " (DAYS) " days could not be understood. They are kept, and can be sent through a newer version."
                }
                div.scroll {
                    table {
                        thead { tr { th { "Received" } th { "Source" } th { "Reason" } th { "Request" } } }
                        tbody {
                            @for entry in &entries.newest {
                                tr {
                                    td { (full_time(entry.reason.as_ref().map_or(entry.stored_at, |reason| reason.received_at), zone)) }
                                    td { (printable(&entry.folder.source)) }
                                    td {
                                        @match &entry.reason {
                                            Some(reason) => { strong { (printable(&reason.reason)) } " " (printable(&reason.detail)) }
                                            None => "no reason recorded",
                                        }
                                    }
                                    td { code { (printable(&entry.folder.id)) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
