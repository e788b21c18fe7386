//! `camhook arm`

use camhook_aws::CurrentSite;
use camhook_ports::{Clock, Ports};
use camhook_site::DEFAULT_MODE;
use camhook_state::control::{self, AreaMode, SetBy};

use super::Outcome;
use crate::arguments::Arm;
use crate::error::Error;
use crate::moment::Times;
use crate::output::Output;
use crate::stack::{Selection, Stack};

pub(super) async fn run(arguments: &Arm, stack: Selection<'_>, output: &Output) -> Result<Outcome, Error> {
    let stack = Stack::find(stack)?;
    work(arguments, &stack, &stack.connect().await, output).await
}

pub(super) async fn work<P: Ports>(
    arguments: &Arm,
    stack: &Stack,
    ports: &P,
    output: &Output,
) -> Result<Outcome, Error> {
    let site = CurrentSite::default().get(ports).await?;
    let (known, times) = (site.areas(), Times::of_site(&site));
    let Some(area) = arguments.area.as_deref() else {
        for area in known {
            show(ports, area, &times, output).await?;
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
        let before = control::mode(ports.state(), area).await?;
        let before = before.as_deref().unwrap_or(DEFAULT_MODE);
        let change = format!("set the mode of {area} to {mode}, from {before}");
        if !stack.agrees(&change, arguments.dry_run.run(), output)? {
            return Ok(Outcome::Done);
        }
        let by = SetBy::Person(arguments.by.clone());
        control::set_mode(ports.state(), area, mode, by, ports.clock().now()).await?;
    }
    show(ports, area, &times, output).await?;
    Ok(Outcome::Done)
}

async fn show<P: Ports>(ports: &P, area: &str, times: &Times, output: &Output) -> Result<(), Error> {
    let record = control::mode_record(ports.state(), area).await?;
    let mode = AreaMode::new(area, record, DEFAULT_MODE).in_words();
    output.result(&mode, text(&mode, times));
    Ok(())
}

fn text(mode: &AreaMode<String>, times: &Times) -> String {
    let AreaMode { area, mode, since, by } = mode;
    let Some(since) = since else { return format!("{area}: {mode} (default, never set)") };
    let setter = by.as_ref().map_or_else(String::new, |by| format!(", set by {by}"));
    format!("{area}: {mode} since {}{setter}", times.show(*since))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_shown_with_who_set_it_and_when() {
        let by = Some("source phone".to_owned());
        let (area, mode) = ("yard".to_owned(), "away".to_owned());
        let set = AreaMode { area, mode, since: "2026-11-23T12:00:00Z".parse().ok(), by };
        assert_eq!(
            text(&set, &Times::UTC),
            "yard: away since 2026-11-23 12:00:00+00:00, set by source phone"
        );
        let never = AreaMode::new("barn", None, DEFAULT_MODE).in_words();
        assert_eq!(text(&never, &Times::UTC), "barn: home (default, never set)");
    }
}
