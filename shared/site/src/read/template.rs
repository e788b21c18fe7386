//! The templates of messages and of requests to devices.

use serde_json::Value;

use super::{Checks, good};
use crate::driver::DriverKeys;
use crate::problem::{Notes, Path, nearest};
use crate::raw::{RawAction, RawSite};

/// The variables of messages.
const MESSAGE: &[&str] = &[
    "event", "person", "camera", "source", "area", "kind", "plate", "time", "count", "first", "last", "link",
    "headline",
];

/// The variables of requests to devices.
const REQUEST: &[&str] = &["relay", "action", "seconds", "milliseconds"];

/// The functions that every template has.
const FUNCTIONS: &[&str] = &["range", "dict", "debug", "namespace", "loop", "self", "super", "caller"];

/// Notes templates that cannot be used, and variables that do not exist.
pub(super) fn check(document: &RawSite, checks: &impl Checks, notes: &mut Notes) {
    let event = serde_json::from_str(camhook_event::SCHEMA).unwrap_or(Value::Null);
    let mut check = |template: &str, path: &Path<'_>, known: &[&str]| match checks.variables(template) {
        Err(error) => notes.strict(
            path,
            format!("this template cannot be used: {error}"),
            format!(
                "write names in double braces: {{{{ {} }}}}",
                if known == MESSAGE { "camera" } else { "seconds" }
            ),
        ),
        Ok(variables) => {
            for variable in variables {
                if let Some((message, fix)) = unknown(&variable, known, &event) {
                    notes.strict(path, message, fix);
                }
            }
        }
    };
    let root = Path::Root;
    let section = root.key("rule");
    for (index, rule) in good(&document.rule) {
        let path = section.index(index);
        let path = path.key("then");
        for (index, action) in rule.then.as_slice().iter().enumerate() {
            let RawAction::Notify(raw) = action else { continue };
            let path = path.index(index);
            for (key, template) in [("title", &raw.title), ("body", &raw.body)] {
                let Some(template) = template else { continue };
                check(&template.0, &path.key(key), MESSAGE);
            }
        }
    }
    let section = root.key("relay");
    for (index, relay) in good(&document.relay) {
        let DriverKeys::Http(device) = &relay.kind else { continue };
        let path = section.index(index);
        for (request, key, template) in device.templates() {
            check(template, &path.key(request).key(key), REQUEST);
        }
    }
}

/// What is wrong with a variable that does not exist, and what to write.
fn unknown(variable: &str, known: &[&str], event: &Value) -> Option<(String, String)> {
    let mut steps = variable.split('.');
    let name = steps.next()?;
    if FUNCTIONS.contains(&name) {
        return None;
    }
    if !known.contains(&name) {
        let fix = match nearest(name, known.iter().copied()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("use {}", known.join(", ")),
        };
        return Some((format!("there is no variable `{name}`"), fix));
    }
    if name != "event" {
        return None;
    }
    let (mut node, mut path) = (resolved(event, event), "event".to_owned());
    for step in steps {
        let properties = properties(node, event);
        if properties.is_empty() {
            return None;
        }
        let Some((_, next)) = properties.iter().find(|(name, _)| *name == step) else {
            let fix = match nearest(step, properties.iter().map(|(name, _)| *name)) {
                Some(nearest) => format!("did you mean `{path}.{nearest}`?"),
                None => "see docs/event.md".to_owned(),
            };
            return Some((format!("an event has no `{path}.{step}`"), fix));
        };
        node = next;
        path = format!("{path}.{step}");
    }
    None
}

/// The keys of an object in the schema; none where any key may stand, and for other values.
fn properties<'a>(node: &'a Value, root: &'a Value) -> Vec<(&'a str, &'a Value)> {
    let node = resolved(node, root);
    if node.get("additionalProperties").is_some_and(|more| more.is_object() || more == &Value::Bool(true)) {
        return Vec::new();
    }
    let of_node = node.get("properties").and_then(Value::as_object).into_iter().flatten();
    let mut properties: Vec<(&str, &Value)> = of_node.map(|(name, node)| (name.as_str(), node)).collect();
    for key in ["anyOf", "oneOf", "allOf"] {
        let parts = node.get(key).and_then(Value::as_array).into_iter().flatten();
        properties.extend(parts.flat_map(|part| self::properties(part, root)));
    }
    properties
}

fn resolved<'a>(node: &'a Value, root: &'a Value) -> &'a Value {
    let reference = node.get("$ref").and_then(Value::as_str).and_then(|it| it.strip_prefix('#'));
    reference.and_then(|pointer| root.pointer(pointer)).map_or(node, |target| resolved(target, root))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(variable: &str) -> Option<String> {
        let event = serde_json::from_str(camhook_event::SCHEMA).unwrap();
        unknown(variable, MESSAGE, &event).map(|(message, fix)| format!("{message}: {fix}"))
    }

    #[test]
    fn variables_that_exist_are_accepted() {
        for variable in [
            "camera",
            "event",
            "event.data.plate.text",
            "event.data.targets",
            "event.data.vendor_data.anything.at.all",
            "event.id",
            "range",
            "count",
        ] {
            assert_eq!(fix(variable), None, "{variable}");
        }
    }

    #[test]
    fn variables_that_do_not_exist_get_the_nearest_name() {
        for (variable, expected) in [
            ("plat", "there is no variable `plat`: did you mean `plate`?"),
            (
                "event.data.plate.txt",
                "an event has no `event.data.plate.txt`: did you mean `event.data.plate.text`?",
            ),
            ("event.dat", "an event has no `event.dat`: did you mean `event.data`?"),
        ] {
            assert_eq!(fix(variable).as_deref(), Some(expected));
        }
        assert!(fix("zzz").unwrap().starts_with("there is no variable `zzz`: use event, person"));
    }
}
