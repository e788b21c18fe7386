//! `camhook relays`

use std::path::Path;
use std::time::Duration;

use camhook_aws::{AwsPorts, CurrentSite};
use camhook_ports::{Clock, Ports};
use camhook_relay::stop;
use camhook_state::control::{self, StopRecord, StopSwitch};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::Outcome;
use crate::arguments::{Relays, RelaysAction};
use crate::error::Error;
use crate::output::Output;
use crate::stack::Stack;

/// Longer than a device that somebody began to switch before the stop may be spoken to.
const UNDER_WAY_LIMIT: Duration = Duration::from_secs(12);

const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

#[derive(Serialize)]
struct Status {
    stopped: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

pub(super) async fn run(arguments: &Relays, stack: Option<&Path>, output: &Output) -> Result<Outcome, Error> {
    let ports = Stack::find(stack)?.connect().await;
    match arguments.action {
        RelaysAction::Status => {}
        RelaysAction::On => {
            let now = ports.clock().now();
            control::set_stop_switch(ports.state(), StopSwitch::Running, now, &arguments.by).await?;
        }
        RelaysAction::Off => stop_all(&ports, &arguments.by, output).await?,
    }
    let record = control::stop_record(ports.state()).await?;
    let text = text(record.as_ref());
    let status = match record {
        None => Status { stopped: false, since: None, by: None },
        Some(StopRecord { switch, since, by }) => {
            Status { stopped: switch == StopSwitch::Stopped, since: Some(since), by }
        }
    };
    output.result(&status, text);
    Ok(Outcome::Done)
}

/// Sets the stop switch, and waits for what was under way at that moment.
async fn stop_all(ports: &AwsPorts, by: &str, output: &Output) -> Result<(), Error> {
    stop::stop(ports, by).await?;
    let site = match CurrentSite::default().get(ports).await {
        Ok(site) => site,
        Err(error) => {
            // The switch is set all the same, and nobody begins anything.
            output.note(format_args!("which relays there are is not known, so all get their time: {error}"));
            tokio::time::sleep(UNDER_WAY_LIMIT).await;
            return Ok(());
        }
    };
    let deadline = ports.clock().elapsed() + UNDER_WAY_LIMIT;
    let mut told = false;
    loop {
        let busy = stop::under_way(ports, &site).await?;
        if busy.is_empty() || ports.clock().elapsed() >= deadline {
            return Ok(());
        }
        if !told {
            output.note(format_args!("waiting for what is being switched: {}", busy.join(", ")));
            told = true;
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

fn text(record: Option<&StopRecord>) -> String {
    let Some(StopRecord { switch, since, by }) = record else {
        return "relays are on: they were never stopped".to_owned();
    };
    let since = since.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S");
    let by = by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    match switch {
        StopSwitch::Stopped => {
            format!(
                "relays are off since {since}{by}: nothing is switched; what is on for a time is released"
            )
        }
        StopSwitch::Running => format!("relays are on since {since}{by}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_who_stopped_them() {
        let record = StopRecord {
            switch: StopSwitch::Stopped,
            since: Timestamp::constant(1_800_000_000, 0),
            by: Some("ann".to_owned()),
        };
        let told = text(Some(&record));
        assert!(told.starts_with("relays are off since 2027-01-15 ") && told.contains(" by ann"), "{told}");
        let running = StopRecord { switch: StopSwitch::Running, by: None, ..record };
        assert!(text(Some(&running)).starts_with("relays are on since 2027-01-15 "));
        assert!(text(None).contains("never"));
    }
}
