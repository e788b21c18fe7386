//! Levels of alarms.

use camhook_event::{Camera, Kind, Zone};
use camhook_ingest::Draft;
use camhook_site::Retention;

use super::face::is_impersonal;
use super::{Common, ParseContext, camera, identifier, share};
use crate::message::{Alarm, Sender};
use crate::scalars::Scalars;
use crate::vocabulary;

/// The events of a post's levels, in its order.
pub(super) fn levels<'a>(
    common: &Common<'a>,
    sender: &Sender<'a>,
    alarms: &[Alarm<'a>],
    context: ParseContext<'_>,
) -> Vec<Draft<'a>> {
    let mut shared = common.scalars.clone();
    shared.cut_to(share(context.length, alarms.len()));
    let level = |alarm: &Alarm<'a>| {
        let mut draft = draft(common, alarm, &shared, context.faces);
        (draft.camera, draft.zone) = place(common, sender, alarm, draft.kind);
        draft
    };
    alarms.iter().map(level).collect()
}

fn draft<'a>(common: &Common<'a>, alarm: &Alarm<'a>, shared: &Scalars<'a>, faces: Retention) -> Draft<'a> {
    let kind = vocabulary::kind(&alarm.name);
    // Whatever is written beside the level of a face may say whose it is.
    let hides_person = faces == Retention::Drop && is_of_faces(alarm);
    let mut draft = common.draft(kind);
    draft.vendor_kind = identifier(&alarm.name);
    draft.name = alarm.label.as_deref().and_then(identifier).filter(|_| !hides_person);
    draft.report = vocabulary::level_report(kind, &alarm.name);
    draft.state = vocabulary::alarm_state(&alarm.value);
    draft.level = draft.state.map(|_| alarm.level_name());
    let mut values = shared.clone();
    values.append(alarm.others.clone());
    if hides_person {
        values.retain(|name, _| is_impersonal(name));
    }
    draft.vendor_data = values.to_vendor_data();
    if let Some(id) = alarm.id.as_deref().and_then(identifier) {
        draft.vendor_data.insert("id", id.as_str());
    }
    if let Some(part) = alarm.part.as_deref() {
        draft.vendor_data.insert(part, alarm.value.as_ref());
    } else if draft.state.is_none() && !hides_person {
        draft.vendor_data.insert(&alarm.name, alarm.value.as_ref());
    }
    draft
}

/// Whether a level is that of a face, by its word or its name.
pub(super) fn is_of_faces(alarm: &Alarm<'_>) -> bool {
    let name = alarm.name.to_ascii_lowercase();
    let is_face = matches!(vocabulary::kind(&name), Kind::Face | Kind::FaceMatch);
    is_face || name.contains("face") || name.contains("vfd")
}

/// The camera of a level, or the input.
///
/// What a level calls its channel is one. Otherwise a recorder names the channel in `deviceInfo`; one that does not puts it
/// into the level's `id`, or that of its list, and so does a camera. Only for sensors the `id` is the number of the input,
/// which belongs to no channel.
fn place(
    common: &Common<'_>,
    sender: &Sender<'_>,
    alarm: &Alarm<'_>,
    kind: Kind,
) -> (Option<Camera>, Option<Zone>) {
    let id = alarm.id.as_deref().and_then(identifier);
    let channel = alarm.channel.as_deref().and_then(identifier).map(|id| camera(common, sender, id));
    if kind == Kind::Input {
        let is_camera = sender.channel.is_some() || sender.is_surely_camera();
        let camera = channel.or_else(|| common.camera.clone().filter(|_| is_camera));
        return (camera, id.map(|id| Zone { id: Some(id), ..Zone::default() }));
    }
    let number = alarm.list_id.as_deref().and_then(identifier).or(id);
    let camera = match (channel, number) {
        (Some(channel), _) => Some(channel),
        (None, Some(number)) if sender.channel.is_none() => Some(camera(common, sender, number)),
        _ => common.camera.clone(),
    };
    (camera, None)
}
