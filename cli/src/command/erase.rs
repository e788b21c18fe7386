//! `camhook erase`

use std::collections::BTreeMap;
use std::fmt::Display;

use camhook_operations::erase::{Eraser, Finding, Found, Overview, Remains, Sample, Subject, Totals, find};
use camhook_ports::{Clock, Ports};
use jiff::Span;
use jiff::civil::Date;
use serde::Serialize;

use super::Outcome;
use crate::arguments::Erase;
use crate::error::Error;
use crate::moment::Times;
use crate::output::{Output, counted, single_line};
use crate::stack::{Selection, Stack};

#[derive(Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
enum Step<'a> {
    Found {
        #[serde(flatten)]
        totals: Totals,
        #[serde(flatten)]
        overview: &'a Overview,
    },
    Erased {
        #[serde(flatten)]
        totals: Totals,
        remains: &'a Remains,
        elsewhere: &'a [Trace],
    },
}

/// Where traces of what was erased remain.
#[derive(Debug, Serialize)]
struct Trace {
    /// Where.
    place: String,
    /// Until when, in words.
    until: String,
    /// The last day on which they may remain, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<Date>,
}

/// How long traces of an erasure remain.
struct Lifetimes {
    /// The day of the erasure.
    today: Date,
    events_days: u32,
    audit_days: Option<u32>,
    log_days: Option<u32>,
    bus: EventBus,
}

/// Whether the stack puts events onto an event bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EventBus {
    Used,
    Absent,
}

/// S3 deletes what has expired at the following midnight, and the version that is left of it 1 to 2 days later.
const DELETION_DAYS: u32 = 3;

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
            let before = times.parse(before.as_deref().unwrap_or_default(), now)?;
            (Ok(Subject::Before(before)), format!("the time before {}", times.show(before)))
        }
    };
    let subject = subject.map_err(|error| Error::Argument(error.to_string()))?;
    let found = search(&ports, &subject, output).await?;
    let totals = found.totals();
    let overview = found.overview();
    let text = format!("Found about {name}: {}{}", described(totals), in_detail(&overview, &times));
    output.result(&Step::Found { totals, overview: &overview }, text);
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
    let lifetimes = Lifetimes {
        today: times.day(now),
        events_days: stack.events_days,
        audit_days: stack.audit_days,
        log_days: stack.log_days,
        bus: if stack.has_event_bus() { EventBus::Used } else { EventBus::Absent },
    };
    let elsewhere = lifetimes.elsewhere(&found.remains);
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
    format!(
        "{}, {}, {}",
        counted(events, "event", "events"),
        counted(pictures, "picture or thumbnail", "pictures and thumbnails"),
        counted(quarantined, "quarantined post", "quarantined posts")
    )
}

/// The longest value of a device that is shown, in characters.
const SHOWN: usize = 60;

/// What was found by source and kind, and by what a few of the events were found.
fn in_detail(overview: &Overview, times: &Times) -> String {
    let Overview { sources, kinds, samples } = overview;
    let mut text = String::new();
    if !sources.is_empty() {
        text += &format!("\n    sources: {}", numbers(sources));
    }
    if !kinds.is_empty() {
        text += &format!("\n    kinds: {}", numbers(kinds));
    }
    for Sample { event, time, source, kind, mention } in samples {
        let value: String = mention.value.chars().take(SHOWN).collect();
        let (member, value) = (single_line(&mention.member), single_line(&value));
        let time = times.show(time.timestamp());
        text += &format!("\n    {time}  {source}  {}  {event}: {member} is \"{value}\"", kind.name());
    }
    text
}

/// `gate 12, yard 3`
fn numbers(counts: &BTreeMap<impl AsRef<str>, impl Display>) -> String {
    let counts = counts.iter().map(|(name, count)| format!("{} {count}", single_line(name.as_ref())));
    let counts: Vec<String> = counts.collect();
    counts.join(", ")
}

impl Trace {
    /// Traces that remain for some days from a day on.
    fn dated(place: impl Into<String>, from: Date, days: u32, rule: &str) -> Self {
        let span = Span::new().try_days(i64::from(days)).unwrap_or_default();
        let date = from.saturating_add(span);
        Self { place: place.into(), until: format!("{date} ({rule})"), date: Some(date) }
    }

    /// Traces whose end is not known as a day.
    fn undated(place: impl Into<String>, until: &str) -> Self {
        Self { place: place.into(), until: until.to_owned(), date: None }
    }
}

impl Lifetimes {
    /// Where traces may remain that camhook does not erase, whatever was found.
    fn elsewhere(&self, remains: &Remains) -> Vec<Trace> {
        let of_table = |place: &str, days, rule: &str| Trace::dated(place, self.today, days, rule);
        let mut traces = Vec::new();
        traces.extend(self.audit(remains));
        traces.push(self.logs());
        traces.extend([
            of_table(
                "claims and deduplication in the table: ids of events, and hashes",
                7,
                "7 days after the event at the latest",
            ),
            of_table(
                "marks of reviewed events in the table: ids of events",
                self.events_days,
                &format!("{} days after the mark at the latest", self.events_days),
            ),
            of_table(
                "messages in queues and dead-letter queues (camhook dlq)",
                14,
                "14 days after they were sent at the latest",
            ),
            of_table("point-in-time backups of the tables", 35, "35 days after the erasure"),
            of_table(
                "versions of objects that were replaced or deleted before",
                2,
                "1 to 2 days after that at the latest",
            ),
            Trace::undated(
                "messages and pictures that channels have delivered, and what devices keep",
                "they are deleted there",
            ),
        ]);
        if self.bus == EventBus::Used {
            traces.push(Trace::undated(
                "events that the event bus has delivered, in its archives and with their consumers",
                "they are deleted there",
            ));
        }
        traces
    }

    fn audit(&self, remains: &Remains) -> Option<Trace> {
        let newest = remains.newest_audit_record?;
        let place = counted(remains.audit_records, "audit record of relays", "audit records of relays");
        Some(match self.audit_days {
            Some(days) => {
                let rule = format!("{days} days after the decision");
                Trace::dated(place, newest, days.saturating_add(DELETION_DAYS), &rule)
            }
            None => Trace::undated(
                place,
                "AuditDays after the decision, 365 if it was never changed; `camhook stack add` reads it",
            ),
        })
    }

    fn logs(&self) -> Trace {
        let place = "logs of the functions: ids of events, sources and cameras, no plates and names";
        match self.log_days {
            Some(days) => {
                let rule = format!("{days} days after they were written at the latest");
                Trace::dated(place, self.today, days, &rule)
            }
            None => Trace::undated(
                place,
                "LogRetention after they were written, 30 days if it was never changed; `camhook stack add` reads it",
            ),
        }
    }
}

fn remaining(totals: Totals, found: &Found, elsewhere: &[Trace]) -> String {
    let mut lines =
        vec![format!("Erased {}.", described(totals)), "What remains, and until when:".to_owned()];
    if found.remains.audit_records == 0 {
        lines.push("    no audit records of relays".to_owned());
    }
    if !found.remains.configuration_lines.is_empty() {
        let numbers: Vec<String> =
            found.remains.configuration_lines.iter().map(ToString::to_string).collect();
        lines.push(format!(
            "    camhook.toml, line {}, and its earlier versions: until it is changed and they are deleted",
            numbers.join(", ")
        ));
    }
    lines.extend(elsewhere.iter().map(|trace| format!("    {}: until {}", trace.place, trace.until)));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use camhook_event::{Kind, Time};
    use camhook_operations::erase::Mention;

    use super::*;

    fn lifetimes(audit_days: Option<u32>, log_days: Option<u32>) -> Lifetimes {
        Lifetimes {
            today: "2026-11-23".parse().unwrap(),
            events_days: 90,
            audit_days,
            log_days,
            bus: EventBus::Used,
        }
    }

    fn remains() -> Remains {
        let newest_audit_record = "2026-11-20".parse().ok();
        Remains { audit_records: 2, newest_audit_record, configuration_lines: vec![12, 14] }
    }

    #[test]
    fn what_remains_is_named_with_its_last_day() {
        let found = Found { remains: remains(), ..Found::default() };
        let elsewhere = lifetimes(Some(365), Some(30)).elsewhere(&found.remains);
        let text = remaining(Totals::default(), &found, &elsewhere);
        for expected in [
            "    camhook.toml, line 12, 14, and its earlier versions: until it is changed and they are deleted\n",
            "    2 audit records of relays: until 2027-11-23 (365 days after the decision)\n",
            "no plates and names: until 2026-12-23 (30 days after they were written at the latest)\n",
            "ids of events, and hashes: until 2026-11-30 (7 days after the event at the latest)\n",
            "    marks of reviewed events in the table: ids of events: until 2027-02-21 (90 days after",
            "(camhook dlq): until 2026-12-07 (14 days",
            "    point-in-time backups of the tables: until 2026-12-28 (35 days after the erasure)\n",
            "    events that the event bus has delivered, in its archives and with their consumers: until they are",
        ] {
            assert!(text.contains(expected), "{expected}\n---\n{text}");
        }
        for parameter in ["AuditDays", "LogRetention", "EventsDays"] {
            assert!(!text.contains(parameter), "{text}");
        }
        let json = serde_json::to_value(&elsewhere).unwrap();
        assert_eq!(json[0]["date"], "2027-11-23");
    }

    #[test]
    fn what_was_found_is_shown_before_it_is_erased() {
        let sample = Sample {
            event: "0123456789abcdef0123456789abcdef".parse().unwrap(),
            time: Time::new("2026-11-23T12:00:00Z".parse().unwrap()),
            source: "gate".to_owned(),
            kind: Kind::Face,
            mention: Mention {
                member: "face.name".to_owned(),
                value: format!("Ann\u{1b}[2J{}", "n".repeat(100)),
            },
        };
        let overview = Overview {
            sources: [("gate".to_owned(), 12), ("yard".to_owned(), 1)].into(),
            kinds: [("face", 13)].into(),
            samples: vec![sample],
        };
        let text = in_detail(&overview, &Times::UTC);
        for expected in [
            "\n    sources: gate 12, yard 1\n    kinds: face 13\n",
            "  gate  face  0123456789abcdef0123456789abcdef: face.name is \"Ann\\u{1b}[2Jnnn",
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
        assert!(!text.contains('\u{1b}') && text.len() < 250, "{text}");
        assert_eq!(in_detail(&Overview::default(), &Times::UTC), "");
    }

    #[test]
    fn what_the_stack_did_not_say_is_not_guessed() {
        let traces = Lifetimes { bus: EventBus::Absent, ..lifetimes(None, None) }.elsewhere(&remains());
        let undated: Vec<&str> =
            traces.iter().filter(|trace| trace.date.is_none()).map(|trace| trace.until.as_str()).collect();
        let [audit, logs, _] = undated.try_into().unwrap();
        assert!(audit.starts_with("AuditDays after the decision, 365 if it was never changed"), "{audit}");
        assert!(logs.starts_with("LogRetention after they were written"), "{logs}");
    }

    #[test]
    fn without_audit_records_none_are_announced() {
        let found = Found::default();
        let elsewhere = lifetimes(Some(365), Some(30)).elsewhere(&found.remains);
        let text = remaining(Totals::default(), &found, &elsewhere);
        assert!(text.contains("    no audit records of relays\n"), "{text}");
    }
}
