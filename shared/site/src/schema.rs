//! The JSON Schema of camhook.toml, for editors and for saying what is wrong with a file.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use camhook_event::without_null;
use serde_json::Value;

use crate::raw::RawSite;

/// The schema as it is published.
pub const SCHEMA: &str = include_str!("../schema/camhook.toml.v1.schema.json");

/// The schema as the types give it: what [`SCHEMA`] must be.
#[must_use]
pub fn json_schema() -> Value {
    let mut schema = schemars::schema_for!(RawSite).to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert("$id".to_owned(), "camhook.toml.v1.schema.json".into());
        object.insert("title".to_owned(), "camhook.toml, version 1".into());
    }
    without_null(&mut schema);
    schema
}

/// What a key takes, wherever it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyType {
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// Something else, or different values in different tables.
    Other,
}

/// What of [`SCHEMA`] decides whether a file is valid: without descriptions, a quarter of its size in each function.
pub(crate) static RULES: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../schema/camhook.toml.v1.rules.json")).unwrap_or(Value::Null)
});

/// Every key of camhook.toml.
static KEYS: LazyLock<BTreeMap<String, KeyType>> = LazyLock::new(|| {
    let mut keys = BTreeMap::new();
    collect_keys(&RULES, &mut keys);
    keys
});

/// What a key of this name takes; `None` for a name that no table has.
pub(crate) fn key_type(name: &str) -> Option<KeyType> {
    KEYS.get(name).copied()
}

fn collect_keys(schema: &Value, keys: &mut BTreeMap<String, KeyType>) {
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let key_type = match property.get("type").and_then(Value::as_str) {
            Some("boolean") => KeyType::Boolean,
            Some("number" | "integer") => KeyType::Number,
            _ => KeyType::Other,
        };
        let known = keys.entry(name.clone()).or_insert(key_type);
        if *known != key_type {
            *known = KeyType::Other;
        }
    }
    match schema {
        Value::Object(object) => object.values().for_each(|value| collect_keys(value, keys)),
        Value::Array(values) => values.iter().for_each(|value| collect_keys(value, keys)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_their_type() {
        for (name, key_type) in [
            ("urgent", Some(KeyType::Boolean)),
            ("dry_run", Some(KeyType::Boolean)),
            ("latitude", Some(KeyType::Number)),
            ("seconds", Some(KeyType::Number)),
            ("cooldown", Some(KeyType::Other)),
            // A relay's is a number, and a channel's of Slack is text.
            ("channel", Some(KeyType::Other)),
            ("nothing", None),
        ] {
            assert_eq!(super::key_type(name), key_type, "{name}");
        }
    }

    /// The keywords that a file is checked with.
    const RULES_OF_SCHEMA: [&str; 14] = [
        "$ref",
        "additionalProperties",
        "anyOf",
        "const",
        "deprecated",
        "enum",
        "items",
        "maximum",
        "minItems",
        "minimum",
        "oneOf",
        "required",
        "type",
        "x-type",
    ];

    fn rules_of(schema: &Value) -> Value {
        match schema {
            Value::Object(object) => {
                let named = object.iter().filter_map(|(key, value)| match (key.as_str(), value) {
                    ("$defs" | "properties", Value::Object(schemas)) => {
                        let schemas = schemas.iter().map(|(name, schema)| (name.clone(), rules_of(schema)));
                        Some((key.clone(), Value::Object(schemas.collect())))
                    }
                    (keyword, value) => {
                        RULES_OF_SCHEMA.contains(&keyword).then(|| (key.clone(), rules_of(value)))
                    }
                });
                Value::Object(named.collect())
            }
            Value::Array(values) => values.iter().map(rules_of).collect(),
            _ => schema.clone(),
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the environment asks a test to rewrite its files")]
    fn files_are_checked_with_the_rules_of_the_schema() {
        let current = format!("{}\n", rules_of(&json_schema()));
        if std::env::var("UPDATE").is_ok() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/camhook.toml.v1.rules.json");
            std::fs::write(path, &current).unwrap();
            return;
        }
        assert!(
            include_str!("../schema/camhook.toml.v1.rules.json") == current,
            "the rules are stale: run UPDATE=1 cargo test -p camhook-site"
        );
    }

    /// Rewrites the published schema with `UPDATE=1 cargo test -p camhook-site`.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "the environment asks a test to rewrite its files")]
    fn the_published_schema_is_the_one_of_the_types() {
        let current = format!("{}\n", serde_json::to_string_pretty(&json_schema()).unwrap());
        if std::env::var("UPDATE").is_ok() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/camhook.toml.v1.schema.json");
            std::fs::write(path, &current).unwrap();
            return;
        }
        assert!(SCHEMA == current, "the schema is stale: run UPDATE=1 cargo test -p camhook-site");
    }
}
