//! `camhook explain`
//!
//! Shows the recorded outcomes of an event's actions, and evaluates the rules under the version of camhook.toml and the
//! modes that were in force, where these are recorded. Uses the code that decides at run time: `camhook_site::evaluate`
//! for rules, `camhook_relay::command` for ages and deadlines.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use camhook_aws::{AwsPorts, CurrentSite};
use camhook_event::{CONFIG_KEY, Event, EventId};
use camhook_operations::{decisions, events};
use camhook_ports::{Clock, IndexPorts, ObjectStore, Ports, SystemClock};
use camhook_relay::command::{deadline, happened_at};
use camhook_site::{Action, Context, Modes, RelayAction, Rule, Site, Urgency, evaluate};
use camhook_state::claim::{self, ClaimRecord};
use camhook_state::control::{self, StopSwitch};
use camhook_state::cooldown;
use camhook_state::decision::{self, ActionDecision, ActionOutcome};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

use super::Outcome;
use crate::arguments::{Explain, ExplainBasis};
use crate::error::Error;
use crate::moment::Times;
use crate::outcome_text::outcome_text;
use crate::output::{Output, single_line};
use crate::site;
use crate::stack::{Selection, Stack};

/// The maximum number of records searched per day.
const MAX_RECORDS_PER_DAY: usize = 20_000;

/// The number of days searched for an event: the default lifetime of records.
const SEARCHED_DAYS: i64 = 90;

/// The minimum length of an id prefix.
const MIN_ID_LENGTH: usize = 6;

/// What is known in addition to the event and the site.
#[derive(Default)]
struct Known {
    modes: BTreeMap<String, String>,
    /// The claims of the event's actions, by rule and index.
    claims: BTreeMap<(String, usize), ClaimRecord>,
    /// The rules in the cooldown of another event of the same source.
    in_cooldown: Vec<String>,
    stopped: bool,
    /// The recorded outcomes, by rule and index.
    recorded: BTreeMap<(String, usize), ActionDecision>,
    /// When the events happened that recorded outcomes refer to.
    others: BTreeMap<EventId, Timestamp>,
}

/// What the rules are evaluated under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Basis {
    /// The configuration and modes that were in force when the event was processed.
    Recorded,
    /// Those of now.
    Today,
}

#[derive(Serialize)]
struct Explained<'a> {
    rule: &'a str,
    matched: bool,
    /// What the rule was evaluated under.
    basis: Basis,
    /// Why it did not match.
    reasons: Vec<String>,
    /// What was read and what matched, where a plate matched by tolerance.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    plates: Vec<String>,
    /// The rule's actions, if it matched.
    actions: Vec<ActionExplained>,
}

#[derive(Serialize)]
struct ActionExplained {
    action: String,
    /// The recorded outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<ActionDecision>,
    /// Its outcome, or what prevents it now.
    notes: Vec<String>,
}

pub(super) async fn run(
    arguments: &Explain,
    stack: Selection<'_>,
    output: &Output,
) -> Result<Outcome, Error> {
    let from_file = read_file(&arguments.event)?;
    // A file and a configuration need no stack.
    let ports = match (&from_file, &arguments.config) {
        (Some(_), Some(_)) => None,
        _ => Some(Stack::find(stack)?.connect().await),
    };
    let mut site = match (&arguments.config, &ports) {
        (Some(path), _) => Arc::new(site::read(path)?),
        (None, Some(ports)) => CurrentSite::default().get(ports).await?,
        (None, None) => return Err(Error::NoStack),
    };
    let now = SystemClock::start().now();
    let event = match (from_file, &ports) {
        (Some(event), _) => event,
        (None, Some(ports)) => find(ports, &arguments.event, now).await?,
        (None, None) => return Err(Error::NoStack),
    };
    let mut known = match &ports {
        Some(ports) => known(ports, &site, &event, now).await?,
        None => Known::default(),
    };
    known.modes.extend(arguments.modes.iter().cloned());
    let mut basis = Basis::Today;
    if let (Some(ports), ExplainBasis::Recorded) = (&ports, arguments.basis()) {
        let recorded = decisions::of_event(ports.state(), event.id).await?;
        apply_outcomes(ports, &mut known, decisions::outcomes(&recorded)).await?;
        // The notification function records the modes of all rules.
        let is_first =
            |part: &decisions::PartDecision| part.part == decision::NOTIFY && part.replay.is_none();
        if let Some(notified) = recorded.into_iter().find(is_first) {
            let decision = notified.decision;
            if let Some(recorded_basis) = decision.basis
                && let Some(in_force) =
                    apply_basis(ports, &mut known, &site, recorded_basis, decision.at, output).await?
            {
                (site, basis) = (in_force, Basis::Recorded);
            }
        } else {
            output.note(
                "No decision about notifications is recorded for this event: evaluated under the deployed camhook.toml and the \
                 current modes.",
            );
        }
    }
    output.note(head(&event, &known, &site));
    for explained in explain(&site, &event, &known, basis, now) {
        output.result(&explained, text(&explained));
    }
    Ok(Outcome::Done)
}

/// Adds recorded outcomes to what is known.
async fn apply_outcomes(
    ports: &AwsPorts,
    known: &mut Known,
    outcomes: Vec<ActionDecision>,
) -> Result<(), Error> {
    for action in outcomes {
        if let ActionOutcome::Duplicate { of } = action.outcome
            && let Some(other) = decision::of_event(ports.state(), of).await?.remove(decision::NOTIFY)
        {
            known.others.insert(of, other.event_time);
        }
        known.recorded.insert((action.rule.clone(), action.action), action);
    }
    Ok(())
}

/// Applies the modes that were in force. Returns the site that was in force; `None` when it cannot be read any more.
async fn apply_basis(
    ports: &AwsPorts,
    known: &mut Known,
    deployed: &Arc<Site>,
    basis: decision::Basis,
    at: Timestamp,
    output: &Output,
) -> Result<Option<Arc<Site>>, Error> {
    let site = match basis.configuration.as_deref() {
        Some(version) if deployed.version() != Some(version) => match recorded_site(ports, version).await? {
            Some(site) => site,
            None => {
                output.note(format_args!(
                    "Version {version} of camhook.toml, which was in force, is gone: rules are evaluated under the \
                     deployed one."
                ));
                return Ok(None);
            }
        },
        _ => Arc::clone(deployed),
    };
    known.modes = basis.modes;
    let version = basis.configuration.as_deref().unwrap_or("without an id");
    output.note(format_args!(
        "Evaluated under the version {version} of camhook.toml and the modes that were in force at {}.",
        Times::of_site(deployed).show(at)
    ));
    Ok(Some(site))
}

async fn recorded_site(ports: &AwsPorts, version: &str) -> Result<Option<Arc<Site>>, Error> {
    let Some(object) = ports.objects().get_version(CONFIG_KEY, version).await? else { return Ok(None) };
    let text = String::from_utf8_lossy(&object.bytes);
    Ok(camhook_site::read(&text, CONFIG_KEY).ok().map(|(site, _)| Arc::new(site)))
}

/// A recorded outcome in words.
fn recorded_text(action: &ActionDecision, event: &Event, known: &Known, times: &Times) -> String {
    let distance = match &action.outcome {
        ActionOutcome::Duplicate { of } => known.others.get(of).map(|other| {
            let seconds = event.time.timestamp().duration_since(*other).as_secs();
            let when = if seconds < 0 { "later" } else { "earlier" };
            format!("{} s {when}", seconds.abs())
        }),
        _ => None,
    };
    let outcome = outcome_text(&action.outcome, distance.as_deref(), times);
    format!("{outcome} (attempt {} at {})", action.attempt, times.show(action.at))
}

/// Reads the event from a file or standard input; `None` if there is no such file.
fn read_file(name: &str) -> Result<Option<Event>, Error> {
    let path = Path::new(name);
    let mut text = String::new();
    if name == "-" {
        let read = std::io::stdin().lock().read_to_string(&mut text);
        read.map_err(|error| Error::Read { path: "standard input".into(), error })?;
    } else if path.is_file() {
        text = std::fs::read_to_string(path).map_err(|error| Error::Read { path: path.to_owned(), error })?;
    } else {
        return Ok(None);
    }
    let event = serde_json::from_str(&text);
    event.map(Some).map_err(|error| Error::BadEvent { name: name.to_owned(), error })
}

/// Finds an event's record by its id: by the index, else by the records, newest days first, whose keys contain the day.
pub(super) async fn find(ports: &AwsPorts, id: &str, now: Timestamp) -> Result<Event, Error> {
    let is_id = (MIN_ID_LENGTH..=32).contains(&id.len())
        && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !is_id {
        return Err(Error::NotAnEvent(id.to_owned()));
    }
    if let Some(event) = find_in_index(ports, id).await {
        return Ok(event);
    }
    // A device's clock may be a little ahead.
    let mut day = now.to_zoned(TimeZone::UTC).date().saturating_add(1.day());
    for _ in 0..=SEARCHED_DAYS {
        let keys = ports
            .objects()
            .list(&format!("events/{}/", day.strftime("%Y/%m/%d")), MAX_RECORDS_PER_DAY)
            .await?;
        let named = |key: &&String| key.rsplit('/').next().is_some_and(|name| name.starts_with(id));
        let found: Vec<&String> = keys.iter().filter(named).collect();
        match found.as_slice() {
            [] => day = day.saturating_sub(1.day()),
            [key] => {
                let object = ports.objects().get(key).await?.ok_or_else(|| Error::NoRecord(id.to_owned()))?;
                return serde_json::from_slice(&object.bytes)
                    .map_err(|error| Error::BadRecord { key: (*key).clone(), error });
            }
            several => {
                let found: Vec<&str> = several.iter().map(|key| key.as_str()).collect();
                return Err(Error::ManyRecords { id: id.to_owned(), found: found.join(", ") });
            }
        }
    }
    Err(Error::NoRecord(id.to_owned()))
}

/// The event by its whole id; `None` where the index does not have it or cannot be read.
async fn find_in_index(ports: &AwsPorts, id: &str) -> Option<Event> {
    let summary = events::find(ports.index(), id.parse().ok()?, ports.clock().now()).await.ok()??;
    let object = ports.objects().get(&summary.record_key()).await.ok()??;
    serde_json::from_slice(&object.bytes).ok()
}

/// Reads modes, claims, cooldowns and the stop switch of an event.
async fn known(ports: &AwsPorts, site: &Site, event: &Event, now: Timestamp) -> Result<Known, Error> {
    let state = ports.state();
    let mut known =
        Known { stopped: control::stop_switch(state).await? == StopSwitch::Stopped, ..Known::default() };
    for area in site.rules().iter().filter_map(|rule| rule.mode.as_ref()?.area(event)) {
        if let Some(mode) = control::mode(state, area.as_str()).await? {
            known.modes.insert(area.as_str().to_owned(), mode);
        }
    }
    for (rule, action, record) in claim::of_event(state, event.id).await? {
        known.claims.insert((rule, action), record);
    }
    for rule in site.rules().iter().filter(|rule| rule.cooldown.is_some()) {
        let id = rule.id.as_str();
        let scope = site.cooldown_scope(rule, event);
        let key = cooldown::CooldownKey { rule: id, scope: &scope };
        if cooldown::is_charged(state, key, event.id, now).await? {
            known.in_cooldown.push(id.to_owned());
        }
    }
    Ok(known)
}

fn explain<'a>(
    site: &'a Site,
    event: &Event,
    known: &Known,
    basis: Basis,
    now: Timestamp,
) -> Vec<Explained<'a>> {
    let modes: Modes = known.modes.iter().map(|(area, mode)| (area.clone(), mode.clone())).collect();
    let context = Context { site, at: event.time.timestamp(), modes: &modes };
    let explained = site.rules().iter().map(|rule| {
        let verdict = evaluate(rule, event, &context);
        let reasons = verdict.explain().iter().map(ToString::to_string).collect();
        let matched = verdict.is_match();
        let plates = verdict.plate_matches().iter().map(ToString::to_string).collect();
        let actions =
            rule.then.iter().enumerate().filter(|_| matched).map(|(index, action)| ActionExplained {
                action: name(action),
                recorded: known.recorded.get(&(rule.id.to_string(), index)).cloned(),
                notes: notes(site, rule, index, action, event, known, now),
            });
        Explained { rule: rule.id.as_str(), matched, basis, plates, actions: actions.collect(), reasons }
    });
    explained.collect()
}

/// The outcome of an action of a matched rule, or what prevents it now.
fn notes(
    site: &Site,
    rule: &Rule,
    index: usize,
    action: &Action,
    event: &Event,
    known: &Known,
    now: Timestamp,
) -> Vec<String> {
    let (id, times) = (rule.id.as_str(), Times::of_site(site));
    if let Some(recorded) = known.recorded.get(&(id.to_owned(), index)) {
        return vec![recorded_text(recorded, event, known, &times)];
    }
    if let Some(record) = known.claims.get(&(id.to_owned(), index)) {
        let outcome = record.outcome.as_deref().unwrap_or("in progress, or its function stopped");
        let since = times.show(record.since);
        return vec![format!("attempt {} at {since}: {}", record.attempt, single_line(outcome))];
    }
    let mut notes = Vec::new();
    match action {
        Action::Relay { .. } => {
            let source = site.source(event.data.source.as_str());
            let (happened_at, _) = happened_at(event, source.map(AsRef::as_ref));
            if now > deadline(rule, happened_at) {
                let age = Duration::try_from(now.duration_since(happened_at)).unwrap_or_default();
                notes.push(format!(
                    "late now: the event is {} s old, and max_age is {} s",
                    age.as_secs(),
                    rule.max_age.as_secs_f64()
                ));
            }
            if known.stopped {
                notes.push("all relays are disabled; `camhook relays` shows by whom".to_owned());
            }
        }
        Action::Notify { channel, .. } => {
            let quiet = site.channel(channel.as_str()).is_some_and(|channel| {
                channel.quiet.iter().any(|schedule| schedule.contains(now, site.timezone()))
            });
            if quiet && rule.urgency == Urgency::Normal {
                notes.push("the channel has quiet hours now, and the rule is not urgent".to_owned());
            }
            if let Some(window) = rule.coalesce {
                notes.push(format!("grouped with other events for {} s", window.as_secs_f64()));
            }
        }
        Action::Mode { .. } => {}
    }
    if known.in_cooldown.iter().any(|rule| rule == id) {
        notes.push("the rule is in cooldown for this source".to_owned());
    }
    notes
}

fn name(action: &Action) -> String {
    match action {
        Action::Notify { channel, .. } => format!("notify {channel}"),
        Action::Relay { relay, action } => match action {
            RelayAction::Pulse { duration } | RelayAction::Hold { duration } => {
                format!("relay {relay}: {} for {} s", action.name(), duration.as_secs_f64())
            }
            RelayAction::On | RelayAction::Off | RelayAction::Toggle => {
                format!("relay {relay}: {}", action.name())
            }
        },
        Action::Mode { area, mode } => match area {
            Some(area) => format!("mode of {area}: {mode}"),
            None => format!("mode of the event's area: {mode}"),
        },
    }
}

fn head(event: &Event, known: &Known, site: &Site) -> String {
    let data = &event.data;
    let time = Times::of_site(site).show_ms(event.time.timestamp());
    let camera = data.camera.as_ref().map(|camera| format!("/{}", camera.id)).unwrap_or_default();
    let modes: Vec<String> = known.modes.iter().map(|(area, mode)| format!("{area} is {mode}")).collect();
    let modes = if modes.is_empty() { String::new() } else { format!("; {}", modes.join(", ")) };
    let head = format!("event {}: {} at {}{camera}, {time}{modes}", event.id, data.kind, data.source);
    single_line(&head).into_owned()
}

fn text(explained: &Explained<'_>) -> String {
    let Explained { rule, reasons, plates, actions, .. } = explained;
    let Some((first, others)) = reasons.split_first() else {
        let mut lines = vec![format!("{rule}: matched")];
        lines.extend(plates.iter().map(|plate| format!("    {}", single_line(plate))));
        for ActionExplained { action, notes, .. } in actions {
            lines.push(format!("    {action}"));
            lines.extend(notes.iter().map(|note| format!("        {note}")));
        }
        return lines.join("\n");
    };
    let mut lines = vec![format!("{rule}: not matched: {}", single_line(first))];
    lines.extend(others.iter().map(|reason| format!("    and {}", single_line(reason))));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: &str = r#"
        timezone = "Europe/Berlin"
        [[source]]
        id = "gate"
        vendor = "viewtron"
        area = "yard"
        auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" }
        [[channel]]
        id = "family"
        kind = "webhook"
        url = "https://example.org/family"
        quiet = { from = "22:00", to = "06:00" }
        [[relay]]
        id = "light"
        driver = "shelly-gen2"
        url = "http://light.example.org"
        [[rule]]
        id = "notify"
        then = [{ notify = "family" }, { relay = "light", action = "pulse", seconds = 5 }]
        cooldown = "30s"
        [[rule]]
        id = "plates"
        when = { kind = "plate", source = "gate", plate = "IB36NL" }
        then = [{ notify = "family" }]
        [[rule]]
        id = "away"
        mode = "away"
        then = [{ notify = "family" }]
    "#;

    fn event() -> Event {
        let event = serde_json::json!({
            "specversion": "1.0", "id": "0123456789abcdef0123456789abcdef", "source": "/viewtron/gate",
            "type": "camhook.event.v1", "subject": "motion", "time": "2026-11-23T12:00:00Z",
            "datacontenttype": "application/json",
            "data": {
                "vendor": "viewtron", "source": "gate", "area": "yard", "kind": "motion", "report": "detection",
                "received_at": "2026-11-23T12:00:00Z", "clock": "server",
            },
        });
        serde_json::from_value(event).unwrap()
    }

    fn explained(known: &Known, now: &str) -> Vec<String> {
        let (site, _) = camhook_site::read(SITE, "test").unwrap();
        let explained = explain(&site, &event(), known, Basis::Today, now.parse().unwrap());
        explained.iter().map(text).collect()
    }

    #[test]
    fn each_rule_has_its_reasons() {
        let lines = explained(&Known::default(), "2026-11-23T12:00:05Z");
        assert_eq!(
            lines,
            [
                "notify: matched\n    notify family\n    relay light: pulse for 5 s",
                "plates: not matched: kind is motion, the rule wants plate\n    \
                 and the event has no plate, the rule wants IB36NL",
                "away: not matched: the mode of yard is home, the rule wants away",
            ]
        );
    }

    #[test]
    fn what_prevents_an_action_is_shown() {
        let known = Known {
            modes: BTreeMap::from([("yard".to_owned(), "away".to_owned())]),
            in_cooldown: vec!["notify".to_owned()],
            stopped: true,
            ..Known::default()
        };
        let lines = explained(&known, "2026-11-23T22:30:00Z");
        for expected in [
            "late now: the event is 37800 s old, and max_age is 30 s",
            "all relays are disabled",
            "quiet hours now",
            "in cooldown",
        ] {
            assert!(lines[0].contains(expected), "{expected}: {}", lines[0]);
        }
        assert!(lines[2].starts_with("away: matched"), "{}", lines[2]);
    }

    #[test]
    fn a_recorded_outcome_names_the_other_event_and_its_distance() {
        let of = EventId::of_sender_id("gate", "1");
        let decided = ActionDecision {
            rule: "notify".to_owned(),
            action: 0,
            at: "2026-11-23T12:00:01Z".parse().unwrap(),
            attempt: 1,
            outcome: ActionOutcome::Duplicate { of },
        };
        let known = Known {
            recorded: BTreeMap::from([(("notify".to_owned(), 0), decided)]),
            others: BTreeMap::from([(of, "2026-11-23T11:59:48Z".parse().unwrap())]),
            ..Known::default()
        };
        let lines = explained(&known, "2026-11-23T12:00:05Z");
        let expected = format!(
            "not delivered: same object as event {of}, 12 s earlier (attempt 1 at 2026-11-23 13:00:01+01:00)"
        );
        assert!(lines[0].contains(&expected), "{}", lines[0]);
    }

    #[test]
    fn the_outcome_of_an_action_is_shown() {
        let record = ClaimRecord {
            state: claim::ClaimState::Done,
            attempt: 1,
            since: "2026-11-23T12:00:01Z".parse().unwrap(),
            effect: claim::Effect::Possible,
            outcome: Some("done: the device answered: {}".to_owned()),
            not_before: None,
            holder: claim::Holder::Function,
            decision: None,
        };
        let known =
            Known { claims: BTreeMap::from([(("notify".to_owned(), 1), record)]), ..Known::default() };
        let lines = explained(&known, "2026-11-23T12:30:00Z");
        assert!(
            lines[0].contains("attempt 1 at 2026-11-23 13:00:01+01:00: done: the device answered"),
            "{}",
            lines[0]
        );
    }

    #[test]
    fn a_plate_that_matched_by_tolerance_is_shown() {
        let site = SITE
            .replace("plate = \"IB36NL\"", "plate = \"@residents~1\"")
            .replace("timezone", "lists = { residents = [{ plate = \"IB36NL\" }] }\n        timezone");
        let (site, _) = camhook_site::read(&site, "test").unwrap();
        let mut read = serde_json::to_value(event()).unwrap();
        read["data"]["kind"] = "plate".into();
        read["data"]["plate"] = serde_json::json!({ "text": "I836NL" });
        let read: Event = serde_json::from_value(read).unwrap();
        let now = "2026-11-23T12:00:05Z".parse().unwrap();
        let known = Known::default();
        let lines: Vec<String> = explain(&site, &read, &known, Basis::Today, now).iter().map(text).collect();
        assert_eq!(
            lines[1],
            "plates: matched\n    Plate read as I836NL, matched IB36NL on @residents\n    notify family"
        );
    }
}
