//! Any device that takes HTTP requests.

use std::collections::BTreeMap;

use camhook_ports::SecretReference;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::{DeviceLogin, DeviceTimer, Unsupported, address};
use crate::problem::{Notes, Path};
use crate::raw::{Many, RawBasic, RawNetwork, SecretText, TemplateText, UrlText};
use crate::read::scalar;
use crate::{Network, RelayAction};

/// A device that takes HTTP requests.
#[derive(Debug, Clone)]
pub struct HttpDevice {
    /// The device: scheme, host and port, which no template can change.
    pub url: Url,
    /// The authentication that it asks for.
    pub login: DeviceLogin,
    /// Switches it on.
    pub on: Option<HttpRequest>,
    /// Switches it off.
    pub off: Option<HttpRequest>,
    /// Switches it on for a time, after which it switches itself off.
    pub pulse: Option<HttpRequest>,
    /// Changes its state.
    pub toggle: Option<HttpRequest>,
    /// Which answers confirm that the device did what it was asked.
    pub success: AnswerPattern,
    /// Which answers prove that it did not; none when `None`.
    pub refused: Option<AnswerPattern>,
}

/// Conditions on a device's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerPattern {
    /// The statuses, any of which is good.
    pub statuses: Statuses,
    /// A text that the body contains; any body is good when `None`.
    pub body: Option<String>,
}

/// The statuses of answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statuses {
    /// Any.
    Any,
    /// 200 to 299.
    Successful,
    /// These.
    These(Vec<u16>),
}

impl AnswerPattern {
    /// Whether an answer is one of them.
    #[must_use]
    pub fn matches(&self, status: u16, body: &str) -> bool {
        let is_status = match &self.statuses {
            Statuses::Any => true,
            Statuses::Successful => (200..300).contains(&status),
            Statuses::These(statuses) => statuses.contains(&status),
        };
        is_status && self.body.as_ref().is_none_or(|text| body.contains(text))
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
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

impl HttpDevice {
    pub(super) fn timer(&self) -> DeviceTimer {
        if self.pulse.is_some() { DeviceTimer::Own } else { DeviceTimer::None }
    }

    pub(super) fn unsupported(&self, action: RelayAction) -> Option<Unsupported> {
        let (is_supported, wanted) = match action {
            RelayAction::On => (self.on.is_some(), "`on`"),
            RelayAction::Off => (self.off.is_some(), "`off`"),
            RelayAction::Toggle => (self.toggle.is_some(), "`toggle`"),
            RelayAction::Pulse { .. } | RelayAction::Hold { .. } => (
                self.pulse.is_some() || (self.on.is_some() && self.off.is_some()),
                "`pulse`, or both `on` and `off`,",
            ),
        };
        (!is_supported).then(|| {
            Unsupported::new(
                format!("this relay has no request for `{}`", action.name()),
                format!("give the relay the request {wanted} or the rule another action"),
            )
        })
    }
}

/// Any other device with an HTTP interface: one request for each action that rules use.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// The device, scheme, host and port alone: `http://192.168.85.151`.
    url: UrlText,
    /// User and password, where the device asks for Basic.
    basic: Option<RawBasic>,
    /// User and password, where the device asks for Digest.
    digest: Option<RawBasic>,
    /// A token, where the device asks for Bearer.
    bearer: Option<SecretText>,
    /// Switches it on.
    on: Option<Box<Request>>,
    /// Switches it off.
    off: Option<Box<Request>>,
    /// Switches it on; the device switches itself off after `{{ seconds }}`. Without it, camhook sends `on`, and
    /// later `off`.
    pulse: Option<Box<Request>>,
    /// Changes its state.
    toggle: Option<Box<Request>>,
    /// The answers that confirm that the device executed the command. For any other answer an alert is sent, and the
    /// command is not repeated.
    #[schemars(extend("x-default" = "every status of 200 to 299"))]
    success: Option<Answer>,
    /// The answers that prove that the device did not execute the command, which is then retried within `max_age`.
    /// Checked before `success`.
    #[schemars(extend("x-default" = "none"))]
    refused: Option<Answer>,
    /// The same as `body` of `success`, with a status of 200 to 299.
    confirmation: Option<String>,
}

/// Conditions on a device's answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "HttpAnswer")]
struct Answer {
    /// The statuses, any of which matches: `[200, 404]`.
    #[schemars(extend("x-default" = "200 to 299 in `success`, any in `refused`"))]
    status: Option<Many<u16>>,
    /// A text that the body contains.
    #[schemars(extend("x-default" = "any body"))]
    body: Option<String>,
}

/// A request to a device. Path, header values and body are templates over `relay` (its id), `action`, and for a
/// pulse or hold `seconds` and `milliseconds`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "HttpRequest")]
struct Request {
    /// The method.
    #[schemars(extend("x-default" = "`GET`; `POST` where there is a body"))]
    method: Option<HttpMethod>,
    /// Path and query, from the slash on: `/relay?on=1&time={{ seconds }}`.
    path: TemplateText,
    /// Header fields by their names. A value that begins with `ssm:` or `env:` is a secret.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// The body; JSON unless `headers` has another `Content-Type`.
    body: Option<TemplateText>,
}

impl Keys {
    pub(super) fn read(
        &self,
        network: Option<RawNetwork>,
        path: &Path<'_>,
        notes: &mut Notes,
    ) -> Option<(HttpDevice, Network)> {
        let address = address("url", &self.url, network, path, notes);
        let (basic, digest) = (self.basic.as_ref(), self.digest.as_ref());
        let login = DeviceLogin::read(basic, digest, self.bearer.as_ref(), path, notes);
        let mut read = |request: &Option<Box<Request>>, key: &str| match request {
            None => Some(None),
            Some(request) => request.read(&path.key(key), notes).map(Some),
        };
        let (on, off) = (read(&self.on, "on"), read(&self.off, "off"));
        let (pulse, toggle) = (read(&self.pulse, "pulse"), read(&self.toggle, "toggle"));
        self.warn_of_pulse_without_length(path, notes);
        let success = self.read_success(path, notes);
        let path_refused = path.key("refused");
        let refused =
            self.refused.as_ref().map(|refused| refused.read(Statuses::Any, &path_refused, notes));
        if refused.as_ref().is_some_and(|refused| *refused == success) {
            notes.problem(
                &path_refused,
                "the same answers confirm and refuse",
                "name other answers here, or leave it out",
            );
        }
        let (url, network) = address?;
        let (on, off, pulse, toggle) = (on?, off?, pulse?, toggle?);
        Some((HttpDevice { url, login, on, off, pulse, toggle, success, refused }, network))
    }

    /// Which answers confirm a command.
    fn read_success(&self, path: &Path<'_>, notes: &mut Notes) -> AnswerPattern {
        if self.success.is_some() && self.confirmation.is_some() {
            notes.misplaced(
                &path.key("confirmation"),
                "`success` says which answers confirm",
                "write it as `body` of `success`",
            );
        }
        match &self.success {
            Some(success) => success.read(Statuses::Successful, &path.key("success"), notes),
            None => AnswerPattern { statuses: Statuses::Successful, body: self.confirmation.clone() },
        }
    }

    /// Warns of a request for a pulse that does not say how long the pulse lasts.
    fn warn_of_pulse_without_length(&self, path: &Path<'_>, notes: &mut Notes) {
        let Some(pulse) = &self.pulse else { return };
        if !pulse.templates().any(|(_, template)| template.contains("seconds")) {
            notes.warning(
                &path.key("pulse"),
                "the request does not say how long the pulse lasts",
                "write {{ seconds }} where it belongs; if the device has a fixed time of its own, use only that time \
                 in rules",
            );
        }
    }

    /// Every template, with the keys that lead to it.
    pub(crate) fn templates(&self) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
        let requests =
            [("on", &self.on), ("off", &self.off), ("pulse", &self.pulse), ("toggle", &self.toggle)];
        requests.into_iter().flat_map(|(action, request)| {
            let templates = request.iter().flat_map(|request| request.templates());
            templates.map(move |(key, template)| (action, key, template))
        })
    }
}

impl Answer {
    fn read(&self, default: Statuses, path: &Path<'_>, notes: &mut Notes) -> AnswerPattern {
        if self.status.is_none() && self.body.is_none() {
            notes.problem(path, "this names no answer", "add `status`, `body` or both");
        }
        if self.body.as_ref().is_some_and(String::is_empty) {
            notes.problem(&path.key("body"), "every answer contains this", "name a text that only such answers contain");
        }
        let path_status = path.key("status");
        let statuses = match &self.status {
            None => default,
            Some(statuses) => Statuses::These(statuses.as_slice().to_vec()),
        };
        let listed = self.status.as_ref().map_or(&[][..], Many::as_slice).iter().enumerate();
        for (index, status) in listed.filter(|(_, status)| !(200..600).contains(*status)) {
            notes.problem(
                &path_status.index(index),
                format!("{status} is no status of an answer"),
                "use numbers from 200 to 599",
            );
        }
        AnswerPattern { statuses, body: self.body.clone() }
    }
}

impl Request {
    fn read(&self, path: &Path<'_>, notes: &mut Notes) -> Option<HttpRequest> {
        let template = &self.path.0;
        if !template.starts_with('/') {
            notes.problem(
                &path.key("path"),
                "a path begins with a slash",
                "write the host into `url` of the relay, and what follows it here: /relay?on=1",
            );
        }
        let path_headers = path.key("headers");
        let mut headers = Vec::new();
        for (name, value) in &self.headers {
            let path = path_headers.key(name);
            if name.eq_ignore_ascii_case("authorization") {
                notes.problem(
                    &path,
                    "authentication does not belong here",
                    "use `basic`, `digest` or `bearer`",
                );
            } else if !is_field_name(name) {
                notes.problem(&path, "this is no name of a header field", "use letters, digits and -");
            }
            headers.push((name.clone(), header_value(value, &path, notes)));
        }
        let default_method = if self.body.is_some() { HttpMethod::Post } else { HttpMethod::Get };
        let method = self.method.unwrap_or(default_method);
        let body = self.body.as_ref().map(|body| body.0.clone());
        template.starts_with('/').then(|| HttpRequest { method, path: template.clone(), headers, body })
    }

    /// Every template, with its key.
    fn templates(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let headers = self.headers.values().map(|value| ("headers", value.as_str()));
        let body = self.body.iter().map(|body| ("body", body.0.as_str()));
        std::iter::once(("path", self.path.0.as_str())).chain(headers).chain(body)
    }
}

/// A template, which is no secret, or a reference to a secret.
fn header_value(text: &str, path: &Path<'_>, notes: &mut Notes) -> SecretReference {
    match SecretReference::parse(text) {
        literal @ SecretReference::Literal(_) => {
            scalar::note_intended_reference(text, path, notes);
            literal
        }
        SecretReference::Parameter(_) | SecretReference::Environment(_) => {
            scalar::secret(&SecretText(text.to_owned()), path, notes)
        }
    }
}

fn is_field_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
}
