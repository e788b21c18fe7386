//! From a post's message to drafts of events.

mod face;
mod level;
mod list;
mod plate;
mod target;

use std::borrow::Cow;

use camhook_event::{
    Camera, Counts, Device, Fraction, ImageRole, Kind, MacAddress, Report, State, Tally, TargetClass, Text,
    Zone, ZoneShape,
};
use camhook_ingest::{DeviceTime, Draft, DraftImage, Identity};
use camhook_site::Retention;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use self::face::{face, is_impersonal, is_of_faces};
use self::plate::{Surroundings, plate_events};
use self::target::{PARTS, Units, merge, target};
use crate::frame::{self, Unit};
use crate::message::{
    Block, Content, IDENTITY, Item, Model, NamePlace, PLATE_TEXTS, Person, Place, Post, Sender, Smart, Tracks,
};
use crate::parse::{EVENTS_LIMIT, number};
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
            trackings(&common, &sender, tracks)
        }
        Content::Reports { alarms, smart, tracks, mut scalars } => {
            scalars.append(unread);
            common.around = Surroundings::of(&scalars, &smart, &alarms);
            let is_of_person = smart.iter().any(|event| is_of_faces(event, &scalars))
                || alarms.iter().any(level::is_of_faces);
            let mut smart = smart;
            if context.faces == Retention::Drop && is_of_person {
                // Any value may be a name or a number that says who it is: only what is known to be neither stays.
                scalars.retain(|name, _| is_impersonal(name));
                for event in &mut smart {
                    event.scalars.retain(|name, _| is_impersonal(name));
                }
            }
            common.scalars = scalars;
            let mut drafts = level::levels(&common, &sender, &alarms, context);
            drafts.extend(tracks.into_iter().flat_map(|tracks| trackings(&common, &sender, tracks)));
            drafts.extend(smart_events(common, &sender, smart, context));
            drafts
        }
    }
}

/// The events of a post's smart events.
fn smart_events<'a>(
    mut common: Common<'a>,
    sender: &Sender<'a>,
    smart: Vec<Smart<'a>>,
    context: ParseContext<'_>,
) -> Vec<Draft<'a>> {
    let mut parts = Vec::new();
    for event in smart {
        let kind = kind_of(&event);
        parts.extend(event.split(kind));
    }
    // One more than a post may become shows that there are more.
    parts.truncate(EVENTS_LIMIT + 1);
    if parts.len() > 1 {
        // Of several persons, nothing tells whom they are about.
        let of_person = common.scalars.take_all(&IDENTITY);
        if let Some(first) = parts.first_mut() {
            first.scalars.append(of_person);
        }
        common.scalars.cut_to(share(context.length, parts.len()));
    }
    let mut drafts = Vec::new();
    for mut part in parts {
        let mut scalars = common.scalars.clone();
        scalars.append(std::mem::take(&mut part.scalars));
        let channel = part.channel.take();
        let common = Common { scalars, ..common.of_channel(sender, channel.as_deref()) };
        drafts.extend(detections(common, part, context));
    }
    drafts
}

/// What every event of a post has.
struct Common<'a> {
    identity: Identity,
    camera: Option<Camera>,
    device: Device,
    time: Option<DeviceTime>,
    scalars: Scalars<'a>,
    around: Surroundings,
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
        let is_only_camera = channel.as_ref().is_none_or(|channel| channel.as_str() == "1");
        // Beside a second channel, `deviceInfo` is a recorder's. What stands at the root is a camera's own.
        let is_of_camera = match sender.name_place {
            NamePlace::Root => sender.model == Model::Camera,
            NamePlace::DeviceInfo => sender.is_surely_camera() && is_only_camera,
        };
        let camera_name = name.clone().filter(|_| is_of_camera);
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
        let (scalars, around) = (Scalars::default(), Surroundings::default());
        (Self { identity, camera, device, time, scalars, around }, unread)
    }

    /// The same for an event of a channel that one of its blocks names, without values.
    fn of_channel(&self, sender: &Sender<'_>, channel: Option<&str>) -> Self {
        let mut common = Self {
            identity: self.identity.clone(),
            camera: self.camera.clone(),
            device: self.device.clone(),
            time: self.time.clone(),
            scalars: Scalars::default(),
            around: self.around,
        };
        if let Some(id) = channel.and_then(identifier)
            && common.device.channel.as_ref() != Some(&id)
        {
            common.camera = Some(camera(self, sender, id.clone()));
            common.device.channel = Some(id);
        }
        common
    }

    fn draft(&self, kind: Kind) -> Draft<'a> {
        let mut draft = Draft::new(kind, self.identity.clone());
        draft.camera = self.camera.clone();
        draft.device = self.device.clone();
        draft.device_time = self.time.clone();
        draft
    }
}

/// The camera of a channel that the post's header does not name.
fn camera(common: &Common<'_>, sender: &Sender<'_>, id: Text) -> Camera {
    // A device with a second channel is a recorder: its name is no camera's.
    let is_only_camera = sender.model == Model::Camera && id.as_str() == "1";
    let name = common.camera.as_ref().and_then(|camera| camera.name.clone()).filter(|_| is_only_camera);
    Camera { id, name }
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

/// The positions of a tracking post: one event for each channel that its targets name.
fn trackings<'a>(common: &Common<'a>, sender: &Sender<'a>, tracks: Tracks<'a>) -> Vec<Draft<'a>> {
    let Tracks { name, targets, scalars } = tracks;
    let mut channels: Vec<(Option<Cow<'a, str>>, Vec<Item<'a>>)> = Vec::new();
    for target in targets {
        match channels.iter_mut().find(|(channel, _)| *channel == target.channel) {
            Some((_, targets)) => targets.push(target),
            None => channels.push((target.channel.clone(), vec![target])),
        }
    }
    if channels.is_empty() {
        channels.push((None, Vec::new()));
    }
    channels.truncate(EVENTS_LIMIT + 1);
    let mut scalars = Some(scalars);
    let tracking = |(channel, targets): (Option<Cow<'a, str>>, Vec<Item<'a>>)| {
        let mut draft = common.of_channel(sender, channel.as_deref()).draft(Kind::Tracking);
        draft.vendor_kind = identifier(name);
        draft.report = Report::Tracking;
        draft.targets = targets.into_iter().map(|item| target(item, PARTS, None).target).collect();
        draft.vendor_data = scalars.take().unwrap_or_default().to_vendor_data();
        draft
    };
    channels.into_iter().map(tracking).collect()
}

/// The kind of a smart event, by its word or its blocks.
fn kind_of(smart: &Smart<'_>) -> Kind {
    match smart.smart_type.as_deref().map(vocabulary::kind) {
        Some(Kind::Perimeter) => breach(&smart.events),
        Some(kind) => kind,
        None => kind_of_blocks(smart),
    }
}

/// The events of a smart post: one, or one for each licence plate and one for everything else.
fn detections<'a>(common: Common<'a>, mut smart: Smart<'a>, context: ParseContext<'_>) -> Vec<Draft<'a>> {
    let kind = kind_of(&smart);
    let mut base = common.draft(kind);
    let mut scalars = common.scalars;
    let Occurrence { state, event_ids, zone } = occurrence(&mut smart, &mut scalars);
    base.state = state;
    base.event_ids = event_ids;
    base.zone = zone;
    base.vendor_kind = text(smart.smart_type.clone());
    let has_plate =
        smart.targets.iter().any(|item| item.is_plate(kind)) || scalars.get_any(&PLATE_TEXTS).is_some();
    if kind != Kind::Plate && !has_plate {
        return vec![detection(base, scalars, smart, context.faces)];
    }
    let beside = smart.take_beside_plates(kind);
    let mut drafts = plate_events(base.clone(), scalars.clone(), smart, common.around, context);
    if let Some(beside) = beside {
        if kind == Kind::Counting && !beside.counters.is_empty() {
            // What was counted is one event: a plate beside it counts nothing.
            drafts.iter_mut().for_each(|draft| draft.kind = Kind::Plate);
        }
        base.kind = if kind == Kind::Plate { kind_of_blocks(&beside) } else { kind };
        drafts.push(detection(base, scalars, beside, context.faces));
    }
    drafts
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
    if smart.targets.iter().any(|item| item.is_plate(Kind::Other)) {
        Kind::Plate
    } else if !smart.person.is_empty() || smart.targets.iter().any(|item| !item.person.is_empty()) {
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
fn detection<'a>(
    mut draft: Draft<'a>,
    mut scalars: Scalars<'a>,
    mut smart: Smart<'a>,
    faces: Retention,
) -> Draft<'a> {
    let kind = draft.kind;
    let shows_faces = is_of_faces(&smart, &scalars);
    draft.counts = counts(&mut smart.counters, kind);
    scalars.append(std::mem::take(&mut smart.counters));

    let Smart { mut events, mut targets, pictures, frame, mut person, .. } = smart;
    if shows_faces {
        let is_of_faces = matches!(kind, Kind::Face | Kind::FaceMatch);
        let of_person = targets.iter().position(Item::has_identity);
        let of_face = || targets.iter().position(|item| item.block == Block::Face || is_of_faces);
        let item = of_person.or_else(of_face).and_then(|at| targets.get_mut(at));
        draft.face = face(&mut scalars, &mut person, item, faces);
    }
    if faces == Retention::Drop {
        events.iter_mut().chain(&mut targets).for_each(|item| item.person = Person::default());
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
            scalars.append(std::mem::take(&mut item.person).into_scalars());
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

/// The nine counters; none for what is not counting.
fn counts(counters: &mut Scalars<'_>, kind: Kind) -> Option<Counts> {
    if kind != Kind::Counting {
        return None;
    }
    // What is no number of something stays.
    let mut count = |name: String| {
        let count = counters.get(&name)?.parse().ok()?;
        counters.take(&name);
        Some(count)
    };
    let mut tally = |class: &str| Tally {
        enter: count(format!("enter{class}Count")),
        leave: count(format!("leave{class}Count")),
        inside: count(format!("exist{class}Count")),
    };
    let (person, vehicle, motorcycle_bicycle) = (tally("Person"), tally("Car"), tally("Bike"));
    Counts { person, vehicle, motorcycle_bicycle, ..Counts::default() }.known()
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

/// A number from 0 to 100, with or without a percent sign; or a fraction up to 1, which has a decimal point and no
/// percent sign.
fn percentage(value: &str) -> Option<Fraction> {
    let digits = value.trim_end_matches('%').trim_end();
    let number = number(digits).filter(|number| *number <= 100.0)?;
    let is_fraction = number <= 1.0 && digits == value.trim_end() && digits.contains('.');
    Fraction::of(number, if is_fraction { 1.0 } else { 100.0 })
}
