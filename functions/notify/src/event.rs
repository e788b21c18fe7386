//! Notifications of one event.

use std::collections::BTreeMap;

use camhook_consumer::Retry;
use camhook_description::is_reachability;
use camhook_event::Event;
use camhook_ports::{Clock, Ports};
use camhook_site::{Action, Modes, Rule, evaluate};
use camhook_state::control;
use camhook_state::cooldown::{self, Reservation};
use camhook_state::decision::ActionOutcome;
use camhook_state::dedupe::{Dedupe, dedupe};

use crate::alert::alert_failures;
use crate::context::Context;
use crate::cooldown::{cooldown_key, finalize_cooldown};
use crate::decision_log::DecisionLog;
use crate::delivery::Delivery;
use crate::error::Error;
use crate::gather::{REACHABILITY_WINDOW, gather, gather_silence};
use crate::matched_rule::{MatchedRule, deliver_all};
use crate::mode::set_modes;
use crate::outcome::combine;
use crate::request::{DeliveryRequest, count_all, requests};
use crate::retry::SOON;
use crate::snooze::{self, Snoozes};

/// Carries out the notifications and modes of all rules that match an event. A rule that fails affects no other.
pub(crate) async fn notify_event<P: Ports>(
    context: &Context<'_, P>,
    delivery: Delivery<'_>,
) -> Result<(), Retry> {
    let (ports, site) = (context.ports, context.site);
    let modes = modes(ports, site.rules(), delivery.event).await?;
    let at = delivery.event.time.timestamp();
    let evaluation = camhook_site::Context { site, at, modes: &modes };
    let mut log = DecisionLog::of_event(site, &modes);
    let mut snoozes = Snoozes::default();
    let mut results = Vec::new();
    let mut matched = Vec::new();
    let mut notifies = Notifies::Nobody;
    for rule in site.rules() {
        let has_messages = rule.then.iter().any(|action| matches!(action, Action::Notify { .. }));
        let is_idle = !has_messages && !rule.sets_modes();
        if is_idle || !evaluate(rule, delivery.event, &evaluation).is_match() {
            continue;
        }
        if has_messages {
            notifies = Notifies::Somebody;
        }
        let requests = requests(context, rule, ports.clock().now());
        log.add_quiet(rule, &requests);
        if requests.is_empty() && !rule.sets_modes() {
            continue;
        }
        match prepare(context, rule, requests, delivery, &mut log, &mut snoozes).await {
            Ok(Preparation::Ready(ready)) => matched.push(ready),
            Ok(Preparation::Suppressed) => {}
            Ok(Preparation::Pending) => results.push(Err(Retry::waiting("cooldown").after(SOON))),
            Err(error) => {
                let rule = rule.id.as_str();
                tracing::warn!(rule, %error, "failed to prepare a rule");
                results.push(Err(Retry::failed("error", format!("rule {rule}: {error}"))));
            }
        }
    }
    if notifies == Notifies::Nobody && is_silence(delivery.event) && delivery.replay.is_none() {
        gather_silence(context, delivery).await?;
    }
    deliver_all(context, delivery, &mut matched).await;
    for MatchedRule { rule, outcomes, .. } in &matched {
        finalize_cooldown(ports, context.site, rule, delivery, outcomes).await;
        log.add_results(rule, outcomes, delivery.receive_count);
        results.extend(outcomes.iter().map(|result| result.outcome.result()));
    }
    log.record(context, delivery).await;
    let outcomes = matched.iter().flat_map(|matched| &matched.outcomes).map(|result| &result.outcome);
    alert_failures(context, delivery.receive_count, outcomes).await;
    combine(results)
}

/// Whether any rule notifies somebody of an event, now or suppressed by a cooldown or quiet hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notifies {
    Somebody,
    Nobody,
}

/// Whether the event says that a source with `offline_after` went silent or is back. A device that reports another
/// one as offline has no time of a last contact.
fn is_silence(event: &Event) -> bool {
    is_reachability(event.data.kind) && event.data.vendor_data.get("last_contact").is_some()
}

/// The modes of the areas that rules depend on.
async fn modes<P: Ports>(ports: &P, rules: &[Rule], event: &Event) -> Result<Modes, Error> {
    let mut modes: BTreeMap<&str, String> = BTreeMap::new();
    for area in rules.iter().filter_map(|rule| rule.mode.as_ref()?.area(event)) {
        if modes.contains_key(area.as_str()) {
            continue;
        }
        if let Some(mode) = control::mode(ports.state(), area.as_str()).await? {
            modes.insert(area.as_str(), mode);
        }
    }
    Ok(modes.into_iter().collect())
}

enum Preparation<'a> {
    /// The messages whose claims are acquired can be delivered.
    Ready(MatchedRule<'a>),
    /// Nothing to deliver: a duplicate, within the cooldown, or part of a group.
    Suppressed,
    /// Another event holds the cooldown and will charge or return it soon.
    Pending,
}

/// Deduplicates the event, reserves the cooldown, sets modes and acquires the claims.
async fn prepare<'a, P: Ports>(
    context: &Context<'_, P>,
    rule: &'a Rule,
    requests: Vec<DeliveryRequest<'a>>,
    delivery: Delivery<'_>,
    log: &mut DecisionLog,
    snoozes: &mut Snoozes,
) -> Result<Preparation<'a>, Error> {
    let Delivery { event, replay, .. } = delivery;
    let (state, now) = (context.ports.state(), context.ports.clock().now());
    if let (Some(key), None) = (context.site.dedupe_key(event), replay)
        && let Dedupe::Duplicate(of) = dedupe(state, &key, rule.id.as_str(), event.id, now).await?
    {
        count_all(context, &requests, "duplicate");
        log.add_all(rule, &requests, &ActionOutcome::Duplicate { of });
        return Ok(Preparation::Suppressed);
    }
    if snooze::suppress(context, log, snoozes, rule, &requests, delivery).await? {
        log.add_results(rule, &set_modes(context, rule, delivery).await?, delivery.receive_count);
        return Ok(Preparation::Suppressed);
    }
    // Cameras that vanish with their network are one message.
    let together = is_reachability(event.data.kind).then_some(REACHABILITY_WINDOW);
    if let (Some(window), None) = (rule.coalesce.or(together), replay) {
        // The group reserves the cooldown when it is delivered. Modes are set at once.
        log.add_results(rule, &set_modes(context, rule, delivery).await?, delivery.receive_count);
        if let Some(outcome) = gather(context, rule, window, &requests, delivery).await? {
            log.add_all(rule, &requests, &outcome);
        }
        return Ok(Preparation::Suppressed);
    }
    if let (Some(length), None) = (rule.cooldown, replay) {
        let scope = context.site.cooldown_scope(rule, event);
        match cooldown::reserve(state, cooldown_key(rule, &scope), event.id, length, now).await? {
            Reservation::Held { .. } => {}
            Reservation::Charged { until } => {
                count_all(context, &requests, "cooldown");
                log.add_all(rule, &requests, &ActionOutcome::Cooldown { until: Some(until) });
                return Ok(Preparation::Suppressed);
            }
            Reservation::Pending { .. } => {
                log.add_all(rule, &requests, &ActionOutcome::Waiting);
                return Ok(Preparation::Pending);
            }
        }
    }
    let outcomes = set_modes(context, rule, delivery).await?;
    let matched = MatchedRule::acquire(context, snoozes, rule, requests, delivery, outcomes).await?;
    Ok(Preparation::Ready(matched))
}
