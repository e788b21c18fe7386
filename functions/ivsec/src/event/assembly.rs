//! The events of one post while they are put together.

use std::borrow::Cow;
use std::collections::BTreeMap;

use camhook_event::{
    Face, Fraction, ImageRole, Kind, Plate, PlateList, Report, State, TargetClass, Text, VendorData,
};
use camhook_ingest::{DeviceTime, Draft, DraftImage, DraftTarget, Identity, PICTURES_LIMIT};
use camhook_json::Object;
use camhook_site::Retention;

use super::impersonal::keep_impersonal;
use super::{Context, place};
use crate::message::{
    Alarm, AlarmPicture, Channel, FaceReading, Place, PlateReading, Recognition, Recognized, Scope, Sender,
    WordPlace,
};
use crate::parse::EVENTS_LIMIT;
use crate::vocabulary::{Subject, is_known};

/// The objects of one event; more of them are another event.
const TARGETS_LIMIT: usize = 16;

/// The events that a picture is given to whose number several alarms of its channel name, or in whose `PicData` it is.
const SHARED_LIMIT: usize = 4;

/// The events of a post that hold the data of the post as a whole.
const COMMON_DATA_LIMIT: usize = 32;

/// The events of one post.
pub(super) struct Assembly<'a, 's> {
    parts: Vec<Part<'a>>,
    /// The alarms of flat forms as they were sent, by their numbers: what a second plate or face of one is an event of,
    /// too.
    flats: BTreeMap<usize, Vec<Part<'a>>>,
    /// The first whole frame in `PicData`, by the numbers of its alarms.
    frames: BTreeMap<usize, Frame<'a>>,
    sender: &'s Sender,
    context: &'s Context<'s>,
}

/// A whole frame in which something was recognized.
struct Frame<'a> {
    /// The channel that it is of, where it says so.
    channel: Option<Text>,
    base64: Cow<'a, [u8]>,
}

/// An event.
#[derive(Clone)]
struct Part<'a> {
    draft: Draft<'a>,
    origin: Origin,
    /// What is recognized in the picture when this happens.
    subject: Option<Subject>,
    /// Who or what the vendor's word names.
    class: Option<TargetClass>,
    content: Content,
    /// The `SnapId` of what was snapped.
    snap_id: Option<Text>,
}

/// What an event was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// An alarm of a flat form with this number.
    Flat(usize),
    /// Any other alarm.
    Alarm,
    /// A recognition without one.
    Recognition,
}

/// What was added to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Nothing,
    Objects,
    /// A face, or a plate without a text, of `SnapedObjInfo`: of which the list of its own may say more.
    Snapped(Subject),
    /// A plate, or a face of `FaceInfo`: nothing can be added.
    Whole,
}

impl<'a, 's> Assembly<'a, 's> {
    pub(super) fn new(sender: &'s Sender, context: &'s Context<'s>) -> Self {
        Self { parts: Vec::new(), flats: BTreeMap::new(), frames: BTreeMap::new(), sender, context }
    }

    pub(super) fn add_alarm(&mut self, alarm: Alarm) {
        let Alarm {
            word,
            word_place,
            kind,
            meaning,
            state,
            report,
            scope,
            time,
            picture,
            counts,
            data,
            unknown,
        } = alarm;
        let mut draft = self.draft(kind, time.as_ref());
        let is_shown = word_place == WordPlace::Name || self.keeps_faces() || is_known(word.as_str());
        draft.vendor_kind = Some(word).filter(|_| is_shown);
        draft.state = state;
        draft.report = report;
        draft.event_ids.extend(picture);
        draft.counts = counts;
        draft.vendor_data = data;
        for (name, value) in unknown.iter() {
            draft.vendor_data.insert(name, value.clone());
        }
        let origin = match scope {
            Scope::Flat { channel, number } => {
                place(&mut draft, self.sender, &channel);
                Origin::Flat(number)
            }
            Scope::Channel(channel) => {
                place(&mut draft, self.sender, &channel);
                Origin::Alarm
            }
            Scope::Device(name) => {
                place(&mut draft, self.sender, &Channel::default());
                draft.camera = None;
                draft.device.name = draft.device.name.or(name);
                Origin::Alarm
            }
        };
        let (subject, class) = meaning.map_or((None, None), |meaning| (meaning.subject, meaning.class));
        let part = Part { draft, origin, subject, class, content: Content::Nothing, snap_id: None };
        if let Origin::Flat(number) = origin {
            self.flats.entry(number).or_default().push(part.clone());
        }
        self.push(part);
    }

    /// Gives a picture to the alarms that name its number, else to the first of its channel. One that came without its
    /// alarm is a status report: an alarm was sent before it, or will be.
    pub(super) fn add_picture(&mut self, picture: &AlarmPicture<'a>) {
        let AlarmPicture { place: place_in_post, channel, id, time, base64 } = picture;
        let (faces, has_id) = (self.context.faces, id.is_some());
        let of_channel = |part: &Part<'a>| {
            let own = part.draft.device.channel.as_ref();
            part.draft.images.len() < PICTURES_LIMIT
                && (channel.id.is_none() || own.is_none() || is_same(own, channel.id.as_ref()))
        };
        let names_it = |part: &Part<'a>| id.as_ref().is_some_and(|id| part.draft.event_ids.contains(id));
        let mut given = 0;
        if has_id {
            for part in &mut self.parts {
                if given < SHARED_LIMIT && of_channel(part) && names_it(part) {
                    let role = part.snapshot_role(faces);
                    push_image(&mut part.draft, role, base64.clone());
                    given += 1;
                }
            }
        }
        if given > 0 {
            return;
        }
        let of_alarm = self.parts.iter().position(|part| part.is_at(*place_in_post) && of_channel(part));
        let index = of_alarm.or_else(|| self.parts.iter().position(of_channel));
        if let Some(part) = index.and_then(|index| self.parts.get_mut(index)) {
            let role = part.snapshot_role(faces);
            push_image(&mut part.draft, role, base64.clone());
            return;
        }
        let mut draft = self.draft(Kind::Other, time.as_ref());
        draft.vendor_kind = Text::new("alarm_snap_data");
        draft.report = Report::Status;
        draft.event_ids.extend(id.clone());
        place(&mut draft, self.sender, channel);
        push_image(&mut draft, ImageRole::Snapshot, base64.clone());
        self.push(Part {
            draft,
            origin: Origin::Recognition,
            subject: None,
            class: None,
            content: Content::Whole,
            snap_id: None,
        });
    }

    /// Adds a recognition to the alarm that reports the same, or as an event of its own.
    pub(super) fn add_recognition(&mut self, recognition: Recognition<'a>) {
        let best = self
            .parts
            .iter()
            .enumerate()
            .filter_map(|(index, part)| Some((part.rank(&recognition)?, index)))
            .min();
        let index = match best {
            Some((_, index)) => index,
            None if self.parts.len() > EVENTS_LIMIT => return,
            None => {
                let part = self.part_for(&recognition);
                self.parts.push(part);
                self.parts.len() - 1
            }
        };
        self.note_place(&recognition);
        let Some(part) = self.parts.get_mut(index) else { return };
        let time = self.context.device_time(recognition.time.as_ref());
        if part.draft.device_time.as_ref().is_none_or(|known| known.at.is_none()) && time.is_some() {
            set_time(&mut part.draft, time);
        }
        part.add(recognition, self.context);
    }

    /// Notes the channel and the frame of what stands in `PicData` for all alarms that it may show.
    fn note_place(&mut self, recognition: &Recognition<'a>) {
        let Place::PicData(number) = recognition.place else { return };
        let frame = recognition.images.iter().find(|(role, _)| *role == ImageRole::Overview);
        if let Some((_, base64)) = frame {
            let channel = recognition.channel.id.clone();
            self.frames.entry(number).or_insert_with(|| Frame { channel, base64: base64.clone() });
        }
        let Channel { id: Some(id), name } = recognition.channel.clone() else { return };
        // The post of a camera, whose label is its name.
        let channel = Channel { id: Some(id), name: name.or_else(|| self.sender.label.clone()) };
        for part in &mut self.parts {
            if part.is_at(recognition.place) && part.draft.device.channel.is_none() {
                place(&mut part.draft, self.sender, &channel);
            }
        }
    }

    /// Gives the frame of `PicData` to those of its alarms that nothing else shows.
    fn share_frames(&mut self) {
        for (number, Frame { channel, base64 }) in &self.frames {
            let is_its_own = |part: &&mut Part<'a>| {
                part.is_at(Place::PicData(*number))
                    && part.content == Content::Nothing
                    && part.draft.images.is_empty()
                    && (channel.is_none() || is_same(part.draft.device.channel.as_ref(), channel.as_ref()))
            };
            for part in self.parts.iter_mut().filter(is_its_own).take(SHARED_LIMIT) {
                push_image(&mut part.draft, ImageRole::Overview, base64.clone());
            }
        }
    }

    /// An event for a recognition that no alarm reports. Of what an alarm of a flat form reports it is another; what that
    /// alarm does not report happened where and when it did.
    fn part_for(&self, recognition: &Recognition<'a>) -> Part<'a> {
        let subject = recognition.recognized.subject();
        let flats = match recognition.place {
            Place::PicData(number) => self.flats.get(&number),
            Place::Post => None,
        };
        let flat = flats.and_then(|flats| flats.iter().min_by_key(|flat| flat.rank_of_kind(recognition)));
        let (origin, draft) = match flat {
            Some(flat) if flat.reports(subject) => (flat.origin, flat.draft.clone()),
            Some(flat) => {
                let Draft { camera, device, device_time, .. } = flat.draft.clone();
                let draft = Self::draft_of(recognition.list, device_time);
                (flat.origin, Draft { camera, device, ..draft })
            }
            None => {
                let time = self.context.device_time(recognition.time.as_ref());
                let mut draft = Self::draft_of(recognition.list, time);
                place(&mut draft, self.sender, &recognition.channel);
                (Origin::Recognition, draft)
            }
        };
        Part { draft, origin, subject: Some(subject), class: None, content: Content::Nothing, snap_id: None }
    }

    /// The event of a recognition that has none yet.
    fn draft_of(list: Subject, time: Option<DeviceTime>) -> Draft<'a> {
        let mut draft = Draft::new(Kind::Other, Identity::Delivery);
        draft.vendor_kind = Text::new(match list {
            Subject::Object => "SnapedObjInfo",
            Subject::Plate => "PlateInfo",
            Subject::Face => "FaceInfo",
        });
        set_time(&mut draft, time);
        draft
    }

    /// The drafts, the first of which hold what was sent once for the whole post.
    pub(super) fn finish(mut self, common: &VendorData) -> Vec<Draft<'a>> {
        self.share_frames();
        let faces = self.context.faces;
        let mut drafts: Vec<Draft<'a>> = self.parts.into_iter().map(Part::finish).collect();
        for draft in drafts.iter_mut().take(COMMON_DATA_LIMIT) {
            for (name, value) in common.iter() {
                draft.vendor_data.insert(name, value.clone());
            }
        }
        if faces == Retention::Drop {
            drafts.iter_mut().for_each(keep_impersonal);
        }
        drafts
    }

    fn keeps_faces(&self) -> bool {
        self.context.faces == Retention::Keep
    }

    /// An event of which nothing but its time is known yet.
    fn draft(&self, kind: Kind, time: Option<&Text>) -> Draft<'a> {
        let mut draft = Draft::new(kind, Identity::Delivery);
        set_time(&mut draft, self.context.device_time(time));
        draft
    }

    fn push(&mut self, part: Part<'a>) {
        if self.parts.len() <= EVENTS_LIMIT {
            self.parts.push(part);
        }
    }
}

impl<'a> Part<'a> {
    /// What a picture shows of which only the alarm is known. One of an alarm whose subject are faces is taken for a face
    /// where none is to be kept.
    fn snapshot_role(&self, faces: Retention) -> ImageRole {
        match (faces, self.subject) {
            (Retention::Drop, Some(Subject::Face)) => ImageRole::Face,
            _ => ImageRole::Snapshot,
        }
    }

    /// How well what this alarm reports fits what was recognized in its `PicData`: 0 where it is the same, 1 where the
    /// alarm leaves it open, else 2.
    fn rank_of_kind(&self, recognition: &Recognition<'a>) -> u8 {
        let subject = recognition.recognized.subject();
        let is_same = match recognition.recognized {
            Recognized::Object { kind, .. } => self.draft.kind == kind,
            Recognized::Plate(_) | Recognized::Face(_) => self.subject == Some(subject),
        };
        if !self.reports(subject) {
            2
        } else if is_same {
            0
        } else {
            1 + u8::from(!is_open(self.draft.kind))
        }
    }

    /// Whether the event is that of the flat form whose `PicData` is this place.
    fn is_at(&self, place: Place) -> bool {
        matches!((self.origin, place), (Origin::Flat(own), Place::PicData(number)) if own == number)
    }

    /// Whether something that was recognized in the picture of this alarm is what it reports. A plate or a face is, too,
    /// where the alarm leaves open what there was. What is over reports nothing that is there.
    fn reports(&self, subject: Subject) -> bool {
        let is_reported = match (self.subject, subject) {
            (_, Subject::Object) => true,
            (Some(own @ (Subject::Plate | Subject::Face)), _) => own == subject,
            (Some(Subject::Object) | None, _) => is_open(self.draft.kind),
        };
        is_reported && self.draft.state != Some(State::Stop)
    }

    /// How well a recognition fits into the event, 0 best; `None` when it does not.
    fn rank(&self, recognition: &Recognition<'a>) -> Option<u8> {
        if self.draft.state == Some(State::Stop) {
            return None;
        }
        let is_of_flat = self.is_at(recognition.place);
        if !is_of_flat && !is_same(self.draft.device.channel.as_ref(), recognition.channel.id.as_ref()) {
            return None;
        }
        match &recognition.recognized {
            Recognized::Object { kind, .. } => self.rank_of_object(*kind, recognition),
            Recognized::Plate(_) => self.rank_of_one(Subject::Plate, recognition),
            Recognized::Face(face) => {
                let known = self.draft.face.as_ref().and_then(|known| known.person_id.as_ref());
                let is_another = known.is_some() && known != face.person_id.as_ref();
                self.rank_of_one(Subject::Face, recognition).filter(|_| !is_another)
            }
        }
    }

    fn rank_of_object(&self, kind: Kind, recognition: &Recognition<'a>) -> Option<u8> {
        let is_empty = self.content == Content::Nothing;
        let is_for_objects = self.subject == Some(Subject::Object);
        let has_room = self.draft.targets.len() < TARGETS_LIMIT
            && self.draft.images.len() + recognition.images.len() <= PICTURES_LIMIT;
        if !has_room || self.content == Content::Whole {
            return None;
        }
        match self.draft.kind {
            _ if self.is_at(recognition.place) => Some(self.rank_of_kind(recognition)),
            own if own == kind && is_for_objects => Some(3),
            _ if kind == Kind::Object && is_for_objects && self.origin == Origin::Alarm => Some(4),
            Kind::Object if kind != Kind::Analytics && is_for_objects && is_empty => Some(5),
            _ => None,
        }
    }

    /// The rank of a plate or a face, of which an event holds one. `SnapId` is the number of its picture, also of the
    /// one in which it was snapped; where one of them has none, they are taken in their order.
    fn rank_of_one(&self, subject: Subject, recognition: &Recognition<'a>) -> Option<u8> {
        let is_its_own = self.subject == Some(subject);
        match self.content {
            Content::Snapped(own) if own == subject && recognition.list == subject => {
                match (&self.snap_id, &recognition.id) {
                    (Some(known), Some(id)) => {
                        (known == id || recognition.object_id.as_ref() == Some(known)).then_some(0)
                    }
                    _ => Some(1),
                }
            }
            Content::Nothing | Content::Objects if is_its_own && self.is_at(recognition.place) => Some(2),
            Content::Nothing if self.is_at(recognition.place) && self.reports(subject) => Some(3),
            Content::Nothing if is_its_own => Some(4),
            _ => None,
        }
    }

    fn add(&mut self, recognition: Recognition<'a>, context: &Context<'_>) {
        let Recognition { place: _, list, channel: _, time: _, id, object_id: _, recognized, images, rest } =
            recognition;
        // The frame goes first: what was cut out of it is named by its place in the list.
        let mut images = images;
        images.sort_by_key(|(role, _)| order(*role));
        let mut shown = None;
        let mut frame = None;
        for (role, base64) in images {
            let index = push_image(&mut self.draft, role, base64);
            match role {
                ImageRole::Overview => frame = frame.or(Some(index)),
                ImageRole::Album => {}
                _ => shown = shown.or(Some(index)),
            }
        }
        let image = shown.or(frame);
        match recognized {
            Recognized::Object { kind, class } => self.add_object(kind, class, image, id, &rest),
            Recognized::Plate(plate) => self.add_plate(plate, list, image, id, &rest),
            Recognized::Face(face) => self.add_face(face, list, image, id, &rest, context),
        }
    }

    fn add_object(
        &mut self,
        kind: Kind,
        class: Option<TargetClass>,
        image: Option<usize>,
        id: Option<Text>,
        rest: &Object<'a>,
    ) {
        if kind != Kind::Analytics || self.draft.kind == Kind::Other {
            self.become_kind(kind);
        }
        let attributes = rest.to_attributes();
        self.draft.targets.push(DraftTarget { id, class, image, attributes, ..DraftTarget::default() });
        if self.content == Content::Nothing {
            self.content = Content::Objects;
        }
    }

    /// Adds a plate or a face to the targets, or its picture to the one that was snapped.
    fn add_target(&mut self, class: TargetClass, image: Option<usize>) {
        let known = self.draft.targets.iter_mut().find(|target| target.class == Some(class));
        match (self.content, known) {
            (Content::Snapped(_), Some(target)) => target.image = target.image.or(image),
            _ => {
                let class = Some(class);
                self.draft.targets.push(DraftTarget { class, image, ..DraftTarget::default() });
            }
        }
    }

    fn add_plate(
        &mut self,
        plate: PlateReading,
        list: Subject,
        image: Option<usize>,
        id: Option<Text>,
        rest: &Object<'a>,
    ) {
        let PlateReading { text, read, group, color, owner, vehicle } = plate;
        self.draft.kind = Kind::Plate;
        self.add_target(TargetClass::Plate, image);
        let is_snapped = list == Subject::Object && text.is_none();
        self.content = if is_snapped { Content::Snapped(Subject::Plate) } else { Content::Whole };
        self.snap_id.clone_from(&id);
        let new = id.filter(|id| !self.draft.event_ids.contains(id));
        self.draft.event_ids.extend(new);
        self.draft.plate = text.map(|text| Plate {
            read,
            list: group.and_then(plate_list),
            group: group.and_then(|group| Text::new(&group.to_string())),
            color,
            owner,
            vehicle: vehicle.known(),
            ..Plate::new(text)
        });
        rest.keep(&mut self.draft.vendor_data);
    }

    fn add_face(
        &mut self,
        face: FaceReading,
        list: Subject,
        image: Option<usize>,
        id: Option<Text>,
        rest: &Object<'a>,
        context: &Context<'_>,
    ) {
        let FaceReading { matched, group, person_id, name, similarity, sex, age, glasses, mask } = face;
        self.draft.kind = if matched == Some(true) { Kind::FaceMatch } else { Kind::Face };
        let keeps_faces = context.faces == Retention::Keep;
        if list == Subject::Object {
            self.snap_id.clone_from(&id);
            let (id, attributes) =
                if keeps_faces { (id, rest.to_attributes()) } else { (None, Default::default()) };
            let class = Some(TargetClass::Face);
            self.draft.targets.push(DraftTarget { id, class, image, attributes, ..DraftTarget::default() });
            self.content = Content::Snapped(Subject::Face);
        } else {
            self.add_target(TargetClass::Face, image);
            if keeps_faces {
                self.draft.event_ids.extend(id);
                rest.keep(&mut self.draft.vendor_data);
            }
            self.content = Content::Whole;
        }
        let list = group.and_then(|group| face_list(group, matched, context));
        self.draft.face = Face {
            matched,
            similarity: similarity.and_then(Fraction::new),
            person_id,
            name,
            list,
            group: group.and_then(|group| Text::new(&group.to_string())),
            sex,
            age,
            glasses,
            mask,
        }
        .known();
    }

    /// Takes the kind of a recognition where it says more than the alarm does.
    fn become_kind(&mut self, kind: Kind) {
        if is_open(self.draft.kind) {
            self.draft.kind = kind;
        }
    }

    fn finish(self) -> Draft<'a> {
        let Self { mut draft, class, .. } = self;
        if draft.targets.is_empty() && class.is_some() {
            draft.targets.push(DraftTarget { class, ..DraftTarget::default() });
        }
        draft
    }
}

/// Whether a kind leaves open what there was.
fn is_open(kind: Kind) -> bool {
    matches!(kind, Kind::Other | Kind::Motion | Kind::Object | Kind::Analytics)
}

/// Without a time that means something, two events may have been posted alike.
fn set_time(draft: &mut Draft<'_>, time: Option<DeviceTime>) {
    let is_timed = time.as_ref().is_some_and(|time| time.at.is_some());
    draft.identity = if is_timed { Identity::Content } else { Identity::Delivery };
    draft.device_time = time;
}

fn is_same(one: Option<&Text>, other: Option<&Text>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.as_str().eq_ignore_ascii_case(other.as_str()),
        (None, None) => true,
        _ => false,
    }
}

/// Adds a picture, unless the same one is there already: several targets share the whole frame. Where it stands.
fn push_image<'a>(draft: &mut Draft<'a>, role: ImageRole, base64: Cow<'a, [u8]>) -> usize {
    let known = draft.images.iter().position(|image| image.role == role && image.base64 == base64);
    known.unwrap_or_else(|| {
        draft.images.push(DraftImage { role, base64 });
        draft.images.len() - 1
    })
}

fn order(role: ImageRole) -> u8 {
    match role {
        ImageRole::Overview => 0,
        ImageRole::Face => 1,
        ImageRole::Plate => 2,
        ImageRole::Target => 3,
        ImageRole::Snapshot => 4,
        ImageRole::Album => 5,
    }
}

/// The groups of plates that a device has by itself; which list one of the owner's own is no post says.
fn plate_list(group: i64) -> Option<PlateList> {
    match group {
        1 => Some(PlateList::Allow),
        2 => Some(PlateList::Deny),
        3 => Some(PlateList::Stranger),
        _ => None,
    }
}

/// The list of a face, by the groups that the source's settings name. A face that is not surely the album's is on no
/// list that lets anybody in.
fn face_list(group: i64, matched: Option<bool>, context: &Context<'_>) -> Option<PlateList> {
    let list = *context.groups.get(&group)?;
    let is_possible = match list {
        PlateList::Stranger => matched != Some(true),
        PlateList::Deny => matched != Some(false),
        _ => matched == Some(true),
    };
    is_possible.then_some(list)
}
