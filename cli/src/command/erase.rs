//! `camhook erase`

use camhook_operations::erase::{Eraser, Finding, Found, Remains, Subject, Totals, find};
use camhook_ports::{Clock, Ports};
use serde::Serialize;

use super::Outcome;
use crate::arguments::Erase;
use crate::error::Error;
use crate::moment::{Times, moment};
use crate::output::Output;
use crate::stack::{Selection, Stack};

#[derive(Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
enum Step<'a> {
    Found {
        #[serde(flatten)]
        totals: Totals,
    },
    Erased {
        #[serde(flatten)]
        totals: Totals,
        remains: &'a Remains,
        elsewhere: &'a [Trace],
    },
}

/// Where traces of what was erased remain.
#[derive(Serialize)]
struct Trace {
    /// Where.
    place: &'static str,
    /// Until when.
    until: String,
}

pub(super) async fn run(arguments: &Erase, stack: Selection<'_>, output: &Output) -> Result<Outcome, Error> {
    let stack = Stack::find(stack)?;
    let ports = stack.connect().await;
    let now = ports.clock().now();
    let site = stack.site().await?;
    let times = Times::of_site(&site);
    let (subject, name) = match arguments {
        Erase { plate: Some(plate), .. } => (Subject::plate(plate), "the plate".to_owned()),
        Erase { person: Some(person), .. } => (Subject::person(person), "the person".to_owned()),
        Erase { source: Some(source), .. } if !camhook_site::is_id(source) => {
            return Err(Error::Argument(format!("`{source}` is not the id of a source")));
        }
        Erase { source: Some(source), .. } => {
            (Ok(Subject::Source(source.clone())), format!("the source {source}"))
        }
        Erase { before, .. } => {
            let before = moment(before.as_deref().unwrap_or_default(), now)?;
            (Ok(Subject::Before(before)), format!("the time before {}", times.show(before)))
        }
    };
    let subject = subject.map_err(|error| Error::Argument(error.to_string()))?;
    let found = search(&ports, &subject, output).await?;
    let totals = found.totals();
    output.result(&Step::Found { totals }, format!("Found about {name}: {}", described(totals)));
    if arguments.dry_run {
        return Ok(Outcome::Done);
    }
    if !found.is_empty() {
        stack.confirm(&format!("erase {} for good", described(totals)), output)?;
        let bar = output.progress(found.steps(), "erasing");
        let eraser = Eraser { ports: &ports, subject: &subject, site: &site, events_days: stack.events_days };
        eraser.erase(&found, || bar.inc(1)).await?;
        bar.finish_and_clear();
    }
    let elsewhere = elsewhere();
    let text = remaining(totals, &found, &elsewhere);
    output.result(&Step::Erased { totals, remains: &found.remains, elsewhere: &elsewhere }, text);
    Ok(Outcome::Done)
}

async fn search(ports: &camhook_aws::AwsPorts, subject: &Subject, output: &Output) -> Result<Found, Error> {
    let bar = output.progress(0, "reading records");
    let found = find(ports, subject, |finding| match finding {
        Finding::Records { read, of } => {
            bar.set_length(u64::try_from(of).unwrap_or(u64::MAX));
            bar.set_position(u64::try_from(read).unwrap_or(u64::MAX));
        }
        Finding::Others => bar.set_message("searching index, quarantine and audit"),
    });
    let found = found.await?;
    bar.finish_and_clear();
    Ok(found)
}

fn described(totals: Totals) -> String {
    let Totals { events, pictures, quarantined } = totals;
    format!("{events} events, {pictures} pictures and thumbnails, {quarantined} quarantined posts")
}

/// Where traces may remain that camhook does not erase, whatever was found.
fn elsewhere() -> [Trace; 7] {
    let trace = |place, until: &str| Trace { place, until: until.to_owned() };
    [
        trace(
            "logs of the functions: ids of events, sources and cameras, no plates and names",
            "LogRetention",
        ),
        trace("claims and deduplication in the table: ids of events, and hashes", "7 days after the event"),
        trace("marks of reviewed events in the table: ids of events", "EventsDays after the mark"),
        trace("messages in queues and dead-letter queues (camhook dlq)", "14 days after they were sent"),
        trace("point-in-time backups of the tables", "35 days after the erasure"),
        trace("versions of objects that were replaced or deleted before", "1 to 2 days after that"),
        trace("messages and pictures that channels have delivered, and what devices keep", "deleted there"),
    ]
}

fn remaining(totals: Totals, found: &Found, elsewhere: &[Trace]) -> String {
    let Remains { audit_records, configuration_lines } = &found.remains;
    let mut lines =
        vec![format!("Erased {}.", described(totals)), "What remains, and until when:".to_owned()];
    lines.push(format!("    {audit_records} audit records of relays: until AuditDays after each decision"));
    if !configuration_lines.is_empty() {
        let numbers: Vec<String> = configuration_lines.iter().map(ToString::to_string).collect();
        lines.push(format!(
            "    camhook.toml, line {}, and its earlier versions: until it is changed and they are deleted",
            numbers.join(", ")
        ));
    }
    lines.extend(elsewhere.iter().map(|trace| format!("    {}: until {}", trace.place, trace.until)));
    lines.join("\n")
}
