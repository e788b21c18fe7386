//! The last actions of relays, with the events that led to them.

use std::collections::BTreeMap;

use camhook_description::printable;
use camhook_event::EventId;
use camhook_operations::audit::{self, AuditRecord};
use camhook_operations::events::{self, Summary};
use camhook_ports::IndexPorts;
use futures_util::future::try_join_all;
use maud::{Markup, html};

use crate::app::App;
use crate::audit::severity;
use crate::error::PageError;
use crate::format::full_time;
use crate::headline::describe_summary;
use crate::visit::Visit;

/// The number of actions that are shown of a relay.
const SHOWN: usize = 5;

/// The last actions of each relay, and the events of them.
pub(super) struct LastActions {
    by_relay: BTreeMap<String, Vec<AuditRecord>>,
    events: BTreeMap<EventId, Summary>,
}

/// Reads the last actions of today and yesterday.
pub(super) async fn of_relays<P: IndexPorts>(
    app: &App<P>,
    visit: &Visit,
    relays: &[String],
) -> Result<LastActions, PageError> {
    let now = visit.context.now;
    let actions: Vec<_> =
        relays.iter().map(|relay| audit::newest(app.ports.objects(), relay, now, SHOWN)).collect();
    let actions = try_join_all(actions).await?;
    let ids: Vec<EventId> = actions.iter().flatten().filter_map(|entry| entry.event).collect();
    let events: Vec<_> = ids.into_iter().map(|id| events::find(app.ports.index(), id, now)).collect();
    let events = try_join_all(events).await?.into_iter().flatten();
    Ok(LastActions {
        by_relay: relays.iter().cloned().zip(actions).collect(),
        events: events.map(|summary| (summary.id, summary)).collect(),
    })
}

impl LastActions {
    /// The last actions of a relay as a list.
    pub(super) fn list(&self, visit: &Visit, relay: &str) -> Markup {
        let entries = self.by_relay.get(relay).map_or(&[][..], Vec::as_slice);
        html! {
            @if !entries.is_empty() {
                h3 { "Today and yesterday" }
                ul.outcomes {
                    @for entry in entries { (self.line(visit, entry)) }
                }
            }
        }
    }

    fn line(&self, visit: &Visit, entry: &AuditRecord) -> Markup {
        let event = entry.event.and_then(|id| self.events.get(&id));
        html! {
            li class=(severity(entry)) {
                (full_time(entry.at, visit.context.site.timezone())) ", " (entry.action) ": " (printable(&entry.text))
                @if let Some(event) = event {
                    " "
                    a href=(visit.context.base.link(format_args!("events/{}", event.id))) {
                        (describe_summary(&visit.context.site, event).headline())
                    }
                }
                @if let Some(rule) = &entry.rule { span.quiet { " rule " (rule) } }
            }
        }
    }
}
