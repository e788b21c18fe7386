//! Printing: results on standard output, notes and errors on standard error.
//!
//! Much of what is printed comes from devices. Characters that a terminal would act on are escaped here, whatever
//! they come from; line breaks are escaped by [`single_line`] where the text is put together.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};
use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::error::Error;

/// The word `error`, on a terminal that shows colours and without `NO_COLOR`.
const ERROR: Style = AnsiColor::Red.on_default().bold();

/// The word `hint`.
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// A question.
const QUESTION: Style = Style::new().bold();

/// The output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people.
    Text,
    /// For scripts: one JSON value per result, and errors as JSON.
    Json,
}

/// Prints results, notes and errors.
///
/// Write errors are ignored: the reader may have closed the pipe.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    form: Form,
}

impl Output {
    pub(crate) fn new(form: Form) -> Self {
        Self { form }
    }

    /// Prints a result, as JSON or as text.
    pub(crate) fn result(&self, value: &impl Serialize, text: impl Display) {
        let line = match self.form {
            Form::Text => multi_line(&text.to_string()).into_owned(),
            Form::Json => match serde_json::to_string(value) {
                Ok(json) => escape_json(&json),
                Err(error) => {
                    return self.note(format_args!("failed to write the result as JSON: {error}"));
                }
            },
        };
        let mut standard_output = io::stdout().lock();
        let end = if line.ends_with('\n') || line.is_empty() { "" } else { "\n" };
        drop(write!(standard_output, "{line}{end}").and_then(|()| standard_output.flush()));
    }

    /// Prints a file: as it is to a pipe or another file, and to a terminal without what a terminal would act on.
    pub(crate) fn file(&self, value: &impl Serialize, content: &[u8]) {
        if self.form == Form::Json {
            return self.result(value, "");
        }
        let mut standard_output = io::stdout().lock();
        let text = String::from_utf8_lossy(content);
        let written = if standard_output.is_terminal() {
            let end = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
            write!(standard_output, "{}{end}", file_lines(&text))
        } else {
            standard_output.write_all(content)
        };
        drop(written.and_then(|()| standard_output.flush()));
    }

    /// Prints a result whose text has colours, as JSON or as text. Device texts in it must be escaped already. Colours are
    /// removed where the terminal shows none, or with `NO_COLOR`.
    pub(crate) fn styled_result(&self, value: &impl Serialize, text: impl Display) {
        if self.form == Form::Json {
            return self.result(value, "");
        }
        let text = text.to_string();
        let mut standard_output = anstream::stdout().lock();
        drop(writeln!(standard_output, "{}", text.trim_end()).and_then(|()| standard_output.flush()));
    }

    /// The same to standard error.
    pub(crate) fn styled_note(&self, text: impl Display) {
        drop(writeln!(anstream::stderr().lock(), "{}", text.to_string().trim_end()));
    }

    /// Prints the header of the results that follow, for people.
    pub(crate) fn heading(&self, text: impl Display) {
        if self.form == Form::Text {
            self.line(text);
        }
    }

    /// Prints a line as it is, whose device texts are escaped.
    pub(crate) fn line(&self, line: impl Display) {
        drop(writeln!(io::stdout().lock(), "{}", multi_line(&line.to_string())));
    }

    /// Prints a note to standard error.
    pub(crate) fn note(&self, text: impl Display) {
        drop(writeln!(io::stderr().lock(), "{}", multi_line(&text.to_string())));
    }

    /// Prints the error that ended the command.
    pub(crate) fn error(&self, error: &Error) {
        match self.form {
            Form::Text => {
                let text = error.to_string();
                let text = multi_line(&text);
                let mut standard_error = anstream::stderr().lock();
                drop(writeln!(standard_error, "{ERROR}error:{ERROR:#} {text}"));
                if let Some(hint) = error.hint() {
                    drop(writeln!(standard_error, "{HINT}hint:{HINT:#} {hint}"));
                }
            }
            Form::Json => {
                let mut json = serde_json::json!({ "error": error.to_string() });
                if let Some(hint) = error.hint() {
                    json["hint"] = hint.into();
                }
                self.note(escape_json(&json.to_string()));
            }
        }
    }

    /// Prints what a command would do without `--dry-run`.
    pub(crate) fn plan(&self, change: &str) {
        let text = format!("dry run, nothing is changed: would {}", single_line(change));
        self.result(&serde_json::json!({ "dry_run": true, "change": change }), text);
    }

    /// Asks for consent to a change.
    pub(crate) fn confirm(&self, change: &str) -> Result<(), Error> {
        if !io::stdin().is_terminal() {
            return Err(Error::NeedsConsent(change.to_owned()));
        }
        let mut standard_error = anstream::stderr().lock();
        let change_text = single_line(change);
        drop(write!(standard_error, "{QUESTION}{change_text}. Continue?{QUESTION:#} [y/N] "));
        drop(standard_error.flush());
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer);
        let is_yes = read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes");
        if is_yes { Ok(()) } else { Err(Error::NoConsent) }
    }

    /// A progress bar for long work, shown only on a terminal and only with text output.
    pub(crate) fn progress(&self, length: usize, what: &'static str) -> ProgressBar {
        if self.form == Form::Json {
            return ProgressBar::hidden();
        }
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        let bar = ProgressBar::new(length).with_message(what);
        match ProgressStyle::with_template("{msg} [{wide_bar}] {pos}/{len}") {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }
    }
}

/// A count with the noun for one or for any other number: `1 event`, `2 events`.
pub(crate) fn counted<N: Copy + Display + PartialEq + From<u8>>(
    count: N,
    one: &str,
    several: &str,
) -> String {
    let noun = if count == N::from(1) { one } else { several };
    format!("{count} {noun}")
}

/// Text of a device on one line: control, bidirectional and line-breaking characters are escaped as in a Rust
/// string literal.
pub(crate) fn single_line(text: &str) -> Cow<'_, str> {
    escape(text, is_unsafe)
}

/// As [`single_line`], but line feeds and tabs stay.
pub(crate) fn multi_line(text: &str) -> Cow<'_, str> {
    escape(text, |character| is_unsafe(character) && !matches!(character, '\n' | '\t'))
}

/// As [`multi_line`], for a file that may begin with a byte order mark and whose lines may end as those of Windows do.
fn file_lines(text: &str) -> String {
    let (mark, lines) = match text.strip_prefix('\u{feff}') {
        Some(lines) => ("\u{feff}", lines),
        None => ("", text),
    };
    let lines: Vec<Cow<'_, str>> = lines.split("\r\n").map(multi_line).collect();
    format!("{mark}{}", lines.join("\r\n"))
}

fn escape(text: &str, unwelcome: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&unwelcome) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if unwelcome(character) {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// JSON escapes ESC and its like by itself, and leaves C1 and bidirectional controls as they are.
fn escape_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if is_unsafe(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// Whether a terminal acts on a character, or shows the text around it in another order: C0, DEL and C1 controls,
/// line and paragraph separators, bidirectional controls, annotations and tags.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061C}'
                | '\u{200E}'
                | '\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2066}'..='\u{2069}'
                | '\u{FEFF}'
                | '\u{FFF9}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E007F}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clears the screen; sets the window's title by a C1 control; returns to the start of the line; hides what
    /// follows by direction; ends the line.
    const HOSTILE: &str = "a\u{1b}[2Jb\u{9d}0;owned\u{9c}c\rd\u{202e}e\u{2066}f\ng\u{2028}h\u{e0041}\u{7f}";

    #[test]
    fn terminal_controls_of_devices_are_escaped() {
        let line = single_line(HOSTILE);
        assert!(!line.contains(is_unsafe), "{line:?}");
        assert!(line.starts_with("a\\u{1b}[2Jb\\u{9d}0;owned"), "{line}");
        let lines = multi_line(HOSTILE);
        assert_eq!(lines.matches(is_unsafe).collect::<Vec<_>>(), ["\n"], "{lines:?}");
    }

    #[test]
    fn a_file_keeps_its_byte_order_mark_and_its_ends_of_lines() {
        let file = "\u{feff}a = 1\r\nb = \"\t\"\n";
        assert_eq!(file_lines(file), file);
        let shown = file_lines(&format!("{file}{HOSTILE}\r\u{feff}"));
        let rest = shown.strip_prefix(file).unwrap();
        assert_eq!(rest.matches(is_unsafe).collect::<Vec<_>>(), ["\n"], "{shown:?}");
    }

    #[test]
    fn one_is_singular() {
        let counts = [0_u64, 1, 2].map(|count| counted(count, "address", "addresses"));
        assert_eq!(counts, ["0 addresses", "1 address", "2 addresses"]);
    }

    #[test]
    fn text_of_any_script_stays_as_it_is() {
        let text = "Einfahrt Süd, 車庫, بوابة, 👨‍👩‍👧";
        assert!(matches!(single_line(text), Cow::Borrowed(same) if same == text));
    }

    #[test]
    fn json_keeps_its_value_and_holds_no_terminal_control() {
        let json = escape_json(&serde_json::json!({ "name": HOSTILE }).to_string());
        assert!(!json.contains(is_unsafe), "{json}");
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["name"], HOSTILE);
    }
}
