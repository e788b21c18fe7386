//! The `camhook` command.
//!
//! `arguments` defines the command line, `command` has one module per command, `output` is the only module that
//! prints, and `vendors` maps each vendor to the setup texts and samples of its crate.

#![cfg_attr(
    not(feature = "aws"),
    expect(dead_code, reason = "some errors and arguments belong to the commands that reach a stack")
)]

mod arguments;
mod calendar;
mod command;
#[cfg(feature = "aws")]
mod connection;
#[cfg(feature = "aws")]
mod csv;
mod error;
mod event_line;
mod moment;
mod new_token;
#[cfg(feature = "aws")]
mod origin;
#[cfg(feature = "aws")]
mod outcome_text;
mod output;
#[cfg(feature = "aws")]
mod site;
#[cfg(feature = "aws")]
mod stack;
#[cfg(feature = "aws")]
mod table;
mod vendors;
#[cfg(feature = "aws")]
mod webhook;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;
use crate::command::Outcome;
use crate::error::Error;
use crate::output::Output;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = Output::new(arguments.form());
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&output, &Error::Runtime(error)),
    };
    match runtime.block_on(command::run(arguments, &output)) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Found) => ExitCode::from(3),
        Ok(Outcome::Refused | Outcome::Problems) => ExitCode::FAILURE,
        Err(error) => failed(&output, &error),
    }
}

fn failed(output: &Output, error: &Error) -> ExitCode {
    output.error(error);
    ExitCode::from(error.exit_code())
}
