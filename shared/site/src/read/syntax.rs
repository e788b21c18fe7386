//! Errors of TOML, with fixes for the usual ones.

use crate::Problem;
use crate::problem::finding;

/// Quotation marks that word processors write.
const CURLY_QUOTES: [char; 10] = ['“', '”', '„', '‟', '«', '»', '‘', '’', '‚', '″'];

/// The errors of a file that is no TOML: of each line the first.
pub(super) fn problems(text: &str, name: &str, errors: &[toml::de::Error]) -> Vec<Problem> {
    let mut problems: Vec<Problem> = errors
        .iter()
        .map(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            let (message, fix) = explain(line_of(text, offset), error.message());
            Problem(finding(text, name, offset, message, fix))
        })
        .collect();
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

fn explain(line: &str, error: &str) -> (String, String) {
    if line.contains(CURLY_QUOTES) {
        return ("these are typographic quotation marks".to_owned(), "write straight ones: \"".to_owned());
    }
    if let Some((key, value)) = unquoted(line) {
        return (format!("`{value}` is text without quotation marks"), format!("write {key} = \"{value}\""));
    }
    if line.matches('"').count() % 2 == 1 {
        return ("a quotation mark is missing".to_owned(), "close the text with \"".to_owned());
    }
    (format!("this is no TOML: {error}"), "see https://toml.io/en/v1.0.0".to_owned())
}

/// Key and value of the first `key = value` whose value is text without quotation marks.
fn unquoted(line: &str) -> Option<(&str, &str)> {
    line.match_indices('=').find_map(|(position, _)| {
        let (key, value) = (line.get(..position)?, line.get(position + 1..)?);
        let key = key.trim().rsplit(['{', ',', ' ']).next().unwrap_or_default();
        let value = value.split(['#', ',', '}', ']']).next().unwrap_or_default().trim();
        let is_word = value.starts_with(char::is_alphabetic) && !value.contains(['"', '\'', '{', '[', '=']);
        let is_value = matches!(value, "true" | "false" | "inf" | "nan");
        let is_key = !key.is_empty() && !key.contains(['"', '\'']);
        (is_word && !is_value && is_key).then_some((key, value))
    })
}

#[cfg(test)]
mod tests {
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
        ] {
            assert_eq!(explain(line, "error").1, fix, "{line}");
        }
    }
}
