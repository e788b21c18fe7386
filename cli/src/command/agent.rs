//! `camhook agent`: switches relays from inside a private network.
//!
//! It opens no port: it polls the queues of commands and releases, and processes each message by the code of the relay
//! function. When it is stopped, it finishes the messages in progress and returns those that its open polls still receive.

mod clock;
mod connection;

use std::collections::BTreeSet;
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
use crate::stack::{Selection, Stack};

/// The wait time of a long poll. A poll cannot be cancelled without losing messages, so the agent may take this long to
/// stop.
const POLL: Duration = Duration::from_secs(10);

/// While this many messages are in progress, the queues are not polled.
const MAX_IN_PROGRESS: usize = 20;

/// The interval of heartbeats. The watchdog reports an agent after 5 minutes without one.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(60);

/// The retry delay of a message that is received while the time is unknown.
const RETRY_DELAY: Duration = Duration::from_secs(2);

/// The source of the agent's camhook.toml.
enum Configuration {
    /// The deployed file, in its current version.
    Deployed(CurrentSite),
    /// A file of this machine, read at the start.
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
    stack: Selection<'_>,
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
    output.note("stopped, all messages in progress are finished");
    Ok(Outcome::Done)
}

/// Whether the agent is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Running {
    Yes,
    No,
}

/// Starts the agent's log. A second start in one process, as in a test, keeps the first one.
fn log(form: Form) {
    // Log messages of the SDK contain the id of the access key.
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
    /// Processes the queues until a signal, then finishes the messages in progress. A second signal ends it at once.
    async fn serve(&self, mut signals: Signals, stop: watch::Sender<Running>) -> Result<(), Error> {
        let site = tokio::select! {
            () = signals.next() => return Ok(()),
            site = self.first_site() => site,
        };
        let relays = self.relays(&site)?;
        tracing::info!(area = self.area, relays = relays.join(", "), "started the agent");

        let mut in_progress = FuturesUnordered::new();
        let mut commands = pin!(self.poll(Queue::RelayLan));
        let mut releases = pin!(self.poll(Queue::ReleasesLan));
        let mut heartbeats = pin!(self.send_heartbeats());
        loop {
            tokio::select! {
                () = signals.next() => break,
                messages = &mut commands, if in_progress.len() < MAX_IN_PROGRESS => {
                    in_progress.extend(messages.into_iter().map(|message| self.process(Queue::RelayLan, message)));
                    commands.set(self.poll(Queue::RelayLan));
                }
                messages = &mut releases, if in_progress.len() < MAX_IN_PROGRESS => {
                    in_progress.extend(messages.into_iter().map(|message| self.process(Queue::ReleasesLan, message)));
                    releases.set(self.poll(Queue::ReleasesLan));
                }
                Some(()) = in_progress.next(), if !in_progress.is_empty() => {}
                () = &mut heartbeats => {}
            }
        }
        // Ends the pauses after failures.
        let _ = stop.send(Running::No);
        let finish = async { while in_progress.next().await.is_some() {} };
        let return_received = async {
            let (commands, releases) = join(commands, releases).await;
            self.return_messages(Queue::RelayLan, commands).await;
            self.return_messages(Queue::ReleasesLan, releases).await;
        };
        tokio::select! {
            () = signals.next() => {}
            ((), ()) = join(finish, return_received) => {}
        }
        Ok(())
    }

    /// Returns messages to their queue that were received after the stop.
    async fn return_messages(&self, queue: Queue, messages: Vec<ReceivedMessage>) {
        for message in messages {
            let queues = self.ports.queues();
            if let Err(error) = queues.retry_after(queue, &message.receipt_handle, Duration::ZERO).await {
                tracing::warn!(message_id = message.message_id, %error, "failed to return a message");
            }
        }
    }

    /// Reads the site, with retries: no queue is polled without one.
    async fn first_site(&self) -> Arc<Site> {
        loop {
            match self.site().await {
                Ok(site) => return site,
                Err(error) => self.wait_after(&error).await,
            }
        }
    }

    /// Pauses after a failure; ends early when the agent is stopped.
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
        let is_on_site = |via: Via| via == Via::Agent;
        let known: BTreeSet<&str> = site
            .relays()
            .iter()
            .filter(|relay| is_on_site(relay.via))
            .map(|relay| relay.id.as_str())
            .collect();
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

    /// Receives the next messages; none after a failure.
    async fn poll(&self, queue: Queue) -> Vec<ReceivedMessage> {
        match self.ports.aws().queues().receive(queue, POLL).await {
            Ok(messages) => {
                self.connection.succeeded(self.ports.clock().elapsed());
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
                tracing::warn!(message_id = record.message_id, %error, "failed to read the configuration, the message is redelivered");
                return;
            }
        };
        if !self.ports.clock().is_known() {
            tracing::warn!(message_id = record.message_id, "returned a message, the time is not known yet");
            if let Err(error) =
                self.ports.queues().retry_after(queue, &record.receipt_handle, RETRY_DELAY).await
            {
                tracing::warn!(message_id = record.message_id, %error, "failed to set the retry delay");
            }
            return;
        }
        // Boxed: the future is large.
        let processing =
            Box::pin(agent::process_message(&self.ports, &site, &self.client, &self.filter, queue, &record));
        match processing.await {
            Disposition::Delete => {}
            Disposition::Redeliver => return,
            Disposition::DeadLetter(reason) => {
                if let Err(error) = self.dead_letter(queue, &record, reason).await {
                    tracing::warn!(message_id = record.message_id, %error, "failed to dead-letter a message");
                    return;
                }
            }
        }
        if let Err(error) = self.ports.aws().queues().delete(queue, &record.receipt_handle).await {
            // It is redelivered, and its claim shows that it is settled.
            tracing::warn!(message_id = record.message_id, %error, "failed to delete a processed message");
        }
    }

    /// Moves a message to the dead-letter queue of its queue, and records the reason.
    async fn dead_letter(
        &self,
        queue: Queue,
        record: &QueueRecord,
        reason: String,
    ) -> Result<(), camhook_ports::QueueError> {
        let id = self.dead_letters.queues().forward(queue, &record.body).await?;
        tracing::error!(message_id = record.message_id, dead_letter = id, reason, "dead-lettered a message");
        let letter = DeadLetter { reasons: vec![reason], at: self.ports.clock().now() };
        if let Err(error) = dead_letter::record(self.ports.state(), queue, &id, &letter).await {
            tracing::warn!(message_id = id, %error, "failed to record the reason of a dead letter");
        }
        Ok(())
    }

    /// Records heartbeats for ever. Without a connection they are missing, which the watchdog reports.
    async fn send_heartbeats(&self) {
        let name = presence::agent(self.area);
        loop {
            let now = self.ports.clock().now();
            if let Err(error) = presence::record_contact(self.ports.state(), &name, now).await {
                tracing::debug!(%error, "failed to record a heartbeat");
            }
            tokio::time::sleep(HEARTBEAT_INTERVAL).await;
        }
    }
}
