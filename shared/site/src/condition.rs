//! Conditions: which events a rule is about.

use camhook_event::{Direction, Fraction, Kind, PlateList, Report, State, TargetClass, Text, Vendor};
use serde_json::Value;

use crate::{CameraReference, ListId, PlateText};

/// Which events are meant.
#[derive(Debug, Clone)]
pub enum Condition {
    /// Those that meet every one of these.
    All(Vec<Condition>),
    /// Those that meet at least one of these.
    Any(Vec<Condition>),
    /// Those that do not meet this.
    Not(Box<Condition>),
    /// Those of which this is true.
    Test(Test),
}

impl Condition {
    /// Whether it contains no test at all: it was written as `{}`, or its parts were.
    pub(crate) fn asks_nothing(&self) -> bool {
        self.tests().is_empty()
    }

    /// Whether some `any` in it has no alternative, or one that asks for nothing.
    pub(crate) fn has_vacant_any(&self) -> bool {
        match self {
            Self::All(conditions) => conditions.iter().any(Self::has_vacant_any),
            Self::Any(conditions) => {
                let is_vacant = |condition: &Self| condition.asks_nothing() || condition.has_vacant_any();
                conditions.is_empty() || conditions.iter().any(is_vacant)
            }
            Self::Not(condition) => condition.has_vacant_any(),
            Self::Test(_) => false,
        }
    }

    /// Every test, wherever it stands.
    pub(crate) fn tests(&self) -> Vec<&Test> {
        match self {
            Self::All(conditions) | Self::Any(conditions) => {
                conditions.iter().flat_map(Self::tests).collect()
            }
            Self::Not(condition) => condition.tests(),
            Self::Test(test) => vec![test],
        }
    }

    /// The tests that every matching event passes: those that stand within neither `any` nor `not`.
    pub(crate) fn required_tests(&self) -> Vec<&Test> {
        match self {
            Self::All(conditions) => conditions.iter().flat_map(Self::required_tests).collect(),
            Self::Any(conditions) => match conditions.as_slice() {
                [only] => only.required_tests(),
                _ => Vec::new(),
            },
            Self::Not(_) => Vec::new(),
            Self::Test(test) => vec![test],
        }
    }
}

/// One thing that is true of an event or is not. Of several values, any is good.
#[derive(Debug, Clone)]
pub enum Test {
    /// It came from this source.
    Source(Vec<Text>),
    /// It came from this camera.
    Camera(Vec<CameraChoice>),
    /// Its source belongs to this area.
    Area(Vec<Text>),
    /// It came in this vendor's dialect.
    Vendor(Vec<Vendor>),
    /// It is of this kind.
    Kind(Vec<Kind>),
    /// The vendor calls it so, verbatim.
    VendorKind(Vec<Text>),
    /// A person gave it this name, ignoring case.
    Name(Vec<Text>),
    /// It is such a report.
    Report(Vec<Report>),
    /// It is in this state.
    State(Vec<State>),
    /// It is no `stop`: what a rule means that names no state.
    NoStop,
    /// One of its targets is of this class.
    Target(Vec<TargetClass>),
    /// It is about the zone with this id or name, ignoring case.
    Zone(Vec<Text>),
    /// Its plate is this one or on this list.
    Plate(Vec<PlateChoice>),
    /// Its plate is on this list of the device.
    PlateList(Vec<PlateList>),
    /// Its face is on this list of the device.
    FaceList(Vec<PlateList>),
    /// Its face was found in the device's album, or was not found there.
    Matched(bool),
    /// Its vehicle moves this way; away is also out of the picture.
    Direction(Vec<Direction>),
    /// Its face bears this name in the device, ignoring case.
    Face(Vec<Text>),
    /// One of its counters is above a number.
    Count {
        /// What is counted.
        class: CountClass,
        /// Which of the three counters.
        counter: Counter,
        /// The counter must be greater than this.
        above: u64,
    },
    /// The device is at least this sure: of the plate, else of the face's likeness, else of a target.
    MinConfidence {
        /// How sure, 0 to 1.
        at_least: Fraction,
        /// Of a target of which class; of any when empty.
        classes: Vec<TargetClass>,
    },
    /// The vendor sent this value under this name; numbers and text are compared as text.
    VendorData {
        /// The vendor's name.
        name: String,
        /// The values, scalars.
        values: Vec<Value>,
    },
}

impl Test {
    /// The key of camhook.toml that asks for it.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Source(_) => "source",
            Self::Camera(_) => "camera",
            Self::Area(_) => "area",
            Self::Vendor(_) => "vendor",
            Self::Kind(_) => "kind",
            Self::VendorKind(_) => "vendor_kind",
            Self::Name(_) => "name",
            Self::Report(_) => "report",
            Self::State(_) | Self::NoStop => "state",
            Self::Target(_) => "target",
            Self::Zone(_) => "zone",
            Self::Plate(_) => "plate",
            Self::PlateList(_) => "plate_list",
            Self::FaceList(_) => "face_list",
            Self::Matched(_) => "matched",
            Self::Direction(_) => "direction",
            Self::Face(_) => "face",
            Self::Count { .. } => "count",
            Self::MinConfidence { .. } => "min_confidence",
            Self::VendorData { name, .. } => name,
        }
    }
}

/// A camera that a rule names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraChoice {
    /// As the rule writes it: the id of a `[[camera]]`, a source, or `source/camera`.
    pub written: Text,
    /// What that is: any of these.
    pub any_of: Vec<CameraReference>,
}

/// A plate that a rule names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlateChoice {
    /// The plate itself.
    Plate(PlateText),
    /// Whatever is on a list.
    List(ListId),
    /// Whatever is on a list, or differs from one of its plates by one wrong or missing character.
    Tolerant(ListId),
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CountClass {
    /// Persons.
    Person,
    /// Vehicles.
    Vehicle,
    /// Motorcycles and bicycles.
    MotorcycleBicycle,
    /// All together, where the device does not count by class.
    Total,
}

/// Which of the three counters of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counter {
    /// How many came in.
    Enter,
    /// How many went out.
    Leave,
    /// How many are inside.
    #[default]
    Inside,
}
