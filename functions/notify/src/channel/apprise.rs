//! Apprise API: a server that forwards messages to other services.
//!
//! Source: the Apprise API's README and views: `POST /notify/{key}` with `body`, `title`, `type`, `format`, `tag`
//! and any file of the form as an attachment. It answers 200 when all services were notified, 204 when nothing is
//! configured under the key, 424 when at least one service failed, and does not say whether all did.

use bytes::Bytes;
use camhook_outbound::{Authentication, Request};
use camhook_ports::Ports;
use camhook_site::Apprise;
use http::{Method, StatusCode};

use super::accepted::{Accepted, richest_accepted};
use super::exchange::{Transport, json_reason};
use super::multipart::Form;
use crate::error::DeliveryError;
use crate::notification::{Notification, Subject};

/// The forms of a message, the richest first.
enum Content<'a> {
    Pictures(Vec<(&'a str, Bytes)>),
    Text(Option<&'a str>),
}

pub(super) async fn deliver<P: Ports>(
    transport: &Transport<'_, P>,
    server: &Apprise,
    notification: &Notification<'_>,
) -> Result<Accepted, DeliveryError> {
    let authentication = match &server.credential {
        None => Authentication::None,
        Some(credential) => {
            let password = transport.secret(&credential.password).await?;
            Authentication::Basic { user: credential.user.clone(), password }
        }
    };
    let pictures = notification.pictures();
    let mut forms = Vec::new();
    if let Some((name, bytes)) = notification.only_picture() {
        if pictures.len() > 1 {
            forms.push(Content::Pictures(pictures));
        }
        forms.push(Content::Pictures(vec![(name, bytes)]));
    }
    forms.push(Content::Text(notification.link()));
    richest_accepted(forms, async |content| {
        let body = match content {
            Content::Text(Some(link)) => format!("{}\n{link}", notification.text),
            Content::Pictures(_) | Content::Text(None) => notification.text.clone(),
        };
        let mut form = Form::default()
            .text("title", notification.title.as_str())
            .text("body", body)
            .text("type", message_type(notification.subject))
            .text("format", "text")
            .optional("tag", server.tags.as_deref());
        if let Content::Pictures(pictures) = content {
            for (field, (name, bytes)) in ["attach", "attach1"].into_iter().zip(pictures) {
                form = form.jpeg(field, name, bytes);
            }
        }
        let request = form.body_of(Request::new(Method::POST, server.url.clone()))?;
        let request = request.with_authentication(authentication.clone());
        match transport.exchange(&request, json_reason).await {
            Ok(answer) if answer.status == StatusCode::NO_CONTENT => Err(DeliveryError::Setting {
                key: "url",
                problem: "names a key under which nothing is configured",
            }),
            Ok(_) => Ok(Accepted::default()),
            // The others have the message: in another form, or sent again, they would have it several times.
            Err(DeliveryError::Refused { status, .. }) if status == StatusCode::FAILED_DEPENDENCY => {
                let reason = "at least one service behind the Apprise server failed, its log says which";
                Ok(Accepted::in_part(reason.to_owned()))
            }
            Err(error) => Err(error),
        }
    })
    .await
}

fn message_type(subject: Subject<'_>) -> &'static str {
    match subject {
        Subject::Event(_) | Subject::HeldBack | Subject::Test => "info",
        Subject::Alert(_) => "warning",
    }
}
