//! From a message to normalized events.

use std::borrow::Cow;

use camhook_event::{
    Camera, Device, Face, Fraction, ImageRole, Kind, Plate, PlateList, Report, TargetClass, Text, Vehicle,
    VendorData, Zone,
};
use camhook_ingest::{DeviceTime, Draft, DraftImage, DraftTarget, Identity};
use camhook_site::Retention;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::kind::kind;
use crate::message::{
    AlarmPicture, Flat, Manual, Membership, Rich, Sender, Snap, SnappedFace, SnappedObject, SnappedPlate,
};
use crate::time::device_time;

/// What surrounds a message: the source's settings, and when it came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circumstances<'s> {
    /// The zone of local times.
    pub(crate) timezone: &'s TimeZone,
    /// Whether faces are kept.
    pub(crate) faces: Retention,
    /// When the post was received.
    pub(crate) received_at: Timestamp,
}

impl Circumstances<'_> {
    fn device_time(&self, text: Option<&Text>) -> Option<DeviceTime> {
        Some(device_time(text?.clone(), self.timezone, self.received_at))
    }
}

/// The event of a button. Nothing in the request tells two presses apart but the request itself.
pub(crate) fn manual_draft<'a>(manual: Manual<'a>, circumstances: &Circumstances<'_>) -> Draft<'a> {
    let Manual { button, sender, time, rest } = manual;
    let mut draft = Draft::new(Kind::Manual, Identity::Delivery);
    draft.vendor_kind = Text::new("Manual Push");
    draft.device_time = circumstances.device_time(time.as_ref());
    draft.zone = Some(Zone { id: Some(button), ..Zone::default() });
    place(&mut draft, &sender, None, None);
    rest.keep(&mut draft.vendor_data);
    draft
}

/// The events of a flat post: one, and one for each plate and each face beyond the first.
pub(crate) fn flat_drafts<'a>(flat: Flat<'a>, circumstances: &Circumstances<'_>) -> Vec<Draft<'a>> {
    let Flat { event_type, state, time, sender, snapped, picture, rest } = flat;
    let mut common = draft(kind(event_type.as_str()), circumstances.device_time(time.as_ref()));
    common.vendor_kind = Some(event_type);
    common.state = state;
    place(&mut common, &sender, None, None);
    rest.keep(&mut common.vendor_data);

    let mut first = common.clone();
    if let Some(base64) = picture {
        push_image(&mut first, picture_role(common.kind, circumstances), base64);
    }
    if let (Kind::Other, Some(object)) = (first.kind, snapped.objects.first()) {
        first.kind = object.kind;
    }
    for object in snapped.objects {
        add_object(&mut first, object, circumstances);
    }
    let mut drafts = vec![first];
    let has_room = |draft: &Draft<'_>| draft.plate.is_none() && draft.face.is_none();
    for plate in snapped.plates {
        if let Some(draft) = last_with_room(&mut drafts, &common, has_room) {
            add_plate(draft, plate);
        }
    }
    for face in snapped.faces {
        if let Some(draft) = last_with_room(&mut drafts, &common, has_room) {
            add_face(draft, face, circumstances);
        }
    }
    drafts
}

/// The last draft when it has room, else another one like the first was.
fn last_with_room<'d, 'a>(
    drafts: &'d mut Vec<Draft<'a>>,
    common: &Draft<'a>,
    has_room: impl Fn(&Draft<'a>) -> bool,
) -> Option<&'d mut Draft<'a>> {
    if !drafts.last().is_some_and(has_room) {
        drafts.push(common.clone());
    }
    drafts.last_mut()
}

/// The events of a rich post: one for each alarm, each plate and each face, one for the objects of one kind in one
/// channel. What was recognized joins the alarm of its kind and channel that stands in the same post.
pub(crate) fn rich_drafts<'a>(rich: Rich<'a>, circumstances: &Circumstances<'_>) -> Vec<Draft<'a>> {
    let channel_name = rich.sender.channel_name.clone().filter(|_| is_of_one_channel(&rich));
    let Rich { sender, alarms, pictures, snapped, rest } = rich;
    let sender = Sender { channel_name, ..sender };
    let mut drafts = Drafts { drafts: Vec::with_capacity(alarms.len()), sender: &sender, circumstances };
    for alarm in alarms {
        let mut draft = draft(alarm.kind, circumstances.device_time(alarm.time.as_ref()));
        draft.vendor_kind = Some(alarm.word);
        draft.event_ids.extend(alarm.picture);
        place(&mut draft, &sender, alarm.channel.as_ref(), alarm.channel_name);
        draft.device.name = draft.device.name.or(alarm.device_name);
        alarm.rest.keep(&mut draft.vendor_data);
        drafts.drafts.push(draft);
    }
    for picture in pictures {
        drafts.add_alarm_picture(picture);
    }
    for object in snapped.objects {
        if let Some(draft) = drafts.of_snap("SnapedObjInfo", object.kind, &object.snap, |_| true) {
            add_object(draft, object, circumstances);
        }
    }
    for plate in snapped.plates {
        if let Some(draft) =
            drafts.of_snap("PlateInfo", Kind::Plate, &plate.snap, |draft| draft.plate.is_none())
        {
            add_plate(draft, plate);
        }
    }
    for face in snapped.faces {
        let kind = if matched(&face).is_some() { Kind::FaceMatch } else { Kind::Face };
        if let Some(draft) = drafts.of_snap("FaceInfo", kind, &face.snap, |draft| draft.face.is_none()) {
            add_face(draft, face, circumstances);
        }
    }
    let mut common = VendorData::default();
    rest.keep(&mut common);
    let mut drafts = drafts.drafts;
    // What is said once for the whole post stands in its first events: repeated in hundreds it would be long.
    for draft in drafts.iter_mut().take(COMMON_DATA_LIMIT) {
        for (name, value) in common.iter() {
            draft.vendor_data.insert(name, value.clone());
        }
    }
    drafts
}

/// In how many events of one post the data of the whole post is kept.
const COMMON_DATA_LIMIT: usize = 32;

/// Whether all of a post is about one channel: then the one channel name that the device gives is that of it.
fn is_of_one_channel(rich: &Rich<'_>) -> bool {
    let Rich { alarms, pictures, snapped, .. } = rich;
    let mut channels: Vec<&Text> = alarms
        .iter()
        .filter_map(|alarm| alarm.channel.as_ref())
        .chain(pictures.iter().filter_map(|picture| picture.channel.as_ref()))
        .chain(snapped.objects.iter().filter_map(|object| object.snap.channel.as_ref()))
        .chain(snapped.plates.iter().filter_map(|plate| plate.snap.channel.as_ref()))
        .chain(snapped.faces.iter().filter_map(|face| face.snap.channel.as_ref()))
        .collect();
    channels.sort_unstable();
    channels.dedup();
    channels.len() <= 1
}

/// The events of a rich post while they are put together.
struct Drafts<'a, 's> {
    drafts: Vec<Draft<'a>>,
    sender: &'s Sender,
    circumstances: &'s Circumstances<'s>,
}

impl<'a> Drafts<'a, '_> {
    /// The event of a kind in a channel that has room, or a new one. An event that no alarm told of is known by the
    /// list that it stands in.
    fn of_snap(
        &mut self,
        list: &str,
        kind: Kind,
        snap: &Snap,
        has_room: impl Fn(&Draft<'a>) -> bool,
    ) -> Option<&mut Draft<'a>> {
        let is_it =
            |draft: &Draft<'a>| draft.kind == kind && draft.device.channel == snap.channel && has_room(draft);
        if let Some(at) = self.drafts.iter().position(is_it) {
            return self.drafts.get_mut(at);
        }
        let mut draft = draft(kind, self.circumstances.device_time(snap.time.as_ref()));
        draft.vendor_kind = Text::new(list);
        place(&mut draft, self.sender, snap.channel.as_ref(), None);
        self.drafts.push(draft);
        self.drafts.last_mut()
    }

    /// Gives a picture to the alarm that names its number, else to one of its channel. A picture that came without
    /// its alarm is a report by itself: it tells again, later, what an alarm told.
    fn add_alarm_picture(&mut self, picture: AlarmPicture<'a>) {
        let AlarmPicture { channel, id, time, base64 } = picture;
        let of_channel = |draft: &Draft<'a>| {
            channel.is_none() || draft.device.channel.is_none() || draft.device.channel == channel
        };
        let of_id = |draft: &Draft<'a>| id.as_ref().is_some_and(|id| draft.event_ids.contains(id));
        let found = self
            .drafts
            .iter()
            .position(|draft| of_id(draft) && of_channel(draft))
            .or_else(|| self.drafts.iter().position(of_channel));
        if let Some(draft) = found.and_then(|at| self.drafts.get_mut(at)) {
            push_image(draft, picture_role(draft.kind, self.circumstances), base64);
            return;
        }
        let mut draft = draft(Kind::Other, self.circumstances.device_time(time.as_ref()));
        draft.vendor_kind = Text::new("alarm_snap_data");
        draft.report = Report::Status;
        draft.event_ids.extend(id);
        place(&mut draft, self.sender, channel.as_ref(), None);
        push_image(&mut draft, ImageRole::Snapshot, base64);
        self.drafts.push(draft);
    }
}

/// An event of which nothing but its time is known yet. Without a time that means something, two of them may have
/// been posted alike.
fn draft<'a>(kind: Kind, device_time: Option<DeviceTime>) -> Draft<'a> {
    let is_timed = device_time.as_ref().is_some_and(|time| time.at.is_some());
    let mut draft = Draft::new(kind, if is_timed { Identity::Content } else { Identity::Delivery });
    draft.device_time = device_time;
    draft
}

/// Says where it happened. A camera without a channel is known by its channel's name.
fn place(draft: &mut Draft<'_>, sender: &Sender, channel: Option<&Text>, channel_name: Option<Text>) {
    let name = channel_name.or_else(|| sender.channel_name.clone());
    draft.camera = channel.or(name.as_ref()).cloned().map(|id| Camera { id, name: name.clone() });
    draft.device = Device {
        mac: sender.mac,
        name: sender.name.clone(),
        serial: None,
        address: sender.address.clone(),
        channel: channel.cloned(),
    };
}

/// What a picture shows of which only the alarm is known. Of a face that is not to be kept it is taken for one.
fn picture_role(kind: Kind, circumstances: &Circumstances<'_>) -> ImageRole {
    match (circumstances.faces, kind) {
        (Retention::Drop, Kind::Face | Kind::FaceMatch) => ImageRole::Face,
        _ => ImageRole::Snapshot,
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

fn add_object<'a>(draft: &mut Draft<'a>, object: SnappedObject<'a>, circumstances: &Circumstances<'_>) {
    let SnappedObject { snap, kind: _, class, cut_out, background, rest } = object;
    let overview = background.map(|base64| push_image(draft, ImageRole::Overview, base64));
    let role = if class == Some(TargetClass::Face) { ImageRole::Face } else { ImageRole::Target };
    let image = cut_out.map(|base64| push_image(draft, role, base64)).or(overview);
    let target = DraftTarget { class, image, ..DraftTarget::default() };
    draft.targets.push(match (class, circumstances.faces) {
        (Some(TargetClass::Face), Retention::Drop) => target,
        _ => DraftTarget { id: snap.id, attributes: rest.to_attributes(), ..target },
    });
}

fn add_plate<'a>(draft: &mut Draft<'a>, plate: SnappedPlate<'a>) {
    let SnappedPlate { snap, text, membership, owner, brand, vehicle_type, cut_out, background, rest } =
        plate;
    if draft.kind == Kind::Other {
        draft.kind = Kind::Plate;
    }
    let overview = background.map(|base64| push_image(draft, ImageRole::Overview, base64));
    let image = cut_out.map(|base64| push_image(draft, ImageRole::Plate, base64)).or(overview);
    draft.targets.push(DraftTarget { class: Some(TargetClass::Plate), image, ..DraftTarget::default() });
    draft.event_ids.extend(snap.id);
    draft.plate = text.map(|text| Plate {
        list: list(membership),
        owner,
        vehicle: Vehicle { vehicle_type, brand, ..Vehicle::default() }.known(),
        ..Plate::new(text)
    });
    rest.keep(&mut draft.vendor_data);
}

fn add_face<'a>(draft: &mut Draft<'a>, face: SnappedFace<'a>, circumstances: &Circumstances<'_>) {
    let matched = matched(&face);
    let SnappedFace { snap, person_id, name, membership, similarity, pictures, background, mut rest } = face;
    if matches!(draft.kind, Kind::Face | Kind::Other) {
        draft.kind = if matched.is_some() { Kind::FaceMatch } else { Kind::Face };
    }
    let overview = background.map(|base64| push_image(draft, ImageRole::Overview, base64));
    let mut image = None;
    for base64 in pictures {
        let index = push_image(draft, ImageRole::Face, base64);
        image = image.or(Some(index));
    }
    draft.targets.push(DraftTarget {
        class: Some(TargetClass::Face),
        image: image.or(overview),
        ..DraftTarget::default()
    });
    // Neither scale is documented: up to 1 it is taken for a fraction, above it for a percentage.
    let similarity = similarity.map(|value| if value > 1.0 { value / 100.0 } else { value });
    draft.face = Face {
        matched,
        similarity: similarity.and_then(Fraction::new),
        person_id,
        name,
        list: list(membership),
        age: rest.take_text(&["Age"]).filter(|age| age.as_str() != "0"),
        ..Face::default()
    }
    .known();
    if circumstances.faces == Retention::Keep {
        draft.event_ids.extend(snap.id);
        rest.keep(&mut draft.vendor_data);
    }
}

/// Whether a face was found in the device's album, as far as the post says so.
fn matched(face: &SnappedFace<'_>) -> Option<bool> {
    match face.membership {
        Membership::Stranger => Some(false),
        Membership::Unsaid if face.person_id.is_some() || face.name.is_some() => Some(true),
        Membership::Unsaid => None,
    }
}

fn list(membership: Membership) -> Option<PlateList> {
    match membership {
        Membership::Stranger => Some(PlateList::Stranger),
        Membership::Unsaid => None,
    }
}
