//! `camhook relays`

use std::time::Duration;

use camhook_aws::CurrentSite;
use camhook_operations::relays::{self, RelayStatus};
use camhook_ports::{Clock, Ports};
use camhook_relay::release::{ConfirmedOff, confirm_off};
use camhook_relay::stop;
use camhook_state::control::{self, StopRecord, StopSwitch};
use jiff::Timestamp;
use serde::Serialize;

use super::Outcome;
use super::status::relay_lines;
use crate::arguments::{Relays, RelaysAction, Run};
use crate::error::Error;
use crate::moment::Times;
use crate::output::{Output, single_line};
use crate::stack::{Selection, Stack};

/// Longer than an exchange with a device that started before the stop can last.
const IN_PROGRESS_LIMIT: Duration = Duration::from_secs(12);

const POLL_INTERVAL: Duration = Duration::from_millis(100);

#[derive(Serialize)]
struct Status {
    stopped: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// The relays of the configuration in force; absent after a change of the switch, and where they cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    relays: Option<Vec<RelayStatus>>,
}

pub(super) async fn run(arguments: &Relays, stack: Selection<'_>, output: &Output) -> Result<Outcome, Error> {
    let stack = Stack::find(stack)?;
    work(arguments, &stack, &stack.connect().await, output).await
}

pub(super) async fn work<P: Ports>(
    arguments: &Relays,
    stack: &Stack,
    ports: &P,
    output: &Output,
) -> Result<Outcome, Error> {
    let run = arguments.dry_run.run();
    match arguments.action {
        RelaysAction::Status => {}
        RelaysAction::On => {
            if !stack.agrees("enable relays", run, output)? {
                return Ok(Outcome::Done);
            }
            let now = ports.clock().now();
            control::set_stop_switch(ports.state(), StopSwitch::Running, now, &arguments.by).await?;
        }
        RelaysAction::Off if run == Run::Dry => {
            stack.show_plan("disable all relays; timed outputs that are on are still released", output);
            return Ok(Outcome::Done);
        }
        RelaysAction::Off => {
            // The emergency stop does not wait for an answer.
            output.note(format_args!("stack {}: disabling relays", stack.label()));
            stop_all(ports, &arguments.by, output).await?;
        }
        RelaysAction::ConfirmOff => {
            let relay = arguments.relay.as_deref().unwrap_or_default();
            if !stack.agrees(&format!("confirm that {relay} is off"), run, output)? {
                return Ok(Outcome::Done);
            }
            return confirm(ports, relay, &arguments.by, output).await;
        }
    }
    let (status, text) = read_status(ports, arguments.action, output).await?;
    output.result(&status, text);
    Ok(Outcome::Done)
}

/// The switch, as JSON and as text; when the status is asked for, with each relay.
async fn read_status<P: Ports>(
    ports: &P,
    action: RelaysAction,
    output: &Output,
) -> Result<(Status, String), Error> {
    let record = control::stop_record(ports.state()).await?;
    let mut lines = vec![text(record.as_ref(), &Stack::times(ports).await)];
    let mut status = match record {
        None => Status { stopped: false, since: None, by: None, relays: None },
        Some(StopRecord { switch, since, by }) => {
            Status { stopped: switch == StopSwitch::Stopped, since: Some(since), by, relays: None }
        }
    };
    if action == RelaysAction::Status {
        match CurrentSite::default().get(ports).await {
            Ok(site) => {
                let relays = relays::list(ports.state(), &site).await?;
                let shown = relay_lines(&relays, ports.clock().now(), &Times::of_site(&site));
                lines.extend(shown.iter().map(|line| format!("  {}", single_line(line))));
                status.relays = Some(relays.relays);
            }
            // The switch is known all the same.
            Err(error) => output.note(format_args!("the relays are not listed: {error}")),
        }
    }
    Ok((status, lines.join("\n")))
}

#[derive(Serialize)]
struct Confirmation<'a> {
    relay: &'a str,
    released: bool,
}

/// Ends the release of a relay that a person has seen to be off.
async fn confirm<P: Ports>(ports: &P, relay: &str, by: &str, output: &Output) -> Result<Outcome, Error> {
    let confirmed = confirm_off(ports, relay, by).await?;
    let released = confirmed == ConfirmedOff::Released;
    let text = match confirmed {
        ConfirmedOff::Released => format!("{relay} is off: it is not switched off again"),
        ConfirmedOff::NotPending => format!("{relay} is not to be switched off: nothing to confirm"),
        ConfirmedOff::NotDue { on_until } => format!(
            "not confirmed: {relay} has to be on until {on_until:.0}, and is switched off then. Confirm after that time if \
             it is not"
        ),
        ConfirmedOff::Busy { until } => format!(
            "not confirmed: {relay} may be switched right now. Look at it again after {until:.0}, then confirm"
        ),
    };
    output.result(&Confirmation { relay, released }, text);
    Ok(match confirmed {
        ConfirmedOff::Released | ConfirmedOff::NotPending => Outcome::Done,
        ConfirmedOff::NotDue { .. } | ConfirmedOff::Busy { .. } => Outcome::Refused,
    })
}

/// Sets the stop switch and waits for actions in progress to end.
async fn stop_all<P: Ports>(ports: &P, by: &str, output: &Output) -> Result<(), Error> {
    stop::stop(ports, by).await?;
    let site = match CurrentSite::default().get(ports).await {
        Ok(site) => site,
        Err(error) => {
            // The switch is set all the same: no action starts any more.
            output.note(format_args!(
                "failed to load the list of relays; waiting {} s for actions in progress: {error}",
                IN_PROGRESS_LIMIT.as_secs()
            ));
            tokio::time::sleep(IN_PROGRESS_LIMIT).await;
            return Ok(());
        }
    };
    let deadline = ports.clock().elapsed() + IN_PROGRESS_LIMIT;
    let mut reported = false;
    loop {
        let busy = stop::busy_relays(ports, &site).await?;
        if busy.is_empty() || ports.clock().elapsed() >= deadline {
            return Ok(());
        }
        if !reported {
            output.note(format_args!("waiting for actions in progress: {}", busy.join(", ")));
            reported = true;
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

fn text(record: Option<&StopRecord>, times: &Times) -> String {
    let Some(StopRecord { switch, since, by }) = record else {
        return "relays are on; they were never disabled".to_owned();
    };
    let since = times.show(*since);
    let by = by.as_ref().map(|by| format!(" by {}", single_line(by))).unwrap_or_default();
    match switch {
        StopSwitch::Stopped => {
            format!("relays are off since {since}{by}; timed outputs that are on are still released")
        }
        StopSwitch::Running => format!("relays are on since {since}{by}"),
    }
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryPorts;
    use camhook_state::relay::{self, RelayRecord, ReleaseFailures};
    use jiff::SignedDuration;

    use super::*;
    use crate::command::tests::deployed;
    use crate::output::Form;

    const RELAYS: &str = "[[relay]]\nid = \"siren\"\ndriver = \"viewtron\"\nurl = \"https://camera.example.org\"\n\
        [[relay]]\nid = \"light\"\ndriver = \"shelly-gen2\"\nurl = \"https://light.example.org\"\n";

    async fn shown(ports: &MemoryPorts, action: RelaysAction) -> (serde_json::Value, String) {
        let (status, text) = read_status(ports, action, &Output::new(Form::Json)).await.unwrap();
        (serde_json::to_value(&status).unwrap(), text)
    }

    #[tokio::test]
    async fn the_status_has_each_relay_and_says_which_one_may_be_on() {
        let ports = deployed(RELAYS).await;
        let at = |seconds: i64| ports.clock.now() + SignedDuration::from_secs(seconds);
        let failures = ReleaseFailures { count: 5, since: at(-300), alerted: None, next: at(60) };
        let record = RelayRecord {
            on_until: Some(at(-300)),
            release_failures: Some(failures),
            ..RelayRecord::default()
        };
        let state = relay::read(&ports.state, "siren").await.unwrap();
        relay::write(&ports.state, &state, record, at(0)).await.unwrap().unwrap();
        let (json, text) = shown(&ports, RelaysAction::Status).await;
        assert_eq!(json["stopped"], false);
        assert_eq!((&json["relays"][0]["id"], &json["relays"][1]["id"]), (&"siren".into(), &"light".into()));
        assert_eq!(json["relays"][0]["release_failures"]["count"], 5);
        assert_eq!(json["relays"][0]["release_failures"]["next"], at(60).to_string());
        assert!(json["relays"][1].get("release_failures").is_none(), "{json}");
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[1].contains("siren") && lines[1].contains("may be on: off not confirmed, 5 attempts"),
            "{text}"
        );
        assert!(lines[2].contains("light") && !lines[2].contains("may be on"), "{text}");
    }

    #[tokio::test]
    async fn the_switch_is_shown_without_a_configuration_and_alone_after_a_change() {
        let ports = MemoryPorts::new(Timestamp::constant(1_800_000_000, 0));
        let (json, text) = shown(&ports, RelaysAction::Status).await;
        assert_eq!((json, text.lines().count()), (serde_json::json!({ "stopped": false }), 1));
        let ports = deployed(RELAYS).await;
        stop::stop(&ports, "ann").await.unwrap();
        let (json, text) = shown(&ports, RelaysAction::Off).await;
        assert_eq!(json["stopped"], true);
        assert!(json.get("relays").is_none() && text.lines().count() == 1, "{json} {text}");
    }

    #[test]
    fn status_shows_who_disabled_relays() {
        let record = StopRecord {
            switch: StopSwitch::Stopped,
            since: Timestamp::constant(1_800_000_000, 0),
            by: Some("ann".to_owned()),
        };
        let text_when_stopped = text(Some(&record), &Times::UTC);
        assert!(
            text_when_stopped.starts_with("relays are off since 2027-01-15 08:00:00+00:00")
                && text_when_stopped.contains(" by ann"),
            "{text_when_stopped}"
        );
        let running = StopRecord { switch: StopSwitch::Running, by: None, ..record };
        assert!(text(Some(&running), &Times::UTC).starts_with("relays are on since 2027-01-15 "));
        assert!(text(None, &Times::UTC).ends_with("never disabled"));
    }
}
