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
use crate::notification::{Notification, Subject};

/// The content ids of pictures, in their order.
const CONTENT_IDS: [&str; 2] = ["picture@camhook", "detail@camhook"];

/// How a mail has its pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pictures {
    /// Within the text.
    Inline,
    /// As a link.
    Link,
}

/// The mail of a notification, with the same `Message-ID` at every attempt.
///
/// Mails about one camera refer to the same message, which was never sent, so that mail programs show them as one
/// thread. (Some of them, such as Gmail, also require the same subject.)
pub(super) fn write(
    from: &str,
    to: &[String],
    notification: &Notification<'_>,
    pictures: Pictures,
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
    let inline = match pictures {
        Pictures::Inline => notification.picture.iter().chain(&notification.detail),
        Pictures::Link => None.iter().chain(&None),
    };
    let mut shown: Vec<(&str, SinglePart)> = Vec::new();
    for (content_id, picture) in CONTENT_IDS.into_iter().zip(inline) {
        if let Some(bytes) = &picture.bytes {
            let attachment =
                Attachment::new_inline_with_name(content_id.to_owned(), picture.file_name.clone());
            shown.push((content_id, attachment.body(bytes.to_vec(), jpeg()?)));
        }
    }
    let ids: Vec<&str> = shown.iter().map(|(content_id, _)| *content_id).collect();
    let page = html(notification, &ids);
    let body = if shown.is_empty() {
        MultiPart::alternative_plain_html(plain(notification, Pictures::Link), page)
    } else {
        let related = shown
            .into_iter()
            .fold(MultiPart::related().singlepart(SinglePart::html(page)), |related, (_, picture)| {
                related.singlepart(picture)
            });
        let plain = SinglePart::plain(plain(notification, Pictures::Inline));
        MultiPart::alternative().singlepart(plain).multipart(related)
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
        Subject::HeldBack => "held-back".to_owned(),
        Subject::Test => "test".to_owned(),
    }
}

/// The text with its links, of which the one to the picture stands for a picture that is not in the mail.
fn plain(notification: &Notification<'_>, pictures: Pictures) -> String {
    let picture = link(notification).filter(|_| pictures == Pictures::Link);
    let links: Vec<&str> = picture.into_iter().chain(notification.page.as_deref()).collect();
    if links.is_empty() {
        return notification.text.clone();
    }
    format!("{}\n\n{}", notification.text, links.join("\n"))
}

fn link<'a>(notification: &'a Notification<'_>) -> Option<&'a str> {
    notification.picture.as_ref()?.link.as_deref()
}

/// The page, with the pictures by their content ids, else with a link.
fn html(notification: &Notification<'_>, content_ids: &[&str]) -> String {
    let title = escaped(&notification.title);
    let text = escaped(&notification.text).replace('\n', "<br>\n");
    let image = |content_id: &&str| {
        format!("<p><img src=\"cid:{content_id}\" alt=\"{title}\" style=\"max-width:100%\"></p>\n")
    };
    let shown = match (content_ids, link(notification)) {
        ([], Some(link)) => format!("<p><a href=\"{}\">picture</a></p>\n", escaped(link)),
        (content_ids, _) => content_ids.iter().map(image).collect::<String>(),
    };
    let page = match &notification.page {
        Some(page) => format!("<p><a href=\"{}\">Open the event</a></p>\n", escaped(page)),
        None => String::new(),
    };
    format!(
        "<!DOCTYPE html>\n<html><body>\n<p><b>{title}</b></p>\n<p>{text}</p>\n{shown}{page}</body></html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
