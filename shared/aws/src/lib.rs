//! camhook on AWS: S3, SQS, DynamoDB, SSM and IoT behind the ports, and a function's start-up.
//!
//! No AWS type leaves this crate: functions see the ports, requests, records and the site.

#[cfg(feature = "cloudwatch")]
mod alarms;
mod clients;
#[cfg(feature = "cloudformation")]
mod cloudformation;
mod current_site;
mod environment;
mod failure;
mod function;
mod http_client;
mod index;
mod kept_secrets;
mod metrics;
#[cfg(feature = "cloudwatch")]
mod monitor;
mod objects;
mod ports;
mod publisher;
#[cfg(feature = "cloudwatch")]
mod queue_depths;
mod queues;
mod receive;
mod secrets;
mod table;

pub use camhook_consumer::BatchOutcome;
pub use clients::{Account, find_credentials};
#[cfg(feature = "cloudformation")]
pub use cloudformation::{DeployedStack, StackError, find_stack};
pub use current_site::{CurrentSite, SiteError};
pub use environment::{DEFAULT_EVENTS_DAYS, Environment, EnvironmentError};
pub use function::{
    Function, FunctionError, serve_queue, serve_queues, serve_requests, serve_schedule, serve_webhooks,
};
pub use http_client::{TimeObserver, http_client};
pub use index::DynamoIndex;
pub use metrics::{EmfMetrics, MetricsLevel};
#[cfg(feature = "cloudwatch")]
pub use monitor::{AwsMonitor, Monitored};
pub use objects::S3Objects;
pub use ports::{AwsPorts, Resources};
pub use publisher::IotPublisher;
pub use queues::SqsQueues;
pub use receive::ReceivedMessage;
pub use secrets::SsmSecrets;
pub use table::DynamoState;
