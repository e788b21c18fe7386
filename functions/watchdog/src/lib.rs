//! Every minute: what is still owed, and who went silent.
//!
//! An event whose record is stored while a queue refused it stands under `pending/` with the names of the
//! queues that are owed it. Here it is delivered, and only then removed: a crash between the two delivers it
//! twice, which the consumers' claims turn into once.
//!
//! A source that was heard of and then no more gives an event of its own.
//!
//! A relay without a timer whose time is over, and which nobody switches off, gets its release message again.

mod pending;
mod releases;
mod silence;

pub use pending::deliver_pending;
pub use releases::restore_releases;
pub use silence::report_silence;

use camhook_ports::Ports;
use camhook_site::Site;

/// One tick: first the relays that are on for too long, then what is owed, then who is silent.
pub async fn tick<P: Ports>(ports: &P, site: &Site) {
    restore_releases(ports, site).await;
    deliver_pending(ports).await;
    report_silence(ports, site).await;
}
