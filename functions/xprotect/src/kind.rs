//! What kind of event a message is.

use camhook_event::{Kind, State, TargetClass};

use crate::analytics::Found;
use crate::message::{Message, OriginKind};
use crate::words::{Words, is_of_face};

/// Words that say what happened, and what they say; the first line of which all parts occur, in any order, counts. `|`
/// stands between the forms of a part, and a blank at either end is the end of a word. Parts of several are whole words:
/// far apart, "area" and "enterprise" say nothing.
///
/// The words are those of the predefined events in Milestone's "Events overview", of the documented samples, and
/// what makers of analytics call their events: the names of events that come from devices are theirs. Words that are
/// also those of a place (a face of a building, parking) come after those that are not.
const WORDS: &[(&[&str], Kind)] = &[
    (&[" communication ", " error "], Kind::DeviceOffline),
    (&[" communication ", " stopped "], Kind::DeviceOffline),
    (&[" not responding "], Kind::DeviceOffline),
    (&[" communication ", " started "], Kind::DeviceOnline),
    (&[" license plate"], Kind::Plate),
    (&[" licence plate"], Kind::Plate),
    (&[" licenseplate"], Kind::Plate),
    (&[" number plate"], Kind::Plate),
    (&[" lpr "], Kind::Plate),
    (&[" anpr "], Kind::Plate),
    (&[" line ", " crossed | crosses | crossing "], Kind::LineCrossing),
    (&[" line cross | cross line | cross the line "], Kind::LineCrossing),
    (&[" linecross"], Kind::LineCrossing),
    (&[" crossline"], Kind::LineCrossing),
    (&[" tripwire"], Kind::LineCrossing),
    (&[" trip wire"], Kind::LineCrossing),
    (&[" loiter"], Kind::Loitering),
    (&[" intrusion"], Kind::Intrusion),
    (&[" intruder"], Kind::Intrusion),
    (&[" perimeter "], Kind::Perimeter),
    (&[AREAS, " enter | enters | entered | entering | entry "], Kind::ZoneEntry),
    (&[" region entrance "], Kind::ZoneEntry),
    (&[" zone exit"], Kind::ZoneExit),
    (&[" area exit"], Kind::ZoneExit),
    (&[" region exit"], Kind::ZoneExit),
    (&[AREAS, " exited | exiting "], Kind::ZoneExit),
    (&[" face ", " match | matched | matches | matching "], Kind::FaceMatch),
    (&[" face ", " recogni"], Kind::FaceMatch),
    (&[" tamper"], Kind::Tamper),
    (&[" video loss | loss of video | video lost | signal loss "], Kind::VideoLoss),
    (&[" video ", " signal ", " loss "], Kind::VideoLoss),
    (&[" crowd"], Kind::Crowd),
    (&[" people count"], Kind::Counting),
    (&[" counting "], Kind::Counting),
    (&[" object left"], Kind::Object),
    (&[" left object"], Kind::Object),
    (&[" left baggage "], Kind::Object),
    (&[" left luggage "], Kind::Object),
    (&[" object removed"], Kind::Object),
    (&[" removed object"], Kind::Object),
    (&[" abandoned "], Kind::Object),
    (&[" unattended "], Kind::Object),
    (&[" smoke "], Kind::Fire),
    (&[" fire "], Kind::Fire),
    (&[" temperature"], Kind::Temperature),
    (&[" pir "], Kind::Pir),
    (&[" audio "], Kind::Audio),
    (&[" sound "], Kind::Audio),
    (&[" glass break"], Kind::Audio),
    (&[" gunshot"], Kind::Audio),
    (&[" input "], Kind::Input),
    (&[" motion "], Kind::Motion),
    (&[" face "], Kind::Face),
    (&[" faces "], Kind::Face),
    (&[" parking "], Kind::Parking),
    (&[" parked "], Kind::Parking),
    (&[" database "], Kind::Storage),
    (&[" archive "], Kind::Storage),
    (&[" archiving "], Kind::Storage),
    (&[" disk "], Kind::Storage),
    (&[" storage "], Kind::Storage),
    (&[" retention "], Kind::Storage),
    (&[" recording "], Kind::System),
    (&[" settings changed "], Kind::System),
    (&[" output "], Kind::System),
    (&[" ptz "], Kind::System),
    (&[" feed "], Kind::System),
    (&[" failover "], Kind::System),
    (&[" external event "], Kind::External),
    (&[" user defined event "], Kind::External),
    (&[" generic event "], Kind::External),
];

/// What is entered and left.
const AREAS: &str = " zone | zones | area | areas | region | regions ";

/// Words of which a place is called, each with those behind it that say so: a fire exit is no fire.
const PLACES: &[(&str, &[&str])] = &[
    ("archive", &["room"]),
    ("entry", &["area", "areas", "region", "regions", "zone", "zones"]),
    ("fire", &["door", "doors", "escape", "exit", "exits", "lane", "stairs", "station", "truck"]),
    ("parking", &["deck", "garage", "gate", "house", "level", "lot", "lots", "structure", "yard"]),
    ("storage", &["area", "building", "hall", "room", "unit", "yard"]),
];

/// Words that say that somebody or something is parked where it must not be, whoever is nearby.
const PARKS: &[&str] = &["illegal", "illegally", "parked", "violation"];

/// The words before `face` that make a side of a building of it.
const SIDES: &[&str] = &["east", "north", "south", "west"];

/// Words that say that something began or ended.
const STATES: &[(&[&str], State)] = &[
    (&[" started "], State::Start),
    (&[" activated "], State::Start),
    (&[" stopped "], State::Stop),
    (&[" deactivated "], State::Stop),
    (&[" ended "], State::Stop),
];

/// What kind of event a message is: what raised it says most, then the words of its name, message and sub-class.
pub(crate) fn kind(message: &Message<'_>, found: &Found<'_>) -> Kind {
    match message.origin.kind {
        // The words are those of whoever named the event.
        OriginKind::UserDefinedEvent => return Kind::External,
        OriginKind::Input => return Kind::Input,
        OriginKind::Output => return Kind::System,
        _ => {}
    }
    let said = words(message).find_map(|words| kind_of(&words));
    if let Some(kind) = said.or_else(|| kind_of_place(message, found)) {
        return kind;
    }
    match message.origin.kind {
        OriginKind::Microphone | OriginKind::Speaker => Kind::Audio,
        OriginKind::Server | OriginKind::Preset => Kind::System,
        _ if found.objects.iter().any(|object| object.target.class == Some(TargetClass::Face)) => Kind::Face,
        _ if !found.objects.is_empty() || found.zone.is_some() => Kind::Analytics,
        _ if message.class.as_ref().is_some_and(|class| class.as_str().eq_ignore_ascii_case("analytics")) => {
            Kind::Analytics
        }
        _ => Kind::Other,
    }
}

/// Whether something began or ended.
pub(crate) fn state(message: &Message<'_>, kind: Kind) -> Option<State> {
    if matches!(kind, Kind::DeviceOffline | Kind::DeviceOnline | Kind::External) {
        return None;
    }
    words(message).find_map(|words| find(STATES, &words.spaced()))
}

/// The words of name, message and sub-class.
fn words(message: &Message<'_>) -> impl Iterator<Item = Words> {
    let texts = [&message.name, &message.message, &message.subclass].into_iter().flatten();
    texts.map(|text| Words::of_type(text.as_str()))
}

/// What kind of event the words of one text say.
fn kind_of(words: &Words) -> Option<Kind> {
    let events = words.without(is_of_place);
    // Where somebody was seen is a place, whatever else happens there.
    let has_person = words.has(TargetClass::Person);
    let is_about_vehicle = is_vehicle(words) || words.has_any(PARKS);
    let kinds = WORDS.iter().filter(|(_, kind)| match kind {
        Kind::Parking => !has_person || is_about_vehicle,
        Kind::Storage => !has_person,
        _ => true,
    });
    find(kinds, &events).or_else(|| is_of_face(&words.spaced()).then_some(Kind::Face))
}

/// What the place says where nothing else does: "Parking lot full", "Storage unit full". Where somebody was seen, it says
/// nothing.
fn kind_of_place(message: &Message<'_>, found: &Found<'_>) -> Option<Kind> {
    let is_somebody =
        |class: Option<TargetClass>| matches!(class, Some(TargetClass::Face | TargetClass::Person));
    if found.objects.iter().any(|object| is_somebody(object.target.class))
        || words(message).any(|words| words.has(TargetClass::Person))
    {
        return None;
    }
    let kinds = || WORDS.iter().filter(|(_, kind)| matches!(kind, Kind::Parking | Kind::Storage));
    words(message).find_map(|words| find(kinds(), &words.spaced()))
}

fn is_vehicle(words: &Words) -> bool {
    words.has(TargetClass::Vehicle) || words.has(TargetClass::MotorcycleBicycle)
}

/// Whether a word, between those around it, belongs to the name of a place.
fn is_of_place(before: Option<&str>, word: &str, behind: Option<&str>) -> bool {
    let place = PLACES.iter().find(|(name, _)| *name == word);
    place.is_some_and(|(_, nouns)| behind.is_some_and(|noun| nouns.contains(&noun)))
        || word == "face" && before.is_some_and(|side| SIDES.contains(&side))
}

/// What the first line says of which all parts occur in words between blanks.
fn find<'t, T: Copy + 't>(table: impl IntoIterator<Item = &'t (&'t [&'t str], T)>, words: &str) -> Option<T> {
    let mut lines = table.into_iter();
    let occurs = |part: &&str| part.split('|').any(|form| words.contains(form));
    lines.find(|(parts, _)| parts.iter().all(occurs)).map(|(_, meaning)| *meaning)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;

    fn of(name: &str, guid: &str) -> (Kind, Option<State>) {
        let body = format!(
            r#"{{"Event":{{"EventHeader":{{"ID":"1","Name":"{name}","Source":{{"FQID":{{"Kind":"{guid}"}}}}}}}}}}"#
        );
        let message = parse(body.as_bytes(), "").unwrap();
        let kind = kind(&message, &Found::default());
        (kind, state(&message, kind))
    }

    #[test]
    fn the_predefined_events_have_their_kinds() {
        let camera = "5135ba21-f1dc-4321-806a-6ce2017343c0";
        for (name, expected) in [
            ("Motion Detected", (Kind::Motion, None)),
            ("Motion Started", (Kind::Motion, Some(State::Start))),
            ("Motion Stopped (HW)", (Kind::Motion, Some(State::Stop))),
            ("Communication Error (Hardware)", (Kind::DeviceOffline, None)),
            ("Communication Started (Device)", (Kind::DeviceOnline, None)),
            ("Recording Stopped", (Kind::System, Some(State::Stop))),
            ("Database Disk Full", (Kind::Storage, None)),
            ("Tampering", (Kind::Tamper, None)),
            ("Line-crossing: gate", (Kind::LineCrossing, None)),
            ("Face detected", (Kind::Face, None)),
            ("Surface wet", (Kind::Other, None)),
            ("Input Activated", (Kind::Input, Some(State::Start))),
            ("<Unknown>", (Kind::Other, None)),
        ] {
            assert_eq!(of(name, camera), expected, "{name}");
        }
    }

    #[test]
    fn words_may_be_written_as_one_and_in_another_order() {
        for (name, expected) in [
            ("LineCrossing", (Kind::LineCrossing, None)),
            ("CrossLineDetection", (Kind::LineCrossing, None)),
            ("Person crossed line", (Kind::LineCrossing, None)),
            ("Crossing of line 2", (Kind::LineCrossing, None)),
            ("Trip wire", (Kind::LineCrossing, None)),
            ("MotionDetected", (Kind::Motion, None)),
            ("MotionStopped", (Kind::Motion, Some(State::Stop))),
            ("VideoLoss", (Kind::VideoLoss, None)),
            ("CommunicationError", (Kind::DeviceOffline, None)),
            ("ObjectLeft", (Kind::Object, None)),
            ("Left object", (Kind::Object, None)),
            ("PeopleCounting", (Kind::Counting, None)),
            ("LicensePlateRecognition", (Kind::Plate, None)),
            ("LPRMatch", (Kind::Plate, None)),
            ("Entered zone 3", (Kind::ZoneEntry, None)),
            ("Vehicle entering area", (Kind::ZoneEntry, None)),
            ("FaceRecognized", (Kind::FaceMatch, None)),
        ] {
            assert_eq!(of(name, ""), expected, "{name}");
        }
    }

    #[test]
    fn words_far_apart_are_whole_words() {
        for (name, expected) in [
            ("Motion - Enterprise Parking Area", Kind::Motion),
            ("Area: Enterprise lobby motion", Kind::Motion),
            ("Zone 2 entertainment room: motion started", Kind::Motion),
            ("Motion in the entry zone", Kind::Motion),
            ("Motion at crosswalk line", Kind::Motion),
            ("Motion detected: main line, crossroads", Kind::Motion),
            ("Motion near Line Street cross", Kind::Motion),
            ("Motion at north face, matchday", Kind::Motion),
            ("Video analytics: packet loss", Kind::Other),
            ("Loss of power: video server", Kind::Other),
            ("Zone 2 entry", Kind::ZoneEntry),
            ("Somebody enters the area", Kind::ZoneEntry),
            ("Entering region 4", Kind::ZoneEntry),
            ("Cross line", Kind::LineCrossing),
            ("Vehicle crosses line 2", Kind::LineCrossing),
            ("Loss of video", Kind::VideoLoss),
            ("Video: loss of signal", Kind::VideoLoss),
        ] {
            assert_eq!(of(name, "").0, expected, "{name}");
        }
        let body = br#"{"Event":{"EventHeader":{"ID":"1","Name":"Zone rule enterprise","Message":"Motion Detected"}}}"#;
        assert_eq!(kind(&parse(body, "").unwrap(), &Found::default()), Kind::Motion);
    }

    #[test]
    fn parking_and_storage_say_a_kind_unless_somebody_was_seen_there() {
        for (name, expected) in [
            ("Illegally parked vehicle, pedestrian blocked", Kind::Parking),
            ("Illegal parking near pedestrian zone", Kind::Parking),
            ("Vehicle parked, person left", Kind::Parking),
            ("Parking lot full", Kind::Parking),
            ("Parking garage full", Kind::Parking),
            ("Storage area unavailable", Kind::Storage),
            ("Storage unit full", Kind::Storage),
            ("Person in parking lot", Kind::Other),
            ("Person beside a truck in storage", Kind::Other),
        ] {
            assert_eq!(of(name, "").0, expected, "{name}");
        }
        let kind_of_rest = |rest: &str| {
            let body = format!(r#"{{"Event":{{"EventHeader":{{"ID":"1","Name":"Parking lot 3"{rest}}}}}"#);
            let mut message = parse(body.as_bytes(), "").unwrap();
            let found = crate::analytics::take_found(&mut message.event);
            kind(&message, &found)
        };
        assert_eq!(kind_of_rest(r#","Message":"Motion Detected"}"#), Kind::Motion);
        assert_eq!(kind_of_rest(r#","Message":"Person detected"}"#), Kind::Other);
        assert_eq!(kind_of_rest(r#"},"ObjectList":[{"Type":"Person"}]"#), Kind::Analytics);
    }

    #[test]
    fn a_place_is_no_event() {
        for (name, expected) in [
            ("Motion in parking lot", Kind::Motion),
            ("Motion at parking", Kind::Motion),
            ("Vehicle in no parking zone", Kind::Parking),
            ("Parking violation", Kind::Parking),
            ("Person detected: storage room", Kind::Other),
            ("Person detected: storage", Kind::Other),
            ("Storage full", Kind::Storage),
            ("Fire exit door opened", Kind::Other),
            ("Fire alarm at the fire exit", Kind::Fire),
            ("Motion at west face", Kind::Motion),
            ("Door opened, north face", Kind::Other),
            ("Person at exit zone", Kind::Other),
        ] {
            assert_eq!(of(name, "").0, expected, "{name}");
        }
    }

    #[test]
    fn a_face_is_known_in_other_languages() {
        for name in [
            "Gesicht erkannt: Ann",
            "Reconnaissance faciale",
            "Rostro detectado",
            "Phát hiện khuôn mặt tại Cổng chính",
            "Обнаружено лицо",
            "检测到人脸 王芳",
            "顔認証",
            "Ansiktsigenkänning",
        ] {
            assert_eq!(of(name, "").0, Kind::Face, "{name}");
        }
        assert_eq!(of("Лицензия истекает", "").0, Kind::Other);
    }

    #[test]
    fn what_raised_it_says_more_than_the_words() {
        let user_defined = "C9BDAC3F-41DC-4AFA-B057-61767A3914B7";
        assert_eq!(of("Motion Started", user_defined), (Kind::External, None));
        let input = "5fc737a9-bbf6-4473-a421-7e8075d45d9c";
        assert_eq!(of("Door Deactivated", input), (Kind::Input, Some(State::Stop)));
        let output = "cbaaa726-a089-4db6-8f0d-48772e595b1b";
        assert_eq!(of("Output Activated", output), (Kind::System, Some(State::Start)));
        let microphone = "df6284f6-18ee-4506-b8c4-65b5f31a140c";
        assert_eq!(of("Level", microphone), (Kind::Audio, None));
        let server = "3b25fe94-7c2f-499a-86df-2fa68aa3e1b5";
        assert_eq!(of("CPU usage", server), (Kind::System, None));
        let alarm = "3f7f49e3-d027-450b-8bc5-590ec9aa5376";
        assert_eq!(of("Back door", alarm), (Kind::Other, None));
        assert_eq!(of("Intrusion at the back", alarm), (Kind::Intrusion, None));
    }
}
