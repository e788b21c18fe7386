//! The names of modes.

use super::good;
use crate::problem::{Notes, Path, instead, nearest};
use crate::raw::{Item, Many, RawAction, RawMode, RawSite};
use crate::site::STANDARD_MODES;

/// A mode that a rule names.
struct Named<'a> {
    /// Rule, and where in it: the place in `then`, or none for a condition.
    rule: usize,
    place: Place,
    name: &'a str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// `mode`, by its index.
    Mode(usize),
    /// `is` of `mode`, by its index.
    ModeIs(usize),
    /// An action, by its index.
    Then(usize),
}

/// The modes of one's own that the file names.
pub(super) fn declared(document: &RawSite) -> &[String] {
    document.modes.as_ref().and_then(Item::good).map_or(&[], Many::as_slice)
}

/// Notes modes that nothing sets, or that nothing asks for: names of one's own stand in `modes`, or are both set by a
/// rule and asked for by a rule.
pub(super) fn check(document: &RawSite, notes: &mut Notes) {
    let declared = declared(document);
    let (mut asked, mut set) = (Vec::new(), Vec::new());
    for (rule, raw) in good(&document.rule) {
        match &raw.mode {
            None => {}
            Some(RawMode::OfTheEvent(modes)) => {
                let modes = modes.as_slice().iter().enumerate();
                asked.extend(modes.map(|(index, name)| Named { rule, place: Place::Mode(index), name }));
            }
            Some(RawMode::Of(of)) => {
                let modes = of.is.as_slice().iter().enumerate();
                asked.extend(modes.map(|(index, name)| Named { rule, place: Place::ModeIs(index), name }));
            }
        }
        for (index, action) in raw.then.as_slice().iter().enumerate() {
            if let RawAction::Mode(action) = action {
                set.push(Named { rule, place: Place::Then(index), name: action.mode.as_str() });
            }
        }
    }
    let is_declared =
        |name: &str| STANDARD_MODES.contains(&name) || declared.iter().any(|known| known == name);
    let is_among = |name: &str, others: &[Named<'_>]| others.iter().any(|other| other.name == name);
    for (named, others) in
        asked.iter().map(|named| (named, &set)).chain(set.iter().map(|named| (named, &asked)))
    {
        if named.name.is_empty() || is_declared(named.name) || is_among(named.name, others) {
            continue;
        }
        let known = STANDARD_MODES.into_iter().chain(declared.iter().map(String::as_str));
        let known: Vec<&str> = known.chain(others.iter().map(|other| other.name)).collect();
        let declare = format!("add modes = [\"{}\"] at the top of the file", named.name);
        let fix = match nearest(named.name, known.clone()) {
            _ if named.name.contains(',') => instead(named.name, known),
            _ if named.name.starts_with('!') => {
                "name the modes in which the rule applies, in square brackets".to_owned()
            }
            Some(nearest) => format!("did you mean `{nearest}`? For a mode of your own {declare}"),
            None => declare,
        };
        note(named, fix, notes);
    }
}

fn note(named: &Named<'_>, fix: String, notes: &mut Notes) {
    let message = format!("`{}` is no mode", named.name);
    let root = Path::Root;
    let section = root.key("rule");
    let rule = section.index(named.rule);
    match named.place {
        Place::Mode(index) => notes.strict(&rule.key("mode").index(index), message, fix),
        Place::ModeIs(index) => notes.strict(&rule.key("mode").key("is").index(index), message, fix),
        Place::Then(index) => notes.strict(&rule.key("then").index(index).key("mode"), message, fix),
    }
}
