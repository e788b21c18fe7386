//! Pushover: a user's or a group's devices.
//!
//! Source: Pushover's message API: a form with `token`, `user`, `message` (1024 characters), `title` (250),
//! `priority`, and for an emergency `retry` and `expire`; the picture as `attachment`, at most 5,242,880 bytes; the
//! answer's `errors`. The server's limit for pictures has changed before: a message whose picture is refused is sent
//! without it, with a link where that fits into `url` (512 characters).

use camhook_outbound::{Answer, Request};
use camhook_ports::Ports;
use camhook_site::{Pushover, PushoverPriority};
use http::Method;
use secrecy::ExposeSecret;
use serde::Deserialize;
use url::Url;

use super::accepted::{Accepted, richest_accepted};
use super::exchange::{Refusal, Transport};
use super::limit::characters;
use super::multipart::Form;
use crate::error::DeliveryError;
use crate::notification::Notification;

const MESSAGE_LIMIT: usize = 1024;
const TITLE_LIMIT: usize = 250;
const URL_LIMIT: usize = 512;
const ATTACHMENT_LIMIT: usize = 5_242_880;

pub(super) async fn deliver<P: Ports>(
    transport: &Transport<'_, P>,
    settings: &Pushover,
    notification: &Notification<'_>,
) -> Result<Accepted, DeliveryError> {
    let token = transport.secret(&settings.token).await?;
    let user = transport.secret(&settings.user).await?;
    let url = format!("{}/1/messages.json", settings.server.as_str().trim_end_matches('/'));
    let url: Url =
        url.parse().map_err(|_| DeliveryError::Setting { key: "server", problem: "is not a URL" })?;
    let attachment = notification.only_picture().filter(|(_, bytes)| bytes.len() <= ATTACHMENT_LIMIT);
    let mut forms = Vec::new();
    forms.extend(attachment.map(Some));
    forms.push(None);
    richest_accepted(forms, async |attachment| {
        let mut form = Form::default()
            .text("token", token.expose_secret().trim())
            .text("user", user.expose_secret().trim())
            .text("title", characters(&notification.title, TITLE_LIMIT))
            .text("message", characters(&notification.text, MESSAGE_LIMIT))
            .text("priority", settings.priority.number().to_string())
            .optional("sound", settings.sound.as_deref())
            .optional("device", settings.device.as_deref());
        if let PushoverPriority::Emergency { retry, expire } = settings.priority {
            form =
                form.text("retry", retry.as_secs().to_string()).text("expire", expire.as_secs().to_string());
        }
        // A link to the console shows the picture as well.
        let page = notification.page.as_deref();
        let form = match attachment {
            Some((name, bytes)) => form.optional("url", page).jpeg("attachment", name, bytes),
            None => form.optional("url", page.or(notification.link().filter(|link| link.len() <= URL_LIMIT))),
        };
        let request = form.body_of(Request::new(Method::POST, url.clone()))?;
        transport.exchange(&request, refusal).await.map(drop)
    })
    .await
}

#[derive(Deserialize)]
struct Refused {
    errors: Vec<String>,
}

fn refusal(answer: &Answer) -> Refusal {
    let errors =
        serde_json::from_slice::<Refused>(&answer.body).ok().map(|refused| refused.errors.join(", "));
    Refusal { reason: errors, ..Refusal::default() }
}
