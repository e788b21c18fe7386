//! No post makes the parser panic, hang, or use much more memory than the post itself.

#[cfg(test)]
mod support;

use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use camhook_ingest::{Adapter, BODY_LIMIT, Parsed};
use camhook_viewtron::Viewtron;
use peak_alloc::PeakAlloc;
use proptest::prelude::*;
use serde_json::Value;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What a post may use beside ten times its own length: the tables of a post of many small parts.
const FIXED: usize = 512 * 1024;

const SETTINGS: [&str; 3] = ["", "tracking = \"1s\"", "faces = \"drop\"\ntracking = \"1s\""];

/// What the longest post may take in a build without optimization: a parser that is not linear takes minutes.
const TIME_LIMIT: Duration = Duration::from_secs(30);

#[expect(clippy::disallowed_methods, reason = "the test measures time that passes")]
fn now() -> Instant {
    Instant::now()
}

fn config(content: &str) -> Vec<u8> {
    format!("<config>{content}</config>").into_bytes()
}

/// `part` as often as it fits into a body, between a beginning and an end.
fn filled(beginning: &str, part: &str, end: &str) -> Vec<u8> {
    let times = (BODY_LIMIT - beginning.len() - end.len() - 128) / part.len();
    config(&format!("{beginning}{}{end}", part.repeat(times)))
}

fn repeated(beginning: &str, part: impl Fn(usize) -> String, times: usize, end: &str) -> Vec<u8> {
    config(&format!("{beginning}{}{end}", (0..times).map(part).collect::<String>()))
}

/// Posts that are made to hurt.
fn hostile_posts() -> Vec<(&'static str, Vec<u8>)> {
    let invalid = |beginning: &str, end: &str| {
        let mut post = format!("<config>{beginning}").into_bytes();
        post.resize(BODY_LIMIT - 64, 0xFF);
        post.extend_from_slice(format!("{end}</config>").as_bytes());
        post
    };
    let pea = "<smartType>PEA</smartType>";
    let lpr = "<smartType>VEHICE</smartType>";
    vec![
        ("a value that is no UTF-8", invalid(&format!("{pea}<x>"), "</x>")),
        ("a name that is no UTF-8", invalid(&format!("{pea}<deviceName>"), "</deviceName>")),
        ("a picture that is no text", invalid(&format!("{pea}<aBase64Data>"), "</aBase64Data>")),
        ("references", filled(&format!("{pea}<x>"), "&lt;", "</x>")),
        ("bare ampersands", filled(&format!("{pea}<x>"), "&", "</x>")),
        ("references in a picture", filled(&format!("{pea}<aBase64Data>"), "&#65;", "</aBase64Data>")),
        ("a picture in pieces", filled(&format!("{pea}<aBase64Data>"), "A<!-- -->", "</aBase64Data>")),
        ("sections of nothing", filled(&format!("{pea}<x>"), "<![CDATA[]]>", "</x>")),
        ("sections that seem to end", filled(&format!("{pea}<x><![CDATA["), "]]", "]]></x>")),
        ("a section without an end", filled(&format!("{pea}<x><![CDATA["), "]>", "")),
        ("comments that seem to end", filled(pea, "<!-- -- ->-->", "")),
        ("a comment without an end", filled(pea, "<!--", "")),
        ("instructions", filled(pea, "<?a?>", "")),
        ("nesting", filled("", "<a>", "")),
        ("ten thousand deep", repeated("", |_| "<a>".to_owned(), 10_000, "")),
        ("a million attributes", repeated("<r", |number| format!(" a{number}=\"\""), 300_000, "/>")),
        ("one attribute", filled("<r a=\"", "x", "\"/>")),
        ("quotes without an end", filled("<r a=\"", "'", "")),
        ("a long name", filled("<", "x", "/>")),
        ("many names", repeated(pea, |number| format!("<a{number}>1</a{number}>"), 4_000, "")),
        ("one name", repeated(pea, |number| format!("<a>{number}</a>"), 4_000, "")),
        (
            "empty items",
            repeated("<smartType>VSD</smartType><listInfo>", |_| "<item/>".to_owned(), 250, "</listInfo>"),
        ),
        (
            "many small targets",
            repeated(
                "<smartType>VSD</smartType><listInfo>",
                |number| format!("<item><targetId>{number}</targetId><a>1</a></item>"),
                250,
                "</listInfo>",
            ),
        ),
        (
            "many targets of one number",
            repeated(
                "<smartType>VSD</smartType><listInfo>",
                |number| {
                    format!("<item><targetId>1</targetId><a{number}>1</a{number}><b>{number}</b></item>")
                },
                250,
                "</listInfo>",
            ),
        ),
        (
            "points",
            repeated(
                &format!("{pea}<eventInfo><item><boundary>"),
                |_| "<x>1</x><y>1</y>".to_owned(),
                2_000,
                "</boundary></item></eventInfo>",
            ),
        ),
        ("alarms", repeated("<alarmStatusInfo>", |_| "<a>true</a>".to_owned(), 128, "</alarmStatusInfo>")),
        (
            "alarms of a device with long names",
            repeated(
                &format!(
                    "<deviceInfo><deviceName>{0}</deviceName><sn>{0}</sn><ip>{0}</ip><other>{0}</other></deviceInfo>\
                     <alarmStatusInfo>",
                    "x".repeat(30_000)
                ),
                |_| "<a>true</a>".to_owned(),
                128,
                "</alarmStatusInfo>",
            ),
        ),
        ("stray end tags", filled(&format!("{pea}<x>1</x>"), "</y>", "")),
        ("ten thousand stray end tags", repeated(pea, |_| "</y>".to_owned(), 10_000, "")),
        ("elements that nothing closes", repeated("", |_| "<a><b></a>".to_owned(), 10_000, "")),
        ("documents", filled("</config>", "<config/>", "<config>")),
        (
            "ten thousand documents",
            repeated(&format!("{pea}</config>"), |_| format!("<config>{pea}</config>"), 10_000, "<config>"),
        ),
        ("documents that are cut off", filled(&format!("{pea}</config>"), "<config>", "")),
        (
            "levels in attributes",
            repeated(
                "<alarmStatusInfo>",
                |_| "<a><item id='1' value='true'/></a>".to_owned(),
                10_000,
                "</alarmStatusInfo>",
            ),
        ),
        (
            "levels in child elements",
            repeated(
                "<alarmStatusInfo>",
                |_| "<a><i><id>1</id><on>1</on></i></a>".to_owned(),
                10_000,
                "</alarmStatusInfo>",
            ),
        ),
        (
            "levels in one attribute block",
            repeated("<alarmStatusInfo", |number| format!(" a{number}='true'"), 300, "/>"),
        ),
        ("nested levels", repeated("<alarmStatusInfo>", |_| "<a id='1'>".to_owned(), 50, "")),
        (
            "levels without a level",
            repeated(
                "<alarmStatusInfo>",
                |number| format!("<a{number} id='1'/>"),
                4_000,
                "</alarmStatusInfo>",
            ),
        ),
        (
            "a level with many members",
            repeated(
                "<alarmStatusInfo><a>",
                |number| format!("<m{number}>x</m{number}>"),
                4_000,
                "</a></alarmStatusInfo>",
            ),
        ),
        (
            "a name of a megabyte in a level",
            config(&format!("<alarmStatusInfo><{0}>true</{0}></alarmStatusInfo>", "n".repeat(1 << 20))),
        ),
        (
            "a value of a megabyte in a level",
            config(&format!("<alarmStatusInfo><a>{}</a></alarmStatusInfo>", "v".repeat(1 << 20))),
        ),
        (
            "unknown names",
            repeated(
                "<deviceInfo>1</deviceInfo>",
                |number| format!("<alarm{number}>1</alarm{number}>"),
                4_000,
                "",
            ),
        ),
        (
            "another encoding",
            [
                b"<?xml version='1.0' encoding='GBK'?>".as_slice(),
                &filled(
                    &format!("{pea}<x>\u{8d}</x><y>{}</y><aBase64Data>", "y".repeat(64)),
                    "AA",
                    "</aBase64Data>",
                )[..],
            ]
            .concat(),
        ),
        (
            "two bytes a character",
            filled(&format!("{pea}<x>"), "x", "</x>")
                .iter()
                .flat_map(|octet| [*octet, 0])
                .take(BODY_LIMIT)
                .collect(),
        ),
        ("too many alarms", filled("<alarmStatusInfo>", "<a>true</a>", "</alarmStatusInfo>")),
        (
            "plates that share a picture in pieces and long values",
            repeated(
                &format!(
                    "{lpr}<long>{0}</long><sourceDataInfo><sourceBase64Data>{1}</sourceBase64Data></sourceDataInfo>\
                     <listInfo>",
                    "x".repeat(30_000),
                    "AAAA&#65;".repeat(300_000)
                ),
                |number| {
                    format!(
                        "<item><plateNumber>P{number}</plateNumber><targetBase64Data>AAAA</targetBase64Data></item>"
                    )
                },
                16,
                "</listInfo>",
            ),
        ),
        (
            "plates that share many pictures",
            repeated(
                &format!("{lpr}<x>{}</x><listInfo>", "<aBase64Data>A</aBase64Data>".repeat(230)),
                |number| format!("<item><plateNumber>P{number}</plateNumber></item>"),
                16,
                "</listInfo>",
            ),
        ),
        (
            "too many plates",
            repeated(
                &format!("{lpr}<listInfo>"),
                |number| format!("<item><plateNumber>P{number}</plateNumber></item>"),
                200,
                "</listInfo>",
            ),
        ),
        (
            "smart events",
            repeated("", |number| format!("<smartType>w{number}</smartType><a>1</a>"), 2_000, ""),
        ),
        (
            "events in blocks of their own",
            repeated(
                "",
                |number| format!("<e><smartType>w{number}</smartType><aBase64Data>A</aBase64Data></e>"),
                1_300,
                "",
            ),
        ),
        (
            "items of many channels",
            repeated(
                &format!("{pea}{}<eventInfo>", "<a>1</a>".repeat(2_000)),
                |number| format!("<item><channelId>{number}</channelId><targetId>{number}</targetId></item>"),
                256,
                "</eventInfo>",
            ),
        ),
        (
            "many known persons",
            repeated(
                &format!("{pea}<listInfo>"),
                |number| {
                    format!(
                        "<item><albumInfo><name>{number}</name></albumInfo><aBase64Data>A</aBase64Data></item>"
                    )
                },
                256,
                "</listInfo>",
            ),
        ),
        (
            "text between elements",
            repeated("<deviceInfo>", |_| "fireAlarm<a/>".to_owned(), 4_000, "</deviceInfo>"),
        ),
        ("text behind the document", filled("</config>", "fireAlarm ", "<config>")),
        ("an alarm's names beside a document", filled(&format!("{pea}</config>"), "fireAlarm=1 ", "")),
        (
            "values with attributes",
            repeated(pea, |number| format!("<a{number} b='true' fire='1'/>"), 4_000, ""),
        ),
        (
            "items with many attributes",
            filled(
                &format!("{pea}<eventInfo>"),
                &format!("<item {}/>", "a='1' ".repeat(600)),
                "</eventInfo>",
            ),
        ),
        ("white space", filled(pea, " ", "")),
        ("zeros", vec![0; BODY_LIMIT]),
        ("less-than signs", vec![b'<'; BODY_LIMIT]),
    ]
}

/// Memory is counted for the whole process: this is one test, and reads nothing else at the same time.
#[test]
fn no_post_uses_more_than_ten_times_its_length() {
    for settings in SETTINGS {
        let source = support::source(settings);
        for (name, post) in hostile_posts() {
            assert!(post.len() <= BODY_LIMIT, "{name} is larger than a body may be");
            let length = post.len();
            let request = support::request(&post, source.clone(), &[]);
            drop(post);
            let before = MEMORY.current_usage();
            MEMORY.reset_peak_usage();
            let started = now();
            let parsed = Viewtron.parse(&request);
            let took = started.elapsed();
            let used = MEMORY.peak_usage().saturating_sub(before);
            drop(parsed);
            assert!(took < TIME_LIMIT, "{name}: {took:?} for {length} bytes");
            assert!(used <= 10 * length + FIXED, "{name}: {used} bytes for {length}");
        }
    }
    properties();
}

/// The bodies of all fixtures.
#[cfg(test)]
fn bodies() -> &'static [Vec<u8>] {
    static BODIES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    BODIES.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/viewtron");
        let cases = fs::read_dir(folder).unwrap();
        cases
            .map(|case| {
                let request = fs::read(case.unwrap().path().join("request.http")).unwrap();
                let head = request.windows(2).position(|pair| pair == b"\n\n").unwrap();
                request[head + 2..].to_vec()
            })
            .collect()
    })
}

#[cfg(test)]
fn parse(body: &[u8]) {
    for settings in SETTINGS {
        let request = support::request(body, source(settings), &[]);
        if let Ok(Parsed::Events(drafts) | Parsed::Partly { events: drafts, .. }) = Viewtron.parse(&request) {
            assert!(!drafts.is_empty(), "a post of events has at least one");
            for draft in &drafts {
                for target in &draft.targets {
                    assert!(target.image.is_none_or(|image| image < draft.images.len()));
                }
            }
            let described: Vec<Value> = drafts.iter().map(support::draft).collect();
            assert_eq!(described.len(), drafts.len());
        }
    }
}

/// Reading the settings anew for each of thousands of posts would take most of the time.
#[cfg(test)]
fn source(settings: &'static str) -> std::sync::Arc<camhook_site::Source> {
    static SOURCES: OnceLock<Vec<std::sync::Arc<camhook_site::Source>>> = OnceLock::new();
    let sources = SOURCES.get_or_init(|| SETTINGS.iter().map(|settings| support::source(settings)).collect());
    let at = SETTINGS.iter().position(|known| *known == settings).unwrap();
    sources[at].clone()
}

/// XML of the dialect's own names in any order.
fn dialect() -> impl Strategy<Value = String> {
    let name = proptest::sample::select(vec![
        "smartType",
        "messageType",
        "currentTime",
        "dataTime",
        "deviceInfo",
        "deviceName",
        "channelId",
        "mac",
        "alarmStatusInfo",
        "perimeterAlarm",
        "traject",
        "perimeter",
        "perInfo",
        "tripwire",
        "eventInfo",
        "item",
        "eventId",
        "targetId",
        "status",
        "boundary",
        "point",
        "x",
        "y",
        "x1",
        "y1",
        "x2",
        "y2",
        "rect",
        "line",
        "startPoint",
        "endPoint",
        "Direct",
        "pointGroup",
        "listInfo",
        "faceListInfo",
        "licensePlateListInfo",
        "sourceDataInfo",
        "width",
        "height",
        "targetImageData",
        "targetBase64Data",
        "plateNumber",
        "image",
        "PlateConfidence",
        "carRect",
        "carAttr",
        "albumInfo",
        "name",
        "personId",
        "leftTop",
        "rightBottom",
        "vsd",
        "enterCarCount",
        "types",
        "matchResult",
        "similarity",
        "snapData",
        "albumData",
    ]);
    let text = prop_oneof![
        Just("1".to_owned()),
        Just("0".to_owned()),
        Just("PEA".to_owned()),
        Just("VEHICE".to_owned()),
        Just("VFD_MATCH".to_owned()),
        Just("alarmData".to_owned()),
        Just("true".to_owned()),
        Just("1e308".to_owned()),
        Just("-99999999999999999999".to_owned()),
        Just("2026-02-30 25:61:00".to_owned()),
        "[0-9]{1,20}",
        "\\PC{0,12}".prop_map(|text| format!("<![CDATA[{text}]]>")),
    ];
    let leaf = (name.clone(), text, any::<bool>()).prop_map(|(name, text, is_attribute)| {
        if is_attribute {
            format!("<{name} count=\"{}\"/>", text.replace(['<', '"'], ""))
        } else {
            format!("<{name}>{text}</{name}>")
        }
    });
    let element = leaf.prop_recursive(6, 64, 8, move |inner| {
        (name.clone(), prop::collection::vec(inner, 0..8))
            .prop_map(|(name, children)| format!("<{name}>{}</{name}>", children.concat()))
    });
    prop::collection::vec(element, 0..12)
        .prop_map(|elements| format!("<config>{}</config>", elements.concat()))
}

/// Run from the one test of this file, which counts memory and must be alone.
#[cfg(test)]
fn properties() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&prop::collection::vec(any::<u8>(), 0..512), |body| {
            parse(&body);
            Ok(())
        })
        .unwrap();
    runner
        .run(&dialect(), |body| {
            parse(body.as_bytes());
            Ok(())
        })
        .unwrap();
    let damaged =
        (0..bodies().len(), any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>(), 0..4);
    runner
        .run(&damaged, |(case, from, to, octet, way)| {
            let mut body = bodies()[case].clone();
            if body.is_empty() {
                return Ok(());
            }
            let (from, to) = (from.index(body.len()), to.index(body.len()));
            match way {
                0 => body.truncate(from),
                1 => body[from] = octet,
                2 => drop(body.drain(from.min(to)..from.max(to))),
                _ => body.extend_from_within(from.min(to)..),
            }
            parse(&body);
            Ok(())
        })
        .unwrap();
}
