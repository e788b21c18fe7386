//! Stopping all relays by hand.
//!
//! Whoever switches a relay marks it busy, reads the stop switch once more, and only then sends. So after the
//! switch is set an actuation either sees that, or its relay is seen to be busy here: when none is busy any more,
//! nothing but releases reaches a device.

use camhook_ports::{Clock, Ports};
use camhook_site::Site;
use camhook_state::control::{self, StopSwitch};
use camhook_state::relay;
use jiff::Timestamp;

use crate::Error;

/// Sets the stop switch: from now on nobody begins to switch a relay.
///
/// # Errors
///
/// When the table fails; the relays may go on as they did.
pub async fn stop<P: Ports>(ports: &P, by: &str) -> Result<Timestamp, Error> {
    let now = ports.clock().now();
    control::set_stop_switch(ports.state(), StopSwitch::Stopped, now, by).await?;
    Ok(now)
}

/// The relays that somebody began to switch before the stop and may be switching still, by id.
///
/// # Errors
///
/// When the table fails.
pub async fn under_way<P: Ports>(ports: &P, site: &Site) -> Result<Vec<String>, Error> {
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
