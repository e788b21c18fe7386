//! `camhook config`

mod history;
mod push;

use camhook_event::CONFIG_KEY;
use camhook_operations::config::unified_difference;
use camhook_ports::{ObjectStore, ObjectVersion, Ports, StoredObject};
use serde::Serialize;

use super::Outcome;
use super::check::{self, File};
use crate::arguments::{
    Config, ConfigAction, ConfigDiff, ConfigPush, ConfigRender, ConfigRollback, ConfigShow, Run,
};
use crate::error::Error;
use crate::output::Output;
use crate::stack::{Selection, Stack};

/// How many versions are searched for one that is named by its first characters.
const SEARCHED_VERSIONS: usize = 1000;

pub(super) async fn run(arguments: &Config, stack: Selection<'_>, output: &Output) -> Result<Outcome, Error> {
    let action = match &arguments.action {
        ConfigAction::Check(check) => return check::run(check, output),
        ConfigAction::Render(render) => return self::render(render, output),
        action => action,
    };
    let stack = Stack::find(stack)?;
    if let ConfigAction::Push(ConfigPush { dry_run, .. })
    | ConfigAction::Rollback(ConfigRollback { dry_run, .. }) = action
        && dry_run.run() == Run::Dry
    {
        output.note(format_args!("stack {}", stack.label()));
    }
    let ports = stack.connect().await;
    match action {
        ConfigAction::Check(check) => check::run(check, output),
        ConfigAction::Render(render) => self::render(render, output),
        ConfigAction::Diff(arguments) => diff(&ports, arguments, output).await,
        ConfigAction::Push(arguments) => push::run(&stack, &ports, arguments, output).await,
        ConfigAction::History(arguments) => history::run(&ports, arguments, output).await,
        ConfigAction::Show(arguments) => show(&ports, arguments, output).await,
        ConfigAction::Rollback(arguments) => push::roll_back(&stack, &ports, arguments, output).await,
    }
}

#[derive(Serialize)]
struct Rendered<'a> {
    text: &'a str,
}

fn render(arguments: &ConfigRender, output: &Output) -> Result<Outcome, Error> {
    let file = File::read_text(&arguments.file, output)?;
    output.file(&Rendered { text: &file.text }, file.text.as_bytes());
    Ok(Outcome::Done)
}

#[derive(Serialize)]
struct Difference {
    diff: String,
}

async fn diff<P: Ports>(ports: &P, arguments: &ConfigDiff, output: &Output) -> Result<Outcome, Error> {
    let file = File::read_text(&arguments.file, output)?;
    let deployed = deployed(ports).await?;
    let difference = Difference { diff: difference(deployed.as_ref(), &file) };
    if difference.diff.is_empty() {
        output.note("no difference");
    }
    output.result(&difference, &difference.diff);
    Ok(Outcome::Done)
}

#[derive(Serialize)]
struct Shown<'a> {
    version: Option<&'a str>,
    text: &'a str,
}

async fn show<P: Ports>(ports: &P, arguments: &ConfigShow, output: &Output) -> Result<Outcome, Error> {
    let object = match &arguments.version {
        Some(version) => read_version(ports, &find_version(ports, version).await?.id).await?,
        None => deployed(ports).await?.ok_or(Error::NoConfiguration)?,
    };
    let text = String::from_utf8_lossy(&object.bytes);
    output.file(&Shown { version: object.version.as_deref(), text: &text }, &object.bytes);
    Ok(Outcome::Done)
}

/// The newest version.
async fn deployed<P: Ports>(ports: &P) -> Result<Option<StoredObject>, Error> {
    Ok(ports.objects().get(CONFIG_KEY).await?)
}

/// The version whose id begins like this.
async fn find_version<P: Ports>(ports: &P, id: &str) -> Result<ObjectVersion, Error> {
    let versions = ports.objects().versions(CONFIG_KEY, SEARCHED_VERSIONS).await?;
    let mut found = versions.into_iter().filter(|version| version.id.starts_with(id));
    match (found.next(), found.next()) {
        (Some(version), None) => Ok(version),
        (Some(first), Some(_)) if first.id == id => Ok(first),
        (Some(_), Some(_)) => Err(Error::AmbiguousVersion(id.to_owned())),
        (None, _) => Err(Error::NoVersion(id.to_owned())),
    }
}

async fn read_version<P: Ports>(ports: &P, id: &str) -> Result<StoredObject, Error> {
    let object = ports.objects().get_version(CONFIG_KEY, id).await?;
    object.ok_or_else(|| Error::NoVersion(id.to_owned()))
}

/// The difference as `diff -u` writes it; nothing when there is none.
fn difference(deployed: Option<&StoredObject>, file: &File) -> String {
    let old = deployed.map(|object| String::from_utf8_lossy(&object.bytes)).unwrap_or_default();
    let version = deployed.and_then(|object| object.version.as_deref()).unwrap_or("none");
    unified_difference(&old, &file.text, (&format!("deployed (version {version})"), &file.name))
}
