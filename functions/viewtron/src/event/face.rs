//! Faces: what a post tells about a person, and what of it is kept.

use camhook_event::{Face, PlateList};
use camhook_site::Retention;

use super::list::{Match, agreed};
use super::{percentage, take_fraction, text};
use crate::message::{Block, Item, Person, Place, Smart};
use crate::scalars::{Scalars, Statement};
use crate::vocabulary;

/// Values that only a person has who was compared with known ones.
pub(super) const OF_PERSON: [&str; 6] =
    ["personId", "personName", "faceId", "similarity", "idNumber", "certificateNumber"];

/// Whether a post is about faces: by its word, by its blocks, or by values that only a known person has.
pub(super) fn is_of_faces(smart: &Smart<'_>, scalars: &Scalars<'_>) -> bool {
    let word = smart.smart_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    let is_of_person = |scalars: &Scalars<'_>| scalars.get_any(&OF_PERSON).is_some();
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
    person: &mut Person<'a>,
    item: Option<&mut Item<'a>>,
    faces: Retention,
) -> Option<Face> {
    let (mut nobody, mut nothing) = (Person::default(), Scalars::default());
    let (of_item, item) = match item {
        Some(item) => (&mut item.person, &mut item.scalars),
        None => (&mut nobody, &mut nothing),
    };
    let mut values = Values { persons: [of_item, person], item, scalars };
    let mut face = Face {
        similarity: values.groups().find_map(|group| take_fraction(group, "similarity", percentage)),
        ..Face::default()
    };
    let results = values.of_all(&["matchResult"]);
    let person_ids = values.of_person(&["personId"]);
    let names = values.of_person(&["personName", "name"]);
    let mut list_names = values.of_all(&["presonListType", "personListType", "faceListType", "listType"]);
    let is_doubtful = person_ids.is_contradiction() || names.is_contradiction();
    let found = Match::of(results.values());
    let found = if is_doubtful && found == Match::Found { Match::Unclear } else { found };
    face.list = agreed(list_names.values().map(vocabulary::list)).filter(|list| found.supports(*list));
    face.matched = found.is_found();
    if found == Match::Disputed && face.list.is_some_and(|list| list == PlateList::Deny) {
        // No rule believes the list of a face that was not found.
        face.matched = None;
    }
    let rest = &mut *values.scalars;
    if !matches!(found, Match::Found | Match::NotFound) {
        results.put_back(rest);
    }
    if face.list.is_none() || list_names.is_contradiction() {
        // A word that is no list's may be a name.
        list_names.retain(|word| faces == Retention::Keep || vocabulary::list(word).is_some());
        list_names.put_back_as("personListType", rest);
    }
    if faces == Retention::Keep {
        face.person_id = text(person_ids.into_one(rest));
        face.name = text(names.into_one(rest));
    }
    let mut estimate = |name: &str| match faces {
        Retention::Keep => text(values.groups().find_map(|group| group.take(name))),
        // What is estimated from the picture says nothing of who it is; what is known of a person does.
        Retention::Drop => text(values.item.take(name)),
    };
    face.sex = estimate("sex");
    face.age = estimate("age");
    face.glasses = estimate("glasses");
    face.mask = estimate("mask");
    if faces == Retention::Keep {
        let Values { persons, scalars, .. } = values;
        for person in persons {
            scalars.append(std::mem::take(person).into_scalars());
        }
    }
    face.known()
}

/// The values that a face may be described in.
struct Values<'v, 'a> {
    /// Of the person in the item, and of that of the post.
    persons: [&'v mut Person<'a>; 2],
    item: &'v mut Scalars<'a>,
    /// Of the post. What is not read stays there.
    scalars: &'v mut Scalars<'a>,
}

impl<'a> Values<'_, 'a> {
    /// All groups of values, the surest first.
    fn groups(&mut self) -> impl Iterator<Item = &mut Scalars<'a>> {
        let of_persons = self.persons.iter_mut().flat_map(|person| &mut person.0);
        of_persons.chain([&mut *self.item, &mut *self.scalars])
    }

    /// Takes what all groups say under some names.
    fn of_all(&mut self, names: &[&str]) -> Statement<'a> {
        Statement::take(self.groups(), names)
    }

    /// Takes the name or number of the person under the first of several names that has a value, where it is surest: by the
    /// known person's blocks, by blocks in them, by those of the face that was seen, by the item, by the post. What others
    /// say may be about something else.
    fn of_person(&mut self, names: &[&str]) -> Statement<'a> {
        let [of_item, person] = &mut self.persons;
        let of_persons = of_item.0.iter_mut().zip(&mut person.0).map(|(one, other)| vec![one, other]);
        let others = [vec![&mut *self.item], vec![&mut *self.scalars]];
        for mut groups in of_persons.chain(others) {
            for name in names {
                let mut statement = Statement::default();
                for group in &mut groups {
                    statement.take_from(group, |present, value| {
                        present.eq_ignore_ascii_case(name) && !matches!(value, "0" | "-1")
                    });
                }
                if !statement.is_empty() {
                    return statement;
                }
            }
        }
        Statement::default()
    }
}
