//! `FaceInfo`.

use camhook_event::Text;
use camhook_ingest::names_nobody;
use camhook_json::{Json, Object};

use super::member::{Statement, integer, only};
use super::plate::group;
use crate::message::FaceReading;

/// Members that hold the number of a person, the first that is there. `MatchedFaceId` is that of the album, beside one of
/// the face that was seen.
const IDS: [&str; 3] = ["Id", "MatchedFaceId", "FaceId"];

/// Whether an object is a face that does not say so by its `Type`: it has the number of one, or a likeness.
pub(super) fn bears_face(object: &Object<'_>) -> bool {
    let says = |name: &str| object.get_all(name).any(|value| value.to_text().is_some());
    ["FaceId", "MatchedFaceId", "Similarity"].into_iter().any(says)
}

/// Takes what is known of a face. One whose members contradict each other is on no list and nobody's.
///
/// `Score` is the quality of the picture and never the likeness.
pub(super) fn read_face(info: &mut Object<'_>, has_album_picture: bool) -> FaceReading {
    let similarity = take_likeness(info);
    let identity = Identity::take(info);
    let matched = identity.matched(similarity, has_album_picture);
    let is_doubtful = identity.is_contradiction();
    let (person_id, name) = identity.into_person(matched, info);
    let group = group(info).filter(|_| !is_doubtful);
    let estimates = Estimates::take(info);
    FaceReading {
        matched,
        group,
        person_id,
        name,
        similarity,
        sex: estimates.sex(),
        age: estimates.age.and_then(|age| Text::new(&age.to_string())),
        glasses: estimates.yes_or_no(estimates.glasses),
        mask: estimates.yes_or_no(estimates.mask),
    }
}

/// Takes `Similarity`, as a fraction; 0 is none. Documented as 0 to 100; a value up to 1 is taken for a fraction. One that
/// is no number stays.
fn take_likeness(info: &mut Object<'_>) -> Option<f64> {
    let value = info.take("Similarity")?;
    let text = value.to_text().map(|text| text.as_str().replace(',', ".")).unwrap_or_default();
    let is_percent = text.ends_with('%');
    let number: Option<f64> = text.trim_end_matches('%').trim_end().parse().ok();
    let Some(number) = number.filter(|number| number.is_finite()) else {
        info.push("Similarity", value);
        return None;
    };
    let likeness = if is_percent || number > 1.0 { number / 100.0 } else { number };
    Some(likeness).filter(|likeness| *likeness > 0.0)
}

/// Who a face is.
struct Identity<'a> {
    /// The member that holds the number.
    id_name: &'static str,
    id: Statement<'a>,
    name: Statement<'a>,
    groups: Vec<i64>,
    is_group_contradicted: bool,
}

impl<'a> Identity<'a> {
    /// Takes the number and the name; the group stays.
    fn take(info: &mut Object<'a>) -> Self {
        let id_name = IDS.into_iter().find(|name| info.get(name).is_some()).unwrap_or("Id");
        let id = Statement::take(info, id_name);
        let name = Statement::take(info, "Name");
        let groups: Vec<i64> = info.get_all("GrpId").filter_map(integer).collect();
        let is_group_contradicted = groups.iter().any(|group| Some(group) != groups.first())
            || (!groups.is_empty() && groups.len() < info.get_all("GrpId").count());
        Self { id_name, id, name, groups, is_group_contradicted }
    }

    fn is_contradiction(&self) -> bool {
        self.id.is_contradiction() || self.name.is_contradiction() || self.is_group_contradicted
    }

    /// Whether the face is one of the album. What says that it is not goes before what says that it is: a rule may open
    /// a door. `None` where the post does not tell, or contradicts itself.
    fn matched(&self, similarity: Option<f64>, has_album_picture: bool) -> Option<bool> {
        let ids = self.id.values();
        let names: Vec<Option<Text>> = self.name.values().iter().map(Json::to_text).collect();
        let is_named_nobody = names.iter().flatten().any(|name| names_nobody(name.as_str()));
        let is_of_nobody =
            ids.iter().any(|id| !is_person(id)) || self.groups.contains(&-1) || is_named_nobody;
        if is_of_nobody {
            return Some(false);
        }
        if ids.is_empty() || self.is_contradiction() {
            return None;
        }
        let names_somebody = names.iter().any(Option::is_some);
        if names_somebody || similarity.is_some() || has_album_picture {
            return Some(true);
        }
        // An empty name is what a face has that is in no album.
        if names.is_empty() { None } else { Some(false) }
    }

    /// Number and name of the person that a face was matched with. Those of any other stay in the object.
    fn into_person(self, matched: Option<bool>, info: &mut Object<'a>) -> (Option<Text>, Option<Text>) {
        let Self { id_name, id, name, groups: _, is_group_contradicted: _ } = self;
        if matched == Some(true) {
            let text =
                |statement: Statement<'_>| statement.into_one().and_then(|value| only(&value).to_text());
            return (text(id), text(name));
        }
        id.put_back(id_name, info);
        name.put_back("Name", info);
        (None, None)
    }
}

/// Whether the number of a person is one. A face is never the person with a blank number, and may be one whose number
/// is a word.
fn is_person(id: &Json<'_>) -> bool {
    match integer(id) {
        Some(number) => number > 0,
        None => id.to_text().is_some(),
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
            (Some(false), r#"{"Id":41,"GrpId":2,"Name":"N/A","Similarity":93}"#),
            (Some(false), r#"{"Id":41,"GrpId":2,"Name":"---","Similarity":93}"#),
            (Some(false), r#"{"Id":41,"Name":"Unrecognized"}"#),
            (Some(true), r#"{"Id":41,"Name":"Ada Stranger","Similarity":93}"#),
            (Some(false), r#"{"Id":4294967295,"GrpId":2,"Name":"Ada","Similarity":90}"#),
            (Some(false), r#"{"Id":41,"GrpId":4294967295,"Name":"Ada","Similarity":90}"#),
            (Some(true), r#"{"MatchedFaceId":41,"FaceId":7,"Name":"Ada"}"#),
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
    fn a_face_that_contradicts_itself_is_nobodys_and_on_no_list() {
        for (matched, json) in [
            (Some(false), r#"{"Id":41,"Id":-1,"GrpId":2,"Name":"Ada","Similarity":90}"#),
            (Some(false), r#"{"Id":41,"GrpId":2,"GrpId":-1,"Name":"Ada","Similarity":90}"#),
            (Some(false), r#"{"Id":41,"GrpId":2,"Name":"Ada","Name":"Unknown Face","Similarity":90}"#),
            (None, r#"{"Id":41,"Id":42,"GrpId":2,"Name":"Ada","Similarity":90}"#),
            (None, r#"{"Id":41,"GrpId":2,"Name":"Ada","Name":"Eve","Similarity":90}"#),
            (None, r#"{"Id":41,"GrpId":2,"GrpId":3,"Name":"Ada","Similarity":90}"#),
            (None, r#"{"Id":41,"GrpId":2,"GrpId":null,"Name":"Ada","Similarity":90}"#),
        ] {
            let FaceReading { matched: found, group, person_id, name, .. } = face(json);
            assert_eq!((found, group, person_id, name), (matched, None, None, None), "{json}");
        }
        let repeated = face(r#"{"Id":41,"Id":"41","GrpId":2,"GrpId":2,"Name":"Ada","Name":"Ada"}"#);
        assert_eq!((repeated.matched, repeated.group), (Some(true), Some(2)));
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
        assert_eq!(face(r#"{"Id":1,"Similarity":"75%"}"#).similarity, Some(0.75));
        assert_eq!(face(r#"{"Id":1,"Similarity":"75,5 %"}"#).similarity, Some(0.755));
        assert_eq!(face(r#"{"Id":1,"Similarity":"high"}"#).similarity, None);
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
