//! Which sources a condition can match at all, known before any event has come.

use crate::{Condition, Source, Test};

/// Whether events of a source can meet a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reachability {
    /// None can.
    Never,
    /// It depends on the event.
    Maybe,
    /// Every one does.
    Always,
}

/// Whether events of a source can meet a condition.
pub(crate) fn reachability(condition: &Condition, source: &Source) -> Reachability {
    match condition {
        Condition::All(conditions) => conditions
            .iter()
            .map(|condition| reachability(condition, source))
            .min()
            .unwrap_or(Reachability::Always),
        Condition::Any(conditions) => conditions
            .iter()
            .map(|condition| reachability(condition, source))
            .max()
            .unwrap_or(Reachability::Never),
        Condition::Not(condition) => match reachability(condition, source) {
            Reachability::Never => Reachability::Always,
            Reachability::Maybe => Reachability::Maybe,
            Reachability::Always => Reachability::Never,
        },
        Condition::Test(test) => reachability_of_test(test, source),
    }
}

fn reachability_of_test(test: &Test, source: &Source) -> Reachability {
    let known = |is: bool| if is { Reachability::Always } else { Reachability::Never };
    match test {
        Test::Source(any_of) => known(any_of.contains(&source.id)),
        Test::Vendor(any_of) => known(any_of.contains(&source.vendor)),
        Test::Area(any_of) => known(source.area.as_ref().is_some_and(|area| any_of.contains(area))),
        Test::Camera(any_of) => {
            let cameras = any_of.iter().flat_map(|choice| &choice.any_of);
            let of_source = cameras.filter(|camera| camera.source == source.id);
            let reachability = of_source
                .map(|one| if one.camera.is_none() { Reachability::Always } else { Reachability::Maybe });
            reachability.max().unwrap_or(Reachability::Never)
        }
        _ => Reachability::Maybe,
    }
}
