//! What the sender recognized: the bit mask `object`.

use camhook_event::TargetClass;

/// The classes by their bits. Documented from 0 to 7; one page of the vendor speaks of test values up to 16, so
/// higher bits are read as something unknown.
const CLASSES: [(u64, TargetClass); 3] =
    [(1, TargetClass::Person), (2, TargetClass::Vehicle), (4, TargetClass::Animal)];

/// The bits that are documented.
const KNOWN: u64 = 7;

/// What was recognized, as a bit mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Objects(u64);

impl Objects {
    /// Reads the decimal number that is sent; `None` when it is none.
    ///
    /// ```
    /// use camhook_event::TargetClass;
    /// use camhook_instar::Objects;
    /// let objects = Objects::parse("6").unwrap();
    /// assert_eq!(objects.classes(), [TargetClass::Vehicle, TargetClass::Animal]);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.trim().parse().ok().map(Self)
    }

    /// Whether nothing was recognized.
    #[must_use]
    pub fn is_none(self) -> bool {
        self.0 == 0
    }

    /// What was recognized, one class for each bit; all unknown bits together are one [`TargetClass::Other`].
    #[must_use]
    pub fn classes(self) -> Vec<TargetClass> {
        let known = CLASSES.iter().filter(|(bit, _)| self.0 & bit != 0).map(|(_, class)| *class);
        let unknown = (self.0 & !KNOWN != 0).then_some(TargetClass::Other);
        known.chain(unknown).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_code_has_its_classes() {
        use TargetClass::{Animal, Other, Person, Vehicle};
        let expected: [(&str, &[TargetClass]); 10] = [
            ("0", &[]),
            ("1", &[Person]),
            ("2", &[Vehicle]),
            ("3", &[Person, Vehicle]),
            ("4", &[Animal]),
            ("5", &[Person, Animal]),
            ("6", &[Vehicle, Animal]),
            ("7", &[Person, Vehicle, Animal]),
            ("8", &[Other]),
            ("17", &[Person, Other]),
        ];
        for (text, classes) in expected {
            assert_eq!(Objects::parse(text).unwrap().classes(), classes, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_no_object() {
        for text in ["", "person", "-1", "1.0", "0x1", "18446744073709551616"] {
            assert_eq!(Objects::parse(text), None, "{text}");
        }
    }
}
