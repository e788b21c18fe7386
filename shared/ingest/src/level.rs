//! Drafts that report a level: only a changed one becomes an event.

use std::collections::{BTreeMap, BTreeSet};

use camhook_event::State as Level;
use camhook_ports::Ports;
use camhook_state::Error;
use camhook_state::level::{Announcement, LevelReport, Observation, confirm, forget, observe};

use crate::draft::Draft;
use crate::{Instance, Request, Verified};

/// Drafts of one post, each with its ordinal in it.
type Drafts<'a> = Vec<(usize, Draft<'a>)>;

/// The levels of one device in a post.
#[derive(Default)]
struct DeviceLevels {
    /// Where in the drafts each level stands.
    places: Vec<usize>,
    levels: Vec<(String, Level)>,
}

/// Leaves out the levels that repeat what was stored before; also what to pass to [`confirm_stored`].
///
/// When the table fails, every level is an event: one too many is better than one too few.
pub(crate) async fn leave_out_repeated<'a, P: Ports>(
    ports: &P,
    instance: &Instance,
    request: &Request<Verified>,
    mut drafts: Drafts<'a>,
) -> (Drafts<'a>, Vec<Announcement>) {
    let mut devices: BTreeMap<String, DeviceLevels> = BTreeMap::new();
    for (place, (_, draft)) in drafts.iter().enumerate() {
        if let (Some(name), Some(level)) = (&draft.level, draft.state) {
            let device = devices.entry(device(draft, request)).or_default();
            device.places.push(place);
            device.levels.push((name.clone(), level));
        }
    }
    let source = request.source();
    let mut repeated = BTreeSet::new();
    let mut announcements = Vec::new();
    for (device, DeviceLevels { places, levels }) in devices {
        let report = LevelReport {
            source: source.id.as_str(),
            device: &device,
            received_at: request.received_at(),
            levels: &levels,
        };
        match observe_known(ports, instance, report).await {
            Ok(Observation { is_new, announcement }) => {
                repeated.extend(
                    places.into_iter().zip(is_new).filter(|(_, is_new)| !is_new).map(|(place, _)| place),
                );
                announcements.extend(announcement);
            }
            Err(error) => {
                tracing::warn!(source = %source.id, %error, "failed to compare levels with the last ones");
            }
        }
    }
    let mut place = 0..;
    drafts.retain(|_| place.next().is_none_or(|place| !repeated.contains(&place)));
    (drafts, announcements)
}

/// Compares a report with the one before it.
///
/// A report that could not be compared is stored as events, and is not in the item. Until the item says so, the next
/// report of the opposite level would be taken for a repetition of the one before: so the item is made to say so at once,
/// or before this instance's next comparison.
async fn observe_known<P: Ports>(
    ports: &P,
    instance: &Instance,
    report: LevelReport<'_>,
) -> Result<Observation, Error> {
    let LevelReport { source, device, received_at, .. } = report;
    let name = (source.to_owned(), device.to_owned());
    if instance.unknown_levels.contains(&name) {
        forget(ports.state(), source, device, received_at).await?;
        instance.unknown_levels.remove(&name);
    }
    let observed = observe(ports.state(), report).await;
    if observed.is_err() && forget(ports.state(), source, device, received_at).await.is_err() {
        instance.unknown_levels.insert(name);
    }
    observed
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
