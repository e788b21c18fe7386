//! Targets in words.

use camhook_event::{Event, Fraction, TargetClass};

/// The classes in the order in which they are named, with singular and plural.
const CLASSES: [(TargetClass, &str, &str); 4] = [
    (TargetClass::Person, "person", "people"),
    (TargetClass::Vehicle, "vehicle", "vehicles"),
    (TargetClass::MotorcycleBicycle, "motorcycle or bicycle", "motorcycles or bicycles"),
    (TargetClass::Animal, "animal", "animals"),
];

fn count(event: &Event, class: TargetClass) -> usize {
    event.data.targets.iter().filter(|target| target.class == Some(class)).count()
}

/// `Person`, `3 people and a vehicle`; `None` where no target has a class that says something.
pub(crate) fn phrase(event: &Event) -> Option<String> {
    let parts: Vec<String> = CLASSES
        .iter()
        .filter_map(|&(class, singular, plural)| match count(event, class) {
            0 => None,
            1 => Some(singular.to_owned()),
            many => Some(format!("{many} {plural}")),
        })
        .collect();
    let (last, others) = parts.split_last()?;
    let phrase = if others.is_empty() { last.clone() } else { format!("{} and {last}", others.join(", ")) };
    Some(capitalized(&phrase))
}

/// How sure the device is of a single target: `84 % sure`.
pub(crate) fn facts(event: &Event) -> Option<String> {
    let known = CLASSES.iter().map(|&(class, ..)| count(event, class)).sum::<usize>();
    let best = event.data.targets.iter().filter_map(|target| target.confidence).map(Fraction::value);
    let best = best.fold(0.0, f64::max);
    (known == 1 && best > 0.0).then(|| format!("{:.0} % sure", best * 100.0))
}

pub(crate) fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
