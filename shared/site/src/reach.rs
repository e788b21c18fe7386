//! What can be said of a condition before any event has come.

use crate::{Condition, Source, Test};

/// Whether an event from a source can meet a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// None can.
    Never,
    /// It depends on the event.
    Maybe,
    /// Every one does.
    Always,
}

/// Whether an event from a source can meet a condition.
pub(crate) fn reach(condition: &Condition, source: &Source) -> Reach {
    match condition {
        Condition::All(conditions) => {
            conditions.iter().map(|condition| reach(condition, source)).min().unwrap_or(Reach::Always)
        }
        Condition::Any(conditions) => {
            conditions.iter().map(|condition| reach(condition, source)).max().unwrap_or(Reach::Never)
        }
        Condition::Not(condition) => match reach(condition, source) {
            Reach::Never => Reach::Always,
            Reach::Maybe => Reach::Maybe,
            Reach::Always => Reach::Never,
        },
        Condition::Test(test) => reach_of_test(test, source),
    }
}

fn reach_of_test(test: &Test, source: &Source) -> Reach {
    let known = |is: bool| if is { Reach::Always } else { Reach::Never };
    match test {
        Test::Source(any_of) => known(any_of.contains(&source.id)),
        Test::Vendor(any_of) => known(any_of.contains(&source.vendor)),
        Test::Area(any_of) => known(source.area.as_ref().is_some_and(|area| any_of.contains(area))),
        Test::Camera(any_of) => {
            let cameras = any_of.iter().flat_map(|choice| &choice.any_of);
            let of_source = cameras.filter(|camera| camera.source == source.id);
            let reach = of_source.map(|one| if one.camera.is_none() { Reach::Always } else { Reach::Maybe });
            reach.max().unwrap_or(Reach::Never)
        }
        _ => Reach::Maybe,
    }
}

/// Every test of a condition, wherever it stands.
pub(crate) fn tests(condition: &Condition) -> Vec<&Test> {
    match condition {
        Condition::All(conditions) | Condition::Any(conditions) => {
            conditions.iter().flat_map(tests).collect()
        }
        Condition::Not(condition) => tests(condition),
        Condition::Test(test) => vec![test],
    }
}
