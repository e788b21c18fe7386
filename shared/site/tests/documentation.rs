//! `docs/configuration.md` is written from the schema. `UPDATE=1 cargo test -p camhook-site` rewrites it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "the helpers of a test fail as it does")]

use std::fmt::Write as _;
use std::path::PathBuf;

use camhook_site::{Inspection, NoChecks, inspect, json_schema};
use serde_json::Value;

const INTRODUCTION: &str = include_str!("configuration-introduction.md");

/// The tables in the order in which they are explained: heading, and where in the schema.
const TABLES: &[(&str, &str)] = &[
    ("Which keys stand at the top of the file?", ""),
    ("`[calendars]`: dates in a file", "/$defs/CalendarFile"),
    ("`[[source]]`", "/$defs/Source"),
    ("`auth` of a source", "/$defs/Auth"),
    ("`basic`", "/$defs/Basic"),
    ("`groups` of a source", "/$defs/Groups"),
    ("`[[camera]]`", "/$defs/Camera"),
    ("An entry of `[lists]`", "/$defs/ListEntry"),
    ("`[[relay]]`", "/$defs/Relay"),
    ("A request of a relay with `driver = \"http\"`", "/$defs/HttpRequest"),
    ("`success` and `refused` of a relay with `driver = \"http\"`", "/$defs/HttpAnswer"),
    ("`[[channel]]`", "/$defs/Channel"),
    ("`[[rule]]`", "/$defs/Rule"),
    ("`when` of a rule", "/$defs/Condition"),
    ("`count` of a condition", "/$defs/Count"),
    ("`during` of a rule, `quiet` of a channel", "/$defs/Schedule"),
    ("`mode` of a rule, for a named area", "/$defs/AreaMode"),
    ("`then`: notify", "/$defs/Notify"),
    ("`then`: switch a relay", "/$defs/Switch"),
    ("`then`: set the mode of an area", "/$defs/SetMode"),
];

#[test]
#[expect(clippy::disallowed_methods, reason = "the environment asks a test to rewrite its files")]
fn the_documentation_is_the_one_of_the_schema() {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md"));
    let current = documentation(&json_schema());
    if std::env::var("UPDATE").is_ok() {
        std::fs::write(&path, &current).unwrap();
        return;
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(published == current, "docs/configuration.md is stale: run UPDATE=1 cargo test -p camhook-site");
}

#[test]
fn every_table_of_the_schema_is_documented() {
    let schema = json_schema();
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        let has_keys = definition.get("properties").is_some() || tagged(definition).is_some();
        let pointer = format!("/$defs/{name}");
        assert!(
            !has_keys || TABLES.iter().any(|(_, table)| *table == pointer),
            "{name} is documented nowhere"
        );
    }
}

#[test]
fn the_schema_takes_what_the_reader_takes() {
    let validator = jsonschema::validator_for(&json_schema()).unwrap();
    let whole: Value = toml::from_str(include_str!("cases/a-whole-site-is-read.toml")).unwrap();
    let errors: Vec<String> = validator.iter_errors(&whole).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let wrong: Value =
        toml::from_str("[[source]]\nid = \"gate\"\nvendor = \"viewtron\"\ncolour = 1").unwrap();
    assert!(!validator.is_valid(&wrong));
}

#[test]
fn the_recipes_and_the_example_have_neither_errors_nor_warnings() {
    let examples: Vec<&str> = INTRODUCTION
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```").map(|(example, _)| example))
        .collect();
    assert_eq!(examples.len(), 7, "six recipes and a whole file");
    for example in examples {
        let example = &filled_in(example);
        let Inspection { problems, strict, warnings, .. } = inspect(example, "example", &NoChecks);
        assert!(problems.is_empty() && strict.is_empty(), "{problems:#?} {strict:#?}\n{example}");
        assert!(warnings.is_empty(), "{warnings:#?}\n{example}");
    }
}

/// An example as somebody uses it: with a token of one's own, and a topic.
fn filled_in(example: &str) -> String {
    let digest = format!("\"{}\"", "0f".repeat(32));
    example.replace("\"…\"", &digest).replace("-topic-that-nobody-guesses", "-topic-KNzyWV3YOKEO")
}

#[test]
fn no_example_can_be_deployed_with_what_stands_in_it_for_a_token_or_topic() {
    for example in INTRODUCTION.split("```toml\n").skip(1).filter_map(|rest| rest.split_once("```")) {
        let Inspection { problems, strict, .. } = inspect(example.0, "example", &NoChecks);
        let findings: Vec<String> = problems.iter().chain(&strict).map(ToString::to_string).collect();
        for (placeholder, expected) in [
            ("\"…\"", "this is no SHA-256"),
            ("-topic-that-nobody-guesses", "this topic stands in the documentation"),
        ] {
            let is_refused = findings.iter().any(|finding| finding.contains(expected));
            assert_eq!(
                is_refused,
                example.0.contains(placeholder),
                "{placeholder}: {findings:#?}\n{}",
                example.0
            );
        }
    }
}

fn documentation(schema: &Value) -> String {
    let mut text = INTRODUCTION.to_owned();
    for (heading, pointer) in TABLES {
        let definition = schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is not in the schema"));
        write!(text, "\n## {heading}\n\n{}\n", description(definition)).unwrap();
        match tagged(definition) {
            None => text += &table(schema, definition),
            Some((tag, variants)) => {
                for variant in variants {
                    let name = variant["properties"][tag]["const"].as_str().unwrap();
                    write!(text, "\n### `{tag} = \"{name}\"`\n\n{}\n", description(variant)).unwrap();
                    text += &table(schema, variant);
                }
            }
        }
    }
    text
}

/// The alternatives of a table whose kind stands in one of its keys, and that key.
fn tagged(definition: &Value) -> Option<(&'static str, &Vec<Value>)> {
    let variants = definition.get("oneOf")?.as_array()?;
    let tag =
        ["kind", "driver"].into_iter().find(|tag| variants[0]["properties"][tag]["const"].is_string())?;
    Some((tag, variants))
}

fn table(schema: &Value, definition: &Value) -> String {
    let mut text = "\n| key | value | default | vendors | meaning |\n|---|---|---|---|---|\n".to_owned();
    let required: Vec<&str> = definition["required"]
        .as_array()
        .map_or(vec![], |keys| keys.iter().filter_map(Value::as_str).collect());
    let mut properties: Vec<(&String, &Value)> =
        definition["properties"].as_object().unwrap().iter().collect();
    properties
        .sort_by_key(|(key, _)| (key.as_str() != "id", !required.contains(&key.as_str()), key.to_owned()));
    for (key, property) in properties {
        if property.get("const").is_some() || property.get("deprecated").is_some() {
            continue;
        }
        let default = match property.get("x-default").or_else(|| property.get("default")) {
            Some(Value::String(default)) => default.clone(),
            Some(Value::Array(_) | Value::Object(_)) | None if required.contains(&key.as_str()) => {
                "**required**".into()
            }
            Some(Value::Array(_) | Value::Object(_)) | None => String::new(),
            Some(default) => default.to_string(),
        };
        let vendors: Vec<&str> = property["x-vendors"]
            .as_array()
            .map_or(vec!["all"], |vendors| vendors.iter().filter_map(Value::as_str).collect());
        let mut kind = value_type(schema, property);
        if let Some(unit) = property.get("x-unit").and_then(Value::as_str) {
            write!(kind, " ({unit})").unwrap();
        }
        let about = description(property).replace('\n', " ").replace('|', "\\|");
        writeln!(text, "| `{key}` | {kind} | {default} | {} | {about} |", vendors.join(", ")).unwrap();
    }
    text
}

fn value_type(schema: &Value, node: &Value) -> String {
    if let Some(kind) = node.get("x-type").and_then(Value::as_str) {
        return kind.to_owned();
    }
    if let Some(reference) = node.get("$ref").and_then(Value::as_str) {
        return value_type(schema, schema.pointer(&reference[1..]).unwrap());
    }
    for key in ["oneOf", "anyOf"] {
        let Some(variants) = node.get(key).and_then(Value::as_array) else { continue };
        if variants.iter().all(|variant| variant.get("const").is_some() || variant.get("enum").is_some()) {
            let names = variants.iter().flat_map(|variant| match variant.get("enum") {
                Some(names) => names.as_array().unwrap().iter().collect(),
                None => vec![&variant["const"]],
            });
            let names: Vec<String> = names.map(|name| format!("`{}`", name.as_str().unwrap())).collect();
            return names.join(", ");
        }
        let mut kinds: Vec<String> = Vec::new();
        for variant in variants {
            let kind = value_type(schema, variant);
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        // One value or a list of such values.
        if let [one, list] = kinds.as_slice()
            && *list == format!("list of {one}")
        {
            return format!("{one}, or a list");
        }
        return kinds.join(", or ");
    }
    if let Some(names) = node.get("enum").and_then(Value::as_array) {
        let names: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_str().unwrap())).collect();
        return names.join(", ");
    }
    match node.get("type").and_then(Value::as_str) {
        Some("string") => "text".to_owned(),
        Some("integer") => "whole number".to_owned(),
        Some("number") => "number".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("array") => format!("list of {}", value_type(schema, &node["items"])),
        Some("object") => "table".to_owned(),
        other => panic!("a type that is not documented: {other:?} in {node}"),
    }
}

fn description(node: &Value) -> String {
    node.get("description").and_then(Value::as_str).unwrap_or_default().to_owned()
}
