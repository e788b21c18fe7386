//! Sources and agents: when each was last heard from, and what was refused or quarantined.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use camhook_event::Vendor;
use camhook_ports::{Clock, ObjectStore, Ports};
use camhook_site::{Site, Source};
use camhook_state::presence::{self, Presence, Refusal};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::Error;
use crate::quarantine::folders;

/// After this much silence an agent counts as offline; it reports each minute.
pub const AGENT_OFFLINE_AFTER: Duration = Duration::from_secs(5 * 60);

/// The number of quarantined objects that are looked at. S3 lists 1000 in one call, and one more shows whether that
/// was all.
const LISTED: usize = 999;

const QUARANTINE: &str = "quarantine/";

/// The sources and agents of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sources {
    /// The sources of events, by id.
    pub sources: Vec<SourceStatus>,
    /// The agents that ever reported, by name.
    pub agents: Vec<AgentStatus>,
    /// The quarantined posts of all sources that were not replayed, including those that are no longer in the configuration.
    pub quarantined: usize,
    /// Whether there are more quarantined posts than were counted, in total and for each source.
    pub more_quarantined: bool,
}

/// A source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceStatus {
    /// Its id.
    pub id: String,
    /// Its vendor.
    pub vendor: Vendor,
    /// Its area.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    /// Whether it is heard from.
    pub state: SourceState,
    /// The last post with valid credentials; at most a minute older than it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<Timestamp>,
    /// The last event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<Timestamp>,
    /// The last refused post in its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// The number of its quarantined posts that were not replayed.
    pub quarantined: usize,
}

/// Whether a source is heard from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// Its last post was accepted, within its `offline_after` where it has one.
    Ok,
    /// It has been silent for longer than its `offline_after`.
    Offline,
    /// Its last post was refused.
    Refused,
    /// No post was ever accepted or refused.
    Never,
}

/// An agent on site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AgentStatus {
    /// Its name.
    pub name: String,
    /// Whether it reported within [`AGENT_OFFLINE_AFTER`].
    pub online: bool,
    /// Its last report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<Timestamp>,
}

/// The sources of a site and the agents. Two calls, however many sources there are.
///
/// # Errors
///
/// When the bucket or the table fails.
pub async fn list<P: Ports>(ports: &P, site: &Site) -> Result<Sources, Error> {
    let now = ports.clock().now();
    let mut presences: BTreeMap<String, Presence> = presence::all(ports.state()).await?.into_iter().collect();
    let (keys, more_quarantined) = quarantined_keys(ports, now).await?;
    let counts = count_quarantined(&keys);
    let mut sources: Vec<SourceStatus> = site
        .sources()
        .filter(|source| source.vendor.sends_events())
        .map(|source| {
            let presence = presences.remove(source.id.as_str()).unwrap_or_default();
            let state = state(source, &presence, now);
            let Presence { contact, event, refusal, .. } = presence;
            SourceStatus {
                id: source.id.to_string(),
                vendor: source.vendor,
                area: source.area.as_ref().map(ToString::to_string),
                state,
                contact,
                event,
                refusal,
                quarantined: counts.get(source.id.as_str()).copied().unwrap_or_default(),
            }
        })
        .collect();
    sources.sort_by(|left, right| left.id.cmp(&right.id));
    let agents = presences.iter().filter_map(|(id, presence)| {
        let contact = presence.contact;
        let online = contact.is_some_and(|contact| !is_older(contact, AGENT_OFFLINE_AFTER, now));
        Some(AgentStatus { name: presence::area_of_agent(id)?.to_owned(), online, contact })
    });
    Ok(Sources { sources, agents: agents.collect(), quarantined: counts.values().sum(), more_quarantined })
}

/// The keys below `quarantine/`, and whether there are more. Keys begin with the day: where there are more than one call
/// lists, another one lists those since yesterday, so that a device that fails now is counted.
async fn quarantined_keys<P: Ports>(ports: &P, now: Timestamp) -> Result<(BTreeSet<String>, bool), Error> {
    let mut keys: BTreeSet<String> = ports.objects().list(QUARANTINE, LISTED).await?.into_iter().collect();
    if keys.len() < LISTED {
        return Ok((keys, false));
    }
    let yesterday = now.checked_sub(SignedDuration::from_hours(24)).unwrap_or(now).to_zoned(TimeZone::UTC);
    let after = format!("{QUARANTINE}{}", yesterday.strftime("%Y/%m/%d/"));
    let newest = ports.objects().list_stored(QUARANTINE, &after, LISTED).await?;
    keys.extend(newest.into_iter().map(|object| object.key));
    Ok((keys, true))
}

/// The number of posts by source that were not replayed.
fn count_quarantined(keys: &BTreeSet<String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for folder in folders(keys.iter().map(String::as_str)).into_iter().filter(|folder| !folder.has_replay) {
        *counts.entry(folder.source).or_default() += 1;
    }
    counts
}

fn state(source: &Source, presence: &Presence, now: Timestamp) -> SourceState {
    let Presence { contact, refusal, .. } = presence;
    match (contact, refusal) {
        (None, None) => SourceState::Never,
        (None, Some(_)) => SourceState::Refused,
        (Some(contact), Some(refusal)) if refusal.at > *contact => SourceState::Refused,
        (Some(contact), _) => match source.offline_after {
            Some(limit) if is_older(*contact, limit, now) => SourceState::Offline,
            _ => SourceState::Ok,
        },
    }
}

fn is_older(time: Timestamp, limit: Duration, now: Timestamp) -> bool {
    Duration::try_from(now.duration_since(time)).is_ok_and(|age| age >= limit)
}
