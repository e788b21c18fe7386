//! What a vendor's crate gives to people: the text that says what to type where, and posts to try with.

use std::fmt;

/// A post as one of the vendor's devices sends it, to try a source with.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Its name on the command line: `intrusion`.
    pub name: &'static str,
    /// What it stands for, in one line.
    pub about: &'static str,
    /// The request as text: request line, header fields, an empty line, the body.
    ///
    /// Placeholders are those of `camhook_picture::render`: `{{path}}` for the webhook's path, `{{jpeg …}}` for a picture
    /// in base64, `{{now …}}` for the time, `{{plate …}}` for a plate that may be replaced.
    pub request: &'static str,
}

/// The parts of a webhook's URL, as menus ask for them one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookUrl {
    /// `https`, or `http` on the local cloud.
    pub scheme: String,
    /// The host's name.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The path, token included, beginning with `/`.
    pub path: String,
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, host, port, path } = self;
        match (scheme.as_str(), port) {
            ("https", 443) | ("http", 80) => write!(formatter, "{scheme}://{host}{path}"),
            _ => write!(formatter, "{scheme}://{host}:{port}{path}"),
        }
    }
}
