//! `camhook quarantine`

use bytes::Bytes;
use camhook_aws::AwsPorts;
use camhook_operations::quarantine::{
    self, Entry, EntryKind, Filter, NotReplayable, ReplayOutcome, Replayer, Status,
};
use camhook_ports::{Clock, Ports};
use jiff::Timestamp;
use serde::Serialize;

use super::Outcome;
use crate::arguments::{
    Quarantine, QuarantineAction, QuarantineList, QuarantineRange, QuarantineReplay, QuarantineShow,
    ReplayRelays,
};
use crate::error::Error;
use crate::moment::Times;
use crate::output::{Output, counted, single_line};
use crate::stack::{Selection, Stack};
use crate::vendors::adapter;

/// The maximum number of posts that one replay reads.
const REPLAYED: usize = 100_000;

/// The number of characters of a body that are shown.
const SHOWN: usize = 4000;

pub(super) async fn run(
    arguments: &Quarantine,
    stack: Selection<'_>,
    output: &Output,
) -> Result<Outcome, Error> {
    let stack = Stack::find(stack)?;
    let ports = stack.connect().await;
    match &arguments.action {
        QuarantineAction::List(list) => list_entries(&ports, list, output).await,
        QuarantineAction::Show(show) => show_entry(&ports, show, output).await,
        QuarantineAction::Replay(replay) => replay_entries(&stack, &ports, replay, output).await,
    }
}

fn filter(range: &QuarantineRange, times: &Times, now: Timestamp) -> Result<Filter, Error> {
    let since = times.parse(&range.since, now)?;
    let until = range.until.as_deref().map(|until| times.parse(until, now)).transpose()?.unwrap_or(now);
    if until <= since {
        return Err(Error::Argument("--until is not after --since".to_owned()));
    }
    Ok(Filter { source: range.source.clone(), since, until })
}

async fn list_entries(
    ports: &AwsPorts,
    arguments: &QuarantineList,
    output: &Output,
) -> Result<Outcome, Error> {
    let times = Stack::times(ports).await;
    let filter = filter(&arguments.range, &times, ports.clock().now())?;
    let entries = quarantine::list(ports.objects(), &filter, arguments.limit).await?;
    for entry in &entries {
        output.result(entry, line(entry, &times));
    }
    if entries.is_empty() {
        output.note(format_args!("No quarantined posts since {}.", times.show(filter.since)));
    } else if entries.len() == arguments.limit {
        output.note("There may be more posts: raise --limit, or use --source, --since and --until.");
    }
    Ok(Outcome::Done)
}

fn line(entry: &Entry, times: &Times) -> String {
    let time = entry.received_at().map_or_else(|| entry.day(), |received_at| times.show(received_at));
    let why = match (&entry.reason, entry.kind) {
        (Some(reason), _) => format!("{}: {}", reason.reason, reason.detail),
        (None, EntryKind::PendingEvent) => "no queue accepted this event for a day".to_owned(),
        (None, EntryKind::Undelivered) => "the queue mqtt refused this message".to_owned(),
        (None, _) => "no reason recorded".to_owned(),
    };
    let status = match &entry.status {
        Status::Waiting => String::new(),
        Status::StructureOnly => "  structure only, cannot be replayed".to_owned(),
        Status::BeginningOnly => "  beginning only, cannot be replayed".to_owned(),
        Status::Interrupted { .. } => "  replay interrupted".to_owned(),
        Status::Replayed { at, .. } => format!("  replayed {}", times.show(*at)),
    };
    single_line(&format!("{time}  {}  {}  {why}{status}", entry.source, entry.id)).into_owned()
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    entry: &'a Entry,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

async fn show_entry(ports: &AwsPorts, arguments: &QuarantineShow, output: &Output) -> Result<Outcome, Error> {
    let times = Stack::times(ports).await;
    let filter = filter(&arguments.range, &times, ports.clock().now())?;
    let entry = find(ports, &filter, &arguments.id).await?;
    let body = quarantine::body(ports.objects(), &entry).await?;
    if let (Some(path), Some(body)) = (&arguments.save, &body) {
        std::fs::write(path, body).map_err(|error| Error::Write { path: path.clone(), error })?;
    }
    let body = body.as_ref().map(text);
    let mut lines = vec![line(&entry, &times)];
    if let Some(reason) = &entry.reason {
        let rest = reason.rest.as_ref().map(|rest| rest.join("/")).unwrap_or_default();
        let details = [
            ("parser", Some(reason.parser.clone())),
            ("method", reason.method.clone()),
            ("path", Some(rest).filter(|rest| !rest.is_empty())),
            ("topic", reason.topic.clone()),
            ("query", Some(reason.query.clone()).filter(|query| !query.is_empty())),
            ("content type", reason.content_type.clone()),
            ("length", Some(format!("{} bytes, {} kept", reason.length, reason.kept))),
        ];
        let present = details.into_iter().filter_map(|(name, value)| Some((name, value?)));
        lines.extend(present.map(|(name, value)| format!("    {name}: {}", single_line(&value))));
    }
    if entry.status == Status::StructureOnly {
        lines.push(
            "    The source has faces = \"drop\": names, types and lengths are kept, and no values. The post cannot be \
             replayed."
                .to_owned(),
        );
    }
    lines.extend(body.clone());
    output.result(&Shown { entry: &entry, body }, lines.join("\n"));
    Ok(Outcome::Done)
}

/// The beginning of a body as text.
fn text(body: &Bytes) -> String {
    let text = String::from_utf8_lossy(body);
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

async fn find(ports: &AwsPorts, filter: &Filter, id: &str) -> Result<Entry, Error> {
    let mut found = quarantine::find(ports.objects(), filter, id).await?;
    if let Some(exact) = found.iter().position(|entry| entry.id == id) {
        return Ok(found.swap_remove(exact));
    }
    if found.len() > 1 {
        let found: Vec<String> = found.iter().map(|entry| entry.id.clone()).collect();
        return Err(Error::ManyQuarantined { id: id.to_owned(), found: found.join(", ") });
    }
    found.pop().ok_or_else(|| Error::NotQuarantined(id.to_owned()))
}

#[derive(Serialize)]
struct Replayed<'a> {
    id: &'a str,
    source: &'a str,
    #[serde(flatten)]
    outcome: &'a ReplayOutcome,
}

async fn replay_entries(
    stack: &Stack,
    ports: &AwsPorts,
    arguments: &QuarantineReplay,
    output: &Output,
) -> Result<Outcome, Error> {
    let now = ports.clock().now();
    let times = Stack::times(ports).await;
    let filter = filter(&arguments.range, &times, now)?;
    let mut entries = if arguments.all {
        let mut entries = quarantine::list(ports.objects(), &filter, REPLAYED).await?;
        entries.retain(|entry| !matches!(entry.status, Status::Replayed { .. }));
        entries
    } else {
        let mut entries = Vec::new();
        for id in &arguments.ids {
            entries.push(find(ports, &filter, id).await?);
        }
        entries
    };
    // In the order in which they were received.
    entries.reverse();
    if entries.is_empty() {
        let since = times.show(filter.since);
        output.note(format_args!("No quarantined posts to replay since {since}."));
        return Ok(Outcome::Done);
    }
    let site = stack.site().await?;
    let run = run_name(arguments.relays(), "quarantine", now);
    let replayer = Replayer { ports, site: &site, adapters: adapter, run: &run };
    if !arguments.dry_run {
        let relays = match arguments.relays() {
            ReplayRelays::Switch => ", and let their events switch relays",
            ReplayRelays::Leave => "",
        };
        let posts = counted(entries.len(), "quarantined post", "quarantined posts");
        stack.confirm(&format!("replay {posts}{relays}"), output)?;
    }
    let bar = output.progress(entries.len(), "replaying posts");
    let mut result = Outcome::Done;
    for entry in &entries {
        let outcome =
            if arguments.dry_run { replayer.preview(entry).await? } else { replayer.replay(entry).await? };
        if matches!(outcome, ReplayOutcome::Unreadable { .. } | ReplayOutcome::NotReplayable { .. }) {
            result = Outcome::Refused;
        }
        let text = format!("{}  {}  {}", entry.source, entry.id, described(&outcome, arguments.dry_run));
        bar.suspend(|| {
            output.result(
                &Replayed { id: &entry.id, source: &entry.source, outcome: &outcome },
                single_line(&text),
            );
        });
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(result)
}

/// The name of a run. Only a run that is named after the time of its request switches relays.
pub(super) fn run_name(relays: ReplayRelays, kind: &str, now: Timestamp) -> String {
    match relays {
        ReplayRelays::Switch => camhook_relay::replay::relay_run_name(now),
        ReplayRelays::Leave => format!("{kind}/{now}"),
    }
}

fn described(outcome: &ReplayOutcome, dry_run: bool) -> String {
    match outcome {
        ReplayOutcome::Events { events, stored_before, unreadable } => {
            let verb = if dry_run { "to store" } else { "stored" };
            let ids: Vec<String> = events.iter().map(ToString::to_string).collect();
            let mut text = format!("{} {verb}", counted(events.len(), "event", "events"));
            if !ids.is_empty() {
                text.push_str(&format!(": {}", ids.join(", ")));
            }
            if *stored_before > 0 {
                text.push_str(&format!("; {stored_before} were stored before"));
            }
            if let Some(unreadable) = unreadable {
                text.push_str(&format!("; the rest still cannot be read: {unreadable}"));
            }
            text
        }
        ReplayOutcome::Enqueued if dry_run => "to be sent to the queue mqtt".to_owned(),
        ReplayOutcome::Enqueued => "sent to the queue mqtt; its function reads it".to_owned(),
        ReplayOutcome::Heartbeat => "a heartbeat, no event".to_owned(),
        ReplayOutcome::Ignored { reason } => format!("no event: {reason}"),
        ReplayOutcome::Unreadable { reason, detail } => format!("still cannot be read: {reason}: {detail}"),
        ReplayOutcome::NotReplayable { why } => format!(
            "cannot be replayed: {}",
            match why {
                NotReplayable::Replayed => "it was replayed before",
                NotReplayable::StructureOnly => {
                    "the source has faces = \"drop\", so only the structure of the post is kept"
                }
                NotReplayable::BeginningOnly => "it was too large, and only its beginning is kept",
                NotReplayable::NoSource => "camhook.toml has no such source of that vendor",
                NotReplayable::Damaged => "its objects are incomplete or have expired",
            }
        ),
    }
}
