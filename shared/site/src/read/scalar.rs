//! The small values: ids, references, durations, zones, dates, addresses, secrets.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};
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

/// What patterns of other programs have, and no plate.
const OF_PATTERNS: &[char] =
    &['*', '?', '%', '#', '^', '$', '\\', '+', '[', ']', '(', ')', '{', '}', '<', '>', '!', '=', '~', '"'];

/// Notes a plate that no event has: plates are compared whole.
pub(crate) fn check_plate(text: &str, plate: &PlateText, path: &Path<'_>, notes: &mut Notes) {
    let text = text.trim();
    if let Some(several) = several_plates(text) {
        notes.strict(
            path,
            "this is compared as one plate",
            format!("write a list: [\"{}\"]", several.join("\", \"")),
        );
    } else if text.contains('@') {
        notes.strict(
            path,
            "this is compared as a plate: a list has its @ at the beginning",
            "write @list, or not = { plate = \"@list\" } for every other plate",
        );
    } else if !has_form_of_plate(text) {
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

/// The plates that stand in one text.
fn several_plates(text: &str) -> Option<Vec<&str>> {
    let parts =
        text.split([',', ';', '|']).flat_map(|part| part.split(" or ")).flat_map(|part| part.split(" and "));
    let plates: Vec<&str> = parts.map(str::trim).filter(|part| !part.is_empty()).collect();
    (plates.len() > 1 && plates.iter().all(|plate| has_form_of_plate(plate))).then_some(plates)
}

/// Whether a text may be a plate. Whatever separates its parts is one: only letters and digits are compared.
fn has_form_of_plate(text: &str) -> bool {
    let stands_for_any = |character: char| matches!(character, '_' | '.');
    let ends = [text.chars().next(), text.chars().next_back()];
    let is_run = text.chars().zip(text.chars().skip(1)).any(|(one, next)| one == next && stands_for_any(one));
    !text.contains(OF_PATTERNS)
        && !text.contains(char::is_control)
        && !is_run
        && !ends.into_iter().flatten().any(stands_for_any)
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
            check_parameter(name, path, notes);
            notes.secret(path, SecretForm::Parameter(name.clone()));
        }
        SecretReference::Parameter(name) => notes.problem(
            path,
            format!("`{name}` is no full name of a parameter"),
            match intended_reference(&text.0) {
                Some(intended) => format!("write {intended}"),
                None => "write it from the first slash on: ssm:/camhook/…".to_owned(),
            },
        ),
        SecretReference::Environment(name) if name.is_empty() => {
            notes.problem(path, "no variable is named", "write it as env:NAME");
        }
        SecretReference::Literal(_) if text.0.is_empty() => {
            notes.problem(path, "the secret is empty", "write it, or leave the key out");
        }
        SecretReference::Literal(_) if note_intended_reference(&text.0, path, notes) => {}
        SecretReference::Literal(_) if looks_like_name(&text.0) => {
            // The text is not repeated: it may be a secret that looks like a name.
            notes.strict(
                path,
                "this looks like the name of a secret, and is taken as the secret itself",
                "write ssm: before the name of a parameter, or env: before the one of a variable; a secret that looks \
                 like this belongs into a parameter store",
            );
        }
        SecretReference::Literal(_) => notes.secret(path, SecretForm::ClearText),
        SecretReference::Environment(name) => notes.secret(path, SecretForm::Environment(name.clone())),
    }
    reference
}

/// Notes a reference to a parameter that is written in a form of something else, and therefore taken as the secret
/// itself. Returns whether it is one.
pub(crate) fn note_intended_reference(text: &str, path: &Path<'_>, notes: &mut Notes) -> bool {
    let Some(intended) = intended_reference(text) else { return false };
    notes.strict(
        path,
        "this is no reference to a secret, and is taken as the secret itself",
        format!("write {intended}"),
    );
    true
}

/// The reference that somebody meant who wrote a parameter's name with blanks, in capitals, as an ARN, or as a template
/// of CloudFormation does.
fn intended_reference(text: &str) -> Option<String> {
    let text = text.trim();
    let strip = |text: &str, prefix: &str| {
        let (head, rest) = text.split_at_checked(prefix.len())?;
        head.eq_ignore_ascii_case(prefix).then(|| rest.to_owned())
    };
    let resolved =
        ["{{resolve:ssm-secure:", "{{resolve:ssm:"].into_iter().find_map(|prefix| strip(text, prefix));
    let name = match resolved {
        Some(rest) => rest.trim_end_matches('}').to_owned(),
        None => {
            let of_scheme = strip(text, "ssm:");
            let rest = of_scheme.as_deref().unwrap_or(text).trim_start();
            match strip(rest, "arn:aws") {
                Some(arn) => arn.split_once(":parameter")?.1.to_owned(),
                None => of_scheme?,
            }
        }
    };
    let segments: Vec<&str> = name.split('/').map(str::trim).filter(|segment| !segment.is_empty()).collect();
    let name = format!("/{}", segments.join("/"));
    is_parameter_name(&name).then(|| format!("ssm:{name}"))
}

/// Whether a text is a path of two names at least, or a variable of a shell.
fn looks_like_name(text: &str) -> bool {
    let text = text.trim();
    let variable =
        text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).or_else(|| text.strip_prefix('$'));
    let is_variable = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_uppercase() || first == '_')
            && name.bytes().all(|octet| octet.is_ascii_uppercase() || octet.is_ascii_digit() || octet == b'_')
    };
    // Keys in base64 have capital letters, and may begin with a slash.
    let is_path = is_parameter_name(text)
        && text.matches('/').count() > 1
        && !text.bytes().any(|octet| octet.is_ascii_uppercase());
    variable.is_some_and(is_variable) || is_path
}

/// Notes a name that no parameter has.
fn check_parameter(name: &str, path: &Path<'_>, notes: &mut Notes) {
    let first = name.split('/').find(|segment| !segment.is_empty()).unwrap_or_default().to_lowercase();
    if first.starts_with("aws") || first.starts_with("ssm") {
        notes.strict(
            path,
            format!("the parameters below `/{first}` are those of AWS"),
            "store the secret below a name of your own: ssm:/camhook/…",
        );
    } else if !is_parameter_name(name) {
        notes.strict(
            path,
            format!("`{name}` is no name of a parameter"),
            match intended_reference(&format!("ssm:{name}")) {
                Some(intended) => format!("write {intended}"),
                None => "use a-z, A-Z, 0-9, _, . and - between single slashes: ssm:/camhook/…".to_owned(),
            },
        );
    }
}

/// `/folder/name`, and `:3` or `:label` behind it for a version.
fn is_parameter_name(text: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'.' | b'-'))
    };
    let (path, version) = text.split_once(':').map_or((text, None), |(path, version)| (path, Some(version)));
    let names = path.strip_prefix('/');
    names.is_some_and(|names| names.split('/').all(is_name)) && version.is_none_or(is_name)
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

/// The metadata service of EC2.
const METADATA_SERVICE: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// Whether a request can never come from an address: that of a metadata service, of the link, or of a translation to IPv4.
pub(crate) fn is_never_a_sender(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local() || address.is_unspecified() || address.is_multicast(),
        IpAddr::V6(address) => {
            address.is_unicast_link_local()
                || address.is_unspecified()
                || address.is_multicast()
                || address == METADATA_SERVICE
                || matches!(address.segments(), [0x64, 0xff9b, 0, 0, 0, 0, ..])
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
    fn plates_have_any_separators_and_nothing_of_patterns() {
        for text in [
            "IB36NL",
            "IB-36 NL",
            "B - AN 4711",
            "B\u{2013}AN\u{a0}4711",
            "B--AN  4711",
            "京A·12345",
            "ＩＢ36ＮＬ",
            "К 123 ОР/RUS",
            "M'XY.1",
            "AB_123",
            "W-1234/A\u{200b}",
        ] {
            assert!(has_form_of_plate(text), "{text}");
        }
        for text in ["IB....", "IB36N_", "<IB36N>", "!IB", ".1", "IB36*", "IB__1", "a\nb", "^IB.+$"] {
            assert!(!has_form_of_plate(text), "{text}");
        }
        let several = Some(vec!["IB36NL", "AI 1"]);
        for text in ["IB36NL, AI 1", "IB36NL;AI 1", "IB36NL or AI 1", "IB36NL|AI 1,"] {
            assert_eq!(several_plates(text), several, "{text}");
        }
        for text in ["IB36NL", "B OR 1", "IB, *"] {
            assert_eq!(several_plates(text), None, "{text}");
        }
    }

    #[test]
    fn references_in_other_forms_are_understood() {
        for text in [
            "ssm: /camhook/agent/gate",
            " ssm:/camhook/agent/gate",
            "SSM:/camhook/agent/gate",
            "ssm:camhook/agent/gate",
            "ssm://camhook/agent/gate/",
            "ssm:/camhook//agent/gate ",
            "arn:aws:ssm:eu-central-1:111122223333:parameter/camhook/agent/gate",
            "ssm:arn:aws-cn:ssm:cn-north-1:111122223333:parameter/camhook/agent/gate",
            "{{resolve:ssm-secure:/camhook/agent/gate}}",
        ] {
            assert_eq!(intended_reference(text).as_deref(), Some("ssm:/camhook/agent/gate"), "{text}");
        }
        for text in
            ["", "hunter2", "/camhook/agent/gate", "ssm:", "ssm:/camhook/gäte", "ssm:/a b", "arn:aws:s3:::a"]
        {
            assert_eq!(intended_reference(text), None, "{text}");
        }
        assert_eq!(intended_reference("{{resolve:ssm:/a/b:3}}").as_deref(), Some("ssm:/a/b:3"));
        for text in ["/camhook/agent/gate", "$GATE", "${GATE_2}"] {
            assert!(looks_like_name(text), "{text}");
        }
        for text in [
            "/",
            "/hunter2",
            "hunter2",
            "$ecret",
            "/a b/c",
            "a/b/c",
            "Pa$$/w/ord!",
            "/K7h2/Zq9pX0vB1nM4cL8sD3fG",
        ] {
            assert!(!looks_like_name(text), "{text}");
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
