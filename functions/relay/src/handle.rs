//! Processes batches of the relay function's queues.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use camhook_consumer::{Backoff, BatchOutcome, Concurrency, Policy, Retry, consume};
use camhook_event::Event;
use camhook_outbound::Client;
use camhook_ports::{Clock, EventQueue, Metrics, Ports, Queue, QueueRecord};
use camhook_site::{Action, Context, Modes, RelayAction, Rule, Site, Source, evaluate};
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::claim::ClaimKey;
use camhook_state::{control, cooldown, decision};
use futures_util::future::join_all;

use crate::actuate::{ActionOutcome, actuate, retry_delay};
use crate::command::{PlateEvidence, Redelivery, deadline, dedupe_keys, happened_at, order_time};
use crate::decision_log::{Attempt, DecisionLog, Refusal};
use crate::driver::HttpDevices;
use crate::execute_release::execute_release;
use crate::message::{self, Received};
use crate::protocol::CooldownEffect;
use crate::{Devices, Error, Executor, RelayCommand, replay};

/// Metric: messages that are retried, by reason.
pub const RETRIES: &str = "RelayRetries";

/// Metric: actions that were postponed to another delivery, by reason.
pub const PAUSES: &str = "RelayPauses";

/// How often an event is delivered at most: `maxReceiveCount` of the queue in `infra/template.yaml`. With the delays of
/// `EVENTS` these are 15 minutes; a rule with a greater `max_age` is not retried after that.
pub const MAX_EVENT_RECEIVES: u32 = 60;

/// Events are retried after 2, 4, 8, 16, 16 … s, so that a brief failure is over before `max_age` is. They are processed
/// concurrently, since a relay that does not answer must not delay another one.
const EVENTS: Policy = Policy {
    queue: Queue::Relay,
    max_receive_count: MAX_EVENT_RECEIVES,
    backoff: Backoff::exponential(Duration::from_secs(2), 2, Duration::from_secs(16)),
    retries: RETRIES,
    concurrency: Concurrency::Parallel,
};

/// Each release sets the time of its next delivery itself; this backoff applies to panics.
const RELEASES: Policy = Policy {
    queue: Queue::Releases,
    max_receive_count: 1000,
    backoff: Backoff::exponential(Duration::from_secs(10), 2, Duration::from_secs(900)),
    retries: RETRIES,
    concurrency: Concurrency::Parallel,
};

/// Processes a batch.
pub async fn handle<P: Ports>(
    ports: &P,
    site: &Site,
    client: &Client,
    records: &[QueueRecord],
) -> BatchOutcome {
    handle_with(ports, site, &HttpDevices::new(ports, client), records).await
}

/// Like [`handle`], with other devices.
///
/// Of two messages about the same relay, the later one is postponed to its next delivery.
pub async fn handle_with<P: Ports, D: Devices>(
    ports: &P,
    site: &Site,
    devices: &D,
    records: &[QueueRecord],
) -> BatchOutcome {
    let context = RelayContext { ports, site, devices };
    let is_release = |record: &&QueueRecord| matches!(message::read(&record.body), Ok(Received::Release(_)));
    let (releases, events): (Vec<&QueueRecord>, Vec<&QueueRecord>) = records.iter().partition(is_release);
    let mut outcome =
        consume(ports, &EVENTS, events, async |record| Box::pin(context.process(record)).await).await;
    let released =
        consume(ports, &RELEASES, releases, async |record| Box::pin(context.process(record)).await).await;
    outcome.failed.extend(released.failed);
    outcome
}

/// What is needed to process a message.
struct RelayContext<'a, P, D> {
    ports: &'a P,
    site: &'a Site,
    devices: &'a D,
}

/// Properties of a delivery that are not part of the event.
#[derive(Clone, Copy)]
struct Delivery<'a> {
    replay: Option<&'a str>,
    retry_delay: Duration,
    receive_count: u32,
}

impl<'a> Delivery<'a> {
    fn attempt(&self) -> Attempt<'a> {
        Attempt {
            part: decision::RELAY,
            replay: self.replay,
            receive_count: self.receive_count,
            last: EVENTS.max_receive_count,
        }
    }

    fn redelivery(&self) -> Redelivery {
        Redelivery::of(self.receive_count, EVENTS.max_receive_count, self.retry_delay)
    }
}

/// Why a source that only its address identifies switches no relay.
const UNPROVED: Refusal =
    Refusal { name: "address_only", text: "only the address identifies the source of the event" };

/// The outcomes of one relay's actions.
type Outcomes<'a> = Vec<(&'a RelayCommand<'a>, Result<ActionOutcome, Error>)>;

impl<P: Ports, D: Devices> RelayContext<'_, P, D> {
    async fn process(&self, record: &QueueRecord) -> Result<(), Retry> {
        match message::read(&record.body)? {
            Received::Event(event) => {
                let retry_delay = EVENTS.backoff.delay(record.receive_count).unwrap_or_default();
                let receive_count = record.receive_count;
                let delivery = Delivery { replay: record.replay.as_deref(), retry_delay, receive_count };
                self.execute_rules(&event, delivery).await
            }
            Received::Release(release) => {
                let executor = Executor::Function;
                execute_release(self.ports, self.devices, self.site, executor, &release).await
            }
            // Commands have a queue of their own.
            Received::Command(command) => Err(Error::CommandOnFunctionQueue { relay: command.relay }.into()),
        }
    }

    /// Executes the relay actions of all rules that match an event.
    async fn execute_rules(&self, event: &Event, delivery: Delivery<'_>) -> Result<(), Retry> {
        let modes = self.modes(event).await?;
        let context = Context { site: self.site, at: event.time.timestamp(), modes: &modes };
        let moving = self.site.rules().iter().filter(|rule| rule.moves_relays());
        let verdicts = moving.map(|rule| (rule, evaluate(rule, event, &context)));
        let matched: Vec<(&Rule, Option<PlateEvidence>)> = verdicts
            .filter(|(_, verdict)| verdict.is_match())
            .map(|(rule, verdict)| (rule, verdict.plate_matches().first().map(PlateEvidence::from)))
            .collect();
        let rules: Vec<&Rule> = matched.iter().map(|(rule, _)| *rule).collect();

        let mut log = DecisionLog::of_event(event, self.site, &modes);
        if let (Some(source), [_, ..]) = (self.site.unproved_source(event), rules.as_slice()) {
            self.refuse(event, source, &rules).await?;
            let now = self.ports.clock().now();
            for rule in rules {
                log.add_refused(rule, UNPROVED, delivery.attempt(), now);
            }
            log.record(self.ports, delivery.attempt()).await;
            return Ok(());
        }

        // Relays are switched concurrently; the actions of one relay run in the order of the rules.
        let mut by_relay: BTreeMap<&str, Vec<RelayCommand<'_>>> = BTreeMap::new();
        for (rule, plate) in &matched {
            for command in self.commands(event, rule, plate.as_ref(), delivery) {
                by_relay.entry(command.relay.id.as_str()).or_default().push(command);
            }
        }
        let outcomes = join_all(by_relay.values().map(|commands| self.actuate_in_order(commands))).await;
        let mut retry: Option<Retry> = None;
        let mut cooldowns: BTreeMap<&str, Vec<CooldownEffect>> = BTreeMap::new();
        let now = self.ports.clock().now();
        for (command, outcome) in outcomes.into_iter().flatten() {
            let rule = command.rule;
            let delay = match &outcome {
                Ok(ActionOutcome::Retry(pause)) => retry_delay(pause, delivery.retry_delay),
                _ => delivery.retry_delay,
            };
            log.add(command, &outcome, delivery.attempt(), delay, now);
            let next = match outcome {
                Ok(ActionOutcome::Decided { cooldown, .. }) => {
                    cooldowns.entry(rule).or_default().push(cooldown);
                    continue;
                }
                Ok(ActionOutcome::HandedOver) => {
                    cooldowns.entry(rule).or_default().push(CooldownEffect::Keep);
                    continue;
                }
                Ok(ActionOutcome::Retry(pause)) => {
                    self.ports.metrics().count(PAUSES, [("Reason", pause.name())]);
                    Retry::waiting("pause").exactly_after(delay)
                }
                // At its own time, whatever the device of another relay asks for.
                Err(error) => Retry::from(error).exactly_after(delay),
            };
            cooldowns.entry(rule).or_default().push(CooldownEffect::Keep);
            retry = Some(match retry {
                Some(retry) => retry.and_independent(next),
                None => next,
            });
        }
        for rule in rules {
            let effects = cooldowns.get(rule.id.as_str()).map_or(&[][..], Vec::as_slice);
            self.return_cooldown(rule, event, effects).await;
        }
        log.record(self.ports, delivery.attempt()).await;
        retry.map_or(Ok(()), Err)
    }

    /// Refuses to switch a relay for a source that only its address identifies, and sends an alert.
    async fn refuse(&self, event: &Event, source: &Source, rules: &[&Rule]) -> Result<(), Error> {
        let ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
        let rules = ids.join(", ");
        tracing::error!(
            event = %event.id,
            source = %source.id,
            rules,
            "refused to switch a relay: only an address identifies the source"
        );
        let text = format!(
            "No relay was switched by {rules}: only the address identifies source `{}`. Add `token`, `basic` or `hmac` \
             to that source in camhook.toml.",
            source.id
        );
        let subject = AlertSubject::Source(source.id.as_str().to_owned());
        let alert = Alert::new(subject, text, self.ports.clock().now());
        self.ports.queues().send(Queue::Alerts, alert.message()?).await?;
        Ok(())
    }

    /// The modes of the areas that the rules compare, as they were before the event's own change of them.
    async fn modes(&self, event: &Event) -> Result<Modes, Error> {
        let rules = self.site.rules().iter().filter(|rule| rule.moves_relays());
        let conditions = rules.filter_map(|rule| rule.mode.as_ref());
        let areas: BTreeSet<&str> =
            conditions.filter_map(|mode| mode.area(event)).map(camhook_event::Text::as_str).collect();
        let mut modes = Vec::new();
        for area in areas {
            if let Some(mode) = control::mode_before(self.ports.state(), area, event.id).await? {
                modes.push((area.to_owned(), mode));
            }
        }
        Ok(modes.into_iter().collect())
    }

    fn commands<'a>(
        &'a self,
        event: &'a Event,
        rule: &'a Rule,
        plate: Option<&PlateEvidence>,
        delivery: Delivery<'a>,
    ) -> Vec<RelayCommand<'a>> {
        let source = self.site.source(event.data.source.as_str()).map(AsRef::as_ref);
        let (received, evidence) = happened_at(event, source);
        let requested = delivery.replay.and_then(replay::requested_at);
        let happened_at = requested.unwrap_or(received);
        let evidence = requested.map_or(evidence, |_| crate::command::TimeEvidence::Known);
        let rule_id = rule.id.as_str();
        let cooldown_scope = self.site.cooldown_scope(rule, event);
        let actions = rule.then.iter().enumerate().filter_map(|(index, action)| match action {
            Action::Relay { relay, action } => Some((index, self.site.relay(relay.as_str())?, *action)),
            Action::Notify { .. } | Action::Mode { .. } => None,
        });
        let command = |(action_index, relay, action): (usize, &'a camhook_site::Relay, RelayAction)| {
            let claim =
                ClaimKey { event: event.id, rule: rule_id, action: action_index, replay: delivery.replay };
            RelayCommand {
                event: event.id,
                source: event.data.source.as_str(),
                order_time: order_time(event, source),
                event_state: event.data.state,
                happened_at,
                time_evidence: evidence,
                dedupe: dedupe_keys(self.site, event, claim, relay.id.as_str(), action),
                rule: rule_id,
                action_index,
                cooldown: rule.cooldown,
                cooldown_scope: cooldown_scope.clone().into(),
                deadline: deadline(rule, happened_at),
                relay,
                timer: self.devices.timer(relay),
                action,
                executor: Executor::Function,
                plate: plate.cloned(),
                replay: delivery.replay,
                redelivery: delivery.redelivery(),
            }
        };
        actions.map(command).collect()
    }

    /// Executes the actions of one relay in order, up to the first that has to be retried.
    async fn actuate_in_order<'a>(&self, commands: &'a [RelayCommand<'a>]) -> Outcomes<'a> {
        let mut outcomes = Vec::new();
        for command in commands {
            let outcome = actuate(self.ports, self.devices, command).await;
            let is_settled = matches!(outcome, Ok(ActionOutcome::Decided { .. } | ActionOutcome::HandedOver));
            outcomes.push((command, outcome));
            if !is_settled {
                break;
            }
        }
        outcomes
    }

    /// Returns a rule's cooldown if all of its relay actions are decided and none of them was executed, may have been
    /// executed, or is pending.
    async fn return_cooldown(&self, rule: &Rule, event: &Event, effects: &[CooldownEffect]) {
        let is_unused = effects.contains(&CooldownEffect::Return)
            && effects.iter().all(|effect| *effect == CooldownEffect::Return)
            && effects.len() == rule.then.iter().filter(|action| is_relay_action(action)).count();
        if rule.cooldown.is_none() || !is_unused {
            return;
        }
        let scope = self.site.cooldown_scope(rule, event);
        let key = cooldown::CooldownKey { rule: rule.id.as_str(), scope: &scope };
        let returned = cooldown::give_back_as(self.ports.state(), cooldown::Holder::Relay, key, event.id);
        if let Err(error) = returned.await {
            let rule = rule.id.as_str();
            tracing::warn!(rule, %error, "failed to return the cooldown, it expires by itself");
        }
    }
}

fn is_relay_action(action: &Action) -> bool {
    matches!(action, Action::Relay { .. })
}
