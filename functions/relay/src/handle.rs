//! A batch of the relay queue.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use camhook_event::Event;
use camhook_outbound::Client;
use camhook_ports::{Clock, EventQueue, Measurements, Ports, Queue, QueueRecord};
use camhook_site::{Action, ClockTrust, Context, Modes, RelayAction, Rule, Site, Source, evaluate};
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::dead_letter::{self, DeadLetter};
use camhook_state::{control, cooldown};
use futures_util::FutureExt;
use futures_util::future::join_all;

use crate::driver::HttpDevices;
use crate::message::{self, Received};
use crate::order::{deadline, happened_at, once};
use crate::release::{RETRY_INTERVAL, ReleaseMessage};
use crate::{Actuated, Decision, Devices, Error, Order, Pause, Station, actuate, discharge, replay};

/// How many messages have to be delivered again, by reason.
pub const RETRIES: &str = "RelayRetries";

/// After this delivery the queue gives a message up: `maxReceiveCount` of the relay queue in
/// `infra/template.yaml`.
const LAST_DELIVERY: u32 = 10;

/// After how long a message is delivered again the first time. It doubles with each delivery: what fails for
/// a moment still finds an event that is young enough.
const FIRST_RETRY: Duration = Duration::from_secs(2);

/// The longest time until a message is delivered again.
const LONGEST_RETRY: Duration = Duration::from_secs(16);

/// Handles a batch of the relay queue: the ids of the messages that have to be delivered again, and what was
/// counted.
pub async fn handle<P: Ports>(
    ports: &P,
    site: &Site,
    client: &Client,
    records: &[QueueRecord],
) -> (Vec<String>, Measurements) {
    handle_with(ports, site, &HttpDevices::new(ports, client), records).await
}

/// The same with other devices.
///
/// Messages are handled side by side, since a relay that does not answer must make no other one late. Those
/// that meet at one relay take turns, the later one in its next delivery.
pub async fn handle_with<P: Ports, D: Devices>(
    ports: &P,
    site: &Site,
    devices: &D,
    records: &[QueueRecord],
) -> (Vec<String>, Measurements) {
    let handled = join_all(records.iter().map(|record| handle_record(ports, site, devices, record))).await;
    let mut failed = Vec::new();
    let mut measurements = Measurements::default();
    for (record, (ended, measured)) in records.iter().zip(handled) {
        measurements.append(measured);
        if ended == Ended::Again {
            failed.push(record.message_id.clone());
        }
    }
    (failed, measurements)
}

/// Whether a message is done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Finished,
    Again,
}

/// One message, whatever happens: its panic is its own.
async fn handle_record<P: Ports, D: Devices>(
    ports: &P,
    site: &Site,
    devices: &D,
    record: &QueueRecord,
) -> (Ended, Measurements) {
    let mut measurements = Measurements::default();
    let handled =
        AssertUnwindSafe(process(ports, site, devices, record, &mut measurements)).catch_unwind().await;
    let handled = handled.unwrap_or_else(|panic| Err(Error::Panicked(panic_text(panic.as_ref()))));
    let delay = retry_delay(record.receive_count);
    let reason = match handled {
        Ok(Ended::Finished) => return (Ended::Finished, measurements),
        Ok(Ended::Again) => {
            measurements.count(RETRIES, [("Reason", "pause")]);
            "the relay's turn did not come before the queue gave the message up".to_owned()
        }
        Err(error) => {
            measurements.count(RETRIES, [("Reason", "error")]);
            tracing::warn!(
                message = record.message_id,
                receive_count = record.receive_count,
                %error,
                "the message could not be handled, it will be delivered again"
            );
            if let Ok(Received::Release(release)) = message::read(&record.body)
                && resend_release(ports, &release).await == Ended::Finished
            {
                return (Ended::Finished, measurements);
            }
            error.to_string()
        }
    };
    let queue = Station::Function.queue();
    if record.receive_count >= LAST_DELIVERY {
        give_up(ports, queue, record, reason).await;
    }
    if let Err(error) = ports.queues().retry_after(queue, &record.receipt_handle, delay).await {
        tracing::warn!(message = record.message_id, %error, "the message comes again later than it should");
    }
    (Ended::Again, measurements)
}

/// Notes why a message is given up: the queue moves it to its dead letters without a word.
async fn give_up<P: Ports>(ports: &P, queue: Queue, record: &QueueRecord, reason: String) {
    let message = record.message_id.as_str();
    tracing::error!(message, reason, "the message is given up");
    let dead_letter = DeadLetter { reasons: vec![reason], at: ports.clock().now() };
    if let Err(error) = dead_letter::record(ports.state(), queue, message, &dead_letter).await {
        tracing::warn!(message, %error, "why the message is given up is not noted");
    }
}

/// A release that could not be handled goes to the queue as a new message: it must not end among the dead
/// letters, however often its delivery fails.
async fn resend_release<P: Ports>(ports: &P, release: &ReleaseMessage) -> Ended {
    match discharge::send_again(ports, Station::Function, release, RETRY_INTERVAL).await {
        Ok(()) => Ended::Finished,
        Err(_) => Ended::Again,
    }
}

pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no reason given".to_owned())
}

fn retry_delay(receive_count: u32) -> Duration {
    let doublings = receive_count.saturating_sub(1).min(3);
    FIRST_RETRY.saturating_mul(1 << doublings).min(LONGEST_RETRY)
}

async fn process<P: Ports, D: Devices>(
    ports: &P,
    site: &Site,
    devices: &D,
    record: &QueueRecord,
    measurements: &mut Measurements,
) -> Result<Ended, Error> {
    match message::read(&record.body)? {
        Received::Event(event) => {
            let delivery =
                Delivery { replay: record.replay.as_deref(), retry_delay: retry_delay(record.receive_count) };
            act_on(ports, site, devices, &event, delivery, measurements).await
        }
        Received::Release(release) => {
            let station = Station::Function;
            discharge::discharge(ports, devices, site, station, &release, measurements).await?;
            Ok(Ended::Finished)
        }
        Received::Command(command) => {
            // Somebody put it on the wrong queue; the agent's queue has its own.
            Err(Error::NotForHere { relay: command.relay })
        }
    }
}

/// What a delivery says beside the event.
#[derive(Clone, Copy)]
struct Delivery<'a> {
    replay: Option<&'a str>,
    retry_delay: Duration,
}

/// All that the site's rules want because of an event.
async fn act_on<P: Ports, D: Devices>(
    ports: &P,
    site: &Site,
    devices: &D,
    event: &Event,
    delivery: Delivery<'_>,
    measurements: &mut Measurements,
) -> Result<Ended, Error> {
    let modes = modes(ports, site, event).await?;
    let context = Context { site, at: event.time.timestamp(), modes: &modes };
    let moving = site.rules().iter().filter(|rule| rule.moves_relays());
    let rules: Vec<&Rule> = moving.filter(|rule| evaluate(rule, event, &context).is_match()).collect();
    if let (Some(source), [_, ..]) = (site.unproved_source(event), rules.as_slice()) {
        refuse(ports, event, source, &rules).await?;
        return Ok(Ended::Finished);
    }

    // Different relays side by side, one relay's actions in the order of the rules.
    let mut by_relay: BTreeMap<&str, Vec<Order<'_>>> = BTreeMap::new();
    for rule in &rules {
        for order in orders(site, devices, event, rule, delivery) {
            by_relay.entry(order.relay.id.as_str()).or_default().push(order);
        }
    }
    let turns = by_relay.values().map(|orders| take_turns(ports, devices, orders));
    let mut decided: BTreeMap<&str, Vec<Decision>> = BTreeMap::new();
    let mut ended = Ended::Finished;
    let mut first_error = None;
    for (turn, measured) in join_all(turns).await {
        measurements.append(measured);
        for (rule, actuated) in turn {
            match actuated {
                Ok(Actuated::Decided(decision)) => decided.entry(rule).or_default().push(decision),
                Ok(Actuated::HandedOver) => {}
                Ok(Actuated::Later(pause)) => {
                    count_pause(&pause, measurements);
                    ended = Ended::Again;
                }
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
    }
    if let Some(error) = first_error {
        return Err(error);
    }
    if ended == Ended::Finished {
        for rule in rules {
            let decisions = decided.get(rule.id.as_str()).map_or(&[][..], Vec::as_slice);
            give_cooldown_back(ports, rule, event, decisions).await;
        }
    }
    Ok(ended)
}

/// Refuses to move a relay for a source that its address alone proves, and sends an alert.
async fn refuse<P: Ports>(ports: &P, event: &Event, source: &Source, rules: &[&Rule]) -> Result<(), Error> {
    let ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    let rules = ids.join(", ");
    tracing::error!(event = %event.id, source = %source.id, rules, "refused to move a relay: an address alone proves the source");
    let text = format!(
        "No relay was moved by {rules}: nothing but an address proves that a request comes from `{}`. Give that source \
         a token, basic or hmac in camhook.toml.",
        source.id
    );
    let alert = Alert::new(AlertSubject::Source(source.id.as_str().to_owned()), text, ports.clock().now());
    ports.queues().send(Queue::Notify, alert.message()?).await?;
    Ok(())
}

/// How often an action waited for another delivery, by relay and reason.
pub const PAUSES: &str = "RelayPauses";

fn count_pause(pause: &Pause, measurements: &mut Measurements) {
    measurements.count(PAUSES, [("Reason", pause.name())]);
}

/// The modes that decide about an event, read now.
async fn modes<P: Ports>(ports: &P, site: &Site, event: &Event) -> Result<Modes, Error> {
    let conditions =
        site.rules().iter().filter(|rule| rule.moves_relays()).filter_map(|rule| rule.mode.as_ref());
    let areas: BTreeSet<&str> =
        conditions.filter_map(|mode| mode.area(event)).map(camhook_event::Text::as_str).collect();
    let mut modes = Vec::new();
    for area in areas {
        if let Some(mode) = control::mode(ports.state(), area).await? {
            modes.push((area.to_owned(), mode));
        }
    }
    Ok(modes.into_iter().collect())
}

fn orders<'a, D: Devices>(
    site: &'a Site,
    devices: &D,
    event: &'a Event,
    rule: &'a Rule,
    delivery: Delivery<'a>,
) -> Vec<Order<'a>> {
    let trust = site.source(event.data.source.as_str()).map_or(ClockTrust::Untrusted, |source| source.clock);
    let happened_at = delivery.replay.and_then(replay::told_at).unwrap_or_else(|| happened_at(event, trust));
    let wanted = rule.then.iter().enumerate().filter_map(|(index, action)| match action {
        Action::Relay { relay, action } => Some((index, site.relay(relay.as_str())?, *action)),
        Action::Notify { .. } | Action::Mode { .. } => None,
    });
    let order = |(action_index, relay, action): (usize, &'a camhook_site::Relay, RelayAction)| Order {
        event: event.id,
        source: event.data.source.as_str(),
        event_time: event.time.timestamp(),
        event_state: event.data.state,
        happened_at,
        once: once(event, action),
        rule: rule.id.as_str(),
        action_index,
        cooldown: rule.cooldown,
        deadline: deadline(rule, happened_at),
        relay,
        timer: devices.timer(relay),
        action,
        station: Station::Function,
        replay: delivery.replay,
        retry_delay: delivery.retry_delay,
    };
    wanted.map(order).collect()
}

type Turn<'a> = Vec<(&'a str, Result<Actuated, Error>)>;

/// The actions on one relay, one after the other. One that comes later does not overtake one that waits.
async fn take_turns<'a, P: Ports, D: Devices>(
    ports: &P,
    devices: &D,
    orders: &[Order<'a>],
) -> (Turn<'a>, Measurements) {
    let mut measurements = Measurements::default();
    let mut turn = Vec::new();
    for order in orders {
        let actuated = actuate::actuate(ports, devices, order, &mut measurements).await;
        let goes_on = matches!(actuated, Ok(Actuated::Decided(_) | Actuated::HandedOver));
        turn.push((order.rule, actuated));
        if !goes_on {
            break;
        }
    }
    (turn, measurements)
}

/// Gives a rule's cooldown back when nothing that it wanted was done.
async fn give_cooldown_back<P: Ports>(ports: &P, rule: &Rule, event: &Event, decisions: &[Decision]) {
    let acted = |decision: &Decision| {
        matches!(decision, Decision::Done | Decision::Unknown | Decision::Duplicate | Decision::DryRun)
    };
    if rule.cooldown.is_none() || !decisions.contains(&Decision::Failed) || decisions.iter().any(acted) {
        return;
    }
    let key = cooldown::CooldownKey { rule: rule.id.as_str(), scope: event.data.source.as_str() };
    if let Err(error) = cooldown::give_back(ports.state(), key, event.id).await {
        tracing::warn!(rule = rule.id.as_str(), %error, "the cooldown was not given back, it ends by itself");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_are_close_together_at_first() {
        let delays: Vec<u64> = (1..=6).map(|count| retry_delay(count).as_secs()).collect();
        assert_eq!(delays, [2, 4, 8, 16, 16, 16]);
        assert_eq!(retry_delay(0).as_secs(), 2);
        assert_eq!(retry_delay(u32::MAX).as_secs(), 16);
    }
}
