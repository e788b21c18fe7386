//! Which members of a device's data name a person.
//!
//! An id is a number like any other: in an event, `3` is a channel, a count or a coordinate far more often than the third
//! person of an album. So it is looked for only in members whose names say that they hold it.

/// Words in the name of a member that is about somebody.
const PERSON: [&str; 17] = [
    "person",
    "face",
    "people",
    "employee",
    "staff",
    "visitor",
    "resident",
    "album",
    "owner",
    "user",
    "member",
    "card",
    "badge",
    "passport",
    "certificate",
    "identity",
    "identification",
];

/// Words that contain one of those and are about nobody.
const OTHERS: [&str; 2] = ["interface", "surface"];

/// How the name of a member ends that says who somebody is, and not how many or how well seen they are.
const IDENTITY: [&str; 15] = [
    "id", "ids", "no", "nos", "number", "numbers", "code", "key", "name", "names", "uuid", "guid", "token",
    "tel", "phone",
];

/// Names that say it alone.
const WHOLE: [&str; 24] = [
    "person", "persons", "face", "employee", "staff", "visitor", "resident", "owner", "user", "member",
    "card", "badge", "passport", "identity", "name", "who", "idcode", "idcard", "idno", "idnumber", "tel",
    "phone", "mobile", "email",
];

/// Names that say it inside of what is about somebody: `face: { id: 7 }`.
const WITHIN: [&str; 11] =
    ["id", "ids", "no", "number", "code", "key", "name", "value", "text", "uuid", "guid"];

/// Whether a member holds who somebody is. `path` has the names of the members that it is in, and its own at the end; a
/// name may itself be a path with dots.
pub(super) fn names_person(path: &[&str]) -> bool {
    let names: Vec<String> = path.iter().flat_map(|name| name.split('.')).map(folded).collect();
    let Some((own, above)) = names.split_last() else { return false };
    let own = own.as_str();
    let is_whole = WHOLE.contains(&own) && (own != "name" || above.len() <= 1 || above.iter().any(is_about));
    let is_identity = is_about(&own) && IDENTITY.iter().any(|ending| own.ends_with(ending));
    is_whole || is_identity || (is_within(own) && above.iter().any(is_about))
}

/// Whether a name says who somebody is where the text around it is about somebody.
pub(super) fn is_within(name: &str) -> bool {
    WITHIN.contains(&folded(name).as_str())
}

/// Whether a text has a word about somebody.
pub(super) fn is_about(text: &impl AsRef<str>) -> bool {
    let mut text = folded(text.as_ref());
    for other in OTHERS {
        text = text.replace(other, "");
    }
    PERSON.iter().any(|word| text.contains(word))
}

/// `PersonId`, `person_id` and `person-id` as one.
fn folded(name: &str) -> String {
    name.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_hold_who_somebody_is_are_recognized() {
        for path in [
            &["face", "person_id"][..],
            &["face", "name"],
            &["plate", "owner"],
            &["vendor_data", "snapPersonId"],
            &["vendor_data", "FaceId"],
            &["vendor_data", "IdCode"],
            &["vendor_data", "tel"],
            &["vendor_data", "who"],
            &["vendor_data", "albumInfo.personId"],
            &["vendor_data", "FaceInfo", "Id"],
            &["vendor_data", "user_name"],
            &["targets", "attributes", "EmployeeNo"],
            &["targets", "face", "attributes", "Value"],
        ] {
            assert!(names_person(path), "{path:?}");
        }
        for path in [
            &["vendor_data", "id"][..],
            &["vendor_data", "deviceNo."],
            &["vendor_data", "enterPersonCount"],
            &["vendor_data", "personListType"],
            &["vendor_data", "reader_id"],
            &["vendor_data", "interfaceNo"],
            &["vendor_data", "faceliveness"],
            &["targets", "attributes", "PosFaceImage", "x"],
            &["targets", "attributes", "targetType"],
            &["face", "age"],
            &["face", "group"],
            &["plate", "group"],
            &["plate", "text"],
        ] {
            assert!(!names_person(path), "{path:?}");
        }
    }
}
