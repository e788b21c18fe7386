//! The secrets: SSM parameters and variables of the environment, kept for a while.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_ssm::Client;
use camhook_ports::{Clock, SecretError, SecretReference, Secrets, SystemClock};
use secrecy::SecretString;

use crate::objects::reason;

/// For how long a parameter is not asked for again.
const KEPT: Duration = Duration::from_secs(5 * 60);

/// SSM parameters and variables of the environment.
///
/// A parameter is read when it is first needed and kept for five minutes. While SSM fails, the value that was
/// good last stays in use.
#[derive(Debug)]
pub struct SsmSecrets {
    client: Client,
    variables: HashMap<String, SecretString>,
    clock: SystemClock,
    kept: Mutex<HashMap<String, (Duration, SecretString)>>,
}

impl SsmSecrets {
    pub(crate) fn new(client: Client, variables: HashMap<String, SecretString>) -> Self {
        Self { client, variables, clock: SystemClock::start(), kept: Mutex::default() }
    }

    fn kept(&self, name: &str) -> Option<(Duration, SecretString)> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    async fn parameter(&self, name: &str) -> Result<SecretString, String> {
        let got = self
            .client
            .get_parameters()
            .names(name)
            .with_decryption(true)
            .send()
            .await
            .map_err(|error| reason(&error))?;
        let value = got.parameters.unwrap_or_default().into_iter().find_map(|parameter| parameter.value);
        value.map(SecretString::from).ok_or_else(|| "there is no parameter of that name".to_owned())
    }
}

impl Secrets for SsmSecrets {
    async fn resolve(&self, reference: &SecretReference) -> Result<SecretString, SecretError> {
        let failed = |reason| SecretError { reference: reference.to_string(), reason };
        let name = match reference {
            SecretReference::Literal(secret) => return Ok(secret.clone()),
            SecretReference::Environment(name) => {
                let missing = || failed("the function's environment has no such variable".to_owned());
                return self.variables.get(name).cloned().ok_or_else(missing);
            }
            SecretReference::Parameter(name) => name,
        };
        let kept = self.kept(name);
        let now = self.clock.elapsed();
        if let Some((_, secret)) = kept.as_ref().filter(|(since, _)| now.saturating_sub(*since) < KEPT) {
            return Ok(secret.clone());
        }
        match (self.parameter(name).await, kept) {
            (Ok(secret), _) => {
                let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.insert(name.clone(), (now, secret.clone()));
                Ok(secret)
            }
            (Err(error), Some((_, secret))) => {
                tracing::warn!(parameter = name, error, "the secret is used as it was last read");
                Ok(secret)
            }
            (Err(error), None) => Err(failed(error)),
        }
    }
}
