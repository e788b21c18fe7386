//! Licence plates: one event for each.

use std::borrow::Cow;

use camhook_event::{Fraction, ImageRole, Kind, Plate, PlateList, TargetClass, Vehicle};
use camhook_ingest::{Draft, DraftImage, DraftTarget};
use camhook_site::Retention;

use super::face::is_supported;
use super::target::{PARTS, Units, target};
use super::{Common, Occurrence, ParseContext, occurrence, percentage, share, take_fraction, text};
use crate::frame::Unit;
use crate::message::{Block, Item, PLATE_TEXTS, Place, PlateMatch, Smart};
use crate::parse::number;
use crate::scalars::Scalars;
use crate::vocabulary;

/// The events of a plate post: one for each plate.
pub(super) fn plate_events<'a>(
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

    let (mut plates, mut others): (Vec<_>, Vec<_>) =
        targets.into_iter().partition(|item| item.is_plate(kind));
    if plates.is_empty() {
        plates.extend(plate_of_post(&mut scalars, &mut others));
    }
    if context.faces == Retention::Drop {
        plates.iter_mut().chain(&mut others).for_each(|item| item.person = Scalars::default());
    }
    for mut item in others {
        // The item of the frame's picture holds the plate's values too, all of them 0.
        item.scalars.retain(|_, value| value != "0");
        scalars.append(item.scalars);
        scalars.append(item.person);
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

/// What a post says of a plate.
const PLATE_MEMBERS: [&str; 12] = [
    "image",
    "vehiceId",
    "vehicleId",
    "vehicleDirect",
    "PlateConfidence",
    "plateColor",
    "province",
    "groupName",
    "carOwner",
    "matchResult",
    "plateCharCount",
    "plateStyle",
];

/// What the list of a plate is called.
const LIST_NAMES: [&str; 5] =
    ["vehicleListType", "vehileListType", "vehiceListType", "plateListType", "listType"];

/// The plate that a post tells outside of any item, in the only item that shows something, if there is one.
fn plate_of_post<'a>(scalars: &mut Scalars<'a>, others: &mut Vec<Item<'a>>) -> Option<Item<'a>> {
    scalars.get_any(&PLATE_TEXTS)?;
    let of_plate: Vec<&str> = PLATE_TEXTS.iter().chain(&LIST_NAMES).chain(&PLATE_MEMBERS).copied().collect();
    let values = scalars.take_all(&of_plate);
    let shows_plate = |item: &Item<'_>| item.picture.is_some() && item.scalars.get("image") != Some("0");
    let mut shown = others.iter().enumerate().filter(|(_, item)| shows_plate(item)).map(|(at, _)| at);
    let only = shown.next().filter(|_| shown.next().is_none());
    let mut item = match only {
        Some(at) => others.remove(at),
        None => Item::new(Block::Target),
    };
    item.scalars.append(values);
    Some(item)
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
    // A recorder's blocks and a camera's items hold the same values, whichever of them sent the post.
    let mut take_any = |names: &[&str]| item.plate.take_any(names).or_else(|| scalars.take_any(names));
    let plate_text = text(take_any(&PLATE_TEXTS))?;
    let list_word = take_any(&LIST_NAMES);
    let group = text(take_any(&["groupName"]));
    let owner = text(take_any(&["carOwner"]));
    let region = text(take_any(&["province"]));
    let direction_word = take_any(&["vehicleDirect"]);
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
        confidence: take_fraction(scalars, "PlateConfidence", confidence)
            .or_else(|| take_fraction(&mut item.plate, "PlateConfidence", confidence)),
        color: text(color),
        region,
        owner,
        vehicle: vehicle.known(),
        ..Plate::new(plate_text)
    })
}

/// `9900` is 99.00 %. A number up to 100 is taken for a percentage, and one with a decimal point up to 1 for a fraction: no
/// camera would report a plate of which it is sure by less than one in a hundred.
fn confidence(value: &str) -> Option<Fraction> {
    match percentage(value) {
        Some(fraction) => Some(fraction),
        None => Fraction::of(number(value)?, 10_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confidence_is_a_percentage_in_hundredths_or_not() {
        let read = |value: &str| confidence(value).map(Fraction::value);
        for (value, expected) in [
            ("9900", 0.99),
            ("99", 0.99),
            ("99.5%", 0.995),
            ("99.5 %", 0.995),
            ("100%", 1.0),
            ("10000", 1.0),
            ("0.995", 0.995),
            ("1.0", 1.0),
            ("1", 0.01),
            ("0.5%", 0.005),
            ("0", 0.0),
        ] {
            assert_eq!(read(value), Some(expected), "{value}");
        }
        for value in ["", "high", "%", "9900%"] {
            assert_eq!(read(value), None, "{value}");
        }
    }
}
