//! What was recognized: `SnapedObjInfo`, `PlateInfo` and `FaceInfo`, in `ai_snap_picture` and in `PicData`.

use camhook_event::{Kind, TargetClass, Text};
use camhook_json::{Json, Object};

use crate::message::{Membership, Snap, Snapped, SnappedFace, SnappedObject, SnappedPlate};

/// The group of those that are on no list.
const STRANGER: i64 = 3;

/// Takes what was recognized out of its holder.
pub(crate) fn take_snapped<'a>(holder: &mut Object<'a>) -> Snapped<'a> {
    Snapped {
        objects: holder.take_objects("SnapedObjInfo").into_iter().map(object).collect(),
        plates: holder.take_objects("PlateInfo").into_iter().map(plate).collect(),
        faces: holder.take_objects("FaceInfo").into_iter().map(face).collect(),
    }
}

impl Snapped<'_> {
    /// Whether nothing was recognized.
    pub(crate) fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.plates.is_empty() && self.faces.is_empty()
    }
}

/// Takes where and when. `ImageAllInfo` is a binary blob in the vendor's own form, and goes.
fn take_snap(info: &mut Object<'_>) -> Snap {
    info.take("ImageAllInfo");
    let number = info.take("Chn").and_then(|number| number.to_integer());
    let channel = info.take_text(&["StrChn"]).or_else(|| {
        let number = number.filter(|number| (0..1024).contains(number))?;
        Text::new(&format!("CH{}", number + 1))
    });
    let time = info.take("StartTime").and_then(|time| time.to_text()).filter(|time| time.as_str() != "0");
    Snap { channel, time, id: info.take_text(&["SnapId"]).filter(|id| id.as_str() != "0") }
}

/// `Type` by Raysharp's enum; a public receiver reads 3 as a face and 4 as a plate, against it.
fn object(mut info: Object<'_>) -> SnappedObject<'_> {
    let snap = take_snap(&mut info);
    let (kind, class) = match info.get("Type").and_then(Json::to_integer) {
        Some(0) => (Kind::Face, Some(TargetClass::Face)),
        Some(1) => (Kind::Object, Some(TargetClass::Person)),
        Some(2) => (Kind::Object, Some(TargetClass::Vehicle)),
        Some(3) => (Kind::Intrusion, Some(TargetClass::Person)),
        Some(4) => (Kind::Intrusion, Some(TargetClass::Vehicle)),
        Some(5) => (Kind::LineCrossing, Some(TargetClass::Person)),
        Some(6) => (Kind::LineCrossing, Some(TargetClass::Vehicle)),
        Some(_) => (Kind::Analytics, Some(TargetClass::Other)),
        None => (Kind::Analytics, None),
    };
    SnappedObject {
        snap,
        kind,
        class,
        cut_out: info.take("ObjectImage").and_then(Json::into_bytes),
        background: info.take_any(&["Background", "BgImg"]).and_then(Json::into_bytes),
        rest: info,
    }
}

fn plate(mut info: Object<'_>) -> SnappedPlate<'_> {
    let mut snap = take_snap(&mut info);
    let membership = membership(&info);
    let id = info.take_text(&["Id"]);
    let text = match membership {
        // Then `SnapId` is the plate, and no number.
        Membership::Stranger => snap.id.take().or(id),
        Membership::Unsaid => id,
    };
    SnappedPlate {
        snap,
        text,
        membership,
        owner: info.take_text(&["Owner"]),
        brand: info.take_text(&["CarBrand"]),
        vehicle_type: info.take_text(&["CarType"]),
        cut_out: info.take("PlateImg").and_then(Json::into_bytes),
        background: info.take_any(&["BgImg", "Background"]).and_then(Json::into_bytes),
        rest: info,
    }
}

/// What each of `Image1` to `Image4` shows is not documented: all are taken for pictures of the face.
fn face(mut info: Object<'_>) -> SnappedFace<'_> {
    let snap = take_snap(&mut info);
    let pictures = ["Image1", "Image2", "Image3", "Image4"];
    SnappedFace {
        snap,
        membership: membership(&info),
        person_id: info.take_text(&["Id"]).filter(|id| !matches!(id.as_str(), "0" | "-1")),
        name: info.take_text(&["Name"]),
        similarity: info.take("Similarity").and_then(|similarity| similarity.to_number()),
        pictures: pictures.iter().filter_map(|name| info.take(name)?.into_bytes()).collect(),
        background: info.take_any(&["Background", "BgImg"]).and_then(Json::into_bytes),
        rest: info,
    }
}

fn membership(info: &Object<'_>) -> Membership {
    match info.get("GrpId").and_then(Json::to_integer) {
        Some(STRANGER) => Membership::Stranger,
        _ => Membership::Unsaid,
    }
}
