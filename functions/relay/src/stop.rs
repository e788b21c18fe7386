//! The stop switch of all relays.
//!
//! An actuation marks its relay as busy and then reads the stop switch again before it sends. After the switch is set,
//! an actuation therefore either sees it, or its relay is reported by [`busy_relays`]. As soon as no relay is busy, only
//! releases reach a device.

use camhook_ports::{Clock, Ports};
use camhook_site::Site;
use camhook_state::control::{self, StopSwitch};
use camhook_state::relay;
use jiff::Timestamp;

use crate::Error;

/// Sets the stop switch. No new actuation begins.
///
/// # Errors
///
/// When the table fails; the relays may still be switched.
pub async fn stop<P: Ports>(ports: &P, by: &str) -> Result<Timestamp, Error> {
    let now = ports.clock().now();
    control::set_stop_switch(ports.state(), StopSwitch::Stopped, now, by).await?;
    Ok(now)
}

/// The ids of relays that may still be switched by an actuation that began before the stop.
///
/// # Errors
///
/// When the table fails.
pub async fn busy_relays<P: Ports>(ports: &P, site: &Site) -> Result<Vec<String>, Error> {
    let mut busy = Vec::new();
    for relay in site.relays() {
        let id = relay.id.as_str();
        let state = relay::read(ports.state(), id).await?;
        if state.record().busy_until.is_some_and(|until| until > ports.clock().now()) {
            busy.push(id.to_owned());
        }
    }
    Ok(busy)
}
