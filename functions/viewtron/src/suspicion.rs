//! Whether what nobody can read may be an alarm: a whole post, or a part of one.

use camhook_event::Kind;

use crate::vocabulary;

/// What the words of alarms contain.
const PARTS: [&str; 7] = ["alarm", "smart", "event", "trigger", "detect", "traject", "plate"];

/// How the base64 text of a JPEG begins.
const PICTURE: &str = "/9j/";

/// Whether anything in a body is called as an alarm is, or may be the picture of one. Names that people give to devices
/// do not count.
pub(crate) fn may_be_alarm(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    if text.contains(PICTURE) {
        return true;
    }
    if !text.trim_start_matches('\u{feff}').trim_start().starts_with('<') {
        return has_word_of_alarm(&text);
    }
    let mut is_given_name = false;
    text.split('<').any(|piece| {
        // Text in a CDATA section belongs to the tag before it.
        if let Some(section) = piece.strip_prefix("![CDATA[") {
            return !is_given_name && has_word_of_alarm(section);
        }
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        let name = tag.split(|end: char| end.is_whitespace() || end == '/').next().unwrap_or_default();
        is_given_name = name.to_ascii_lowercase().ends_with("name");
        has_word_of_alarm(tag) || (!is_given_name && has_word_of_alarm(text))
    })
}

pub(crate) fn has_word_of_alarm(text: &str) -> bool {
    parts_of(text).any(is_word_of_alarm)
}

/// The words of a text that are called as an alarm is, for the reason of the quarantine.
pub(crate) fn words_of_alarm(text: &str) -> impl Iterator<Item = &str> {
    parts_of(text).filter(|word| is_word_of_alarm(word))
}

fn parts_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| word.len() <= WORD_LIMIT)
}

/// The longest word that is looked at, in bytes: what is longer is the text of a picture.
const WORD_LIMIT: usize = 64;

fn is_word_of_alarm(word: &str) -> bool {
    let lower_case = word.to_ascii_lowercase();
    PARTS.iter().any(|part| lower_case.contains(part)) || is_known(word)
}

/// Whether the vocabulary knows a word as that of an alarm. A device may tell how warm it is, and which of its cameras
/// it has lost.
fn is_known(word: &str) -> bool {
    !matches!(vocabulary::kind(word), Kind::Other | Kind::Temperature | Kind::DeviceOffline)
}

/// Whether an element or attribute is called as the level of an alarm is: `fireAlarm`, `sensorAlarmIn`.
pub(crate) fn is_called_alarm(name: &str) -> bool {
    ends_with(name, "alarm") || ends_with(name, "alarmin")
}

/// Whether a name ends so, in any case. Every element of a post is asked: nothing is allocated.
fn ends_with(name: &str, end: &str) -> bool {
    let tail = name.len().checked_sub(end.len()).and_then(|start| name.as_bytes().get(start..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end.as_bytes()))
}

/// Whether a value is a level whatever it is called. A number may mean anything.
pub(crate) fn is_level_word(value: &str) -> bool {
    !value.bytes().all(|octet| octet.is_ascii_digit()) && vocabulary::alarm_state(value).is_some()
}

/// Whether a property of a device may be an alarm: it is on or off, or it is called as an alarm is.
pub(crate) fn may_be_alarm_of_device(name: &str, value: &str) -> bool {
    is_level_word(value)
        || is_word_of_alarm(name)
        || name.to_ascii_lowercase().contains("message")
        || (!is_given(name) && is_known(value))
}

/// Whether the value of a property is somebody's text, or a word for what the device is.
fn is_given(name: &str) -> bool {
    ["name", "type", "model"].into_iter().any(|end| ends_with(name, end))
}

/// What makes a value suspicious that stands beside parts of a post that were understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suspicion {
    /// It is called as the level of an alarm is, by a word that is not known.
    Alarm,
    /// It is called by the word of an alarm, or its value is one.
    Word(Kind),
    /// It is on or off.
    Level,
    /// It is on or off, and called as the properties of smart events are that are so.
    PropertyLevel,
}

/// What makes a value suspicious, if anything.
pub(crate) fn suspicion(name: &str, value: &str) -> Option<Suspicion> {
    if is_known(name) {
        return Some(Suspicion::Word(vocabulary::kind(name)));
    }
    if is_called_alarm(name) {
        return Some(Suspicion::Alarm);
    }
    let lower_case = name.to_ascii_lowercase();
    let is_about_alarm = PARTS.iter().any(|part| lower_case.contains(part));
    if is_about_alarm && is_known(value) {
        return Some(Suspicion::Word(vocabulary::kind(value)));
    }
    if !is_level_word(value) {
        return None;
    }
    let is_property = PROPERTIES.iter().any(|known| known.eq_ignore_ascii_case(name));
    Some(if is_property { Suspicion::PropertyLevel } else { Suspicion::Level })
}

/// Properties of smart events, of faces and of persons whose values are on and off, or yes and no.
const PROPERTIES: [&str; 11] = [
    "status",
    "matchResult",
    "livingBody",
    "faceliveness",
    "completeness",
    "glasses",
    "mask",
    "hat",
    "backpack",
    "shoulderbag",
    "skirt",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_called_as_an_alarm_may_be_one() {
        for body in [
            "<Status><motionAlarm>true</motionAlarm></Status>",
            "<config><messageType>alarmStatus</messageType>",
            "<config><x type=\"PEA\"/></config>",
            "<config><word><![CDATA[VEHICE]]></word></config>",
            "<SensorIn id=\"2\">1</SensorIn>",
            "{\"type\":\"motion\"}",
            "event=fire",
            "<x>/9j/4AAQ</x>",
        ] {
            assert!(may_be_alarm(body.as_bytes()), "{body}");
        }
    }

    #[test]
    fn a_heartbeat_is_not_whatever_its_device_is_called() {
        for body in [
            "",
            "TVT",
            "\0\u{1}\u{2}",
            "{\"uptime\":86400,\"sn\":\"I421B0Z1173Q\"}",
            "<beat><deviceName><![CDATA[Fire alarm]]></deviceName><mac>02:00:00:00:00:07</mac></beat>",
            "<beat><name>Motion</name><temperature>36</temperature><online>true</online></beat>",
            "<config><messageType>keepalive</messageType><x/>",
        ] {
            assert!(!may_be_alarm(body.as_bytes()), "{body}");
        }
    }

    #[test]
    fn a_property_of_a_device_may_be_an_alarm_by_its_name_or_its_value() {
        for (name, value) in [
            ("fire", "1"),
            ("motion", "start"),
            ("sensorIn", "active"),
            ("PEA", "SMART_START"),
            ("state", "active"),
            ("motionAlarm", "weak"),
            ("state", "fire"),
            ("trajectory", "7"),
        ] {
            assert!(may_be_alarm_of_device(name, value), "{name} {value}");
        }
        for (name, value) in [
            ("firmware", "5.1.4"),
            ("uptime", "86400"),
            ("deviceType", "vehicle"),
            ("ownName", "Fire"),
            ("temperature", "36"),
            ("online", "1"),
        ] {
            assert!(!may_be_alarm_of_device(name, value), "{name} {value}");
        }
    }

    #[test]
    fn a_value_beside_a_report_is_suspicious_for_a_reason() {
        for (name, value, expected) in [
            ("fire", "1", Some(Suspicion::Word(Kind::Fire))),
            ("levitationAlarm", "weak", Some(Suspicion::Alarm)),
            ("alarmType", "fire", Some(Suspicion::Word(Kind::Fire))),
            ("burglar", "true", Some(Suspicion::Level)),
            ("matchResult", "true", Some(Suspicion::PropertyLevel)),
            ("livingBody", "1", None),
            ("eventId", "7", None),
            ("plateCount", "1", None),
            ("targetType", "vehicle", None),
            ("subscribeOption", "FEATURE_RESULT", None),
        ] {
            assert_eq!(suspicion(name, value), expected, "{name} {value}");
        }
    }
}
