//! Faces: what a post tells about a person, and what of it is kept.

use std::borrow::Cow;

use camhook_event::{Face, PlateList};
use camhook_site::Retention;

use super::{percentage, take_fraction, text};
use crate::message::{Block, Item, Place, Smart};
use crate::scalars::Scalars;
use crate::vocabulary;

/// Whether a post is about faces: by its word, by its blocks, or by values that only a known person has.
pub(super) fn is_of_faces(smart: &Smart<'_>, scalars: &Scalars<'_>) -> bool {
    let word = smart.smart_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    let is_of_person = |scalars: &Scalars<'_>| {
        let names = ["personId", "personName", "faceId", "similarity", "idNumber", "certificateNumber"];
        scalars.get_any(&names).is_some()
    };
    word.contains("face")
        || word.contains("vfd")
        || !smart.person.is_empty()
        || is_of_person(scalars)
        || is_of_person(&smart.scalars)
        || smart
            .targets
            .iter()
            .chain(&smart.events)
            .any(|item| item.block == Block::Face || !item.person.is_empty() || is_of_person(&item.scalars))
        || smart.pictures.iter().any(|picture| matches!(picture.place, Place::Snap | Place::Album))
}

/// Values of a face post that say nothing of who it is: how, when and how well it was seen.
pub(super) fn is_impersonal(name: &str) -> bool {
    const NAMES: [&str; 34] = [
        "subscribeOption",
        "subscribeRelation",
        "relativeTime",
        "dataType",
        "width",
        "height",
        "targetType",
        "status",
        "eventId",
        "rect",
        "pose",
        "sex",
        "age",
        "glasses",
        "mask",
        "hat",
        "PosFaceImage",
        "feature_score",
        "eye_dist",
        "blur",
        "pose_est_score",
        "illumination",
        "faceliveness",
        "completeness",
        "comprehensive_score",
        "livingBody",
        "temperature",
        "deviceNo.",
        "mac",
        "matchResult",
        "similarity",
        "presonListType",
        "personListType",
        "listType",
    ];
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The face of a post, taken out of its values: those of the person in the item, of the person of the post, of the item
/// itself, and of the post.
pub(super) fn face<'a>(
    scalars: &mut Scalars<'a>,
    person: &mut Scalars<'a>,
    item: Option<&mut Item<'a>>,
    faces: Retention,
) -> Option<Face> {
    let (mut nobody, mut nothing) = (Scalars::default(), Scalars::default());
    let (of_item, item) = match item {
        Some(item) => (&mut item.person, &mut item.scalars),
        None => (&mut nobody, &mut nothing),
    };
    let mut values = Values { groups: [of_item, person, item, scalars] };
    let mut found = Face::default();
    if let Some((group, word)) = values.take(&["matchResult"]) {
        found.matched = vocabulary::truth(&word);
        if found.matched.is_none() {
            group.push("matchResult", word);
        }
    }
    found.similarity =
        values.groups.iter_mut().find_map(|group| take_fraction(group, "similarity", percentage));
    if let Some((group, word)) =
        values.take(&["presonListType", "personListType", "faceListType", "listType"])
    {
        let listed = vocabulary::list(&word);
        found.list = listed.filter(|list| is_supported(*list, found.matched));
        if found.list.is_none() && (listed.is_some() || faces == Retention::Keep) {
            group.push("personListType", word);
        }
    }
    let mut estimate = |name: &str| match faces {
        Retention::Keep => text(values.take(&[name]).map(|(_, value)| value)),
        // What is estimated from the picture says nothing of who it is; what is known of a person does.
        Retention::Drop => values.groups.get_mut(2).and_then(|item| text(item.take(name))),
    };
    found.sex = estimate("sex");
    found.age = estimate("age");
    found.glasses = estimate("glasses");
    found.mask = estimate("mask");
    if faces == Retention::Keep {
        found.person_id = text(values.take(&["personId"]).map(|(_, value)| value));
        found.name = text(values.take(&["personName", "name"]).map(|(_, value)| value));
        let [of_item, person, _, scalars] = values.groups;
        scalars.append(std::mem::take(of_item));
        scalars.append(std::mem::take(person));
    }
    found.known()
}

/// The groups of values that a face may be described in, the surest first.
struct Values<'v, 'a> {
    groups: [&'v mut Scalars<'a>; 4],
}

impl<'v, 'a> Values<'v, 'a> {
    /// Takes the value under one of several names from the first group that has one, and gives that group.
    fn take(&mut self, names: &[&str]) -> Option<(&mut Scalars<'a>, Cow<'a, str>)> {
        self.groups.iter_mut().find_map(|group| group.take_any(names).map(|value| (&mut **group, value)))
    }
}

/// Whether a list may be believed, by whether the face was found in the album: nobody is let in by the list of a face that
/// was compared with theirs and is another one.
pub(super) fn is_supported(list: PlateList, matched: Option<bool>) -> bool {
    match list {
        PlateList::Allow | PlateList::Temporary => matched == Some(true),
        PlateList::Deny => matched != Some(false),
        PlateList::Stranger | PlateList::Unlisted => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_lets_nobody_in_whose_face_was_not_found() {
        assert!(is_supported(PlateList::Allow, Some(true)));
        for matched in [None, Some(false)] {
            assert!(!is_supported(PlateList::Allow, matched) && !is_supported(PlateList::Temporary, matched));
        }
        assert!(is_supported(PlateList::Deny, None) && !is_supported(PlateList::Deny, Some(false)));
        assert!(is_supported(PlateList::Stranger, Some(false)));
    }
}
