//! `SnapedObjInfo`, `PlateInfo` and `FaceInfo`, wherever they stand.

use std::borrow::Cow;

use camhook_event::{ImageRole, Kind, TargetClass, Text};
use camhook_json::{Json, Object};

use super::face::read_face;
use super::member::{channel, channel_from_zero, folded, is_container, number_of_picture, objects, text};
use super::plate::{has_plate_text, read_plate};
use super::unknown::{Surroundings, Unknowns, Weight};
use crate::message::{Channel, Place, Recognition, Recognized};
use crate::vocabulary::Subject;

/// The recognitions of one post that are read: more than make all the events that a post may become.
const RECOGNITIONS_LIMIT: usize = 1100;

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

/// Reads the value of `ai_snap_picture` or `PicData`: the three lists, or one recognition by itself.
pub(super) fn read_holder<'a>(
    (name, value): (&str, Json<'a>),
    recognitions: &mut Vec<Recognition<'a>>,
    unknowns: &mut Unknowns,
) {
    let (holders, others) = objects(value);
    for other in others {
        unknowns.note_lost(name, Weight::of(&other));
    }
    for holder in holders {
        let mut own = Object::default();
        for (name, value) in holder {
            let folded = folded(&name).into_owned();
            match list(&folded) {
                Some(subject) => read_list((&name, value), subject, recognitions, unknowns),
                None if folded == "eventtrafficcar" => read_holder((&name, value), recognitions, unknowns),
                None => own.push(name, value),
            }
        }
        if is_recognition(&own) {
            add(recognitions, own_subject(&own), own);
            continue;
        }
        for (name, value) in own {
            // A list that is not known is one of recognitions.
            let at_least = match Weight::of(&value) {
                Weight::Content if is_container(&value) => Weight::Alarm,
                _ => Weight::Nothing,
            };
            unknowns.add_alone((name, value), at_least, &Surroundings::default());
        }
    }
}

/// Reads one of the three lists.
pub(super) fn read_list<'a>(
    (name, value): (&str, Json<'a>),
    subject: Subject,
    recognitions: &mut Vec<Recognition<'a>>,
    unknowns: &mut Unknowns,
) {
    let (entries, others) = objects(value);
    for other in others {
        unknowns.note_lost(name, Weight::of(&other));
    }
    for entry in entries.into_iter().filter(|entry| !entry.is_empty()) {
        if entry.iter().any(|(name, _)| is_of_recognitions(&folded(name))) {
            add(recognitions, subject, entry);
            continue;
        }
        for (name, value) in entry {
            let at_least = match Weight::of(&value) {
                Weight::Content if is_container(&value) => Weight::Alarm,
                weight => weight.max(Weight::Content),
            };
            unknowns.add_alone((name, value), at_least, &Surroundings::default());
        }
    }
}

/// Whether a member is one that recognitions have.
fn is_of_recognitions(folded_name: &str) -> bool {
    let names = [
        "strchn",
        "chn",
        "chn_alias",
        "chn_alais",
        "channel_name",
        "channel",
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
        "platecolor",
        "owner",
        "carbrand",
        "cartype",
        "plate",
        "platenum",
        "carnum",
        "platetext",
        "platenumber",
        "fattrage",
        "gender",
        "age",
        "sex",
    ];
    names.contains(&folded_name) || Slot::of(folded_name).is_some()
}

/// Whether an object is a recognition by itself: it has a number, a type or a picture.
fn is_recognition(object: &Object<'_>) -> bool {
    ["SnapId", "Type", "ObjectImage", "Background", "PlateImg", "Image2"]
        .iter()
        .any(|name| object.get(name).is_some())
}

fn own_subject(object: &Object<'_>) -> Subject {
    if object.get("PlateImg").is_some() {
        Subject::Plate
    } else if object.get("Image2").is_some() {
        Subject::Face
    } else {
        Subject::Object
    }
}

fn add<'a>(recognitions: &mut Vec<Recognition<'a>>, list: Subject, entry: Object<'a>) {
    if recognitions.len() < RECOGNITIONS_LIMIT {
        recognitions.push(read_recognition(list, entry));
    }
}

fn read_recognition(list: Subject, entry: Object<'_>) -> Recognition<'_> {
    let mut common = Common::default();
    for (name, value) in entry {
        common.read_member(name, value);
    }
    let Common { channel, number, time, mut snap_id, type_code, pictures, mut rest } = common;
    let subject = match (list, type_code) {
        (Subject::Object, Some(10)) => Subject::Plate,
        (Subject::Object, Some(0)) => Subject::Face,
        (Subject::Object, _) if has_plate_text(&rest) => Subject::Plate,
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
        channel: Channel { id: channel.id.or(number), ..channel },
        time,
        id: snap_id.as_ref().and_then(number_of_picture),
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
    channel: Channel,
    /// The channel by its number, where no text names it.
    number: Option<Text>,
    time: Option<Text>,
    snap_id: Option<Json<'a>>,
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
        match folded.as_ref() {
            "strchn" if channel(&value).is_some() => self.channel.id = channel(&value),
            "chn" if channel_from_zero(&value).is_some() => self.number = channel_from_zero(&value),
            "chn_alias" | "chn_alais" | "channel_name" if value.to_text().is_some() => {
                self.channel.name = text(&value);
            }
            "starttime" if !is_container(&value) => self.time = number_of_picture(&value),
            "snapid" if !is_container(&value) => self.snap_id = Some(value),
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
    /// `Image2`: the face, cut out.
    Face,
    /// `Image3`: the body, cut out.
    Body,
}

impl Slot {
    fn of(folded_name: &str) -> Option<Self> {
        match folded_name {
            "background" | "bgimg" | "image4" => Some(Self::Frame),
            "objectimage" => Some(Self::CutOut),
            "plateimg" => Some(Self::Plate),
            "image1" => Some(Self::Album),
            "image2" => Some(Self::Face),
            "image3" => Some(Self::Body),
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
