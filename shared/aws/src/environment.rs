//! The environment of a function, read once.

use std::collections::BTreeMap;

use camhook_invocation::Front;
use camhook_outbound::Stack;
use camhook_ports::Queue;

use crate::metrics::{DEFAULT_NAMESPACE, MetricsLevel};

/// Days that event records are kept, unless the template's parameter EventsDays is changed.
pub const DEFAULT_EVENTS_DAYS: u32 = 90;

/// Days that pictures are kept, unless the template's parameter ImagesDays is changed.
const DEFAULT_IMAGES_DAYS: u32 = 30;

/// A function's settings, from environment variables.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The region: `AWS_REGION`, which Lambda sets.
    pub region: String,
    /// Where AWS is, on a local cloud: `AWS_ENDPOINT_URL`.
    pub endpoint_url: Option<String>,
    /// The bucket's name: `CAMHOOK_BUCKET`.
    pub bucket: String,
    /// The table's name: `CAMHOOK_TABLE`.
    pub table: String,
    /// The name of the event index's table: `CAMHOOK_INDEX_TABLE`.
    pub index_table: Option<String>,
    /// Days that event records are kept: `CAMHOOK_EVENTS_DAYS`; 90 unless set.
    pub events_days: u32,
    /// Days that pictures are kept: `CAMHOOK_IMAGES_DAYS`; 30 unless set. Only the console has it.
    pub images_days: u32,
    /// The queues' URLs: `CAMHOOK_NOTIFY_QUEUE_URL` and so on. A function has those that it sends to.
    pub queue_urls: BTreeMap<Queue, String>,
    /// The queues whose depths are shown, by name: `CAMHOOK_QUEUES`, as `notify=NAME,relay=NAME`. Only the console has it.
    pub queues: BTreeMap<Queue, String>,
    /// The dead-letter queues of these queues, by name: `CAMHOOK_DEAD_LETTER_QUEUES`, in the same form.
    pub dead_letter_queues: BTreeMap<Queue, String>,
    /// The name of the stack in CloudFormation, with which the names of its alarms begin: `CAMHOOK_STACK_NAME`. Only the
    /// console has it.
    pub stack_name: Option<String>,
    /// Whether the stack runs on one machine for development: `CAMHOOK_LOCAL_STACK`.
    pub stack: Stack,
    /// The address of the console, without a slash at its end: `CAMHOOK_CONSOLE_URL`. `None` for a stack without one.
    pub console_url: Option<String>,
    /// The CloudFront distribution before the API, by the secret that it adds: `CAMHOOK_FRONT_SECRET`.
    pub front: Option<Front>,
    /// Which log lines are written: `CAMHOOK_LOG`, in the form of `tracing` filters; default `info`.
    pub log_filter: String,
    /// The CloudWatch namespace of the stack's metrics: `CAMHOOK_METRIC_NAMESPACE`.
    pub metric_namespace: String,
    /// Which values become metrics of CloudWatch: `CAMHOOK_METRICS`; `basic` unless set.
    pub metrics_level: MetricsLevel,
}

/// An environment in which a function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// A variable is not there.
    #[error("the environment variable {0} is missing: deploy the function with infra/template.yaml")]
    Missing(&'static str),
    /// A variable says what it cannot.
    #[error("the environment variable {name} is `{value}`: use {allowed}")]
    Invalid {
        /// Which one.
        name: &'static str,
        /// What it says.
        value: String,
        /// What it may say.
        allowed: &'static str,
    },
}

impl Environment {
    /// Reads the process's environment.
    ///
    /// # Errors
    ///
    /// When a variable is missing or says what it cannot.
    pub fn read() -> Result<Self, EnvironmentError> {
        let queue_urls = Queue::ALL.into_iter().filter_map(|queue| {
            let name = queue.name().to_uppercase().replace('-', "_");
            Some((queue, variable(&format!("CAMHOOK_{name}_QUEUE_URL"))?))
        });
        let queue_urls = queue_urls.collect();
        let stack = match variable("CAMHOOK_LOCAL_STACK").as_deref() {
            None | Some("false") => Stack::Deployed,
            Some("true") => Stack::Local,
            Some(value) => {
                return Err(EnvironmentError::Invalid {
                    name: "CAMHOOK_LOCAL_STACK",
                    value: value.to_owned(),
                    allowed: "true or false",
                });
            }
        };
        let endpoint_url = variable("AWS_ENDPOINT_URL");
        let console_url =
            variable("CAMHOOK_CONSOLE_URL").and_then(|url| absolute(url, endpoint_url.as_deref()));
        Ok(Self {
            region: variable("AWS_REGION").ok_or(EnvironmentError::Missing("AWS_REGION"))?,
            endpoint_url,
            bucket: variable("CAMHOOK_BUCKET").ok_or(EnvironmentError::Missing("CAMHOOK_BUCKET"))?,
            table: variable("CAMHOOK_TABLE").ok_or(EnvironmentError::Missing("CAMHOOK_TABLE"))?,
            index_table: variable("CAMHOOK_INDEX_TABLE"),
            events_days: days("CAMHOOK_EVENTS_DAYS", DEFAULT_EVENTS_DAYS)?,
            images_days: days("CAMHOOK_IMAGES_DAYS", DEFAULT_IMAGES_DAYS)?,
            queue_urls,
            queues: queue_names("CAMHOOK_QUEUES")?,
            dead_letter_queues: queue_names("CAMHOOK_DEAD_LETTER_QUEUES")?,
            stack_name: variable("CAMHOOK_STACK_NAME"),
            stack,
            console_url,
            front: variable("CAMHOOK_FRONT_SECRET").map(|secret| Front::new(secret.into())),
            log_filter: variable("CAMHOOK_LOG").unwrap_or_else(|| "info".to_owned()),
            metric_namespace: variable("CAMHOOK_METRIC_NAMESPACE")
                .unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned()),
            metrics_level: metrics_level()?,
        })
    }
}

/// A number of days in a variable.
fn days(name: &'static str, default: u32) -> Result<u32, EnvironmentError> {
    let Some(value) = variable(name) else { return Ok(default) };
    value.parse().map_err(|_| EnvironmentError::Invalid { name, value, allowed: "a number of days" })
}

/// The names of queues in a variable; none where it is missing.
fn queue_names(variable_name: &'static str) -> Result<BTreeMap<Queue, String>, EnvironmentError> {
    let value = variable(variable_name).unwrap_or_default();
    parse_queue_names(&value).ok_or(EnvironmentError::Invalid {
        name: variable_name,
        value,
        allowed: "the names of queues, as notify=NAME,relay=NAME",
    })
}

fn parse_queue_names(text: &str) -> Option<BTreeMap<Queue, String>> {
    let entries = text.split(',').filter(|entry| !entry.is_empty()).map(|entry| {
        let (queue, name) = entry.split_once('=')?;
        let queue = Queue::ALL.into_iter().find(|known| known.name() == queue)?;
        Some((queue, name.to_owned()))
    });
    entries.collect()
}

/// An address, which may be a path of the local cloud. `None` for a path where there is no local cloud.
fn absolute(url: String, endpoint: Option<&str>) -> Option<String> {
    if !url.starts_with('/') {
        return Some(url);
    }
    Some(format!("{}{url}", endpoint?.trim_end_matches('/')))
}

fn metrics_level() -> Result<MetricsLevel, EnvironmentError> {
    match variable("CAMHOOK_METRICS").as_deref() {
        None | Some("basic") => Ok(MetricsLevel::Basic),
        Some("detailed") => Ok(MetricsLevel::Detailed),
        Some(value) => Err(EnvironmentError::Invalid {
            name: "CAMHOOK_METRICS",
            value: value.to_owned(),
            allowed: "basic or detailed",
        }),
    }
}

#[expect(clippy::disallowed_methods, reason = "this is start-up: the one place that reads the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// All variables of the environment, for secrets that camhook.toml refers to as `env:NAME`.
#[expect(clippy::disallowed_methods, reason = "this is start-up: the one place that reads the environment")]
pub(crate) fn secret_variables() -> std::collections::HashMap<String, secrecy::SecretString> {
    std::env::vars().map(|(name, value)| (name, secrecy::SecretString::from(value))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use camhook_ports::Queue;

    use super::{absolute, parse_queue_names};

    #[test]
    fn queues_have_names_and_a_queue_that_is_left_out_leaves_an_empty_entry() {
        let names = parse_queue_names("notify=camhook-Notify-1,,relay-lan=camhook-RelayLan-2,").unwrap();
        let expected = [(Queue::Notify, "camhook-Notify-1"), (Queue::RelayLan, "camhook-RelayLan-2")];
        assert_eq!(names, BTreeMap::from(expected.map(|(queue, name)| (queue, name.to_owned()))));
        assert!(parse_queue_names("").unwrap().is_empty());
        for wrong in ["notify", "letters=camhook-Letters-1"] {
            assert_eq!(parse_queue_names(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_path_is_relative_to_the_local_cloud() {
        let path = "/_aws/execute-api/a1/%24default/console".to_owned();
        assert_eq!(
            absolute(path.clone(), Some("http://127.0.0.1:4566/")).unwrap(),
            "http://127.0.0.1:4566/_aws/execute-api/a1/%24default/console"
        );
        assert_eq!(absolute(path, None), None);
        let deployed = "https://a1.execute-api.eu-central-1.amazonaws.com/console";
        assert_eq!(absolute(deployed.to_owned(), None).unwrap(), deployed);
    }
}
