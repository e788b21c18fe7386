//! What may be kept of an event whose faces are not to be known.
//!
//! Makers of analytics write the name of a recognized person wherever there is room: into the event's name and message,
//! the custom tag, an object's name or value, in any language. No word list finds a name, so it is the other way round:
//! only what is known to name nobody is kept.

use camhook_event::{ImageRole, Kind, TargetClass, Text, VendorData};
use camhook_ingest::Draft;
use jiff::Timestamp;
use serde_json::Value;

use crate::analytics::{Found, FoundObject, Shows};
use crate::message::{Message, UNKNOWN};
use crate::words::{Words, names_a_face, names_somebody};

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
    ("FQID.FolderType", Content::Number),
    ("FQID.Kind", Content::Id),
    ("FQID.ObjectId", Content::Id),
    ("FQID.ParentId", Content::Id),
    ("FQID.ServerId.Hostname", Content::Machine),
    ("FQID.ServerId.Id", Content::Id),
    ("FQID.ServerId.Port", Content::Number),
    ("FQID.ServerId.Scheme", Content::Machine),
    ("FQID.ServerId.Type", Content::Machine),
    ("Site.AbsoluteUri", Content::Machine),
    ("Site.ServerType", Content::Machine),
    ("SnapshotList.TimeOffset", Content::Number),
    ("SnapshotList.Width", Content::Number),
    ("SnapshotList.Height", Content::Number),
    ("SnapshotList.HasOverlay", Content::Number),
    ("SnapshotList.SizeInBytes", Content::Number),
];

/// More members that hold no person. Pictures are dropped because of them only if they say that somebody is known: a rule's
/// type may be that of faces. Their values may be in anybody's words and are not kept.
const NO_PERSON: &[&str] =
    &["PriorityName", "RuleList.ID", "RuleList.Type", "SnapshotList.Path", "Snapshots.Path", "Vendor.Name"];

/// The same of the members of an object that is neither a person nor a face.
const NO_PERSON_OF_THING: &[&str] = &["Color", "Type"];

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
/// nobody, unless it stands where a person's name may: people are called White, Hall and Van Brown. In alphabetical order.
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
    "backpack",
    "bag",
    "baggage",
    "bags",
    "behind",
    "bicycle",
    "bike",
    "black",
    "blue",
    "boat",
    "breach",
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
    "closed",
    "cm",
    "communication",
    "count",
    "counting",
    "cross",
    "crossed",
    "crossing",
    "crossline",
    "crowd",
    "dark",
    "database",
    "deactivated",
    "defined",
    "detected",
    "detection",
    "detector",
    "device",
    "direction",
    "disk",
    "dock",
    "dog",
    "door",
    "down",
    "driveway",
    "end",
    "ended",
    "enter",
    "entered",
    "entering",
    "entrance",
    "entry",
    "error",
    "event",
    "exceeded",
    "exit",
    "exited",
    "exiting",
    "external",
    "face",
    "faces",
    "facial",
    "failed",
    "failover",
    "failure",
    "fall",
    "feed",
    "fence",
    "fire",
    "floor",
    "forced",
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
    "humans",
    "hw",
    "illegal",
    "illegally",
    "in",
    "indoor",
    "input",
    "inside",
    "intruder",
    "intrusion",
    "is",
    "km",
    "lane",
    "left",
    "level",
    "licence",
    "license",
    "light",
    "line",
    "loading",
    "lobby",
    "loitering",
    "loss",
    "lost",
    "lot",
    "low",
    "lpr",
    "luggage",
    "m",
    "match",
    "matched",
    "medium",
    "message",
    "microphone",
    "missing",
    "motion",
    "motorcycle",
    "mph",
    "near",
    "not",
    "number",
    "object",
    "objects",
    "of",
    "off",
    "office",
    "on",
    "open",
    "opened",
    "operational",
    "orange",
    "outdoor",
    "output",
    "outside",
    "over",
    "parked",
    "parking",
    "pedestrian",
    "pedestrians",
    "people",
    "perimeter",
    "person",
    "persons",
    "pir",
    "plate",
    "polygon",
    "pool",
    "preset",
    "profile",
    "ptz",
    "queue",
    "raised",
    "reached",
    "rear",
    "recognised",
    "recognition",
    "recognized",
    "recording",
    "red",
    "region",
    "removed",
    "responding",
    "restricted",
    "retention",
    "right",
    "roof",
    "room",
    "rule",
    "s",
    "scenario",
    "scene",
    "sector",
    "server",
    "settings",
    "side",
    "signal",
    "silver",
    "smoke",
    "sound",
    "speaker",
    "speed",
    "stairs",
    "start",
    "started",
    "stop",
    "stopped",
    "storage",
    "street",
    "suitcase",
    "system",
    "tailgating",
    "tamper",
    "tampered",
    "tampering",
    "temperature",
    "the",
    "to",
    "train",
    "trip",
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
    "violation",
    "violet",
    "warehouse",
    "way",
    "white",
    "window",
    "wire",
    "with",
    "wrong",
    "yard",
    "yellow",
    "zone",
];

/// The words of [`VOCABULARY`] that say nothing of an event: people may be called so, or they stand beside names.
const NO_EVENT: &[&str] = &[
    "a",
    "and",
    "at",
    "back",
    "black",
    "blue",
    "brown",
    "building",
    "bus",
    "by",
    "car",
    "cat",
    "central",
    "closed",
    "cm",
    "cross",
    "dark",
    "dock",
    "dog",
    "door",
    "down",
    "driveway",
    "entrance",
    "fence",
    "floor",
    "front",
    "full",
    "garage",
    "garden",
    "gate",
    "glass",
    "green",
    "grey",
    "h",
    "hall",
    "high",
    "in",
    "indoor",
    "inside",
    "is",
    "km",
    "lane",
    "left",
    "level",
    "light",
    "loading",
    "lobby",
    "lot",
    "low",
    "m",
    "medium",
    "mph",
    "near",
    "not",
    "number",
    "of",
    "off",
    "office",
    "on",
    "open",
    "orange",
    "outdoor",
    "outside",
    "over",
    "pool",
    "rear",
    "red",
    "right",
    "roof",
    "room",
    "s",
    "scene",
    "side",
    "silver",
    "stairs",
    "street",
    "the",
    "to",
    "up",
    "van",
    "violet",
    "warehouse",
    "way",
    "white",
    "window",
    "with",
    "yard",
    "yellow",
];

/// The words of [`VOCABULARY`] that people are called by.
const NAMES: &[&str] = &[
    "black", "blue", "brown", "cross", "dark", "garden", "glass", "green", "grey", "h", "hall", "high",
    "lane", "light", "low", "m", "medium", "orange", "red", "s", "silver", "street", "van", "violet",
    "white", "yellow",
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
        if texts.iter().any(|text| Words::of_type(text).has_any(PERSONS)) {
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

    /// Whether the pictures of such an event may show somebody whom this text names, or who was recognized. A place that is
    /// no name is not kept as a text about a person, and is no reason to drop the pictures of a detection there.
    fn is_about_somebody(self, text: &str) -> bool {
        if speaks_of_recognition(text) {
            return true;
        }
        let may_be_name = self != Self::Thing && Words::of(text).has_any(NAMES);
        names_somebody(text)
            && !is_system_id(text)
            && !is_number(text)
            && (may_be_name || !is_impersonal(text))
    }
}

/// Words for persons.
const PERSONS: &[&str] = &["person", "persons", "people", "human", "humans", "pedestrian", "pedestrians"];

/// How words begin that say that somebody is known.
const RECOGNITION: &[&str] = &["biometr", "identif", "known", "match", "recogni"];

/// Whether a text is about a face, or about somebody or something that was recognized and is no plate.
fn speaks_of_recognition(text: &str) -> bool {
    let words = Words::of_type(text);
    let is_recognition = words.iter().any(|word| RECOGNITION.iter().any(|stem| word.starts_with(stem)));
    names_a_face(text) || is_recognition && words.class() != Some(TargetClass::Plate)
}

/// Whether a text is a phrase about a person or a face that ends with its verb: "Face recognised", "System Event".
fn is_known_phrase(text: &str) -> bool {
    let words = Words::of_type(text);
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
    Words::of_type(text).iter().any(|word| !is_number(word) && !NO_EVENT.contains(&word))
}

/// Whether a text holds nothing but words of [`VOCABULARY`] and numbers of up to three digits.
fn is_impersonal(text: &str) -> bool {
    Words::of_type(text).iter().all(|word| {
        let is_number = word.len() <= 3 && word.bytes().all(|octet| octet.is_ascii_digit());
        is_number || VOCABULARY.binary_search(&word).is_ok()
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

/// What the pictures of an event may show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pictured {
    /// The face of somebody who is to be unknown.
    Somebody,
    /// Nobody whom the event knows.
    Nobody,
}

impl Pictured {
    /// What the pictures of an event with these texts may show: nothing says whom, and whoever is named somewhere in it, in
    /// whatever language, may be in the picture. `data` holds all of the event that has no place of its own.
    pub(crate) fn of(topic: Topic, message: &Message<'_>, found: &Found<'_>, data: &VendorData) -> Self {
        let is_about_somebody = |text: &str| topic.is_about_somebody(text);
        let Message { name, message: text, origin, custom, .. } = message;
        let of_origin = origin.name.as_ref().filter(|_| !origin.kind.is_device());
        let of_zone = found.zone.as_ref().and_then(|zone| zone.name.as_ref());
        let mut texts = [name.as_ref(), text.as_ref(), of_origin, of_zone].into_iter().flatten();
        let mut members = data.iter().filter(|(name, value)| !is_kept(MEMBERS, name, value, topic));
        let is_known = topic == Topic::Recognition
            // What a plug-in's user calls a value may say more than the value: `"face_id": 77`.
            || custom.iter().any(|(name, _)| speaks_of_recognition(name))
            || texts.any(|text| text.as_str() != UNKNOWN && is_about_somebody(text.as_str()))
            || members.any(|(name, value)| tells(NO_PERSON, name, value, &is_about_somebody))
            || found.objects.iter().any(|object| tells_of_somebody(object, &is_about_somebody));
        if is_known { Self::Somebody } else { Self::Nobody }
    }
}

/// Whether an object is a face, or one of its texts is about somebody.
fn tells_of_somebody(object: &FoundObject, is_about_somebody: &impl Fn(&str) -> bool) -> bool {
    let target = &object.target;
    let no_person: &[&str] = match target.class {
        Some(
            TargetClass::Plate | TargetClass::Vehicle | TargetClass::MotorcycleBicycle | TargetClass::Animal,
        ) => NO_PERSON_OF_THING,
        _ => &[],
    };
    let is_id = |id: &Text| holds_only(Content::Machine, &id.as_str().into(), Topic::Thing);
    target.class == Some(TargetClass::Face)
        || target.id.as_ref().is_some_and(|id| !is_id(id) && is_about_somebody(id.as_str()))
        || target.attributes.iter().any(|(name, value)| {
            tells(no_person, name, value, is_about_somebody)
                && !is_kept(ATTRIBUTES, name, value, Topic::Thing)
        })
}

/// Whether a value is about somebody. One of the members that hold no person is so only if it says that somebody is known.
fn tells(no_person: &[&str], name: &str, value: &Value, is_about_somebody: &impl Fn(&str) -> bool) -> bool {
    let holds_no_person = no_person.iter().any(|known| known.eq_ignore_ascii_case(name));
    has_text(value, &|text: &str| match holds_no_person {
        true => speaks_of_recognition(text),
        false => is_about_somebody(text),
    })
}

fn has_text(value: &Value, is_wanted: &impl Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is_wanted(text),
        Value::Array(values) => values.iter().any(|value| has_text(value, is_wanted)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// Takes everything out of an event that may name whoever was seen, and what may show a known face.
pub(crate) fn strip(draft: &mut Draft<'_>, topic: Topic, pictured: Pictured) {
    if pictured == Pictured::Somebody {
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

fn is_kept(members: &[(&str, Content)], name: &str, value: &Value, topic: Topic) -> bool {
    let name = of_item(name).unwrap_or(name);
    let known = members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    known.is_some_and(|(_, content)| holds_only(*content, value, topic))
}

/// The members that name an item of XProtect by its FQID.
const ITEMS: &[&str] = &["Source.", "SnapshotList.", "ReferenceList.", "ReferenceList.Reference."];

/// The name of a member of an FQID, wherever it stands: `FQID.Kind`.
fn of_item(name: &str) -> Option<&str> {
    let below = |item: &&str| {
        let (holder, rest) = name.split_at_checked(item.len())?;
        (holder.eq_ignore_ascii_case(item) && rest.starts_with("FQID.")).then_some(rest)
    };
    ITEMS.iter().find_map(below)
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
    fn the_words_are_sorted() {
        assert!(VOCABULARY.is_sorted());
        assert!(NAMES.iter().chain(NO_EVENT).all(|name| VOCABULARY.binary_search(name).is_ok()));
    }

    #[test]
    fn a_text_is_about_somebody_if_it_may_hold_a_name_or_says_that_somebody_is_known() {
        for text in [
            "Ann Example",
            "Known person",
            "Person matched",
            "Watchlist hit",
            "BiometricIdentification",
            "FaceRecognized",
            "안면 인식",
            "Yüz algılandı: Ayşe",
            "Violet Brown",
            "Hall",
        ] {
            assert!(Topic::Person.is_about_somebody(text), "{text}");
            assert!(Topic::Unclear.is_about_somebody(text), "{text}");
        }
        for text in ["Person detected at the gate", "Camera 4", "Unknown", "471122", "Alarm: entrance 2", ""]
        {
            assert!(!Topic::Person.is_about_somebody(text), "{text}");
        }
        for text in [
            "Perimeter breach",
            "Camera tampered",
            "Wrong way detection",
            "Parking violation",
            "Door forced open",
            "Person in restricted area",
            "Object near the fence, sector 4",
            "Region 2: loading dock",
        ] {
            assert!(!Topic::Unclear.is_about_somebody(text), "{text}");
            assert!(!Topic::Person.is_about_somebody(text), "{text}");
        }
        for text in ["Lane", "Violet Lane"] {
            assert!(Topic::Unclear.is_about_somebody(text), "{text}");
        }
        for text in ["Motion in the hall", "White van at the gate", "License plate recognized"] {
            assert!(!Topic::Thing.is_about_somebody(text), "{text}");
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
