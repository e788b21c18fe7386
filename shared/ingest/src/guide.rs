//! What a vendor's crate gives to people: the text that says what to type where, and posts to try with.

use std::fmt;

use camhook_site::Source;

/// What a vendor's crate gives to people about one of its dialects over HTTP.
#[derive(Debug, Clone, Copy)]
pub struct DialectGuide {
    /// Writes the settings to enter in the device's menus. The source is given where it is known.
    pub setup: fn(&WebhookUrl, Option<&Source>) -> String,
    /// How to configure a device over HTTP, if its vendor supports it.
    pub apply: Option<Apply>,
    /// How devices sign their posts, if they do.
    pub sign: Option<Sign>,
    /// Sample posts.
    pub samples: &'static [Sample],
}

/// How a vendor's devices sign a post.
#[derive(Debug, Clone, Copy)]
pub struct Sign {
    /// The header field.
    pub field: &'static str,
    /// Its value, from the key and the body.
    pub value: fn(&str, &[u8]) -> String,
}

/// How to configure a device over HTTP.
#[derive(Debug, Clone, Copy)]
pub struct Apply {
    /// The path on the device.
    pub path: &'static str,
    /// The body's media type.
    pub content_type: &'static str,
    /// The body.
    pub body: fn(&WebhookUrl) -> String,
    /// A text that the device's answer contains if it accepted the settings.
    pub success: &'static str,
}

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
