//! `camhook config check`, and its short form `camhook check`

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
#[cfg(feature = "aws")]
use camhook_outbound::address::{AddressClass, Forbidden, classify, is_allowed};
use camhook_ports::{Clock, SystemClock};
use camhook_site::{Checks, Finding, Inspection, Network, Problem, Schedule, Site, TemplateUse, inspect};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use minijinja::value::Serde;
use minijinja::{Environment, ErrorKind, UndefinedBehavior};
use serde::Serialize;

use super::Outcome;
use crate::arguments::Check;
use crate::calendar::{self, Resolved, UnreadCalendar};
use crate::error::Error;
use crate::output::Output;

/// The errors and warnings of a file.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    problems: Vec<&'a Finding>,
    warnings: Vec<&'a Finding>,
    /// What the configuration needs of a stack; empty where that is not known because of errors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    needs: Vec<Need>,
}

/// Something that a stack has only where a parameter of the template says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Need {
    /// MQTT messages: of a source with a `topic`, or of a relay with a `status_topic`. The parameter is `Mqtt`.
    Mqtt,
}

/// What a configuration needs of a stack.
pub(super) fn needs(site: &Site) -> Vec<Need> {
    let has_source = site.sources().any(|source| source.topic.is_some());
    let has_relay = site.relays().iter().any(|relay| relay.driver.mqtt_status().is_some());
    if has_source || has_relay { vec![Need::Mqtt] } else { Vec::new() }
}

/// A file, under the name that it has in reports.
pub(super) struct File {
    /// What it contains; with substitutes where it is not UTF-8.
    pub(super) text: String,
    pub(super) name: String,
    pub(super) encoding: Encoding,
    /// The calendars whose files cannot be read.
    pub(super) unread: Vec<UnreadCalendar>,
}

/// How a file is encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    /// Something else, with where it is first seen.
    Other(Problem),
}

pub(super) fn run(arguments: &Check, output: &Output) -> Result<Outcome, Error> {
    let file = File::read(&arguments.file, output)?;
    let inspection = file.inspect();
    if let Some(site) = &inspection.site {
        let year = SystemClock::start().now().to_zoned(site.timezone().clone()).year();
        for note in hours_that_do_not_occur(site, year) {
            output.note(note);
        }
    }
    let report = Report::of(&inspection);
    output.styled_result(&report, fmt::from_fn(|formatter| formatter.write_str(&report.render(&file))));
    Ok(if report.is_accepted() { Outcome::Done } else { Outcome::Found })
}

/// The dates of a year on which hours of rules and channels end before they begin, since the sun rises or sets too early
/// or too late for them.
fn hours_that_do_not_occur(site: &Site, year: i16) -> Vec<String> {
    let rules = site
        .rules()
        .iter()
        .flat_map(|rule| rule.during.iter().map(move |schedule| (format!("rule `{}`", rule.id), schedule)));
    let channels = site.channels().iter().flat_map(|channel| {
        channel.quiet.iter().map(move |schedule| (format!("channel `{}`", channel.id), schedule))
    });
    let note = |(subject, schedule): (String, &Schedule)| {
        let dates = schedule.dates_without_hours(year, site.timezone());
        let hours = schedule.hours.filter(|_| !dates.is_empty())?;
        let dates: Vec<String> = dates.iter().map(ToString::to_string).collect();
        Some(format!("{subject}: there is no time from {hours} on {}", dates.join(", ")))
    };
    rules.chain(channels).filter_map(note).collect()
}

impl File {
    /// A text under a name.
    pub(super) fn new(text: String, name: String) -> Self {
        Self { text, name, encoding: Encoding::Utf8, unread: Vec::new() }
    }

    /// Reads a file, or standard input for `-`, with the dates of its calendars.
    pub(super) fn read(path: &Path, output: &Output) -> Result<Self, Error> {
        let name = calendar::name(path);
        match calendar::read(path) {
            Ok(Resolved { text, notes, unread }) => {
                for note in notes {
                    output.note(note);
                }
                Ok(Self { unread, ..Self::new(text, name) })
            }
            // An error of the file like any other, with its line.
            Err(Error::NotUtf8 { problem, lossy }) => {
                Ok(Self { encoding: Encoding::Other(problem), ..Self::new(lossy, name) })
            }
            Err(error) => Err(error),
        }
    }

    /// Reads a file as [`Self::read`] does, for a command that reports no findings.
    #[cfg(feature = "aws")]
    pub(super) fn read_text(path: &Path, output: &Output) -> Result<Self, Error> {
        let mut file = Self::read(path, output)?;
        if let Some(calendar) = file.unread.pop() {
            return Err(calendar.into());
        }
        match file.encoding {
            Encoding::Utf8 => Ok(file),
            Encoding::Other(problem) => Err(Error::NotUtf8 { problem, lossy: file.text }),
        }
    }

    pub(super) fn inspect(&self) -> Inspection {
        match &self.encoding {
            Encoding::Utf8 => {
                let mut inspection = inspect(&self.text, &self.name, &CommandChecks);
                for finding in inspection.problems.iter_mut().map(|problem| &mut problem.0) {
                    let is_here = |unread: &&UnreadCalendar| {
                        (unread.line, unread.column) == (finding.line, finding.column)
                    };
                    if let Some(unread) = self.unread.iter().find(is_here) {
                        finding.message.clone_from(&unread.reason);
                        "name a file that can be read, relative to this one, or write the dates here"
                            .clone_into(&mut finding.fix);
                    }
                }
                inspection
            }
            Encoding::Other(problem) => {
                let problem = problem.clone();
                Inspection { site: None, problems: vec![problem], strict: Vec::new(), warnings: Vec::new() }
            }
        }
    }
}

/// What makes the file unusable, and what is refused before it is deployed.
fn errors(inspection: &Inspection) -> impl Iterator<Item = &Problem> {
    inspection.problems.iter().chain(&inspection.strict)
}

impl<'a> Report<'a> {
    pub(super) fn of(inspection: &'a Inspection) -> Self {
        Self {
            problems: errors(inspection).map(|problem| &problem.0).collect(),
            warnings: inspection.warnings.iter().map(|warning| &warning.0).collect(),
            needs: inspection.site.as_ref().map(needs).unwrap_or_default(),
        }
    }

    /// The report on an earlier version of a stack: as functions read it, so that what is only refused before a file is
    /// deployed is a warning.
    #[cfg(feature = "aws")]
    pub(super) fn of_version(inspection: &'a Inspection) -> Self {
        let warnings = inspection.strict.iter().map(|problem| &problem.0);
        Self {
            problems: inspection.problems.iter().map(|problem| &problem.0).collect(),
            warnings: warnings.chain(inspection.warnings.iter().map(|warning| &warning.0)).collect(),
            needs: inspection.site.as_ref().map(needs).unwrap_or_default(),
        }
    }

    /// Whether there are no errors.
    pub(super) fn is_accepted(&self) -> bool {
        self.problems.is_empty()
    }

    /// Whether the configuration needs something of a stack.
    #[cfg(feature = "aws")]
    pub(super) fn needs(&self, need: Need) -> bool {
        self.needs.contains(&need)
    }

    /// Whether there are neither errors nor warnings.
    #[cfg(feature = "aws")]
    pub(super) fn is_clean(&self) -> bool {
        self.problems.is_empty() && self.warnings.is_empty()
    }

    /// The report as a compiler writes it: each finding with its line, in colours, errors first, and of many only the
    /// first ones. The renderer replaces control characters of the file.
    pub(super) fn render(&self, file: &File) -> String {
        let lines: Vec<&str> = file.text.lines().collect();
        let mut text = String::new();
        let problems = self.problems.iter().map(|finding| (Level::ERROR, finding));
        let warnings = self.warnings.iter().map(|finding| (Level::WARNING, finding));
        for (level, finding) in problems.chain(warnings).take(MOST_SHOWN) {
            let Finding { line, column, message, fix, .. } = finding;
            let source = lines.get(line.saturating_sub(1)).copied().unwrap_or_default();
            let (source, column_there) = clipped(source, *column);
            let span = span(&source, column_there);
            let snippet =
                Snippet::source(source).line_start(*line).annotation(AnnotationKind::Primary.span(span));
            let group = Group::with_title(level.primary_title(message));
            let group = if column_there == *column {
                group.element(snippet.path(&file.name))
            } else {
                group.element(Origin::path(&file.name).line(*line).char_column(*column)).element(snippet)
            };
            text += &Renderer::styled().render(&[group.element(Level::HELP.message(fix))]);
            text += "\n\n";
        }
        let hidden = (self.problems.len() + self.warnings.len()).saturating_sub(MOST_SHOWN);
        if hidden > 0 {
            text += &format!("{hidden} more, which --json lists\n\n");
        }
        let count = |number: usize, what: &str| match number {
            0 => format!("no {what}s"),
            1 => format!("1 {what}"),
            _ => format!("{number} {what}s"),
        };
        let (errors, warnings) = (count(self.problems.len(), "error"), count(self.warnings.len(), "warning"));
        text + &format!("{}: {errors}, {warnings}\n", file.name)
    }
}

/// The most findings that are shown to people.
const MOST_SHOWN: usize = 50;

/// The longest line that is shown whole, in characters.
const LONGEST_LINE: usize = 400;

/// How many characters of a longer line are shown before and behind a finding.
const SHOWN_AROUND: usize = 60;

/// A line, or of a long one the part around a character, with the position of that character in it.
fn clipped(line: &str, column: usize) -> (Cow<'_, str>, usize) {
    if line.len() <= LONGEST_LINE {
        return (Cow::Borrowed(line), column);
    }
    let before = column.saturating_sub(1).min(SHOWN_AROUND);
    let skipped = column.saturating_sub(1) - before;
    let part: String = line.chars().skip(skipped).take(before + SHOWN_AROUND).collect();
    (Cow::Owned(part), before + 1)
}

/// The bytes of the word or value that begins at a character of a line, counted from 1.
fn span(line: &str, column: usize) -> std::ops::Range<usize> {
    let start = line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(index, _)| index);
    let rest = line.get(start..).unwrap_or_default();
    let length = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            rest.char_indices().skip(1).find(|(_, it)| *it == quote).map(|(end, _)| end + 1)
        }
        Some('[') => rest
            .find(']')
            .map(|end| end + rest.get(end..).map_or(1, |it| if it.starts_with("]]") { 2 } else { 1 })),
        Some('{') => rest.rfind('}').map(|end| end + 1),
        _ => rest.find(|it: char| it.is_whitespace() || matches!(it, ',' | ']' | '}' | '=')),
    };
    start..start + length.unwrap_or(rest.len())
}

/// Checks with the code of the functions: the language of templates, and the addresses that the client refuses.
struct CommandChecks;

impl Checks for CommandChecks {
    fn today(&self) -> Option<Date> {
        Some(SystemClock::start().now().to_zoned(TimeZone::system()).date())
    }

    fn variables(&self, template: &str) -> Result<Vec<String>, String> {
        let environment = Environment::new();
        let parsed = environment.template_from_str(template).map_err(|error| reason(&error))?;
        let mut variables: Vec<String> = parsed.undeclared_variables(true).into_iter().collect();
        variables.sort();
        Ok(variables)
    }

    fn render(
        &self,
        template: &str,
        usage: TemplateUse,
        samples: &[serde_json::Value],
    ) -> Result<(), String> {
        let mut environment = Environment::new();
        // As the functions that render them do.
        environment.set_fuel(Some(usage.fuel()));
        environment.set_undefined_behavior(match usage {
            TemplateUse::Message => UndefinedBehavior::Chainable,
            TemplateUse::Request => UndefinedBehavior::Strict,
        });
        let parsed = environment.template_from_str(template).map_err(|error| reason(&error))?;
        let mut failures = Vec::new();
        for sample in samples {
            match parsed.render(Serde(sample)) {
                Err(error) if is_about_template(error.kind()) => return Err(reason(&error)),
                Err(error) => failures.push(reason(&error)),
                Ok(_) => {}
            }
        }
        // A message may fit other values than the samples'; those of a request are all known.
        let depends_on_values =
            usage == TemplateUse::Message && !parsed.undeclared_variables(false).is_empty();
        match failures.pop() {
            Some(reason) if failures.len() + 1 == samples.len() && !depends_on_values => Err(reason),
            _ => Ok(()),
        }
    }

    #[cfg(not(feature = "aws"))]
    fn refusal(&self, _: IpAddr, _: Network) -> Option<String> {
        None
    }

    #[cfg(feature = "aws")]
    fn refusal(&self, address: IpAddr, network: Network) -> Option<String> {
        // Addresses for documentation stand in examples.
        let class = classify(address);
        if class == AddressClass::Documentation || is_allowed(class, network) {
            return None;
        }
        Some(Forbidden { address, class, network }.to_string())
    }
}

/// What is wrong with a template, in words.
fn reason(error: &minijinja::Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)
}

/// Whether an error is one of the template itself, whatever the values are: a name that the language does not have, or more
/// work than a template may do.
fn is_about_template(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnknownFilter
            | ErrorKind::UnknownTest
            | ErrorKind::UnknownFunction
            | ErrorKind::TemplateNotFound
            | ErrorKind::OutOfFuel
    )
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[test]
    fn templates_that_fail_with_every_value_are_errors() {
        let message = |text: &str| serde_json::json!({ "person": text, "plate": text, "time": text, "count": 3, "event": {} });
        let samples = [message("1"), message("a")];
        let render = |template| CommandChecks.render(template, TemplateUse::Message, &samples);
        for template in [
            "{{ person | uper }}",
            "{{ time | date }}",
            "{% if plate is definde %}a{% endif %}",
            "{{ 1/0 }}",
            "{{ nothing_like_it(1) }}",
            "{{ event.data.plate | uper }}",
            "{% for a in range(9999) %}{% for b in range(9999) %}{{ a * b }}{% endfor %}{% endfor %}",
        ] {
            assert!(render(template).is_err(), "{template}");
        }
        for template in [
            "{{ person | upper }} {{ plate | int(0) }} {{ count + 1 }}",
            "{{ plate | int }}",
            "{{ event.data.vendor_data.number + 1 }}",
            "{{ event.data.targets[0].class | default('none') }}",
        ] {
            assert_eq!(render(template), Ok(()), "{template}");
        }
        let off = [serde_json::json!({ "relay": "gate", "action": "off" })];
        let render = |template| CommandChecks.render(template, TemplateUse::Request, &off);
        for template in ["/off?t={{ milliseconds }}", "/off/{{ seconds | upper }}", "/{{ relay | foo }}"] {
            assert!(render(template).is_err(), "{template}");
        }
        for template in
            ["/{{ relay }}/{{ action }}", "/off{% if seconds is defined %}{{ seconds }}{% endif %}"]
        {
            assert_eq!(render(template), Ok(()), "{template}");
        }
    }

    #[test]
    fn of_many_findings_and_of_a_long_line_only_a_part_is_shown() {
        let rules: String =
            (0..500).map(|number| format!("{{ then = {{ notify = \"nobody-{number}\" }} }}, ")).collect();
        let file = File::new(format!("rule = [{rules}]\n"), "camhook.toml".to_owned());
        let inspection = file.inspect();
        let report = anstream::adapter::strip_str(&Report::of(&inspection).render(&file)).to_string();
        assert_eq!(report.matches("is no channel").count(), MOST_SHOWN, "{report}");
        assert!(report.contains("450 more, which --json lists") && report.contains("500 errors"), "{report}");
        assert!(report.len() < 50_000 && report.contains("camhook.toml:1:29\n"), "{report}");
    }

    #[test]
    fn a_calendar_without_its_file_hides_no_other_finding() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("camhook.toml");
        std::fs::write(&path, "timezone = \"Europe/Berln\"\n[calendars]\ndays = { ics = \"missing.ics\" }\n")
            .unwrap();
        let file = File::read(&path, &Output::new(crate::output::Form::Json)).unwrap();
        let inspection = file.inspect();
        let json = serde_json::to_value(Report::of(&inspection)).unwrap();
        let problems = json["problems"].as_array().unwrap();
        assert_eq!(problems.len(), 2, "{json}");
        assert_eq!((&problems[1]["line"], &problems[1]["column"]), (&3.into(), &16.into()));
        assert!(problems[1]["message"].as_str().unwrap().contains("missing.ics"), "{json}");
    }

    #[test]
    fn templates_are_read_as_messages_are() {
        assert_eq!(
            CommandChecks.variables("{{ kind }} at {{ event.data.camera.id }}").unwrap(),
            ["event.data.camera.id", "kind"]
        );
        assert_eq!(CommandChecks.variables("{% if plate %}{{ plate }}{% endif %}").unwrap(), ["plate"]);
        assert_eq!(
            CommandChecks.variables("{% for it in event.data.targets %}{{ it.class }}{% endfor %}").unwrap(),
            ["event.data.targets"]
        );
        for wrong in ["{{ kind", "{% if plate %}", "{{ kind | nothing-like-it( }}"] {
            assert!(CommandChecks.variables(wrong).is_err(), "{wrong}");
        }
    }

    #[cfg(feature = "aws")]
    #[test]
    fn addresses_that_the_client_refuses_are_errors() {
        for (url, network, refused) in [
            ("http://169.254.169.254/", "public", true),
            ("http://[fd00:ec2::254]/", "lan", true),
            ("http://[::ffff:169.254.169.254]/", "public", true),
            ("http://[::ffff:192.168.1.4]/", "lan", true),
            ("http://[64:ff9b::a9fe:a9fe]/", "public", true),
            ("http://2852039166/", "public", true),
            ("http://192.168.1.4/", "lan", false),
            ("https://8.8.8.8/", "public", false),
        ] {
            let text = format!(
                "[[channel]]\nid = \"a\"\nkind = \"webhook\"\nurl = \"{url}\"\nnetwork = \"{network}\"\n"
            );
            let file = File::new(text, "camhook.toml".to_owned());
            assert_eq!(!Report::of(&file.inspect()).is_accepted(), refused, "{url}");
        }
    }

    #[test]
    fn hours_that_the_sun_leaves_out_are_noted_with_their_dates() {
        let text = "timezone = \"Europe/Berlin\"\nlatitude = 52.52\nlongitude = 13.405\n\
            [[source]]\nid = \"gate\"\nvendor = \"viewtron\"\nauth = { token = \"AAAAAAAAAAAAAAAAAAAAAA\" }\n\
            [[channel]]\nid = \"phone\"\nkind = \"webhook\"\nurl = \"https://example.org/phone\"\n\
            quiet = { from = \"22:00\", to = \"sunrise\" }\n\
            [[rule]]\nid = \"mornings\"\nthen = { notify = \"phone\" }\n\
            during = [{ from = \"06:00\", to = \"sunrise\" }, { from = \"sunset\", to = \"sunrise\" }]\n";
        let file = File::new(text.to_owned(), "camhook.toml".to_owned());
        let site = file.inspect().site.unwrap();
        let expected = "rule `mornings`: there is no time from 06:00 to sunrise on 2026-03-24..2026-03-28, \
            2026-04-20..2026-08-21";
        assert_eq!(hours_that_do_not_occur(&site, 2026), [expected]);
    }

    /// Sites that need MQTT messages of the stack.
    pub(crate) const WITH_MQTT: [&str; 2] = [
        "[[source]]\nid = \"garden\"\nvendor = \"instar\"\ntopic = \"instar/garden\"\n",
        "[[relay]]\nid = \"light\"\ndriver = \"mqtt\"\ntopic = \"a\"\non = \"1\"\noff = \"0\"\nstatus_topic = \"b\"\n\
         status_on = \"1\"\nstatus_off = \"0\"\n",
    ];

    #[test]
    fn a_report_names_what_the_file_needs_of_the_stack() {
        // A relay that is only published to needs nothing.
        let source = "[[source]]\nid = \"gate\"\nvendor = \"viewtron\"\nauth = {\n  token = \"AAAAAAAAAAAAAAAAAAAAAA\",\n}\n";
        let published_to = format!(
            "{source}[[relay]]\nid = \"light\"\ndriver = \"mqtt\"\ntopic = \"a\"\non = \"1\"\noff = \"0\"\n"
        );
        for text in [source, &published_to] {
            for text in [text.to_owned(), format!("\u{feff}{text}")] {
                let inspection = File::new(text, "camhook.toml".to_owned()).inspect();
                let json = serde_json::to_value(Report::of(&inspection)).unwrap();
                assert_eq!(json["problems"], serde_json::json!([]), "{json}");
                assert!(json.get("needs").is_none(), "{json}");
            }
        }
        for text in WITH_MQTT {
            for text in [text.to_owned(), format!("\u{feff}{text}")] {
                let inspection = File::new(text, "camhook.toml".to_owned()).inspect();
                let json = serde_json::to_value(Report::of(&inspection)).unwrap();
                assert_eq!(json["needs"], serde_json::json!(["mqtt"]), "{json}");
            }
        }
    }

    #[test]
    fn a_file_in_another_encoding_is_a_problem_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("camhook.toml");
        let utf16 = |text: &str| -> Vec<u8> {
            std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
        };
        let text = "[[source]]\nid = \"gate\"\n";
        let (other, wide) = ("this is not UTF-8", "this is UTF-16, not UTF-8");
        for (bytes, line, column, message) in [
            (b"[[source]]\nid = \"g\xe4te\"\n".to_vec(), 2, 8, other),
            (utf16(text), 1, 1, wide),
            (b"\xff".to_vec(), 1, 1, other),
            ([text.as_bytes(), b"# \x80 5\n"].concat(), 3, 3, other),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let file = File::read(&path, &Output::new(crate::output::Form::Json)).unwrap();
            let inspection = file.inspect();
            let report = Report::of(&inspection);
            assert!(!report.is_accepted());
            let json = serde_json::to_value(&report).unwrap();
            let problem = &json["problems"][0];
            assert_eq!((&problem["line"], &problem["column"]), (&line.into(), &column.into()), "{json}");
            assert_eq!(problem["message"], message);
            assert!(problem["fix"].as_str().unwrap().starts_with("save the file as UTF-8"));
            let shown = anstream::adapter::strip_str(&report.render(&file)).to_string();
            assert!(
                shown.contains(&format!("camhook.toml:{line}:{column}")) && shown.contains("1 error"),
                "{shown}"
            );
            let check = Check { file: path.clone() };
            assert_eq!(run(&check, &Output::new(crate::output::Form::Json)).unwrap(), Outcome::Found);
        }
    }

    #[test]
    fn a_report_shows_line_and_fix() {
        let text = "[[source]]\nid = \"gate\"\nvendor = \"viewtorn\"\nauth = { token = \"AAAAAAAAAAAAAAAAAAAAAA\" }\n";
        let file = File::new(text.to_owned(), "camhook.toml".to_owned());
        let inspection = file.inspect();
        let report = anstream::adapter::strip_str(&Report::of(&inspection).render(&file)).to_string();
        for expected in [
            "camhook.toml:3:10",
            "vendor = \"viewtorn\"",
            "^^^^^^^^^^",
            "did you mean `viewtron`?",
            "1 error",
        ] {
            assert!(report.contains(expected), "{expected}:\n{report}");
        }
    }

    #[test]
    fn the_marked_span_is_a_value_or_a_word() {
        for (line, column, marked) in [
            ("id = \"gäte\" # x", 6, "\"gäte\""),
            ("[[source]]", 1, "[[source]]"),
            ("a = { b = 1 }", 5, "{ b = 1 }"),
            ("ids = [\"a\", 2]", 13, "2"),
            ("key = 1", 1, "key"),
            ("key", 9, ""),
            ("", 1, ""),
            ("x = \"open", 5, "\"open"),
        ] {
            assert_eq!(&line[span(line, column)], marked, "{line}");
        }
    }
}
