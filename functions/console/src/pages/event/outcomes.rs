//! What was decided about an event, and what its actions came to.

use std::collections::BTreeMap;

use camhook_description::printable;
use camhook_operations::audit::AuditRecord;
use camhook_operations::events::Summary;
use camhook_state::decision::{ActionDecision, ActionOutcome, Decision, NOTIFY};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use crate::audit;
use crate::format::clock_time;
use crate::visit::Visit;

/// How long consumers may take until they have recorded what they did.
const RECORDED_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// How long decisions are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

pub(super) fn section(
    visit: &Visit,
    summary: &Summary,
    decisions: &BTreeMap<String, Decision>,
    audit: &[AuditRecord],
) -> Markup {
    let zone = visit.context.site.timezone();
    // The audit says more of relays than the decision does.
    let is_relays_shown = visit.sees_relays() && audit.is_empty();
    let parts: Vec<(&String, &Decision)> = decisions
        .iter()
        .filter(|(part, decision)| {
            !decision.actions.is_empty() && (is_relays_shown || is_of_notifications(part))
        })
        .collect();
    html! {
        section {
            h2 { "What was done" }
            @if parts.is_empty() && audit.is_empty() {
                p.quiet { (nothing_shown(visit, summary)) }
            }
            @for (part, decision) in parts {
                h3 { (part_name(part)) }
                ul.outcomes {
                    @for action in &decision.actions {
                        li class=(severity(&action.outcome)) {
                            strong { (action.rule) } " "
                            (outcome(visit, action, zone))
                            " " span.quiet { (clock_time(action.at, zone)) @if action.attempt > 1 { ", attempt " (action.attempt) } }
                        }
                    }
                }
            }
            @if !audit.is_empty() {
                h3 { "Relays" }
                ul.outcomes {
                    @for entry in audit {
                        li class=(audit::severity(entry)) {
                            strong { (entry.relay) } " " (entry.action) ": " (printable(&entry.text))
                            " " span.quiet {
                                (clock_time(entry.at, zone))
                                @if let Some(rule) = &entry.rule { ", rule " (rule) }
                            }
                        }
                    }
                }
            }
            p.quiet { "Why other rules did not match:" }
            pre { code { "camhook explain " (summary.id) } }
        }
    }
}

/// Why no decision is shown.
fn nothing_shown(visit: &Visit, summary: &Summary) -> &'static str {
    let age = visit.context.now.duration_since(summary.received_at.timestamp());
    if age < RECORDED_AFTER {
        return "Nothing is recorded yet.";
    }
    if age > KEPT {
        return "The decisions about this event have expired: they are kept for 30 days.";
    }
    if !visit.sees_relays() {
        return "No message was sent, and no mode was set.";
    }
    "No rule matched."
}

/// Whether a part is of notifications and modes, of the event itself or of a replay of it.
fn is_of_notifications(part: &str) -> bool {
    part.split('#').next() == Some(NOTIFY)
}

fn part_name(part: &str) -> &str {
    match part {
        "notify" => "Notifications and modes",
        "relay" => "Relays",
        "agent" => "Relays on site",
        part => part,
    }
}

fn severity(outcome: &ActionOutcome) -> &'static str {
    match outcome {
        ActionOutcome::Delivered { .. } | ActionOutcome::ModeSet => "good",
        ActionOutcome::Failed { .. } | ActionOutcome::Dropped { .. } => "bad",
        ActionOutcome::Relay { decision, .. } => match decision.as_str() {
            "done" | "released" => "good",
            "failed" | "unknown" => "bad",
            _ => "neutral",
        },
        ActionOutcome::Retrying { .. } | ActionOutcome::Waiting => "waiting",
        _ => "neutral",
    }
}

fn outcome(visit: &Visit, action: &ActionDecision, zone: &TimeZone) -> Markup {
    match &action.outcome {
        ActionOutcome::Delivered { caveat: None } => html! { "delivered" },
        ActionOutcome::Delivered { caveat: Some(caveat) } => html! { "delivered, " (caveat) },
        ActionOutcome::ModeSet => html! { "mode set" },
        ActionOutcome::ModeNewer => html! { "not done: the mode was set after the event happened" },
        ActionOutcome::Duplicate { of } => html! {
            "not done: same object as " a href=(visit.context.base.link(format_args!("events/{of}"))) { "another event" }
        },
        ActionOutcome::Cooldown { until: Some(until) } => {
            html! { "not done: cooldown until " (clock_time(*until, zone)) }
        }
        ActionOutcome::Cooldown { until: None } => html! { "not done: cooldown" },
        ActionOutcome::Quiet => html! { "not done: quiet hours of the channel" },
        ActionOutcome::Gathered => html! { "joined a group that becomes one message" },
        ActionOutcome::HeldBack => html! { "held back: the rule's limit of messages was reached" },
        ActionOutcome::Waiting => html! { "waiting for another event or delivery" },
        ActionOutcome::Snoozed { until } => html! { "not done: snoozed until " (clock_time(*until, zone)) },
        ActionOutcome::Retrying { reason, next } => {
            html! { "failed, will be tried again" @if let Some(next) = next { " at " (clock_time(*next, zone)) } ": " (reason) }
        }
        ActionOutcome::Failed { reason } => html! { "failed: " (reason) },
        ActionOutcome::Dropped { reason } => html! { "not done: " (reason) },
        ActionOutcome::HandedOver => html! { "handed over to the agent on site" },
        ActionOutcome::Relay { relay, decision, text, .. } => {
            html! { (relay) ": " (decision.replace('_', " ")) ", " (text) }
        }
    }
}
