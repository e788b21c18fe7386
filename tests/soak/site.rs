//! The site of a soak: its cameras, channels and relays as camhook.toml.

use std::fmt::Write;

use camhook_event::Vendor;

/// How long a relay's event may be late.
pub(crate) const MAX_AGE_SECONDS: u64 = 20;

/// How long a relay stays on.
pub(crate) const PULSE_SECONDS: u64 = 2;

/// The id of the channel of alerts.
pub(crate) const ALERTS: &str = "alerts";

/// What a camera is, and so what it posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Model {
    /// A Viewtron camera that reports people, vehicles, plates and faces.
    Viewtron,
    /// A Viewtron camera that also says where a target is, of which some posts become events.
    ViewtronTracking,
    /// The same, whose tracking is dropped.
    ViewtronTrackingDropped,
    /// A Viewtron recorder with heartbeats and levels.
    ViewtronRecorder,
    /// An INSTAR camera that posts parameters.
    InstarHttp,
    /// An INSTAR camera that publishes over MQTT.
    InstarMqtt,
    /// A Milestone XProtect server, which signs.
    Xprotect,
    /// An iVSEC recorder.
    Ivsec,
}

/// How many cameras of each model there are: 50 in all.
const CAMERAS: [(Model, usize); 8] = [
    (Model::Viewtron, 12),
    (Model::ViewtronTracking, 3),
    (Model::ViewtronTrackingDropped, 3),
    (Model::ViewtronRecorder, 4),
    (Model::InstarHttp, 8),
    (Model::InstarMqtt, 6),
    (Model::Xprotect, 7),
    (Model::Ivsec, 7),
];

/// A camera, which is one source.
#[derive(Debug, Clone)]
pub(crate) struct Camera {
    /// Its position.
    pub(crate) index: usize,
    /// Its source's id, which is also the id of its rule and its channel.
    pub(crate) id: String,
    /// What it is.
    pub(crate) model: Model,
    /// Its token or the secret of its signatures.
    pub(crate) secret: String,
}

impl Camera {
    /// Its vendor.
    pub(crate) fn vendor(&self) -> Vendor {
        match self.model {
            Model::Viewtron
            | Model::ViewtronTracking
            | Model::ViewtronTrackingDropped
            | Model::ViewtronRecorder => Vendor::Viewtron,
            Model::InstarHttp | Model::InstarMqtt => Vendor::Instar,
            Model::Xprotect => Vendor::Xprotect,
            Model::Ivsec => Vendor::Ivsec,
        }
    }

    /// Its webhook's path.
    pub(crate) fn path(&self) -> String {
        match self.model {
            Model::Xprotect => format!("/{}/{}", self.vendor().name(), self.id),
            _ => format!("/{}/{}/{}", self.vendor().name(), self.id, self.secret),
        }
    }

    /// Whether its secret is a parameter, which functions read and may fail to.
    pub(crate) fn has_parameter(&self) -> bool {
        self.model != Model::InstarMqtt && self.index.is_multiple_of(2)
    }

    /// The name of that parameter.
    pub(crate) fn parameter(&self, stack: &str) -> String {
        format!("/{stack}/{}", self.id)
    }

    /// The topic of an MQTT camera.
    pub(crate) fn topic(&self) -> String {
        format!("soak/{}", self.id)
    }
}

/// All cameras.
pub(crate) fn cameras() -> Vec<Camera> {
    let models = CAMERAS.into_iter().flat_map(|(model, count)| std::iter::repeat_n(model, count));
    let camera = |(index, model)| Camera {
        index,
        id: format!("cam-{index:02}"),
        model,
        secret: format!("soak-secret-{index:02}-0123456789"),
    };
    models.enumerate().map(camera).collect()
}

/// What a relay is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RelayModel {
    /// Requests to switch it on and off: camhook ends each pulse by a release.
    Plain,
    /// A request for a pulse, which the device ends.
    Timed,
    /// A Shelly of the second generation, which ends its pulses.
    Shelly,
}

/// How many relays of each model there are.
const RELAYS: [(RelayModel, usize); 3] =
    [(RelayModel::Plain, 14), (RelayModel::Timed, 8), (RelayModel::Shelly, 8)];

/// All relays, by their index.
pub(crate) fn relays() -> Vec<RelayModel> {
    RELAYS.into_iter().flat_map(|(model, count)| std::iter::repeat_n(model, count)).collect()
}

/// The plate that switches a relay.
pub(crate) fn plate(relay: usize) -> String {
    format!("RLY{relay:03}")
}

/// The camhook.toml of the site. `devices` is the address of its devices, `stack` the prefix of its parameters.
pub(crate) fn toml(devices: &str, stack: &str) -> String {
    let mut toml = format!("timezone = \"Europe/Berlin\"\nalert_channel = \"{ALERTS}\"\n");
    channel(&mut toml, ALERTS, devices);
    for camera in cameras() {
        source(&mut toml, &camera, stack);
        channel(&mut toml, &camera.id, devices);
        let id = &camera.id;
        let _ = write!(
            toml,
            "\n[[rule]]\nid = \"{id}\"\nwhen = {{ source = \"{id}\" }}\nthen = [{{ notify = \"{id}\" }}]\n"
        );
    }
    for (index, model) in relays().into_iter().enumerate() {
        relay(&mut toml, index, model, devices);
        let plate = plate(index);
        let _ = write!(
            toml,
            "\n[[rule]]\nid = \"open-{index:02}\"\nwhen = {{ kind = \"plate\", plate = \"{plate}\" }}\nthen = [{{ relay = \
             \"relay-{index:02}\", action = \"pulse\", seconds = {PULSE_SECONDS} }}]\nmax_age = \"{MAX_AGE_SECONDS}s\"\n"
        );
    }
    toml
}

/// The camhook.toml whose upload went wrong: other secrets, no rules, and, where it is to be refused, an error.
pub(crate) fn bad_toml(devices: &str, error: BadConfiguration) -> String {
    let mut toml = format!("timezone = \"Europe/Berlin\"\nalert_channel = \"{ALERTS}\"\n");
    channel(&mut toml, ALERTS, devices);
    let _ = write!(
        toml,
        "\n[[source]]\nid = \"stranger\"\nvendor = \"viewtron\"\nauth = {{ token = \"another-secret-0123456789\" }}\n"
    );
    if error == BadConfiguration::Invalid {
        toml.push_str("\n[[rule]]\nid = \"broken\"\nthen = [{ notify = \"nobody\" }]\n");
    }
    toml
}

/// Whether a bad configuration is one that camhook refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadConfiguration {
    /// It names a channel that does not exist.
    Invalid,
    /// It has no error that could be found: as if a bad configuration were accepted.
    Accepted,
}

fn source(toml: &mut String, camera: &Camera, stack: &str) {
    let secret = if camera.has_parameter() {
        format!("ssm:{}", camera.parameter(stack))
    } else {
        camera.secret.clone()
    };
    let token = format!("auth = {{ token = \"{secret}\" }}\n");
    let rest = match camera.model {
        Model::Viewtron | Model::ViewtronTrackingDropped | Model::ViewtronRecorder | Model::Ivsec => token,
        Model::ViewtronTracking => format!("tracking = \"1s\"\n{token}"),
        Model::InstarHttp => format!("dialect = \"camera-v1\"\n{token}"),
        Model::InstarMqtt => format!("topic = \"{}\"\n", camera.topic()),
        Model::Xprotect => format!("auth = {{ hmac = \"{secret}\" }}\n"),
    };
    let _ = write!(
        toml,
        "\n[[source]]\nid = \"{}\"\nvendor = \"{}\"\narea = \"yard\"\n{rest}",
        camera.id,
        camera.vendor().name()
    );
}

fn channel(toml: &mut String, id: &str, devices: &str) {
    let _ = write!(
        toml,
        "\n[[channel]]\nid = \"{id}\"\nkind = \"webhook\"\nurl = \"{devices}/channel/{id}\"\nnetwork = \"loopback\"\n"
    );
}

fn relay(toml: &mut String, index: usize, model: RelayModel, devices: &str) {
    let request = |action: &str| format!("{{ method = \"POST\", path = \"/relay/{index}/{action}\" }}");
    let driver = match model {
        RelayModel::Plain => format!(
            "driver = \"http\"\non = {}\noff = {}\nrefused = {{ status = 429 }}\n",
            request("on"),
            request("off")
        ),
        RelayModel::Timed => format!(
            "driver = \"http\"\npulse = {}\nrefused = {{ status = 429 }}\n",
            request("pulse/{{ milliseconds }}")
        ),
        RelayModel::Shelly => format!("driver = \"shelly-gen2\"\nswitch = {index}\n"),
    };
    let _ = write!(
        toml,
        "\n[[relay]]\nid = \"relay-{index:02}\"\nurl = \"{devices}\"\nnetwork = \"loopback\"\n{driver}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_site_is_valid_and_the_bad_one_is_not() {
        assert_eq!(cameras().len(), 50);
        camhook_site::read(&toml("http://127.0.0.1:8099", "soak"), "test").unwrap();
        let bad = |error| camhook_site::read(&bad_toml("http://127.0.0.1:8099", error), "test");
        assert!(bad(BadConfiguration::Invalid).is_err());
        assert!(bad(BadConfiguration::Accepted).is_ok());
    }
}
