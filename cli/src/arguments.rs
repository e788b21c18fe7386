//! The command line: commands, arguments and their help.

use std::path::PathBuf;

use camhook_event::{Kind, PlateList, State, TargetClass, Vendor};
use camhook_operations::events::PlatePattern;
use camhook_ports::Queue;
use camhook_site::PlateText;
use clap::{Args, Parser, Subcommand, ValueEnum};
use url::Url;

use crate::output::Form;
#[cfg(feature = "aws")]
use crate::stack::Selection;

/// Configure, test and operate a camhook stack.
///
/// Exit codes: 0 success, 1 failure, 2 invalid arguments, 3 `check` found errors.
#[derive(Debug, Parser)]
#[command(name = "camhook", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// The command to run.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// The stack: a name of `camhook stack list`, or the path of a stack.json [default: .local/stack.json of this
    /// folder or a parent, else the stack of `camhook stack use`].
    #[arg(long, global = true, value_name = "NAME|PATH", env = "CAMHOOK_STACK", hide_env_values = true)]
    stack: Option<PathBuf>,
    /// Do not ask before a stack on AWS is changed.
    #[arg(long, global = true)]
    yes: bool,
    /// Print results as JSON, one value per line.
    #[arg(long, global = true)]
    json: bool,
}

impl Arguments {
    /// The stack and the consent to change it.
    #[cfg(feature = "aws")]
    pub(crate) fn selection(&self) -> Selection<'_> {
        Selection { named: self.stack.as_deref(), consent: self.consent() }
    }

    /// Whether to ask before something is changed.
    pub(crate) fn consent(&self) -> Consent {
        if self.yes { Consent::Given } else { Consent::Ask }
    }

    /// The output format.
    pub(crate) fn form(&self) -> Form {
        if self.json { Form::Json } else { Form::Text }
    }
}

/// Whether a person has agreed to a change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Consent {
    /// Ask.
    #[default]
    Ask,
    /// Agreed by `--yes`.
    Given,
}

/// Whether a command makes its change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Run {
    /// It does.
    Real,
    /// It only says what it would do.
    Dry,
}

/// The option of commands that change something.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct DryRun {
    /// Only say what would be done. Nothing is changed.
    #[arg(long)]
    dry_run: bool,
}

impl DryRun {
    /// Whether the command makes its change.
    pub(crate) fn run(self) -> Run {
        if self.dry_run { Run::Dry } else { Run::Real }
    }
}

#[derive(Debug, Subcommand)]
#[cfg_attr(
    not(feature = "aws"),
    expect(clippy::large_enum_variant, reason = "there is one value of it, and few commands are left")
)]
pub(crate) enum Command {
    /// Add, list, select and remove stacks on AWS.
    #[cfg(feature = "aws")]
    Stack(StackCommand),
    /// Check a camhook.toml: the same as `camhook config check`.
    Check(Check),
    /// Write a first camhook.toml: asks for cameras, a channel and a relay, and says what to do next.
    Init(Init),
    /// Receive whatever a camera sends, at any path, and show what it means. Needs no AWS and no configuration.
    ///
    /// Recognizes the dialects over HTTP. INSTAR over MQTT is not included: it needs a broker (docs/vendors/instar-mqtt.md).
    #[cfg(feature = "listen")]
    Listen(Listen),
    /// Check, compare, push, list, show and roll back the camhook.toml of a stack.
    #[cfg(feature = "aws")]
    Config(Config),
    /// Show the state of the stack on one screen, and what is wrong; exit code 1 if something is.
    ///
    /// Sources with their last contact, event and refusal, quarantine, queues, dead letters, alarms, relays, agents, modes,
    /// channels and snoozes. Of more than 20 sources, the text lists those with a problem.
    #[cfg(feature = "aws")]
    Status,
    /// Check credentials, rights, secrets, channels, relays, clock, DNS and certificate; each failure with its fix.
    ///
    /// Nothing is changed, switched or sent: channels and relays get a connection without a request. Exit code 1 if a check
    /// failed.
    #[cfg(feature = "aws")]
    Doctor,
    /// Show events, refused posts and decisions as they happen. Runs until it is stopped.
    #[cfg(feature = "aws")]
    Tail(Tail),
    /// Show the settings to enter in a camera's or recorder's menus.
    #[cfg(feature = "aws")]
    Setup(Setup),
    /// Send a sample of the vendor, or a file, to a source as its device would.
    #[cfg(feature = "aws")]
    Send(Send),
    /// List events, newest first.
    #[cfg(feature = "aws")]
    Events(Events),
    /// Show an event with all its values.
    #[cfg(feature = "aws")]
    Event(ShowEvent),
    /// Rebuild the index that `camhook events` reads.
    #[cfg(feature = "aws")]
    Index(Index),
    /// Create a token for a source. Nothing is stored: put the SHA-256 into camhook.toml and the URL into the camera.
    #[cfg(feature = "aws")]
    Token(Token),
    /// List the tokens, passwords and signing keys of sources with their last use: which of two a source still uses.
    ///
    /// A token is named by the first 8 digits of its SHA-256, a secret by its reference. A use is recorded within a minute,
    /// or within a quarter of `offline_after`.
    #[cfg(feature = "aws")]
    Tokens(Tokens),
    /// Send a test message with a picture through a channel of the deployed camhook.toml.
    #[cfg(feature = "aws")]
    Test(Test),
    /// Show which rules match an event, and why the others do not.
    #[cfg(feature = "aws")]
    Explain(Explain),
    /// Set or show the mode of an area.
    #[cfg(feature = "aws")]
    Arm(Arm),
    /// Suppress the notifications of a rule or camera for a time. Relays and modes are not affected.
    #[cfg(feature = "aws")]
    Snooze(Snooze),
    /// Show the relays and whether one may still be on; disable or enable all of them.
    #[cfg(feature = "aws")]
    Relays(Relays),
    /// List, show and replay posts that could not be read.
    ///
    /// A replay reads a post again with today's parser and configuration, and stores its events.
    #[cfg(feature = "aws")]
    Quarantine(Quarantine),
    /// Send stored events to the notification function again, under today's configuration.
    ///
    /// A replayed event is delivered again, whatever cooldowns and snoozes say, and sets no mode. It switches relays only
    /// with --relays. Can be interrupted: the same command continues where it ended.
    #[cfg(feature = "aws")]
    Replay(Replay),
    /// List dead letters and messages that are retried, with their reasons; send dead letters again, or delete them.
    #[cfg(feature = "aws")]
    Dlq(Dlq),
    /// Invite people to the console, list them with their sessions, or remove them.
    #[cfg(feature = "aws")]
    People(People),
    /// Switch relays from within the local network, without an open port. Runs until it is stopped.
    #[cfg(feature = "aws")]
    Agent(Agent),
    /// Report which relays were switched in a month, for whom, which plates were seen, or how many events there were.
    #[cfg(feature = "aws")]
    Report(Report),
    /// Erase what is stored about a plate, a person, a source or a time: events, pictures with all their versions,
    /// decisions, and posts in the quarantine.
    ///
    /// Says first what it found, and afterwards where traces remain, and until when. Can be interrupted: the same command
    /// erases the rest.
    #[cfg(feature = "aws")]
    Erase(Erase),
    /// Print a script that completes commands and options in a shell.
    Completions(Completions),
    /// Invoke the functions with queued messages, and the watchdog every minute, as AWS does: for `make watch`.
    #[cfg(feature = "aws")]
    Pump(Pump),
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The file, or - for standard input.
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The file to write.
    #[arg(default_value = "camhook.toml")]
    pub(crate) file: PathBuf,
    /// A camera or recorder, as VENDOR or VENDOR:ID, for example viewtron:gate; control:phone for a phone that sets
    /// modes. Repeat for several.
    #[arg(long = "source", value_name = "VENDOR[:ID]")]
    pub(crate) sources: Vec<NewSource>,
    /// How to notify you: ntfy or telegram:CHAT_ID.
    #[arg(long, value_name = "CHANNEL")]
    pub(crate) channel: Option<NewChannel>,
    /// A Shelly in the house that opens a gate or door, for example http://192.168.1.50. Needs --plate and a
    /// source of viewtron.
    #[arg(long, value_name = "URL", requires = "plates")]
    pub(crate) relay: Option<Url>,
    /// A plate that opens the relay. Repeat for several.
    #[arg(long = "plate", value_name = "PLATE", requires = "relay", value_parser = plate)]
    pub(crate) plates: Vec<String>,
    /// The site's time zone [default: this machine's].
    #[arg(long, value_name = "ZONE")]
    pub(crate) timezone: Option<String>,
    /// The base URL of the stack, where it is known: `https://hooks.example.org`
    #[arg(long, value_name = "URL")]
    pub(crate) api_url: Option<Url>,
}

/// A plate as it is written: with at least one letter or digit.
pub(crate) fn plate(text: &str) -> Result<String, String> {
    let text = text.trim();
    match PlateText::new(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err(format!("`{text}` is not a plate: write its letters and digits")),
    }
}

/// A source to be written, as `VENDOR[:ID]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewSource {
    pub(crate) vendor: Vendor,
    pub(crate) id: Option<String>,
}

impl std::str::FromStr for NewSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (vendor, id) = match text.split_once(':') {
            Some((vendor, id)) => (vendor, Some(id)),
            None => (text, None),
        };
        if let Some(id) = id.filter(|id| !camhook_site::is_id(id)) {
            return Err(format!(
                "`{id}` is not a valid id: use 1 to 32 of a to z, 0 to 9 and -, starting with a letter or digit"
            ));
        }
        let vendor = vendor.trim().parse().map_err(|_| {
            let names = Vendor::ALL.map(Vendor::name).join(", ");
            format!("`{vendor}` is not a vendor: use one of {names}, or control for a phone that sets modes")
        })?;
        Ok(Self { vendor, id: id.map(str::to_owned) })
    }
}

/// A channel to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NewChannel {
    /// The ntfy app, by a topic that nobody can guess.
    Ntfy,
    /// A Telegram chat, by its id.
    Telegram(i64),
}

impl std::str::FromStr for NewChannel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().split_once(':') {
            None if text.trim() == "ntfy" => Ok(Self::Ntfy),
            Some(("telegram", chat)) => chat
                .trim()
                .parse()
                .map(Self::Telegram)
                .map_err(|_| format!("`{chat}` is not the id of a Telegram chat: it is a whole number")),
            _ => Err(format!("`{text}` is not a channel: use ntfy or telegram:CHAT_ID")),
        }
    }
}

#[cfg(feature = "listen")]
#[derive(Debug, Args)]
pub(crate) struct Listen {
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// Accept devices of the local network, too: peers with private addresses only. The traffic is not encrypted.
    #[arg(long)]
    pub(crate) lan: bool,
    /// Save each event and its pictures into this folder, at most 1 GiB in all.
    #[arg(long, value_name = "DIR")]
    pub(crate) save: Option<PathBuf>,
    /// Write each request as a fixture folder below this folder. The body is written as it came.
    #[arg(long, value_name = "DIR")]
    pub(crate) case: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct StackCommand {
    #[command(subcommand)]
    pub(crate) action: StackAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StackAction {
    /// Read the outputs of a stack on AWS and keep them under a name. Run it again after an update of the stack.
    Add(StackAdd),
    /// List the stacks and mark the one in use.
    List,
    /// Use a stack where neither --stack nor a local stack selects another.
    Use(StackName),
    /// Forget a stack. Nothing changes on AWS.
    Remove(StackName),
}

#[derive(Debug, Args)]
pub(crate) struct StackAdd {
    /// The name to use with --stack.
    #[arg(value_parser = stack_name)]
    pub(crate) name: String,
    /// The name in CloudFormation.
    #[arg(long, value_name = "STACK", default_value = "camhook")]
    pub(crate) stack_name: String,
    /// The region [default: that of the profile, or AWS_REGION].
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// The AWS profile whose credentials are used for this stack [default: credentials as other AWS tools find them].
    #[arg(long)]
    pub(crate) profile: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct StackName {
    /// The name of the stack.
    #[arg(value_parser = stack_name)]
    pub(crate) name: String,
}

fn stack_name(text: &str) -> Result<String, String> {
    if camhook_site::is_id(text) {
        return Ok(text.to_owned());
    }
    Err("use 1 to 32 of a to z, 0 to 9 and -, starting with a letter or digit".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct Config {
    #[command(subcommand)]
    pub(crate) action: ConfigAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigAction {
    /// Check a camhook.toml and report errors and warnings with line, column and fix.
    Check(Check),
    /// Print a camhook.toml as `push` uploads it: with the dates of calendars that are kept in files.
    Render(ConfigRender),
    /// Show the difference between the deployed camhook.toml and a file.
    Diff(ConfigDiff),
    /// Check a camhook.toml, show the difference, upload it, and wait until the watchdog has validated it.
    Push(ConfigPush),
    /// List the versions, newest first, with the watchdog's verdict.
    History(ConfigHistory),
    /// Print a version.
    Show(ConfigShow),
    /// Push an earlier version again.
    Rollback(ConfigRollback),
}

#[derive(Debug, Args)]
pub(crate) struct ConfigRender {
    /// The file, or - for standard input.
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigDiff {
    /// The file, or - for standard input.
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigPush {
    /// The file, or - for standard input.
    pub(crate) file: PathBuf,
    /// Replace a configuration that has sources by one that has none.
    #[arg(long)]
    allow_empty: bool,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
}

impl ConfigPush {
    /// Whether a file without sources is intended.
    pub(crate) fn empty(&self) -> EmptyFile {
        if self.allow_empty { EmptyFile::Allowed } else { EmptyFile::Refused }
    }
}

/// Whether a file without sources may replace one with sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EmptyFile {
    Allowed,
    Refused,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigHistory {
    /// The maximum number of versions.
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigShow {
    /// The id of the version, or its first characters [default: the newest].
    pub(crate) version: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigRollback {
    /// The id of the version, or its first characters [default: the last valid one before the newest].
    pub(crate) version: Option<String>,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
}

#[derive(Debug, Args)]
pub(crate) struct Setup {
    /// The source's id in camhook.toml.
    pub(crate) source: String,
    /// The source's webhook URL, if stack.json does not contain it with its token.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<Url>,
    /// The camhook.toml with the source [default: the deployed one]. INSTAR settings depend on it.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Send the settings to the camera at this URL instead of printing them: http://192.168.1.10
    #[arg(long, value_name = "CAMERA")]
    pub(crate) apply: Option<Url>,
    /// The camera's user name.
    #[arg(long, requires = "apply", default_value = "admin")]
    pub(crate) user: String,
    /// Prompt for the camera's password.
    #[arg(long, requires = "apply", conflicts_with = "password_stdin")]
    pub(crate) password_prompt: bool,
    /// Read the camera's password from standard input.
    #[arg(long, requires = "apply")]
    pub(crate) password_stdin: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Send {
    /// The source's id in camhook.toml.
    pub(crate) source: String,
    /// The name of a sample, or a file with a whole HTTP request or only its body.
    #[arg(required_unless_present = "list", value_name = "CASE|FILE")]
    pub(crate) case: Option<String>,
    /// List the samples.
    #[arg(long)]
    pub(crate) list: bool,
    /// The source's webhook URL, if stack.json does not contain it with its token.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<Url>,
    /// The camhook.toml with the source [default: the deployed one]. INSTAR samples depend on it.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The key to sign with, if the vendor signs its posts: env:NAME or ssm:/NAME. On the local cloud, the source's
    /// own key is used by default.
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) sign_with: Option<String>,
    /// The time that the device reports: an age (30m, 2h), a date or a time; in the time zone of this machine, unless it
    /// has an offset [default: now]. The source's clock_tolerance decides whether it becomes the event's time.
    #[arg(long, value_name = "WHEN")]
    pub(crate) at: Option<String>,
    /// The plate in place of the sample's.
    #[arg(long, value_name = "PLATE")]
    pub(crate) plate: Option<String>,
    /// Print the request instead of sending it.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Events {
    /// Only events since: an age (30m, 2h, 3d), a date or a time; in the time zone of the site, unless it has an offset.
    #[arg(long, default_value = "24h", value_name = "WHEN")]
    pub(crate) since: String,
    /// Only events before: an age, a date or a time, as for --since.
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<String>,
    /// Only events of this source.
    #[arg(long)]
    pub(crate) source: Option<String>,
    /// Only events of this camera: a camera of camhook.toml, SOURCE/CAMERA, or a source with one camera.
    #[arg(long, value_name = "CAMERA")]
    pub(crate) camera: Option<CameraArgument>,
    /// Only events of this area.
    #[arg(long)]
    pub(crate) area: Option<String>,
    /// Only events with this plate, whatever the spaces and hyphens; * stands for any characters: `*CD12`.
    #[arg(long, value_name = "PLATE")]
    pub(crate) plate: Option<PlatePattern>,
    /// Only events of this kind, for example intrusion.
    #[arg(long, value_parser = kind)]
    pub(crate) kind: Option<Kind>,
    /// Only events with such a target: person, vehicle, motorcycle_bicycle, animal, face, plate or other.
    #[arg(long, value_parser = word::<TargetClass>)]
    pub(crate) target: Option<TargetClass>,
    /// Only events with a face whose name contains this.
    #[arg(long, value_name = "NAME")]
    pub(crate) face: Option<String>,
    /// Only events whose plate or face is on this list of the device: allow, deny, temporary, stranger or unlisted.
    #[arg(long, value_parser = word::<PlateList>)]
    pub(crate) list: Option<PlateList>,
    /// Only events of this vendor.
    #[arg(long)]
    pub(crate) vendor: Option<Vendor>,
    /// Only events that say that something began or ended: start or stop.
    #[arg(long, value_parser = word::<State>)]
    pub(crate) state: Option<State>,
    /// The maximum number of events.
    #[arg(long, default_value_t = 20, value_parser = at_least_one)]
    pub(crate) limit: usize,
    /// Print comma-separated values with a header.
    #[arg(long, conflicts_with_all = ["json", "save"])]
    csv: bool,
    /// Save the pictures to this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) save: Option<PathBuf>,
}

impl Events {
    /// How the list is printed.
    pub(crate) fn form(&self) -> ListForm {
        if self.csv { ListForm::Csv } else { ListForm::Lines }
    }
}

/// How a list is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListForm {
    /// A line for each element, as text or JSON.
    Lines,
    /// Comma-separated values.
    Csv,
}

/// The camera of `--camera`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CameraArgument {
    /// A `[[camera]]`, or a source.
    Named(String),
    /// A camera of a source.
    OfSource { source: String, camera: String },
}

impl std::str::FromStr for CameraArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, camera) = match text.split_once('/') {
            Some((source, camera)) => (source, Some(camera)),
            None => (text, None),
        };
        if !camhook_site::is_id(name) || camera == Some("") {
            return Err("use the id of a camera or source, or SOURCE/CAMERA".to_owned());
        }
        Ok(match camera {
            Some(camera) => Self::OfSource { source: name.to_owned(), camera: camera.to_owned() },
            None => Self::Named(name.to_owned()),
        })
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    let number: Result<usize, _> = text.parse();
    number.ok().filter(|number| *number > 0).ok_or_else(|| "use a number from 1".to_owned())
}

fn kind(name: &str) -> Result<Kind, String> {
    let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    let found = Kind::ALL.iter().copied().find(|kind| kind.name() == name);
    found.ok_or_else(|| format!("use one of {}", names.join(", ")))
}

/// A value by its name in JSON. A name that JSON would read as `other` is an error.
fn word<T: serde::Serialize + serde::de::DeserializeOwned>(name: &str) -> Result<T, String> {
    let value = serde_json::Value::from(name);
    let read: Option<T> = serde_json::from_value(value.clone()).ok();
    let is_same = |read: &T| serde_json::to_value(read).is_ok_and(|written| written == value);
    read.filter(is_same).ok_or_else(|| "not a known value; see --help".to_owned())
}

#[cfg(feature = "aws")]
#[derive(Debug, Args)]
pub(crate) struct Tokens {
    /// Only those of this source.
    pub(crate) source: Option<String>,
}

#[cfg(feature = "aws")]
#[derive(Debug, Args)]
pub(crate) struct Tail {
    /// Only what is about this source.
    #[arg(long)]
    pub(crate) source: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ShowEvent {
    /// The event's id, or at least its first 6 characters.
    pub(crate) id: String,
    /// Save the pictures to this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) pictures: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Index {
    #[command(subcommand)]
    pub(crate) action: IndexAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum IndexAction {
    /// Make the index of events again from the records in the bucket, and correct the counts of each day.
    ///
    /// Can be interrupted: the same command continues with the day that was not finished.
    Rebuild(IndexRebuild),
}

#[derive(Debug, Args)]
pub(crate) struct IndexRebuild {
    /// From this day on: an age (30d), a date or a time; in the time zone of the site, unless it has an offset.
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: String,
    /// Only count what is missing or wrong.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Begin again instead of continuing an interrupted rebuild.
    #[arg(long)]
    pub(crate) restart: bool,
}

impl IndexRebuild {
    /// Whether anything is written.
    #[cfg(feature = "aws")]
    pub(crate) fn mode(&self) -> camhook_index::Mode {
        if self.dry_run { camhook_index::Mode::DryRun } else { camhook_index::Mode::Write }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Token {
    /// The id of the source in camhook.toml; it may be a new one.
    pub(crate) source: String,
    /// The source's vendor, if stack.json does not contain the source.
    #[arg(long)]
    pub(crate) vendor: Option<Vendor>,
    /// The base URL of webhooks, if there is no stack.json: `https://hooks.example.org`
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
    /// The event: its id or the beginning of it, a file with its record, or - for standard input.
    pub(crate) event: String,
    /// Show what would happen today: evaluate under the deployed camhook.toml and the current modes, instead of those that
    /// were in force when the event was processed. An event from a file is always evaluated so.
    #[arg(long)]
    would: bool,
    /// Evaluate the rules of this camhook.toml instead of the deployed one. With a file as event, no stack is needed.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Assume this mode for an area; can be given more than once.
    #[arg(long = "mode", value_name = "AREA=MODE", value_parser = area_and_mode)]
    pub(crate) modes: Vec<(String, String)>,
}

impl Explain {
    /// Under which configuration and modes rules are evaluated.
    pub(crate) fn basis(&self) -> ExplainBasis {
        if self.would || self.config.is_some() || !self.modes.is_empty() {
            ExplainBasis::Today
        } else {
            ExplainBasis::Recorded
        }
    }
}

/// Under which configuration and modes rules are evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExplainBasis {
    /// Those that were in force when the event was processed.
    Recorded,
    /// Those of now.
    Today,
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
    /// The `area` of a source in camhook.toml. Without it, the modes of all areas are shown.
    pub(crate) area: Option<String>,
    /// The new mode: home, away, off, or a name that rules use.
    #[arg(conflicts_with = "show")]
    pub(crate) mode: Option<String>,
    /// Show the mode without changing it.
    #[arg(long)]
    show: bool,
    /// Your name, recorded with the change.
    #[arg(long, value_name = "NAME", env = "USER", hide_env_values = true, default_value = "somebody")]
    pub(crate) by: String,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
}

#[cfg(feature = "aws")]
#[derive(Debug, Args)]
pub(crate) struct Snooze {
    /// A rule, a `[[camera]]`, a source, or `source/camera`. Without it, all snoozes are listed.
    #[arg(value_name = "CAMERA|RULE")]
    pub(crate) name: Option<String>,
    /// For how long, for example 30m or 2h; at most 168h. The next message says how many were not sent.
    #[arg(value_name = "TIME", conflicts_with = "list", value_parser = crate::command::snooze::length)]
    pub(crate) length: Option<jiff::SignedDuration>,
    /// List the snoozes: the same as without a name.
    #[arg(long, conflicts_with_all = ["name", "off"])]
    list: bool,
    /// End the snooze.
    #[arg(long, conflicts_with = "length", requires = "name")]
    pub(crate) off: bool,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
}

#[derive(Debug, Args)]
pub(crate) struct People {
    #[command(subcommand)]
    pub(crate) action: PeopleAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PeopleAction {
    /// Print a link that signs in one browser, once, within 15 minutes. Repeat it for another browser.
    ///
    /// A person who is invited again keeps their role and areas, unless --role, --area or --all-areas changes them: for all
    /// their browsers, at once.
    Invite(Invite),
    /// List people with their roles, areas and sessions.
    List,
    /// Remove a person and end their sessions at once.
    Revoke(Revoke),
}

#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// The person's name.
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
}

#[derive(Debug, Args)]
pub(crate) struct Invite {
    /// The person's name, as it is shown: up to 64 characters.
    pub(crate) name: String,
    /// What the person may do. Required for a new person; without it, the role stays.
    #[arg(long, value_enum)]
    pub(crate) role: Option<RoleArgument>,
    /// An area that the person may see. Repeat for several. Without it, the areas stay; a new person sees everything.
    #[arg(long = "area", value_name = "AREA", conflicts_with = "all_areas")]
    pub(crate) areas: Vec<String>,
    /// Let the person see everything, also what belongs to no area.
    #[arg(long)]
    pub(crate) all_areas: bool,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleArgument {
    /// Look at events, cameras and relays.
    Viewer,
    /// Also mark events as reviewed, and see what was not delivered.
    Operator,
    /// Also see the configuration and the people.
    Admin,
}

#[derive(Debug, Args)]
pub(crate) struct Relays {
    /// The action.
    #[arg(value_enum, default_value_t)]
    pub(crate) action: RelaysAction,
    /// The relay of `confirm-off`.
    #[arg(value_name = "RELAY", required_if_eq("action", "confirm-off"))]
    pub(crate) relay: Option<String>,
    /// Your name, recorded with the change.
    #[arg(long, value_name = "NAME", env = "USER", hide_env_values = true, default_value = "somebody")]
    pub(crate) by: String,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum RelaysAction {
    /// Show whether relays are disabled, since when and by whom, and the state of each relay: what it was last asked, until
    /// when it is on, and whether it may be on because its device has not confirmed that it is off.
    #[default]
    Status,
    /// Disable all relays. Returns when no action is in progress. Timed outputs that are on are still released.
    Off,
    /// Enable relays. Actions blocked while relays were off are not replayed.
    On,
    /// Confirm that a relay is off, which its device does not confirm: its release is not tried again.
    ConfirmOff,
}

#[derive(Debug, Args)]
pub(crate) struct Quarantine {
    #[command(subcommand)]
    pub(crate) action: QuarantineAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum QuarantineAction {
    /// List posts, newest first.
    List(QuarantineList),
    /// Show a post: why it is in the quarantine, and the beginning of its body.
    Show(QuarantineShow),
    /// Read posts again with the parser of this camhook and the deployed camhook.toml, and store their events.
    ///
    /// Posts of sources with `faces = "drop"` are kept without values and cannot be replayed. Can be interrupted: the same
    /// command continues.
    Replay(QuarantineReplay),
}

/// Which posts of the quarantine.
#[derive(Debug, Args)]
pub(crate) struct QuarantineRange {
    /// Only posts since: an age (30m, 2h, 3d), a date or a time; in the time zone of the site, unless it has an offset.
    #[arg(long, default_value = "30d", value_name = "WHEN")]
    pub(crate) since: String,
    /// Only posts before: an age, a date or a time, as for --since.
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<String>,
    /// Only posts of this source.
    #[arg(long)]
    pub(crate) source: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct QuarantineList {
    #[command(flatten)]
    pub(crate) range: QuarantineRange,
    /// The maximum number of posts.
    #[arg(long, default_value_t = 50, value_parser = at_least_one)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct QuarantineShow {
    /// The post's id, or the beginning of it.
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) range: QuarantineRange,
    /// Save the kept body to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct QuarantineReplay {
    /// Ids of posts, or the beginning of them.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(crate) ids: Vec<String>,
    /// Replay all posts of the range.
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) range: QuarantineRange,
    /// Let the events switch relays, too, as if they had happened now.
    #[arg(long)]
    relays: bool,
    /// Only show what the posts would become.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

impl QuarantineReplay {
    /// Whether the events may switch relays.
    pub(crate) fn relays(&self) -> ReplayRelays {
        if self.relays { ReplayRelays::Switch } else { ReplayRelays::Leave }
    }
}

/// Whether replayed events may switch relays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReplayRelays {
    /// They may.
    Switch,
    /// They may not.
    Leave,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Events since: an age (30m, 2h, 3d), a date or a time; in the time zone of the site, unless it has an offset.
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: String,
    /// Events before: an age, a date or a time, as for --since [default: now].
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<String>,
    /// Only events of this source.
    #[arg(long)]
    pub(crate) source: Option<String>,
    /// Let the events switch relays, too, as if they had happened now. `max_age`, cooldowns and the stop switch apply.
    #[arg(long)]
    relays: bool,
    /// Only count the events.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Begin again instead of continuing an interrupted replay.
    #[arg(long)]
    pub(crate) restart: bool,
}

impl Replay {
    /// Whether the events may switch relays.
    pub(crate) fn relays(&self) -> ReplayRelays {
        if self.relays { ReplayRelays::Switch } else { ReplayRelays::Leave }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The report.
    #[arg(value_enum)]
    pub(crate) report: ReportKind,
    /// The month in the time zone of the site, as YYYY-MM.
    #[arg(long, value_name = "YYYY-MM", value_parser = month)]
    pub(crate) month: jiff::civil::Date,
    /// Only this relay, in `gate`.
    #[arg(long)]
    pub(crate) relay: Option<String>,
    /// Print comma-separated values with a header.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

impl Report {
    /// How the report is printed.
    pub(crate) fn form(&self) -> ListForm {
        if self.csv { ListForm::Csv } else { ListForm::Lines }
    }
}

/// A report of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportKind {
    /// Relays that were switched, with the plate and person of the event.
    Gate,
    /// Plates, by the number of their events.
    Plates,
    /// The number of events by day and camera.
    Counts,
}

/// `2026-11` as its first day.
fn month(text: &str) -> Result<jiff::civil::Date, String> {
    let is_month = text.len() == 7 && !text.starts_with(['+', '-']);
    let first = is_month.then(|| format!("{text}-01").parse().ok()).flatten();
    first.ok_or_else(|| "use a month as YYYY-MM, for example 2026-11".to_owned())
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("subject").required(true)))]
pub(crate) struct Erase {
    /// Everything about this plate, whatever the spaces and hyphens.
    #[arg(long, group = "subject")]
    pub(crate) plate: Option<String>,
    /// Everything about this person: the whole name, or the id, as the device's album has it.
    #[arg(long, value_name = "NAME|ID", group = "subject")]
    pub(crate) person: Option<String>,
    /// Everything of this source.
    #[arg(long, group = "subject")]
    pub(crate) source: Option<String>,
    /// Everything before this time: an age (365d), a date or a time; in the time zone of the site, unless it has an
    /// offset.
    #[arg(long, value_name = "WHEN", group = "subject")]
    pub(crate) before: Option<String>,
    /// Only show what would be erased.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: CompletionShell,
}

/// A shell with completions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompletionShell {
    Bash,
    Zsh,
    Fish,
    #[value(name = "powershell")]
    PowerShell,
}

#[derive(Debug, Args)]
pub(crate) struct Dlq {
    #[command(subcommand)]
    pub(crate) action: Option<DlqAction>,
    /// Only messages of this queue: notify, alerts, relay, relay-lan, releases, releases-lan, mqtt, index or bus.
    #[arg(long, global = true, value_name = "QUEUE", value_parser = queue)]
    pub(crate) queue: Option<Queue>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DlqAction {
    /// List dead letters and messages that are retried (the default).
    List,
    /// Send dead letters again. Actions that succeeded are not repeated, and relays are not switched late.
    Send(DlqSend),
    /// Delete dead letters permanently.
    Drop(DlqDrop),
}

#[derive(Debug, Args)]
pub(crate) struct DlqSend {
    /// Ids of messages or events, or the beginning of them.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(crate) ids: Vec<String>,
    /// Send all dead letters again.
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
}

#[derive(Debug, Args)]
pub(crate) struct DlqDrop {
    /// Ids of messages or events, or the beginning of them.
    #[arg(required = true)]
    pub(crate) ids: Vec<String>,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
}

fn queue(name: &str) -> Result<Queue, String> {
    let names = Queue::ALL.map(Queue::name).join(", ");
    Queue::ALL.into_iter().find(|queue| queue.name() == name).ok_or_else(|| format!("use one of {names}"))
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
    /// The base URL of the functions, as `cargo lambda watch` serves them.
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
    fn arguments_are_valid() {
        Arguments::command().debug_assert();
    }

    #[cfg(feature = "aws")]
    #[test]
    fn snoozes_are_listed_without_a_name_and_ended_or_set_with_one() {
        let parsed = |arguments: &[&str]| {
            Arguments::try_parse_from(["camhook", "snooze"].iter().chain(arguments).copied())
        };
        for valid in [&[][..], &["--list"], &["gate"], &["gate", "2h"], &["gate", "--off"]] {
            assert!(parsed(valid).is_ok(), "{valid:?}");
        }
        for invalid in [&["--off"][..], &["gate", "--list"], &["gate", "2h", "--off"], &["--list", "--off"]] {
            assert_eq!(parsed(invalid).unwrap_err().exit_code(), 2, "{invalid:?}");
        }
    }

    /// Writes the help of a command and its subcommands.
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
    #[expect(clippy::disallowed_methods, reason = "UPDATE=1 makes the test rewrite its file")]
    fn docs_cli_md_is_current() {
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
