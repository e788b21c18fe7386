//! `stack.json`: the addresses and names of a stack's resources.
//!
//! `make up` writes the one of the local stack; `camhook stack add` writes those of stacks on AWS into the user's
//! configuration folder ([`folder`]).

mod folder;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use camhook_aws::{
    Account, AwsMonitor, AwsPorts, CurrentSite, Monitored, Resources, TimeObserver, find_stack,
};
use camhook_ports::{Ports, Queue, SecretReference};
use camhook_site::Site;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

pub(crate) use self::folder::Folder;
use crate::arguments::{Consent, Run};
use crate::error::Error;
use crate::moment::Times;
use crate::output::Output;

/// Its path in the project's folder.
const STACK_JSON: &str = ".local/stack.json";

/// The suffix of the names of dead-letter queues.
const DEAD_LETTERS: &str = "_dlq";

/// Which stack a command uses, and whether it may change it without asking.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Selection<'a> {
    /// The name of a stack or the path of a stack.json; `None` for the default.
    pub(crate) named: Option<&'a Path>,
    pub(crate) consent: Consent,
}

/// Whether a stack receives MQTT messages: the parameter `Mqtt` of the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MqttReception {
    Yes,
    No,
}

/// A stack's resources.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Stack {
    /// The base URL of webhooks.
    pub(crate) api_url: Url,
    /// The endpoint of the local cloud; `None` for a stack on AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint_url: Option<Url>,
    pub(crate) region: String,
    /// The name in CloudFormation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stack_name: Option<String>,
    /// The AWS profile whose credentials are used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<String>,
    bucket: String,
    table: String,
    /// The table of the event index; `None` in a stack that was deployed before there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    index_table: Option<String>,
    /// Days that event records are kept.
    #[serde(default = "default_events_days")]
    pub(crate) events_days: u32,
    /// Days that records of the audit are kept; `None` where the stack did not say so when it was added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) audit_days: Option<u32>,
    /// Days that logs are kept; `None` where the stack did not say so when it was added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) log_days: Option<u32>,
    /// Whether MQTT messages are received; `None` where the stack did not say so when it was added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mqtt: Option<MqttReception>,
    /// The URLs of the queues by name, with `_` for `-`; those of dead-letter queues end with `_dlq`.
    queues: BTreeMap<String, String>,
    /// The path of the deployed camhook.toml; `None` for a stack on AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    config: Option<PathBuf>,
    /// The webhook URL of each source, with its token; empty where the tokens are not known.
    #[serde(default)]
    pub(crate) sources: BTreeMap<String, Url>,
    /// Where it was read from: a name or a path.
    #[serde(skip)]
    name: String,
    #[serde(skip)]
    consent: Consent,
}

impl Stack {
    /// Reads the selected stack: by its name or path, else the stack.json of this folder or a parent, else the one in
    /// use.
    pub(crate) fn find(selection: Selection<'_>) -> Result<Self, Error> {
        let (path, name) = match selection.named {
            Some(named) => match named.to_str().filter(|text| camhook_site::is_id(text)) {
                Some(name) => (Folder::of_user()?.existing(name)?, name.to_owned()),
                None => (named.to_owned(), named.display().to_string()),
            },
            None => match nearest() {
                Some(path) => (path, "local".to_owned()),
                None => {
                    let folder = Folder::of_user()?;
                    let name = folder.current().ok_or(Error::NoStack)?;
                    (folder.existing(&name)?, name)
                }
            },
        };
        let text =
            std::fs::read_to_string(&path).map_err(|error| Error::Read { path: path.clone(), error })?;
        let stack: Self = serde_json::from_str(&text)
            .map_err(|error| Error::BadStack { path, error: error.to_string() })?;
        Ok(Self { name, consent: selection.consent, ..stack })
    }

    /// A stack on AWS by the outputs of its template.
    pub(crate) fn of_outputs(
        region: String,
        stack_name: String,
        profile: Option<String>,
        outputs: &BTreeMap<String, String>,
    ) -> Result<Self, Error> {
        let output = |key: &str| {
            let missing = || Error::NotCamhook { stack: stack_name.clone(), output: key.to_owned() };
            outputs.get(key).cloned().ok_or_else(missing)
        };
        let mut queues = BTreeMap::new();
        for queue in Queue::ALL {
            let (pascal, snake) = (pascal_case(queue.name()), queue.name().replace('-', "_"));
            if let Some(url) = outputs.get(&format!("{pascal}QueueUrl")) {
                queues.insert(snake.clone(), url.clone());
            }
            if let Some(url) = outputs.get(&format!("{pascal}DeadLetterQueueUrl")) {
                queues.insert(format!("{snake}{DEAD_LETTERS}"), url.clone());
            }
        }
        let api_url = output("ApiUrl")?;
        let api_url = api_url.parse().map_err(|error: url::ParseError| Error::BadStack {
            path: stack_name.clone().into(),
            error: error.to_string(),
        })?;
        let (bucket, table) = (output("Bucket")?, output("Table")?);
        let days = |key: &str| outputs.get(key).and_then(|days| days.parse().ok());
        Ok(Self {
            api_url,
            endpoint_url: None,
            region,
            stack_name: Some(stack_name),
            profile,
            bucket,
            table,
            index_table: outputs.get("EventIndex").cloned(),
            events_days: days("EventsDays").unwrap_or_else(default_events_days),
            audit_days: days("AuditDays"),
            log_days: days("LogRetention"),
            mqtt: outputs.get("Mqtt").and_then(|value| match value.as_str() {
                "yes" => Some(MqttReception::Yes),
                "no" => Some(MqttReception::No),
                _ => None,
            }),
            queues,
            config: None,
            sources: BTreeMap::new(),
            name: String::new(),
            consent: Consent::Ask,
        })
    }

    /// The stack as a person knows it: `house (camhook in eu-central-1)`.
    pub(crate) fn label(&self) -> String {
        match (&self.endpoint_url, &self.stack_name) {
            (Some(_), _) => format!("{} (local cloud)", self.name),
            (None, Some(stack_name)) => format!("{} ({stack_name} in {})", self.name, self.region),
            (None, None) => format!("{} ({})", self.name, self.region),
        }
    }

    /// Names a stack on AWS and asks for consent to change it. A local stack is changed without a question.
    pub(crate) fn confirm(&self, change: &str, output: &Output) -> Result<(), Error> {
        if self.endpoint_url.is_some() {
            return Ok(());
        }
        let label = self.label();
        if self.consent == Consent::Given {
            output.note(format_args!("stack {label}: {change}"));
            return Ok(());
        }
        output.confirm(&format!("stack {label}: {change}"))
    }

    /// Whether to make a change: asks for consent as [`Stack::confirm`] does, or only says what would be done.
    pub(crate) fn agrees(&self, change: &str, run: Run, output: &Output) -> Result<bool, Error> {
        if run == Run::Dry {
            self.show_plan(change, output);
            return Ok(false);
        }
        self.confirm(change, output)?;
        Ok(true)
    }

    /// Says what a command would do without `--dry-run`.
    pub(crate) fn show_plan(&self, change: &str, output: &Output) {
        output.note(format_args!("stack {}", self.label()));
        output.plan(change);
    }

    fn account(&self) -> Account<'_> {
        Account {
            region: Some(&self.region),
            profile: self.profile.as_deref(),
            endpoint_url: self.endpoint_url.as_ref().map(Url::as_str),
        }
    }

    /// Connects to the stack.
    pub(crate) async fn connect(&self) -> AwsPorts {
        self.connect_with(self.queue_urls("")).await
    }

    /// Finds the credentials; when they expire, if they do.
    pub(crate) async fn credentials(&self) -> Result<Option<Timestamp>, String> {
        camhook_aws::find_credentials(self.account()).await
    }

    /// Reads the outputs of the stack again: the names of the values that have changed. `None` for a stack that is not one
    /// of CloudFormation.
    pub(crate) async fn changed_outputs(&self) -> Option<Result<Vec<&'static str>, Error>> {
        let name = self.stack_name.as_deref().filter(|_| self.endpoint_url.is_none())?;
        let found = match find_stack(name, self.account()).await {
            Ok(found) => found,
            Err(error) => return Some(Err(error.into())),
        };
        let current = Self::of_outputs(found.region, name.to_owned(), self.profile.clone(), &found.outputs);
        Some(current.map(|current| self.differences(&current)))
    }

    fn differences(&self, current: &Self) -> Vec<&'static str> {
        let differences = [
            ("ApiUrl", self.api_url != current.api_url),
            ("Bucket", self.bucket != current.bucket),
            ("Table", self.table != current.table),
            ("EventIndex", self.index_table != current.index_table),
            ("EventsDays", self.events_days != current.events_days),
            ("AuditDays", self.audit_days != current.audit_days),
            ("LogRetention", self.log_days != current.log_days),
            ("Mqtt", self.mqtt != current.mqtt),
            ("the URLs of queues", self.queues != current.queues),
        ];
        differences.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }

    /// Connects to what watches the queues and alarms of the stack.
    pub(crate) async fn connect_monitor(&self) -> AwsMonitor {
        let monitored = Monitored {
            queues: self.queue_urls(""),
            dead_letters: self.queue_urls(DEAD_LETTERS),
            stack_name: self.stack_name.clone(),
        };
        AwsMonitor::connect(monitored, self.account()).await
    }

    /// Connects to the stack with each queue replaced by its dead-letter queue.
    pub(crate) async fn connect_dead_letters(&self) -> AwsPorts {
        self.connect_with(self.queue_urls(DEAD_LETTERS)).await
    }

    /// Whether events are put onto an event bus (`EventBus=yes`).
    pub(crate) fn has_event_bus(&self) -> bool {
        self.queue_urls("").contains_key(&Queue::Bus)
    }

    /// The queues that have a dead-letter queue.
    pub(crate) fn queues_with_dead_letters(&self) -> Vec<Queue> {
        self.queue_urls(DEAD_LETTERS).into_keys().collect()
    }

    fn queue_urls(&self, suffix: &str) -> BTreeMap<Queue, String> {
        let url = |queue: Queue| self.queues.get(&format!("{}{suffix}", queue.name().replace('-', "_")));
        Queue::ALL.into_iter().filter_map(|queue| Some((queue, url(queue)?.clone()))).collect()
    }

    async fn connect_with(&self, queue_urls: BTreeMap<Queue, String>) -> AwsPorts {
        AwsPorts::connect(self.resources(queue_urls), self.account()).await
    }

    fn resources(&self, queue_urls: BTreeMap<Queue, String>) -> Resources {
        let (bucket, table) = (self.bucket.clone(), self.table.clone());
        Resources { bucket, table, index_table: self.index_table.clone(), queue_urls }
    }

    /// Connects to the stack with an observer that learns the time of AWS.
    pub(crate) async fn connect_observed(&self, observer: Arc<dyn TimeObserver>) -> AwsPorts {
        AwsPorts::connect_observed(self.resources(self.queue_urls("")), self.account(), observer).await
    }

    /// The deployed camhook.toml.
    pub(crate) async fn site(&self) -> Result<Arc<Site>, Error> {
        Ok(CurrentSite::default().get(&self.connect().await).await?)
    }

    /// How times of the stack are shown. A command that works without a valid camhook.toml shows them in UTC then.
    pub(crate) async fn times<P: Ports>(ports: &P) -> Times {
        CurrentSite::default().get(ports).await.map_or(Times::UTC, |site| Times::of_site(&site))
    }

    /// Whether the stack is local, so that channels may use the loopback network.
    pub(crate) fn kind(&self) -> camhook_outbound::Stack {
        match self.endpoint_url {
            Some(_) => camhook_outbound::Stack::Local,
            None => camhook_outbound::Stack::Deployed,
        }
    }

    /// The key that signs a source's posts, if the stack's camhook.toml is on this machine and has one.
    pub(crate) fn signing_key(&self, source: &str) -> Option<SecretReference> {
        let path = self.config.as_ref()?;
        let (site, _) = camhook_site::read(&std::fs::read_to_string(path).ok()?, "").ok()?;
        site.source(source)?.auth.hmac.first().cloned()
    }

    /// The webhook URL of a source.
    pub(crate) fn source(&self, id: &str) -> Result<&Url, Error> {
        self.sources.get(id).ok_or_else(|| {
            let known: Vec<String> = self.sources.keys().map(|known| format!("`{known}`")).collect();
            let hint = match known.as_slice() {
                [] => ": the stack has none".to_owned(),
                known => format!(": the stack has {}", known.join(", ")),
            };
            Error::UnknownSource { source_id: id.to_owned(), hint }
        })
    }
}

#[cfg(test)]
impl Stack {
    /// A local stack whose resources no test reaches.
    pub(crate) fn for_test() -> Self {
        let json = serde_json::json!({
            "api_url": "http://localhost:9/", "endpoint_url": "http://localhost:9/", "region": "eu-north-1",
            "bucket": "bucket", "table": "table", "queues": {},
        });
        serde_json::from_value(json).unwrap()
    }
}

fn nearest() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().map(|folder| folder.join(STACK_JSON)).find(|path| path.is_file())
}

fn default_events_days() -> u32 {
    camhook_aws::DEFAULT_EVENTS_DAYS
}

/// `relay-lan` as `RelayLan`.
fn pascal_case(name: &str) -> String {
    let mut pascal = String::with_capacity(name.len());
    for word in name.split('-') {
        let mut characters = word.chars();
        pascal.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        pascal.extend(characters);
    }
    pascal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs() -> BTreeMap<String, String> {
        let pairs = [
            ("ApiUrl", "https://abc.execute-api.eu-north-1.amazonaws.com"),
            ("Bucket", "bucket"),
            ("Table", "table"),
            ("AuditDays", "400"),
            ("LogRetention", "7"),
            ("Mqtt", "no"),
            ("NotifyQueueUrl", "https://sqs/notify"),
            ("RelayLanQueueUrl", "https://sqs/relay-lan"),
            ("RelayLanDeadLetterQueueUrl", "https://sqs/relay-lan-dead"),
        ];
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    fn of_outputs(outputs: &BTreeMap<String, String>) -> Result<Stack, Error> {
        Stack::of_outputs("eu-north-1".to_owned(), "camhook-prod".to_owned(), Some("ann".to_owned()), outputs)
    }

    #[test]
    fn the_outputs_of_a_template_become_a_stack_and_are_read_back() {
        let written = serde_json::to_string(&of_outputs(&outputs()).unwrap()).unwrap();
        let stack: Stack = serde_json::from_str(&written).unwrap();
        assert_eq!(stack.queue_urls("").get(&Queue::RelayLan).unwrap(), "https://sqs/relay-lan");
        assert_eq!(stack.queues_with_dead_letters(), [Queue::RelayLan]);
        assert_eq!((stack.events_days, stack.audit_days, stack.log_days), (90, Some(400), Some(7)));
        assert_eq!(stack.mqtt, Some(MqttReception::No));
        let account = stack.account();
        assert_eq!((account.region, account.profile), (Some("eu-north-1"), Some("ann")));
        assert!(stack.label().contains("camhook-prod in eu-north-1"), "{}", stack.label());
    }

    #[test]
    fn outputs_that_have_changed_are_named() {
        let before = of_outputs(&outputs()).unwrap();
        assert!(before.differences(&of_outputs(&outputs()).unwrap()).is_empty());
        let mut outputs = outputs();
        outputs.insert("Table".to_owned(), "other".to_owned());
        outputs.insert("Mqtt".to_owned(), "yes".to_owned());
        outputs.insert("MqttQueueUrl".to_owned(), "https://sqs/mqtt".to_owned());
        let current = of_outputs(&outputs).unwrap();
        assert_eq!(before.differences(&current), ["Table", "Mqtt", "the URLs of queues"]);
    }

    #[test]
    fn a_stack_of_another_template_is_refused_by_what_it_lacks() {
        let mut outputs = outputs();
        outputs.remove("Table");
        let error = of_outputs(&outputs).unwrap_err().to_string();
        assert!(error.contains("camhook-prod") && error.contains("`Table`"), "{error}");
    }
}
