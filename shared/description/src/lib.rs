//! Events in words, the same for every channel.
//!
//! [`describe`] says who or what first (`Person at Drive`, `THIEF1, block list, leaving, grey Tesla, at Gate`), with
//! the names that camhook.toml gives to cameras and people. A vendor's own word is never shown; names that a person
//! gave to a camera, an input or an event are. Control characters and bidirectional controls of device text are
//! removed; escaping is each channel's business.

mod camera;
mod face;
mod plate;
mod subject;
mod targets;
mod words;

use camhook_event::{Event, Kind, State};
use camhook_site::Site;

pub use camera::{label, place};
pub use words::printable;

/// An event in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Who or what: `Person`, `Unknown man, about 40`, `Camera 7 offline`.
    pub subject: String,
    /// The camera, or the source where the event names none.
    pub place: String,
    /// Further facts: the kind, the zone or input, the area, how sure the device is.
    pub facts: Vec<String>,
    /// Whether the subject names the place.
    names_place: bool,
}

impl Description {
    /// The subject and the place in one line.
    #[must_use]
    pub fn headline(&self) -> String {
        if self.names_place {
            return self.subject.clone();
        }
        // "about 40 at Drive" would read as one phrase.
        let comma = if self.subject.contains(',') { "," } else { "" };
        format!("{}{comma} at {}", self.subject, self.place)
    }
}

/// Describes an event.
#[must_use]
pub fn describe(site: &Site, event: &Event) -> Description {
    let place = place(site, event);
    let subject::Subject { text, names_place, covers_kind } = subject::subject(site, event, &place);
    let mut facts = Vec::new();
    let kind = words::kind(event);
    if !covers_kind {
        facts.push(kind);
    }
    facts.extend(words::printable_opt(event.data.name.as_ref().map(camhook_event::Text::as_str)));
    facts.extend(targets::facts(event).into_iter().filter(|fact| *fact != text));
    facts.extend(zone(event));
    facts.extend(words::printable_opt(event.data.area.as_ref().map(camhook_event::Text::as_str)));
    if camera::is_ambiguous(site, event) {
        facts.push(event.data.source.to_string());
    }
    facts.retain(|fact| *fact != text && !fact.is_empty() && !(names_place && *fact == place));
    facts.dedup();
    Description { subject: text, place, facts, names_place }
}

/// The most zones of an event that are listed.
const ZONES_SHOWN: usize = 16;

fn is_number(id: &str) -> bool {
    (1..=4).contains(&id.len()) && id.bytes().all(|octet| octet.is_ascii_digit())
}

/// The zone or line by its name or number, or several by their numbers: `zones 1 and 2`. What has no form is the number of
/// an input where the event is about one.
fn zone(event: &Event) -> Option<String> {
    let zone = event.data.zone.as_ref()?;
    if event.data.kind == Kind::Input && zone.shape.is_none() {
        return None;
    }
    if let Some(name) = words::printable_opt(zone.name.as_ref().map(camhook_event::Text::as_str)) {
        return Some(name);
    }
    let word = match zone.shape {
        Some(camhook_event::ZoneShape::Line) => "line",
        Some(camhook_event::ZoneShape::Area) | None => "zone",
    };
    let numbers: Vec<&str> = zone.numbers().collect();
    if let Some((last, others)) = numbers.split_last() {
        let is_short = numbers.len() <= ZONES_SHOWN && numbers.iter().all(|number| is_number(number));
        return is_short.then(|| format!("{word}s {} and {last}", others.join(", ")));
    }
    let id = zone.id.as_ref().map(|id| printable(id.as_str())).filter(|id| is_number(id))?;
    Some(format!("{word} {id}"))
}

/// Whether the event is the end of something.
fn has_ended(event: &Event) -> bool {
    event.data.state == Some(State::Stop)
}

/// Whether events of this kind are reported together: devices that vanish with their network come back with it.
#[must_use]
pub fn is_reachability(kind: Kind) -> bool {
    matches!(kind, Kind::DeviceOffline | Kind::DeviceOnline)
}

/// The headline of several devices that went offline or came back: `12 cameras offline`.
#[must_use]
pub fn reachability_headline(kind: Kind, count: usize) -> String {
    match kind {
        Kind::DeviceOnline => format!("{count} cameras online again"),
        _ => format!("{count} cameras offline"),
    }
}
