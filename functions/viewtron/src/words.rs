//! The vendor's words, and what they mean.

use camhook_event::{Direction, Kind, PlateList, Report, State, TargetClass, ZoneDirection};

/// What a `smartType` stands for. Words of cameras and recorders are told apart by no one: `VEHICLE` is a plate on
/// both.
///
/// Those of which no device's post is known (`OSC`, `CPC`, `CDD`, `IPD`, `FALLING`, `EA`, `FIRE`, `TEMPERATURE`,
/// `ASD`, `SMD`, `CROWDGATHERING`, `SENSOR`, and whatever comes) are [`Kind::Other`], with all their values.
pub(crate) fn smart_kind(smart_type: &str) -> Kind {
    match smart_type.to_ascii_lowercase().as_str() {
        // A camera's intrusion and line crossing; its block says which.
        "pea" => Kind::Perimeter,
        "regionintrusion" => Kind::Intrusion,
        "linecrossing" => Kind::LineCrossing,
        "aoientry" => Kind::ZoneEntry,
        "aoileave" => Kind::ZoneExit,
        "loiter" => Kind::Loitering,
        // Over a webhook "not fully tested" by the vendor.
        "pvd" => Kind::Parking,
        "passlinecount" | "traffic" | "targetcountingbyline" | "targetcountingbyarea" => Kind::Counting,
        "vsd" | "videometadata" => Kind::Object,
        "vfd" | "videofacedetect" => Kind::Face,
        "vfd_match" => Kind::FaceMatch,
        "vehice" | "vehicle" => Kind::Plate,
        // Covered, moved, out of focus; taken from other receivers' code.
        "avd" => Kind::Tamper,
        "motion" => Kind::Motion,
        _ => Kind::Other,
    }
}

/// What the level of an alarm stands for, and whether a smart event says the same.
pub(crate) fn alarm_kind(name: &str) -> (Kind, Report) {
    match name.to_ascii_lowercase().as_str() {
        // A recorder has this one name for areas and lines.
        "perimeteralarm" => (Kind::Perimeter, Report::Status),
        "tripwirealarm" => (Kind::LineCrossing, Report::Status),
        "vfdalarm" => (Kind::Face, Report::Status),
        "vfdmatchalarm" => (Kind::FaceMatch, Report::Status),
        "vehicealarm" | "vehiclealarm" => (Kind::Plate, Report::Status),
        "aoientryalarm" => (Kind::ZoneEntry, Report::Status),
        "aoileavealarm" => (Kind::ZoneExit, Report::Status),
        "passlinealarm" | "trafficalarm" => (Kind::Counting, Report::Status),
        "loiteringalarm" => (Kind::Loitering, Report::Status),
        "motionalarm" | "humanmotionalarm" | "vehiclemotionalarm" => (Kind::Motion, Report::Detection),
        "sensoralarm" | "sensoralarmin" => (Kind::Input, Report::Detection),
        // An object that was left or taken.
        "oscalarm" => (Kind::Object, Report::Detection),
        "avdalarm" | "scenechange" | "clarityabnormal" | "colorabnormal" => (Kind::Tamper, Report::Detection),
        // People counted, crowd density, people in an area: by the vendor's abbreviations, unverified.
        "cpcalarm" => (Kind::Counting, Report::Detection),
        "cddalarm" | "crowdgatheringalarm" => (Kind::Crowd, Report::Detection),
        "ipdalarm" => (Kind::Intrusion, Report::Detection),
        "pvdalarm" => (Kind::Parking, Report::Detection),
        "asdalarm" | "soundabruptupalarm" | "soundabruptdownalarm" => (Kind::Audio, Report::Detection),
        "firealarm" => (Kind::Fire, Report::Detection),
        "temperaturealarm" => (Kind::Temperature, Report::Detection),
        // A recorder lost a camera.
        "chlofflinealarm" => (Kind::DeviceOffline, Report::Detection),
        "videolossalarm" => (Kind::VideoLoss, Report::Detection),
        _ => (Kind::Other, Report::Detection),
    }
}

/// The level of an alarm.
pub(crate) fn alarm_state(value: &str) -> Option<State> {
    truth(value).map(|is_on| if is_on { State::Start } else { State::Stop })
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
    fn words_are_known_in_any_case() {
        assert_eq!(smart_kind("Vehice"), Kind::Plate);
        assert_eq!(smart_kind("VIDEOFACEDETECT"), Kind::Face);
        assert_eq!(smart_kind("LEVITATION"), Kind::Other);
        assert_eq!(alarm_kind("CPCAlarm"), (Kind::Counting, Report::Detection));
        assert_eq!(alarm_kind("VFDAlarm"), (Kind::Face, Report::Status));
        assert_eq!(alarm_kind("levitationAlarm"), (Kind::Other, Report::Detection));
        assert_eq!(list("whiteList"), Some(PlateList::Allow));
    }

    #[test]
    fn a_status_that_is_neither_is_none() {
        assert_eq!(smart_state("SMART_PROCEDURE"), None);
        assert_eq!(smart_state("SMART_STOP"), Some(State::Stop));
        assert_eq!(alarm_state("maybe"), None);
    }
}
