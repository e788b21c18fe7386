//! Relays.

use std::time::Duration;

use camhook_ports::SecretReference;
use url::Url;

use super::scalar;
use super::source::basic;
use crate::problem::{Notes, Path};
use crate::raw::{
    DurationText, RawBasic, RawHttpMethod, RawHttpRequest, RawNetwork, RawRelay, RawShellyOutput,
    RawTwoNMode, RawVia, RawWebRelayPage, SecretText, UrlText,
};
use crate::{
    DeviceLogin, Driver, HttpDevice, HttpMethod, HttpRequest, Mqtt, MqttStatus, Network, PulsePayload, Relay,
    RelayId, ShellyCloud, ShellyGen1, ShellyGen1Output, ShellyGen2, Switching, TwoN, TwoNMode, Via,
    ViewtronOutput, WebRelay, WebRelayPage,
};

/// The longest time that a monostable switch may stay on: as long as a pulse.
const LONGEST_SWITCH: Duration = Duration::from_secs(86_400);

pub(super) fn id(raw: &RawRelay) -> &str {
    raw.keys().id
}

/// Reads a relay; `of_site` is what the site says of all of them.
pub(super) fn relay(raw: &RawRelay, of_site: Switching, path: &Path<'_>, notes: &mut Notes) -> Option<Relay> {
    let keys = raw.keys();
    let driver = driver(raw, path, notes);
    let min_interval = match keys.min_interval {
        None => Some(Duration::ZERO),
        Some(text) => scalar::duration(text, &path.key("min_interval"), notes),
    };
    let via = match keys.via {
        None | Some(RawVia::Cloud) => Via::Cloud,
        Some(RawVia::Agent) => Via::Agent,
    };
    let switching = keys.dry_run.map_or(of_site, switching);
    if keys.dry_run == Some(true) {
        warn_of_dry_run(&path.key("dry_run"), notes);
    }
    let (driver, network) = driver?;
    if network == Network::Lan && via == Via::Cloud {
        notes.warning(
            &path.key("network"),
            "a function in the cloud does not reach a private network",
            "add via = \"agent\", unless a VPN leads there",
        );
    }
    Some(Relay { id: RelayId::new(keys.id)?, driver, min_interval: min_interval?, network, via, switching })
}

/// What `dry_run` says.
pub(super) fn switching(dry_run: bool) -> Switching {
    if dry_run { Switching::DryRun } else { Switching::Real }
}

pub(super) fn warn_of_dry_run(path: &Path<'_>, notes: &mut Notes) {
    notes.warning(path, "nothing is switched while this stands", "take it out when you have seen enough");
}

/// The keys of a driver alone, and where its address may lie.
fn driver(raw: &RawRelay, path: &Path<'_>, notes: &mut Notes) -> Option<(Driver, Network)> {
    match raw {
        RawRelay::ShellyGen1 { url, basic, output, channel, brightness, network, .. } => {
            let device = device(url, *network, path, notes);
            let basic = credential(basic.as_ref(), path, notes);
            let output = shelly_output(*output, *brightness, path, notes);
            let (url, network) = device?;
            let channel = channel.unwrap_or(0);
            Some((Driver::ShellyGen1(ShellyGen1 { url, basic, output, channel }), network))
        }
        RawRelay::ShellyGen2 { url, password, switch, network, .. } => {
            let device = device(url, *network, path, notes);
            let password = secret(password.as_ref(), "password", path, notes);
            let (url, network) = device?;
            let switch = switch.unwrap_or(0);
            Some((Driver::ShellyGen2(ShellyGen2 { url, password, switch }), network))
        }
        RawRelay::ShellyCloud { server, device, key, channel, network, .. } => {
            let reached = address("server", server, *network, path, notes);
            let key = scalar::secret(key, &path.key("key"), notes);
            let device = shelly_id(device, &path.key("device"), notes);
            let (server, network) = reached?;
            warn_of_plain_http(&server, network, &path.key("server"), notes);
            let channel = channel.unwrap_or(0);
            Some((Driver::ShellyCloud(ShellyCloud { server, device: device?, key, channel }), network))
        }
        RawRelay::WebRelay { url, password, relay, page, network, .. } => {
            let device = device(url, *network, path, notes);
            in_range(*relay, 1..=16, &path.key("relay"), notes);
            let password = secret(password.as_ref(), "password", path, notes);
            let (url, network) = device?;
            let page = match page {
                None | Some(RawWebRelayPage::StateFull) => WebRelayPage::StateFull,
                Some(RawWebRelayPage::State) => WebRelayPage::State,
            };
            Some((Driver::WebRelay(WebRelay { url, password, relay: *relay, page }), network))
        }
        RawRelay::TwoN { url, basic, digest, switch, mode, length, network, .. } => {
            let device = device(url, *network, path, notes);
            in_range(*switch, 1..=16, &path.key("switch"), notes);
            let login = login(basic.as_ref(), digest.as_ref(), None, path, notes);
            let mode = two_n_mode(*mode, length.as_ref(), path, notes);
            let (url, network) = device?;
            Some((Driver::TwoN(TwoN { url, login, switch: switch.unwrap_or(1), mode: mode? }), network))
        }
        RawRelay::Viewtron { url, basic, channel, network, .. } => {
            let device = device(url, *network, path, notes);
            in_range(*channel, 1..=255, &path.key("channel"), notes);
            let basic = credential(basic.as_ref(), path, notes);
            let (url, network) = device?;
            Some((Driver::Viewtron(ViewtronOutput { url, basic, channel: *channel }), network))
        }
        RawRelay::Http {
            url, basic, digest, bearer, on, off, pulse, toggle, confirmation, network, ..
        } => {
            let device = device(url, *network, path, notes);
            let login = login(basic.as_ref(), digest.as_ref(), bearer.as_ref(), path, notes);
            let mut read = |raw: &Option<Box<RawHttpRequest>>, key: &str| match raw {
                None => Some(None),
                Some(raw) => http_request(raw, &path.key(key), notes).map(Some),
            };
            let (on, off) = (read(on, "on"), read(off, "off"));
            let (pulse, toggle) = (read(pulse, "pulse"), read(toggle, "toggle"));
            warn_of_untold_length(raw, path, notes);
            let (url, network) = device?;
            let confirmation = confirmation.clone();
            let device =
                HttpDevice { url, login, on: on?, off: off?, pulse: pulse?, toggle: toggle?, confirmation };
            Some((Driver::Http(Box::new(device)), network))
        }
        RawRelay::Mqtt {
            topic, on, off, pulse, toggle, status_topic, status_on, status_off, via, ..
        } => {
            check_topic(topic, &path.key("topic"), notes);
            if let Some(topic) = status_topic {
                check_topic(topic, &path.key("status_topic"), notes);
            }
            if matches!(via, Some(RawVia::Agent)) {
                notes.problem(
                    &path.key("via"),
                    "the agent does not publish to AWS IoT",
                    "leave it out: the function does, and a bridge takes the message into the house",
                );
            }
            let pulse = pulse.as_ref().map(|text| {
                let parsed = PulsePayload::parse(text);
                if parsed.is_none() {
                    notes.problem(
                        &path.key("pulse"),
                        "the payload does not say how long the pulse is",
                        "put {{ seconds }} where their number belongs, once",
                    );
                }
                parsed
            });
            let pulse = match pulse {
                Some(parsed) => Some(parsed?),
                None => None,
            };
            let status = status_topic.as_ref().map(|topic| MqttStatus {
                topic: topic.clone(),
                on: status_on.as_ref().unwrap_or(on).clone(),
                off: status_off.as_ref().unwrap_or(off).clone(),
            });
            let (topic, on, off) = (topic.clone(), on.clone(), off.clone());
            let device = Box::new(Mqtt { topic, on, off, pulse, toggle: toggle.clone(), status });
            Some((Driver::Mqtt(device), Network::Public))
        }
    }
}

/// A topic that AWS IoT takes: at most 256 bytes and seven slashes, no wildcard, none of AWS's own.
fn check_topic(topic: &str, path: &Path<'_>, notes: &mut Notes) {
    let what = if topic.is_empty() {
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
    notes.problem(path, what, "write one topic: instar/10D1DC218F96/alarm/area1/enable");
}

/// The address of a device, without the path of a command.
fn device(
    url: &UrlText,
    network: Option<RawNetwork>,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Option<(Url, Network)> {
    address("url", url, network, path, notes)
}

fn address(
    key: &str,
    url: &UrlText,
    network: Option<RawNetwork>,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Option<(Url, Network)> {
    let path = path.key(key);
    let url = scalar::url(url, &path, notes)?;
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        notes.problem(
            &path,
            "this is the address of a command, not of the device",
            "write it without a path: http://192.168.85.151",
        );
    }
    let network = scalar::reachable_host(network, url.host().as_ref(), &path, notes);
    Some((url, network))
}

fn secret(
    text: Option<&SecretText>,
    key: &str,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Option<SecretReference> {
    text.map(|text| scalar::secret(text, &path.key(key), notes))
}

fn credential(raw: Option<&RawBasic>, path: &Path<'_>, notes: &mut Notes) -> Option<crate::BasicCredential> {
    raw.map(|raw| basic(raw, &path.key("basic"), notes))
}

/// The one way in which a device is shown who is asking.
fn login(
    basic_raw: Option<&RawBasic>,
    digest_raw: Option<&RawBasic>,
    bearer_raw: Option<&SecretText>,
    path: &Path<'_>,
    notes: &mut Notes,
) -> DeviceLogin {
    let basic_read = credential(basic_raw, path, notes).map(DeviceLogin::Basic);
    let digest_read = digest_raw.map(|raw| DeviceLogin::Digest(basic(raw, &path.key("digest"), notes)));
    let bearer_read = secret(bearer_raw, "bearer", path, notes).map(DeviceLogin::Bearer);
    let mut logins = [("basic", basic_read), ("digest", digest_read), ("bearer", bearer_read)]
        .into_iter()
        .filter_map(|(key, login)| login.map(|login| (key, login)));
    let Some((_, first)) = logins.next() else { return DeviceLogin::None };
    for (key, _) in logins {
        notes.misplaced(&path.key(key), "a device asks for one of them", "leave in what the device asks for");
    }
    first
}

fn in_range(number: Option<u8>, range: std::ops::RangeInclusive<u8>, path: &Path<'_>, notes: &mut Notes) {
    if let Some(number) = number.filter(|number| !range.contains(number)) {
        let fix = format!("use a number from {} to {}", range.start(), range.end());
        notes.problem(path, format!("{number} is out of range"), fix);
    }
}

fn shelly_output(
    output: Option<RawShellyOutput>,
    brightness: Option<u8>,
    path: &Path<'_>,
    notes: &mut Notes,
) -> ShellyGen1Output {
    let path_brightness = path.key("brightness");
    match output {
        Some(RawShellyOutput::Light) => {
            in_range(brightness, 1..=100, &path_brightness, notes);
            ShellyGen1Output::Light { brightness }
        }
        None | Some(RawShellyOutput::Relay) => {
            if brightness.is_some() {
                notes.misplaced(
                    &path_brightness,
                    "a relay is not brighter or darker",
                    "leave it out, or add output = \"light\"",
                );
            }
            ShellyGen1Output::Relay
        }
    }
}

fn shelly_id(text: &str, path: &Path<'_>, notes: &mut Notes) -> Option<String> {
    let is_id = (6..=16).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_alphanumeric());
    if !is_id {
        notes.problem(
            path,
            format!("`{text}` is no id of a device"),
            "copy it from the app: device, settings, device information, device id",
        );
        return None;
    }
    Some(text.to_owned())
}

/// Notes a key that would go over the network for everybody to read.
fn warn_of_plain_http(url: &Url, network: Network, path: &Path<'_>, notes: &mut Notes) {
    if url.scheme() == "http" && network == Network::Public {
        notes.warning(path, "the key can be read on the way", "use https");
    }
}

fn two_n_mode(
    mode: RawTwoNMode,
    length: Option<&DurationText>,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Option<TwoNMode> {
    let path_length = path.key("length");
    match (mode, length) {
        (RawTwoNMode::Bistable, None) => Some(TwoNMode::Bistable),
        (RawTwoNMode::Bistable, Some(_)) => {
            notes.misplaced(&path_length, "a bistable switch stays as it is", "leave it out");
            Some(TwoNMode::Bistable)
        }
        (RawTwoNMode::Monostable, None) => {
            notes.problem(
                path,
                "it is not said when the switch goes off",
                "add `length`, the switch-on duration that is set in the device: length = \"5s\"",
            );
            None
        }
        (RawTwoNMode::Monostable, Some(text)) => {
            let length = scalar::duration(text, &path_length, notes)?;
            if length.is_zero() || length > LONGEST_SWITCH {
                notes.problem(&path_length, "no switch is on for that long", "use a time from 100ms to 24h");
            }
            Some(TwoNMode::Monostable { length })
        }
    }
}

fn http_request(raw: &RawHttpRequest, path: &Path<'_>, notes: &mut Notes) -> Option<HttpRequest> {
    let template = &raw.path.0;
    if !template.starts_with('/') {
        notes.problem(
            &path.key("path"),
            "a path begins with a slash",
            "write the host into `url` of the relay, and what follows it here: /relay?on=1",
        );
    }
    let path_headers = path.key("headers");
    let mut headers = Vec::new();
    for (name, value) in &raw.headers {
        let path = path_headers.key(name);
        if name.eq_ignore_ascii_case("authorization") {
            notes.problem(&path, "who is asking does not belong here", "use `basic`, `digest` or `bearer`");
        } else if !is_field_name(name) {
            notes.problem(&path, "this is no name of a header field", "use letters, digits and -");
        }
        headers.push((name.clone(), header_value(value, &path, notes)));
    }
    let method = match raw.method {
        None if raw.body.is_some() => HttpMethod::Post,
        None | Some(RawHttpMethod::Get) => HttpMethod::Get,
        Some(RawHttpMethod::Post) => HttpMethod::Post,
        Some(RawHttpMethod::Put) => HttpMethod::Put,
        Some(RawHttpMethod::Patch) => HttpMethod::Patch,
        Some(RawHttpMethod::Delete) => HttpMethod::Delete,
    };
    let body = raw.body.as_ref().map(|body| body.0.clone());
    template.starts_with('/').then(|| HttpRequest { method, path: template.clone(), headers, body })
}

/// A template, which is no secret, or a reference to a secret.
fn header_value(text: &str, path: &Path<'_>, notes: &mut Notes) -> SecretReference {
    match SecretReference::parse(text) {
        literal @ SecretReference::Literal(_) => literal,
        SecretReference::Parameter(_) | SecretReference::Environment(_) => {
            scalar::secret(&SecretText(text.to_owned()), path, notes)
        }
    }
}

fn is_field_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
}

/// Warns of a request for a pulse that does not tell the device how long it is to last.
fn warn_of_untold_length(raw: &RawRelay, path: &Path<'_>, notes: &mut Notes) {
    let RawRelay::Http { pulse: Some(pulse), .. } = raw else { return };
    if !templates(pulse).any(|(_, template)| template.contains("seconds")) {
        notes.warning(
            &path.key("pulse"),
            "the device is not told how long the pulse is to last",
            "write {{ seconds }} where it belongs; if the device has its own fixed time, ask for that time alone",
        );
    }
}

/// The templates of a request, with their keys.
fn templates(request: &RawHttpRequest) -> impl Iterator<Item = (&'static str, &str)> {
    let headers = request.headers.values().map(|value| ("headers", value.as_str()));
    let body = request.body.iter().map(|body| ("body", body.0.as_str()));
    std::iter::once(("path", request.path.0.as_str())).chain(headers).chain(body)
}

/// Notes templates of requests that cannot be used.
pub(super) fn check_templates(
    document: &crate::raw::RawSite,
    template_error: impl Fn(&str) -> Option<String>,
    notes: &mut Notes,
) {
    let root = Path::Root;
    let section = root.key("relay");
    for (index, relay) in super::good(&document.relay) {
        let RawRelay::Http { on, off, pulse, toggle, .. } = relay else { continue };
        let path = section.index(index);
        for (key, request) in [("on", on), ("off", off), ("pulse", pulse), ("toggle", toggle)] {
            let path = path.key(key);
            for (key, template) in request.iter().flat_map(|request| templates(request)) {
                if let Some(error) = template_error(template) {
                    notes.problem(
                        &path.key(key),
                        format!("this template cannot be used: {error}"),
                        "write names in double braces: {{ seconds }}",
                    );
                }
            }
        }
    }
}
