//! The lists that a device keeps: which one it names, and whether that may be believed.

use camhook_event::PlateList;

use crate::vocabulary;

/// What a device says of whether it found a plate or a face among those that it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// Nothing.
    Absent,
    /// It did.
    Found,
    /// It did not.
    NotFound,
    /// It did not, and something else, too.
    Disputed,
    /// Something that is not understood.
    Unclear,
}

impl Match {
    /// What several results say together.
    pub(super) fn of<'v>(results: impl Iterator<Item = &'v str>) -> Self {
        let meaning = |result| match vocabulary::match_result(result) {
            Some(true) => Self::Found,
            Some(false) => Self::NotFound,
            None => Self::Unclear,
        };
        results.map(meaning).fold(Self::Absent, Self::and)
    }

    /// What this and another result say together.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Absent, only) | (only, Self::Absent) => only,
            _ if self == other => self,
            (Self::NotFound | Self::Disputed, _) | (_, Self::NotFound | Self::Disputed) => Self::Disputed,
            _ => Self::Unclear,
        }
    }

    /// Whether it was found, as an event says it.
    pub(super) fn is_found(self) -> Option<bool> {
        match self {
            Self::Found => Some(true),
            Self::NotFound | Self::Disputed => Some(false),
            Self::Absent | Self::Unclear => None,
        }
    }

    /// Whether a list may be believed. Nobody is let in by a list whose entry was perhaps not found: it may be that of
    /// somebody else. A warning stands unless the device says that it found nothing.
    pub(super) fn supports(self, list: PlateList) -> bool {
        match list {
            PlateList::Allow | PlateList::Temporary => self == Self::Found,
            PlateList::Deny => self != Self::NotFound,
            PlateList::Stranger | PlateList::Unlisted => true,
        }
    }
}

/// The list that several words name together: none when they name different ones, unless one of them forbids.
pub(super) fn agreed(lists: impl Iterator<Item = Option<PlateList>>) -> Option<PlateList> {
    let joined = |one, other| match (one, other) {
        (Some(PlateList::Deny), _) | (_, Some(PlateList::Deny)) => Some(PlateList::Deny),
        _ if one == other => one,
        _ => None,
    };
    lists.reduce(joined).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_lets_nobody_in_who_was_perhaps_not_found() {
        for (results, is_allowed, is_denied, is_found) in [
            (&[][..], false, true, None),
            (&["true"], true, true, Some(true)),
            (&["1", "matched"], true, true, Some(true)),
            (&["failed"], false, false, Some(false)),
            (&["no", "unmatched"], false, false, Some(false)),
            (&["true", "false"], false, true, Some(false)),
            (&["true", "perhaps"], false, true, None),
            (&["perhaps"], false, true, None),
            (&["perhaps", "false"], false, true, Some(false)),
        ] {
            let found = Match::of(results.iter().copied());
            let allowed = [PlateList::Allow, PlateList::Temporary].map(|list| found.supports(list));
            assert_eq!(allowed, [is_allowed; 2], "{results:?}");
            assert_eq!(found.supports(PlateList::Deny), is_denied, "{results:?}");
            assert_eq!(found.is_found(), is_found, "{results:?}");
            assert!(found.supports(PlateList::Stranger));
        }
    }

    #[test]
    fn lists_that_differ_are_none_unless_one_forbids() {
        let read = |names: &[&str]| agreed(names.iter().map(|name| vocabulary::list(name)));
        assert_eq!(read(&[]), None);
        assert_eq!(read(&["whiteList", "WHITELIST"]), Some(PlateList::Allow));
        assert_eq!(read(&["whiteList", "temporaryList"]), None);
        assert_eq!(read(&["whiteList", "temporaryList", "whiteList"]), None);
        assert_eq!(read(&["whiteList", "visitors"]), None);
        assert_eq!(read(&["visitors", "whiteList", "blackList"]), Some(PlateList::Deny));
    }
}
