//! From a message to the normalized event.

use camhook_event::{Camera, Counts, Device, Kind, Tally, TargetClass, Text, VendorData};
use camhook_ingest::{DeviceTime, Draft, Identity};
use camhook_site::Retention;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::analytics::{FoundObject, Shows, take_count, take_found};
use crate::impersonal::{Pictured, Topic, strip};
use crate::kind::{kind, state};
use crate::message::{Carrier, Message, Origin, OriginKind, UNKNOWN, is_unique};
use crate::subject::{Subjects, split};
use crate::words::Words;

/// The sub-class of most events, which says nothing of them.
const SYSTEM_EVENT: &str = "System Event";

/// The events of a message: one, or one for each plate and face where it has several.
pub(crate) fn drafts(mut message: Message<'_>, faces: Retention) -> Vec<Draft<'_>> {
    let mut found = take_found(&mut message.event);
    let kind = kind(&message, &found);
    if kind == Kind::Plate {
        take_plate_of_vehicle(&mut found.objects);
    }
    let topic = match faces {
        Retention::Keep => None,
        Retention::Drop => Some(Topic::of(kind, &message, &found.objects)),
    };
    let device_time = message.timestamp.take().map(device_time);
    let (event_id, label) = match message.id.take() {
        Some(id) if is_unique(id.as_str()) => (Some(id), None),
        label => (None, label),
    };
    let mut draft = Draft::new(kind, identity(event_id.as_ref(), device_time.as_ref()));
    draft.state = state(&message, kind);
    draft.counts = take_count(kind, &mut message.event).map(|count| counts(count, &message));
    draft.vendor_data = vendor_data(&message);
    let pictured = topic.map(|topic| Pictured::of(topic, &message, &found, &draft.vendor_data));
    if let Some(label) = label {
        draft.vendor_data.insert("ID", label.as_str());
    }
    let is_kept = |text: &Text| topic.is_none_or(|topic| topic.keeps(text.as_str()));
    // The sub-class, where neither of the two texts says anything.
    let subclass =
        message.subclass.take().filter(|subclass| !subclass.as_str().eq_ignore_ascii_case(SYSTEM_EVENT));
    let words = [message.name.take(), message.message.take(), subclass];
    draft.vendor_kind = words.into_iter().flatten().find(|word| word.as_str() != UNKNOWN && is_kept(word));
    let Origin { kind: origin, name, id } = message.origin;
    match origin {
        OriginKind::Camera => draft.camera = camera(id, name),
        _ => draft.name = name.filter(|name| origin.is_device() || is_kept(name)),
    }
    // The words of a query are a person's own. Those that say no kind are the name of the event.
    if let (Carrier::Query, Kind::Other, Some(words)) = (message.carrier, kind, &draft.vendor_kind)
        && let Some(source) = draft.name.replace(words.clone())
    {
        draft.vendor_data.insert("source", source.as_str());
    }
    draft.device_time = device_time;
    draft.device = Device { name: message.server, ..Device::default() };
    draft.event_ids = event_id.into_iter().collect();
    draft.zone = found.zone;
    draft.images = found.images;
    let mut subjects = Subjects::default();
    for mut object in found.objects {
        let face = if faces == Retention::Keep { object.take_face() } else { None };
        let may_be_name = faces == Retention::Drop && object.shows == Shows::Face;
        subjects.add(object.plate.take().filter(|_| !may_be_name), face);
        draft.targets.push(object.target);
    }
    if let (Some(topic), Some(pictured)) = (topic, pictured) {
        strip(&mut draft, topic, pictured);
    }
    split(draft, subjects)
}

/// The plate of an event that is about one and has no plate among its objects: the value of its only vehicle.
fn take_plate_of_vehicle(objects: &mut [FoundObject]) {
    if objects.iter().any(|object| object.plate.is_some()) {
        return;
    }
    let mut carriers = objects.iter_mut().filter(|object| object.may_carry_plate());
    if let (Some(only), None) = (carriers.next(), carriers.next()) {
        only.take_plate();
    }
}

/// The count of an event, for what its words say is counted. That it is how many are inside, and not how many came in, is
/// inferred.
fn counts(count: u64, message: &Message<'_>) -> Counts {
    let tally = Tally { inside: Some(count), ..Tally::default() };
    let texts = [&message.name, &message.message, &message.subclass].into_iter().flatten();
    match texts.filter_map(|text| Words::of_type(text.as_str()).class()).next() {
        Some(TargetClass::Person | TargetClass::Face) => Counts { person: tally, ..Counts::default() },
        Some(TargetClass::Vehicle) => Counts { vehicle: tally, ..Counts::default() },
        Some(TargetClass::MotorcycleBicycle) => Counts { motorcycle_bicycle: tally, ..Counts::default() },
        _ => Counts { total: tally, ..Counts::default() },
    }
}

/// An event without an id of its own is known by its content, which holds a time. Without one, two alarms may look alike.
fn identity(id: Option<&Text>, time: Option<&DeviceTime>) -> Identity {
    match (id, time) {
        (Some(id), _) => Identity::SenderId(id.to_string()),
        (None, Some(DeviceTime { at: Some(_), .. })) => Identity::Content,
        (None, _) => Identity::Delivery,
    }
}

/// A camera without an id is known by its name alone, and a number is no name.
fn camera(id: Option<Text>, name: Option<Text>) -> Option<Camera> {
    if let Some(id) = id.and_then(|id| Text::new(&id.as_str().to_lowercase())) {
        return Some(Camera { id, name });
    }
    let id = name?;
    let is_number = id.as_str().bytes().all(|octet| octet.is_ascii_digit());
    Some(Camera { name: (!is_number).then(|| id.clone()), id })
}

/// Every other scalar: those of the event header by their names, those of `Source` and `Site` with the way to them.
fn vendor_data(message: &Message<'_>) -> VendorData {
    let mut data = VendorData::default();
    for (name, value) in [("Type", &message.subclass), ("Class", &message.class)] {
        if let Some(value) = value {
            data.insert(name, value.as_str());
        }
    }
    message.source.keep_below("Source", &mut data);
    message.site.keep_below("Site", &mut data);
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
/// XProtect writes all its times. In a query, a `+` that was not encoded is a blank.
fn device_time(text: Text) -> DeviceTime {
    let with_zone = |text: &str| text.parse::<Timestamp>().ok();
    let without_zone = |text: &str| TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok();
    let with_blank = |text: &str| {
        let (time, offset) = text.rsplit_once(' ')?;
        with_zone(&format!("{time}+{offset}"))
    };
    let written = text.as_str();
    let at = with_zone(written).or_else(|| without_zone(written)).or_else(|| with_blank(written));
    DeviceTime { text, at }
}

#[cfg(test)]
mod tests {
    use camhook_event::{ImageRole, Kind};

    use super::*;
    use crate::parse::parse;
    use proptest::prelude::*;

    fn all_of(body: &str, faces: Retention) -> Vec<Draft<'_>> {
        drafts(parse(body.as_bytes(), "").unwrap(), faces)
    }

    fn only(mut drafts: Vec<Draft<'_>>) -> Draft<'_> {
        assert_eq!(drafts.len(), 1);
        drafts.remove(0)
    }

    fn of(body: &str) -> Draft<'_> {
        only(all_of(body, Retention::Keep))
    }

    #[test]
    fn times_are_read_with_any_number_of_digits_and_without_a_zone() {
        let at = |text| device_time(Text::new(text).unwrap()).at.map(|at| at.to_string());
        assert_eq!(at("2022-11-26T15:59:39.2988877Z").unwrap(), "2022-11-26T15:59:39.2988877Z");
        assert_eq!(at("2026-03-09T08:38:41.076+01:00").unwrap(), "2026-03-09T07:38:41.076Z");
        assert_eq!(at("2026-03-09T08:38:41").unwrap(), "2026-03-09T08:38:41Z");
        assert_eq!(at("2026-03-09T08:38:41.5 01:00").unwrap(), "2026-03-09T07:38:41.5Z");
        assert_eq!(at("2026-03-09 08:38:41").unwrap(), "2026-03-09T08:38:41Z");
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

    fn without_faces(body: &str) -> Draft<'_> {
        only(all_of(body, Retention::Drop))
    }

    #[test]
    fn a_name_leaves_no_trace_where_faces_are_dropped() {
        let body = r#"{"Event":{"EventHeader":{"ID":"1","Name":"NAME","Message":"Ann at the gate","CustomTag":"Ann",
              "Type":"Ann","PriorityName":"Ann","MessageId":"Ann",
              "Source":{"Name":"Face: Ann","Description":"Ann","FQID":{"Kind":"c9bdac3f-41dc-4afa-b057-61767a3914b7"}}},
            "Description":"Ann","Location":"Ann",
            "ObjectList":[{"ID":"Ann","Type":"TYPE","Name":"Ann","Value":"Ann","Description":"Ann","Confidence":0.5}],
            "RuleList":[{"ID":"Ann","Name":"Ann"}],"Vendor":{"Name":"Ann","CustomData":"Ann"},
            "SnapshotList":[{"Image":"/9j/AAAA","Path":"Ann.jpg"}]},"Site":{"Owner":"Ann"},"who":"Ann","Ann":true}"#;
        for (name, object, kind) in [
            ("Face recognised", "Face", Kind::FaceMatch),
            ("Gesicht erkannt: Ann", "Person", Kind::External),
            ("Ann", "Person", Kind::External),
            ("Ann", "Face", Kind::External),
        ] {
            let body = body.replace("\"NAME\"", &format!("\"{name}\"")).replace("TYPE", object);
            let body = if kind == Kind::FaceMatch { body.replace("c9bdac3f", "5135ba21") } else { body };
            let draft = without_faces(&body);
            assert!(!format!("{draft:?}").contains("Ann"), "{name}: {draft:?}");
            assert_eq!((draft.kind, draft.images[0].role), (kind, ImageRole::Face), "{name}");
            assert!(format!("{:?}", of(&body)).contains("Ann"));
        }
    }

    #[test]
    fn what_names_nobody_is_kept_where_faces_are_dropped() {
        let body = r#"{"Event":{"EventHeader":{"ID":"2388f93d-5cb0-48e0-9524-d8bb981e1629","Name":"Motion Detected",
              "Timestamp":"2026-11-23T08:00:00Z","Type":"System Event","Priority":1,"PriorityName":"High",
              "Source":{"Name":"Drive","FQID":{"Kind":"5135ba21-f1dc-4321-806a-6ce2017343c0","ObjectId":"c1"}}},
            "ObjectList":[{"ID":"12","Type":"Car","Color":"light grey","Size":2.5}],
            "SnapshotList":[{"Image":"/9j/AAAA"}]},"Site":{"ServerHostname":"vms","AbsoluteUri":"http://vms/"}}"#;
        let draft = without_faces(body);
        assert_eq!(draft.vendor_kind.unwrap().as_str(), "Motion Detected");
        assert_eq!(draft.camera.unwrap().name.unwrap().as_str(), "Drive");
        assert_eq!(draft.images[0].role, ImageRole::Snapshot);
        assert_eq!((draft.event_ids.len(), draft.targets[0].id.as_ref().unwrap().as_str()), (1, "12"));
        assert_eq!(draft.targets[0].attributes.keys().collect::<Vec<_>>(), ["Color", "Size", "Type"]);
        for name in ["Type", "Priority", "PriorityName", "Site.AbsoluteUri"] {
            assert!(draft.vendor_data.get(name).is_some(), "{name}");
        }
    }

    #[test]
    fn an_event_without_an_id_is_known_by_its_content_if_that_has_a_time() {
        let identity = |header: &str| {
            let body = format!(r#"{{"Event":{{"EventHeader":{{"Name":"x"{header}}}}}}}"#);
            of(&body).identity
        };
        let guid = "2388f93d-5cb0-48e0-9524-d8bb981e1629";
        let numbered = format!(r#","ID":"{}""#, guid.to_uppercase());
        assert_eq!(identity(&numbered), Identity::SenderId(guid.to_owned()));
        assert_eq!(identity(r#","Timestamp":"2026-11-23T08:00:00Z""#), Identity::Content);
        for constant in ["AB", "4", "-1", "N/A", "0", "ffffffff-ffff-ffff-ffff-ffffffffffff"] {
            assert_eq!(identity(&format!(r#","ID":"{constant}""#)), Identity::Delivery, "{constant}");
            let header = format!(r#","ID":"{constant}","Timestamp":"2026-11-23T08:00:00Z""#);
            assert_eq!(identity(&header), Identity::Content, "{constant}");
        }
        assert_eq!(identity(r#","Timestamp":"today""#), Identity::Delivery);
        assert_eq!(identity(""), Identity::Delivery);
    }

    #[test]
    fn an_id_that_may_stand_in_every_event_is_kept_as_a_value() {
        let draft = of(r#"{"Event":{"EventHeader":{"ID":"N/A","Name":"x"}}}"#);
        assert!(draft.event_ids.is_empty());
        assert_eq!(draft.vendor_data.get("ID").unwrap(), "n/a");
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
            let _ = all_of(&body, Retention::Keep);
            let _ = all_of(&body, Retention::Drop);
        }
    }
}
