//! Home Assistant: a webhook trigger, or the action of a notify service.
//!
//! Source: Home Assistant's documentation of webhook triggers (`POST /api/webhook/{id}`, JSON is `trigger.json`, any
//! id is answered with 200), of its REST API (`POST /api/services/{domain}/{service}` with a long-lived token) and of
//! notifications of its app (`data.image`, `data.tag`, `data.group`). Both take the same body, so that an automation
//! can hand `title`, `message` and `data` on as they are. A service refuses keys that it does not know: the event
//! goes to a webhook alone.

use bytes::Bytes;
use camhook_event::Event;
use camhook_outbound::{Authentication, Client, Request};
use camhook_ports::{Ports, SecretReference, Secrets};
use camhook_site::Network;
use camhook_state::alert::Alert;
use http::Method;
use serde::Serialize;

use crate::channel::{Refusal, exchange, secret_url};
use crate::{NotTold, Notification, Subject};

#[derive(Debug, Serialize)]
struct Body<'a> {
    title: &'a str,
    message: &'a str,
    data: Data<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a Event>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<&'a Alert>,
}

#[derive(Debug, Serialize)]
struct Data<'a> {
    /// A link that is good for an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    /// A message with the same tag replaces the other: one that comes twice is shown once.
    tag: &'a str,
    group: &'static str,
}

pub(crate) async fn tell<P: Ports>(
    ports: &P,
    client: &Client,
    network: Network,
    (url, token): (&SecretReference, Option<&SecretReference>),
    notification: &Notification<'_>,
) -> Result<(), NotTold> {
    let url = secret_url(ports, url).await?;
    let (event, trouble) = match notification.subject {
        Subject::Event(event) => (Some(event), None),
        Subject::Alert(trouble) => (None, Some(trouble)),
        Subject::Test => (None, None),
    };
    let is_webhook = url.path().starts_with("/api/webhook/");
    let body = serde_json::to_vec(&Body {
        title: &notification.title,
        message: &notification.text,
        data: Data {
            image: notification.picture.as_ref().and_then(|picture| picture.link.as_deref()),
            tag: &notification.id,
            group: "camhook",
        },
        event: event.filter(|_| is_webhook),
        trouble: trouble.filter(|_| is_webhook),
    })?;
    let mut request = Request::new(Method::POST, url).with_body("application/json", Bytes::from(body));
    if let Some(token) = token {
        request = request.with_authentication(Authentication::Bearer(ports.secrets().resolve(token).await?));
    }
    exchange(ports, client, network, &request, |_| Refusal::default()).await.map(drop)
}
