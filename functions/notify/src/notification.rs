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
    /// The picture beside it.
    pub picture: Option<Picture>,
    /// The subject, for channels that other systems read.
    pub subject: Subject<'a>,
}

/// The subject of a message.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// An event.
    Event(&'a Event),
    /// An alert.
    Alert(&'a Alert),
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
