//! Every file of `tests/cases` is a camhook.toml, and what is said of it stands at its end.
//!
//! `UPDATE=1 cargo test -p camhook-site` rewrites what stands at their ends; read the difference.

use std::path::PathBuf;

/// With this begins what is said of a file.
const MARK: &str = "#! ";

#[test]
#[expect(clippy::disallowed_methods, reason = "a test is told by the environment to rewrite its files")]
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
        let inspection = camhook_site::inspect(toml, "camhook.toml", template_error);
        assert_eq!(inspection.site.is_some(), inspection.problems.is_empty(), "{}", path.display());
        let problems = inspection.problems.iter().map(|problem| ("problem", &problem.0));
        let warnings = inspection.warnings.iter().map(|warning| ("warning", &warning.0));
        let mut found = String::new();
        for (kind, finding) in problems.chain(warnings) {
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

/// Stands for the language of templates, which this crate does not know.
fn template_error(template: &str) -> Option<String> {
    (template.matches("{{").count() != template.matches("}}").count())
        .then(|| "braces do not match".to_owned())
}
