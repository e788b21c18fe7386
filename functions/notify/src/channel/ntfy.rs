//! ntfy: a topic of a server that phones subscribe to.
//!
//! Source: the publishing page of ntfy's documentation, and for encoded words in headers `server/util.go` of
//! ntfy itself. A picture is the body of a PUT, with title and text in headers; without one the text is the
//! body. A server that takes no attachments, or none of that size, refuses with 400 or 413: the text then goes
//! alone, with a link to the picture.

use bytes::Bytes;
use camhook_outbound::{Authentication, Request};
use camhook_ports::Ports;
use camhook_site::{Ntfy, NtfyCredential};
use http::{HeaderName, Method};

use super::encoded_word::encode;
use super::exchange::Transport;
use crate::error::DeliveryError;
use crate::notification::{Notification, Picture};

const TITLE: HeaderName = HeaderName::from_static("title");
const MESSAGE: HeaderName = HeaderName::from_static("message");
const FILENAME: HeaderName = HeaderName::from_static("filename");
const ATTACH: HeaderName = HeaderName::from_static("attach");
const TAGS: HeaderName = HeaderName::from_static("tags");
const PRIORITY: HeaderName = HeaderName::from_static("priority");

pub(super) async fn deliver<P: Ports>(
    transport: &Transport<'_, P>,
    topic: &Ntfy,
    notification: &Notification<'_>,
) -> Result<(), DeliveryError> {
    let authentication = authentication(transport, topic.credential.as_ref()).await?;
    let picture = notification.picture.as_ref();
    let bytes = picture.and_then(|picture| Some((picture, picture.bytes.as_ref()?)));
    if let Some((picture, bytes)) = bytes {
        let request = base(topic, notification, &authentication)?
            .with_header(MESSAGE, &encode(&notification.text))?
            .with_header(FILENAME, &picture.file_name)?
            .with_body("image/jpeg", bytes.clone());
        match transport.send(&request).await {
            Err(DeliveryError::Refused { status: 400 | 413, .. }) => {}
            result => return result.map(drop),
        }
    }
    let request = base(topic, notification, &authentication)?;
    let request = match picture.and_then(attachable) {
        Some((link, name)) => request.with_header(ATTACH, link)?.with_header(FILENAME, name)?,
        None => request,
    };
    let text = Bytes::from(notification.text.clone());
    transport.send(&request.with_body("text/plain; charset=utf-8", text)).await.map(drop)
}

fn base(
    topic: &Ntfy,
    notification: &Notification<'_>,
    authentication: &Authentication,
) -> Result<Request, DeliveryError> {
    let mut request = Request::new(Method::PUT, topic.url.clone())
        .with_header(TITLE, &encode(&notification.title))?
        .with_authentication(authentication.clone());
    if let Some(priority) = topic.priority {
        request = request.with_header(PRIORITY, &priority.number().to_string())?;
    }
    if !topic.tags.is_empty() {
        request = request.with_header(TAGS, &encode(&topic.tags.join(",")))?;
    }
    Ok(request)
}

/// The link to a picture, where ntfy takes it: it wants a URL of HTTP.
fn attachable(picture: &Picture) -> Option<(&str, &str)> {
    let link = picture.link.as_deref().filter(|link| link.starts_with("http"))?;
    Some((link, &picture.file_name))
}

async fn authentication<P: Ports>(
    transport: &Transport<'_, P>,
    credential: Option<&NtfyCredential>,
) -> Result<Authentication, DeliveryError> {
    Ok(match credential {
        None => Authentication::None,
        Some(NtfyCredential::Token(token)) => Authentication::Bearer(transport.secret(token).await?),
        Some(NtfyCredential::Basic(basic)) => Authentication::Basic {
            user: basic.user.clone(),
            password: transport.secret(&basic.password).await?,
        },
    })
}
