//! What can go wrong before anything is sent.

/// Why the client cannot be used, or a value for it not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The client cannot be built on this machine.
    #[error("no HTTPS client can be made, see that the system has root certificates: {reason}")]
    Client {
        /// What is missing.
        reason: String,
    },
    /// The text is no signing key.
    #[error("the signing key is not as Standard Webhooks says: `whsec_` and base64 of 24 to 64 bytes")]
    SigningKey,
    /// A header's value holds characters that no header may hold.
    #[error("the value of the header `{name}` holds a control character, or one that is not ASCII")]
    HeaderValue {
        /// The header.
        name: http::HeaderName,
    },
    /// The system has no random numbers.
    #[error("the system gives no random numbers: {reason}")]
    Random {
        /// What it said.
        reason: getrandom::Error,
    },
}
