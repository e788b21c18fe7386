//! `camhook report`

use camhook_operations::report::{self, Opening, PlateCount};
use camhook_ports::{Clock, DayCount, IndexPorts, Ports};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::Outcome;
use crate::arguments::{ListForm, Report, ReportKind};
use crate::csv;
use crate::error::Error;
use crate::output::{Output, single_line};
use crate::stack::{Selection, Stack};

/// How rows are printed.
struct Rows<'a> {
    form: ListForm,
    output: &'a Output,
}

impl Rows<'_> {
    fn header(&self, columns: &[&str]) {
        if self.form == ListForm::Csv {
            self.output.line(csv::row(columns));
        }
    }

    fn row(&self, value: &impl Serialize, cells: &[String]) {
        match self.form {
            ListForm::Csv => self.output.line(csv::row(cells)),
            ListForm::Lines => {
                let present: Vec<&str> =
                    cells.iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect();
                self.output.result(value, single_line(&present.join("  ")));
            }
        }
    }
}

pub(super) async fn run(arguments: &Report, stack: Selection<'_>, output: &Output) -> Result<Outcome, Error> {
    if arguments.relay.is_some() && arguments.report != ReportKind::Gate {
        return Err(Error::Argument("--relay applies to the report `gate` only".to_owned()));
    }
    let stack = Stack::find(stack)?;
    let ports = stack.connect().await;
    let timezone = stack.site().await?.timezone().clone();
    let month = arguments.month;
    let (since, until) = report::month(month, &timezone)
        .map_err(|_| Error::Argument("the month is out of range".to_owned()))?;
    let rows = Rows { form: arguments.form(), output };
    let count = match arguments.report {
        ReportKind::Gate => {
            let relay = arguments.relay.as_deref();
            let openings = report::gate(ports.objects(), ports.index(), since, until, relay).await?;
            rows.header(&[
                "time",
                "relay",
                "action",
                "decision",
                "plate",
                "matched_plate",
                "person",
                "source",
                "rule",
                "event",
            ]);
            for opening in &openings {
                rows.row(opening, &gate_cells(opening, &timezone));
            }
            openings.len()
        }
        ReportKind::Plates => {
            let plates = report::plates(ports.index(), since, until, ports.clock().now()).await?;
            rows.header(&["plate", "events", "first", "last", "sources"]);
            for plate in &plates {
                rows.row(plate, &plate_cells(plate, &timezone));
            }
            plates.len()
        }
        ReportKind::Counts => {
            let counts = report::counts(ports.index(), month).await?;
            rows.header(&["day", "source", "camera", "events"]);
            for count in &counts {
                let DayCount { key, events } = count;
                let value = serde_json::json!({
                    "day": key.day, "source": key.source, "camera": key.camera, "events": events,
                });
                let camera = key.camera.clone().unwrap_or_default();
                rows.row(&value, &[key.day.to_string(), key.source.clone(), camera, events.to_string()]);
            }
            counts.len()
        }
    };
    if count == 0 {
        output.note(format_args!("Nothing in {}.", month.strftime("%Y-%m")));
    }
    Ok(Outcome::Done)
}

/// A time in the time zone of the site, whose days the report is about.
fn site_time(time: Timestamp, timezone: &TimeZone) -> String {
    time.to_zoned(timezone.clone()).strftime("%Y-%m-%d %H:%M:%S%:z").to_string()
}

fn gate_cells(opening: &Opening, timezone: &TimeZone) -> [String; 10] {
    let Opening { at, relay, action, decision, rule, event, source, plate, matched_plate, person } = opening;
    let text = |optional: &Option<String>| optional.clone().unwrap_or_default();
    [
        site_time(*at, timezone),
        relay.clone(),
        action.clone(),
        decision.clone(),
        text(plate),
        text(matched_plate),
        text(person),
        text(source),
        text(rule),
        event.map(|event| event.to_string()).unwrap_or_default(),
    ]
}

fn plate_cells(plate: &PlateCount, timezone: &TimeZone) -> [String; 5] {
    let sources: Vec<&str> = plate.sources.iter().map(String::as_str).collect();
    [
        plate.plate.clone(),
        plate.events.to_string(),
        site_time(plate.first, timezone),
        site_time(plate.last, timezone),
        sources.join(" "),
    ]
}
