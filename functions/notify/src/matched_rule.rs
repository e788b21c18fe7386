//! The messages of matched rules.

use camhook_event::Event;
use camhook_ports::Ports;
use camhook_site::{Modes, Rule, plate_matches};
use camhook_state::claim::{Claim, ClaimKey};
use futures_util::future::join_all;
use tracing::Instrument;

use crate::alert::alert_caveats;
use crate::attempt::{Lease, acquire, attempt};
use crate::channel::{PictureForm, picture_form};
use crate::context::Context;
use crate::delivery::Delivery;
use crate::error::Error;
use crate::held_back::admit;
use crate::notification::{Notification, Subject};
use crate::outcome::{ActionResult, DeliveryOutcome};
use crate::picture::{self, Pictures};
use crate::request::DeliveryRequest;
use crate::snooze::{self, Snoozes};
use crate::text;

/// A rule that matched, and the outcomes of its messages so far.
pub(crate) struct MatchedRule<'a> {
    pub(crate) rule: &'a Rule,
    /// The messages whose claims are acquired.
    pub(crate) acquired: Vec<(DeliveryRequest<'a>, Claim)>,
    pub(crate) outcomes: Vec<ActionResult>,
    /// Lines that its messages end with: the snoozes that ended before them.
    notes: Vec<String>,
}

impl<'a> MatchedRule<'a> {
    /// Acquires the claims of a rule's messages. `outcomes` are those of its other actions.
    pub(crate) async fn acquire<P: Ports>(
        context: &Context<'_, P>,
        snoozes: &mut Snoozes,
        rule: &'a Rule,
        requests: Vec<DeliveryRequest<'a>>,
        delivery: Delivery<'_>,
        mut outcomes: Vec<ActionResult>,
    ) -> Result<Self, Error> {
        let mut acquired = Vec::new();
        for request in requests {
            if let Some(wait) = request.wait {
                let outcome = DeliveryOutcome::NotDue(wait);
                outcomes.push(ActionResult { action: request.action, outcome });
                continue;
            }
            let (event, replay, action) = (delivery.acting, delivery.run(), request.action);
            let key = ClaimKey { event, rule: rule.id.as_str(), action, replay };
            let outcome = match acquire(context.ports, &key).await? {
                Lease::Acquired(claim) => {
                    match admit(context, rule, request.channel, delivery, &claim).await? {
                        Some(outcome) => outcome,
                        None => {
                            acquired.push((request, claim));
                            continue;
                        }
                    }
                }
                Lease::Busy(after) => DeliveryOutcome::Busy(after),
                Lease::Settled => {
                    context.count_notification(request.channel, "already_delivered");
                    DeliveryOutcome::AlreadyDelivered
                }
            };
            outcomes.push(ActionResult { action, outcome });
        }
        let notes = match (acquired.is_empty(), delivery.replay) {
            (false, None) => snooze::ended(context, snoozes, rule, delivery.event).await,
            _ => Vec::new(),
        };
        Ok(Self { rule, acquired, outcomes, notes })
    }
}

/// Delivers the messages of all rules concurrently, so that a channel that does not answer delays no other.
pub(crate) async fn deliver_all<P: Ports>(
    context: &Context<'_, P>,
    delivery: Delivery<'_>,
    matched: &mut [MatchedRule<'_>],
) {
    let event = delivery.event;
    let mut acquired = matched.iter().flat_map(|matched| &matched.acquired).peekable();
    if acquired.peek().is_none() {
        return;
    }
    let takes_bytes = acquired.any(|(request, _)| picture_form(request.channel) == PictureForm::Bytes);
    let form = if takes_bytes { PictureForm::Bytes } else { PictureForm::Link };
    let pictures = picture::read(context.ports, event, form).await;

    let attempts = matched.iter().enumerate().flat_map(|(index, matched)| {
        matched.acquired.iter().map(move |(request, claim)| (index, matched, request, claim))
    });
    let outcomes = join_all(attempts.map(|(index, matched, request, claim)| {
        let rule = matched.rule;
        let Pictures { picture, detail } = pictures.clone();
        let span = tracing::info_span!("notification", rule = rule.id.as_str(), action = request.action);
        async move {
            let page = context.event_page(event.id);
            let (mut rendered, errors) =
                text::render(context.site, event, delivery.group, request.templates(), page.as_deref());
            for error in errors {
                tracing::warn!(%error, "failed to render a template, used the default text");
            }
            for line in tolerant_matches(context, rule, event).iter().chain(&matched.notes) {
                text::add_line(&mut rendered, line);
            }
            let id = match delivery.run() {
                None => format!("{}-{}-{}", delivery.acting, rule.id, request.action),
                Some(run) => {
                    format!("{}-{}-{}-{}", delivery.acting, rule.id, request.action, identifier(run))
                }
            };
            let text::Rendered { title, text } = rendered;
            let subject = Subject::Event(event);
            let notification = Notification { id: id.clone(), title, text, picture, detail, page, subject };
            let outcome = attempt(context, request.channel, notification, claim).await;
            if let DeliveryOutcome::Delivered(caveats) = &outcome {
                alert_caveats(context, request.channel, caveats, &id).await;
            }
            (index, ActionResult { action: request.action, outcome })
        }
        .instrument(span)
    }))
    .await;
    for (index, result) in outcomes {
        if let Some(matched) = matched.get_mut(index) {
            matched.outcomes.push(result);
        }
    }
}

/// What was read and what matched, where a plate matched a list by tolerance.
fn tolerant_matches<P>(context: &Context<'_, P>, rule: &Rule, event: &Event) -> Vec<String> {
    let modes = Modes::default();
    let at = event.time.timestamp();
    let evaluation = camhook_site::Context { site: context.site, at, modes: &modes };
    let matches = plate_matches(rule, event, &evaluation);
    matches.iter().map(ToString::to_string).collect()
}

/// The text with `-` in the place of characters that an id may not have.
fn identifier(run: &str) -> String {
    run.chars().map(|character| if character.is_ascii_alphanumeric() { character } else { '-' }).collect()
}
