//! `camhook snooze`

use camhook_aws::CurrentSite;
use camhook_ports::{Clock, Ports};
use camhook_site::Site;
use camhook_state::snooze::{self, SnoozeTarget};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::Outcome;
use crate::arguments::{Run, Snooze};
use crate::error::Error;
use crate::moment::Times;
use crate::output::Output;
use crate::stack::{Selection, Stack};

#[derive(Serialize)]
struct Entry {
    #[serde(flatten)]
    target: SnoozeTarget,
    until: Timestamp,
    suppressed: u32,
}

pub(super) async fn run(arguments: &Snooze, stack: Selection<'_>, output: &Output) -> Result<Outcome, Error> {
    let stack = Stack::find(stack)?;
    work(arguments, &stack, &stack.connect().await, output).await
}

pub(super) async fn work<P: Ports>(
    arguments: &Snooze,
    stack: &Stack,
    ports: &P,
    output: &Output,
) -> Result<Outcome, Error> {
    let Some(name) = arguments.name.as_deref() else {
        list(ports, &Stack::times(ports).await, output).await?;
        return Ok(Outcome::Done);
    };
    let site = CurrentSite::default().get(ports).await?;
    let targets = targets(&site, name);
    if targets.is_empty() {
        return Err(Error::UnknownSnooze(name.to_owned()));
    }
    let (now, run) = (ports.clock().now(), arguments.dry_run.run());
    match arguments.length {
        Some(length) => {
            let until = now.checked_add(length).unwrap_or(Timestamp::MAX);
            let shown = Times::of_site(&site).show(until);
            let change = format!("snooze the notifications of {name} until {shown}");
            if !stack.agrees(&change, run, output)? {
                return Ok(Outcome::Done);
            }
            for target in &targets {
                snooze::set(ports.state(), target, until, now).await?;
            }
        }
        None if arguments.off && run == Run::Dry => {
            stack.show_plan(&format!("end the snooze of {name}"), output);
            return Ok(Outcome::Done);
        }
        None if arguments.off => {
            for target in &targets {
                snooze::end(ports.state(), target, now).await?;
            }
        }
        None => {}
    }
    list(ports, &Times::of_site(&site), output).await?;
    Ok(Outcome::Done)
}

async fn list<P: Ports>(ports: &P, times: &Times, output: &Output) -> Result<(), Error> {
    let now = ports.clock().now();
    let mut snoozes = snooze::all(ports.state()).await?;
    snoozes.retain(|snooze| snooze.until > now);
    if snoozes.is_empty() {
        output.note("Nothing is snoozed.");
    }
    for snooze::Snooze { target, until, suppressed } in snoozes {
        let name = match &target {
            SnoozeTarget::Rule(id) => format!("rule {id}"),
            SnoozeTarget::Camera(name) => format!("camera {name}"),
        };
        let text =
            format!("{name}: snoozed until {}, {suppressed} messages not sent so far", times.show(until));
        output.result(&Entry { target, until, suppressed }, text);
    }
    Ok(())
}

/// What a name stands for: a rule, a `[[camera]]`, a source, or `source/camera`. A name that a rule and a camera have
/// stands for both.
fn targets(site: &Site, name: &str) -> Vec<SnoozeTarget> {
    let source = name.split_once('/').map_or(name, |(source, _)| source);
    let is_camera = site.cameras().iter().any(|camera| camera.id.as_str() == name);
    let rule = site.rule(name).map(|_| SnoozeTarget::Rule(name.to_owned()));
    let camera = (is_camera || site.source(source).is_some()).then(|| SnoozeTarget::Camera(name.to_owned()));
    rule.into_iter().chain(camera).collect()
}

/// Reads `30m`, `2h` or `1h 30m`: above zero, at most 7 days.
pub(crate) fn length(text: &str) -> Result<SignedDuration, String> {
    let length: SignedDuration = text.parse().map_err(|_| "write it as 30m or 2h".to_owned())?;
    let is_sensible = length > SignedDuration::ZERO && length <= SignedDuration::from_hours(7 * 24);
    if is_sensible { Ok(length) } else { Err("use more than zero and at most 168h".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_rules_cameras_and_sources() {
        let toml = r#"
            timezone = "UTC"
            [[source]]
            id = "gate"
            vendor = "viewtron"
            auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" }
            [[camera]]
            id = "drive"
            sources = ["gate/3"]
            [[channel]]
            id = "family"
            kind = "webhook"
            url = "https://example.org"
            [[rule]]
            id = "drive"
            when.camera = "drive"
            then = { notify = "family" }
        "#;
        let (site, _) = camhook_site::read(toml, "test").unwrap();
        let camera = |name: &str| SnoozeTarget::Camera(name.to_owned());
        assert_eq!(targets(&site, "drive"), [SnoozeTarget::Rule("drive".to_owned()), camera("drive")]);
        assert_eq!(targets(&site, "gate"), [camera("gate")]);
        assert_eq!(targets(&site, "gate/3"), [camera("gate/3")]);
        assert!(targets(&site, "family").is_empty() && targets(&site, "drive/3").is_empty());
    }

    #[test]
    fn a_length_is_above_zero_and_at_most_a_week() {
        assert_eq!(length("30m"), Ok(SignedDuration::from_mins(30)));
        assert_eq!(length("2h"), Ok(SignedDuration::from_hours(2)));
        for wrong in ["0s", "-5m", "30", "169h", "soon", ""] {
            assert!(length(wrong).is_err(), "{wrong}");
        }
    }
}
