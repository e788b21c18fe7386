//! Limits of the firmware's menus, checked against a webhook's address.
//!
//! The numbers are those of Raysharp's documented firmware. iVSEC's manual shows a menu with HTTPS and an address
//! with a `?`, so that its firmware is newer; its limits are not documented.

use std::fmt;

use camhook_ingest::WebhookUrl;

/// The characters that *Server Address* holds.
const HOST_LIMIT: usize = 31;

/// The characters that *API Command*, *POST1* and *POST2* hold.
const COMMAND_LIMIT: usize = 63;

/// Something in an address that a firmware may refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Limit {
    /// The host's name is longer than 31 characters.
    Host {
        /// The name.
        host: String,
    },
    /// The path, with what a Manual Push button appends to it, is longer than 63 characters.
    Command {
        /// The path.
        command: String,
    },
    /// The path holds `?`, `&` or a blank.
    Character {
        /// The character.
        character: char,
    },
    /// The address needs HTTPS, which some firmware does not have.
    Https,
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host { host } => write!(
                formatter,
                "Server Address holds {HOST_LIMIT} characters on some firmware, and {host} has {}. Either deploy with \
                 Front=cloudfront, whose name has 29, or with a CustomDomainName of {HOST_LIMIT} at most",
                host.chars().count()
            ),
            Self::Command { command } => write!(
                formatter,
                "API Command, POST1 and POST2 hold {COMMAND_LIMIT} characters on some firmware, and {command} has {}. \
                 Give the source a shorter id, or user and password instead of a token",
                command.chars().count()
            ),
            Self::Character { character } => write!(
                formatter,
                "API Command takes no {character:?} on some firmware. Use the address as camhook prints it"
            ),
            Self::Https => formatter.write_str(
                "Protocol has no HTTPS on some firmware. Deploy with Front=cloudfront, which takes plain HTTP and older \
                 TLS too; over plain HTTP everybody on the way can read the token and the pictures",
            ),
        }
    }
}

/// The parts of an address that some firmware refuses, in the order of the menu's fields.
#[must_use]
pub fn limits(url: &WebhookUrl) -> Vec<Limit> {
    let mut limits = Vec::new();
    if url.scheme == "https" {
        limits.push(Limit::Https);
    }
    if url.host.chars().count() > HOST_LIMIT {
        limits.push(Limit::Host { host: url.host.clone() });
    }
    for command in [command(url), button_command(url, 1)] {
        if command.chars().count() > COMMAND_LIMIT {
            limits.push(Limit::Command { command });
            break;
        }
    }
    if let Some(character) = url.path.chars().find(|character| matches!(character, '?' | '&' | ' ')) {
        limits.push(Limit::Character { character });
    }
    limits
}

/// The value of *API Command*: the menu puts the slash before it.
pub(crate) fn command(url: &WebhookUrl) -> String {
    url.path.trim_start_matches('/').to_owned()
}

/// The value of *POST1* and *POST2* of Manual Push.
pub(crate) fn button_command(url: &WebhookUrl, button: u8) -> String {
    format!("{}/{}/{button}", command(url), crate::adapter::MANUAL_SEGMENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(scheme: &str, host: &str, path: &str) -> WebhookUrl {
        WebhookUrl { scheme: scheme.to_owned(), host: host.to_owned(), port: 443, path: path.to_owned() }
    }

    #[test]
    fn the_address_of_the_api_itself_is_too_much() {
        let host = "abcdefghij.execute-api.us-east-1.amazonaws.com";
        assert_eq!(host.len(), 46);
        let limits = limits(&url("https", host, "/ivsec/nvr/AAAAAAAAAAAAAAAAAAAAAA"));
        assert_eq!(limits, [Limit::Https, Limit::Host { host: host.to_owned() }]);
        let texts: Vec<String> = limits.iter().map(ToString::to_string).collect();
        assert!(texts.iter().all(|text| text.contains("Front=cloudfront")), "{texts:?}");
        assert!(texts[1].contains("has 46") && texts[1].contains("CustomDomainName"));
    }

    #[test]
    fn the_front_lifts_them() {
        let front = "d111111abcdef8.cloudfront.net";
        assert_eq!(front.len(), 29);
        assert_eq!(limits(&url("http", front, "/ivsec/nvr/AAAAAAAAAAAAAAAAAAAAAA")), []);
    }

    #[test]
    fn a_long_id_leaves_no_room_for_the_buttons() {
        let front = "d111111abcdef8.cloudfront.net";
        // 63 characters with the button: 6 + 25 + 1 + 22 + 9.
        let path = |id: usize| format!("/ivsec/{}/{}", "n".repeat(id), "A".repeat(22));
        assert_eq!(limits(&url("http", front, &path(25))), []);
        let long = limits(&url("http", front, &path(26)));
        assert!(matches!(long.as_slice(), [Limit::Command { command }] if command.ends_with("/manual/1")));
        let query = limits(&url("http", front, "/ivsec/nvr?x=1&y"));
        assert_eq!(query, [Limit::Character { character: '?' }]);
    }
}
