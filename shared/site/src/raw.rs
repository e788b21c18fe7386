//! camhook.toml as it is written: the keys, their types, and their texts in the schema and the documentation. The
//! values are interpreted in `read`.
//!
//! Doc comments here are read by people who write a camhook.toml. `x-unit`,
//! `x-default` and `x-vendors` are for the documentation.

use std::borrow::Cow;
use std::collections::BTreeMap;

use camhook_event::{Direction, Kind, PlateList, Report, State, TargetClass, Vendor};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::channel::RawChannel;
use crate::problem::Step;
use crate::relay::RawRelay;
use crate::{CountClass, Counter};

/// One value, or a list of values of which any is good.
#[derive(Debug, Deserialize)]
#[serde(untagged, bound(deserialize = "T: Deserialize<'de>"))]
pub(crate) enum Many<T> {
    One(T),
    #[serde(deserialize_with = "not_empty")]
    Several(Vec<T>),
}

fn not_empty<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let values = Vec::deserialize(deserializer)?;
    if values.is_empty() { Err(D::Error::custom("the list is empty")) } else { Ok(values) }
}

impl<T> Many<T> {
    pub(crate) fn as_slice(&self) -> &[T] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Several(values) => values,
        }
    }
}

impl<T: JsonSchema> JsonSchema for Many<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Many_{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}

macro_rules! texts {
    ($($(#[doc = $doc:literal])* $name:ident = $pattern:literal, $kind:literal;)*) => {$(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
        #[serde(transparent)]
        pub(crate) struct $name(pub(crate) String);

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "x-type": $kind })
            }
        }
    )*};
}

texts! {
    /// A name that the file gives.
    IdText = "^[a-z0-9][a-z0-9-]{0,31}$", "id";
    /// A number and a unit.
    DurationText = r"^[0-9]+(\.[0-9]+)?(ms|s|m|h)$", "duration";
    /// `ssm:…`, `env:…`, or the secret itself.
    SecretText = "^.+$", "secret";
    /// `ssm:…`, `env:…`, or an absolute URL itself.
    SecretUrlText = "^.+$", "secret URL";
    /// A mail address.
    MailAddressText = "^[^@ ]+@[^@ ]+$", "mail address";
    /// A name or address, and a port if it is not the usual one.
    HostText = "^[^/@ ]+$", "host, or host:port";
    /// An absolute URL.
    UrlText = "^https?://", "URL";
    /// A time zone of the IANA database.
    ZoneText = "^[A-Za-z]", "time zone";
    /// A network.
    NetworkText = "^[0-9a-fA-F:.]+(/[0-9]+)?$", "network";
    /// 64 hexadecimal digits.
    Sha256Text = "^[0-9a-fA-F]{64}$", "SHA-256";
    /// `YYYY-MM-DD`.
    DateText = r"^\d{4}-\d{2}-\d{2}$", "date";
    /// A date, or two with `..` between them.
    DatesText = r"^\d{4}-\d{2}-\d{2}(\.\.\d{4}-\d{2}-\d{2})?$", "date or dates";
    /// A date, two with `..` between them, or the name of a calendar after `@`.
    CalendarDatesText = r"^(\d{4}-\d{2}-\d{2}(\.\.\d{4}-\d{2}-\d{2})?|@.+)$", "date, dates or @calendar";
    /// `HH:MM`, or sunrise or sunset with an offset.
    EdgeText = "^(([01][0-9]|2[0-4]):[0-5][0-9]|(sunrise|sunset)([+-][0-9.]+(s|m|h))?)$", "time of day";
    /// A day of the week, or two with `-` between them.
    DaysText = "^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$", "day or days";
    /// A template.
    TemplateText = "^[\\s\\S]*$", "template";
}

/// A part of the file: in its proper form, or as it stands, so that one wrong part does not hide what is wrong
/// with the others.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Item<T> {
    Good(T),
    Bad(Value),
}

impl<T> Item<T> {
    pub(crate) fn good(&self) -> Option<&T> {
        match self {
            Self::Good(value) => Some(value),
            Self::Bad(_) => None,
        }
    }

    pub(crate) fn is_bad(&self) -> bool {
        matches!(self, Self::Bad(_))
    }
}

impl<T: JsonSchema> JsonSchema for Item<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
}

/// A site: its sources, the channels that notify people, the relays that are switched, and the rules between them.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = false))]
#[schemars(rename = "Site")]
pub(crate) struct RawSite {
    /// The time zone of the site: of schedules, of list dates, of times in messages, and of the local times of
    /// sources that have no zone of their own. A name of the IANA database.
    #[schemars(extend("default" = "UTC"))]
    pub(crate) timezone: Option<Item<ZoneText>>,
    /// The latitude of the site in degrees, north is positive: for `sunrise` and `sunset` in schedules.
    pub(crate) latitude: Option<Item<f64>>,
    /// The longitude of the site in degrees, east is positive.
    pub(crate) longitude: Option<Item<f64>>,
    /// Dates by name, for example public holidays; a schedule names one as `@name`.
    #[serde(default)]
    pub(crate) calendars: BTreeMap<String, Item<RawCalendar>>,
    /// The channel that alerts are sent to: what failed, and what to do about it.
    pub(crate) alert_channel: Option<Item<IdText>>,
    /// The former name of `alert_channel`.
    #[schemars(extend("deprecated" = true))]
    pub(crate) trouble: Option<Item<IdText>>,
    /// Whether decisions are made and recorded, but nothing is sent to relays. A relay's own `dry_run` takes
    /// precedence.
    #[schemars(extend("default" = false))]
    pub(crate) dry_run: Option<Item<bool>>,
    /// The names of further modes, beside `home`, `away` and `off`.
    pub(crate) modes: Option<Item<Many<String>>>,
    /// The cameras, recorders and video systems that post events.
    #[serde(default)]
    pub(crate) source: Vec<Item<RawSource>>,
    /// Cameras that get one name over all sources.
    #[serde(default)]
    pub(crate) camera: Vec<Item<RawCamera>>,
    /// Lists of plates, by name; a rule names one as `@name`.
    #[serde(default)]
    pub(crate) lists: BTreeMap<String, Vec<Item<RawListEntry>>>,
    /// The relays that can be switched.
    #[serde(default)]
    pub(crate) relay: Vec<Item<RawRelay>>,
    /// How people and other systems are notified.
    #[serde(default)]
    pub(crate) channel: Vec<Item<RawChannel>>,
    /// Which events cause which actions.
    #[serde(default)]
    pub(crate) rule: Vec<Item<RawRule>>,
    #[serde(flatten)]
    #[schemars(skip)]
    pub(crate) unknown: BTreeMap<String, Value>,
}

impl RawSite {
    /// The parts of the file that were not read, since they are malformed or have an unknown name.
    pub(crate) fn malformed(&self) -> Vec<Vec<Step>> {
        let key = |name: &str| Step::Key(name.to_owned());
        let of_file = [
            ("timezone", self.timezone.as_ref().is_some_and(Item::is_bad)),
            ("latitude", self.latitude.as_ref().is_some_and(Item::is_bad)),
            ("longitude", self.longitude.as_ref().is_some_and(Item::is_bad)),
            ("alert_channel", self.alert_channel.as_ref().is_some_and(Item::is_bad)),
            ("trouble", self.trouble.as_ref().is_some_and(Item::is_bad)),
            ("dry_run", self.dry_run.as_ref().is_some_and(Item::is_bad)),
            ("modes", self.modes.as_ref().is_some_and(Item::is_bad)),
        ];
        let of_file = of_file.into_iter().filter(|(_, is_bad)| *is_bad).map(|(name, _)| name);
        let entries = [
            ("source", bad_of(&self.source)),
            ("camera", bad_of(&self.camera)),
            ("relay", bad_of(&self.relay)),
            ("channel", bad_of(&self.channel)),
            ("rule", bad_of(&self.rule)),
        ];
        let calendars = self.calendars.iter().filter(|(_, calendar)| calendar.is_bad());
        let lists = self.lists.iter().flat_map(|(name, entries)| {
            bad_of(entries).into_iter().map(move |index| vec![key("lists"), key(name), Step::Index(index)])
        });

        let mut parts: Vec<Vec<Step>> =
            of_file.chain(self.unknown.keys().map(String::as_str)).map(|name| vec![key(name)]).collect();
        for (section, indexes) in entries {
            parts.extend(indexes.into_iter().map(|index| vec![key(section), Step::Index(index)]));
        }
        parts.extend(calendars.map(|(name, _)| vec![key("calendars"), key(name)]));
        parts.extend(lists);
        parts
    }
}

/// The positions of the malformed ones.
fn bad_of<T>(items: &[Item<T>]) -> Vec<usize> {
    items.iter().enumerate().filter(|(_, item)| item.is_bad()).map(|(index, _)| index).collect()
}

/// Dates, or the iCalendar file that they are read from.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Calendar")]
pub(crate) enum RawCalendar {
    /// Dates and ranges of dates.
    Dates(Vec<DatesText>),
    /// A file whose dates `camhook config push` writes in this place.
    File(RawCalendarFile),
}

/// An iCalendar file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CalendarFile")]
pub(crate) struct RawCalendarFile {
    /// The file, relative to camhook.toml. `camhook config check` and `push` read its events of whole days, recurring ones
    /// from the beginning of this year to the end of the year after next.
    pub(crate) ics: String,
}

/// The vendors of sources: those of events, and `control`.
fn source_vendor(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<&str> = Vendor::ALL.into_iter().chain([Vendor::Control]).map(Vendor::name).collect();
    json_schema!({ "type": "string", "enum": names })
}

/// A source: one camera, recorder or video system that posts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Source")]
pub(crate) struct RawSource {
    /// Its name, a part of its webhook URL; unique over all vendors.
    pub(crate) id: IdText,
    /// The vendor whose format it sends, or `control` for a client that sets modes.
    #[schemars(schema_with = "source_vendor")]
    pub(crate) vendor: Vendor,
    /// The place that it belongs to. Rules and modes can refer to it.
    pub(crate) area: Option<String>,
    /// The credentials that its posts must have. Required for every source that posts over HTTP.
    pub(crate) auth: Option<RawAuth>,
    /// Report the source as offline when it has sent nothing for this long, at least 2 minutes. Unset: no offline
    /// detection.
    pub(crate) offline_after: Option<DurationText>,
    /// Whether its tracking posts become events: `drop`, or a time, for about one event per target in that time.
    #[schemars(extend("default" = "drop", "x-type" = "`drop` or duration", "x-vendors" = ["viewtron"]))]
    pub(crate) tracking: Option<String>,
    /// Whether pictures, names and ids of faces are kept.
    #[schemars(extend("default" = "keep"))]
    pub(crate) faces: Option<RawRetention>,
    /// Whether pictures of the whole frame are kept.
    #[schemars(extend("default" = "keep"))]
    pub(crate) overview: Option<RawRetention>,
    /// Whether the metadata in pictures (EXIF with its place and serial number, XMP, IPTC, comments) is kept.
    #[schemars(extend("default" = "drop"))]
    pub(crate) metadata: Option<RawRetention>,
    /// Whether its clock is used to compute the age of an event. `trusted` is for senders that resend or spool and
    /// whose clock is synchronized.
    #[schemars(extend("x-default" = "untrusted; trusted for xprotect"))]
    pub(crate) clock: Option<RawClock>,
    /// The greatest difference between its time and the time of receipt at which its time is used as the event's time.
    #[schemars(extend("default" = "15s"))]
    pub(crate) clock_tolerance: Option<DurationText>,
    /// The time zone of the local times in its posts.
    #[schemars(extend("x-default" = "the site's"))]
    pub(crate) timezone: Option<ZoneText>,
    /// The vendor's dialect over HTTP, which the posts do not reveal.
    #[schemars(extend("x-vendors" = ["instar"]))]
    pub(crate) dialect: Option<RawDialect>,
    /// The names of query parameters, if you have changed them in the device: `{ cam = "camera" }` for a parameter
    /// `cam` that is sent as `camera`.
    #[serde(default)]
    #[schemars(extend("x-vendors" = ["instar"]))]
    pub(crate) parameters: BTreeMap<String, String>,
    /// The beginning of its MQTT topics, for a source that sends over MQTT instead of HTTP.
    #[schemars(extend("x-vendors" = ["instar"]))]
    pub(crate) topic: Option<String>,
    /// The list that each group of the device's face album stands for, by the number that the device sends
    /// (`face.group` of an event). The numbers differ by firmware: look at the events of known faces first. Faces of
    /// other groups have no list.
    #[schemars(extend("x-vendors" = ["ivsec"]))]
    pub(crate) groups: Option<RawGroups>,
}

/// The groups of a face album, by number.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Groups")]
pub(crate) struct RawGroups {
    /// Groups of people who are welcome.
    #[serde(default)]
    pub(crate) allow: Vec<i64>,
    /// Groups of people who are not welcome.
    #[serde(default)]
    pub(crate) deny: Vec<i64>,
    /// The group of people who are in no other group.
    #[serde(default)]
    pub(crate) stranger: Vec<i64>,
}

/// The credentials that a source's posts must have. Every kind of credential that is configured is required; of
/// several values of one kind, any is accepted, so that a secret can be rotated without an outage.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Auth")]
pub(crate) struct RawAuth {
    /// The SHA-256 of a random token in the URL, as `camhook token` prints it: no secret.
    pub(crate) token_sha256: Option<Many<Sha256Text>>,
    /// A random token in the URL: 22 characters of `A-Z a-z 0-9 - _`.
    pub(crate) token: Option<Many<SecretText>>,
    /// User and password of HTTP Basic.
    pub(crate) basic: Option<Many<RawBasic>>,
    /// The key of a signature over the body.
    #[schemars(extend("x-vendors" = ["xprotect"]))]
    pub(crate) hmac: Option<Many<SecretText>>,
    /// Networks that posts may come from: `203.0.113.0/24`. Alone it is too weak for a source that moves a relay.
    pub(crate) allow: Option<Many<NetworkText>>,
}

/// A user and a password.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Basic")]
pub(crate) struct RawBasic {
    /// The user's name, without `:`.
    pub(crate) user: String,
    /// The password.
    pub(crate) password: SecretText,
}

/// Whether something is kept.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Retention")]
pub(crate) enum RawRetention {
    /// It is.
    Keep,
    /// It reaches neither the bucket nor a queue, a log or the quarantine.
    Drop,
}

/// Whether a clock is trusted.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Clock")]
pub(crate) enum RawClock {
    /// It is.
    Trusted,
    /// It is not.
    Untrusted,
}

/// One of a vendor's dialects.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Dialect")]
pub(crate) enum RawDialect {
    /// The INSTAR Cloud.
    Cloud,
    /// A camera's alarm server that sends `active`.
    #[serde(rename = "camera-v1")]
    CameraV1,
    /// A camera's alarm server that sends `trigger` as a bit mask.
    #[serde(rename = "camera-v2")]
    CameraV2,
}

/// A camera that gets one name over all sources.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Camera")]
pub(crate) struct RawCamera {
    /// Its name.
    pub(crate) id: IdText,
    /// What it refers to: a source, or `source/camera` for one camera of a recorder.
    #[schemars(extend("x-default" = "**needed**"))]
    pub(crate) sources: Option<Many<String>>,
    /// The former name of `sources`.
    #[schemars(extend("deprecated" = true))]
    pub(crate) is: Option<Many<String>>,
}

/// A plate on a list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ListEntry")]
pub(crate) struct RawListEntry {
    /// The plate. Only letters and digits are compared, ignoring case.
    pub(crate) plate: String,
    /// Its owner: `{{ person }}` in messages.
    pub(crate) name: Option<String>,
    /// The first day on which it is on the list.
    pub(crate) from: Option<DateText>,
    /// The last day on which it is on the list.
    pub(crate) until: Option<DateText>,
}

/// Where an address may lie.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Network")]
pub(crate) enum RawNetwork {
    /// On the internet only.
    Public,
    /// In a private range too.
    Lan,
    /// On the same machine; honoured only by a local stack.
    Loopback,
}

/// A rule: the actions that matching events cause.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Rule")]
pub(crate) struct RawRule {
    /// Its name.
    #[schemars(extend("x-default" = "`rule-` and its position, counted from 1"))]
    pub(crate) id: Option<IdText>,
    /// Which events match. Unset: every detection except `stop`.
    pub(crate) when: Option<RawCondition>,
    /// When it applies, by the time of the event: in any of these periods.
    #[schemars(extend("x-default" = "always"))]
    pub(crate) during: Option<Many<RawSchedule>>,
    /// The modes in which it applies: a mode, several, or `{ area, is }` for another area's mode.
    #[schemars(extend("x-default" = "any"))]
    pub(crate) mode: Option<RawMode>,
    /// The actions, in this order.
    pub(crate) then: Many<RawAction>,
    /// How long the rule does not act again after a message or a relay action; see `cooldown_per`.
    #[schemars(extend("default" = "0s"))]
    pub(crate) cooldown: Option<DurationText>,
    /// What has a cooldown of its own: each camera, or each source with all its cameras.
    #[schemars(extend("x-default" = "`camera`; `source` for a rule that moves a relay"))]
    pub(crate) cooldown_per: Option<RawCooldownScope>,
    /// How long events of one source are collected into one message, which contains their number and the best
    /// picture; at most 15 minutes. Relays and modes do not wait.
    #[schemars(extend("default" = "0s"))]
    pub(crate) coalesce: Option<DurationText>,
    /// Whether its messages are sent in the `quiet` hours of channels too.
    #[schemars(extend("default" = false))]
    pub(crate) urgent: Option<bool>,
    /// Whether `@list~1` may move a relay or set a mode. Without it such a rule compares plates exactly.
    #[schemars(extend("default" = false))]
    pub(crate) tolerant: Option<bool>,
    /// The greatest age of an event that switches a relay.
    #[schemars(extend("default" = "30s"))]
    pub(crate) max_age: Option<DurationText>,
}

/// What a cooldown is counted for.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "CooldownScope")]
pub(crate) enum RawCooldownScope {
    /// Each camera.
    Camera,
    /// Each source, with all its cameras.
    Source,
}

/// A condition on events: every key must match; of several values of a key, any.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Condition")]
pub(crate) struct RawCondition {
    /// The source.
    pub(crate) source: Option<Many<String>>,
    /// The camera: a name of `[[camera]]`, a source, or `source/camera`.
    pub(crate) camera: Option<Many<String>>,
    /// The area of the source.
    pub(crate) area: Option<Many<String>>,
    /// The vendor.
    pub(crate) vendor: Option<Many<Vendor>>,
    /// What happened.
    pub(crate) kind: Option<Many<Named<Kind>>>,
    /// The vendor's own name of the event's kind, verbatim.
    pub(crate) vendor_kind: Option<Many<String>>,
    /// The name that a person gave the event or the input, ignoring case.
    pub(crate) name: Option<Many<String>>,
    /// What the event reports. A rule without `report` matches only `detection`.
    pub(crate) report: Option<Many<Report>>,
    /// Whether it began or ended. A rule without `state` matches everything except `stop`.
    pub(crate) state: Option<Many<State>>,
    /// The class of a target.
    pub(crate) target: Option<Many<Named<TargetClass>>>,
    /// The id or name of the zone or line in the device, ignoring case; of several zones at once, any.
    pub(crate) zone: Option<Many<String>>,
    /// The plate, or `@list`. Only letters and digits count, ignoring case. `@list~1` also accepts a plate of which
    /// one character was misread or is missing, unless another list has that plate or one as similar: that one never
    /// matches, neither here nor within `not`. Plates of less than 4 characters are compared exactly. A rule that moves
    /// a relay or sets a mode needs `tolerant = true` for it.
    pub(crate) plate: Option<Many<String>>,
    /// The list of the device that the plate is on. A plate of which the device does not say so never matches,
    /// neither here nor within `not`.
    #[schemars(extend("x-vendors" = ["viewtron", "ivsec"]))]
    pub(crate) plate_list: Option<Many<PlateList>>,
    /// The list of the device that the face is on. A face of which the device does not say so, or that it did not
    /// find in its album, never matches, neither here nor within `not`.
    #[schemars(extend("x-vendors" = ["viewtron", "ivsec"]))]
    pub(crate) face_list: Option<Many<PlateList>>,
    /// Whether the device found the face in its album. An event that does not say so never matches, neither here nor
    /// within `not`.
    #[schemars(extend("x-vendors" = ["viewtron", "ivsec"]))]
    pub(crate) matched: Option<bool>,
    /// The vehicle's direction; `away` includes `leave`. An event without a direction never matches.
    #[schemars(extend("x-vendors" = ["viewtron"]))]
    pub(crate) direction: Option<Many<Direction>>,
    /// The name of the face in the device, ignoring case. A face without a name never matches, neither here nor within
    /// `not`, unless the device reports that it did not find the face in its album.
    pub(crate) face: Option<Many<String>>,
    /// A counter above a number.
    #[schemars(extend("x-vendors" = ["viewtron", "xprotect", "ivsec"]))]
    pub(crate) count: Option<RawCount>,
    /// The device's lowest confidence: in the plate, else in the face's similarity, else in a target (of the class in
    /// `target`). An event without a confidence never matches.
    #[schemars(range(min = 0, max = 1), extend("x-unit" = "0 to 1", "x-vendors" = ["viewtron", "xprotect", "ivsec"]))]
    pub(crate) min_confidence: Option<f64>,
    /// Values by the vendor's own names: `{ eventType = "1" }`. Numbers and text are compared as text.
    #[serde(default)]
    pub(crate) vendor_data: BTreeMap<String, Many<RawScalar>>,
    /// At least one of these conditions matches.
    pub(crate) any: Option<Vec<RawCondition>>,
    /// All of these conditions match.
    #[serde(default)]
    pub(crate) all: Vec<RawCondition>,
    /// This condition does not match.
    pub(crate) not: Option<Box<RawCondition>>,
}

/// A value whose type takes an unknown name as `other`: in a file that is a mistake.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named<T>(pub(crate) T);

impl<'de, T: DeserializeOwned + Serialize> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let value: T = serde_json::from_value(name.as_str().into()).map_err(D::Error::custom)?;
        let known = serde_json::to_value(&value).map_err(D::Error::custom)?;
        if known == name.as_str() { Ok(Self(value)) } else { Err(D::Error::custom("unknown name")) }
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
}

/// A scalar that a vendor sent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Scalar")]
pub(crate) enum RawScalar {
    Text(String),
    Integer(i64),
    Number(f64),
    Boolean(bool),
}

impl RawScalar {
    pub(crate) fn value(&self) -> Value {
        match self {
            Self::Text(text) => Value::from(text.as_str()),
            Self::Integer(number) => Value::from(*number),
            Self::Number(number) => Value::from(*number),
            Self::Boolean(truth) => Value::from(*truth),
        }
    }
}

/// A counter above a number.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Count")]
pub(crate) struct RawCount {
    /// What is counted.
    pub(crate) class: CountClass,
    /// Which of its counters.
    #[serde(default)]
    #[schemars(extend("default" = "inside"))]
    pub(crate) counter: Counter,
    /// The counter must be greater than this.
    pub(crate) above: u64,
}

/// A period of the week or the year.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Schedule")]
pub(crate) struct RawSchedule {
    /// Days of the week: `mon`, or `mon-fri`.
    #[schemars(extend("x-default" = "every day"))]
    pub(crate) days: Option<Many<DaysText>>,
    /// When it begins: `06:00`, `sunset`, `sunset-30m`, `sunrise+1h`.
    #[schemars(extend("default" = "00:00"))]
    pub(crate) from: Option<EdgeText>,
    /// When it ends, exclusive: `22:00`, `sunrise`. A time before `from` is on the next day, and the hours belong to
    /// the day on which they begin. With sunrise or sunset, `to` is on the next day if it is before `from` in every
    /// season; if it is in some seasons only, there are no such hours in these.
    #[schemars(extend("default" = "24:00"))]
    pub(crate) to: Option<EdgeText>,
    /// Dates: `2026-12-24`, `2026-12-24..2027-01-06` with both included, or `@holidays` for a calendar.
    #[schemars(extend("x-default" = "every date"))]
    pub(crate) dates: Option<Many<CalendarDatesText>>,
    /// Dates on which it does not apply, written as `dates` are. Hours past midnight belong to the date on which they
    /// begin.
    pub(crate) except: Option<Many<CalendarDatesText>>,
    /// The time zone.
    #[schemars(extend("x-default" = "the site's"))]
    pub(crate) timezone: Option<ZoneText>,
}

/// In which modes of an area a rule is in force.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Mode")]
pub(crate) enum RawMode {
    /// Modes of the event's own area, any of which is good.
    OfTheEvent(Many<String>),
    /// Modes of a named area.
    Of(RawAreaMode),
}

/// Modes of a named area.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AreaMode")]
pub(crate) struct RawAreaMode {
    /// The area.
    pub(crate) area: String,
    /// The modes: `home`, `away`, `off`, or a name of your own.
    pub(crate) is: Many<String>,
}

/// What is done.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Action")]
pub(crate) enum RawAction {
    /// Sends a notification.
    Notify(RawNotify),
    /// Switches a relay.
    Relay(RawSwitch),
    /// An area gets another mode.
    Mode(RawSetMode),
}

/// Sends a notification.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Notify")]
pub(crate) struct RawNotify {
    /// The channel.
    pub(crate) notify: IdText,
    /// The title.
    #[schemars(extend("x-default" = "what happened, and where"))]
    pub(crate) title: Option<TemplateText>,
    /// The text.
    #[schemars(extend("x-default" = "what is known of it, and when"))]
    pub(crate) body: Option<TemplateText>,
}

/// Switches a relay.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Switch")]
pub(crate) struct RawSwitch {
    /// Which one.
    pub(crate) relay: IdText,
    /// How.
    pub(crate) action: RawRelayAction,
    /// For how long, for `pulse` and `hold`, which need it; above 0, at most 86400.
    #[schemars(extend("x-unit" = "s"))]
    pub(crate) seconds: Option<f64>,
}

/// How a relay is switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "RelayAction")]
pub(crate) enum RawRelayAction {
    /// On, until something else is done.
    On,
    /// Off.
    Off,
    /// On for `seconds`.
    Pulse,
    /// On until `seconds` after the last matching event.
    Hold,
    /// To the other state.
    Toggle,
}

/// Sets the mode of an area, unless it was set to another after the event.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SetMode")]
pub(crate) struct RawSetMode {
    /// The mode: `home`, `away`, `off`, or a name of your own.
    pub(crate) mode: String,
    /// Which area.
    #[schemars(extend("x-default" = "the event's"))]
    pub(crate) area: Option<String>,
}
