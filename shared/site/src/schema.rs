//! The JSON Schema of camhook.toml, for editors and for saying what is wrong with a file.

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

#[cfg(test)]
mod tests {
    use super::*;

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
