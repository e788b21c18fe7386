//! The modes of areas.

use camhook_ports::State;
use camhook_site::{DEFAULT_MODE, Site};
use camhook_state::control::SetBy;
use camhook_state::overview::{self, Overview};
use jiff::Timestamp;
use serde::Serialize;

use crate::Error;

/// The mode of an area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AreaMode {
    /// The area.
    pub area: String,
    /// Its mode.
    pub mode: String,
    /// Since when; `None` for an area whose mode was never set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Who set it, as far as is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<SetBy>,
}

/// The mode of each area of a site, by name.
///
/// # Errors
///
/// When the table fails.
pub async fn list<S: State>(state: &S, site: &Site) -> Result<Vec<AreaMode>, Error> {
    let areas: Vec<&str> = site.areas().into_iter().collect();
    let selection = overview::Selection { areas: areas.clone(), ..overview::Selection::default() };
    Ok(of_overview(&areas, &overview::read(state, &selection).await?))
}

pub(crate) fn of_overview(areas: &[&str], overview: &Overview) -> Vec<AreaMode> {
    let mode = |area: &&str| {
        let record = overview.modes.get(*area);
        AreaMode {
            area: (*area).to_owned(),
            mode: record.map_or(DEFAULT_MODE, |record| &record.mode).to_owned(),
            since: record.map(|record| record.since),
            by: record.and_then(|record| record.by.clone()),
        }
    };
    areas.iter().map(mode).collect()
}
