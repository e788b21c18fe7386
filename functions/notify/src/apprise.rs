//! Apprise API: a server that passes messages on to a hundred other services.
//!
//! Source: the Apprise API's README and views: `POST /notify/{key}` with `body`, `title`, `type`, `format`, `tag`
//! and any file of the form as an attachment. It answers 200 when all were told, 204 when nothing is configured
//! under the key, 424 when at least one service was not told.

use camhook_outbound::{Authentication, Client, Request};
use camhook_ports::{Ports, Secrets};
use camhook_site::{BasicCredential, Network};
use http::{Method, StatusCode};
use url::Url;

use crate::channel::{Refusal, exchange};
use crate::multipart::Form;
use crate::{NotTold, Notification, Subject};

/// Where to, and for whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings<'a> {
    pub(crate) url: &'a Url,
    pub(crate) tags: Option<&'a str>,
    pub(crate) credential: Option<&'a BasicCredential>,
}

pub(crate) async fn tell<P: Ports>(
    ports: &P,
    client: &Client,
    network: Network,
    settings: &Settings<'_>,
    notification: &Notification<'_>,
) -> Result<(), NotTold> {
    let picture = notification.picture.as_ref();
    let bytes = picture.and_then(|picture| Some((picture, picture.bytes.clone()?)));
    let link = match bytes {
        Some(_) => None,
        None => picture.and_then(|picture| picture.link.as_deref()).filter(|link| link.starts_with("http")),
    };
    let body = match link {
        Some(link) => format!("{}\n{link}", notification.text),
        None => notification.text.clone(),
    };
    let mut form = Form::default()
        .text("title", notification.title.as_str())
        .text("body", body)
        .text("type", message_type(notification.subject))
        .text("format", "text")
        .optional("tag", settings.tags);
    if let Some((picture, bytes)) = bytes {
        form = form.jpeg("attach", &picture.file_name, bytes);
    }
    let mut request = form.body_of(Request::new(Method::POST, settings.url.clone()))?;
    if let Some(credential) = settings.credential {
        let password = ports.secrets().resolve(&credential.password).await?;
        request =
            request.with_authentication(Authentication::Basic { user: credential.user.clone(), password });
    }
    let answer = exchange(ports, client, network, &request, |_| Refusal::default()).await?;
    if answer.status == StatusCode::NO_CONTENT {
        let reason = "nothing is configured under this key".to_owned();
        return Err(NotTold::Declined { reason });
    }
    Ok(())
}

fn message_type(subject: Subject<'_>) -> &'static str {
    match subject {
        Subject::Event(_) | Subject::Test => "info",
        Subject::Alert(_) => "warning",
    }
}
