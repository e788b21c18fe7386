//! Every minute: what is still owed, and who went silent.
//!
//! An event whose record is stored while a queue refused it stands under `pending/` with the names of the
//! queues that are owed it. Here it is delivered, and only then removed: a crash between the two delivers it
//! twice, which the consumers' claims turn into once.
//!
//! A source that was heard of and then no more gives an event of its own.
//!
//! A relay without a timer whose time is over, and which nobody switches off, gets its release message again.
//!
//! A new version of camhook.toml is checked.

mod configuration;
mod pending;
mod releases;
mod silence;

pub use configuration::{CONFIGURATION_CHECK_FAILED, CONFIGURATION_REJECTED, check_configuration};
pub use pending::deliver_pending;
pub use releases::restore_releases;
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
