//! Checks a camhook.toml against its schema: every unknown key, every value of the wrong type, every key that is
//! missing, each with a fix.
//!
//! A deserializer stops at the first of them, and takes some lists for tables by the order of their values.

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use crate::problem::{Notes, Path, instead, synonym};
use crate::redact;

/// The keys of the file itself that are sections: lists of tables, and tables of names.
const SECTIONS: [&str; 7] = ["calendars", "camera", "channel", "lists", "relay", "rule", "source"];

/// The schema of one value, with the root that its references point into.
#[derive(Clone, Copy)]
struct Schema<'a> {
    root: &'a Value,
    node: &'a Value,
    /// The schema of the `[[source]]`, `[[rule]]` and so on that the value is in.
    entry: Option<&'a Value>,
    /// The ids of the file's channels.
    channels: &'a [&'a str],
}

impl<'a> Schema<'a> {
    /// This schema, or the one that it refers to.
    fn resolved(self) -> Self {
        let reference = self.node.get("$ref").and_then(Value::as_str).and_then(|it| it.strip_prefix('#'));
        match reference.and_then(|pointer| self.root.pointer(pointer)) {
            Some(node) => Self { node, ..self }.resolved(),
            None => self,
        }
    }

    fn get(self, key: &str) -> Option<Self> {
        self.node.get(key).map(|node| Self { node, ..self })
    }

    /// The alternatives, when there are any.
    fn variants(self) -> Vec<Self> {
        let list = self.node.get("anyOf").or_else(|| self.node.get("oneOf")).and_then(Value::as_array);
        let variants = list.into_iter().flatten().map(|node| Self { node, ..self }.resolved());
        variants.flat_map(Self::flattened).collect()
    }

    /// Alternatives within an alternative; a list of names stays one.
    fn flattened(self) -> Vec<Self> {
        let inner = self.variants();
        if inner.is_empty() || self.names().is_some() { vec![self] } else { inner }
    }

    /// The only values that may stand here, when they are listed.
    fn names(self) -> Option<Vec<&'a str>> {
        if let Some(names) = self.node.get("enum").and_then(Value::as_array) {
            return Some(names.iter().filter_map(Value::as_str).collect());
        }
        if let Some(name) = self.node.get("const").and_then(Value::as_str) {
            return Some(vec![name]);
        }
        let variants = self.variants();
        if variants.is_empty() {
            return None;
        }
        let names: Option<Vec<Vec<&str>>> = variants.into_iter().map(Self::names).collect();
        Some(names?.concat())
    }

    /// The only values that may stand here, alone or in a list, when they are listed.
    fn value_names(self) -> Option<Vec<&'a str>> {
        self.names().or_else(|| self.variants().into_iter().find_map(Self::names))
    }

    fn x_type(self) -> Option<&'a str> {
        self.node.get("x-type").and_then(Value::as_str)
    }

    fn is_duration(self) -> bool {
        self.x_type() == Some("duration")
    }

    /// The keys that lead from this table to the nearest one that has this key, shortest way first; none for itself.
    fn way_to(self, key: &str) -> Option<Vec<&'a str>> {
        let mut next = vec![(Vec::new(), self.resolved())];
        // Conditions are within conditions.
        for _ in 0..3 {
            let mut deeper = Vec::new();
            for (way, schema) in next {
                let alternatives = schema.variants();
                let tables = if alternatives.is_empty() { vec![schema] } else { alternatives };
                let lists = tables.iter().filter_map(|table| table.get("items")).map(Self::resolved);
                let tables: Vec<Self> = tables
                    .iter()
                    .copied()
                    .chain(lists.flat_map(|list| [list].into_iter().chain(list.variants())))
                    .collect();
                if tables.iter().any(|table| table.properties().any(|(name, _)| name == key)) {
                    return Some(way);
                }
                for (name, inner) in tables.iter().flat_map(|table| table.properties()) {
                    let way = way.iter().copied().chain([name]).collect();
                    deeper.push((way, inner.resolved()));
                }
            }
            next = deeper;
        }
        None
    }

    fn properties(self) -> impl Iterator<Item = (&'a str, Self)> {
        let properties = self.node.get("properties").and_then(Value::as_object);
        properties.into_iter().flatten().map(move |(name, node)| (name.as_str(), Self { node, ..self }))
    }

    fn required(self) -> impl Iterator<Item = &'a str> {
        let required = self.node.get("required").and_then(Value::as_array);
        required.into_iter().flatten().filter_map(Value::as_str)
    }

    fn type_name(self) -> Option<&'a str> {
        self.node.get("type").and_then(Value::as_str)
    }

    /// The key whose value selects the alternative, and this alternative's value of it.
    fn tag(self) -> Option<(&'a str, &'a str)> {
        self.properties().find_map(|(name, schema)| {
            schema.node.get("const").and_then(Value::as_str).map(|value| (name, value))
        })
    }
}

/// Reports everything that the schema does not allow.
pub(crate) fn check(document: &DeTable<'_>, schema: &Value, notes: &mut Notes) {
    let channels = document.get("channel").and_then(|channels| channels.get_ref().as_array());
    let channels: Vec<&str> = channels
        .into_iter()
        .flat_map(|channels| channels.iter())
        .filter_map(|channel| channel.get_ref().as_table()?.get("id")?.get_ref().as_str())
        .collect();
    let root = Schema { root: schema, node: schema, entry: None, channels: &channels };
    table(document, root, &Path::Root, notes);
}

fn value(value: &DeValue<'_>, schema: Schema<'_>, path: &Path<'_>, notes: &mut Notes) {
    let schema = schema.resolved();
    if let Some(names) = schema.names() {
        return name(value, &names, path, notes);
    }
    let variants = schema.variants();
    if !variants.is_empty() {
        return alternatives(value, &variants, path, notes);
    }
    match (schema.type_name(), value) {
        (Some("object"), DeValue::Table(inner)) => table(inner, schema, path, notes),
        (Some("array"), DeValue::Array(array)) => {
            if array.is_empty() && schema.get("minItems").is_some() {
                notes.problem(path, "the list is empty", "name at least one value, or leave the key out");
            }
            let Some(items) = schema.get("items") else { return };
            for (index, item) in array.iter().enumerate() {
                self::value(item.get_ref(), items, &path.index(index), notes);
            }
        }
        (Some("string"), DeValue::String(_))
        | (Some("boolean"), DeValue::Boolean(_))
        | (Some("number"), DeValue::Integer(_) | DeValue::Float(_))
        | (None, _) => {}
        (Some("integer"), DeValue::Integer(number)) => integer(number.as_str(), schema, path, notes),
        (Some(wanted), found) => match written_in_form(wanted, found, schema, path) {
            Some(fix) => {
                let wanted = if schema.is_duration() { "a duration" } else { type_in_words(wanted) };
                let found = value_in_words(found);
                notes.problem(path, format!("this is {found}, and {wanted} belongs here"), fix);
            }
            None => wrong_type(wanted, found, path, notes),
        },
    }
}

/// What to write in place of a value of another type, where the form of the right one is known.
fn written_in_form(wanted: &str, found: &DeValue<'_>, schema: Schema<'_>, path: &Path<'_>) -> Option<String> {
    match (wanted, found) {
        ("object", found) => table_for(found, schema, path),
        ("string", DeValue::Datetime(written)) if !path.is_within(redact::may_be_secret) => {
            let written = written.to_string();
            Some(match duration_of_time(&written).filter(|_| schema.is_duration()) {
                Some(duration) => format!("write a number and a unit: \"{duration}\""),
                None => format!("write \"{}\", in quotation marks", text_of_datetime(&written)),
            })
        }
        ("string", DeValue::Integer(_) | DeValue::Float(_)) if schema.is_duration() => duration_of(found),
        ("string", DeValue::Boolean(_) | DeValue::Integer(_) | DeValue::Float(_)) => {
            let example = schema.x_type().and_then(example)?;
            Some(format!("write it in this form: \"{example}\""))
        }
        _ => None,
    }
}

/// A text in the form of a type, where a number in quotation marks would not have it.
fn example(x_type: &str) -> Option<&'static str> {
    Some(match x_type {
        "time of day" => "06:00",
        "date" | "date or dates" | "date, dates or @calendar" => "2026-12-31",
        "day or days" => "mon-fri",
        "network" => "203.0.113.0/24",
        "URL" => "https://host/path",
        "mail address" => "user@example.org",
        "time zone" => "Europe/Berlin",
        "duration" => "30s",
        _ => return None,
    })
}

/// How to write the table that a value stands for; `None` where no key of it is required.
fn table_for(found: &DeValue<'_>, schema: Schema<'_>, path: &Path<'_>) -> Option<String> {
    if path.last_key() == Some("then") {
        let channel = found.as_str().filter(|text| schema.channels.contains(text));
        return Some(match channel {
            Some(channel) => {
                format!("write {{ notify = \"{channel}\" }}; several actions are a list of such tables")
            }
            None => "write an action in braces: { notify = … }, { relay = …, action = … } or { mode = … }"
                .to_owned(),
        });
    }
    let keys: Vec<&str> = schema.required().collect();
    match (keys.as_slice(), found.as_str()) {
        ([], _) => None,
        ([key], Some(text)) if !path.is_within(redact::may_be_secret) => {
            Some(format!("write {{ {key} = \"{text}\" }}"))
        }
        _ => Some(format!("write {{ {} = … }}", keys.join(" = …, "))),
    }
}

fn integer(number: &str, schema: Schema<'_>, path: &Path<'_>, notes: &mut Notes) {
    let Ok(number) = number.parse::<i128>() else { return };
    let bound = |key| schema.node.get(key).and_then(Value::as_i64).map(i128::from);
    let (minimum, maximum) = (bound("minimum"), bound("maximum"));
    if minimum.is_some_and(|minimum| number < minimum) || maximum.is_some_and(|maximum| number > maximum) {
        let range = match (minimum, maximum) {
            (Some(minimum), Some(maximum)) => format!("use a number from {minimum} to {maximum}"),
            (Some(minimum), None) => format!("use a number from {minimum} on"),
            (None, _) => "use a smaller number".to_owned(),
        };
        notes.problem(path, format!("{number} is out of range"), range);
    }
}

fn name(value: &DeValue<'_>, names: &[&str], path: &Path<'_>, notes: &mut Notes) {
    match value.as_str() {
        Some(text) if names.contains(&text) => {}
        Some(text) => notes.problem(
            path,
            format!("`{text}` is none of the possible values"),
            instead(text, names.iter().copied()),
        ),
        None => {
            let message = format!("this is {}, and one of a few names belongs here", value_in_words(value));
            notes.problem(path, message, instead("", names.iter().copied()));
        }
    }
}

/// Finds out which alternative is meant, and checks against that one.
fn alternatives(value: &DeValue<'_>, variants: &[Schema<'_>], path: &Path<'_>, notes: &mut Notes) {
    let DeValue::Table(inner) = value else {
        let fits = |schema: &&Schema<'_>| match (schema.type_name(), value) {
            (Some("array"), DeValue::Array(_))
            | (Some("boolean"), DeValue::Boolean(_))
            | (Some("integer"), DeValue::Integer(_))
            | (Some("number"), DeValue::Integer(_) | DeValue::Float(_))
            | (Some("string"), DeValue::String(_)) => true,
            _ => schema.names().is_some() && value.is_str(),
        };
        match variants.iter().find(fits) {
            Some(schema) => self::value(value, *schema, path, notes),
            None => match variants.first() {
                Some(schema) => self::value(value, *schema, path, notes),
                None => wrong_type("string", value, path, notes),
            },
        }
        return;
    };
    let objects: Vec<Schema<'_>> =
        variants.iter().filter(|schema| schema.type_name() == Some("object")).copied().collect();
    let tags: Option<Vec<(&str, &str)>> = objects.iter().map(|schema| schema.tag()).collect();
    if let Some(tags) = tags.filter(|tags| !tags.is_empty()) {
        let tag_key = tags.first().map_or("kind", |(key, _)| *key);
        let Some(written) = inner.get(tag_key).and_then(|it| it.get_ref().as_str()) else {
            let names: Vec<&str> = tags.iter().map(|(_, name)| *name).collect();
            let other = inner
                .iter()
                .map(|(key, _)| key.get_ref().as_ref())
                .find(|key| synonym(key, &[tag_key]).is_some());
            let fix = match other {
                Some(other) => format!("write `{tag_key}` in place of `{other}`"),
                None => instead("", names),
            };
            notes.problem(path, format!("`{tag_key}` is missing"), fix);
            return;
        };
        match tags.iter().position(|(_, name)| *name == written) {
            Some(index) => {
                if let Some(schema) = objects.get(index) {
                    table(inner, *schema, path, notes);
                }
            }
            None => {
                let names = tags.iter().map(|(_, name)| *name);
                notes.problem(
                    &path.key(tag_key),
                    format!("`{written}` is no {tag_key}"),
                    instead(written, names),
                );
            }
        }
        return;
    }
    let known = |schema: &Schema<'_>| {
        let required = schema.required().filter(|key| inner.contains_key(*key)).count();
        (required.min(1), schema.properties().filter(|(key, _)| inner.contains_key(*key)).count())
    };
    // The first of those that are alike.
    let best = objects.iter().rev().max_by_key(|schema| known(schema));
    match best {
        None => {
            let wanted = variants.first().and_then(|schema| schema.type_name()).unwrap_or("string");
            wrong_type(wanted, value, path, notes);
        }
        Some(best) if objects.len() == 1 || known(best).0 > 0 => table(inner, *best, path, notes),
        Some(_) => {
            let keys = |schema: &Schema<'_>| {
                schema.required().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" and ")
            };
            let keys: Vec<String> = objects.iter().map(keys).collect();
            notes.problem(path, "it is not said what this is", format!("name {}", keys.join(", or ")));
        }
    }
}

fn table(table: &DeTable<'_>, schema: Schema<'_>, path: &Path<'_>, notes: &mut Notes) {
    let schema = if path.is_entry() { Schema { entry: Some(schema.node), ..schema } } else { schema };
    let properties: Vec<(&str, Schema<'_>)> = schema.properties().collect();
    let additional = schema.get("additionalProperties").filter(|schema| schema.node.is_object());
    for (key, inner) in table {
        let key = key.get_ref().as_ref();
        let path = path.key(key);
        match (properties.iter().find(|(name, _)| *name == key), additional) {
            (Some((_, schema)), _) => {
                if !note_other_key(key, inner.get_ref(), *schema, &properties, &path, notes) {
                    value(inner.get_ref(), *schema, &path, notes);
                }
            }
            (None, Some(schema)) => value(inner.get_ref(), schema, &path, notes),
            (None, None) => {
                let current = properties.iter().filter(|(_, schema)| schema.get("deprecated").is_none());
                let known = current.map(|(name, _)| *name);
                let fix = match synonym(key, &known) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => belongs_elsewhere(&path, key, schema).unwrap_or_else(|| instead(key, known)),
                };
                notes.misplaced(&path, format!("there is no key `{key}` here"), fix);
            }
        }
    }
    for key in schema.required() {
        if !table.contains_key(key) {
            notes.problem(path, format!("`{key}` is missing"), format!("add `{key} = …`"));
        }
    }
}

/// Where to write a key that another table has.
fn belongs_elsewhere(path: &Path<'_>, key: &str, schema: Schema<'_>) -> Option<String> {
    let section = path.section()?;
    let of_another_section = match (section, key) {
        ("rule", "quiet") => {
            Some("write `quiet` in the [[channel]]; with `urgent = true` a rule notifies during it, too")
        }
        ("channel", "urgent") => Some("write `urgent` in the [[rule]] that notifies during `quiet`, too"),
        ("source" | "channel", "cooldown") => Some("write `cooldown` in the [[rule]]"),
        _ => None,
    };
    if let Some(fix) = of_another_section {
        return Some(fix.to_owned());
    }
    let root = Schema { node: schema.root, entry: None, ..schema };
    if section == key {
        return table_of_section(root, key);
    }
    if let Some(entry) = schema.entry
        && let Some(way) = (Schema { node: entry, ..schema }).way_to(key)
        && !path.leads_by(&way)
    {
        return Some(match way.as_slice() {
            [] => format!("write `{key}` in the [[{section}]] itself, below its header"),
            [table] => format!("write `{key}` in `{table}`: {table} = {{ {key} = … }}"),
            [outer, table, ..] => {
                format!("write `{key}` in `{table}` of `{outer}`: {outer} = {{ {table} = {{ {key} = … }} }}")
            }
        });
    }
    let is_of_file = root.properties().any(|(name, _)| name == key) && !SECTIONS.contains(&key);
    is_of_file.then(|| format!("write `{key}` at the top of the file, above the first [header]"))
}

/// Where to write a key that is no key of the file itself, and a key of the tables of a section.
fn table_of_section(root: Schema<'_>, key: &str) -> Option<String> {
    if key.strip_suffix('s').is_some_and(|one| SECTIONS.contains(&one)) {
        return None;
    }
    let entries =
        root.properties().filter_map(|(name, schema)| Some((name, schema.resolved().get("items")?)));
    let mut with_key = entries.filter(|(_, entry)| entry.way_to(key).is_some_and(|way| way.is_empty()));
    let (section, _) = with_key.next()?;
    with_key
        .next()
        .is_none()
        .then(|| format!("write {key} = … in the [[{section}]] that it belongs to, below its header"))
}

/// Reports values that belong into another key of the same table, such as `kind = "person"`. Returns whether there was one.
fn note_other_key(
    key: &str,
    value: &DeValue<'_>,
    schema: Schema<'_>,
    properties: &[(&str, Schema<'_>)],
    path: &Path<'_>,
    notes: &mut Notes,
) -> bool {
    let Some(names) = schema.resolved().value_names() else { return false };
    let texts: Vec<(Path<'_>, &str)> = match value {
        DeValue::String(text) => vec![(*path, text.as_ref())],
        DeValue::Array(array) => {
            let texts = array.iter().enumerate();
            texts.filter_map(|(index, item)| Some((path.index(index), item.get_ref().as_str()?))).collect()
        }
        _ => return false,
    };
    let mut found = false;
    for (path, text) in texts.iter().filter(|(_, text)| !names.contains(text)) {
        let others = properties.iter().filter(|(other, _)| *other != key);
        let mut others = others
            .filter(|(_, schema)| schema.resolved().value_names().is_some_and(|names| names.contains(text)));
        if let Some((other, _)) = others.next() {
            let message = format!("`{text}` is no {key}, it is a {other}");
            notes.problem(path, message, format!("write {other} = \"{text}\""));
            found = true;
        }
    }
    found
}

fn wrong_type(wanted: &str, found: &DeValue<'_>, path: &Path<'_>, notes: &mut Notes) {
    if let Some(fix) = written_otherwise(wanted, found) {
        let (wanted, found) = (type_in_words(wanted), value_in_words(found));
        notes.problem(path, format!("this is {found}, and {wanted} belongs here"), fix);
        return;
    }
    let fix = match (wanted, found, path.last_key()) {
        ("string", DeValue::Array(_), Some("notify")) => {
            "write one channel without brackets; several get an action each: then = [{ notify = … }, { notify = … }]"
        }
        ("string", DeValue::Array(_), _) => "write one value, without brackets",
        ("number" | "integer", DeValue::String(_), _) => "write a number, such as 5",
        _ => usual_fix(wanted),
    };
    let (wanted, found) = (type_in_words(wanted), value_in_words(found));
    notes.problem(path, format!("this is {found}, and {wanted} belongs here"), fix);
}

/// How a value of a type is written.
fn usual_fix(wanted: &str) -> &'static str {
    match wanted {
        "string" => "put it in quotation marks",
        "integer" => "write it without quotation marks and fraction",
        "number" => "write it without quotation marks",
        "boolean" => "write true or false, without quotation marks",
        "array" => "put it in square brackets, or use a [[header]] of its own",
        _ => "put its keys in braces, or use a [header] of its own",
    }
}

/// The text that a bare date or time stands for: `07:00` for `07:00:00`, `2026-12-31` for a time on that day.
fn text_of_datetime(written: &str) -> &str {
    let date = written.split(['T', ' ']).next().unwrap_or(written);
    if date.contains('-') { date } else { date.get(..5).unwrap_or(date) }
}

/// The duration that `00:05:00` stands for, in its largest unit.
fn duration_of_time(written: &str) -> Option<String> {
    let mut parts = written.split(':').map(|part| part.parse::<u32>().ok());
    let (hours, minutes) = (parts.next()??, parts.next()??);
    let seconds = hours * 3600 + minutes * 60 + parts.next().unwrap_or(Some(0))?;
    Some(match seconds {
        _ if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        _ if seconds % 60 == 0 => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    })
}

/// What to write for a value whose meaning is clear.
fn written_otherwise(wanted: &str, found: &DeValue<'_>) -> Option<String> {
    let DeValue::String(text) = found else { return None };
    match wanted {
        "integer" | "number" => {
            if let Some(duration) = crate::read::scalar::parse_duration(text) {
                return Some(format!("write {}, the number of seconds", duration.as_secs_f64()));
            }
            let percent = text.trim().strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
            if let Some(percent) = percent {
                return Some(format!("write {}, without quotation marks", percent / 100.0));
            }
            // Also with a comma before the fraction.
            let number = text.trim().replacen(',', ".", 1).parse::<f64>().ok();
            number.map(|number| format!("write {number}, without quotation marks"))
        }
        "boolean" => match text.to_lowercase().as_str() {
            "yes" | "on" | "true" | "1" => Some("write true, without quotation marks".to_owned()),
            "no" | "off" | "false" | "0" => Some("write false, without quotation marks".to_owned()),
            _ => None,
        },
        _ => None,
    }
}

/// What to write for a number where a duration belongs.
fn duration_of(found: &DeValue<'_>) -> Option<String> {
    let number = match found {
        DeValue::Integer(number) => number.as_str(),
        DeValue::Float(number) => number.as_str(),
        _ => return None,
    };
    Some(format!("write a number and a unit: \"{number}s\""))
}

fn type_in_words(wanted: &str) -> &'static str {
    match wanted {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        _ => "a table",
    }
}

fn value_in_words(found: &DeValue<'_>) -> &'static str {
    match found {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a bare date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
