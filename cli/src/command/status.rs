//! `camhook status`

use camhook_operations::relays::{RelayExecutor, RelayStatus, Relays};
use camhook_operations::sources::{AgentStatus, SourceState, SourceStatus};
use camhook_operations::status::{
    self, ChannelLine, ConfigurationState, ConfigurationStatus, Problem, Status,
};
use camhook_ports::{ActiveAlarm, QueueDepth};
use camhook_state::channel_status::ChannelStatus;
use camhook_state::control::StopSwitch;
use camhook_state::snooze::SnoozeTarget;
use jiff::Timestamp;
use serde::Serialize;

use super::Outcome;
use crate::error::Error;
use crate::event_line::word;
use crate::moment::{Times, age};
use crate::output::{Output, counted, single_line};
use crate::stack::{Selection, Stack};
use crate::table::aligned;

/// Above this number of sources, those without a problem are only counted.
const LISTED_SOURCES: usize = 20;

/// A release that is due for longer than this is reported as late, in seconds.
const RELEASE_TOLERANCE_S: i64 = 60;

/// The column where what a line says begins.
const LABEL: usize = 14;

#[derive(Serialize)]
struct Shown<'a> {
    stack: &'a str,
    #[serde(flatten)]
    status: &'a Status,
}

pub(super) async fn run(stack: Selection<'_>, output: &Output) -> Result<Outcome, Error> {
    let stack = Stack::find(stack)?;
    let (ports, monitor) = (stack.connect().await, stack.connect_monitor().await);
    let status = status::read(&ports, &monitor).await?;
    let label = stack.label();
    output.result(&Shown { stack: &label, status: &status }, text(&label, &status));
    Ok(if status.problems.is_empty() { Outcome::Done } else { Outcome::Problems })
}

/// The status on one screen.
fn text(label: &str, status: &Status) -> String {
    let (now, times) = (status.at, &Times::of_zone(status.timezone.clone()));
    let mut lines = vec![format!("{label} at {}", times.show(now))];
    let mut section = |name: &str, head: String, below: Vec<String>| {
        lines.push(format!("{name:LABEL$} {head}").trim_end().to_owned());
        lines.extend(below.into_iter().map(|line| format!("  {}", single_line(&line))));
    };
    section("configuration", configuration(&status.configuration), status.configuration.errors.clone());
    let sources = &status.sources.sources;
    section("sources", source_counts(sources), source_lines(sources, now));
    section("queues", queues(&status.queues, status.problems.as_slice()), Vec::new());
    section("dead letters", dead_letters(&status.queues), Vec::new());
    section("alarms", alarms(&status.alarms, &status.problems), Vec::new());
    section("pending", count(status.pending, status.more_pending), Vec::new());
    section("quarantine", count(status.sources.quarantined, status.sources.more_quarantined), Vec::new());
    section("relays", switch(&status.relays, times), relay_lines(&status.relays, now, times));
    let agents = &status.sources.agents;
    if !agents.is_empty() {
        section("agents", agent_counts(agents), agent_lines(agents, now));
    }
    for mode in &status.modes {
        let since = mode.since.map(|since| format!(" since {}", times.show(since))).unwrap_or_default();
        let by = mode.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        section(
            "mode",
            single_line(&format!("{}: {}{since}{by}", mode.area, mode.mode)).into_owned(),
            Vec::new(),
        );
    }
    section("channels", status.channels.len().to_string(), channel_lines(&status.channels, now));
    for snooze in &status.snoozes {
        let target = match &snooze.target {
            SnoozeTarget::Rule(id) => format!("rule {id}"),
            SnoozeTarget::Camera(name) => format!("camera {name}"),
        };
        let suppressed = snooze.suppressed;
        let text = format!("{target} until {}, {suppressed} messages not sent", times.show(snooze.until));
        section("snoozed", single_line(&text).into_owned(), Vec::new());
    }
    match status.problems.as_slice() {
        [] => section("problems", "none".to_owned(), Vec::new()),
        problems => {
            let count = problems.len().to_string();
            section("problems", count, problems.iter().map(|one| problem(one, times)).collect());
        }
    }
    lines.join("\n")
}

fn configuration(configuration: &ConfigurationStatus) -> String {
    let version =
        configuration.version.as_deref().map(|version| format!("version {version}, ")).unwrap_or_default();
    let in_force = match &configuration.in_force {
        Some(version) => format!("; version {version} is in force"),
        None => "; no valid version is in force".to_owned(),
    };
    match configuration.state {
        ConfigurationState::Valid => format!("{version}valid"),
        ConfigurationState::Unchecked => format!("{version}in force, not yet checked by the watchdog"),
        ConfigurationState::Rejected => format!("{version}rejected{in_force}"),
        ConfigurationState::Missing => format!("missing{in_force}"),
    }
}

fn source_counts(sources: &[SourceStatus]) -> String {
    let states = [SourceState::Ok, SourceState::Offline, SourceState::Refused, SourceState::Never];
    let counts = states.iter().filter_map(|state| {
        let count = sources.iter().filter(|source| source.state == *state).count();
        (count > 0).then(|| format!("{count} {}", state_name(*state)))
    });
    let counts: Vec<String> = counts.collect();
    if counts.is_empty() { "none".to_owned() } else { counts.join(", ") }
}

fn state_name(state: SourceState) -> &'static str {
    match state {
        SourceState::Ok => "ok",
        SourceState::Offline => "offline",
        SourceState::Refused => "refused",
        SourceState::Never => "never seen",
    }
}

fn source_lines(sources: &[SourceStatus], now: Timestamp) -> Vec<String> {
    let is_long = sources.len() > LISTED_SOURCES;
    let is_listed =
        |source: &&SourceStatus| !is_long || source.state != SourceState::Ok || source.quarantined > 0;
    let listed: Vec<&SourceStatus> = sources.iter().filter(is_listed).collect();
    let hidden = sources.len() - listed.len();
    let mut lines = aligned(&listed.iter().map(|source| source_parts(source, now)).collect::<Vec<_>>());
    if hidden > 0 {
        lines.push(format!("{hidden} more without a problem; --json lists them"));
    }
    lines
}

fn source_parts(source: &SourceStatus, now: Timestamp) -> [String; 4] {
    let SourceStatus { id, vendor, state, contact, event, refusal, quarantined, .. } = source;
    let mut facts = Vec::new();
    let ago =
        |what: &str, time: &Option<Timestamp>| time.map(|time| format!("{what} {} ago", age(time, now)));
    facts.extend(ago("contact", contact));
    facts.extend(ago("event", event));
    if let Some(refusal) = refusal {
        facts.push(format!("refused {} ago: {}", age(refusal.at, now), refusal.reason));
    }
    if *quarantined > 0 {
        facts.push(format!("{quarantined} in quarantine"));
    }
    [id.clone(), vendor.name().to_owned(), state_name(*state).to_owned(), facts.join(", ")]
}

fn queues(depths: &[QueueDepth], problems: &[Problem]) -> String {
    if problems.iter().any(|problem| matches!(problem, Problem::QueuesUnknown { .. })) {
        return "unknown".to_owned();
    }
    let waiting = depths.iter().filter(|depth| depth.messages > 0).map(|depth| {
        let oldest = depth.oldest_s.map(|seconds| format!(" (oldest {seconds} s)")).unwrap_or_default();
        format!("{} {}{oldest}", depth.queue, depth.messages)
    });
    let waiting: Vec<String> = waiting.collect();
    if waiting.is_empty() { "empty".to_owned() } else { waiting.join(", ") }
}

fn dead_letters(depths: &[QueueDepth]) -> String {
    let dead = depths.iter().filter(|depth| depth.dead_letters > 0);
    let dead: Vec<String> = dead.map(|depth| format!("{} {}", depth.queue, depth.dead_letters)).collect();
    if dead.is_empty() { "none".to_owned() } else { dead.join(", ") }
}

fn alarms(alarms: &[ActiveAlarm], problems: &[Problem]) -> String {
    if problems.iter().any(|problem| matches!(problem, Problem::AlarmsUnknown { .. })) {
        return "unknown".to_owned();
    }
    let names: Vec<&str> = alarms.iter().map(|alarm| alarm.name.as_str()).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// A count, which may be a lower bound.
fn count(count: usize, is_more: bool) -> String {
    match (count, is_more) {
        (0, _) => "none".to_owned(),
        (count, false) => count.to_string(),
        (count, true) => format!("{count} or more"),
    }
}

fn switch(relays: &Relays, times: &Times) -> String {
    match (relays.switch, relays.since) {
        (StopSwitch::Running, _) if relays.relays.is_empty() => "none".to_owned(),
        (StopSwitch::Running, _) => "enabled".to_owned(),
        (StopSwitch::Stopped, since) => {
            let since = since.map(|since| format!(" since {}", times.show(since))).unwrap_or_default();
            let by = relays.by.as_deref().map(|by| format!(" by {}", single_line(by))).unwrap_or_default();
            format!("disabled{since}{by}")
        }
    }
}

/// A line for each relay: what it was last asked, and whether it is on or may be.
pub(super) fn relay_lines(relays: &Relays, now: Timestamp, times: &Times) -> Vec<String> {
    let parts = |relay: &RelayStatus| {
        let mut facts = Vec::new();
        if relay.executor == RelayExecutor::Agent {
            facts.push("by the agent".to_owned());
        }
        if relay.dry_run {
            facts.push("dry run".to_owned());
        }
        if let (Some(action), Some(at)) = (relay.last_action, relay.last_actuation) {
            facts.push(format!("last {} {} ago", word(&action).replace('_', " "), age(at, now)));
        }
        match relay.on_until {
            Some(until) if until > now => facts.push(format!("on until {}", times.show(until))),
            Some(until) if relay.release_failures.is_none() && is_late(until, now) => {
                facts.push(format!("may be on: not yet switched off, due since {}", times.show(until)));
            }
            Some(_) | None => {}
        }
        if let Some(failures) = &relay.release_failures {
            let attempts = counted(failures.count, "attempt", "attempts");
            let (since, next) = (times.show(failures.since), times.show(failures.next));
            facts.push(format!("may be on: off not confirmed, {attempts} since {since}, next at {next}"));
        }
        [relay.id.clone(), relay.driver.to_owned(), facts.join(", ")]
    };
    aligned(&relays.relays.iter().map(parts).collect::<Vec<_>>())
}

/// Whether a release is late. One that is due just now is about to be executed.
fn is_late(due: Timestamp, now: Timestamp) -> bool {
    now.duration_since(due).as_secs() > RELEASE_TOLERANCE_S
}

fn agent_counts(agents: &[AgentStatus]) -> String {
    let online = agents.iter().filter(|agent| agent.online).count();
    match (online, agents.len() - online) {
        (0, offline) => format!("{offline} offline"),
        (online, 0) => format!("{online} online"),
        (online, offline) => format!("{online} online, {offline} offline"),
    }
}

fn agent_lines(agents: &[AgentStatus], now: Timestamp) -> Vec<String> {
    let parts = |agent: &AgentStatus| {
        let state = if agent.online { "online" } else { "offline" };
        let contact = agent.contact.map(|contact| format!("last report {} ago", age(contact, now)));
        [agent.name.clone(), state.to_owned(), contact.unwrap_or_default()]
    };
    aligned(&agents.iter().map(parts).collect::<Vec<_>>())
}

fn channel_lines(channels: &[ChannelLine], now: Timestamp) -> Vec<String> {
    aligned(&channels.iter().map(|channel| channel_parts(channel, now)).collect::<Vec<_>>())
}

fn channel_parts(channel: &ChannelLine, now: Timestamp) -> [String; 3] {
    let ChannelLine { id, kind, status: ChannelStatus { delivered, event, failed, reason } } = channel;
    let mut facts = Vec::new();
    if let Some(failed) = failed {
        let reason = reason.as_deref().unwrap_or("unknown reason");
        facts.push(format!("failed {} ago: {reason}", age(*failed, now)));
    }
    if let Some(delivered) = delivered {
        let event = event.map(|event| format!(" (event {event})")).unwrap_or_default();
        facts.push(format!("delivered {} ago{event}", age(*delivered, now)));
    }
    let facts = if facts.is_empty() { "no message yet".to_owned() } else { facts.join("; ") };
    [id.clone(), (*kind).to_owned(), facts]
}

/// A problem, with what to do about it.
fn problem(problem: &Problem, times: &Times) -> String {
    match problem {
        Problem::ConfigurationMissing => {
            "the stack has no camhook.toml: `camhook config push FILE` uploads one, and `camhook config rollback` restores one \
             that was deleted"
                .to_owned()
        }
        Problem::ConfigurationRejected => {
            "the newest camhook.toml is invalid: correct it and push it again, or `camhook config rollback`"
                .to_owned()
        }
        Problem::SourceOffline { source, since } => {
            let since = times.show(*since);
            format!("source {source} is offline since {since}: check its power, network and webhook settings")
        }
        Problem::SourceRefused { source, reason, at } => format!(
            "the last post of source {source} was refused at {} ({reason}): `camhook setup {source}` shows the settings \
             of the device",
            times.show(*at)
        ),
        Problem::SourceNeverSeen { source } => {
            format!(
                "source {source} has never posted: `camhook setup {source}` shows the settings of the device"
            )
        }
        Problem::Quarantined { count } => {
            format!("posts in quarantine: {count}; `camhook quarantine list` shows them")
        }
        Problem::Pending { count } => {
            format!(
                "events and alerts that a queue refused: {count}; the watchdog delivers them every minute"
            )
        }
        Problem::DeadLetters { queue, count } => {
            format!("dead letters of the queue {queue}: {count}; `camhook dlq` shows the reasons")
        }
        Problem::QueueLate { queue, oldest_s } => format!(
            "the oldest message of the queue {queue} has waited for {oldest_s} s: see the logs of its function, or start \
             its agent"
        ),
        Problem::QueuesUnknown { reason } | Problem::AlarmsUnknown { reason } => reason.clone(),
        Problem::Alarm(ActiveAlarm { name, description, since }) => {
            let since = since.map(|since| format!(" since {}", times.show(since))).unwrap_or_default();
            format!("alarm {name}{since}: {description}")
        }
        Problem::RelaysDisabled { since, by } => {
            let by = by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
            format!(
                "all relays are disabled since {}{by}: `camhook relays on` enables them",
                times.show(*since)
            )
        }
        Problem::ReleaseUnconfirmed { relay, since } => format!(
            "relay {relay} has not confirmed that it is off since {}: check the device, then `camhook relays confirm-off \
             {relay}`",
            times.show(*since)
        ),
        Problem::AgentOffline { agent, since } => {
            let since = since.map(|since| format!(" since {}", times.show(since))).unwrap_or_default();
            format!(
                "agent {agent} is offline{since}: its relays are not switched; check its machine and service"
            )
        }
        Problem::ChannelFailing { channel, since, reason } => format!(
            "channel {channel} failed at {}: {reason}; after a correction, `camhook test {channel}` sends a message",
            times.show(*since)
        ),
    }
}

#[cfg(test)]
mod tests {
    use camhook_event::Vendor;
    use camhook_operations::relays::ReleaseFailures;
    use camhook_operations::sources::Sources;
    use camhook_ports::Queue;
    use camhook_state::presence::Refusal;
    use camhook_state::relay::LastAction;
    use jiff::tz::TimeZone;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn source(id: &str, state: SourceState) -> SourceStatus {
        SourceStatus {
            id: id.to_owned(),
            vendor: Vendor::Viewtron,
            area: None,
            state,
            contact: Some(Timestamp::constant(1_799_999_988, 0)),
            event: None,
            refusal: None,
            quarantined: 0,
        }
    }

    fn status(sources: Vec<SourceStatus>, problems: Vec<Problem>) -> Status {
        Status {
            at: NOW,
            timezone: TimeZone::UTC,
            configuration: ConfigurationStatus {
                state: ConfigurationState::Rejected,
                version: Some("v2".to_owned()),
                checked: Some(NOW),
                errors: vec!["config/camhook.toml:3:1: no such key".to_owned()],
                in_force: Some("v1".to_owned()),
            },
            sources: Sources { sources, agents: Vec::new(), quarantined: 0, more_quarantined: false },
            pending: 0,
            more_pending: false,
            queues: vec![QueueDepth {
                queue: Queue::Notify,
                messages: 2,
                oldest_s: Some(40),
                dead_letters: 1,
            }],
            alarms: Vec::new(),
            relays: Relays { switch: StopSwitch::Running, since: None, by: None, relays: Vec::new() },
            modes: Vec::new(),
            channels: Vec::new(),
            snoozes: Vec::new(),
            problems,
        }
    }

    #[test]
    fn each_part_has_a_line_and_each_problem_what_to_do() {
        let mut refused = source("door", SourceState::Refused);
        refused.refusal = Some(Refusal { at: NOW, reason: "token\u{1b}[2J".to_owned() });
        let problems = vec![Problem::DeadLetters { queue: Queue::Notify, count: 1 }];
        let text = text("house", &status(vec![source("gate", SourceState::Ok), refused], problems));
        for expected in [
            "house at 2027-01-15 08:00:00+00:00\n",
            "configuration  version v2, rejected; version v1 is in force\n  config/camhook.toml:3:1: no such key",
            "sources        1 ok, 1 refused\n  gate  viewtron  ok       contact 12 s ago\n",
            "  door  viewtron  refused  contact 12 s ago, refused 0 s ago: token\\u{1b}[2J\n",
            "queues         notify 2 (oldest 40 s)\ndead letters   notify 1\nalarms         none\n",
            "problems       1\n  dead letters of the queue notify: 1; `camhook dlq` shows the reasons",
        ] {
            assert!(text.contains(expected), "{expected}\n---\n{text}");
        }
    }

    #[test]
    fn alarms_are_named_and_say_what_to_do() {
        let alarm = ActiveAlarm {
            name: "ApiErrorsAlarm".to_owned(),
            description: "A device received a server error".to_owned(),
            since: None,
        };
        let mut status = status(Vec::new(), vec![Problem::Alarm(alarm.clone())]);
        status.alarms = vec![alarm];
        let shown = text("house", &status);
        assert!(shown.contains("\nalarms         ApiErrorsAlarm\n"), "{shown}");
        assert!(shown.contains("\n  alarm ApiErrorsAlarm: A device received a server error"), "{shown}");
        status.problems = vec![Problem::AlarmsUnknown { reason: "AccessDenied: no".to_owned() }];
        let shown = text("house", &status);
        assert!(
            shown.contains("\nalarms         unknown\n") && shown.ends_with("\n  AccessDenied: no"),
            "{shown}"
        );
    }

    #[test]
    fn relays_agents_and_channels_are_aligned_and_a_release_that_is_due_is_not_announced() {
        let relay = |id: &str, on_until| RelayStatus {
            id: id.to_owned(),
            driver: "http",
            executor: RelayExecutor::Function,
            dry_run: false,
            last_action: Some(LastAction::Pulse),
            last_actuation: Some(Timestamp::constant(1_799_999_940, 0)),
            on_until,
            release_failures: None,
        };
        let mut status = status(Vec::new(), Vec::new());
        let (past, future) = (Timestamp::constant(1_799_999_999, 0), Timestamp::constant(1_800_000_001, 0));
        status.relays.relays = vec![relay("gate", Some(past)), relay("garage", Some(future))];
        let agent = |name: &str, contact| AgentStatus {
            name: name.to_owned(),
            online: contact == Some(NOW),
            contact,
        };
        status.sources.agents = vec![agent("barn", Some(NOW)), agent("workshop", None)];
        let channel = |id: &str, kind| {
            let status = ChannelStatus { delivered: Some(past), ..ChannelStatus::default() };
            ChannelLine { id: id.to_owned(), kind, status }
        };
        status.channels = vec![channel("family", "ntfy"), channel("hub", "home-assistant")];
        let text = text("house", &status);
        for expected in [
            "\n  gate    http  last pulse 60 s ago\n  garage  http  last pulse 60 s ago, on until ",
            "\nagents         1 online, 1 offline\n  barn      online   last report 0 s ago\n  workshop  offline\n",
            "\n  family  ntfy            delivered 1 s ago\n  hub     home-assistant  delivered 1 s ago\n",
        ] {
            assert!(text.contains(expected), "{expected}\n---\n{text}");
        }
        assert!(text.lines().all(|line| line.trim_end() == line), "{text}");
    }

    #[test]
    fn a_relay_that_may_be_on_is_shown_with_the_attempts_to_switch_it_off() {
        let at = |seconds: i64| NOW + jiff::SignedDuration::from_secs(seconds);
        let relay = |on_until, failures: Option<(u32, i64, i64)>| RelayStatus {
            id: "siren".to_owned(),
            driver: "viewtron",
            executor: RelayExecutor::Function,
            dry_run: false,
            last_action: Some(LastAction::Pulse),
            last_actuation: Some(at(-90)),
            on_until: Some(at(on_until)),
            release_failures: failures.map(|(count, since, next)| ReleaseFailures {
                count,
                since: at(since),
                next: at(next),
            }),
        };
        for (relay, expected) in [
            (relay(60, None), "last pulse 90 s ago, on until 2027-01-15 08:01:00+00:00"),
            (relay(-60, None), "last pulse 90 s ago"),
            (
                relay(-61, None),
                "last pulse 90 s ago, may be on: not yet switched off, due since 2027-01-15 07:58:59+00:00",
            ),
            (
                relay(-61, Some((1, -60, -50))),
                "may be on: off not confirmed, 1 attempt since 2027-01-15 07:59:00+00:00, next at 2027-01-15 07:59:10+00:00",
            ),
            (
                relay(-600, Some((7, -600, 40))),
                "may be on: off not confirmed, 7 attempts since 2027-01-15 07:50:00+00:00",
            ),
        ] {
            let relays = Relays { switch: StopSwitch::Running, since: None, by: None, relays: vec![relay] };
            let lines = relay_lines(&relays, NOW, &Times::UTC);
            assert!(lines[0].contains(expected), "{expected}\n---\n{lines:?}");
            assert_eq!(lines[0].contains("may be on"), expected.contains("may be on"), "{lines:?}");
        }
    }

    #[test]
    fn of_many_sources_those_with_a_problem_are_listed() {
        let mut sources: Vec<SourceStatus> =
            (0..499).map(|number| source(&format!("camera-{number}"), SourceState::Ok)).collect();
        sources.push(source("attic", SourceState::Offline));
        let text = text("house", &status(sources, Vec::new()));
        assert!(text.contains("499 ok, 1 offline\n  attic "), "{text}");
        assert!(text.contains("499 more without a problem"), "{text}");
        assert!(text.lines().count() < 24, "{text}");
    }
}
