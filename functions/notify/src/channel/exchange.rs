//! Requests to a channel's service, and what its refusals mean.

use std::time::Duration;

use camhook_outbound::{Answer, Client, Outcome, Request};
use camhook_ports::{Clock, Ports, SecretReference, Secrets};
use camhook_site::Network;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::limit::characters;
use crate::error::DeliveryError;

/// How much of a service's reason is repeated, in characters.
const REASON_LIMIT: usize = 200;

/// What a channel's code sends requests with.
#[derive(Debug)]
pub(crate) struct Transport<'a, P> {
    pub(crate) ports: &'a P,
    pub(crate) client: &'a Client,
    /// Where the service's address may be.
    pub(crate) network: Network,
}

/// What a service says of its refusal, in its own form.
#[derive(Debug, Default)]
pub(crate) struct Refusal {
    /// The reason, for a person.
    pub(crate) reason: Option<String>,
    /// How long to wait before the next request, where the answer's headers do not say.
    pub(crate) retry_after: Option<Duration>,
    /// The chat's new id, where that is the reason.
    pub(crate) moved_to: Option<String>,
}

/// The reason in a JSON answer: `error` of ntfy and Apprise, `message` of Home Assistant.
pub(crate) fn json_reason(answer: &Answer) -> Refusal {
    let members: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let reason = ["error", "message"].into_iter().find_map(|name| members.get(name)?.as_str());
    Refusal { reason: reason.map(str::to_owned), ..Refusal::default() }
}

impl<P: Ports> Transport<'_, P> {
    /// Sends a request to a service whose refusals carry no reason that may be repeated.
    pub(crate) async fn send(&self, request: &Request) -> Result<Answer, DeliveryError> {
        self.exchange(request, |_| Refusal::default()).await
    }

    /// Sends a request and returns the answer. `refusal` reads the service's own form of a refusal.
    pub(crate) async fn exchange(
        &self,
        request: &Request,
        refusal: impl Fn(&Answer) -> Refusal,
    ) -> Result<Answer, DeliveryError> {
        match self.client.send(self.network, request).await {
            Outcome::Done(answer) => Ok(answer),
            Outcome::Refused(answer) => {
                let Refusal { reason, retry_after, moved_to } = refusal(&answer);
                if let Some(chat) = moved_to {
                    return Err(DeliveryError::Moved { chat });
                }
                Err(DeliveryError::Refused {
                    status: answer.status.as_u16(),
                    reason: reason.map(|reason| one_line(&reason)),
                    retry_after: answer.retry_after(self.ports.clock().now()).max(retry_after),
                })
            }
            Outcome::NotSent(reason) => Err(reason.into()),
            Outcome::NoAnswer(failure) => Err(failure.into()),
        }
    }

    /// A secret of the channel.
    pub(crate) async fn secret(&self, reference: &SecretReference) -> Result<SecretString, DeliveryError> {
        Ok(self.ports.secrets().resolve(reference).await?)
    }

    /// A URL that is a secret.
    pub(crate) async fn secret_url(&self, reference: &SecretReference) -> Result<Url, DeliveryError> {
        let secret = self.secret(reference).await?;
        let url = secret.expose_secret().trim().parse();
        url.map_err(|_| DeliveryError::Setting { key: "url", problem: "is not a URL" })
    }
}

/// A service's text, short enough for a log line.
pub(crate) fn one_line(text: &str) -> String {
    characters(&text.split_whitespace().collect::<Vec<_>>().join(" "), REASON_LIMIT)
}
