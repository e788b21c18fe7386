//! Webhook: another system that accepts JSON by POST.
//!
//! Source: Standard Webhooks, for the form of the body (`type`, `timestamp`, `data`) and the signature.

use bytes::Bytes;
use camhook_event::Event;
use camhook_outbound::Request;
use camhook_outbound::standard_webhooks::{self, SigningKey};
use camhook_ports::{Clock, Ports};
use camhook_site::Webhook;
use camhook_state::alert::Alert;
use http::Method;
use jiff::Timestamp;
use serde::Serialize;

use super::accepted::Accepted;
use super::exchange::Transport;
use crate::error::DeliveryError;
use crate::notification::{Notification, Subject};

/// The body of a post.
#[derive(Debug, Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    body_type: &'static str,
    timestamp: Timestamp,
    data: Data<'a>,
}

#[derive(Debug, Serialize)]
struct Data<'a> {
    title: &'a str,
    message: &'a str,
    /// A link that is valid for an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<&'a str>,
    /// The event's page of the console.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a Event>,
    #[serde(rename = "trouble", skip_serializing_if = "Option::is_none")]
    alert: Option<&'a Alert>,
}

pub(super) async fn deliver<P: Ports>(
    transport: &Transport<'_, P>,
    webhook: &Webhook,
    notification: &Notification<'_>,
) -> Result<Accepted, DeliveryError> {
    let now = transport.ports.clock().now();
    let body = Bytes::from(body(notification, now)?);
    let mut request =
        Request::new(Method::POST, webhook.url.clone()).with_body("application/json", body.clone());
    if let Some(secret) = &webhook.secret {
        let key = SigningKey::parse(&transport.secret(secret).await?)?;
        request = request.with_headers(standard_webhooks::headers(&key, &notification.id, now, &body)?);
    } else {
        request = request.with_header(standard_webhooks::WEBHOOK_ID, &notification.id)?;
    }
    transport.send(&request).await.map(|_| Accepted::default())
}

fn body(notification: &Notification<'_>, now: Timestamp) -> Result<Vec<u8>, serde_json::Error> {
    let (event, alert) = match notification.subject {
        Subject::Event(event) => (Some(event), None),
        Subject::Alert(alert) => (None, Some(alert)),
        Subject::HeldBack | Subject::Test => (None, None),
    };
    serde_json::to_vec(&Body {
        body_type: match notification.subject {
            Subject::Event(_) => "camhook.notification.v1",
            Subject::Alert(_) => "camhook.trouble.v1",
            Subject::HeldBack => "camhook.held_back.v1",
            Subject::Test => "camhook.test.v1",
        },
        timestamp: now,
        data: Data {
            title: &notification.title,
            message: &notification.text,
            picture: notification.picture.as_ref().and_then(|picture| picture.link.as_deref()),
            link: notification.page.as_deref(),
            event,
            alert,
        },
    })
}
