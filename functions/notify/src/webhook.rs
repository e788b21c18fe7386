//! Webhook: another system that takes JSON by POST.
//!
//! Source: Standard Webhooks, for the form of the body (`type`, `timestamp`, `data`) and the signature.

use bytes::Bytes;
use camhook_event::Event;
use camhook_outbound::standard_webhooks::{self, SigningKey};
use camhook_outbound::{Client, Request};
use camhook_ports::{Clock, Ports, SecretReference, Secrets};
use camhook_site::Network;
use camhook_state::alert::Alert;
use http::Method;
use jiff::Timestamp;
use serde::Serialize;
use url::Url;

use crate::channel::send;
use crate::{NotTold, Notification, Subject};

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
    /// A link that is good for an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a Event>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<&'a Alert>,
}

pub(crate) async fn tell<P: Ports>(
    ports: &P,
    client: &Client,
    network: Network,
    url: &Url,
    secret: Option<&SecretReference>,
    notification: &Notification<'_>,
) -> Result<(), NotTold> {
    let now = ports.clock().now();
    let body = Bytes::from(body(notification, now)?);
    let mut request = Request::new(Method::POST, url.clone()).with_body("application/json", body.clone());
    if let Some(secret) = secret {
        let key = SigningKey::parse(&ports.secrets().resolve(secret).await?)?;
        request = request.with_headers(standard_webhooks::headers(&key, &notification.id, now, &body)?);
    } else {
        request = request.with_header(standard_webhooks::WEBHOOK_ID, &notification.id)?;
    }
    send(ports, client, network, &request).await
}

fn body(notification: &Notification<'_>, now: Timestamp) -> Result<Vec<u8>, serde_json::Error> {
    let (event, trouble) = match notification.subject {
        Subject::Event(event) => (Some(event), None),
        Subject::Alert(trouble) => (None, Some(trouble)),
        Subject::Test => (None, None),
    };
    serde_json::to_vec(&Body {
        body_type: match notification.subject {
            Subject::Event(_) => "camhook.notification.v1",
            Subject::Alert(_) => "camhook.trouble.v1",
            Subject::Test => "camhook.test.v1",
        },
        timestamp: now,
        data: Data {
            title: &notification.title,
            message: &notification.text,
            picture: notification.picture.as_ref().and_then(|picture| picture.link.as_deref()),
            event,
            trouble,
        },
    })
}
