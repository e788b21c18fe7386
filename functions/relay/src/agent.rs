//! The queues of the agents on site: commands that the relay function claimed, and releases.
//!
//! Several agents may share the queues, each for relays of its own. Who receives a message about another's relay returns
//! it at once, with two exceptions: a command that is too late needs no device, so whoever has it records that; and a
//! release that was returned many times is sent anew, since SQS counts how often a message was received.
//!
//! An agent trusts no message: a command has to be one of its own camhook.toml, and a release only switches off what the
//! relay's item says is due.

use std::collections::BTreeSet;
use std::time::Duration;

use camhook_consumer::{Backoff, Concurrency, Policy, Retry, process};
use camhook_outbound::Client;
use camhook_ports::{Clock, EventQueue, Ports, Queue, QueueRecord};
use camhook_site::{Relay, Site, Via};
use camhook_state::cooldown;

use crate::actuate::{ActionOutcome, actuate, refuse, retry_delay};
use crate::command_message::CommandMessage;
use crate::driver::HttpDevices;
use crate::execute_release::execute_release;
use crate::handle::RETRIES;
use crate::message::{self, Received};
use crate::protocol::{CooldownEffect, Verdict};
use crate::release::ReleaseMessage;
use crate::{Devices, Error, Executor, Reason, RelayCommand};

/// When a command that could not be carried out is delivered again: a device on site is near, and a command is young
/// for seconds only.
const RETRY: Duration = Duration::from_secs(2);

/// When a message about another agent's relay is delivered again.
const RETURN_DELAY: Duration = Duration::from_secs(1);

/// The same for a release that was returned [`RETURNED_OFTEN`] times: its agent is offline.
const LONG_RETURN_DELAY: Duration = Duration::from_secs(10);

/// From which delivery on the agent of a release counts as offline.
const RETURNED_OFTEN: u32 = 10;

/// From which delivery on a release of another agent is sent anew: far below `maxReceiveCount` of its queue in
/// `infra/template.yaml`.
const SENT_ANEW: u32 = 100;

/// After how many deliveries a message that cannot be processed is moved to the dead letters.
const MOST_TRIES: u32 = 5;

/// After how many deliveries a command that no rule wants is refused: longer than the agent keeps a camhook.toml before
/// it asks for a newer one.
const MOST_UNAUTHORIZED: u32 = 20;

/// How long after its deadline a command is still tried to be recorded as late.
const RECORDING_TIME: Duration = Duration::from_secs(60);

const COMMANDS: Policy = Policy {
    queue: Queue::RelayLan,
    max_receive_count: 1000,
    backoff: Backoff::constant(RETRY),
    retries: RETRIES,
    concurrency: Concurrency::Parallel,
};

const RELEASES: Policy = Policy { queue: Queue::ReleasesLan, ..COMMANDS };

/// Which of the relays with `via = "agent"` one agent switches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelayFilter {
    /// All of them.
    All,
    /// Those with these ids.
    These(BTreeSet<String>),
}

impl RelayFilter {
    /// Whether this agent switches a relay.
    #[must_use]
    pub fn includes(&self, relay: &Relay) -> bool {
        relay.via == Via::Agent
            && match self {
                Self::All => true,
                Self::These(ids) => ids.contains(relay.id.as_str()),
            }
    }
}

/// What becomes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Disposition {
    /// It is processed and has to be deleted.
    Delete,
    /// It is delivered again, after a time that is set.
    Redeliver,
    /// It cannot be processed and has to be moved to the dead letters of its queue, with this reason.
    DeadLetter(String),
}

/// Processes a message of one of the two queues.
pub async fn process_message<P: Ports>(
    ports: &P,
    site: &Site,
    client: &Client,
    filter: &RelayFilter,
    queue: Queue,
    record: &QueueRecord,
) -> Disposition {
    process_message_with(ports, site, &HttpDevices::new(ports, client), filter, queue, record).await
}

/// The same with other devices.
pub async fn process_message_with<P: Ports, D: Devices>(
    ports: &P,
    site: &Site,
    devices: &D,
    filter: &RelayFilter,
    queue: Queue,
    record: &QueueRecord,
) -> Disposition {
    let policy = if queue == Queue::ReleasesLan { RELEASES } else { Policy { queue, ..COMMANDS } };
    let context = AgentContext { ports, site, devices, filter, record };
    let received = message::read(&record.body);
    let poison = match &received {
        Err(error) => Some(error.to_string()),
        Ok(Received::Event(event)) => Some(Error::EventOnAgentQueue { event: event.id }.to_string()),
        // It is retried while it may be carried out, and then as long as recording that it is late may work.
        Ok(Received::Command(command)) if context.is_past(command) => {
            Some("the command could not be recorded as late".to_owned())
        }
        Ok(Received::Command(_) | Received::Release(_)) => None,
    };
    let processed = process(ports, &policy, record, async {
        match received? {
            Received::Command(command) => context.execute_command(&command).await,
            Received::Release(release) => context.release(&release).await,
            Received::Event(event) => Err(Error::EventOnAgentQueue { event: event.id }.into()),
        }
    });
    match (processed.await, poison) {
        (camhook_consumer::Disposition::Delete, _) => Disposition::Delete,
        (camhook_consumer::Disposition::Redeliver, Some(reason)) if record.receive_count >= MOST_TRIES => {
            Disposition::DeadLetter(reason)
        }
        (camhook_consumer::Disposition::Redeliver, _) => Disposition::Redeliver,
    }
}

/// What the processing of a message needs.
struct AgentContext<'a, P, D> {
    ports: &'a P,
    site: &'a Site,
    devices: &'a D,
    filter: &'a RelayFilter,
    record: &'a QueueRecord,
}

impl<P: Ports, D: Devices> AgentContext<'_, P, D> {
    fn is_past(&self, command: &CommandMessage) -> bool {
        let past = command.deadline().checked_add(RECORDING_TIME);
        past.is_ok_and(|past| self.ports.clock().now() > past)
    }

    async fn release(&self, release: &ReleaseMessage) -> Result<(), Retry> {
        match self.site.relay(&release.relay) {
            Some(relay) if relay.via == Via::Cloud => {
                // Its item says that it is due: the watchdog sends the release to the function.
                tracing::info!(
                    relay = release.relay,
                    "release dropped, the function switches this relay now"
                );
                Ok(())
            }
            Some(relay) if !self.filter.includes(relay) => self.return_release(release).await,
            // Anybody may alert people that the relay of a release left camhook.toml.
            Some(_) | None => {
                execute_release(self.ports, self.devices, self.site, Executor::Agent, release).await
            }
        }
    }

    async fn return_release(&self, release: &ReleaseMessage) -> Result<(), Retry> {
        let count = self.record.receive_count;
        if count >= SENT_ANEW {
            let message = release.message(LONG_RETURN_DELAY)?;
            self.ports.queues().send(Queue::ReleasesLan, message).await?;
            return Ok(());
        }
        let delay = if count < RETURNED_OFTEN { RETURN_DELAY } else { LONG_RETURN_DELAY };
        Err(Retry::waiting("returned").exactly_after(delay))
    }

    async fn execute_command(&self, message: &CommandMessage) -> Result<(), Retry> {
        let Some(relay) = self.site.relay(&message.relay) else {
            if self.record.receive_count < MOST_UNAUTHORIZED {
                return Err(Retry::waiting("unknown_relay").exactly_after(RETRY));
            }
            tracing::error!("relay command dropped: camhook.toml has no such relay");
            return Ok(());
        };
        let is_late = self.ports.clock().now() > message.deadline();
        if !self.filter.includes(relay) && !is_late {
            return Err(Retry::waiting("returned").exactly_after(RETURN_DELAY));
        }
        let timer = self.devices.timer(relay);
        let command = match message.authorize(self.site, relay, timer, RETRY) {
            Ok(command) => command,
            // A newer camhook.toml may have the rule.
            Err(_) if self.record.receive_count < MOST_UNAUTHORIZED => {
                return Err(Retry::waiting("not_in_rules").exactly_after(RETRY));
            }
            Err(reason) => {
                let command = message.as_received(relay, timer, RETRY);
                let verdict = Verdict::refused(Reason::NotInRules(reason.to_string()));
                refuse(self.ports, &command, &verdict).await?;
                return Ok(());
            }
        };
        match actuate(self.ports, self.devices, &command).await? {
            ActionOutcome::Decided { cooldown, .. } => {
                self.settle_cooldown(&command, cooldown).await;
                Ok(())
            }
            ActionOutcome::Retry(pause) => {
                Err(Retry::waiting("pause").exactly_after(retry_delay(&pause, RETRY)))
            }
            ActionOutcome::HandedOver => {
                Err(Error::CommandOnFunctionQueue { relay: message.relay.clone() }.into())
            }
        }
    }

    /// Gives back the rule's cooldown, which the relay function reserved, when nothing was done. It changes nothing where
    /// another action of the rule has charged it.
    async fn settle_cooldown(&self, command: &RelayCommand<'_>, effect: CooldownEffect) {
        if command.cooldown.is_none() || effect != CooldownEffect::GiveBack {
            return;
        }
        let (key, holder) = (command.cooldown_key(), cooldown::Holder::Relay);
        let given = cooldown::give_back_as(self.ports.state(), holder, key, command.event).await;
        if let Err(error) = given {
            tracing::warn!(rule = command.rule, %error, "failed to give the cooldown back, it ends by itself");
        }
    }
}
