//! Reads the text of a camhook.toml: a site, or everything that is wrong with it.

mod condition;
mod dates;
mod deployment;
pub(crate) mod known_credential;
mod mode;
mod rule;
pub(crate) mod scalar;
pub(crate) mod schedule;
mod secret;
mod source;
mod syntax;
mod template;
mod unclosed;
mod unused;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use camhook_event::Text;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;
use toml::de::DeTable;

use self::deployment::Deployment;
pub use self::template::TemplateUse;
use crate::channel::RawChannel;
use crate::problem::{Lines, Notes, Path, Placed, instead, nearest};
use crate::raw::{Item, RawCamera, RawListEntry, RawSite, RawSource};
use crate::read::schedule::Almanac;
use crate::relay::{RawRelay, warn_of_dry_run};
use crate::schema::RULES;
use crate::{
    CameraId, CameraReference, ChannelId, List, ListEntry, ListId, NamedCamera, Network, PlateText, Problem,
    Site, Switching, Warning,
};

/// All that was found in a camhook.toml.
#[derive(Debug)]
pub struct Inspection {
    /// The site, when nothing stands against it.
    pub site: Option<Site>,
    /// What makes the file unusable.
    pub problems: Vec<Problem>,
    /// What `camhook config check` and `push` refuse, while a running stack accepts it with a warning: checks that an
    /// older version of camhook did not make.
    pub strict: Vec<Problem>,
    /// What is doubtful.
    pub warnings: Vec<Warning>,
}

/// Reads a camhook.toml. `name` stands for the file in findings. Templates are not checked, and parts without an effect
/// cause no warning.
///
/// # Errors
///
/// Everything that makes the file unusable, in the order of the file.
pub fn read(text: &str, name: &str) -> Result<(Site, Vec<Warning>), Vec<Problem>> {
    let Interpreted { site, notes, .. } = interpret(text, name)?;
    let is_usable = notes.are_harmless();
    let Placed { problems, strict, mut warnings } = notes.place(text, name);
    if !is_usable {
        return Err(problems);
    }
    warnings.extend(strict.into_iter().map(|problem| Warning(problem.0)));
    Ok((site, warnings))
}

/// What is checked with code that this crate does not have: the language of templates, and the client's addresses.
pub trait Checks {
    /// The variables that a template uses, each as a dotted path such as `event.data.plate.text`.
    ///
    /// # Errors
    ///
    /// What is wrong with a template that cannot be used.
    fn variables(&self, template: &str) -> Result<Vec<String>, String>;

    /// Renders a template with each of these values, as is done at run time.
    ///
    /// # Errors
    ///
    /// Why it cannot be rendered with any of them.
    fn render(&self, _template: &str, _usage: TemplateUse, _samples: &[Value]) -> Result<(), String> {
        Ok(())
    }

    /// Why the client refuses to connect to an address; `None` when it does not.
    fn refusal(&self, address: IpAddr, network: Network) -> Option<String>;

    /// The date of today, for warnings of dates that are over; `None` leaves these warnings out.
    fn today(&self) -> Option<Date> {
        None
    }
}

/// Leaves those checks out.
#[derive(Debug, Clone, Copy)]
pub struct NoChecks;

impl Checks for NoChecks {
    fn variables(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }

    fn refusal(&self, _: IpAddr, _: Network) -> Option<String> {
        None
    }
}

/// Reads a camhook.toml and lists all that is wrong with it or doubtful.
#[must_use]
pub fn inspect(text: &str, name: &str, checks: &impl Checks) -> Inspection {
    let Interpreted { document, site, positions, mut notes } = match interpret(text, name) {
        Ok(interpreted) => interpreted,
        Err(problems) => return Inspection { site: None, problems, strict: vec![], warnings: vec![] },
    };
    if let Some(today) = checks.today() {
        dates::check(&site, &document, &positions, today, &mut notes);
    }
    if notes.are_harmless() {
        rule::warn_of_unreachable_rules(&site, &positions, &mut notes);
        unused::warn(&site, &document, &mut notes);
    }
    template::check(&document, checks, &mut notes);
    notes.check_addresses(|address, network| checks.refusal(address, network));
    let is_usable = notes.are_harmless();
    let Placed { problems, strict, warnings } = notes.place(text, name);
    Inspection { site: is_usable.then_some(site), problems, strict, warnings }
}

/// A file that has the outline of a camhook.toml.
struct Interpreted {
    document: RawSite,
    site: Site,
    /// The positions of the site's rules in the file.
    positions: Vec<usize>,
    notes: Notes,
}

fn interpret(text: &str, name: &str) -> Result<Interpreted, Vec<Problem>> {
    let document = toml::from_str::<RawSite>(text).map_err(|error| explain(text, name, &error))?;
    let mut notes = Notes::default();
    check_schema(text, &mut notes);
    let malformed = document.malformed();
    notes.relax(&malformed);
    if notes.are_harmless() {
        malformed.into_iter().for_each(|part| notes.malformed(part));
    }
    let (site, positions) = site(&document, &mut notes);
    deployment::check(&site, &document, Deployment::of(&site), &mut notes);
    secret::check(&document, &mut notes);
    Ok(Interpreted { document, site, positions, notes })
}

/// What is wrong with a file that is no TOML, or not even in its outline a camhook.toml.
fn explain(text: &str, name: &str, error: &toml::de::Error) -> Vec<Problem> {
    let (_, syntax) = DeTable::parse_recoverable(text);
    if !syntax.is_empty() {
        return syntax::problems(text, name, &syntax);
    }
    let mut notes = Notes::default();
    check_schema(text, &mut notes);
    let Placed { problems, .. } = notes.place(text, name);
    if !problems.is_empty() {
        return problems;
    }
    let offset = error.span().map_or(0, |span| span.start);
    vec![Problem(Lines::of(text).finding(name, offset, error.message(), "see docs/configuration.md"))]
}

fn check_schema(text: &str, notes: &mut Notes) {
    let (document, _) = DeTable::parse_recoverable(text);
    crate::schema_check::check(document.get_ref(), &RULES, notes);
}

/// The names that the file gives, those of its bad parts too: a rule that names a source whose settings are
/// wrong is right itself.
#[derive(Debug, Default)]
struct Names {
    sources: BTreeSet<String>,
    areas: BTreeSet<String>,
    cameras: BTreeSet<String>,
    lists: BTreeSet<String>,
    relays: BTreeSet<String>,
    channels: BTreeSet<String>,
}

fn bad_text<T>(item: &Item<T>, key: &str) -> Option<String> {
    match item {
        Item::Good(_) => None,
        Item::Bad(value) => value.get(key).and_then(Value::as_str).map(str::to_owned),
    }
}

fn names<T>(items: &[Item<T>], id: impl Fn(&T) -> &str) -> BTreeSet<String> {
    let name = |item: &Item<T>| match item {
        Item::Good(value) => Some(id(value).to_owned()),
        Item::Bad(_) => bad_text(item, "id"),
    };
    items.iter().filter_map(name).collect()
}

impl Names {
    fn of(document: &RawSite) -> Self {
        let mut names = Self::of_sections(document);
        for (section, value) in &document.unknown {
            names.add_misspelled(section, value);
        }
        names
    }

    /// Adds the names of a section whose own name is wrong, which has a finding of its own.
    fn add_misspelled(&mut self, section: &str, value: &Value) {
        let sections = ["source", "camera", "lists", "relay", "channel"];
        let names = match nearest(section, sections) {
            Some("source") => &mut self.sources,
            Some("camera") => &mut self.cameras,
            Some("relay") => &mut self.relays,
            Some("channel") => &mut self.channels,
            Some("lists") => {
                self.lists.extend(value.as_object().into_iter().flatten().map(|(name, _)| name.clone()));
                return;
            }
            _ => return,
        };
        let entries = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        let texts = |key: &'static str| {
            entries.iter().filter_map(move |entry| entry.get(key)?.as_str().map(str::to_owned))
        };
        names.extend(texts("id"));
        self.areas.extend(texts("area"));
    }

    fn of_sections(document: &RawSite) -> Self {
        let area = |item: &Item<RawSource>| match item {
            Item::Good(source) => source.area.clone(),
            Item::Bad(_) => bad_text(item, "area"),
        };
        Self {
            sources: names(&document.source, |source| &source.id.0),
            areas: document.source.iter().filter_map(area).collect(),
            cameras: names(&document.camera, |camera| &camera.id.0),
            lists: document.lists.keys().cloned().collect(),
            relays: names(&document.relay, RawRelay::id),
            channels: names(&document.channel, RawChannel::id),
        }
    }
}

/// The site, and the positions of its rules in the file.
fn site(document: &RawSite, notes: &mut Notes) -> (Site, Vec<usize>) {
    let names = Names::of(document);
    let root = Path::Root;
    let timezone = match document.timezone.as_ref().and_then(Item::good) {
        Some(text) => scalar::timezone(text, &root.key("timezone"), notes).unwrap_or(TimeZone::UTC),
        None => TimeZone::UTC,
    };
    let almanac = Almanac::read(document, notes);
    let alert_channel = alert_channel(document, &names, notes);

    let section = root.key("source");
    unique(&document.source, |source| &source.id.0, "source", &section, notes);
    let mut sources = BTreeMap::new();
    for (index, raw) in good(&document.source) {
        if let Some(source) = source::source(raw, &timezone, &section.index(index), notes) {
            sources.insert(source.id.as_str().to_owned(), Arc::new(source));
        }
    }

    let section = root.key("camera");
    unique(&document.camera, |camera| &camera.id.0, "camera", &section, notes);
    let mut cameras = Vec::new();
    for (index, raw) in good(&document.camera) {
        cameras.extend(camera(raw, &names, &section.index(index), notes));
    }

    let section = root.key("lists");
    let mut lists = Vec::new();
    for (id, entries) in &document.lists {
        lists.extend(list(id, entries, &section.key(id), notes));
    }

    let dry_run = document.dry_run.as_ref().and_then(Item::good).copied().unwrap_or(false);
    if dry_run {
        warn_of_dry_run(&root.key("dry_run"), notes);
    }
    let section = root.key("relay");
    unique(&document.relay, RawRelay::id, "relay", &section, notes);
    let mut relays = Vec::new();
    for (index, raw) in good(&document.relay) {
        relays.extend(raw.read(Switching::of_dry_run(dry_run), &section.index(index), notes));
    }

    let section = root.key("channel");
    unique(&document.channel, RawChannel::id, "channel", &section, notes);
    let mut channels = Vec::new();
    for (index, raw) in good(&document.channel) {
        channels.extend(raw.read(&almanac, &section.index(index), notes));
    }

    let section = root.key("rule");
    let given = names_of_rules(document, &section, notes);
    let mut rules = Vec::new();
    for (index, raw) in good(&document.rule) {
        let place = rule::Place {
            index,
            given: &given,
            names: &names,
            cameras: &cameras,
            relays: &relays,
            almanac: &almanac,
        };
        rules.extend(rule::rule(raw, &place, &section.index(index), notes).map(|rule| (index, rule)));
    }

    let positions: Vec<usize> = rules.iter().map(|(index, _)| *index).collect();
    let rules = rules.into_iter().map(|(_, rule)| rule).collect();
    let modes = mode::declared(document).to_vec();
    let site = Site {
        version: None,
        timezone,
        alert_channel,
        sources,
        modes,
        cameras,
        lists,
        relays,
        channels,
        rules,
    };
    source::check_controls(&site, document, notes);
    rule::check_proofs(&site, &positions, notes);
    rule::warn_of_captured_posts(&site, &positions, notes);
    mode::check(document, notes);
    (site, positions)
}

/// The parts that have their proper form, with their positions.
fn good<T>(items: &[Item<T>]) -> impl Iterator<Item = (usize, &T)> {
    items.iter().enumerate().filter_map(|(index, item)| item.good().map(|value| (index, value)))
}

/// Reports invalid and duplicate ids.
fn unique<T>(items: &[Item<T>], id: impl Fn(&T) -> &str, what: &str, section: &Path<'_>, notes: &mut Notes) {
    let mut first_of: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, item) in good(items) {
        let path = section.index(index);
        let path = path.key("id");
        let id = id(item);
        scalar::id(id, &path, notes);
        let first = *first_of.entry(id).or_insert(index);
        if first != index {
            let first = section.index(first);
            notes.duplicate(&path, &first.key("id"), format!("there is another {what} `{id}`"));
        }
    }
}

/// The ids that rules were given, checked.
fn names_of_rules(document: &RawSite, section: &Path<'_>, notes: &mut Notes) -> BTreeSet<String> {
    let mut first_of: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, rule) in good(&document.rule) {
        let Some(id) = &rule.id else { continue };
        let path = section.index(index);
        let path = path.key("id");
        scalar::id(&id.0, &path, notes);
        let first = *first_of.entry(&id.0).or_insert(index);
        if first != index {
            let first = section.index(first);
            notes.duplicate(&path, &first.key("id"), format!("there is another rule `{}`", id.0));
        }
    }
    first_of.into_keys().map(str::to_owned).collect()
}

/// The channel for alerts, by the key that the file uses for it.
fn alert_channel(document: &RawSite, names: &Names, notes: &mut Notes) -> Option<ChannelId> {
    let root = Path::Root;
    let (key, id) = renamed(
        ("alert_channel", document.alert_channel.as_ref()),
        ("trouble", document.trouble.as_ref()),
        &root,
        notes,
    )?;
    let id = id.good()?;
    scalar::reference("channel", &id.0, &names.channels, &root.key(key), notes);
    ChannelId::new(&id.0)
}

/// The value of a key that was renamed, with the name that the file uses; warns of the former name.
fn renamed<'a, T>(
    (name, value): (&'static str, Option<&'a T>),
    (former_name, former_value): (&'static str, Option<&'a T>),
    path: &Path<'_>,
    notes: &mut Notes,
) -> Option<(&'static str, &'a T)> {
    let Some(former) = former_value else { return value.map(|value| (name, value)) };
    let former_path = path.key(former_name);
    if let Some(value) = value {
        notes.misplaced(
            &former_path,
            format!("`{former_name}` is the former name of `{name}`"),
            "leave it out",
        );
        return Some((name, value));
    }
    notes.renamed(
        &former_path,
        format!("`{former_name}` was renamed to `{name}`"),
        format!("write `{name}`; the former name still works"),
    );
    Some((former_name, former))
}

fn camera(raw: &RawCamera, names: &Names, path: &Path<'_>, notes: &mut Notes) -> Option<NamedCamera> {
    let written = renamed(("sources", raw.sources.as_ref()), ("is", raw.is.as_ref()), path, notes);
    let Some((key, written)) = written else {
        notes.problem(path, "`sources` is missing", "add `sources = …`");
        return None;
    };
    let path_sources = path.key(key);
    let mut sources = Vec::new();
    for (index, text) in written.as_slice().iter().enumerate() {
        sources.extend(camera_reference(text, names, &path_sources.index(index), notes));
    }
    Some(NamedCamera { id: CameraId::new(&raw.id.0)?, sources })
}

/// `source`, or `source/camera`.
fn camera_reference(
    text: &str,
    names: &Names,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Option<CameraReference> {
    let (source, camera) = match text.split_once('/') {
        Some((source, camera)) => (source, Some(camera)),
        None => (text, None),
    };
    if !names.sources.contains(source) && !scalar::is_named_in_other_case(source, &names.sources) {
        let known = names.sources.iter().map(String::as_str);
        notes.problem(path, format!("`{source}` is no source"), instead(source, known));
        return None;
    }
    let camera = match camera {
        None => None,
        Some(id) => match Text::new(id) {
            Some(id) => Some(id),
            None => {
                notes.problem(
                    path,
                    "there is no camera after the `/`",
                    "write `source/camera`, or the source alone",
                );
                return None;
            }
        },
    };
    Some(CameraReference { source: Text::new(source)?, camera })
}

fn list(id: &str, entries: &[Item<RawListEntry>], path: &Path<'_>, notes: &mut Notes) -> Option<List> {
    scalar::id(id, path, notes);
    if entries.is_empty() {
        notes.warning(path, "no plate is on this list: none matches", "add plates, or take the list out");
    }
    let mut read = Vec::new();
    for (index, raw) in good(entries) {
        read.extend(list_entry(raw, &path.index(index), notes));
    }
    Some(List { id: ListId::new(id)?, entries: read })
}

fn list_entry(raw: &RawListEntry, path: &Path<'_>, notes: &mut Notes) -> Option<ListEntry> {
    let path_plate = path.key("plate");
    let plate = PlateText::new(&raw.plate);
    if plate.is_none() {
        notes.problem(&path_plate, "a plate has at least one letter or digit", "write the plate");
    }
    if let Some(plate) = &plate {
        scalar::check_plate(&raw.plate, plate, &path_plate, notes);
    }
    let from = raw.from.as_ref().and_then(|date| scalar::date(&date.0, &path.key("from"), notes));
    let until = raw.until.as_ref().and_then(|date| scalar::date(&date.0, &path.key("until"), notes));
    if let (Some(from), Some(until)) = (from, until)
        && until < from
    {
        notes.problem(&path.key("until"), "it ends before it begins", "exchange `from` and `until`");
    }
    Some(ListEntry { plate: plate?, name: raw.name.as_deref().and_then(Text::new), from, until })
}
