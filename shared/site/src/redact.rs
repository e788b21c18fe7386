//! A camhook.toml as it can be shown: without its secrets.

use std::ops::Range;

use camhook_ports::SecretReference;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What stands in place of a value.
const REDACTED: &str = "[redacted]";

/// The sections whose values are shown, unless a key of [`SECRET`] leads to them.
const SECTIONS: [&str; 11] = [
    "alert_channel",
    "calendars",
    "camera",
    "dry_run",
    "latitude",
    "lists",
    "longitude",
    "modes",
    "rule",
    "timezone",
    "trouble",
];

/// The keys of a source whose values are shown.
const SOURCE: [&str; 11] = [
    "area",
    "clock",
    "clock_tolerance",
    "dialect",
    "faces",
    "id",
    "metadata",
    "offline_after",
    "overview",
    "tracking",
    "vendor",
];

/// The keys of a channel whose values are shown. Its address is a secret of some services, and contains the topic of ntfy.
const CHANNEL: [&str; 9] =
    ["expire", "id", "kind", "network", "priority", "retry", "security", "sound", "thread"];

/// The keys of a relay whose values are shown.
const RELAY: [&str; 13] = [
    "brightness",
    "channel",
    "driver",
    "dry_run",
    "id",
    "length",
    "min_interval",
    "mode",
    "network",
    "output",
    "relay",
    "switch",
    "via",
];

/// The keys whose values, and whatever is below them, are never shown, wherever they are: somebody may have written one
/// in the wrong table.
const SECRET: [&str; 14] = [
    "auth",
    "basic",
    "bearer",
    "digest",
    "headers",
    "hmac",
    "key",
    "parameters",
    "password",
    "secret",
    "token",
    "topic",
    "url",
    "user",
];

/// The text of a camhook.toml without its secrets, line for line: values of keys that may contain one, and all comments,
/// are replaced by `[redacted]`. References (`ssm:…`, `env:…`) remain. Of a text that is not TOML only headers and the
/// names of known keys remain.
///
/// ```
/// let text = "[[source]]\nid = \"gate\" # the old one\nauth = { token = \"s3cret\" }";
/// let shown = "[[source]]\nid = \"gate\" # [redacted]\nauth = { token = \"[redacted]\" }";
/// assert_eq!(camhook_site::redact(text), shown);
/// ```
#[must_use]
pub fn redact(text: &str) -> String {
    let Ok(document) = DeTable::parse(text) else { return outline(text) };
    let mut scalars = Scalars::default();
    scalars.add_table(document.get_ref(), &mut Vec::new());
    scalars.found.sort_by_key(|scalar| (scalar.span.start, scalar.span.end));
    let mut redacted = String::with_capacity(text.len());
    let mut end = 0;
    for Scalar { span, visibility } in scalars.found {
        // A key that stands for several tables is found with each of them.
        if span.start < end {
            continue;
        }
        redacted.push_str(&without_comments(text.get(end..span.start).unwrap_or_default()));
        let scalar = text.get(span.clone()).unwrap_or_default();
        match visibility {
            Visibility::Shown => redacted.push_str(scalar),
            Visibility::Hidden => {
                redacted.push('"');
                redacted.push_str(REDACTED);
                redacted.push('"');
                // Lines keep their numbers.
                redacted.extend(scalar.chars().filter(|character| *character == '\n'));
            }
        }
        end = span.end;
    }
    redacted.push_str(&without_comments(text.get(end..).unwrap_or_default()));
    redacted
}

/// Whether the value of a key, or what is below it, may be a secret.
pub(crate) fn may_be_secret(key: &str) -> bool {
    SECRET.contains(&key)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visibility {
    Shown,
    Hidden,
}

/// A key or a value that is no table and no list.
#[derive(Debug)]
struct Scalar {
    span: Range<usize>,
    visibility: Visibility,
}

#[derive(Debug, Default)]
struct Scalars {
    found: Vec<Scalar>,
}

impl Scalars {
    fn add_table<'a>(&mut self, table: &'a DeTable<'_>, path: &mut Vec<&'a str>) {
        for (key, value) in table {
            self.found.push(Scalar { span: key.span(), visibility: Visibility::Shown });
            path.push(key.get_ref().as_ref());
            self.add(value, path);
            path.pop();
        }
    }

    fn add<'a>(&mut self, value: &'a Spanned<DeValue<'_>>, path: &mut Vec<&'a str>) {
        match value.get_ref() {
            DeValue::Table(table) => self.add_table(table, path),
            DeValue::Array(array) => array.iter().for_each(|value| self.add(value, path)),
            DeValue::Boolean(_) => {}
            DeValue::String(text) if !matches!(SecretReference::parse(text), SecretReference::Literal(_)) => {
                self.found.push(Scalar { span: value.span(), visibility: Visibility::Shown });
            }
            DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) => {
                self.found.push(Scalar { span: value.span(), visibility: visibility(path) });
            }
        }
    }
}

fn visibility(path: &[&str]) -> Visibility {
    let is_shown = match path {
        // Networks, and hashes of random tokens.
        ["source", "auth", "allow" | "token_sha256"] | ["source", "groups", _] => true,
        _ if path.iter().any(|key| SECRET.contains(key)) => false,
        ["source", "timezone"] | ["channel", "quiet", ..] => true,
        ["source", key] => SOURCE.contains(key),
        ["channel", key] => CHANNEL.contains(key),
        ["relay", key] => RELAY.contains(key),
        [section, ..] => SECTIONS.contains(section),
        [] => false,
    };
    if is_shown { Visibility::Shown } else { Visibility::Hidden }
}

/// What is between keys and values: comments may name secrets, and be parts of the file that were switched off.
fn without_comments(between: &str) -> String {
    let lines = between.split_inclusive('\n').map(|line| match line.split_once('#') {
        None => line.to_owned(),
        Some((before, _)) => {
            let end = if line.ends_with('\n') { "\n" } else { "" };
            format!("{before}# {REDACTED}{end}")
        }
    });
    lines.collect()
}

/// What can be shown of a text that is not TOML.
fn outline(text: &str) -> String {
    text.split_inclusive('\n').map(outline_of_line).collect()
}

fn outline_of_line(line: &str) -> String {
    let end = if line.ends_with('\n') { "\n" } else { "" };
    let content = line.trim();
    if content.is_empty() || is_header(content) {
        return format!("{content}{end}");
    }
    match content.split_once('=').map(|(key, _)| key.trim()) {
        Some(key) if is_known(key) => format!("{key} = {REDACTED}{end}"),
        _ => format!("{REDACTED}{end}"),
    }
}

/// Whether a line is `[[source]]`, `[[channel]]` and so on.
fn is_header(content: &str) -> bool {
    let name = content.trim_start_matches('[').trim_end_matches(']');
    content.starts_with('[') && content.ends_with(']') && is_section(name.trim())
}

fn is_section(name: &str) -> bool {
    ["source", "channel", "relay"].contains(&name) || SECTIONS.contains(&name)
}

fn is_known(key: &str) -> bool {
    is_section(key)
        || [&SOURCE[..], &CHANNEL[..], &RELAY[..], &SECRET[..]].iter().any(|known| known.contains(&key))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn secrets_are_hidden_wherever_they_are_and_the_rest_is_shown() {
        let text = r##"timezone = "Europe/Berlin" # token: XXXX
# [[source]]
# auth = { token = "XXXX" }
[[source]]
id = "gate#1"
vendor = "viewtron"
auth = { token = ["XXXX", "ssm:/camhook/sources/gate"], basic = { user = "XXXX", password = 'XXXX' } }
topic = "XXXX"
[[channel]]
id = "family"
kind = "ntfy"
url = "https://ntfy.sh/XXXX"
token = """
XXXX
# XXXX""" # XXXX
quiet = [{ from = "22:00", to = "06:00" }]
priority = 5
[[channel]]
id = "hub"
kind = "home-assistant"
url = "env:HUB_URL"
password = 123456
[[relay]]
id = "barrier"
driver = "http"
on = { path = "/XXXX", body = "XXXX", headers = { id = "XXXX" } }
switch = 1
dry_run = false
[lists]
residents = ["B AN 4711", { plate = "B-XY 1", name = "Ann" }]
[[rule]]
id = "open"
token = "XXXX"
when.plate = "@residents~1"
then = [{ relay = "barrier", action = "pulse", seconds = 1.5 }]
unknown = "shown"
[other]
unknown = "XXXX"
"##;
        let shown = redact(text);
        assert!(!shown.contains("XXXX") && !shown.contains("123456"), "{shown}");
        assert_eq!(shown.lines().count(), text.lines().count(), "{shown}");
        for part in [
            "timezone = \"Europe/Berlin\" # [redacted]\n# [redacted]\n# [redacted]\n[[source]]\nid = \"gate#1\"\n",
            "auth = { token = [\"[redacted]\", \"ssm:/camhook/sources/gate\"], basic = { user = \"[redacted]\", ",
            "kind = \"ntfy\"\nurl = \"[redacted]\"\ntoken = \"[redacted]\"\n\n # [redacted]\nquiet = [{ from = \"22:00\"",
            "priority = 5\n",
            "url = \"env:HUB_URL\"\npassword = \"[redacted]\"\n",
            "headers = { id = \"[redacted]\" } }\nswitch = 1\ndry_run = false\n",
            "residents = [\"B AN 4711\", { plate = \"B-XY 1\", name = \"Ann\" }]\n",
            "then = [{ relay = \"barrier\", action = \"pulse\", seconds = 1.5 }]\n",
            "[other]\nunknown = \"[redacted]\"\n",
        ] {
            assert!(shown.contains(part), "{part}\n---\n{shown}");
        }
    }

    #[test]
    fn networks_and_hashes_of_tokens_are_no_secrets() {
        let text = "[[source]]\nauth = { allow = \"192.0.2.1\", token_sha256 = [\"0f\", \"1f\"] }\ngroups = { allow = [1] }\n";
        assert_eq!(redact(text), text);
    }

    #[test]
    fn of_a_text_that_is_not_toml_only_headers_and_keys_remain() {
        let text = "[[source]]\nid = \"gate\nauth = { token = \"XXXX\" }\n  XXXX\n\n# XXXX\nXXXX = 1\n[XXXX]\nurl=\"XXXX\"";
        let shown = "[[source]]\nid = [redacted]\nauth = [redacted]\n[redacted]\n\n[redacted]\n[redacted]\n[redacted]\n\
                     url = [redacted]";
        assert_eq!(redact(text), shown);
    }

    #[test]
    fn every_key_that_the_schema_calls_a_secret_is_hidden() {
        fn collect<'a>(schema: &'a Value, secrets: &mut Vec<&'a str>) {
            let Some(object) = schema.as_object() else { return };
            for (name, property) in object.get("properties").and_then(Value::as_object).into_iter().flatten()
            {
                if property.to_string().contains("\"x-type\":\"secret") {
                    secrets.push(name);
                }
            }
            for value in object.values() {
                match value {
                    Value::Array(values) => values.iter().for_each(|value| collect(value, secrets)),
                    value => collect(value, secrets),
                }
            }
        }
        let schema = crate::json_schema();
        let mut secrets = Vec::new();
        collect(&schema, &mut secrets);
        assert!(secrets.contains(&"password") && secrets.contains(&"bearer"), "{secrets:?}");
        for secret in secrets {
            for section in ["source", "channel", "relay"] {
                assert_eq!(visibility(&[section, secret]), Visibility::Hidden, "{section}.{secret}");
            }
        }
    }
}
