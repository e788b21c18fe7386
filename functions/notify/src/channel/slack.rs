//! Slack: a channel, by an incoming webhook or by a bot.
//!
//! Source: Slack's developer documentation on incoming webhooks, `chat.postMessage`, `files.getUploadURLExternal`,
//! `files.completeUploadExternal`, the escaping of text (`&`, `<`, `>`) and rate limits (429 with `Retry-After`).
//! A method that was refused answers 200 with `ok: false` and the name of the error. A webhook takes no files: the
//! picture is sent as a link. A bot posts the text with a link and shares the pictures below it.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use camhook_outbound::{Answer, Authentication, Request};
use camhook_ports::Ports;
use camhook_site::Slack;
use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use super::accepted::Accepted;
use super::exchange::{Refusal, Transport};
use super::limit::characters;
use crate::error::DeliveryError;
use crate::notification::Notification;

/// Slack advises not to send more, and cuts at ten times as much.
const TEXT_LIMIT: usize = 4000;

/// The time limit of sharing pictures. With that of the request for the text it is below the limit of a delivery: a
/// text that was accepted is not posted again because its pictures are slow.
const SHARING_LIMIT: Duration = Duration::from_secs(14);

/// Errors that are temporary.
const PASSING: [&str; 6] = [
    "ratelimited",
    "rate_limited",
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
];

pub(super) async fn deliver<P: Ports>(
    transport: &Transport<'_, P>,
    access: &Slack,
    notification: &Notification<'_>,
) -> Result<Accepted, DeliveryError> {
    match access {
        Slack::Webhook { url } => {
            let url = transport.secret_url(url).await?;
            let body = json!({ "text": text(notification) });
            let request = Request::new(Method::POST, url)
                .with_body("application/json", Bytes::from(serde_json::to_vec(&body)?));
            transport.exchange(&request, webhook_refusal).await.map(|_| Accepted::default())
        }
        Slack::Bot { server, token, channel } => {
            let authentication = Authentication::Bearer(transport.secret(token).await?);
            let bot = Bot { transport, server, authentication };
            bot.deliver(channel, notification).await
        }
    }
}

/// A bot, which calls methods.
struct Bot<'a, P> {
    transport: &'a Transport<'a, P>,
    server: &'a Url,
    authentication: Authentication,
}

#[derive(Deserialize)]
struct Upload {
    upload_url: String,
    file_id: String,
}

#[derive(Deserialize)]
struct Nothing {}

impl<P: Ports> Bot<'_, P> {
    /// Posts the text, then shares the pictures below it.
    ///
    /// The text comes first because Slack shares an uploaded file later, and does not say when it fails to.
    async fn deliver(
        &self,
        channel: &str,
        notification: &Notification<'_>,
    ) -> Result<Accepted, DeliveryError> {
        let body = json!({ "channel": channel, "text": text(notification), "unfurl_links": false });
        self.call::<Nothing>("chat.postMessage", "application/json; charset=utf-8", &body.to_string())
            .await?;
        let sharing = tokio::time::timeout(SHARING_LIMIT, self.share_pictures(channel, notification));
        let too_slow = |_| Err(DeliveryError::TooSlow { limit: SHARING_LIMIT });
        match sharing.await.unwrap_or_else(too_slow) {
            Ok(()) => Ok(Accepted::default()),
            Err(error) => {
                tracing::warn!(%error, "failed to share a picture, the text has a link");
                Ok(Accepted::without_picture(error.to_string()))
            }
        }
    }

    async fn share_pictures(
        &self,
        channel: &str,
        notification: &Notification<'_>,
    ) -> Result<(), DeliveryError> {
        let mut files = Vec::new();
        for (name, bytes) in notification.pictures() {
            let file = self.upload(name, bytes).await?;
            files.push(json!({ "id": file, "title": notification.title }));
        }
        if files.is_empty() {
            return Ok(());
        }
        let body = json!({ "files": files, "channel_id": channel });
        let method = "files.completeUploadExternal";
        self.call::<Nothing>(method, "application/json; charset=utf-8", &body.to_string()).await?;
        Ok(())
    }

    /// Uploads a picture that nobody sees yet; its id.
    async fn upload(&self, file_name: &str, bytes: Bytes) -> Result<String, DeliveryError> {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("filename", file_name)
            .append_pair("length", &bytes.len().to_string())
            .finish();
        let upload: Upload =
            self.call("files.getUploadURLExternal", "application/x-www-form-urlencoded", &form).await?;
        let url = self.upload_url(&upload.upload_url)?;
        let request = Request::new(Method::POST, url).with_body("image/jpeg", bytes);
        self.transport.exchange(&request, webhook_refusal).await?;
        Ok(upload.file_id)
    }

    /// Checks the URL for an upload: it has to be on the server itself or on a host of Slack.
    fn upload_url(&self, text: &str) -> Result<Url, DeliveryError> {
        let url = Url::parse(text).ok().filter(|url| {
            let is_same = url.host() == self.server.host() && url.port() == self.server.port();
            let is_slacks = url.host_str().is_some_and(|host| host.ends_with(".slack.com"));
            url.scheme() == self.server.scheme() && (is_same || is_slacks)
        });
        url.ok_or_else(|| DeliveryError::Declined {
            reason: "the upload URL is not on a host of Slack".to_owned(),
        })
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: &'static str,
        content_type: &'static str,
        body: &str,
    ) -> Result<T, DeliveryError> {
        let url = format!("{}/{method}", self.server.as_str().trim_end_matches('/'));
        let url =
            url.parse().map_err(|_| DeliveryError::Setting { key: "server", problem: "is not a URL" })?;
        let request = Request::new(Method::POST, url)
            .with_body(content_type, Bytes::from(body.to_owned()))
            .with_authentication(self.authentication.clone());
        let answer = self.transport.exchange(&request, webhook_refusal).await?;
        read(&answer)
    }
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, DeliveryError> {
    let unreadable = || DeliveryError::Declined { reason: "the answer is not in Slack's form".to_owned() };
    let value: Value = serde_json::from_slice(&answer.body).map_err(|_| unreadable())?;
    if value.get("ok") == Some(&Value::Bool(true)) {
        return serde_json::from_value(value).map_err(|_| unreadable());
    }
    let error = value.get("error").and_then(Value::as_str).unwrap_or("without a reason");
    let error = characters(error, 100);
    if PASSING.contains(&error.as_str()) {
        return Err(DeliveryError::Passing { reason: error });
    }
    Err(DeliveryError::Declined { reason: error })
}

/// A refusal of a webhook, or of an upload: the error's name as plain text.
fn webhook_refusal(answer: &Answer) -> Refusal {
    let text = std::str::from_utf8(&answer.body).unwrap_or_default().trim();
    let is_name = |text: &str| text.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'_');
    let reason = (!text.is_empty() && text.len() <= 100 && is_name(text)).then(|| text.to_owned());
    Refusal { reason, ..Refusal::default() }
}

fn text(notification: &Notification<'_>) -> String {
    let text = format!("*{}*\n{}", notification.title, notification.text);
    let text = escaped(&characters(&text, TEXT_LIMIT));
    let picture = notification.link().map(|link| linked(link, "📷"));
    let page = notification.page.as_deref().map(|page| linked(page, "Open the event"));
    let links: Vec<String> = picture.into_iter().chain(page).collect();
    if links.is_empty() {
        return text;
    }
    format!("{text}\n{}", links.join(" "))
}

fn linked(url: &str, text: &str) -> String {
    format!("<{}|{text}>", url.replace('|', "%7C").replace('&', "&amp;"))
}

fn escaped(text: &str) -> String {
    let escape = |character| -> Cow<'static, str> {
        match character {
            '&' => "&amp;".into(),
            '<' => "&lt;".into(),
            '>' => "&gt;".into(),
            other => other.to_string().into(),
        }
    };
    text.chars().map(escape).collect()
}
