//! A stack of one test's own: bucket, queues and table on the local cloud behind a proxy that fails what it is
//! told to, receivers and a relay, and functions whose processes the test starts and kills.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use serde_json::Value;

use crate::cloud::{Bucket, Cloud, Queue, Table};
use crate::devices::Devices;
use crate::fault_proxy::FaultProxy;
use crate::lambda_runtime::{Function, Outcome};
use crate::stack::Stack;
use crate::wait;

/// The key of the site's configuration.
const CONFIGURATION: &str = "config/camhook.toml";

/// A stack of one test's own.
#[derive(Debug)]
pub struct OwnStack {
    /// Its clients, which do not go through the proxy.
    pub cloud: Cloud,
    /// What stands between the functions and the cloud.
    pub proxy: FaultProxy,
    /// Receivers and relay.
    pub devices: Devices,
    /// The bucket.
    pub bucket: Bucket,
    /// The queue of `notify`.
    pub notify: Queue,
    /// The queue of `relay`.
    pub relay: Queue,
    /// The table.
    pub table: Table,
    stack: Stack,
}

/// What became of the delivery of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The function is done with it, and it is deleted.
    Done,
    /// The function wants it again.
    Again,
    /// The function's process ended; the message comes again at once.
    Died,
}

impl OwnStack {
    /// Makes a stack with this camhook.toml, in which `{{devices}}` stands for the address of its devices.
    pub async fn create(site: &str) -> Self {
        let stack = Stack::given();
        let cloud = Cloud::of(&stack);
        let name = format!("camhook-test-{:016x}", getrandom::u64().unwrap());
        let devices = Devices::start().await;
        let bucket = cloud.create_bucket(&name).await;
        bucket.put(CONFIGURATION, site.replace("{{devices}}", &devices.url())).await;
        Self {
            proxy: FaultProxy::start(&stack.endpoint_url).await,
            devices,
            bucket,
            notify: cloud.create_queue(&format!("{name}-notify")).await,
            relay: cloud.create_queue(&format!("{name}-relay")).await,
            table: cloud.create_table(&name).await,
            cloud,
            stack,
        }
    }

    /// Starts a function of this stack. It finds AWS at the proxy.
    pub async fn start(&self, function: &str) -> Function {
        let environment = [
            ("CAMHOOK_BUCKET", self.bucket.name.as_str()),
            ("CAMHOOK_TABLE", &self.table.name),
            ("CAMHOOK_NOTIFY_QUEUE_URL", &self.notify.url),
            ("CAMHOOK_RELAY_QUEUE_URL", &self.relay.url),
            ("CAMHOOK_RELAY_LAN_QUEUE_URL", &self.relay.url),
            ("CAMHOOK_LOCAL_STACK", "true"),
            ("CAMHOOK_LOG", "info"),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_REGION", &self.stack.region),
            ("AWS_ENDPOINT_URL", &self.proxy.url()),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Function::start(function, self.stack.bootstrap(function), environment.into()).await
    }

    /// Delivers a queue's next message to a function, as an event source mapping does.
    pub async fn deliver(&self, queue: &Queue, function: &Function) -> Delivery {
        let taken = wait::until("a message", async || queue.take().await).await;
        match function.invoke(&taken.event()).await {
            Outcome::Answered(answer) if answer["batchItemFailures"] == Value::Array(Vec::new()) => {
                taken.delete().await;
                Delivery::Done
            }
            // The function itself said when it wants it again.
            Outcome::Answered(_) | Outcome::Failed(_) => Delivery::Again,
            Outcome::Died => {
                taken.give_back().await;
                Delivery::Died
            }
        }
    }

    /// Delivers a queue's messages to a function until there are none, those too that come again later.
    pub async fn work_off(&self, queue: &Queue, function: &Function) {
        wait::until_deadline("an empty queue", wait::REDELIVERY_DEADLINE, async || {
            if queue.holds().await == 0 {
                return Some(());
            }
            if let Some(taken) = queue.take().await
                && let Outcome::Answered(answer) = function.invoke(&taken.event()).await
                && answer["batchItemFailures"] == Value::Array(Vec::new())
            {
                taken.delete().await;
            }
            None
        })
        .await;
    }

    /// All messages of a queue, which keeps them.
    pub async fn messages(&self, queue: &Queue) -> Vec<Value> {
        let mut messages = Vec::new();
        while let Some(taken) = queue.take().await {
            messages.push(taken.body());
        }
        messages
    }
}
