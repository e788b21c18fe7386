//! The value of a payload.

use camhook_ingest::{Malformed, describe_names};
use serde_json::Value;

/// A longer payload is none of those that are read here, in bytes.
const LIMIT: usize = 4096;

/// The value of `{"val":"…"}`, or of a bare one, as topics that end with `/raw` carry it.
///
/// The vendor's page prints `{val:1}` and `{"{val:1}"}`, and people type that into dashboards and bridges as it stands.
/// Both are read, and `{'val':'1'}`, where they cannot mean anything else.
pub(super) fn value(payload: &[u8]) -> Result<String, Malformed> {
    if payload.len() > LIMIT {
        return Err(Malformed::new("too_long", format!("the payload has more than {LIMIT} bytes")));
    }
    let text = camhook_json::text(payload)?;
    if !text.starts_with(['{', '[', '"', '\'']) {
        return Ok(text.to_owned());
    }
    match serde_json::from_str::<Value>(text) {
        Ok(json) => scalar(json),
        Err(error) => unquoted(text).ok_or_else(|| {
            let (line, column) = (error.line(), error.column());
            Malformed::new("not_json", format!("the JSON ends or fails at line {line}, column {column}"))
        }),
    }
}

fn scalar(mut json: Value) -> Result<String, Malformed> {
    let names = |value: &Value| value.as_object().map(|fields| fields.keys().cloned().collect::<Vec<_>>());
    let mut found = names(&json).unwrap_or_default();
    found.extend(json.get("val").and_then(names).unwrap_or_default());
    if let Some(inner) = json.get_mut("val") {
        json = inner.take();
    }
    match json {
        Value::String(text) => {
            let text = text.trim();
            Ok(unquoted(text).unwrap_or_else(|| text.to_owned()))
        }
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(u8::from(value).to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            let found = describe_names(found.iter().map(String::as_str));
            Err(Malformed::new("no_value", format!("the JSON has no scalar `val`; {found}")))
        }
    }
}

/// The value of `{val:1}`: what is left of `val`, a colon and one word once braces, quotes and blanks are gone.
fn unquoted(text: &str) -> Option<String> {
    let is_around =
        |character: char| matches!(character, '{' | '}' | '"' | '\'') || character.is_whitespace();
    let (name, value) = text.trim_matches(is_around).split_once(':')?;
    let value = value.trim_matches(is_around);
    let is_word =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.' | '+');
    let is_pair = name.trim_matches(is_around) == "val" && !value.is_empty() && value.chars().all(is_word);
    (is_pair && text.contains('{') && text.contains('}')).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_in_every_form_it_may_have() {
        for (payload, expected) in [
            (r#"{"val":"17"}"#, "17"),
            (r#"{"val":17}"#, "17"),
            (r#"{"val":true}"#, "1"),
            (r#" {"val":" alive "} "#, "alive"),
            (r#""1""#, "1"),
            ("1", "1"),
            ("dead", "dead"),
            ("{val:1}", "1"),
            ("{val: 64 }", "64"),
            (r#"{"{val:1}"}"#, "1"),
            (r#""{val:1}""#, "1"),
            (r#"{"val":"{val:1}"}"#, "1"),
            ("{'val':'1'}", "1"),
            ("{val:\"dead\"}", "dead"),
            ("\u{feff}{\"val\":\"17\"}", "17"),
            ("17\0", "17"),
        ] {
            assert_eq!(value(payload.trim().as_bytes()).unwrap(), expected, "{payload}");
        }
    }

    #[test]
    fn what_has_no_value_is_malformed() {
        for (payload, code) in [
            (&b"{\"val\":"[..], "not_json"),
            (b"{\"val\":\"1\"", "not_json"),
            (b"{val:1", "not_json"),
            (b"{val:}", "not_json"),
            (b"{val:1,zone:2}", "not_json"),
            (b"{value:1}", "not_json"),
            (b"{val:{val:1}}", "not_json"),
            (b"{}", "no_value"),
            (b"{\"val\":null}", "no_value"),
            (b"[1]", "no_value"),
            (b"{\"val\":{\"val\":1}}", "no_value"),
            (b"\xff\xd8\xff", "not_text"),
            (&[b'1'; LIMIT + 1], "too_long"),
        ] {
            assert_eq!(value(payload).unwrap_err().code, code, "{}", String::from_utf8_lossy(payload));
        }
    }

    #[test]
    fn the_names_that_were_found_are_in_the_reason() {
        let malformed = value(br#"{"value":"1","zone":2}"#).unwrap_err();
        assert!(malformed.detail.ends_with("it has `value`, `zone`"), "{}", malformed.detail);
    }
}
