//! The dialect as types, before it is put into the terms of an event.

use std::borrow::Cow;

use camhook_event::Kind;

use twox_hash::XxHash3_128;

use crate::scalars::Scalars;
use crate::vocabulary;

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
    /// The channel, where it is called one.
    pub(crate) channel: Option<Cow<'a, str>>,
    /// The channel of a camera or recorder, the number of an input, or the rule of a recorder that names the channel
    /// elsewhere.
    pub(crate) id: Option<Cow<'a, str>>,
    /// The number of the list that it is an entry of.
    pub(crate) list_id: Option<Cow<'a, str>>,
    /// The name that a person gave it.
    pub(crate) label: Option<Cow<'a, str>>,
    /// The member or element that holds the level, where that alone tells it from others.
    pub(crate) part: Option<Cow<'a, str>>,
    /// `true`, `false`, or whatever else was sent; empty when only `others` were.
    pub(crate) value: Cow<'a, str>,
    /// Every other value of the level.
    pub(crate) others: Scalars<'a>,
    /// What else tells it from the levels of the same name and number.
    pub(crate) scope: Scope,
}

impl<'a> Alarm<'a> {
    /// A level of which nothing else is known yet.
    pub(crate) fn new(name: Cow<'a, str>, value: Cow<'a, str>) -> Self {
        Self {
            name,
            channel: None,
            id: None,
            list_id: None,
            label: None,
            part: None,
            value,
            others: Scalars::default(),
            scope: Scope::default(),
        }
    }

    /// Takes over the numbers and the name of the element around it, where it has none of its own.
    pub(crate) fn join(
        &mut self,
        id: Option<&Cow<'a, str>>,
        channel: Option<&Cow<'a, str>>,
        label: Option<&Cow<'a, str>>,
    ) {
        let list_id = if self.id.is_none() { &mut self.id } else { &mut self.list_id };
        for (field, outer) in [(list_id, id), (&mut self.channel, channel), (&mut self.label, label)] {
            if let (Some(_), Some(outer)) = (&field, outer) {
                self.scope.add("list", outer);
            }
            *field = field.take().or_else(|| outer.cloned());
        }
    }

    /// Takes note of an element around it that is not called as the alarm is: of several such elements, each has its own.
    pub(crate) fn set_element(&mut self, name: &'a str) {
        if name.eq_ignore_ascii_case("item") {
            return;
        }
        self.scope.add("element", name);
        let is_told_apart = self.id.is_some() || self.channel.is_some() || self.label.is_some();
        if !is_told_apart && self.part.is_none() {
            self.part = Some(Cow::Borrowed(name));
        }
    }

    /// The name of the level within its device: the same in each report of it, and that of no other level.
    ///
    /// What stands before a `#` names the alarm and its number. All that may tell it from others of the same number is
    /// hashed behind it: an entry that is taken for another one is lost.
    pub(crate) fn level_name(&self) -> String {
        let id = self.id.as_deref().unwrap_or_default();
        let name = format!("{}/{id}", self.name);
        let mut scope = self.scope;
        for (field, value) in [("channel", &self.channel), ("list id", &self.list_id), ("label", &self.label)]
        {
            if let Some(value) = value {
                scope.add(field, value);
            }
        }
        let end = name.floor_char_boundary(LEVEL_NAME_LIMIT);
        let beginning = name.get(..end).unwrap_or_default();
        if end < name.len() {
            scope.add("name", &name);
        }
        match scope.0 {
            Some(hash) => format!("{beginning}#{hash:032x}"),
            None => name,
        }
    }
}

/// The most that is kept of an alarm's name and number in the name of its level, in bytes.
const LEVEL_NAME_LIMIT: usize = 128;

/// A hash of what tells a level from others of the same name and number; `None` when nothing does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Scope(Option<u128>);

impl Scope {
    /// Adds what is part of the level's name.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        let mut hash = XxHash3_128::new();
        hash.write(&self.0.unwrap_or_default().to_le_bytes());
        // Each part is led by its length: no two different ones have the same bytes in a row.
        for part in [name, value] {
            hash.write(&(part.len() as u64).to_le_bytes());
            hash.write(part.as_bytes());
        }
        self.0 = Some(hash.finish_128());
    }

    /// Adds a value beside the level, unless it changes with the level or from report to report.
    pub(crate) fn add_value(&mut self, name: &str, value: &str) {
        let name = name.to_ascii_lowercase();
        let is_measured = VARIABLE.iter().any(|word| name.contains(word))
            || (value.contains('.') && value.parse::<f64>().is_ok());
        let is_number = value.bytes().all(|octet| octet.is_ascii_digit());
        if !is_measured && (is_number || vocabulary::alarm_state(value).is_none()) {
            self.add(&name, value);
        }
    }

    /// Adds those of the element around it.
    pub(crate) fn join(&mut self, outer: Self) {
        if let Some(outer) = outer.0 {
            self.add("list", &outer.to_string());
        }
    }
}

/// What the names of values contain that are another one in each report.
const VARIABLE: [&str; 12] = [
    "time",
    "date",
    "stamp",
    "duration",
    "count",
    "temperature",
    "confidence",
    "score",
    "similarity",
    "percent",
    "volume",
    "intensity",
];

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
