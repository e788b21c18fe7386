//! ntfy: a topic of a server that phones subscribe to.
//!
//! Source: the publishing page of ntfy's documentation (a message has at most 4096 bytes, a longer one becomes a
//! text file), and for encoded words in headers `server/util.go` of ntfy itself. A picture is the body of a PUT,
//! with title and text in headers; without one the text is the body. Servers without attachments, or with a smaller
//! limit, refuse the picture: then the text goes with a link to it, and where that is refused too, alone.

use bytes::Bytes;
use camhook_outbound::{Authentication, Request};
use camhook_ports::Ports;
use camhook_site::{Ntfy, NtfyCredential};
use http::{HeaderName, Method};

use super::accepted::{Accepted, richest_accepted};
use super::encoded_word::encode;
use super::exchange::{Transport, json_reason};
use super::limit::bytes;
use crate::error::DeliveryError;
use crate::notification::{Notification, Picture};

const TITLE: HeaderName = HeaderName::from_static("title");
const MESSAGE: HeaderName = HeaderName::from_static("message");
const FILENAME: HeaderName = HeaderName::from_static("filename");
const ATTACH: HeaderName = HeaderName::from_static("attach");
const TAGS: HeaderName = HeaderName::from_static("tags");
const CLICK: HeaderName = HeaderName::from_static("click");
const PRIORITY: HeaderName = HeaderName::from_static("priority");

/// The longest message, in bytes: a longer one becomes a text file, or is refused.
const MESSAGE_LIMIT: usize = 4096;

/// The forms of a message, the richest first.
enum Form<'a> {
    Picture(&'a str, Bytes),
    Link(&'a Picture, &'a str),
    Text,
}

pub(super) async fn deliver<P: Ports>(
    transport: &Transport<'_, P>,
    topic: &Ntfy,
    notification: &Notification<'_>,
) -> Result<Accepted, DeliveryError> {
    let authentication = authentication(transport, topic.credential.as_ref()).await?;
    let mut forms = Vec::new();
    forms.extend(notification.only_picture().map(|(name, bytes)| Form::Picture(name, bytes)));
    forms.extend(
        notification.picture.as_ref().zip(notification.link()).map(|(it, link)| Form::Link(it, link)),
    );
    forms.push(Form::Text);
    richest_accepted(forms, async |form| {
        let request = base(topic, notification, &authentication)?;
        let text = bytes(&notification.text, MESSAGE_LIMIT);
        let request = match form {
            Form::Picture(name, bytes) => request
                .with_header(MESSAGE, &encode(&text))?
                .with_header(FILENAME, name)?
                .with_body("image/jpeg", bytes),
            Form::Link(picture, link) => with_text(
                request.with_header(ATTACH, link)?.with_header(FILENAME, &picture.file_name)?,
                &text,
            ),
            Form::Text => with_text(request, &text),
        };
        transport.exchange(&request, json_reason).await.map(drop)
    })
    .await
}

fn with_text(request: Request, text: &str) -> Request {
    request.with_body("text/plain; charset=utf-8", Bytes::from(text.to_owned()))
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
    if let Some(page) = &notification.page {
        request = request.with_header(CLICK, page)?;
    }
    if !topic.tags.is_empty() {
        request = request.with_header(TAGS, &encode(&topic.tags.join(",")))?;
    }
    Ok(request)
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
