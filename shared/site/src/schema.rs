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

/// The schema, read. A test finds [`SCHEMA`] to be the JSON that the types give.
pub(crate) static TREE: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(SCHEMA).unwrap_or(Value::Null));

/// Every key of camhook.toml.
static KEYS: LazyLock<BTreeMap<String, KeyType>> = LazyLock::new(|| {
    let mut keys = BTreeMap::new();
    collect_keys(&TREE, &mut keys);
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
