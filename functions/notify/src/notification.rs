//! What a channel is to pass on.

use bytes::Bytes;
use camhook_event::Event;
use camhook_state::alert::Alert;

/// What a channel is to pass on.
#[derive(Debug, Clone)]
pub struct Notification<'a> {
    /// Names the message: the same for every attempt to deliver it. Letters, digits, `-` and `_`.
    pub id: String,
    /// Its title: one line.
    pub title: String,
    /// Its text.
    pub text: String,
    /// The picture that shows it.
    pub picture: Option<Picture>,
    /// What it is about, for channels that other systems listen to.
    pub subject: Subject<'a>,
}

/// What a message is about.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// An event.
    Event(&'a Event),
    /// Something that does not work.
    Alert(&'a Alert),
    /// Whether the channel works.
    Test,
}

/// A picture, in the forms in which it can be had.
#[derive(Clone)]
pub struct Picture {
    /// The JPEG; `None` when it could not be fetched, or no channel takes bytes.
    pub bytes: Option<Bytes>,
    /// A link to it that is good for a time; `None` when none could be made.
    pub link: Option<String>,
    /// The name of the file, in letters, digits, `-`, `_` and `.`.
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
