//! The JSON Schema of an event.

use serde_json::Value;

use crate::Event;

/// The schema as it is published.
pub const SCHEMA: &str = include_str!("../schema/camhook.event.v1.json");

/// The schema as the types give it: what [`SCHEMA`] must be.
#[must_use]
pub fn json_schema() -> Value {
    let mut schema = schemars::schema_for!(Event).to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert("$id".to_owned(), "camhook.event.v1.json".into());
        object.insert("title".to_owned(), "camhook event, version 1".into());
    }
    without_null(&mut schema);
    without_defaults(&mut schema);
    schema
}

/// Says of nothing in a schema that it may be null. Absent means absent: what may be left out is still never null.
pub fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            let only = match object.get_mut("anyOf") {
                Some(Value::Array(variants)) => {
                    variants.retain(|variant| variant.get("type") != Some(&"null".into()));
                    match variants.as_slice() {
                        [only] => Some(only.clone()),
                        _ => None,
                    }
                }
                _ => None,
            };
            if let Some(Value::Object(only)) = only {
                object.remove("anyOf");
                for (name, value) in only {
                    object.entry(name).or_insert(value);
                }
            }
            object.values_mut().for_each(without_null);
        }
        Value::Array(values) => values.iter_mut().for_each(without_null),
        _ => {}
    }
}

/// Nobody who reads an event is to fill in what is absent.
fn without_defaults(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.remove("default");
            object.values_mut().for_each(without_defaults);
        }
        Value::Array(values) => values.iter_mut().for_each(without_defaults),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rewrites the published schema with `UPDATE=1 cargo test -p camhook-event`.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "an environment variable makes the test rewrite its file")]
    fn the_published_schema_is_the_one_of_the_types() {
        let current = format!("{}\n", serde_json::to_string_pretty(&json_schema()).unwrap());
        if std::env::var("UPDATE").is_ok() {
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/schema/camhook.event.v1.json"), &current)
                .unwrap();
            return;
        }
        assert!(SCHEMA == current, "the schema is stale: run UPDATE=1 cargo test -p camhook-event");
    }

    #[test]
    fn the_schema_refuses_nulls_and_empty_text() {
        let validator = jsonschema::validator_for(&json_schema()).unwrap();
        let mut event = serde_json::json!({
            "specversion": "1.0",
            "id": "0123456789abcdef0123456789abcdef",
            "source": "/viewtron/gate",
            "type": "camhook.event.v1",
            "subject": "plate",
            "time": "2026-11-23T07:36:04.123Z",
            "datacontenttype": "application/json",
            "data": {
                "vendor": "viewtron", "source": "gate", "kind": "plate", "report": "detection",
                "received_at": "2026-11-23T07:36:04.123Z", "clock": "server",
                "plate": { "text": "IB36NL", "list": "allow" },
                "images": [{ "role": "overview", "rejected": "not_jpeg" }],
            },
        });
        assert!(validator.is_valid(&event), "{:?}", validator.validate(&event));
        let read: Event = serde_json::from_value(event.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), event, "reading and writing changes nothing");
        event["data"]["name"] = Value::Null;
        assert!(!validator.is_valid(&event));
        event["data"]["name"] = "".into();
        assert!(!validator.is_valid(&event));
    }
}
