//! What may be kept of an event whose faces are not to be known.
//!
//! Makers of analytics write the name of a recognized person wherever there is room: into the event's name and message,
//! the custom tag, an object's name or value, in any language. No word list finds a name, so it is the other way round:
//! only what is known to name nobody is kept.

use camhook_event::{ImageRole, Kind, TargetClass, Text, VendorData};
use camhook_ingest::Draft;
use jiff::Timestamp;
use serde_json::Value;

use crate::analytics::{FoundObject, Shows};
use crate::message::Message;
use crate::words::{Words, names_a_face};

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
    /// The name of a type of object: nothing but words for such types.
    ObjectType,
    /// A colour or a unit.
    Look,
    /// The name of a priority.
    Priority,
}

/// The members of an event that may be kept, by their names in `vendor_data`.
const MEMBERS: &[(&str, Content)] = &[
    ("Type", Content::Text),
    ("Class", Content::Text),
    ("Name", Content::Text),
    ("Message", Content::Text),
    ("PriorityName", Content::Priority),
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
    ("Type", Content::ObjectType),
    ("Color", Content::Look),
    ("AlarmTrigger", Content::Number),
    ("Removed", Content::Number),
    ("Size", Content::Number),
    ("SizeUnit", Content::Look),
    ("Motion.Speed", Content::Number),
    ("Motion.SpeedUnit", Content::Look),
    ("Confidence", Content::Number),
    ("BoundingBox.Top", Content::Number),
    ("BoundingBox.Left", Content::Number),
    ("BoundingBox.Bottom", Content::Number),
    ("BoundingBox.Right", Content::Number),
];

/// The words of XProtect's predefined events, of kinds of objects, of places and colours. A text of nothing else names
/// nobody, unless it stands where a person's name may: people are called White, Hall and Van Brown.
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

/// The words of [`VOCABULARY`] that say nothing of an event: people may be called so, or they stand beside names.
const NO_EVENT: &[&str] = &[
    "a", "and", "at", "back", "black", "blue", "brown", "building", "bus", "by", "car", "cat", "central",
    "cm", "cross", "dark", "dog", "door", "down", "driveway", "entrance", "floor", "front", "full", "garage",
    "garden", "gate", "glass", "green", "grey", "h", "hall", "high", "in", "indoor", "inside", "is", "km",
    "left", "level", "light", "lobby", "lot", "low", "m", "medium", "mph", "not", "of", "off", "office",
    "on", "orange", "outdoor", "outside", "over", "rear", "red", "right", "room", "s", "side", "silver",
    "street", "the", "to", "up", "van", "violet", "white", "window", "with", "yard", "yellow",
];

/// What a phrase about a person or a face may begin with.
const SUBJECTS: &[&str] = &[
    "a",
    "an",
    "analytics",
    "anpr",
    "been",
    "defined",
    "external",
    "face",
    "faces",
    "facial",
    "generic",
    "has",
    "human",
    "humans",
    "intruder",
    "is",
    "known",
    "licence",
    "license",
    "line",
    "lpr",
    "motion",
    "no",
    "not",
    "object",
    "objects",
    "pedestrian",
    "pedestrians",
    "people",
    "perimeter",
    "person",
    "persons",
    "plate",
    "system",
    "the",
    "unauthorised",
    "unauthorized",
    "unknown",
    "user",
    "vehicle",
    "vehicles",
    "was",
];

/// What a phrase about a person or a face ends with. Whoever it is about is named behind these words.
const VERBS: &[&str] = &[
    "activated",
    "alarm",
    "alert",
    "analytics",
    "counting",
    "crossed",
    "crossing",
    "deactivated",
    "detected",
    "detection",
    "ended",
    "entered",
    "event",
    "exited",
    "found",
    "identification",
    "identified",
    "loitering",
    "match",
    "matched",
    "mismatch",
    "recognised",
    "recognition",
    "recognized",
    "started",
    "stopped",
    "unrecognised",
    "unrecognized",
];

/// Single words that name nobody wherever they stand.
const SINGLE: &[&str] =
    &["analytics", "face", "faces", "human", "operational", "pedestrian", "people", "person", "persons"];

/// What the texts of an event may name, of an event whose faces are not to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    /// Somebody who may have been recognized: it is about a face, or about a person with a name. Only known phrases are
    /// kept, and nothing behind their verb. Its pictures may show the face.
    Recognition,
    /// A person. The same texts are kept.
    Person,
    /// Anything: its words say no kind. A text of nothing but places, colours and numbers may be a name.
    Unclear,
    /// A thing that happened.
    Thing,
}

impl Topic {
    /// What an event is about: by its kind, its objects, and the words of its texts.
    pub(crate) fn of(kind: Kind, message: &Message<'_>, objects: &[FoundObject]) -> Self {
        let is_recognized = |object: &FoundObject| {
            object.target.class == Some(TargetClass::Face)
                || object.shows == Shows::Face
                || object.is_recognized_person()
        };
        let texts = [&message.name, &message.message, &message.subclass, &message.origin.name];
        // Who is counted is nobody in particular.
        let is_count = matches!(kind, Kind::Counting | Kind::Crowd);
        let texts: Vec<&str> = texts.into_iter().flatten().map(Text::as_str).filter(|_| !is_count).collect();
        if matches!(kind, Kind::Face | Kind::FaceMatch)
            || objects.iter().any(is_recognized)
            || texts.iter().any(|text| speaks_of_recognition(text))
        {
            return Self::Recognition;
        }
        if texts.iter().any(|text| Words::of(text).has_any(PERSONS)) {
            return Self::Person;
        }
        match kind {
            Kind::Other | Kind::Analytics | Kind::External => Self::Unclear,
            _ => Self::Thing,
        }
    }

    /// Whether a text of such an event names nobody.
    pub(crate) fn keeps(self, text: &str) -> bool {
        match self {
            Self::Recognition | Self::Person => is_known_phrase(text),
            Self::Unclear => is_impersonal(text) && says_what_happened(text),
            Self::Thing => is_impersonal(text),
        }
    }
}

/// Words for persons.
const PERSONS: &[&str] = &["person", "persons", "people", "human", "humans", "pedestrian", "pedestrians"];

/// Whether a text is about a face, or about somebody or something that was recognized and is no plate.
fn speaks_of_recognition(text: &str) -> bool {
    let words = Words::of(text);
    let is_recognition = words.iter().any(|word| word.starts_with("recogni"));
    names_a_face(text) || is_recognition && !words.has_any(&["plate", "plates", "lpr", "anpr"])
}

/// Whether a text is a phrase about a person or a face that ends with its verb: "Face recognised", "System Event".
fn is_known_phrase(text: &str) -> bool {
    let words = Words::of(text);
    let words: Vec<&str> = words.iter().collect();
    match words.split_last() {
        Some((only, [])) => SINGLE.contains(only),
        Some((last, before)) => {
            VERBS.contains(last) && before.iter().all(|word| SUBJECTS.contains(word) || VERBS.contains(word))
        }
        None => true,
    }
}

/// Whether a word of a text says what happened, and not only where or in which colour.
fn says_what_happened(text: &str) -> bool {
    let is_number = |word: &str| word.bytes().all(|octet| octet.is_ascii_digit());
    Words::of(text).iter().any(|word| !is_number(word) && !NO_EVENT.contains(&word))
}

/// Whether a text holds nothing but words of [`VOCABULARY`] and numbers of up to three digits.
fn is_impersonal(text: &str) -> bool {
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
pub(crate) fn strip(draft: &mut Draft<'_>, topic: Topic) {
    if shows_somebody(draft, topic) {
        // Nothing says what such a picture shows, so it is taken for a face.
        draft.images.iter_mut().for_each(|image| image.role = ImageRole::Face);
    }
    let is_place = |text: &Text| match topic {
        Topic::Recognition | Topic::Person => is_known_phrase(text.as_str()),
        Topic::Unclear | Topic::Thing => is_impersonal(text.as_str()),
    };
    let of_system = |text: &Text| is_system_id(text.as_str());
    draft.event_ids.retain(of_system);
    draft.device_time = draft.device_time.take().filter(|time| time.at.is_some());
    if let Some(zone) = &mut draft.zone {
        zone.id = zone.id.take().filter(|id| of_system(id) || is_place(id));
        zone.name = zone.name.take().filter(is_place);
    }
    for target in &mut draft.targets {
        let is_person =
            matches!(target.class, None | Some(TargetClass::Face | TargetClass::Person | TargetClass::Other));
        target.id = target.id.take().filter(|id| of_system(id) && !is_person);
        target.attributes.retain(|name, value| is_kept(ATTRIBUTES, name, value, topic));
    }
    let mut kept = VendorData::default();
    for (name, value) in draft.vendor_data.iter().filter(|(name, value)| is_kept(MEMBERS, name, value, topic))
    {
        kept.insert(name, value.clone());
    }
    draft.vendor_data = kept;
}

/// Whether the pictures of an event show the face of somebody who is to be unknown.
fn shows_somebody(draft: &Draft<'_>, topic: Topic) -> bool {
    topic == Topic::Recognition || draft.targets.iter().any(|target| target.class == Some(TargetClass::Face))
}

fn is_kept(members: &[(&str, Content)], name: &str, value: &Value, topic: Topic) -> bool {
    let known = members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    known.is_some_and(|(_, content)| holds_only(*content, value, topic))
}

fn holds_only(content: Content, value: &Value, topic: Topic) -> bool {
    match value {
        Value::Bool(_) | Value::Number(_) => true,
        Value::Array(values) => values.iter().all(|value| holds_only(content, value, topic)),
        Value::String(text) => match content {
            Content::Id => is_system_id(text),
            Content::Number => is_number(text),
            Content::Machine => text.is_ascii() && !text.contains(char::is_whitespace),
            Content::Text => topic.keeps(text),
            Content::ObjectType => is_object_type(text),
            Content::Look => is_impersonal(text),
            Content::Priority => PRIORITIES.iter().any(|known| known.eq_ignore_ascii_case(text.trim())),
        },
        Value::Null | Value::Object(_) => false,
    }
}

/// The names of priorities, which are XProtect's own.
const PRIORITIES: &[&str] = &["high", "medium", "low", "normal", "none", "critical", "information"];

/// Whether a text is the name of a type of object and nothing else.
fn is_object_type(text: &str) -> bool {
    let beside = ["licence", "license", "number", "object", "objects", "of", "unknown", "detected", "match"];
    Words::of_type(text).iter().all(|word| beside.contains(&word) || Words::of(word).class().is_some())
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
    fn of_an_event_about_somebody_only_known_phrases_are_kept() {
        for text in [
            "Face recognised",
            "Face match",
            "Face not recognised",
            "Person detected",
            "Unknown person detected",
            "System Event",
            "License Plate Recognition",
            "Analytics",
        ] {
            assert!(Topic::Person.keeps(text), "{text}");
        }
        for text in [
            "Face recognised: White",
            "Face recognised: Low",
            "Face match - Black",
            "Face recognised: Violet Brown",
            "Face match: Violet Hall at front gate",
            "Person 471 recognised",
            "Person recognized: Van Brown",
            "Hall",
            "Mark Hall",
            "White recognised",
            "Light",
            "Line",
            "471",
        ] {
            assert!(!Topic::Person.keeps(text), "{text}");
        }
    }

    #[test]
    fn where_no_word_says_what_happened_a_place_or_colour_may_be_a_name() {
        for text in ["Hall", "White", "Violet Brown", "Van Brown", "Gate 2", "471"] {
            assert!(!Topic::Unclear.keeps(text), "{text}");
        }
        for text in ["External Event", "Alarm at the gate", "System Event", "Analytics"] {
            assert!(Topic::Unclear.keeps(text), "{text}");
        }
        assert!(Topic::Thing.keeps("Line-crossing: gate 2"));
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
