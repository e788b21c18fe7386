//! The words of a text, and what they say of an object.
//!
//! Makers of analytics call their objects and events as they like, so whole words are compared: "Surface defect" is no
//! face, "Face template" no plate, and "Business card" no car.

use camhook_event::TargetClass;
use camhook_ingest::names_nobody;

/// Words that say what an object is; the first class that has one of them counts.
const CLASSES: &[(TargetClass, &[&str])] = &[
    (
        TargetClass::Plate,
        &["plate", "plates", "licenseplate", "licenceplate", "licenseplates", "numberplate", "lpr", "anpr"],
    ),
    (TargetClass::Face, FACES),
    (
        TargetClass::Person,
        &["person", "persons", "people", "human", "humans", "pedestrian", "pedestrians", "man", "woman"],
    ),
    (
        TargetClass::MotorcycleBicycle,
        &[
            "motorcycle",
            "motorcycles",
            "motorbike",
            "motorbikes",
            "bicycle",
            "bicycles",
            "bike",
            "bikes",
            "cyclist",
            "motorcyclist",
            "ebike",
        ],
    ),
    (
        TargetClass::Vehicle,
        &[
            "vehicle",
            "vehicles",
            "car",
            "cars",
            "truck",
            "trucks",
            "bus",
            "buses",
            "minibus",
            "van",
            "vans",
            "lorry",
            "lorries",
            "automobile",
        ],
    ),
    (TargetClass::Animal, &["animal", "animals", "dog", "dogs", "cat", "cats"]),
];

/// Words that name a face.
const FACES: &[&str] = &["face", "faces", "facial"];

/// Words of a name or value that name nobody, beside those for [something unknown](names_nobody): what systems write for
/// someone whom they do not know.
const NOBODY: &[&str] = &["body", "id", "intruder", "known", "object", "target", "visitor"];

/// The words of a text in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words(Vec<String>);

impl Words {
    /// The words of a text, which anything but letters and digits separates.
    pub(crate) fn of(text: &str) -> Self {
        let words = text.split(|character: char| !character.is_alphanumeric());
        Self(words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect())
    }

    /// The words of a name that a program may have given, which are written as one: `LicensePlate`, `LPREvent`, `vehicle1`.
    pub(crate) fn of_type(text: &str) -> Self {
        let mut separated = String::with_capacity(text.len());
        let mut before: Option<char> = None;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let ends_capitals = characters.peek().is_some_and(|next| next.is_lowercase());
            let begins_word = before.is_some_and(|before| {
                character.is_uppercase() && (before.is_lowercase() || before.is_uppercase() && ends_capitals)
                    || before.is_alphabetic() != character.is_alphabetic()
            });
            if begins_word {
                separated.push(' ');
            }
            separated.push(character);
            before = Some(character);
        }
        Self::of(&separated)
    }

    /// The words.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether one of these is among them.
    pub(crate) fn has_any(&self, words: &[&str]) -> bool {
        self.iter().any(|word| words.contains(&word))
    }

    /// Whether one of them names a face, in English.
    pub(crate) fn name_a_face(&self) -> bool {
        self.has_any(FACES)
    }

    /// Whether one of them names such an object, whatever else they name.
    pub(crate) fn has(&self, class: TargetClass) -> bool {
        CLASSES.iter().any(|(known, words)| *known == class && self.has_any(words))
    }

    /// What an object is that is called so; `None` for what none of the words says.
    pub(crate) fn class(&self) -> Option<TargetClass> {
        let called = CLASSES.iter().find(|(_, words)| self.has_any(words));
        called.map(|(class, _)| *class)
    }

    /// The words in lower case between single blanks, with one at either end.
    pub(crate) fn spaced(&self) -> String {
        self.without(|_, _, _| false)
    }

    /// The [spaced](Self::spaced) words without those that are left out because of the word before and the one behind.
    pub(crate) fn without(&self, is_left_out: impl Fn(Option<&str>, &str, Option<&str>) -> bool) -> String {
        let mut spaced = " ".to_owned();
        let mut before = None;
        let mut words = self.iter().peekable();
        while let Some(word) = words.next() {
            if !is_left_out(before, word, words.peek().copied()) {
                spaced.push_str(word);
                spaced.push(' ');
            }
            before = Some(word);
        }
        spaced
    }
}

/// Whether the name or value of a face or person is somebody's: not all of its words are numbers, classes of objects or
/// words for someone unknown.
pub(crate) fn names_somebody(text: &str) -> bool {
    let is_number = |word: &str| word.chars().all(char::is_numeric);
    let is_class = |word: &str| CLASSES.iter().any(|(_, words)| words.contains(&word));
    let words = Words::of(text);
    words
        .iter()
        .any(|word| !is_number(word) && !is_class(word) && !NOBODY.contains(&word) && !names_nobody(word))
}

/// A face in other languages: names of events are in the language of whoever installed the system, and one that is about
/// a face must be known as such where faces are not kept. Without a blank where a language writes none.
const FACES_ABROAD: &[&str] = &[
    " gesicht",
    " visage",
    " rostro",
    " facial",
    " volto ",
    " viso ",
    " rosto",
    " gezicht",
    " twarz",
    " obličej",
    " tvář",
    " ansigt",
    " ansikt",
    " kasvo",
    " kasvojen",
    " arcfelismer",
    " yüz tan",
    " πρόσωπο",
    " προσώπου",
    " лицо ",
    " лица ",
    " лицом ",
    " лиц ",
    " обличч",
    " wajah",
    " khuôn mặt ",
    " người lạ ",
    "人脸",
    "人臉",
    "面部",
    "顔",
    "얼굴",
    "ใบหน้า",
    "चेहर",
    " وجه ",
    " الوجه ",
    " פנים ",
];

/// Whether a text speaks of a face, in any language that is known.
pub(crate) fn names_a_face(text: &str) -> bool {
    let words = Words::of_type(text);
    words.name_a_face() || is_of_face(&words.spaced())
}

/// Whether [spaced](Words::spaced) words speak of a face in another language than English.
pub(crate) fn is_of_face(spaced: &str) -> bool {
    FACES_ABROAD.iter().any(|face| spaced.contains(face))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_what_its_whole_words_say() {
        use TargetClass::{Animal, Face, MotorcycleBicycle, Person, Plate, Vehicle};
        for (text, expected) in [
            ("License Plate", Some(Plate)),
            ("LicensePlate", Some(Plate)),
            ("LICENSE_PLATE", Some(Plate)),
            ("Plate of a car", Some(Plate)),
            ("Face", Some(Face)),
            ("Face template match", Some(Face)),
            ("PersonFace", Some(Face)),
            ("FACEMatch", Some(Face)),
            ("LPREvent", Some(Plate)),
            ("Person", Some(Person)),
            ("person2", Some(Person)),
            ("Pedestrians", Some(Person)),
            ("Motorcycle", Some(MotorcycleBicycle)),
            ("Sports car", Some(Vehicle)),
            ("Car", Some(Vehicle)),
            ("TYPE_VEHICLE", Some(Vehicle)),
            ("Cargo van", Some(Vehicle)),
            ("Dog", Some(Animal)),
            ("Surface defect", None),
            ("Template", None),
            ("Business card", None),
            ("Bustard", None),
            ("Impersonation", None),
            ("Cargo", None),
            ("", None),
        ] {
            assert_eq!(Words::of_type(text).class(), expected, "{text}");
        }
    }

    #[test]
    fn numbers_and_words_for_someone_unknown_are_no_names() {
        for name in ["Ann Example", "Nguyễn Văn A", "Violet Brown", "王芳", "ann@example.org", "Unknown Ann"]
        {
            assert!(names_somebody(name), "{name}");
        }
        for nobody in ["", "12", "Unknown", "unknown person", "Face 4", "N/A", "Not recognised", "-"] {
            assert!(!names_somebody(nobody), "{nobody}");
        }
    }
}
