//! The secrets that a camhook.toml names.

use camhook_ports::SecretReference;
use serde_json::Value;

/// The references to parameters and environment variables in a camhook.toml, each once, in the order of the file as far
/// as TOML keeps it. Empty for a file that is not TOML.
///
/// ```
/// let text = "[[source]]\nauth = { token = \"ssm:/camhook/sources/gate\" }";
/// let references = camhook_site::secret_references(text);
/// assert_eq!(references[0].to_string(), "ssm:/camhook/sources/gate");
/// ```
#[must_use]
pub fn secret_references(text: &str) -> Vec<SecretReference> {
    let Ok(value) = toml::from_str::<Value>(text) else { return Vec::new() };
    let mut references = Vec::new();
    collect(&value, &mut references);
    references
}

fn collect(value: &Value, references: &mut Vec<SecretReference>) {
    match value {
        Value::String(text) => {
            let reference = SecretReference::parse(text);
            let is_known = || references.iter().any(|known| known.to_string() == reference.to_string());
            if !matches!(reference, SecretReference::Literal(_)) && !is_known() {
                references.push(reference);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, references)),
        Value::Object(fields) => fields.values().for_each(|value| collect(value, references)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_wherever_they_are_and_once() {
        let text = r#"
            [[source]]
            auth = { token = ["ssm:/a", "env:B"], basic = { user = "x", password = "ssm:/a" } }
            [[channel]]
            headers = { authorization = "ssm:/c" }
            token = "a literal"
        "#;
        let mut names: Vec<String> = secret_references(text).iter().map(ToString::to_string).collect();
        names.sort_unstable();
        assert_eq!(names, ["env:B", "ssm:/a", "ssm:/c"]);
        assert!(secret_references("no = toml = at all").is_empty());
    }
}
