//! Title and text of a message about an event.
//!
//! A rule may have templates of both, in Jinja's language. Their variables are `event` (the whole event, with the
//! fields of its JSON), `headline` (who or what, and where), `person`, `camera`, `source`, `area`, `kind`, `plate`,
//! `link` (the event's page of the console) and `time`, in the site's time zone; of a group, `count`, and `first` and
//! `last` as times. A variable without a value is empty.

use camhook_description::{describe, is_reachability, printable, reachability_headline};
use camhook_event::{Event, Text};
use camhook_site::{Site, TemplateUse};
use camhook_state::coalesce::Group;
use jiff::Timestamp;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value, context};

use crate::channel::characters;

/// The longest title, in characters.
const TITLE_LIMIT: usize = 250;

/// The longest text, in characters.
const TEXT_LIMIT: usize = 2000;

/// Title and text of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The title: one line.
    pub title: String,
    /// The text.
    pub text: String,
}

/// A rule's templates of a message; `None` for the default.
#[derive(Debug, Clone, Copy, Default)]
pub struct Templates<'a> {
    /// The title's.
    pub title: Option<&'a str>,
    /// The text's.
    pub body: Option<&'a str>,
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

/// Renders title and text of a message about an event, or about a group of which the event shows most. `link` is the
/// event's page of the console.
///
/// A template that fails or renders to nothing is replaced by the default text. Returns the errors beside.
#[must_use]
pub fn render(
    site: &Site,
    event: &Event,
    group: Option<&Group>,
    templates: Templates<'_>,
    link: Option<&str>,
) -> (Rendered, Vec<TemplateError>) {
    let group = group.filter(|group| group.count > 1);
    let values = values(site, event, group, link);
    let mut errors = Vec::new();
    let mut part = |part, template: Option<&str>| match render_template(part, template?, &values) {
        Ok(text) => (!text.trim().is_empty()).then(|| text.trim().to_owned()),
        Err(error) => {
            errors.push(error);
            None
        }
    };
    let title = part("title", templates.title).unwrap_or_else(|| default_title(site, event, group));
    let text = part("body", templates.body).unwrap_or_else(|| default_text(site, event, group));
    (fitted(&title, &text), errors)
}

/// Adds a line to the text of a message, at the expense of the text where both are too long.
pub(crate) fn add_line(rendered: &mut Rendered, line: &str) {
    let line = characters(&printable(line), TITLE_LIMIT);
    let rest = TEXT_LIMIT.saturating_sub(line.chars().count() + 1);
    rendered.text = format!("{}\n{line}", characters(&rendered.text, rest));
}

/// Title and text of a message about a group, without a rule's templates.
pub(crate) fn render_group(site: &Site, group: &Group) -> Rendered {
    render(site, &group.best, Some(group), Templates::default(), None).0
}

/// Within the limits, and without characters that would change how the rest is shown.
fn fitted(title: &str, text: &str) -> Rendered {
    let lines: Vec<String> = text.lines().map(printable).collect();
    Rendered {
        title: characters(&printable(title), TITLE_LIMIT),
        text: characters(&lines.join("\n"), TEXT_LIMIT),
    }
}

fn render_template(part: &'static str, template: &str, values: &Value) -> Result<String, TemplateError> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(TemplateUse::Message.fuel()));
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.render_str(template, values).map_err(|error| TemplateError {
        part,
        line: error.line().unwrap_or(1),
        kind: error.kind(),
    })
}

fn values(site: &Site, event: &Event, group: Option<&Group>, link: Option<&str>) -> Value {
    let data = &event.data;
    let or_empty = |text: Option<&Text>| text.map_or(Value::UNDEFINED, |text| Value::from(text.as_str()));
    context! {
        event => Serde(event),
        headline => default_title(site, event, group),
        person => or_empty(site.person(event)),
        camera => camhook_description::place(site, event),
        source => data.source.as_str(),
        area => or_empty(data.area.as_ref()),
        kind => data.kind.name(),
        plate => or_empty(data.plate.as_ref().map(|plate| &plate.text)),
        time => local_time(site, event.time.timestamp()),
        count => group.map_or(1, |group| group.count),
        first => local_time(site, group.map_or(event.time.timestamp(), |group| group.first)),
        last => local_time(site, group.map_or(event.time.timestamp(), |group| group.last)),
        link => link.map_or(Value::UNDEFINED, Value::from),
    }
}

fn local_time(site: &Site, at: Timestamp) -> String {
    at.to_zoned(site.timezone().clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `Person at Drive`, `Person at Drive (3 events)`, `12 cameras offline`.
fn default_title(site: &Site, event: &Event, group: Option<&Group>) -> String {
    let headline = describe(site, event).headline();
    let Some(group) = group else { return headline };
    if is_reachability(event.data.kind) && group.labels.len() > 1 {
        return reachability_headline(event.data.kind, group.labels.len());
    }
    format!("{headline} ({} events)", group.count)
}

/// The facts and the time; of a group, also where and from when to when.
fn default_text(site: &Site, event: &Event, group: Option<&Group>) -> String {
    let mut lines = Vec::new();
    match group {
        Some(group) if is_reachability(event.data.kind) && group.labels.len() > 1 => {
            lines.push(group.labels.join(", "));
        }
        _ => lines.push(describe(site, event).facts.join(" · ")),
    }
    let (first, last) = match group {
        Some(group) => (group.first, group.last),
        None => (event.time.timestamp(), event.time.timestamp()),
    };
    match group {
        Some(group) if !is_reachability(event.data.kind) => {
            if group.labels.len() > 1 {
                lines.push(format!("at {}", group.labels.join(", ")));
            }
            let (first, last) = (local_time(site, first), local_time(site, last));
            lines.push(format!("{} events: {first} to {last}", group.count));
        }
        _ => lines.push(local_time(site, first)),
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}
