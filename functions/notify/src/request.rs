//! The messages that a rule asks for.

use std::time::Duration;

use camhook_ports::Ports;
use camhook_site::{Action, Channel, Rule, Site, Urgency};
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
    let is_due = |request: &DeliveryRequest<'_>| {
        let mut quiet = request.channel.quiet.iter();
        let is_quiet = quiet.any(|schedule| schedule.contains(at, context.site.timezone()));
        if is_quiet && rule.urgency == Urgency::Normal {
            context.count_notification(request.channel, "quiet");
            return false;
        }
        true
    };
    all_requests(context.site, rule).filter(is_due).collect()
}

/// The messages that a rule asks for at any time.
pub(crate) fn all_requests<'a>(site: &'a Site, rule: &'a Rule) -> impl Iterator<Item = DeliveryRequest<'a>> {
    rule.then.iter().enumerate().filter_map(|(action, wanted)| {
        let Action::Notify { channel, title, body } = wanted else { return None };
        let channel = site.channel(channel.as_str())?;
        let (title, body) = (title.as_deref(), body.as_deref());
        Some(DeliveryRequest { action, channel, title, body, wait: None })
    })
}

/// Whether a rule asks for messages.
pub(crate) fn has_messages(rule: &Rule) -> bool {
    rule.then.iter().any(|action| matches!(action, Action::Notify { .. }))
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
