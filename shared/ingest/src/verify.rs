//! Whether a request comes from the source that its path names.
//!
//! Every kind of credential that the source's `auth` names must hold; of each kind any one value is good
//! enough, which is how a secret is rotated. Secrets are compared by their SHA-256 in constant time, so that
//! neither their bytes nor their lengths show in the time it takes.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use camhook_ports::{SecretError, SecretReference, Secrets};
use camhook_site::{Auth, Source, Token};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::adapter::{Challenge, Refusal};
use crate::locate::Located;
use crate::{Credentials, Headers, Request, Unverified, Verified};

/// Why a request was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VerifyError {
    /// A credential is missing or wrong.
    #[error("refused: {reason}")]
    Refused {
        /// The header fields of the request, on which the answer depends.
        headers: Headers,
        /// How to answer.
        refusal: Refusal,
        /// Which kind of credential did not hold.
        reason: RefusedReason,
    },
    /// The credentials could not be checked.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

/// Which kind of credential did not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefusedReason {
    /// There is no such source.
    UnknownSource,
    /// The address is in none of the source's networks.
    Address,
    /// The token is missing or wrong.
    Token,
    /// User and password are missing or wrong.
    Basic,
    /// The signature is missing or wrong.
    Signature,
}

impl RefusedReason {
    /// The name in logs, metrics and the source's presence.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::UnknownSource => "unknown_source",
            Self::Address => "address",
            Self::Token => "token",
            Self::Basic => "basic",
            Self::Signature => "signature",
        }
    }
}

impl std::fmt::Display for RefusedReason {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Checks the credentials of a request to a source's own path.
///
/// `signature` is the one that the request carries.
pub(crate) async fn verify<S: Secrets>(
    secrets: &S,
    request: Request<Unverified>,
    located: Located<'_>,
    signature: Option<[u8; 32]>,
) -> Result<Request<Verified>, VerifyError> {
    let Located { source, token, rest, refusal } = located;
    let reason = match check(secrets, &source.auth, &request, token, signature).await? {
        Checked::Passed(used) => {
            let credentials = credentials(secrets, &source.auth, &request, token).await;
            return Ok(request.with_state(Verified { source, rest, credentials, used }));
        }
        Checked::Failed(reason) => reason,
    };
    // Only a sender with the token is asked for a password; no other sender learns that there is one.
    let challenge = match reason {
        RefusedReason::Basic if !source.auth.tokens.is_empty() => Challenge::Basic,
        _ => refusal.challenge,
    };
    Err(VerifyError::Refused { headers: request.headers, refusal: Refusal { challenge }, reason })
}

/// Finds the source that a post to a vendor's fixed path comes from: the only candidate all of whose credentials the
/// request has. One that names user and password goes before those that name networks alone.
///
/// # Errors
///
/// When a secret of a candidate cannot be read and no other candidate's secret is in the request: it may be that one's.
pub(crate) async fn attribute<S: Secrets>(
    secrets: &S,
    request: &Request<Unverified>,
    candidates: &[Arc<Source>],
    signature: Option<[u8; 32]>,
) -> Result<Option<Attributed>, SecretError> {
    let mut by_address = Vec::new();
    let mut by_secret = Vec::new();
    let mut unreadable = None;
    for source in candidates {
        let auth = &source.auth;
        let used = match check(secrets, auth, request, None, signature).await {
            Ok(Checked::Passed(used)) => used,
            Ok(Checked::Failed(_)) => continue,
            Err(error) => {
                unreadable = Some(error);
                continue;
            }
        };
        let names_no_secret = auth.basic.is_empty() && auth.hmac.is_empty();
        let attributed = Attributed { source: Arc::clone(source), used };
        if names_no_secret { &mut by_address } else { &mut by_secret }.push(attributed);
    }
    if let Some(error) = unreadable.filter(|_| by_secret.is_empty()) {
        return Err(error);
    }
    let mut attributed = if by_secret.is_empty() { by_address } else { by_secret };
    let only = attributed.pop();
    Ok(only.filter(|_| attributed.is_empty()))
}

/// The source of a post to a fixed path.
#[derive(Debug)]
pub(crate) struct Attributed {
    pub(crate) source: Arc<Source>,
    /// The names of its credentials that the post has.
    pub(crate) used: Vec<String>,
}

/// Whether a request has the credentials of a source.
enum Checked {
    /// It has one of each kind that the source names: these, by name.
    Passed(Vec<String>),
    /// The first kind that is missing or wrong.
    Failed(RefusedReason),
}

/// Checks the credentials of a request.
///
/// The networks come first: they need no secret. A source that names none, because it comes over MQTT, takes nothing
/// over HTTP.
async fn check<S: Secrets>(
    secrets: &S,
    auth: &Auth,
    request: &Request<Unverified>,
    token: Option<&str>,
    signature: Option<[u8; 32]>,
) -> Result<Checked, SecretError> {
    let mut used = Vec::new();
    let names_none =
        auth.allow.is_empty() && auth.tokens.is_empty() && auth.basic.is_empty() && auth.hmac.is_empty();
    if names_none {
        return Ok(Checked::Failed(RefusedReason::UnknownSource));
    }
    if !auth.allow.is_empty() && !address_is_allowed(auth, request) {
        return Ok(Checked::Failed(RefusedReason::Address));
    }
    if !auth.tokens.is_empty() {
        let Some(token) = token else { return Ok(Checked::Failed(RefusedReason::Token)) };
        let Some(index) = matching_token(secrets, &auth.tokens, token).await? else {
            return Ok(Checked::Failed(RefusedReason::Token));
        };
        used.extend(auth.token_name(index));
    }
    if !auth.basic.is_empty() {
        let Some(index) = matching_basic(secrets, auth, request).await? else {
            return Ok(Checked::Failed(RefusedReason::Basic));
        };
        used.extend(auth.basic_name(index));
    }
    if !auth.hmac.is_empty() {
        let Some(signature) = signature else { return Ok(Checked::Failed(RefusedReason::Signature)) };
        let Some(index) = matching_key(secrets, &auth.hmac, &request.body, signature).await? else {
            return Ok(Checked::Failed(RefusedReason::Signature));
        };
        used.extend(auth.hmac_name(index));
    }
    Ok(Checked::Passed(used))
}

/// The secrets that a request with good credentials was verified by. A key that cannot be read did not sign it.
pub(crate) async fn credentials<S: Secrets>(
    secrets: &S,
    auth: &Auth,
    request: &Request<Unverified>,
    token: Option<&str>,
) -> Credentials {
    let mut credentials = Credentials::default();
    if let Some(token) = token {
        credentials.add(token);
    }
    if !auth.basic.is_empty()
        && let Some(field) = request.headers.get("authorization")
        && let Some((_, password)) = basic_credentials(field)
    {
        if let Ok(password) = std::str::from_utf8(&password) {
            credentials.add(password);
        }
        // User and password as they are sent, which is no cipher.
        if let Some((_, encoded)) = field.trim().split_once(' ') {
            credentials.add(encoded.trim().trim_end_matches('='));
        }
    }
    for key in &auth.hmac {
        if let Ok(key) = secrets.resolve(key).await {
            credentials.add(key.expose_secret());
        }
    }
    credentials
}

fn address_is_allowed(auth: &Auth, request: &Request<Unverified>) -> bool {
    request
        .source_ip
        .is_some_and(|address| auth.allow.iter().any(|network| network.contains(&address.to_canonical())))
}

fn digest(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// A given credential compared with all that a source names, in constant time for those that can be read.
///
/// A secret that cannot be read is an error only when no other credential matches: while one of two tokens is missing,
/// devices with the other one are served.
struct Comparison {
    matched: Choice,
    /// The position of the credential that matched, if one did.
    position: u32,
    unreadable: Option<SecretError>,
}

impl Default for Comparison {
    fn default() -> Self {
        Self { matched: Choice::from(0), position: 0, unreadable: None }
    }
}

impl Comparison {
    fn add(&mut self, position: usize, comparison: Result<Choice, SecretError>) {
        match comparison {
            Ok(matched) => {
                let position = u32::try_from(position).unwrap_or(u32::MAX);
                self.position.conditional_assign(&position, matched);
                self.matched |= matched;
            }
            Err(error) => self.unreadable = Some(error),
        }
    }

    /// The position of the credential that matched.
    fn into_match(self) -> Result<Option<usize>, SecretError> {
        let position = usize::try_from(self.position).unwrap_or(usize::MAX);
        match (self.matched.into(), self.unreadable) {
            (true, Some(error)) => {
                tracing::warn!(%error, "failed to read a secret of the source; another one matched");
                Ok(Some(position))
            }
            (false, Some(error)) => Err(error),
            (true, None) => Ok(Some(position)),
            (false, None) => Ok(None),
        }
    }
}

async fn matching_token<S: Secrets>(
    secrets: &S,
    tokens: &[Token],
    given: &str,
) -> Result<Option<usize>, SecretError> {
    let given = digest(given.as_bytes());
    let mut comparison = Comparison::default();
    for (position, token) in tokens.iter().enumerate() {
        let wanted = match token {
            Token::Sha256(wanted) => Ok(*wanted),
            Token::Secret(reference) => digest_of(secrets, reference).await,
        };
        comparison.add(position, wanted.map(|wanted| wanted.ct_eq(&given)));
    }
    comparison.into_match()
}

async fn matching_basic<S: Secrets>(
    secrets: &S,
    auth: &Auth,
    request: &Request<Unverified>,
) -> Result<Option<usize>, SecretError> {
    let Some((user, password)) = request.headers.get("authorization").and_then(basic_credentials) else {
        return Ok(None);
    };
    let (user, password) = (digest(&user), digest(&password));
    let mut comparison = Comparison::default();
    for (position, credential) in auth.basic.iter().enumerate() {
        let is_user = digest(credential.user.as_bytes()).ct_eq(&user);
        let comparison_of_password = match digest_of(secrets, &credential.password).await {
            Ok(wanted) => Ok(is_user & wanted.ct_eq(&password)),
            // Whatever the password is, it is not that of this user.
            Err(_) if !bool::from(is_user) => Ok(Choice::from(0)),
            Err(error) => Err(error),
        };
        comparison.add(position, comparison_of_password);
    }
    comparison.into_match()
}

async fn matching_key<S: Secrets>(
    secrets: &S,
    keys: &[SecretReference],
    body: &[u8],
    signature: [u8; 32],
) -> Result<Option<usize>, SecretError> {
    let mut comparison = Comparison::default();
    for (position, reference) in keys.iter().enumerate() {
        let key = match secrets.resolve(reference).await {
            Ok(key) => key,
            Err(error) => {
                comparison.add(position, Err(error));
                continue;
            }
        };
        // HMAC takes a key of any length.
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()) else { continue };
        let wanted: [u8; 32] = mac.chain_update(body).finalize().into_bytes().into();
        comparison.add(position, Ok(wanted.ct_eq(&signature)));
    }
    comparison.into_match()
}

async fn digest_of<S: Secrets>(secrets: &S, reference: &SecretReference) -> Result<[u8; 32], SecretError> {
    let secret = secrets.resolve(reference).await?;
    Ok(digest(secret.expose_secret().as_bytes()))
}

/// User and password of `Basic <base64>` (RFC 7617). Two fields of that name, which the gateway joins with a
/// comma, are none.
fn basic_credentials(field: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let (scheme, encoded) = field.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = BASE64_STANDARD.decode(encoded.trim()).ok()?;
    let colon = decoded.iter().position(|&octet| octet == b':')?;
    let (user, password) = decoded.split_at_checked(colon)?;
    Some((user.to_vec(), password.get(1..)?.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_that_was_used_is_known_in_both_of_its_forms() {
        let toml = "timezone = \"UTC\"\n[[source]]\nid = \"gate\"\nvendor = \"viewtron\"\n\
            auth = { basic = { user = \"cam\", password = \"long-password\" } }\n";
        let (site, _) = camhook_site::read(toml, "test").unwrap();
        let source = site.source("gate").unwrap();
        let request = Request::new(crate::Parts {
            method: crate::Method::Post,
            path: "/viewtron/gate".to_owned(),
            query: String::new(),
            headers: [("Authorization".to_owned(), "Basic Y2FtOmxvbmctcGFzc3dvcmQ=".to_owned())]
                .into_iter()
                .collect(),
            body: bytes::Bytes::new(),
            source_ip: None,
            request_id: "request".to_owned(),
            received_at: jiff::Timestamp::UNIX_EPOCH,
        });
        let secrets = camhook_ports::memory::MemorySecrets::default();
        let credentials = credentials(&secrets, &source.auth, &request, None).await;
        for secret in ["long-password", "Y2FtOmxvbmctcGFzc3dvcmQ"] {
            let text = credentials.redact(&format!("it is {secret}"));
            assert_eq!(text.as_deref(), Some("it is [redacted]"));
        }
    }

    #[test]
    fn reasons_are_shown_by_their_names() {
        for (reason, name) in [
            (RefusedReason::UnknownSource, "unknown_source"),
            (RefusedReason::Address, "address"),
            (RefusedReason::Token, "token"),
            (RefusedReason::Basic, "basic"),
            (RefusedReason::Signature, "signature"),
        ] {
            assert_eq!(reason.to_string(), name);
        }
    }

    #[test]
    fn basic_credentials_are_read_as_rfc_7617_says() {
        let user_password = basic_credentials("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==").unwrap();
        assert_eq!(user_password, (b"Aladdin".to_vec(), b"open sesame".to_vec()));
        let colon_in_password = basic_credentials("basic YTpiOmM=").unwrap();
        assert_eq!(colon_in_password, (b"a".to_vec(), b"b:c".to_vec()));
        for wrong in ["", "Basic", "Basic !", "Bearer YTpi", "Basic YWI=", "Basic YTpi, Basic YTpi"] {
            assert_eq!(basic_credentials(wrong), None, "{wrong}");
        }
    }
}
