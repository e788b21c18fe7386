//! `FaceInfo`.

use camhook_event::Text;
use camhook_json::{Json, Object};

use super::plate::group;
use crate::message::FaceReading;

/// Names that devices give to a face that is in no album.
const NOBODY: [&str; 3] = ["unknown", "unknown face", "stranger"];

/// Takes what is known of a face.
///
/// `Score` is the quality of the picture and never the likeness.
pub(super) fn read_face(info: &mut Object<'_>, has_album_picture: bool) -> FaceReading {
    let similarity = info.take("Similarity").and_then(|value| value.to_number()).filter(|value| *value > 0.0);
    let group_id = info.get("GrpId").and_then(Json::to_integer);
    let matched = matched(info, similarity, group_id, has_album_picture);
    let is_matched = matched == Some(true);
    let person =
        |info: &mut Object<'_>, names: &[&str]| if is_matched { info.take_text(names) } else { None };
    let person_id = person(info, &["Id", "FaceId"]);
    let name = person(info, &["Name"]);
    let estimates = Estimates::take(info);
    FaceReading {
        matched,
        group: group(info),
        person_id,
        name,
        // Documented as 0 to 100; a value up to 1 is taken for a fraction.
        similarity: similarity.map(|value| if value > 1.0 { value / 100.0 } else { value }),
        sex: estimates.sex(),
        age: estimates.age.and_then(|age| Text::new(&age.to_string())),
        glasses: estimates.yes_or_no(estimates.glasses),
        mask: estimates.yes_or_no(estimates.mask),
    }
}

/// Whether a face is one of the album. What says that it is not goes before what says that it is: a rule may open a
/// door. `None` where the post does not tell.
fn matched(
    info: &Object<'_>,
    similarity: Option<f64>,
    group: Option<i64>,
    has_album_picture: bool,
) -> Option<bool> {
    let id = info.get("Id").or_else(|| info.get("FaceId"));
    let is_person = match id {
        None => None,
        Some(id) => match id.to_integer() {
            Some(number) => Some(number > 0),
            // A face is never the person with a blank id, and may be one whose id is a word.
            None => Some(id.to_text().is_some()),
        },
    };
    let name = info.get("Name").map(Json::to_text);
    let is_nobody = |name: &Text| NOBODY.iter().any(|nobody| name.as_str().eq_ignore_ascii_case(nobody));
    let names_nobody = name.as_ref().and_then(Option::as_ref).is_some_and(is_nobody);
    if is_person == Some(false) || group == Some(-1) || names_nobody {
        return Some(false);
    }
    let names_somebody = matches!(name, Some(Some(_)));
    match is_person {
        Some(true) if names_somebody || similarity.is_some() || has_album_picture => Some(true),
        // An empty name is what a face has that is in no album.
        Some(true) if name.is_some() => Some(false),
        _ => None,
    }
}

/// What the device estimates from the picture. `Sex` and `Age` are those of the album.
struct Estimates {
    gender: Option<i64>,
    age: Option<i64>,
    glasses: Option<i64>,
    mask: Option<i64>,
    expression: Option<i64>,
}

impl Estimates {
    fn take(info: &mut Object<'_>) -> Self {
        let mut number = |name| info.take(name).and_then(|value| value.to_integer());
        Self {
            gender: number("Gender"),
            age: number("fAttrAge").filter(|age| *age > 0),
            glasses: number("GlassesType"),
            mask: number("MouthMask"),
            expression: number("Expression"),
        }
    }

    /// Whether anything was estimated at all: 0 is the default of each.
    fn are_computed(&self) -> bool {
        let is_above_zero = |value: Option<i64>| value.is_some_and(|value| value > 0);
        self.age.is_some() || [self.glasses, self.mask, self.expression].into_iter().any(is_above_zero)
    }

    fn sex(&self) -> Option<Text> {
        match self.gender? {
            0 if self.are_computed() => Text::new("male"),
            1 => Text::new("female"),
            _ => None,
        }
    }

    fn yes_or_no(&self, value: Option<i64>) -> Option<Text> {
        match value? {
            0 if self.are_computed() => Text::new("no"),
            1 => Text::new("yes"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use camhook_json::read;

    fn face(json: &str) -> FaceReading {
        read_face(&mut read(json).unwrap().into_object().unwrap(), false)
    }

    #[test]
    fn a_face_is_matched_only_by_what_names_a_person() {
        for (matched, json) in [
            (Some(true), r#"{"Id":41,"GrpId":2,"Name":"Ada","Similarity":93.1}"#),
            (Some(true), r#"{"Id":"41","Name":"Ada"}"#),
            (Some(true), r#"{"Id":41,"Name":"","Similarity":71}"#),
            (Some(false), r#"{"Id":-1,"GrpId":-1,"Name":"","Similarity":0.0}"#),
            (Some(false), r#"{"Id":0,"GrpId":900000000000000001,"Name":"Unknown"}"#),
            (Some(false), r#"{"Id":41,"GrpId":-1,"Name":"Ada","Similarity":90}"#),
            (Some(false), r#"{"Id":41,"Name":"Unknown Face","Similarity":12}"#),
            (Some(false), r#"{"Name":"Stranger"}"#),
            (Some(false), r#"{"Id":503,"GrpId":2,"Name":"","Score":88}"#),
            (None, r#"{"Id":503,"GrpId":2,"Score":88}"#),
            (None, r#"{"Name":"Ada"}"#),
            (None, r#"{"Name":""}"#),
            (None, "{}"),
        ] {
            assert_eq!(face(json).matched, matched, "{json}");
        }
        let mut with_photo = read(r#"{"Id":503}"#).unwrap().into_object().unwrap();
        assert_eq!(read_face(&mut with_photo, true).matched, Some(true));
    }

    #[test]
    fn a_face_of_nobody_has_no_person() {
        for json in [r#"{"Id":0,"Name":"Unknown"}"#, r#"{"Id":503,"GrpId":2}"#] {
            let FaceReading { person_id, name, .. } = face(json);
            assert_eq!((person_id, name), (None, None), "{json}");
        }
    }

    #[test]
    fn the_quality_of_a_picture_is_no_likeness() {
        assert_eq!(face(r#"{"Id":1,"Name":"Ada","Score":77}"#).similarity, None);
        assert_eq!(face(r#"{"Id":0,"Score":80,"Similarity":0.0}"#).similarity, None);
        assert_eq!(face(r#"{"Id":1,"Similarity":75}"#).similarity, Some(0.75));
        assert_eq!(face(r#"{"Id":1,"Similarity":0.9}"#).similarity, Some(0.9));
    }

    #[test]
    fn estimates_are_those_of_the_picture_and_0_is_one_only_beside_others() {
        let text = |value: &Option<Text>| value.as_ref().map(ToString::to_string).unwrap_or_default();
        let all = |json: &str| {
            let face = face(json);
            [&face.sex, &face.age, &face.glasses, &face.mask].map(text)
        };
        let computed = r#"{"Sex":1,"Age":34,"Gender":0,"fAttrAge":31,"GlassesType":1,"MouthMask":0}"#;
        assert_eq!(all(computed), ["male", "31", "yes", "no"]);
        let defaults = r#"{"Sex":0,"Age":0,"Gender":0,"fAttrAge":0,"GlassesType":-1,"MouthMask":0}"#;
        assert_eq!(all(defaults), ["", "", "", ""]);
        assert_eq!(all(r#"{"Sex":0,"Age":30}"#), ["", "", "", ""]);
    }
}
