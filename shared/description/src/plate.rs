//! Plates in words.

use camhook_event::{Direction, Plate, PlateList};
use camhook_site::Site;

use crate::words::{plain_word, printable};

/// `THIEF1, block list, leaving, grey Tesla`; with the person's name first where it is known.
pub(crate) fn phrase(site: &Site, event: &camhook_event::Event, plate: &Plate) -> String {
    let text = printable(plate.text.as_str());
    let mut parts = Vec::new();
    if let Some(person) = site.person(event).map(|name| printable(name.as_str())) {
        parts.push(person);
    }
    parts.push(if text.is_empty() { "Unread plate".to_owned() } else { text });
    parts.extend(list(plate.list).map(str::to_owned));
    parts.extend(plate.direction.map(|direction| match direction {
        Direction::Approach => "approaching".to_owned(),
        Direction::Away | Direction::Leave => "leaving".to_owned(),
    }));
    parts.extend(vehicle(plate));
    parts.dedup();
    parts.join(", ")
}

/// The list in words; nothing where the device says nothing of a list.
pub(crate) fn list(list: Option<PlateList>) -> Option<&'static str> {
    match list? {
        PlateList::Allow => Some("allow list"),
        PlateList::Deny => Some("block list"),
        PlateList::Temporary => Some("temporary list"),
        PlateList::Stranger => Some("on no list"),
        PlateList::Unlisted => None,
    }
}

/// `grey Tesla`, `white saloon car`.
fn vehicle(plate: &Plate) -> Option<String> {
    let vehicle = plate.vehicle.as_ref()?;
    let color = plain_word(vehicle.color.as_ref()).map(|color| color.to_lowercase());
    let brand = plain_word_or_name(vehicle.brand.as_ref());
    let model = brand.as_ref().and_then(|_| plain_word_or_name(vehicle.model.as_ref()));
    let body = if brand.is_none() { plain_word(vehicle.vehicle_type.as_ref()) } else { None };
    let words: Vec<String> = [color, brand, model, body].into_iter().flatten().collect();
    let has_noun = words.len() > 1 || plain_word(vehicle.color.as_ref()).is_none();
    match words.as_slice() {
        [] => None,
        [color] if !has_noun => Some(format!("{color} vehicle")),
        words => Some(words.join(" ")),
    }
}

/// A brand or model, which may be written in any way but not as a number.
fn plain_word_or_name(text: Option<&camhook_event::Text>) -> Option<String> {
    let text = text?;
    let shown = printable(text.as_str());
    let is_code = !shown.chars().any(char::is_alphabetic) || shown.contains('_');
    let means_nothing =
        ["unknown", "none", "other", "others", "null"].contains(&shown.to_lowercase().as_str());
    (!is_code && !means_nothing && shown.chars().count() <= 40).then_some(shown)
}
