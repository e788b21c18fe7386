//! Tables whose keys depend on one of them, such as `[[channel]]` on `kind`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A table with keys that every kind has, and keys of its own kind.
///
/// `K` is an internally tagged enum whose variants deny unknown fields.
#[derive(Debug, Deserialize)]
pub(crate) struct Tagged<C, K> {
    /// The keys of every kind. They are taken first, so that a kind does not see them.
    #[serde(flatten)]
    pub(crate) common: C,
    /// The keys of this kind.
    #[serde(flatten)]
    pub(crate) kind: K,
}

impl<C: JsonSchema, K: JsonSchema> JsonSchema for Tagged<C, K> {
    fn schema_name() -> Cow<'static, str> {
        K::schema_name()
    }

    /// One alternative per kind, each with all of its keys.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let common = C::json_schema(generator).to_value();
        let mut schema = K::json_schema(generator);
        if let Some(variants) = schema.get_mut("oneOf").and_then(Value::as_array_mut) {
            for variant in variants.iter_mut().filter_map(Value::as_object_mut) {
                add_keys(variant, &common);
            }
        }
        schema
    }
}

/// Adds the properties of one object's schema to another, before its own.
fn add_keys(variant: &mut Map<String, Value>, common: &Value) {
    let of = |schema: &Value, key: &str| schema.get(key).cloned();
    let mut properties = Map::new();
    for source in [of(common, "properties"), variant.remove("properties")] {
        if let Some(Value::Object(more)) = source {
            properties.extend(more);
        }
    }
    let mut required = Vec::new();
    for source in [of(common, "required"), variant.remove("required")] {
        if let Some(Value::Array(more)) = source {
            required.extend(more);
        }
    }
    variant.insert("properties".to_owned(), Value::Object(properties));
    variant.insert("required".to_owned(), Value::Array(required));
    variant.insert("additionalProperties".to_owned(), Value::Bool(false));
}
