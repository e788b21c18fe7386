//! Runs every minute.
//!
//! * Delivers pending events and alerts. An event that is stored while a queue refused it is under `pending/` with the
//!   names of those queues, and so is an alert about a quarantined post. It is removed only after it was delivered: after a crash between the two it is delivered twice, and
//!   the consumers' claims make it act once.
//! * Reports sources and agents that go offline or come back.
//! * Restores the release message of a relay without a timer that should be off, and reports relays that may still be on.
//! * Checks a new version of camhook.toml.

mod configuration;
mod pending;
mod releases;
mod silence;

pub use configuration::{CONFIGURATION_CHECK_FAILED, CONFIGURATION_REJECTED, check_configuration};
pub use pending::deliver_pending;
pub use releases::{RELEASES_UNCONFIRMED, restore_releases};
pub use silence::report_silence;

use std::sync::Arc;

use camhook_ports::Ports;
use camhook_site::Site;

/// One tick: first a new configuration, since `site` may depend on the verdict; then the relays that are on for too
/// long, pending deliveries, and silent sources. Without a site, as before the first configuration, a tick delivers
/// what is pending and succeeds.
pub async fn tick<P: Ports, E: std::fmt::Display>(
    ports: &P,
    site: impl Future<Output = Result<Arc<Site>, E>>,
) {
    check_configuration(ports).await;
    match site.await {
        Ok(site) => {
            restore_releases(ports, &site).await;
            deliver_pending(ports).await;
            report_silence(ports, &site).await;
        }
        Err(error) => {
            tracing::error!(%error, "no configuration is in force");
            deliver_pending(ports).await;
        }
    }
}
