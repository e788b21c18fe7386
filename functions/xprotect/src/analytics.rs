//! What an analytics event holds beyond its header: objects, the rule that they met, pictures, a count.
//!
//! The names are those of the schema of analytics events; that a webhook ever carries them is inferred. What is not
//! understood of a member stays in it.

use camhook_event::{
    Face, Fraction, ImageRole, Kind, Plate, Point, Rectangle, TargetClass, Text, Zone, ZoneShape,
};
use camhook_ingest::{DraftImage, DraftTarget, names_nobody};
use camhook_json::{Json, Object};

use crate::words::{Words, names_a_face, names_somebody};

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found<'a> {
    /// The objects.
    pub(crate) objects: Vec<FoundObject>,
    /// The area or line of the rule.
    pub(crate) zone: Option<Zone>,
    /// The pictures.
    pub(crate) images: Vec<DraftImage<'a>>,
}

/// Takes the count of an event, if it is a counting one: by its words, or since they say nothing else. The schema's default
/// is 0, no count.
pub(crate) fn take_count(kind: Kind, event: &mut Object<'_>) -> Option<u64> {
    if !matches!(kind, Kind::Counting | Kind::Crowd | Kind::Analytics | Kind::Other) {
        return None;
    }
    let count = event.get("Count")?.to_integer().and_then(|count| u64::try_from(count).ok())?;
    (count > 0).then(|| event.take("Count"))?;
    Some(count)
}

/// An object.
#[derive(Debug, Default)]
pub(crate) struct FoundObject {
    /// What it looks like. Its value is among the attributes until it has a place of its own.
    pub(crate) target: DraftTarget,
    /// The plate that it is or carries.
    pub(crate) plate: Option<Plate>,
    /// Whether its type or name speaks of a face, whatever its class.
    pub(crate) shows: Shows,
}

/// What an object shows beside what its class says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Shows {
    /// A face, too: its value may be a person's name.
    Face,
    /// Nothing else.
    #[default]
    ItsClass,
}

/// What an object's value is called.
const VALUE: &str = "Value";

impl FoundObject {
    /// Takes the value of a vehicle for the plate that it carries. Of an event about a plate, whose one vehicle this is.
    pub(crate) fn take_plate(&mut self) {
        let is_plate_like = |text: &Text| !names_nobody(text.as_str());
        let Some(value) = self.target.attributes.get(VALUE) else { return };
        let Some(text) = scalar_text(value).filter(is_plate_like) else { return };
        self.target.attributes.remove(VALUE);
        self.plate = Some(plate(text, self.target.confidence));
    }

    /// Takes the name of whoever was recognized: the value of a face or a person, else the name of a face.
    pub(crate) fn take_face(&mut self) -> Option<Face> {
        let names: &[&str] = match self.target.class? {
            TargetClass::Face => &[VALUE, "Name"],
            TargetClass::Person => &[VALUE],
            _ => return None,
        };
        let attributes = &mut self.target.attributes;
        let name = names.iter().find_map(|name| {
            let text = attributes.get(*name).and_then(serde_json::Value::as_str).and_then(Text::new)?;
            names_somebody(text.as_str()).then_some((*name, text))
        });
        let (attribute, name) = name?;
        attributes.remove(attribute);
        Some(Face { name: Some(name), ..Face::default() })
    }

    /// Whether it is a vehicle or a plate with a value: in an event about a plate, the one that there is holds it.
    pub(crate) fn may_carry_plate(&self) -> bool {
        let is_vehicle = matches!(
            self.target.class,
            Some(TargetClass::Vehicle | TargetClass::MotorcycleBicycle | TargetClass::Plate)
        );
        is_vehicle && self.target.attributes.contains_key(VALUE)
    }

    /// Whether it is a person with a name or a value that is somebody's.
    pub(crate) fn is_recognized_person(&self) -> bool {
        let names = |attribute: &str| {
            let value = self.target.attributes.get(attribute).and_then(serde_json::Value::as_str);
            value.is_some_and(names_somebody)
        };
        self.target.class == Some(TargetClass::Person) && (names(VALUE) || names("Name"))
    }
}

fn scalar_text(value: &serde_json::Value) -> Option<Text> {
    match value {
        serde_json::Value::String(text) => Text::new(text),
        serde_json::Value::Number(number) => Text::new(&number.to_string()),
        _ => None,
    }
}

fn plate(text: Text, confidence: Option<Fraction>) -> Plate {
    Plate { confidence, ..Plate::new(text) }
}

/// Takes the objects out of an event.
pub(crate) fn take_found<'a>(event: &mut Object<'a>) -> Found<'a> {
    let mut found = Found::default();
    let (objects, others) = take_members(event, "ObjectList", "Object");
    found.objects = objects.into_iter().map(object).collect();
    let mut rest = Vec::new();
    for other in others {
        match other.to_text().filter(|word| Words::of_type(word.as_str()).class().is_some()) {
            Some(word) => found.objects.push(named_object(&word)),
            None => rest.push(other),
        }
    }
    put_back(event, "ObjectList", rest);
    for name in ["SnapshotList", "Snapshots"] {
        take_pictures(event, name, &mut found.images);
    }
    let (rules, mut rest) = take_members(event, "RuleList", "Rule");
    let mut rules = rules.into_iter();
    if let Some(mut rule) = rules.next() {
        found.zone = Some(zone(&mut rule));
        rest.push(Json::Object(rule));
    }
    rest.extend(rules.map(Json::Object));
    put_back(event, "RuleList", rest);
    found
}

/// The members of a list that are objects, and those that are not. A list is sent as one, or, written as the schema has
/// it, as an object that holds it.
fn take_members<'a>(event: &mut Object<'a>, list: &str, member: &str) -> (Vec<Object<'a>>, Vec<Json<'a>>) {
    let (mut objects, mut rest) = (Vec::new(), Vec::new());
    for mut value in event.take_all(list) {
        if let Json::Object(holder) = &mut value
            && let Some(members) = holder.take(member)
        {
            if !holder.is_empty() {
                rest.push(Json::Object(std::mem::take(holder)));
            }
            value = members;
        }
        let values = match value {
            Json::List(values) => values,
            other => vec![other],
        };
        for value in values {
            match value {
                Json::Object(object) => objects.push(object),
                other => rest.push(other),
            }
        }
    }
    (objects, rest)
}

/// Puts back what was not understood of a list.
fn put_back<'a>(event: &mut Object<'a>, list: &'static str, rest: Vec<Json<'a>>) {
    if !rest.is_empty() {
        event.push(list, Json::List(rest));
    }
}

/// Takes the pictures out of a list: those of its members, and texts that stand in it.
fn take_pictures<'a>(event: &mut Object<'a>, list: &'static str, images: &mut Vec<DraftImage<'a>>) {
    let (snapshots, others) = take_members(event, list, "Snapshot");
    let mut rest = Vec::new();
    for other in others {
        match other {
            text @ Json::Text(_) => images.extend(text.into_bytes().map(snapshot)),
            other => rest.push(other),
        }
    }
    for mut members in snapshots {
        match members.take("Image") {
            Some(text @ Json::Text(_)) => images.extend(text.into_bytes().map(snapshot)),
            Some(other) => members.push("Image", other),
            None => {}
        }
        rest.push(Json::Object(members));
    }
    put_back(event, list, rest);
}

fn snapshot(base64: std::borrow::Cow<'_, [u8]>) -> DraftImage<'_> {
    DraftImage { role: ImageRole::Snapshot, base64 }
}

/// Takes the text under a name; what is no text stays.
fn take_text(object: &mut Object<'_>, name: &'static str) -> Option<Text> {
    let text = object.get(name)?.to_text()?;
    object.take(name);
    Some(text)
}

fn object(mut object: Object<'_>) -> FoundObject {
    // Outlines and masks are drawings, no scalars.
    for drawing in ["Polygon", "Mask"] {
        object.take(drawing);
    }
    let described = |name: &str| object.get(name).and_then(Json::to_text);
    let (of_type, of_name) = (described("Type"), described("Name"));
    // An object with a type or a name is something, known or not.
    let class = of_type
        .as_ref()
        .or(of_name.as_ref())
        .map(|words| Words::of_type(words.as_str()).class().unwrap_or(TargetClass::Other));
    let shows = shows(of_type.iter().chain(&of_name));
    let id = take_text(&mut object, "ID");
    let confidence = object
        .get("Confidence")
        .and_then(Json::to_number)
        .filter(|confidence| (0.0..=1.0).contains(confidence))
        .and_then(Fraction::new);
    if confidence.is_some() {
        object.take("Confidence");
    }
    let bounding_box = object.get("BoundingBox").and_then(rectangle);
    if bounding_box.is_some() {
        object.take("BoundingBox");
    }
    let is_read = class == Some(TargetClass::Plate)
        && object.get(VALUE).and_then(Json::to_text).is_some_and(|text| !names_nobody(text.as_str()));
    let text = is_read.then(|| take_text(&mut object, VALUE)).flatten();
    let attributes = object.to_attributes();
    FoundObject {
        target: DraftTarget { id, class, confidence, bounding_box, image: None, attributes },
        plate: text.map(|text| plate(text, confidence)),
        shows,
    }
}

/// What the texts that an object is called by say that it shows.
fn shows<'t>(mut texts: impl Iterator<Item = &'t Text>) -> Shows {
    if texts.any(|text| names_a_face(text.as_str())) { Shows::Face } else { Shows::ItsClass }
}

/// An object of which nothing is sent but its type.
fn named_object(word: &Text) -> FoundObject {
    let class = Words::of_type(word.as_str()).class();
    let attributes = [("Type".to_owned(), word.as_str().into())].into_iter().collect();
    FoundObject {
        target: DraftTarget { class, attributes, ..DraftTarget::default() },
        plate: None,
        shows: shows(std::iter::once(word)),
    }
}

/// By how much an edge may lie outside the frame, as a fraction of it: a box around something that leaves the picture.
const OUTSIDE: f64 = 0.05;

/// `Top`, `Left`, `Bottom` and `Right`, from 0 to 1 of the frame. Larger numbers are pixels of a frame of unknown size.
fn rectangle(value: &Json<'_>) -> Option<Rectangle> {
    let Json::Object(edges) = value else { return None };
    let is_within = |edge: &f64| (-OUTSIDE..=1.0 + OUTSIDE).contains(edge);
    let edge = |name| edges.get(name)?.to_number().filter(is_within);
    let (top, left, bottom, right) = (edge("Top")?, edge("Left")?, edge("Bottom")?, edge("Right")?);
    Rectangle::of_frame([left, top, right, bottom], (1.0, 1.0))
}

/// Takes the rule that was met, with the first of its polygons.
fn zone(rule: &mut Object<'_>) -> Zone {
    let (polygons, _) = take_members(rule, "PolygonList", "Polygon");
    let mut polygon = polygons.into_iter().next().unwrap_or_default();
    let shape = polygon.get("Closed").map(|closed| match closed.is_true() {
        true => ZoneShape::Area,
        false => ZoneShape::Line,
    });
    let point = |mut point: Object<'_>| {
        let mut coordinate = |name| Fraction::new(point.take(name)?.to_number()?);
        Some(Point(coordinate("X")?, coordinate("Y")?))
    };
    let (points, _) = take_members(&mut polygon, "PointList", "Point");
    Zone {
        shape,
        id: take_text(rule, "ID"),
        name: take_text(rule, "Name"),
        points: points.into_iter().filter_map(point).collect(),
        direction: None,
    }
}

#[cfg(test)]
mod tests {
    use camhook_json::read;

    use super::*;

    fn found(json: &str) -> (Found<'_>, String) {
        let mut event = read(json).unwrap().into_object().unwrap();
        let found = take_found(&mut event);
        let mut data = camhook_event::VendorData::default();
        event.keep(&mut data);
        (found, serde_json::to_string(&data).unwrap())
    }

    #[test]
    fn the_words_of_a_list_are_objects_and_what_is_not_understood_stays() {
        let (found, rest) =
            found(r#"{"ObjectList":["Person","Sports car",471122,"Unheard of"],"RuleList":["Fence"]}"#);
        let classes: Vec<_> = found.objects.iter().filter_map(|object| object.target.class).collect();
        assert_eq!(classes, [TargetClass::Person, TargetClass::Vehicle]);
        assert_eq!(rest, r#"{"ObjectList":[471122,"Unheard of"],"RuleList":"Fence"}"#);
    }

    #[test]
    fn a_box_that_is_not_understood_stays_with_its_object() {
        for edges in [
            r#"{"Top":10,"Left":20,"Bottom":50,"Right":60}"#,
            r#"{"Top":0,"Left":0,"Bottom":480,"Right":640}"#,
            r#"{"Top":"0,1","Left":0.2,"Bottom":0.5,"Right":0.6}"#,
            r#"{"Top":0.1,"Left":0.2}"#,
        ] {
            let json = format!(r#"{{"ObjectList":[{{"Type":"Person","BoundingBox":{edges}}}]}}"#);
            let (found, _) = found(&json);
            let target = &found.objects[0].target;
            assert_eq!(target.bounding_box, None, "{edges}");
            assert!(target.attributes.contains_key("BoundingBox.Top"), "{edges}: {target:?}");
        }
        let json = r#"{"ObjectList":[{"Type":"Person","BoundingBox":{"Top":-0.01,"Left":0.2,"Bottom":0.5,"Right":1.02}}]}"#;
        let (found, _) = found(json);
        assert!(found.objects[0].target.bounding_box.is_some());
    }

    #[test]
    fn what_stands_where_a_text_belongs_stays() {
        let json = r#"{"ObjectList":[{"ID":{"A":"1"},"Type":"Plate","Value":{"Text":"QX 1"}}],
            "RuleList":[{"ID":"1","Name":"Fence","Description":"north"},{"ID":"2","Name":"Pool"}],
            "SnapshotList":[{"Image":{"Data":"x"}},7]}"#;
        let (found, rest) = found(json);
        let attributes = &found.objects[0].target.attributes;
        assert_eq!((&attributes["ID.A"], &attributes["Value.Text"]), (&"1".into(), &"QX 1".into()));
        assert_eq!(found.zone.unwrap().name.unwrap().as_str(), "Fence");
        for kept in ["north", "Pool", "SnapshotList.Image.Data"] {
            assert!(rest.contains(kept), "{kept}: {rest}");
        }
    }
}
