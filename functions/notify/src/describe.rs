//! An event in the words of a person at the site.

use camhook_event::{Event, Kind, TargetClass};
use camhook_site::Site;

/// The camera's name in camhook.toml, else its name in the device, else its number within the source.
pub(crate) fn camera(site: &Site, event: &Event) -> String {
    if let Some(named) = site.camera(event) {
        return named.to_string();
    }
    let source = &event.data.source;
    match &event.data.camera {
        Some(camera) => match &camera.name {
            Some(name) => name.to_string(),
            None => format!("{source}/{}", camera.id),
        },
        None => source.to_string(),
    }
}

/// The kind of event.
pub(crate) fn what(event: &Event) -> String {
    let data = &event.data;
    let own_word = data.name.as_ref().or(data.vendor_kind.as_ref());
    match (data.kind, own_word) {
        (Kind::Other | Kind::External | Kind::Analytics, Some(word)) => word.to_string(),
        (Kind::Pir, _) => "PIR".to_owned(),
        (kind, _) => capitalized(&kind.name().replace('_', " ")),
    }
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// The classes of the targets, each once, the most confident first.
pub(crate) fn targets(event: &Event) -> Vec<String> {
    let mut seen: Vec<(TargetClass, f64)> = Vec::new();
    for target in &event.data.targets {
        let Some(class) = target.class else { continue };
        if matches!(class, TargetClass::Plate | TargetClass::Other) {
            continue;
        }
        let confidence = target.confidence.map_or(0.0, camhook_event::Fraction::value);
        match seen.iter_mut().find(|(known, _)| *known == class) {
            Some((_, best)) => *best = best.max(confidence),
            None => seen.push((class, confidence)),
        }
    }
    seen.sort_by(|(_, left), (_, right)| right.total_cmp(left));
    let word = |class| match class {
        TargetClass::Person => "person",
        TargetClass::Vehicle => "vehicle",
        TargetClass::MotorcycleBicycle => "motorcycle or bicycle",
        TargetClass::Animal => "animal",
        TargetClass::Face => "face",
        TargetClass::Plate => "plate",
        TargetClass::Other => "other",
    };
    seen.into_iter()
        .map(|(class, confidence)| {
            if confidence > 0.0 {
                format!("{} {:.0} %", word(class), confidence * 100.0)
            } else {
                word(class).to_owned()
            }
        })
        .collect()
}
