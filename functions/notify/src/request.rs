//! The messages that a rule asks for.

use std::time::Duration;

use camhook_ports::Ports;
use camhook_site::{Action, Channel, Rule, Urgency};
use jiff::Timestamp;

use crate::context::Context;
use crate::text::Templates;

/// One message that a rule asks for.
#[derive(Debug)]
pub(crate) struct DeliveryRequest<'a> {
    /// The position of the action in the rule, counted from 0.
    pub(crate) action: usize,
    pub(crate) channel: &'a Channel,
    /// The rule's template of the title.
    pub(crate) title: Option<&'a str>,
    /// The rule's template of the text.
    pub(crate) body: Option<&'a str>,
    /// How long the service still asks to wait, after an earlier attempt.
    pub(crate) wait: Option<Duration>,
}

impl<'a> DeliveryRequest<'a> {
    pub(crate) fn templates(&self) -> Templates<'a> {
        Templates { title: self.title, body: self.body }
    }
}

/// The messages that a rule asks for at a time. Channels in their quiet hours are left out, unless the rule is
/// urgent.
pub(crate) fn requests<'a, P: Ports>(
    context: &Context<'a, P>,
    rule: &'a Rule,
    at: Timestamp,
) -> Vec<DeliveryRequest<'a>> {
    let site = context.site;
    let mut requests = Vec::new();
    for (action, wanted) in rule.then.iter().enumerate() {
        let Action::Notify { channel, title, body } = wanted else { continue };
        let Some(channel) = site.channel(channel.as_str()) else { continue };
        let is_quiet = channel.quiet.iter().any(|schedule| schedule.contains(at, site.timezone()));
        if is_quiet && rule.urgency == Urgency::Normal {
            context.count_notification(channel, "quiet");
            continue;
        }
        let (title, body) = (title.as_deref(), body.as_deref());
        requests.push(DeliveryRequest { action, channel, title, body, wait: None });
    }
    requests
}

/// Counts the same outcome for several messages.
pub(crate) fn count_all<P: Ports>(
    context: &Context<'_, P>,
    requests: &[DeliveryRequest<'_>],
    outcome: &'static str,
) {
    for request in requests {
        context.count_notification(request.channel, outcome);
    }
}
