//! The plates and faces of an event, of which each event that is stored has one.

use std::collections::BTreeMap;

use camhook_event::{Face, Plate, Text};
use camhook_ingest::{Draft, DraftImage, EVENTS_LIMIT, Identity, PICTURES_LIMIT, TARGETS_LIMIT};
use camhook_site::PlateText;

/// The most characters of a text that is copied into several events. Longer ones are cut for each event alone.
const COPIED_TEXT: usize = 1024;

/// The most corners of a zone that are copied into several events.
const COPIED_POINTS: usize = 256;

/// The plates and faces of the objects of an event, each once.
#[derive(Debug, Default)]
pub(crate) struct Subjects {
    found: Vec<Subject>,
    /// Where each is among those found, by what tells it apart.
    positions: BTreeMap<String, usize>,
    /// Of each object the one that it is or carries.
    of_objects: Vec<Option<usize>>,
}

/// A plate or a face.
#[derive(Debug)]
struct Subject {
    /// What tells it apart from the others of its event, in each delivery of it.
    name: String,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Plate(Plate),
    Face(Face),
}

impl Subjects {
    /// Adds what the next object is or carries. A plate that was seen twice is one.
    pub(crate) fn add(&mut self, plate: Option<Plate>, face: Option<Face>) {
        let subject = match (plate, face) {
            (Some(plate), _) => Some(Subject { name: plate_name(&plate), content: Content::Plate(plate) }),
            (None, Some(face)) => Some(Subject { name: face_name(&face), content: Content::Face(face) }),
            (None, None) => None,
        };
        let position = subject.and_then(|subject| self.position(subject));
        self.of_objects.push(position);
    }

    /// One more than can be stored is enough to see that there are too many.
    fn position(&mut self, subject: Subject) -> Option<usize> {
        if let Some(position) = self.positions.get(&subject.name) {
            return Some(*position);
        }
        if self.found.len() > EVENTS_LIMIT {
            return None;
        }
        let position = self.found.len();
        self.positions.insert(subject.name.clone(), position);
        self.found.push(subject);
        Some(position)
    }

    /// Whether one event can hold them all: it has a place for one plate and one face.
    fn fit_one_event(&self) -> bool {
        let plates = self.found.iter().filter(|subject| matches!(subject.content, Content::Plate(_))).count();
        plates <= 1 && self.found.len() - plates <= 1
    }
}

fn plate_name(plate: &Plate) -> String {
    match PlateText::new(plate.text.as_str()) {
        Some(text) => format!("plate:{}", text.as_str()),
        None => format!("plate:{}", beginning(plate.text.as_str())),
    }
}

fn face_name(face: &Face) -> String {
    let name = face.name.as_ref().map_or("", Text::as_str);
    format!("face:{}", beginning(name).to_lowercase())
}

/// The characters of a name that tell it apart.
fn beginning(text: &str) -> String {
    text.chars().take(COPIED_TEXT).collect()
}

/// One event with a plate and a face, or, of several plates or faces, an event for each.
///
/// Each has what all of them share; objects with a plate or face of their own are in the event of that alone. The count is
/// in the first event, so that a rule about it acts once.
pub(crate) fn split(mut draft: Draft<'_>, mut subjects: Subjects) -> Vec<Draft<'_>> {
    if subjects.fit_one_event() {
        subjects.found.into_iter().for_each(|subject| take(&mut draft, subject.content));
        return vec![draft];
    }
    let mut own: Vec<Vec<_>> = subjects.found.iter().map(|_| Vec::new()).collect();
    let mut shared = Vec::new();
    for (target, position) in std::mem::take(&mut draft.targets).into_iter().zip(subjects.of_objects) {
        match position.and_then(|position| own.get_mut(position)) {
            Some(own) => own.push(target),
            None => shared.push(target),
        }
    }
    let images = std::mem::take(&mut draft.images);
    let counts = draft.counts.take();
    bound(&mut draft);
    draft.truncated |= shared.len() >= TARGETS_LIMIT;
    shared.truncate(TARGETS_LIMIT - 1);
    let found = std::mem::take(&mut subjects.found);
    let mut drafts: Vec<Draft<'_>> = Vec::with_capacity(found.len());
    for (number, (subject, own)) in found.into_iter().zip(own).enumerate() {
        let mut event = draft.clone();
        if let Identity::SenderId(id) = &event.identity {
            event.identity = Identity::SenderId(format!("{id}#{}", subject.name));
        }
        take(&mut event, subject.content);
        event.targets = own;
        event.targets.extend(shared.iter().cloned());
        // The other attributes of a shared object are in the first event only.
        shared.iter_mut().for_each(|target| target.attributes.clear());
        event.counts = counts.filter(|_| number == 0);
        match share(&images, number) {
            Some(images) => event.images = images,
            None => event.truncated = true,
        }
        drafts.push(event);
    }
    drafts
}

fn take(draft: &mut Draft<'_>, content: Content) {
    match content {
        Content::Plate(plate) => draft.plate = Some(plate),
        Content::Face(face) => draft.face = Some(face),
    }
}

/// The pictures for one of the events; `None` where a post would store more than [`PICTURES_LIMIT`] in all.
fn share<'a>(images: &[DraftImage<'a>], number: usize) -> Option<Vec<DraftImage<'a>>> {
    let stored = images.len().saturating_mul(number + 1);
    (number == 0 || stored <= PICTURES_LIMIT).then(|| images.to_vec())
}

/// Cuts what is copied into each event to what an event may hold, so that a post with many plates takes no more memory than
/// its length explains.
fn bound(draft: &mut Draft<'_>) {
    draft.truncated |= !draft.vendor_data.fit().is_empty();
    let Draft { camera, vendor_kind, name, device_time, device, zone, .. } = draft;
    let mut texts: Vec<&mut Text> = [vendor_kind, name, &mut device.name].into_iter().flatten().collect();
    texts.extend(device_time.as_mut().map(|time| &mut time.text));
    if let Some(camera) = camera {
        texts.push(&mut camera.id);
        texts.extend(camera.name.as_mut());
    }
    if let Some(zone) = zone {
        texts.extend([&mut zone.id, &mut zone.name].into_iter().flatten());
        if zone.points.len() > COPIED_POINTS {
            zone.points.clear();
        }
    }
    texts.into_iter().for_each(|text| text.truncate(COPIED_TEXT));
}
