//! Discord: a channel, by its webhook.
//!
//! Source: the page on webhooks of Discord's developer documentation (Execute Webhook, at most 2000 characters of
//! content, files as `files[n]` beside `payload_json`, `wait=true` for an answer that says whether it was taken)
//! and the page on rate limits (429, `retry_after` in seconds, with a fraction). A picture that is too large is
//! refused with 413: the text then goes alone, with a link.

use std::time::Duration;

use bytes::Bytes;
use camhook_outbound::{Answer, Request};
use camhook_ports::Ports;
use camhook_site::Discord;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::exchange::{Refusal, Transport};
use super::limit::utf16;
use super::multipart::Form;
use crate::error::DeliveryError;
use crate::notification::Notification;

const CONTENT_LIMIT: usize = 2000;

pub(super) async fn deliver<P: Ports>(
    transport: &Transport<'_, P>,
    webhook: &Discord,
    notification: &Notification<'_>,
) -> Result<(), DeliveryError> {
    let mut url = transport.secret_url(&webhook.url).await?;
    url.query_pairs_mut().append_pair("wait", "true");
    let picture = notification.picture.as_ref();
    let bytes = picture.and_then(|picture| Some((picture, picture.bytes.clone()?)));
    if let Some((picture, bytes)) = bytes {
        let mut message = message(notification, None);
        message["attachments"] = json!([{ "id": 0, "filename": picture.file_name }]);
        let form = Form::default().text("payload_json", message.to_string()).jpeg(
            "files[0]",
            &picture.file_name,
            bytes,
        );
        let request = form.body_of(Request::new(Method::POST, url.clone()))?;
        match transport.exchange(&request, refusal).await {
            Err(DeliveryError::Refused { status: 413, .. }) => {}
            result => return result.map(drop),
        }
    }
    let link = picture.and_then(|picture| picture.link.as_deref());
    let body = Bytes::from(message(notification, link).to_string());
    let request = Request::new(Method::POST, url).with_body("application/json", body);
    transport.exchange(&request, refusal).await.map(drop)
}

/// The message. It mentions nobody, whatever an event contains.
fn message(notification: &Notification<'_>, link: Option<&str>) -> Value {
    let link = link.filter(|link| link.starts_with("http") && link.len() < CONTENT_LIMIT / 2);
    let end = link.map_or_else(String::new, |link| format!("\n{link}"));
    let text = format!("**{}**\n{}", escaped(&notification.title), escaped(&notification.text));
    let content = utf16(&text, CONTENT_LIMIT - end.len()) + &end;
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
    Refusal { reason: message, retry_after }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_of_a_device_is_escaped() {
        assert_eq!(escaped("Gate_1 *x* @here [a](b)"), "Gate\\_1 \\*x\\* @here \\[a\\](b)");
    }
}
