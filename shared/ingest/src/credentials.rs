//! The secrets that a request proved itself with, which must not be stored where a device repeats them.

use std::borrow::Cow;

use camhook_event::Text;
use secrecy::{ExposeSecret, SecretString};

/// What is stored in place of a secret.
const REPLACEMENT: &str = "[redacted]";

/// Shorter secrets are not looked for: they occur in texts by chance.
const SHORTEST: usize = 8;

/// So much of the beginning of a secret occurs in no text by chance, in bytes: what quotes a name cuts long ones.
const IDENTIFYING: usize = 16;

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

    /// The text with every secret in it replaced, whether its characters are encoded as in a URL or not; `None` when it
    /// holds none.
    pub(crate) fn redact(&self, text: &str) -> Option<String> {
        let mut redacted = Cow::Borrowed(text);
        for secret in &self.0 {
            if let Some(without) = without(secret.expose_secret(), &redacted) {
                redacted = Cow::Owned(without);
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

/// The text with a secret in it replaced; `None` when it does not hold it.
fn without(secret: &str, text: &str) -> Option<String> {
    let mut output = String::new();
    // The start of what is not copied yet.
    let mut from = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = text.as_bytes().get(at..).unwrap_or_default();
        match beginning(secret.as_bytes(), rest) {
            Some(length) => {
                output.push_str(text.get(from..at)?);
                output.push_str(REPLACEMENT);
                at = text.ceil_char_boundary(at + length);
                from = at;
            }
            None => at += 1,
        }
    }
    if output.is_empty() {
        return None;
    }
    output.push_str(text.get(from..)?);
    Some(output)
}

/// How much of a text is the secret that it begins with, each of its octets as it is or as `%2D`, a blank also as `+`; all
/// of the secret, or, before the `…` of a name that was cut, as much as identifies it.
fn beginning(secret: &[u8], text: &[u8]) -> Option<usize> {
    [PercentSign::Encodes, PercentSign::IsItself].into_iter().find_map(|sign| matched(secret, text, sign))
}

/// What a percent sign in a text means that may be one of the secret or begin an encoded octet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PercentSign {
    Encodes,
    IsItself,
}

fn matched(secret: &[u8], text: &[u8], sign: PercentSign) -> Option<usize> {
    let mut rest = text;
    let mut matched = 0;
    for octet in secret {
        rest = match rest {
            [b'%', high, low, behind @ ..]
                if sign == PercentSign::Encodes && hexadecimal(*high, *low) == Some(*octet) =>
            {
                behind
            }
            [first, behind @ ..] if first == octet => behind,
            [b'+', behind @ ..] if *octet == b' ' => behind,
            _ => break,
        };
        matched += 1;
    }
    let is_cut = matched >= IDENTIFYING && rest.starts_with("…".as_bytes());
    (matched == secret.len() || is_cut).then_some(text.len() - rest.len())
}

fn hexadecimal(high: u8, low: u8) -> Option<u8> {
    let digit = |octet: u8| char::from(octet).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_replaced_in_each_form_that_a_url_has() {
        let mut credentials = Credentials::default();
        credentials.add("s3same-öp 9");
        for text in ["s3same-öp 9", "s3same%2Döp+9", "s3same-%c3%B6p%209", "%733same-öp 9"] {
            let around = format!("ü=100%&x={text}&y=ü");
            assert_eq!(credentials.redact(&around).unwrap(), "ü=100%&x=[redacted]&y=ü", "{text}");
        }
        credentials.add(&"k9".repeat(32));
        assert_eq!(credentials.redact("it has `k9k9k9k9k9k9k9k9k9k9…`").unwrap(), "it has `[redacted]…`");
        credentials.add("100%25secret");
        for text in ["100%25secret", "100%2525secret"] {
            assert_eq!(credentials.redact(text).unwrap(), "[redacted]", "{text}");
        }
        // Another name that begins alike.
        assert_eq!(credentials.redact(&"k9".repeat(20)), None);
        for other in ["", "k9k9k9k9k9k9k9k", "%", "s3same", "s3same%2", "s3same%2Eöp 9", "100% ü+ü"] {
            assert_eq!(credentials.redact(other), None, "{other}");
        }
    }
}
