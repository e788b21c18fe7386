//! The templates of messages and of requests to devices.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{Checks, good};
use crate::driver::DriverKeys;
use crate::problem::{Notes, Path, nearest};
use crate::raw::{RawAction, RawSite};

/// What a template is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplateUse {
    /// A message: a variable without a value is empty.
    Message,
    /// A request to a device: a variable without a value is an error, so that nothing is sent.
    Request,
}

impl TemplateUse {
    /// The most instructions that a template may execute: enough for loops over an event, and for the few values of a
    /// request.
    #[must_use]
    pub fn fuel(self) -> u64 {
        match self {
            Self::Message => 20_000,
            Self::Request => 2_000,
        }
    }
}

/// The variables of messages.
const MESSAGE: &[&str] = &[
    "event", "person", "camera", "source", "area", "kind", "plate", "time", "count", "first", "last", "link",
    "headline",
];

/// The variables of requests to devices.
const REQUEST: &[&str] = &["relay", "action", "seconds", "milliseconds"];

/// Those that have a value in `pulse` alone.
const OF_PULSE: [&str; 2] = ["seconds", "milliseconds"];

/// The functions that every template has.
const FUNCTIONS: &[&str] = &["range", "dict", "debug", "namespace", "loop", "self", "super", "caller"];

/// The schema of events, read.
static EVENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(camhook_event::SCHEMA).unwrap_or(Value::Null));

/// Notes templates that cannot be used, and variables that do not exist.
pub(super) fn check(document: &RawSite, checks: &impl Checks, notes: &mut Notes) {
    let event = &*EVENT;
    let root = Path::Root;
    let section = root.key("rule");
    let samples = [message("1"), message("a")];
    let of_message = Templates { checks, usage: TemplateUse::Message, known: MESSAGE, event };
    for (index, rule) in good(&document.rule) {
        let path = section.index(index);
        let path = path.key("then");
        for (index, action) in rule.then.as_slice().iter().enumerate() {
            let RawAction::Notify(raw) = action else { continue };
            let path = path.index(index);
            for (key, template) in [("title", &raw.title), ("body", &raw.body)] {
                let Some(template) = template else { continue };
                of_message.check(&template.0, &samples, &path.key(key), notes);
            }
        }
    }
    let section = root.key("relay");
    let of_request = Templates { checks, usage: TemplateUse::Request, known: REQUEST, event };
    for (index, relay) in good(&document.relay) {
        let DriverKeys::Http(device) = &relay.kind else { continue };
        let path = section.index(index);
        for (request, key, template) in device.templates() {
            let samples = [sample_of_request(relay.id(), request)];
            of_request.check(template, &samples, &path.key(request).key(key), notes);
        }
    }
}

/// Values of a message whose texts are all the same.
fn message(text: &str) -> Value {
    json!({
        "event": {
            "id": text,
            "data": {
                "source": text,
                "kind": "plate",
                "camera": { "id": text, "name": text },
                "plate": { "text": text },
                "targets": [{ "class": "vehicle" }],
                "pictures": [{ "key": text }],
            },
        },
        "headline": text, "person": text, "camera": text, "source": text, "area": text, "kind": text, "plate": text,
        "link": text, "count": 3, "time": "2026-11-20 07:30:00", "first": "2026-11-20 07:29:00",
        "last": "2026-11-20 07:30:00",
    })
}

/// The values of a request to a device.
fn sample_of_request(relay: &str, request: &str) -> Value {
    match request {
        "pulse" => json!({ "relay": relay, "action": request, "seconds": 5, "milliseconds": 5000 }),
        _ => json!({ "relay": relay, "action": request }),
    }
}

/// The templates of one use, and what they are checked with.
struct Templates<'a, C> {
    checks: &'a C,
    usage: TemplateUse,
    known: &'static [&'static str],
    event: &'a Value,
}

impl<C: Checks> Templates<'_, C> {
    fn check(&self, template: &str, samples: &[Value], path: &Path<'_>, notes: &mut Notes) {
        let Self { checks, usage, known, event } = self;
        let fix = match usage {
            TemplateUse::Message => "write names in double braces: {{ camera }}",
            TemplateUse::Request => "write names in double braces: {{ seconds }}",
        };
        // A bracket may also begin a list.
        let variables = checks.variables(&with_dots(template)).or_else(|_| checks.variables(template));
        let variables = match variables {
            Ok(variables) => variables,
            Err(error) => {
                notes.strict(path, format!("this template cannot be used: {error}"), fix);
                return;
            }
        };
        let unknown: Vec<(String, String)> =
            variables.iter().filter_map(|variable| unknown_variable(variable, known, event)).collect();
        let is_known = unknown.is_empty();
        for (message, fix) in unknown {
            notes.strict(path, message, fix);
        }
        if let Some(name) = known.iter().find(|name| is_in_other_braces(template, name)) {
            notes.strict(
                path,
                format!("`{name}` does not stand in double braces, and is sent as it is"),
                format!("write {{{{ {name} }}}}"),
            );
        }
        if !is_known {
            return;
        }
        let Err(error) = checks.render(template, *usage, samples) else { return };
        let of_pulse = variables.iter().find(|variable| OF_PULSE.contains(&variable.as_str()));
        let has_seconds = samples.iter().all(|sample| sample.get("seconds").is_some());
        match of_pulse {
            Some(variable) if *usage == TemplateUse::Request && !has_seconds => notes.strict(
                path,
                format!("this request is never sent: `{variable}` has a value in `pulse` alone"),
                "leave it out, or write a number",
            ),
            _ => notes.strict(
                path,
                format!("this template cannot be used: {error}"),
                "see docs/configuration.md for variables, and https://docs.rs/minijinja/latest/minijinja/filters for filters",
            ),
        }
    }
}

/// The template with `.name` in place of `['name']`, which means the same.
fn with_dots(template: &str) -> String {
    let mut dotted = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('[') {
        let name = ['\'', '"'].into_iter().find_map(|quote| {
            let (name, behind) = behind.strip_prefix(quote)?.split_once(quote)?;
            let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
                && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_');
            let behind = behind.strip_prefix(']')?;
            is_name.then_some((name, behind))
        });
        dotted.push_str(before);
        match name {
            Some((name, behind))
                if before.ends_with(|end: char| end.is_ascii_alphanumeric() || matches!(end, '_' | ']'))
                    || before.is_empty() =>
            {
                dotted.push('.');
                dotted.push_str(name);
                rest = behind;
            }
            _ => {
                dotted.push('[');
                rest = behind;
            }
        }
    }
    dotted.push_str(rest);
    dotted
}

/// Whether a name stands in single braces or between percent signs, as in other languages of templates.
fn is_in_other_braces(template: &str, name: &str) -> bool {
    if template.contains("{% raw") || template.contains("{%- raw") {
        return false;
    }
    let template = without_comments(template);
    let is_single = |at: usize, length: usize| {
        let before = template.get(..at).unwrap_or_default();
        let behind = template.get(at + length..).unwrap_or_default();
        !before.ends_with(['{', '%']) && !behind.starts_with(['}', '%'])
    };
    [format!("{{{name}}}"), format!("{{ {name} }}"), format!("%{name}%")]
        .iter()
        .any(|written| template.match_indices(written.as_str()).any(|(at, _)| is_single(at, written.len())))
}

fn without_comments(template: &str) -> String {
    let mut parts = template.split("{#");
    let first = parts.next().unwrap_or_default();
    parts
        .map(|part| part.split_once("#}").map_or("", |(_, behind)| behind))
        .fold(first.to_owned(), |all, part| all + part)
}

/// What is wrong with a variable that does not exist, and what to write.
fn unknown_variable(variable: &str, known: &[&str], event: &Value) -> Option<(String, String)> {
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
        let step = steps.next()?;
        return Some((
            format!("`{name}` is a text or a number and has no `{step}`"),
            format!("write {{{{ {name} }}}}, or a field of {{{{ event }}}}: docs/event.md"),
        ));
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
        unknown_variable(variable, MESSAGE, &event).map(|(message, fix)| format!("{message}: {fix}"))
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
    fn subscripts_are_read_as_fields() {
        for (template, dotted) in [
            ("{{ event['data'][\"plate\"].text }}", "{{ event.data.plate.text }}"),
            ("{{ event.data.targets[0]['class'] }}", "{{ event.data.targets[0].class }}"),
            (
                "{% for it in ['a', 'b'] %}{{ it }}{% endfor %}",
                "{% for it in ['a', 'b'] %}{{ it }}{% endfor %}",
            ),
            ("{% if kind in ['plate'] %}[x]{% endif %}", "{% if kind in ['plate'] %}[x]{% endif %}"),
            ("{{ event['a b'] }} [", "{{ event['a b'] }} ["),
        ] {
            assert_eq!(with_dots(template), dotted);
        }
    }

    #[test]
    fn names_in_the_braces_of_other_languages_are_found() {
        for template in ["${plate}", "at {plate}", "{ plate }", "%plate%", "{{ kind }} {plate}"] {
            assert!(is_in_other_braces(template, "plate"), "{template}");
        }
        for template in [
            "{{plate}}",
            "{{ plate }}",
            "{\"plate\": \"{{ plate }}\"}",
            "100 % plate %",
            "{{{plate}}}",
            "{# {plate} #}{{ kind }}",
            "{% raw %}{plate}{% endraw %}",
        ] {
            assert!(!is_in_other_braces(template, "plate"), "{template}");
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
            (
                "plate.text",
                "`plate` is a text or a number and has no `text`: write {{ plate }}, or a field of {{ event }}: docs/event.md",
            ),
            ("event.dat", "an event has no `event.dat`: did you mean `event.data`?"),
        ] {
            assert_eq!(fix(variable).as_deref(), Some(expected));
        }
        assert!(fix("zzz").unwrap().starts_with("there is no variable `zzz`: use event, person"));
    }
}
