//! Processes: a program's output, and what a function has taken of the machine.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::error::Error;

/// Runs a program to its end; what it wrote.
pub(crate) fn output_of(command: &mut Command, program: &Path) -> Result<String, Error> {
    let output = command.output().map_err(|source| Error::Start { program: program.to_owned(), source })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Error::Program { program: program.to_owned(), output: said });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A running function. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts a program with this environment and no other; what it writes goes to a file.
    pub(crate) fn start(program: &Path, environment: &[(&str, &str)], log: &Path) -> Result<Self, Error> {
        let log = File::create(log).map_err(|source| Error::File { path: log.to_owned(), source })?;
        let failed = |source| Error::Start { program: program.to_owned(), source };
        let mut command = Command::new(program);
        command.env_clear().envs(environment.iter().copied()).stdin(Stdio::null());
        command.stderr(log.try_clone().map_err(failed)?).stdout(log);
        Ok(Self { child: command.spawn().map_err(failed)? })
    }

    fn file(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.child.id()))
    }

    /// The most memory that it had at once, in bytes (`VmHWM` of proc(5)).
    pub(crate) fn peak_memory(&self) -> Result<u64, Error> {
        let path = self.file("status");
        let status = fs::read_to_string(&path).map_err(|source| Error::File { path, source })?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
        Ok(kilobytes.unwrap_or_default() * 1024)
    }

    /// The CPU time of its threads that run now (`schedstat` of proc(5)).
    pub(crate) fn cpu_time(&self) -> Result<Duration, Error> {
        let path = self.file("task");
        let tasks = fs::read_dir(&path).map_err(|source| Error::File { path, source })?;
        let mut nanoseconds = 0;
        for task in tasks.flatten() {
            // A thread may end between the two.
            let statistics = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            nanoseconds += statistics
                .split_whitespace()
                .next()
                .and_then(|time| time.parse::<u64>().ok())
                .unwrap_or_default();
        }
        Ok(Duration::from_nanos(nanoseconds))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
