//! Home Assistant: a webhook trigger, or the action of a notify service.
//!
//! Source: Home Assistant's documentation of webhook triggers (`POST /api/webhook/{id}`, JSON is `trigger.json`, any
//! id is answered with 200), of its REST API (`POST /api/services/{domain}/{service}` with a long-lived token) and of
//! notifications of its app (`data.image`, `data.tag`, `data.group`). Both take the same body, so that an automation
//! can forward `title`, `message` and `data` unchanged. A service refuses unknown keys, so that only a webhook gets
//! the event.

use bytes::Bytes;
use camhook_event::Event;
use camhook_outbound::{Authentication, Request};
use camhook_ports::Ports;
use camhook_site::HomeAssistant;
use camhook_state::alert::Alert;
use http::Method;
use serde::Serialize;

use super::accepted::Accepted;
use super::exchange::{Transport, json_reason};
use crate::error::DeliveryError;
use crate::notification::{Notification, Subject};

#[derive(Debug, Serialize)]
struct Body<'a> {
    title: &'a str,
    message: &'a str,
    data: Data<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a Event>,
    #[serde(rename = "trouble", skip_serializing_if = "Option::is_none")]
    alert: Option<&'a Alert>,
}

#[derive(Debug, Serialize)]
struct Data<'a> {
    /// A link that is valid for an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    /// The event's page, which iOS opens.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    /// The event's page, which Android opens.
    #[serde(rename = "clickAction", skip_serializing_if = "Option::is_none")]
    click_action: Option<&'a str>,
    /// A message replaces one with the same tag, so that a repeated message is shown once.
    tag: &'a str,
    group: &'static str,
}

pub(super) async fn deliver<P: Ports>(
    transport: &Transport<'_, P>,
    server: &HomeAssistant,
    notification: &Notification<'_>,
) -> Result<Accepted, DeliveryError> {
    let url = transport.secret_url(&server.url).await?;
    let (event, alert) = match notification.subject {
        Subject::Event(event) => (Some(event), None),
        Subject::Alert(alert) => (None, Some(alert)),
        Subject::HeldBack | Subject::Test => (None, None),
    };
    let is_webhook = url.path().starts_with("/api/webhook/");
    let body = serde_json::to_vec(&Body {
        title: &notification.title,
        message: &notification.text,
        data: Data {
            image: notification.picture.as_ref().and_then(|picture| picture.link.as_deref()),
            url: notification.page.as_deref(),
            click_action: notification.page.as_deref(),
            tag: &notification.id,
            group: "camhook",
        },
        event: event.filter(|_| is_webhook),
        alert: alert.filter(|_| is_webhook),
    })?;
    let mut request = Request::new(Method::POST, url).with_body("application/json", Bytes::from(body));
    if let Some(token) = &server.token {
        request = request.with_authentication(Authentication::Bearer(transport.secret(token).await?));
    }
    transport.exchange(&request, json_reason).await.map(|_| Accepted::default())
}
