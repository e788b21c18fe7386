//! Pushover: a user's or a group's devices.
//!
//! Source: Pushover's message API: a form with `token`, `user`, `message` (1024 characters), `title` (250),
//! `priority`, and for an emergency `retry` and `expire`; the picture as `attachment`, at most 5,242,880 bytes; the
//! answer's `errors`. A message with a larger picture goes without it.

use bytes::Bytes;
use camhook_outbound::{Answer, Request};
use camhook_ports::Ports;
use camhook_site::{Pushover, PushoverPriority};
use http::Method;
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::exchange::{Refusal, Transport};
use super::limit::characters;
use super::multipart::Form;
use crate::error::DeliveryError;
use crate::notification::Notification;

const MESSAGE_LIMIT: usize = 1024;
const TITLE_LIMIT: usize = 250;
const ATTACHMENT_LIMIT: usize = 5_242_880;

pub(super) async fn deliver<P: Ports>(
    transport: &Transport<'_, P>,
    settings: &Pushover,
    notification: &Notification<'_>,
) -> Result<(), DeliveryError> {
    let token = transport.secret(&settings.token).await?;
    let user = transport.secret(&settings.user).await?;
    let mut form = Form::default()
        .text("token", token.expose_secret().trim())
        .text("user", user.expose_secret().trim())
        .text("title", characters(&notification.title, TITLE_LIMIT))
        .text("message", characters(&notification.text, MESSAGE_LIMIT))
        .text("priority", settings.priority.number().to_string())
        .optional("sound", settings.sound.as_deref())
        .optional("device", settings.device.as_deref());
    if let PushoverPriority::Emergency { retry, expire } = settings.priority {
        form = form.text("retry", retry.as_secs().to_string()).text("expire", expire.as_secs().to_string());
    }
    if let Some((picture, bytes)) = attachable(notification) {
        form = form.jpeg("attachment", picture, bytes);
    }
    let url = format!("{}/1/messages.json", settings.server.as_str().trim_end_matches('/'));
    let url = url.parse().map_err(|_| DeliveryError::Setting { key: "server", problem: "is not a URL" })?;
    let request = form.body_of(Request::new(Method::POST, url))?;
    transport.exchange(&request, refusal).await.map(drop)
}

fn attachable<'a>(notification: &'a Notification<'_>) -> Option<(&'a str, Bytes)> {
    let picture = notification.picture.as_ref()?;
    let bytes = picture.bytes.clone().filter(|bytes| bytes.len() <= ATTACHMENT_LIMIT)?;
    Some((&picture.file_name, bytes))
}

#[derive(Deserialize)]
struct Refused {
    errors: Vec<String>,
}

fn refusal(answer: &Answer) -> Refusal {
    let errors =
        serde_json::from_slice::<Refused>(&answer.body).ok().map(|refused| refused.errors.join(", "));
    Refusal { reason: errors, retry_after: None }
}
