//! What can be asked for.

use std::path::PathBuf;

use camhook_event::Vendor;
use camhook_ports::Queue;
use clap::{Args, Parser, Subcommand, ValueEnum};
use url::Url;

use crate::output::Form;

/// Looks after camhook: checks its configuration, says what to type into cameras, sends posts to try it with,
/// and shows what became of them.
///
/// Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 `check` found something wrong.
#[derive(Debug, Parser)]
#[command(name = "camhook", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// What is to be done.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// The file that says where the stack is; .local/stack.json of this or a parent folder unless given.
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) stack: Option<PathBuf>,
    /// Print JSON, for scripts.
    #[arg(long, global = true)]
    json: bool,
}

impl Arguments {
    /// The form of what is printed.
    pub(crate) fn form(&self) -> Form {
        if self.json { Form::Json } else { Form::Text }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find what is wrong or doubtful in a camhook.toml, with line, column and what to do.
    Check(Check),
    /// Say what to type into a camera's or recorder's menus, word for word.
    Setup(Setup),
    /// Post to a source as its device would: a sample of its vendor, or a file.
    Send(Send),
    /// Show events, newest first.
    Events(Events),
    /// Make a token for a source. Nothing is stored: the file holds its SHA-256, the camera its URL.
    Token(Token),
    /// Send a test message with a picture by a channel of the deployed camhook.toml.
    Test(Test),
    /// Say for each rule why it fires for an event, or why not.
    Explain(Explain),
    /// Set the mode of an area, or tell it.
    Arm(Arm),
    /// Stop all relays, let them go on, or tell whether they are stopped.
    Relays(Relays),
    /// Messages that were given up: list them with their reasons, send them again, drop them.
    Dlq(Dlq),
    /// Switch the relays of a site from inside, without being reachable: takes commands until it is told to stop.
    Agent(Agent),
    /// Hand queued messages to the functions as AWS does, and tick the watchdog each minute: for `make watch`.
    Pump(Pump),
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The file; - for the standard input.
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Setup {
    /// The source's id in camhook.toml.
    pub(crate) source: String,
    /// The source's webhook URL, where stack.json does not have it whole.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<Url>,
    /// The camhook.toml that has the source; the stack's own unless given. INSTAR's texts depend on it.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Send the settings to this camera instead of printing them: http://192.168.1.10
    #[arg(long, value_name = "CAMERA")]
    pub(crate) apply: Option<Url>,
    /// The camera's user.
    #[arg(long, requires = "apply", default_value = "admin")]
    pub(crate) user: String,
    /// Ask for the camera's password on the terminal.
    #[arg(long, requires = "apply", conflicts_with = "password_stdin")]
    pub(crate) password_prompt: bool,
    /// Read the camera's password from the standard input.
    #[arg(long, requires = "apply")]
    pub(crate) password_stdin: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Send {
    /// The source's id in camhook.toml.
    pub(crate) source: String,
    /// The name of a sample of the source's vendor, or a file: a whole HTTP request as text, or a body alone.
    #[arg(required_unless_present = "list", value_name = "CASE|FILE")]
    pub(crate) case: Option<String>,
    /// List the samples.
    #[arg(long)]
    pub(crate) list: bool,
    /// The source's webhook URL, where stack.json does not have it whole.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<Url>,
    /// The camhook.toml that has the source; the stack's own unless given. INSTAR's samples depend on it.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Sign with this key, where the vendor signs: env:NAME or ssm:/NAME. On the local cloud the source's own is
    /// found.
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) sign_with: Option<String>,
    /// Print the request instead of sending it.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Events {
    /// Only those received since: a time ago (30m, 2h, 3d), a date or a moment.
    #[arg(long, default_value = "24h", value_name = "WHEN")]
    pub(crate) since: String,
    /// Only those of this source.
    #[arg(long)]
    pub(crate) source: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: usize,
    /// Write the pictures into this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) save: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Token {
    /// The source's id in camhook.toml, there already or not yet.
    pub(crate) source: String,
    /// The source's vendor, where stack.json does not know the source.
    #[arg(long)]
    pub(crate) vendor: Option<Vendor>,
    /// Where webhooks are posted to, where there is no stack.json: https://hooks.example.org
    #[arg(long, value_name = "URL")]
    pub(crate) api_url: Option<Url>,
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    /// The channel's id in camhook.toml.
    pub(crate) channel: String,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The event: its id or how that begins, the file of a record, or - for the standard input.
    pub(crate) event: String,
    /// Judge by this camhook.toml instead of the deployed one. With the file of a record, no stack is needed.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Judge as if this area were in this mode; more than once for several areas.
    #[arg(long = "mode", value_name = "AREA=MODE", value_parser = area_and_mode)]
    pub(crate) modes: Vec<(String, String)>,
}

/// `yard=away`
fn area_and_mode(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((area, mode)) if !area.is_empty() && !mode.is_empty() => Ok((area.to_owned(), mode.to_owned())),
        _ => Err("write AREA=MODE, for example yard=away".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct Arm {
    /// The area, as sources of camhook.toml name it; every area's mode is told when there is none.
    pub(crate) area: Option<String>,
    /// The mode: home, away, off, or a name that rules use.
    #[arg(conflicts_with = "show")]
    pub(crate) mode: Option<String>,
    /// Tell the mode and leave it.
    #[arg(long)]
    show: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Relays {
    /// What to do.
    #[arg(value_enum, default_value_t)]
    pub(crate) action: RelaysAction,
    /// Who does it, for whoever asks later.
    #[arg(long, value_name = "NAME", env = "USER", hide_env_values = true, default_value = "somebody")]
    pub(crate) by: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum RelaysAction {
    /// Tell whether they are stopped, since when, and by whom.
    #[default]
    Status,
    /// Stop them: when this returns nothing is switched any more; what is on for a time is still switched off.
    Off,
    /// Let them go on. What was stopped meanwhile is not made up for.
    On,
}

#[derive(Debug, Args)]
pub(crate) struct Dlq {
    #[command(subcommand)]
    pub(crate) action: Option<DlqAction>,
    /// Only of this queue: notify, relay, relay-lan or mqtt.
    #[arg(long, global = true, value_name = "QUEUE", value_parser = queue)]
    pub(crate) queue: Option<Queue>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DlqAction {
    /// List them; what is done when nothing else is said.
    List,
    /// Send them again. Who was told already is not told twice, and no relay moves late.
    Send(DlqSend),
    /// Remove them for good.
    Drop(DlqDrop),
}

#[derive(Debug, Args)]
pub(crate) struct DlqSend {
    /// Which: ids of messages or of events, or how they begin.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(crate) ids: Vec<String>,
    /// All of them.
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DlqDrop {
    /// Which: ids of messages or of events, or how they begin.
    #[arg(required = true)]
    pub(crate) ids: Vec<String>,
}

fn queue(name: &str) -> Result<Queue, String> {
    let known = [Queue::Notify, Queue::Relay, Queue::RelayLan, Queue::Mqtt];
    let names = known.map(Queue::name).join(", ");
    known.into_iter().find(|queue| queue.name() == name).ok_or_else(|| format!("use one of {names}"))
}

#[derive(Debug, Args)]
pub(crate) struct Agent {
    /// Where it stands: its name in messages when it goes silent. Each agent of a stack has its own.
    #[arg(long, default_value = "site")]
    pub(crate) area: String,
    /// Switch this relay and no other; more than once for several. All with `via = "agent"` unless given.
    #[arg(long = "relay", value_name = "ID")]
    pub(crate) relays: Vec<String>,
    /// Use this camhook.toml, read once, instead of the deployed one.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Pump {
    /// Where the functions are invoked, as `cargo lambda watch` serves them.
    #[arg(long, value_name = "URL")]
    pub(crate) lambda_url: Url,
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use clap::CommandFactory;

    use super::*;

    const INTRODUCTION: &str = include_str!("../cli-introduction.md");

    #[test]
    fn the_arguments_make_sense() {
        Arguments::command().debug_assert();
    }

    /// A command, then those below it.
    fn document(command: &clap::Command, heading: &str, parent: &str, page: &mut String) {
        if command.get_name() == "help" {
            return;
        }
        let name = format!("{parent} {}", command.get_name());
        let help = command.clone().render_long_help().to_string();
        let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
        write!(page, "\n{heading} {name}\n\n```text\n{}\n```\n", lines.join("\n").trim()).unwrap();
        for below in command.get_subcommands() {
            document(below, &format!("{heading}#"), &name, page);
        }
    }

    /// Rewrites the page with `UPDATE=1 cargo test -p camhook-cli`.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test is told by the environment to rewrite its file")]
    fn the_documentation_is_the_one_of_the_command() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.md");
        let mut current = INTRODUCTION.to_owned();
        let mut camhook = Arguments::command().term_width(100);
        camhook.build();
        for command in camhook.get_subcommands() {
            document(command, "##", "camhook", &mut current);
        }
        if std::env::var("UPDATE").is_ok() {
            std::fs::write(path, &current).unwrap();
            return;
        }
        let published = std::fs::read_to_string(path).unwrap_or_default();
        assert!(published == current, "docs/cli.md is stale: run UPDATE=1 cargo test -p camhook-cli");
    }
}
