//! `PlateInfo`, and an object that bears a plate.

use camhook_event::{Text, Vehicle};
use camhook_json::{Json, Object};

use crate::message::PlateReading;

/// Members that hold a plate where `PlateInfo` does not: names that firmware or receivers are known to use.
const TEXTS: [&str; 5] = ["Plate", "PlateNum", "CarNum", "PlateText", "PlateNumber"];

/// Whether an object bears the text of a plate.
pub(super) fn has_plate_text(object: &Object<'_>) -> bool {
    TEXTS.iter().any(|name| object.get(name).is_some_and(|text| text.to_text().is_some()))
}

/// Takes what is known of a plate, and the number of its picture where that is the plate that was read.
///
/// `Id` is the registered plate. `SnapId` is documented as a number; devices put the text that they read there, which
/// is the only text of a plate on no list. A `SnapId` of digits alone is never taken for a plate: a wrong plate opens
/// gates.
pub(super) fn read_plate(snap_id: &mut Option<Json<'_>>, info: &mut Object<'_>) -> PlateReading {
    let registered = info.take_text(&["Id"]).filter(|id| !matches!(id.as_str(), "0" | "-1"));
    let read = snap_id.take_if(|id| is_plate(id)).and_then(|id| id.to_text());
    let elsewhere = TEXTS.iter().filter_map(|name| info.take_text(&[name])).next();
    let text = registered.clone().or_else(|| read.clone()).or_else(|| elsewhere.clone());
    let read = read.or(elsewhere).filter(|read| registered.as_ref().is_some_and(|text| text != read));
    let vehicle = Vehicle {
        vehicle_type: info.take_text(&["CarType"]),
        color: info.take_text(&["CarColor"]),
        brand: info.take_text(&["CarBrand"]),
        model: None,
    };
    let color = info.take("PlateColor").and_then(|color| plate_color(&color, &vehicle));
    PlateReading { text, read, group: group(info), color, owner: info.take_text(&["Owner"]), vehicle }
}

/// Takes `GrpId`; -1 is none.
pub(super) fn group(info: &mut Object<'_>) -> Option<i64> {
    info.take("GrpId").and_then(|group| group.to_integer()).filter(|group| *group >= 0)
}

fn is_plate(snap_id: &Json<'_>) -> bool {
    matches!(snap_id, Json::Text(text) if text.chars().any(char::is_alphabetic))
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
        ] {
            assert_eq!(texts(json), (text.to_owned(), read.to_owned()), "{json}");
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
