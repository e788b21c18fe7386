//! Refuses commands that the agent's camhook.toml does not contain.
//!
//! Such a command may have been executed before: an earlier delivery found another camhook.toml. Its claim tells.

use camhook_ports::{Clock, Ports};
use camhook_state::claim::{self, DecisionRecord};
use camhook_state::cooldown;

use crate::actuate::{claim_to_settle, send_alert};
use crate::audit::{self, Subject};
use crate::protocol::{self, AlertPolicy, CooldownEffect, Pause, RefusalStep};
use crate::{CommandMessage, Error, Reason};

/// The result of a refusal.
pub(crate) enum Refused {
    /// The command is decided, as this says; `None` if an earlier delivery of an older version decided it.
    Decided(Option<DecisionRecord>),
    /// Another delivery may be executing it: the message has to be delivered again.
    Retry(Pause),
}

/// Refuses a command, unless its claim tells that it was executed or may have been.
///
/// # Errors
///
/// When the table fails, or the alert cannot be sent. The message has to be delivered again.
pub(crate) async fn refuse<P: Ports>(
    ports: &P,
    message: &CommandMessage,
    reason: Reason,
) -> Result<Refused, Error> {
    let now = ports.clock().now();
    let found = claim::find(ports.state(), &message.claim(), now).await?;
    let verdict = match protocol::refuse(found.as_ref(), reason, now) {
        RefusalStep::Finish(verdict) => *verdict,
        RefusalStep::Retry(pause) => return Ok(Refused::Retry(pause)),
    };
    // The alert is sent before the claim is settled: two alerts are better than none.
    match verdict.alert {
        AlertPolicy::Send => {
            send_alert(ports, &message.relay, message.action(), &message.rule, &verdict).await?;
        }
        AlertPolicy::None => {}
    }
    let decided = audit::decided(verdict.decision, &verdict.reason, now);
    if let Some(settled) = verdict.claim.settled() {
        let Some(claim) = claim_to_settle(ports, &message.claim(), found.as_ref()).await? else {
            return Ok(Refused::Retry(Pause::InProgress));
        };
        if claim::decide(ports.state(), &claim, settled, decided.clone()).await?.is_none() {
            return Ok(Refused::Retry(Pause::InProgress));
        }
    }
    finalize_cooldown(ports, message, verdict.cooldown).await;
    let subject = Subject::Refused { message, attempt: found.as_ref().map(|claim| claim.attempt) };
    let earlier = found.and_then(|claim| claim.decision);
    if let Some(earlier) = &earlier {
        audit::recover(ports, subject, earlier).await;
    }
    audit::record(ports, subject, &decided).await;
    Ok(Refused::Decided(match verdict.reason {
        Reason::Settled { .. } => earlier,
        _ => Some(decided),
    }))
}

/// Charges or returns the cooldown that the relay function reserved for the command.
async fn finalize_cooldown<P: Ports>(ports: &P, message: &CommandMessage, effect: CooldownEffect) {
    let Some((key, length)) = message.cooldown() else { return };
    let (state, event, now) = (ports.state(), message.event, ports.clock().now());
    let finalized = match effect {
        CooldownEffect::Charge => cooldown::confirm(state, key, event, length, now).await,
        CooldownEffect::Return => cooldown::give_back_as(state, cooldown::Holder::Relay, key, event).await,
        CooldownEffect::Keep => Ok(()),
    };
    if let Err(error) = finalized {
        tracing::warn!(rule = message.rule, %error, "failed to update the cooldown, it expires by itself");
    }
}
