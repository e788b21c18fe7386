//! The messages that a rule wants.

use camhook_ports::Measurements;
use camhook_site::{Action, Channel, Rule, Site, Urgency};
use jiff::Timestamp;

use crate::handle::NOTIFICATIONS;

/// One message that a rule wants.
#[derive(Debug)]
pub(crate) struct Order<'a> {
    /// Its position in the rule, counted from 0.
    pub(crate) action: usize,
    pub(crate) channel: &'a Channel,
    pub(crate) title: Option<&'a str>,
    pub(crate) body: Option<&'a str>,
}

impl Order<'_> {
    /// Counts what became of it.
    pub(crate) fn count(&self, measurements: &mut Measurements, outcome: &'static str) {
        let kind = self.channel.kind.name();
        measurements.count(NOTIFICATIONS, [("Channel", kind), ("Outcome", outcome)]);
    }
}

/// The messages that a rule wants at a time. Channels that are to be left in peace then are left out.
pub(crate) fn orders<'a>(
    site: &'a Site,
    rule: &'a Rule,
    at: Timestamp,
    measurements: &mut Measurements,
) -> Vec<Order<'a>> {
    let mut orders = Vec::new();
    for (action, wanted) in rule.then.iter().enumerate() {
        let Action::Notify { channel, title, body } = wanted else { continue };
        let Some(channel) = site.channel(channel.as_str()) else { continue };
        let order = Order { action, channel, title: title.as_deref(), body: body.as_deref() };
        let is_quiet = channel.quiet.iter().any(|schedule| schedule.contains(at, site.timezone()));
        if is_quiet && rule.urgency == Urgency::Normal {
            order.count(measurements, "quiet");
            continue;
        }
        orders.push(order);
    }
    orders
}
