//! What a vendor's crate implements: how its posts are read, and how its senders are answered.

use std::borrow::Cow;

use camhook_event::Vendor;

use crate::{Draft, Headers, Request, Verified};

/// A vendor's dialect.
///
/// Parsing is pure: bytes in, [`Parsed`] or [`Malformed`] out. No clock, no environment, no network, no panic.
pub trait Adapter: Send + Sync {
    /// Whose dialect.
    fn vendor(&self) -> Vendor;

    /// The version of the parser, kept with what it could not read.
    fn parser_version(&self) -> &'static str;

    /// The signature that the request carries over its body, where the vendor's senders sign: HMAC-SHA256.
    ///
    /// `None` when there is none, or none of the vendor's form.
    fn signature(&self, headers: &Headers) -> Option<[u8; 32]> {
        let _ = headers;
        None
    }

    /// Paths below none of the vendor's sources that its firmware posts to all the same, whatever address is
    /// configured.
    ///
    /// Such a post belongs to the one source of the vendor all of whose credentials it has; a source with a token,
    /// which a fixed path cannot hold, receives none.
    fn fixed_paths(&self) -> &'static [FixedPath] {
        &[]
    }

    /// Whether the request is that of a person with a browser, or of a test button, and no post of a device: a GET of the
    /// source's own address and nothing else. What stands below it may be [a query](query_in_path), and a body is a post.
    fn is_visit(&self, request: &Request<Verified>) -> bool {
        let has_content = request.has_query() || !request.body().is_empty();
        request.method() == crate::Method::Get && !has_content && request.rest().is_empty()
    }

    /// Something that the operator of the source should know and that does not prevent the post from being read. It is
    /// logged once for each source and instance.
    fn notice(&self, request: &Request<Verified>) -> Option<Notice> {
        let _ = request;
        None
    }

    /// Reads a post.
    ///
    /// # Errors
    ///
    /// When the post is not in the vendor's dialect; it then goes to the quarantine.
    fn parse<'a>(&self, request: &'a Request<Verified>) -> Result<Parsed<'a>, Malformed>;

    /// The reply to the sender.
    fn reply(&self, outcome: Outcome<'_>) -> Reply;

    /// The reply to the sender of a refused request, which has these header fields.
    ///
    /// It must not depend on the source, so that an unknown source and wrong credentials are answered alike.
    fn reply_to_refused(&self, headers: &Headers, refusal: Refusal) -> Reply {
        let _ = headers;
        self.reply(Outcome::Refused(refusal))
    }

    /// The reply to the sender of a post that could not be read and is in the quarantine.
    fn reply_to_malformed(&self, malformed: &Malformed) -> Reply {
        let _ = malformed;
        self.reply(Outcome::Quarantined)
    }
}

/// A path that a vendor's firmware posts to whatever address is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedPath {
    /// The path: `/SendAlarmStatus`.
    pub path: &'static str,
    /// What is posted there.
    pub content: FixedContent,
}

/// What is posted to a [`FixedPath`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FixedContent {
    /// Keep-alives. One that belongs to no source is acknowledged and counted, and its body is not parsed. That of a source
    /// is parsed like a post to the source's own path where it has a body: one that holds an alarm is no keep-alive.
    Heartbeats,
    /// Any post of the device, parsed and stored like a post to the source's own path; [`Request::rest`]
    /// holds the segments of the fixed path. A post that belongs to no source is refused.
    Posts,
}

/// Something that the operator of a source should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// A short name for metrics: `unknown_version`.
    pub code: &'static str,
    /// What it is. Never a secret.
    pub detail: String,
}

/// What a post says.
#[derive(Debug, Clone)]
pub enum Parsed<'a> {
    /// Something happened: one or more events.
    Events(Vec<Draft<'a>>),
    /// Something happened, and the post holds more than that, or something other than it should.
    Partly {
        /// One or more events, stored like [`Parsed::Events`].
        events: Vec<Draft<'a>>,
        /// The rest of the post.
        remainder: Remainder,
    },
    /// A heartbeat: the device is online.
    Heartbeat,
    /// A known message that is not an event.
    Ignored(Ignored),
}

/// The most events of one post. The others are in the quarantine with the whole post.
pub const EVENTS_LIMIT: usize = 64;

impl Parsed<'_> {
    /// Keeps [`EVENTS_LIMIT`] events; a post with more goes to the quarantine, too.
    pub(crate) fn limit_events(self) -> Self {
        let (mut events, remainder) = match self {
            Self::Events(events) => (events, None),
            Self::Partly { events, remainder } => (events, Some(remainder)),
            other => return other,
        };
        if events.len() <= EVENTS_LIMIT {
            return match remainder {
                None => Self::Events(events),
                Some(remainder) => Self::Partly { events, remainder },
            };
        }
        let detail = format!("the post has {} events, {EVENTS_LIMIT} are stored", events.len());
        events.truncate(EVENTS_LIMIT);
        let remainder = match remainder {
            Some(unreadable @ Remainder::Quarantine(_)) => unreadable,
            _ => Remainder::Quarantine(Malformed::new(TOO_MANY_EVENTS, detail)),
        };
        Self::Partly { events, remainder }
    }

    /// The same with pictures of its own: for an adapter that had to convert the text that they stand in.
    #[must_use]
    pub fn into_owned(self) -> Parsed<'static> {
        let owned = |events: Vec<Draft<'_>>| events.into_iter().map(Draft::into_owned).collect();
        match self {
            Self::Events(events) => Parsed::Events(owned(events)),
            Self::Partly { events, remainder } => Parsed::Partly { events: owned(events), remainder },
            Self::Heartbeat => Parsed::Heartbeat,
            Self::Ignored(ignored) => Parsed::Ignored(ignored),
        }
    }
}

/// The part of a post that is not events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remainder {
    /// Nothing was lost: it is logged, once for each source and instance.
    Notice(Notice),
    /// A part could not be read: the post goes to the quarantine, too.
    Quarantine(Malformed),
}

/// Why a post that was understood is not an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// A tracking post, and the source's settings drop them.
    Tracking,
    /// A report that no alarm is on.
    NoAlarm,
    /// Statistics that are no event: heat maps, names of log files.
    Statistics,
    /// A device's report that one of its own requests failed.
    ErrorReport,
    /// Levels that were all reported before.
    RepeatedLevel,
}

impl Ignored {
    /// The name in logs and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tracking => "tracking",
            Self::NoAlarm => "no_alarm",
            Self::Statistics => "statistics",
            Self::ErrorReport => "error_report",
            Self::RepeatedLevel => "repeated_level",
        }
    }
}

/// Why a post cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Malformed {
    /// A short name for metrics: `truncated_xml`, `not_xml`, `doctype`.
    pub code: &'static str,
    /// What was wrong, and where; the names that were found. Never a value of the post.
    ///
    /// Names of the post stand in backticks, as [`describe_names`] writes them: of a source whose faces are not kept they
    /// are stored and logged only where they have the [form of a name](crate::Received::shown).
    pub detail: String,
}

/// The reason of a request whose query stands in its path.
pub const QUERY_IN_PATH: &str = "query_in_path";

/// Why a request cannot be read that has nothing but a path below the source's own: the question mark before its query was
/// encoded as `%3F`. `None` for any other request. For dialects whose senders use no such paths.
#[must_use]
pub fn query_in_path(request: &Request<Verified>) -> Option<Malformed> {
    let has_content = request.has_query() || !request.body().is_empty();
    let detail = "the address goes on where its query should begin";
    (!has_content && !request.rest().is_empty()).then(|| Malformed::new(QUERY_IN_PATH, detail))
}

/// The reason of a post with more than [`EVENTS_LIMIT`] events.
pub(crate) const TOO_MANY_EVENTS: &str = "too_many_events";

/// How many names a reason holds.
const NAMES: usize = 16;

/// How many characters of a name a reason holds.
const NAME_LENGTH: usize = 40;

/// Names that were found in a post, for the reason why it cannot be read: ``it has `a`, `b` and 3 more``.
///
/// Bounded, whatever was sent, and without control characters.
///
/// ```
/// use camhook_ingest::describe_names;
/// assert_eq!(describe_names(["alarm", "zone", "alarm"].into_iter()), "it has `alarm`, `zone`");
/// assert_eq!(describe_names(std::iter::empty()), "it has nothing");
/// ```
pub fn describe_names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut shown: Vec<String> = Vec::new();
    let mut more = 0_usize;
    for name in names {
        let short = quoted(name);
        if shown.contains(&short) {
            continue;
        }
        if shown.len() < NAMES {
            shown.push(short);
        } else {
            more += 1;
        }
    }
    match (shown.as_slice(), more) {
        ([], _) => "it has nothing".to_owned(),
        (shown, 0) => format!("it has {}", shown.join(", ")),
        (shown, more) => format!("it has {} and {more} more", shown.join(", ")),
    }
}

/// A name in backticks, without control characters and backticks of its own, and with its end cut off where it is long.
fn quoted(name: &str) -> String {
    let shown = |character: &char| !character.is_control() && *character != '`';
    let mut characters = name.chars().filter(shown);
    let short: String = characters.by_ref().take(NAME_LENGTH).collect();
    let end = if characters.next().is_some() { "…" } else { "" };
    format!("`{short}{end}`")
}

impl Malformed {
    /// A reason with its short name.
    #[must_use]
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

/// The outcome of a request, as far as its sender is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// The events are stored, or there was nothing to store.
    Accepted,
    /// The post could not be read and is in the quarantine.
    Quarantined,
    /// Wrong or missing credentials, or an unknown source.
    Refused(Refusal),
    /// A person or a test button checked that the source is reachable. The text confirms it.
    Ready(&'a str),
    /// The body is above the cap.
    TooLarge,
    /// The record could not be stored, or a secret could not be read.
    Unavailable,
}

/// How a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Whether the sender is asked for user and password.
    pub challenge: Challenge,
}

/// Whether a refused sender is asked for user and password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// It is: its path holds no token segment, or the token was good.
    Basic,
    /// It is not.
    None,
}

/// The reply to a sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Its header fields.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// Its body.
    pub body: Cow<'static, str>,
}

impl Reply {
    /// A reply without a body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Cow::Borrowed("") }
    }

    /// A reply with a body of a media type.
    #[must_use]
    pub fn with_body(status: u16, content_type: &'static str, body: impl Into<Cow<'static, str>>) -> Self {
        Self { status, headers: vec![("content-type", Cow::Borrowed(content_type))], body: body.into() }
    }

    /// The reply to everything that is answered alike for most vendors: a refusal (401, with a challenge
    /// where the path holds no token), a look (200, the text), too large (413), unavailable (503).
    ///
    /// `None` for what each vendor answers in its own form.
    #[must_use]
    pub fn common(outcome: Outcome<'_>) -> Option<Self> {
        match outcome {
            Outcome::Accepted | Outcome::Quarantined => None,
            Outcome::Refused(Refusal { challenge: Challenge::None }) => Some(Self::empty(401)),
            Outcome::Refused(Refusal { challenge: Challenge::Basic }) => {
                let mut reply = Self::empty(401);
                reply.headers.push(("www-authenticate", Cow::Borrowed("Basic realm=\"camhook\"")));
                Some(reply)
            }
            Outcome::Ready(text) => Some(Self::with_body(200, "text/plain; charset=utf-8", text.to_owned())),
            Outcome::TooLarge => Some(Self::empty(413)),
            Outcome::Unavailable => Some(Self::empty(503)),
        }
    }
}
