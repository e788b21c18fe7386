//! The small values: ids, references, durations, zones, dates, addresses, secrets.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use camhook_event::Text;
use camhook_ports::SecretReference;
use ipnet::IpNet;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use url::{Host, Url};

use crate::PlateText;
use crate::id::is_id;
use crate::problem::{Notes, Path, SecretForm, instead};
use crate::raw::{DurationText, NetworkText, RawBasic, RawNetwork, SecretText, UrlText, ZoneText};
use crate::{BasicCredential, Network};

/// The most letters and digits of a plate in an event.
const LONGEST_PLATE: usize = 32;

/// Notes what is no id.
pub(crate) fn id(text: &str, path: &Path<'_>, notes: &mut Notes) {
    if !is_id(text) {
        let lower = text.to_lowercase();
        let fix = if is_id(&lower) {
            format!("write `{lower}`, here and wherever it is named: ids have lower-case letters only")
        } else {
            "use 1 to 32 of a to z, 0 to 9 and -, beginning with a letter or digit".to_owned()
        };
        notes.problem(path, format!("`{text}` is no id"), fix);
    }
}

/// Whether a name is, but for its upper-case letters, the one of a known thing whose own id is wrong. That is reported
/// once, where the thing has its id.
pub(crate) fn is_named_in_other_case(name: &str, known: &BTreeSet<String>) -> bool {
    known.iter().any(|known| !is_id(known) && known.to_lowercase() == name.to_lowercase())
}

/// Notes a name that the file gives to nothing.
pub(crate) fn reference(
    what: &str,
    name: &str,
    known: &BTreeSet<String>,
    path: &Path<'_>,
    notes: &mut Notes,
) {
    if !known.contains(name) && !is_named_in_other_case(name, known) {
        let known = known.iter().map(String::as_str);
        notes.problem(path, format!("`{name}` is no {what}"), instead(name, known));
    }
}

/// Text of which something is left.
pub(crate) fn text(text: &str, path: &Path<'_>, notes: &mut Notes) -> Option<Text> {
    let read = Text::new(text);
    if read.is_none() {
        notes.problem(path, "the text is empty", "write something, or leave the key out");
    }
    read
}

/// A number and a unit: `500ms`, `30s`, `5m`, `2h`.
pub(crate) fn duration(text: &DurationText, path: &Path<'_>, notes: &mut Notes) -> Option<Duration> {
    let read = parse_duration(&text.0);
    if read.is_none() {
        notes.problem(
            path,
            format!("`{}` is no duration", text.0),
            "write a number and a unit: 500ms, 30s, 5m, 2h",
        );
    }
    read
}

pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|character: char| !character.is_ascii_digit() && character != '.')?;
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    if number.starts_with('.') || number.ends_with('.') {
        return None;
    }
    let seconds = number.parse::<f64>().ok()? * unit;
    // To the millisecond, so that 0.1 is what it looks like.
    Duration::try_from_secs_f64((seconds * 1000.0).round() / 1000.0).ok()
}

/// A zone of the IANA database.
pub(crate) fn timezone(text: &ZoneText, path: &Path<'_>, notes: &mut Notes) -> Option<TimeZone> {
    let read = TimeZone::get(&text.0).ok();
    if read.is_none() {
        let zones: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        let place = text.0.replace(' ', "_");
        let of_place = zones
            .iter()
            .find(|zone| zone.rsplit_once('/').is_some_and(|(_, name)| name.eq_ignore_ascii_case(&place)));
        let nearest = match zone_of_offset(&text.0) {
            None => crate::problem::nearest(&text.0, zones.iter().map(String::as_str)),
            Some(_) => None,
        };
        let fix = match of_place.map(String::as_str).or(nearest) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => match zone_of_offset(&text.0) {
                Some(zone) => format!(
                    "use a name such as `Europe/Berlin`, which knows about daylight saving time; `{zone}` has that \
                     offset all year, its sign is the opposite one",
                ),
                None => "use a name such as `Europe/Berlin`".to_owned(),
            },
        };
        notes.problem(path, format!("`{}` is no time zone", text.0), fix);
    }
    read
}

/// The zone with an offset from UTC in whole hours: `Etc/GMT-1` for `UTC+1` and `+01:00`.
fn zone_of_offset(text: &str) -> Option<String> {
    let offset = text.trim_start_matches("UTC").trim_start_matches("GMT").trim();
    let (sign, hours) = offset.split_at_checked(1)?;
    let hours = hours.trim().trim_end_matches(":00");
    let opposite = match sign {
        "+" => '-',
        "-" => '+',
        _ => return None,
    };
    let zone = format!("Etc/GMT{opposite}{}", hours.parse::<u8>().ok()?);
    TimeZone::get(&zone).is_ok().then_some(zone)
}

/// `YYYY-MM-DD`.
pub(crate) fn date(text: &str, path: &Path<'_>, notes: &mut Notes) -> Option<Date> {
    let read = text.parse::<Date>().ok().filter(|_| text.len() == 10);
    if read.is_none() {
        notes.problem(path, format!("`{text}` is no date"), "write it as 2026-12-31");
    }
    read
}

/// Notes a plate that no event has: plates are compared whole.
pub(crate) fn check_plate(text: &str, plate: &PlateText, path: &Path<'_>, notes: &mut Notes) {
    if text.contains(['*', '?', '%', '#', '^', '$', '|', '\\', '+', '[', ']', '(', ')', '{', '}']) {
        notes.strict(
            path,
            "plates are compared whole: a pattern never matches",
            "write whole plates, or put them on a list under [lists]",
        );
    } else if plate.as_str().chars().count() > LONGEST_PLATE {
        notes.strict(
            path,
            format!("no plate has more than {LONGEST_PLATE} letters and digits"),
            "write one plate; several stand in square brackets, or on a list under [lists]",
        );
    }
}

/// A network, or one address.
pub(crate) fn network(text: &NetworkText, path: &Path<'_>, notes: &mut Notes) -> Option<IpNet> {
    let read = text.0.parse::<IpNet>().ok().or_else(|| text.0.parse::<IpAddr>().ok().map(IpNet::from));
    if read.is_none() {
        notes.problem(
            path,
            format!("`{}` is no network", text.0),
            "write it as 203.0.113.0/24 or 203.0.113.7",
        );
    }
    read
}

/// A secret, or where it is to be found.
pub(crate) fn secret(text: &SecretText, path: &Path<'_>, notes: &mut Notes) -> SecretReference {
    let reference = SecretReference::parse(&text.0);
    match &reference {
        SecretReference::Parameter(name) if name.starts_with('/') => {
            notes.secret(path, SecretForm::Parameter(name.clone()));
        }
        SecretReference::Parameter(name) => notes.problem(
            path,
            format!("`{name}` is no full name of a parameter"),
            format!("write it from the first slash on: ssm:/{name}"),
        ),
        SecretReference::Environment(name) if name.is_empty() => {
            notes.problem(path, "no variable is named", "write it as env:NAME");
        }
        SecretReference::Literal(_) if text.0.is_empty() => {
            notes.problem(path, "the secret is empty", "write it, or leave the key out");
        }
        SecretReference::Literal(_) => notes.secret(path, SecretForm::ClearText),
        SecretReference::Environment(name) => notes.secret(path, SecretForm::Environment(name.clone())),
    }
    reference
}

/// The secret in a key that may be absent.
pub(crate) fn optional_secret(
    text: Option<&SecretText>,
    key: &str,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Option<SecretReference> {
    text.map(|text| secret(text, &path.key(key), notes))
}

/// A user and a password.
pub(crate) fn basic(raw: &RawBasic, path: &Path<'_>, notes: &mut Notes) -> BasicCredential {
    if raw.user.is_empty() || raw.user.contains(':') {
        notes.problem(&path.key("user"), "a user has a name without `:`", "write another name");
    }
    let password = secret(&raw.password, &path.key("password"), notes);
    BasicCredential { user: raw.user.clone(), password }
}

/// The user and password in a key that may be absent.
pub(crate) fn optional_basic(
    raw: Option<&RawBasic>,
    key: &str,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Option<BasicCredential> {
    raw.map(|raw| basic(raw, &path.key(key), notes))
}

/// An absolute HTTP address without user and password.
pub(crate) fn url(text: &UrlText, path: &Path<'_>, notes: &mut Notes) -> Option<Url> {
    let fix = "write it as https://host/path";
    let read = match Url::parse(&text.0) {
        Ok(read) => read,
        Err(error) => {
            notes.problem(path, format!("this is no address: {error}"), fix);
            return None;
        }
    };
    if !matches!(read.scheme(), "http" | "https") || !read.has_host() {
        notes.problem(path, "this is no http or https address", fix);
        return None;
    }
    if !read.username().is_empty() || read.password().is_some() {
        notes.problem(
            path,
            "user and password do not belong into the address",
            "use the key that this kind has for them",
        );
        return None;
    }
    Some(read)
}

/// Whether a request can never come from an address: that of a metadata service or of the link.
pub(crate) fn is_never_a_sender(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local() || address.is_unspecified() || address.is_multicast(),
        IpAddr::V6(address) => {
            address.is_unicast_link_local() || address.is_unspecified() || address.is_multicast()
        }
    }
}

/// Where an address may lie that is not known here.
pub(crate) fn network_of(raw: Option<RawNetwork>) -> Network {
    match raw {
        None | Some(RawNetwork::Public) => Network::Public,
        Some(RawNetwork::Lan) => Network::Lan,
        Some(RawNetwork::Loopback) => Network::Loopback,
    }
}

/// Where a host may lie; notes one that will never be allowed there.
pub(crate) fn reachable_host(
    raw: Option<RawNetwork>,
    host: Option<&Host<&str>>,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Network {
    let declared = network_of(raw);
    let needed = match host {
        Some(Host::Ipv4(address)) if address.is_loopback() => Network::Loopback,
        Some(Host::Ipv6(address)) if address.is_loopback() => Network::Loopback,
        Some(Host::Domain(name)) if *name == "localhost" => Network::Loopback,
        Some(Host::Ipv4(address)) if address.is_private() => Network::Lan,
        Some(Host::Ipv6(address)) if address.is_unique_local() => Network::Lan,
        _ => Network::Public,
    };
    let network = declared.max(needed);
    // An address that lies outside the declared network is noted once, below.
    match host {
        Some(Host::Ipv4(address)) => notes.address(path, IpAddr::V4(*address), network),
        Some(Host::Ipv6(address)) => notes.address(path, IpAddr::V6(*address), network),
        Some(Host::Domain(_)) | None => {}
    }
    if declared < needed {
        let fix = match (needed, path.section()) {
            (Network::Loopback, _) => "add network = \"loopback\" if that is meant",
            (_, Some("channel")) => "use an address on the internet: no function reaches a private network",
            _ => "add network = \"lan\" if that is meant, and via = \"agent\"",
        };
        notes.problem(path, "this address is not on the internet and would be refused", fix);
    }
    network
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_has_the_zone_with_the_opposite_sign() {
        for (text, zone) in [
            ("UTC+1", "Etc/GMT-1"),
            ("+01:00", "Etc/GMT-1"),
            ("GMT-5", "Etc/GMT+5"),
            ("UTC+14", "Etc/GMT-14"),
        ] {
            assert_eq!(zone_of_offset(text).as_deref(), Some(zone), "{text}");
        }
        for text in ["UTC", "UTC+5:30", "UTC+15", "Berlin", "", "+"] {
            assert_eq!(zone_of_offset(text), None, "{text}");
        }
    }

    #[test]
    fn durations_have_one_number_and_one_unit() {
        for (text, milliseconds) in [("500ms", 500), ("30s", 30_000), ("1.5m", 90_000), ("2h", 7_200_000)] {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "30", "s", "1h30m", "-1s", "1 s", ".5s", "1.s", "1.2.3s", "5d"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
