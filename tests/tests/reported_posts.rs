//! Posts as they stand in public reports and after field tables of other receivers, over HTTP: what each becomes.
//!
//! They stand beside the project, in `../shared/cases`; where that folder is absent, each test reports that it is
//! skipped.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use camhook_end_to_end::gateway::{self, BodyForm};
use camhook_end_to_end::own_stack::{Delivery, OwnStack};
use camhook_end_to_end::source::Source;
use camhook_picture::SamplePost;
use camhook_ports::{Clock, SystemClock};
use serde_json::{Value, json};

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
            "input start CH7/",
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

/// A folder of `reports`: its number, the vendor, its requests in their order, the status of each, and what comes of them.
struct Report {
    number: &'static str,
    vendor: &'static str,
    requests: &'static [&'static str],
    statuses: &'static [u64],
    events: &'static [&'static str],
}

const REPORTS: &[Report] = &[
    Report {
        number: "03",
        vendor: "viewtron",
        requests: &["request", "request-input"],
        statuses: &[200, 200],
        events: &["input start - zone 2", "motion start 3/"],
    },
    Report {
        number: "04",
        vendor: "ivsec",
        requests: &["request"],
        statuses: &[200],
        events: &[
            "face - CH1/ matched false face face truncated",
            "face_match - CH1/ matched true 11 Resident face face truncated",
            "face_match - CH1/ matched true 12 Banned face face truncated",
        ],
    },
    Report {
        number: "07",
        vendor: "ivsec",
        requests: &["request"],
        statuses: &[200],
        events: &[
            "plate - CH16/ KA01AB1234 allow group 1 plate overview truncated plate truncated",
            "plate - CH16/ KA01ZZ9999 deny group 2 plate plate truncated",
        ],
    },
    Report {
        number: "08",
        vendor: "xprotect",
        requests: &["request", "request-delete"],
        statuses: &[200, 200],
        events: &["intrusion - Camera 4/Camera 4", "intrusion - Camera 4/Camera 4"],
    },
    Report {
        number: "09",
        vendor: "xprotect",
        requests: &["request"],
        statuses: &[200],
        events: &["intrusion - 13860010-ded3-42ff-a2a9-cc6ba4a49636/Camera 4"],
    },
    Report {
        number: "14",
        vendor: "instar",
        requests: &["request"],
        statuses: &[200],
        events: &["audio - -"],
    },
    Report {
        number: "15",
        vendor: "viewtron",
        requests: &["request-1", "request-1", "request-2"],
        statuses: &[200, 200, 200],
        events: &["motion start 3/", "motion start 5/"],
    },
    Report {
        number: "16",
        vendor: "viewtron",
        requests: &["request"],
        statuses: &[200],
        events: &["motion start 3/"],
    },
    Report {
        number: "17",
        vendor: "viewtron",
        requests: &["request", "request-cdd", "request-osc"],
        statuses: &[200, 200, 200],
        events: &[
            "crowd - 1/Yard overview truncated",
            "intrusion - 1/Yard overview truncated",
            "object - 1/Yard overview truncated",
        ],
    },
    Report {
        number: "18",
        vendor: "viewtron",
        requests: &["request"],
        statuses: &[200],
        events: &["plate - 1/Yard ABC1D23 allow confidence 0.96 plate 7 overview truncated"],
    },
    Report {
        number: "20",
        vendor: "ivsec",
        requests: &["request"],
        statuses: &[200],
        events: &["plate - CH1/ 51F12345 plate plate truncated"],
    },
    Report {
        number: "23",
        vendor: "xprotect",
        requests: &["request", "request"],
        statuses: &[200, 200],
        events: &[
            "external - 13860010-ded3-42ff-a2a9-cc6ba4a49636/Camera 4",
            "external - 13860010-ded3-42ff-a2a9-cc6ba4a49636/Camera 4",
        ],
    },
    Report {
        number: "24",
        vendor: "xprotect",
        requests: &["request"],
        statuses: &[200],
        events: &["analytics - 13860010-ded3-42ff-a2a9-cc6ba4a49636/Camera 4 person face dropped"],
    },
    Report {
        number: "27",
        vendor: "viewtron",
        requests: &["request"],
        statuses: &[200],
        events: &["plate - 1/Yard ABC1D23 allow confidence 0.96 plate 7 overview truncated"],
    },
    Report {
        number: "31",
        vendor: "ivsec",
        requests: &["request"],
        statuses: &[200],
        events: &["loitering - CH1/", "motion - CH2/", "plate - CH4/", "tamper - CH3/"],
    },
    Report {
        number: "32",
        vendor: "ivsec",
        requests: &["request"],
        statuses: &[200],
        events: &["plate - CH1/ ABC1234 allow group 1 plate"],
    },
    Report {
        number: "33",
        vendor: "ivsec",
        requests: &["request"],
        statuses: &[200],
        events: &["plate - CH1/ 51F12345 allow group 1 plate"],
    },
    Report {
        number: "39",
        vendor: "viewtron",
        requests: &["request"],
        statuses: &[200],
        events: &["face_match - 1/ matched true 0.84 allow face dropped"],
    },
];

/// The token of every source without an `auth` of its own.
const TOKEN: &str = "reports-token-00000000";

/// The sender of requests without credentials.
const SENDER: &str = "198.51.100.7";

/// When the reports say that something happened, as seconds.
const REPORTED_AT: i64 = 1_795_420_800;

/// The channel and the relay that rules of reports name.
const DEVICES: &str = r#"
timezone = "Europe/Berlin"

[[channel]]
id = "me"
kind = "ntfy"
url = "{{devices}}/ntfy/me"
network = "loopback"

[[relay]]
id = "gate"
driver = "shelly-gen2"
url = "{{devices}}"
network = "loopback"
password = "simulated-shelly"
"#;

/// The folder of a report.
fn report(reports: &Path, number: &str) -> PathBuf {
    let mut folders = fs::read_dir(reports).unwrap().map(|entry| entry.unwrap().path());
    let begins =
        |folder: &PathBuf| folder.file_name().unwrap().to_str().unwrap().starts_with(&format!("{number}-"));
    folders.find(begins).unwrap()
}

fn text_of(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

/// A source of a report with what its folder says of it.
fn source_toml(reports: &Path, number: &str, vendor: &str) -> String {
    let folder = report(reports, number);
    let settings = text_of(&folder.join("source.toml"));
    let mut toml = format!("\n[[source]]\nid = \"r{number}\"\n{settings}\n");
    for (key, line) in [
        ("vendor", format!("vendor = \"{vendor}\"\n")),
        ("auth", format!("auth = {{ token = \"{TOKEN}\" }}\n")),
    ] {
        let is_mqtt = key == "auth" && settings.contains("topic");
        if !settings.contains(&format!("{key} =")) && !is_mqtt {
            toml.push_str(&line);
        }
    }
    let rule = text_of(&folder.join("rule.toml"));
    toml + &rule.replace("when = {", &format!("when = {{ source = \"r{number}\","))
}

/// A text in which everything happens as long after this moment as after that of the reports.
fn moved(text: &str, now: jiff::Timestamp) -> String {
    let mut moved = String::new();
    let mut rest = text;
    while let Some(start) = ["17954208", "17954460"].into_iter().filter_map(|prefix| rest.find(prefix)).min()
    {
        let (before, from) = rest.split_at(start);
        let (seconds, after) = from.split_at(10);
        moved.push_str(before);
        let seconds = seconds.parse::<i64>().unwrap() - REPORTED_AT + now.as_second();
        moved.push_str(&seconds.to_string());
        rest = after;
    }
    moved.push_str(rest);
    for (reported, hours) in [("2026-11-23T08:00:00", 0), ("2026-11-23T09:00:00", 1)] {
        let time = now + jiff::SignedDuration::from_hours(hours);
        moved = moved.replace(reported, &time.strftime("%Y-%m-%dT%H:%M:%S").to_string());
    }
    moved
}

/// Every report about a vendor, posted to the functions: what each becomes, and what its rule does.
#[tokio::test]
async fn what_public_reports_contain_becomes_what_they_ask_for() {
    let Some(reports) = folder("reports") else { return };
    let mut site = DEVICES.to_owned();
    for Report { number, vendor, .. } in REPORTS {
        site.push_str(&source_toml(&reports, number, vendor));
    }
    let stack = OwnStack::create(&site).await;
    let mut found = Vec::new();
    for Report { number, vendor, requests, .. } in REPORTS {
        let function = stack.start(vendor).await;
        let path = format!("/{vendor}/r{number}/{TOKEN}");
        let mut statuses = Vec::new();
        for (count, request) in requests.iter().enumerate() {
            let file = report(&reports, number).join(format!("{request}.http"));
            let text = text_of(&file).replace("SOURCE_URL", &path).replace("\r\n", "\n");
            // A second post of the same event id is one that happened later.
            let later = jiff::SignedDuration::from_secs(30 * i64::try_from(count).unwrap());
            let text = if *number == "23" {
                moved(&text, SystemClock::start().now() - later)
            } else {
                moved(&text, SystemClock::start().now())
            };
            let post = SamplePost::parse(text.as_bytes()).unwrap();
            let mut event = gateway::event(&post, BodyForm::Base64, &format!("report-{number}-{count}"));
            event["requestContext"]["http"]["sourceIp"] = json!(SENDER);
            statuses.push(function.call(&event).await["statusCode"].as_u64().unwrap());
        }
        let mut lines: Vec<String> =
            stack.bucket.records(&format!("r{number}")).await.iter().map(line).collect();
        lines.sort();
        for key in stack.bucket.keys("quarantine/").await {
            if key.contains(&format!("/r{number}/")) && key.ends_with("/reason.json") {
                let why = stack.bucket.json(&key).await;
                lines.push(format!("quarantined: {}", why["reason"].as_str().unwrap_or_default()));
            }
        }
        found.push((*number, statuses, lines));
    }
    let expected: Vec<(&str, Vec<u64>, Vec<String>)> = REPORTS
        .iter()
        .map(|report| {
            let lines = report.events.iter().map(|line| (*line).to_owned()).collect();
            (report.number, report.statuses.to_vec(), lines)
        })
        .collect();
    assert_eq!(found, expected, "{found:#?}");
    what_rules_do(&stack).await;
    nothing_of_a_person_is_kept(&stack).await;
}

/// 07: the gate opens for the allowed plate alone. 27: a car that leaves is one that goes away.
async fn what_rules_do(stack: &OwnStack) {
    let (notify, relay) = (stack.start("notify").await, stack.start("relay").await);
    stack.work_off(&stack.relay, &relay).await;
    stack.work_off(&stack.notify, &notify).await;
    assert_eq!(stack.devices.switched().len(), 1, "{:?}", stack.devices.switched());
    assert_eq!(stack.devices.received("/ntfy/me").len(), 1);
}

/// 24 and 39: where faces are dropped, no name, number, free text or picture is anywhere.
async fn nothing_of_a_person_is_kept(stack: &OwnStack) {
    for key in stack.bucket.keys("").await {
        if !key.contains("/r24/") && !key.contains("/r39/") {
            continue;
        }
        assert!(!key.starts_with("images/"), "{key}");
        let text = String::from_utf8_lossy(&stack.bucket.bytes(&key).await).into_owned();
        for word in ["Nguyễn", "Test Person", "40417", "555-0100", "payroll", "female"] {
            assert!(!text.contains(word), "`{word}` is in {key}");
        }
    }
}

/// 14: after an update of its firmware, a camera of the other dialect sends the other name.
#[tokio::test]
async fn a_camera_whose_firmware_changed_its_dialect_is_read() {
    let Some(reports) = folder("reports") else { return };
    let toml = source_toml(&reports, "14", "instar").replace("camera-v2", "camera-v1");
    let stack = OwnStack::create(&format!("{DEVICES}{toml}")).await;
    let path = format!("/instar/r14/{TOKEN}");
    let text = text_of(&report(&reports, "14").join("request-v1.http")).replace("SOURCE_URL", &path);
    let post = SamplePost::parse(text.as_bytes()).unwrap();
    let event = gateway::event(&post, BodyForm::Base64, "report-14");
    assert_eq!(stack.start("instar").await.call(&event).await["statusCode"], 200);
    let lines: Vec<String> = stack.bucket.records("r14").await.iter().map(line).collect();
    assert_eq!(lines, ["motion - - zone 1 person"], "{lines:?}");
}

/// 21: values as people type them into dashboards.
#[tokio::test]
async fn messages_without_quotes_are_read_or_kept() {
    let Some(reports) = folder("reports") else { return };
    let toml = source_toml(&reports, "21", "instar");
    let stack = OwnStack::create(&format!("{DEVICES}{toml}")).await;
    let mqtt = stack.start("mqtt").await;
    let now = SystemClock::start().now();
    for (camera, message) in (7..).zip(text_of(&report(&reports, "21").join("messages.jsonl")).lines()) {
        // Each of another camera: the second of one camera would be the same alarm.
        let message = message.replace("/7/", &format!("/{camera}/"));
        let message: Value = serde_json::from_str(&message).unwrap();
        let at = now + jiff::SignedDuration::from_secs(message["at"].as_i64().unwrap() - 60);
        let data = base64_simd::STANDARD.encode_to_string(message["payload"].as_str().unwrap());
        let sent = json!({ "topic": message["topic"], "data": data, "ts": at.as_millisecond() });
        stack.mqtt.send(&sent.to_string()).await;
        assert_eq!(stack.deliver(&stack.mqtt, &mqtt).await, Delivery::Done);
    }
    let lines: Vec<String> = stack.bucket.records("r21").await.iter().map(line).collect();
    let kept = stack.bucket.keys("quarantine/").await;
    let kept = kept.iter().filter(|key| key.ends_with("/reason.json")).count();
    assert_eq!(lines.len() + kept, 3, "{lines:?}, {kept} in the quarantine");
    assert!(!lines.is_empty(), "{lines:?}");
}
