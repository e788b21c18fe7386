//! The dialect as types, before it is put into the terms of an event.

use std::borrow::Cow;

use camhook_event::Kind;

use crate::scalars::Scalars;

/// A post, or one of several documents in it.
#[derive(Debug)]
pub(crate) struct Post<'a> {
    /// Who sent it.
    pub(crate) sender: Sender<'a>,
    /// When, by the device's clock.
    pub(crate) times: Times<'a>,
    /// What it reports.
    pub(crate) content: Content<'a>,
}

/// What a post reports. The blocks in it decide: `version` and even `messageType` do not tell (1.7 posts with a
/// `messageType` and 2.x posts without one were seen).
#[derive(Debug)]
pub(crate) enum Content<'a> {
    /// The device is there.
    Keepalive,
    /// A list of alarms' levels, and none is in it.
    NoAlarm,
    /// Positions, which the source's settings drop.
    UnwantedTracks,
    /// `traject`: positions of targets.
    Tracks(Tracks<'a>),
    /// `alarmStatusInfo`, a smart event, or both.
    Reports {
        /// The levels of alarms.
        alarms: Vec<Alarm<'a>>,
        /// The smart event.
        smart: Option<Box<Smart<'a>>>,
        /// Positions in the same post.
        tracks: Option<Tracks<'a>>,
        /// Every other value of the post.
        scalars: Scalars<'a>,
    },
}

/// Who sent a post.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sender<'a> {
    /// Whether the name, address and MAC address are a camera's or a recorder's.
    pub(crate) model: Model,
    /// The channel, where one is named.
    pub(crate) channel: Option<Cow<'a, str>>,
    /// The device's name.
    pub(crate) name: Option<Cow<'a, str>>,
    /// Its MAC address, in whatever notation.
    pub(crate) mac: Option<Cow<'a, str>>,
    /// Its serial number.
    pub(crate) serial: Option<Cow<'a, str>>,
    /// Its address in its own network.
    pub(crate) address: Option<Cow<'a, str>>,
}

/// What kind of device speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Model {
    /// A camera.
    #[default]
    Camera,
    /// A recorder, which forwards its cameras' events: it names the channel beside itself, in `deviceInfo`.
    Recorder,
}

/// The device's times, as sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Times<'a> {
    /// `currentTime`: since 1970, in a unit given by its magnitude.
    pub(crate) current: Option<Cow<'a, str>>,
    /// `snapTime` of a face comparison: the same.
    pub(crate) snap: Option<Cow<'a, str>>,
    /// `dataTime`: local, without a zone.
    pub(crate) local: Option<Cow<'a, str>>,
}

/// The level of one alarm.
#[derive(Debug)]
pub(crate) struct Alarm<'a> {
    /// The alarm: `perimeterAlarm`.
    pub(crate) name: Cow<'a, str>,
    /// The channel of a camera or recorder, the number of an input, or the rule of a recorder that names the channel
    /// elsewhere.
    pub(crate) id: Option<Cow<'a, str>>,
    /// The name that a person gave it.
    pub(crate) label: Option<Cow<'a, str>>,
    /// `true`, `false`, or whatever else was sent; empty when only `others` were.
    pub(crate) value: Cow<'a, str>,
    /// Every other value of the level.
    pub(crate) others: Scalars<'a>,
}

/// A tracking post.
#[derive(Debug, Default)]
pub(crate) struct Tracks<'a> {
    /// The block's name: `traject`.
    pub(crate) name: &'a str,
    /// Where each target is.
    pub(crate) targets: Vec<Item<'a>>,
    /// What else stands in the post.
    pub(crate) scalars: Scalars<'a>,
}

/// A smart event: `smartType` of a camera or recorder.
#[derive(Debug, Default)]
pub(crate) struct Smart<'a> {
    /// The vendor's word: `PEA`, `regionIntrusion`.
    pub(crate) smart_type: Option<Cow<'a, str>>,
    /// What was detected where: `perInfo`, `tripInfo`, `eventInfo` and their like.
    pub(crate) events: Vec<Item<'a>>,
    /// Who or what was detected: `listInfo`, `targetListInfo`, `licensePlateListInfo`, `faceListInfo`.
    pub(crate) targets: Vec<Item<'a>>,
    /// Every picture that is not empty, in the order of the post.
    pub(crate) pictures: Vec<Picture<'a>>,
    /// Width and height of the frame in pixels, where `sourceDataInfo` says them.
    pub(crate) frame: Option<(f64, f64)>,
    /// The nine counters of `passLineCount` and `traffic`.
    pub(crate) counters: Scalars<'a>,
    /// `albumInfo` and `snapInfo` of a face comparison: who it is.
    pub(crate) person: Scalars<'a>,
}

impl Smart<'_> {
    /// Whether nothing was detected, counted or compared.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.targets.is_empty()
            && self.pictures.is_empty()
            && self.counters.is_empty()
            && self.person.is_empty()
    }
}

/// Which block an item stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Block {
    /// `perimeter`: an area was entered.
    Perimeter,
    /// `tripwire`: a line was crossed.
    Tripwire,
    /// Any other block of events.
    Event,
    /// `listInfo`, `targetListInfo`, or a target that stands alone.
    Target,
    /// `licensePlateListInfo`: boxes are in pixels.
    Plate,
    /// `faceListInfo`: boxes are in pixels.
    Face,
}

/// An entry of any of the vendor's lists.
#[derive(Debug)]
pub(crate) struct Item<'a> {
    /// Where it stands.
    pub(crate) block: Block,
    /// The corners of an area.
    pub(crate) points: Vec<(f64, f64)>,
    /// The two ends of a line.
    pub(crate) line: LineEnds,
    /// `x1`, `y1`, `x2`, `y2` of `rect`.
    pub(crate) rect: Option<[f64; 4]>,
    /// The four corners `leftTop`, `rightTop`, `leftBottom`, `rightBottom`.
    pub(crate) corners: Vec<(f64, f64)>,
    /// `Width` and `Height` of the item itself: the frame, where `corners` are in its pixels.
    pub(crate) frame: Option<(f64, f64)>,
    /// Which of the post's pictures shows it.
    pub(crate) picture: Option<usize>,
    /// `carRect` and the like: raw numbers by name, whose unit is not known.
    pub(crate) raw: Vec<(&'a str, Vec<(&'a str, f64)>)>,
    /// `carAttr`, `carAttribute`.
    pub(crate) car: Scalars<'a>,
    /// `licensePlateAttribute` and `licensePlateMatchInfo`.
    pub(crate) plate: Scalars<'a>,
    /// Whether `licensePlateMatchInfo` was there: the plate is in the recorder's database.
    pub(crate) plate_match: PlateMatch,
    /// Every other value.
    pub(crate) scalars: Scalars<'a>,
}

/// Whether a recorder found a plate in its database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum PlateMatch {
    /// It did not say so.
    #[default]
    Absent,
    /// It did.
    Found,
}

/// The two ends of a line, as far as they were sent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LineEnds {
    /// Where it begins.
    pub(crate) start: Option<(f64, f64)>,
    /// Where it ends.
    pub(crate) end: Option<(f64, f64)>,
}

impl Item<'_> {
    /// An entry of which nothing is known yet.
    pub(crate) fn new(block: Block) -> Self {
        Self {
            block,
            points: Vec::new(),
            line: LineEnds::default(),
            rect: None,
            corners: Vec::new(),
            frame: None,
            picture: None,
            raw: Vec::new(),
            car: Scalars::default(),
            plate: Scalars::default(),
            plate_match: PlateMatch::Absent,
            scalars: Scalars::default(),
        }
    }

    /// Whether it is a licence plate, in a post of this kind. A camera's list holds the frame's picture too, which
    /// is no plate: neither its place in the list nor the list's length tells, only `plateNumber` and `image` do.
    pub(crate) fn is_plate(&self, kind: Kind) -> bool {
        self.block == Block::Plate
            || self.scalars.get("plateNumber").is_some()
            || (kind == Kind::Plate && self.scalars.get("image") == Some("1"))
    }

    /// Whether it is about somebody or something that was detected.
    pub(crate) fn shows_target(&self) -> bool {
        let has = |name| self.scalars.get(name).is_some();
        self.block != Block::Target
            || self.picture.is_some()
            || self.rect.is_some()
            || !self.corners.is_empty()
            || !self.car.is_empty()
            || has("targetId")
            || has("targetType")
    }

    /// Whether it says anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.picture.is_none()
            && self.rect.is_none()
            && self.points.is_empty()
            && self.line.start.is_none()
            && self.car.is_empty()
            && self.plate.is_empty()
            && self.scalars.is_empty()
    }
}

/// A picture that is not empty.
#[derive(Debug, Clone)]
pub(crate) struct Picture<'a> {
    /// Where it stands.
    pub(crate) place: Place,
    /// Its base64 text.
    pub(crate) base64: Cow<'a, [u8]>,
}

/// Where a picture stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// `sourceDataInfo`, `sourceData`: the frame.
    Source,
    /// An entry of a list, or anywhere else.
    Target,
    /// `snapData`: the face that was compared.
    Snap,
    /// `albumData`: the face that it was compared with.
    Album,
}
