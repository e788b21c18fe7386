//! The dialect as types, before it is put into the terms of an event.

use std::borrow::Cow;
use std::ops::Range;

use camhook_event::{Kind, PlateList, TargetClass};

use twox_hash::XxHash3_128;

use crate::scalars::{Scalars, Statement, folded};
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
    /// `alarmStatusInfo`, smart events, or both.
    Reports {
        /// The levels of alarms.
        alarms: Vec<Alarm<'a>>,
        /// The smart events.
        smart: Vec<Smart<'a>>,
        /// Positions in the same post.
        tracks: Option<Tracks<'a>>,
        /// Every other value of the post, but those of one of several smart events.
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
    /// Where the name stands.
    pub(crate) name_place: NamePlace,
    /// Its MAC address, in whatever notation.
    pub(crate) mac: Option<Cow<'a, str>>,
    /// Its serial number.
    pub(crate) serial: Option<Cow<'a, str>>,
    /// Its address in its own network.
    pub(crate) address: Option<Cow<'a, str>>,
}

impl Sender<'_> {
    /// Whether a post with a `deviceInfo` and without a channel is surely a camera's: it gives its serial number, a recorder
    /// does not.
    pub(crate) fn is_surely_camera(&self) -> bool {
        self.model == Model::Camera && self.serial.is_some()
    }
}

/// Where a device's name stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum NamePlace {
    /// Directly below the root, as cameras write it.
    #[default]
    Root,
    /// In `deviceInfo`: that of a camera or of a recorder.
    DeviceInfo,
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
    pub(crate) fn set_element(&mut self, name: Cow<'a, str>) {
        if name.eq_ignore_ascii_case("item") {
            return;
        }
        self.scope.add("element", &name);
        let is_told_apart = self.id.is_some() || self.channel.is_some() || self.label.is_some();
        if !is_told_apart && self.part.is_none() {
            self.part = Some(name);
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
    /// The channel, where one of its blocks names it.
    pub(crate) channel: Option<Cow<'a, str>>,
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
    pub(crate) person: Person<'a>,
    /// Every other value that stands outside of its items.
    pub(crate) scalars: Scalars<'a>,
}

impl<'a> Smart<'a> {
    /// Gives the pictures of its items new places.
    pub(crate) fn shift_pictures(&mut self, place: impl Fn(usize) -> usize) {
        for item in self.events.iter_mut().chain(&mut self.targets) {
            item.shift_pictures(&place);
        }
    }

    /// Takes over what belongs to this event and stands behind it.
    pub(crate) fn append(&mut self, mut other: Self) {
        let shift = self.pictures.len();
        other.shift_pictures(|at| at + shift);
        let Self { events, targets, pictures, frame, counters, person, scalars, channel, smart_type: _ } =
            other;
        self.events.extend(events);
        self.targets.extend(targets);
        self.pictures.extend(pictures);
        self.frame = self.frame.or(frame);
        self.counters.append(counters);
        self.person.append(person);
        self.scalars.append(scalars);
        self.channel = self.channel.take().or(channel);
    }

    /// Makes one item of those that are about one plate: of those with the same text, and of one without a text and the one
    /// of the same target. What shows and numbers nothing is about the only plate. `limit` is how many plates count.
    pub(crate) fn join_plates(&mut self, kind: Kind, limit: usize) {
        let mut items: Vec<Option<Item<'a>>> =
            std::mem::take(&mut self.targets).into_iter().map(Some).collect();
        let mut known = Vec::new();
        for at in 0..items.len() {
            let Some(item) = items.get(at).and_then(Option::as_ref).filter(|item| item.is_plate(kind)) else {
                continue;
            };
            let Some(plate) = KnownPlate::of(item, at) else { continue };
            let is_same = |other: &&KnownPlate| other.text == plate.text && other.is_near(item);
            let same = known.iter().find(is_same);
            match same.map(|same| same.at) {
                Some(first) => join(&mut items, first, at),
                None if known.len() < limit => known.push(plate),
                None => {}
            }
        }
        for at in 0..items.len() {
            let is_without_text = |item: &&Item<'_>| item.is_plate(kind) && item.plate_text().is_none();
            let Some(item) = items.get(at).and_then(Option::as_ref).filter(is_without_text) else { continue };
            let is_same = |plate: &&KnownPlate| {
                item.target_id().is_some_and(|id| plate.target_id.as_deref() == Some(id))
                    && plate.is_near(item)
            };
            let only = || match known.as_slice() {
                [only] if item.is_remark() => Some(only),
                _ => None,
            };
            if let Some(plate) = known.iter().find(is_same).or_else(only) {
                join(&mut items, plate.at, at);
            }
        }
        self.targets = items.into_iter().flatten().collect();
    }

    /// Takes what the post reports beside its plates, if anything: somebody or something else that was detected, what
    /// happened to it, and what was counted.
    pub(crate) fn take_beside_plates(&mut self, kind: Kind) -> Option<Self> {
        let is_beside = |item: &Item<'_>| item.is_beside_plates(kind);
        let is_counting = kind == Kind::Counting && !self.counters.is_empty();
        if !self.targets.iter().any(is_beside) && self.person.is_empty() && !is_counting {
            return None;
        }
        let part = || Self {
            smart_type: self.smart_type.clone(),
            frame: self.frame,
            channel: self.channel.clone(),
            ..Self::default()
        };
        let pictures = self.pictures.drain(..).map(Some).collect();
        let mut parts = Parts { parts: vec![part(), part()], pictures };
        for item in self.targets.drain(..) {
            parts.add(usize::from(is_beside(&item)), item);
        }
        for item in self.events.drain(..) {
            let at = parts.of_target(&item).unwrap_or(1);
            parts.add(at, item);
        }
        let Parts { parts, pictures } = parts;
        let [mut plates, mut beside] = <[Self; 2]>::try_from(parts).ok()?;
        for picture in pictures.into_iter().flatten() {
            match picture.place {
                // Both were in the frame. A picture that had to be put together goes along once.
                Place::Source => {
                    if let Cow::Borrowed(_) = picture.base64 {
                        beside.pictures.push(picture.clone());
                    }
                    plates.pictures.push(picture);
                }
                Place::Target => plates.pictures.push(picture),
                Place::Snap | Place::Album => beside.pictures.push(picture),
            }
        }
        beside.counters = std::mem::take(&mut self.counters);
        beside.person = std::mem::take(&mut self.person);
        plates.scalars = std::mem::take(&mut self.scalars);
        *self = plates;
        Some(beside)
    }

    /// The smart events in it: one for each channel that its items name and for each person that they identify.
    ///
    /// An item that names neither goes with the one of the same target, else with the first, and so does what
    /// belongs to no item.
    pub(crate) fn split(mut self, kind: Kind) -> Vec<Self> {
        let is_identified = |item: &Item<'_>| !item.is_plate(kind) && item.has_identity();
        let items = || self.events.iter().chain(&self.targets);
        let mut channels: Vec<&str> = items().filter_map(|item| item.channel.as_deref()).collect();
        channels.sort_unstable();
        channels.dedup();
        let persons = items().filter(|item| is_identified(item)).count();
        if channels.len() <= 1 && persons <= 1 {
            let channel = items().find_map(|item| item.channel.clone());
            self.channel = channel.or(self.channel);
            return vec![self];
        }
        let mut parts = Parts { parts: Vec::new(), pictures: Vec::new() };
        parts.pictures = std::mem::take(&mut self.pictures).into_iter().map(Some).collect();
        let items = std::mem::take(&mut self.events).into_iter().chain(std::mem::take(&mut self.targets));
        let (identified, others): (Vec<_>, Vec<_>) = items.partition(|item| is_identified(item));
        let (with_channel, without): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|item| item.channel.is_some());
        for item in identified {
            parts.begin(&self, item);
        }
        for item in with_channel {
            let fits = |part: &Self| part.channel.is_none() || part.channel == item.channel;
            let of_target = parts.of_target(&item).filter(|at| parts.parts.get(*at).is_some_and(fits));
            let of_channel = || {
                parts
                    .parts
                    .iter()
                    .position(|part| part.channel == item.channel && !part.targets.iter().any(is_identified))
            };
            match of_target.or_else(of_channel) {
                Some(at) => parts.add(at, item),
                None => parts.begin(&self, item),
            }
        }
        for item in without {
            let at = parts.of_target(&item).unwrap_or_default();
            parts.add(at, item);
        }
        parts.finish(self)
    }
}

/// A plate with a text, while the items of a post are joined.
struct KnownPlate {
    at: usize,
    text: String,
    target_id: Option<String>,
    channel: Option<String>,
}

impl KnownPlate {
    fn of(item: &Item<'_>, at: usize) -> Option<Self> {
        Some(Self {
            at,
            text: folded(item.plate_text()?),
            target_id: item.target_id().map(ToOwned::to_owned),
            channel: item.channel.as_deref().map(ToOwned::to_owned),
        })
    }

    /// Whether an item may stand in the same channel.
    fn is_near(&self, item: &Item<'_>) -> bool {
        match (&self.channel, &item.channel) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        }
    }
}

/// Joins an item to an earlier or later one.
fn join(items: &mut [Option<Item<'_>>], at: usize, other: usize) {
    let Some(other) = items.get_mut(other).and_then(Option::take) else { return };
    if let Some(Some(item)) = items.get_mut(at) {
        item.join(other);
    }
}

/// The parts of a smart event, while it is split.
struct Parts<'a> {
    parts: Vec<Smart<'a>>,
    /// The pictures that belong to no part yet.
    pictures: Vec<Option<Picture<'a>>>,
}

impl<'a> Parts<'a> {
    /// Begins a part with an item.
    fn begin(&mut self, whole: &Smart<'a>, item: Item<'a>) {
        self.parts.push(Smart {
            smart_type: whole.smart_type.clone(),
            frame: whole.frame,
            ..Smart::default()
        });
        self.add(self.parts.len() - 1, item);
    }

    /// Adds an item, with its pictures, to a part.
    fn add(&mut self, at: usize, mut item: Item<'a>) {
        let Some(part) = self.parts.get_mut(at) else { return };
        let first = part.pictures.len();
        let mut shown = None;
        for place in item.pictures.clone() {
            // Within another item, a picture may already be that one's.
            let Some(picture) = self.pictures.get_mut(place).and_then(Option::take) else { continue };
            if item.picture == Some(place) {
                shown = Some(part.pictures.len());
            }
            part.pictures.push(picture);
        }
        (item.picture, item.pictures) = (shown, first..part.pictures.len());
        part.channel = part.channel.take().or_else(|| item.channel.clone());
        match item.block {
            Block::Perimeter | Block::Tripwire | Block::Event => part.events.push(item),
            Block::Target | Block::Plate | Block::Face => part.targets.push(item),
        }
    }

    /// The part that holds the same target as an item.
    fn of_target(&self, item: &Item<'_>) -> Option<usize> {
        let id = item.scalars.get("targetId")?;
        self.parts.iter().position(|part| {
            part.events.iter().chain(&part.targets).any(|other| other.scalars.get("targetId") == Some(id))
        })
    }

    /// Gives the first part what belongs to no item, and each that names no channel that of the whole.
    fn finish(mut self, whole: Smart<'a>) -> Vec<Smart<'a>> {
        if let Some(first) = self.parts.first_mut() {
            first.pictures.extend(self.pictures.into_iter().flatten());
            first.counters = whole.counters;
            first.person.append(whole.person);
            first.scalars = whole.scalars;
        }
        for part in &mut self.parts {
            part.channel = part.channel.take().or_else(|| whole.channel.clone());
        }
        self.parts
    }
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

/// What the text of a licence plate is called, by a recorder and by a camera.
pub(crate) const PLATE_TEXTS: [&str; 5] =
    ["licensePlateNumber", "plateNumber", "licensePlate", "plateText", "plateNo"];

/// What the list of a plate is called.
pub(crate) const LIST_NAMES: [&str; 5] =
    ["vehicleListType", "vehileListType", "vehiceListType", "plateListType", "listType"];

/// What else a post says of a plate.
const PLATE_MEMBERS: [&str; 12] = [
    "image",
    "vehiceId",
    "vehicleId",
    "vehicleDirect",
    "PlateConfidence",
    "plateColor",
    "province",
    "groupName",
    "carOwner",
    "matchResult",
    "plateCharCount",
    "plateStyle",
];

/// The names of everything that a post says of a plate.
pub(crate) fn names_of_plate() -> impl Iterator<Item = &'static str> {
    PLATE_TEXTS.iter().chain(&LIST_NAMES).chain(&PLATE_MEMBERS).copied()
}

/// The numbers of a target.
const TARGET_IDS: [&str; 3] = ["targetId", "vehiceId", "vehicleId"];

/// Values that only a person has who was compared with known ones.
pub(crate) const IDENTITY: [&str; 6] =
    ["personId", "personName", "matchResult", "similarity", "presonListType", "personListType"];

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
    /// Which of the event's pictures shows it.
    pub(crate) picture: Option<usize>,
    /// Which of them stand in it.
    pub(crate) pictures: Range<usize>,
    /// The channel, where it names one.
    pub(crate) channel: Option<Cow<'a, str>>,
    /// `carRect` and the like: raw numbers by name, whose unit is not known.
    pub(crate) raw: Vec<(&'a str, Vec<(&'a str, f64)>)>,
    /// `carAttr`, `carAttribute`.
    pub(crate) car: Scalars<'a>,
    /// `licensePlateAttribute` and `licensePlateMatchInfo`.
    pub(crate) plate: Scalars<'a>,
    /// Whether `licensePlateMatchInfo` was there: the plate is in the recorder's database.
    pub(crate) plate_match: PlateMatch,
    /// `albumInfo`, `snapInfo` and `faceMatchInfo`: who it is.
    pub(crate) person: Person<'a>,
    /// Every other value.
    pub(crate) scalars: Scalars<'a>,
}

/// What the blocks of a person say, by how sure it is that they say who it is, the surest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Person<'a>(pub(crate) [Scalars<'a>; 4]);

/// Which block of a person a value stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PersonBlock {
    /// `albumInfo`, `faceMatchInfo`: the known person.
    Known,
    /// `snapInfo`: the face that was seen, which may have a number and a name of its own.
    Seen,
}

/// How deep in a block a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// In the block itself.
    Member,
    /// In a block in it, which may describe something else: a group has a name, too.
    Nested,
}

impl<'a> Person<'a> {
    /// Keeps values of a block.
    pub(crate) fn add(&mut self, block: PersonBlock, depth: Depth, values: Scalars<'a>) {
        let [known, known_nested, seen, seen_nested] = &mut self.0;
        let group = match (block, depth) {
            (PersonBlock::Known, Depth::Member) => known,
            (PersonBlock::Known, Depth::Nested) => known_nested,
            (PersonBlock::Seen, Depth::Member) => seen,
            (PersonBlock::Seen, Depth::Nested) => seen_nested,
        };
        group.append(values);
    }

    /// Adds what other blocks say.
    pub(crate) fn append(&mut self, other: Self) {
        for (group, values) in self.0.iter_mut().zip(other.0) {
            group.append(values);
        }
    }

    /// Whether they say nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(Scalars::is_empty)
    }

    /// All values.
    pub(crate) fn into_scalars(self) -> Scalars<'a> {
        let mut all = Scalars::default();
        self.0.into_iter().for_each(|group| all.append(group));
        all
    }
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

impl<'a> Item<'a> {
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
            pictures: 0..0,
            channel: None,
            person: Person::default(),
            raw: Vec::new(),
            car: Scalars::default(),
            plate: Scalars::default(),
            plate_match: PlateMatch::Absent,
            scalars: Scalars::default(),
        }
    }

    /// Gives its pictures new places among those of its event.
    pub(crate) fn shift_pictures(&mut self, place: impl Fn(usize) -> usize) {
        self.picture = self.picture.map(&place);
        self.pictures = place(self.pictures.start)..place(self.pictures.end);
    }

    /// Whether it is a licence plate, in a post of this kind. A camera's list holds the frame's picture too, which
    /// is no plate: neither its place in the list nor the list's length tells, only the plate's text and `image` do.
    pub(crate) fn is_plate(&self, kind: Kind) -> bool {
        let text = self.plate_text();
        let is_of_frame = self.is_of_frame() && text.is_none_or(|text| text == "0");
        let is_described = text.is_some() || !self.plate.is_empty() || self.plate_match == PlateMatch::Found;
        self.block == Block::Plate
            || (is_described && !is_of_frame)
            || (kind == Kind::Plate && self.scalars.get("image") == Some("1"))
    }

    /// Whether it says that it holds the frame's picture.
    pub(crate) fn is_of_frame(&self) -> bool {
        self.scalars.get("image") == Some("0")
    }

    fn plate_text(&self) -> Option<&str> {
        self.plate.get_any(&PLATE_TEXTS).or_else(|| self.scalars.get_any(&PLATE_TEXTS))
    }

    /// Its number; 0 is none.
    fn target_id(&self) -> Option<&str> {
        self.scalars.get_any(&TARGET_IDS).filter(|id| *id != "0")
    }

    /// The groups of what it says of a plate: a recorder's blocks and a camera's items hold the same values, whichever of
    /// them sent the post.
    pub(crate) fn of_plate(&self) -> [&Scalars<'a>; 3] {
        [&self.plate, &self.scalars, &self.car]
    }

    /// Takes what it says of a plate under some names.
    pub(crate) fn take_statement(&mut self, names: &[&str]) -> Statement<'a> {
        Statement::take([&mut self.plate, &mut self.scalars, &mut self.car], names)
    }

    /// Whether it shows or numbers nothing: what it says belongs to another item.
    fn is_remark(&self) -> bool {
        self.picture.is_none()
            && self.rect.is_none()
            && self.corners.is_empty()
            && self.target_id().is_none()
            && self.scalars.get("image").is_none()
    }

    /// Takes over what another item says of the same plate. The item of the frame only adds what the plate's own lacks, and
    /// a list that forbids: its picture, place and values are the frame's, or those that the firmware fills in.
    fn join(&mut self, mut other: Self) {
        let is_frame_of =
            |one: &Self, other: &Self| one.is_of_frame() && !other.is_of_frame() && !other.is_remark();
        if is_frame_of(self, &other) {
            std::mem::swap(self, &mut other);
        }
        if is_frame_of(&other, self) {
            let known: Vec<&str> = names_of_plate().filter(|name| self.scalars.get(name).is_some()).collect();
            let is_known = |name: &str| known.iter().any(|known| known.eq_ignore_ascii_case(name));
            other.scalars.retain(|name, value| {
                value != "0" && (!is_known(name) || vocabulary::list(value) == Some(PlateList::Deny))
            });
            (other.picture, other.rect) = (None, None);
            other.corners.clear();
        }
        if self.pictures.is_empty() {
            (self.picture, self.pictures) = (other.picture, other.pictures);
        }
        if self.corners.is_empty() {
            self.corners = other.corners;
        }
        self.rect = self.rect.or(other.rect);
        self.frame = self.frame.or(other.frame);
        self.channel = self.channel.take().or(other.channel);
        if other.plate_match == PlateMatch::Found {
            self.plate_match = PlateMatch::Found;
        }
        for name in TARGET_IDS.iter().chain(&["image"]) {
            if self.scalars.get(name) == other.scalars.get(name) {
                other.scalars.take(name);
            }
        }
        // Of two raw values of one name, the one behind stays.
        other.raw.append(&mut self.raw);
        self.raw = other.raw;
        self.plate.append(other.plate);
        self.car.append(other.car);
        self.person.append(other.person);
        self.scalars.append(other.scalars);
    }

    /// Whether it is no plate and none's picture, but somebody or something else that was detected, in a post of this kind.
    fn is_beside_plates(&self, kind: Kind) -> bool {
        let word = self.scalars.get("targetType");
        let is_person = self.block == Block::Face
            || !self.person.is_empty()
            || self
                .scalars
                .get_any(&["personId", "personName", "presonListType", "personListType"])
                .is_some();
        let is_shown_person = word.and_then(vocabulary::target_class) == Some(TargetClass::Person);
        // The pictures of a post about plates are theirs.
        let is_target = kind != Kind::Plate && self.shows_target();
        let is_shown = !self.is_of_frame() && (is_shown_person || is_target);
        !self.is_plate(kind) && (is_person || is_shown)
    }

    /// Whether it says who it is, or that it is nobody known.
    pub(crate) fn has_identity(&self) -> bool {
        !self.person.is_empty() || self.scalars.get_any(&IDENTITY).is_some()
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
            && self.person.is_empty()
            && self.channel.is_none()
            && self.plate_match == PlateMatch::Absent
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
