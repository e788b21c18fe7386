//! The most characters of an event's texts: what a person, a queue message and a table key can hold.

use camhook_event::Text;

use crate::Draft;

/// The characters of a licence plate.
const PLATE: usize = 32;

/// The characters of a name, an id or a word.
const NAME: usize = 256;

/// The ids of events that are kept.
const IDS: usize = 64;

/// Cuts the texts of a draft that are longer than any device's own.
pub(crate) fn limit(draft: &mut Draft<'_>) {
    let Draft {
        camera, vendor_kind, name, device_time, device, event_ids, targets, zone, plate, face, ..
    } = draft;
    event_ids.truncate(IDS);
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
    if let Some(plate) = plate {
        plate.text.truncate(PLATE);
        if let Some(read) = &mut plate.read {
            read.truncate(PLATE);
        }
        let texts = [&mut plate.group, &mut plate.color, &mut plate.region, &mut plate.owner];
        names.extend(texts.into_iter().flatten());
        if let Some(vehicle) = &mut plate.vehicle {
            let texts =
                [&mut vehicle.vehicle_type, &mut vehicle.color, &mut vehicle.brand, &mut vehicle.model];
            names.extend(texts.into_iter().flatten());
        }
    }
    for name in names {
        name.truncate(NAME);
    }
}

#[cfg(test)]
mod tests {
    use camhook_event::{Camera, Kind, Plate};

    use super::*;
    use crate::Identity;

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
}
