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

use crate::alert::{RULE_IS_GONE, alert_dropped, alert_failures};
use crate::context::Context;
use crate::cooldown::{cooldown_key, finalize_cooldown};
use crate::decision_log::DecisionLog;
use crate::delivery::Delivery;
use crate::error::Error;
use crate::gather::{REACHABILITY_WINDOW, gather, gather_silence};
use crate::matched_rule::{MatchedRule, deliver_all};
use crate::mode::set_modes;
use crate::outcome::combine;
use crate::request::{DeliveryRequest, count_all, has_messages, requests};
use crate::retry::SOON;
use crate::snooze::{self, Snoozes};
use crate::unfinished::Unfinished;

/// Carries out the notifications and modes of all rules that match an event. A rule that fails affects no other.
///
/// An event is evaluated once: a delivery after one that left something unfinished finishes that, whatever the modes
/// are by then.
pub(crate) async fn notify_event<P: Ports>(
    context: &Context<'_, P>,
    delivery: Delivery<'_>,
) -> Result<(), Retry> {
    let (ports, site) = (context.ports, context.site);
    let unfinished = Unfinished::read(context, delivery).await?;
    let (rules, mut log) = if unfinished.is_empty() {
        evaluate_rules(context, delivery.event).await?
    } else {
        (site.rules().iter().filter(|rule| unfinished.names(rule)).collect(), DecisionLog::of_evaluated())
    };
    for action in unfinished.without_rule(site) {
        alert_dropped(context, delivery, &action.rule, RULE_IS_GONE).await;
        log.add_dropped(action, RULE_IS_GONE);
    }
    let mut snoozes = Snoozes::default();
    let mut results = Vec::new();
    let mut matched = Vec::new();
    let mut notifies = Notifies::Nobody;
    for rule in rules {
        if has_messages(rule) {
            notifies = Notifies::Somebody;
        }
        let mut requests = if unfinished.is_empty() {
            let requests = requests(context, rule, ports.clock().now());
            log.add_quiet(rule, &requests);
            requests
        } else {
            unfinished.requests(site, rule)
        };
        unfinished.put_off(context, delivery, rule, &mut requests);
        if requests.is_empty() && !rule.sets_modes() {
            continue;
        }
        let pending = pending_actions(rule, &requests);
        match prepare(context, rule, requests, delivery, &mut log, &mut snoozes).await {
            Ok(Preparation::Ready(ready)) => matched.push(ready),
            Ok(Preparation::Suppressed) => {}
            Ok(Preparation::Pending) => results.push(Err(Retry::waiting("cooldown").after(SOON))),
            Err(error) => {
                tracing::warn!(rule = rule.id.as_str(), %error, "failed to prepare a rule");
                log.add_unprepared(rule, &pending, &error.to_string(), delivery.receive_count);
                results.push(Err(Retry::failed("error", format!("rule {}: {error}", rule.id))));
            }
        }
    }
    let is_evaluated = unfinished.is_empty() && delivery.replay.is_none();
    if notifies == Notifies::Nobody && is_silence(delivery.event) && is_evaluated {
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

/// The actions by which a rule that could not be prepared is found again: its messages, or a mode where it has none.
fn pending_actions(rule: &Rule, requests: &[DeliveryRequest<'_>]) -> Vec<usize> {
    if requests.is_empty() {
        return rule
            .then
            .iter()
            .position(|action| matches!(action, Action::Mode { .. }))
            .into_iter()
            .collect();
    }
    requests.iter().map(|request| request.action).collect()
}

/// The rules with notifications or modes that match an event, and the record of what they were evaluated under.
async fn evaluate_rules<'a, P: Ports>(
    context: &Context<'a, P>,
    event: &Event,
) -> Result<(Vec<&'a Rule>, DecisionLog), Error> {
    let site = context.site;
    let modes = modes(context.ports, site.rules(), event).await?;
    let evaluation = camhook_site::Context { site, at: event.time.timestamp(), modes: &modes };
    let acts = |rule: &&Rule| has_messages(rule) || rule.sets_modes();
    let matched =
        site.rules().iter().filter(acts).filter(|rule| evaluate(rule, event, &evaluation).is_match());
    Ok((matched.collect(), DecisionLog::of_event(site, &modes)))
}

/// The modes of the areas that rules depend on, as they were before the event's own change of them.
async fn modes<P: Ports>(ports: &P, rules: &[Rule], event: &Event) -> Result<Modes, Error> {
    let mut modes: BTreeMap<&str, String> = BTreeMap::new();
    for area in rules.iter().filter_map(|rule| rule.mode.as_ref()?.area(event)) {
        if modes.contains_key(area.as_str()) {
            continue;
        }
        if let Some(mode) = control::mode_before(ports.state(), area.as_str(), event.id).await? {
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
