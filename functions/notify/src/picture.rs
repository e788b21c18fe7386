//! The picture of an event, from the bucket.

use std::time::Duration;

use camhook_event::Event;
use camhook_ports::{ObjectStore, Ports};

use crate::Picture;
use crate::channel::PictureForm;

/// How long a link to a picture is good.
const LINK_LIFETIME: Duration = Duration::from_secs(3600);

/// The picture that says most of an event. A picture that cannot be had keeps nobody from being told.
pub(crate) async fn of<P: Ports>(ports: &P, event: &Event, form: PictureForm) -> Option<Picture> {
    let image = event.data.best_image()?;
    let key = image.key.as_str();
    let bytes = match form {
        PictureForm::Link => None,
        PictureForm::Bytes => match ports.objects().get(key).await {
            Ok(Some(object)) => Some(object.bytes),
            Ok(None) => {
                tracing::warn!(event = %event.id, key, "the picture is no longer in the bucket");
                return None;
            }
            Err(error) => {
                tracing::warn!(event = %event.id, %error, "the picture cannot be read, its link is sent");
                None
            }
        },
    };
    let link = match ports.objects().link(key, LINK_LIFETIME).await {
        Ok(link) => Some(link),
        Err(error) => {
            tracing::warn!(event = %event.id, %error, "no link to the picture can be made");
            None
        }
    };
    Some(Picture { bytes, link, file_name: format!("{}-{}.jpg", event.data.source, image.role) })
}
