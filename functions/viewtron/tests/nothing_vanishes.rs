//! A post that reports something is never acknowledged and forgotten, whatever its firmware calls the parts of it.
//!
//! Each fixture that becomes an event is changed in one place: an element gets another name, another element around it,
//! or its text moves into an attribute. What comes of it is an event, or a quarantined post whose reason names what was
//! found.

#[cfg(test)]
#[expect(dead_code, reason = "other tests describe drafts, too")]
mod support;

use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use camhook_event::State;
use camhook_ingest::{Adapter, Parsed, Remainder};
use camhook_site::Source;
use camhook_viewtron::Viewtron;
use proptest::prelude::*;
use serde_json::Value;

/// An element of a body, as ranges of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Element {
    name: String,
    /// Where the start tag's name begins.
    name_at: usize,
    /// Where the content begins.
    content_at: usize,
    /// Where the end tag begins.
    end_at: usize,
}

/// The elements of a well-formed body that are not self-closing, in the order of their start tags.
#[cfg(test)]
fn elements(body: &str) -> Vec<Element> {
    let mut open: Vec<usize> = Vec::new();
    let mut elements: Vec<Element> = Vec::new();
    let mut at = 0;
    while let Some(tag_at) = body[at..].find('<').map(|found| at + found) {
        let rest = &body[tag_at..];
        let ends_with = |end: &str| tag_at + rest.find(end).unwrap() + end.len();
        if rest.starts_with("<![CDATA[") {
            at = ends_with("]]>");
        } else if rest.starts_with("<!--") {
            at = ends_with("-->");
        } else if rest.starts_with("<?") {
            at = ends_with("?>");
        } else if rest.starts_with("</") {
            at = ends_with(">");
            elements[open.pop().unwrap()].end_at = tag_at;
        } else {
            at = ends_with(">");
            if body[..at].ends_with("/>") {
                continue;
            }
            let name = rest[1..]
                .split(|character: char| character == '>' || character.is_whitespace())
                .next()
                .unwrap();
            open.push(elements.len());
            elements.push(Element { name: name.to_owned(), name_at: tag_at + 1, content_at: at, end_at: at });
        }
    }
    elements
}

/// A fixture that becomes an event, with the elements that may carry it.
#[derive(Debug)]
struct Case {
    name: String,
    body: String,
    elements: Vec<Element>,
}

/// The list of all words that there are, of which nothing is read.
const VOCABULARY: &str = "types";

#[cfg(test)]
fn cases() -> &'static [Case] {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    CASES.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/viewtron");
        let mut cases = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let expected: Value =
                serde_json::from_str(&fs::read_to_string(path.join("expected.json")).unwrap()).unwrap();
            let Ok(request) = fs::read_to_string(path.join("request.http")) else { continue };
            let (_, body) = request.split_once("\n\n").unwrap();
            if expected["events"].is_null() || expected["quarantine"].is_object() || !is_well_formed(body) {
                continue;
            }
            let all = elements(body);
            let vocabulary = all.iter().find(|element| element.name == VOCABULARY).cloned();
            let is_vocabulary = |element: &Element| {
                vocabulary
                    .as_ref()
                    .is_some_and(|types| (types.name_at..types.end_at).contains(&element.name_at))
            };
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let elements = all.into_iter().filter(|element| !is_vocabulary(element)).collect();
            cases.push(Case { name, body: body.to_owned(), elements });
        }
        assert!(cases.len() > 60, "{} fixtures become events", cases.len());
        cases
    })
}

/// Whether start and end tags match, so that [`elements`] finds them.
#[cfg(test)]
fn is_well_formed(body: &str) -> bool {
    let count = |pattern: &str| body.matches(pattern).count();
    2 * count("</") + count("/>") + count("<!") + count("<?") == count("<")
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Rename,
    Nest,
    MoveTextToAttribute,
}

/// The body with one element changed, and a name that it now holds.
#[cfg(test)]
fn changed(body: &str, element: &Element, change: Change, new_name: &str) -> String {
    let Element { name, name_at, content_at, end_at } = element;
    let behind_end = end_at + "</>".len() + name.len();
    let (head, tail) = (&body[..name_at - 1], &body[behind_end..]);
    let whole = &body[name_at - 1..behind_end];
    let start_tag = &body[name_at + name.len()..*content_at];
    let content = &body[*content_at..*end_at];
    match change {
        Change::Rename => format!("{head}<{new_name}{start_tag}{content}</{new_name}>{tail}"),
        Change::Nest => format!("{head}<{new_name}>{whole}</{new_name}>{tail}"),
        Change::MoveTextToAttribute if content.contains(['<', '"', '&']) => body.to_owned(),
        Change::MoveTextToAttribute => {
            let attributes = start_tag.trim_end_matches('>');
            format!("{head}<{name}{attributes} {new_name}=\"{}\"/>{tail}", content.trim())
        }
    }
}

#[cfg(test)]
fn source() -> Arc<Source> {
    static SOURCE: OnceLock<Arc<Source>> = OnceLock::new();
    SOURCE.get_or_init(|| support::source("tracking = \"1s\"")).clone()
}

/// What is wrong with how a post was read, if anything.
#[cfg(test)]
fn fault(body: &str, names: &[&str]) -> Option<String> {
    let request = support::request(body.as_bytes(), source(), &[]);
    match Viewtron.parse(&request) {
        Ok(Parsed::Events(events) | Parsed::Partly { events, .. }) if !events.is_empty() => None,
        Err(malformed) if names.iter().any(|name| malformed.detail.contains(name)) => None,
        other => Some(format!("{other:?}")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_renamed_or_nested_member_leaves_an_event_or_its_name(
        case in any::<prop::sample::Index>(),
        element in any::<prop::sample::Index>(),
        change in prop_oneof![Just(Change::Rename), Just(Change::Nest), Just(Change::MoveTextToAttribute)],
        new_name in prop_oneof![Just("levitation".to_owned()), "[a-z][a-zA-Z0-9]{2,12}"],
    ) {
        let case = &cases()[case.index(cases().len())];
        let element = &case.elements[element.index(case.elements.len())];
        let body = changed(&case.body, element, change, &new_name);
        let fault = fault(&body, &[&new_name, &element.name]);
        prop_assert!(fault.is_none(), "{}: {change:?} {} to {new_name}: {}", case.name, element.name, fault.unwrap_or_default());
    }
}

/// What a firmware of another time may send of an alarm, next to what every post has.
#[test]
fn an_alarm_in_a_form_of_its_own_is_an_event_or_named() {
    let device = "<deviceInfo><deviceName>Yard</deviceName><mac>02:00:00:00:00:07</mac></deviceInfo>";
    for (form, name) in [
        ("<alarmStatus><motionAlarm>true</motionAlarm></alarmStatus>", "alarmStatus"),
        ("<alarmStatusInfo><motionAlarm id=\"3\"/></alarmStatusInfo>", "motionAlarm"),
        ("<alarmStatusInfo><motionAlarm/></alarmStatusInfo>", "motionAlarm"),
        ("<alarmStatusInfo motionAlarm=\"true\"/>", ""),
        ("<smartType value=\"PEA\"/>", ""),
        ("<smartType word=\"PEA\"/>", "smartType"),
        ("<SmartEvent>PEA</SmartEvent>", "SmartEvent"),
        ("<motionAlarm/>", "motionAlarm"),
        ("<deviceInfo><smartType>PEA</smartType></deviceInfo>", ""),
        ("<deviceInfo><state><motionAlarm>true</motionAlarm></state></deviceInfo>", "motionAlarm"),
        ("<deviceInfo motionAlarm=\"true\"/>", "motionAlarm"),
        ("<messageType>alarmLevels</messageType><x>true</x>", "alarmLevels"),
        ("<messageType>keepalive</messageType><motion>1</motion>", "motion"),
        ("<traject><motionAlarm>true</motionAlarm></traject>", "motionAlarm"),
    ] {
        let body = format!("<config version=\"2.1.0\">{device}{form}</config>");
        let names: &[&str] = if name.is_empty() { &[] } else { &[name] };
        assert_eq!(fault(&body, names), None, "{form}");
    }
}

#[test]
fn a_post_becomes_at_most_64_events_and_the_rest_is_kept() {
    let levels: String = (1..=100)
        .map(|channel| format!("<motionAlarm id=\"{channel}\">{}</motionAlarm>", channel > 90))
        .collect();
    let levels = format!("<config><alarmStatusInfo>{levels}</alarmStatusInfo></config>");
    let documents = "<config><smartType>MOTION</smartType></config>".repeat(100);
    for body in [levels, documents] {
        let request = support::request(body.as_bytes(), source(), &[]);
        let Ok(Parsed::Partly { events, remainder: Remainder::Quarantine(malformed) }) =
            Viewtron.parse(&request)
        else {
            panic!("the rest is not kept")
        };
        assert_eq!((events.len(), malformed.code), (64, "too_many_events"));
        assert!(events[0].state != Some(State::Stop), "alarms that begin come first");
    }
}

#[test]
fn a_heartbeat_may_have_properties_of_the_device_that_are_not_known() {
    for property in ["<firmware>5.1.4</firmware>", "<uptime>86400</uptime>", "<deviceNo.>1</deviceNo.>"] {
        let body =
            format!("<config><deviceInfo><deviceName>Yard</deviceName>{property}</deviceInfo></config>");
        let request = support::request(body.as_bytes(), source(), &[]);
        assert!(matches!(Viewtron.parse(&request), Ok(Parsed::Heartbeat)), "{property}");
    }
}
