//! Relays: their state, and the switch that disables all of them.

use camhook_ports::State;
use camhook_site::{Site, Switching, Via};
use camhook_state::control::StopSwitch;
use camhook_state::overview::{self, Overview};
use camhook_state::relay::{LastAction, RelayRecord};
use jiff::Timestamp;
use serde::Serialize;

use crate::Error;

/// The relays of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Relays {
    /// Whether relays may be switched.
    pub switch: StopSwitch,
    /// When the switch was set; `None` when it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Who set it, as far as is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The relays, in the order of the configuration.
    pub relays: Vec<RelayStatus>,
}

/// A relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RelayStatus {
    /// Its id.
    pub id: String,
    /// The kind of its device.
    pub driver: &'static str,
    /// Who switches it.
    pub executor: RelayExecutor,
    /// Whether commands are only decided and recorded.
    pub dry_run: bool,
    /// The last command; `None` when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_action: Option<LastAction>,
    /// When a command was last sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_actuation: Option<Timestamp>,
    /// When it is switched off; `None` when no release is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_until: Option<Timestamp>,
    /// Unconfirmed attempts to switch it off; `None` when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release_failures: Option<ReleaseFailures>,
}

/// Who switches a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RelayExecutor {
    /// The relay function.
    Function,
    /// An agent on site.
    Agent,
}

/// Attempts to switch a relay off that its device did not confirm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleaseFailures {
    /// How many there were in a row.
    pub count: u32,
    /// When the first one was.
    pub since: Timestamp,
    /// When the next one is.
    pub next: Timestamp,
}

/// The relays of a site with their states.
///
/// # Errors
///
/// When the table fails.
pub async fn list<S: State>(state: &S, site: &Site) -> Result<Relays, Error> {
    let relays = site.relays().iter().map(|relay| relay.id.as_str()).collect();
    let selection = overview::Selection { relays, ..overview::Selection::default() };
    Ok(of_overview(site, &overview::read(state, &selection).await?))
}

pub(crate) fn of_overview(site: &Site, overview: &Overview) -> Relays {
    let relays = site.relays().iter().map(|relay| {
        let record = overview.relays.get(relay.id.as_str()).cloned().unwrap_or_default();
        let RelayRecord { on_until, last_action, last_actuation, release_failures, .. } = record;
        RelayStatus {
            id: relay.id.to_string(),
            driver: relay.driver.name(),
            executor: match relay.via {
                Via::Cloud => RelayExecutor::Function,
                Via::Agent => RelayExecutor::Agent,
            },
            dry_run: relay.switching == Switching::DryRun,
            last_action,
            last_actuation,
            on_until,
            release_failures: release_failures.map(|failures| ReleaseFailures {
                count: failures.count,
                since: failures.since,
                next: failures.next,
            }),
        }
    });
    let relays = relays.collect();
    match &overview.stop {
        None => Relays { switch: StopSwitch::Running, since: None, by: None, relays },
        Some(stop) => Relays { switch: stop.switch, since: Some(stop.since), by: stop.by.clone(), relays },
    }
}
