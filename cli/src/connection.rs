//! HTTP requests to the stack, to cameras and to functions.

use std::time::Duration;

use camhook_outbound::{Answer, Client, Limits, Outcome, Request, Stack};
use camhook_site::Network;
use url::{Host, Url};

use crate::error::Error;

/// A client for requests that the user asks for on this machine: every address is allowed.
pub(crate) fn client(total: Duration) -> Client {
    Client::new(Stack::Local, Limits { total, ..Limits::default() })
}

/// Sends a request once and returns the answer, whatever its status.
pub(crate) async fn exchange(client: &Client, url: &Url, request: &Request) -> Result<Answer, Error> {
    let is_loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let network = if is_loopback { Network::Loopback } else { Network::Lan };
    match client.send(network, request).await {
        Outcome::Done(answer) | Outcome::Refused(answer) => Ok(answer),
        Outcome::NotSent(reason) => Err(reason.into()),
        Outcome::NoAnswer(failure) => Err(failure.into()),
    }
}

/// The body of an answer as text, at most 2,000 characters.
pub(crate) fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).trim().chars().take(2000).collect()
}
