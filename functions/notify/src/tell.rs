//! An event: whom to tell, by the site's rules, and telling them.

use std::collections::BTreeMap;

use camhook_event::{Event, Kind, State};
use camhook_outbound::Client;
use camhook_ports::{Clock, EventQueue, Measurements, Ports, Queue};
use camhook_site::{Action, Channel, Context, Modes, Rule, Site, Urgency, evaluate};
use camhook_state::claim::{Claim, ClaimKey};
use camhook_state::control;
use camhook_state::cooldown::{self, CooldownKey, Reservation};
use camhook_state::once::{Once, once};
use camhook_state::trouble::{About, Trouble};
use futures_util::future::join_all;

use crate::channel::{PictureForm, picture_form};
use crate::handle::NOTIFICATIONS;
use crate::job::{Turn, claim_turn, send};
use crate::picture;
use crate::retry::{LAST_DELIVERY, SOON};
use crate::told::{Ended, Told};
use crate::{Error, Notification, Subject, text};

/// One delivery of an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivery<'a> {
    pub(crate) event: &'a Event,
    /// Which delivery of the message this is, counted from 1.
    pub(crate) receive_count: u32,
    /// The run that sent the event again, when it is a replay.
    pub(crate) replay: Option<&'a str>,
}

/// One message that a rule wants.
#[derive(Debug)]
struct Order<'a> {
    action: usize,
    channel: &'a Channel,
    title: Option<&'a str>,
    body: Option<&'a str>,
}

/// A rule that fired, and what became of its messages so far.
struct Fired<'a> {
    rule: &'a Rule,
    waiting: Vec<(Order<'a>, Claim)>,
    told: Vec<Told>,
}

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
        let orders = orders(ports, site, rule, measurements);
        if orders.is_empty() || !evaluate(rule, delivery.event, &context).fires() {
            continue;
        }
        match prepare(ports, rule, orders, delivery, measurements).await {
            Ok(Prepared::Fired(prepared)) => fired.push(prepared),
            Ok(Prepared::Rests) => {}
            Ok(Prepared::Waits) => ended = ended.and(Ended::Again { asked: Some(SOON) }),
            Err(error) => {
                let rule = rule.id.as_str();
                tracing::warn!(event = %delivery.event.id, rule, %error, "the rule cannot tell anybody now");
                ended = ended.and(Ended::Again { asked: None });
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

/// The messages that a rule wants now. Channels that are to be left in peace at this hour are left out.
fn orders<'a, P: Ports>(
    ports: &P,
    site: &'a Site,
    rule: &'a Rule,
    measurements: &mut Measurements,
) -> Vec<Order<'a>> {
    let now = ports.clock().now();
    let mut orders = Vec::new();
    for (action, wanted) in rule.then.iter().enumerate() {
        let Action::Notify { channel, title, body } = wanted else { continue };
        let Some(channel) = site.channel(channel.as_str()) else { continue };
        let is_quiet = channel.quiet.iter().any(|schedule| schedule.contains(now, site.timezone()));
        if is_quiet && rule.urgency == Urgency::Normal {
            let kind = channel.kind.name();
            measurements.count(NOTIFICATIONS, [("Channel", kind), ("Outcome", "quiet")]);
            continue;
        }
        orders.push(Order { action, channel, title: title.as_deref(), body: body.as_deref() });
    }
    orders
}

enum Prepared<'a> {
    /// It tells those whose claims it has.
    Fired(Fired<'a>),
    /// Another event told of the same, or its cooldown is not over.
    Rests,
    /// Whether another event charges the cooldown will be known soon.
    Waits,
}

/// Asks whether this event is the one that acts, reserves the cooldown, and takes the claims.
async fn prepare<'a, P: Ports>(
    ports: &P,
    rule: &'a Rule,
    orders: Vec<Order<'a>>,
    delivery: Delivery<'_>,
    measurements: &mut Measurements,
) -> Result<Prepared<'a>, Error> {
    let Delivery { event, replay, .. } = delivery;
    let (state, now) = (ports.state(), ports.clock().now());
    let kind = |order: &Order<'_>| order.channel.kind.name();
    let mut count = |order: &Order<'_>, outcome| {
        measurements.count(NOTIFICATIONS, [("Channel", kind(order)), ("Outcome", outcome)]);
    };
    if let (Some(key), None) = (acts_once(event), replay)
        && let Once::Another(_) = once(state, key, rule.id.as_str(), event.id, now).await?
    {
        orders.iter().for_each(|order| count(order, "duplicate"));
        return Ok(Prepared::Rests);
    }
    if let (Some(length), None) = (rule.cooldown, replay) {
        match cooldown::reserve(state, cooldown_key(rule, event), event.id, length, now).await? {
            Reservation::Held { .. } => {}
            Reservation::Charged { .. } => {
                orders.iter().for_each(|order| count(order, "cooldown"));
                return Ok(Prepared::Rests);
            }
            Reservation::Pending { .. } => return Ok(Prepared::Waits),
        }
    }
    let (mut waiting, mut told) = (Vec::new(), Vec::new());
    for order in orders {
        let claim = ClaimKey { event: event.id, rule: rule.id.as_str(), action: order.action, replay };
        match claim_turn(ports, &claim).await? {
            Turn::Send(claim) => waiting.push((order, claim)),
            Turn::Busy(after) => told.push(Told::Busy(after)),
            Turn::Settled => {
                count(&order, "told_before");
                told.push(Told::Before);
            }
        }
    }
    Ok(Prepared::Fired(Fired { rule, waiting, told }))
}

/// The key by which several events about one thing act once. Ends and counters each say something new.
fn acts_once(event: &Event) -> Option<&str> {
    if event.data.state == Some(State::Stop) || event.data.kind == Kind::Counting {
        return None;
    }
    event.data.correlation.as_ref().map(|correlation| correlation.key.as_str())
}

fn cooldown_key<'a>(rule: &'a Rule, event: &'a Event) -> CooldownKey<'a> {
    CooldownKey { rule: rule.id.as_str(), source: event.data.source.as_str() }
}

/// Sends all messages side by side: a channel that does not answer makes no other one late.
async fn send_all<P: Ports>(
    ports: &P,
    site: &Site,
    client: &Client,
    delivery: Delivery<'_>,
    fired: &mut [Fired<'_>],
    measurements: &mut Measurements,
) {
    let Delivery { event, replay, .. } = delivery;
    let mut waiting = fired.iter().flat_map(|fired| &fired.waiting).peekable();
    if waiting.peek().is_none() {
        return;
    }
    let takes_bytes = waiting.any(|(order, _)| picture_form(order.channel) == PictureForm::Bytes);
    let form = if takes_bytes { PictureForm::Bytes } else { PictureForm::Link };
    let picture = picture::of(ports, event, form).await;

    let sending = fired.iter().enumerate().flat_map(|(index, fired)| {
        fired.waiting.iter().map(move |(order, claim)| (index, fired.rule, order, claim))
    });
    let sent = join_all(sending.map(|(index, rule, order, claim)| {
        let picture = picture.clone();
        async move {
            let (written, errors) = text::write(site, event, order.title, order.body);
            for error in errors {
                tracing::warn!(rule = rule.id.as_str(), %error, "the default text is sent");
            }
            let id = match replay {
                None => format!("{}-{}-{}", event.id, rule.id, order.action),
                Some(run) => format!("{}-{}-{}-{}", event.id, rule.id, order.action, plain(run)),
            };
            let text::Written { title, text } = written;
            let notification = Notification { id, title, text, picture, subject: Subject::Event(event) };
            let mut measured = Measurements::default();
            let told = send(ports, client, order.channel, &notification, claim, &mut measured).await;
            (index, told, measured)
        }
    }))
    .await;
    for (index, told, measured) in sent {
        measurements.append(measured);
        if let Some(fired) = fired.get_mut(index) {
            fired.told.push(told);
        }
    }
}

fn plain(run: &str) -> String {
    run.chars().map(|character| if character.is_ascii_alphanumeric() { character } else { '-' }).collect()
}

/// Charges the cooldown for what was sent, or gives it back when the messages failed for good.
async fn settle<P: Ports>(ports: &P, rule: &Rule, delivery: Delivery<'_>, told: &[Told]) {
    let (Some(length), None) = (rule.cooldown, delivery.replay) else { return };
    let key = cooldown_key(rule, delivery.event);
    let id = delivery.event.id;
    let any_now = told.iter().any(|told| matches!(told, Told::Now));
    let all_failed = told.iter().all(|told| matches!(told, Told::Failed { .. }));
    let for_good = delivery.receive_count >= LAST_DELIVERY
        || told.iter().all(|told| matches!(told, Told::Failed { error, .. } if error.needs_a_person()));
    let settled = if any_now {
        cooldown::confirm(ports.state(), key, id, length, ports.clock().now()).await
    } else if all_failed && for_good {
        cooldown::give_back(ports.state(), key, id).await
    } else {
        return;
    };
    if let Err(error) = settled {
        tracing::warn!(event = %id, rule = rule.id.as_str(), %error, "the cooldown is not settled, it ends by itself");
    }
}

/// Tells the trouble channel of channels that failed: at once where only a person can help, else when the
/// message is given up. Trouble about the trouble channel itself has nobody to go to but the log.
async fn complain<P: Ports>(
    ports: &P,
    site: &Site,
    delivery: Delivery<'_>,
    told: impl Iterator<Item = &Told>,
) {
    let Some(trouble_channel) = site.trouble() else { return };
    for told in told {
        let Told::Failed { channel, error } = told else { continue };
        let is_due = match delivery.receive_count {
            0 | 1 => error.needs_a_person(),
            count => count >= LAST_DELIVERY,
        };
        if !is_due || *channel == trouble_channel.id {
            continue;
        }
        let text = format!("the channel {channel} does not take messages: {error}");
        let trouble = Trouble::new(About::Channel(channel.to_string()), text, ports.clock().now());
        let sent = match trouble.message() {
            Ok(message) => ports.queues().send(Queue::Notify, message).await,
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            tracing::error!(channel = channel.as_str(), %error, "the trouble channel is not told");
        }
    }
}
