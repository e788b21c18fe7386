//! Rules, their schedules and actions, and what can be said of them before any event comes.

use std::collections::BTreeSet;
use std::time::Duration;

use camhook_event::{Kind, Report, Text};

use super::condition::{self, Known, Tolerance};
use super::schedule::{Almanac, schedules};
use super::{Names, scalar};
use crate::problem::{Notes, Path};
use crate::raw::{RawAction, RawCooldownScope, RawMode, RawRelayAction, RawRule, RawSwitch};
use crate::reachability::{Reachability, reachability};
use crate::rule::DEFAULT_MAX_AGE;
use crate::vendor_limit;
use crate::{
    Action, ChannelId, CooldownScope, DeviceTimer, ModeCondition, NamedCamera, Relay, RelayAction, RelayId,
    Rule, RuleId, Site, Source, Test, Unsupported, Urgency,
};

/// The longest `pulse` or `hold`: a day.
const LONGEST_SECONDS: f64 = 86_400.0;

/// The shortest pulse of a device without a timer that lasts about as long as it should: the message that ends it
/// is delayed by whole seconds, and on its way for some time.
const SHORTEST_UNTIMED_PULSE: Duration = Duration::from_secs(3);

/// The longest `coalesce`: as long as SQS delays a message.
const LONGEST_COALESCE: Duration = Duration::from_secs(900);

/// Where a rule stands, and what it may refer to.
pub(super) struct Place<'a> {
    /// Its position, counted from 0.
    pub(super) index: usize,
    /// The ids that rules were given.
    pub(super) given: &'a BTreeSet<String>,
    pub(super) names: &'a Names,
    pub(super) cameras: &'a [NamedCamera],
    pub(super) relays: &'a [Relay],
    pub(super) almanac: &'a Almanac,
}

pub(super) fn rule(raw: &RawRule, place: &Place<'_>, path: &Path<'_>, notes: &mut Notes) -> Option<Rule> {
    let known = Known { names: place.names, cameras: place.cameras, tolerance: tolerance(raw) };
    let id = match &raw.id {
        Some(id) => id.0.clone(),
        None => {
            let derived = format!("rule-{}", place.index + 1);
            if place.given.contains(&derived) {
                notes.problem(
                    path,
                    format!("without an id this rule is called `{derived}`, as is another"),
                    "give one of them another id",
                );
            }
            derived
        }
    };
    let when = condition::of_rule(raw.when.as_ref(), known, &path.key("when"), notes);
    let during = schedules(raw.during.as_ref(), place.almanac, &path.key("during"), notes);
    let mode = raw.mode.as_ref().and_then(|mode| mode_condition(mode, place.names, &path.key("mode"), notes));
    let path_then = path.key("then");
    let mut then = Vec::new();
    for (index, raw) in raw.then.as_slice().iter().enumerate() {
        then.extend(action(raw, place, &path_then.index(index), notes));
    }
    let cooldown = optional_duration(raw.cooldown.as_ref(), &path.key("cooldown"), notes);
    let coalesce = optional_duration(raw.coalesce.as_ref(), &path.key("coalesce"), notes);
    if coalesce.is_some_and(|window| window > LONGEST_COALESCE) {
        notes.problem(
            &path.key("coalesce"),
            "notifications would be delayed by more than 15 minutes",
            "use at most 15m",
        );
    }
    let path_max_age = path.key("max_age");
    let max_age = match &raw.max_age {
        None => Some(DEFAULT_MAX_AGE),
        Some(text) => scalar::duration(text, &path_max_age, notes),
    }?;
    if max_age.is_zero() {
        notes.problem(&path_max_age, "every event is older than that", "use a time above zero");
    }
    let urgency = if raw.urgent == Some(true) { Urgency::Urgent } else { Urgency::Normal };
    let moves_relay = then.iter().any(|action| matches!(action, Action::Relay { .. }));
    let cooldown_per = match raw.cooldown_per {
        Some(RawCooldownScope::Camera) => CooldownScope::Camera,
        Some(RawCooldownScope::Source) => CooldownScope::Source,
        None if moves_relay => CooldownScope::Source,
        None => CooldownScope::Camera,
    };
    let id = RuleId::new(&id)?;
    Some(Rule { id, when, during, mode, then, cooldown, cooldown_per, coalesce, urgency, max_age })
}

/// Whether `@list~1` is tolerant in a rule: always where it only notifies.
fn tolerance(raw: &RawRule) -> Tolerance {
    let only_notifies = raw.then.as_slice().iter().all(|action| matches!(action, RawAction::Notify(_)));
    if only_notifies || raw.tolerant == Some(true) { Tolerance::Allowed } else { Tolerance::Missing }
}

/// A duration of which zero means the same as none.
fn optional_duration(
    text: Option<&crate::raw::DurationText>,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Option<Duration> {
    scalar::duration(text?, path, notes).filter(|duration| !duration.is_zero())
}

fn mode_condition(raw: &RawMode, names: &Names, path: &Path<'_>, notes: &mut Notes) -> Option<ModeCondition> {
    let (area, modes, path_modes) = match raw {
        RawMode::OfTheEvent(modes) => (None, modes.as_slice(), *path),
        RawMode::Of(of) => {
            let path_area = path.key("area");
            scalar::reference("area of a source", &of.area, &names.areas, &path_area, notes);
            let area = scalar::text(&of.area, &path_area, notes)?;
            (Some(area), of.is.as_slice(), path.key("is"))
        }
    };
    let modes = modes.iter().enumerate();
    let any_of =
        modes.filter_map(|(index, mode)| scalar::text(mode, &path_modes.index(index), notes)).collect();
    Some(ModeCondition { area, any_of })
}

fn action(raw: &RawAction, place: &Place<'_>, path: &Path<'_>, notes: &mut Notes) -> Option<Action> {
    let names = place.names;
    match raw {
        RawAction::Notify(raw) => {
            scalar::reference("channel", &raw.notify.0, &names.channels, &path.key("notify"), notes);
            Some(Action::Notify {
                channel: ChannelId::new(&raw.notify.0)?,
                title: raw.title.as_ref().map(|template| template.0.clone()),
                body: raw.body.as_ref().map(|template| template.0.clone()),
            })
        }
        RawAction::Relay(raw) => {
            scalar::reference("relay", &raw.relay.0, &names.relays, &path.key("relay"), notes);
            let action = relay_action(raw, path, notes)?;
            if let Some(relay) = place.relays.iter().find(|relay| relay.id.as_str() == raw.relay.0) {
                check_ability(relay, action, path, notes);
            }
            Some(Action::Relay { relay: RelayId::new(&raw.relay.0)?, action })
        }
        RawAction::Mode(raw) => {
            let path_area = path.key("area");
            let area = match &raw.area {
                None => None,
                Some(area) => {
                    scalar::reference("area of a source", area, &names.areas, &path_area, notes);
                    Some(scalar::text(area, &path_area, notes)?)
                }
            };
            Some(Action::Mode { area, mode: scalar::text(&raw.mode, &path.key("mode"), notes)? })
        }
    }
}

fn relay_action(raw: &RawSwitch, path: &Path<'_>, notes: &mut Notes) -> Option<RelayAction> {
    let path_seconds = path.key("seconds");
    let timed = match raw.action {
        RawRelayAction::Pulse => |duration| RelayAction::Pulse { duration },
        RawRelayAction::Hold => |duration| RelayAction::Hold { duration },
        untimed @ (RawRelayAction::On | RawRelayAction::Off | RawRelayAction::Toggle) => {
            if raw.seconds.is_some() {
                notes.misplaced(
                    &path_seconds,
                    "only `pulse` and `hold` last for a time",
                    "leave `seconds` out, or use action = \"pulse\"",
                );
            }
            return Some(match untimed {
                RawRelayAction::Off => RelayAction::Off,
                RawRelayAction::Toggle => RelayAction::Toggle,
                _ => RelayAction::On,
            });
        }
    };
    let Some(seconds) = raw.seconds else {
        notes.problem(path, "it is not said for how long", "add `seconds`, for example seconds = 5");
        return None;
    };
    if !(seconds > 0.0 && seconds <= LONGEST_SECONDS) {
        notes.problem(
            &path_seconds,
            format!("{seconds} seconds are too few or too many"),
            "use a number above 0 and not above 86400",
        );
        return None;
    }
    Duration::try_from_secs_f64(seconds).ok().map(timed)
}

/// Notes what a relay's device cannot do, and warns of a pulse that camhook ends later than it was asked to.
fn check_ability(relay: &Relay, action: RelayAction, path: &Path<'_>, notes: &mut Notes) {
    if let Some(Unsupported { message, fix }) = relay.driver.unsupported(action) {
        notes.problem(&path.key("action"), message, fix);
        return;
    }
    let RelayAction::Pulse { duration } = action else { return };
    if relay.driver.timer() == DeviceTimer::None && duration < SHORTEST_UNTIMED_PULSE {
        notes.warning(
            &path.key("seconds"),
            "the device has no timer: camhook ends the pulse, up to some seconds later",
            "expect a longer pulse, or let the device itself go off after a time",
        );
    }
}

/// The sources that a rule may be about.
fn reached<'a>(rule: &'a Rule, site: &'a Site) -> impl Iterator<Item = &'a Source> {
    let sources = site.sources().map(AsRef::as_ref).filter(|source: &&Source| source.vendor.sends_events());
    sources.filter(|source| reachability(&rule.when, source) != Reachability::Never)
}

/// Notes rules that move a relay or set a mode for a source that an address alone proves; at run time such an action
/// is refused. `positions` are those of the rules in the file.
pub(super) fn check_proofs(site: &Site, positions: &[usize], notes: &mut Notes) {
    let root = Path::Root;
    let section = root.key("rule");
    for (rule, position) in site.rules().iter().zip(positions) {
        let action = match (rule.moves_relays(), rule.sets_modes()) {
            (true, _) => "moves a relay",
            (false, true) => "sets a mode",
            (false, false) => continue,
        };
        for source in reached(rule, site).filter(|source| source.is_proved_by_address_alone()) {
            notes.strict(
                &section.index(*position),
                format!("this rule {action}, and an address alone proves `{}`", source.id),
                "give that source a token, basic or hmac, or the rule another source",
            );
        }
    }
}

/// Warns of rules by which a captured post switches a relay each time it is sent.
pub(super) fn warn_of_captured_posts(site: &Site, positions: &[usize], notes: &mut Notes) {
    let root = Path::Root;
    let section = root.key("rule");
    for (rule, position) in site.rules().iter().zip(positions).filter(|(rule, _)| rule.moves_relays()) {
        for source in reached(rule, site).filter(|source| source.accepts_captured_posts()) {
            notes.warning(
                &section.index(*position),
                format!(
                    "a captured request of `{}` switches the relay each time it is sent: {} posts contain no time and \
                     no number",
                    source.id, source.vendor
                ),
                "add `allow` or `basic` to that source, and use HTTPS",
            );
        }
    }
}

/// Warns of what can be said of each rule before any event has come, in a file without errors.
pub(super) fn warn_of_unreachable_rules(site: &Site, positions: &[usize], notes: &mut Notes) {
    let root = Path::Root;
    let section = root.key("rule");
    // What an `any` without alternatives means is noted where it stands.
    let complete = site.rules().iter().zip(positions).filter(|(rule, _)| !rule.when.has_vacant_any());
    for (rule, position) in complete {
        let path = section.index(*position);
        let path_when = path.key("when");
        let sources: Vec<&Source> = reached(rule, site).collect();
        if sources.is_empty() && site.sources().next().is_some() {
            notes.warning(
                &path_when,
                "this rule can never match: no source meets its source, camera, area and vendor",
                "compare them with the sources",
            );
            continue;
        }
        warn_of_missing_area(rule, &sources, &path, notes);
        let tests = rule.when.tests();
        let required = rule.when.required_tests();
        warn_of_tests_without_a_source(&required, &sources, &path_when, notes);
        warn_of_dropped_faces(&tests, &sources, &path_when, notes);
        for test in &tests {
            let Some(ability) = vendor_limit::needed_by(test) else { continue };
            let unable: Vec<&Source> =
                sources.iter().filter(|source| !vendor_limit::source_can(source, ability)).copied().collect();
            if unable.is_empty() {
                continue;
            }
            let key = test.key();
            let is_required = required.iter().any(|required| std::ptr::eq(*required, *test));
            let (message, fix) = if is_required && unable.len() == sources.len() {
                let vendors: BTreeSet<&str> = unable.iter().map(|source| source.vendor.name()).collect();
                let vendors: Vec<&str> = vendors.into_iter().collect();
                let message = format!("this rule can never match: {} sends no `{key}`", vendors.join(" or "));
                (message, format!("leave `{key}` out"))
            } else {
                let unable: Vec<String> = unable.iter().map(|source| format!("`{}`", source.id)).collect();
                let message = format!("{} cannot send this, so it never matches there", unable.join(", "));
                (message, format!("leave `{key}` out, or name the sources that send it"))
            };
            notes.warning(&path_when.key(key), message, fix);
        }
        let only_tracking = tests.iter().any(
            |test| matches!(test, Test::Kind(kinds) if kinds.iter().all(|kind| *kind == Kind::Tracking)),
        );
        let names_tracking = tests
            .iter()
            .any(|test| matches!(test, Test::Report(reports) if reports.contains(&Report::Tracking)));
        if only_tracking && !names_tracking {
            notes.warning(
                &path_when,
                "this rule can never match: tracking is no detection",
                "add report = \"tracking\"",
            );
        }
    }
}

/// A test that every matching event passes, and that no source's events may pass.
fn warn_of_tests_without_a_source(
    required: &[&Test],
    sources: &[&Source],
    path_when: &Path<'_>,
    notes: &mut Notes,
) {
    for test in required {
        // That names are not kept has a finding of its own.
        let is_impossible = |source: &&Source| {
            !vendor_limit::may_pass(source, test) && !vendor_limit::is_about_dropped_faces(source, test)
        };
        if sources.is_empty() || !sources.iter().all(is_impossible) {
            continue;
        }
        let names: BTreeSet<&str> = sources.iter().map(|source| source.vendor.name()).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let key = test.key();
        let what = match test {
            Test::Kind(_) | Test::State(_) => format!("`{key}` {}", test.wanted()),
            _ => format!("`{key}`"),
        };
        notes.warning(
            &path_when.key(key),
            format!(
                "this rule can never match: {} sends no {what} in the dialects of its sources",
                names.join(" or ")
            ),
            format!("leave `{key}` out, or name a source that sends it"),
        );
    }
}

/// The name of a face is asked for, and a source does not keep it.
fn warn_of_dropped_faces(tests: &[&Test], sources: &[&Source], path_when: &Path<'_>, notes: &mut Notes) {
    for test in tests {
        let dropping: Vec<String> = sources
            .iter()
            .filter(|source| vendor_limit::is_about_dropped_faces(source, test))
            .map(|source| format!("`{}`", source.id))
            .collect();
        if !dropping.is_empty() {
            notes.warning(
                &path_when.key(test.key()),
                format!(
                    "faces = \"drop\": no name of a face is kept from {}, so this never matches there, neither here nor \
                     within `not`",
                    dropping.join(", ")
                ),
                "keep the faces of that source, or name sources that keep them",
            );
        }
    }
}

/// The event's own area is asked for, and a source has none.
fn warn_of_missing_area(rule: &Rule, sources: &[&Source], path: &Path<'_>, notes: &mut Notes) {
    let homeless: Vec<&Text> =
        sources.iter().filter(|source| source.area.is_none()).map(|source| &source.id).collect();
    let Some(source) = homeless.first() else { return };
    let asks = rule.mode.as_ref().is_some_and(|mode| mode.area.is_none());
    let sets = rule.then.iter().any(|action| matches!(action, Action::Mode { area: None, .. }));
    if asks || sets {
        notes.warning(
            &path.key(if asks { "mode" } else { "then" }),
            format!("`{source}` has no area, so that it has no mode"),
            "give the source an `area`, or name an area here",
        );
    }
}
