//! camhook.toml: sources, cameras, channels, relays, rules and schedules; secrets by reference.
//!
//! [`read`] makes a [`Site`] of a file's text, or lists everything that is wrong with it, each with line, column
//! and fix. [`evaluate`] says whether a rule matches an event, and if not, why. Nothing here does I/O.

mod channel;
mod condition;
mod driver;
mod encoding;
mod evaluate;
mod id;
mod list;
mod plate;
mod plate_match;
mod problem;
mod raw;
mod reachability;
mod read;
mod redact;
mod relay;
mod rule;
mod schedule;
mod schema;
mod schema_check;
mod scope;
mod secret_references;
mod site;
mod source;
mod sun;
mod tagged;
mod vendor_limit;

pub use camhook_ports::Network;
pub use channel::{
    Apprise, Channel, ChannelEndpoint, ChannelKind, Discord, HomeAssistant, Mail, MailSecurity, MailServer,
    Ntfy, NtfyCredential, NtfyPriority, Pushover, PushoverPriority, Slack, Telegram, Webhook,
};
pub use condition::{CameraChoice, Condition, CountClass, Counter, PlateChoice, Test};
pub use driver::{
    AnswerPattern, DeviceLogin, DeviceTimer, Driver, HttpDevice, HttpMethod, HttpRequest, Mqtt, MqttStatus,
    PulsePayload, ShellyCloud, ShellyGen1, ShellyGen1Output, ShellyGen2, Statuses, TwoN, TwoNMode,
    Unsupported, ViewtronOutput, WebRelay, WebRelayPage,
};
pub use encoding::text_of;
pub use evaluate::{Context, Modes, Reason, Verdict, evaluate, plate_matches};
pub use id::{CameraId, ChannelId, ListId, RelayId, RuleId, is_id};
pub use list::{CameraReference, List, ListEntry, NamedCamera};
pub use plate::PlateText;
pub use plate_match::PlateMatch;
pub use problem::{Finding, Problem, Warning};
pub use read::{Checks, Inspection, NoChecks, TemplateUse, inspect, read};
pub use redact::redact;
pub use relay::{Relay, Switching, Via};
pub use rule::{
    Action, CooldownScope, DEFAULT_MAX_AGE, DEFAULT_MODE, ModeCondition, RelayAction, Rule, Urgency,
};
pub use schedule::{DateRange, Edge, Hours, Schedule, SunEvent};
pub use schema::{SCHEMA, json_schema};
pub use secret_references::secret_references;
pub use site::Site;
pub use source::{Auth, BasicCredential, ClockTrust, Dialect, Retention, Source, Token, Tracking};
pub use sun::{Daylight, Place, daylight};
