//! The event itself.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Correlation, EventId, Fraction, Image, ImageRole, Kind, MacAddress, Point, Rectangle, Text, Time, Vendor,
    VendorData,
};

/// One normalized event, as CloudEvents 1.0 in structured JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// The version of CloudEvents.
    pub specversion: SpecVersion,
    /// The same for every delivery that the sender makes of this event.
    pub id: EventId,
    /// `/vendor/source`: the path that the webhook came in by.
    pub source: Text,
    /// The version of `data`.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// What happened: the same as `data.kind`.
    pub subject: Kind,
    /// When it happened: by the device's clock where that agrees with the time of receipt, else the latter.
    pub time: Time,
    /// The form of `data`.
    pub datacontenttype: DataContentType,
    /// What happened, where, and what shows it.
    pub data: Data,
}

impl Event {
    /// Puts the envelope around what happened.
    #[must_use]
    pub fn new(id: EventId, time: Time, data: Data) -> Self {
        let path = format!("/{}/{}", data.vendor, data.source);
        Self {
            specversion: SpecVersion::V1,
            id,
            // A vendor's name is never empty, so neither is the path.
            source: Text::new(&path).unwrap_or_else(|| data.source.clone()),
            event_type: EventType::V1,
            subject: data.kind,
            time,
            datacontenttype: DataContentType::Json,
            data,
        }
    }
}

/// The version of CloudEvents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SpecVersion {
    /// CloudEvents 1.0.
    #[serde(rename = "1.0")]
    V1,
}

/// The type of a camhook event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum EventType {
    /// The first version.
    #[serde(rename = "camhook.event.v1")]
    V1,
}

/// The form of an event's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DataContentType {
    /// JSON.
    #[serde(rename = "application/json")]
    Json,
}

/// What happened, where, and what shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Data {
    /// Whose dialect it came in.
    pub vendor: Vendor,
    /// The source's id in camhook.toml.
    pub source: Text,
    /// The source's area.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<Text>,
    /// Which camera of the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera: Option<Camera>,
    /// What happened.
    pub kind: Kind,
    /// The vendor's own word for it, verbatim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_kind: Option<Text>,
    /// The name that a person gave the event or the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// Whether this is the detection, or says the same again in another way.
    pub report: Report,
    /// Whether it began or ended; absent for what has no length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// When camhook received it.
    pub received_at: Time,
    /// The device's own time, verbatim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_time: Option<Text>,
    /// Whose clock `time` comes from.
    pub clock: Clock,
    /// Time of receipt minus the device's time, in seconds; negative when the device's clock is ahead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag_s: Option<f64>,
    /// The device that reported it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// What joins several reports of one thing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<Correlation>,
    /// Who or what was detected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    /// The area or line that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// The licence plate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plate: Option<Plate>,
    /// The face.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face: Option<Face>,
    /// The counters, cumulative as the device sent them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// The pictures that the sender gave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
    /// Every other scalar that the vendor sent, by its own name.
    #[serde(default, skip_serializing_if = "VendorData::is_empty")]
    pub vendor_data: VendorData,
    /// Whether something had to be left out: values of `vendor_data`, or targets, ids and pictures beyond the most that
    /// are kept; absent when not.
    #[serde(default, skip_serializing_if = "is_false")]
    pub truncated: bool,
    /// Where the whole event is stored, in a queue message that had to leave parts out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<Record>,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// Which camera of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Camera {
    /// The camera's id within the source.
    pub id: Text,
    /// The name that the camera has in the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
}

/// What an event reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Report {
    /// What was detected.
    Detection,
    /// An alarm's level, where the same vendor also sends a detection for the same thing.
    Status,
    /// A position while a target is in view.
    Tracking,
}

/// Whether something began or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It began.
    Start,
    /// It ended.
    Stop,
}

/// Whose clock a time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// The device's.
    Device,
    /// The receiver's.
    Server,
}

/// The device that reported an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Device {
    /// Its MAC address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<MacAddress>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// Its serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<Text>,
    /// Its address in its own network, as it says itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Text>,
    /// The channel, as the device writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Text>,
}

impl Device {
    /// The device, unless nothing is known of it.
    #[must_use]
    pub fn known(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

/// What a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetClass {
    /// A person.
    Person,
    /// A car, a van, a lorry, a bus.
    Vehicle,
    /// A motorcycle or a bicycle.
    MotorcycleBicycle,
    /// An animal.
    Animal,
    /// A face.
    Face,
    /// A licence plate.
    Plate,
    /// Anything else.
    #[serde(other)]
    Other,
}

/// Who or what was detected.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// The device's number for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Text>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<TargetClass>,
    /// How sure the device is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Fraction>,
    /// Where in the frame.
    #[serde(rename = "box", skip_serializing_if = "Option::is_none")]
    pub bounding_box: Option<Rectangle>,
    /// Which of the event's images shows it, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<usize>,
    /// What else the device says of it, by the vendor's own names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Value>,
}

/// The form of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ZoneShape {
    /// A polygon.
    Area,
    /// A line.
    Line,
}

/// The direction in which a line is watched, seen from its start to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ZoneDirection {
    /// Both ways.
    Any,
    /// From left to right.
    LeftToRight,
    /// From right to left.
    RightToLeft,
}

/// The area or line that an event is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Zone {
    /// Its form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<ZoneShape>,
    /// Its number or id in the device; the numbers of several zones at once with commas between: `1,2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Text>,
    /// Its name in the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// Its corners, or the two ends of a line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<Point>,
    /// The direction in which a line is watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<ZoneDirection>,
}

impl Zone {
    /// The numbers in an id that is a list of them, `1,2`; none where the id is anything else.
    ///
    /// ```
    /// use camhook_event::{Text, Zone};
    /// let zone = Zone { id: Text::new("1, 2"), ..Zone::default() };
    /// assert_eq!(zone.numbers().collect::<Vec<_>>(), ["1", "2"]);
    /// assert_eq!(Zone { id: Text::new("gate,2"), ..Zone::default() }.numbers().count(), 0);
    /// ```
    pub fn numbers(&self) -> impl Iterator<Item = &str> {
        let id = self.id.as_ref().map_or("", Text::as_str);
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_digit());
        let is_list = id.contains(',') && id.split(',').all(|part| is_number(part.trim()));
        id.split(',').map(str::trim).filter(move |_| is_list)
    }
}

/// A list that the device itself keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PlateList {
    /// Welcome.
    Allow,
    /// Unwelcome.
    Deny,
    /// Welcome for a time.
    Temporary,
    /// Known to be on no list.
    Stranger,
    /// The device says nothing of a list.
    Unlisted,
}

/// Which way a vehicle moves, seen from the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Towards the camera.
    Approach,
    /// Away from the camera.
    Away,
    /// Out of the picture.
    Leave,
}

/// A licence plate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plate {
    /// The plate as the device read it; where the device found it on a list of its own, the plate that is registered
    /// there.
    pub text: Text,
    /// What was read, where the device tolerates misread characters and found a registered plate that differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<Text>,
    /// Which of the device's own lists it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<PlateList>,
    /// The name of the group that it belongs to in the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Text>,
    /// Which way the vehicle moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// How sure the device is of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Fraction>,
    /// The plate's colour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<Text>,
    /// The region that issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Text>,
    /// Its owner, from the device's database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Text>,
    /// The vehicle that carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vehicle: Option<Vehicle>,
}

impl Plate {
    /// A plate of which nothing but its text is known.
    #[must_use]
    pub fn new(text: Text) -> Self {
        Self {
            text,
            read: None,
            list: None,
            group: None,
            direction: None,
            confidence: None,
            color: None,
            region: None,
            owner: None,
            vehicle: None,
        }
    }
}

/// A vehicle as the device describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Vehicle {
    /// Its form.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub vehicle_type: Option<Text>,
    /// Its colour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<Text>,
    /// Its maker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<Text>,
    /// Its model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Text>,
}

impl Vehicle {
    /// The vehicle, unless nothing is known of it.
    #[must_use]
    pub fn known(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

/// A face as the device describes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Face {
    /// Whether it was found in the device's album; absent when it was not looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matched: Option<bool>,
    /// How like the album's picture it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub similarity: Option<Fraction>,
    /// The person's number in the album.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person_id: Option<Text>,
    /// The person's name in the album.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// The list of the album, in the same words as for plates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<PlateList>,
    /// The group of the album that the person belongs to in the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Text>,
    /// The sex that the device estimates, in its own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sex: Option<Text>,
    /// The age that the device estimates: a number or a word of the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<Text>,
    /// Glasses, as the device calls them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub glasses: Option<Text>,
    /// A mask, as the device calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<Text>,
}

impl Face {
    /// The face, unless nothing is known of it.
    #[must_use]
    pub fn known(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

/// Counters by class, cumulative as the device sent them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Persons.
    #[serde(default, skip_serializing_if = "Tally::is_absent")]
    pub person: Tally,
    /// Vehicles.
    #[serde(default, skip_serializing_if = "Tally::is_absent")]
    pub vehicle: Tally,
    /// Motorcycles and bicycles.
    #[serde(default, skip_serializing_if = "Tally::is_absent")]
    pub motorcycle_bicycle: Tally,
    /// All together, where the device does not count by class.
    #[serde(default, skip_serializing_if = "Tally::is_absent")]
    pub total: Tally,
}

impl Counts {
    /// The counters, unless none was sent.
    #[must_use]
    pub fn known(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

/// The three counters of one class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    /// How many came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enter: Option<u64>,
    /// How many went out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leave: Option<u64>,
    /// How many are inside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inside: Option<u64>,
}

impl Tally {
    fn is_absent(&self) -> bool {
        *self == Self::default()
    }
}

/// Where an object is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// The bucket's name.
    pub bucket: Text,
    /// The object's key.
    pub key: Text,
}

impl Data {
    /// Which of the event's stored pictures says most to a person: the frame first, then what was cut out.
    #[must_use]
    pub fn best_image(&self) -> Option<&crate::StoredImage> {
        let rank = |role| match role {
            ImageRole::Overview => 0,
            ImageRole::Snapshot => 1,
            ImageRole::Target => 2,
            ImageRole::Plate => 3,
            ImageRole::Face => 4,
            ImageRole::Album => 5,
        };
        self.images.iter().filter_map(Image::stored).min_by_key(|image| rank(image.role))
    }
}
