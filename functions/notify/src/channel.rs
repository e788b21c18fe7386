//! Channels: how a notification is passed on.

use camhook_outbound::{Client, Outcome, Request};
use camhook_ports::{Clock, Ports};
use camhook_site::{Channel, ChannelKind};

use crate::{NotTold, Notification, ntfy, webhook};

/// What a channel does with a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureForm {
    /// It takes the bytes.
    Bytes,
    /// It passes a link on.
    Link,
}

/// What a channel does with a picture.
#[must_use]
pub fn picture_form(channel: &Channel) -> PictureForm {
    match channel.kind {
        ChannelKind::Ntfy { .. } => PictureForm::Bytes,
        ChannelKind::Webhook { .. } => PictureForm::Link,
    }
}

/// Passes a notification on by a channel.
///
/// # Errors
///
/// When the channel did not take it, or nobody knows whether it did.
pub async fn tell<P: Ports>(
    ports: &P,
    client: &Client,
    channel: &Channel,
    notification: &Notification<'_>,
) -> Result<(), NotTold> {
    match &channel.kind {
        ChannelKind::Ntfy { url, credential, priority, tags } => {
            let settings = ntfy::Settings { url, credential: credential.as_ref(), priority: *priority, tags };
            ntfy::tell(ports, client, channel.network, &settings, notification).await
        }
        ChannelKind::Webhook { url, secret } => {
            webhook::tell(ports, client, channel.network, url, secret.as_ref(), notification).await
        }
    }
}

/// Sends a request by a channel.
pub(crate) async fn send<P: Ports>(
    ports: &P,
    client: &Client,
    network: camhook_site::Network,
    request: &Request,
) -> Result<(), NotTold> {
    match client.send(network, request).await {
        Outcome::Done(_) => Ok(()),
        Outcome::Refused(answer) => Err(NotTold::Refused {
            status: answer.status.as_u16(),
            retry_after: answer.retry_after(ports.clock().now()),
        }),
        Outcome::NotSent(reason) => Err(reason.into()),
        Outcome::NoAnswer(failure) => Err(failure.into()),
    }
}
