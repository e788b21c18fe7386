//! `camhook events`

use camhook_aws::AwsPorts;
use camhook_operations::events::{CameraRef, Cursor, Filter, Page, Summary, query};
use camhook_ports::{Clock, EventIndex, IndexKey, IndexPorts, PageRequest, Ports};
use camhook_site::Site;
use jiff::Timestamp;
use serde::Serialize;

use super::Outcome;
use super::event::{SavedEvent, record, save};
use crate::arguments::{CameraArgument, Events, ListForm};
use crate::csv;
use crate::error::Error;
use crate::event_line::{event_line, word};
use crate::moment::Times;
use crate::output::Output;
use crate::stack::{Selection, Stack};

/// The number of events that one query of the index returns at most.
const QUERIED: usize = 500;

const COLUMNS: [&str; 15] = [
    "id",
    "time",
    "received_at",
    "vendor",
    "source",
    "area",
    "camera",
    "kind",
    "state",
    "targets",
    "zone",
    "plate",
    "face",
    "list",
    "pictures",
];

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    event: &'a Summary,
    #[serde(flatten)]
    saved: SavedEvent,
}

pub(super) async fn run(arguments: &Events, stack: Selection<'_>, output: &Output) -> Result<Outcome, Error> {
    let stack = Stack::find(stack)?;
    let ports = stack.connect().await;
    let now = ports.clock().now();
    let times = Stack::times(&ports).await;
    let range = range(arguments, &times, now)?;
    let filter = filter(arguments, range, &stack, &ports).await?;
    let mut printed = 0;
    let mut cursor: Option<Cursor> = None;
    if arguments.form() == ListForm::Csv {
        output.line(csv::row(COLUMNS));
    }
    let progress = Progress::new(output, &filter, now);
    loop {
        let limit = QUERIED.min(arguments.limit - printed);
        let page = query(ports.index(), &filter, cursor.as_ref(), limit, now).await?;
        printed += page.events.len();
        if page.events.is_empty() {
            progress.show(&page);
        } else {
            progress.finish();
        }
        for event in &page.events {
            print(&ports, arguments, event, &times, output).await?;
        }
        cursor = page.next;
        if cursor.is_none() || printed >= arguments.limit {
            break;
        }
    }
    progress.finish();
    if printed == 0 {
        output.note(format_args!(
            "No events between {} and {}.",
            shown(filter.since, &times),
            shown(filter.until.or(Some(now)), &times)
        ));
    } else if cursor.is_some() {
        output.note(format_args!(
            "There are more events: raise --limit, or use --until with the time of the last one."
        ));
    }
    Ok(Outcome::Done)
}

fn shown(time: Option<Timestamp>, times: &Times) -> String {
    time.map(|time| times.show(time)).unwrap_or_default()
}

async fn print(
    ports: &AwsPorts,
    arguments: &Events,
    event: &Summary,
    times: &Times,
    output: &Output,
) -> Result<(), Error> {
    if arguments.form() == ListForm::Csv {
        output.line(csv_row(event));
        return Ok(());
    }
    let saved = match &arguments.save {
        Some(folder) => {
            let key = event.record_key();
            let full = record(ports, &key).await?.ok_or_else(|| Error::NoRecord(event.id.to_string()))?;
            save(ports, &full, folder).await?
        }
        None => SavedEvent::default(),
    };
    let mut lines = vec![event_line(event, times)];
    lines.extend(saved.lines());
    output.result(&Shown { event, saved }, lines.join("\n"));
    Ok(())
}

fn csv_row(event: &Summary) -> String {
    let optional = |text: Option<&camhook_event::Text>| text.map_or_else(String::new, ToString::to_string);
    let plate = event.plate.as_ref();
    let face = event.face.as_ref();
    let list = plate.and_then(|plate| plate.list).or_else(|| face.and_then(|face| face.list));
    let targets: Vec<String> = event.targets.iter().map(word).collect();
    csv::row([
        event.id.to_string(),
        event.time.to_string(),
        event.received_at.to_string(),
        event.vendor.to_string(),
        event.source.to_string(),
        optional(event.area.as_ref()),
        optional(event.camera.as_ref().map(|camera| &camera.id)),
        event.kind.to_string(),
        event.state.map(|state| word(&state)).unwrap_or_default(),
        targets.join(" "),
        optional(event.zone.as_ref()),
        optional(plate.map(|plate| &plate.text)),
        optional(face.and_then(|face| face.name.as_ref())),
        list.map(|list| word(&list)).unwrap_or_default(),
        event.pictures.to_string(),
    ])
}

/// The beginning and, where there is one, the end of what is listed.
fn range(arguments: &Events, times: &Times, now: Timestamp) -> Result<(Timestamp, Option<Timestamp>), Error> {
    let since = times.parse(&arguments.since, now)?;
    let until = arguments.until.as_deref().map(|until| times.parse(until, now)).transpose()?;
    if until.is_some_and(|until| until <= since) {
        return Err(Error::Argument("--until is not after --since".to_owned()));
    }
    Ok((since, until))
}

/// The filter of the arguments. Names that neither camhook.toml nor the index has are an error.
async fn filter(
    arguments: &Events,
    (since, until): (Timestamp, Option<Timestamp>),
    stack: &Stack,
    ports: &AwsPorts,
) -> Result<Filter, Error> {
    let mut filter = Filter {
        source: arguments.source.clone(),
        area: arguments.area.clone(),
        plate: arguments.plate.clone(),
        vendor: arguments.vendor,
        kind: arguments.kind,
        state: arguments.state,
        target: arguments.target,
        face: arguments.face.clone(),
        list: arguments.list,
        since: Some(since),
        until,
        ..Filter::default()
    };
    let names = [arguments.source.is_some(), arguments.area.is_some(), arguments.camera.is_some()];
    if !names.contains(&true) {
        return Ok(filter);
    }
    let site = stack.site().await?;
    if let Some(source) = &arguments.source
        && site.source(source).is_none()
    {
        let known = site.sources().map(|source| source.id.to_string()).collect();
        require(ports, IndexKey::Source(source.clone()), &Unknown { what: "source", name: source, known })
            .await?;
    }
    if let Some(area) = &arguments.area {
        let known: Vec<String> =
            site.sources().filter_map(|source| source.area.as_ref().map(ToString::to_string)).collect();
        if !known.contains(area) {
            require(ports, IndexKey::Area(area.clone()), &Unknown { what: "area", name: area, known })
                .await?;
        }
    }
    if let Some(camera) = &arguments.camera {
        filter.cameras = cameras(&site, ports, camera).await?;
    }
    Ok(filter)
}

/// A name that camhook.toml does not have.
struct Unknown<'a> {
    what: &'static str,
    name: &'a str,
    known: Vec<String>,
}

/// Accepts a name of an earlier camhook.toml, of which the index still has events.
async fn require(ports: &AwsPorts, key: IndexKey, unknown: &Unknown<'_>) -> Result<(), Error> {
    let request = PageRequest { key: &key, since: None, until: None, after: None, limit: 1 };
    if !ports.index().page(request).await?.items.is_empty() {
        return Ok(());
    }
    let mut known: Vec<String> = unknown.known.iter().map(|name| format!("`{name}`")).collect();
    known.sort();
    known.dedup();
    let hint =
        if known.is_empty() { "there is none".to_owned() } else { format!("use {}", known.join(", ")) };
    Err(Error::Argument(format!("camhook.toml has no {} `{}`: {hint}", unknown.what, unknown.name)))
}

async fn cameras(site: &Site, ports: &AwsPorts, camera: &CameraArgument) -> Result<Vec<CameraRef>, Error> {
    let name = match camera {
        CameraArgument::OfSource { source, camera } => {
            if site.source(source).is_none() {
                let known = site.sources().map(|source| source.id.to_string()).collect();
                let unknown = Unknown { what: "source", name: source, known };
                require(ports, IndexKey::Source(source.clone()), &unknown).await?;
            }
            return Ok(vec![CameraRef { source: source.clone(), camera: Some(camera.clone()) }]);
        }
        CameraArgument::Named(name) => name,
    };
    if let Some(named) = site.cameras().iter().find(|named| named.id.as_str() == name.as_str()) {
        let of_source = |one: &camhook_site::CameraReference| CameraRef {
            source: one.source.to_string(),
            camera: one.camera.as_ref().map(ToString::to_string),
        };
        return Ok(named.sources.iter().map(of_source).collect());
    }
    // A source with one camera is that camera.
    if site.source(name).is_none() {
        let named = site.cameras().iter().map(|named| named.id.to_string());
        let known = named.chain(site.sources().map(|source| source.id.to_string())).collect();
        require(ports, IndexKey::Source(name.clone()), &Unknown { what: "camera", name, known }).await?;
    }
    Ok(vec![CameraRef { source: name.clone(), camera: None }])
}

/// How much of the time range is searched.
struct Progress {
    bar: indicatif::ProgressBar,
    newest: Timestamp,
}

impl Progress {
    fn new(output: &Output, filter: &Filter, now: Timestamp) -> Self {
        let newest = filter.until.unwrap_or(now);
        let hours = filter.since.map_or(0, |since| newest.duration_since(since).as_hours());
        Self { bar: output.progress(usize::try_from(hours).unwrap_or(0), "searching hours"), newest }
    }

    fn show(&self, page: &Page) {
        if let Some(searched) = page.searched_until {
            let hours = self.newest.duration_since(searched).as_hours();
            self.bar.set_position(u64::try_from(hours).unwrap_or(0));
        }
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
