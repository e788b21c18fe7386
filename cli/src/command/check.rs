//! `camhook check`

use std::io::Read;
use std::path::Path;

use camhook_site::{Finding, inspect};
use serde::Serialize;

use super::Outcome;
use crate::arguments::Check;
use crate::error::Error;
use crate::output::Output;

#[derive(Serialize)]
struct Report<'a> {
    problems: Vec<&'a Finding>,
    warnings: Vec<&'a Finding>,
}

pub(super) fn run(arguments: &Check, output: &Output) -> Result<Outcome, Error> {
    let path = &arguments.file;
    let (text, name) = read(path).map_err(|error| Error::Read { path: path.clone(), error })?;
    let inspection = inspect(&text, &name, template_error);
    let report = Report {
        problems: inspection.problems.iter().map(|problem| &problem.0).collect(),
        warnings: inspection.warnings.iter().map(|warning| &warning.0).collect(),
    };
    output.result(&report, written(&report, &name));
    Ok(if report.problems.is_empty() { Outcome::Done } else { Outcome::Found })
}

fn read(path: &Path) -> std::io::Result<(String, String)> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text)?;
        return Ok((text, "standard input".to_owned()));
    }
    Ok((std::fs::read_to_string(path)?, path.display().to_string()))
}

/// The syntax error of a message template, if any.
fn template_error(template: &str) -> Option<String> {
    let environment = minijinja::Environment::new();
    let error = environment.template_from_str(template).err()?;
    Some(error.detail().map_or_else(|| error.kind().to_string(), str::to_owned))
}

fn written(report: &Report<'_>, name: &str) -> String {
    let mut text = String::new();
    let problems = report.problems.iter().map(|finding| ("error", finding));
    let warnings = report.warnings.iter().map(|finding| ("warning", finding));
    for (severity, finding) in problems.chain(warnings) {
        let Finding { file, line, column, message, fix } = finding;
        text += &format!("{file}:{line}:{column}: {severity}: {message}\n    {fix}\n");
    }
    let count = |number: usize, what: &str| match number {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    };
    let (errors, warnings) = (count(report.problems.len(), "error"), count(report.warnings.len(), "warning"));
    text + &format!("{name}: {errors}, {warnings}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_templates_are_reported() {
        assert_eq!(template_error("{{ kind }} at {{ camera }}"), None);
        assert_eq!(template_error("{% if plate %}{{ plate }}{% endif %}"), None);
        for wrong in ["{{ kind", "{% if plate %}", "{{ kind | nothing-like-it( }}"] {
            assert!(template_error(wrong).is_some(), "{wrong}");
        }
    }
}
