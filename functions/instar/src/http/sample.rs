//! Requests as the Cloud and the cameras send them, to try a source with.

use camhook_ingest::Sample;

/// A sample that is one GET with this query, in the form in which the vendor's documents show it.
macro_rules! get {
    ($name:literal, $about:literal, $query:literal) => {
        Sample { name: $name, about: $about, request: concat!("GET {{path}}?", $query, " HTTP/1.1\n\n") }
    };
}

/// What the INSTAR Cloud sends.
pub(crate) const CLOUD: &[Sample] = &[
    get!("person", "the Cloud recognized a person", "trigger=cloud&cam=4711&object=1"),
    get!("animal", "the Cloud recognized an animal", "trigger=cloud&cam=4711&object=4"),
    get!(
        "person-and-vehicle",
        "the Cloud recognized a person and a vehicle",
        "trigger=cloud&cam=4711&object=3"
    ),
    get!("unknown-object", "an alarm was recorded and nothing recognized", "trigger=cloud&cam=4711&object=0"),
];

/// What the Alarm Server of older cameras sends.
pub(crate) const CAMERA_V1: &[Sample] = &[
    get!("area", "something moved in area 1", "&active=1&object=1"),
    get!("area-with-pir", "something moved in area 2 and the PIR saw it too", "&active=8&object=0"),
    get!("audio", "a sound", "&active=6"),
    get!("manual", "somebody pressed the alarm button", "&active=99"),
];

/// What the Alarm Server of newer cameras sends.
pub(crate) const CAMERA_V2: &[Sample] = &[
    get!("area-with-pir", "something moved in area 1 and the PIR saw it too", "&trigger=17&object=1"),
    get!("areas", "something moved in areas 1 to 4", "&trigger=15&object=2"),
    get!("input", "the alarm input closed", "&trigger=32&object=0"),
    get!("manual", "somebody pressed the alarm button", "&trigger=128&object=0"),
];
