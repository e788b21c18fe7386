//! `camhook event`

use std::path::{Path, PathBuf};

use camhook_event::Event;
use camhook_operations::events::Summary;
use camhook_ports::{Clock, ObjectError, ObjectStore, Ports};
use serde::Serialize;
use serde_json::Value;

use super::{Outcome, explain};
use crate::arguments::ShowEvent;
use crate::error::Error;
use crate::event_line::event_line;
use crate::output::{Output, single_line};
use crate::stack::{Selection, Stack};

/// The files that the pictures of an event were saved to.
#[derive(Debug, Default, Serialize)]
pub(super) struct SavedEvent {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    saved: Vec<PathBuf>,
}

impl SavedEvent {
    /// A line for each file.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        self.saved.iter().map(|path| format!("    {}", path.display()))
    }
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    event: &'a Event,
    #[serde(flatten)]
    saved: SavedEvent,
}

pub(super) async fn run(
    arguments: &ShowEvent,
    stack: Selection<'_>,
    output: &Output,
) -> Result<Outcome, Error> {
    let ports = Stack::find(stack)?.connect().await;
    let event = explain::find(&ports, &arguments.id, ports.clock().now()).await?;
    let saved = match &arguments.pictures {
        Some(folder) => save(&ports, &event, folder).await?,
        None => SavedEvent::default(),
    };
    let mut lines = vec![event_line(&Summary::of(&event), &Stack::times(&ports).await)];
    if let Ok(data) = serde_json::to_value(&event.data) {
        list("", &data, &mut lines);
    }
    lines.extend(saved.lines());
    output.result(&Shown { event: &event, saved }, lines.join("\n"));
    Ok(Outcome::Done)
}

/// A line for each value, with its path.
fn list(path: &str, value: &Value, lines: &mut Vec<String>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| list(&below(name), value, lines)),
        Value::Array(values) if values.iter().any(|value| value.is_object() || value.is_array()) => {
            for (index, value) in values.iter().enumerate() {
                list(&below(&index.to_string()), value, lines);
            }
        }
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(scalar).collect();
            lines.push(single_line(&format!("    {path}: {}", values.join(", "))).into_owned());
        }
        value => lines.push(single_line(&format!("    {path}: {}", scalar(value))).into_owned()),
    }
}

fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Reads a record; `None` if it was deleted in the meantime.
pub(super) async fn record<P: Ports>(ports: &P, key: &str) -> Result<Option<Event>, Error> {
    let Some(object) = ports.objects().get(key).await? else { return Ok(None) };
    serde_json::from_slice(&object.bytes)
        .map(Some)
        .map_err(|error| Error::BadRecord { key: key.to_owned(), error })
}

/// Saves an event's pictures to a folder.
pub(super) async fn save<P: Ports>(ports: &P, event: &Event, folder: &Path) -> Result<SavedEvent, Error> {
    let wrong = |path: &Path| {
        let path = path.to_owned();
        move |error| Error::Write { path, error }
    };
    std::fs::create_dir_all(folder).map_err(wrong(folder))?;
    let mut saved = Vec::new();
    for (index, image) in event.data.images.iter().enumerate() {
        let Some(image) = image.stored() else { continue };
        let key = image.key.as_str();
        let object = ports.objects().get(key).await?.ok_or_else(|| ObjectError::Failed {
            key: key.to_owned(),
            reason: "it was deleted".to_owned(),
        })?;
        let path = folder.join(format!("{}-{}-{index}-{}.jpg", event.data.source, event.id, image.role));
        std::fs::write(&path, &object.bytes).map_err(wrong(&path))?;
        saved.push(path);
    }
    Ok(SavedEvent { saved })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_listed_with_its_path_and_without_terminal_controls() {
        let data = serde_json::json!({
            "kind": "plate", "targets": [{ "class": "vehicle", "box": { "x": 0.5 } }], "tags": ["a", 1],
            "plate": { "text": "IB\u{1b}[2J" },
        });
        let mut lines = Vec::new();
        list("", &data, &mut lines);
        let expected = [
            "    kind: plate",
            "    plate.text: IB\\u{1b}[2J",
            "    tags: a, 1",
            "    targets.0.box.x: 0.5",
            "    targets.0.class: vehicle",
        ];
        lines.sort();
        assert_eq!(lines, expected);
    }
}
