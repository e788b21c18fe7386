//! `camhook replay`

use camhook_operations::checkpoint;
use camhook_operations::replay::{self as operations, Consumers, Mode, Selection as Range, Settings, Totals};
use camhook_ports::{Clock, Ports};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Outcome;
use super::quarantine::run_name;
use crate::arguments::{Replay, ReplayRelays};
use crate::error::Error;
use crate::output::{Output, counted};
use crate::stack::{Selection, Stack};

/// How far a replay came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Checkpoint {
    range: Range,
    /// The name of the run.
    run: String,
    /// The key of the last record that was read; empty before the first.
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
    let times = Stack::times(&ports).await;
    let since = times.parse(&arguments.since, now)?;
    let until = arguments.until.as_deref().map(|until| times.parse(until, now)).transpose()?.unwrap_or(now);
    if until <= since {
        return Err(Error::Argument("--until is not after --since".to_owned()));
    }
    if let Some(source) = &arguments.source
        && !camhook_site::is_id(source)
    {
        return Err(Error::Argument(format!("`{source}` is not the id of a source")));
    }
    let relays = arguments.relays();
    let name = checkpoint_name(arguments);
    let interrupted: Option<Checkpoint> = match (arguments.dry_run, arguments.restart) {
        (false, false) => checkpoint::find(ports.state(), &name, now).await?,
        _ => None,
    };
    let start = match interrupted {
        Some(checkpoint) => {
            output.note(format_args!(
                "Continuing the replay of events since {} that was interrupted after {}; --restart begins again.",
                times.show(checkpoint.range.since),
                counted(checkpoint.totals.events, "event", "events")
            ));
            match relays {
                // A run that switches relays is as old as its request: what is left is requested now.
                ReplayRelays::Switch => Checkpoint { run: run_name(relays, "replay", now), ..checkpoint },
                ReplayRelays::Leave => checkpoint,
            }
        }
        None => Checkpoint {
            range: Range { source: arguments.source.clone(), since, until },
            run: run_name(relays, "replay", now),
            after: String::new(),
            totals: Totals::default(),
        },
    };
    let consumers = match relays {
        ReplayRelays::Switch => Consumers::NotifyAndRelays,
        ReplayRelays::Leave => Consumers::Notify,
    };
    let mode = if arguments.dry_run { Mode::DryRun } else { Mode::Send };
    let settings = Settings { consumers, run: &start.run, mode };
    let replay = operations::Replay::list(&ports, start.range.clone(), settings, Some(&start.after)).await?;
    if mode == Mode::Send {
        let to = match relays {
            ReplayRelays::Switch => "notifications and relays",
            ReplayRelays::Leave => "notifications",
        };
        let change = format!(
            "send the events of up to {} between {} and {} to {to} again",
            counted(replay.records_left(), "record", "records"),
            times.show(start.range.since),
            times.show(start.range.until)
        );
        stack.confirm(&change, output)?;
    }
    let bar = output.progress(replay.records_left(), "replaying events");
    let sending = Run { ports: &ports, checkpoint_name: &name, relays, mode, now };
    let totals = sending.finish(&start, replay, |records| bar.inc(records)).await?;
    bar.finish_and_clear();
    let verb = if mode == Mode::Send { "sent again" } else { "to send again" };
    let mut text = format!("{} {verb}", counted(totals.events, "event", "events"));
    if totals.unreadable > 0 {
        text.push_str(&format!("; {} not readable", counted(totals.unreadable, "record is", "records are")));
    }
    let run = (mode == Mode::Send).then_some(start.run.as_str());
    output.result(&Replayed { totals, run }, text);
    Ok(Outcome::Done)
}

/// A replay that can be interrupted and continued.
struct Run<'a, P> {
    ports: &'a P,
    checkpoint_name: &'a str,
    relays: ReplayRelays,
    mode: Mode,
    now: Timestamp,
}

impl<P: Ports> Run<'_, P> {
    /// Sends what is left after a checkpoint. `done` is called with the number of records of each step.
    async fn finish(
        &self,
        start: &Checkpoint,
        mut replay: operations::Replay<'_, P>,
        done: impl Fn(u64),
    ) -> Result<Totals, Error> {
        // An interruption in the first step is continued as the same run, too.
        self.record(start).await?;
        let mut reached = start.clone();
        // Relays must not be switched twice: their step counts as done before it begins. A repeated notification is
        // recognized by its run.
        while let Some(after) = replay.end_of_step().map(str::to_owned) {
            reached.after = after;
            if self.relays == ReplayRelays::Switch {
                self.record(&reached).await?;
            }
            let before = replay.records_left();
            let Some(step) = replay.step().await? else { break };
            reached.totals.events += step.events;
            reached.totals.unreadable += step.unreadable;
            self.record(&reached).await?;
            done(u64::try_from(before - replay.records_left()).unwrap_or(0));
        }
        if self.mode == Mode::Send {
            checkpoint::remove(self.ports.state(), self.checkpoint_name).await?;
        }
        Ok(reached.totals)
    }

    async fn record(&self, reached: &Checkpoint) -> Result<(), Error> {
        match self.mode {
            Mode::Send => {
                Ok(checkpoint::record(self.ports.state(), self.checkpoint_name, reached, self.now).await?)
            }
            Mode::DryRun => Ok(()),
        }
    }
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

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryPorts;
    use camhook_ports::{Object, ObjectStore, Precondition, Queue};

    use super::*;

    async fn put_event(ports: &MemoryPorts, number: u32) {
        let (id, time) = (format!("{number:032x}"), format!("2026-11-23T08:00:{number:02}Z"));
        let record = serde_json::json!({
            "specversion": "1.0", "id": id, "source": "/viewtron/gate", "type": "camhook.event.v1",
            "subject": "motion", "time": time, "datacontenttype": "application/json",
            "data": { "vendor": "viewtron", "source": "gate", "kind": "motion", "report": "detection",
                "received_at": time, "clock": "server" },
        });
        let object = Object { bytes: record.to_string().into(), content_type: "application/json" };
        let key = format!("events/2026/11/23/gate/{id}.json");
        ports.objects.put(&key, object, Precondition::None).await.unwrap();
    }

    fn first_checkpoint(relays: ReplayRelays, now: Timestamp) -> Checkpoint {
        let range = Range {
            source: None,
            since: "2026-11-23T00:00:00Z".parse().unwrap(),
            until: "2026-11-24T00:00:00Z".parse().unwrap(),
        };
        let run = run_name(relays, "replay", now);
        Checkpoint { range, run, after: String::new(), totals: Totals::default() }
    }

    async fn finish(ports: &MemoryPorts, relays: ReplayRelays, start: &Checkpoint) -> Result<Totals, Error> {
        let consumers = match relays {
            ReplayRelays::Switch => Consumers::NotifyAndRelays,
            ReplayRelays::Leave => Consumers::Notify,
        };
        let settings = Settings { consumers, run: &start.run, mode: Mode::Send };
        let range = start.range.clone();
        let replay = operations::Replay::list(ports, range, settings, Some(&start.after)).await.unwrap();
        let run = Run { ports, checkpoint_name: "test", relays, mode: Mode::Send, now: ports.clock().now() };
        run.finish(start, replay, |_| {}).await
    }

    async fn interrupted(ports: &MemoryPorts) -> Option<Checkpoint> {
        checkpoint::find(ports.state(), "test", ports.clock().now()).await.unwrap()
    }

    #[tokio::test]
    async fn a_replay_that_fails_in_its_first_step_is_continued_as_the_same_run() {
        let ports = MemoryPorts::new("2026-11-23T12:00:00Z".parse().unwrap());
        put_event(&ports, 1).await;
        put_event(&ports, 2).await;
        let start = first_checkpoint(ReplayRelays::Leave, ports.clock.now());
        ports.queues.fail(Queue::Notify);
        let error = finish(&ports, ReplayRelays::Leave, &start).await.unwrap_err().to_string();
        assert!(error.ends_with("; repeat the command to continue"), "{error}");
        let reached = interrupted(&ports).await.unwrap();
        assert_eq!(reached, start, "notifications that were sent are recognized by the run");

        ports.queues.heal();
        assert_eq!(finish(&ports, ReplayRelays::Leave, &reached).await.unwrap().events, 2);
        let runs: Vec<_> =
            ports.queues.sent(Queue::Notify).into_iter().map(|message| message.replay).collect();
        assert_eq!(runs, [Some(start.run.clone()), Some(start.run.clone())]);
        assert_eq!(interrupted(&ports).await, None, "a complete run leaves no checkpoint");
    }

    #[tokio::test]
    async fn an_event_that_may_have_switched_a_relay_is_not_sent_again() {
        let ports = MemoryPorts::new("2026-11-23T12:00:00Z".parse().unwrap());
        put_event(&ports, 1).await;
        put_event(&ports, 2).await;
        let start = first_checkpoint(ReplayRelays::Switch, ports.clock.now());
        // The checkpoints before the first step, in it and behind it are written; that of the second is refused.
        ports.state.fail_after("checkpoint", 3);
        finish(&ports, ReplayRelays::Switch, &start).await.unwrap_err();
        assert_eq!(ports.queues.sent(Queue::Relay).len(), 1);
        ports.state.heal();
        let reached = interrupted(&ports).await.unwrap();
        assert_eq!(reached.totals.events, 1);
        assert_eq!(finish(&ports, ReplayRelays::Switch, &reached).await.unwrap().events, 2);
        let sent = ports.queues.sent(Queue::Relay);
        let ids: Vec<bool> =
            [1, 2].iter().map(|id| sent[*id - 1].body.contains(&format!("{id:032x}"))).collect();
        assert_eq!((sent.len(), ids), (2, vec![true, true]), "each event once");
    }
}
