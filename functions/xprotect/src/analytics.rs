//! What an analytics event holds beyond its header: objects, the rule that they met, pictures.
//!
//! The names are those of the schema of analytics events; that a webhook ever carries them is inferred.

use camhook_event::{Fraction, ImageRole, Plate, Point, Rectangle, TargetClass, Text, Zone, ZoneShape};
use camhook_ingest::{DraftImage, DraftTarget};
use camhook_json::{Json, Object};

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found<'a> {
    /// The objects.
    pub(crate) targets: Vec<DraftTarget>,
    /// The plate among them.
    pub(crate) plate: Option<Plate>,
    /// The area or line of the rule.
    pub(crate) zone: Option<Zone>,
    /// The pictures.
    pub(crate) images: Vec<DraftImage<'a>>,
}

/// Takes the objects out of an event.
pub(crate) fn take_found<'a>(event: &mut Object<'a>) -> Found<'a> {
    let mut found = Found::default();
    for object in take_members(event, "ObjectList", "Object") {
        let (target, plate) = target(object);
        found.plate = found.plate.or(plate);
        found.targets.push(target);
    }
    for name in ["SnapshotList", "Snapshots"] {
        let mut rest = Vec::new();
        for mut snapshot in take_pictured(event, name, &mut found.images) {
            if let Some(base64) = snapshot.take("Image").and_then(Json::into_bytes) {
                found.images.push(DraftImage { role: ImageRole::Snapshot, base64 });
            }
            rest.push(Json::Object(snapshot));
        }
        event.push(name, Json::List(rest));
    }
    let mut rules = take_members(event, "RuleList", "Rule").into_iter();
    found.zone = rules.next().map(zone);
    event.push("RuleList", Json::List(rules.map(Json::Object).collect()));
    found
}

/// The members of a list: it is sent as one, or, written as the schema has it, as an object that holds it.
fn take_members<'a>(event: &mut Object<'a>, list: &str, member: &str) -> Vec<Object<'a>> {
    match event.take(list) {
        Some(Json::Object(mut holder)) if holder.get(member).is_some() => holder.take_objects(member),
        Some(value) => value.into_objects(),
        None => Vec::new(),
    }
}

/// The members of a list of pictures; those that are nothing but a picture's text become images at once.
fn take_pictured<'a>(
    event: &mut Object<'a>,
    list: &'static str,
    images: &mut Vec<DraftImage<'a>>,
) -> Vec<Object<'a>> {
    match event.take(list) {
        Some(Json::List(values)) => {
            let (texts, others): (Vec<_>, Vec<_>) =
                values.into_iter().partition(|value| matches!(value, Json::Text(_)));
            images.extend(
                texts
                    .into_iter()
                    .filter_map(Json::into_bytes)
                    .map(|base64| DraftImage { role: ImageRole::Snapshot, base64 }),
            );
            others.into_iter().filter_map(Json::into_object).collect()
        }
        Some(value) => {
            event.push(list, value);
            take_members(event, list, "Snapshot")
        }
        None => Vec::new(),
    }
}

fn target(mut object: Object<'_>) -> (DraftTarget, Option<Plate>) {
    // Outlines and masks are drawings, no scalars.
    for drawing in ["Polygon", "Mask"] {
        object.take(drawing);
    }
    let class = object.get("Type").or_else(|| object.get("Name")).and_then(Json::to_text);
    let class = class.as_ref().map(target_class);
    let id = object.take_text(&["ID"]);
    let confidence = object
        .get("Confidence")
        .and_then(Json::to_number)
        .filter(|confidence| (0.0..=1.0).contains(confidence))
        .and_then(Fraction::new);
    if confidence.is_some() {
        object.take("Confidence");
    }
    let bounding_box = object.take("BoundingBox").and_then(Json::into_object).and_then(rectangle);
    let plate = (class == Some(TargetClass::Plate)).then(|| object.take_text(&["Value"])).flatten();
    let plate = plate.map(|text| Plate { confidence, ..Plate::new(text) });
    let attributes = object.to_attributes();
    (DraftTarget { id, class, confidence, bounding_box, image: None, attributes }, plate)
}

/// What the maker of the analytics calls the object; there is no fixed list of types.
fn target_class(word: &Text) -> TargetClass {
    let word = word.as_str().to_lowercase();
    let is_any = |words: &[&str]| words.iter().any(|known| word.contains(known));
    if is_any(&["plate"]) {
        TargetClass::Plate
    } else if is_any(&["face"]) {
        TargetClass::Face
    } else if is_any(&["person", "people", "human", "pedestrian"]) {
        TargetClass::Person
    } else if is_any(&["motorcycle", "bicycle", "bike"]) {
        TargetClass::MotorcycleBicycle
    } else if is_any(&["vehicle", "truck", "bus"]) || word == "car" || word == "van" {
        TargetClass::Vehicle
    } else if is_any(&["animal"]) || word == "dog" || word == "cat" {
        TargetClass::Animal
    } else {
        TargetClass::Other
    }
}

/// `Top`, `Left`, `Bottom` and `Right`, from 0 to 1 of the frame.
fn rectangle(mut edges: Object<'_>) -> Option<Rectangle> {
    let mut edge = |name| edges.take(name)?.to_number();
    let (top, left, bottom, right) = (edge("Top")?, edge("Left")?, edge("Bottom")?, edge("Right")?);
    Rectangle::of_frame([left, top, right, bottom], (1.0, 1.0))
}

/// The rule that was met, with the first of its polygons.
fn zone(mut rule: Object<'_>) -> Zone {
    let polygon = take_members(&mut rule, "PolygonList", "Polygon").into_iter().next().unwrap_or_default();
    let shape = polygon.get("Closed").map(|closed| match closed.is_true() {
        true => ZoneShape::Area,
        false => ZoneShape::Line,
    });
    let mut polygon = polygon;
    let point = |mut point: Object<'_>| {
        let mut coordinate = |name| Fraction::new(point.take(name)?.to_number()?);
        Some(Point(coordinate("X")?, coordinate("Y")?))
    };
    Zone {
        shape,
        id: rule.take_text(&["ID"]),
        name: rule.take_text(&["Name"]),
        points: take_members(&mut polygon, "PointList", "Point").into_iter().filter_map(point).collect(),
        direction: None,
    }
}
