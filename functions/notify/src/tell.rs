//! An event: whom to tell, by the site's rules, and telling them.

use std::collections::BTreeMap;

use camhook_event::{Event, Kind, State};
use camhook_outbound::Client;
use camhook_ports::{Clock, Measurements, Ports};
use camhook_site::{Context, Modes, Rule, Site, evaluate};
use camhook_state::control;
use camhook_state::cooldown::{self, Reservation};
use camhook_state::dedupe::{Dedupe, dedupe};

use crate::delivery::Delivery;
use crate::gather::gather;
use crate::order::{Order, orders};
use crate::retry::SOON;
use crate::send::{Fired, claim_orders, send_all};
use crate::settle::{complain, cooldown_key, settle};
use crate::told::{Ended, Told};
use crate::{Error, mode};

/// Tells everybody whom the site's rules name. Rules fail one by one: what keeps one back keeps no other.
pub(crate) async fn tell<P: Ports>(
    ports: &P,
    site: &Site,
    client: &Client,
    delivery: Delivery<'_>,
    measurements: &mut Measurements,
) -> Result<Ended, Error> {
    let modes = modes(ports, site, delivery.event).await?;
    let at = delivery.event.time.timestamp();
    let context = Context { site, at, modes: &modes };
    let mut ended = Ended::Finished;
    let mut fired = Vec::new();
    for rule in site.rules() {
        let orders = orders(site, rule, ports.clock().now(), measurements);
        let is_idle = orders.is_empty() && !mode::sets_modes(rule);
        if is_idle || !evaluate(rule, delivery.event, &context).is_match() {
            continue;
        }
        match prepare(ports, rule, orders, delivery, measurements).await {
            Ok(Prepared::Fired(prepared)) => fired.push(prepared),
            Ok(Prepared::Rests) => {}
            Ok(Prepared::Waits) => ended = ended.and(Ended::again(Some(SOON))),
            Err(error) => {
                let rule = rule.id.as_str();
                tracing::warn!(event = %delivery.event.id, rule, %error, "the rule cannot act now");
                ended = ended.and(Ended::failed(format!("the rule {rule} could not act: {error}")));
            }
        }
    }
    send_all(ports, site, client, delivery, &mut fired, measurements).await;
    for Fired { rule, told, .. } in &fired {
        settle(ports, rule, delivery, told).await;
        ended = told.iter().map(Told::ended).fold(ended, Ended::and);
    }
    let told = fired.iter().flat_map(|fired| &fired.told);
    complain(ports, site, delivery, told).await;
    Ok(ended)
}

/// The modes of the areas that rules ask for.
async fn modes<P: Ports>(ports: &P, site: &Site, event: &Event) -> Result<Modes, Error> {
    let mut modes: BTreeMap<&str, String> = BTreeMap::new();
    for area in site.rules().iter().filter_map(|rule| rule.mode.as_ref()?.area(event)) {
        if modes.contains_key(area.as_str()) {
            continue;
        }
        if let Some(mode) = control::mode(ports.state(), area.as_str()).await? {
            modes.insert(area.as_str(), mode);
        }
    }
    Ok(modes.into_iter().collect())
}

enum Prepared<'a> {
    /// It tells those whose claims it has.
    Fired(Fired<'a>),
    /// It has nothing left to tell: another event told of the same, its cooldown is not over, or a group will tell.
    Rests,
    /// Whether another event charges the cooldown will be known soon.
    Waits,
}

/// Asks whether this event is the one that acts, reserves the cooldown, sets modes and takes the claims.
async fn prepare<'a, P: Ports>(
    ports: &P,
    rule: &'a Rule,
    orders: Vec<Order<'a>>,
    delivery: Delivery<'_>,
    measurements: &mut Measurements,
) -> Result<Prepared<'a>, Error> {
    let Delivery { event, replay, .. } = delivery;
    let (state, now) = (ports.state(), ports.clock().now());
    if let (Some(key), None) = (acts_once(event), replay)
        && let Dedupe::Duplicate(_) = dedupe(state, key, rule.id.as_str(), event.id, now).await?
    {
        orders.iter().for_each(|order| order.count(measurements, "duplicate"));
        return Ok(Prepared::Rests);
    }
    if let (Some(window), None) = (rule.coalesce, replay) {
        // A group reserves the cooldown when it is told. Modes wait for nothing.
        mode::set(ports, rule, delivery).await?;
        gather(ports, rule, window, &orders, delivery, measurements).await?;
        return Ok(Prepared::Rests);
    }
    if let (Some(length), None) = (rule.cooldown, replay) {
        match cooldown::reserve(state, cooldown_key(rule, event), event.id, length, now).await? {
            Reservation::Held { .. } => {}
            Reservation::Charged { .. } => {
                orders.iter().for_each(|order| order.count(measurements, "cooldown"));
                return Ok(Prepared::Rests);
            }
            Reservation::Pending { .. } => return Ok(Prepared::Waits),
        }
    }
    let set = mode::set(ports, rule, delivery).await?;
    let (waiting, mut told) = claim_orders(ports, rule, orders, delivery, measurements).await?;
    told.extend(set);
    Ok(Prepared::Fired(Fired { rule, waiting, told }))
}

/// The key by which several events about one thing act once. Ends and counters each say something new.
fn acts_once(event: &Event) -> Option<&str> {
    if event.data.state == Some(State::Stop) || event.data.kind == Kind::Counting {
        return None;
    }
    event.data.correlation.as_ref().map(|correlation| correlation.key.as_str())
}
