//! Telegram: a chat, by a bot.
//!
//! Source: the Telegram Bot API, for the methods, their limits (a caption of 1024 characters, a text of 4096) and
//! the answers (`description`, `parameters.retry_after`). Title and text are sent plain, with entities for what
//! is bold or a link, so that nothing in them has to be escaped. That lengths count UTF-16 code units is said of
//! entities; here it is kept for the limits too. A picture that sendPhoto refuses (its sides and their ratio are
//! limited) goes as a document, and when that is refused too the text goes alone, with a link.

use std::time::Duration;

use bytes::Bytes;
use camhook_outbound::{Answer, Request};
use camhook_ports::Ports;
use camhook_site::Telegram;
use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::exchange::{Refusal, Transport};
use super::limit::{utf16, utf16_length};
use super::multipart::Form;
use crate::error::DeliveryError;
use crate::notification::Notification;

const CAPTION_LIMIT: usize = 1024;
const TEXT_LIMIT: usize = 4096;

/// What stands in the place of a link's address.
const LINK_TEXT: &str = "📷";

pub(super) async fn deliver<P: Ports>(
    transport: &Transport<'_, P>,
    chat: &Telegram,
    notification: &Notification<'_>,
) -> Result<(), DeliveryError> {
    let token = transport.secret(&chat.token).await?;
    let ask = async |method: &str, body: Body| {
        let request = Request::new(Method::POST, method_url(&chat.server, &token, method)?);
        let request = match body {
            Body::Form(form) => form.body_of(request)?,
            Body::Json(value) => {
                request.with_body("application/json", Bytes::from(serde_json::to_vec(&value)?))
            }
        };
        transport.exchange(&request, refusal).await.map(drop)
    };
    let picture = notification.picture.as_ref();
    let bytes = picture.and_then(|picture| Some((picture, picture.bytes.clone()?)));
    if let Some((picture, bytes)) = bytes {
        for (method, field) in [("sendPhoto", "photo"), ("sendDocument", "document")] {
            let form = captioned(chat, notification).jpeg(field, &picture.file_name, bytes.clone());
            match ask(method, Body::Form(form)).await {
                Err(DeliveryError::Refused { status: 400 | 413, reason, .. })
                    if is_about_the_file(reason.as_deref()) => {}
                result => return result,
            }
        }
    }
    let link = picture.and_then(|picture| picture.link.as_deref());
    ask("sendMessage", Body::Json(text_message(chat, notification, link))).await
}

enum Body {
    Form(Form),
    Json(Value),
}

fn method_url(server: &Url, token: &SecretString, method: &str) -> Result<Url, DeliveryError> {
    let token = token.expose_secret().trim();
    let is_token = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b':' | b'-' | b'_');
    let base = server.as_str().trim_end_matches('/');
    let url = token.bytes().all(is_token).then(|| format!("{base}/bot{token}/{method}").parse().ok());
    url.flatten().ok_or(DeliveryError::Setting { key: "token", problem: "is not a bot token" })
}

/// Whether a refusal is about the file, and not about the bot or the chat.
/// The words are those that the Bot API is known to use; they are not documented.
fn is_about_the_file(reason: Option<&str>) -> bool {
    let Some(reason) = reason.map(str::to_ascii_lowercase) else { return true };
    ["photo", "image", "file", "entity too large"].iter().any(|word| reason.contains(word))
}

fn captioned(chat: &Telegram, notification: &Notification<'_>) -> Form {
    let caption = utf16(&joined(notification), CAPTION_LIMIT);
    Form::default()
        .text("chat_id", chat.chat.as_str())
        .optional("message_thread_id", chat.thread.map(|thread| thread.to_string()))
        .text("caption", caption)
        .text("caption_entities", json!([bold(notification)]).to_string())
}

fn text_message(chat: &Telegram, notification: &Notification<'_>, link: Option<&str>) -> Value {
    let mut text = utf16(&joined(notification), TEXT_LIMIT - 1 - LINK_TEXT.len());
    let mut entities = vec![bold(notification)];
    if let Some(link) = link.filter(|link| link.starts_with("http")) {
        text.push('\n');
        let (offset, length) = (utf16_length(&text), utf16_length(LINK_TEXT));
        text.push_str(LINK_TEXT);
        entities.push(json!({ "type": "text_link", "offset": offset, "length": length, "url": link }));
    }
    let mut message = json!({ "chat_id": chat.chat, "text": text, "entities": entities });
    if let (Some(thread), Some(fields)) = (chat.thread, message.as_object_mut()) {
        fields.insert("message_thread_id".to_owned(), thread.into());
    }
    message
}

fn joined(notification: &Notification<'_>) -> String {
    format!("{}\n{}", notification.title, notification.text)
}

fn bold(notification: &Notification<'_>) -> Value {
    json!({ "type": "bold", "offset": 0, "length": utf16_length(&notification.title) })
}

#[derive(Deserialize)]
struct Refused {
    description: Option<String>,
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
}

fn refusal(answer: &Answer) -> Refusal {
    let Ok(Refused { description, parameters }) = serde_json::from_slice(&answer.body) else {
        return Refusal::default();
    };
    let retry_after = parameters.and_then(|parameters| parameters.retry_after).map(Duration::from_secs);
    Refusal { reason: description, retry_after }
}
