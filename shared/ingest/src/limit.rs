//! The most of an event's texts and lists: what a person, a queue message and a table key can hold.

use std::collections::BTreeSet;

use camhook_event::{TargetClass, Text, edit_value};

use crate::{Credentials, Draft};

/// The characters of a licence plate.
const PLATE: usize = 32;

/// The characters of a name, an id or a word.
const NAME: usize = 256;

/// The ids of events that are kept.
const IDS: usize = 64;

/// The targets that are kept. More than any device sees at once, and few enough for a queue message.
pub const TARGETS_LIMIT: usize = 64;

/// The pictures that are named. Only the first [`PICTURES_LIMIT`](crate::PICTURES_LIMIT) are stored.
const IMAGES: usize = 64;

/// The bytes of a text in `vendor_data` or in a target's attributes.
const FREE_TEXT: usize = 4 * 1024;

/// Cuts the texts and lists of a draft that are longer than any device's own. A draft that loses members of a list is
/// marked as truncated.
pub(crate) fn limit(draft: &mut Draft<'_>) {
    draft.truncated |=
        draft.event_ids.len() > IDS || draft.targets.len() > TARGETS_LIMIT || draft.images.len() > IMAGES;
    draft.event_ids.truncate(IDS);
    draft.images.truncate(IMAGES);
    limit_targets(draft);
    for (text, characters) in texts(draft) {
        text.truncate(characters);
    }
    edit_data(draft, |text| {
        (text.len() > FREE_TEXT)
            .then(|| text.get(..text.floor_char_boundary(FREE_TEXT)).unwrap_or_default().to_owned())
    });
}

/// Keeps [`TARGETS_LIMIT`] targets in their order: the first of each class, since a rule may be about it, and the first of
/// the others.
fn limit_targets(draft: &mut Draft<'_>) {
    if draft.targets.len() > TARGETS_LIMIT {
        let classes = draft.targets.iter().map(|target| target.class).collect::<BTreeSet<_>>().len();
        let mut seen: BTreeSet<Option<TargetClass>> = BTreeSet::new();
        let mut room = TARGETS_LIMIT.saturating_sub(classes);
        draft.targets.retain(|target| {
            if seen.insert(target.class) {
                return true;
            }
            let has_room = room > 0;
            room = room.saturating_sub(1);
            has_room
        });
    }
    let images = draft.images.len();
    for target in &mut draft.targets {
        target.image = target.image.filter(|image| *image < images);
    }
}

/// Replaces the secrets of ours in all texts of a draft.
pub(crate) fn redact(draft: &mut Draft<'_>, credentials: &Credentials) {
    if credentials.is_empty() {
        return;
    }
    for (text, _) in texts(draft) {
        credentials.redact_text(text);
    }
    edit_data(draft, |text| credentials.redact(text));
}

/// Replaces texts in what has no place of its own: `vendor_data` and the targets' attributes.
fn edit_data(draft: &mut Draft<'_>, edit: impl Fn(&str) -> Option<String>) {
    draft.vendor_data.edit(&edit);
    for target in &mut draft.targets {
        for value in target.attributes.values_mut() {
            edit_value(value, &edit);
        }
        let renamed: Vec<_> = target
            .attributes
            .keys()
            .filter_map(|name| edit(name).map(|edited| (name.clone(), edited)))
            .collect();
        for (name, edited) in renamed {
            if let Some(value) = target.attributes.remove(&name) {
                target.attributes.insert(edited, value);
            }
        }
    }
}

/// The texts of a draft that have a place of their own, each with the characters that it may have.
fn texts<'d>(draft: &'d mut Draft<'_>) -> Vec<(&'d mut Text, usize)> {
    let Draft {
        camera, vendor_kind, name, device_time, device, event_ids, targets, zone, plate, face, ..
    } = draft;
    let mut names: Vec<&mut Text> = event_ids.iter_mut().collect();
    names.extend(vendor_kind.as_mut().into_iter().chain(name.as_mut()));
    names.extend(device_time.as_mut().map(|time| &mut time.text));
    names.extend(targets.iter_mut().filter_map(|target| target.id.as_mut()));
    if let Some(camera) = camera {
        names.push(&mut camera.id);
        names.extend(camera.name.as_mut());
    }
    names.extend(
        [&mut device.name, &mut device.serial, &mut device.address, &mut device.channel]
            .into_iter()
            .flatten(),
    );
    if let Some(zone) = zone {
        names.extend([&mut zone.id, &mut zone.name].into_iter().flatten());
    }
    if let Some(face) = face {
        let texts = [
            &mut face.person_id,
            &mut face.name,
            &mut face.group,
            &mut face.sex,
            &mut face.age,
            &mut face.glasses,
            &mut face.mask,
        ];
        names.extend(texts.into_iter().flatten());
    }
    let mut plates: Vec<&mut Text> = Vec::new();
    if let Some(plate) = plate {
        plates.push(&mut plate.text);
        plates.extend(plate.read.as_mut());
        let texts = [&mut plate.group, &mut plate.color, &mut plate.region, &mut plate.owner];
        names.extend(texts.into_iter().flatten());
        if let Some(vehicle) = &mut plate.vehicle {
            let texts =
                [&mut vehicle.vehicle_type, &mut vehicle.color, &mut vehicle.brand, &mut vehicle.model];
            names.extend(texts.into_iter().flatten());
        }
    }
    let names = names.into_iter().map(|text| (text, NAME));
    names.chain(plates.into_iter().map(|text| (text, PLATE))).collect()
}

#[cfg(test)]
mod tests {
    use camhook_event::{Camera, Kind, Plate};

    use super::*;
    use crate::{DraftTarget, Identity};

    #[test]
    fn long_texts_are_cut() {
        let long = Text::new(&"ü".repeat(1_000_000)).unwrap();
        let mut draft = Draft::new(Kind::Plate, Identity::Content);
        draft.camera = Some(Camera { id: long.clone(), name: Some(long.clone()) });
        draft.vendor_kind = Some(long.clone());
        draft.event_ids = vec![long.clone(); 100];
        draft.plate = Some(Plate { read: Some(long.clone()), owner: Some(long.clone()), ..Plate::new(long) });
        limit(&mut draft);
        let length = |text: &Text| text.as_str().chars().count();
        let plate = draft.plate.unwrap();
        assert_eq!((length(&plate.text), plate.read.as_ref().map(length)), (PLATE, Some(PLATE)));
        assert_eq!(plate.owner.as_ref().map(length), Some(NAME));
        let camera = draft.camera.unwrap();
        assert_eq!((length(&camera.id), camera.name.as_ref().map(length)), (NAME, Some(NAME)));
        assert_eq!(draft.vendor_kind.as_ref().map(length), Some(NAME));
        assert_eq!((draft.event_ids.len(), draft.event_ids.first().map(length)), (IDS, Some(NAME)));
    }

    #[test]
    fn of_very_many_targets_the_first_and_one_of_each_class_are_kept() {
        let target = |number: usize, class| DraftTarget {
            id: Text::new(&number.to_string()),
            class: Some(class),
            image: Some(number),
            ..DraftTarget::default()
        };
        let mut draft = Draft::new(Kind::Motion, Identity::Content);
        draft.targets = (0..100_000).map(|number| target(number, TargetClass::Vehicle)).collect();
        draft.targets.push(target(100_000, TargetClass::Person));
        limit(&mut draft);
        assert!(draft.truncated);
        assert_eq!(draft.targets.len(), TARGETS_LIMIT);
        let ids: Vec<&str> =
            draft.targets.iter().filter_map(|target| target.id.as_ref()).map(Text::as_str).collect();
        assert_eq!((ids.first(), ids.last()), (Some(&"0"), Some(&"100000")));
        assert!(draft.targets.iter().all(|target| target.image.is_none()), "there is no picture");

        let mut draft = Draft::new(Kind::Motion, Identity::Content);
        draft.targets = (0..TARGETS_LIMIT).map(|number| target(number, TargetClass::Person)).collect();
        limit(&mut draft);
        assert_eq!((draft.truncated, draft.targets.len()), (false, TARGETS_LIMIT));
    }

    #[test]
    fn long_free_texts_are_cut_wherever_they_are() {
        let long = "ü".repeat(1_000_000);
        let mut draft = Draft::new(Kind::Motion, Identity::Content);
        draft.vendor_data.insert("rule", long.as_str());
        draft.vendor_data.insert("list", "short");
        draft.vendor_data.insert("list", long.as_str());
        let mut target = DraftTarget::default();
        target.attributes.insert("note".to_owned(), serde_json::json!({ "a": [long.as_str()] }));
        draft.targets.push(target);
        limit(&mut draft);
        let cut = "ü".repeat(FREE_TEXT / 2);
        assert_eq!(draft.vendor_data.get("rule"), Some(&cut.as_str().into()));
        assert_eq!(draft.vendor_data.get("list"), Some(&serde_json::json!(["short", cut.as_str()])));
        let attributes = draft.targets.first().map(|target| &target.attributes).unwrap();
        assert_eq!(attributes.get("note"), Some(&serde_json::json!({ "a": [cut] })));
    }

    #[test]
    fn a_secret_of_ours_is_replaced_in_every_text() {
        let secret = "q7Rk2-token-of-ours";
        let mut credentials = Credentials::default();
        credentials.add(secret);
        credentials.add("1234");
        let text = Text::new(&format!("http://camhook/viewtron/gate/{secret} 1234")).unwrap();
        let mut draft = Draft::new(Kind::Plate, Identity::Content);
        draft.camera = Some(Camera { id: text.clone(), name: Some(text.clone()) });
        draft.plate = Some(Plate::new(text.clone()));
        draft.name = Some(text.clone());
        draft.vendor_data.insert("url", text.as_str());
        draft.vendor_data.insert(secret, "as a name");
        let mut target = DraftTarget { id: Some(text.clone()), ..DraftTarget::default() };
        target.attributes.insert(secret.to_owned(), serde_json::json!([{ "url": text.as_str() }]));
        draft.targets.push(target);
        redact(&mut draft, &credentials);
        let shown = format!("{draft:?}");
        assert!(!shown.contains(secret), "{shown}");
        assert_eq!(draft.name.unwrap().as_str(), "http://camhook/viewtron/gate/[redacted] 1234");
    }
}
