//! The HTTP client of the drivers.

use std::time::Duration;

use camhook_outbound::digest::Algorithm;
use camhook_outbound::{Answer, Authentication, Client, Completeness, NotSent, Outcome, Request};
use camhook_ports::{Ports, SecretReference, Secrets};
use camhook_site::{BasicCredential, DeviceLogin, Network};
use secrecy::SecretString;

use crate::SendOutcome;
use crate::driver::answer::status;

/// The guarded client with the limits of one relay, and the secrets.
pub(super) struct DeviceClient<'a, P> {
    pub(super) ports: &'a P,
    pub(super) http: &'a Client,
    /// The network in which the device's address has to be.
    pub(super) network: Network,
    /// The time that is left for the command.
    pub(super) left: Duration,
}

impl<P: Ports> DeviceClient<'_, P> {
    /// Resolves a secret.
    ///
    /// # Errors
    ///
    /// When it is not available. Nothing was sent.
    pub(super) async fn secret(&self, reference: &SecretReference) -> Result<SecretString, SendOutcome> {
        self.ports
            .secrets()
            .resolve(reference)
            .await
            .map_err(|error| SendOutcome::NotAttempted(error.to_string()))
    }

    /// Resolves the credentials of a device.
    ///
    /// # Errors
    ///
    /// When a secret is not available.
    pub(super) async fn authentication(&self, login: &DeviceLogin) -> Result<Authentication, SendOutcome> {
        Ok(match login {
            DeviceLogin::None => Authentication::None,
            DeviceLogin::Basic(credential) => self.basic(Some(credential)).await?,
            DeviceLogin::Digest(credential) => Authentication::Digest {
                user: credential.user.clone(),
                password: self.secret(&credential.password).await?,
                weakest: Algorithm::Md5,
            },
            DeviceLogin::Bearer(token) => Authentication::Bearer(self.secret(token).await?),
        })
    }

    /// Resolves user and password, if configured.
    ///
    /// # Errors
    ///
    /// When the password is not available.
    pub(super) async fn basic(
        &self,
        credential: Option<&BasicCredential>,
    ) -> Result<Authentication, SendOutcome> {
        let Some(credential) = credential else { return Ok(Authentication::None) };
        let password = self.secret(&credential.password).await?;
        Ok(Authentication::Basic { user: credential.user.clone(), password })
    }

    /// Sends a request and returns the complete answer, whatever its status. The driver interprets it.
    ///
    /// # Errors
    ///
    /// When nothing was sent, no answer was received, or the answer is incomplete.
    pub(super) async fn send(&self, request: &Request) -> Result<Answer, SendOutcome> {
        let answer = self.send_for_beginning(request).await?;
        match answer.completeness {
            Completeness::Whole => Ok(answer),
            Completeness::Cut => Err(incomplete(&answer)),
        }
    }

    /// Sends a request and returns the answer, whose body may be only the beginning of what the device sent: the answer
    /// was too long, or the connection broke.
    ///
    /// # Errors
    ///
    /// When nothing was sent, or no answer was received.
    pub(super) async fn send_for_beginning(&self, request: &Request) -> Result<Answer, SendOutcome> {
        match self.http.send(self.network, request).await {
            Outcome::Done(answer) | Outcome::Refused(answer) => Ok(answer),
            Outcome::NotSent(reason) => Err(not_sent(&reason)),
            Outcome::NoAnswer(failure) => Err(SendOutcome::Unconfirmed(failure.to_string())),
        }
    }
}

/// The outcome of a command whose answer is incomplete.
pub(super) fn incomplete(answer: &Answer) -> SendOutcome {
    SendOutcome::Unconfirmed(format!("{} and an incomplete answer", status(answer)))
}

fn not_sent(reason: &NotSent) -> SendOutcome {
    match reason {
        NotSent::Forbidden { .. } | NotSent::LoopbackDeployed { .. } => {
            SendOutcome::Forbidden(reason.to_string())
        }
        NotSent::Unusable { .. } | NotSent::NotConnected { .. } => {
            SendOutcome::NotExecuted(reason.to_string())
        }
    }
}
