//! The secrets: SSM parameters and variables of the environment, kept for a while.

use std::collections::HashMap;

use aws_sdk_ssm::Client;
use camhook_ports::{Clock, SecretError, SecretReference, Secrets, SystemClock};
use secrecy::SecretString;

use crate::kept_secrets::{KeptSecrets, ReadError};
use crate::objects::reason;

/// SSM parameters and variables of the environment.
///
/// A parameter is read when it is first needed and kept for five minutes. While SSM fails, the value that was
/// good last stays in use.
#[derive(Debug)]
pub struct SsmSecrets {
    client: Client,
    variables: HashMap<String, SecretString>,
    clock: SystemClock,
    kept: KeptSecrets,
}

impl SsmSecrets {
    pub(crate) fn new(client: Client, variables: HashMap<String, SecretString>) -> Self {
        Self { client, variables, clock: SystemClock::start(), kept: KeptSecrets::default() }
    }

    async fn parameter(&self, name: &str) -> Result<SecretString, ReadError> {
        let got = self
            .client
            .get_parameters()
            .names(name)
            .with_decryption(true)
            .send()
            .await
            .map_err(|error| ReadError::Failed(reason(&error)))?;
        let value = got.parameters.unwrap_or_default().into_iter().find_map(|parameter| parameter.value);
        Ok(trimmed(name, &value.ok_or(ReadError::Missing)?))
    }
}

/// A parameter's value without the line feeds at its end, which `echo` or an editor adds.
fn trimmed(name: &str, value: &str) -> SecretString {
    let trimmed = value.trim_end_matches(['\r', '\n']);
    if trimmed.len() < value.len() {
        tracing::warn!(parameter = name, "ignoring line feeds at the end of a secret; store it without them");
    }
    SecretString::from(trimmed)
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
        self.kept
            .get(name, self.clock.elapsed(), self.parameter(name))
            .await
            .map_err(|error| failed(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn only_line_feeds_at_the_end_are_ignored() {
        let cases =
            [("token\n", "token"), ("token\r\n\r\n", "token"), (" token ", " token "), ("a\nb\n", "a\nb")];
        for (value, expected) in cases {
            assert_eq!(trimmed("/camhook/gate", value).expose_secret(), expected, "{value:?}");
        }
    }
}
