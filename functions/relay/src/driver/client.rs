//! What every driver sends its requests with.

use std::time::Duration;

use camhook_outbound::digest::Algorithm;
use camhook_outbound::{Answer, Authentication, Client, Completeness, NotSent, Outcome, Request};
use camhook_ports::{Ports, SecretReference, Secrets};
use camhook_site::{BasicCredential, DeviceLogin, Network};
use secrecy::SecretString;

use crate::SendOutcome;
use crate::driver::answer::status;

/// The guarded client with what is known of one relay, and the secrets.
pub(super) struct DeviceClient<'a, P> {
    pub(super) ports: &'a P,
    pub(super) http: &'a Client,
    /// Which addresses are allowed.
    pub(super) network: Network,
    /// How much time the driver has.
    pub(super) left: Duration,
}

impl<P: Ports> DeviceClient<'_, P> {
    /// A secret.
    ///
    /// # Errors
    ///
    /// When it cannot be had. Nothing was sent.
    pub(super) async fn secret(&self, reference: &SecretReference) -> Result<SecretString, SendOutcome> {
        self.ports
            .secrets()
            .resolve(reference)
            .await
            .map_err(|error| SendOutcome::NotExecuted(error.to_string()))
    }

    /// The proof that a device asks for.
    ///
    /// # Errors
    ///
    /// When its secret cannot be had.
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

    /// User and password, where there are any.
    ///
    /// # Errors
    ///
    /// When the password cannot be had.
    pub(super) async fn basic(
        &self,
        credential: Option<&BasicCredential>,
    ) -> Result<Authentication, SendOutcome> {
        let Some(credential) = credential else { return Ok(Authentication::None) };
        let password = self.secret(&credential.password).await?;
        Ok(Authentication::Basic { user: credential.user.clone(), password })
    }

    /// Sends a request: a whole answer, whatever its status. What it means is for the driver to say.
    ///
    /// # Errors
    ///
    /// When there is none: nothing was sent, or no answer came, or half of one that looked like a success.
    pub(super) async fn send(&self, request: &Request) -> Result<Answer, SendOutcome> {
        match self.http.send(self.network, request).await {
            Outcome::Done(answer) if answer.completeness == Completeness::Cut => {
                Err(SendOutcome::Unconfirmed(format!("{} and half an answer", status(&answer))))
            }
            Outcome::Done(answer) | Outcome::Refused(answer) => Ok(answer),
            Outcome::NotSent(reason) => Err(not_sent(&reason)),
            Outcome::NoAnswer(failure) => Err(SendOutcome::Unconfirmed(failure.to_string())),
        }
    }
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
