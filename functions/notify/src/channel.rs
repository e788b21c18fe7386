//! Channels: how a notification is delivered to each service.

mod accepted;
mod apprise;
mod discord;
mod encoded_word;
mod exchange;
mod home_assistant;
mod limit;
mod mail;
mod mail_message;
mod multipart;
mod ntfy;
mod pushover;
mod slack;
mod telegram;
mod webhook;

use std::time::Duration;

use camhook_outbound::Client;
use camhook_ports::Ports;
use camhook_site::{Channel, ChannelKind, Slack};

pub use self::accepted::{Accepted, Caveat};
use self::exchange::Transport;
pub(crate) use self::limit::characters;
use crate::error::DeliveryError;
use crate::notification::Notification;

/// The time limit of one delivery, over all of its requests: below the function's own limit.
const TIME_LIMIT: Duration = Duration::from_secs(25);

/// The form in which a channel takes a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureForm {
    /// The bytes.
    Bytes,
    /// A link.
    Link,
}

/// The form in which a channel takes a picture.
#[must_use]
pub fn picture_form(channel: &Channel) -> PictureForm {
    match channel.kind {
        ChannelKind::Ntfy(_)
        | ChannelKind::Telegram(_)
        | ChannelKind::Discord(_)
        | ChannelKind::Slack(Slack::Bot { .. })
        | ChannelKind::Pushover(_)
        | ChannelKind::Mail(_)
        | ChannelKind::Apprise(_) => PictureForm::Bytes,
        ChannelKind::Webhook(_)
        | ChannelKind::HomeAssistant(_)
        | ChannelKind::Slack(Slack::Webhook { .. }) => PictureForm::Link,
    }
}

/// Delivers a notification by a channel.
///
/// Where the service refuses the picture, the text is delivered in the same attempt and the reason returned.
///
/// # Errors
///
/// When the channel did not accept it, or nobody knows whether it did.
pub async fn deliver<P: Ports>(
    ports: &P,
    client: &Client,
    channel: &Channel,
    notification: &Notification<'_>,
) -> Result<Accepted, DeliveryError> {
    let transport = Transport { ports, client, network: channel.network };
    let delivery = Box::pin(deliver_by_kind(&transport, &channel.kind, notification));
    tokio::time::timeout(TIME_LIMIT, delivery)
        .await
        .map_err(|_| DeliveryError::TooSlow { limit: TIME_LIMIT })?
}

async fn deliver_by_kind<P: Ports>(
    transport: &Transport<'_, P>,
    kind: &ChannelKind,
    notification: &Notification<'_>,
) -> Result<Accepted, DeliveryError> {
    match kind {
        ChannelKind::Ntfy(topic) => ntfy::deliver(transport, topic, notification).await,
        ChannelKind::Webhook(webhook) => webhook::deliver(transport, webhook, notification).await,
        ChannelKind::HomeAssistant(server) => home_assistant::deliver(transport, server, notification).await,
        ChannelKind::Telegram(chat) => telegram::deliver(transport, chat, notification).await,
        ChannelKind::Discord(webhook) => discord::deliver(transport, webhook, notification).await,
        ChannelKind::Slack(access) => slack::deliver(transport, access, notification).await,
        ChannelKind::Pushover(user) => pushover::deliver(transport, user, notification).await,
        ChannelKind::Mail(settings) => mail::deliver(transport, settings, notification).await,
        ChannelKind::Apprise(server) => apprise::deliver(transport, server, notification).await,
    }
}
