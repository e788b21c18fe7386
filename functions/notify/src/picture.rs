//! The pictures of an event, from the bucket.

use std::time::Duration;

use camhook_event::{Event, Image, ImageRole, Kind, StoredImage, is_image_of};
use camhook_ports::{Metrics, ObjectError, ObjectStore, Ports};
use futures_util::future::join;

use crate::channel::PictureForm;
use crate::notification::Picture;

/// How long a link to a picture is valid.
const LINK_LIFETIME: Duration = Duration::from_secs(3600);

/// Counts pictures that could not be read, by the status of S3's answer.
const PICTURES_MISSING: &str = "PicturesMissing";

/// The pictures of a message.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pictures {
    /// What the camera saw.
    pub(crate) picture: Option<Picture>,
    /// The target, face or plate, cut out.
    pub(crate) detail: Option<Picture>,
}

/// Reads the pictures of an event that messages show. A picture that is not available does not stop a message.
pub(crate) async fn read<P: Ports>(ports: &P, event: &Event, form: PictureForm) -> Pictures {
    let picture = async {
        let image = whole(event)?;
        read_one(ports, event, image, form).await
    };
    let detail = async {
        let image = detail(event)?;
        read_one(ports, event, image, form).await
    };
    match join(picture, detail).await {
        (None, detail) => Pictures { picture: detail, detail: None },
        (picture, detail) => Pictures { picture, detail },
    }
}

/// The frame. Never a picture of an album: it does not show what the camera saw.
fn whole(event: &Event) -> Option<&StoredImage> {
    event.data.best_image().filter(|image| image.role != ImageRole::Album)
}

/// The picture of what the event is about, beside the frame.
fn detail(event: &Event) -> Option<&StoredImage> {
    let roles = match event.data.kind {
        Kind::Face | Kind::FaceMatch => [ImageRole::Face, ImageRole::Target],
        Kind::Plate => [ImageRole::Plate, ImageRole::Target],
        _ => [ImageRole::Target, ImageRole::Face],
    };
    let stored = || event.data.images.iter().filter_map(Image::stored);
    let detail = roles.into_iter().find_map(|role| stored().find(|image| image.role == role))?;
    let is_beside_frame = whole(event).is_some_and(|frame| frame.key != detail.key);
    is_beside_frame.then_some(detail)
}

async fn read_one<P: Ports>(
    ports: &P,
    event: &Event,
    image: &StoredImage,
    form: PictureForm,
) -> Option<Picture> {
    let key = image.key.as_str();
    if !is_image_of(key, event.id) {
        // Whoever can write into the queue could name any object.
        tracing::error!("refused a picture: its key is not below the event's own id");
        return None;
    }
    let found = match form {
        // A link to nothing is worse than none.
        PictureForm::Link => ports.objects().exists(key).await.map(|exists| exists.then_some(None)),
        PictureForm::Bytes => {
            ports.objects().get(key).await.map(|object| object.map(|object| Some(object.bytes)))
        }
    };
    let bytes = match found {
        Ok(Some(bytes)) => bytes,
        Ok(None) => {
            ports.metrics().count(PICTURES_MISSING, [("Status", "404")]);
            tracing::warn!(key, "picture not found");
            return None;
        }
        // S3 hides whether an object exists from a role that may not list the bucket.
        Err(ObjectError::Denied { .. }) => {
            ports.metrics().count(PICTURES_MISSING, [("Status", "403")]);
            tracing::warn!(key, "picture not found, or access denied");
            return None;
        }
        Err(error) => {
            tracing::warn!(%error, "failed to read a picture, a link is sent instead");
            None
        }
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
