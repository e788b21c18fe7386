//! What watches a stack: the depths of its queues, and its alarms.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use aws_config::SdkConfig;
use camhook_ports::{ActiveAlarm, AlarmError, Alarms, DepthError, Queue, QueueDepth, QueueDepths};

use crate::Environment;
use crate::alarms::StackAlarms;
use crate::clients::{Account, function_config, shared_config};
use crate::queue_depths::StackQueues;

/// What is watched.
#[derive(Debug, Clone, Default)]
pub struct Monitored {
    /// The queues by URL or name.
    pub queues: BTreeMap<Queue, String>,
    /// The dead-letter queues of these queues by URL or name.
    pub dead_letters: BTreeMap<Queue, String>,
    /// The name of the stack in CloudFormation; without it no alarms are read.
    pub stack_name: Option<String>,
}

/// The depths of a stack's queues, and its alarms: CloudWatch, with one call each. On a local cloud, which measures no
/// queues and has no alarms, SQS is asked for each queue.
///
/// Its clients are made when something is first asked: few requests of the console do.
#[derive(Debug, Clone)]
pub struct AwsMonitor {
    monitored: Monitored,
    origin: Origin,
    services: OnceLock<Services>,
}

/// Where the configuration of the clients comes from.
#[derive(Debug, Clone)]
enum Origin {
    Account { config: Box<SdkConfig>, endpoint_url: Option<String> },
    Function { region: String, endpoint_url: Option<String> },
}

#[derive(Debug, Clone)]
struct Services {
    queues: StackQueues,
    alarms: Option<StackAlarms>,
}

impl AwsMonitor {
    /// Watches a stack for a person's command. Calls nothing.
    pub async fn connect(monitored: Monitored, account: Account<'_>) -> Self {
        let endpoint_url = account.endpoint_url.map(str::to_owned);
        let origin = Origin::Account { config: Box::new(shared_config(account).await), endpoint_url };
        Self { monitored, origin, services: OnceLock::new() }
    }

    /// Watches the stack of a function, as far as its environment names what is watched. Calls nothing.
    #[must_use]
    pub fn of_function(environment: &Environment) -> Self {
        let monitored = Monitored {
            queues: environment.queues.clone(),
            dead_letters: environment.dead_letter_queues.clone(),
            stack_name: environment.stack_name.clone(),
        };
        let origin = Origin::Function {
            region: environment.region.clone(),
            endpoint_url: environment.endpoint_url.clone(),
        };
        Self { monitored, origin, services: OnceLock::new() }
    }

    fn services(&self) -> &Services {
        self.services.get_or_init(|| match &self.origin {
            Origin::Account { config, endpoint_url } => {
                Services::new(config, endpoint_url.as_deref(), &self.monitored)
            }
            Origin::Function { region, endpoint_url } => {
                let config = function_config(region.clone(), endpoint_url.clone());
                Services::new(&config, endpoint_url.as_deref(), &self.monitored)
            }
        })
    }
}

impl Services {
    fn new(config: &SdkConfig, endpoint_url: Option<&str>, monitored: &Monitored) -> Self {
        let Monitored { queues, dead_letters, stack_name } = monitored.clone();
        match endpoint_url {
            None => Self {
                queues: StackQueues::of_cloudwatch(config, queues, dead_letters),
                alarms: stack_name.map(|stack_name| StackAlarms::new(config, &stack_name)),
            },
            Some(_) => Self { queues: StackQueues::of_sqs(config, queues, dead_letters), alarms: None },
        }
    }
}

impl QueueDepths for AwsMonitor {
    async fn depths(&self) -> Result<Vec<QueueDepth>, DepthError> {
        self.services().queues.depths().await
    }
}

impl Alarms for AwsMonitor {
    async fn active(&self) -> Result<Vec<ActiveAlarm>, AlarmError> {
        match &self.services().alarms {
            Some(alarms) => alarms.active().await,
            None => Ok(Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_local_cloud_has_no_alarms() {
        let account = Account {
            region: Some("eu-north-1"),
            // Nothing listens there, and nothing is asked.
            endpoint_url: Some("http://127.0.0.1:9"),
            ..Account::default()
        };
        let monitored = Monitored { stack_name: Some("camhook".to_owned()), ..Monitored::default() };
        let monitor = AwsMonitor::connect(monitored, account).await;
        assert!(monitor.services.get().is_none(), "clients are made when something is asked");
        assert_eq!(monitor.active().await.unwrap(), []);
        assert_eq!(monitor.depths().await.unwrap(), []);
    }
}
