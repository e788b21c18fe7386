//! The SDK's clients, with one HTTP stack and the time limits of a webhook.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
use jiff::Timestamp;

use crate::failure::describe;
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

/// Where a person's commands find a stack, and which credentials they use.
#[derive(Debug, Clone, Copy, Default)]
pub struct Account<'a> {
    /// The region; that of the profile or the environment when `None`.
    pub region: Option<&'a str>,
    /// The profile, which takes precedence over credentials in the environment. Without one, credentials are found
    /// where other AWS tools find them.
    pub profile: Option<&'a str>,
    /// The endpoint of a local cloud, which takes any credentials: neither profile nor environment is read.
    pub endpoint_url: Option<&'a str>,
}

/// The configuration of all clients of a person's command.
pub(crate) async fn shared_config(account: Account<'_>) -> SdkConfig {
    let mut loader = base();
    let region = account.region.map(|region| Region::new(region.to_owned()));
    if let Some(region) = region.clone() {
        loader = loader.region(region);
    }
    if let Some(endpoint_url) = account.endpoint_url {
        let credentials = Credentials::new("local", "local", None, None, "local");
        return loader.endpoint_url(endpoint_url).credentials_provider(credentials).load().await;
    }
    if let Some(profile) = account.profile {
        let provider = ProviderConfig::without_region().with_region(region).with_http_client(http_client());
        let credentials =
            ProfileFileCredentialsProvider::builder().configure(&provider).profile_name(profile).build();
        loader = loader.profile_name(profile).credentials_provider(credentials);
    }
    loader.load().await
}

/// Finds the credentials of a person's command, as every call does; when they expire, if they do.
///
/// # Errors
///
/// Why there are none.
pub async fn find_credentials(account: Account<'_>) -> Result<Option<Timestamp>, String> {
    let config = shared_config(account).await;
    let provider = config.credentials_provider().ok_or("no provider of credentials is configured")?;
    let found = provider.provide_credentials().await;
    let credentials = found.map_err(|error| describe(&error))?;
    Ok(credentials.expiry().and_then(|expiry| Timestamp::try_from(expiry).ok()))
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
        let account = Account { region: Some("eu-north-1"), ..Account::default() };
        let region = shared_config(account).await.region().map(ToString::to_string);
        assert_eq!(region.as_deref(), Some("eu-north-1"));
    }
}
