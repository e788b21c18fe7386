//! The secrets that a request proved itself with, which must not be stored where a device repeats them.

use std::borrow::Cow;

use camhook_event::Text;
use secrecy::{ExposeSecret, SecretString};

/// What is stored in place of a secret.
const REPLACEMENT: &str = "[redacted]";

/// Shorter secrets are not looked for: they occur in texts by chance.
const SHORTEST: usize = 8;

/// The secrets of ours that a request was verified by: token, password, signing keys.
#[derive(Debug, Clone, Default)]
pub struct Credentials(Vec<SecretString>);

impl Credentials {
    pub(crate) fn add(&mut self, secret: &str) {
        if secret.len() >= SHORTEST {
            self.0.push(secret.into());
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text with every secret in it replaced; `None` when it holds none.
    pub(crate) fn redact(&self, text: &str) -> Option<String> {
        let mut redacted = Cow::Borrowed(text);
        for secret in &self.0 {
            let secret = secret.expose_secret();
            if redacted.contains(secret) {
                redacted = Cow::Owned(redacted.replace(secret, REPLACEMENT));
            }
        }
        match redacted {
            Cow::Borrowed(_) => None,
            Cow::Owned(redacted) => Some(redacted),
        }
    }

    pub(crate) fn redact_text(&self, text: &mut Text) {
        if let Some(redacted) = self.redact(text.as_str()).and_then(|redacted| Text::new(&redacted)) {
            *text = redacted;
        }
    }
}
