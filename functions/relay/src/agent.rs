//! Processes the queues of the agents on site: commands that the relay function claimed, and releases.
//!
//! Several agents may share the queues, each with relays of its own. An agent returns a message about another agent's
//! relay at once, with two exceptions: a command that is late needs no device, so any agent records it; and a release
//! that was returned many times is sent again as a new message, since SQS limits the receive count of a message.
//!
//! An agent trusts no message: a command has to match a rule of its own camhook.toml, and a release only switches off
//! a relay whose item says that it is due.

use std::collections::BTreeSet;
use std::time::Duration;

use camhook_consumer::{Backoff, Concurrency, Policy, Retry, process};
use camhook_outbound::Client;
use camhook_ports::{Clock, EventQueue, Ports, Queue, QueueRecord};
use camhook_site::{Relay, Site, Via};
use camhook_state::{cooldown, decision};

use crate::actuate::{ActionOutcome, actuate, retry_delay};
use crate::command::Redelivery;
use crate::command_message::{CommandMessage, Unauthorized};
use crate::decision_log::{Attempt, DecisionLog};
use crate::driver::HttpDevices;
use crate::execute_release::execute_release;
use crate::handle::RETRIES;
use crate::message::{self, Received};
use crate::protocol::CooldownEffect;
use crate::refuse::{Refused, refuse};
use crate::release::ReleaseMessage;
use crate::{Devices, Error, Executor, Reason, RelayCommand};

/// The retry delay of a command. Short, because a command expires within seconds.
const RETRY: Duration = Duration::from_secs(2);

/// The retry delay of a message about another agent's relay.
const RETURN_DELAY: Duration = Duration::from_secs(1);

/// The same from delivery [`OFFLINE_RECEIVES`] of a release on.
const LONG_RETURN_DELAY: Duration = Duration::from_secs(10);

/// From this delivery of a release on, its agent counts as offline.
const OFFLINE_RECEIVES: u32 = 10;

/// From this delivery on, a release of another agent is replaced by a new message. Far below `maxReceiveCount` of its
/// queue in `infra/template.yaml`.
const RESEND_RECEIVES: u32 = 100;

/// A message that cannot be processed is dead-lettered at this delivery.
const MAX_RECEIVES: u32 = 5;

/// A command that matches no rule is refused at this delivery: by then the agent has checked for a newer camhook.toml.
const MAX_UNAUTHORIZED_RECEIVES: u32 = 20;

/// For how long after its deadline the agent tries to record a command as late.
const RECORDING_TIME: Duration = Duration::from_secs(60);

const COMMANDS: Policy = Policy {
    queue: Queue::RelayLan,
    max_receive_count: 1000,
    backoff: Backoff::constant(RETRY),
    retries: RETRIES,
    concurrency: Concurrency::Parallel,
};

const RELEASES: Policy = Policy { queue: Queue::ReleasesLan, ..COMMANDS };

/// Which relays with `via = "agent"` an agent switches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelayFilter {
    /// All relays.
    All,
    /// The relays with these ids.
    These(BTreeSet<String>),
}

impl RelayFilter {
    /// Whether the agent switches a relay.
    #[must_use]
    pub fn includes(&self, relay: &Relay) -> bool {
        relay.via == Via::Agent
            && match self {
                Self::All => true,
                Self::These(ids) => ids.contains(relay.id.as_str()),
            }
    }
}

/// What has to be done with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Disposition {
    /// Delete it: it is processed.
    Delete,
    /// Leave it in the queue: its next delivery is set.
    Redeliver,
    /// Move it to the dead-letter queue, with this reason: it cannot be processed.
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

/// Like [`process_message`], with other devices.
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
    let most = match &received {
        // It is refused first, where it matches no rule.
        Ok(Received::Command(_)) => MAX_UNAUTHORIZED_RECEIVES + MAX_RECEIVES,
        Ok(_) | Err(_) => MAX_RECEIVES,
    };
    let poison = match &received {
        Err(error) => Some(error.to_string()),
        Ok(Received::Event(event)) => Some(Error::EventOnAgentQueue { event: event.id }.to_string()),
        // Retried until it is recorded as late, but not for ever.
        Ok(Received::Command(command)) if context.is_past(command) => {
            Some("failed to record the command as late".to_owned())
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
        (camhook_consumer::Disposition::Redeliver, Some(reason)) if record.receive_count >= most => {
            Disposition::DeadLetter(reason)
        }
        (camhook_consumer::Disposition::Redeliver, _) => Disposition::Redeliver,
    }
}

/// What is needed to process a message.
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
                // Its item still has the release: the watchdog sends it to the function.
                tracing::info!(
                    relay = release.relay,
                    "release dropped, the function switches this relay now"
                );
                Ok(())
            }
            Some(relay) if !self.filter.includes(relay) => self.return_release(release).await,
            // A relay that is not in camhook.toml belongs to no agent: any agent alerts.
            Some(_) | None => {
                execute_release(self.ports, self.devices, self.site, Executor::Agent, release).await
            }
        }
    }

    async fn return_release(&self, release: &ReleaseMessage) -> Result<(), Retry> {
        let count = self.record.receive_count;
        if count >= RESEND_RECEIVES {
            let message = release.message(LONG_RETURN_DELAY)?;
            self.ports.queues().send(Queue::ReleasesLan, message).await?;
            return Ok(());
        }
        let delay = if count < OFFLINE_RECEIVES { RETURN_DELAY } else { LONG_RETURN_DELAY };
        Err(Retry::waiting("returned").exactly_after(delay))
    }

    async fn execute_command(&self, message: &CommandMessage) -> Result<(), Retry> {
        let relay = self.site.relay(&message.relay);
        let is_late = self.ports.clock().now() > message.deadline();
        if relay.is_some_and(|relay| !self.filter.includes(relay)) && !is_late {
            return Err(Retry::waiting("returned").exactly_after(RETURN_DELAY));
        }
        let redelivery = Redelivery::of(self.record.receive_count, COMMANDS.max_receive_count, RETRY);
        let authorized = match relay {
            Some(relay) => message.authorize(self.site, relay, self.devices.timer(relay), redelivery),
            None => Err(Unauthorized::Relay(message.relay.clone())),
        };
        let command = match authorized {
            Ok(command) => command,
            // A newer camhook.toml may contain the relay and the rule.
            Err(_) if self.record.receive_count < MAX_UNAUTHORIZED_RECEIVES => {
                return Err(Retry::waiting("not_in_rules").exactly_after(RETRY));
            }
            Err(reason) => return self.refuse(message, &reason).await,
        };
        let outcome = actuate(self.ports, self.devices, &command).await;
        self.record_decision(&command, &outcome).await;
        match outcome? {
            ActionOutcome::Decided { cooldown, .. } => {
                self.finalize_cooldown(&command, cooldown).await;
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

    /// Refuses a command that matches no rule, unless it was executed before.
    async fn refuse(&self, message: &CommandMessage, reason: &Unauthorized) -> Result<(), Retry> {
        let reason = Reason::NotInRules(reason.to_string());
        let record = match refuse(self.ports, message, reason).await? {
            Refused::Decided(record) => record,
            Refused::Retry(pause) => {
                return Err(Retry::waiting("pause").exactly_after(retry_delay(&pause, RETRY)));
            }
        };
        let Some(record) = record else { return Ok(()) };
        let attempt = self.attempt(message.replay.as_deref());
        let mut log = DecisionLog::of_refused(message);
        log.add_decided(message, &record, attempt, self.ports.clock().now());
        log.record(self.ports, attempt).await;
        Ok(())
    }

    fn attempt<'r>(&self, replay: Option<&'r str>) -> Attempt<'r> {
        Attempt {
            part: decision::AGENT,
            replay,
            receive_count: self.record.receive_count,
            last: COMMANDS.max_receive_count,
        }
    }

    async fn record_decision(&self, command: &RelayCommand<'_>, outcome: &Result<ActionOutcome, Error>) {
        let attempt = self.attempt(command.replay);
        let delay = match outcome {
            Ok(ActionOutcome::Retry(pause)) => retry_delay(pause, RETRY),
            _ => RETRY,
        };
        let mut log = DecisionLog::of_command(command);
        log.add(command, outcome, attempt, delay, self.ports.clock().now());
        log.record(self.ports, attempt).await;
    }

    /// Returns the rule's cooldown, which the relay function reserved, if the action was not executed. Has no effect if
    /// another action of the rule charged it.
    async fn finalize_cooldown(&self, command: &RelayCommand<'_>, effect: CooldownEffect) {
        if command.cooldown.is_none() || effect != CooldownEffect::Return {
            return;
        }
        let (key, holder) = (command.cooldown_key(), cooldown::Holder::Relay);
        let returned = cooldown::give_back_as(self.ports.state(), holder, key, command.event).await;
        if let Err(error) = returned {
            tracing::warn!(rule = command.rule, %error, "failed to return the cooldown, it expires by itself");
        }
    }
}
