//! The dialect as types.

use std::borrow::Cow;
use std::collections::BTreeMap;

use camhook_event::{
    Counts, ImageRole, Kind, MacAddress, Report, State, TargetClass, Text, Vehicle, VendorData,
};
use camhook_ingest::{Ignored, Malformed};
use camhook_json::Object;

use crate::vocabulary::{Meaning, Subject};

/// What a request says.
#[derive(Debug, Clone)]
pub(crate) enum Message<'a> {
    /// The device is there.
    Heartbeat,
    /// Something known that is no event.
    Ignored(Ignored),
    /// A person pressed one of the two Manual Push buttons.
    Manual(Manual<'a>),
    /// One or more alarms and recognitions.
    Push {
        /// What each `data` reports.
        pushes: Vec<Push<'a>>,
        /// Why the post goes to the quarantine, too: what it holds beside that no event keeps.
        remainder: Option<Malformed>,
    },
}

/// One of the two Manual Push buttons.
#[derive(Debug, Clone)]
pub(crate) struct Manual<'a> {
    /// Its number: `1` or `2`.
    pub(crate) button: Text,
    /// The device, as far as the request names it.
    pub(crate) sender: Sender,
    /// The time that the request holds.
    pub(crate) time: Option<Text>,
    /// What else the request holds.
    pub(crate) rest: Object<'a>,
}

/// The device.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sender {
    /// `MACAddress`, `MacAddress`, `mac`: in any form.
    pub(crate) mac: Option<MacAddress>,
    /// `DeviceName`, `device_name`.
    pub(crate) name: Option<Text>,
    /// `IPAddress`, `ip`.
    pub(crate) address: Option<Text>,
    /// `ChannelName`: what was typed into *Name* of the push menu. It names a camera only where no channel is sent.
    pub(crate) label: Option<Text>,
}

/// What one `data` reports.
#[derive(Debug, Clone, Default)]
pub(crate) struct Push<'a> {
    /// Who sent it.
    pub(crate) sender: Sender,
    /// The alarms, in their order.
    pub(crate) alarms: Vec<Alarm>,
    /// `alarm_snap_data`, and a `PicData` that is a picture by itself.
    pub(crate) pictures: Vec<AlarmPicture<'a>>,
    /// Persons, vehicles, plates and faces that were recognized.
    pub(crate) recognitions: Vec<Recognition<'a>>,
    /// The names that a recorder gives to its channels, by their ids.
    pub(crate) names: BTreeMap<Text, Text>,
    /// What else is known of the post as a whole.
    pub(crate) data: VendorData,
    /// What the post holds beside that is in no document.
    pub(crate) unknown: VendorData,
}

/// Which camera of the device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Channel {
    /// `CH1`, `IP_CH1`, `WIFI_CH1`.
    pub(crate) id: Option<Text>,
    /// `channel_name`, `chn_alias`: the camera's name.
    pub(crate) name: Option<Text>,
}

/// Something that the device says happened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Alarm {
    /// The vendor's word: `VideoMotion`, `lcd`, `hdd`.
    pub(crate) word: Text,
    /// Where the word stands.
    pub(crate) word_place: WordPlace,
    /// What it says happened.
    pub(crate) kind: Kind,
    /// Its meaning, when the word is known.
    pub(crate) meaning: Option<Meaning>,
    /// Whether it began or ended, where the form has that.
    pub(crate) state: Option<State>,
    /// `Status` for statistics.
    pub(crate) report: Report,
    /// What it is about.
    pub(crate) scope: Scope,
    /// The device's time.
    pub(crate) time: Option<Text>,
    /// `take_alarm_snap`: the number of its picture.
    pub(crate) picture: Option<Text>,
    /// Counters of a line.
    pub(crate) counts: Option<Counts>,
    /// The levels beside it.
    pub(crate) data: VendorData,
    /// What stands beside it that is in no document.
    pub(crate) unknown: VendorData,
}

impl Alarm {
    /// Whether another part of the same `data` is this one again, member by member. Without a time, two alarms may be
    /// alike.
    pub(crate) fn is_repetition_of(&self, other: &Self) -> bool {
        self.time.is_some() && self == other
    }

    /// Whether another part of the post reports the same again.
    pub(crate) fn is_repeated(&self, other: &Self) -> bool {
        self.word.as_str().eq_ignore_ascii_case(other.word.as_str())
            && self.state == other.state
            && self.time == other.time
    }
}

/// Where the word of an alarm stands in the post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WordPlace {
    /// It is the name of a member.
    Name,
    /// It is the text of one, where anything may stand.
    Value,
}

/// What an alarm is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    /// A channel, in the flat form, whose `PicData` shows it.
    Flat {
        /// The channel.
        channel: Channel,
        /// The number of the alarm among those of its form, by which `PicData` refers to it.
        number: usize,
    },
    /// A channel.
    Channel(Channel),
    /// The device itself, by its name.
    Device(Option<Text>),
}

/// A picture that was taken because of an alarm.
#[derive(Debug, Clone)]
pub(crate) struct AlarmPicture<'a> {
    /// Where it stands in the post.
    pub(crate) place: Place,
    /// Whose.
    pub(crate) channel: Channel,
    /// `img_id`: the number that the alarm names.
    pub(crate) id: Option<Text>,
    /// `img_time`.
    pub(crate) time: Option<Text>,
    /// `img_data`.
    pub(crate) base64: Cow<'a, [u8]>,
}

/// Something that was recognized in a picture.
#[derive(Debug, Clone)]
pub(crate) struct Recognition<'a> {
    /// Where it stands in the post.
    pub(crate) place: Place,
    /// The list it is in: `SnapedObjInfo`, `PlateInfo`, `FaceInfo`.
    pub(crate) list: Subject,
    /// Which camera.
    pub(crate) channel: Channel,
    /// `StartTime`.
    pub(crate) time: Option<Text>,
    /// `SnapId`, unless it is the text of a plate.
    pub(crate) id: Option<Text>,
    /// What was recognized.
    pub(crate) recognized: Recognized,
    /// Its pictures.
    pub(crate) images: Vec<(ImageRole, Cow<'a, [u8]>)>,
    /// What else is known of it.
    pub(crate) rest: Object<'a>,
}

impl Recognition<'_> {
    /// Whether another part of the same `data` is this one again, member by member, wherever it stands. Without a time,
    /// two recognitions may be alike.
    pub(crate) fn is_repetition_of(&self, other: &Self) -> bool {
        let Self { place: _, list, channel, time, id, recognized, images, rest } = self;
        time.is_some()
            && (*list, time, id, channel) == (other.list, &other.time, &other.id, &other.channel)
            && (recognized, rest, images) == (&other.recognized, &other.rest, &other.images)
    }
}

/// Where in a post a recognition stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In `PicData` of the flat form: it belongs to the alarm with this number.
    PicData(usize),
    /// Anywhere else.
    Post,
}

/// What was recognized.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Recognized {
    /// A person or a vehicle.
    Object {
        /// What its `Type` says happened.
        kind: Kind,
        /// What its `Type` says it is.
        class: Option<TargetClass>,
    },
    /// A licence plate.
    Plate(PlateReading),
    /// A face.
    Face(FaceReading),
}

impl Recognized {
    /// What it is joined with an alarm by.
    pub(crate) fn subject(&self) -> Subject {
        match self {
            Self::Object { .. } => Subject::Object,
            Self::Plate(_) => Subject::Plate,
            Self::Face(_) => Subject::Face,
        }
    }
}

/// A licence plate.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct PlateReading {
    /// The registered plate, else the one that was read.
    pub(crate) text: Option<Text>,
    /// What was read, where that differs from the registered plate.
    pub(crate) read: Option<Text>,
    /// `GrpId`.
    pub(crate) group: Option<i64>,
    /// `PlateColor`.
    pub(crate) color: Option<Text>,
    /// `Owner`.
    pub(crate) owner: Option<Text>,
    /// `CarBrand`, `CarType`, `CarColor`.
    pub(crate) vehicle: Vehicle,
}

/// A face.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct FaceReading {
    /// Whether it is one of the album.
    pub(crate) matched: Option<bool>,
    /// `GrpId`.
    pub(crate) group: Option<i64>,
    /// `Id` of the person, when matched.
    pub(crate) person_id: Option<Text>,
    /// `Name` of the person, when matched.
    pub(crate) name: Option<Text>,
    /// `Similarity`: 0 to 1.
    pub(crate) similarity: Option<f64>,
    /// The estimates of the picture.
    pub(crate) sex: Option<Text>,
    /// In years.
    pub(crate) age: Option<Text>,
    /// `yes` or `no`.
    pub(crate) glasses: Option<Text>,
    /// `yes` or `no`.
    pub(crate) mask: Option<Text>,
}
