//! Errors.

use std::path::PathBuf;

#[cfg(feature = "aws")]
use camhook_operations::people::PeopleError;
use camhook_site::Problem;

/// What to do where no credentials are found.
pub(crate) const CREDENTIALS_FIX: &str = "run `aws sso login` or `aws login` for the profile, set AWS_PROFILE, or add the \
    stack again with --profile";

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The async runtime cannot be started.
    #[error("failed to start the async runtime: {0}")]
    Runtime(std::io::Error),
    /// A file cannot be read.
    #[error("failed to read {path}: {error}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: std::io::Error,
    },
    /// A camhook.toml in another encoding, for example Windows-1252 or UTF-16.
    #[error("{problem}")]
    NotUtf8 {
        /// Where it is not UTF-8.
        problem: Problem,
        /// The text, with a substitute for each wrong byte.
        lossy: String,
    },
    /// The dates of a calendar cannot be read from its file.
    #[error("calendar `{name}`: {reason}")]
    Calendar {
        /// The calendar's name in camhook.toml.
        name: String,
        /// What is wrong, and with which file.
        reason: String,
    },
    /// A file cannot be written.
    #[error("failed to write {path}: {error}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: std::io::Error,
    },
    /// A secret cannot be read.
    #[error(transparent)]
    Secret(#[from] camhook_ports::SecretError),
    /// The stack has no configuration.
    #[error("the stack has no camhook.toml: upload one with `camhook config push FILE`")]
    NoConfiguration,
    /// A file without sources would replace one with sources.
    #[error("{0} names no source, and the deployed camhook.toml does: add --allow-empty if that is intended")]
    EmptyConfiguration(String),
    /// A file that needs MQTT messages, for a stack that receives none.
    #[error(
        "{0} has a source with a `topic` or a relay with a `status_topic`, and the stack receives no MQTT messages: run \
         `make deploy PARAMETERS=\"Mqtt=yes\"`, then push again"
    )]
    NoMqtt(String),
    /// Another writer was faster.
    #[error(
        "the deployed camhook.toml was changed meanwhile: look at `camhook config diff FILE`, then push again"
    )]
    ConfigurationChanged,
    /// An object was not stored.
    #[error(transparent)]
    Put(camhook_ports::PutError),
    /// A version that the bucket does not have.
    #[error("camhook.toml has no version `{0}`: `camhook config history` lists them")]
    NoVersion(String),
    /// Several versions whose ids begin alike.
    #[error("several versions of camhook.toml begin with `{0}`: write more of the id")]
    AmbiguousVersion(String),
    /// There is nothing to roll back to.
    #[error("no earlier version of camhook.toml is known to be valid: name one of `camhook config history`")]
    NoEarlierVersion,
    /// A version that is not UTF-8.
    #[error("version {0} is not UTF-8 text")]
    NotText(String),
    /// There is no stack.json.
    #[error(
        "no stack: run `make up` for a local one, add one on AWS with `camhook stack add NAME`, or pass --stack NAME|PATH"
    )]
    NoStack,
    /// The user's configuration folder has no such stack.
    #[error("unknown stack `{name}`; known stacks: {known}. Add one with `camhook stack add NAME`")]
    UnknownStack {
        /// Its name.
        name: String,
        /// The names of the others.
        known: String,
    },
    /// The system does not say where the user's folders are.
    #[error("the home folder of the user is not known: set HOME, or pass --stack PATH")]
    NoHome,
    /// A stack in CloudFormation that is not one of camhook.
    #[error(
        "the stack `{stack}` has no output `{output}`: it is not a camhook stack, or one of an older version"
    )]
    NotCamhook {
        /// Its name.
        stack: String,
        /// What it lacks.
        output: String,
    },
    /// CloudFormation did not return the stack.
    #[error(transparent)]
    #[cfg(feature = "aws")]
    DeployedStack(#[from] camhook_aws::StackError),
    /// Nobody can be asked.
    #[error("{0}: add --yes to agree where nobody can be asked")]
    NeedsConsent(String),
    /// A person did not agree.
    #[error("nothing was changed")]
    NoConsent,
    /// The token of a source is not known.
    #[error(
        "the token of `{0}` is not known on this machine: camhook.toml has only its SHA-256, or the secret cannot be \
         read; pass the webhook URL with --url"
    )]
    NoToken(String),
    /// The stack.json is invalid.
    #[error("{path} is not a valid stack.json: {error}; run `make up` or `camhook stack add` again")]
    BadStack {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: String,
    },
    /// The stack has no such source.
    #[error("unknown source `{source_id}`{hint}")]
    UnknownSource {
        /// The source's id.
        source_id: String,
        /// What to do about it.
        hint: String,
    },
    /// The deployed camhook.toml has no such channel.
    #[error("the deployed camhook.toml has no channel `{channel}`{hint}")]
    UnknownChannel {
        /// The channel's id.
        channel: String,
        /// What to do about it.
        hint: String,
    },
    /// A URL that is not the webhook of a source.
    #[error(
        "the URL at {origin} is not a webhook of `{source_id}`: its path must end with /VENDOR/{source_id}/TOKEN"
    )]
    NotAWebhook {
        /// Scheme, host and port.
        origin: String,
        /// Which source.
        source_id: String,
    },
    /// An invalid source id.
    #[error(
        "`{0}` is not a valid source id: use 1 to 32 of a to z, 0 to 9 and -, starting with a letter or digit"
    )]
    NotAnId(String),
    /// The dialect of an INSTAR source is unknown.
    #[error(
        "settings and samples of an INSTAR source depend on its `dialect`, and camhook.toml has no such source with a \
         dialect: add it, or pass the file with --config"
    )]
    NoDialect,
    /// A camhook.toml with errors.
    #[error("{0} has errors: run `camhook check` to list them")]
    WrongSite(PathBuf),
    /// A message was not published.
    #[error("{0}; iot:Publish must be allowed on the source's topics")]
    Publish(#[from] camhook_ports::PublishError),
    /// `setup --apply` for a source over MQTT.
    #[error("cameras over MQTT cannot be configured with --apply: enter what `camhook setup` prints")]
    NoApplyOverMqtt,
    /// `setup --apply` for a vendor whose devices cannot be configured over HTTP.
    #[error("devices of {0} cannot be configured with --apply: enter what `camhook setup` prints")]
    NoApply(camhook_event::Vendor),
    /// Neither a sample of the vendor nor a file.
    #[error("`{case}` is neither a sample of {vendor} nor a file: use {known}")]
    UnknownCase {
        /// The argument.
        case: String,
        /// Whose samples.
        vendor: camhook_event::Vendor,
        /// The valid values.
        known: String,
    },
    /// A sample cannot be rendered.
    #[error(transparent)]
    Render(#[from] camhook_picture::RenderError),
    /// A file is not an HTTP request.
    #[error(transparent)]
    Post(#[from] camhook_picture::InvalidPost),
    /// A request cannot be built.
    #[error("failed to build the request: {0}")]
    Unsendable(String),
    /// The request was not sent.
    #[error(transparent)]
    #[cfg(feature = "aws")]
    NotSent(#[from] camhook_outbound::NotSent),
    /// No answer was received.
    #[error(transparent)]
    #[cfg(feature = "aws")]
    NoAnswer(#[from] camhook_outbound::Failure),
    /// The camera refused the settings.
    #[error("the camera refused the settings: {status} {detail}")]
    NotApplied {
        /// The status of its answer.
        status: u16,
        /// The body of its answer.
        detail: String,
    },
    /// No password was given.
    #[error("no password for the camera: add --password-prompt or --password-stdin")]
    NoPassword,
    /// The password cannot be read.
    #[error("failed to read the password: {0}")]
    Password(std::io::Error),
    /// An invalid timestamp.
    #[error(
        "`{0}` is not a valid time: use 30m, 2h, 3d, 2026-12-31, 2026-12-31T08:00 or 2026-12-31T08:00:00Z"
    )]
    NotATime(String),
    /// An argument that names nothing, or contradicts another one.
    #[error("{0}")]
    Argument(String),
    /// The index of events cannot be read.
    #[error(transparent)]
    #[cfg(feature = "aws")]
    Index(#[from] camhook_ports::IndexError),
    /// The index of events cannot be rebuilt.
    #[error("{0}; repeat the command to continue")]
    #[cfg(feature = "aws")]
    Rebuild(#[from] camhook_index::Error),
    /// A request to the bucket failed.
    #[error(transparent)]
    Object(#[from] camhook_ports::ObjectError),
    /// A record in the bucket is not an event.
    #[error("failed to read the event record {key}: {error}")]
    BadRecord {
        /// Its key.
        key: String,
        /// The cause.
        error: serde_json::Error,
    },
    /// The deployed camhook.toml cannot be loaded.
    #[error(transparent)]
    #[cfg(feature = "aws")]
    Site(#[from] camhook_aws::SiteError),
    /// The test message was not delivered.
    #[error("failed to deliver the message through channel `{channel}`: {reason}")]
    #[cfg(feature = "aws")]
    NotDelivered {
        /// The channel's id.
        channel: String,
        /// The cause.
        reason: camhook_notify::DeliveryError,
    },
    /// The system provides no random numbers.
    #[error("failed to get random numbers from the system: {0}")]
    Random(getrandom::Error),
    /// A person was not invited or removed.
    #[error(transparent)]
    #[cfg(feature = "aws")]
    People(#[from] PeopleError),
    /// A request to the table failed.
    #[error(transparent)]
    #[cfg(feature = "aws")]
    State(#[from] camhook_state::Error),
    /// The relays cannot be stopped.
    #[error(transparent)]
    #[cfg(feature = "aws")]
    Relay(#[from] camhook_relay::Error),
    /// The port cannot be opened.
    #[cfg(feature = "listen")]
    #[error(transparent)]
    Listen(#[from] camhook_listen::BindError),
    /// A file that exists already.
    #[error("{0} exists already: name another file, or remove it first")]
    Exists(PathBuf),
    /// The answers ended before the last question.
    #[error("the input ended before the last question; nothing was written")]
    Interrupted,
    /// An option or answer that cannot be used.
    #[error("{0}")]
    Answer(String),
    /// A time zone that is not in the database.
    #[error("`{0}` is not a time zone: use a name such as Europe/Berlin")]
    NotAZone(String),
    /// The stack cannot be read.
    #[error(transparent)]
    Operations(#[from] camhook_operations::Error),
    /// The events of the stack cannot be read.
    #[error(transparent)]
    Tail(#[from] camhook_operations::tail::TailError),
    /// A queue failed.
    #[error(transparent)]
    Queue(#[from] camhook_ports::QueueError),
    /// An area that no source has.
    #[error("camhook.toml has no area `{area}`{hint}")]
    UnknownArea {
        /// Its name.
        area: String,
        /// What to do about it.
        hint: String,
    },
    /// A name that neither a rule nor a camera has.
    #[error("camhook.toml has no rule, camera or source `{0}`")]
    UnknownSnooze(String),
    /// A relay that the agent cannot switch.
    #[error("camhook.toml has no relay `{relay}` with via = \"agent\"{hint}")]
    NotOnSite {
        /// The relay's id.
        relay: String,
        /// What to do about it.
        hint: String,
    },
    /// An invalid agent name.
    #[error(
        "`{0}` is not a valid agent name: use 1 to 32 of a to z, 0 to 9 and -, starting with a letter or digit"
    )]
    NotAnArea(String),
    /// Neither a file nor an event id.
    #[error(
        "`{0}` is neither a file nor an event id: ids have 32 of 0 to 9 and a to f; give at least the first 6"
    )]
    NotAnEvent(String),
    /// The bucket has no such event.
    #[error("no event with an id that starts with `{0}` in the last 90 days; its record may have expired")]
    NoRecord(String),
    /// An ambiguous event id.
    #[error("several events have an id that starts with `{id}`: {found}")]
    ManyRecords {
        /// The id as given.
        id: String,
        /// The keys of the matching records.
        found: String,
    },
    /// A file is not an event.
    #[error("{name} is not an event: {error}")]
    BadEvent {
        /// Which file.
        name: String,
        /// The cause.
        error: serde_json::Error,
    },
    /// A replay of quarantined posts failed.
    #[error("{0}; repeat the command to continue")]
    #[cfg(feature = "aws")]
    QuarantineReplay(#[from] camhook_operations::quarantine::ReplayError),
    /// A replay of events failed.
    #[error("{0}; repeat the command to continue")]
    #[cfg(feature = "aws")]
    Replay(#[from] camhook_operations::replay::ReplayError),
    /// A report cannot be made.
    #[error(transparent)]
    #[cfg(feature = "aws")]
    Report(#[from] camhook_operations::report::ReportError),
    /// Erasing failed.
    #[error("{0}; repeat the command to continue")]
    #[cfg(feature = "aws")]
    Erase(#[from] camhook_operations::erase::EraseError),
    /// No such entry of the quarantine.
    #[error(
        "no quarantined post with an id that starts with `{0}`: run `camhook quarantine list` to list them"
    )]
    NotQuarantined(String),
    /// An ambiguous id of a quarantined post.
    #[error("several quarantined posts have an id that starts with `{id}`: {found}")]
    ManyQuarantined {
        /// The id as given.
        id: String,
        /// The ids that match.
        found: String,
    },
    /// stack.json has no dead-letter queue.
    #[error("stack.json has no dead-letter queue{0}: run `make up` again")]
    NoDeadLetterQueue(String),
    /// No such dead letter.
    #[error(
        "no dead letter with a message or event id that starts with `{0}`: run `camhook dlq` to list them"
    )]
    NoDeadLetter(String),
    /// Signal handlers cannot be installed.
    #[error("failed to install signal handlers: {0}")]
    Signal(std::io::Error),
}

impl Error {
    /// What to do about a failure of AWS, by the code of the error.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        let text = self.to_string();
        #[cfg(feature = "aws")]
        if let Self::Index(error) = self
            && error.reason.contains("the name of its table is not known")
        {
            return Some(
                "a stack without an index is upgraded with `make deploy` or `make up`; if it was, run `camhook stack add` again",
            );
        }
        let hints: [(&[&str], &str); 6] = [
            (&["no usable AWS credentials"], CREDENTIALS_FIX),
            (
                &["AWS cannot be reached"],
                "check the network, DNS and a proxy, and the region of the stack; then repeat the command",
            ),
            (
                &["NoSuchBucket", "ResourceNotFound", "NonExistentQueue", "QueueDoesNotExist"],
                "the stack may have been deleted or replaced: run `camhook stack add` again, or `make up`",
            ),
            (
                &["AccessDenied", "not authorized", "is denied"],
                "your AWS user or role lacks a right: docs/operations.md lists those of each command",
            ),
            (
                &["Throttl", "ThroughputExceeded", "RequestLimitExceeded", "SlowDown", "LimitExceeded"],
                "AWS limits the rate: repeat the command in a minute, a long run continues where it ended",
            ),
            (
                &["ExpiredToken", "InvalidClientTokenId", "UnrecognizedClient", "InvalidAccessKeyId"],
                "the credentials are expired or wrong: sign in again",
            ),
        ];
        let matching = hints.iter().find(|(codes, _)| codes.iter().any(|code| text.contains(code)));
        matching.map(|(_, hint)| *hint)
    }

    /// The exit code of a command that ends with this error.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            #[cfg(feature = "aws")]
            Self::People(PeopleError::InvalidName | PeopleError::NoRole(_)) => 2,
            Self::Argument(_)
            | Self::NotATime(_)
            | Self::NotAnEvent(_)
            | Self::NotAnId(_)
            | Self::NotAnArea(_) => 2,
            _ => 1,
        }
    }
}

#[cfg(all(test, feature = "aws"))]
mod tests {
    use camhook_ports::ObjectError;

    use super::*;

    #[test]
    fn an_invalid_argument_has_the_exit_code_of_one() {
        let of = |text: &str| text.to_owned();
        for error in [Error::NotAnId(of("Drive")), Error::NotAnArea(of("Barn")), Error::NotATime(of("soon"))]
        {
            assert_eq!(error.exit_code(), 2, "{error}");
        }
        assert_eq!(Error::NoConsent.exit_code(), 1);
    }

    #[test]
    fn failures_of_aws_have_a_hint() {
        let failed = |reason: &str| {
            let reason = reason.to_owned();
            Error::from(ObjectError::Failed { key: "events/".to_owned(), reason }).hint()
        };
        for (reason, hint) in [
            ("NoSuchBucket: The specified bucket does not exist", "camhook stack add"),
            ("AccessDenied: User: arn:aws:iam::1:user/ann is not authorized", "lacks a right"),
            ("SlowDown: Please reduce your request rate.", "repeat the command"),
            ("ExpiredToken: The provided token has expired.", "sign in again"),
            ("no usable AWS credentials: profile `house` was not defined", "aws sso login"),
            ("AWS cannot be reached: connection refused", "check the network"),
        ] {
            assert!(failed(reason).is_some_and(|found| found.contains(hint)), "{reason}");
        }
        assert_eq!(failed("dispatch failure"), None);
    }

    #[test]
    fn an_upgrade_is_advised_only_where_there_is_no_index() {
        let failed = |reason: &str| {
            let reason = reason.to_owned();
            Error::from(camhook_ports::IndexError { action: "read a page", reason })
        };
        for (reason, hint) in [
            ("ResourceNotFoundException: Requested resource not found", "may have been deleted"),
            ("the name of its table is not known", "make deploy"),
            ("no usable AWS credentials: profile `house` was not defined", "aws sso login"),
            ("AccessDeniedException: not authorized", "lacks a right"),
        ] {
            let error = failed(reason);
            assert!(error.hint().is_some_and(|found| found.contains(hint)), "{reason}: {:?}", error.hint());
            assert!(!error.to_string().contains("make deploy"), "{error}");
        }
    }
}
