//! Who or what an event is about.

use camhook_event::{Counts, Event, Kind, Tally, Text};
use camhook_site::Site;

use crate::words::{self, printable, printable_opt};
use crate::{face, has_ended, is_number, plate, targets};

/// Who or what an event is about.
pub(crate) struct Subject {
    pub(crate) text: String,
    /// Whether it names the place.
    pub(crate) names_place: bool,
    /// Whether it says what kind of event it is.
    pub(crate) covers_kind: bool,
}

pub(crate) fn subject(site: &Site, event: &Event, place: &str) -> Subject {
    let data = &event.data;
    let at_place = |text: String| Subject { text, names_place: false, covers_kind: false };
    let kind_alone = |text: String| Subject { text, names_place: false, covers_kind: true };
    match data.kind {
        Kind::DeviceOffline => whole(format!("{place} offline")),
        Kind::DeviceOnline => whole(format!("{place} online again")),
        Kind::ClockWrong => whole(format!("{place}: wrong clock")),
        _ if has_ended(event) => kind_alone(format!("{} ended", named_kind(event))),
        Kind::Input => kind_alone(input(event)),
        Kind::Counting | Kind::Crowd => match data.counts.as_ref().and_then(counts) {
            Some(text) => at_place(text),
            None => kind_alone(words::kind(event)),
        },
        _ => {
            if let Some(plate) = &data.plate {
                return at_place(plate::phrase(site, event, plate));
            }
            if let Some(face) = &data.face {
                return at_place(face::phrase(site, event, face));
            }
            match targets::phrase(event) {
                Some(text) => at_place(text),
                None => kind_alone(words::kind(event)),
            }
        }
    }
}

fn whole(text: String) -> Subject {
    Subject { text, names_place: true, covers_kind: true }
}

fn named_kind(event: &Event) -> String {
    if event.data.kind == Kind::Input { input(event) } else { words::kind(event) }
}

/// The input by its name, or `Input 2`. An area or a line beside it is none.
fn input(event: &Event) -> String {
    let data = &event.data;
    let zone = data.zone.as_ref().filter(|zone| zone.shape.is_none());
    let name = printable_opt(data.name.as_ref().map(Text::as_str))
        .or_else(|| printable_opt(zone.and_then(|zone| zone.name.as_ref()).map(Text::as_str)));
    if let Some(name) = name {
        return name;
    }
    let id = zone.and_then(|zone| zone.id.as_ref()).map(|id| printable(id.as_str()));
    id.filter(|id| is_number(id)).map_or_else(|| "Input".to_owned(), |id| format!("Input {id}"))
}

/// `12 people in, 9 out, 3 inside`; `59 in, 96 out` where the device does not count by class.
fn counts(counts: &Counts) -> Option<String> {
    let classes = [
        (&counts.person, "person", "people"),
        (&counts.vehicle, "vehicle", "vehicles"),
        (&counts.motorcycle_bicycle, "motorcycle or bicycle", "motorcycles or bicycles"),
    ];
    let mut parts: Vec<String> = classes
        .into_iter()
        .filter_map(|(tally, singular, plural)| {
            let mut numbers = numbers(tally);
            let (first, word) = numbers.next()?;
            let noun = if first == 1 { singular } else { plural };
            let others = numbers.map(|(number, word)| format!(", {number} {word}"));
            Some(format!("{first} {noun} {word}{}", others.collect::<String>()))
        })
        .collect();
    let total: Vec<String> =
        numbers(&counts.total).map(|(number, word)| format!("{number} {word}")).collect();
    if !total.is_empty() {
        let beside = if parts.is_empty() { "" } else { "total " };
        parts.push(format!("{beside}{}", total.join(", ")));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// The counters that a device sent, each with its word.
fn numbers(tally: &Tally) -> impl Iterator<Item = (u64, &'static str)> {
    let Tally { enter, leave, inside } = *tally;
    let numbers = [(enter, "in"), (leave, "out"), (inside, "inside")];
    numbers.into_iter().filter_map(|(number, word)| Some((number?, word)))
}
