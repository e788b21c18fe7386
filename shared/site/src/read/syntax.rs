//! Errors of TOML, with fixes for the usual ones.

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::scalar;
use super::unclosed::{self, Mark, StringEnd, Unclosed};
use crate::Problem;
use crate::problem::Lines;
use crate::redact;
use crate::schema::{self, KeyType};

/// Quotation marks that word processors write.
const CURLY_QUOTES: [char; 10] = ['“', '”', '„', '‟', '«', '»', '‘', '’', '‚', '″'];

/// The errors of a file that is no TOML: of each line the first, and what has no end instead of the lines that follow it.
pub(super) fn problems(text: &str, name: &str, errors: &[toml::de::Error]) -> Vec<Problem> {
    let lines = Lines::of(text);
    let unclosed = unclosed::unclosed(text);
    let errors_besides = if unclosed.is_empty() {
        None
    } else {
        let rest = unclosed::without(text, &unclosed);
        let (_, errors) = DeTable::parse_recoverable(&rest);
        Some(errors)
    };
    // Only what is reported is explained: a line may be long, and wrong in many places.
    let mut first_of_line = BTreeMap::new();
    let found = unclosed.iter().map(|unclosed| (unclosed.offset, Found::Unclosed(unclosed)));
    let errors = errors_besides.as_deref().unwrap_or(errors).iter();
    let errors = errors.map(|error| (error.span().map_or(0, |span| span.start), Found::Error(error)));
    for (offset, found) in found.chain(errors) {
        let (line, _) = lines.place(offset);
        let first = first_of_line.entry(line).or_insert((offset, found));
        if offset < first.0 {
            *first = (offset, found);
        }
    }
    let problem = |(offset, found): (usize, Found<'_>)| {
        let (message, fix) = match found {
            Found::Unclosed(unclosed) => explain_unclosed(text, unclosed),
            Found::Error(error) => explain(line_of(text, offset), error.message()),
        };
        Problem(lines.finding(name, offset, message, fix))
    };
    first_of_line.into_values().map(problem).collect()
}

/// What is wrong in a line.
#[derive(Clone, Copy)]
enum Found<'a> {
    Unclosed(&'a Unclosed),
    Error(&'a toml::de::Error),
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
    let mut visibility = Visibility::Shown;
    let (mut at, mut key_start) = (0, 0);
    loop {
        let character = line.get(at..)?.chars().next()?;
        match character {
            '#' => return None,
            '"' | '\'' => match unclosed::string_end(line, at) {
                StringEnd::Closed(end) => at = end,
                StringEnd::Missing(_) => return None,
            },
            '=' => {
                let key = line.get(key_start..at)?.trim().rsplit(' ').next().unwrap_or_default();
                let rest = line.get(at + 1..)?;
                let value = rest.trim_start();
                at += 1 + rest.len() - value.len();
                let of_key = Visibility::of(key);
                if value.starts_with(['"', '\'']) {
                    continue;
                }
                // What follows may be a part of the secret.
                visibility = visibility.min(of_key);
                if value.starts_with(['{', '[']) {
                    continue;
                }
                let end = value.find(['#', ',', '}', ']']).unwrap_or(value.len());
                let (value, rest) = value.split_at_checked(end)?;
                let value = value.trim_end();
                if key.is_empty() || value.contains(['"', '\'', '{', '[', '=']) {
                    return None;
                }
                let finding = match visibility {
                    Visibility::Shown => bare_value(key, value, rest),
                    Visibility::Hidden | Visibility::Unknown => hidden_value(key, value, of_key),
                };
                if finding.is_some() {
                    return finding;
                }
                at += value.len();
            }
            _ => {
                at += character.len_utf8();
                if matches!(character, '{' | '[' | ',') {
                    key_start = at;
                }
            }
        }
    }
}

/// Whether a finding may repeat what stands behind a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Visibility {
    /// Neither the value nor the key: it is no key of camhook.toml, and may be a part of a secret.
    Unknown,
    /// The key alone: its value may be a secret.
    Hidden,
    Shown,
}

impl Visibility {
    fn of(key: &str) -> Self {
        let last = key.rsplit('.').next().unwrap_or_default();
        if schema::key_type(last).is_none() {
            Self::Unknown
        } else if key.split('.').any(redact::may_be_secret) {
            Self::Hidden
        } else {
            Self::Shown
        }
    }
}

/// Whether a value looks like text that needs quotation marks.
fn is_text(value: &str) -> bool {
    (value.starts_with(char::is_alphabetic) || scalar::parse_duration(value).is_some())
        && !matches!(value, "true" | "false" | "inf" | "nan")
}

/// What is wrong with a value that must not be repeated.
fn hidden_value(key: &str, value: &str, visibility: Visibility) -> Option<(String, String)> {
    let is_value = || DeTable::parse(&format!("a = {value}")).is_ok();
    if value.is_empty() || is_value() {
        return None;
    }
    Some(match visibility {
        Visibility::Unknown => (
            "this text has no quotation marks".to_owned(),
            "write it in quotation marks: key = \"…\"".to_owned(),
        ),
        Visibility::Hidden | Visibility::Shown => {
            (format!("the text of `{key}` has no quotation marks"), format!("write {key} = \"…\""))
        }
    })
}

/// What is wrong with a value; `rest` is what follows it in the line.
fn bare_value(key: &str, value: &str, rest: &str) -> Option<(String, String)> {
    let no_value = || format!("`{value}` is no value of TOML");
    let key_type = schema::key_type(key.rsplit('.').next().unwrap_or_default());
    if let Some(number) = value.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok()) {
        return Some((no_value(), format!("write {key} = {}", number / 100.0)));
    }
    if key_type == Some(KeyType::Number)
        && let Some(number) = with_decimal_comma(value, rest)
    {
        let message = "a number has a point before its fraction, not a comma".to_owned();
        return Some((message, format!("write {key} = {number}")));
    }
    if !is_text(value) {
        return None;
    }
    let duration = scalar::parse_duration(value).filter(|_| key_type == Some(KeyType::Number));
    if let Some(duration) = duration {
        return Some((
            no_value(),
            format!("write {key} = {}, the number of seconds", duration.as_secs_f64()),
        ));
    }
    let truth = match value.to_lowercase().as_str() {
        "null" | "nil" | "none" | "undefined" => {
            return Some((no_value(), format!("leave `{key}` out: what is absent has its default")));
        }
        _ if key_type != Some(KeyType::Boolean) => None,
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    };
    match truth {
        Some(truth) => Some((no_value(), format!("write {key} = {truth}"))),
        None => {
            Some((format!("`{value}` is text without quotation marks"), format!("write {key} = \"{value}\"")))
        }
    }
}

/// The number of `0,8`: its part before the comma is `value`, `rest` begins with the comma.
fn with_decimal_comma(value: &str, rest: &str) -> Option<String> {
    let whole = value.strip_prefix('-').unwrap_or(value);
    let fraction = rest.strip_prefix(',')?;
    let end = fraction.find(|character: char| !character.is_ascii_digit()).unwrap_or(fraction.len());
    let (digits, behind) = fraction.split_at_checked(end)?;
    let is_end = behind.trim_start().is_empty() || behind.trim_start().starts_with([',', '}', '#']);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    (is_number(whole) && is_number(digits) && is_end).then(|| format!("{value}.{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_mistakes_get_a_fix_of_their_own() {
        for (line, fix) in [
            ("id = gate", "write id = \"gate\""),
            ("url = https://ntfy.example.org/a # mine", "write url = \"…\""),
            ("server = https://ntfy.example.org # mine", "write server = \"https://ntfy.example.org\""),
            ("auth = { token = ssm:/camhook/gate }", "write token = \"…\""),
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
            ("{ action = \"pulse\", seconds = 2s }", "write seconds = 2, the number of seconds"),
            ("seconds = 500ms", "write seconds = 0.5, the number of seconds"),
            ("when = { min_confidence = 0,8 }", "write min_confidence = 0.8"),
            ("latitude = -52,5 # south", "write latitude = -52.5"),
            ("cooldown = null", "leave `cooldown` out: what is absent has its default"),
        ] {
            assert_eq!(explain(line, "error").1, fix, "{line}");
        }
    }

    #[test]
    fn a_secret_without_quotation_marks_is_not_repeated() {
        for line in [
            "auth = { basic = { user = \"nvr\", password = XXXX-1 } }",
            "auth = { basic = { user = XXXX, password = \"a\" } }",
            "auth = { token = XXXX, id = gate }",
            "auth = { hmac = XXXX=id=XXXX }",
            "auth = { pasword = XXXX }",
            "password = XXXX",
            "password = 2026-XXXX",
            "on.headers.id = XXXX",
            "headers = { \"X-Key\" = XXXX }",
            "headers = { X-Key = XXXX, id = XXXX }",
            "url = https://discord.example.org/XXXX",
            "token = 12:XXXX",
            "token = 12,id=XXXX",
            "token = ab,id=XXXX",
            "token = 80%, mode = XXXX",
            "password = XXXX XXXX = XXXX",
            "password = \"a\"XXXX",
            "XXXX = id = XXXX",
            "parameters = { cam = XXXX }",
        ] {
            let (message, fix) = explain(line, "error");
            assert!(!message.contains("XXXX") && !fix.contains("XXXX"), "{line}: {message}: {fix}");
        }
    }

    #[test]
    fn the_time_grows_with_the_length_of_a_line() {
        let line = format!("a {}\n", "= ".repeat(50_000));
        let many = format!("a = {{ {} }}\n", "b = c, ".repeat(20_000));
        for text in [line, many] {
            let (_, errors) = DeTable::parse_recoverable(&text);
            assert_eq!(problems(&text, "camhook.toml", &errors).len(), 1);
        }
    }
}
