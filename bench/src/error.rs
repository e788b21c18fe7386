//! What stops a measurement.

use std::path::PathBuf;

/// What stops a measurement.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A port of the loopback cannot be had.
    #[error("no port of the loopback for the simulated AWS: {0}")]
    Port(std::io::Error),
    /// A program cannot be run.
    #[error("`{program}` cannot be run: {source}; `make bench` builds and installs it")]
    Start {
        /// Which one.
        program: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A program ended with an error.
    #[error("`{program}` failed: {output}")]
    Program {
        /// Which one.
        program: PathBuf,
        /// What it said.
        output: String,
    },
    /// A function did something else than it should: what was measured would mean nothing.
    #[error("the function {function} {what}; its log is {log}")]
    Function {
        /// Which one.
        function: String,
        /// What it did.
        what: String,
        /// Where its log is.
        log: PathBuf,
    },
    /// One of the contenders failed.
    #[error("{contender} did not do the work: {what}")]
    Contender {
        /// Which one.
        contender: &'static str,
        /// What is wrong.
        what: String,
    },
    /// A post cannot be made.
    #[error("the post {name} cannot be made: {reason}")]
    Post {
        /// Which one.
        name: &'static str,
        /// Why.
        reason: String,
    },
    /// The site cannot be read.
    #[error("the site of the measurements: {0}")]
    Site(String),
    /// What was measured cannot be written as JSON.
    #[error("the report cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}
