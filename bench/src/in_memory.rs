//! The whole pipeline of an event, with all external services in memory.

use camhook_ingest::{Adapter, Instance, handle};
use camhook_invocation::HttpApiEvent;
use camhook_ports::memory::MemoryPorts;
use camhook_ports::{Message, Queue};
use camhook_site::Site;
use tokio::runtime::Runtime;

use crate::error::Error;
use crate::posts::{received_at, site};

/// camhook without a network.
pub(crate) struct InMemory {
    site: Site,
    runtime: Runtime,
    ports: MemoryPorts,
    instance: Instance,
}

impl InMemory {
    pub(crate) fn new() -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.map_err(|error| failed(error.to_string()))?;
        let ports = MemoryPorts::new(received_at());
        Ok(Self { site: site()?, runtime, ports, instance: Instance::default() })
    }

    /// Takes an event from the gateway's JSON to the reply.
    pub(crate) fn take(&self, adapter: &dyn Adapter, event: &[u8]) -> Result<(), Error> {
        let event: HttpApiEvent = serde_json::from_slice(event).map_err(|error| failed(error.to_string()))?;
        let request = event.into_request(received_at(), None);
        let reply = self.runtime.block_on(handle(&self.ports, &self.site, adapter, &self.instance, request));
        self.ports.metrics.take();
        match reply.status {
            200 => Ok(()),
            status => Err(failed(format!("it answers {status}"))),
        }
    }

    /// What came of an event: how many pictures are stored, and its message to each queue. Nothing of it is kept: a
    /// bucket in memory that grows would be measured instead.
    pub(crate) fn outcome(&self) -> (usize, Vec<Message>) {
        let pictures = self.ports.objects.keys().iter().filter(|key| key.starts_with("images/")).count();
        self.ports.objects.clear();
        let queues = [Queue::Notify, Queue::Relay].into_iter();
        (pictures, queues.flat_map(|queue| self.ports.queues.take(queue)).collect())
    }

    /// What is measured has to be the work: every picture stored, a message in each queue. The messages.
    pub(crate) fn check(
        &self,
        adapter: &dyn Adapter,
        event: &[u8],
        pictures: usize,
    ) -> Result<Vec<Message>, Error> {
        self.take(adapter, event)?;
        let (stored, messages) = self.outcome();
        if pictures == 0 || stored != pictures || messages.len() != 2 {
            let sent = messages.len();
            return Err(failed(format!("{stored} of {pictures} pictures stored, {sent} messages sent")));
        }
        Ok(messages)
    }
}

fn failed(what: String) -> Error {
    Error::Contender { contender: "camhook", what }
}
