//! A stack for one test: bucket, queues and table on the local cloud behind a proxy that makes calls fail, receivers
//! and a relay, and functions whose processes the test starts and kills.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::path::PathBuf;
use std::process::{Output, Stdio};

use aws_sdk_ssm::types::ParameterType;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::call_log::CallLog;
use crate::cloud::{Bucket, Cloud, Queue, Table};
use crate::devices::Devices;
use crate::fault_proxy::FaultProxy;
use crate::gateway::{self, BodyForm};
use crate::lambda_runtime::{Function, Outcome};
use crate::post::Post;
use crate::process::Process;
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
    /// What stands between commands of `camhook` and the cloud.
    pub people: FaultProxy,
    /// Receivers and relay.
    pub devices: Devices,
    /// The bucket.
    pub bucket: Bucket,
    /// The queue of `notify`.
    pub notify: Queue,
    /// The queue of alerts.
    pub alerts: Queue,
    /// The queue of `relay`.
    pub relay: Queue,
    /// The queue to the agent on site.
    pub relay_lan: Queue,
    /// The releases of the relay function.
    pub releases: Queue,
    /// The releases of the agent on site.
    pub releases_lan: Queue,
    /// The queue of dead letters of `notify`.
    pub notify_dlq: Queue,
    /// The queue of MQTT messages.
    pub mqtt: Queue,
    /// The queue of S3's notifications about events. Nothing is sent to it: a test makes a notification by
    /// [`OwnStack::stored`].
    pub index: Queue,
    /// The queue of the event bus.
    pub bus: Queue,
    /// The queues of dead letters of the agent on site.
    pub agent_dlqs: [Queue; 2],
    /// The table.
    pub table: Table,
    stack: Stack,
    /// Where each command finds its stack.json.
    files: TempDir,
}

/// The agent's process, and the line between it and the cloud.
#[derive(Debug)]
pub struct Agent {
    /// The process.
    pub process: Process,
    /// What it takes for AWS.
    pub line: FaultProxy,
}

/// The outcome of the delivery of a message.
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
        let stack = Self {
            proxy: FaultProxy::start(&stack.endpoint_url, CallLog::by_credentials(&stack.calls)).await,
            people: FaultProxy::start_for_people(&stack.endpoint_url, &stack.calls).await,
            devices,
            bucket,
            notify: cloud.create_queue(&format!("{name}-notify")).await,
            alerts: cloud.create_queue(&format!("{name}-alerts")).await,
            relay: cloud.create_queue(&format!("{name}-relay")).await,
            relay_lan: cloud.create_queue(&format!("{name}-relay-lan")).await,
            releases: cloud.create_queue(&format!("{name}-releases")).await,
            releases_lan: cloud.create_queue(&format!("{name}-releases-lan")).await,
            notify_dlq: cloud.create_queue(&format!("{name}-notify-dlq")).await,
            mqtt: cloud.create_queue(&format!("{name}-mqtt")).await,
            index: cloud.create_queue(&format!("{name}-index")).await,
            bus: cloud.create_queue(&format!("{name}-bus")).await,
            agent_dlqs: [
                cloud.create_queue(&format!("{name}-relay-lan-dlq")).await,
                cloud.create_queue(&format!("{name}-releases-lan-dlq")).await,
            ],
            table: cloud.create_table(&name).await,
            files: tempfile::tempdir().unwrap(),
            cloud,
            stack,
        };
        stack.configure(site).await;
        stack
    }

    /// Puts another camhook.toml.
    pub async fn configure(&self, site: &str) {
        self.bucket.put(CONFIGURATION, site.replace("{{devices}}", &self.devices.url())).await;
    }

    /// Starts a function of this stack. It finds AWS at the proxy, and the event index of the deployed stack.
    pub async fn start(&self, function: &str) -> Function {
        self.start_as(function, function).await
    }

    /// The same under a name of its own, by which the proxy tells instances apart: `{function}.{number}`.
    pub async fn start_as(&self, function: &str, caller: &str) -> Function {
        let environment = [
            ("CAMHOOK_INDEX_TABLE", self.stack.index_table.as_str()),
            ("CAMHOOK_BUCKET", &self.bucket.name),
            ("CAMHOOK_TABLE", &self.table.name),
            ("CAMHOOK_NOTIFY_QUEUE_URL", &self.notify.url),
            ("CAMHOOK_ALERTS_QUEUE_URL", &self.alerts.url),
            ("CAMHOOK_RELAY_QUEUE_URL", &self.relay.url),
            ("CAMHOOK_RELAY_LAN_QUEUE_URL", &self.relay_lan.url),
            ("CAMHOOK_RELEASES_QUEUE_URL", &self.releases.url),
            ("CAMHOOK_RELEASES_LAN_QUEUE_URL", &self.releases_lan.url),
            ("CAMHOOK_INDEX_QUEUE_URL", &self.index.url),
            ("CAMHOOK_BUS_QUEUE_URL", &self.bus.url),
            ("CAMHOOK_LOCAL_STACK", "true"),
            ("CAMHOOK_LOG", "info"),
            // Tells the log of calls which function made a call.
            ("AWS_ACCESS_KEY_ID", caller),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_REGION", &self.stack.region),
            ("AWS_ENDPOINT_URL", &self.proxy.url()),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Function::start(function, self.stack.bootstrap(function), environment.into()).await
    }

    /// Posts a template to a function that has just started: the status of the answer.
    pub async fn post(&self, function: &str, template: &str, path: &str) -> Value {
        let event = gateway::event(&Post::new(template, path).request(), BodyForm::Text, "request-1");
        self.start(function).await.call(&event).await["statusCode"].clone()
    }

    /// Starts `camhook agent` with these arguments. It finds AWS behind a line of its own.
    pub async fn start_agent(&self, arguments: &[&str]) -> Agent {
        let log = CallLog::of("agent", &self.stack.calls);
        let line = FaultProxy::start(&self.stack.endpoint_url, log).await;
        let process = self.start_command("agent", arguments, &line.url());
        Agent { process, line }
    }

    /// Starts a command of `camhook` on this stack. Calls that fail for functions do not fail for it.
    #[must_use]
    pub fn command(&self, command: &str, arguments: &[&str]) -> Process {
        self.start_command(command, arguments, &self.people.url())
    }

    /// Runs a command of `camhook` on this stack: what it printed.
    pub async fn run(&self, command: &str, arguments: &[&str]) -> Vec<String> {
        let process = self.command(command, arguments);
        wait::within("the command to end", process.kill_switch().ended()).await;
        process.output()
    }

    /// Runs a command of `camhook` on this stack and the event index of the deployed one, with AWS behind the proxy: how
    /// it ended, and what it printed.
    pub async fn run_behind_proxy(&self, command: &str, arguments: &[&str]) -> Output {
        let file = self.stack_file(&self.proxy.url(), Some(&self.stack.index_table));
        let mut process = Command::new(self.stack.bootstrap("camhook"));
        process.arg(command).arg("--stack").arg(file).args(arguments).env_clear().stdin(Stdio::null());
        wait::within("the command to end", process.kill_on_drop(true).output()).await.unwrap()
    }

    fn start_command(&self, command: &str, arguments: &[&str], endpoint_url: &str) -> Process {
        let file = self.stack_file(endpoint_url, None);
        let mut words = vec![command.to_owned(), "--stack".to_owned(), file.display().to_string()];
        words.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        Process::start_with(self.stack.bootstrap("camhook"), words, Vec::new())
    }

    /// A stack.json of this stack, with AWS at this address, and with an event index if it is given.
    fn stack_file(&self, endpoint_url: &str, index_table: Option<&str>) -> PathBuf {
        let stack = json!({
            "api_url": self.stack.api_url,
            "endpoint_url": endpoint_url,
            "region": self.stack.region,
            "bucket": self.bucket.name,
            "table": self.table.name,
            "index_table": index_table,
            "queues": {
                "notify": self.notify.url,
                "notify_dlq": self.notify_dlq.url,
                "alerts": self.alerts.url,
                "relay": self.relay.url,
                "relay_lan": self.relay_lan.url,
                "releases": self.releases.url,
                "releases_lan": self.releases_lan.url,
                "relay_lan_dlq": self.agent_dlqs[0].url,
                "releases_lan_dlq": self.agent_dlqs[1].url,
            },
            "sources": {},
        });
        let path = self.files.path().join(format!("{:016x}.json", getrandom::u64().unwrap()));
        std::fs::write(&path, stack.to_string()).unwrap();
        path
    }

    /// The event with which the index function is invoked when S3 has stored an object, the n-th time.
    #[must_use]
    pub fn stored(&self, key: &str, receive_count: u32) -> Value {
        let notification = json!({
            "Records": [{
                "eventName": "ObjectCreated:Put",
                "s3": { "bucket": { "name": self.bucket.name }, "object": { "key": key } },
            }],
        });
        json!({
            "Records": [{
                "messageId": "stored",
                "receiptHandle": "none",
                "body": notification.to_string(),
                "attributes": { "ApproximateReceiveCount": receive_count.to_string() },
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:index",
                "awsRegion": "eu-central-1",
            }],
        })
    }

    /// Puts a secret of one purpose (`sources`, `channels`, `relays` or `agent`) where roles may read it: the reference for
    /// camhook.toml. Its name is one of its own in the cloud.
    pub async fn put_secret(stack: &Stack, purpose: &str, value: &str) -> String {
        let name = format!("/camhook/{purpose}/test-{:016x}", getrandom::u64().unwrap());
        let put = Cloud::of(stack).ssm.put_parameter().name(&name).value(value);
        put.r#type(ParameterType::SecureString).send().await.unwrap();
        format!("ssm:{name}")
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
