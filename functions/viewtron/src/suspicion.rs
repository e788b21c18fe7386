//! Whether a post that nobody can read may be an alarm.

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

fn has_word_of_alarm(text: &str) -> bool {
    text.split(|character: char| !character.is_ascii_alphanumeric()).any(is_word_of_alarm)
}

fn is_word_of_alarm(word: &str) -> bool {
    let lower_case = word.to_ascii_lowercase();
    PARTS.iter().any(|part| lower_case.contains(part))
        // A device may tell how warm it is, and which of its cameras it has lost.
        || !matches!(vocabulary::kind(word), Kind::Other | Kind::Temperature | Kind::DeviceOffline)
}

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
}
