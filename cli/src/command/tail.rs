//! `camhook tail`

use std::collections::BTreeSet;
use std::time::Duration;

use camhook_event::EventId;
use camhook_operations::tail::{Happening, Tail};
use tokio::signal::unix::{SignalKind, signal};

use super::Outcome;
use crate::arguments;
use crate::error::Error;
use crate::event_line::event_line;
use crate::moment::Times;
use crate::outcome_text::outcome_text;
use crate::output::{Output, single_line};
use crate::stack::{Selection, Stack};

/// The time between two polls.
const INTERVAL: Duration = Duration::from_secs(2);

/// After this many failed polls in a row the command ends with the error.
const MAX_FAILURES: u32 = 5;

pub(super) async fn run(
    arguments: &arguments::Tail,
    stack: Selection<'_>,
    output: &Output,
) -> Result<Outcome, Error> {
    let stack = Stack::find(stack)?;
    let ports = stack.connect().await;
    let mut terminated = signal(SignalKind::terminate()).map_err(Error::Signal)?;
    let mut interrupted = signal(SignalKind::interrupt()).map_err(Error::Signal)?;
    let mut tail = Tail::default();
    // The first poll shows whether the stack can be read at all.
    tail.poll(&ports).await?;
    let times = Stack::times(&ports).await;
    output.note(format_args!("stack {}: waiting for events; Ctrl-C ends", stack.label()));
    let mut selection = SourceSelection { source: arguments.source.as_deref(), events: BTreeSet::new() };
    let mut failures = 0;
    loop {
        tokio::select! {
            _ = terminated.recv() => return Ok(Outcome::Done),
            _ = interrupted.recv() => return Ok(Outcome::Done),
            () = tokio::time::sleep(INTERVAL) => {}
        }
        match tail.poll(&ports).await {
            Ok(happened) => {
                failures = 0;
                for happening in happened {
                    if selection.includes(&happening) {
                        output.result(&happening, line(&happening, &times));
                    }
                }
            }
            Err(error) if failures + 1 >= MAX_FAILURES => return Err(error.into()),
            Err(error) => {
                failures += 1;
                output.note(format_args!("failed to read the stack, trying again: {error}"));
            }
        }
    }
}

/// What is shown.
struct SourceSelection<'a> {
    /// Only what is about this source.
    source: Option<&'a str>,
    /// The events of that source: a decision names its event only.
    events: BTreeSet<EventId>,
}

impl SourceSelection<'_> {
    fn includes(&mut self, happening: &Happening) -> bool {
        let Some(wanted) = self.source else { return true };
        match happening {
            Happening::Event(event) if event.source.as_str() == wanted => self.events.insert(event.id),
            Happening::Event(_) => false,
            Happening::Refusal { source, .. } => source == wanted,
            Happening::Decision { event, .. } => self.events.contains(event),
        }
    }
}

fn line(happening: &Happening, times: &Times) -> String {
    match happening {
        Happening::Event(event) => event_line(event, times),
        Happening::Refusal { source, refusal } => {
            let line = format!("{}  {source}  refused: {}", times.show_ms(refusal.at), refusal.reason);
            single_line(&line).into_owned()
        }
        Happening::Decision { event, part, action } => {
            let outcome = outcome_text(&action.outcome, None, times);
            let (at, rule) = (times.show_ms(action.at), &action.rule);
            single_line(&format!("{at}  {part}  rule {rule}: {outcome}  {event}")).into_owned()
        }
    }
}
