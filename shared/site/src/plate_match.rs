//! Comparing a plate with lists, with or without a tolerance for one misread character.

use std::fmt;

use camhook_event::Text;
use jiff::civil::Date;

use crate::{ListId, PlateText, Site};

/// Shorter plates of a list are compared exactly: with one character changed they would match too many others.
const SHORTEST_TOLERATED: usize = 4;

/// A plate that matched a list by tolerance. Its text holds plates: it stays out of logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlateMatch {
    /// The plate that the device read.
    pub read: PlateText,
    /// The list.
    pub list: ListId,
    /// The plates of the list within the tolerance, with the names of whom they belong to; at least one.
    pub matched: Vec<(PlateText, Option<Text>)>,
}

impl PlateMatch {
    /// The plates of the list within the tolerance: `IB36NL`, or `IB36NL or IB36NK`.
    #[must_use]
    pub fn matched_plates(&self) -> String {
        let plates: Vec<&str> = self.matched.iter().map(|(plate, _)| plate.as_str()).collect();
        plates.join(" or ")
    }
}

/// `Plate read as IB36N, matched IB36NL (Ann) on @residents`
impl fmt::Display for PlateMatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Plate read as {}, matched ", self.read)?;
        for (index, (plate, name)) in self.matched.iter().enumerate() {
            if index > 0 {
                formatter.write_str(" or ")?;
            }
            write!(formatter, "{plate}")?;
            if let Some(name) = name {
                write!(formatter, " ({name})")?;
            }
        }
        write!(formatter, " on @{}", self.list)
    }
}

/// How a plate compares with a list.
#[derive(Debug)]
pub(crate) enum ListVerdict {
    /// It is on the list.
    Exact,
    /// It is on the list, but not on this day.
    OtherDay,
    /// It is within the tolerance of this list and of no other one.
    Tolerant(PlateMatch),
    /// It is within the tolerance of the list, and these other lists have it, or a plate within the tolerance.
    Ambiguous(Vec<ListId>),
    /// It is not on the list.
    No,
}

/// Compares a plate with a list exactly.
pub(crate) fn exact(site: &Site, list: &ListId, read: &PlateText, day: Date) -> ListVerdict {
    let entries = site.list(list.as_str()).map_or(&[][..], |list| &list.entries);
    let mut listed = entries.iter().filter(|entry| entry.plate == *read).peekable();
    if listed.peek().is_none() {
        return ListVerdict::No;
    }
    if listed.any(|entry| entry.is_valid_on(day)) { ListVerdict::Exact } else { ListVerdict::OtherDay }
}

/// Compares a plate with a list, and where it is not on it, with one character wrong or missing.
///
/// A tolerant match never decides between two lists: it is none where another list has the plate, or a plate within
/// the tolerance, on whatever day.
pub(crate) fn tolerant(site: &Site, list: &ListId, read: &PlateText, day: Date) -> ListVerdict {
    // A plate that is on the list on other days was read right.
    let verdict = exact(site, list, read, day);
    if !matches!(verdict, ListVerdict::No) {
        return verdict;
    }
    let entries = site.list(list.as_str()).map_or(&[][..], |list| &list.entries);
    let mut matched: Vec<(PlateText, Option<Text>)> = Vec::new();
    for entry in entries.iter().filter(|entry| entry.is_valid_on(day)) {
        let is_known = matched.iter().any(|(plate, _)| *plate == entry.plate);
        if !is_known && is_within_tolerance(read, &entry.plate) {
            matched.push((entry.plate.clone(), entry.name.clone()));
        }
    }
    if matched.is_empty() {
        return ListVerdict::No;
    }
    let others = site.lists().iter().filter(|other| other.id != *list);
    let conflicting = others.filter(|other| {
        other.entries.iter().any(|entry| entry.plate == *read || is_within_tolerance(read, &entry.plate))
    });
    let conflicting: Vec<ListId> = conflicting.map(|other| other.id.clone()).collect();
    if !conflicting.is_empty() {
        return ListVerdict::Ambiguous(conflicting);
    }
    ListVerdict::Tolerant(PlateMatch { read: read.clone(), list: list.clone(), matched })
}

/// Whether the plate that was read differs from a plate of a list by one character that is another one or missing.
fn is_within_tolerance(read: &PlateText, listed: &PlateText) -> bool {
    let (read, listed) = (read.as_str(), listed.as_str());
    let listed_length = listed.chars().count();
    if listed_length < SHORTEST_TOLERATED {
        return false;
    }
    let read_length = read.chars().count();
    let same = read.chars().zip(listed.chars()).take_while(|(read, listed)| read == listed).count();
    if read_length == listed_length {
        return read.chars().skip(same + 1).eq(listed.chars().skip(same + 1));
    }
    read_length + 1 == listed_length && read.chars().skip(same).eq(listed.chars().skip(same + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_character_may_be_wrong_or_missing() {
        let within = |read: &str, listed: &str| {
            is_within_tolerance(&PlateText::new(read).unwrap(), &PlateText::new(listed).unwrap())
        };
        for read in ["IB36NL", "I836NL", "1B36NL", "IB36NI", "B36NL", "IB36N", "IB6NL", "ib-36 nk"] {
            assert!(within(read, "IB 36 NL"), "{read}");
        }
        for read in ["IB36", "BI36NL", "1B36N1", "IB36NLX", "XIB36NL", "836NL", "IB", "X"] {
            assert!(!within(read, "IB 36 NL"), "{read}");
        }
        assert!(!within("A12", "A13"), "a short plate is compared exactly");
        assert!(within("ÖB36NL", "OB36NL"));
    }
}
