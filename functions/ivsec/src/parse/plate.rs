//! `PlateInfo`, and an object that bears a plate.

use camhook_event::{Text, Vehicle};
use camhook_json::{Json, Object};

use super::member::{Statement, UNSIGNED_MINUS_ONE, integer};
use crate::message::PlateReading;

/// The most characters of a registered plate are 15; some devices put a blank between its parts.
const PLATE_LENGTH: usize = 20;

/// Members that hold the plate that was read where `PlateInfo` does not: names that firmware or receivers are known to
/// use.
const READ: [&str; 5] = ["Plate", "PlateNum", "CarNum", "PlateText", "PlateNumber"];

/// The registered plate, beside `Plate` in rows of a device's log.
const MATCHED: &str = "MatchedPlate";

/// Whether nothing but a plate has a member of that name.
pub(super) fn is_plate_name(folded_name: &str) -> bool {
    READ.iter().chain([&MATCHED]).any(|name| name.eq_ignore_ascii_case(folded_name))
}

/// Whether an object bears the text of a plate: under one of its names, or as `Id` or `SnapId` with the group of a list.
/// These may be anything in an object that is no plate, so that they have to look like one.
pub(super) fn bears_plate(object: &Object<'_>, snap_id: Option<&Json<'_>>) -> bool {
    let says = |name: &&str| object.get_all(name).any(|value| plate_text(value).is_some());
    if READ.iter().chain([&MATCHED]).any(says) {
        return true;
    }
    let is_like_plate =
        snap_id.is_some_and(looks_like_plate) || object.get("Id").is_some_and(looks_like_plate);
    let is_grouped = object.get("GrpId").and_then(integer).is_some();
    let is_face = || ["Name", "Similarity", "FaceId"].iter().any(says);
    is_like_plate && is_grouped && !is_face()
}

/// Takes what is known of a plate, and the number of its picture where that is the plate that was read.
///
/// `Id` is the registered plate, and so is `MatchedPlate`. `SnapId` is documented as a number; devices put the text that
/// they read there, which is the only text of a plate on no list. A `SnapId` of digits alone, or longer than a plate,
/// is never taken for one: a wrong plate opens gates. For the same reason a plate whose members contradict each other
/// is on no list. Where the registered plate is undisputed, several texts that were read cost those alone.
pub(super) fn read_plate(snap_id: &mut Option<Json<'_>>, info: &mut Object<'_>) -> PlateReading {
    let (registered, of_registered) = take_plate(info, &["Id", MATCHED]);
    let of_picture = snap_id.take_if(|id| is_plate(id)).and_then(|id| id.to_text());
    let (elsewhere, of_elsewhere) = take_plate(info, &READ);
    let are_two_read =
        of_picture.as_ref().zip(elsewhere.as_ref()).is_some_and(|(one, other)| folded(one) != folded(other));
    let is_doubtful = of_registered == Agreement::Contradicted
        || (registered.is_none() && (of_elsewhere == Agreement::Contradicted || are_two_read));
    let read = of_picture.or(elsewhere);
    let text = registered.clone().or_else(|| read.clone());
    let read = read.filter(|read| registered.as_ref().is_some_and(|text| folded(text) != folded(read)));
    let vehicle = Vehicle {
        vehicle_type: info.take_text(&["CarType"]),
        color: info.take_text(&["CarColor"]),
        brand: info.take_text(&["CarBrand"]),
        model: None,
    };
    let color = info.take("PlateColor").and_then(|color| plate_color(&color, &vehicle));
    let group = group(info).filter(|_| !is_doubtful);
    PlateReading { text, read, group, color, owner: info.take_text(&["Owner"]), vehicle }
}

/// Takes `GrpId`; -1 is none. One that says different things or no number is none and stays.
pub(super) fn group(info: &mut Object<'_>) -> Option<i64> {
    let group = Statement::take(info, "GrpId");
    let number = group.values().first().and_then(integer).filter(|_| !group.is_contradiction());
    if number.is_none() {
        group.put_back("GrpId", info);
    }
    number.filter(|group| *group >= 0)
}

/// The text of a plate; 0 and -1 are none.
fn plate_text(value: &Json<'_>) -> Option<Text> {
    let is_none = |text: &str| matches!(text, "0" | "-1") || UNSIGNED_MINUS_ONE.contains(&text);
    value.to_text().filter(|text| !is_none(text.as_str()))
}

/// Whether members that may all be absent say one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Agreement {
    Agreed,
    Contradicted,
}

/// Takes the plate that stands under one or more of these names. None when they name several: then they stay.
fn take_plate(info: &mut Object<'_>, names: &[&'static str]) -> (Option<Text>, Agreement) {
    let statements: Vec<_> = names.iter().map(|name| (*name, Statement::take(info, name))).collect();
    let mut texts = statements.iter().flat_map(|(_, statement)| statement.values()).filter_map(plate_text);
    let first = texts.next();
    let of_first = first.as_ref().map(folded);
    let is_one = texts.all(|text| of_first.as_ref() == Some(&folded(&text)));
    let text = first.filter(|_| is_one);
    // Beside a text, what is none is a contradiction; two texts were compared.
    let is_partly_none = |statement: &Statement<'_>| {
        statement.is_contradiction() && statement.values().iter().any(|value| plate_text(value).is_none())
    };
    if is_one && !statements.iter().any(|(_, statement)| is_partly_none(statement)) {
        return (text, Agreement::Agreed);
    }
    for (name, statement) in statements {
        statement.put_back(name, info);
    }
    (text, Agreement::Contradicted)
}

/// A plate as it is compared: its letters and digits, whatever the spelling.
fn folded(plate: &Text) -> String {
    let characters = plate.as_str().chars().filter(|character| character.is_alphanumeric());
    characters.flat_map(char::to_lowercase).collect()
}

/// Whether a text has a letter and no more characters than a plate, unlike the number of a picture.
fn is_plate(id: &Json<'_>) -> bool {
    matches!(id, Json::Text(text)
        if text.trim().chars().count() <= PLATE_LENGTH && text.chars().any(char::is_alphabetic))
}

/// Whether a text has letters and digits and the length of a plate: nobody's name.
fn looks_like_plate(id: &Json<'_>) -> bool {
    is_plate(id) && matches!(id, Json::Text(text) if text.chars().any(char::is_numeric))
}

/// The vendor's enum. 0 is blue, and also what stands there when no attribute was computed.
fn plate_color(color: &Json<'_>, vehicle: &Vehicle) -> Option<Text> {
    let Some(number) = color.to_integer() else { return color.to_text() };
    let has_attributes = vehicle.brand.is_some() || vehicle.vehicle_type.is_some();
    let name = match number {
        0 if has_attributes => "blue",
        1 => "green",
        2 => "yellow",
        3 => "black",
        4 => "white",
        5 => "other",
        _ => return None,
    };
    Text::new(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use camhook_json::read;

    /// The text of a plate, and what was read instead.
    fn texts(json: &str) -> (String, String) {
        let mut info = read(json).unwrap().into_object().unwrap();
        let mut snap_id = info.take("SnapId");
        let reading = read_plate(&mut snap_id, &mut info);
        let text = |text: Option<Text>| text.map(|text| text.to_string()).unwrap_or_default();
        (text(reading.text), text(reading.read))
    }

    #[test]
    fn the_registered_plate_goes_before_what_was_read() {
        for (json, text, read) in [
            (r#"{"Id":"KX01ABC","GrpId":1,"SnapId":501}"#, "KX01ABC", ""),
            (r#"{"Id":"KX01ABC","GrpId":3,"SnapId":31}"#, "KX01ABC", ""),
            (r#"{"Id":"KX01ABC","SnapId":"KX01ABC"}"#, "KX01ABC", ""),
            (r#"{"Id":"KX01ABC","SnapId":"KXO1ABC"}"#, "KX01ABC", "KXO1ABC"),
            (r#"{"Id":"","GrpId":3,"SnapId":"KX02ABC"}"#, "KX02ABC", ""),
            (r#"{"SnapId":"KX03ABC"}"#, "KX03ABC", ""),
            (r#"{"Id":"0","SnapId":"4711"}"#, "", ""),
            (r#"{"Id":-1,"SnapId":4711,"PlateNum":"KX04ABC"}"#, "KX04ABC", ""),
            (r#"{"CarNum":"KX05ABC"}"#, "KX05ABC", ""),
            (r#"{"Id":"123456"}"#, "123456", ""),
            (r#"{"SnapId":"АВ123"}"#, "АВ123", ""),
            (r#"{"SnapId":"0123456789abcdef0123456789abcdef"}"#, "", ""),
            (r#"{"SnapId":"0123456789abcdef0123456789abcdef","Plate":"KX05ABC"}"#, "KX05ABC", ""),
            (r#"{"Id":"","PlateNum":"0","CarNum":"KX06ABC"}"#, "KX06ABC", ""),
            (r#"{"Plate":"-1","PlateNum":0}"#, "", ""),
            (r#"{"Id":"KX07ABC","Id":"KX07ABC"}"#, "KX07ABC", ""),
            (r#"{"Id":"KX08ABC","Id":"KX09ABC","SnapId":8}"#, "", ""),
            (r#"{"Id":"KX08ABC","Id":"0"}"#, "KX08ABC", ""),
            (r#"{"Plate":"KXO1ABC","MatchedPlate":"KX01ABC","SnapId":7}"#, "KX01ABC", "KXO1ABC"),
            (r#"{"Plate":"KX01ABC","MatchedPlate":""}"#, "KX01ABC", ""),
            (r#"{"MatchedPlate":"KX01ABC","Id":"KX02ABC","Plate":"KX03ABC"}"#, "KX03ABC", ""),
            (r#"{"PlateNum":"KX01ABC","CarNum":"KX02ABC"}"#, "", ""),
            (r#"{"PlateNum":"KX01 ABC","CarNum":"kx01abc","SnapId":3}"#, "KX01 ABC", ""),
            (r#"{"Id":"KX01ABC","SnapId":"KX-01 ABC"}"#, "KX01ABC", ""),
            (r#"{"Id":"KX01ABC","Plate":"KX01ABC","PlateNum":"KX0IABC"}"#, "KX01ABC", ""),
            (r#"{"PlateNum":"KX01ABC","CarNum":"KX01ABC","Plate":""}"#, "KX01ABC", ""),
        ] {
            assert_eq!(texts(json), (text.to_owned(), read.to_owned()), "{json}");
        }
    }

    #[test]
    fn a_plate_that_contradicts_itself_is_on_no_list() {
        for (json, group) in [
            (r#"{"Id":"KX01ABC","GrpId":2}"#, Some(2)),
            (r#"{"Id":"KX01ABC","GrpId":2,"GrpId":"2"}"#, Some(2)),
            (r#"{"Id":"KX01ABC","GrpId":1.0}"#, Some(1)),
            (r#"{"Id":"KX01ABC","GrpId":[2]}"#, Some(2)),
            (r#"{"Id":"KX01ABC","GrpId":4294967295}"#, None),
            (r#"{"Id":"KX01ABC","GrpId":"allow"}"#, None),
            (r#"{"Id":"KX01ABC","GrpId":1,"GrpId":2}"#, None),
            (r#"{"Id":"KX01ABC","GrpId":1,"grpid":null}"#, None),
            (r#"{"Id":"KX01ABC","Id":"","GrpId":1}"#, None),
            (r#"{"Id":"KX01ABC","Id":"KX02ABC","GrpId":1}"#, None),
            (r#"{"PlateNum":"KX01ABC","PlateNum":"KX02ABC","GrpId":1}"#, None),
            (r#"{"PlateNum":"KX01ABC","CarNum":"KX02ABC","GrpId":1}"#, None),
            (r#"{"Id":"KX01ABC","MatchedPlate":"KX02ABC","GrpId":1}"#, None),
            (r#"{"Id":"KX01ABC","MatchedPlate":"kx01 abc","GrpId":1}"#, Some(1)),
            (r#"{"Id":"KX01ABC","Id":"KX01 ABC","GrpId":1}"#, Some(1)),
            (r#"{"Plate":"KX01ABC","CarNum":"KX01 ABC","SnapId":3,"GrpId":1}"#, Some(1)),
            (r#"{"Id":"KX01ABC","Plate":"KX01ABC","PlateNum":"KX0IABC","GrpId":1}"#, Some(1)),
            (r#"{"Id":"KX01ABC","PlateNum":"KX02ABC","CarNum":"","GrpId":1}"#, Some(1)),
            (r#"{"SnapId":"KX02ABC","Plate":"KX01ABC","GrpId":1}"#, None),
            (r#"{"SnapId":"KX01 ABC","Plate":"kx01abc","GrpId":1}"#, Some(1)),
            (r#"{"SnapId":"0123456789abcdef0123456789abcdef","Plate":"KX01ABC","GrpId":1}"#, Some(1)),
            (r#"{"Id":"KX01ABC","SnapId":"KX02ABC","Plate":"KX03ABC","GrpId":1}"#, Some(1)),
        ] {
            let mut info = read(json).unwrap().into_object().unwrap();
            let mut snap_id = info.take("SnapId");
            assert_eq!(read_plate(&mut snap_id, &mut info).group, group, "{json}");
        }
        let mut unread = read(r#"{"Id":"KX01ABC","GrpId":"allow"}"#).unwrap().into_object().unwrap();
        read_plate(&mut None, &mut unread);
        assert!(unread.get("GrpId").is_some(), "what is not read stays");
    }

    #[test]
    fn a_plate_is_borne_by_a_text_and_not_by_a_number() {
        for (is_borne, json) in [
            (true, r#"{"CarNum":"KX01ABC"}"#),
            (true, r#"{"MatchedPlate":"KX01ABC"}"#),
            (true, r#"{"Plate":"0","PlateNumber":"481516"}"#),
            (true, r#"{"Id":"","GrpId":3,"SnapId":"KX02ABC"}"#),
            (true, r#"{"Id":"KX03ABC","GrpId":1,"SnapId":7}"#),
            (false, r#"{"PlateNum":"0","CarNum":"-1"}"#),
            (false, r#"{"Id":41,"GrpId":1,"SnapId":7}"#),
            (false, r#"{"SnapId":"KX04ABC"}"#),
            (false, r#"{"Id":"Ada Byron","GrpId":1}"#),
            (false, r#"{"SnapId":"0123456789abcdef0123456789abcdef","GrpId":1}"#),
            (false, r#"{"Id":"ada","GrpId":1,"Similarity":93}"#),
        ] {
            let info = read(json).unwrap().into_object().unwrap();
            assert_eq!(bears_plate(&info, info.get("SnapId")), is_borne, "{json}");
        }
    }

    #[test]
    fn blue_is_named_only_where_attributes_were_computed() {
        let color = |json: &str| {
            let mut info = read(json).unwrap().into_object().unwrap();
            read_plate(&mut None, &mut info).color.map(|color| color.to_string())
        };
        assert_eq!(color(r#"{"PlateColor":0,"CarBrand":"","CarType":""}"#), None);
        assert_eq!(color(r#"{"PlateColor":0,"CarBrand":"Seat"}"#).as_deref(), Some("blue"));
        assert_eq!(color(r#"{"PlateColor":2}"#).as_deref(), Some("yellow"));
        assert_eq!(color(r#"{"PlateColor":"red"}"#).as_deref(), Some("red"));
    }
}
