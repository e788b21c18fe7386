//! Errors and warnings about a camhook.toml, with their place.

use std::fmt;
use std::net::IpAddr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::Network;

/// What makes a camhook.toml unusable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Problem(pub Finding);

/// What is doubtful in a camhook.toml that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning(pub Finding);

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

/// Something found in a file, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Finding {
    /// The file, as the caller named it.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The character within the line, counted from 1.
    pub column: usize,
    /// What was found. Never a secret.
    pub message: String,
    /// What to do.
    pub fix: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, message, fix } = self;
        write!(formatter, "{file}:{line}:{column}: {message}: {fix}")
    }
}

/// A place in the file, by the keys and positions that lead to it. Made on the way down, without a copy.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Path<'a> {
    Root,
    Key(&'a Self, &'a str),
    Index(&'a Self, usize),
}

impl<'a> Path<'a> {
    pub(crate) fn key(&'a self, key: &'a str) -> Self {
        Self::Key(self, key)
    }

    pub(crate) fn index(&'a self, index: usize) -> Self {
        Self::Index(self, index)
    }

    fn steps(&self) -> Vec<Step> {
        let (parent, step) = match self {
            Self::Root => return Vec::new(),
            Self::Key(parent, key) => (parent, Step::Key((*key).to_owned())),
            Self::Index(parent, index) => (parent, Step::Index(*index)),
        };
        let mut steps = parent.steps();
        steps.push(step);
        steps
    }
}

#[derive(Debug, Clone)]
enum Step {
    Key(String),
    Index(usize),
}

/// Which part of a `key = value` is meant.
#[derive(Debug, Clone, Copy)]
enum Part {
    Key,
    Value,
}

/// A finding before its line is known.
#[derive(Debug)]
struct Note {
    steps: Vec<Step>,
    part: Part,
    message: String,
    fix: String,
    /// Another place whose line the message names.
    first: Option<Vec<Step>>,
}

/// An address that stands in the file.
#[derive(Debug)]
struct WrittenAddress {
    steps: Vec<Step>,
    address: IpAddr,
    network: Network,
}

/// Everything that was found so far.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    problems: Vec<Note>,
    strict: Vec<Note>,
    warnings: Vec<Note>,
    addresses: Vec<WrittenAddress>,
}

/// The findings with their lines, in the order of the file.
#[derive(Debug, Default)]
pub(crate) struct Placed {
    /// What makes the file unusable.
    pub(crate) problems: Vec<Problem>,
    /// What a check refuses and the loader accepts.
    pub(crate) strict: Vec<Problem>,
    pub(crate) warnings: Vec<Warning>,
}

impl Notes {
    /// A value that cannot stand.
    pub(crate) fn problem(&mut self, path: &Path<'_>, message: impl Into<String>, fix: impl Into<String>) {
        self.problems.push(Note {
            steps: path.steps(),
            part: Part::Value,
            message: message.into(),
            fix: fix.into(),
            first: None,
        });
    }

    /// A key that cannot stand there.
    pub(crate) fn misplaced(&mut self, path: &Path<'_>, message: impl Into<String>, fix: impl Into<String>) {
        self.problems.push(Note {
            steps: path.steps(),
            part: Part::Key,
            message: message.into(),
            fix: fix.into(),
            first: None,
        });
    }

    /// A value that a check refuses, and that the loader accepts, since an older version of camhook did.
    pub(crate) fn strict(&mut self, path: &Path<'_>, message: impl Into<String>, fix: impl Into<String>) {
        self.strict.push(Note {
            steps: path.steps(),
            part: Part::Value,
            message: message.into(),
            fix: fix.into(),
            first: None,
        });
    }

    /// A name that an earlier part of the file has.
    pub(crate) fn duplicate(&mut self, path: &Path<'_>, first: &Path<'_>, message: String) {
        self.problems.push(Note {
            steps: path.steps(),
            part: Part::Value,
            message,
            fix: "give one of them another name".to_owned(),
            first: Some(first.steps()),
        });
    }

    /// An address that is requested at run time.
    pub(crate) fn address(&mut self, path: &Path<'_>, address: IpAddr, network: Network) {
        self.addresses.push(WrittenAddress { steps: path.steps(), address, network });
    }

    /// Checks the addresses of the file.
    pub(crate) fn check_addresses(&mut self, refusal: impl Fn(IpAddr, Network) -> Option<String>) {
        for WrittenAddress { steps, address, network } in std::mem::take(&mut self.addresses) {
            let Some(message) = refusal(address, network) else { continue };
            let fix = "write the device's or server's own address".to_owned();
            self.strict.push(Note { steps, part: Part::Value, message, fix, first: None });
        }
    }

    /// A value that may be a mistake.
    pub(crate) fn warning(&mut self, path: &Path<'_>, message: impl Into<String>, fix: impl Into<String>) {
        self.warnings.push(Note {
            steps: path.steps(),
            part: Part::Value,
            message: message.into(),
            fix: fix.into(),
            first: None,
        });
    }

    /// A key that has another name by now.
    pub(crate) fn renamed(&mut self, path: &Path<'_>, message: impl Into<String>, fix: impl Into<String>) {
        self.warnings.push(Note {
            steps: path.steps(),
            part: Part::Key,
            message: message.into(),
            fix: fix.into(),
            first: None,
        });
    }

    /// Whether nothing stands against the file.
    pub(crate) fn are_harmless(&self) -> bool {
        self.problems.is_empty()
    }

    /// The findings with their lines, in the order of the file.
    pub(crate) fn place(self, text: &str, file: &str) -> Placed {
        if self.problems.is_empty() && self.strict.is_empty() && self.warnings.is_empty() {
            return Placed::default();
        }
        let (document, _) = DeTable::parse_recoverable(text);
        let place = |note: Note| {
            let offset_of_note = offset(&document, &note.steps, note.part);
            let message = match note.first {
                None => note.message,
                Some(first) => {
                    let first = finding(text, file, offset(&document, &first, Part::Value), "", "");
                    format!("{}, in line {}", note.message, first.line)
                }
            };
            finding(text, file, offset_of_note, message, note.fix)
        };
        let sorted = |notes: Vec<Note>| {
            let mut findings: Vec<Finding> = notes.into_iter().map(place).collect();
            findings.sort();
            findings.dedup();
            findings
        };
        Placed {
            problems: sorted(self.problems).into_iter().map(Problem).collect(),
            strict: sorted(self.strict).into_iter().map(Problem).collect(),
            warnings: sorted(self.warnings).into_iter().map(Warning).collect(),
        }
    }
}

/// A finding at a byte of the file.
pub(crate) fn finding(
    text: &str,
    file: &str,
    offset: usize,
    message: impl Into<String>,
    fix: impl Into<String>,
) -> Finding {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Finding {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        message: message.into(),
        fix: fix.into(),
    }
}

/// Where a place begins; of one that is not there, where what would hold it begins.
fn offset(document: &Spanned<DeTable<'_>>, steps: &[Step], part: Part) -> usize {
    let mut offset = document.span().start;
    let mut value: Option<&DeValue<'_>> = None;
    for (depth, step) in steps.iter().enumerate() {
        let is_last = depth + 1 == steps.len();
        match step {
            Step::Key(key) => {
                let table = match value {
                    None => document.get_ref(),
                    Some(DeValue::Table(table)) => table,
                    Some(_) => return offset,
                };
                let Some((key, inner)) = table.get_key_value(key.as_str()) else { return offset };
                // A table's own span is its header or braces; a dotted key has none of its own.
                offset = match (part, is_last) {
                    (Part::Key, true) => key.span().start,
                    _ => inner.span().start,
                };
                value = Some(inner.get_ref());
            }
            Step::Index(index) => {
                // One value stands for a list of one.
                let Some(DeValue::Array(array)) = value else { continue };
                let Some(inner) = array.get(*index) else { return offset };
                offset = inner.span().start;
                value = Some(inner.get_ref());
            }
        }
    }
    offset
}

/// The known name that is most like a wrong one, when one is like it at all.
pub(crate) fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let similarity = |name: &str| strsim::jaro_winkler(&wrong.to_lowercase(), &name.to_lowercase());
    let best = known.into_iter().map(|name| (similarity(name), name)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.7).then_some(best.1)
}

/// What to do about a wrong name: the nearest known one, else all that are known.
pub(crate) fn instead<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(nearest) = nearest(wrong, known.clone()) {
        return format!("did you mean `{nearest}`?");
    }
    let known: Vec<String> = known.into_iter().map(|name| format!("`{name}`")).collect();
    match known.as_slice() {
        [] => "there is none in this file yet".to_owned(),
        [only] => format!("there is only {only}"),
        [first @ .., last] => format!("use {} or {last}", first.join(", ")),
    }
}
