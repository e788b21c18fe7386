//! Who knows the secrets.

use std::fmt;
use std::future::Future;

use secrecy::SecretString;

/// Where a secret is to be found.
#[derive(Clone)]
pub enum SecretReference {
    /// A parameter of SSM, by its full name: `ssm:/camhook/sources/gate`.
    Parameter(String),
    /// A variable of the environment: `env:GATE`.
    Environment(String),
    /// The secret itself, as it stands in camhook.toml.
    Literal(SecretString),
}

impl SecretReference {
    /// Reads a reference as camhook.toml writes it.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.split_once(':') {
            Some(("ssm", name)) => Self::Parameter(name.to_owned()),
            Some(("env", name)) => Self::Environment(name.to_owned()),
            _ => Self::Literal(SecretString::from(text.to_owned())),
        }
    }
}

impl fmt::Debug for SecretReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(name) => write!(formatter, "ssm:{name}"),
            Self::Environment(name) => write!(formatter, "env:{name}"),
            Self::Literal(_) => formatter.write_str("(literal)"),
        }
    }
}

impl fmt::Display for SecretReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}

/// A secret that cannot be had now.
#[derive(Debug, thiserror::Error)]
#[error("the secret {reference} cannot be read: {reason}")]
pub struct SecretError {
    /// Which one.
    pub reference: String,
    /// What the secret store or the way to it said.
    pub reason: String,
}

/// Who knows the secrets.
pub trait Secrets: Send + Sync {
    /// The secret behind a reference.
    fn resolve(
        &self,
        reference: &SecretReference,
    ) -> impl Future<Output = Result<SecretString, SecretError>> + Send;
}
