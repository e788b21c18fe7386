//! From a message to normalized events.

mod assembly;
mod impersonal;

use std::collections::BTreeMap;

use camhook_event::{Camera, Device, Kind, PlateList, Text, Zone};
use camhook_ingest::{DeviceTime, Draft, Identity};
use camhook_site::{Retention, Source};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::message::{Alarm, Channel, Manual, Place, Push, Recognition, Sender};
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
    let mut assembly = Assembly::new(&sender, context);
    for alarm in distinct_alarms(alarms) {
        assembly.add_alarm(alarm);
    }
    for picture in pictures {
        assembly.add_picture(&picture);
    }
    for recognition in recognitions {
        assembly.add_recognition(recognition);
    }
    for (name, value) in unknown.iter() {
        data.insert(name, value.clone());
    }
    assembly.finish(&data)
}

/// The alarms without those that a post repeats in another place. More than a post may hold stay as they are: some were
/// not read, and only their number says so.
fn distinct_alarms(alarms: Vec<Alarm>) -> Vec<Alarm> {
    if alarms.len() > EVENTS_LIMIT {
        return alarms;
    }
    let mut distinct: Vec<Alarm> = Vec::new();
    for alarm in alarms {
        if !distinct.iter().any(|known| alarm.is_repetition_of(known)) {
            distinct.push(alarm);
        }
    }
    distinct
}

/// The recognitions, like [`distinct_alarms`]. One that also stands in `PicData` belongs to its alarm.
fn distinct_recognitions(recognitions: Vec<Recognition<'_>>) -> Vec<Recognition<'_>> {
    if recognitions.len() >= RECOGNITIONS_LIMIT {
        return recognitions;
    }
    let mut distinct: Vec<Recognition<'_>> = Vec::new();
    for recognition in recognitions {
        match distinct.iter_mut().find(|known| recognition.is_repetition_of(known)) {
            Some(known) if known.place == Place::Post => known.place = recognition.place,
            Some(_) => {}
            None => distinct.push(recognition),
        }
    }
    distinct
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
