//! From a message to normalized events.

mod assembly;
mod impersonal;

use std::collections::BTreeMap;

use camhook_event::{Camera, Device, Kind, PlateList, Text, Zone};
use camhook_ingest::{DeviceTime, Draft, Identity};
use camhook_site::{Retention, Source};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::message::{Alarm, AlarmPicture, Channel, Manual, Place, Push, Recognition, Scope, Sender};
use crate::parse::{EVENTS_LIMIT, RECOGNITIONS_LIMIT};
use crate::time::device_time;
use crate::vocabulary::Subject;
use assembly::Assembly;
use impersonal::keep_impersonal;

/// The source's settings and the time of receipt, by which a message is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'s> {
    /// The zone of local times.
    timezone: &'s TimeZone,
    /// Whether faces are kept.
    faces: Retention,
    /// Which list a group of the face album is.
    groups: &'s BTreeMap<i64, PlateList>,
    /// When the post was received.
    received_at: Timestamp,
}

impl<'s> Context<'s> {
    /// The context of a post from a source.
    pub(crate) fn new(source: &'s Source, received_at: Timestamp) -> Self {
        Self { timezone: &source.timezone, faces: source.faces, groups: &source.groups, received_at }
    }

    fn device_time(&self, text: Option<&Text>) -> Option<DeviceTime> {
        Some(device_time(text?.clone(), self.timezone, self.received_at))
    }
}

/// The event of a button. The request alone distinguishes two presses.
pub(crate) fn manual_draft<'a>(manual: Manual<'a>, context: &Context<'_>) -> Draft<'a> {
    let Manual { button, sender, time, rest } = manual;
    let mut draft = Draft::new(Kind::Manual, Identity::Delivery);
    draft.vendor_kind = Text::new("Manual Push");
    draft.device_time = context.device_time(time.as_ref());
    draft.zone = Some(Zone { id: Some(button), ..Zone::default() });
    place(&mut draft, &sender, &Channel::default());
    rest.keep(&mut draft.vendor_data);
    if context.faces == Retention::Drop {
        keep_impersonal(&mut draft);
    }
    draft
}

/// The events of a post: one for each alarm, plate and face, and one for the objects of one kind in one channel. What
/// was recognized joins the alarm of its channel that reports the same.
pub(crate) fn drafts<'a>(push: Push<'a>, context: &Context<'_>) -> Vec<Draft<'a>> {
    let Push { sender, alarms, pictures, recognitions, names: _, mut data, unknown } = push;
    let mut recognitions = distinct_recognitions(recognitions);
    // Before the faces, of which `FaceInfo` says more.
    recognitions.sort_by_key(|recognition| recognition.list != Subject::Object);
    note_object_ids(&mut recognitions);
    let mut assembly = Assembly::new(&sender, context);
    let (alarms, numbers) = distinct_alarms(alarms);
    for alarm in alarms {
        assembly.add_alarm(alarm);
    }
    for picture in pictures {
        assembly.add_picture(&AlarmPicture { place: picture.place.renumbered(&numbers), ..picture });
    }
    for recognition in recognitions {
        let place = recognition.place.renumbered(&numbers);
        assembly.add_recognition(Recognition { place, ..recognition });
    }
    for (name, value) in unknown.iter() {
        data.insert(name, value.clone());
    }
    assembly.finish(&data)
}

/// The alarms without those that a post repeats in another place. More than a post may hold stay as they are: some were
/// not read, and only their number says so. With them the numbers of flat forms that were repeated, and those that stand
/// for them, so that their `PicData` finds the alarms that are left.
fn distinct_alarms(alarms: Vec<Alarm>) -> (Vec<Alarm>, BTreeMap<usize, usize>) {
    let mut numbers = BTreeMap::new();
    if alarms.len() > EVENTS_LIMIT {
        return (alarms, numbers);
    }
    let mut distinct: Vec<Alarm> = Vec::new();
    for alarm in alarms {
        match distinct.iter().find(|known| alarm.is_repetition_of(known)) {
            Some(known) => {
                if let (Some(number), Some(of_known)) = (alarm.number(), known.number()) {
                    let of_known = *numbers.get(&of_known).unwrap_or(&of_known);
                    numbers.entry(number).or_insert(of_known);
                }
            }
            None => distinct.push(alarm),
        }
    }
    for alarm in &mut distinct {
        if let Scope::Flat { number, .. } = &mut alarm.scope {
            *number = *numbers.get(number).unwrap_or(number);
        }
    }
    (distinct, numbers)
}

/// The recognitions, like [`distinct_alarms`]. One that also stands in `PicData` belongs to its alarm.
fn distinct_recognitions(recognitions: Vec<Recognition<'_>>) -> Vec<Recognition<'_>> {
    if recognitions.len() >= RECOGNITIONS_LIMIT {
        return recognitions;
    }
    let mut distinct: Vec<Recognition<'_>> = Vec::new();
    let mut indexes = BTreeMap::new();
    for recognition in recognitions {
        // Pictures are long: each is looked at once.
        let index = *indexes.entry((recognition.list, recognition.digest())).or_insert(distinct.len());
        match distinct.get_mut(index).filter(|known| recognition.is_repetition_of(known)) {
            Some(known) if known.place == Place::Post => known.place = recognition.place,
            Some(_) => {}
            None => distinct.push(recognition),
        }
    }
    distinct
}

/// Notes of each plate and face which object is the same: the only one of its kind that was snapped in its channel at its
/// time, where it is the only one of its list.
fn note_object_ids(recognitions: &mut [Recognition<'_>]) {
    let mut found: BTreeMap<_, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (index, recognition) in recognitions.iter().enumerate() {
        let subject = recognition.recognized.subject();
        let (Some(channel), Some(time)) = (&recognition.channel.id, &recognition.time) else { continue };
        let (objects, listed) = found.entry((subject, channel.clone(), time.clone())).or_default();
        let of_list = if recognition.list == Subject::Object { objects } else { listed };
        of_list.push(index);
    }
    for (objects, listed) in found.into_values() {
        let ([object], [listed]) = (objects.as_slice(), listed.as_slice()) else { continue };
        let id = recognitions.get(*object).and_then(|object| object.id.clone());
        if let Some(listed) = recognitions.get_mut(*listed) {
            listed.object_id = id;
        }
    }
}

/// Sets where it happened. A camera without a channel is known by the label of the push menu, unless characters of it
/// could not be read: of several cameras it may be the same.
fn place(draft: &mut Draft<'_>, sender: &Sender, channel: &Channel) {
    let names = [channel.name.as_ref(), sender.label.as_ref()].into_iter().flatten();
    let id = channel.id.as_ref().or_else(|| names.into_iter().find(|name| !has_replacements(name)));
    let label = sender.label.as_ref().filter(|_| channel.id.is_none());
    let name = channel.name.as_ref().or(label).filter(|name| is_legible(name));
    draft.camera = id.map(|id| Camera { id: id.clone(), name: name.cloned() });
    if let (None, Some(label)) = (id, label.filter(|label| is_legible(label))) {
        draft.vendor_data.insert("ChannelName", label.as_str());
    }
    draft.device = Device {
        mac: sender.mac,
        name: sender.name.clone(),
        serial: None,
        address: sender.address.clone(),
        channel: channel.id.clone(),
    };
}

/// Whether characters of a text could not be read.
fn has_replacements(text: &Text) -> bool {
    text.as_str().contains(char::REPLACEMENT_CHARACTER)
}

/// Whether anything of a text can be read.
fn is_legible(text: &Text) -> bool {
    !has_replacements(text) || text.as_str().chars().any(char::is_alphanumeric)
}
