//! A switch of a 2N intercom.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::{DeviceLogin, DeviceTimer, Unsupported, address, check_range};
use crate::problem::{Notes, Path};
use crate::raw::{DurationText, RawBasic, RawNetwork, UrlText};
use crate::read::scalar;
use crate::{Network, RelayAction};

/// The longest time that a monostable switch may stay on: as long as a pulse.
const LONGEST_SWITCH: Duration = Duration::from_secs(86_400);

/// A switch of a 2N intercom.
#[derive(Debug, Clone)]
pub struct TwoN {
    /// The device: `https://192.168.85.151`.
    pub url: Url,
    /// The authentication of its Switch API.
    pub login: DeviceLogin,
    /// Which of its switches, counted from 1.
    pub switch: u8,
    /// How the switch is set up in the device.
    pub mode: TwoNMode,
}

/// How a switch of a 2N intercom is set up in the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TwoNMode {
    /// It switches itself off.
    Monostable {
        /// After this time.
        length: Duration,
    },
    /// It keeps its state.
    Bistable,
}

impl TwoN {
    pub(super) fn timer(&self) -> DeviceTimer {
        match self.mode {
            TwoNMode::Monostable { .. } => DeviceTimer::Own,
            TwoNMode::Bistable => DeviceTimer::None,
        }
    }

    /// A monostable switch can be pulsed for its own length, and switched off.
    pub(super) fn unsupported(&self, action: RelayAction) -> Option<Unsupported> {
        let TwoNMode::Monostable { length } = self.mode else { return None };
        let seconds = length.as_secs_f64();
        match action {
            RelayAction::Off => None,
            RelayAction::Pulse { duration } if duration == length => None,
            RelayAction::Pulse { .. } => Some(Unsupported::new(
                format!("this switch is monostable, and its pulse lasts {seconds} seconds"),
                format!("use seconds = {seconds}, or change the time in the device and `length` here"),
            )),
            RelayAction::On | RelayAction::Hold { .. } | RelayAction::Toggle => Some(Unsupported::new(
                "this switch is monostable: it switches itself off",
                format!("use action = \"pulse\" with seconds = {seconds}"),
            )),
        }
    }
}

/// A switch of a 2N intercom.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// The device: `https://192.168.85.151`.
    url: UrlText,
    /// User and password, where the device's Switch API asks for Basic.
    basic: Option<RawBasic>,
    /// User and password, where the device's Switch API asks for Digest.
    digest: Option<RawBasic>,
    /// Which of the device's switches, counted from 1.
    #[schemars(range(min = 1, max = 16), extend("default" = 1))]
    switch: Option<u8>,
    /// How the switch is set up in the device.
    mode: Mode,
    /// The switch-on duration of a monostable switch, as it is set in the device; such a switch needs it.
    length: Option<DurationText>,
}

/// How a switch of a 2N intercom is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "SwitchMode")]
enum Mode {
    /// It switches itself off.
    Monostable,
    /// It keeps its state.
    Bistable,
}

impl Keys {
    pub(super) fn read(
        &self,
        network: Option<RawNetwork>,
        path: &Path<'_>,
        notes: &mut Notes,
    ) -> Option<(TwoN, Network)> {
        let address = address("url", &self.url, network, path, notes);
        check_range(self.switch, 1..=16, &path.key("switch"), notes);
        let login = DeviceLogin::read(self.basic.as_ref(), self.digest.as_ref(), None, path, notes);
        let mode = self.mode(path, notes);
        let (url, network) = address?;
        Some((TwoN { url, login, switch: self.switch.unwrap_or(1), mode: mode? }, network))
    }

    fn mode(&self, path: &Path<'_>, notes: &mut Notes) -> Option<TwoNMode> {
        let path_length = path.key("length");
        match (self.mode, &self.length) {
            (Mode::Bistable, None) => Some(TwoNMode::Bistable),
            (Mode::Bistable, Some(_)) => {
                notes.misplaced(&path_length, "a bistable switch keeps its state", "leave it out");
                Some(TwoNMode::Bistable)
            }
            (Mode::Monostable, None) => {
                notes.problem(
                    path,
                    "a monostable switch needs its length",
                    "add `length`, the switch-on duration that is set in the device: length = \"5s\"",
                );
                None
            }
            (Mode::Monostable, Some(text)) => {
                let length = scalar::duration(text, &path_length, notes)?;
                if length.is_zero() || length > LONGEST_SWITCH {
                    notes.problem(
                        &path_length,
                        "no switch is on for that long",
                        "use a time from 100ms to 24h",
                    );
                }
                Some(TwoNMode::Monostable { length })
            }
        }
    }
}
