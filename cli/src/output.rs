//! The only part that prints.

use std::fmt::Display;
use std::io::{self, Write};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::error::Error;

/// The form of what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people.
    Text,
    /// For scripts: one JSON value a result, and errors as JSON too.
    Json,
}

/// Where results, notes and errors go.
///
/// Whoever reads may have gone: what cannot be printed is left out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    form: Form,
}

impl Output {
    pub(crate) fn new(form: Form) -> Self {
        Self { form }
    }

    /// Prints a result: as JSON, or as the text that stands for it.
    pub(crate) fn result(&self, value: &impl Serialize, text: impl Display) {
        let line = match self.form {
            Form::Text => text.to_string(),
            Form::Json => match serde_json::to_string(value) {
                Ok(json) => json,
                Err(error) => {
                    return self.note(format_args!("the result cannot be written as JSON: {error}"));
                }
            },
        };
        let mut standard_output = io::stdout().lock();
        let end = if line.ends_with('\n') || line.is_empty() { "" } else { "\n" };
        drop(write!(standard_output, "{line}{end}").and_then(|()| standard_output.flush()));
    }

    /// Prints something beside the results, for people.
    pub(crate) fn note(&self, text: impl Display) {
        drop(writeln!(io::stderr().lock(), "{text}"));
    }

    /// Prints why nothing came of it.
    pub(crate) fn error(&self, error: &Error) {
        match self.form {
            Form::Text => self.note(format_args!("error: {error}")),
            Form::Json => self.note(serde_json::json!({ "error": error.to_string() })),
        }
    }

    /// A bar for long work, on a terminal only.
    pub(crate) fn progress(&self, length: usize, what: &'static str) -> ProgressBar {
        if self.form == Form::Json {
            return ProgressBar::hidden();
        }
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        let bar = ProgressBar::new(length).with_message(what);
        match ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len}") {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }
    }
}
