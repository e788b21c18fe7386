//! Faces: what a post tells about a person, and what of it is kept.

use camhook_event::{Face, PlateList};
use camhook_site::Retention;

use super::{percentage, take_fraction, text};
use crate::message::{Block, Place, Smart};
use crate::scalars::Scalars;
use crate::vocabulary;

/// Whether a post is about faces: by its word, by its blocks, or by values that only a known person has.
pub(super) fn is_of_faces(smart: &Smart<'_>, scalars: &Scalars<'_>) -> bool {
    let word = smart.smart_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    let is_of_person = |scalars: &Scalars<'_>| {
        ["personId", "personName", "faceId", "similarity", "idNumber", "certificateNumber"]
            .iter()
            .any(|name| scalars.get(name).is_some())
    };
    word.contains("face")
        || word.contains("vfd")
        || !smart.person.is_empty()
        || is_of_person(scalars)
        || smart.targets.iter().any(|item| item.block == Block::Face || is_of_person(&item.scalars))
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

/// The face of a post, taken out of its values.
pub(super) fn face<'a>(
    scalars: &mut Scalars<'a>,
    person: &mut Scalars<'a>,
    item: Option<&mut Scalars<'a>>,
    faces: Retention,
) -> Option<Face> {
    let mut found = Face::default();
    if let Some(word) = scalars.take("matchResult") {
        found.matched = vocabulary::truth(&word);
        if found.matched.is_none() {
            scalars.push("matchResult", word);
        }
    }
    found.similarity = take_fraction(scalars, "similarity", percentage);
    let list_names = ["presonListType", "personListType", "listType"];
    if let Some(word) = person.take_any(&list_names).or_else(|| scalars.take_any(&list_names)) {
        let listed = vocabulary::list(&word);
        found.list = listed.filter(|list| is_supported(*list, found.matched));
        if found.list.is_none() && (listed.is_some() || faces == Retention::Keep) {
            scalars.push("personListType", word);
        }
    }
    if faces == Retention::Keep {
        found.person_id = text(person.take("personId"));
        found.name = text(person.take("name"));
        found.sex = text(person.take("sex"));
        found.age = text(person.take("age"));
        scalars.append(std::mem::take(person));
    }
    if let Some(item) = item {
        let mut estimate = |name: &str| text(item.take(name));
        found.sex = found.sex.or(estimate("sex"));
        found.age = found.age.or(estimate("age"));
        found.glasses = estimate("glasses");
        found.mask = estimate("mask");
    }
    found.known()
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
