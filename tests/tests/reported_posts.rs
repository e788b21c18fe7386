//! Posts as they stand in public reports and after field tables of other receivers, over HTTP: what each becomes.
//!
//! They stand beside the project, in `../shared/cases`; where that folder is absent, each test reports that it is
//! skipped.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use camhook_end_to_end::source::Source;
use serde_json::Value;

/// A file, and what each of its events is: kind, state, camera, what was recognized, and the roles of its pictures.
type Case = (&'static str, &'static [&'static str]);

const IVSEC_FORMS: &[Case] = &[
    ("01-flat-motion-start.json", &["motion start Quay/Quay"]),
    ("02-flat-newer-word-io-stop.json", &["input stop Quay/Quay"]),
    ("03-flat-picdata-plate-object.json", &["plate start CH1/Gate TRK118 deny group 2 plate overview plate"]),
    ("05-rich-status-only.json", &[]),
    ("07-channel-alarm-beside-time.json", &["motion - CH6/", "motion start CH2/", "motion stop CH4/"]),
    (
        "08-words-of-newer-firmware.json",
        &[
            "audio - CH3/",
            "input - CH7/",
            "input stop CH8/",
            "loitering - CH1/",
            "motion - CH5/",
            "object - CH4/",
            "tamper - CH2/",
            "zone_entry - CH6/",
        ],
    ),
    ("09-unknown-members-that-say-something.json", &["other - CH11/", "other - CH12/", "plate - CH13/"]),
    ("10-plate-stranger-text-in-snapid.json", &["plate - CH1/ VXK207 stranger group 3 plate overview plate"]),
    (
        "11-plates-allow-and-deny.json",
        &[
            "plate - CH16/ ABC901 allow group 1 plate overview plate",
            "plate - CH16/ ZZT044 deny group 2 plate overview plate",
        ],
    ),
    ("13-plate-directly-under-data.json", &["plate - CH5/ QRS515 group 7 plate overview"]),
    (
        "15-face-matched-four-pictures.json",
        &["face_match - CH3/ matched true 41 Lucía Peña 0.931 face overview face target album"],
    ),
    ("16-face-unmatched.json", &["face - IP_CH2/ matched false face overview face"]),
    (
        "18-objects-types-two-and-nine.json",
        &[
            "line_crossing - CH8/ motorcycle_bicycle 62 overview target",
            "object - CH1/ vehicle 61 overview target",
        ],
    ),
    ("20-ai-snap-picture-without-lists.json", &["intrusion - CH6/Bollards person 303 overview target"]),
];

const IVSEC_POSTS: &[Case] = &[
    ("01a-alarm_list-with-EventType.ivsec.json", &["fire start CH2/"]),
    ("01b-motion_report.ivsec.json", &["motion start CH3/"]),
    ("01c-motion_smart_alarm.ivsec.json", &["motion - CH1/"]),
    ("01d-channel_alarm-beside-time.ivsec.json", &["motion - CH3/"]),
    ("02-face-nobody-knows.ivsec.json", &["face - CH1/ matched false face"]),
    (
        "03-face-four-pictures.ivsec.json",
        &["face_match - CH1/ matched true 5 Eve 0.9 face overview face target album"],
    ),
    ("04a-plate-by-SnapId-alone.ivsec.json", &["plate - CH1/ QQ01QQQ plate"]),
    ("04b-stranger-with-Id-and-numeric-SnapId.ivsec.json", &["plate - CH1/ QQ02QQQ stranger group 3 plate"]),
    (
        "05-plate-groups.ivsec.json",
        &["plate - CH1/ QQ03QQQ allow group 1 plate", "plate - CH1/ QQ04QQQ deny group 2 plate"],
    ),
    ("07-channel_name.ivsec.json", &["motion - CH4/Stables"]),
    ("08a-words.ivsec.json", &["audio - CH2/", "object - CH1/", "tamper - CH3/"]),
    ("09a-time-month-first.ivsec.json", &["motion - CH1/"]),
    ("09b-StartTime-wall-clock.ivsec.json", &["intrusion - CH1/ person 41"]),
    ("16-flag-and-match-of-one-face.ivsec.json", &["face_match - CH2/ matched true 6 Eve face"]),
];

const VIEWTRON_POSTS: &[Case] = &[
    (
        "06-recorder-without-channelId.viewtron.xml",
        &["device_offline start 7/", "device_offline start 8/", "motion start 5/"],
    ),
    ("08b-smartType-FIRE.viewtron.xml", &["fire - 1/"]),
    ("08c-smartType-TRIPWIRE.viewtron.xml", &["line_crossing start 1/ 1"]),
    ("10a-plate-vehiceId-6.viewtron.xml", &["plate - 1/ QQ05QQQ unlisted plate 6"]),
    ("10b-other-plate-vehiceId-6.viewtron.xml", &["plate - 1/ QQ06QQQ unlisted plate 6"]),
    ("11-one-crossing-several-posts.viewtron.xml", &["counting start 1/ 50"]),
    ("12-picture-as-data-url.viewtron.xml", &["perimeter - 1/ overview"]),
    ("13a-level-in-attribute.viewtron.xml", &["perimeter start 1/"]),
    ("13b-level-in-child.viewtron.xml", &["motion start 1/"]),
    ("13c-two-documents.viewtron.xml", &["perimeter - 1/", "tamper - 1/"]),
    ("15-confidence-with-percent.viewtron.xml", &["plate - 1/ QQ07QQQ unlisted confidence 0.995 plate"]),
];

/// What stands for the base64 of a picture.
const PICTURES: [&str; 5] = [
    "<base64 of the ID photo>",
    "<of the face>",
    "<of the body>",
    "<of the whole frame>",
    "(base64 of a JPEG)",
];

/// A file with pictures in it. One that is not UTF-8 has none.
fn read(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    let Ok(mut text) = String::from_utf8(bytes.clone()) else { return bytes };
    for (seed, placeholder) in (0..).zip(PICTURES) {
        let picture = camhook_picture::jpeg(64, 36, 1500, seed);
        text = text.replace(placeholder, &base64_simd::STANDARD.encode_to_string(picture));
    }
    text.into_bytes()
}

fn folder(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    // Written past the capture of the test's output.
    let _ = writeln!(std::io::stderr(), "skipped: ../shared/cases/{name} is absent");
    None
}

/// An event in one line.
fn line(event: &Value) -> String {
    let data = &event["data"];
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    };
    let camera = text(&data["camera"]["id"])
        .map(|id| format!("{id}/{}", data["camera"]["name"].as_str().unwrap_or_default()));
    let mut words = vec![
        text(&data["kind"]).unwrap_or_default(),
        text(&data["state"]).unwrap_or("-".to_owned()),
        camera.unwrap_or("-".to_owned()),
    ];
    words.extend(text(&data["zone"]["id"]).map(|zone| format!("zone {zone}")));
    let (plate, face) = (&data["plate"], &data["face"]);
    words.extend([&plate["text"], &plate["list"]].into_iter().filter_map(text));
    words.extend(text(&plate["group"]).map(|group| format!("group {group}")));
    words.extend(text(&plate["confidence"]).map(|confidence| format!("confidence {confidence}")));
    words.extend(text(&face["matched"]).map(|matched| format!("matched {matched}")));
    words.extend(
        [&face["person_id"], &face["name"], &face["similarity"], &face["list"]].into_iter().filter_map(text),
    );
    for target in data["targets"].as_array().into_iter().flatten() {
        words.extend([&target["class"], &target["id"]].into_iter().filter_map(text));
    }
    for image in data["images"].as_array().into_iter().flatten() {
        words.extend(text(&image["role"]));
        words.extend(text(&image["rejected"]));
    }
    words.join(" ")
}

/// Posts each file of a folder whose name ends so.
async fn check(source: &'static str, content_type: &str, folder_name: &str, ending: &str, cases: &[Case]) {
    let Some(folder) = folder(folder_name) else { return };
    let mut source = Source::given(source).await;
    let mut files: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(ending))
        .collect();
    files.sort();
    let mut found = Vec::new();
    for file in &files {
        let mut body = read(&folder.join(file));
        // Another run's posts are other events.
        body.extend(std::iter::repeat_n(b' ', usize::from(getrandom::u32().unwrap() as u16)));
        let known = source.quarantined().await;
        let reply = source.send("POST", &source.url, &[("content-type", content_type)], &body).await;
        assert_eq!(reply.status(), 200, "{file}");
        let mut lines: Vec<String> = source.news().await.iter().map(line).collect();
        lines.sort();
        let quarantined = source.quarantined().await;
        let new = quarantined.iter().filter(|why| !known.contains(why));
        lines.extend(new.map(|why| format!("quarantined: {}", why["reason"].as_str().unwrap_or_default())));
        found.push((file.as_str(), lines));
    }
    let expected: Vec<(&str, Vec<String>)> = cases
        .iter()
        .map(|(file, lines)| (*file, lines.iter().map(|line| (*line).to_owned()).collect()))
        .collect();
    assert_eq!(found, expected, "{found:#?}");
}

#[tokio::test]
async fn a_body_of_each_form_of_ivsec_becomes_its_events() {
    check("cases-ivsec-forms", "application/json;charset=UTF-8", "ivsec", ".json", IVSEC_FORMS).await;
}

#[tokio::test]
async fn the_posts_of_ivsec_become_their_events() {
    check("cases-ivsec", "application/json;charset=UTF-8", "posts", ".ivsec.json", IVSEC_POSTS).await;
}

#[tokio::test]
async fn the_posts_of_viewtron_become_their_events() {
    check("cases-viewtron", "application/xml; charset=utf-8", "posts", "viewtron.xml", VIEWTRON_POSTS).await;
}

#[tokio::test]
async fn the_posts_of_viewtron_as_soap_become_their_events() {
    check("cases-viewtron-soap", "application/soap+xml", "posts", "viewtron-soap.xml", VIEWTRON_SOAP).await;
}

const VIEWTRON_SOAP: &[Case] = &[("14-declared-encoding.viewtron-soap.xml", &["perimeter - 1/Tür"])];
