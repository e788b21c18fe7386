//! The modes of areas.

use camhook_ports::State;
use camhook_site::{DEFAULT_MODE, Site};
pub use camhook_state::control::AreaMode;
use camhook_state::overview::{self, Overview};

use crate::Error;

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
    areas.iter().map(|area| AreaMode::new(area, overview.modes.get(*area).cloned(), DEFAULT_MODE)).collect()
}
