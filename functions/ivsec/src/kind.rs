//! What the vendor's words say happened.

use camhook_event::Kind;

/// The words of `EventType`, `int_subtype` and the flags of an alarm, without underscores and in lower case.
///
/// From Raysharp's reference; where that gives a word without saying what it means, the meaning is inferred from the
/// names of the menus that switch it on: sound (`RSD`, rare sound), queue length (`QD`), picture quality (`AVD`).
const KINDS: &[(&str, Kind)] = &[
    ("videomotion", Kind::Motion),
    ("motionalarm", Kind::Motion),
    ("piralarm", Kind::Pir),
    ("ioalarm", Kind::Input),
    ("doorbellcall", Kind::Input),
    ("videoloss", Kind::VideoLoss),
    ("videoblind", Kind::Tamper),
    ("videotamper", Kind::Tamper),
    ("avd", Kind::Tamper),
    ("sounddetect", Kind::Audio),
    ("sound", Kind::Audio),
    ("rsd", Kind::Audio),
    ("sod", Kind::Object),
    ("pd", Kind::Object),
    ("vd", Kind::Object),
    ("pdvd", Kind::Object),
    ("lcd", Kind::LineCrossing),
    ("pid", Kind::Intrusion),
    ("intrusion", Kind::Intrusion),
    ("regionentrance", Kind::ZoneEntry),
    ("regionexiting", Kind::ZoneExit),
    ("fd", Kind::Face),
    ("fr", Kind::FaceMatch),
    ("cc", Kind::Counting),
    ("cd", Kind::Crowd),
    ("qd", Kind::Crowd),
    ("lpd", Kind::Plate),
    ("lpr", Kind::Plate),
    ("firedetect", Kind::Fire),
    ("measure", Kind::Temperature),
    // The tab "AD" of the menus, between faces and plates; nothing says what it detects.
    ("ad", Kind::Analytics),
];

/// What a word of the vendor's says happened, in any case, with underscores or without.
pub(crate) fn kind(word: &str) -> Kind {
    let word: String = word.chars().filter(|character| character.is_alphanumeric()).collect();
    let known = KINDS.iter().find(|(known, _)| word.eq_ignore_ascii_case(known));
    known.map_or(Kind::Other, |(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_word_has_a_kind() {
        let event_types = "VideoMotion VideoBlind SoundDetect SOD LCD PID PD_VD FD CC AD CD QD LPD RSD";
        let subtypes = "video_tamper sod lcd pid pd fd sound avd pd_vd cc cd qd lpd rsd ad intrusion region_entrance \
                        region_exiting fireDetect measure";
        for word in event_types.split(' ').chain(subtypes.split(' ')) {
            assert_ne!(kind(word), Kind::Other, "{word}");
        }
        assert_eq!(kind("LCD "), Kind::LineCrossing);
        assert_eq!(kind("levitation"), Kind::Other);
    }
}
