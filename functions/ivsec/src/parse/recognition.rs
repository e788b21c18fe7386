//! `SnapedObjInfo`, `PlateInfo` and `FaceInfo`, wherever they stand.

use std::borrow::Cow;

use camhook_event::{ImageRole, Kind, TargetClass, Text};
use camhook_json::{Json, Object};

use super::face::{bears_face, read_face};
use super::member::{
    Channels, Statement, folded, is_channel_member, is_container, number_of_picture, objects, objects_in,
};
use super::plate::{bears_plate, is_plate_name, read_plate};
use super::unknown::{Surroundings, Unknowns, Weight};
use crate::message::{Place, Recognition, Recognized};
use crate::vocabulary::Subject;

/// The recognitions of one post that are read: more than make all the events that a post may become.
pub(crate) const RECOGNITIONS_LIMIT: usize = 1100;

/// A base64 text of fewer characters is no picture; devices fill the place with short words.
const PICTURE_LENGTH: usize = 40;

/// The lists, by name. The first is the vendor's spelling.
pub(super) fn list(folded_name: &str) -> Option<Subject> {
    match folded_name {
        "snapedobjinfo" | "snappedobjinfo" => Some(Subject::Object),
        "plateinfo" => Some(Subject::Plate),
        "faceinfo" => Some(Subject::Face),
        _ => None,
    }
}

/// Reads the value of `ai_snap_picture` or `PicData`: the three lists, or one recognition by itself. What it says of its
/// channel and time holds for its lists, too.
pub(super) fn read_holder<'a>(
    (name, value): (&str, Json<'a>),
    around: &Surroundings,
    recognitions: &mut Vec<Recognition<'a>>,
    unknowns: &mut Unknowns,
) {
    let (holders, others) = objects(value);
    for other in others {
        unknowns.note_lost(name, Weight::of(&other));
    }
    for holder in holders {
        let mut channels = Channels::default();
        let mut time = None;
        let mut own = Object::default();
        let (mut lists, mut holders) = (Vec::new(), Vec::new());
        for (name, value) in holder {
            let folded = folded(&name).into_owned();
            if let Some(subject) = list(&folded) {
                lists.push((subject, name, value));
                continue;
            }
            if folded == "eventtrafficcar" {
                holders.push((name, value));
                continue;
            }
            let Some(value) = channels.read_member(&folded, value) else { continue };
            if folded == "starttime" && !is_container(&value) {
                time = number_of_picture(&value).or(time);
            }
            own.push(name, value);
        }
        let around = around.of_entry(&channels, time, &own);
        channels.keep_others(&mut own);
        let first = recognitions.len();
        for (subject, name, value) in lists {
            read_list((&name, value), subject, &around, recognitions, unknowns);
        }
        for (name, value) in holders {
            read_holder((&name, value), &around, recognitions, unknowns);
        }
        let has_listed = recognitions.len() > first;
        // Beside lists a number or a type says nothing more.
        if let Some(subject) = own_subject(&own).filter(|_| !has_listed || has_picture(&own)) {
            add_placed(recognitions, subject, own, &around);
            continue;
        }
        for (name, value) in own {
            let is_time = folded(&name) == "starttime" && !is_container(&value);
            if has_listed && is_time {
                continue;
            }
            // A list that is not known is one of recognitions.
            let at_least = match Weight::of(&value) {
                Weight::Content if is_container(&value) => Weight::Alarm,
                _ => Weight::Nothing,
            };
            unknowns.add_alone((name, value), at_least, &around);
        }
    }
}

/// Reads one of the three lists.
pub(super) fn read_list<'a>(
    (name, value): (&str, Json<'a>),
    subject: Subject,
    around: &Surroundings,
    recognitions: &mut Vec<Recognition<'a>>,
    unknowns: &mut Unknowns,
) {
    let (entries, others) = objects(value);
    for other in others {
        unknowns.note_lost(name, Weight::of(&other));
    }
    for entry in entries.into_iter().filter(|entry| !entry.is_empty()) {
        if entry.iter().any(|(name, _)| is_of_recognitions(&folded(name))) {
            add(recognitions, subject, entry, around);
            continue;
        }
        for (name, value) in entry {
            let at_least = match Weight::of(&value) {
                Weight::Content if is_container(&value) => Weight::Alarm,
                weight => weight.max(Weight::Content),
            };
            unknowns.add_alone((name, value), at_least, around);
        }
    }
}

/// Whether the value of one of the three lists holds a recognition.
pub(super) fn is_listed(value: &Json<'_>) -> bool {
    let is_entry = |entry: &&Object<'_>| entry.iter().any(|(name, _)| is_of_recognitions(&folded(name)));
    objects_in(value).iter().any(is_entry)
}

/// Whether the value of `ai_snap_picture` or `PicData` holds a recognition.
pub(super) fn is_held(value: &Json<'_>) -> bool {
    let holds = |(name, value): (&str, &Json<'_>)| {
        let folded = folded(name);
        (list(&folded).is_some() && is_listed(value)) || (folded == "eventtrafficcar" && is_held(value))
    };
    objects_in(value).iter().any(|holder| holder.iter().any(holds) || own_subject(holder).is_some())
}

/// Whether a member is one that recognitions have.
fn is_of_recognitions(folded_name: &str) -> bool {
    let names = [
        "starttime",
        "endtime",
        "snapid",
        "type",
        "id",
        "grpid",
        "name",
        "similarity",
        "score",
        "faceid",
        "matchedfaceid",
        "platecolor",
        "owner",
        "carbrand",
        "carcolor",
        "cartype",
        "fattrage",
        "glassestype",
        "mouthmask",
        "expression",
        "gender",
        "age",
        "sex",
    ];
    names.contains(&folded_name)
        || is_plate_name(folded_name)
        || is_channel_member(folded_name)
        || Slot::of(folded_name).is_some()
}

/// What the list of a recognition would be that stands by itself: one has a number, a type or a picture. `None` for what
/// is no recognition.
fn own_subject(object: &Object<'_>) -> Option<Subject> {
    let has = |names: &[&str]| names.iter().any(|name| object.get(name).is_some());
    if has(&["PlateImg"]) {
        Some(Subject::Plate)
    } else if has(&["Image1", "Image2", "Image3", "Image4", "FaceImage", "BodyImage"]) {
        Some(Subject::Face)
    } else if has(&["SnapId", "Type", "ObjectImage", "Background"])
        || bears_plate(object, None)
        || bears_face(object)
    {
        Some(Subject::Object)
    } else {
        None
    }
}

/// The members of a recognition that stand beside an alarm or by themselves, and the list that they would be in.
pub(super) type Beside<'a> = (Subject, Object<'a>);

/// Splits the members beside an alarm that reports this into those of a recognition and the others.
pub(super) fn split_beside<'a>(
    alarm: Option<Subject>,
    members: Object<'a>,
) -> (Option<Beside<'a>>, Object<'a>) {
    // One look at each name, since there may be very many.
    let is_sign = |(name, _): (&str, &Json<'_>)| is_sign_of_recognitions(&folded(name));
    let subject = if members.iter().any(is_sign) { subject_beside(alarm, &members) } else { None };
    let Some(subject) = subject else { return (None, members) };
    let (mut own, mut others) = (Object::default(), Object::default());
    for (name, value) in members {
        let is_own = is_of_recognitions(&folded(&name));
        if is_own { own.push(name, value) } else { others.push(name, value) }
    }
    (Some((subject, own)), others)
}

/// Whether a member is one of those that [`subject_beside`] looks for.
fn is_sign_of_recognitions(folded_name: &str) -> bool {
    matches!(folded_name, "grpid" | "similarity")
        || is_plate_name(folded_name)
        || Slot::of(folded_name).is_some()
}

/// What members that stand beside an alarm say was recognized. `None` where other posts have them, too: a name or a
/// number alone is no person.
fn subject_beside(alarm: Option<Subject>, members: &Object<'_>) -> Option<Subject> {
    let says = |name: &&str| members.get(name).is_some_and(|value| value.to_text().is_some());
    let shows = |names: &[&str]| names.iter().any(|name| members.get(name).is_some_and(is_picture));
    let is_plate = bears_plate(members, members.get("SnapId")) || shows(&["PlateImg"]);
    if is_plate || (alarm == Some(Subject::Plate) && says(&"GrpId")) {
        return Some(Subject::Plate);
    }
    let is_described = ["Similarity", "GrpId"].iter().any(says);
    let is_face = is_described || shows(&["Image1", "Image3", "Image4", "BodyImage"]);
    if shows(&["Image2", "FaceImage"]) || (alarm == Some(Subject::Face) && is_face) {
        return Some(Subject::Face);
    }
    if shows(&["ObjectImage"]) {
        alarm.or(Some(Subject::Object))
    } else {
        alarm.filter(|_| shows(&["Background", "BgImg"]))
    }
}

/// Reads a recognition that stands beside an alarm.
pub(super) fn read_beside<'a>(
    (subject, members): Beside<'a>,
    around: &Surroundings,
    recognitions: &mut Vec<Recognition<'a>>,
) {
    add_placed(recognitions, subject, members, around);
}

fn has_picture(object: &Object<'_>) -> bool {
    object.iter().any(|(name, value)| is_picture(value) && Slot::of(&folded(name)).is_some())
}

fn is_picture(value: &Json<'_>) -> bool {
    matches!(value, Json::Text(base64) if base64.trim().len() >= PICTURE_LENGTH)
}

fn add<'a>(recognitions: &mut Vec<Recognition<'a>>, list: Subject, entry: Object<'a>, around: &Surroundings) {
    if recognitions.len() < RECOGNITIONS_LIMIT {
        recognitions.push(read_recognition(list, entry, around));
    }
}

/// Adds a recognition whose channel was read with what it stands in.
fn add_placed<'a>(
    recognitions: &mut Vec<Recognition<'a>>,
    list: Subject,
    entry: Object<'a>,
    around: &Surroundings,
) {
    if recognitions.len() < RECOGNITIONS_LIMIT {
        let recognition = read_recognition(list, entry, around);
        recognitions.push(Recognition { channel: around.channel.clone(), ..recognition });
    }
}

fn read_recognition<'a>(list: Subject, entry: Object<'a>, around: &Surroundings) -> Recognition<'a> {
    let mut common = Common::default();
    for (name, value) in entry {
        common.read_member(name, value);
    }
    let Common { channels, time, snap_ids, type_code, pictures, mut rest } = common;
    let snap_id = Statement::of(snap_ids);
    if snap_id.is_contradiction() {
        snap_id.clone().put_back("SnapId", &mut rest);
    }
    let mut snap_id = snap_id.into_one();
    let Surroundings { channel, time } = around.of_entry(&channels, time, &rest);
    channels.keep_others(&mut rest);
    let subject = match (list, type_code) {
        (Subject::Object, _) if bears_plate(&rest, snap_id.as_ref()) => Subject::Plate,
        (Subject::Object, Some(10)) => Subject::Plate,
        (Subject::Object, Some(0)) => Subject::Face,
        (Subject::Object, None) if bears_face(&rest) => Subject::Face,
        (list, _) => list,
    };
    let recognized = match subject {
        Subject::Object => object(type_code),
        Subject::Plate => Recognized::Plate(read_plate(&mut snap_id, &mut rest)),
        Subject::Face => {
            let has_album_picture = pictures.iter().any(|(slot, _)| *slot == Slot::Album);
            Recognized::Face(read_face(&mut rest, has_album_picture))
        }
    };
    if let (Subject::Object, Some(code)) = (subject, type_code) {
        rest.push("Type", Json::Number(code.into()));
    }
    let images = pictures.into_iter().map(|(slot, base64)| (slot.role(subject), base64)).collect();
    Recognition {
        place: Place::Post,
        list,
        channel,
        time,
        id: snap_id.as_ref().and_then(number_of_picture),
        object_id: None,
        recognized,
        images,
        rest,
    }
}

/// What a `Type` says, by the vendor's enum. A public receiver reads 3 as a face and 4 as a plate, against it.
fn object(type_code: Option<i64>) -> Recognized {
    let (kind, class) = match type_code {
        Some(1) => (Kind::Object, Some(TargetClass::Person)),
        Some(2) => (Kind::Object, Some(TargetClass::Vehicle)),
        Some(3) => (Kind::Intrusion, Some(TargetClass::Person)),
        Some(4) => (Kind::Intrusion, Some(TargetClass::Vehicle)),
        Some(5) => (Kind::LineCrossing, Some(TargetClass::Person)),
        Some(6) => (Kind::LineCrossing, Some(TargetClass::Vehicle)),
        Some(7) => (Kind::Object, Some(TargetClass::MotorcycleBicycle)),
        Some(8) => (Kind::Intrusion, Some(TargetClass::MotorcycleBicycle)),
        Some(9) => (Kind::LineCrossing, Some(TargetClass::MotorcycleBicycle)),
        Some(_) => (Kind::Analytics, Some(TargetClass::Other)),
        None => (Kind::Analytics, None),
    };
    Recognized::Object { kind, class }
}

/// What every recognition has.
#[derive(Default)]
struct Common<'a> {
    channels: Channels,
    time: Option<Text>,
    snap_ids: Vec<Json<'a>>,
    type_code: Option<i64>,
    pictures: Vec<(Slot, Cow<'a, [u8]>)>,
    rest: Object<'a>,
}

impl<'a> Common<'a> {
    fn read_member(&mut self, name: Cow<'a, str>, value: Json<'a>) {
        let folded = folded(&name);
        if let (Some(slot), Json::Text(_) | Json::Null) = (Slot::of(&folded), &value) {
            let base64 = value.into_bytes().filter(|base64| base64.len() >= PICTURE_LENGTH);
            self.pictures.extend(base64.map(|base64| (slot, base64)));
            return;
        }
        let folded = folded.into_owned();
        let Some(value) = self.channels.read_member(&folded, value) else { return };
        match folded.as_str() {
            "starttime" if !is_container(&value) => self.time = number_of_picture(&value),
            "snapid" if !is_container(&value) => self.snap_ids.push(value),
            "type" if value.to_integer().is_some() => self.type_code = value.to_integer(),
            // Binary data in the vendor's own form, biometric data, and guesses about people.
            "imageallinfo" | "feature" | "ftversion" | "md5" | "modifycnt" | "race" | "beauty" => {}
            _ => self.rest.push(name, value),
        }
    }
}

/// The place of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    /// `Background`, `BgImg`, `Image4`: the whole frame.
    Frame,
    /// `ObjectImage`: whatever was recognized, cut out.
    CutOut,
    /// `PlateImg`: the plate, cut out.
    Plate,
    /// `Image1`: the photo of the album.
    Album,
    /// `Image2`, `FaceImage`: the face, cut out.
    Face,
    /// `Image3`, `BodyImage`: the body, cut out.
    Body,
}

impl Slot {
    fn of(folded_name: &str) -> Option<Self> {
        match folded_name {
            "background" | "bgimg" | "image4" => Some(Self::Frame),
            "objectimage" => Some(Self::CutOut),
            "plateimg" => Some(Self::Plate),
            "image1" => Some(Self::Album),
            "image2" | "faceimage" => Some(Self::Face),
            "image3" | "bodyimage" => Some(Self::Body),
            _ => None,
        }
    }

    fn role(self, subject: Subject) -> ImageRole {
        match (self, subject) {
            (Self::Frame, _) => ImageRole::Overview,
            (Self::Plate, _) | (Self::CutOut, Subject::Plate) => ImageRole::Plate,
            (Self::Face, _) | (Self::CutOut, Subject::Face) => ImageRole::Face,
            (Self::Album, _) => ImageRole::Album,
            (Self::Body, _) | (Self::CutOut, Subject::Object) => ImageRole::Target,
        }
    }
}
