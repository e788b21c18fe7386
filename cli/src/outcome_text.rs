//! The recorded outcome of an action in words.

use camhook_state::decision::ActionOutcome;

use crate::moment::Times;
use crate::output::single_line;

/// An outcome in words. `distance` is how far away the other event of a duplicate is.
pub(crate) fn outcome_text(outcome: &ActionOutcome, distance: Option<&str>, times: &Times) -> String {
    match outcome {
        ActionOutcome::Delivered { caveat: None } => "delivered".to_owned(),
        ActionOutcome::Delivered { caveat: Some(caveat) } => format!("delivered {}", single_line(caveat)),
        ActionOutcome::ModeSet => "mode set".to_owned(),
        ActionOutcome::ModeNewer => "not set: the mode was set after the event".to_owned(),
        ActionOutcome::Duplicate { of } => {
            let distance = distance.map(|distance| format!(", {distance}")).unwrap_or_default();
            format!("not delivered: same object as event {of}{distance}")
        }
        ActionOutcome::Cooldown { until: Some(until) } => {
            format!("not delivered: cooldown until {}", times.show(*until))
        }
        ActionOutcome::Cooldown { until: None } => "not delivered: cooldown".to_owned(),
        ActionOutcome::Quiet => "not delivered: the channel had quiet hours".to_owned(),
        ActionOutcome::Gathered => "grouped with other events into one message".to_owned(),
        ActionOutcome::HeldBack => {
            "held back: the rule had sent its maximum of messages in a minute".to_owned()
        }
        ActionOutcome::Snoozed { until } => format!("not delivered: snoozed until {}", times.show(*until)),
        ActionOutcome::Waiting => "waiting for another event or delivery".to_owned(),
        ActionOutcome::Retrying { reason, next } => {
            let next = next.map(|next| format!(", not before {}", times.show(next))).unwrap_or_default();
            format!("failed, tried again{next}: {}", single_line(reason))
        }
        ActionOutcome::Failed { reason } => format!("failed: {}", single_line(reason)),
        ActionOutcome::Dropped { reason } => format!("not delivered: {}", single_line(reason)),
        ActionOutcome::HandedOver => "handed over to the agent, which has not recorded an outcome".to_owned(),
        ActionOutcome::Relay { relay, decision, text, .. } => {
            format!("{relay}: {}: {}", decision.replace('_', " "), single_line(text))
        }
    }
}
