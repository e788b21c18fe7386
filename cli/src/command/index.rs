//! `camhook index`

use camhook_index::{Day, Mode, Rebuild, Totals};
use camhook_ports::{Clock, Condition, Key, Ports, State};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Outcome;
use crate::arguments::{Index, IndexAction, IndexRebuild};
use crate::error::Error;
use crate::moment::Times;
use crate::output::{Output, counted};
use crate::stack::{Selection, Stack};

/// How long an interrupted rebuild can be taken up again.
const CHECKPOINT_HOURS: i64 = 14 * 24;

/// How far a rebuild came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Checkpoint {
    /// The day that it began with.
    since: Date,
    /// The day to go on with.
    next: Date,
}

pub(super) async fn run(arguments: &Index, stack: Selection<'_>, output: &Output) -> Result<Outcome, Error> {
    match &arguments.action {
        IndexAction::Rebuild(arguments) => rebuild(arguments, stack, output).await,
    }
}

async fn rebuild(arguments: &IndexRebuild, stack: Selection<'_>, output: &Output) -> Result<Outcome, Error> {
    let stack = Stack::find(stack)?;
    let ports = stack.connect().await;
    let now = ports.clock().now();
    let timezone = stack.site().await?.timezone().clone();
    let times = Times::of_zone(timezone.clone());
    let since = times.day(times.parse(&arguments.since, now)?);
    let mode = arguments.mode();
    let start = match mode {
        Mode::DryRun => since,
        Mode::Write => {
            stack.confirm(&format!("rebuild the index of events since {since}"), output)?;
            resume(ports.state(), since, arguments, now, output).await?
        }
    };
    let mut rebuild = Rebuild::since(&ports, timezone, stack.events_days, mode, start);
    let days = rebuild.days_left();
    let mut totals = Totals::default();
    loop {
        let done = days - rebuild.days_left();
        let bar = output.progress(0, "reading records");
        let step = rebuild.step(|records, read| {
            bar.set_length(u64::try_from(records).unwrap_or(u64::MAX));
            bar.set_position(u64::try_from(read).unwrap_or(u64::MAX));
            bar.set_message(format!("day {} of {days}", done + 1));
        });
        let step = step.await?;
        bar.finish_and_clear();
        let Some(Day { day, totals: found }) = step else { break };
        totals += found;
        if found != Totals::default() {
            output.note(format_args!("{day}: {}", described(&found, mode)));
        }
        if mode == Mode::Write {
            save(ports.state(), Checkpoint { since, next: rebuild.next_day() }, now).await?;
        }
    }
    if mode == Mode::Write {
        ports.state().delete(&key(), Condition::None).await.map_err(camhook_state::Error::from)?;
    }
    output.result(&totals, described(&totals, mode));
    Ok(Outcome::Done)
}

fn key() -> Key {
    Key::new("rebuild", "index")
}

/// The day to go on with: that of an interrupted rebuild since the same day.
async fn resume<S: State>(
    state: &S,
    since: Date,
    arguments: &IndexRebuild,
    now: Timestamp,
    output: &Output,
) -> Result<Date, Error> {
    let item = state.get(&key()).await.map_err(camhook_state::Error::from)?.filter(|item| item.is_live(now));
    let checkpoint = item.and_then(|item| serde_json::from_value::<Checkpoint>(item.data).ok());
    match checkpoint {
        Some(checkpoint) if checkpoint.since == since && !arguments.restart => {
            output.note(format_args!(
                "Continuing the rebuild that was interrupted at {}; --restart begins again.",
                checkpoint.next
            ));
            Ok(checkpoint.next)
        }
        _ => Ok(since),
    }
}

async fn save<S: State>(state: &S, checkpoint: Checkpoint, now: Timestamp) -> Result<(), Error> {
    let expires = now.checked_add(SignedDuration::from_hours(CHECKPOINT_HOURS)).ok();
    let data = serde_json::json!(checkpoint);
    let put = state.put(&key(), data, expires, Condition::None).await;
    put.map(drop).map_err(|error| camhook_state::Error::from(error).into())
}

fn described(totals: &Totals, mode: Mode) -> String {
    let Totals { records, added, changed, removed, unreadable, counts, thumbnails_failed } = totals;
    let (added_word, changed_word, removed_word, counts_word) = match mode {
        Mode::Write => ("added", "changed", "removed", "corrected"),
        Mode::DryRun => ("to add", "to change", "to remove", "to correct"),
    };
    let mut text = format!(
        "{}, {added} {added_word}, {changed} {changed_word}, {removed} {removed_word}, \
         {} {counts_word}",
        counted(*records, "record", "records"),
        counted(*counts, "count", "counts")
    );
    if *unreadable > 0 {
        text.push_str(&format!(", {unreadable} unreadable"));
    }
    if *thumbnails_failed > 0 {
        text.push_str(&format!(", {thumbnails_failed} without a thumbnail"));
    }
    text
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;

    use super::*;
    use crate::output::Form;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn an_interrupted_rebuild_is_taken_up_where_it_ended() {
        let state = MemoryState::default();
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let output = Output::new(Form::Json);
        let arguments = |restart| IndexRebuild { since: "3d".to_owned(), dry_run: false, restart };
        let resumed = async |since: &str, restart, now| {
            resume(&state, day(since), &arguments(restart), now, &output).await.unwrap().to_string()
        };
        assert_eq!(resumed("2026-11-20", false, now).await, "2026-11-20");
        save(&state, Checkpoint { since: day("2026-11-20"), next: day("2026-11-22") }, now).await.unwrap();
        assert_eq!(resumed("2026-11-20", false, now).await, "2026-11-22");
        assert_eq!(resumed("2026-11-20", true, now).await, "2026-11-20", "--restart");
        assert_eq!(resumed("2026-11-01", false, now).await, "2026-11-01", "another rebuild");
        let later = now + SignedDuration::from_hours(CHECKPOINT_HOURS);
        assert_eq!(resumed("2026-11-20", false, later).await, "2026-11-20", "too long ago");
    }
}
