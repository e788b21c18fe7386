//! An event as a vendor's adapter draws it, before it has an id, a time and stored pictures.

use std::borrow::Cow;
use std::collections::BTreeMap;

use camhook_event::{
    Camera, Counts, Device, Face, Fraction, ImageRole, Kind, Numbering, Plate, Rectangle, Report, State,
    TargetClass, Text, VendorData, Zone,
};
use jiff::Timestamp;
use serde_json::Value;

/// An event as a vendor's adapter draws it. Pictures are still the sender's text, borrowed from the request.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    /// How a second delivery of the event is recognized.
    pub identity: Identity,
    /// Which camera of the source.
    pub camera: Option<Camera>,
    /// What happened.
    pub kind: Kind,
    /// The vendor's own word for it, verbatim.
    pub vendor_kind: Option<Text>,
    /// The name that a person gave the event or the input.
    pub name: Option<Text>,
    /// Whether this is the detection, or says the same again in another way.
    pub report: Report,
    /// Whether it began or ended.
    pub state: Option<State>,
    /// The name of the level within its device, where this is one and `state` is its value. Devices repeat levels: only
    /// one that differs from the last becomes an event.
    pub level: Option<String>,
    /// The device's own time.
    pub device_time: Option<DeviceTime>,
    /// The device that reported it.
    pub device: Device,
    /// The device's numbers for the events of which this is a report.
    pub event_ids: Vec<Text>,
    /// Whether an event id names an alarm whatever kind its reports give it. Most devices count each kind by itself.
    pub alarm_ids: AlarmIds,
    /// Who or what was detected.
    pub targets: Vec<DraftTarget>,
    /// The area or line that it is about.
    pub zone: Option<Zone>,
    /// The licence plate.
    pub plate: Option<Plate>,
    /// The face.
    pub face: Option<Face>,
    /// The counters.
    pub counts: Option<Counts>,
    /// The pictures, in the order in which they become `images`.
    pub images: Vec<DraftImage<'a>>,
    /// Every other scalar that the vendor sent, by its own name.
    pub vendor_data: VendorData,
    /// Whether the adapter had to leave something out.
    pub truncated: bool,
}

impl Draft<'_> {
    /// An event of a kind of which nothing else is known yet.
    #[must_use]
    pub fn new(kind: Kind, identity: Identity) -> Self {
        Self {
            identity,
            camera: None,
            kind,
            vendor_kind: None,
            name: None,
            report: Report::Detection,
            state: None,
            level: None,
            device_time: None,
            device: Device::default(),
            event_ids: Vec::new(),
            alarm_ids: AlarmIds::OfOneKind,
            targets: Vec::new(),
            zone: None,
            plate: None,
            face: None,
            counts: None,
            images: Vec::new(),
            vendor_data: VendorData::default(),
            truncated: false,
        }
    }

    /// What the event ids distinguish.
    pub(crate) fn numbering(&self) -> Numbering {
        match self.alarm_ids {
            AlarmIds::OfOneKind => Numbering::OfKind(self.kind),
            AlarmIds::OfAnyKind => Numbering::OfAlarms,
        }
    }

    /// The same event with pictures of its own: for an adapter that had to mend the text that they stand in.
    #[must_use]
    pub fn into_owned(self) -> Draft<'static> {
        let images = self
            .images
            .into_iter()
            .map(|DraftImage { role, base64 }| DraftImage { role, base64: Cow::Owned(base64.into_owned()) });
        Draft {
            identity: self.identity,
            camera: self.camera,
            kind: self.kind,
            vendor_kind: self.vendor_kind,
            name: self.name,
            report: self.report,
            state: self.state,
            level: self.level,
            device_time: self.device_time,
            device: self.device,
            event_ids: self.event_ids,
            alarm_ids: self.alarm_ids,
            targets: self.targets,
            zone: self.zone,
            plate: self.plate,
            face: self.face,
            counts: self.counts,
            images: images.collect(),
            vendor_data: self.vendor_data,
            truncated: self.truncated,
        }
    }
}

/// How a second delivery of an event is recognized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// The sender numbered it.
    SenderId(String),
    /// By what was posted, which holds a time: no two events are posted alike.
    Content,
    /// Not at all: the post holds no time, and two alarms may look alike. Only the gateway's own request is
    /// the same again.
    Delivery,
}

/// What has the same event id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmIds {
    /// Reports of one kind about the same thing.
    OfOneKind,
    /// Reports about the same alarm, which may be of several kinds: what set it off is known only to some of them.
    OfAnyKind,
}

/// The device's own time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceTime {
    /// As it was sent.
    pub text: Text,
    /// What it means; `None` when it means nothing.
    pub at: Option<Timestamp>,
}

/// Who or what was detected.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DraftTarget {
    /// The device's number for it.
    pub id: Option<Text>,
    /// What it is.
    pub class: Option<TargetClass>,
    /// How sure the device is.
    pub confidence: Option<Fraction>,
    /// Where in the frame.
    pub bounding_box: Option<Rectangle>,
    /// Which of the draft's images shows it, counted from 0.
    pub image: Option<usize>,
    /// What else the device says of it, by the vendor's own names.
    pub attributes: BTreeMap<String, Value>,
}

/// A picture as the sender gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftImage<'a> {
    /// What it shows.
    pub role: ImageRole,
    /// Its base64 text; white space within and NUL characters at its end are allowed.
    pub base64: Cow<'a, [u8]>,
}
