//! From an adapter's draft to the event: identity, time, correlation, pictures.

use camhook_event::{
    Clock, Correlation, Data, Event, EventId, Image, ImageRole, RejectedImage, RejectedReason, StoredImage,
    Target, Text, Time, image_key,
};
use camhook_site::{Retention, Source};
use jiff::{SignedDuration, Timestamp};

use crate::Received;
use crate::draft::{DeviceTime, Draft, DraftImage, DraftTarget, Identity};
use crate::limit::{limit, redact};
use crate::picture::{self, PICTURES_LIMIT, Picture};

/// An event and the pictures that are to be stored with it.
#[derive(Debug)]
pub(crate) struct Normalized {
    /// The event. Its images name the keys under which `pictures` will stand.
    pub(crate) event: Event,
    /// The pictures to store, each with its index in the event's images.
    pub(crate) pictures: Vec<(usize, Picture)>,
}

/// Makes the event of a draft.
pub(crate) fn normalize(
    mut draft: Draft<'_>,
    ordinal: usize,
    received: &Received,
    bucket: &Text,
) -> Normalized {
    redact(&mut draft, &received.credentials);
    limit(&mut draft);
    let numbering = draft.numbering();
    let (source, received_at) = (&*received.source, received.received_at);
    let id = identity(&draft.identity, ordinal, received);
    let moment = moment(draft.device_time, source, received_at);

    let (images, pictures) = pictures(&draft.images, source, moment.time, id, bucket);
    let target_ids: Vec<Text> = draft.targets.iter().filter_map(|target| target.id.clone()).collect();
    let correlation = Correlation::new(
        &device_name(&draft.device, source),
        numbering,
        draft.event_ids,
        target_ids,
        draft.plate.as_ref().map(|plate| &plate.text),
    );
    let mut face = draft.face;
    if let (Retention::Drop, Some(face)) = (source.faces, &mut face) {
        face.name = None;
        face.person_id = None;
    }
    let mut vendor_data = draft.vendor_data;
    let truncated = !vendor_data.fit().is_empty() || draft.truncated;

    let data = Data {
        vendor: source.vendor,
        source: source.id.clone(),
        area: source.area.clone(),
        camera: draft.camera,
        kind: draft.kind,
        vendor_kind: draft.vendor_kind,
        name: draft.name,
        report: draft.report,
        state: draft.state,
        received_at: Time::new(received_at),
        device_time: moment.device_time,
        clock: moment.clock,
        lag_s: moment.lag_s,
        device: draft.device.known(),
        correlation,
        targets: draft.targets.into_iter().map(target).collect(),
        zone: draft.zone,
        plate: draft.plate,
        face,
        counts: draft.counts,
        images,
        vendor_data,
        truncated,
        record: None,
    };
    Normalized { event: Event::new(id, moment.time, data), pictures }
}

fn identity(identity: &Identity, ordinal: usize, received: &Received) -> EventId {
    let Received { source, id, body, query, .. } = received;
    let delivery = match identity {
        Identity::SenderId(sender_id) => return EventId::of_sender_id(source.id.as_str(), sender_id),
        Identity::Content => None,
        Identity::Delivery => Some(id.as_str()),
    };
    EventId::of_content(source.vendor, source.id.as_str(), body, query, ordinal, delivery)
}

/// The device in correlation keys. A recorder numbers the events of each channel on its own, so that the
/// channel belongs to the name.
fn device_name(device: &camhook_event::Device, source: &Source) -> String {
    let name = match (&device.mac, &device.serial) {
        (Some(mac), _) => mac.to_string(),
        (None, Some(serial)) => serial.to_string(),
        (None, None) => source.id.to_string(),
    };
    match &device.channel {
        Some(channel) => format!("{name}/{channel}"),
        None => name,
    }
}

struct Moment {
    time: Time,
    device_time: Option<Text>,
    clock: Clock,
    lag_s: Option<f64>,
}

/// When it happened: by the device's clock where that is within the source's tolerance of the receipt.
fn moment(device_time: Option<DeviceTime>, source: &Source, received_at: Timestamp) -> Moment {
    let (text, at) = device_time.map_or((None, None), |time| (Some(time.text), time.at));
    let lag = at.map(|at| received_at.duration_since(at));
    let within = |lag: &SignedDuration| lag.unsigned_abs() <= source.clock_tolerance;
    let (time, clock) = match (at, lag.as_ref().filter(|lag| within(lag))) {
        (Some(at), Some(_)) => (at, Clock::Device),
        _ => (received_at, Clock::Server),
    };
    Moment {
        time: Time::new(time),
        device_time: text,
        clock,
        lag_s: lag.map(|lag| (lag.as_secs_f64() * 1e3).round() / 1e3),
    }
}

fn pictures(
    drafts: &[DraftImage<'_>],
    source: &Source,
    time: Time,
    id: EventId,
    bucket: &Text,
) -> (Vec<Image>, Vec<(usize, Picture)>) {
    let mut images = Vec::with_capacity(drafts.len());
    let mut pictures = Vec::with_capacity(drafts.len().min(PICTURES_LIMIT));
    for (index, DraftImage { role, base64 }) in drafts.iter().enumerate() {
        let role = *role;
        let checked = if is_dropped(role, source) {
            Err(RejectedReason::Dropped)
        } else if pictures.len() >= PICTURES_LIMIT {
            Err(RejectedReason::TooMany)
        } else {
            picture::decode(base64, source.metadata)
        };
        let key = Text::new(&image_key(source.id.as_str(), time, id, index, role));
        images.push(match (checked, key) {
            (Ok(picture), Some(key)) => {
                let Picture { width, height, .. } = picture;
                let bytes = picture.bytes.len() as u64;
                pictures.push((index, picture));
                Image::Stored(StoredImage { role, bucket: bucket.clone(), key, bytes, width, height })
            }
            (Ok(_), None) => rejected(role, RejectedReason::StoreFailed),
            (Err(reason), _) => rejected(role, reason),
        });
    }
    (images, pictures)
}

/// A picture that is named with the reason why it is not stored.
pub(crate) fn rejected(role: ImageRole, reason: RejectedReason) -> Image {
    Image::Rejected(RejectedImage { role, rejected: reason })
}

fn is_dropped(role: ImageRole, source: &Source) -> bool {
    match role {
        ImageRole::Face | ImageRole::Album => source.faces == Retention::Drop,
        ImageRole::Overview => source.overview == Retention::Drop,
        ImageRole::Target | ImageRole::Plate | ImageRole::Snapshot => false,
    }
}

fn target(draft: DraftTarget) -> Target {
    let DraftTarget { id, class, confidence, bounding_box, image, attributes } = draft;
    Target { id, class, confidence, bounding_box, image, attributes }
}
