//! Sources, and how their posts prove themselves.

use std::collections::BTreeMap;
use std::time::Duration;

use camhook_event::{PlateList, Text, Vendor};
use ipnet::IpNet;
use jiff::tz::TimeZone;

use super::{good, known_credential, scalar};
use crate::problem::{Notes, Path};
use crate::raw::{Many, RawAuth, RawClock, RawDialect, RawGroups, RawRetention, RawSite, RawSource};
use crate::vendor_limit::{self, Ability};
use crate::{Auth, ClockTrust, Dialect, Retention, Site, Source, Token, Tracking};

/// By how much a device's time may differ from the receipt, where the source does not say.
const DEFAULT_CLOCK_TOLERANCE: Duration = Duration::from_secs(15);

/// Presence is written once a minute at most, so that a shorter silence says nothing.
const LEAST_OFFLINE_AFTER: Duration = Duration::from_secs(120);

/// The largest IPv4 network that `allow` is meant for: what one provider has.
const WIDEST_IPV4: u8 = 8;

/// The largest IPv6 network that `allow` is meant for.
const WIDEST_IPV6: u8 = 16;

/// The characters of a token: 128 random bits in base64.
const TOKEN_LENGTH: usize = 22;

pub(super) fn source(
    raw: &RawSource,
    site_timezone: &TimeZone,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Option<Source> {
    let vendor = raw.vendor;
    let looks_random = |id: &str| {
        id.len() == TOKEN_LENGTH && !id.contains('-') && id.bytes().filter(u8::is_ascii_digit).count() >= 3
    };
    if looks_random(&raw.id.0) {
        notes.warning(
            &path.key("id"),
            "this looks like a token, and ids stand in logs",
            "give the source a name, and put the token into `auth`",
        );
    }
    let area = raw.area.as_ref().and_then(|area| scalar::text(area, &path.key("area"), notes));
    let topic = raw.topic.as_ref().and_then(|topic| scalar::text(topic, &path.key("topic"), notes));
    if !vendor_limit::can(vendor, Ability::Mqtt) {
        for (key, is_there) in [
            ("dialect", raw.dialect.is_some()),
            ("parameters", !raw.parameters.is_empty()),
            ("topic", topic.is_some()),
        ] {
            if is_there {
                notes.misplaced(&path.key(key), format!("{vendor} has no `{key}`"), "leave it out");
            }
        }
    } else if topic.is_none() && raw.dialect.is_none() {
        notes.problem(
            path,
            format!("it is not said how this {vendor} source speaks"),
            "add dialect = \"cloud\", \"camera-v1\" or \"camera-v2\", or the topic of MQTT",
        );
    }
    if topic.is_some() && raw.dialect.is_some() {
        notes.misplaced(
            &path.key("dialect"),
            "a source with a `topic` comes over MQTT and has no `dialect`",
            "leave one of them out",
        );
    }
    let auth = auth(raw, topic.is_some(), path, notes);
    let offline_after = raw.offline_after.as_ref().and_then(|text| {
        let path = path.key("offline_after");
        let after = scalar::duration(text, &path, notes)?;
        if after < LEAST_OFFLINE_AFTER {
            notes.problem(&path, "so short a silence says nothing", "use 2m or more");
        }
        Some(after)
    });
    let clock_tolerance = match &raw.clock_tolerance {
        None => Some(DEFAULT_CLOCK_TOLERANCE),
        Some(text) => scalar::duration(text, &path.key("clock_tolerance"), notes),
    };
    let timezone = match &raw.timezone {
        None => Some(site_timezone.clone()),
        Some(text) => scalar::timezone(text, &path.key("timezone"), notes),
    };
    let retention = |raw: Option<RawRetention>| match raw {
        None | Some(RawRetention::Keep) => Retention::Keep,
        Some(RawRetention::Drop) => Retention::Drop,
    };
    if raw.tracking.is_some() && !vendor_limit::can(vendor, Ability::Tracking) {
        notes.warning(&path.key("tracking"), format!("{vendor} sends no tracking posts"), "leave it out");
    }
    if matches!(raw.clock, Some(RawClock::Trusted)) && !vendor_limit::can(vendor, Ability::Time) {
        notes.warning(
            &path.key("clock"),
            format!("{vendor} sends no time, so its events are too late for every relay"),
            "leave it out",
        );
    }
    let clock = match raw.clock {
        Some(RawClock::Trusted) => ClockTrust::Trusted,
        Some(RawClock::Untrusted) => ClockTrust::Untrusted,
        None if vendor_limit::can(vendor, Ability::Resend) => ClockTrust::Trusted,
        None => ClockTrust::Untrusted,
    };
    let dialect = raw.dialect.map(|dialect| match dialect {
        RawDialect::Cloud => Dialect::Cloud,
        RawDialect::CameraV1 => Dialect::CameraV1,
        RawDialect::CameraV2 => Dialect::CameraV2,
    });
    Some(Source {
        id: Text::new(&raw.id.0)?,
        vendor,
        area,
        auth,
        offline_after,
        tracking: tracking(raw.tracking.as_deref(), &path.key("tracking"), notes)?,
        faces: retention(raw.faces),
        overview: retention(raw.overview),
        metadata: retention(Some(raw.metadata.unwrap_or(RawRetention::Drop))),
        clock,
        clock_tolerance: clock_tolerance?,
        timezone: timezone?,
        dialect,
        parameters: parameters(&raw.parameters, &path.key("parameters"), notes),
        topic,
        groups: groups(raw, &path.key("groups"), notes),
    })
}

/// Checks what sources that set modes must not have: keys for events, an address alone as proof, and an area that no
/// other source has.
pub(super) fn check_controls(site: &Site, document: &RawSite, notes: &mut Notes) {
    let areas = site.areas();
    let root = Path::Root;
    let section = root.key("source");
    for (index, raw) in good(&document.source) {
        if raw.vendor != Vendor::Control {
            continue;
        }
        let path = section.index(index);
        for (key, is_there) in [
            ("offline_after", raw.offline_after.is_some()),
            ("faces", raw.faces.is_some()),
            ("overview", raw.overview.is_some()),
            ("metadata", raw.metadata.is_some()),
            ("clock", raw.clock.is_some()),
            ("clock_tolerance", raw.clock_tolerance.is_some()),
        ] {
            if is_there {
                notes.problem(&path.key(key), format!("a control source has no `{key}`"), "leave it out");
            }
        }
        if let Some(area) = raw.area.as_deref().filter(|area| !areas.contains(area)) {
            notes.problem(
                &path.key("area"),
                format!("no other source has the area `{area}`"),
                "name the area whose mode the source may set, or leave `area` out: it may then set all of them",
            );
        }
        if site.source(&raw.id.0).is_some_and(|source| source.is_proved_by_address_alone()) {
            notes.problem(
                &path.key("auth"),
                "an address alone does not prove who sets a mode",
                "add token_sha256 or basic, as `camhook token` prints it",
            );
        }
    }
}

fn groups(raw: &RawSource, path: &Path<'_>, notes: &mut Notes) -> BTreeMap<i64, PlateList> {
    let mut groups = BTreeMap::new();
    let Some(RawGroups { allow, deny, stranger }) = &raw.groups else { return groups };
    if !vendor_limit::can(raw.vendor, Ability::NumberedFaceGroups) {
        notes.misplaced(path, format!("{} has no `groups`", raw.vendor), "leave it out");
    }
    for (key, numbers, list) in [
        ("allow", allow, PlateList::Allow),
        ("deny", deny, PlateList::Deny),
        ("stranger", stranger, PlateList::Stranger),
    ] {
        for (index, &number) in numbers.iter().enumerate() {
            if groups.insert(number, list).is_some_and(|other| other != list) {
                notes.problem(
                    &path.key(key).index(index),
                    format!("group {number} is on two lists"),
                    "name each group once",
                );
            }
        }
    }
    groups
}

fn tracking(text: Option<&str>, path: &Path<'_>, notes: &mut Notes) -> Option<Tracking> {
    let text = match text {
        None | Some("drop") => return Some(Tracking::Drop),
        Some(text) => text,
    };
    match scalar::parse_duration(text) {
        Some(every) if every > Duration::ZERO => Some(Tracking::Every(every)),
        _ => {
            notes.problem(
                path,
                format!("`{text}` is neither `drop` nor a time above zero"),
                "write \"drop\", or a number and a unit such as 1s",
            );
            None
        }
    }
}

fn parameters(
    raw: &BTreeMap<String, String>,
    path: &Path<'_>,
    notes: &mut Notes,
) -> BTreeMap<String, String> {
    for (standard, chosen) in raw {
        if chosen.is_empty() {
            notes.problem(&path.key(standard), "the parameter has no name", "write the name that is sent");
        }
    }
    raw.clone()
}

fn auth(raw: &RawSource, comes_over_mqtt: bool, path: &Path<'_>, notes: &mut Notes) -> Auth {
    let path_auth = path.key("auth");
    let Some(raw_auth) = &raw.auth else {
        if !comes_over_mqtt {
            notes.problem(
                path,
                "nothing proves that a post comes from this source",
                "add auth = { token_sha256 = \"…\" }, as `camhook token` prints it",
            );
        }
        return Auth::default();
    };
    if comes_over_mqtt {
        notes.misplaced(
            &path_auth,
            "a source with a `topic` proves itself by its certificate",
            "leave `auth` or `topic` out",
        );
    }
    let read = credentials(raw_auth, &path_auth, notes);
    let names_none = raw_auth.token_sha256.is_none()
        && raw_auth.token.is_none()
        && raw_auth.basic.is_none()
        && raw_auth.hmac.is_none()
        && raw_auth.allow.is_none();
    if names_none && !comes_over_mqtt {
        notes.problem(
            &path_auth,
            "nothing proves that a post comes from this source",
            "name at least one of token_sha256, token, basic, hmac and allow",
        );
    }
    if raw_auth.hmac.is_some() && !vendor_limit::can(raw.vendor, Ability::Sign) {
        notes.warning(
            &path_auth.key("hmac"),
            format!("{} signs nothing: every post of a device of theirs will be refused", raw.vendor),
            "use a token or basic instead",
        );
    }
    read
}

fn credentials(raw: &RawAuth, path: &Path<'_>, notes: &mut Notes) -> Auth {
    let mut auth = Auth::default();
    each(raw.token_sha256.as_ref(), &path.key("token_sha256"), notes, |text, path, notes| {
        if let Some(token) = known_credential::token_of(&text.0) {
            let token = if token.is_empty() { "an empty token".to_owned() } else { format!("`{token}`") };
            notes.strict(
                path,
                format!("this is the SHA-256 of {token}, which everybody can guess"),
                "take the line that `camhook token` prints",
            );
        }
        match sha256(&text.0) {
            Some(digest) => auth.tokens.push(Token::Sha256(digest)),
            None => notes.problem(
                path,
                "this is no SHA-256: 64 hexadecimal digits",
                "take the line that `camhook token` prints",
            ),
        }
    });
    each(raw.token.as_ref(), &path.key("token"), notes, |text, path, notes| {
        let secret = scalar::secret(text, path, notes);
        if matches!(secret, camhook_ports::SecretReference::Literal(_)) {
            token_form(&text.0, path, notes);
        }
        auth.tokens.push(Token::Secret(secret));
    });
    each(raw.basic.as_ref(), &path.key("basic"), notes, |raw, path, notes| {
        auth.basic.push(scalar::basic(raw, path, notes));
    });
    each(raw.hmac.as_ref(), &path.key("hmac"), notes, |text, path, notes| {
        auth.hmac.push(scalar::secret(text, path, notes));
    });
    each(raw.allow.as_ref(), &path.key("allow"), notes, |text, path, notes| {
        let network = scalar::network(text, path, notes);
        if let Some(network) = network {
            check_network(network, path, notes);
        }
        auth.allow.extend(network);
    });
    auth
}

fn token_form(token: &str, path: &Path<'_>, notes: &mut Notes) {
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    if !token.bytes().all(is_plain) {
        notes.problem(
            path,
            "a token in a URL holds A-Z, a-z, 0-9, - and _ alone",
            "take one from `camhook token`",
        );
    } else if token.len() < TOKEN_LENGTH {
        notes.strict(
            path,
            format!("a token has at least {TOKEN_LENGTH} characters, this one has {}", token.len()),
            "take one from `camhook token`",
        );
    }
}

/// Notes a network that protects nothing, or that no request comes from.
fn check_network(network: IpNet, path: &Path<'_>, notes: &mut Notes) {
    let widest = match network {
        IpNet::V4(_) => WIDEST_IPV4,
        IpNet::V6(_) => WIDEST_IPV6,
    };
    let is_mapped = matches!(network, IpNet::V6(network) if network.addr().to_ipv4_mapped().is_some());
    if is_mapped {
        notes.strict(
            path,
            "requests come from IPv4 addresses, not from IPv6 addresses that contain one",
            "write it as IPv4: 203.0.113.0/24",
        );
    } else if network.prefix_len() == 0 {
        notes.strict(
            path,
            "this allows every address",
            "write the source's own network, or leave `allow` out and use a token",
        );
    } else if network.prefix_len() < widest {
        notes.strict(
            path,
            format!("this allows a large part of the internet: fewer than {widest} bits are fixed"),
            "write the source's own network, or leave `allow` out and use a token",
        );
    } else if scalar::is_never_a_sender(network.addr()) {
        notes.strict(
            path,
            "no request comes from such an address",
            "write the address that the source has on the internet",
        );
    }
}

fn sha256(text: &str) -> Option<[u8; 32]> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let octets: Vec<u8> = digits?
        .chunks(2)
        .filter_map(|pair| match pair {
            [high, low] => Some(high << 4 | low),
            _ => None,
        })
        .collect();
    if text.chars().count() == 64 { octets.try_into().ok() } else { None }
}

fn each<T>(
    values: Option<&Many<T>>,
    path: &Path<'_>,
    notes: &mut Notes,
    mut read: impl FnMut(&T, &Path<'_>, &mut Notes),
) {
    for (index, value) in values.map_or(&[][..], Many::as_slice).iter().enumerate() {
        read(value, &path.index(index), notes);
    }
}
