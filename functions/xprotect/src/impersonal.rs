//! What may be kept of an event whose faces are not to be known.
//!
//! Makers of analytics write the name of a recognized person wherever there is room: into the event's name and message,
//! the custom tag, an object's name or value, in any language. No word list finds a name, so it is the other way round:
//! only what is known to name nobody is kept.

use camhook_event::{ImageRole, Kind, TargetClass, Text, VendorData};
use camhook_ingest::{Draft, DraftTarget};
use jiff::Timestamp;
use serde_json::Value;

/// What a member holds that XProtect itself fills, and how it is recognized.
#[derive(Debug, Clone, Copy)]
enum Content {
    /// An id that a system gave.
    Id,
    /// A number, a truth value or a time.
    Number,
    /// The name or address of a machine, one word of ASCII.
    Machine,
    /// A free text, which may name somebody.
    Text,
}

/// The members of an event that may be kept, by their names in `vendor_data`.
const MEMBERS: &[(&str, Content)] = &[
    ("Type", Content::Text),
    ("Class", Content::Text),
    ("Name", Content::Text),
    ("Message", Content::Text),
    ("PriorityName", Content::Text),
    ("Priority", Content::Number),
    ("Version", Content::Machine),
    ("MessageId", Content::Id),
    ("Count", Content::Number),
    ("StartTime", Content::Number),
    ("EndTime", Content::Number),
    ("Source.FQID.FolderType", Content::Number),
    ("Source.FQID.Kind", Content::Id),
    ("Source.FQID.ObjectId", Content::Id),
    ("Source.FQID.ParentId", Content::Id),
    ("Source.FQID.ServerId.Hostname", Content::Machine),
    ("Source.FQID.ServerId.Id", Content::Id),
    ("Source.FQID.ServerId.Port", Content::Number),
    ("Source.FQID.ServerId.Scheme", Content::Machine),
    ("Source.FQID.ServerId.Type", Content::Machine),
    ("Site.AbsoluteUri", Content::Machine),
    ("Site.ServerType", Content::Machine),
    ("SnapshotList.TimeOffset", Content::Number),
    ("SnapshotList.Width", Content::Number),
    ("SnapshotList.Height", Content::Number),
    ("SnapshotList.HasOverlay", Content::Number),
    ("SnapshotList.SizeInBytes", Content::Number),
];

/// The members of an object that say what it looks like and not who it is.
const ATTRIBUTES: &[(&str, Content)] = &[
    ("Type", Content::Text),
    ("Color", Content::Text),
    ("AlarmTrigger", Content::Number),
    ("Removed", Content::Number),
    ("Size", Content::Number),
    ("SizeUnit", Content::Text),
    ("Motion.Speed", Content::Number),
    ("Motion.SpeedUnit", Content::Text),
    ("Confidence", Content::Number),
];

/// The words of XProtect's predefined events, of kinds of objects, of places and colours. A text of nothing else names
/// nobody.
const VOCABULARY: &[&str] = &[
    "a",
    "abandoned",
    "activated",
    "active",
    "alarm",
    "alert",
    "analytics",
    "and",
    "animal",
    "anpr",
    "archive",
    "archiving",
    "area",
    "at",
    "audio",
    "back",
    "bicycle",
    "bike",
    "black",
    "blue",
    "break",
    "brown",
    "building",
    "bus",
    "by",
    "camera",
    "car",
    "cat",
    "central",
    "changed",
    "channel",
    "cm",
    "communication",
    "count",
    "counting",
    "cross",
    "crossed",
    "crossing",
    "crowd",
    "dark",
    "database",
    "deactivated",
    "defined",
    "detected",
    "detection",
    "device",
    "disk",
    "dog",
    "door",
    "down",
    "driveway",
    "end",
    "ended",
    "enter",
    "entered",
    "entrance",
    "entry",
    "error",
    "event",
    "exit",
    "exited",
    "external",
    "face",
    "faces",
    "failed",
    "failover",
    "failure",
    "feed",
    "fire",
    "floor",
    "front",
    "full",
    "garage",
    "garden",
    "gate",
    "generic",
    "glass",
    "green",
    "grey",
    "gunshot",
    "h",
    "hall",
    "hardware",
    "high",
    "human",
    "hw",
    "in",
    "indoor",
    "input",
    "inside",
    "intruder",
    "intrusion",
    "is",
    "km",
    "left",
    "level",
    "licence",
    "license",
    "light",
    "line",
    "lobby",
    "loitering",
    "loss",
    "lost",
    "lot",
    "low",
    "lpr",
    "m",
    "match",
    "matched",
    "medium",
    "message",
    "microphone",
    "motion",
    "motorcycle",
    "mph",
    "not",
    "object",
    "objects",
    "of",
    "off",
    "office",
    "on",
    "operational",
    "orange",
    "outdoor",
    "output",
    "outside",
    "over",
    "parked",
    "parking",
    "pedestrian",
    "people",
    "perimeter",
    "person",
    "persons",
    "pir",
    "plate",
    "preset",
    "ptz",
    "raised",
    "reached",
    "rear",
    "recognised",
    "recognition",
    "recognized",
    "recording",
    "red",
    "removed",
    "responding",
    "retention",
    "right",
    "room",
    "rule",
    "s",
    "server",
    "settings",
    "side",
    "signal",
    "silver",
    "smoke",
    "sound",
    "speaker",
    "start",
    "started",
    "stop",
    "stopped",
    "storage",
    "street",
    "system",
    "tamper",
    "tampering",
    "temperature",
    "the",
    "to",
    "tripwire",
    "truck",
    "unattended",
    "unknown",
    "up",
    "user",
    "van",
    "vehicle",
    "vehicles",
    "video",
    "violet",
    "white",
    "window",
    "with",
    "yard",
    "yellow",
    "zone",
];

/// Whether a text names nobody: it holds nothing but words of [`VOCABULARY`] and numbers of up to three digits.
pub(crate) fn is_impersonal(text: &str) -> bool {
    let mut words =
        text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    words.all(|word| {
        let is_number = word.len() <= 3 && word.bytes().all(|octet| octet.is_ascii_digit());
        is_number || VOCABULARY.iter().any(|known| known.eq_ignore_ascii_case(word))
    })
}

/// Whether a text is an id that a system gave: a GUID, or a number of up to three digits.
fn is_system_id(text: &str) -> bool {
    let is_guid_digit = |octet: u8| octet.is_ascii_hexdigit() || matches!(octet, b'-' | b'{' | b'}');
    let digits = text.bytes().filter(u8::is_ascii_hexdigit).count();
    let is_guid = digits == 32 && text.bytes().all(is_guid_digit);
    let is_number = (1..=3).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_digit());
    is_guid || is_number
}

/// Takes everything out of an event that may name whoever was seen, and what shows a face.
pub(crate) fn strip(draft: &mut Draft<'_>) {
    if is_about_a_face(draft) {
        // Nothing says what such a picture shows, so it is taken for a face.
        draft.images.iter_mut().for_each(|image| image.role = ImageRole::Face);
    }
    let impersonal = |text: &Text| is_impersonal(text.as_str());
    let of_system = |text: &Text| is_system_id(text.as_str());
    draft.event_ids.retain(of_system);
    draft.device_time = draft.device_time.take().filter(|time| time.at.is_some());
    if let Some(zone) = &mut draft.zone {
        zone.id = zone.id.take().filter(|id| of_system(id) || impersonal(id));
        zone.name = zone.name.take().filter(impersonal);
    }
    for target in &mut draft.targets {
        let is_person =
            matches!(target.class, None | Some(TargetClass::Face | TargetClass::Person | TargetClass::Other));
        target.id = target.id.take().filter(|id| of_system(id) && !is_person);
        target.attributes.retain(|name, value| is_kept(ATTRIBUTES, name, value));
    }
    let mut kept = VendorData::default();
    for (name, value) in draft.vendor_data.iter().filter(|(name, value)| is_kept(MEMBERS, name, value)) {
        kept.insert(name, value.clone());
    }
    draft.vendor_data = kept;
}

/// Whether an event is about a face, or about a person who was recognized: one with a name or a value.
fn is_about_a_face(draft: &Draft<'_>) -> bool {
    let is_recognized = |target: &DraftTarget| {
        let names_somebody =
            |name: &str| target.attributes.get(name).is_some_and(|value| !names_nobody(value));
        target.class == Some(TargetClass::Person) && (names_somebody("Name") || names_somebody("Value"))
    };
    matches!(draft.kind, Kind::Face | Kind::FaceMatch)
        || draft.targets.iter().any(|target| target.class == Some(TargetClass::Face) || is_recognized(target))
}

fn is_kept(members: &[(&str, Content)], name: &str, value: &Value) -> bool {
    let known = members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    known.is_some_and(|(_, content)| holds_only(*content, value))
}

fn names_nobody(value: &Value) -> bool {
    holds_only(Content::Text, value)
}

fn holds_only(content: Content, value: &Value) -> bool {
    match value {
        Value::Bool(_) | Value::Number(_) => true,
        Value::Array(values) => values.iter().all(|value| holds_only(content, value)),
        Value::String(text) => match content {
            Content::Id => is_system_id(text),
            Content::Number => is_number(text),
            Content::Machine => text.is_ascii() && !text.contains(char::is_whitespace),
            Content::Text => is_impersonal(text),
        },
        Value::Null | Value::Object(_) => false,
    }
}

fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok() || text.parse::<bool>().is_ok() || text.parse::<Timestamp>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_of_known_words_name_nobody() {
        for text in ["Motion Detected", "Line-crossing: gate 2", "Face recognised", "Motion Stopped (HW)", ""]
        {
            assert!(is_impersonal(text), "{text}");
        }
        for text in [
            "Face recognised: Ann Example",
            "Phát hiện Nguyễn Văn A tại Cổng chính",
            "检测到 王芳",
            "Employee 471122",
            "ann@example.org",
        ] {
            assert!(!is_impersonal(text), "{text}");
        }
    }

    #[test]
    fn only_guids_and_short_numbers_are_ids_of_a_system() {
        for id in
            ["5135ba21-f1dc-4321-806a-6ce2017343c0", "{5135BA21-F1DC-4321-806A-6CE2017343C0}", "7", "112"]
        {
            assert!(is_system_id(id), "{id}");
        }
        for id in ["", "ann", "471122", "abcd-ef"] {
            assert!(!is_system_id(id), "{id}");
        }
    }
}
