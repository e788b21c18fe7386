//! TLS as every client here speaks it: by ring, HTTP/1.1 alone, and no certificate of its own.

use std::sync::Arc;

use rustls::{ClientConfig, ConfigBuilder, Error, RootCertStore, WantsVerifier};
use rustls_platform_verifier::BuilderVerifierExt;

/// TLS that trusts whom the system trusts. Reads the system's root certificates, which takes milliseconds.
///
/// # Errors
///
/// When there are none, or they cannot be read.
pub fn trusting_the_system() -> Result<ClientConfig, Error> {
    let mut config = versions()?.with_platform_verifier()?.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// TLS that trusts nobody, for a client that speaks plain HTTP on a system without root certificates.
///
/// # Errors
///
/// When the versions of TLS are not those of the provider, which cannot be.
pub fn trusting_nobody() -> Result<ClientConfig, Error> {
    Ok(versions()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

fn versions() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()
}
