//! A post that reports something is never acknowledged and forgotten, whatever its firmware calls the parts of it.
//!
//! Each fixture that becomes an event is changed in one place: an element or attribute gets another name, an element gets
//! another one around it, its text moves into an attribute or an attribute into a child element. What comes of it is an
//! event, or a quarantined post whose reason names what was found; and the events of all other alarms of the post.

#[cfg(test)]
#[expect(dead_code, reason = "other tests describe drafts, too")]
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use camhook_event::State;
use camhook_ingest::{Adapter, Draft, Parsed, Remainder};
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
    let element = |tag: &StartTag| Element {
        name: body[tag.name.clone()].to_owned(),
        name_at: tag.name.start,
        content_at: tag.end,
        end_at: tag.content_end,
    };
    start_tags(body).iter().filter(|tag| !tag.is_empty).map(element).collect()
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

/// A tag that opens an element, as ranges of bytes.
#[derive(Debug)]
struct StartTag {
    name: Range<usize>,
    attributes: Vec<Attribute>,
    /// Where the tag ends.
    end: usize,
    is_empty: bool,
    /// Where the content ends.
    content_end: usize,
    /// Where the element ends.
    element_end: usize,
}

#[derive(Debug)]
struct Attribute {
    name: Range<usize>,
    value: Range<usize>,
    /// Behind the closing quote.
    end: usize,
}

/// The start tags of a well-formed body.
#[cfg(test)]
fn start_tags(body: &str) -> Vec<StartTag> {
    let mut tags: Vec<StartTag> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
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
            let tag = &mut tags[open.pop().unwrap()];
            (tag.content_end, tag.element_end) = (tag_at, at);
        } else {
            at = ends_with(">");
            let is_empty = body[..at].ends_with("/>");
            if !is_empty {
                open.push(tags.len());
            }
            tags.push(start_tag(body, tag_at, at, is_empty));
        }
    }
    tags
}

#[cfg(test)]
fn start_tag(body: &str, start: usize, end: usize, is_empty: bool) -> StartTag {
    let is_end = |character: char| matches!(character, '>' | '/') || character.is_whitespace();
    let name_end = start + body[start..].find(is_end).unwrap();
    let mut attributes = Vec::new();
    let mut at = name_end;
    while let Some(equals) = body[at..end].find('=').map(|found| at + found) {
        let name_at = body[..equals].rfind(char::is_whitespace).unwrap() + 1;
        let quote = body[equals + 1..].chars().next().unwrap();
        let value_end = equals + 2 + body[equals + 2..].find(quote).unwrap();
        attributes.push(Attribute {
            name: name_at..equals,
            value: equals + 2..value_end,
            end: value_end + 1,
        });
        at = value_end + 1;
    }
    StartTag { name: start + 1..name_end, attributes, end, is_empty, content_end: end, element_end: end }
}

#[derive(Debug, Clone, Copy)]
enum AttributeChange {
    Rename,
    MoveToChild,
}

/// The body with one attribute changed.
#[cfg(test)]
fn with_attribute_changed(
    body: &str,
    tag: &StartTag,
    attribute: &Attribute,
    change: AttributeChange,
    new_name: &str,
) -> String {
    match change {
        AttributeChange::Rename => {
            format!("{}{new_name}{}", &body[..attribute.name.start], &body[attribute.name.end..])
        }
        AttributeChange::MoveToChild => {
            let name = &body[attribute.name.clone()];
            let child = format!("<{name}>{}</{name}>", &body[attribute.value.clone()]);
            let head = &body[..attribute.name.start];
            let tail = &body[tag.end..];
            if tag.is_empty {
                let rest = body[attribute.end..tag.end].trim_end_matches("/>");
                return format!("{head}{rest}>{child}</{}>{tail}", &body[tag.name.clone()]);
            }
            format!("{head}{}{child}{tail}", &body[attribute.end..tag.end])
        }
    }
}

/// The element of one alarm in a block of levels that a position lies in: the entry of a list, else the whole list.
#[cfg(test)]
fn alarm_at(body: &str, position: usize) -> Option<Range<usize>> {
    let tags = start_tags(body);
    let around = |tag: &&StartTag| tag.name.start - 1 <= position && position < tag.element_end;
    let mut around =
        tags.iter().filter(around).skip_while(|tag| &body[tag.name.clone()] != "alarmStatusInfo");
    around.next()?;
    let list = around.next()?;
    let entry =
        around.next().filter(|entry| &body[entry.name.clone()] == "item" && entry.name.start <= position);
    let unit = entry.unwrap_or(list);
    Some(unit.name.start - 1..unit.element_end)
}

/// The outcome of a post: its events without repetitions, by what tells them apart for a rule, and the reason of the
/// quarantine.
#[cfg(test)]
fn outcome(body: &str) -> (Vec<String>, Option<String>) {
    let request = support::request(body.as_bytes(), source(), &[]);
    let (events, reason) = match Viewtron.parse(&request) {
        Ok(Parsed::Events(events)) => (events, None),
        Ok(Parsed::Partly { events, remainder: Remainder::Quarantine(malformed) }) => {
            (events, Some(malformed.detail))
        }
        Ok(Parsed::Partly { events, remainder: Remainder::Notice(_) }) => (events, None),
        Ok(Parsed::Heartbeat | Parsed::Ignored(_)) => (Vec::new(), None),
        Err(malformed) => (Vec::new(), Some(malformed.detail)),
    };
    let mut levels = BTreeMap::new();
    let mut described: Vec<String> = events
        .iter()
        .filter(|draft| {
            draft.level.as_ref().is_none_or(|level| {
                let level = (draft.device.channel.clone(), level.clone());
                levels.insert(level, draft.state) != Some(draft.state)
            })
        })
        .map(|draft| {
            let Draft { kind, vendor_kind, camera, zone, state, plate, name, .. } = draft;
            format!("{kind} {vendor_kind:?} {camera:?} {zone:?} {state:?} {plate:?} {name:?}")
        })
        .collect();
    described.sort();
    (described, reason)
}

/// What is wrong with the outcome of a body of which one place was changed.
#[cfg(test)]
fn loss(before: &str, position: usize, after: &str, names: &[&str]) -> Option<String> {
    let (all, _) = outcome(before);
    let (now, reason) = outcome(after);
    let is_named = reason.as_ref().is_some_and(|reason| names.iter().any(|name| reason.contains(name)));
    if now.len() < all.len() && !is_named {
        return Some(format!("{now:#?} of {all:#?}, {reason:?}"));
    }
    let alarm = alarm_at(before, position)?;
    let (others, _) = outcome(&format!("{}{}", &before[..alarm.start], &before[alarm.end..]));
    let mut left = now.clone();
    for other in others {
        match left.iter().position(|event| *event == other) {
            Some(found) => drop(left.remove(found)),
            None => return Some(format!("no {other} in {now:#?}")),
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_element_costs_no_other_alarm(
        case in any::<prop::sample::Index>(),
        element in any::<prop::sample::Index>(),
        change in prop_oneof![Just(Change::Rename), Just(Change::Nest), Just(Change::MoveTextToAttribute)],
        new_name in prop_oneof![Just("levitation".to_owned()), "[a-z][a-zA-Z0-9]{2,12}"],
    ) {
        let cases = cases_of_levels();
        let case = cases[case.index(cases.len())];
        let element = &case.elements[element.index(case.elements.len())];
        let body = changed(&case.body, element, change, &new_name);
        let loss = loss(&case.body, element.name_at, &body, &[&new_name, &element.name]);
        prop_assert!(loss.is_none(), "{}: {change:?} {} to {new_name}: {}", case.name, element.name, loss.unwrap_or_default());
    }

    #[test]
    fn a_changed_attribute_costs_no_alarm(
        case in any::<prop::sample::Index>(),
        tag in any::<prop::sample::Index>(),
        attribute in any::<prop::sample::Index>(),
        change in prop_oneof![Just(AttributeChange::Rename), Just(AttributeChange::MoveToChild)],
        new_name in prop_oneof![Just("levitation".to_owned()), "[a-z][a-zA-Z0-9]{2,12}"],
    ) {
        let cases = cases_of_levels();
        let case = cases[case.index(cases.len())];
        let tags: Vec<_> = start_tags(&case.body)
            .into_iter()
            .filter(|tag| !tag.attributes.is_empty() && alarm_at(&case.body, tag.name.start).is_some())
            .collect();
        prop_assume!(!tags.is_empty());
        let tag = &tags[tag.index(tags.len())];
        let attribute = &tag.attributes[attribute.index(tag.attributes.len())];
        let body = with_attribute_changed(&case.body, tag, attribute, change, &new_name);
        let (name, old_name) = (&case.body[tag.name.clone()], &case.body[attribute.name.clone()]);
        let loss = loss(&case.body, tag.name.start, &body, &[&new_name, name, old_name]);
        prop_assert!(loss.is_none(), "{}: {change:?} {old_name} of {name} to {new_name}: {}", case.name, loss.unwrap_or_default());
    }
}

/// The fixtures with levels.
#[cfg(test)]
fn cases_of_levels() -> Vec<&'static Case> {
    let cases: Vec<_> = cases().iter().filter(|case| case.body.contains("<alarmStatusInfo>")).collect();
    assert!(cases.len() > 20, "{} fixtures have levels", cases.len());
    cases
}

/// Levels of one post that share a number, or whose level stands beside other values.
#[test]
fn levels_of_one_post_are_told_apart() {
    for (levels, expected) in [
        (
            "<sensorAlarmIn name=\"Gate\">true</sensorAlarmIn><sensorAlarmIn name=\"Door\">true</sensorAlarmIn>",
            &["input - start", "input - start"][..],
        ),
        (
            "<motionAlarm><item id=\"1\" channel=\"3\" value=\"true\"/><item id=\"1\" channel=\"5\" value=\"true\"/></motionAlarm>",
            &["motion 3 start", "motion 5 start"],
        ),
        ("<motionAlarm><ch1>false</ch1><ch2>true</ch2></motionAlarm>", &["motion 1 stop", "motion 2 start"]),
        ("<motionAlarm ch1=\"0\" channel02=\"1\"/>", &["motion 1 stop", "motion 2 start"]),
        ("<motionAlarm><item id=\"3\" zone=\"0\" status=\"start\"/></motionAlarm>", &["motion 3 start"]),
        ("<motionAlarm><item id=\"3\" area=\"1\" status=\"stop\"/></motionAlarm>", &["motion 3 stop"]),
        ("<motionAlarm><item id=\"3\" zone=\"0\"/></motionAlarm>", &["motion 3 -"]),
        ("<motionAlarm><item id=\"3\" enabled=\"false\" status=\"strong\"/></motionAlarm>", &["motion 3 -"]),
        (
            "<motionAlarm><item id=\"3\" enabled=\"true\"><alarm>0</alarm></item></motionAlarm>",
            &["motion 3 stop"],
        ),
        ("<motionAlarm><id>3</id>true</motionAlarm>", &["motion 3 start"]),
        ("<motionAlarm>true<channel>3</channel></motionAlarm>", &["motion 3 start"]),
        (
            "<motionAlarm><gate><status>true</status></gate><door><status>true</status></door></motionAlarm>",
            &["motion 1 start", "motion 1 start"],
        ),
        (
            "<motionAlarm><list channel=\"3\"><item id=\"1\">true</item></list><list channel=\"5\"><item id=\"1\">true</item></list></motionAlarm>",
            &["motion 3 start", "motion 5 start"],
        ),
        (
            "<motionAlarm zone=\"1\"><item>true</item></motionAlarm><motionAlarm zone=\"2\"><item>true</item></motionAlarm>",
            &["motion 1 start", "motion 1 start"],
        ),
        (
            "<item id=\"3\"><motionAlarm>true</motionAlarm><fireAlarm>true</fireAlarm></item>",
            &["fire 3 start", "motion 3 start"],
        ),
        (
            "<gate><motionAlarm>true</motionAlarm></gate><door><motionAlarm>true</motionAlarm></door>",
            &["motion 1 start", "motion 1 start"],
        ),
        (
            "<motionAlarm><ch channel=\"3\">true</ch><ch channel=\"5\">true</ch></motionAlarm>",
            &["motion 3 start", "motion 5 start"],
        ),
        (
            "<motionAlarm><item><id value=\"1\"/><status value=\"true\"/></item></motionAlarm>",
            &["motion 1 start"],
        ),
    ] {
        let body = format!("<config><alarmStatusInfo>{levels}</alarmStatusInfo></config>");
        let request = support::request(body.as_bytes(), source(), &[]);
        let Ok(Parsed::Events(events)) = Viewtron.parse(&request) else { panic!("{levels}") };
        let mut found: Vec<String> = events
            .iter()
            .map(|draft| {
                let camera = draft.camera.as_ref().map_or("-", |camera| camera.id.as_str());
                let state =
                    draft.state.map_or("-", |state| if state == State::Start { "start" } else { "stop" });
                format!("{} {camera} {state}", draft.kind)
            })
            .collect();
        found.sort();
        assert_eq!(found, expected, "{levels}");
        assert_eq!(
            outcome(&body).0.len(),
            expected.len(),
            "one is taken for the repetition of another: {levels}"
        );
    }
}

/// The number of a block of levels is no channel, and none of its attributes is passed over.
#[test]
fn attributes_of_the_block_are_alarms_only_where_they_say_so() {
    for (block, expected) in [
        (
            "<alarmStatusInfo id=\"1\"><motionAlarm id=\"3\">true</motionAlarm></alarmStatusInfo>",
            &["motion 3"][..],
        ),
        ("<alarmStatusInfo channel=\"4\"><motionAlarm>true</motionAlarm></alarmStatusInfo>", &["motion 4"]),
        ("<alarmStatusInfo channel=\"4\" motionAlarm=\"1\" fireAlarm=\"weak\"/>", &["fire 4", "motion 4"]),
    ] {
        let body = format!("<config>{block}</config>");
        let request = support::request(body.as_bytes(), source(), &[]);
        let Ok(Parsed::Events(events)) = Viewtron.parse(&request) else { panic!("{block}") };
        let mut found: Vec<String> = events
            .iter()
            .map(|draft| format!("{} {}", draft.kind, draft.camera.as_ref().unwrap().id))
            .collect();
        found.sort();
        assert_eq!(found, expected, "{block}");
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
