//! `camhook agent`: the relays of a site, switched from inside it.
//!
//! Nothing reaches the agent; it asks the queue for commands, and decides about each by the code of the relay
//! function. What it began when it is told to stop, it finishes.

mod clock;
mod line;

use std::collections::BTreeSet;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use camhook_aws::{CurrentSite, ReceivedMessage};
use camhook_outbound::Client;
use camhook_ports::{Clock, Ports, Queue, QueueRecord};
use camhook_relay::driver;
use camhook_relay::lan::{self, Reach, Taken};
use camhook_site::{Site, Via};
use camhook_state::presence;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use self::clock::AgentPorts;
use self::line::Line;
use super::Outcome;
use crate::arguments;
use crate::error::Error;
use crate::output::{Form, Output};
use crate::site;
use crate::stack::Stack;

/// How long the queue is asked to wait for a message.
const POLL: Duration = Duration::from_secs(20);

/// How many messages are taken side by side before the queue is asked for more.
const MOST_AT_ONCE: usize = 20;

/// Between two signs of life: the watchdog misses an agent after 5 minutes without one.
const BETWEEN_SIGNS: Duration = Duration::from_secs(60);

/// The site that the agent goes by.
enum Configuration {
    /// The deployed camhook.toml, as it is now.
    Deployed(CurrentSite),
    /// A file of this machine, as it was at the start.
    File(Arc<Site>),
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
    let agent = Agent {
        ports: AgentPorts::new(stack.connect().await),
        client: Client::new(stack.kind(), driver::limits()),
        configuration,
        reach: reach(&arguments.relays),
        area: &arguments.area,
        line: Line::default(),
    };
    let mut terminated = signal(SignalKind::terminate()).map_err(Error::Signal)?;
    let mut interrupted = signal(SignalKind::interrupt()).map_err(Error::Signal)?;
    let told_to_stop = async {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
    };
    Box::pin(agent.serve(told_to_stop)).await?;
    output.note("told to stop: what was begun is finished");
    Ok(Outcome::Done)
}

/// The agent's journal. A second start in one process, as in a test, keeps the first one.
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

fn reach(relays: &[String]) -> Reach {
    if relays.is_empty() { Reach::All } else { Reach::These(relays.iter().cloned().collect()) }
}

struct Agent<'a> {
    ports: AgentPorts,
    client: Client,
    configuration: Configuration,
    reach: Reach,
    area: &'a str,
    line: Line,
}

impl Agent<'_> {
    /// Serves the queue until it is told to stop, and then finishes what it began.
    async fn serve(&self, told_to_stop: impl Future<Output = ()>) -> Result<(), Error> {
        let mut told_to_stop = pin!(told_to_stop);
        let site = tokio::select! {
            () = &mut told_to_stop => return Ok(()),
            site = self.first_site() => site,
        };
        let relays = self.relays(&site)?;
        tracing::info!(area = self.area, relays = relays.join(", "), "the agent takes commands");

        let mut working = FuturesUnordered::new();
        let mut polling = pin!(self.poll());
        let mut living = pin!(self.give_signs_of_life());
        loop {
            tokio::select! {
                () = &mut told_to_stop => break,
                messages = &mut polling, if working.len() < MOST_AT_ONCE => {
                    working.extend(messages.into_iter().map(|message| self.take(message)));
                    polling.set(self.poll());
                }
                Some(()) = working.next(), if !working.is_empty() => {}
                () = &mut living => {}
            }
        }
        while working.next().await.is_some() {}
        Ok(())
    }

    /// The site, as soon as it can be had: nothing is taken from the queue without one.
    async fn first_site(&self) -> Arc<Site> {
        loop {
            match self.site().await {
                Ok(site) => return site,
                Err(error) => self.wait_after(&error).await,
            }
        }
    }

    /// Waits until it is time to try again what the line did not let through.
    async fn wait_after(&self, error: &impl std::fmt::Display) {
        tokio::time::sleep(self.line.failed(error, self.ports.clock().elapsed())).await;
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
        if let Reach::These(ids) = &self.reach
            && let Some(unknown) = ids.iter().find(|id| !known.contains(id.as_str()))
        {
            let known: Vec<String> = known.iter().map(|known| format!("`{known}`")).collect();
            let hint =
                if known.is_empty() { String::new() } else { format!(": it has {}", known.join(", ")) };
            return Err(Error::NotOnSite { relay: unknown.clone(), hint });
        }
        let own = site.relays().iter().filter(|relay| self.reach.holds(relay));
        Ok(own.map(|relay| relay.id.as_str().to_owned()).collect())
    }

    /// The next messages, however long the line is down.
    async fn poll(&self) -> Vec<ReceivedMessage> {
        loop {
            match self.ports.aws().queues().receive(Queue::RelayLan, POLL).await {
                Ok(messages) => {
                    self.line.works(self.ports.clock().elapsed());
                    return messages;
                }
                Err(error) => self.wait_after(&error).await,
            }
        }
    }

    async fn take(&self, message: ReceivedMessage) {
        let site = match self.site().await {
            Ok(site) => site,
            Err(error) => {
                tracing::warn!(message = message.message_id, %error, "the message comes again, there is no site");
                return;
            }
        };
        self.ports.clock().learn(&message);
        let receive_count = message.attributes.get("ApproximateReceiveCount");
        let record = QueueRecord {
            receive_count: receive_count.and_then(|count| count.parse().ok()).unwrap_or(1),
            message_id: message.message_id,
            receipt_handle: message.receipt_handle,
            body: message.body,
            replay: None,
        };
        // What is measured is CloudWatch's where it is a function's; here the journal and the audit say it.
        let take = Box::pin(lan::take(&self.ports, &site, &self.client, &self.reach, &record));
        let (taken, _) = take.await;
        if taken != Taken::Done {
            return;
        }
        if let Err(error) = self.ports.aws().queues().delete(Queue::RelayLan, &record.receipt_handle).await {
            // It comes again, and its claim says that nothing is left to do.
            tracing::warn!(message = record.message_id, %error, "a message that is done with comes again");
        }
    }

    /// Says again and again that the agent lives. While the line is down nobody hears it, and that is the sign.
    async fn give_signs_of_life(&self) {
        let name = presence::agent(self.area);
        loop {
            let now = self.ports.clock().now();
            if let Err(error) = presence::record_contact(self.ports.state(), &name, now).await {
                tracing::debug!(%error, "no sign of life was given");
            }
            tokio::time::sleep(BETWEEN_SIGNS).await;
        }
    }
}
