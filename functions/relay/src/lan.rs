//! The messages of the queue to the agents on site: commands that the relay function claimed, and releases.
//!
//! Several agents may share the queue, each for relays of its own. Who gets a message for another's relay gives it
//! back at once, with two exceptions: a command that is too late needs no device, so whoever has it records that;
//! and a release that nobody took for long is sent again, since the queue forgets what is too old.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use camhook_outbound::Client;
use camhook_ports::{Clock, EventQueue, Measurements, Ports, QueueRecord};
use camhook_site::{Relay, Site, Via};
use camhook_state::cooldown;
use futures_util::FutureExt;

use crate::actuate::{Actuated, actuate};
use crate::command::CommandMessage;
use crate::discharge::{discharge, send_again};
use crate::driver::HttpDevices;
use crate::handle::panic_text;
use crate::message::{self, Received};
use crate::release::{RETRY_INTERVAL, ReleaseMessage};
use crate::{Decision, Devices, Error, Order, Station};

/// After how long a command that could not be carried out is delivered again: a device on site is near, and a
/// command is young for seconds only.
const RETRY: Duration = Duration::from_secs(2);

/// After how long a message is delivered again that is another agent's.
const GIVEN_BACK: Duration = Duration::from_secs(1);

/// From which delivery on a release of another agent is sent anew: far below `maxReceiveCount` of the queue in
/// `infra/template.yaml`.
const SENT_ANEW: u32 = 100;

/// Which of the relays that the site switches from inside are one agent's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// All of them.
    All,
    /// Those with these ids.
    These(BTreeSet<String>),
}

impl Reach {
    /// Whether a relay is switched by this agent.
    #[must_use]
    pub fn holds(&self, relay: &Relay) -> bool {
        relay.via == Via::Agent
            && match self {
                Self::All => true,
                Self::These(ids) => ids.contains(relay.id.as_str()),
            }
    }
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is done with, and has to be deleted.
    Done,
    /// It is delivered again.
    Again,
    /// It is another agent's, and was given back.
    GivenBack,
}

/// Takes a message of the queue on site. What is not done with was given its time of the next delivery.
pub async fn take<P: Ports>(
    ports: &P,
    site: &Site,
    client: &Client,
    reach: &Reach,
    record: &QueueRecord,
) -> (Taken, Measurements) {
    take_with(ports, site, &HttpDevices::new(ports, client), reach, record).await
}

/// The same with other devices.
pub async fn take_with<P: Ports, D: Devices>(
    ports: &P,
    site: &Site,
    devices: &D,
    reach: &Reach,
    record: &QueueRecord,
) -> (Taken, Measurements) {
    let mut measurements = Measurements::default();
    let process = process(ports, site, devices, reach, record, &mut measurements);
    let taken = match AssertUnwindSafe(process).catch_unwind().await {
        Ok(taken) => taken,
        Err(panic) => Err(Error::Panicked(panic_text(panic.as_ref()))),
    };
    let taken = taken.unwrap_or_else(|error| {
        tracing::warn!(
            message = record.message_id,
            receive_count = record.receive_count,
            %error,
            "the message could not be handled, it will be delivered again"
        );
        Taken::Again
    });
    let delay = match taken {
        Taken::Done => return (Taken::Done, measurements),
        Taken::Again => RETRY,
        Taken::GivenBack => GIVEN_BACK,
    };
    let queue = Station::Agent.queue();
    if let Err(error) = ports.queues().retry_after(queue, &record.receipt_handle, delay).await {
        tracing::warn!(message = record.message_id, %error, "the message comes again later than it should");
    }
    (taken, measurements)
}

async fn process<P: Ports, D: Devices>(
    ports: &P,
    site: &Site,
    devices: &D,
    reach: &Reach,
    record: &QueueRecord,
    measurements: &mut Measurements,
) -> Result<Taken, Error> {
    match message::read(&record.body)? {
        Received::Command(command) => carry_out(ports, site, devices, reach, &command, measurements).await,
        Received::Release(release) => {
            // One whose relay left camhook.toml is anybody's to tell of.
            let is_anothers = site.relay(&release.relay).is_some_and(|relay| !reach.holds(relay));
            if is_anothers {
                return give_back(ports, &release, record.receive_count).await;
            }
            discharge(ports, devices, site, Station::Agent, &release, measurements).await?;
            Ok(Taken::Done)
        }
        Received::Event(event) => Err(Error::EventOnSite { event: event.id }),
    }
}

async fn give_back<P: Ports>(
    ports: &P,
    release: &ReleaseMessage,
    receive_count: u32,
) -> Result<Taken, Error> {
    if receive_count < SENT_ANEW {
        return Ok(Taken::GivenBack);
    }
    send_again(ports, Station::Agent, release, RETRY_INTERVAL).await?;
    Ok(Taken::Done)
}

async fn carry_out<P: Ports, D: Devices>(
    ports: &P,
    site: &Site,
    devices: &D,
    reach: &Reach,
    command: &CommandMessage,
    measurements: &mut Measurements,
) -> Result<Taken, Error> {
    let Some(relay) = site.relay(&command.relay) else {
        tracing::error!(
            relay = command.relay,
            "camhook.toml has no such relay any more, the command is dropped"
        );
        return Ok(Taken::Done);
    };
    let order = command.order(relay, devices.timer(relay), RETRY);
    if !reach.holds(relay) && !order.is_late(ports.clock().now()) {
        return Ok(Taken::GivenBack);
    }
    let decision = match actuate(ports, devices, &order, measurements).await? {
        Actuated::Decided(decision) => decision,
        Actuated::Later(_) => return Ok(Taken::Again),
        Actuated::HandedOver => return Err(Error::NotForHere { relay: command.relay.clone() }),
    };
    give_cooldown_back(ports, &order, decision).await;
    Ok(Taken::Done)
}

/// Gives back the rule's cooldown, which the relay function reserved, when nothing was done. It changes nothing
/// where another action of the rule has charged it.
async fn give_cooldown_back<P: Ports>(ports: &P, order: &Order<'_>, decision: Decision) {
    let nothing_done =
        matches!(decision, Decision::Late | Decision::Stopped | Decision::Refused | Decision::Failed);
    if order.cooldown.is_none() || !nothing_done {
        return;
    }
    if let Err(error) = cooldown::give_back(ports.state(), order.cooldown_key(), order.event).await {
        tracing::warn!(rule = order.rule, %error, "the cooldown was not given back, it ends by itself");
    }
}
