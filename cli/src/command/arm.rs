//! `camhook arm`

use camhook_aws::{AwsPorts, CurrentSite};
use camhook_ports::{Clock, Ports};
use camhook_site::DEFAULT_MODE;
use camhook_state::control::{self, ModeRecord, SetBy};
use jiff::Timestamp;
use serde::Serialize;

use super::Outcome;
use crate::arguments::Arm;
use crate::error::Error;
use crate::moment::Times;
use crate::output::Output;
use crate::stack::{Selection, Stack};

#[derive(Serialize)]
struct Area<'a> {
    area: &'a str,
    mode: String,
    /// Absent if it was never set.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    /// Absent if it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

pub(super) async fn run(arguments: &Arm, stack: Selection<'_>, output: &Output) -> Result<Outcome, Error> {
    let stack = Stack::find(stack)?;
    let ports = stack.connect().await;
    let site = CurrentSite::default().get(&ports).await?;
    let (known, times) = (site.areas(), Times::of_site(&site));
    let Some(area) = arguments.area.as_deref() else {
        for area in known {
            show(&ports, area, &times, output).await?;
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
        if !site.modes().contains(mode.as_str()) {
            output.note(format_args!("warning: no rule of the deployed camhook.toml uses the mode `{mode}`"));
        }
        stack.confirm(&format!("set the mode of {area} to {mode}"), output)?;
        let by = SetBy::Person(arguments.by.clone());
        control::set_mode(ports.state(), area, mode, by, ports.clock().now()).await?;
    }
    show(&ports, area, &times, output).await?;
    Ok(Outcome::Done)
}

async fn show(ports: &AwsPorts, area: &str, times: &Times, output: &Output) -> Result<(), Error> {
    let record = control::mode_record(ports.state(), area).await?;
    let Some(ModeRecord { mode, since, by }) = record else {
        let text = format!("{area}: {DEFAULT_MODE} (default, never set)");
        output.result(&Area { area, mode: DEFAULT_MODE.to_owned(), since: None, by: None }, text);
        return Ok(());
    };
    let by = by.map(|by| by.to_string());
    let setter = by.as_ref().map_or_else(String::new, |by| format!(", set by {by}"));
    let text = format!("{area}: {mode} since {}{setter}", times.show(since));
    output.result(&Area { area, mode, since: Some(since), by }, text);
    Ok(())
}
