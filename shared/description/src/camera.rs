//! Cameras in words.

use camhook_event::{Event, Text};
use camhook_site::Site;

use crate::words::{printable, printable_opt};
use crate::{is_number, is_reachability};

/// The most characters of a camera's id that is shown as it is.
const ID_LENGTH: usize = 32;

/// The name of the camera: in camhook.toml, else in the device, else by its id where a person can read that (`Camera 7`,
/// `garage`); that of a device which is reported as gone or back without a camera; the source's where there is none.
#[must_use]
pub fn place(site: &Site, event: &Event) -> String {
    named(site, event)
        .or_else(|| by_id(event))
        .or_else(|| device(event))
        .unwrap_or_else(|| event.data.source.to_string())
}

/// What tells the camera apart from all others in a list: its [place], and where several devices are reported together
/// and other sources may have a camera of that id, the source: `Camera 7 (yard)`.
#[must_use]
pub fn label(site: &Site, event: &Event) -> String {
    let source = &event.data.source;
    if let Some(named) = named(site, event).or_else(|| device(event)) {
        return named;
    }
    match (by_id(event), &event.data.camera) {
        (Some(id), _) if is_reachability(event.data.kind) && is_ambiguous(site, event) => {
            format!("{id} ({source})")
        }
        (Some(id), _) => id,
        (None, Some(camera)) => {
            let id: String = printable(camera.id.as_str()).chars().take(ID_LENGTH).collect();
            format!("{source} ({id})")
        }
        (None, None) => source.to_string(),
    }
}

/// Whether a camera is shown by its id alone and other sources may have the same.
pub(crate) fn is_ambiguous(site: &Site, event: &Event) -> bool {
    named(site, event).is_none() && by_id(event).is_some() && site.sources().nth(1).is_some()
}

/// The name in camhook.toml, else in the device.
fn named(site: &Site, event: &Event) -> Option<String> {
    if let Some(named) = site.camera(event) {
        return Some(named.to_string());
    }
    printable_opt(event.data.camera.as_ref()?.name.as_ref().map(Text::as_str))
}

/// The name of a device behind the source, a recorder or the hardware of several cameras, that is gone or back.
fn device(event: &Event) -> Option<String> {
    let data = &event.data;
    let is_device = is_reachability(data.kind) && data.camera.is_none();
    printable_opt(data.name.as_ref().filter(|_| is_device).map(Text::as_str))
}

/// The camera by its id: by its number where that is all that the id says, or by a word.
fn by_id(event: &Event) -> Option<String> {
    let id = printable(event.data.camera.as_ref()?.id.as_str());
    if let Some(number) = number(&id) {
        return Some(format!("Camera {number}"));
    }
    is_word(&id).then_some(id)
}

/// The number of `7`, `CH16`, `IP_CH2`, `Channel 16`, `cam-3`.
fn number(id: &str) -> Option<&str> {
    let digits = id.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (prefix, number) = id.split_at(id.len() - digits);
    let letters: String = prefix
        .chars()
        .filter(|character| !matches!(character, ' ' | '_' | '-' | '.' | '#' | ':'))
        .flat_map(char::to_lowercase)
        .collect();
    let kinds = ["", "d", "ch", "chn", "channel", "cam", "camera"];
    let is_channel = ["", "ip", "wifi"]
        .iter()
        .filter_map(|network| letters.strip_prefix(network))
        .any(|kind| kinds.contains(&kind));
    // `D` alone, as some recorders write a digital channel, needs its number; `00` is what devices send for none.
    (is_channel && is_number(number)).then(|| trimmed(number))
}

/// A number without the zeros in front of it.
fn trimmed(number: &str) -> &str {
    let trimmed = number.trim_start_matches('0');
    if trimmed.is_empty() { "0" } else { trimmed }
}

/// Whether an id is one that a person chose and can read: words, with at most a short number behind each (`garage`,
/// `front-door`, `Einfahrt 2`). Serial numbers, addresses and GUIDs are none.
fn is_word(id: &str) -> bool {
    let parts = || id.split([' ', '_', '-', '.']).filter(|part| !part.is_empty());
    let is_readable = |part: &str| {
        let letters = part.trim_end_matches(|character: char| character.is_ascii_digit());
        part.len() - letters.len() <= 3 && letters.chars().all(char::is_alphabetic)
    };
    let has_word = parts().any(|part| {
        let letters = part.trim_end_matches(|character: char| character.is_ascii_digit());
        letters.chars().count() >= 3 && !is_hexadecimal(letters)
    });
    id.chars().count() <= ID_LENGTH && has_word && parts().all(is_readable)
}

/// Whether letters may be those of a number to the base of 16: eight of them and no other.
fn is_hexadecimal(letters: &str) -> bool {
    letters.len() >= 8 && letters.bytes().all(|octet| octet.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_known_by_their_numbers_in_every_spelling() {
        for (id, expected) in [
            ("7", "7"),
            ("CH16", "16"),
            ("ch16", "16"),
            ("CH 16", "16"),
            ("CH-03", "3"),
            ("IP_CH2", "2"),
            ("WIFI_CH12", "12"),
            ("wifi-ch4", "4"),
            ("Channel 16", "16"),
            ("channel_5", "5"),
            ("chn3", "3"),
            ("Cam2", "2"),
            ("camera 11", "11"),
            ("D4", "4"),
        ] {
            assert_eq!(number(id), Some(expected), "{id}");
        }
        for id in ["", "CH", "CH12345", "gate 2", "CH1a", "3f2a-11", "IP_", "10.0.0.7:80"] {
            assert_eq!(number(id), None, "{id}");
        }
    }

    #[test]
    fn ids_are_shown_that_a_person_can_read() {
        for id in ["garage", "front-door", "Einfahrt 2", "tür_hof", "back.door", "parkdeck12", "pool"] {
            assert!(is_word(id), "{id}");
        }
        for id in [
            "",
            "3f2a-11",
            "13860010-ded3-42ff-a2a9-cc6ba4a49636",
            "000389888811",
            "D094662C1A8D",
            "00:23:63:69:23:6d",
            "IPC1234567890",
            "deadbeef",
            "a-1",
            "10.61.0.31",
            "a very long name of a camera that nobody reads",
        ] {
            assert!(!is_word(id), "{id}");
        }
    }
}
