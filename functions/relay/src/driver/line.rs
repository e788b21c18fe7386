//! What every driver speaks through.

use std::time::Duration;

use camhook_outbound::{Answer, Authentication, Client, Completeness, NotSent, Outcome, Request};
use camhook_ports::{Ports, SecretReference, Secrets};
use camhook_site::{BasicCredential, DeviceLogin, Network};
use secrecy::SecretString;

use crate::Sent;
use crate::driver::answer::{refusal, status};

/// What every driver speaks through: the guarded client, and who knows the secrets.
pub(super) struct Line<'a, P> {
    pub(super) ports: &'a P,
    pub(super) client: &'a Client,
    /// Where the device's address may lie.
    pub(super) network: Network,
    /// How much time there was when the driver began.
    pub(super) left: Duration,
}

impl<P: Ports> Line<'_, P> {
    /// A secret.
    ///
    /// # Errors
    ///
    /// When it cannot be had: nothing was sent, so there was no effect.
    pub(super) async fn secret(&self, reference: &SecretReference) -> Result<SecretString, Sent> {
        self.ports.secrets().resolve(reference).await.map_err(|error| Sent::NoEffect(error.to_string()))
    }

    /// The proof that a device asks for.
    ///
    /// # Errors
    ///
    /// When its secret cannot be had.
    pub(super) async fn authentication(&self, login: &DeviceLogin) -> Result<Authentication, Sent> {
        Ok(match login {
            DeviceLogin::None => Authentication::None,
            DeviceLogin::Basic(credential) => self.basic(Some(credential)).await?,
            DeviceLogin::Digest(credential) => Authentication::Digest {
                user: credential.user.clone(),
                password: self.secret(&credential.password).await?,
            },
            DeviceLogin::Bearer(token) => Authentication::Bearer(self.secret(token).await?),
        })
    }

    /// User and password, where there are any.
    ///
    /// # Errors
    ///
    /// When the password cannot be had.
    pub(super) async fn basic(&self, credential: Option<&BasicCredential>) -> Result<Authentication, Sent> {
        let Some(credential) = credential else { return Ok(Authentication::None) };
        let password = self.secret(&credential.password).await?;
        Ok(Authentication::Basic { user: credential.user.clone(), password })
    }

    /// Sends a request, and hands on a whole answer with a status of 200 to 299: what that means is the
    /// driver's to say.
    ///
    /// # Errors
    ///
    /// Everything else that may come of it. A status of 400 or more had no effect; a redirect or half an answer
    /// says nothing.
    pub(super) async fn send(&self, request: &Request) -> Result<Answer, Sent> {
        meaning(self.client.send(self.network, request).await)
    }
}

/// What came of a request, whatever the device: a whole answer with a status of 200 to 299 is the driver's to
/// understand, all else is understood here.
pub(super) fn meaning(outcome: Outcome) -> Result<Answer, Sent> {
    match outcome {
        Outcome::Done(answer) if answer.completeness == Completeness::Cut => {
            Err(Sent::NoWord(format!("{} and half an answer", status(&answer))))
        }
        Outcome::Done(answer) => Ok(answer),
        Outcome::Refused(answer) => Err(refusal(&answer)),
        Outcome::NotSent(reason) => Err(not_sent(&reason)),
        Outcome::NoAnswer(failure) => Err(Sent::NoWord(failure.to_string())),
    }
}

fn not_sent(reason: &NotSent) -> Sent {
    match reason {
        NotSent::Forbidden { .. } | NotSent::LoopbackDeployed { .. } => Sent::Forbidden(reason.to_string()),
        NotSent::Unusable { .. } | NotSent::NotConnected { .. } => Sent::NoEffect(reason.to_string()),
    }
}
