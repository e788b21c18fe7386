//! Title and text of a message about an event.
//!
//! A rule may have templates of both, in Jinja's language. Their variables are `event` (the whole event, with the
//! fields of its JSON), `person`, `camera`, `source`, `area`, `kind`, `plate` and `time`, in the site's time zone;
//! of a group, `count`, and `first` and `last` as times. A variable without a value is empty.

use camhook_event::{Event, Text};
use camhook_site::Site;
use camhook_state::coalesce::Group;
use jiff::Timestamp;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value, context};

use crate::channel::characters;
use crate::describe;

/// The computing budget of a template: enough for loops over an event.
const FUEL: u64 = 20_000;

/// The longest title, in characters.
const TITLE_LIMIT: usize = 250;

/// The longest text, in characters.
const TEXT_LIMIT: usize = 2000;

/// The size and times of a group of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gathered {
    /// The number of events.
    pub count: u64,
    /// The time of the first.
    pub first: Timestamp,
    /// The time of the last.
    pub last: Timestamp,
}

impl From<&Group> for Gathered {
    fn from(group: &Group) -> Self {
        Self { count: group.count, first: group.first, last: group.last }
    }
}

/// Title and text of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The title: one line.
    pub title: String,
    /// The text.
    pub text: String,
}

/// A template that cannot be rendered for an event; the default text is used instead.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the template of the rule's {part} cannot be rendered, line {line}: {kind}")]
pub struct TemplateError {
    /// `title` or `body`.
    pub part: &'static str,
    /// The line of the template.
    pub line: usize,
    /// The kind of error, without text of the template or the event.
    pub kind: minijinja::ErrorKind,
}

/// Renders title and text of a message about an event, or about a group of which the event shows most.
///
/// A template that fails or renders to nothing is replaced by the default text. Returns the errors beside.
#[must_use]
pub fn render(
    site: &Site,
    event: &Event,
    gathered: Option<&Gathered>,
    title: Option<&str>,
    body: Option<&str>,
) -> (Rendered, Vec<TemplateError>) {
    let gathered = gathered.filter(|gathered| gathered.count > 1);
    let values = values(site, event, gathered);
    let mut errors = Vec::new();
    let mut part = |part, template: Option<&str>| match render_template(part, template?, &values) {
        Ok(text) => (!text.trim().is_empty()).then(|| text.trim().to_owned()),
        Err(error) => {
            errors.push(error);
            None
        }
    };
    let title = part("title", title).unwrap_or_else(|| default_title(site, event, gathered));
    let text = part("body", body).unwrap_or_else(|| default_text(site, event, gathered));
    let one_line = title.split_whitespace().collect::<Vec<_>>().join(" ");
    (Rendered { title: characters(&one_line, TITLE_LIMIT), text: characters(&text, TEXT_LIMIT) }, errors)
}

fn render_template(part: &'static str, template: &str, values: &Value) -> Result<String, TemplateError> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.render_str(template, values).map_err(|error| TemplateError {
        part,
        line: error.line().unwrap_or(1),
        kind: error.kind(),
    })
}

fn values(site: &Site, event: &Event, gathered: Option<&Gathered>) -> Value {
    let data = &event.data;
    let or_empty = |text: Option<&Text>| text.map_or(Value::UNDEFINED, |text| Value::from(text.as_str()));
    context! {
        event => Serde(event),
        person => or_empty(site.person(event)),
        camera => describe::camera(site, event),
        source => data.source.as_str(),
        area => or_empty(data.area.as_ref()),
        kind => data.kind.name(),
        plate => or_empty(data.plate.as_ref().map(|plate| &plate.text)),
        time => local_time(site, event.time.timestamp()),
        count => gathered.map_or(1, |gathered| gathered.count),
        first => local_time(site, gathered.map_or(event.time.timestamp(), |gathered| gathered.first)),
        last => local_time(site, gathered.map_or(event.time.timestamp(), |gathered| gathered.last)),
    }
}

fn local_time(site: &Site, at: Timestamp) -> String {
    at.to_zoned(site.timezone().clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `Plate: drive`, or `Ann: drive` where it is known who it is; `Plate: drive (3 events)`.
fn default_title(site: &Site, event: &Event, gathered: Option<&Gathered>) -> String {
    let what = site.person(event).map_or_else(|| describe::what(event), ToString::to_string);
    let title = format!("{what}: {}", describe::camera(site, event));
    match gathered {
        Some(gathered) => format!("{title} ({} events)", gathered.count),
        None => title,
    }
}

/// The facts in one line, the time, and the size of the group.
fn default_text(site: &Site, event: &Event, gathered: Option<&Gathered>) -> String {
    let data = &event.data;
    let mut parts = vec![describe::what(event)];
    parts.extend(data.name.as_ref().map(ToString::to_string));
    parts.extend(data.plate.as_ref().map(|plate| plate.text.to_string()));
    parts.extend(site.person(event).map(ToString::to_string));
    parts.extend(describe::targets(event));
    parts.extend(data.zone.as_ref().and_then(|zone| zone.name.as_ref()).map(ToString::to_string));
    parts.extend(data.area.as_ref().map(ToString::to_string));
    // The kind may be the name that a person gave the event.
    parts.dedup();
    let text = format!("{}\n{}", parts.join(" · "), local_time(site, event.time.timestamp()));
    match gathered {
        Some(Gathered { count, first, last }) => {
            format!("{text}\n{count} events: {} to {}", local_time(site, *first), local_time(site, *last))
        }
        None => text,
    }
}
