//! A problem in words: what is wrong, since when, and the command that shows more or fixes it.

use camhook_description::printable;
use camhook_operations::status::{Problem, Status};
use camhook_ports::ActiveAlarm;
use jiff::Timestamp;
use maud::{Markup, html};

use crate::format::{ago, counted, full_time};
use crate::visit::Visit;

/// A problem as it is shown.
pub(super) struct Panel {
    pub(super) title: String,
    pub(super) detail: Markup,
    /// A command that shows more, or fixes it.
    pub(super) command: Option<String>,
}

impl Panel {
    fn new(title: impl Into<String>, detail: Markup, command: impl Into<String>) -> Self {
        Self { title: title.into(), detail, command: Some(command.into()) }
    }
}

/// The panel of a problem.
pub(super) fn of_problem(problem: &Problem, status: &Status, visit: &Visit) -> Panel {
    let age = |time: Timestamp| ago(time, visit.context.now);
    let setup = |source: &str| format!("camhook setup {source}");
    match problem {
        Problem::ConfigurationMissing => Panel::new(
            "There is no camhook.toml",
            html! { "Without it every post is refused." },
            "camhook config push camhook.toml",
        ),
        Problem::ConfigurationRejected => rejected(status),
        Problem::SourceOffline { source, since } => Panel::new(
            format!("Source {source} is offline"),
            html! { "Last contact " (age(*since)) "." },
            setup(source),
        ),
        Problem::SourceRefused { source, reason, at } => Panel::new(
            format!("Source {source} is refused"),
            html! { (printable(reason)) ", " (age(*at)) },
            setup(source),
        ),
        Problem::SourceNeverSeen { source } => Panel::new(
            format!("Source {source} has never posted"),
            html! { "No contact yet." },
            setup(source),
        ),
        Problem::Quarantined { count } => Panel::new(
            format!(
                "{}{}",
                if status.sources.more_quarantined { "At least " } else { "" },
                counted(*count as u64, "post is in quarantine", "posts are in quarantine")
            ),
            html! { "What they say could not be understood. They are kept." },
            "camhook quarantine list",
        ),
        Problem::Pending { count } => Panel::new(
            format!(
                "{} for a queue",
                counted(*count as u64, "event or alert waits", "events and alerts wait")
            ),
            html! { "They are stored. The watchdog delivers them within minutes once the queue accepts messages." },
            "camhook events --since 1h",
        ),
        Problem::DeadLetters { queue, count } => Panel::new(
            format!("{} of the queue {queue}", counted(*count, "dead letter", "dead letters")),
            html! { "Every attempt failed. They are kept for 14 days." },
            "camhook dlq",
        ),
        Problem::QueueLate { queue, oldest_s } => Panel::new(
            format!("The queue {queue} is late"),
            html! { "Its oldest message has waited for " (oldest_s / 60) " min." },
            "camhook dlq",
        ),
        Problem::QueuesUnknown { reason } => Panel::new(
            "The depths of the queues are unknown",
            html! { (printable(reason)) },
            "camhook doctor",
        ),
        Problem::AlarmsUnknown { reason } => {
            Panel::new("The alarms are unknown", html! { (printable(reason)) }, "camhook doctor")
        }
        Problem::Alarm(alarm) => of_alarm(alarm, visit),
        Problem::RelaysDisabled { since, by } => disabled(*since, by.as_deref(), visit),
        Problem::ReleaseUnconfirmed { relay, since } => unconfirmed(relay, *since, status, visit),
        Problem::AgentOffline { agent, since } => offline(agent, *since, visit),
        Problem::ChannelFailing { channel, since, reason } => Panel::new(
            format!("Channel {channel} fails"),
            html! { (printable(reason)) " " span.quiet { (age(*since)) } },
            format!("camhook test {channel}"),
        ),
    }
}

fn rejected(status: &Status) -> Panel {
    let configuration = &status.configuration;
    Panel::new(
        "The newest camhook.toml is rejected",
        html! {
            @if configuration.in_force.is_some() { "The last valid version stays in force. " }
            @else { "No valid version is in force. " }
            (configuration.errors.first().map(|error| printable(error)).unwrap_or_default())
        },
        "camhook config history",
    )
}

fn of_alarm(alarm: &ActiveAlarm, visit: &Visit) -> Panel {
    let ActiveAlarm { name, description, since } = alarm;
    let detail = html! {
        (printable(description)) " "
        @if let Some(since) = since { span.quiet { (ago(*since, visit.context.now)) } }
    };
    // The description names the command, where there is one.
    Panel { title: format!("Alarm {}", printable(name)), detail, command: None }
}

fn disabled(since: Timestamp, by: Option<&str>, visit: &Visit) -> Panel {
    let detail = html! {
        "Since " (full_time(since, visit.context.site.timezone()))
        @if let Some(by) = by { ", by " (printable(by)) }
    };
    Panel::new("All relays are disabled", detail, "camhook relays on")
}

fn unconfirmed(relay: &str, since: Timestamp, status: &Status, visit: &Visit) -> Panel {
    let known = status.relays.relays.iter().find(|known| known.id == relay);
    let attempts = known.and_then(|known| known.release_failures.as_ref()).map(|failures| failures.count);
    let detail = html! {
        "Its device has not confirmed that it is off, since " (ago(since, visit.context.now))
        @if let Some(attempts) = attempts { "; " (attempts) " attempts" } "."
    };
    Panel::new(
        format!("Relay {relay} may still be on"),
        detail,
        format!("camhook relays confirm-off {relay}"),
    )
}

fn offline(agent: &str, since: Option<Timestamp>, visit: &Visit) -> Panel {
    let detail = html! {
        "Its relays are not switched. "
        @if let Some(since) = since { "Last report " (ago(since, visit.context.now)) ". " }
        "On its machine:"
    };
    Panel::new(format!("Agent {} is offline", printable(agent)), detail, "systemctl status camhook-agent")
}
