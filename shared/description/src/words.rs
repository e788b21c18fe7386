//! Words for kinds, and text of devices made fit to be shown.

use camhook_event::{Event, Kind, Text};

/// The text without control characters and without the controls that change the direction of writing, white space
/// folded.
#[must_use]
pub fn printable(text: &str) -> String {
    let shown: String = text
        .chars()
        .map(|character| if character.is_whitespace() { ' ' } else { character })
        .filter(|character| !character.is_control() && !is_direction_control(*character))
        .collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_direction_control(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}

pub(crate) fn printable_opt(text: Option<&str>) -> Option<String> {
    text.map(printable).filter(|text| !text.is_empty())
}

/// A device's word, where it is one that a person would use: no code, no number, no `camelCase`, no `unknown`.
pub(crate) fn plain_word(text: Option<&Text>) -> Option<String> {
    let text = printable(text?.as_str());
    let is_plain = text.chars().all(|character| character.is_alphabetic() || matches!(character, ' ' | '-'));
    let is_camel_case = text
        .chars()
        .zip(text.chars().skip(1))
        .any(|(left, right)| left.is_lowercase() && right.is_uppercase());
    let means_nothing = ["unknown", "none", "other", "others", "null", "undefined", "unlabeled", "default"]
        .contains(&text.to_lowercase().as_str());
    (!text.is_empty() && text.chars().count() <= 40 && is_plain && !is_camel_case && !means_nothing)
        .then_some(text)
}

/// The kind of an event, or the name that a person gave it.
pub(crate) fn kind(event: &Event) -> String {
    let given = printable_opt(event.data.name.as_ref().map(Text::as_str));
    let word = match event.data.kind {
        Kind::Motion => "Motion",
        Kind::Intrusion => "Intrusion",
        Kind::LineCrossing => "Line crossed",
        Kind::Perimeter => "Perimeter breach",
        Kind::ZoneEntry => "Zone entered",
        Kind::ZoneExit => "Zone left",
        Kind::Loitering => "Loitering",
        Kind::Parking => "Parked vehicle",
        Kind::Plate => "Plate",
        Kind::Face => "Face",
        Kind::FaceMatch => "Face comparison",
        Kind::Counting => "Count",
        Kind::Crowd => "Crowd",
        Kind::Object => "Object",
        Kind::Tracking => "Movement",
        Kind::Audio => "Sound",
        Kind::Pir => "Motion sensor",
        Kind::Input => "Input",
        Kind::Tamper => "Camera covered or moved",
        Kind::VideoLoss => "No video",
        Kind::Fire => "Fire or smoke",
        Kind::Temperature => "Temperature alarm",
        Kind::Storage => "Storage problem",
        Kind::System => "Device message",
        Kind::Manual => "Button pressed",
        Kind::External => "External event",
        Kind::Analytics => "Analytics event",
        Kind::DeviceOffline => "Offline",
        Kind::DeviceOnline => "Online again",
        Kind::ClockWrong => "Wrong clock",
        Kind::Other => "Event",
    };
    match (event.data.kind, given) {
        (Kind::External | Kind::Analytics | Kind::Other | Kind::System | Kind::Manual, Some(given)) => given,
        _ => word.to_owned(),
    }
}
