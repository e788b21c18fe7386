//! `camhook arm`

use std::collections::BTreeSet;

use camhook_aws::{AwsPorts, CurrentSite};
use camhook_ports::{Clock, Ports};
use camhook_site::{Action, DEFAULT_MODE, Site};
use camhook_state::control;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::Outcome;
use crate::arguments::Arm;
use crate::error::Error;
use crate::output::Output;
use crate::stack::{Selection, Stack};

/// The modes that are valid without a rule that uses them.
const STANDARD_MODES: [&str; 3] = ["home", "away", "off"];

#[derive(Serialize)]
struct Area<'a> {
    area: &'a str,
    mode: String,
    /// Absent if it was never set.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
}

pub(super) async fn run(arguments: &Arm, stack: Selection<'_>, output: &Output) -> Result<Outcome, Error> {
    let stack = Stack::find(stack)?;
    let ports = stack.connect().await;
    let site = CurrentSite::default().get(&ports).await?;
    let known = areas(&site);
    let Some(area) = arguments.area.as_deref() else {
        for area in known {
            show(&ports, area, output).await?;
        }
        return Ok(Outcome::Done);
    };
    if !known.contains(area) {
        let known: Vec<String> = known.iter().map(|known| format!("`{known}`")).collect();
        let hint = match known.as_slice() {
            [] => ": no source has an `area`".to_owned(),
            known => format!(": it has {}", known.join(", ")),
        };
        return Err(Error::UnknownArea { area: area.to_owned(), hint });
    }
    if let Some(mode) = &arguments.mode {
        let named = modes(&site);
        if !STANDARD_MODES.contains(&mode.as_str()) && !named.contains(mode.as_str()) {
            output.note(format_args!("warning: no rule of the deployed camhook.toml uses the mode `{mode}`"));
        }
        stack.confirm(&format!("set the mode of {area} to {mode}"), output)?;
        control::set_mode(ports.state(), area, mode, ports.clock().now()).await?;
    }
    show(&ports, area, output).await?;
    Ok(Outcome::Done)
}

async fn show(ports: &AwsPorts, area: &str, output: &Output) -> Result<(), Error> {
    let record = control::mode_record(ports.state(), area).await?;
    let (mode, since, text) = match record {
        None => (DEFAULT_MODE.to_owned(), None, format!("{area}: {DEFAULT_MODE} (default, never set)")),
        Some(record) => {
            let local = record.since.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %Z");
            let text = format!("{area}: {} since {local}", record.mode);
            (record.mode, Some(record.since), text)
        }
    };
    output.result(&Area { area, mode, since }, text);
    Ok(())
}

/// The areas of all sources.
fn areas(site: &Site) -> BTreeSet<&str> {
    site.sources().filter_map(|source| source.area.as_ref()).map(camhook_event::Text::as_str).collect()
}

/// The modes that rules require or set.
fn modes(site: &Site) -> BTreeSet<&str> {
    let required = site.rules().iter().filter_map(|rule| rule.mode.as_ref()).flat_map(|mode| &mode.any_of);
    let set = site.rules().iter().flat_map(|rule| &rule.then).filter_map(|action| match action {
        Action::Mode { mode, .. } => Some(mode),
        Action::Notify { .. } | Action::Relay { .. } => None,
    });
    required.chain(set).map(camhook_event::Text::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_and_modes_are_those_of_sources_and_rules() {
        let toml = r#"
            timezone = "UTC"
            [[source]]
            id = "gate"
            vendor = "viewtron"
            area = "yard"
            auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" }
            [[channel]]
            id = "family"
            kind = "webhook"
            url = "https://example.org"
            [[rule]]
            id = "notify-at-night"
            mode = { area = "yard", is = ["night", "away"] }
            then = [{ notify = "family" }]
            [[rule]]
            id = "leave"
            when = { kind = "manual" }
            then = [{ mode = "away" }]
        "#;
        let (site, _) = camhook_site::read(toml, "test").unwrap();
        assert_eq!(areas(&site).into_iter().collect::<Vec<_>>(), ["yard"]);
        assert_eq!(modes(&site).into_iter().collect::<Vec<_>>(), ["away", "night"]);
    }
}
