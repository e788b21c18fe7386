//! What a channel delivers.

use bytes::Bytes;
use camhook_event::Event;
use camhook_state::alert::Alert;

/// What a channel delivers.
#[derive(Debug, Clone)]
pub struct Notification<'a> {
    /// Identifies the message: the same for every attempt. Letters, digits, `-` and `_`.
    pub id: String,
    /// The title: one line.
    pub title: String,
    /// The text.
    pub text: String,
    /// The picture: what the camera saw.
    pub picture: Option<Picture>,
    /// A second picture for channels that take two: the target, face or plate cut out.
    pub detail: Option<Picture>,
    /// The event's page of the console.
    pub page: Option<String>,
    /// The subject, for channels that other systems read.
    pub subject: Subject<'a>,
}

impl Notification<'_> {
    /// The pictures as bytes, with their file names: the detail first, then the whole.
    pub(crate) fn pictures(&self) -> Vec<(&str, Bytes)> {
        let pictures = self.detail.iter().chain(&self.picture);
        pictures.filter_map(|picture| Some((picture.file_name.as_str(), picture.bytes.clone()?))).collect()
    }

    /// The one picture for channels that take one, as bytes, with its file name.
    pub(crate) fn only_picture(&self) -> Option<(&str, Bytes)> {
        let picture = self.picture.as_ref()?;
        Some((&picture.file_name, picture.bytes.clone()?))
    }

    /// A link to the picture.
    pub(crate) fn link(&self) -> Option<&str> {
        self.picture.as_ref()?.link.as_deref().filter(|link| link.starts_with("http"))
    }
}

/// The subject of a message.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// An event.
    Event(&'a Event),
    /// An alert.
    Alert(&'a Alert),
    /// The number of messages that were held back.
    HeldBack,
    /// A test of the channel.
    Test,
}

/// A picture, in the forms that are available.
#[derive(Clone)]
pub struct Picture {
    /// The JPEG; `None` when it could not be read, or no channel takes bytes.
    pub bytes: Option<Bytes>,
    /// A link that is valid for a time; `None` when none could be made.
    pub link: Option<String>,
    /// The file name: letters, digits, `-`, `_` and `.`.
    pub file_name: String,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The link is signed: whoever reads it can open the picture.
        formatter
            .debug_struct("Picture")
            .field("bytes", &self.bytes.as_ref().map(Bytes::len))
            .field("link", &self.link.as_ref().map(|_| "(signed)"))
            .field("file_name", &self.file_name)
            .finish()
    }
}
