//! `camhook agent`: switches the relays of a site from inside it.
//!
//! It opens no port: it polls the queues of commands and releases, and decides about each message by the code of the relay
//! function. When it is stopped it finishes what it began, and returns to the queues what its open polls still receive.

mod clock;
mod connection;

use std::collections::BTreeSet;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use camhook_aws::{AwsPorts, CurrentSite, ReceivedMessage};
use camhook_outbound::Client;
use camhook_ports::{Clock, EventQueue, Ports, Queue, QueueRecord};
use camhook_relay::agent::{self, Disposition, RelayFilter};
use camhook_relay::driver;
use camhook_site::{Site, Via};
use camhook_state::dead_letter::{self, DeadLetter};
use camhook_state::presence;
use futures_util::future::join;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use self::clock::{AgentPorts, AwsClock};
use self::connection::ConnectionHealth;
use super::Outcome;
use crate::arguments;
use crate::error::Error;
use crate::output::{Form, Output};
use crate::site;
use crate::stack::Stack;

/// The wait time of a long poll. A poll cannot be cancelled without losing what it receives, so this is how long the
/// agent takes to stop.
const POLL: Duration = Duration::from_secs(10);

/// How many messages are processed at once before the queues are polled for more.
const MOST_AT_ONCE: usize = 20;

/// Between two signs of life: the watchdog misses an agent after 5 minutes without one.
const BETWEEN_SIGNS: Duration = Duration::from_secs(60);

/// When a message is delivered again that came while nothing was known of the time.
const RETRY: Duration = Duration::from_secs(2);

/// The site that the agent goes by.
enum Configuration {
    /// The deployed camhook.toml, as it is now.
    Deployed(CurrentSite),
    /// A file of this machine, as it was at the start.
    File(Arc<Site>),
}

/// The signals that stop the agent.
struct Signals {
    terminated: Signal,
    interrupted: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Error> {
        let terminated = signal(SignalKind::terminate()).map_err(Error::Signal)?;
        let interrupted = signal(SignalKind::interrupt()).map_err(Error::Signal)?;
        Ok(Self { terminated, interrupted })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminated.recv() => {}
            _ = self.interrupted.recv() => {}
        }
    }
}

pub(super) async fn run(
    arguments: &arguments::Agent,
    stack: Option<&Path>,
    form: Form,
    output: &Output,
) -> Result<Outcome, Error> {
    if !camhook_site::is_id(&arguments.area) {
        return Err(Error::NotAnArea(arguments.area.clone()));
    }
    let stack = Stack::find(stack)?;
    let configuration = match &arguments.config {
        Some(path) => Configuration::File(Arc::new(site::read(path)?)),
        None => Configuration::Deployed(CurrentSite::default()),
    };
    log(form);
    let clock = Arc::new(AwsClock::start());
    let aws = stack.connect_observed(Arc::<AwsClock>::clone(&clock)).await;
    let (stop, stopping) = watch::channel(Running::Yes);
    let agent = Agent {
        ports: AgentPorts::new(aws, clock),
        dead_letters: stack.connect_dead_letters().await,
        client: Client::new(stack.kind(), driver::limits()),
        configuration,
        filter: relay_filter(&arguments.relays),
        area: &arguments.area,
        connection: ConnectionHealth::default(),
        stopping,
    };
    Box::pin(agent.serve(Signals::listen()?, stop)).await?;
    output.note("stopped: what was begun is finished");
    Ok(Outcome::Done)
}

/// Whether the agent goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Running {
    Yes,
    No,
}

/// Starts the agent's log. A second start in one process, as in a test, keeps the first one.
fn log(form: Form) {
    // The SDK's own notes hold the id of the access key.
    let targets = Targets::new().with_default(LevelFilter::WARN).with_target("camhook", LevelFilter::INFO);
    let registry = tracing_subscriber::registry().with(targets);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let _ = match form {
        Form::Text => registry.with(layer.with_target(false)).try_init(),
        Form::Json => registry.with(layer.json().flatten_event(true)).try_init(),
    };
}

fn relay_filter(relays: &[String]) -> RelayFilter {
    if relays.is_empty() { RelayFilter::All } else { RelayFilter::These(relays.iter().cloned().collect()) }
}

struct Agent<'a> {
    ports: AgentPorts,
    /// The stack with each queue replaced by its dead-letter queue.
    dead_letters: AwsPorts,
    client: Client,
    configuration: Configuration,
    filter: RelayFilter,
    area: &'a str,
    connection: ConnectionHealth,
    stopping: watch::Receiver<Running>,
}

impl Agent<'_> {
    /// Serves the queues until a signal comes, and then finishes what it began. A second signal ends it at once.
    async fn serve(&self, mut signals: Signals, stop: watch::Sender<Running>) -> Result<(), Error> {
        let site = tokio::select! {
            () = signals.next() => return Ok(()),
            site = self.first_site() => site,
        };
        let relays = self.relays(&site)?;
        tracing::info!(area = self.area, relays = relays.join(", "), "the agent takes commands");

        let mut working = FuturesUnordered::new();
        let mut commands = pin!(self.poll(Queue::RelayLan));
        let mut releases = pin!(self.poll(Queue::ReleasesLan));
        let mut living = pin!(self.give_signs_of_life());
        loop {
            tokio::select! {
                () = signals.next() => break,
                messages = &mut commands, if working.len() < MOST_AT_ONCE => {
                    working.extend(messages.into_iter().map(|message| self.process(Queue::RelayLan, message)));
                    commands.set(self.poll(Queue::RelayLan));
                }
                messages = &mut releases, if working.len() < MOST_AT_ONCE => {
                    working.extend(messages.into_iter().map(|message| self.process(Queue::ReleasesLan, message)));
                    releases.set(self.poll(Queue::ReleasesLan));
                }
                Some(()) = working.next(), if !working.is_empty() => {}
                () = &mut living => {}
            }
        }
        // Who waits after a failure need not wait any more.
        let _ = stop.send(Running::No);
        let finish = async { while working.next().await.is_some() {} };
        let give_back = async {
            let (commands, releases) = join(commands, releases).await;
            self.give_back(Queue::RelayLan, commands).await;
            self.give_back(Queue::ReleasesLan, releases).await;
        };
        tokio::select! {
            () = signals.next() => {}
            ((), ()) = join(finish, give_back) => {}
        }
        Ok(())
    }

    /// Makes messages visible again that came too late to be processed.
    async fn give_back(&self, queue: Queue, messages: Vec<ReceivedMessage>) {
        for message in messages {
            let queues = self.ports.queues();
            if let Err(error) = queues.retry_after(queue, &message.receipt_handle, Duration::ZERO).await {
                tracing::warn!(message_id = message.message_id, %error, "failed to return a message");
            }
        }
    }

    /// The site, as soon as it can be read: no queue is polled without one.
    async fn first_site(&self) -> Arc<Site> {
        loop {
            match self.site().await {
                Ok(site) => return site,
                Err(error) => self.wait_after(&error).await,
            }
        }
    }

    /// Waits until it is time to try again what failed, or until the agent is stopped.
    async fn wait_after(&self, error: &impl std::fmt::Display) {
        let pause = self.connection.failed(error, self.ports.clock().elapsed());
        let mut stopping = self.stopping.clone();
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopping.wait_for(|running| *running == Running::No) => {}
        }
    }

    async fn site(&self) -> Result<Arc<Site>, camhook_aws::SiteError> {
        match &self.configuration {
            Configuration::File(site) => Ok(Arc::clone(site)),
            Configuration::Deployed(current) => current.get(&self.ports).await,
        }
    }

    /// The ids of the relays that this agent switches.
    fn relays(&self, site: &Site) -> Result<Vec<String>, Error> {
        let on_site = |via: Via| via == Via::Agent;
        let known: BTreeSet<&str> =
            site.relays().iter().filter(|relay| on_site(relay.via)).map(|relay| relay.id.as_str()).collect();
        if let RelayFilter::These(ids) = &self.filter
            && let Some(unknown) = ids.iter().find(|id| !known.contains(id.as_str()))
        {
            let known: Vec<String> = known.iter().map(|known| format!("`{known}`")).collect();
            let hint =
                if known.is_empty() { String::new() } else { format!(": it has {}", known.join(", ")) };
            return Err(Error::NotOnSite { relay: unknown.clone(), hint });
        }
        let own = site.relays().iter().filter(|relay| self.filter.includes(relay));
        Ok(own.map(|relay| relay.id.as_str().to_owned()).collect())
    }

    /// The next messages; none after a failure.
    async fn poll(&self, queue: Queue) -> Vec<ReceivedMessage> {
        match self.ports.aws().queues().receive(queue, POLL).await {
            Ok(messages) => {
                self.connection.works(self.ports.clock().elapsed());
                messages
            }
            Err(error) => {
                self.wait_after(&error).await;
                Vec::new()
            }
        }
    }

    async fn process(&self, queue: Queue, message: ReceivedMessage) {
        self.ports.clock().observe_message(&message);
        let receive_count = message.attributes.get("ApproximateReceiveCount");
        let record = QueueRecord {
            receive_count: receive_count.and_then(|count| count.parse().ok()).unwrap_or(1),
            message_id: message.message_id,
            receipt_handle: message.receipt_handle,
            body: message.body,
            replay: None,
        };
        let site = match self.site().await {
            Ok(site) => site,
            Err(error) => {
                tracing::warn!(message_id = record.message_id, %error, "no site, the message is redelivered");
                return;
            }
        };
        if !self.ports.clock().is_known() {
            tracing::warn!(
                message_id = record.message_id,
                "the time is not known, the message is redelivered"
            );
            if let Err(error) = self.ports.queues().retry_after(queue, &record.receipt_handle, RETRY).await {
                tracing::warn!(message_id = record.message_id, %error, "failed to set the delay");
            }
            return;
        }
        // The future is large.
        let processing =
            Box::pin(agent::process_message(&self.ports, &site, &self.client, &self.filter, queue, &record));
        match processing.await {
            Disposition::Delete => {}
            Disposition::Redeliver => return,
            Disposition::DeadLetter(reason) => {
                if let Err(error) = self.bury(queue, &record, reason).await {
                    tracing::warn!(message_id = record.message_id, %error, "failed to dead-letter a message");
                    return;
                }
            }
        }
        if let Err(error) = self.ports.aws().queues().delete(queue, &record.receipt_handle).await {
            // It comes again, and its claim says that nothing is left to do.
            tracing::warn!(message_id = record.message_id, %error, "failed to delete a processed message");
        }
    }

    /// Moves a message that cannot be processed to the dead letters of its queue, with its reason.
    async fn bury(
        &self,
        queue: Queue,
        record: &QueueRecord,
        reason: String,
    ) -> Result<(), camhook_ports::QueueError> {
        let id = self.dead_letters.queues().forward(queue, &record.body).await?;
        tracing::error!(message_id = record.message_id, dead_letter = id, reason, "message dead-lettered");
        let letter = DeadLetter { reasons: vec![reason], at: self.ports.clock().now() };
        if let Err(error) = dead_letter::record(self.ports.state(), queue, &id, &letter).await {
            tracing::warn!(message_id = id, %error, "failed to record the reason of a dead letter");
        }
        Ok(())
    }

    /// Says again and again that the agent lives. While the connection is down nobody hears it, and that is the sign.
    async fn give_signs_of_life(&self) {
        let name = presence::agent(self.area);
        loop {
            let now = self.ports.clock().now();
            if let Err(error) = presence::record_contact(self.ports.state(), &name, now).await {
                tracing::debug!(%error, "failed to record a sign of life");
            }
            tokio::time::sleep(BETWEEN_SIGNS).await;
        }
    }
}
