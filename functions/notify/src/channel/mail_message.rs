//! A notification as a mail.
//!
//! Source: RFC 5322 (`Message-ID`, `In-Reply-To`, `References`), RFC 2387 and RFC 2392 (a picture within the text, by
//! its content id), RFC 3834 (`Auto-Submitted`), by the library `lettre`.

use std::time::SystemTime;

use camhook_event::EventId;
use jiff::Timestamp;
use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};

use crate::error::DeliveryError;
use crate::notification::{Notification, Picture, Subject};

const CONTENT_ID: &str = "picture@camhook";

/// The mail of a notification, with the same `Message-ID` at every attempt.
///
/// Mails about one camera refer to the same message, which was never sent, so that mail programs show them as one
/// thread. (Some of them, such as Gmail, also require the same subject.)
pub(super) fn write(
    from: &str,
    to: &[String],
    notification: &Notification<'_>,
    now: Timestamp,
) -> Result<Message, DeliveryError> {
    let domain = from.rsplit_once('@').map_or(from, |(_, domain)| domain);
    let thread = format!("<{}@{domain}>", thread(notification.subject));
    let mut message = Message::builder()
        .from(mailbox(from)?)
        .subject(notification.title.as_str())
        .date(SystemTime::from(now))
        .message_id(Some(format!("<{}@{domain}>", notification.id)))
        .in_reply_to(thread.clone())
        .references(thread)
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ));
    for address in to {
        message = message.to(mailbox(address)?);
    }
    let picture = notification.picture.as_ref();
    let body = match picture.and_then(|picture| Some((picture, picture.bytes.as_ref()?))) {
        Some((picture, bytes)) => {
            let shown = Attachment::new_inline_with_name(CONTENT_ID.to_owned(), picture.file_name.clone())
                .body(bytes.to_vec(), jpeg()?);
            let page = SinglePart::html(html(notification, Some(&format!("cid:{CONTENT_ID}"))));
            let related = MultiPart::related().singlepart(page).singlepart(shown);
            let plain = SinglePart::plain(notification.text.clone());
            MultiPart::alternative().singlepart(plain).multipart(related)
        }
        None => MultiPart::alternative_plain_html(plain(notification, picture), html(notification, None)),
    };
    message.multipart(body).map_err(|error| DeliveryError::Unwritten { reason: error.to_string() })
}

fn mailbox(address: &str) -> Result<Mailbox, DeliveryError> {
    address
        .parse()
        .map_err(|_| DeliveryError::Setting { key: "from or to", problem: "is not a mail address" })
}

fn jpeg() -> Result<ContentType, DeliveryError> {
    ContentType::parse("image/jpeg").map_err(|error| DeliveryError::Unwritten { reason: error.to_string() })
}

/// The id of the thread: one per camera, and one for alerts.
fn thread(subject: Subject<'_>) -> String {
    match subject {
        Subject::Event(event) => {
            let camera = event.data.camera.as_ref().map_or("", |camera| camera.id.as_str());
            format!("camera-{}", EventId::of_sender_id(event.data.source.as_str(), camera))
        }
        Subject::Alert(_) => "trouble".to_owned(),
        Subject::Test => "test".to_owned(),
    }
}

fn plain(notification: &Notification<'_>, picture: Option<&Picture>) -> String {
    match picture.and_then(|picture| picture.link.as_deref()) {
        Some(link) => format!("{}\n\n{link}", notification.text),
        None => notification.text.clone(),
    }
}

fn html(notification: &Notification<'_>, picture: Option<&str>) -> String {
    let title = escaped(&notification.title);
    let text = escaped(&notification.text).replace('\n', "<br>\n");
    let link = notification.picture.as_ref().and_then(|picture| picture.link.as_deref());
    let shown = match (picture, link) {
        (Some(source), _) => {
            format!("<p><img src=\"{source}\" alt=\"{title}\" style=\"max-width:100%\"></p>\n")
        }
        (None, Some(link)) => format!("<p><a href=\"{}\">picture</a></p>\n", escaped(link)),
        (None, None) => String::new(),
    };
    format!("<!DOCTYPE html>\n<html><body>\n<p><b>{title}</b></p>\n<p>{text}</p>\n{shown}</body></html>\n")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
