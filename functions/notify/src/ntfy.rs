//! ntfy: a topic of a server to which phones listen.
//!
//! Source: the publishing page of ntfy's documentation, and for encoded words in headers `server/util.go` of
//! ntfy itself. A picture is the body of a PUT, with title and text in headers; without one the text is the
//! body. A server that takes no attachments, or none of that size, refuses with 400 or 413: the text then goes
//! alone, with a link to the picture.

use bytes::Bytes;
use camhook_outbound::{Authentication, Client, Request};
use camhook_ports::{Ports, Secrets};
use camhook_site::{Network, NtfyCredential, NtfyPriority};
use http::{HeaderName, Method};
use url::Url;

use crate::channel::send;
use crate::encoded_word::encode;
use crate::{NotTold, Notification, Picture};

const TITLE: HeaderName = HeaderName::from_static("title");
const MESSAGE: HeaderName = HeaderName::from_static("message");
const FILENAME: HeaderName = HeaderName::from_static("filename");
const ATTACH: HeaderName = HeaderName::from_static("attach");
const TAGS: HeaderName = HeaderName::from_static("tags");
const PRIORITY: HeaderName = HeaderName::from_static("priority");

/// Where and how to publish.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings<'a> {
    pub(crate) url: &'a Url,
    pub(crate) credential: Option<&'a NtfyCredential>,
    pub(crate) priority: Option<NtfyPriority>,
    pub(crate) tags: &'a [String],
}

pub(crate) async fn tell<P: Ports>(
    ports: &P,
    client: &Client,
    network: Network,
    settings: &Settings<'_>,
    notification: &Notification<'_>,
) -> Result<(), NotTold> {
    let authentication = authentication(ports, settings.credential).await?;
    let picture = notification.picture.as_ref();
    let bytes = picture.and_then(|picture| Some((picture, picture.bytes.as_ref()?)));
    if let Some((picture, bytes)) = bytes {
        let request = base(settings, notification, &authentication)?
            .with_header(MESSAGE, &encode(&notification.text))?
            .with_header(FILENAME, &picture.file_name)?
            .with_body("image/jpeg", bytes.clone());
        match send(ports, client, network, &request).await {
            Err(NotTold::Refused { status: 400 | 413, .. }) => {}
            told => return told,
        }
    }
    let request = base(settings, notification, &authentication)?;
    let request = match picture.and_then(attachable) {
        Some((link, name)) => request.with_header(ATTACH, link)?.with_header(FILENAME, name)?,
        None => request,
    };
    let text = Bytes::from(notification.text.clone());
    send(ports, client, network, &request.with_body("text/plain; charset=utf-8", text)).await
}

fn base(
    settings: &Settings<'_>,
    notification: &Notification<'_>,
    authentication: &Authentication,
) -> Result<Request, NotTold> {
    let mut request = Request::new(Method::PUT, settings.url.clone())
        .with_header(TITLE, &encode(&notification.title))?
        .with_authentication(authentication.clone());
    if let Some(priority) = settings.priority {
        request = request.with_header(PRIORITY, &priority.number().to_string())?;
    }
    if !settings.tags.is_empty() {
        request = request.with_header(TAGS, &encode(&settings.tags.join(",")))?;
    }
    Ok(request)
}

/// The link to a picture, where ntfy takes it: it wants a URL of HTTP.
fn attachable(picture: &Picture) -> Option<(&str, &str)> {
    let link = picture.link.as_deref().filter(|link| link.starts_with("http"))?;
    Some((link, &picture.file_name))
}

async fn authentication<P: Ports>(
    ports: &P,
    credential: Option<&NtfyCredential>,
) -> Result<Authentication, NotTold> {
    Ok(match credential {
        None => Authentication::None,
        Some(NtfyCredential::Token(token)) => Authentication::Bearer(ports.secrets().resolve(token).await?),
        Some(NtfyCredential::Basic(basic)) => Authentication::Basic {
            user: basic.user.clone(),
            password: ports.secrets().resolve(&basic.password).await?,
        },
    })
}
