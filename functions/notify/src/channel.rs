//! Channels: how a notification is passed on.

use std::time::Duration;

use camhook_outbound::{Answer, Client, Outcome, Request};
use camhook_ports::{Clock, Ports, SecretReference, Secrets};
use camhook_site::{
    Apprise, Channel, ChannelKind, Discord, HomeAssistant, Mail, Network, Ntfy, Pushover, Slack, Telegram,
    Webhook,
};
use secrecy::ExposeSecret;
use url::Url;

use crate::limit::characters;
use crate::{
    NotTold, Notification, apprise, discord, home_assistant, mail, ntfy, pushover, slack, telegram, webhook,
};

/// How long a channel may take, whatever the number of its requests: shorter than the function may run.
const TIME_LIMIT: Duration = Duration::from_secs(25);

/// How much is repeated of what a service says of its refusal, in characters.
const REASON_LIMIT: usize = 200;

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
    let telling = Box::pin(tell_by_kind(ports, client, channel, notification));
    tokio::time::timeout(TIME_LIMIT, telling).await.map_err(|_| NotTold::TooSlow { limit: TIME_LIMIT })?
}

async fn tell_by_kind<P: Ports>(
    ports: &P,
    client: &Client,
    channel: &Channel,
    notification: &Notification<'_>,
) -> Result<(), NotTold> {
    let network = channel.network;
    match &channel.kind {
        ChannelKind::Ntfy(Ntfy { url, credential, priority, tags }) => {
            let settings = ntfy::Settings { url, credential: credential.as_ref(), priority: *priority, tags };
            ntfy::tell(ports, client, network, &settings, notification).await
        }
        ChannelKind::Webhook(Webhook { url, secret }) => {
            webhook::tell(ports, client, network, url, secret.as_ref(), notification).await
        }
        ChannelKind::HomeAssistant(HomeAssistant { url, token }) => {
            home_assistant::tell(ports, client, network, (url, token.as_ref()), notification).await
        }
        ChannelKind::Telegram(Telegram { server, token, chat, thread }) => {
            let settings = telegram::Settings { server, token, chat, thread: *thread };
            telegram::tell(ports, client, network, &settings, notification).await
        }
        ChannelKind::Discord(Discord { url }) => {
            discord::tell(ports, client, network, url, notification).await
        }
        ChannelKind::Slack(access) => slack::tell(ports, client, network, access, notification).await,
        ChannelKind::Pushover(Pushover { server, token, user, priority, sound, device }) => {
            let (sound, device) = (sound.as_deref(), device.as_deref());
            let settings = pushover::Settings { server, token, user, priority: *priority, sound, device };
            pushover::tell(ports, client, network, &settings, notification).await
        }
        ChannelKind::Mail(Mail { server, credential, from, to }) => {
            let settings = mail::Settings { server, credential: credential.as_ref(), from, to };
            mail::tell(ports, client, network, &settings, notification).await
        }
        ChannelKind::Apprise(Apprise { url, tags, credential }) => {
            let settings = apprise::Settings { url, tags: tags.as_deref(), credential: credential.as_ref() };
            apprise::tell(ports, client, network, &settings, notification).await
        }
    }
}

/// What a service says of its refusal, in its own form.
#[derive(Debug, Default)]
pub(crate) struct Refusal {
    /// Why, for a person.
    pub(crate) reason: Option<String>,
    /// How long it asks to be left alone, where the header does not say.
    pub(crate) retry_after: Option<Duration>,
}

/// Sends a request by a channel whose refusals say nothing more.
pub(crate) async fn send<P: Ports>(
    ports: &P,
    client: &Client,
    network: Network,
    request: &Request,
) -> Result<(), NotTold> {
    exchange(ports, client, network, request, |_| Refusal::default()).await.map(drop)
}

/// Sends a request by a channel; its answer. `refusal` reads what the service says when it refuses.
pub(crate) async fn exchange<P: Ports>(
    ports: &P,
    client: &Client,
    network: Network,
    request: &Request,
    refusal: impl Fn(&Answer) -> Refusal,
) -> Result<Answer, NotTold> {
    match client.send(network, request).await {
        Outcome::Done(answer) => Ok(answer),
        Outcome::Refused(answer) => {
            let Refusal { reason, retry_after } = refusal(&answer);
            Err(NotTold::Refused {
                status: answer.status.as_u16(),
                reason: reason.map(|reason| one_line(&reason)),
                retry_after: answer.retry_after(ports.clock().now()).max(retry_after),
            })
        }
        Outcome::NotSent(reason) => Err(reason.into()),
        Outcome::NoAnswer(failure) => Err(failure.into()),
    }
}

/// What a service says, short enough for a log line.
pub(crate) fn one_line(text: &str) -> String {
    characters(&text.split_whitespace().collect::<Vec<_>>().join(" "), REASON_LIMIT)
}

/// A URL that is a secret.
pub(crate) async fn secret_url<P: Ports>(ports: &P, reference: &SecretReference) -> Result<Url, NotTold> {
    let secret = ports.secrets().resolve(reference).await?;
    let url = secret.expose_secret().trim().parse();
    url.map_err(|_| NotTold::Setting { key: "url", what: "is no address" })
}
