//! The vendor's vocabulary in the terms of an event.

use camhook_event::{Direction, Kind, PlateList, Report, State, TargetClass, ZoneDirection};

/// What the vendor calls an event, without what only says where the word stands: a camera's smart event `IPD`, its level
/// `ipdAlarm` and a recorder's `ipdDetection` are one word.
fn stem(word: &str) -> String {
    let mut stem: String = word
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|character| character.to_ascii_lowercase())
        .collect();
    for suffix in ["alarmin", "alarm", "detection", "detect"] {
        if let Some(shorter) = stem.strip_suffix(suffix).filter(|shorter| !shorter.is_empty()) {
            stem.truncate(shorter.len());
            break;
        }
    }
    stem
}

/// The kind of a smart event or of an alarm's level. [`Kind::Other`] for words that nobody has explained (`FALLING`,
/// `EA`, and whatever comes).
pub(crate) fn kind(word: &str) -> Kind {
    match stem(word).as_str() {
        // `sensorAlarmIn`, `sensorIn` and their like: an input of the device.
        sensor if sensor.starts_with("sensor") && !sensor.contains("out") => Kind::Input,
        // A camera's word for areas and lines, and a recorder's level of both.
        "pea" | "perimeter" => Kind::Perimeter,
        // `IPD`: people in an area, by an integrator's list of the menus.
        "regionintrusion" | "intrusion" | "ipd" => Kind::Intrusion,
        "linecrossing" | "tripwire" => Kind::LineCrossing,
        "aoientry" => Kind::ZoneEntry,
        "aoileave" => Kind::ZoneExit,
        "loiter" | "loitering" => Kind::Loitering,
        // Over a webhook "not fully tested" by the vendor.
        "pvd" | "parking" => Kind::Parking,
        // `CPC`: people counted across a line, by the same list.
        "passline"
        | "passlinecount"
        | "traffic"
        | "targetcountingbyline"
        | "targetcountingbyarea"
        | "cpc" => Kind::Counting,
        // `OSC`: an object that was left or taken.
        "vsd" | "videometadata" | "osc" => Kind::Object,
        "vfd" | "videoface" | "face" => Kind::Face,
        "vfdmatch" | "videofacematch" | "facematch" => Kind::FaceMatch,
        // `VEHICLE` is a plate on cameras and recorders.
        "vehice" | "vehicle" => Kind::Plate,
        // Covered, moved, out of focus; taken from other receivers' code.
        "avd" | "scenechange" | "clarityabnormal" | "colorabnormal" => Kind::Tamper,
        "motion" | "humanmotion" | "vehiclemotion" | "smd" => Kind::Motion,
        // `CDD`: crowd density.
        "cdd" | "crowdgathering" => Kind::Crowd,
        "asd" | "soundabruptup" | "soundabruptdown" => Kind::Audio,
        "fire" => Kind::Fire,
        "temperature" => Kind::Temperature,
        // A recorder lost a camera.
        "chloffline" => Kind::DeviceOffline,
        "videoloss" => Kind::VideoLoss,
        _ => Kind::Other,
    }
}

/// Whether the same device reports the alarm of a level in a smart event, too.
///
/// Of a level that devices are not known to send both ways this is [`Report::Detection`]: a rule must not miss it.
pub(crate) fn level_report(kind: Kind, name: &str) -> Report {
    match kind {
        // Also sent as `IPD` by some cameras, as a level alone by others.
        Kind::Intrusion => Report::Detection,
        Kind::Counting if stem(name) == "cpc" => Report::Detection,
        Kind::Perimeter
        | Kind::LineCrossing
        | Kind::Face
        | Kind::FaceMatch
        | Kind::Plate
        | Kind::ZoneEntry
        | Kind::ZoneExit
        | Kind::Counting
        | Kind::Loitering => Report::Status,
        _ => Report::Detection,
    }
}

/// The level of an alarm.
pub(crate) fn alarm_state(value: &str) -> Option<State> {
    let is_on = truth(value).or_else(|| match value.to_ascii_lowercase().as_str() {
        "start" | "started" | "begin" | "active" | "yes" | "smart_start" => Some(true),
        "stop" | "stopped" | "end" | "ended" | "inactive" | "no" | "smart_stop" => Some(false),
        _ => None,
    });
    is_on.map(|is_on| if is_on { State::Start } else { State::Stop })
}

/// `SMART_START` and `SMART_STOP`; `SMART_PROCEDURE` and `SMART_NONE` say neither.
pub(crate) fn smart_state(status: &str) -> Option<State> {
    match status.to_ascii_uppercase().as_str() {
        "SMART_START" => Some(State::Start),
        "SMART_STOP" => Some(State::Stop),
        _ => None,
    }
}

/// `true` and `false`, as words or numbers.
pub(crate) fn truth(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "on" => Some(true),
        "false" | "0" | "off" => Some(false),
        _ => None,
    }
}

/// `matchResult`: whether a plate or a face was found among those that the device knows.
pub(crate) fn match_result(value: &str) -> Option<bool> {
    truth(value).or_else(|| match value.to_ascii_lowercase().as_str() {
        "yes" | "match" | "matched" | "success" => Some(true),
        "no" | "mismatch" | "unmatched" | "fail" | "failed" => Some(false),
        _ => None,
    })
}

/// Whether a value is a level whatever it is called: on or off, and no number.
pub(crate) fn is_word(value: &str) -> bool {
    truth(value).is_some() && !value.bytes().all(|octet| octet.is_ascii_digit())
}

/// What a target is: a camera's number or either device's word.
pub(crate) fn target_class(target_type: &str) -> Option<TargetClass> {
    match target_type.to_ascii_lowercase().as_str() {
        "1" | "person" | "human" => Some(TargetClass::Person),
        "2" | "car" | "vehicle" => Some(TargetClass::Vehicle),
        "4" | "bike" | "motor" | "nonmotor" => Some(TargetClass::MotorcycleBicycle),
        "" | "0" | "..." | "none" | "unknown" => None,
        _ => Some(TargetClass::Other),
    }
}

/// The lists that cameras keep of plates and of faces.
pub(crate) fn list(word: &str) -> Option<PlateList> {
    match word.to_ascii_lowercase().as_str() {
        "whitelist" => Some(PlateList::Allow),
        "blacklist" => Some(PlateList::Deny),
        "temporarylist" => Some(PlateList::Temporary),
        "strangerlist" => Some(PlateList::Stranger),
        _ => None,
    }
}

/// Whether a value may name the list or group that a plate is on, whatever it is called. `false`, `none` and 0 name none;
/// another number does only where the list's own word would stand: elsewhere it counts or numbers something.
pub(crate) fn may_name_list(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let has = |part: &&str| name.contains(part);
    let is_number = value.parse::<i64>().is_ok();
    truth(value) != Some(false)
        && !value.eq_ignore_ascii_case("none")
        && (!is_number || name.ends_with("listtype"))
        && !["person", "preson", "face"].iter().any(has)
        && (["list", "group"].iter().any(has) || list(value).is_some())
}

/// Which way a vehicle moves.
pub(crate) fn vehicle_direction(word: &str) -> Option<Direction> {
    match word.to_ascii_lowercase().as_str() {
        "approach" => Some(Direction::Approach),
        "away" => Some(Direction::Away),
        "leave" => Some(Direction::Leave),
        _ => None,
    }
}

/// `Direct` of a line: the direction in which it is watched, not the one in which it was crossed.
pub(crate) fn line_direction(number: &str) -> Option<ZoneDirection> {
    match number {
        "1" => Some(ZoneDirection::Any),
        "2" => Some(ZoneDirection::LeftToRight),
        "3" => Some(ZoneDirection::RightToLeft),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smart_events_and_levels_share_one_vocabulary() {
        for (smart, level, expected) in [
            ("FIRE", "fireAlarm", Kind::Fire),
            ("TRIPWIRE", "tripwireAlarm", Kind::LineCrossing),
            ("PERIMETER", "perimeterAlarm", Kind::Perimeter),
            ("SENSOR", "sensorAlarmIn", Kind::Input),
            ("SENSOR_IN", "sensorIn", Kind::Input),
            ("sensorInput", "SensorInAlarm", Kind::Input),
            ("SENSOR_OUT", "sensorAlarmOut", Kind::Other),
            ("OSC", "oscAlarm", Kind::Object),
            ("ASD", "asdAlarm", Kind::Audio),
            ("CDD", "CDDAlarm", Kind::Crowd),
            ("IPD", "IPDAlarm", Kind::Intrusion),
            ("CPC", "cpcAlarm", Kind::Counting),
            ("CROWDGATHERING", "crowdGatheringAlarm", Kind::Crowd),
            ("TEMPERATURE", "temperatureAlarm", Kind::Temperature),
            ("VFD_MATCH", "vfdMatchAlarm", Kind::FaceMatch),
            ("Vehice", "vehiceAlarm", Kind::Plate),
            ("VIDEOFACEDETECT", "VFDAlarm", Kind::Face),
            ("videoFaceMatch", "faceMatchAlarm", Kind::FaceMatch),
            ("loiteringDetection", "loiteringAlarm", Kind::Loitering),
            ("SMD", "motionAlarm", Kind::Motion),
            ("LEVITATION", "levitationAlarm", Kind::Other),
            ("ALARM", "alarm", Kind::Other),
        ] {
            assert_eq!((kind(smart), kind(level)), (expected, expected), "{smart} {level}");
        }
        assert_eq!(list("whiteList"), Some(PlateList::Allow));
    }

    #[test]
    fn a_list_may_be_named_by_any_value() {
        for (name, value) in
            [("vehicleListType", "1"), ("plateListStatus", "x"), ("groupName", "Yard"), ("kind", "blackList")]
        {
            assert!(may_name_list(name, value), "{name} {value}");
        }
        for (name, value) in [
            ("vehicleListType", "0"),
            ("vehicleListType", "None"),
            ("plateListSwitch", "false"),
            ("groupId", "1"),
            ("presonListType", "blackList"),
            ("plateCount", "1"),
        ] {
            assert!(!may_name_list(name, value), "{name} {value}");
        }
    }

    #[test]
    fn levels_that_smart_events_repeat_are_a_status() {
        let report = |name: &str| level_report(kind(name), name);
        assert_eq!(report("VFDAlarm"), Report::Status);
        assert_eq!(report("passlineAlarm"), Report::Status);
        assert_eq!(report("CPCAlarm"), Report::Detection);
        assert_eq!(report("levitationAlarm"), Report::Detection);
    }

    #[test]
    fn a_status_that_is_neither_is_none() {
        assert_eq!(smart_state("SMART_PROCEDURE"), None);
        assert_eq!(smart_state("SMART_STOP"), Some(State::Stop));
        assert_eq!(alarm_state("maybe"), None);
        assert_eq!(alarm_state("SMART_STOP"), Some(State::Stop));
    }
}
