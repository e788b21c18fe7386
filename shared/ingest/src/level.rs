//! Drafts that report a level: only a changed one becomes an event.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use camhook_event::{State as Level, unknown_levels_key};
use camhook_ports::{Object, ObjectError, ObjectStore, Ports, Precondition};
use camhook_state::Error;
use camhook_state::level::{Announcement, LevelReport, Observation, confirm, forget, observe};

use crate::draft::Draft;
use crate::{Request, Verified};

/// Drafts of one post, each with its ordinal in it.
type Drafts<'a> = Vec<(usize, Draft<'a>)>;

/// The levels of one device in a post.
#[derive(Default)]
struct DeviceLevels {
    /// Where in the drafts each level stands.
    places: Vec<usize>,
    levels: Vec<(String, Level)>,
}

/// Neither the table nor the bucket took note of a level that is to become an event.
pub(crate) struct Unrecorded;

/// Leaves out the levels that repeat what was stored before; also what to pass to [`confirm_stored`].
///
/// When the table fails, every level is an event: one too many is better than one too few.
///
/// # Errors
///
/// When neither the table nor the bucket can be written. The post must not be acknowledged then: the levels after it would
/// be compared with those before it.
pub(crate) async fn leave_out_repeated<'a, P: Ports>(
    ports: &P,
    request: &Request<Verified>,
    mut drafts: Drafts<'a>,
) -> Result<(Drafts<'a>, Vec<Announcement>), Unrecorded> {
    let mut devices: BTreeMap<String, DeviceLevels> = BTreeMap::new();
    for (place, (_, draft)) in drafts.iter().enumerate() {
        if let (Some(name), Some(level)) = (&draft.level, draft.state) {
            let device = devices.entry(device(draft, request)).or_default();
            device.places.push(place);
            device.levels.push((name.clone(), level));
        }
    }
    let mut repeated = BTreeSet::new();
    let mut announcements = Vec::new();
    for (device, DeviceLevels { places, levels }) in devices {
        let report = LevelReport {
            source: request.source().id.as_str(),
            device: &device,
            received_at: request.received_at(),
            levels: &levels,
        };
        if let Some(Observation { is_new, announcement }) = compare(ports, report).await? {
            repeated
                .extend(places.into_iter().zip(is_new).filter(|(_, is_new)| !is_new).map(|(place, _)| place));
            announcements.extend(announcement);
        }
    }
    let mut place = 0..;
    drafts.retain(|_| place.next().is_none_or(|place| !repeated.contains(&place)));
    Ok((drafts, announcements))
}

/// Compares a report with the one before it; `None` when the table fails.
///
/// The levels of a report that could not be compared become events, and the table still holds the levels before them: the
/// next report of the opposite level would be taken for a repetition. So such a report leaves a mark in the bucket, and
/// before a level counts as repeated, the mark is looked for.
async fn compare<P: Ports>(ports: &P, report: LevelReport<'_>) -> Result<Option<Observation>, Unrecorded> {
    let source = report.source;
    let mark = unknown_levels_key(source, report.device);
    let observed = match observe(ports.state(), report.clone()).await {
        Ok(observed) if observed.is_new.contains(&false) && is_marked(ports, source, &mark).await => {
            observe_anew(ports, report, &mark).await
        }
        observed => observed,
    };
    let error = match observed {
        Ok(observed) => return Ok(Some(observed)),
        Err(error) => error,
    };
    tracing::warn!(%source, %error, "failed to compare levels with the last ones");
    let object = Object { bytes: Bytes::new(), content_type: "application/octet-stream" };
    match ports.objects().put(&mark, object, Precondition::None).await {
        Ok(()) => Ok(None),
        Err(error) => {
            tracing::error!(%source, %error, "failed to record that levels are not known");
            Err(Unrecorded)
        }
    }
}

/// Whether a report of the device could not be compared since its levels were recorded. It counts as such when the bucket
/// cannot be asked.
async fn is_marked<P: Ports>(ports: &P, source: &str, mark: &str) -> bool {
    match ports.objects().get(mark).await {
        Ok(found) => found.is_some(),
        // S3's answer for a missing object to a role that may not list the bucket.
        Err(ObjectError::Denied { .. }) => false,
        Err(error) => {
            tracing::warn!(%source, %error, "failed to look for levels that are not known; every level is an event");
            true
        }
    }
}

/// Compares a report as the first one of its device. The mark goes last: a function that ends in between leaves it.
async fn observe_anew<P: Ports>(
    ports: &P,
    report: LevelReport<'_>,
    mark: &str,
) -> Result<Observation, Error> {
    let source = report.source;
    forget(ports.state(), source, report.device, report.received_at).await?;
    let observed = observe(ports.state(), report).await?;
    if let Err(error) = ports.objects().delete(mark).await {
        tracing::warn!(%source, %error, "failed to remove the mark of unknown levels; the next level is an event once more");
    }
    Ok(observed)
}

/// Records that the events are stored.
pub(crate) async fn confirm_stored<P: Ports>(
    ports: &P,
    request: &Request<Verified>,
    announcements: Vec<Announcement>,
) {
    for announcement in announcements {
        if let Err(error) = confirm(ports.state(), announcement).await {
            let source = &request.source().id;
            tracing::warn!(%source, %error, "failed to record levels; they are reported again when they repeat");
        }
    }
}

/// What the levels of a post belong to: a device or its channel, else the address that the post came from.
fn device(draft: &Draft<'_>, request: &Request<Verified>) -> String {
    let device = &draft.device;
    let name = match (&device.mac, &device.serial, &device.name) {
        (Some(mac), ..) => mac.to_string(),
        (None, Some(serial), _) => serial.to_string(),
        (None, None, Some(name)) => name.to_string(),
        (None, None, None) => request.source_ip.map_or_else(|| "-".to_owned(), |address| address.to_string()),
    };
    match &device.channel {
        Some(channel) => format!("{name}/{channel}"),
        None => name,
    }
}
