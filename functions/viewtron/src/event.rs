//! From a post's message to drafts of events.

mod level;

use std::borrow::Cow;
use std::collections::BTreeMap;

use camhook_event::{
    Camera, Counts, Device, Face, Fraction, ImageRole, Kind, MacAddress, Plate, PlateList, Report, State,
    Tally, TargetClass, Text, Vehicle, Zone, ZoneShape,
};
use camhook_ingest::{DeviceTime, Draft, DraftImage, DraftTarget, Identity};
use camhook_site::Retention;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Number, Value};

use crate::frame::{self, Unit};
use crate::message::{Block, Content, Item, Model, Place, PlateMatch, Post, Sender, Smart, Tracks};
use crate::parse::number;
use crate::scalars::Scalars;
use crate::{time, vocabulary};

/// The most that is kept of a device's name, serial number and the like, in bytes: they are repeated in each event
/// of a post.
const IDENTIFIER_LIMIT: usize = 256;

/// What of the source and of the request parsing depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ParseContext<'a> {
    /// The zone of local times.
    pub(crate) timezone: &'a TimeZone,
    /// Whether anything of a person's face is kept.
    pub(crate) faces: Retention,
    /// When the post was received.
    pub(crate) received_at: Timestamp,
    /// Length of the body in bytes.
    pub(crate) length: usize,
}

/// The events of a post, in its order; none for a heartbeat.
pub(crate) fn drafts<'a>(post: Post<'a>, context: ParseContext<'_>) -> Vec<Draft<'a>> {
    let Post { sender, times, content } = post;
    let time = time::device_time(&times, context.timezone, context.received_at);
    let (mut common, unread) = Common::new(&sender, time);
    match content {
        Content::Keepalive | Content::NoAlarm | Content::UnwantedTracks => Vec::new(),
        Content::Tracks(mut tracks) => {
            tracks.scalars.append(unread);
            vec![tracking(&common, tracks)]
        }
        Content::Reports { alarms, smart, tracks, mut scalars } => {
            scalars.append(unread);
            let hides_faces = smart
                .as_ref()
                .is_some_and(|smart| context.faces == Retention::Drop && is_of_faces(smart, &scalars));
            if hides_faces {
                // Any value may be a name or a number that says who it is: only what is known to be neither stays.
                scalars.retain(|name, _| is_impersonal(name));
            }
            common.scalars = scalars;
            let mut drafts = level::levels(&common, &sender, &alarms, context);
            drafts.extend(tracks.map(|tracks| tracking(&common, tracks)));
            if let Some(smart) = smart {
                drafts.extend(detections(common, *smart, context));
            }
            drafts
        }
    }
}

/// What every event of a post has.
struct Common<'a> {
    identity: Identity,
    camera: Option<Camera>,
    device: Device,
    time: Option<DeviceTime>,
    scalars: Scalars<'a>,
}

impl<'a> Common<'a> {
    /// Also gives what could not be read.
    fn new(sender: &Sender<'a>, time: Option<DeviceTime>) -> (Self, Scalars<'a>) {
        let identifier = |value: &Option<Cow<'a, str>>| value.as_deref().and_then(identifier);
        let mut unread = Scalars::default();
        let mac = sender.mac.as_deref().and_then(MacAddress::parse);
        if let (None, Some(text)) = (mac, &sender.mac) {
            unread.push("mac", text.clone());
        }
        let channel = identifier(&sender.channel);
        let name = identifier(&sender.name);
        let camera_name = match sender.model {
            Model::Camera => name.clone(),
            Model::Recorder => None,
        };
        let camera = channel.clone().or_else(|| Text::new("1")).map(|id| Camera { id, name: camera_name });
        let device = Device {
            mac,
            name,
            serial: identifier(&sender.serial),
            address: identifier(&sender.address),
            channel,
        };
        // Without a time two alarms may be posted alike.
        let identity = match &time {
            Some(DeviceTime { at: Some(_), .. }) => Identity::Content,
            _ => Identity::Delivery,
        };
        (Self { identity, camera, device, time, scalars: Scalars::default() }, unread)
    }

    fn draft(&self, kind: Kind) -> Draft<'a> {
        let mut draft = Draft::new(kind, self.identity.clone());
        draft.camera = self.camera.clone();
        draft.device = self.device.clone();
        draft.device_time = self.time.clone();
        draft
    }
}

fn identifier(value: &str) -> Option<Text> {
    Text::new(value.get(..value.floor_char_boundary(IDENTIFIER_LIMIT))?)
}

fn text(value: Option<Cow<'_, str>>) -> Option<Text> {
    Text::new(&value?)
}

/// What each of several events of one post may hold of the values that they share, in bytes: a post of many
/// events must not become many times as large.
fn share(length: usize, events: usize) -> usize {
    (length / events.max(1)).max(IDENTIFIER_LIMIT)
}

/// The positions of a tracking post.
fn tracking<'a>(common: &Common<'a>, tracks: Tracks<'a>) -> Draft<'a> {
    let mut draft = common.draft(Kind::Tracking);
    draft.vendor_kind = identifier(tracks.name);
    draft.report = Report::Tracking;
    draft.targets = tracks.targets.into_iter().map(|item| target(item, PARTS, None).target).collect();
    draft.vendor_data = tracks.scalars.to_vendor_data();
    draft
}

/// The events of a smart post: one, or one for each licence plate.
fn detections<'a>(common: Common<'a>, smart: Smart<'a>, context: ParseContext<'_>) -> Vec<Draft<'a>> {
    let kind = match smart.smart_type.as_deref().map(vocabulary::kind) {
        Some(Kind::Perimeter) => breach(&smart.events),
        Some(kind) => kind,
        None => kind_of_blocks(&smart),
    };
    if kind == Kind::Plate || smart.targets.iter().any(|item| item.is_plate(kind)) {
        return plate_events(common, smart, kind, context);
    }
    vec![detection(common, smart, kind, context.faces)]
}

/// A camera has one word for areas and lines: the block tells. Without one, or with both, it stays open.
fn breach(events: &[Item<'_>]) -> Kind {
    let has = |block: Block| events.iter().any(|item| item.block == block);
    match (has(Block::Perimeter), has(Block::Tripwire)) {
        (true, false) => Kind::Intrusion,
        (false, true) => Kind::LineCrossing,
        _ => Kind::Perimeter,
    }
}

/// The kind of a smart event that names none: what its blocks hold.
fn kind_of_blocks(smart: &Smart<'_>) -> Kind {
    let has_target = |block: Block| smart.targets.iter().any(|item| item.block == block);
    match breach(&smart.events) {
        Kind::Perimeter => {}
        kind => return kind,
    }
    if has_target(Block::Plate) {
        Kind::Plate
    } else if !smart.person.is_empty() {
        Kind::FaceMatch
    } else if has_target(Block::Face) {
        Kind::Face
    } else if !smart.counters.is_empty() {
        Kind::Counting
    } else {
        Kind::Other
    }
}

/// What happened in a smart event apart from who or what was detected.
struct Occurrence {
    state: Option<State>,
    event_ids: Vec<Text>,
    zone: Option<Zone>,
}

/// Takes state, event ids and zone out of all items.
fn occurrence(smart: &mut Smart<'_>, common: &mut Scalars<'_>) -> Occurrence {
    let mut occurrence = Occurrence { state: None, event_ids: Vec::new(), zone: None };
    let mut states = Vec::new();
    for item in smart.events.iter_mut().chain(&mut smart.targets) {
        if let Some(id) = text(item.scalars.take("eventId")).filter(|id| !occurrence.event_ids.contains(id)) {
            occurrence.event_ids.push(id);
        }
        if let Some(status) = item.scalars.get("status") {
            let state = vocabulary::smart_state(status);
            states.push(state);
            if state.is_some() {
                item.scalars.take("status");
            }
        }
        let zone = take_zone(item);
        occurrence.zone = occurrence.zone.or(zone);
    }
    // Blocks of firmware that has no list around its event.
    if let Some(id) = text(common.take("eventId")).filter(|id| !occurrence.event_ids.contains(id)) {
        occurrence.event_ids.push(id);
    }
    occurrence.state = match states.as_slice() {
        [first, others @ ..] if others.iter().all(|other| other == first) => *first,
        _ => states.into_iter().flatten().min(),
    };
    occurrence
}

/// The area or line of an item.
fn take_zone(item: &mut Item<'_>) -> Option<Zone> {
    let word = item.scalars.take("boundary");
    let direction = item.scalars.take("Direct");
    let zone_direction = direction.as_deref().and_then(vocabulary::line_direction);
    if let (Some(direction), None) = (direction, zone_direction) {
        item.scalars.push("Direct", direction);
    }
    let line: Vec<(f64, f64)> = item.line.start.into_iter().chain(item.line.end).collect();
    let (shape, points) = match (line.len(), item.points.is_empty()) {
        (2, _) => (Some(ZoneShape::Line), frame::points(&line)),
        (_, false) => (Some(ZoneShape::Area), frame::points(&item.points)),
        _ => (word_shape(word.as_deref()), Vec::new()),
    };
    if let (Some(word), None) = (&word, word_shape(word.as_deref())) {
        item.scalars.push("boundary", word.clone());
    }
    let zone = Zone { shape, id: None, name: None, points, direction: zone_direction };
    (zone != Zone::default()).then_some(zone)
}

/// `boundary` of a recorder.
fn word_shape(word: Option<&str>) -> Option<ZoneShape> {
    match word?.to_ascii_lowercase().as_str() {
        "area" => Some(ZoneShape::Area),
        "tripwire" | "line" => Some(ZoneShape::Line),
        _ => None,
    }
}

/// Any smart event but those of licence plates.
fn detection<'a>(common: Common<'a>, mut smart: Smart<'a>, kind: Kind, faces: Retention) -> Draft<'a> {
    let mut draft = common.draft(kind);
    let mut scalars = common.scalars;
    let shows_faces = is_of_faces(&smart, &scalars);
    let Occurrence { state, event_ids, zone } = occurrence(&mut smart, &mut scalars);
    draft.state = state;
    draft.event_ids = event_ids;
    draft.zone = zone;
    draft.vendor_kind = text(smart.smart_type.take());
    draft.counts = counts(&mut smart.counters, kind);
    scalars.append(std::mem::take(&mut smart.counters));

    let Smart { events, mut targets, pictures, frame, mut person, .. } = smart;
    if shows_faces {
        let first = targets.iter_mut().find(|item| item.block == Block::Face || kind == Kind::Face);
        draft.face = face(&mut scalars, &mut person, first.map(|item| &mut item.scalars), faces);
    }
    let role = |place| match place {
        Place::Source => ImageRole::Overview,
        Place::Album => ImageRole::Album,
        Place::Snap => ImageRole::Face,
        Place::Target if shows_faces => ImageRole::Face,
        Place::Target => ImageRole::Target,
    };
    draft.images = pictures
        .into_iter()
        .map(|picture| DraftImage { role: role(picture.place), base64: picture.base64 })
        .collect();
    let pixels = frame.map_or(Unit::UnknownPixels, |(width, height)| Unit::Pixels(width, height));
    let mut items = Vec::new();
    for mut item in events.into_iter().chain(targets) {
        if item.shows_target() {
            items.push(item);
        } else {
            // Values of the event itself, as those of a covered camera.
            scalars.append(std::mem::take(&mut item.scalars));
        }
    }
    let read = items.into_iter().map(|item| {
        let rect = if item.block == Block::Face { pixels } else { Unit::Parts };
        // A face's corners are in pixels of the frame that its item names.
        let corners = item.frame.map_or(Unit::UnknownPixels, |(width, height)| Unit::Pixels(width, height));
        let is_face = shows_faces && matches!(item.block, Block::Target | Block::Face);
        target(item, Units { rect, corners }, is_face.then_some(TargetClass::Face))
    });
    draft.targets = merge(read);
    if shows_faces && faces == Retention::Drop {
        scalars.retain(|name, _| is_impersonal(name));
        for target in &mut draft.targets {
            target.attributes.retain(|name, _| is_impersonal(name));
        }
    }
    draft.vendor_data = scalars.to_vendor_data();
    draft
}

/// Whether a post is about faces: by its word, by its blocks, or by values that only a known person has.
fn is_of_faces(smart: &Smart<'_>, scalars: &Scalars<'_>) -> bool {
    let word = smart.smart_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    let is_of_person = |scalars: &Scalars<'_>| {
        ["personId", "personName", "faceId", "similarity", "idNumber", "certificateNumber"]
            .iter()
            .any(|name| scalars.get(name).is_some())
    };
    word.contains("face")
        || word.contains("vfd")
        || !smart.person.is_empty()
        || is_of_person(scalars)
        || smart.targets.iter().any(|item| item.block == Block::Face || is_of_person(&item.scalars))
        || smart.pictures.iter().any(|picture| matches!(picture.place, Place::Snap | Place::Album))
}

/// Values of a face post that say nothing of who it is: how, when and how well it was seen.
fn is_impersonal(name: &str) -> bool {
    const NAMES: [&str; 34] = [
        "subscribeOption",
        "subscribeRelation",
        "relativeTime",
        "dataType",
        "width",
        "height",
        "targetType",
        "status",
        "eventId",
        "rect",
        "pose",
        "sex",
        "age",
        "glasses",
        "mask",
        "hat",
        "PosFaceImage",
        "feature_score",
        "eye_dist",
        "blur",
        "pose_est_score",
        "illumination",
        "faceliveness",
        "completeness",
        "comprehensive_score",
        "livingBody",
        "temperature",
        "deviceNo.",
        "mac",
        "matchResult",
        "similarity",
        "presonListType",
        "personListType",
        "listType",
    ];
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The face of a post, taken out of its values.
fn face<'a>(
    scalars: &mut Scalars<'a>,
    person: &mut Scalars<'a>,
    item: Option<&mut Scalars<'a>>,
    faces: Retention,
) -> Option<Face> {
    let mut found = Face::default();
    if let Some(word) = scalars.take("matchResult") {
        found.matched = vocabulary::truth(&word);
        if found.matched.is_none() {
            scalars.push("matchResult", word);
        }
    }
    found.similarity = take_fraction(scalars, "similarity", percentage);
    let list_names = ["presonListType", "personListType", "listType"];
    if let Some(word) = person.take_any(&list_names).or_else(|| scalars.take_any(&list_names)) {
        let listed = vocabulary::list(&word);
        found.list = listed.filter(|list| is_supported(*list, found.matched));
        if found.list.is_none() && (listed.is_some() || faces == Retention::Keep) {
            scalars.push("personListType", word);
        }
    }
    if faces == Retention::Keep {
        found.person_id = text(person.take("personId"));
        found.name = text(person.take("name"));
        found.sex = text(person.take("sex"));
        found.age = text(person.take("age"));
        scalars.append(std::mem::take(person));
    }
    if let Some(item) = item {
        let mut estimate = |name: &str| text(item.take(name));
        found.sex = found.sex.or(estimate("sex"));
        found.age = found.age.or(estimate("age"));
        found.glasses = estimate("glasses");
        found.mask = estimate("mask");
    }
    found.known()
}

/// Whether a list may be believed, by whether the face was found in the album: nobody is let in by the list of a face that
/// was compared with theirs and is another one.
fn is_supported(list: PlateList, matched: Option<bool>) -> bool {
    match list {
        PlateList::Allow | PlateList::Temporary => matched == Some(true),
        PlateList::Deny => matched != Some(false),
        PlateList::Stranger | PlateList::Unlisted => true,
    }
}

/// The nine counters; none for what is not counting.
fn counts(counters: &mut Scalars<'_>, kind: Kind) -> Option<Counts> {
    if kind != Kind::Counting {
        return None;
    }
    let mut count = |name: String| counters.take(&name).and_then(|value| value.parse().ok());
    let mut tally = |class: &str| Tally {
        enter: count(format!("enter{class}Count")),
        leave: count(format!("leave{class}Count")),
        inside: count(format!("exist{class}Count")),
    };
    let (person, vehicle, motorcycle_bicycle) = (tally("Person"), tally("Car"), tally("Bike"));
    Counts { person, vehicle, motorcycle_bicycle, ..Counts::default() }.known()
}

/// What the coordinates of an item count.
#[derive(Debug, Clone, Copy)]
struct Units {
    /// Those of `rect`.
    rect: Unit,
    /// Those of the four corners.
    corners: Unit,
}

/// Ten-thousandths, as nearly everywhere.
const PARTS: Units = Units { rect: Unit::Parts, corners: Unit::Parts };

/// A target, and where its item stood.
struct ReadTarget {
    block: Block,
    target: DraftTarget,
}

/// The target of an item. `class` is what it is for certain; else its `targetType` tells.
fn target(item: Item<'_>, units: Units, class: Option<TargetClass>) -> ReadTarget {
    let Item { block, rect, corners, picture, raw, car, plate, mut scalars, .. } = item;
    let mut target = DraftTarget {
        id: text(scalars.take("targetId").or_else(|| scalars.take_any(&["vehiceId", "vehicleId"]))),
        image: picture,
        ..DraftTarget::default()
    };
    target.class = class.or_else(|| {
        let word = scalars.get("targetType")?;
        let class = vocabulary::target_class(word)?;
        if class != TargetClass::Other {
            scalars.take("targetType");
        }
        Some(class)
    });
    let corners = frame::around(&corners);
    target.bounding_box = rect
        .and_then(|rect| frame::rectangle(rect, units.rect))
        .or_else(|| frame::rectangle(corners?, units.corners));
    scalars.append(car);
    scalars.append(plate);
    target.attributes = scalars.to_attributes();
    let unplaced = rect.or(corners).filter(|sides| target.bounding_box.is_none() && *sides != [0.0; 4]);
    if let Some([x1, y1, x2, y2]) = unplaced {
        keep_raw(&mut target.attributes, "rect", &[("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2)]);
    }
    for (name, numbers) in raw {
        keep_raw(&mut target.attributes, name, &numbers);
    }
    ReadTarget { block, target }
}

/// Keeps numbers as they were sent.
fn keep_raw(attributes: &mut BTreeMap<String, Value>, name: &str, numbers: &[(&str, f64)]) {
    let object: Map<String, Value> = numbers
        .iter()
        .filter_map(|&(name, value)| {
            // Every number of this dialect that is whole is far within 53 bits.
            let whole = (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64);
            let number = whole.map(Number::from).or_else(|| Number::from_f64(value))?;
            Some((name.to_owned(), Value::Number(number)))
        })
        .collect();
    attributes.insert(name.to_owned(), Value::Object(object));
}

/// Joins what the list of events and the list of pictures say of one target.
fn merge(read: impl Iterator<Item = ReadTarget>) -> Vec<DraftTarget> {
    let mut merged: Vec<DraftTarget> = Vec::new();
    let mut events = 0;
    for ReadTarget { block, target } in read {
        let is_event = matches!(block, Block::Perimeter | Block::Tripwire | Block::Event);
        let same = if is_event || target.id.is_some() {
            merged.iter().position(|other| other.id.is_some() && other.id == target.id)
        } else {
            // The one picture of the one event, without a number.
            (events == 1 && merged.len() == 1).then_some(0)
        };
        events += usize::from(is_event);
        let is_nothing = target == DraftTarget::default();
        match same.and_then(|at| merged.get_mut(at)) {
            Some(other) if other.image.is_none() || target.image.is_none() => join(other, target),
            // A second picture of a target is another entry, so that none is lost.
            _ if is_nothing => {}
            _ => merged.push(target),
        }
    }
    merged
}

fn join(target: &mut DraftTarget, other: DraftTarget) {
    target.id = target.id.take().or(other.id);
    target.class = target.class.or(other.class);
    target.confidence = target.confidence.or(other.confidence);
    target.bounding_box = target.bounding_box.or(other.bounding_box);
    target.image = target.image.or(other.image);
    for (name, value) in other.attributes {
        target.attributes.entry(name).or_insert(value);
    }
}

/// The events of a plate post: one for each plate.
fn plate_events<'a>(
    common: Common<'a>,
    mut smart: Smart<'a>,
    kind: Kind,
    context: ParseContext<'_>,
) -> Vec<Draft<'a>> {
    let mut base = common.draft(kind);
    let mut scalars = common.scalars;
    let Occurrence { state, event_ids, zone } = occurrence(&mut smart, &mut scalars);
    base.state = state;
    base.event_ids = event_ids;
    base.zone = zone;
    base.vendor_kind = text(smart.smart_type.take());
    let Smart { targets, pictures, frame, counters, person, .. } = smart;
    scalars.append(counters);
    if context.faces == Retention::Keep {
        scalars.append(person);
    }

    let (plates, others): (Vec<_>, Vec<_>) = targets.into_iter().partition(|item| item.is_plate(kind));
    for mut item in others {
        // The item of the frame's picture holds the plate's values too, all of them 0.
        item.scalars.retain(|_, value| value != "0");
        scalars.append(item.scalars);
    }
    scalars.cut_to(share(context.length, plates.len()));
    base.vendor_data = scalars.to_vendor_data();
    let of_plates: Vec<usize> = plates.iter().filter_map(|item| item.picture).collect();
    let shared = |at: &usize| !of_plates.contains(at);
    let pixels = frame.map_or(Unit::UnknownPixels, |(width, height)| Unit::Pixels(width, height));

    let role = |place| match place {
        Place::Source | Place::Target => ImageRole::Overview,
        Place::Snap => ImageRole::Face,
        Place::Album => ImageRole::Album,
    };
    if plates.is_empty() {
        base.images = pictures
            .into_iter()
            .map(|picture| DraftImage { role: role(picture.place), base64: picture.base64 })
            .collect();
        return vec![base];
    }
    let mut drafts = Vec::with_capacity(plates.len());
    for (ordinal, item) in plates.into_iter().enumerate() {
        let mut draft = base.clone();
        for (at, picture) in pictures.iter().enumerate() {
            let role = match item.picture {
                Some(own) if own == at => ImageRole::Plate,
                // A picture that had to be put together goes along once: many plates would make it many times.
                _ if shared(&at) && (ordinal == 0 || matches!(picture.base64, Cow::Borrowed(_))) => {
                    role(picture.place)
                }
                _ => continue,
            };
            draft.images.push(DraftImage { role, base64: picture.base64.clone() });
        }
        let own = draft.images.iter().position(|image| image.role == ImageRole::Plate);
        draft.targets = vec![plate_target(item, pixels, own, &mut draft.plate)];
        drafts.push(draft);
    }
    drafts
}

/// The target of a plate's item, and the plate.
fn plate_target(
    mut item: Item<'_>,
    pixels: Unit,
    image: Option<usize>,
    plate: &mut Option<Plate>,
) -> DraftTarget {
    let is_from_recorder = item.block == Block::Plate;
    *plate = read_plate(&mut item);
    item.scalars.take("image");
    // A recorder's box is in pixels; a camera's is in ten-thousandths, as are its corners.
    let units = if is_from_recorder { Units { rect: pixels, ..PARTS } } else { PARTS };
    let mut target = target(item, units, Some(TargetClass::Plate)).target;
    target.confidence = plate.as_ref().and_then(|plate| plate.confidence);
    target.image = image;
    target
}

fn read_plate(item: &mut Item<'_>) -> Option<Plate> {
    let scalars = &mut item.scalars;
    let plate_text = text(item.plate.take("licensePlateNumber").or_else(|| scalars.take("plateNumber")))?;
    let list_word = scalars.take("vehicleListType");
    let group = text(item.plate.take("groupName"));
    let denies_match =
        |values: &Scalars<'_>| values.get("matchResult").and_then(vocabulary::truth) == Some(false);
    let is_unmatched = denies_match(scalars) || denies_match(&item.plate);
    let list = match (&list_word, &group) {
        (Some(word), _) => vocabulary::list(word).filter(|list| is_supported(*list, Some(!is_unmatched))),
        // The name of a group is anybody's text: it counts where the device says that it found the plate in its database.
        (None, Some(group)) if item.plate_match == PlateMatch::Found && !is_unmatched => {
            vocabulary::list(group.as_str())
        }
        // A plate that is on no list has no element that says so.
        (None, None) if item.plate_match == PlateMatch::Absent => Some(PlateList::Unlisted),
        (None, _) => None,
    };
    if let (Some(word), None) = (list_word, list) {
        scalars.push("vehicleListType", word);
    }
    let direction_word = scalars.take("vehicleDirect");
    let direction = direction_word.as_deref().and_then(vocabulary::vehicle_direction);
    if let (Some(word), None) = (direction_word, direction) {
        scalars.push("vehicleDirect", word);
    }
    // A camera's colours are numbers whose meaning is not known; a recorder's are words.
    let has_color_word = scalars.get("plateColor").is_some_and(|value| number(value).is_none());
    let color_name = if has_color_word { "plateColor" } else { "color" };
    let color = item.plate.take("color").or_else(|| scalars.take(color_name));
    let vehicle = Vehicle {
        vehicle_type: text(item.car.take_any(&["type", "carType"])),
        color: text(item.car.take("color")),
        brand: text(item.car.take("brand")),
        model: text(item.car.take("model")),
    };
    Some(Plate {
        list,
        group,
        direction,
        confidence: take_fraction(scalars, "PlateConfidence", confidence),
        color: text(color),
        region: text(scalars.take("province")),
        owner: text(item.plate.take("carOwner")),
        vehicle: vehicle.known(),
        ..Plate::new(plate_text)
    })
}

/// Takes a value that can be read; one that cannot stays.
fn take_fraction(
    scalars: &mut Scalars<'_>,
    name: &str,
    read: impl Fn(&str) -> Option<Fraction>,
) -> Option<Fraction> {
    let fraction = read(scalars.get(name)?)?;
    scalars.take(name);
    Some(fraction)
}

/// `9900` is 99.00 %. A number up to 100 is taken for a percentage: no camera would report a plate of which it is
/// sure by less than one in a hundred.
fn confidence(value: &str) -> Option<Fraction> {
    match percentage(value) {
        Some(fraction) => Some(fraction),
        None => Fraction::of(number(value)?, 10_000.0),
    }
}

/// A number from 0 to 100, with or without a percent sign.
fn percentage(value: &str) -> Option<Fraction> {
    let value = value.trim_end_matches('%').trim_end();
    Fraction::of(number(value).filter(|number| *number <= 100.0)?, 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confidence_is_a_percentage_in_hundredths_or_not() {
        let read = |value: &str| confidence(value).map(Fraction::value);
        for (value, expected) in
            [("9900", 0.99), ("99", 0.99), ("99.5%", 0.995), ("99.5 %", 0.995), ("100%", 1.0), ("10000", 1.0)]
        {
            assert_eq!(read(value), Some(expected), "{value}");
        }
        for value in ["", "high", "%", "9900%"] {
            assert_eq!(read(value), None, "{value}");
        }
    }

    #[test]
    fn a_list_lets_nobody_in_whose_face_was_not_found() {
        assert!(is_supported(PlateList::Allow, Some(true)));
        for matched in [None, Some(false)] {
            assert!(!is_supported(PlateList::Allow, matched) && !is_supported(PlateList::Temporary, matched));
        }
        assert!(is_supported(PlateList::Deny, None) && !is_supported(PlateList::Deny, Some(false)));
        assert!(is_supported(PlateList::Stranger, Some(false)));
    }
}
