//! What a vendor sent that has no place of its own in the event.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The most that `vendor_data` may take as JSON, in bytes.
pub const VENDOR_DATA_LIMIT: usize = 32 * 1024;

/// The different values of one name that are kept. Each is compared with those before it.
const VALUES_LIMIT: usize = 256;

/// Scalars by the vendor's own names.
///
/// A name that occurs several times with different values holds them as a list, in their order. Empty
/// values are left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct VendorData(BTreeMap<String, Value>);

impl VendorData {
    /// Keeps one scalar.
    pub fn insert(&mut self, name: &str, value: impl Into<Value>) {
        let value = clean(value.into());
        let name = clean_text(name);
        if name.is_empty() || value == Value::Null || value == Value::String(String::new()) {
            return;
        }
        let Some(present) = self.0.get_mut(&name) else {
            self.0.insert(name, value);
            return;
        };
        match present {
            Value::Array(values) if values.len() < VALUES_LIMIT && !values.contains(&value) => {
                values.push(value);
            }
            Value::Array(_) => {}
            scalar if *scalar == value => {}
            scalar => *scalar = Value::Array(vec![scalar.take(), value]),
        }
    }

    /// The value under a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Removes what is kept under a name.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// Names and values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Replaces the names and texts for which `edit` returns another text.
    pub fn edit(&mut self, edit: impl Fn(&str) -> Option<String>) {
        for value in self.0.values_mut() {
            edit_value(value, &edit);
        }
        let renamed: Vec<_> =
            self.0.keys().filter_map(|name| edit(name).map(|edited| (name.clone(), edited))).collect();
        for (name, edited) in renamed {
            if let Some(value) = self.0.remove(&name) {
                self.insert(&edited, value);
            }
        }
    }

    /// Takes the longest values out until the rest fits [`VENDOR_DATA_LIMIT`]; what was taken out, by name.
    pub fn fit(&mut self) -> Vec<String> {
        let size = |name: &str, value: &Value| {
            name.len() + serde_json::to_string(value).map_or(0, |json| json.len()) + 4
        };
        let mut sizes: Vec<(usize, String)> =
            self.0.iter().map(|(name, value)| (size(name, value), name.clone())).collect();
        let mut total: usize = 2 + sizes.iter().map(|(size, _)| size).sum::<usize>();
        sizes.sort_unstable();
        let mut removed = Vec::new();
        while total > VENDOR_DATA_LIMIT {
            let Some((size, name)) = sizes.pop() else { break };
            self.0.remove(&name);
            total -= size;
            removed.push(name);
        }
        removed
    }
}

/// Replaces the texts within a value, and the names of its members, for which `edit` returns another text.
pub fn edit_value(value: &mut Value, edit: &impl Fn(&str) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(edited) = edit(text) {
                *text = edited;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| edit_value(value, edit)),
        Value::Object(members) => {
            let needs_names = members.keys().any(|name| edit(name).is_some());
            members.values_mut().for_each(|value| edit_value(value, edit));
            if needs_names {
                let renamed = std::mem::take(members).into_iter();
                *members = renamed.map(|(name, value)| (edit(&name).unwrap_or(name), value)).collect();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn clean_text(text: &str) -> String {
    crate::Text::new(text).map_or_else(String::new, |text| text.as_str().to_owned())
}

fn clean(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(clean_text(&text)),
        Value::Array(values) => Value::Array(values.into_iter().map(clean).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_name_holds_all_its_different_values() {
        let mut data = VendorData::default();
        for value in ["1", "2", "1", ""] {
            data.insert("eventId", value);
        }
        data.insert("same", true);
        data.insert("same", true);
        assert_eq!(serde_json::to_string(&data).unwrap(), r#"{"eventId":["1","2"],"same":true}"#);
    }

    #[test]
    fn a_name_with_very_many_values_is_read_in_little_time() {
        let mut data = VendorData::default();
        for value in 0..1_000_000 {
            data.insert("level", value);
        }
        assert_eq!(data.get("level").and_then(Value::as_array).map(Vec::len), Some(VALUES_LIMIT));
    }

    #[test]
    fn the_longest_values_go_first() {
        let mut data = VendorData::default();
        data.insert("long", "x".repeat(VENDOR_DATA_LIMIT));
        data.insert("short", "y");
        assert_eq!(data.fit(), ["long"]);
        assert_eq!(data.get("short"), Some(&"y".into()));
        assert!(data.fit().is_empty());
    }
}
