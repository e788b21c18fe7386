//! What every part of an invocation uses.

use camhook_event::EventId;
use camhook_outbound::Client;
use camhook_ports::{Metrics, Ports};
use camhook_site::{Channel, Site};

/// Counts messages by kind of channel and outcome.
pub const NOTIFICATIONS: &str = "Notifications";

/// What deliveries use beside the ports.
#[derive(Debug, Clone, Copy)]
pub struct Services<'a> {
    /// The HTTP client of channels.
    pub client: &'a Client,
    /// The address of the console, without a slash at its end; `None` for a stack without one.
    pub console: Option<&'a str>,
}

/// What every part of an invocation uses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a, P> {
    /// The ports.
    pub(crate) ports: &'a P,
    /// The site under its current configuration.
    pub(crate) site: &'a Site,
    /// The HTTP client of channels.
    pub(crate) client: &'a Client,
    /// The address of the console, if the stack has one.
    pub(crate) console: Option<&'a str>,
}

impl<P: Ports> Context<'_, P> {
    /// Counts a message to a channel.
    pub(crate) fn count_notification(&self, channel: &Channel, outcome: &'static str) {
        let dimensions = [("Channel", channel.kind.name()), ("Outcome", outcome)];
        self.ports.metrics().count(NOTIFICATIONS, dimensions);
    }

    /// The event's page of the console.
    pub(crate) fn event_page(&self, event: EventId) -> Option<String> {
        Some(format!("{}/events/{event}", self.console?))
    }
}
