//! The picture of an event, from the bucket.

use std::time::Duration;

use camhook_event::Event;
use camhook_ports::{ObjectStore, Ports};

use crate::channel::PictureForm;
use crate::notification::Picture;

/// How long a link to a picture is valid.
const LINK_LIFETIME: Duration = Duration::from_secs(3600);

/// Reads the picture that shows most of an event. A picture that is not available does not stop the message.
pub(crate) async fn read<P: Ports>(ports: &P, event: &Event, form: PictureForm) -> Option<Picture> {
    let image = event.data.best_image()?;
    let key = image.key.as_str();
    let bytes = match form {
        PictureForm::Link => None,
        PictureForm::Bytes => match ports.objects().get(key).await {
            Ok(Some(object)) => Some(object.bytes),
            Ok(None) => {
                tracing::warn!(key, "picture not found");
                return None;
            }
            Err(error) => {
                tracing::warn!(%error, "failed to read a picture, a link is sent instead");
                None
            }
        },
    };
    let link = match ports.objects().link(key, LINK_LIFETIME).await {
        Ok(link) => Some(link),
        Err(error) => {
            tracing::warn!(%error, "failed to sign a link to a picture");
            None
        }
    };
    Some(Picture { bytes, link, file_name: format!("{}-{}.jpg", event.data.source, image.role) })
}
