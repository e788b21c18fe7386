//! The notification of a group of events, when its window has closed.

use camhook_consumer::Retry;
use camhook_ports::{Clock, Ports};
use camhook_state::alert::AlertSubject;
use camhook_state::coalesce::{self, Closing, Group, GroupKey};
use camhook_state::cooldown::{self, Reservation};
use camhook_state::decision::ActionOutcome;
use camhook_state::flush::Flush;

use crate::alert::{RULE_IS_GONE, alert_dropped, alert_failures, enqueue_alert};
use crate::context::Context;
use crate::cooldown::{cooldown_key, finalize_cooldown};
use crate::decision_log::DecisionLog;
use crate::delivery::Delivery;
use crate::gather::SILENCE_RULE;
use crate::matched_rule::{MatchedRule, deliver_all};
use crate::outcome::combine;
use crate::request::{count_all, has_messages, requests};
use crate::retry::SOON;
use crate::snooze::{self, Snoozes};
use crate::text::{self, Rendered};
use crate::unfinished::Unfinished;

/// Closes a group and delivers its message.
pub(crate) async fn notify_group<P: Ports>(
    context: &Context<'_, P>,
    flush: &Flush,
    receive_count: u32,
) -> Result<(), Retry> {
    let state = context.ports.state();
    let key = GroupKey { rule: &flush.rule, source: &flush.source };
    let group = match coalesce::close(state, key, flush.group, context.ports.clock().now()).await? {
        Closing::Early(left) => return Err(Retry::waiting("window").after(left)),
        Closing::Delivered => return Ok(()),
        Closing::Closed(group) => group,
    };
    if flush.rule == SILENCE_RULE {
        let (subject, text) = silence(context, &group);
        enqueue_alert(context.ports, subject, text).await?;
    } else {
        deliver_group(context, flush, &group, receive_count).await?;
    }
    coalesce::mark_delivered(state, key, group.id).await?;
    Ok(())
}

async fn deliver_group<P: Ports>(
    context: &Context<'_, P>,
    flush: &Flush,
    group: &Group,
    receive_count: u32,
) -> Result<(), Retry> {
    let delivery = Delivery::of_group(group, receive_count);
    let unfinished = Unfinished::read(context, delivery).await?;
    let (mut snoozes, mut log) = (Snoozes::default(), DecisionLog::of_evaluated());
    let rule = context.site.rule(&flush.rule).filter(|rule| has_messages(rule));
    let gone: Vec<_> =
        unfinished.without_rule(context.site).filter(|action| action.rule == flush.rule).collect();
    if rule.is_none() || !gone.is_empty() {
        alert_dropped(context, delivery, &flush.rule, RULE_IS_GONE).await;
    }
    for action in gone {
        log.add_dropped(action, RULE_IS_GONE);
    }
    let Some(rule) = rule else {
        log.record(context, delivery).await;
        return Ok(());
    };
    // Quiet hours are those at the time of the first event; they may have begun since.
    let mut requests = requests(context, rule, group.opened);
    unfinished.put_off(context, delivery, rule, &mut requests);
    if snooze::suppress(context, &mut log, &mut snoozes, rule, &requests, delivery).await? {
        log.record(context, delivery).await;
        return Ok(());
    }
    if let Some(length) = rule.cooldown {
        let scope = context.site.cooldown_scope(rule, delivery.event);
        let (key, now) = (cooldown_key(rule, &scope), context.ports.clock().now());
        match cooldown::reserve(context.ports.state(), key, group.id, length, now).await? {
            Reservation::Held { .. } => {}
            Reservation::Charged { until } => {
                count_all(context, &requests, "cooldown");
                log.add_all(rule, &requests, &ActionOutcome::Cooldown { until: Some(until) });
                log.record(context, delivery).await;
                return Ok(());
            }
            Reservation::Pending { .. } => return Err(Retry::waiting("cooldown").after(SOON)),
        }
    }
    let mut matched = [MatchedRule::acquire(context, &mut snoozes, rule, requests, delivery, vec![]).await?];
    deliver_all(context, delivery, &mut matched).await;
    let [MatchedRule { outcomes, .. }] = &matched;
    log.add_results(rule, outcomes, receive_count);
    log.record(context, delivery).await;
    finalize_cooldown(context.ports, context.site, rule, delivery, outcomes).await;
    alert_failures(context, receive_count, outcomes.iter().map(|result| &result.outcome)).await;
    combine(outcomes.iter().map(|result| result.outcome.result()))
}

/// The alert about sources that went silent or are back, and that no rule is about.
fn silence<P>(context: &Context<'_, P>, group: &Group) -> (AlertSubject, String) {
    let Rendered { title, text } = text::render_group(context.site, group);
    let subject = AlertSubject::Source(group.best.data.source.to_string());
    (
        subject,
        format!("{title}\n{text}\nNo rule is about it: add one for `device_offline` to choose a channel."),
    )
}
