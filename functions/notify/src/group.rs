//! Telling of a group of events, when its time is over.

use camhook_outbound::Client;
use camhook_ports::{Clock, Measurements, Ports};
use camhook_site::Site;
use camhook_state::coalesce::{self, Closing, Group, GroupKey};
use camhook_state::cooldown::{self, Reservation};
use camhook_state::flush::Flush;

use crate::Error;
use crate::delivery::Delivery;
use crate::order::orders;
use crate::retry::SOON;
use crate::send::{Fired, claim_orders, send_all};
use crate::settle::{complain, cooldown_key, settle};
use crate::told::{Ended, Told};

/// Closes a group and tells of it.
pub(crate) async fn tell<P: Ports>(
    ports: &P,
    site: &Site,
    client: &Client,
    flush: &Flush,
    receive_count: u32,
    measurements: &mut Measurements,
) -> Result<Ended, Error> {
    let key = GroupKey { rule: &flush.rule, source: &flush.source };
    let group = match coalesce::close(ports.state(), key, flush.group, ports.clock().now()).await? {
        Closing::Early(left) => return Ok(Ended::again(Some(left))),
        Closing::Told => return Ok(Ended::Finished),
        Closing::Closed(group) => group,
    };
    let ended = tell_of(ports, site, client, (flush, &group), receive_count, measurements).await?;
    if ended == Ended::Finished {
        coalesce::mark_delivered(ports.state(), key, group.id).await?;
    }
    Ok(ended)
}

async fn tell_of<P: Ports>(
    ports: &P,
    site: &Site,
    client: &Client,
    (flush, group): (&Flush, &Group),
    receive_count: u32,
    measurements: &mut Measurements,
) -> Result<Ended, Error> {
    let Some(rule) = site.rule(&flush.rule) else {
        tracing::warn!(
            rule = flush.rule,
            count = group.count,
            "events were gathered for a rule that is gone"
        );
        return Ok(Ended::Finished);
    };
    let delivery = Delivery::of_group(group, receive_count);
    // Whether the hour is quiet was asked when the first event came; by now it may have become so.
    let orders = orders(site, rule, group.opened, measurements);
    if let Some(length) = rule.cooldown {
        let (key, now) = (cooldown_key(rule, delivery.event), ports.clock().now());
        match cooldown::reserve(ports.state(), key, group.id, length, now).await? {
            Reservation::Held { .. } => {}
            Reservation::Charged { .. } => {
                orders.iter().for_each(|order| order.count(measurements, "cooldown"));
                return Ok(Ended::Finished);
            }
            Reservation::Pending { .. } => return Ok(Ended::again(Some(SOON))),
        }
    }
    let (waiting, told) = claim_orders(ports, rule, orders, delivery, measurements).await?;
    let mut fired = [Fired { rule, waiting, told }];
    send_all(ports, site, client, delivery, &mut fired, measurements).await;
    let [Fired { told, .. }] = &fired;
    settle(ports, rule, delivery, told).await;
    complain(ports, site, delivery, told.iter()).await;
    Ok(told.iter().map(Told::ended).fold(Ended::Finished, Ended::and))
}
