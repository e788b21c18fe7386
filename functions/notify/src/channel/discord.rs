//! Discord: a channel, by its webhook.
//!
//! Source: the page on webhooks of Discord's developer documentation (Execute Webhook, at most 2000 characters of
//! content, files as `files[n]` beside `payload_json`, `wait=true` for an answer that says whether it was taken)
//! and the page on rate limits (429, `retry_after` in seconds, with a fraction). The limit of the content is counted
//! in UTF-16 code units. Pictures that are refused, for their size or otherwise, are replaced by a link.

use std::time::Duration;

use bytes::Bytes;
use camhook_outbound::{Answer, Request};
use camhook_ports::Ports;
use camhook_site::Discord;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::accepted::{Accepted, richest_accepted};
use super::exchange::{Refusal, Transport};
use super::limit::{utf16, utf16_length};
use super::multipart;
use crate::error::DeliveryError;
use crate::notification::Notification;

const CONTENT_LIMIT: usize = 2000;

/// The forms of a message, the richest first.
enum Form<'a> {
    Pictures(Vec<(&'a str, Bytes)>),
    Text(Option<&'a str>),
}

pub(super) async fn deliver<P: Ports>(
    transport: &Transport<'_, P>,
    webhook: &Discord,
    notification: &Notification<'_>,
) -> Result<Accepted, DeliveryError> {
    let mut url = transport.secret_url(&webhook.url).await?;
    url.query_pairs_mut().append_pair("wait", "true");
    let pictures = notification.pictures();
    let mut forms = Vec::new();
    if let Some((name, bytes)) = notification.only_picture() {
        if pictures.len() > 1 {
            forms.push(Form::Pictures(pictures));
        }
        forms.push(Form::Pictures(vec![(name, bytes)]));
    }
    if let Some(link) = notification.link().filter(|link| fits(notification, link)) {
        forms.push(Form::Text(Some(link)));
    }
    forms.push(Form::Text(None));
    richest_accepted(forms, async |form| {
        let request = Request::new(Method::POST, url.clone());
        let request = match form {
            Form::Pictures(pictures) => with_pictures(request, notification, pictures)?,
            Form::Text(link) => {
                request.with_body("application/json", Bytes::from(message(notification, link).to_string()))
            }
        };
        transport.exchange(&request, refusal).await.map(drop)
    })
    .await
}

fn with_pictures(
    request: Request,
    notification: &Notification<'_>,
    pictures: Vec<(&str, Bytes)>,
) -> Result<Request, DeliveryError> {
    let mut message = message(notification, None);
    let attachments =
        pictures.iter().enumerate().map(|(id, (name, _))| json!({ "id": id, "filename": name }));
    message["attachments"] = attachments.collect();
    let mut form = multipart::Form::default().text("payload_json", message.to_string());
    for (field, (name, bytes)) in ["files[0]", "files[1]"].into_iter().zip(pictures) {
        form = form.jpeg(field, name, bytes);
    }
    form.body_of(request)
}

/// Whether a link fits beside the title; the text is cut for it. One that is signed by a role has some 1,500 characters.
fn fits(notification: &Notification<'_>, link: &str) -> bool {
    let title = utf16_length(&escaped(&notification.title)) + utf16_length("****\n");
    title + utf16_length(link) < CONTENT_LIMIT
}

/// The message. It mentions nobody, whatever an event contains.
fn message(notification: &Notification<'_>, link: Option<&str>) -> Value {
    let end = link.map_or_else(String::new, |link| format!("\n{link}"));
    let text = format!("**{}**\n{}", escaped(&notification.title), escaped(&notification.text));
    let content = utf16(&text, CONTENT_LIMIT - utf16_length(&end)) + &end;
    json!({ "content": content, "allowed_mentions": { "parse": [] } })
}

/// The text with Discord's Markdown escaped.
fn escaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '#' | '[' | ']' | '<') {
            plain.push('\\');
        }
        plain.push(character);
    }
    plain
}

#[derive(Deserialize)]
struct Refused {
    message: Option<String>,
    retry_after: Option<f64>,
}

fn refusal(answer: &Answer) -> Refusal {
    let Ok(Refused { message, retry_after }) = serde_json::from_slice(&answer.body) else {
        return Refusal::default();
    };
    let retry_after = retry_after.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    Refusal { reason: message, retry_after, moved_to: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_of_a_device_is_escaped() {
        assert_eq!(escaped("Gate_1 *x* @here [a](b)"), "Gate\\_1 \\*x\\* @here \\[a\\](b)");
    }
}
