//! Random tokens for webhook URLs.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::error::Error;

/// A token and its SHA-256 in hexadecimal, which is what camhook.toml holds.
#[derive(Debug)]
pub(crate) struct NewToken {
    pub(crate) token: String,
    pub(crate) sha256: String,
}

/// A token of 128 random bits: 22 characters of `A-Z a-z 0-9 - _`.
pub(crate) fn new_token() -> Result<NewToken, Error> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(Error::Random)?;
    let token = BASE64_URL_SAFE_NO_PAD.encode(random);
    let sha256 = Sha256::digest(&token).iter().map(|octet| format!("{octet:02x}")).collect();
    Ok(NewToken { token, sha256 })
}
