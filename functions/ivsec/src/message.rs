//! The dialect as types.

use std::borrow::Cow;

use camhook_event::{Kind, MacAddress, State, TargetClass, Text};
use camhook_json::Object;

/// What a request says.
#[derive(Debug, Clone)]
pub(crate) enum Message<'a> {
    /// The device is there.
    Heartbeat,
    /// Levels that say that nothing is the matter, or statistics.
    Nothing,
    /// A person pressed one of the two Manual Push buttons.
    Manual(Manual<'a>),
    /// The flat form: a camera's POST, or any GET.
    Flat(Flat<'a>),
    /// The rich form: a recorder's POST, or a newer camera's.
    Rich(Rich<'a>),
}

/// One of the two Manual Push buttons.
#[derive(Debug, Clone)]
pub(crate) struct Manual<'a> {
    /// Its number: `1` or `2`.
    pub(crate) button: Text,
    /// Who says so, as far as the request says it.
    pub(crate) sender: Sender,
    /// The time that the request holds.
    pub(crate) time: Option<Text>,
    /// What else the request holds.
    pub(crate) rest: Object<'a>,
}

/// The device, and its channel as far as one is named for the whole post.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sender {
    /// `MACAddress`, `MacAddress`, `mac`: in any form.
    pub(crate) mac: Option<MacAddress>,
    /// `DeviceName`, `device_name`.
    pub(crate) name: Option<Text>,
    /// `IPAddress`, `ip`.
    pub(crate) address: Option<Text>,
    /// `ChannelName`; `ChnnelName` in the documents.
    pub(crate) channel_name: Option<Text>,
}

/// The flat form.
#[derive(Debug, Clone)]
pub(crate) struct Flat<'a> {
    /// `EventType`.
    pub(crate) event_type: Text,
    /// `EventAction`.
    pub(crate) state: Option<State>,
    /// `EventTime`.
    pub(crate) time: Option<Text>,
    /// Who sent it.
    pub(crate) sender: Sender,
    /// `PicData`.
    pub(crate) snapped: Snapped<'a>,
    /// `PicData` where it is a picture by itself.
    pub(crate) picture: Option<Cow<'a, [u8]>>,
    /// What else it holds.
    pub(crate) rest: Object<'a>,
}

/// The rich form.
#[derive(Debug, Clone)]
pub(crate) struct Rich<'a> {
    /// `dev_net_info`.
    pub(crate) sender: Sender,
    /// The flags that are true.
    pub(crate) alarms: Vec<Alarm<'a>>,
    /// `alarm_snap_data`.
    pub(crate) pictures: Vec<AlarmPicture<'a>>,
    /// `ai_snap_picture`.
    pub(crate) snapped: Snapped<'a>,
    /// What else the post holds.
    pub(crate) rest: Object<'a>,
}

/// A flag that is true.
#[derive(Debug, Clone)]
pub(crate) struct Alarm<'a> {
    /// The vendor's word: `motion_alarm`, `lcd`, `hdd`.
    pub(crate) word: Text,
    /// What it says happened.
    pub(crate) kind: Kind,
    /// `channel`: `CH1`; none for an alarm of the device itself.
    pub(crate) channel: Option<Text>,
    /// `chn_alias`.
    pub(crate) channel_name: Option<Text>,
    /// `time` of its entry in the list.
    pub(crate) time: Option<Text>,
    /// `device_name` of an alarm of the device itself.
    pub(crate) device_name: Option<Text>,
    /// `take_alarm_snap`: the number of its picture.
    pub(crate) picture: Option<Text>,
    /// The levels beside it.
    pub(crate) rest: Object<'a>,
}

/// A picture that was taken because of an alarm.
#[derive(Debug, Clone)]
pub(crate) struct AlarmPicture<'a> {
    /// `channel`; `chnnel` in the documents.
    pub(crate) channel: Option<Text>,
    /// `img_id`: the number that the alarm names.
    pub(crate) id: Option<Text>,
    /// `img_time`.
    pub(crate) time: Option<Text>,
    /// `img_data`.
    pub(crate) base64: Cow<'a, [u8]>,
}

/// What was recognized, with its pictures.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapped<'a> {
    /// `SnapedObjInfo`.
    pub(crate) objects: Vec<SnappedObject<'a>>,
    /// `PlateInfo`.
    pub(crate) plates: Vec<SnappedPlate<'a>>,
    /// `FaceInfo`.
    pub(crate) faces: Vec<SnappedFace<'a>>,
}

/// Where and when something was recognized.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snap {
    /// `StrChn`, or `CH` and `Chn` + 1.
    pub(crate) channel: Option<Text>,
    /// `StartTime`, in seconds since 1970.
    pub(crate) time: Option<Text>,
    /// `SnapId`.
    pub(crate) id: Option<Text>,
}

/// A person, a vehicle or a face.
#[derive(Debug, Clone)]
pub(crate) struct SnappedObject<'a> {
    /// Where and when.
    pub(crate) snap: Snap,
    /// What its type says happened.
    pub(crate) kind: Kind,
    /// What its type says it is.
    pub(crate) class: Option<TargetClass>,
    /// `ObjectImage`.
    pub(crate) cut_out: Option<Cow<'a, [u8]>>,
    /// `Background`.
    pub(crate) background: Option<Cow<'a, [u8]>>,
    /// What else is known of it.
    pub(crate) rest: Object<'a>,
}

/// A licence plate.
#[derive(Debug, Clone)]
pub(crate) struct SnappedPlate<'a> {
    /// Where and when.
    pub(crate) snap: Snap,
    /// The plate: `Id`, or `SnapId` of one that is on no list.
    pub(crate) text: Option<Text>,
    /// Whether it is known to be on none of the device's lists.
    pub(crate) membership: Membership,
    /// `Owner`.
    pub(crate) owner: Option<Text>,
    /// `CarBrand`.
    pub(crate) brand: Option<Text>,
    /// `CarType`.
    pub(crate) vehicle_type: Option<Text>,
    /// `PlateImg`.
    pub(crate) cut_out: Option<Cow<'a, [u8]>>,
    /// `BgImg`.
    pub(crate) background: Option<Cow<'a, [u8]>>,
    /// What else is known of it.
    pub(crate) rest: Object<'a>,
}

/// A face.
#[derive(Debug, Clone)]
pub(crate) struct SnappedFace<'a> {
    /// Where and when.
    pub(crate) snap: Snap,
    /// `Id` of the person in the album.
    pub(crate) person_id: Option<Text>,
    /// `Name` of the person in the album.
    pub(crate) name: Option<Text>,
    /// Whether the person is known to be on none of the device's lists.
    pub(crate) membership: Membership,
    /// `Similarity`, 0 to 100 or 0 to 1.
    pub(crate) similarity: Option<f64>,
    /// `Image1` to `Image4`.
    pub(crate) pictures: Vec<Cow<'a, [u8]>>,
    /// A picture of the whole frame.
    pub(crate) background: Option<Cow<'a, [u8]>>,
    /// What else is known of it.
    pub(crate) rest: Object<'a>,
}

/// Whether something is on one of the device's own lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Membership {
    /// On none: `GrpId` is 3, "stranger".
    Stranger,
    /// The documents do not say what the other groups are.
    Unsaid,
}
