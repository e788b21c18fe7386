//! `camhook init` that is ended in the middle leaves no half of a file, and runs again. A relay opens for the plates that
//! were named, and for no other.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

const CAMHOOK: &str = env!("CARGO_BIN_EXE_camhook");

/// Arguments that answer every question, for a file of more than a kilobyte.
fn arguments() -> Vec<&'static str> {
    let mut arguments = vec!["init", "--channel", "ntfy", "--timezone", "UTC", "--yes"];
    arguments.extend(["--source", "viewtron"].repeat(12));
    arguments
}

fn run(folder: &Path, program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).current_dir(folder).stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs `init` again, in a folder where it was ended before.
fn assert_runs_again(folder: &Path) {
    assert!(!folder.join("camhook.toml").exists(), "there is no half of a file");
    let written = run(folder, CAMHOOK, &arguments());
    assert!(written.status.success(), "{}", text(&written.stderr));
    let checked = run(folder, CAMHOOK, &["check", "camhook.toml"]);
    assert!(checked.status.success(), "{}{}", text(&checked.stdout), text(&checked.stderr));
    assert!(text(&checked.stdout).contains("no errors, no warnings"), "{}", text(&checked.stdout));
}

/// The system ends a process that writes a file beyond this limit, here in the middle of camhook.toml.
#[test]
fn killed_while_it_writes_it_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let limited = ["-c", "ulimit -c 0; ulimit -f 1; exec \"$0\" \"$@\"", CAMHOOK];
    let killed = run(folder.path(), "sh", &[limited.as_slice(), arguments().as_slice()].concat());
    assert!(killed.status.signal().is_some(), "{:?}: {}", killed.status, text(&killed.stderr));
    assert_eq!(text(&killed.stdout), "", "no token is shown of a file that is not there");
    assert_runs_again(folder.path());
}

/// Starts `init` and answers the first question; the lines that follow the second one.
fn at_the_second_question(folder: &Path) -> (Child, impl Iterator<Item = String>) {
    let mut child = Command::new(CAMHOOK)
        .arg("init")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut wait_for_question = || lines.by_ref().find(|line| line.ends_with("]:")).unwrap();
    assert!(wait_for_question().contains("vendors"));
    child.stdin.as_mut().unwrap().write_all(b"viewtron:gate\n").unwrap();
    assert!(wait_for_question().contains("How to notify you"));
    (child, lines)
}

#[test]
fn ended_at_a_question_it_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, _) = at_the_second_question(folder.path());
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    assert!(child.wait().unwrap().signal().is_some());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_runs_again(folder.path());
}

#[test]
fn without_further_answers_it_says_that_nothing_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, mut lines) = at_the_second_question(folder.path());
    drop(child.stdin.take());
    let error = lines.find(|line| line.contains("error")).unwrap();
    assert!(error.contains("nothing was written"), "{error}");
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_runs_again(folder.path());
}

/// Runs `init` with a relay in an empty folder: its exit code, what it says, and whether it wrote a file.
fn init_with_a_relay(source: &str, plates: &[&str]) -> (Option<i32>, String, bool) {
    let folder = tempfile::tempdir().unwrap();
    let arguments =
        ["init", "--channel=ntfy", "--timezone=UTC", "--yes", "--relay=http://192.168.1.50", "--source"];
    let found = run(folder.path(), CAMHOOK, &[arguments.as_slice(), &[source], plates].concat());
    (found.status.code(), text(&found.stderr), folder.path().join("camhook.toml").exists())
}

#[test]
fn a_relay_needs_plates_and_a_source_that_opens_it() {
    for (source, plates, expected) in [
        ("viewtron:gate", &[][..], "--plate"),
        ("viewtron:gate", &["--plate="], "is not a plate"),
        ("viewtron:gate", &["--plate=AB12", "--plate= - "], "is not a plate"),
        ("instar:garden", &["--plate=AB12"], "--relay needs a source of viewtron"),
        ("xprotect", &["--plate=AB12"], "--relay needs a source of viewtron"),
        ("control:phone", &["--plate=AB12"], "--relay needs a source of viewtron"),
    ] {
        let (code, stderr, is_written) = init_with_a_relay(source, plates);
        assert_eq!((code, is_written), (Some(2), false), "{source} {plates:?}: {stderr}");
        assert!(stderr.contains(expected), "{source} {plates:?}: {stderr}");
    }
    let (code, stderr, is_written) = init_with_a_relay("viewtron:gate", &["--plate=AB 12"]);
    assert_eq!((code, is_written), (Some(0), true), "{stderr}");
}

#[test]
fn the_question_about_plates_is_asked_until_it_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(CAMHOOK)
        .args(["init", "--timezone=UTC"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let answers = "viewtron:gate\nntfy\nhttp://192.168.1.50\n\n , \n-\nXY 9, Z1\n";
    child.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
    let ended = child.wait_with_output().unwrap();
    let stderr = text(&ended.stderr);
    assert!(ended.status.success(), "{stderr}");
    assert_eq!(stderr.matches("Plates that open it").count(), 4, "{stderr}");
    let written = std::fs::read_to_string(folder.path().join("camhook.toml")).unwrap();
    assert!(written.contains("residents = [{ plate = \"XY 9\" }, { plate = \"Z1\" }]"), "{written}");
}
