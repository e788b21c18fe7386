//! What every part of an invocation uses.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use camhook_outbound::Client;
use camhook_ports::Measurements;
use camhook_site::{Channel, Site};

/// Counts messages by kind of channel and outcome.
pub const NOTIFICATIONS: &str = "Notifications";

/// What every part of an invocation uses.
#[derive(Debug)]
pub(crate) struct Context<'a, P> {
    /// The ports.
    pub(crate) ports: &'a P,
    /// The site under its current configuration.
    pub(crate) site: &'a Site,
    /// The HTTP client of channels.
    pub(crate) client: &'a Client,
    measurements: Mutex<Measurements>,
}

impl<'a, P> Context<'a, P> {
    /// The context of one invocation.
    pub(crate) fn new(ports: &'a P, site: &'a Site, client: &'a Client) -> Self {
        Self { ports, site, client, measurements: Mutex::default() }
    }

    /// Counts one.
    pub(crate) fn count<const N: usize>(&self, name: &'static str, dimensions: [(&'static str, &str); N]) {
        self.measurements.lock().unwrap_or_else(PoisonError::into_inner).count(name, dimensions);
    }

    /// Counts a message to a channel.
    pub(crate) fn count_notification(&self, channel: &Channel, outcome: &'static str) {
        self.count(NOTIFICATIONS, [("Channel", channel.kind.name()), ("Outcome", outcome)]);
    }

    /// Records a duration.
    pub(crate) fn time<const N: usize>(
        &self,
        name: &'static str,
        duration: Duration,
        dimensions: [(&'static str, &str); N],
    ) {
        self.measurements.lock().unwrap_or_else(PoisonError::into_inner).time(name, duration, dimensions);
    }

    /// What was measured.
    pub(crate) fn into_measurements(self) -> Measurements {
        self.measurements.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
