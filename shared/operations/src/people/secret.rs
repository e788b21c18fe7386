//! The secrets of sign-in links and sessions.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// The length of a secret's random part, in bytes.
const LENGTH: usize = 32;

/// The length of a person's id: hex digits.
const ID_LENGTH: usize = 16;

/// A secret of 256 random bits that names its person: `{person}.{random}`, safe in a URL and in a cookie.
///
/// The table holds its hash. It needs no key and no salt: nobody guesses 256 bits.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    person: String,
    random: [u8; LENGTH],
}

impl Secret {
    /// A new secret of a person.
    ///
    /// # Errors
    ///
    /// When the system has no random numbers.
    pub fn new(person: &str) -> Result<Self, getrandom::Error> {
        let mut random = [0; LENGTH];
        getrandom::fill(&mut random)?;
        Ok(Self { person: person.to_owned(), random })
    }

    /// The id of the person.
    #[must_use]
    pub fn person(&self) -> &str {
        &self.person
    }

    /// The SHA-256 of the random part, in hex digits.
    #[must_use]
    pub fn hash(&self) -> String {
        hex(&Sha256::digest(self.random))
    }

    /// The secret itself, for a link or a cookie.
    #[must_use]
    pub fn expose(&self) -> String {
        format!("{}.{}", self.person, BASE64_URL_SAFE_NO_PAD.encode(self.random))
    }
}

/// A secret stays out of logs.
impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// Text that is not a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a secret of a link or session")]
pub struct InvalidSecret;

impl FromStr for Secret {
    type Err = InvalidSecret;

    fn from_str(text: &str) -> Result<Self, InvalidSecret> {
        let (person, random) = text.split_once('.').ok_or(InvalidSecret)?;
        let is_hex = |octet: u8| matches!(octet, b'0'..=b'9' | b'a'..=b'f');
        if person.len() != ID_LENGTH || !person.bytes().all(is_hex) {
            return Err(InvalidSecret);
        }
        let random = BASE64_URL_SAFE_NO_PAD.decode(random).map_err(|_| InvalidSecret)?;
        let random = random.try_into().map_err(|_| InvalidSecret)?;
        Ok(Self { person: person.to_owned(), random })
    }
}

/// A new id of a person.
///
/// # Errors
///
/// When the system has no random numbers.
pub fn random_id() -> Result<String, getrandom::Error> {
    let mut random = [0; ID_LENGTH / 2];
    getrandom::fill(&mut random)?;
    Ok(hex(&random))
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_back_and_nothing_else_is() {
        let secret = Secret::new(&random_id().unwrap()).unwrap();
        assert_eq!(secret.expose().parse::<Secret>().unwrap(), secret);
        assert!(!format!("{secret:?}").contains(secret.person()) && secret.hash().len() == 64);
        let random = "A".repeat(43);
        for wrong in [
            String::new(),
            ".".to_owned(),
            random.clone(),
            format!("0123456789abcdef.{}", "A".repeat(42)),
            format!("0123456789abcdef.{}", "A".repeat(44)),
            format!("0123456789ABCDEF.{random}"),
            format!("0123456789abcde#.{random}"),
            format!("0123456789abcdef0.{random}"),
        ] {
            assert!(wrong.parse::<Secret>().is_err(), "{wrong}");
        }
    }
}
