//! What set off an alarm: the code `active` of older cameras, the bit mask `trigger` of newer ones.

use camhook_event::{Kind, Text, Zone, ZoneShape};

/// One thing that sets off an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trigger {
    /// A detection area, counted from 1.
    Area(u8),
    /// The passive infrared sensor.
    Pir,
    /// The alarm input.
    Input,
    /// The alarm input or the passive infrared sensor: older cameras have one code for both.
    PirOrInput,
    /// The microphone.
    Audio,
    /// A person, by a button or a command.
    Manual,
    /// A code of the older cameras, or the number of a bit of the newer ones, that is not documented.
    Unknown(u64),
}

impl Trigger {
    /// The name in `vendor_data.triggers`.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Area(area) => format!("area {area}"),
            Self::Pir => "pir".to_owned(),
            Self::Input => "input".to_owned(),
            Self::PirOrInput => "pir or input".to_owned(),
            Self::Audio => "audio".to_owned(),
            Self::Manual => "manual".to_owned(),
            Self::Unknown(number) => format!("unknown {number}"),
        }
    }

    fn kind(self) -> Kind {
        match self {
            Self::Area(_) => Kind::Motion,
            // Inferred: newer cameras have their PIR where older ones have this code, between areas and audio, and
            // the coupled codes 7 to 10 are those of the PIR.
            Self::Pir | Self::PirOrInput => Kind::Pir,
            Self::Input => Kind::Input,
            Self::Audio => Kind::Audio,
            Self::Manual => Kind::Manual,
            Self::Unknown(_) => Kind::Other,
        }
    }

    /// Whether who knows of this trigger learns nothing from another one. "The alarm input or the PIR" is an event of the
    /// PIR, so that the PIR is not news after it and the alarm input is.
    fn implies(self, other: Self) -> bool {
        self == other
            || matches!(
                (self, other),
                (Self::Pir | Self::Input, Self::PirOrInput) | (Self::PirOrInput, Self::Pir)
            )
    }

    fn may_be(self, other: Self) -> bool {
        let sensor = |trigger| matches!(trigger, Self::Pir | Self::Input | Self::PirOrInput);
        self == other
            || matches!((self, other), (Self::PirOrInput, _) | (_, Self::PirOrInput))
                && sensor(self)
                && sensor(other)
    }
}

/// Everything that set off one alarm; empty when there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Triggers(Vec<Trigger>);

/// The bits of the newer cameras. From public code that reads them, which repeats a table of the vendor's.
const BITS: [(u64, Trigger); 12] = [
    (1, Trigger::Area(1)),
    (2, Trigger::Area(2)),
    (4, Trigger::Area(3)),
    (8, Trigger::Area(4)),
    (16, Trigger::Pir),
    (32, Trigger::Input),
    (64, Trigger::Audio),
    (128, Trigger::Manual),
    (256, Trigger::Area(5)),
    (512, Trigger::Area(6)),
    (1024, Trigger::Area(7)),
    (2048, Trigger::Area(8)),
];

impl Triggers {
    /// Reads the code of older cameras (`active`, and the MQTT topic `alarm/triggered`); `None` when it is no
    /// number.
    ///
    /// ```
    /// use camhook_instar::{Trigger, Triggers};
    /// let triggers = Triggers::of_code("8").unwrap();
    /// assert_eq!(triggers.as_slice(), [Trigger::Area(2), Trigger::Pir]);
    /// ```
    #[must_use]
    pub fn of_code(text: &str) -> Option<Self> {
        let code: u64 = text.trim().parse().ok()?;
        let area = |number: u64| u8::try_from(number).map_or(Trigger::Unknown(code), Trigger::Area);
        Some(Self(match code {
            0 => Vec::new(),
            1..=4 => vec![area(code)],
            5 => vec![Trigger::PirOrInput],
            6 => vec![Trigger::Audio],
            7..=10 => vec![area(code - 6), Trigger::Pir],
            99 => vec![Trigger::Manual],
            _ => vec![Trigger::Unknown(code)],
        }))
    }

    /// Reads the bit mask of newer cameras (`trigger`, and the MQTT topic `alarm/triggered/triggers`); `None`
    /// when it is no number.
    ///
    /// ```
    /// use camhook_instar::{Trigger, Triggers};
    /// let triggers = Triggers::of_mask("17").unwrap();
    /// assert_eq!(triggers.as_slice(), [Trigger::Area(1), Trigger::Pir]);
    /// ```
    #[must_use]
    pub fn of_mask(text: &str) -> Option<Self> {
        let mask: u64 = text.trim().parse().ok()?;
        let known = BITS.iter().filter(|(bit, _)| mask & bit != 0).map(|(_, trigger)| *trigger);
        let unknown =
            (BITS.len() as u64..64).filter(|number| mask & (1 << number) != 0).map(Trigger::Unknown);
        let mut triggers: Vec<Trigger> = known.chain(unknown).collect();
        triggers.sort_unstable();
        Some(Self(triggers))
    }

    /// The triggers: areas first.
    #[must_use]
    pub fn as_slice(&self) -> &[Trigger] {
        &self.0
    }

    /// Whether there is no alarm.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The areas, counted from 1.
    #[must_use]
    pub fn areas(&self) -> Vec<u8> {
        let area = |trigger: &Trigger| match trigger {
            Trigger::Area(area) => Some(*area),
            _ => None,
        };
        self.0.iter().filter_map(area).collect()
    }

    /// The detection areas as a zone; several at once are named together: `1,2`.
    #[must_use]
    pub fn zone(&self) -> Option<Zone> {
        let areas: Vec<String> = self.areas().iter().map(ToString::to_string).collect();
        Some(Zone { shape: Some(ZoneShape::Area), id: Some(Text::new(&areas.join(","))?), ..Zone::default() })
    }

    /// The kind of an event with all these triggers.
    ///
    /// What a person or a contact did says most; then what moved in the picture; then the sensors beside it.
    /// All triggers stand in the event under `vendor_data.triggers`.
    #[must_use]
    pub fn kind(&self) -> Kind {
        const ORDER: [Kind; 5] = [Kind::Manual, Kind::Input, Kind::Motion, Kind::Pir, Kind::Audio];
        let has = |kind: &&Kind| self.0.iter().any(|trigger| trigger.kind() == **kind);
        ORDER.iter().find(has).copied().unwrap_or(Kind::Other)
    }

    /// The triggers of several messages about one alarm. What one of them leaves open, another one may say.
    #[must_use]
    pub fn union(messages: impl IntoIterator<Item = Self>) -> Self {
        let mut all: Vec<Trigger> = messages.into_iter().flat_map(|triggers| triggers.0).collect();
        all.sort_unstable();
        all.dedup();
        if all.iter().any(|trigger| matches!(trigger, Trigger::Pir | Trigger::Input)) {
            all.retain(|trigger| *trigger != Trigger::PirOrInput);
        }
        Self(all)
    }

    /// Whether another message about the same alarm says nothing that these triggers do not.
    #[must_use]
    pub fn cover(&self, other: &Self) -> bool {
        other.0.iter().all(|new| self.0.iter().any(|known| known.implies(*new)))
    }

    /// Whether two messages can be about the same alarm: they have a trigger in common.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.0.iter().any(|one| other.0.iter().any(|another| one.may_be(*another)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Trigger::{Area, Audio, Input, Manual, Pir, PirOrInput, Unknown};

    #[test]
    fn every_code_of_older_cameras_is_read() {
        let expected: [(&str, &[Trigger], Kind); 14] = [
            ("0", &[], Kind::Other),
            ("1", &[Area(1)], Kind::Motion),
            ("2", &[Area(2)], Kind::Motion),
            ("3", &[Area(3)], Kind::Motion),
            ("4", &[Area(4)], Kind::Motion),
            ("5", &[PirOrInput], Kind::Pir),
            ("6", &[Audio], Kind::Audio),
            ("7", &[Area(1), Pir], Kind::Motion),
            ("8", &[Area(2), Pir], Kind::Motion),
            ("9", &[Area(3), Pir], Kind::Motion),
            ("10", &[Area(4), Pir], Kind::Motion),
            ("99", &[Manual], Kind::Manual),
            ("11", &[Unknown(11)], Kind::Other),
            (" 6 ", &[Audio], Kind::Audio),
        ];
        for (text, triggers, kind) in expected {
            let read = Triggers::of_code(text).unwrap();
            assert_eq!((read.as_slice(), read.kind()), (triggers, kind), "{text}");
        }
    }

    #[test]
    fn every_bit_of_newer_cameras_is_read() {
        let expected: [(&str, &[Trigger], Kind); 17] = [
            ("0", &[], Kind::Other),
            ("1", &[Area(1)], Kind::Motion),
            ("2", &[Area(2)], Kind::Motion),
            ("4", &[Area(3)], Kind::Motion),
            ("8", &[Area(4)], Kind::Motion),
            ("16", &[Pir], Kind::Pir),
            ("32", &[Input], Kind::Input),
            ("64", &[Audio], Kind::Audio),
            ("128", &[Manual], Kind::Manual),
            ("256", &[Area(5)], Kind::Motion),
            ("512", &[Area(6)], Kind::Motion),
            ("1024", &[Area(7)], Kind::Motion),
            ("2048", &[Area(8)], Kind::Motion),
            ("17", &[Area(1), Pir], Kind::Motion),
            ("15", &[Area(1), Area(2), Area(3), Area(4)], Kind::Motion),
            ("576", &[Area(6), Audio], Kind::Motion),
            ("4096", &[Unknown(12)], Kind::Other),
        ];
        for (text, triggers, kind) in expected {
            let read = Triggers::of_mask(text).unwrap();
            assert_eq!((read.as_slice(), read.kind()), (triggers, kind), "{text}");
        }
        assert_eq!(Triggers::of_mask(&u64::MAX.to_string()).unwrap().as_slice().len(), 64);
    }

    #[test]
    fn what_is_no_number_is_no_trigger() {
        for text in ["", "camera", "-1", "1.5", "99999999999999999999"] {
            assert_eq!((Triggers::of_code(text), Triggers::of_mask(text)), (None, None), "{text}");
        }
    }

    #[test]
    fn the_same_alarm_overlaps_in_both_forms() {
        let code = |text| Triggers::of_code(text).unwrap();
        let mask = |text| Triggers::of_mask(text).unwrap();
        assert!(code("7").overlaps(&mask("17")));
        assert!(code("5").overlaps(&mask("32")) && code("5").overlaps(&mask("16")));
        assert!(!code("1").overlaps(&mask("2")));
        assert!(!code("5").overlaps(&mask("1")) && !mask("16").overlaps(&mask("32")));
    }

    #[test]
    fn what_one_form_says_and_the_other_does_not_is_news() {
        let code = |text| Triggers::of_code(text).unwrap();
        let mask = |text| Triggers::of_mask(text).unwrap();
        for (known, new, is_covered) in [
            (code("7"), mask("17"), true),
            (code("1"), mask("3"), false),
            (mask("3"), code("1"), true),
            (code("1"), mask("33"), false),
            (code("1"), mask("129"), false),
            (code("5"), mask("16"), true),
            (code("5"), mask("32"), false),
            (code("5"), mask("48"), false),
            (mask("16"), code("5"), true),
            (mask("32"), code("5"), true),
            (code("1"), code("0"), true),
        ] {
            assert_eq!(known.cover(&new), is_covered, "{known:?} {new:?}");
        }
        assert_eq!(Triggers::union([code("1"), mask("3")]).as_slice(), [Area(1), Area(2)]);
        assert_eq!(Triggers::union([code("5"), mask("33")]).as_slice(), [Area(1), Input]);
        assert_eq!(Triggers::union([]), Triggers::default());
    }
}
