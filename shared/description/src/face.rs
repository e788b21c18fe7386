//! Faces in words.

use camhook_event::{Event, Face, Text};
use camhook_site::Site;

use crate::plate::list;
use crate::targets::capitalized;
use crate::words::printable;

/// `Ann`, `Bob, block list`, `Unknown man, about 40`, `Face`.
pub(crate) fn phrase(site: &Site, event: &Event, face: &Face) -> String {
    let person = site.person(event).map(|name| printable(name.as_str())).filter(|name| !name.is_empty());
    let (age, adjective) = age(face.age.as_ref());
    let who = who(face.sex.as_ref(), adjective);
    let mut parts = match (person, face.matched) {
        (Some(name), _) => vec![name],
        (None, Some(true)) => vec![format!("Known {who}")],
        (None, Some(false)) => vec![format!("Unknown {who}")],
        (None, None) if who == "person" && age.is_none() => vec!["Face".to_owned()],
        (None, None) => vec![capitalized(&who)],
    };
    if face.matched != Some(false) || face.name.is_some() {
        parts.extend(list(face.list).map(str::to_owned));
    }
    if face.name.is_none() {
        parts.extend(age);
    }
    parts.join(", ")
}

fn who(sex: Option<&Text>, adjective: Option<&'static str>) -> String {
    let noun = match sex.map(|sex| sex.as_str().to_ascii_lowercase()).as_deref() {
        Some("male" | "man" | "m") => "man",
        Some("female" | "woman" | "f") => "woman",
        _ => "person",
    };
    match adjective {
        Some("child") => "child".to_owned(),
        Some(adjective) => format!("{adjective} {noun}"),
        None => noun.to_owned(),
    }
}

/// The age as a phrase (`about 40`), or as an adjective (`middle-aged`).
fn age(age: Option<&Text>) -> (Option<String>, Option<&'static str>) {
    let Some(text) = age.map(|age| age.as_str().trim().to_ascii_lowercase()) else { return (None, None) };
    let years = |text: &str| text.trim().parse::<f64>().ok().filter(|age| (1.0..=120.0).contains(age));
    if let Some(years) = years(&text) {
        return (Some(format!("about {years:.0}")), None);
    }
    if let Some((from, to)) =
        text.split_once(['-', '~']).and_then(|(from, to)| Some((years(from)?, years(to)?)))
    {
        return (Some(format!("{from:.0} to {to:.0}")), None);
    }
    let letters: String = text.chars().filter(char::is_ascii_alphabetic).collect();
    let adjective = match letters.as_str() {
        "child" | "children" | "kid" => Some("child"),
        "teenager" | "teen" | "juvenile" => Some("teenage"),
        "young" | "youth" | "youngadult" => Some("young"),
        "middle" | "middleaged" | "middleage" => Some("middle-aged"),
        "old" | "elder" | "elderly" | "senior" => Some("elderly"),
        _ => None,
    };
    (None, adjective)
}
