//! Measures camhook, side by side with a floor and with alternatives, in one run.
//!
//! `camhook-bench BOOTSTRAPS PYTHON OUTPUT`: the folder of the functions' binaries, an interpreter that has the
//! vendor's SDK, and the folder for `report.json` and `report.md`. `make bench` builds and installs all of it.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program whose output is its result")]

mod allocator;
mod cloud;
mod console;
mod contenders;
mod error;
mod event_cost;
mod functions;
mod gateway;
mod in_memory;
mod lambda;
mod posts;
mod process;
mod python;
mod report;
mod rivals;
mod server;
mod statistics;

use std::path::Path;
use std::process::ExitCode;

use crate::error::Error;
use crate::report::Report;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let said = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // What this program starts itself with.
        [contenders::COMMAND, name, event] => contenders::run(name, Path::new(event)),
        [bootstraps, python, output] => run(Path::new(bootstraps), Path::new(python), Path::new(output)),
        _ => {
            eprintln!("usage: camhook-bench BOOTSTRAPS PYTHON OUTPUT (`make bench` does it all)");
            return ExitCode::from(2);
        }
    };
    match said {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(bootstraps: &Path, python: &Path, output: &Path) -> Result<String, Error> {
    std::fs::create_dir_all(output).map_err(|source| Error::File { path: output.to_owned(), source })?;
    let posts = posts::Posts::render()?;
    eprintln!("the CPU time of one event");
    let event_510kb = event_cost::viewtron(&posts, python, output)?;
    let xprotect_100kb = event_cost::xprotect(&posts, output)?;
    let in_memory = event_cost::throughput(&posts, output)?;
    let functions = functions::measure(&posts, bootstraps, python, output)?;
    let report = Report::new(event_510kb, xprotect_100kb, in_memory, functions);
    report.write(output)?;
    Ok(report.table())
}
