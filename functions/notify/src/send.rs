//! Sending the messages of all rules that fired.

use camhook_outbound::Client;
use camhook_ports::{Measurements, Ports};
use camhook_site::{Rule, Site};
use camhook_state::claim::{Claim, ClaimKey};
use futures_util::future::join_all;

use crate::channel::{PictureForm, picture_form};
use crate::delivery::Delivery;
use crate::job::{Turn, claim_turn, send};
use crate::order::Order;
use crate::told::Told;
use crate::{Error, Notification, Subject, picture, text};

/// A rule that fired, and what became of its messages so far.
pub(crate) struct Fired<'a> {
    pub(crate) rule: &'a Rule,
    /// The messages whose claims are ours.
    pub(crate) waiting: Vec<(Order<'a>, Claim)>,
    pub(crate) told: Vec<Told>,
}

/// Takes the claims of messages: those that are ours to send, and what is known of the others.
pub(crate) async fn claim_orders<'a, P: Ports>(
    ports: &P,
    rule: &Rule,
    orders: Vec<Order<'a>>,
    delivery: Delivery<'_>,
    measurements: &mut Measurements,
) -> Result<(Vec<(Order<'a>, Claim)>, Vec<Told>), Error> {
    let (mut waiting, mut told) = (Vec::new(), Vec::new());
    for order in orders {
        let (event, replay) = (delivery.acting, delivery.run());
        let claim = ClaimKey { event, rule: rule.id.as_str(), action: order.action, replay };
        match claim_turn(ports, &claim).await? {
            Turn::Send(claim) => waiting.push((order, claim)),
            Turn::Busy(after) => told.push(Told::Busy(after)),
            Turn::Settled => {
                order.count(measurements, "told_before");
                told.push(Told::Before);
            }
        }
    }
    Ok((waiting, told))
}

/// Sends all messages side by side: a channel that does not answer makes no other one late.
pub(crate) async fn send_all<P: Ports>(
    ports: &P,
    site: &Site,
    client: &Client,
    delivery: Delivery<'_>,
    fired: &mut [Fired<'_>],
    measurements: &mut Measurements,
) {
    let event = delivery.event;
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
        let (picture, gathered) = (picture.clone(), delivery.group.map(text::Gathered::from));
        async move {
            let (written, errors) = text::write(site, event, gathered.as_ref(), order.title, order.body);
            for error in errors {
                tracing::warn!(rule = rule.id.as_str(), %error, "the default text is sent");
            }
            let id = match delivery.run() {
                None => format!("{}-{}-{}", delivery.acting, rule.id, order.action),
                Some(run) => format!("{}-{}-{}-{}", delivery.acting, rule.id, order.action, plain(run)),
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
