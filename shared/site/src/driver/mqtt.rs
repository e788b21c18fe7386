//! A device that is switched by messages of MQTT, through AWS IoT.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{DeviceTimer, Unsupported};
use crate::problem::{Notes, Path};
use crate::raw::RawNetwork;
use crate::{Network, RelayAction};

/// A device that subscribes to a topic of AWS IoT.
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
    /// Where the device reports its state; `None` where nothing confirms it.
    pub status: Option<MqttStatus>,
}

/// A payload with a number of seconds in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PulsePayload {
    before: String,
    after: String,
}

/// Where and how a device reports its state over MQTT.
#[derive(Debug, Clone)]
pub struct MqttStatus {
    /// The topic.
    pub topic: String,
    /// The payload of a device that is on.
    pub on: String,
    /// The payload of a device that is off.
    pub off: String,
    /// The MQTT client that publishes it; `None` for any.
    pub client: Option<String>,
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

impl Mqtt {
    pub(super) fn timer(&self) -> DeviceTimer {
        if self.pulse.is_some() { DeviceTimer::Own } else { DeviceTimer::None }
    }

    pub(super) fn unsupported(&self, action: RelayAction) -> Option<Unsupported> {
        (action == RelayAction::Toggle && self.toggle.is_none()).then(|| {
            Unsupported::new(
                "this relay has no payload that toggles it",
                "add `toggle` to the relay, or use on and off",
            )
        })
    }
}

/// Any device that subscribes to a topic of the account's AWS IoT, directly or behind a bridge.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// The topic of commands: `instar/10D1DC218F96/alarm/area1/enable`.
    topic: String,
    /// The payload that switches it on.
    on: String,
    /// The payload that switches it off.
    off: String,
    /// The payload after which it switches itself off, with `{{ seconds }}` for the number of seconds. Unset for a
    /// device without a timer.
    pulse: Option<String>,
    /// The payload that changes its state. Unset if the device does not support that.
    toggle: Option<String>,
    /// The topic on which the device reports its state. Without one an action is not confirmed: it counts as done
    /// when the broker has accepted it.
    status_topic: Option<String>,
    /// The payload on the status topic of a device that is on.
    #[schemars(extend("x-default" = "the payload `on`"))]
    status_on: Option<String>,
    /// The payload on the status topic of a device that is off.
    #[schemars(extend("x-default" = "the payload `off`"))]
    status_off: Option<String>,
    /// The MQTT client id at AWS IoT of the device, or of the bridge before it: `camhook-bridge`. A status that another
    /// client publishes is ignored.
    #[schemars(extend("x-default" = "any client that the account's policies permit"))]
    status_client: Option<String>,
}

impl Keys {
    pub(super) fn read(
        &self,
        network: Option<RawNetwork>,
        path: &Path<'_>,
        notes: &mut Notes,
    ) -> Option<(Mqtt, Network)> {
        if network.is_some() {
            notes.misplaced(&path.key("network"), "a relay over MQTT has no address", "leave it out");
        }
        check_topic(&self.topic, &path.key("topic"), notes);
        if let Some(topic) = &self.status_topic {
            check_topic(topic, &path.key("status_topic"), notes);
        }
        let pulse = match &self.pulse {
            None => None,
            Some(text) => Some(pulse(text, &path.key("pulse"), notes)?),
        };
        self.check_templates(path, notes);
        let status = self.status_topic.as_ref().map(|topic| MqttStatus {
            topic: topic.clone(),
            on: self.status_on.as_ref().unwrap_or(&self.on).clone(),
            off: self.status_off.as_ref().unwrap_or(&self.off).clone(),
            client: self.status_client.clone(),
        });
        if status.is_none() && self.status_client.is_some() {
            notes.problem(
                &path.key("status_client"),
                "there is no topic on which this client publishes a status",
                "add `status_topic`, or leave it out",
            );
        }
        let (topic, on, off) = (self.topic.clone(), self.on.clone(), self.off.clone());
        let device = Mqtt { topic, on, off, pulse, toggle: self.toggle.clone(), status };
        Some((device, Network::Public))
    }
}

impl Keys {
    /// Notes topics and payloads that are written as templates.
    fn check_templates(&self, path: &Path<'_>, notes: &mut Notes) {
        let pulse = self.pulse.as_ref().map(|pulse| pulse.replacen("{{ seconds }}", "", 1));
        for (key, text) in [
            ("topic", Some(&self.topic)),
            ("on", Some(&self.on)),
            ("off", Some(&self.off)),
            ("pulse", pulse.as_ref()),
            ("toggle", self.toggle.as_ref()),
            ("status_topic", self.status_topic.as_ref()),
            ("status_on", self.status_on.as_ref()),
            ("status_off", self.status_off.as_ref()),
        ] {
            if text.is_some_and(|text| text.contains("{{")) {
                notes.strict(
                    &path.key(key),
                    "this is no template: the braces are sent as they are",
                    "write the value itself; only `pulse` has {{ seconds }}, once",
                );
            }
        }
    }
}

fn pulse(text: &str, path: &Path<'_>, notes: &mut Notes) -> Option<PulsePayload> {
    let payload = PulsePayload::parse(text);
    if payload.is_none() {
        notes.problem(
            path,
            "the payload does not say how long the pulse is",
            "put {{ seconds }} where their number belongs, once",
        );
    }
    payload
}

/// A topic that AWS IoT takes: at most 256 bytes and seven slashes, no wildcard, none of AWS's own.
fn check_topic(topic: &str, path: &Path<'_>, notes: &mut Notes) {
    let message = if topic.is_empty() {
        "the topic is empty"
    } else if topic.contains(['+', '#', '\0']) {
        "nothing can be published to several topics at once"
    } else if topic.starts_with('$') {
        "topics that begin with $ are the broker's own"
    } else if topic.len() > 256 || topic.matches('/').count() > 7 {
        "AWS IoT takes no topic of more than 256 bytes or seven slashes"
    } else {
        return;
    };
    notes.problem(path, message, "write one topic: instar/10D1DC218F96/alarm/area1/enable");
}
