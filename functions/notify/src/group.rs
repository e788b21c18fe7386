//! The notification of a group of events, when its window has closed.

use camhook_ports::{Clock, Ports};
use camhook_state::coalesce::{self, Closing, Group, GroupKey};
use camhook_state::cooldown::{self, Reservation};
use camhook_state::flush::Flush;

use crate::alert::alert_failures;
use crate::context::Context;
use crate::cooldown::{cooldown_key, finalize_cooldown};
use crate::delivery::Delivery;
use crate::error::Error;
use crate::matched_rule::{MatchedRule, deliver_all};
use crate::outcome::{DeliveryOutcome, Disposition};
use crate::request::{count_all, requests};
use crate::retry::SOON;

/// Closes a group and delivers its message.
pub(crate) async fn notify_group<P: Ports>(
    context: &Context<'_, P>,
    flush: &Flush,
    receive_count: u32,
) -> Result<Disposition, Error> {
    let state = context.ports.state();
    let key = GroupKey { rule: &flush.rule, source: &flush.source };
    let group = match coalesce::close(state, key, flush.group, context.ports.clock().now()).await? {
        Closing::Early(left) => return Ok(Disposition::retry(Some(left))),
        Closing::Told => return Ok(Disposition::Done),
        Closing::Closed(group) => group,
    };
    let disposition = deliver_group(context, flush, &group, receive_count).await?;
    if disposition == Disposition::Done {
        coalesce::mark_delivered(state, key, group.id).await?;
    }
    Ok(disposition)
}

async fn deliver_group<P: Ports>(
    context: &Context<'_, P>,
    flush: &Flush,
    group: &Group,
    receive_count: u32,
) -> Result<Disposition, Error> {
    let Some(rule) = context.site.rule(&flush.rule) else {
        tracing::warn!(count = group.count, "dropped a group: its rule no longer exists");
        return Ok(Disposition::Done);
    };
    let delivery = Delivery::of_group(group, receive_count);
    // Quiet hours are those at the time of the first event; they may have begun since.
    let requests = requests(context, rule, group.opened);
    if let Some(length) = rule.cooldown {
        let (key, now) = (cooldown_key(rule, delivery.event), context.ports.clock().now());
        match cooldown::reserve(context.ports.state(), key, group.id, length, now).await? {
            Reservation::Held { .. } => {}
            Reservation::Charged { .. } => {
                count_all(context, &requests, "cooldown");
                return Ok(Disposition::Done);
            }
            Reservation::Pending { .. } => return Ok(Disposition::retry(Some(SOON))),
        }
    }
    let mut matched = [MatchedRule::acquire(context, rule, requests, delivery, vec![]).await?];
    deliver_all(context, delivery, &mut matched).await;
    let [MatchedRule { outcomes, .. }] = &matched;
    finalize_cooldown(context.ports, rule, delivery, outcomes).await;
    alert_failures(context, receive_count, outcomes.iter()).await;
    Ok(outcomes.iter().map(DeliveryOutcome::disposition).fold(Disposition::Done, Disposition::and))
}
