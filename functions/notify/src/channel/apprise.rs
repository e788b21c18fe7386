//! Apprise API: a server that forwards messages to other services.
//!
//! Source: the Apprise API's README and views: `POST /notify/{key}` with `body`, `title`, `type`, `format`, `tag`
//! and any file of the form as an attachment. It answers 200 when all services were notified, 204 when nothing is
//! configured under the key, 424 when at least one service failed.

use camhook_outbound::{Authentication, Request};
use camhook_ports::Ports;
use camhook_site::Apprise;
use http::{Method, StatusCode};

use super::exchange::Transport;
use super::multipart::Form;
use crate::error::DeliveryError;
use crate::notification::{Notification, Subject};

pub(super) async fn deliver<P: Ports>(
    transport: &Transport<'_, P>,
    server: &Apprise,
    notification: &Notification<'_>,
) -> Result<(), DeliveryError> {
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
        .optional("tag", server.tags.as_deref());
    if let Some((picture, bytes)) = bytes {
        form = form.jpeg("attach", &picture.file_name, bytes);
    }
    let mut request = form.body_of(Request::new(Method::POST, server.url.clone()))?;
    if let Some(credential) = &server.credential {
        let password = transport.secret(&credential.password).await?;
        request =
            request.with_authentication(Authentication::Basic { user: credential.user.clone(), password });
    }
    let answer = transport.send(&request).await?;
    if answer.status == StatusCode::NO_CONTENT {
        let reason = "nothing is configured under this key".to_owned();
        return Err(DeliveryError::Declined { reason });
    }
    Ok(())
}

fn message_type(subject: Subject<'_>) -> &'static str {
    match subject {
        Subject::Event(_) | Subject::Test => "info",
        Subject::Alert(_) => "warning",
    }
}
