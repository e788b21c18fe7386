//! The SDK's clients, with one HTTP stack and the time limits of a webhook.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};

use crate::http_client::http_client;

/// The limits of one kind of call.
///
/// The limits are nested: all calls for one webhook (configuration 1 s, secret 1.5 s, objects 2.5 s, queues 2.5 s,
/// pending events 2.5 s) end within the function's 10 s.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// A call with all its retries.
    pub(crate) call: Duration,
    /// One try.
    pub(crate) attempt: Duration,
}

/// Objects and queues: what a post needs before it is acknowledged.
pub(crate) const STORE: Limits =
    Limits { call: Duration::from_millis(2500), attempt: Duration::from_millis(1200) };

/// The table and the secrets.
pub(crate) const LOOK_UP: Limits =
    Limits { call: Duration::from_millis(1500), attempt: Duration::from_millis(700) };

/// What is published for a relay, within the 4 s that a device may take.
pub(crate) const PUBLISH: Limits =
    Limits { call: Duration::from_millis(2500), attempt: Duration::from_millis(2500) };

impl Limits {
    pub(crate) fn timeouts(self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.attempt)
            .operation_timeout(self.call)
            .operation_attempt_timeout(self.attempt)
            .build()
    }
}

/// What all clients of a function share: one connection pool, retries, region and credentials as Lambda gives them.
///
/// Lambda puts credentials into the environment of every function. The SDK's chain of other places to look for them
/// in would be 0.6 MB more code (docs/performance.md).
pub(crate) fn function_config(region: String, endpoint_url: Option<String>) -> SdkConfig {
    let credentials = EnvironmentVariableCredentialsProvider::new();
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client())
        .retry_config(retries())
        .timeout_config(STORE.timeouts());
    config.set_endpoint_url(endpoint_url);
    config.build()
}

/// What all clients of a person's machine share: credentials from wherever the AWS command finds them.
pub(crate) async fn shared_config(region: &str) -> SdkConfig {
    base().region(Region::new(region.to_owned())).load().await
}

/// The same for a local cloud, which takes any credentials; the environment is not asked.
pub(crate) async fn local_config(endpoint_url: &str, region: &str) -> SdkConfig {
    base()
        .endpoint_url(endpoint_url)
        .region(Region::new(region.to_owned()))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        .load()
        .await
}

fn base() -> ConfigLoader {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client())
        .retry_config(retries())
        .timeout_config(STORE.timeouts())
}

fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(4).with_initial_backoff(Duration::from_millis(50))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stack_is_in_the_region_that_it_names() {
        let region = shared_config("eu-north-1").await.region().map(ToString::to_string);
        assert_eq!(region.as_deref(), Some("eu-north-1"));
    }
}
