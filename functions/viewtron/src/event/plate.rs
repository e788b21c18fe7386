//! Licence plates: one event for each.

use std::borrow::Cow;

use camhook_event::{Fraction, ImageRole, Plate, PlateList, TargetClass, Vehicle};
use camhook_ingest::{Draft, DraftImage, DraftTarget};
use camhook_site::Retention;

use super::face::OF_PERSON;
use super::list::{Match, agreed};
use super::target::{PARTS, Units, target};
use super::{ParseContext, kind_of, percentage, share, take_fraction, text};
use crate::frame::Unit;
use crate::message::{
    Alarm, Block, Item, LIST_NAMES, PLATE_TEXTS, Person, Place, PlateMatch, Smart, names_of_plate,
};
use crate::parse::number;
use crate::scalars::Scalars;
use crate::vocabulary;

/// What a post says around its plates.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Surroundings {
    /// How many plates there are in items of their own.
    plates: usize,
    lists: Lists,
}

/// Whether a list is named anywhere but in the items of plates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Lists {
    #[default]
    Unnamed,
    Named,
}

impl Surroundings {
    /// Those of a post with these values, smart events and levels.
    pub(super) fn of(scalars: &Scalars<'_>, smart: &[Smart<'_>], alarms: &[Alarm<'_>]) -> Self {
        let mut plates = 0;
        let mut are_named = names_list(scalars) || alarms.iter().any(|alarm| names_list(&alarm.others));
        for event in smart {
            let kind = kind_of(event);
            are_named |= names_list(&event.scalars);
            for item in event.events.iter().chain(&event.targets) {
                if item.is_plate(kind) {
                    plates += 1;
                } else if item.block != Block::Face {
                    are_named |= item.of_plate().into_iter().any(names_list);
                }
            }
        }
        Self { plates, lists: if are_named { Lists::Named } else { Lists::Unnamed } }
    }

    /// Whether what stands outside of the items is about the only plate.
    fn are_of_plate(self) -> bool {
        self.plates <= 1
    }
}

fn names_list(scalars: &Scalars<'_>) -> bool {
    scalars.iter().any(|(name, value)| vocabulary::may_name_list(name, value))
}

/// The events of a plate post: one for each plate.
pub(super) fn plate_events<'a>(
    mut base: Draft<'a>,
    mut scalars: Scalars<'a>,
    smart: Smart<'a>,
    around: Surroundings,
    context: ParseContext<'_>,
) -> Vec<Draft<'a>> {
    let kind = base.kind;
    let Smart { events, targets, pictures, frame, counters, .. } = smart;
    scalars.append(counters);
    let (mut plates, mut others): (Vec<_>, Vec<_>) =
        targets.into_iter().partition(|item| item.is_plate(kind));
    if plates.is_empty() && scalars.get_any(&PLATE_TEXTS).is_some() {
        plates.push(item_of_plate(&mut others));
    }
    others.extend(events);
    if context.faces == Retention::Drop {
        for item in plates.iter_mut().chain(&mut others) {
            item.person = Person::default();
            item.scalars.take_all(&OF_PERSON);
        }
    }
    // The item of the frame's picture holds the plate's values too, as the firmware fills in what it does not know: they
    // are about no plate. A list that forbids is no such value.
    let mut of_frame = Scalars::default();
    for mut item in others {
        let values = if item.is_of_frame() { &mut of_frame } else { &mut scalars };
        item.scalars.retain(|_, value| value != "0");
        for group in [item.scalars, item.person.into_scalars(), item.plate, item.car] {
            values.append(group);
        }
    }
    scalars.append(of_frame.take_if(|_, value| vocabulary::list(value) == Some(PlateList::Deny)));
    if let [only] = plates.as_mut_slice()
        && around.are_of_plate()
    {
        let names: Vec<&str> = names_of_plate().collect();
        only.scalars.append(scalars.take_all(&names));
    }
    let outside = Match::of(scalars.values(&["matchResult"]));
    scalars.append(of_frame);
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
        let (mut target, plate) = plate_target(item, outside, around.lists, pixels);
        target.image = own;
        draft.targets = vec![target];
        draft.plate = plate;
        drafts.push(draft);
    }
    drafts
}

/// The item of a plate that a post describes outside of any: the only one that shows something, if there is one.
fn item_of_plate<'a>(others: &mut Vec<Item<'a>>) -> Item<'a> {
    let shows_plate = |item: &Item<'_>| item.picture.is_some() && item.scalars.get("image") != Some("0");
    let mut shown = others.iter().enumerate().filter(|(_, item)| shows_plate(item)).map(|(at, _)| at);
    match (shown.next(), shown.next()) {
        (Some(only), None) => others.remove(only),
        _ => Item::new(Block::Target),
    }
}

/// The target of a plate's item, and the plate. `outside` is whether it was found by what stands beside the items.
fn plate_target(
    mut item: Item<'_>,
    outside: Match,
    lists: Lists,
    pixels: Unit,
) -> (DraftTarget, Option<Plate>) {
    let is_from_recorder = item.block == Block::Plate;
    let plate = read_plate(&mut item, outside, lists);
    item.scalars.take("image");
    // A recorder's box is in pixels; a camera's is in ten-thousandths, as are its corners.
    let units = if is_from_recorder { Units { rect: pixels, ..PARTS } } else { PARTS };
    let mut target = target(item, units, Some(TargetClass::Plate)).target;
    target.confidence = plate.as_ref().and_then(|plate| plate.confidence);
    (target, plate)
}

/// Takes what an item says of its plate. There is none where the item names several: a wrong plate opens gates.
fn read_plate(item: &mut Item<'_>, outside: Match, lists: Lists) -> Option<Plate> {
    let is_list_named = lists == Lists::Named
        || item.plate_match == PlateMatch::Found
        || item.of_plate().into_iter().any(names_list);
    let results = item.of_plate().into_iter().flat_map(|values| values.values(&["matchResult"]));
    let found = Match::of(results).and(outside);
    let plate_text = text(item.take_statement(&PLATE_TEXTS).into_one(&mut item.scalars))?;
    let list_names = item.take_statement(&LIST_NAMES);
    let groups = item.take_statement(&["groupName"]);
    // The name of a group is anybody's text: it counts where the device says that it found the plate in its database.
    let lists_of_groups = groups.values().map(vocabulary::list).filter(|list| {
        item.plate_match == PlateMatch::Found && (list.is_some() || groups.is_contradiction())
    });
    let list = match agreed(list_names.values().map(vocabulary::list).chain(lists_of_groups)) {
        // Most cameras name the list and say nothing else.
        Some(list) => Some(list).filter(|list| found == Match::Absent || found.supports(*list)),
        // A plate that is on no list has no element that says so.
        None if !is_list_named && matches!(found, Match::Absent | Match::NotFound) => {
            Some(PlateList::Unlisted)
        }
        None => None,
    };
    if list.is_none() || list_names.is_contradiction() {
        list_names.put_back(&mut item.scalars);
    }
    let group = text(groups.into_one(&mut item.scalars));
    let owner = text(item.take_statement(&["carOwner"]).into_one(&mut item.scalars));
    let region = text(item.take_statement(&["province"]).into_one(&mut item.scalars));
    let direction = item
        .take_statement(&["vehicleDirect"])
        .into_meaning(&mut item.scalars, vocabulary::vehicle_direction);
    let scalars = &mut item.scalars;
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
