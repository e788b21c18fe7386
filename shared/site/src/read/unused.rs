//! Warnings about parts that nothing uses.

use super::good;
use crate::problem::{Notes, Path};
use crate::raw::RawSite;
use crate::reachability::{Reachability, reachability};
use crate::{Action, PlateChoice, Site, Test};

/// Warns of what nothing uses, in a file without errors.
pub(super) fn warn(site: &Site, document: &RawSite, notes: &mut Notes) {
    let root = Path::Root;
    let rules = site.rules();
    let actions = || rules.iter().flat_map(|rule| &rule.then);
    let all_tests = || rules.iter().flat_map(|rule| rule.when.tests());

    let section = root.key("source");
    for (index, raw) in good(&document.source) {
        let Some(source) = site.source(&raw.id.0).filter(|source| source.vendor.sends_events()) else {
            continue;
        };
        if !rules.iter().any(|rule| reachability(&rule.when, source) != Reachability::Never) {
            let message =
                format!("no rule is about `{}`: its events are stored, and nobody is notified", source.id);
            notes.warning(&section.index(index), message, "add a rule if somebody is to be notified");
        }
    }

    let section = root.key("camera");
    for (index, raw) in good(&document.camera) {
        let names = |test: &Test| matches!(test, Test::Camera(any_of) if any_of.iter().any(|one| one.written.as_str() == raw.id.0));
        if !all_tests().any(names) {
            unused(&section.index(index), "camera", &raw.id.0, notes);
        }
    }

    let section = root.key("lists");
    for id in document.lists.keys() {
        let names = |test: &Test| {
            matches!(test, Test::Plate(any_of) if any_of.iter().any(
                |one| matches!(one, PlateChoice::List(list) | PlateChoice::Tolerant(list) if list.as_str() == id)
            ))
        };
        if !all_tests().any(names) {
            unused(&section.key(id), "list", id, notes);
        }
    }

    let section = root.key("relay");
    for (index, raw) in good(&document.relay) {
        let id = raw.id();
        if !actions().any(|action| matches!(action, Action::Relay { relay, .. } if relay.as_str() == id)) {
            unused(&section.index(index), "relay", id, notes);
        }
    }

    let section = root.key("channel");
    for (index, raw) in good(&document.channel) {
        let id = raw.id();
        let gets_alerts = site.alert_channel.as_ref().is_some_and(|alerted| alerted.as_str() == id);
        let is_told = actions()
            .any(|action| matches!(action, Action::Notify { channel, .. } if channel.as_str() == id));
        if !gets_alerts && !is_told {
            unused(&section.index(index), "channel", id, notes);
        }
    }
}

fn unused(path: &Path<'_>, what: &str, id: &str, notes: &mut Notes) {
    notes.warning(path, format!("no rule uses the {what} `{id}`"), "use it in a rule, or take it out");
}
