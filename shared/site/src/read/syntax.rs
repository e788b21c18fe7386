//! Errors of TOML, with fixes for the usual ones.

use toml::de::DeTable;

use super::scalar;
use super::unclosed::{self, Mark, StringEnd, Unclosed};
use crate::Problem;
use crate::problem::Lines;

/// Quotation marks that word processors write.
const CURLY_QUOTES: [char; 10] = ['“', '”', '„', '‟', '«', '»', '‘', '’', '‚', '″'];

/// The keys whose value is true or false, wherever they stand.
const BOOLEAN_KEYS: [&str; 4] = ["dry_run", "matched", "tolerant", "urgent"];

/// The errors of a file that is no TOML: of each line the first, and what has no end instead of the lines that follow it.
pub(super) fn problems(text: &str, name: &str, errors: &[toml::de::Error]) -> Vec<Problem> {
    let lines = Lines::of(text);
    let unclosed = unclosed::unclosed(text);
    let mut problems: Vec<Problem> = unclosed
        .iter()
        .map(|unclosed| {
            let (message, fix) = explain_unclosed(text, unclosed);
            Problem(lines.finding(name, unclosed.offset, message, fix))
        })
        .collect();
    let errors_besides = if unclosed.is_empty() {
        None
    } else {
        let rest = unclosed::without(text, &unclosed);
        let (_, errors) = DeTable::parse_recoverable(&rest);
        Some(errors)
    };
    for error in errors_besides.as_deref().unwrap_or(errors) {
        let offset = error.span().map_or(0, |span| span.start);
        let (message, fix) = explain(line_of(text, offset), error.message());
        problems.push(Problem(lines.finding(name, offset, message, fix)));
    }
    problems.sort_by(|a, b| a.0.cmp(&b.0));
    problems.dedup_by_key(|problem| problem.0.line);
    problems
}

fn line_of(text: &str, offset: usize) -> &str {
    // An error at the end of a line may be reported at the beginning of the next one.
    let before = text.get(..offset).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default()
}

fn explain_unclosed(text: &str, unclosed: &Unclosed) -> (String, String) {
    let (opening, closing) = (unclosed.mark.opening(), unclosed.mark.closing());
    match unclosed.mark {
        Mark::Quote => explain(line_of(text, unclosed.offset), ""),
        Mark::Brace | Mark::Bracket => {
            (format!("this `{opening}` has no end"), format!("add {closing} behind what belongs to it"))
        }
        Mark::BasicLines | Mark::LiteralLines => {
            ("this text has no end".to_owned(), format!("close it with {closing}"))
        }
    }
}

fn explain(line: &str, error: &str) -> (String, String) {
    if line.contains(CURLY_QUOTES) {
        return ("these are typographic quotation marks".to_owned(), "write straight ones: \"".to_owned());
    }
    if let Some(finding) = unquoted(line) {
        return finding;
    }
    if let Some(quote) = open_quote(line) {
        return ("a quotation mark is missing".to_owned(), format!("close the text with {quote}"));
    }
    (format!("this is no TOML: {error}"), "see https://toml.io/en/v1.0.0".to_owned())
}

/// The quotation mark that begins a text without an end.
fn open_quote(line: &str) -> Option<char> {
    let mut at = 0;
    while let Some(character) = line.get(at..).and_then(|rest| rest.chars().next()) {
        match character {
            '#' => return None,
            '"' | '\'' => match unclosed::string_end(line, at) {
                StringEnd::Closed(end) => at = end,
                StringEnd::Missing(_) => return Some(character),
            },
            _ => at += character.len_utf8(),
        }
    }
    None
}

/// What is wrong with the first `key = value` of a line whose value is neither quoted nor a value of TOML.
fn unquoted(line: &str) -> Option<(String, String)> {
    line.match_indices('=').find_map(|(position, _)| {
        let (key, value) = (line.get(..position)?, line.get(position + 1..)?);
        let key = key.trim().rsplit(['{', ',', ' ']).next().unwrap_or_default();
        let value = value.split(['#', ',', '}', ']']).next().unwrap_or_default().trim();
        if key.is_empty() || key.contains(['"', '\'']) || value.contains(['"', '\'', '{', '[', '=']) {
            return None;
        }
        bare_value(key, value)
    })
}

fn bare_value(key: &str, value: &str) -> Option<(String, String)> {
    let no_value = || format!("`{value}` is no value of TOML");
    if let Some(number) = value.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok()) {
        return Some((no_value(), format!("write {key} = {}", number / 100.0)));
    }
    let is_text = value.starts_with(char::is_alphabetic) || scalar::parse_duration(value).is_some();
    if !is_text || matches!(value, "true" | "false" | "inf" | "nan") {
        return None;
    }
    let truth = match value.to_lowercase().as_str() {
        "true" | "yes" | "on" if BOOLEAN_KEYS.contains(&key) => Some(true),
        "false" | "no" | "off" if BOOLEAN_KEYS.contains(&key) => Some(false),
        _ => None,
    };
    match truth {
        Some(truth) => Some((no_value(), format!("write {key} = {truth}"))),
        None => {
            Some((format!("`{value}` is text without quotation marks"), format!("write {key} = \"{value}\"")))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn the_usual_mistakes_get_a_fix_of_their_own() {
        for (line, fix) in [
            ("id = gate", "write id = \"gate\""),
            ("url = https://ntfy.example.org/a # mine", "write url = \"https://ntfy.example.org/a\""),
            ("auth = { token = ssm:/camhook/gate }", "write token = \"ssm:/camhook/gate\""),
            ("id = “gate”", "write straight ones: \""),
            ("id = ‘gate’", "write straight ones: \""),
            ("id = \"gate", "close the text with \""),
            ("id = = 2", "see https://toml.io/en/v1.0.0"),
            ("id = 'drive\"", "close the text with '"),
            ("id = \"drive'", "close the text with \""),
            ("id = \"a\" # it's", "see https://toml.io/en/v1.0.0"),
            ("urgent = True", "write urgent = true"),
            ("urgent = FALSE", "write urgent = false"),
            ("urgent = yes", "write urgent = true"),
            ("then = { relay = \"gate\", action = on }", "write action = \"on\""),
            ("mode = off", "write mode = \"off\""),
            ("when = { min_confidence = 80% }", "write min_confidence = 0.8"),
            ("cooldown = 1m", "write cooldown = \"1m\""),
        ] {
            assert_eq!(explain(line, "error").1, fix, "{line}");
        }
    }

    #[test]
    fn the_keys_of_true_and_false_are_those_of_the_schema() {
        fn collect(schema: &Value, keys: &mut BTreeSet<String>) {
            let Some(object) = schema.as_object() else { return };
            for (name, property) in object.get("properties").and_then(Value::as_object).into_iter().flatten()
            {
                if property["type"] == "boolean" {
                    keys.insert(name.clone());
                }
            }
            for value in object.values() {
                match value {
                    Value::Array(values) => values.iter().for_each(|value| collect(value, keys)),
                    value => collect(value, keys),
                }
            }
        }
        let mut keys = BTreeSet::new();
        collect(&crate::json_schema(), &mut keys);
        assert!(keys.iter().eq(BOOLEAN_KEYS.iter()), "{keys:?}");
    }
}
