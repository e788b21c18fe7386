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

    /// The last key that leads here: `notify`, for its second value too.
    pub(crate) fn last_key(&self) -> Option<&'a str> {
        match self {
            Self::Root => None,
            Self::Key(_, key) => Some(key),
            Self::Index(parent, _) => parent.last_key(),
        }
    }

    /// The section of the file that this is in: `channel`; `None` for the file itself.
    pub(crate) fn section(&self) -> Option<&'a str> {
        match self {
            Self::Root => None,
            Self::Key(Self::Root, key) => Some(key),
            Self::Key(parent, _) | Self::Index(parent, _) => parent.section(),
        }
    }

    /// Whether this is an entry of a section: the second `[[rule]]`, for one.
    pub(crate) fn is_entry(&self) -> bool {
        matches!(self, Self::Index(Self::Key(Self::Root, _), _))
    }

    /// Whether exactly these keys lead to the table that this key is in, from the entry of its section on.
    pub(crate) fn leads_by(&self, way: &[&str]) -> bool {
        let keys: Vec<Step> =
            self.steps().into_iter().skip(2).filter(|step| matches!(step, Step::Key(_))).collect();
        let tables = keys.split_last().map_or(&[][..], |(_, tables)| tables);
        tables.len() == way.len()
            && tables.iter().zip(way).all(|(step, key)| matches!(step, Step::Key(table) if table == key))
    }

    /// Whether one of the keys that lead here is one of these.
    pub(crate) fn is_within(&self, is_one: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Root => false,
            Self::Key(parent, key) => is_one(key) || parent.is_within(is_one),
            Self::Index(parent, _) => parent.is_within(is_one),
        }
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

/// A key or a position on the way to a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
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

/// A secret that stands in the file, or a reference to one.
#[derive(Debug)]
struct WrittenSecret {
    steps: Vec<Step>,
    form: SecretForm,
}

/// How a secret is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SecretForm {
    /// As the full name of a parameter.
    Parameter(String),
    /// As the name of a variable of the environment.
    Environment(String),
    /// The secret itself.
    ClearText,
}

/// The entry of the file that a value belongs to: the second `[[relay]]`, for one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    /// The name of the section: `relay`.
    pub(crate) section: &'a str,
    /// The position in it, counted from 0.
    pub(crate) index: usize,
}

/// Everything that was found so far.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    problems: Vec<Note>,
    strict: Vec<Note>,
    warnings: Vec<Note>,
    addresses: Vec<WrittenAddress>,
    secrets: Vec<WrittenSecret>,
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

    /// A secret, or a reference to one.
    pub(crate) fn secret(&mut self, path: &Path<'_>, form: SecretForm) {
        self.secrets.push(WrittenSecret { steps: path.steps(), form });
    }

    /// Warns of secrets of the file: `doubt` says what is doubtful about one of an entry, and what to do.
    pub(crate) fn check_secrets(
        &mut self,
        doubt: impl Fn(Entry<'_>, &SecretForm) -> Option<(String, String)>,
    ) {
        for WrittenSecret { steps, form } in std::mem::take(&mut self.secrets) {
            let [Step::Key(section), Step::Index(index), ..] = steps.as_slice() else { continue };
            let Some((message, fix)) = doubt(Entry { section, index: *index }, &form) else { continue };
            self.warnings.push(Note { steps, part: Part::Value, message, fix, first: None });
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

    /// A part that was not read, and of which nothing else was found.
    pub(crate) fn malformed(&mut self, steps: Vec<Step>) {
        let message = "this is malformed".to_owned();
        let fix = "see docs/configuration.md".to_owned();
        self.problems.push(Note { steps, part: Part::Value, message, fix, first: None });
    }

    /// Leaves to `check` the problems of parts that were read all the same.
    pub(crate) fn relax(&mut self, malformed: &[Vec<Step>]) {
        let (problems, strict) = std::mem::take(&mut self.problems)
            .into_iter()
            .partition(|note| malformed.iter().any(|part| note.steps.starts_with(part)));
        self.problems = problems;
        self.strict.extend(strict);
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
        let lines = Lines::of(text);
        let place = |note: Note| {
            let offset_of_note = offset(&document, &note.steps, note.part);
            let message = match note.first {
                None => note.message,
                Some(first) => {
                    let (line, _) = lines.place(offset(&document, &first, Part::Value));
                    format!("{}, in line {line}", note.message)
                }
            };
            lines.finding(file, offset_of_note, message, note.fix)
        };
        let sorted = |notes: Vec<Note>| {
            let mut findings: Vec<Finding> = notes.into_iter().map(place).collect();
            findings.sort();
            findings.dedup();
            findings
        };
        let problems = sorted(self.problems);
        let mut strict = sorted(self.strict);
        strict.retain(|finding| problems.binary_search(finding).is_err());
        Placed {
            problems: problems.into_iter().map(Problem).collect(),
            strict: strict.into_iter().map(Problem).collect(),
            warnings: sorted(self.warnings).into_iter().map(Warning).collect(),
        }
    }
}

/// Where the lines of a text begin, so that a byte's line is found without reading the text again.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    marks: Vec<Mark>,
}

/// A byte whose line and column are known.
#[derive(Debug, Clone, Copy)]
struct Mark {
    offset: usize,
    line: usize,
    column: usize,
}

impl<'a> Lines<'a> {
    /// The bytes between two marks of a long line: a file may stand in one line.
    const LONGEST_GAP: usize = 512;

    pub(crate) fn of(text: &'a str) -> Self {
        let mut here = Mark { offset: 0, line: 1, column: 1 };
        let mut marks = vec![here];
        let mut marked = 0;
        for (offset, character) in text.char_indices() {
            here.offset = offset + character.len_utf8();
            if character == '\n' {
                here.line += 1;
                here.column = 1;
            } else {
                here.column += 1;
            }
            if here.column == 1 || here.offset - marked > Self::LONGEST_GAP {
                marks.push(here);
                marked = here.offset;
            }
        }
        Self { text, marks }
    }

    /// Line and column of a byte, both counted from 1; those of the end for a byte behind it or within a character.
    pub(crate) fn place(&self, offset: usize) -> (usize, usize) {
        let offset = if self.text.is_char_boundary(offset) { offset } else { self.text.len() };
        let next = self.marks.partition_point(|mark| mark.offset <= offset);
        let Some(mark) = next.checked_sub(1).and_then(|index| self.marks.get(index)) else { return (1, 1) };
        let since = self.text.get(mark.offset..offset).unwrap_or_default();
        (mark.line, mark.column + since.chars().count())
    }

    /// A finding at a byte of the file.
    pub(crate) fn finding(
        &self,
        file: &str,
        offset: usize,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Finding {
        let (line, column) = self.place(offset);
        Finding { file: file.to_owned(), line, column, message: message.into(), fix: fix.into() }
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

/// Names that people write for another one. The first that is known where they stand is meant.
const SYNONYMS: [(&str, &str); 45] = [
    ("action", "then"),
    ("actions", "then"),
    ("address", "url"),
    ("anpr", "plate"),
    ("begin", "from"),
    ("blacklist", "deny"),
    ("car", "vehicle"),
    ("channel", "notify"),
    ("class", "target"),
    ("condition", "when"),
    ("conditions", "when"),
    ("confidence", "min_confidence"),
    ("do", "then"),
    ("duration", "seconds"),
    ("end", "to"),
    ("host", "url"),
    ("human", "person"),
    ("if", "when"),
    ("ip", "url"),
    ("lat", "latitude"),
    ("license_plate", "plate"),
    ("lng", "longitude"),
    ("lon", "longitude"),
    ("lpr", "plate"),
    ("message", "body"),
    ("milestone", "xprotect"),
    ("name", "id"),
    ("object", "target"),
    ("people", "person"),
    ("raysharp", "ivsec"),
    ("schedule", "during"),
    ("start", "from"),
    ("subject", "title"),
    ("text", "body"),
    ("throttle", "cooldown"),
    ("time", "seconds"),
    ("tripwire", "line_crossing"),
    ("truck", "vehicle"),
    ("tvt", "viewtron"),
    ("type", "kind"),
    ("type", "driver"),
    ("type", "vendor"),
    ("tz", "timezone"),
    ("until", "to"),
    ("whitelist", "allow"),
];

/// The known name that another one is a synonym of.
pub(crate) fn synonym<'a>(
    wrong: &str,
    known: &(impl IntoIterator<Item = &'a str> + Clone),
) -> Option<&'a str> {
    let meant = |(synonym, name): &(&str, &'static str)| {
        synonym.eq_ignore_ascii_case(wrong).then(|| known.clone().into_iter().find(|known| known == name))?
    };
    SYNONYMS.iter().find_map(meant)
}

/// The known name that somebody meant who wrote another one: a synonym of it, else the one that is most like it, when
/// one is like it at all.
pub(crate) fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<&'a str> {
    // Two names, or an offset that no name has: what is most like it means something else.
    if wrong.contains([',', '+']) {
        return None;
    }
    if let Some(name) = synonym(wrong, &known) {
        return Some(name);
    }
    let similarity = |name: &str| strsim::jaro_winkler(&wrong.to_lowercase(), &name.to_lowercase());
    let best = known.into_iter().map(|name| (similarity(name), name)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.7).then_some(best.1)
}

/// What to do about a wrong name: the nearest known one, else all that are known.
pub(crate) fn instead<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(nearest) = nearest(wrong, known.clone()) {
        return format!("did you mean `{nearest}`?");
    }
    let several: Vec<&str> = wrong.split(',').map(str::trim).collect();
    let is_known = |name: &&str| known.clone().into_iter().any(|known| known == *name);
    if several.len() > 1 && several.iter().all(is_known) {
        return format!("write a list: [\"{}\"]", several.join("\", \""));
    }
    let known: Vec<String> = known.into_iter().map(|name| format!("`{name}`")).collect();
    match known.as_slice() {
        [] => "there is none in this file yet".to_owned(),
        [only] => format!("there is only {only}"),
        [first @ .., last] => format!("use {} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Line and column as somebody counts them.
    fn counted(text: &str, offset: usize) -> (usize, usize) {
        let before = &text[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    #[test]
    fn every_character_has_its_line_and_column() {
        let long_line = "é=1 ".repeat(1000);
        for text in ["", "\n", "a\n\nbé\r\nc", "a = 1", long_line.as_str(), &format!("\n{long_line}\nlast")]
        {
            let lines = Lines::of(text);
            let offsets = text.char_indices().map(|(offset, _)| offset).chain([text.len()]);
            for offset in offsets {
                assert_eq!(lines.place(offset), counted(text, offset), "{offset}");
            }
            assert_eq!(lines.place(text.len() + 7), counted(text, text.len()));
        }
    }

    #[test]
    fn the_section_of_a_place_is_its_first_key() {
        let root = Path::Root;
        let section = root.key("relay");
        let entry = section.index(3);
        assert_eq!(entry.key("on").key("path").section(), Some("relay"));
        assert_eq!((section.section(), root.section()), (Some("relay"), None));
        assert_eq!((entry.last_key(), entry.key("on").last_key()), (Some("relay"), Some("on")));
    }

    #[test]
    fn a_synonym_is_meant_before_a_name_that_looks_alike() {
        let action = ["action", "relay", "seconds"];
        assert_eq!(nearest("duration", action), Some("seconds"));
        assert_eq!(nearest("actoin", action), Some("action"));
        assert_eq!(nearest("type", ["id", "driver", "url"]), Some("driver"));
        assert_eq!(nearest("LPR", ["motion", "plate"]), Some("plate"));
        assert_eq!(nearest("milestone", ["viewtron", "xprotect"]), Some("xprotect"));
        assert_eq!(nearest("UTC+1", ["UTC", "Europe/Berlin"]), None);
    }

    #[test]
    fn several_names_in_one_text_become_a_list() {
        let known = ["person", "vehicle", "animal"];
        assert_eq!(instead("person, vehicle", known), "write a list: [\"person\", \"vehicle\"]");
        assert_eq!(instead("person, car", known), "use `person`, `vehicle` or `animal`");
        assert_eq!(instead("persn", known), "did you mean `person`?");
    }
}
