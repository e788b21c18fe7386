//! `camhook report`

use camhook_operations::report::{self, Opening, PlateCount};
use camhook_ports::{Clock, DayCount, DayKey, IndexPorts, Ports};
use jiff::civil::Date;
use serde::Serialize;

use super::Outcome;
use crate::arguments::{ListForm, Report, ReportKind};
use crate::error::Error;
use crate::moment::Times;
use crate::output::Output;
use crate::stack::{Selection, Stack};
use crate::{csv, table};

const GATE_COLUMNS: [&str; 10] =
    ["time", "relay", "action", "decision", "plate", "matched_plate", "person", "source", "rule", "event"];

/// How rows are printed.
struct Rows<'a> {
    form: ListForm,
    output: &'a Output,
}

impl Rows<'_> {
    fn print<T: Serialize>(&self, columns: &[&str], rows: &[T], cells: impl Fn(&T) -> Vec<String>) {
        let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
        match self.form {
            ListForm::Csv => {
                self.output.line(csv::row(columns));
                for row in &cells {
                    self.output.line(csv::row(row));
                }
            }
            ListForm::Lines => {
                let mut lines = table::lines(columns, &cells).into_iter();
                if let Some(header) = lines.next() {
                    self.output.heading(header.replace('_', " "));
                }
                for (row, line) in rows.iter().zip(lines) {
                    self.output.result(row, line);
                }
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
    let site = stack.site().await?;
    let timezone = site.timezone().clone();
    let month = arguments.month;
    let (since, until) = report::month(month, &timezone)
        .map_err(|_| Error::Argument("the month is out of range".to_owned()))?;
    let times = Times::of_zone(timezone);
    let rows = Rows { form: arguments.form(), output };
    let count = match arguments.report {
        ReportKind::Gate => {
            let relay = arguments.relay.as_deref();
            let openings = report::gate(&ports, &site, since, until, relay).await?;
            rows.print(&GATE_COLUMNS, &openings, |opening| gate_cells(opening, &times));
            openings.len()
        }
        ReportKind::Plates => {
            let plates = report::plates(ports.index(), since, until, ports.clock().now()).await?;
            let columns = ["plate", "events", "first", "last", "sources"];
            rows.print(&columns, &plates, |plate| plate_cells(plate, &times));
            plates.len()
        }
        ReportKind::Counts => {
            let counts = report::counts(ports.index(), month).await?;
            let counts: Vec<CountRow> = counts.into_iter().map(CountRow::from).collect();
            rows.print(&["day", "source", "camera", "events"], &counts, count_cells);
            counts.len()
        }
    };
    if count == 0 {
        output.note(format_args!("Nothing in {}.", month.strftime("%Y-%m")));
    }
    Ok(Outcome::Done)
}

/// The number of events of a day and camera.
#[derive(Serialize)]
struct CountRow {
    day: Date,
    source: String,
    camera: Option<String>,
    events: u64,
}

impl From<DayCount> for CountRow {
    fn from(count: DayCount) -> Self {
        let DayCount { key: DayKey { day, source, camera }, events } = count;
        Self { day, source, camera, events }
    }
}

fn count_cells(count: &CountRow) -> Vec<String> {
    let CountRow { day, source, camera, events } = count;
    vec![day.to_string(), source.clone(), camera.clone().unwrap_or_default(), events.to_string()]
}

fn gate_cells(opening: &Opening, times: &Times) -> Vec<String> {
    let Opening { at, relay, action, decision, rule, event, source, plate, matched_plate, person } = opening;
    let text = |optional: &Option<String>| optional.clone().unwrap_or_default();
    vec![
        times.show(*at),
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

fn plate_cells(plate: &PlateCount, times: &Times) -> Vec<String> {
    let sources: Vec<&str> = plate.sources.iter().map(String::as_str).collect();
    vec![
        plate.plate.clone(),
        plate.events.to_string(),
        times.show(plate.first),
        times.show(plate.last),
        sources.join(" "),
    ]
}
