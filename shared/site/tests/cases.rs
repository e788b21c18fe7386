//! Every file of `tests/cases` is a camhook.toml with the findings about it at its end.
//!
//! `UPDATE=1 cargo test -p camhook-site` rewrites the findings; read the difference.

use std::net::IpAddr;
use std::path::PathBuf;

use camhook_site::{Checks, Network, TemplateUse};
use jiff::civil::Date;
use serde_json::Value;

/// The beginning of a finding.
const MARK: &str = "#! ";

#[test]
#[expect(clippy::disallowed_methods, reason = "the environment asks a test to rewrite its filess")]
fn every_file_has_exactly_the_findings_that_stand_at_its_end() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases"));
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() > 20, "the cases are gone");
    let mut wrong = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let end = text.find(MARK).unwrap_or(text.len());
        let (toml, expected) = text.split_at(end);
        let inspection = camhook_site::inspect(toml, "camhook.toml", &TestChecks);
        assert_eq!(inspection.site.is_some(), inspection.problems.is_empty(), "{}", path.display());
        let problems = inspection.problems.iter().map(|problem| ("problem", &problem.0));
        let strict = inspection.strict.iter().map(|problem| ("strict", &problem.0));
        let warnings = inspection.warnings.iter().map(|warning| ("warning", &warning.0));
        let mut found = String::new();
        for (kind, finding) in problems.chain(strict).chain(warnings) {
            let (line, column) = (finding.line, finding.column);
            found += &format!("{MARK}{kind} {line}:{column} {} | {}\n", finding.message, finding.fix);
        }
        if found.is_empty() {
            found = format!("{MARK}nothing\n");
        }
        if std::env::var("UPDATE").is_ok() {
            std::fs::write(&path, format!("{toml}{found}")).unwrap();
        } else if found != expected {
            wrong.push(format!("{}\nexpected:\n{expected}found:\n{found}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Stands for the language of templates and for the client's addresses, which this crate does not have.
struct TestChecks;

impl Checks for TestChecks {
    fn variables(&self, template: &str) -> Result<Vec<String>, String> {
        if template.matches("{{").count() != template.matches("}}").count() {
            return Err("braces do not match".to_owned());
        }
        let variables = template.split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
        Ok(variables
            .map(|(variable, _)| variable.split('|').next().unwrap_or_default().trim().to_owned())
            .collect())
    }

    /// Knows no value that a sample does not have, and no filter but `upper`.
    fn render(&self, template: &str, usage: TemplateUse, samples: &[Value]) -> Result<(), String> {
        for expression in
            template.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0.trim()))
        {
            let name = expression.split([' ', '|', '.']).next().unwrap_or_default();
            if usage == TemplateUse::Request && samples.iter().any(|sample| sample.get(name).is_none()) {
                return Err("undefined value".to_owned());
            }
            if let Some((_, filter)) =
                expression.split_once('|').filter(|(_, filter)| filter.trim() != "upper")
            {
                return Err(format!("filter {} is unknown", filter.trim()));
            }
        }
        Ok(())
    }

    /// A Friday in the year of most cases.
    fn today(&self) -> Option<Date> {
        Some(Date::constant(2026, 11, 20))
    }

    fn refusal(&self, address: IpAddr, _: Network) -> Option<String> {
        (address == IpAddr::from([169, 254, 169, 254])).then(|| format!("the address {address} is refused"))
    }
}
