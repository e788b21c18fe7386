//! `camhook replay`

use camhook_operations::checkpoint;
use camhook_operations::replay::{Consumers, Mode, Selection as Range, Settings, Totals};
use camhook_ports::{Clock, Ports};
use serde::{Deserialize, Serialize};

use super::Outcome;
use super::quarantine::run_name;
use crate::arguments::{Replay, ReplayRelays};
use crate::error::Error;
use crate::moment::moment;
use crate::output::Output;
use crate::stack::{Selection, Stack};

/// How far a replay came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Checkpoint {
    range: Range,
    /// The name of the run.
    run: String,
    /// The key of the last record that was read.
    after: String,
    totals: Totals,
}

#[derive(Serialize)]
struct Replayed<'a> {
    #[serde(flatten)]
    totals: Totals,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'a str>,
}

pub(super) async fn run(arguments: &Replay, stack: Selection<'_>, output: &Output) -> Result<Outcome, Error> {
    let stack = Stack::find(stack)?;
    let ports = stack.connect().await;
    let now = ports.clock().now();
    let since = moment(&arguments.since, now)?;
    let until = arguments.until.as_deref().map(|until| moment(until, now)).transpose()?.unwrap_or(now);
    if until <= since {
        return Err(Error::Argument("--until is not after --since".to_owned()));
    }
    if let Some(source) = &arguments.source
        && !camhook_site::is_id(source)
    {
        return Err(Error::Argument(format!("`{source}` is not the id of a source")));
    }
    let (relays, times) = (arguments.relays(), Stack::times(&ports).await);
    let name = checkpoint_name(arguments);
    let interrupted: Option<Checkpoint> = match (arguments.dry_run, arguments.restart) {
        (false, false) => checkpoint::find(ports.state(), &name, now).await?,
        _ => None,
    };
    let range = Range { source: arguments.source.clone(), since, until };
    let (range, run, after, mut totals) = match interrupted {
        Some(Checkpoint { range, run, after, totals }) => {
            output.note(format_args!(
                "Continuing the replay of events since {} that was interrupted after {} events; --restart begins again.",
                times.show(range.since),
                totals.events
            ));
            // A run that switches relays is as old as its request: what is left is requested now.
            let run = if relays == ReplayRelays::Switch { run_name(relays, "replay", now) } else { run };
            (range, run, Some(after), totals)
        }
        None => (range, run_name(relays, "replay", now), None, Totals::default()),
    };
    let (mode, consumers) = (
        if arguments.dry_run { Mode::DryRun } else { Mode::Send },
        match relays {
            ReplayRelays::Switch => Consumers::NotifyAndRelays,
            ReplayRelays::Leave => Consumers::Notify,
        },
    );
    let settings = Settings { consumers, run: &run, mode };
    let mut replay =
        camhook_operations::replay::Replay::list(&ports, range.clone(), settings, after.as_deref()).await?;
    if mode == Mode::Send {
        let to = match relays {
            ReplayRelays::Switch => "notifications and relays",
            ReplayRelays::Leave => "notifications",
        };
        let change = format!(
            "send the events of up to {} records between {} and {} to {to} again",
            replay.records_left(),
            times.show(range.since),
            times.show(range.until)
        );
        stack.confirm(&change, output)?;
    }
    let bar = output.progress(replay.records_left(), "replaying events");
    loop {
        // Relays must not be switched twice: their step counts as done before it begins. A repeated notification is
        // recognized by its run.
        let end = replay.end_of_step().map(str::to_owned);
        let at_end = |totals: Totals| {
            end.clone().map(|after| Checkpoint { range: range.clone(), run: run.clone(), after, totals })
        };
        if let (Mode::Send, ReplayRelays::Switch, Some(reached)) = (mode, relays, at_end(totals)) {
            checkpoint::record(ports.state(), &name, &reached, now).await?;
        }
        let before = replay.records_left();
        let Some(step) = replay.step().await? else { break };
        totals.events += step.events;
        totals.unreadable += step.unreadable;
        if let (Mode::Send, Some(reached)) = (mode, at_end(totals)) {
            checkpoint::record(ports.state(), &name, &reached, now).await?;
        }
        bar.inc(u64::try_from(before - replay.records_left()).unwrap_or(0));
    }
    bar.finish_and_clear();
    if mode == Mode::Send {
        checkpoint::remove(ports.state(), &name).await?;
    }
    let verb = if mode == Mode::Send { "sent again" } else { "to send again" };
    let mut text = format!("{} events {verb}", totals.events);
    if totals.unreadable > 0 {
        text.push_str(&format!("; {} records are not events", totals.unreadable));
    }
    let run = (mode == Mode::Send).then_some(run.as_str());
    output.result(&Replayed { totals, run }, text);
    Ok(Outcome::Done)
}

/// The same arguments continue the same replay.
fn checkpoint_name(arguments: &Replay) -> String {
    let relays = match arguments.relays() {
        ReplayRelays::Switch => "relays",
        ReplayRelays::Leave => "notify",
    };
    let (since, until) = (&arguments.since, arguments.until.as_deref().unwrap_or_default());
    let source = arguments.source.as_deref().unwrap_or_default();
    let name: String = format!("replay/{source}/{relays}/{since}/{until}").chars().take(512).collect();
    name
}
