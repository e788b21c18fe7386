//! The vendor's words for what happened.

use camhook_event::{Kind, TargetClass};

/// The characters of a word that are looked at; the longest that is known has 24.
const WORD_LIMIT: usize = 64;

/// What a word says happened. Equal for words that name the same thing: `md` and `motion_alarm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meaning {
    words: &'static [&'static str],
    /// What happened.
    pub(crate) kind: Kind,
    /// What the device recognizes in the picture when this happens.
    pub(crate) subject: Option<Subject>,
    /// Who or what the word itself names.
    pub(crate) class: Option<TargetClass>,
}

/// What the device recognizes in a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// Persons and vehicles: `SnapedObjInfo`.
    Object,
    /// Licence plates: `PlateInfo`.
    Plate,
    /// Faces: `FaceInfo`.
    Face,
}

const fn row(
    words: &'static [&'static str],
    kind: Kind,
    subject: Option<Subject>,
    class: Option<TargetClass>,
) -> Meaning {
    Meaning { words, kind, subject, class }
}

const OBJECT: Option<Subject> = Some(Subject::Object);
const PERSON: Option<TargetClass> = Some(TargetClass::Person);
const VEHICLE: Option<TargetClass> = Some(TargetClass::Vehicle);

/// The words of `EventType` and `int_subtype` and the names of flags, in the form that [`folded`] gives and without an
/// `alarm`, `detection` or `detect` at their end.
///
/// From Raysharp's reference and push filters, and from the receivers of others. Inferred from the menus that switch
/// them on, since no document explains them: sound (`rsd`, rare sound), queue length (`qd`), picture quality (`avd`),
/// attributes of a face (`ad`).
const MEANINGS: &[Meaning] = &[
    row(&["motion", "videomotion", "md", "smd", "vmd"], Kind::Motion, None, None),
    row(&["pd", "person", "human", "aihuman"], Kind::Object, OBJECT, PERSON),
    row(&["vd", "vehicle", "aivehicle", "car"], Kind::Object, OBJECT, VEHICLE),
    row(&["pdvd", "vdpd", "pvd"], Kind::Object, OBJECT, None),
    row(&["sod", "stationaryobject"], Kind::Object, None, None),
    row(&["lcd", "linecross", "linecrossing"], Kind::LineCrossing, OBJECT, None),
    row(&["pid", "perimeterintrusion"], Kind::Intrusion, OBJECT, None),
    row(&["intrusion", "regiondetect"], Kind::Intrusion, OBJECT, None),
    row(&["regionentrance", "regionenter"], Kind::ZoneEntry, None, None),
    row(&["regionexiting", "regionexit"], Kind::ZoneExit, None, None),
    row(&["wander"], Kind::Loitering, None, None),
    // A face that is found and the same that is compared with the album are one alarm.
    row(&["fd", "face", "aiface", "fr"], Kind::Face, Some(Subject::Face), None),
    row(&["ad", "attribute"], Kind::Analytics, Some(Subject::Face), None),
    row(&["lpd", "lpr", "lp", "licenseplate"], Kind::Plate, Some(Subject::Plate), None),
    row(&["cc", "crosscount"], Kind::Counting, None, None),
    row(&["cd"], Kind::Crowd, None, None),
    row(&["qd"], Kind::Crowd, None, None),
    row(&["sound", "sounddectet", "sd"], Kind::Audio, None, None),
    row(&["rsd"], Kind::Audio, None, None),
    row(&["videoblind", "videotamper", "videotampering", "vt"], Kind::Tamper, None, None),
    row(&["occlusion", "videohide"], Kind::Tamper, None, None),
    row(&["avd"], Kind::Tamper, None, None),
    row(&["videoloss"], Kind::VideoLoss, None, None),
    row(&["io", "alarminput"], Kind::Input, None, None),
    row(&["pir"], Kind::Pir, None, None),
    row(&["doorbellcall"], Kind::Input, None, None),
    row(&["talkback"], Kind::Input, None, None),
    row(&["fire"], Kind::Fire, None, None),
    row(&["measure", "measurement", "tempmeas"], Kind::Temperature, None, None),
    row(
        &["hdd", "storageerror", "storagefull", "storageunformatted", "storagenull"],
        Kind::Storage,
        None,
        None,
    ),
    row(&["manualpush"], Kind::Manual, None, None),
];

/// What stands between several words in one text.
const BETWEEN_WORDS: [char; 4] = [',', ';', '|', '+'];

/// The words of a text: several where each part of it is known, and one where they are one word for persons and vehicles.
pub(crate) fn split_words(text: &str) -> Vec<&str> {
    let parts = || text.split(BETWEEN_WORDS).filter(|part| !part.trim().is_empty());
    let is_of_objects = |part| meaning(part).is_some_and(|meaning| meaning.class.is_some());
    let is_whole = text.len() <= WORD_LIMIT && exact_meaning(text).is_some();
    let is_one = is_whole || parts().all(is_of_objects);
    let is_several = parts().nth(1).is_some() && parts().all(|part| meaning(part).is_some());
    if is_several && !is_one { parts().collect() } else { vec![text] }
}

/// The parts of a compound.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    word.split(['_', '&']).flat_map(|part| part.split(BETWEEN_WORDS))
}

/// What a word says happened, in any case and with any separators. Of a compound such as `md_vd` that is not known as a
/// whole the first part that is known counts; it names nobody where another part names somebody else. `None` for a word
/// that is not known.
pub(crate) fn meaning(word: &str) -> Option<Meaning> {
    let word = limited(word);
    exact_meaning(word).or_else(|| {
        let mut known = parts(word).filter_map(exact_meaning);
        let first = known.next()?;
        let is_one = known.all(|other| other.class.is_none() || other.class == first.class);
        Some(Meaning { class: first.class.filter(|_| is_one), ..first })
    })
}

/// Like [`meaning`], for the word as a whole alone: what the name of a member has to be to be taken for an alarm.
pub(crate) fn exact_meaning(word: &str) -> Option<Meaning> {
    let folded = folded(limited(word));
    let mut rest = folded.as_str();
    loop {
        if let Some(meaning) = MEANINGS.iter().find(|meaning| meaning.words.contains(&rest)) {
            return Some(*meaning);
        }
        rest = ["alarm", "detection", "detect"].iter().find_map(|suffix| rest.strip_suffix(suffix))?;
    }
}

/// Whether a word is known as a whole, or each part of it is: a text of which nothing is anybody's name.
pub(crate) fn is_known(word: &str) -> bool {
    let is_whole = word.len() <= WORD_LIMIT;
    is_whole && (exact_meaning(word).is_some() || parts(word).all(|part| exact_meaning(part).is_some()))
}

fn limited(word: &str) -> &str {
    word.get(..word.floor_char_boundary(WORD_LIMIT)).unwrap_or(word)
}

/// Letters and digits alone, in lower case.
fn folded(word: &str) -> String {
    word.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(word: &str) -> Kind {
        meaning(word).map_or(Kind::Other, |meaning| meaning.kind)
    }

    #[test]
    fn every_word_has_its_kind() {
        for (kind, words) in [
            (Kind::Motion, "VideoMotion motion_alarm MotionDetect Motion md VMD smd MotionDetection"),
            (
                Kind::Object,
                "PD VD PD_VD pvd PersonDetect VehicleDetect HumanDetect human person vehicle car AiHuman AiVehicle \
                 SOD StationaryObject",
            ),
            (Kind::LineCrossing, "LCD LineCross LineCrossing lcd"),
            (Kind::Intrusion, "PID Intrusion PerimeterIntrusion RegionDetect intrusion"),
            (Kind::ZoneEntry, "region_entrance regionentrance RegionEntrance RegionEnter"),
            (Kind::ZoneExit, "region_exiting regionexiting RegionExiting RegionExit"),
            (Kind::Loitering, "wander WanderDetection"),
            (Kind::Face, "FD FaceDetect face AiFaceDetection FR"),
            (Kind::Analytics, "AD AttributeDetect"),
            (Kind::Plate, "LPD LPR lp LicensePlate LicensePlateDetection"),
            (Kind::Counting, "CC CrossCount"),
            (Kind::Crowd, "CD QD"),
            (Kind::Audio, "SoundDetect sound sound_alarm sound_dectet SD RSD"),
            (
                Kind::Tamper,
                "VideoBlind video_tamper VideoTampering VT occlusion occlusion_alarm videohide avd",
            ),
            (Kind::VideoLoss, "videoloss VideoLoss"),
            (Kind::Input, "io_alarm IOAlarm IO AlarmInput doorbell_call talkback_alarm"),
            (Kind::Pir, "pir_alarm PIRAlarm PIR"),
            (Kind::Fire, "fireDetect FireDetection FireDetect"),
            (Kind::Temperature, "measure Measurement TempMeas"),
            (Kind::Storage, "hdd StorageError StorageFull StorageUnformatted StorageNull"),
            (Kind::Other, "levitate int_alarm alarm detect _ tailgate_alarm"),
        ] {
            for word in words.split(' ') {
                assert_eq!(meaning(word).map_or(Kind::Other, |meaning| meaning.kind), kind, "{word}");
            }
        }
        assert_eq!(kind("LCD "), Kind::LineCrossing);
        assert_eq!(kind("PD & VD"), Kind::Object);
        assert_eq!(kind(""), Kind::Other);
    }

    #[test]
    fn the_first_known_part_of_a_compound_counts() {
        assert_eq!(kind("md_vd"), Kind::Motion);
        assert_eq!(kind("levitate_lcd_pid"), Kind::LineCrossing);
        assert_eq!(exact_meaning("md_vd"), None, "a member of that name is no flag");
    }

    #[test]
    fn a_compound_of_several_names_none_of_them() {
        let class = |word| meaning(word).and_then(|meaning| meaning.class);
        for word in ["pd_vd", "vd_pd", "VD&PD", "human_vehicle", "person,car", "lcd_vd"] {
            assert_eq!(class(word), None, "{word}");
        }
        assert_eq!(class("pd_person"), Some(TargetClass::Person));
        assert_eq!(class("vd_lcd"), Some(TargetClass::Vehicle));
    }

    #[test]
    fn several_words_of_a_text_are_known_each() {
        for (text, words) in [
            ("pid,lcd", &["pid", "lcd"][..]),
            ("fd+lcd", &["fd", "lcd"]),
            ("pd_vd; md|", &["pd_vd", " md"]),
            ("pid,", &["pid,"]),
            ("PD+VD", &["PD+VD"]),
            ("vd|pd", &["vd|pd"]),
            ("person; car", &["person; car"]),
            ("pd,lcd", &["pd", "lcd"]),
            ("pid,levitate", &["pid,levitate"]),
            ("Ann, at the door", &["Ann, at the door"]),
            ("", &[""]),
        ] {
            assert_eq!(split_words(text), words, "{text}");
        }
        assert_eq!(kind("levitate,pid"), Kind::Intrusion);
    }

    #[test]
    fn a_word_is_known_when_nothing_of_it_is_not() {
        for word in ["FD", "md_vd", "PD & VD", "LCD ", "pid,lcd"] {
            assert!(is_known(word), "{word}");
        }
        for word in ["Ann", "fd_Ann", "fd Ann", "", &"fd_".repeat(1000)] {
            assert!(!is_known(word), "{word}");
        }
    }

    #[test]
    fn words_for_one_thing_are_equal() {
        assert_eq!(meaning("sound"), meaning("sound_alarm"));
        assert_eq!(meaning("motion_alarm"), meaning("smd"));
        assert_ne!(meaning("pid"), meaning("lcd"));
        assert_ne!(meaning("pd"), meaning("vd"));
    }

    #[test]
    fn a_long_word_is_read_in_little_time() {
        for word in ["_".repeat(1_000_000), "alarm".repeat(1_000_000), "é".repeat(1_000_000)] {
            assert_eq!(meaning(&word), None);
        }
    }
}
