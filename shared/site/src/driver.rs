//! How the devices of relays are spoken to, and what each kind can do.

use std::time::Duration;

use camhook_ports::SecretReference;
use url::Url;

use crate::{BasicCredential, RelayAction};

/// The shortest pulse of a WebRelay. Source: the manual of WebRelay-Quad, `pulseTime`.
const SHORTEST_WEB_RELAY_PULSE: Duration = Duration::from_millis(100);

/// How a relay's device is spoken to.
#[derive(Debug, Clone)]
pub enum Driver {
    /// A Shelly of the first generation, over HTTP.
    ShellyGen1(ShellyGen1),
    /// A Shelly of the second generation or later, by its RPC over HTTP.
    ShellyGen2(ShellyGen2),
    /// A Shelly of any generation, by the Shelly Cloud.
    ShellyCloud(ShellyCloud),
    /// A WebRelay of ControlByWeb, or an external relay of 2N.
    WebRelay(WebRelay),
    /// A switch of a 2N intercom.
    TwoN(TwoN),
    /// The alarm output of a Viewtron camera or recorder.
    Viewtron(ViewtronOutput),
    /// Any other device that takes HTTP requests.
    Http(Box<HttpDevice>),
    /// Whatever listens to a topic of AWS IoT.
    Mqtt(Box<Mqtt>),
}

/// Whether a device can switch itself off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceTimer {
    /// It can: a pulse ends even when nobody speaks to it any more.
    Own,
    /// It cannot: camhook has to send `off`.
    None,
}

/// Why a device cannot do what a rule wants of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    /// What it cannot do.
    pub message: String,
    /// What can be wanted instead.
    pub fix: String,
}

fn unsupported(message: impl Into<String>, fix: impl Into<String>) -> Option<Unsupported> {
    Some(Unsupported { message: message.into(), fix: fix.into() })
}

impl Driver {
    /// The name in camhook.toml, logs and metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::ShellyGen1(_) => "shelly-gen1",
            Self::ShellyGen2(_) => "shelly-gen2",
            Self::ShellyCloud(_) => "shelly-cloud",
            Self::WebRelay(_) => "webrelay",
            Self::TwoN(_) => "2n",
            Self::Viewtron(_) => "viewtron",
            Self::Http(_) => "http",
            Self::Mqtt(_) => "mqtt",
        }
    }

    /// The topic on which the device says what it did, where it says so over MQTT.
    #[must_use]
    pub fn status_topic(&self) -> Option<&str> {
        let Self::Mqtt(device) = self else { return None };
        device.status.as_ref().map(|status| status.topic.as_str())
    }

    /// What the device can do by itself.
    #[must_use]
    pub fn timer(&self) -> DeviceTimer {
        match self {
            Self::ShellyGen1(_) | Self::ShellyGen2(_) | Self::ShellyCloud(_) | Self::WebRelay(_) => {
                DeviceTimer::Own
            }
            Self::TwoN(TwoN { mode: TwoNMode::Monostable { .. }, .. }) => DeviceTimer::Own,
            Self::TwoN(TwoN { mode: TwoNMode::Bistable, .. }) | Self::Viewtron(_) => DeviceTimer::None,
            Self::Http(device) if device.pulse.is_some() => DeviceTimer::Own,
            Self::Http(_) => DeviceTimer::None,
            Self::Mqtt(device) if device.pulse.is_some() => DeviceTimer::Own,
            Self::Mqtt(_) => DeviceTimer::None,
        }
    }

    /// Why the device cannot do this; `None` when it can.
    #[must_use]
    pub fn unsupported(&self, action: RelayAction) -> Option<Unsupported> {
        match (self, action) {
            (Self::ShellyCloud(_) | Self::WebRelay(_) | Self::Viewtron(_), RelayAction::Toggle) => {
                unsupported(
                    format!("the driver `{}` cannot toggle", self.name()),
                    "use on, off, pulse or hold",
                )
            }
            (Self::WebRelay(_), RelayAction::Pulse { duration } | RelayAction::Hold { duration })
                if duration < SHORTEST_WEB_RELAY_PULSE =>
            {
                unsupported("a WebRelay takes no pulse below 0.1 seconds", "use at least seconds = 0.1")
            }
            (Self::TwoN(TwoN { mode: TwoNMode::Monostable { length }, .. }), action) => {
                monostable(*length, action)
            }
            (Self::Http(device), action) => device.unsupported(action),
            (Self::Mqtt(device), RelayAction::Toggle) if device.toggle.is_none() => unsupported(
                "this relay has no payload that toggles it",
                "add `toggle` to the relay, or use on and off",
            ),
            _ => None,
        }
    }
}

/// A monostable switch can be pulsed for its own length, and switched off.
fn monostable(length: Duration, action: RelayAction) -> Option<Unsupported> {
    let seconds = length.as_secs_f64();
    let fix = format!("use action = \"pulse\" with seconds = {seconds}");
    match action {
        RelayAction::Off => None,
        RelayAction::Pulse { duration } if duration == length => None,
        RelayAction::Pulse { .. } => unsupported(
            format!("this switch is monostable, and its pulse lasts {seconds} seconds"),
            format!("use seconds = {seconds}, or change the time in the device and `length` here"),
        ),
        RelayAction::On | RelayAction::Hold { .. } | RelayAction::Toggle => {
            unsupported("this switch is monostable: it goes off by itself", fix)
        }
    }
}

/// How a device is shown who is asking.
#[derive(Debug, Clone)]
pub enum DeviceLogin {
    /// Not at all.
    None,
    /// User and password, with every request.
    Basic(BasicCredential),
    /// User and password, in answer to a challenge.
    Digest(BasicCredential),
    /// A token, with every request.
    Bearer(SecretReference),
}

/// A Shelly of the first generation.
#[derive(Debug, Clone)]
pub struct ShellyGen1 {
    /// The device: `http://192.168.85.151`.
    pub url: Url,
    /// User and password of its restricted login; `None` where there is none.
    pub basic: Option<BasicCredential>,
    /// What is switched.
    pub output: ShellyGen1Output,
    /// Which of its outputs, counted from 0.
    pub channel: u8,
}

/// What a Shelly of the first generation switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShellyGen1Output {
    /// A relay.
    Relay,
    /// A light, or a dimmer.
    Light {
        /// How bright it becomes, from 1 to 100; as it was when `None`.
        brightness: Option<u8>,
    },
}

/// A Shelly of the second generation or later.
#[derive(Debug, Clone)]
pub struct ShellyGen2 {
    /// The device: `http://192.168.85.151`.
    pub url: Url,
    /// The password of its user `admin`; `None` for a device without one.
    pub password: Option<SecretReference>,
    /// Which of its switches, counted from 0.
    pub switch: u8,
}

/// A Shelly by the Shelly Cloud.
#[derive(Debug, Clone)]
pub struct ShellyCloud {
    /// The account's server: `https://shelly-144-eu.shelly.cloud`.
    pub server: Url,
    /// The device's id.
    pub device: String,
    /// The account's authorization key.
    pub key: SecretReference,
    /// Which of the device's switches, counted from 0.
    pub channel: u8,
}

/// A WebRelay.
#[derive(Debug, Clone)]
pub struct WebRelay {
    /// The device: `http://192.168.85.151`.
    pub url: Url,
    /// The control password; `None` for a device without one.
    pub password: Option<SecretReference>,
    /// Which of its relays, counted from 1; `None` for a device with a single one, which has no number.
    pub relay: Option<u8>,
    /// The page that is asked.
    pub page: WebRelayPage,
}

/// The page of a WebRelay that is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebRelayPage {
    /// `stateFull.xml`, which answers as HTTP has it.
    StateFull,
    /// `state.xml`, which the classic devices answer without a status line.
    State,
}

/// A switch of a 2N intercom.
#[derive(Debug, Clone)]
pub struct TwoN {
    /// The device: `https://192.168.85.151`.
    pub url: Url,
    /// What its service of switches asks for.
    pub login: DeviceLogin,
    /// Which of its switches, counted from 1.
    pub switch: u8,
    /// How the switch is set up in the device.
    pub mode: TwoNMode,
}

/// How a switch of a 2N intercom is set up in the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TwoNMode {
    /// It goes off by itself.
    Monostable {
        /// After this time.
        length: Duration,
    },
    /// It stays as it is.
    Bistable,
}

/// The alarm output of a Viewtron camera or recorder.
#[derive(Debug, Clone)]
pub struct ViewtronOutput {
    /// The device: `http://192.168.85.151`.
    pub url: Url,
    /// A user of the device.
    pub basic: Option<BasicCredential>,
    /// Which channel of a recorder, counted from 1; the device's own output when `None`.
    pub channel: Option<u8>,
}

/// A device that takes HTTP requests.
#[derive(Debug, Clone)]
pub struct HttpDevice {
    /// The device: scheme, host and port, which no template can change.
    pub url: Url,
    /// What it asks for.
    pub login: DeviceLogin,
    /// Switches it on.
    pub on: Option<HttpRequest>,
    /// Switches it off.
    pub off: Option<HttpRequest>,
    /// Switches it on for a time, after which it switches itself off.
    pub pulse: Option<HttpRequest>,
    /// Changes its state.
    pub toggle: Option<HttpRequest>,
    /// What an answer has to hold to be a confirmation; every answer of 200 to 299 is one when `None`.
    pub confirmation: Option<String>,
}

impl HttpDevice {
    fn unsupported(&self, action: RelayAction) -> Option<Unsupported> {
        let (is_able, wanted) = match action {
            RelayAction::On => (self.on.is_some(), "`on`"),
            RelayAction::Off => (self.off.is_some(), "`off`"),
            RelayAction::Toggle => (self.toggle.is_some(), "`toggle`"),
            RelayAction::Pulse { .. } | RelayAction::Hold { .. } => (
                self.pulse.is_some() || (self.on.is_some() && self.off.is_some()),
                "`pulse`, or both `on` and `off`,",
            ),
        };
        if is_able {
            return None;
        }
        unsupported(
            format!("this relay has no request for `{}`", action.name()),
            format!("give the relay the request {wanted} or the rule another action"),
        )
    }
}

/// A request to a device, in templates over `relay`, `action`, `seconds` and `milliseconds`.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    /// The method.
    pub method: HttpMethod,
    /// Path and query, from the slash on: a template.
    pub path: String,
    /// Header fields; a literal value is a template, another one a secret.
    pub headers: Vec<(String, SecretReference)>,
    /// The body: a template.
    pub body: Option<String>,
}

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpMethod {
    /// GET.
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
}

/// Whatever listens to a topic of AWS IoT.
#[derive(Debug, Clone)]
pub struct Mqtt {
    /// The topic of commands.
    pub topic: String,
    /// The payload that switches it on.
    pub on: String,
    /// The payload that switches it off.
    pub off: String,
    /// The payload after which it switches itself off; `None` for a device without a timer of its own.
    pub pulse: Option<PulsePayload>,
    /// The payload that changes its state; `None` for a device that cannot.
    pub toggle: Option<String>,
    /// Where the device says what it did; `None` where nothing confirms it.
    pub status: Option<MqttStatus>,
}

/// A payload with a number of seconds in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PulsePayload {
    before: String,
    after: String,
}

impl PulsePayload {
    /// Reads a payload with `{{ seconds }}` in it; `None` when that is not there exactly once.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (before, after) = text.split_once("{{ seconds }}")?;
        (!after.contains("{{ seconds }}"))
            .then(|| Self { before: before.to_owned(), after: after.to_owned() })
    }

    /// The payload for a pulse of so many whole seconds.
    #[must_use]
    pub fn of(&self, seconds: u64) -> String {
        let Self { before, after } = self;
        format!("{before}{seconds}{after}")
    }
}

/// Where and how a device over MQTT says what it did.
#[derive(Debug, Clone)]
pub struct MqttStatus {
    /// The topic.
    pub topic: String,
    /// What it says of a device that is on.
    pub on: String,
    /// What it says of a device that is off.
    pub off: String,
}
