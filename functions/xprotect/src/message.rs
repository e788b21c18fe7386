//! The dialect as types.

use camhook_event::Text;
use camhook_ingest::Malformed;
use camhook_json::Object;

/// What XProtect writes for a name that it does not know.
pub(crate) const UNKNOWN: &str = "<Unknown>";

/// One event as XProtect sends it. What has no field of its own here is in the five remainders, under the names that
/// it was sent by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message<'a> {
    /// `EventHeader.ID`, in lower case. `None` for an event that was never numbered, whose id is missing or all zeros.
    pub(crate) id: Option<Text>,
    /// `EventHeader.Timestamp`.
    pub(crate) timestamp: Option<Text>,
    /// `EventHeader.Name`.
    pub(crate) name: Option<Text>,
    /// `EventHeader.Message`.
    pub(crate) message: Option<Text>,
    /// `EventHeader.Type`: a sub-class, such as "License Plate Recognition".
    pub(crate) subclass: Option<Text>,
    /// `EventHeader.Class`: "Analytics", "Operational".
    pub(crate) class: Option<Text>,
    /// `EventHeader.Source`.
    pub(crate) origin: Origin,
    /// Where it was sent.
    pub(crate) carrier: Carrier,
    /// Why a part of the body was passed over.
    pub(crate) passed_over: Option<Malformed>,
    /// The name of the server: `Site.ServerHostname`.
    pub(crate) server: Option<Text>,
    /// The rest of `EventHeader.Source`.
    pub(crate) source: Object<'a>,
    /// The rest of `EventHeader`.
    pub(crate) header: Object<'a>,
    /// The rest of `Event`: of an analytics event that is sent whole.
    pub(crate) event: Object<'a>,
    /// The rest of `Site`.
    pub(crate) site: Object<'a>,
    /// What stands beside `Event` and `Site`: the keys that a plug-in's user adds.
    pub(crate) custom: Object<'a>,
}

/// The part of a request that an event stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Carrier {
    /// The body, as XProtect sends it: its words are those of XProtect or of a maker of analytics.
    #[default]
    Body,
    /// The query, whose words a person typed.
    Query,
}

/// What raised an event.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    /// `Source.FQID.Kind`.
    pub(crate) kind: OriginKind,
    /// `Source.Name`: the name that a person gave it.
    pub(crate) name: Option<Text>,
    /// `Source.FQID.ObjectId`, or `ObjectIdString` where it is no GUID.
    pub(crate) id: Option<Text>,
}

/// What an item of XProtect is, as far as camhook tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum OriginKind {
    /// A camera.
    Camera,
    /// A user-defined event, which a person, a rule or another system triggers.
    UserDefinedEvent,
    /// An alarm input of a device.
    Input,
    /// An output of a device.
    Output,
    /// A server.
    Server,
    /// An alarm that XProtect itself raised.
    Alarm,
    /// A microphone.
    Microphone,
    /// A speaker.
    Speaker,
    /// A preset position of a camera that can turn.
    Preset,
    /// Anything else, or unsaid.
    #[default]
    Other,
}

impl OriginKind {
    /// Whether it is a device or a machine, whose name is that of a thing.
    pub(crate) fn is_device(self) -> bool {
        match self {
            Self::Camera
            | Self::Input
            | Self::Output
            | Self::Server
            | Self::Microphone
            | Self::Speaker
            | Self::Preset => true,
            Self::UserDefinedEvent | Self::Alarm | Self::Other => false,
        }
    }

    /// The kinds by their GUIDs, from the schema of analytics events.
    const GUIDS: [(&str, Self); 9] = [
        ("5135ba21-f1dc-4321-806a-6ce2017343c0", Self::Camera),
        ("c9bdac3f-41dc-4afa-b057-61767a3914b7", Self::UserDefinedEvent),
        ("5fc737a9-bbf6-4473-a421-7e8075d45d9c", Self::Input),
        ("cbaaa726-a089-4db6-8f0d-48772e595b1b", Self::Output),
        ("3b25fe94-7c2f-499a-86df-2fa68aa3e1b5", Self::Server),
        ("3f7f49e3-d027-450b-8bc5-590ec9aa5376", Self::Alarm),
        ("df6284f6-18ee-4506-b8c4-65b5f31a140c", Self::Microphone),
        ("b77d68fc-b231-441b-8eb5-901c89234111", Self::Speaker),
        ("083a635c-8412-4ea2-8dd9-9223fca35ab6", Self::Preset),
    ];

    /// The kind of a GUID, in any case, with braces or without.
    pub(crate) fn of_guid(guid: &str) -> Self {
        let guid = guid.trim().trim_start_matches('{').trim_end_matches('}');
        let known = Self::GUIDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(guid));
        known.map_or(Self::Other, |(_, kind)| *kind)
    }
}

/// The id of an event in lower case; `None` for one of zeros, which XProtect gives to events that it does not store.
pub(crate) fn event_id(id: &Text) -> Option<Text> {
    is_given(id).then(|| Text::new(&id.as_str().to_lowercase()))?
}

/// Whether an id was given to something: one of zeros was not.
pub(crate) fn is_given(id: &Text) -> bool {
    id.as_str().chars().any(|character| character.is_alphanumeric() && character != '0')
}

/// Whether an id is the same in each delivery of one event and in no other event: a GUID, in whatever notation. Other texts
/// (`N/A`, `-1`, the number that a plug-in's user typed) may stand in every event.
pub(crate) fn is_unique(id: &str) -> bool {
    let id = id.trim().trim_start_matches(['{', '(']).trim_end_matches(['}', ')']);
    let digits: Vec<u8> = id.bytes().filter(|octet| *octet != b'-').collect();
    let is_constant = digits.iter().all(|digit| Some(digit) == digits.first());
    digits.len() == 32 && digits.iter().all(u8::is_ascii_hexdigit) && !is_constant
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_guid_tells_events_apart() {
        for guid in [
            "2388f93d-5cb0-48e0-9524-d8bb981e1629",
            "{2388F93D-5CB0-48E0-9524-D8BB981E1629}",
            "2388f93d5cb048e09524d8bb981e1629",
        ] {
            assert!(is_unique(guid), "{guid}");
        }
        for other in [
            "",
            "0",
            "4",
            "-1",
            "N/A",
            "none",
            "2388f93d",
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "2388f93d-5cb0-48e0-9524-d8bb981e162",
            "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxx1",
        ] {
            assert!(!is_unique(other), "{other}");
        }
    }

    #[test]
    fn guids_are_compared_without_case() {
        for camera in ["5135BA21-F1DC-4321-806A-6CE2017343C0", "{5135ba21-f1dc-4321-806a-6ce2017343c0}"] {
            assert_eq!(OriginKind::of_guid(camera), OriginKind::Camera);
        }
        assert_eq!(OriginKind::of_guid("84ED10D8-D5BC-4785-9C8E-F84440218F24"), OriginKind::Other);
    }
}
