//! The dialect as types.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

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
        let Self {
            word,
            word_place,
            kind,
            meaning,
            state,
            report,
            scope,
            time,
            picture,
            counts,
            data,
            unknown,
        } = self;
        time.is_some()
            && scope.is_same(&other.scope)
            && (word, word_place, kind, meaning)
                == (&other.word, &other.word_place, &other.kind, &other.meaning)
            && (state, report, time, picture) == (&other.state, &other.report, &other.time, &other.picture)
            && (counts, data, unknown) == (&other.counts, &other.data, &other.unknown)
    }

    /// The number of the flat form, by which `PicData` refers to the alarm.
    pub(crate) fn number(&self) -> Option<usize> {
        match self.scope {
            Scope::Flat { number, .. } => Some(number),
            Scope::Channel(_) | Scope::Device(_) => None,
        }
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
        /// The number of the alarms of this channel in its form, by which `PicData` refers to them.
        number: usize,
    },
    /// A channel.
    Channel(Channel),
    /// The device itself, by its name.
    Device(Option<Text>),
}

impl Scope {
    /// Whether both are about the same, wherever in the post they stand.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Flat { channel, number: _ }, Self::Flat { channel: of_other, number: _ }) => {
                channel == of_other
            }
            _ => self == other,
        }
    }
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
    /// The `SnapId` of the object that is the same, where that has another: the only one of its kind in `SnapedObjInfo` at
    /// that time, as this is the only one of its list.
    pub(crate) object_id: Option<Text>,
    /// What was recognized.
    pub(crate) recognized: Recognized,
    /// Its pictures.
    pub(crate) images: Vec<(ImageRole, Cow<'a, [u8]>)>,
    /// What else is known of it.
    pub(crate) rest: Object<'a>,
}

impl Recognition<'_> {
    /// A number that is the same for a repetition, and another for nearly all others.
    pub(crate) fn digest(&self) -> u64 {
        let Self { place: _, object_id: _, list: _, channel, time, id, recognized, images, rest } = self;
        let mut hasher = DefaultHasher::new();
        let texts = [&channel.id, &channel.name, time, id];
        texts.map(|text| text.as_ref().map(Text::as_str)).hash(&mut hasher);
        images.iter().for_each(|(_, base64)| base64.hash(&mut hasher));
        format!("{recognized:?}{rest:?}").hash(&mut hasher);
        hasher.finish()
    }

    /// Whether it is distinguishable from another that was recognized at the same time: by its number, its picture, or whom it
    /// names.
    fn is_distinct(&self) -> bool {
        let names_somebody = match &self.recognized {
            Recognized::Object { .. } => false,
            Recognized::Plate(plate) => plate.text.is_some(),
            Recognized::Face(face) => face.person_id.is_some() || face.name.is_some(),
        };
        names_somebody || self.id.is_some() || !self.images.is_empty()
    }

    /// Whether another part of the same `data` is this one again, member by member, wherever it stands. Without a time,
    /// two recognitions may be alike, and so may two that nothing distinguishes.
    pub(crate) fn is_repetition_of(&self, other: &Self) -> bool {
        let Self { place: _, object_id: _, list, channel, time, id, recognized, images, rest } = self;
        time.is_some()
            && self.is_distinct()
            && (*list, time, id, channel) == (other.list, &other.time, &other.id, &other.channel)
            && (recognized, rest, images) == (&other.recognized, &other.rest, &other.images)
    }
}

/// Where in a post a recognition stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In `PicData` of the flat form: it belongs to an alarm with this number.
    PicData(usize),
    /// Anywhere else.
    Post,
}

impl Place {
    /// The place where those numbers of alarms were replaced by others.
    pub(crate) fn renumbered(self, numbers: &BTreeMap<usize, usize>) -> Self {
        match self {
            Self::PicData(number) => Self::PicData(*numbers.get(&number).unwrap_or(&number)),
            Self::Post => Self::Post,
        }
    }
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
