//! Telegram: a chat, by a bot.
//!
//! Source: the Telegram Bot API, for the methods, their limits (a caption of 1024 characters, a text of 4096) and
//! the answers (`description`, `parameters.retry_after`, `parameters.migrate_to_chat_id`). Title and text are sent
//! plain, with entities for bold text and links, so that nothing in them has to be escaped. Lengths of entities are
//! in UTF-16 code units; the limits are counted in them, too.
//!
//! Two pictures are sent as an album. What is refused (its sides, its size, a group without media rights) is sent in
//! a simpler form: one photo, a document, the text with a link, the text alone.

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

use super::accepted::{Accepted, Caveat, richest_accepted};
use super::exchange::{Refusal, Transport};
use super::limit::{utf16, utf16_length};
use super::multipart;
use crate::error::DeliveryError;
use crate::notification::Notification;

const CAPTION_LIMIT: usize = 1024;
const TEXT_LIMIT: usize = 4096;

/// The fields of an album's photos.
const ATTACHED: [&str; 2] = ["photo0", "photo1"];

/// The text of a link.
const LINK_TEXT: &str = "📷";

/// The forms of a message, the richest first.
enum Form<'a> {
    Album(Vec<(&'a str, Bytes)>),
    Photo(&'a str, Bytes),
    Document(&'a str, Bytes),
    Text(Option<&'a str>),
}

pub(super) async fn deliver<P: Ports>(
    transport: &Transport<'_, P>,
    chat: &Telegram,
    notification: &Notification<'_>,
) -> Result<Accepted, DeliveryError> {
    let token = transport.secret(&chat.token).await?;
    let bot = Bot { transport, server: &chat.server, token, thread: chat.thread };
    match bot.deliver(&chat.chat, notification).await {
        // The group became a supergroup: its members read the new one.
        Err(DeliveryError::Moved { chat: to }) => {
            let mut accepted = bot.deliver(&to, notification).await?;
            accepted.caveats.push(Caveat::ChatMoved { from: chat.chat.clone(), to });
            Ok(accepted)
        }
        result => result,
    }
}

/// A bot, which calls methods.
struct Bot<'a, P> {
    transport: &'a Transport<'a, P>,
    server: &'a Url,
    token: SecretString,
    thread: Option<u64>,
}

impl<P: Ports> Bot<'_, P> {
    async fn deliver(&self, chat: &str, notification: &Notification<'_>) -> Result<Accepted, DeliveryError> {
        let pictures = notification.pictures();
        let mut forms = Vec::new();
        if let Some((name, bytes)) = notification.only_picture() {
            if pictures.len() > 1 {
                forms.push(Form::Album(pictures));
            }
            forms.push(Form::Photo(name, bytes.clone()));
            forms.push(Form::Document(name, bytes));
        }
        if let Some(link) = notification.link() {
            forms.push(Form::Text(Some(link)));
        }
        forms.push(Form::Text(None));
        richest_accepted(forms, async |form| {
            let result = match form {
                Form::Album(pictures) => {
                    self.call("sendMediaGroup", self.album(chat, notification, pictures)).await
                }
                Form::Photo(name, bytes) => {
                    let form = self.captioned(chat, notification).jpeg("photo", name, bytes);
                    self.call("sendPhoto", Body::Form(form)).await
                }
                Form::Document(name, bytes) => {
                    let form = self.captioned(chat, notification).jpeg("document", name, bytes);
                    self.call("sendDocument", Body::Form(form)).await
                }
                Form::Text(link) => self.call("sendMessage", self.text(chat, notification, link)).await,
            };
            // Nothing else goes to a chat that does not exist or that the bot is not in.
            result.map_err(|error| match error {
                DeliveryError::Refused { status, reason: Some(reason), .. } if is_about_chat(&reason) => {
                    DeliveryError::ChatRefused { status, reason }
                }
                error => error,
            })
        })
        .await
    }

    async fn call(&self, method: &str, body: Body) -> Result<(), DeliveryError> {
        let request = Request::new(Method::POST, method_url(self.server, &self.token, method)?);
        let request = match body {
            Body::Form(form) => form.body_of(request)?,
            Body::Json(value) => {
                request.with_body("application/json", Bytes::from(serde_json::to_vec(&value)?))
            }
        };
        self.transport.exchange(&request, refusal).await.map(drop)
    }

    fn addressed(&self, chat: &str) -> multipart::Form {
        multipart::Form::default()
            .text("chat_id", chat)
            .optional("message_thread_id", self.thread.map(|thread| thread.to_string()))
    }

    fn captioned(&self, chat: &str, notification: &Notification<'_>) -> multipart::Form {
        self.addressed(chat)
            .text("caption", utf16(&joined(notification), CAPTION_LIMIT))
            .text("caption_entities", json!([bold(notification)]).to_string())
    }

    /// Several photos in one message, with the caption at the first.
    fn album(&self, chat: &str, notification: &Notification<'_>, pictures: Vec<(&str, Bytes)>) -> Body {
        let media: Vec<Value> = ATTACHED
            .iter()
            .zip(&pictures)
            .enumerate()
            .map(|(index, (name, _))| {
                let mut photo = json!({ "type": "photo", "media": format!("attach://{name}") });
                if index == 0 {
                    photo["caption"] = utf16(&joined(notification), CAPTION_LIMIT).into();
                    photo["caption_entities"] = json!([bold(notification)]);
                }
                photo
            })
            .collect();
        let mut form = self.addressed(chat).text("media", Value::from(media).to_string());
        for (field, (name, bytes)) in ATTACHED.iter().zip(pictures) {
            form = form.jpeg(field, name, bytes);
        }
        Body::Form(form)
    }

    fn text(&self, chat: &str, notification: &Notification<'_>, link: Option<&str>) -> Body {
        let mut text = utf16(&joined(notification), TEXT_LIMIT - 1 - utf16_length(LINK_TEXT));
        let mut entities = vec![bold(notification)];
        if let Some(link) = link {
            text.push('\n');
            let (offset, length) = (utf16_length(&text), utf16_length(LINK_TEXT));
            text.push_str(LINK_TEXT);
            entities.push(json!({ "type": "text_link", "offset": offset, "length": length, "url": link }));
        }
        let mut message = json!({ "chat_id": chat, "text": text, "entities": entities });
        if let (Some(thread), Some(fields)) = (self.thread, message.as_object_mut()) {
            fields.insert("message_thread_id".to_owned(), thread.into());
        }
        Body::Json(message)
    }
}

enum Body {
    Form(multipart::Form),
    Json(Value),
}

fn method_url(server: &Url, token: &SecretString, method: &str) -> Result<Url, DeliveryError> {
    let token = token.expose_secret().trim();
    let is_token = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b':' | b'-' | b'_');
    let base = server.as_str().trim_end_matches('/');
    let url = token.bytes().all(is_token).then(|| format!("{base}/bot{token}/{method}").parse().ok());
    url.flatten().ok_or(DeliveryError::Setting { key: "token", problem: "is not a bot token" })
}

/// Whether a refusal is about the bot or the chat, so that no form of the message is accepted.
/// The descriptions are those that the Bot API is known to use; they are not documented.
fn is_about_chat(reason: &str) -> bool {
    let reason = reason.to_ascii_lowercase();
    let phrases = [
        "chat not found",
        "chat_id",
        "peer_id_invalid",
        "thread not found",
        "bot was",
        "bot is not a member",
    ];
    phrases.iter().any(|phrase| reason.contains(phrase)) || reason.contains("user is deactivated")
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

#[derive(Default, Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
    migrate_to_chat_id: Option<i64>,
}

fn refusal(answer: &Answer) -> Refusal {
    let Ok(Refused { description, parameters }) = serde_json::from_slice(&answer.body) else {
        return Refusal::default();
    };
    let parameters = parameters.unwrap_or_default();
    Refusal {
        reason: description,
        retry_after: parameters.retry_after.map(Duration::from_secs),
        moved_to: parameters.migrate_to_chat_id.map(|chat| chat.to_string()),
    }
}
