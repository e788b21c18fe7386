//! From a message to the normalized event.

use camhook_event::{Camera, Device, ImageRole, Kind, Text, VendorData};
use camhook_ingest::{DeviceTime, Draft, Identity};
use camhook_site::Retention;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::analytics::take_found;
use crate::kind::{Analytics, kind, state};
use crate::message::{Message, OriginKind};

/// What XProtect writes for a name that it does not know.
const UNKNOWN: &str = "<Unknown>";

/// The event of a message.
pub(crate) fn draft(mut message: Message<'_>, faces: Retention) -> Draft<'_> {
    let mut found = take_found(&mut message.event, faces);
    let analytics =
        if found.targets.is_empty() && found.zone.is_none() { Analytics::None } else { Analytics::Found };
    let kind = kind(&message, analytics);
    let is_hidden_face = faces == Retention::Drop && matches!(kind, Kind::Face | Kind::FaceMatch);
    if is_hidden_face {
        // Nothing says what such a picture shows, so it is taken for a face.
        found.images.iter_mut().for_each(|image| image.role = ImageRole::Face);
    }

    let mut draft = Draft::new(kind, Identity::SenderId(message.id.to_string()));
    draft.state = state(&message, kind);
    draft.vendor_data = vendor_data(&message, is_hidden_face);
    let words = [message.name.take(), message.message.take().filter(|_| !is_hidden_face)];
    draft.vendor_kind = words.into_iter().flatten().find(|word| word.as_str() != UNKNOWN);
    let origin = message.origin;
    match origin.kind {
        OriginKind::Camera => draft.camera = camera(origin.id, origin.name),
        _ => draft.name = origin.name,
    }
    draft.device_time = message.timestamp.map(device_time);
    draft.device = Device { name: message.server, ..Device::default() };
    draft.event_ids = vec![message.id];
    draft.targets = found.targets;
    draft.plate = found.plate;
    draft.zone = found.zone;
    draft.images = found.images;
    draft
}

/// A camera without an id is known by its name alone.
fn camera(id: Option<Text>, name: Option<Text>) -> Option<Camera> {
    let id = id.and_then(|id| Text::new(&id.as_str().to_lowercase())).or_else(|| name.clone())?;
    Some(Camera { id, name })
}

/// Every other scalar: those of the event header by their names, those of `Source` and `Site` with the way to them.
/// Where a face is not to be known, what may name the person stays out.
fn vendor_data(message: &Message<'_>, is_hidden_face: bool) -> VendorData {
    let mut data = VendorData::default();
    for (name, value) in [("Type", &message.subclass), ("Class", &message.class)] {
        if let Some(value) = value {
            data.insert(name, value.as_str());
        }
    }
    message.source.keep_below("Source", &mut data);
    message.site.keep_below("Site", &mut data);
    if is_hidden_face {
        return data;
    }
    // The one of the two words that is not `vendor_kind`.
    if let (Some(name), Some(text)) = (&message.name, &message.message) {
        if name.as_str() == UNKNOWN {
            data.insert("Name", UNKNOWN);
        } else if name != text {
            data.insert("Message", text.as_str());
        }
    }
    message.header.keep(&mut data);
    message.event.keep(&mut data);
    message.custom.keep(&mut data);
    data
}

/// `2022-11-26T15:59:39.2988877Z`; a plug-in writes fewer digits. Without a zone it is taken as UTC, in which
/// XProtect writes all its times.
fn device_time(text: Text) -> DeviceTime {
    let with_zone = text.as_str().parse::<Timestamp>().ok();
    let at = with_zone.or_else(|| {
        let without_zone = text.as_str().parse::<DateTime>().ok()?;
        TimeZone::UTC.to_timestamp(without_zone).ok()
    });
    DeviceTime { text, at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;
    use proptest::prelude::*;

    fn of(body: &str) -> Draft<'_> {
        draft(parse(body.as_bytes()).unwrap(), Retention::Keep)
    }

    #[test]
    fn times_are_read_with_any_number_of_digits_and_without_a_zone() {
        let at = |text| device_time(Text::new(text).unwrap()).at.map(|at| at.to_string());
        assert_eq!(at("2022-11-26T15:59:39.2988877Z").unwrap(), "2022-11-26T15:59:39.2988877Z");
        assert_eq!(at("2026-03-09T08:38:41.076+01:00").unwrap(), "2026-03-09T07:38:41.076Z");
        assert_eq!(at("2026-03-09T08:38:41").unwrap(), "2026-03-09T08:38:41Z");
        assert_eq!(at("yesterday"), None);
    }

    #[test]
    fn an_analytics_event_that_is_sent_whole_keeps_what_was_found() {
        let body = r#"{"Event":{"EventHeader":{"ID":"1","Name":"LPR","Class":"Analytics"},
            "ObjectList":[{"ID":"o1","Type":"License plate","Value":"IB36NL","Confidence":0.93,"Color":"white",
              "BoundingBox":{"Top":0.5,"Left":0.25,"Bottom":0.75,"Right":0.5},"Mask":"AAAA"},
              {"Type":"Person","Confidence":87}],
            "RuleList":[{"ID":"r1","Name":"Gate","PolygonList":[{"Closed":false,"PointList":[{"X":0,"Y":1},{"X":1,"Y":0.5}]}]}],
            "SnapshotList":[{"TimeOffset":0,"Width":640,"Image":"/9j/AAAA"},{"Path":"only a path"}]}}"#;
        let draft = of(body);
        assert_eq!(draft.kind, Kind::Plate);
        let plate = draft.plate.unwrap();
        assert_eq!((plate.text.as_str(), plate.confidence.unwrap().value()), ("IB36NL", 0.93));
        let [first, second] = draft.targets.try_into().unwrap();
        let edges = first.bounding_box.unwrap();
        assert_eq!(
            [edges.x1, edges.y1, edges.x2, edges.y2].map(camhook_event::Fraction::value),
            [0.25, 0.5, 0.5, 0.75]
        );
        assert_eq!(first.attributes.keys().collect::<Vec<_>>(), ["Color", "Type"]);
        assert_eq!(second.confidence, None, "a confidence beyond 1 is in no known unit");
        assert_eq!(second.attributes["Confidence"], 87);
        let zone = draft.zone.unwrap();
        assert_eq!((zone.name.unwrap().as_str(), zone.points.len()), ("Gate", 2));
        assert_eq!(draft.images.len(), 1);
        assert_eq!(draft.images[0].base64.as_ref(), b"/9j/AAAA");
        assert_eq!(draft.vendor_data.get("SnapshotList.Path").unwrap(), "only a path");
    }

    #[test]
    fn lists_written_as_in_the_schema_are_read_too() {
        let body = r#"{"Event":{"EventHeader":{"ID":"1"},"ObjectList":{"Object":[{"Type":"Human"},{"Type":"Car"}]},
            "SnapshotList":{"Snapshot":{"Image":"/9j/AAAA"}},"Snapshots":["/9j/BBBB"]}}"#;
        let draft = of(body);
        assert_eq!(draft.kind, Kind::Analytics);
        assert_eq!(draft.targets.len(), 2);
        assert_eq!(draft.images.len(), 2);
    }

    #[test]
    fn a_face_that_is_not_to_be_known_leaves_no_trace() {
        let body = r#"{"Event":{"EventHeader":{"ID":"1","Name":"Face recognised","Message":"Ann","CustomTag":"Ann"},
            "Description":"Ann","ObjectList":[{"ID":"Ann","Type":"Face","Name":"Ann","Value":"Ann","Confidence":0.5}],
            "Vendor":{"CustomData":"Ann"},"SnapshotList":[{"Image":"/9j/AAAA"}]},"who":"Ann"}"#;
        let draft = draft(parse(body.as_bytes()).unwrap(), Retention::Drop);
        assert_eq!(draft.kind, Kind::FaceMatch);
        assert_eq!(draft.images[0].role, ImageRole::Face);
        assert!(!format!("{draft:?}").contains("Ann"));
        assert!(format!("{:?}", of(body)).contains("Ann"));
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let scalar = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            ".{0,12}".prop_map(Into::into),
        ];
        let name = prop_oneof![
            Just("Event"),
            Just("EventHeader"),
            Just("ID"),
            Just("Source"),
            Just("FQID"),
            Just("Kind"),
            Just("ObjectList"),
            Just("BoundingBox"),
            Just("Top"),
            Just("SnapshotList"),
            Just("Image"),
            Just("RuleList"),
            Just("PolygonList"),
            Just("PointList"),
            Just("X"),
            Just("Timestamp"),
            Just("Name"),
        ];
        scalar.prop_recursive(6, 60, 6, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                proptest::collection::hash_map(name.clone().prop_map(str::to_owned), inner, 0..6)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_event_makes_it_panic(event in any_json(), header in any_json()) {
            let body = serde_json::json!({ "Event": { "EventHeader": { "ID": "1", "Source": header },
                "ObjectList": event, "SnapshotList": event, "RuleList": event } }).to_string();
            let _ = of(&body);
        }
    }
}
