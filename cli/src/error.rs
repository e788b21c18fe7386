//! What can go wrong.

use std::path::PathBuf;

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The program cannot start.
    #[error("the program cannot start: {0}")]
    Runtime(std::io::Error),
    /// A file cannot be read.
    #[error("{path} cannot be read: {error}")]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file cannot be written.
    #[error("{path} cannot be written: {error}")]
    Write {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A secret cannot be read.
    #[error(transparent)]
    Secret(#[from] camhook_ports::SecretError),
    /// There is no stack.json.
    #[error(
        "there is no .local/stack.json here or in a parent folder: run `make up`, or name one with --stack"
    )]
    NoStack,
    /// The stack.json says nothing that can be understood.
    #[error("{path} cannot be understood: {error}: run `make up` again")]
    BadStack {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: String,
    },
    /// A source that the stack does not have.
    #[error("there is no source `{source_id}`{hint}")]
    UnknownSource {
        /// Which one.
        source_id: String,
        /// What to do.
        hint: String,
    },
    /// A channel that camhook.toml does not have.
    #[error("the deployed camhook.toml has no channel `{channel}`{hint}")]
    UnknownChannel {
        /// Which one.
        channel: String,
        /// What to do.
        hint: String,
    },
    /// A URL that is not the webhook of a source.
    #[error(
        "the address at {origin} is not the webhook of `{source_id}`: it ends in /vendor/{source_id}/token"
    )]
    NotAWebhook {
        /// Scheme, host and port.
        origin: String,
        /// Which source.
        source_id: String,
    },
    /// A source's id that is none.
    #[error(
        "`{0}` is no id of a source: use 1 to 32 of a to z, 0 to 9 and -, beginning with a letter or digit"
    )]
    NotAnId(String),
    /// What is said of a source depends on its dialect, and nobody said which one it is.
    #[error(
        "what an INSTAR device sends depends on the source's `dialect`, and camhook.toml has no such source with \
         one: add it, or name the file with --config"
    )]
    NoDialect,
    /// A camhook.toml that cannot be used.
    #[error("{0} is wrong: `camhook check` says where and what to do")]
    WrongSite(PathBuf),
    /// A message was not published.
    #[error("{0}; it takes the right iot:Publish on the source's topics")]
    Publish(#[from] camhook_ports::PublishError),
    /// The device of a source over MQTT is not set up over HTTP.
    #[error("a camera over MQTT cannot be set up from here: type in what `camhook setup` prints")]
    NoApplyOverMqtt,
    /// The vendor's devices cannot be set up from here.
    #[error("a device of {0} cannot be set up from here: type in what `camhook setup` prints")]
    NoApply(camhook_event::Vendor),
    /// A sample that the vendor does not have, and no file either.
    #[error("`{case}` is neither a file nor a sample of {vendor}: use {known}")]
    UnknownCase {
        /// Which one.
        case: String,
        /// Whose samples.
        vendor: camhook_event::Vendor,
        /// What there is.
        known: String,
    },
    /// A sample that cannot be filled in.
    #[error(transparent)]
    Render(#[from] camhook_picture::RenderError),
    /// A request that cannot be taken apart.
    #[error(transparent)]
    Post(#[from] camhook_picture::InvalidPost),
    /// A request that cannot be sent.
    #[error("the request cannot be sent: {0}")]
    Unsendable(String),
    /// Nothing was sent.
    #[error(transparent)]
    NotSent(#[from] camhook_outbound::NotSent),
    /// No answer came.
    #[error(transparent)]
    NoAnswer(#[from] camhook_outbound::Failure),
    /// A camera did not take its settings.
    #[error("the camera did not take the settings: it answered {status} {detail}")]
    NotApplied {
        /// The status of its answer.
        status: u16,
        /// What it said.
        detail: String,
    },
    /// No password was given.
    #[error("the camera's password is needed: add --password-prompt or --password-stdin")]
    NoPassword,
    /// The password cannot be read.
    #[error("the password cannot be read: {0}")]
    Password(std::io::Error),
    /// A moment that is none.
    #[error("`{0}` is no time: use 30m, 2h, 3d, 2026-12-31 or 2026-12-31T08:00:00Z")]
    NotATime(String),
    /// The bucket failed.
    #[error(transparent)]
    Object(#[from] camhook_ports::ObjectError),
    /// A record in the bucket that is no event.
    #[error("the record {key} is no event of this version: {error}")]
    BadRecord {
        /// Which one.
        key: String,
        /// Why.
        error: serde_json::Error,
    },
    /// The deployed camhook.toml cannot be had.
    #[error(transparent)]
    Site(#[from] camhook_aws::SiteError),
    /// The channel did not take the message.
    #[error("the channel `{channel}` did not take the message: {reason}")]
    NotTold {
        /// Which one.
        channel: String,
        /// Why.
        reason: camhook_notify::NotTold,
    },
    /// The machine gives no random numbers.
    #[error("the machine gives no random numbers: {0}")]
    Random(getrandom::Error),
    /// The table failed.
    #[error(transparent)]
    State(#[from] camhook_state::Error),
    /// The relays cannot be stopped.
    #[error(transparent)]
    Relay(#[from] camhook_relay::Error),
    /// A queue failed.
    #[error(transparent)]
    Queue(#[from] camhook_ports::QueueError),
    /// An area that no source has.
    #[error("camhook.toml has no area `{area}`{hint}")]
    UnknownArea {
        /// Which one.
        area: String,
        /// What to do.
        hint: String,
    },
    /// A relay that the agent cannot switch.
    #[error("camhook.toml has no relay `{relay}` with via = \"agent\"{hint}")]
    NotOnSite {
        /// Which one.
        relay: String,
        /// What to do.
        hint: String,
    },
    /// An agent's name that is none.
    #[error(
        "`{0}` is no name of an agent: use 1 to 32 of a to z, 0 to 9 and -, beginning with a letter or digit"
    )]
    NotAnArea(String),
    /// An event that is neither a file nor an id.
    #[error(
        "`{0}` is neither a file nor the id of an event: ids have 32 of 0 to 9 and a to f, at least 6 of them are needed"
    )]
    NotAnEvent(String),
    /// An event that the bucket does not have.
    #[error("the bucket has no record of an event `{0}`: the lifecycle may have removed it")]
    NoRecord(String),
    /// Several events whose ids begin alike.
    #[error("several events begin with `{id}`: {found}")]
    ManyRecords {
        /// What was asked for.
        id: String,
        /// What was found.
        found: String,
    },
    /// A file that holds no event.
    #[error("{name} is no event of this version: {error}")]
    BadEvent {
        /// Which file.
        name: String,
        /// Why.
        error: serde_json::Error,
    },
    /// The stack names no queue of dead letters.
    #[error("stack.json names no queue of dead letters{0}: run `make up` again")]
    NoDeadLetterQueue(String),
    /// A dead letter that is not there.
    #[error("no message that was given up, and no event of one, begins with `{0}`: `camhook dlq` lists them")]
    NoDeadLetter(String),
    /// The process cannot be told to stop.
    #[error("the signals of the system cannot be heard: {0}")]
    Signal(std::io::Error),
}
