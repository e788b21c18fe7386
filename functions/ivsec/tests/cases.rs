//! Bodies of every form become what their description says.
//!
//! They stand beside the project, in `../shared/cases`; where that folder is absent, each test reports that it is
//! skipped.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use camhook_ingest::{Adapter, Draft, Headers, Method, Parsed, Parts, Request, Verified};
use camhook_ivsec::Ivsec;

/// A file, and what each of its events is: kind, state, camera, time, and what was recognized.
type Case = (&'static str, &'static [&'static str]);

const BOGOTA: (&str, &str) = ("America/Bogota", "2027-01-15T10:00:08Z");
const BERLIN: (&str, &str) = ("Europe/Berlin", "2026-11-28T23:10:05Z");

const OF_EACH_FORM: &[Case] = &[
    ("01-flat-motion-start", &["motion start Quay/Quay 10:00:03"]),
    ("02-flat-newer-word-io-stop", &["input stop Quay/Quay 10:00:04"]),
    (
        "03-flat-picdata-plate-object",
        &["plate start CH1/Gate 10:00:05 TRK118 Deny group 2 yellow overview plate"],
    ),
    ("05-rich-status-only", &["ignored no_alarm"]),
    (
        "07-channel-alarm-beside-time",
        &["motion start CH2/ 10:00:03", "motion stop CH4/ 10:00:03", "motion - CH6/ 10:00:01"],
    ),
    (
        "08-words-of-newer-firmware",
        &[
            "loitering - CH1/ 10:00:03",
            "tamper - CH2/ 10:00:03",
            "audio - CH3/ 10:00:03",
            "object - CH4/ 10:00:03",
            "motion - CH5/ 10:00:03",
            "zone_entry - CH6/ 10:00:03",
            "input start CH7/ 10:00:03",
            "input stop CH8/ 10:00:03",
        ],
    ),
    (
        "09-unknown-members-that-say-something",
        &["other - CH11/ 10:00:03", "other - CH12/ 10:00:03", "plate - CH13/ 10:00:03"],
    ),
    ("10-plate-stranger-text-in-snapid", &["plate - CH1/ 10:00:02 VXK207 Stranger group 3 overview plate"]),
    (
        "11-plates-allow-and-deny",
        &[
            "plate - CH16/ 10:00:01 ABC901 Allow group 1 overview plate",
            "plate - CH16/ 10:00:03 ZZT044 Deny group 2 overview plate",
        ],
    ),
    ("13-plate-directly-under-data", &["plate - CH5/ 10:00:03 QRS515 group 7 overview"]),
    (
        "15-face-matched-four-pictures",
        &[
            "face_match - CH3/ 10:00:03 matched true 41 Lucía Peña 0.931 female 31 yes no overview face target album",
        ],
    ),
    ("16-face-unmatched", &["face - IP_CH2/ 10:00:03 matched false overview face"]),
    (
        "18-objects-types-two-and-nine",
        &[
            "object - CH1/ 10:00:01 Vehicle 61 overview target",
            "line_crossing - CH8/ 10:00:03 MotorcycleBicycle 62 overview target",
        ],
    ),
    ("20-ai-snap-picture-without-lists", &["intrusion - CH6/Bollards 10:00:03 Person 303 overview target"]),
];

const POSTS: &[Case] = &[
    ("01a-alarm_list-with-EventType.ivsec", &["fire start CH2/ 23:10:00"]),
    ("01b-motion_report.ivsec", &["motion start CH3/ 23:10:00"]),
    ("01c-motion_smart_alarm.ivsec", &["motion - CH1/ 23:10:00"]),
    ("01d-channel_alarm-beside-time.ivsec", &["motion - CH3/ 23:10:00"]),
    ("02-face-nobody-knows.ivsec", &["face - CH1/ 23:10:00 matched false"]),
    ("03-face-four-pictures.ivsec", &["face_match - CH1/ 23:10:00 matched true 5 Eve 0.9"]),
    ("04a-plate-by-SnapId-alone.ivsec", &["plate - CH1/ 23:10:00 QQ01QQQ"]),
    ("04b-stranger-with-Id-and-numeric-SnapId.ivsec", &["plate - CH1/ 23:10:00 QQ02QQQ Stranger group 3"]),
    (
        "05-plate-groups.ivsec",
        &["plate - CH1/ 23:10:00 QQ03QQQ Allow group 1", "plate - CH1/ 23:10:01 QQ04QQQ Deny group 2"],
    ),
    ("07-channel_name.ivsec", &["motion - CH4/Stables 23:10:00"]),
    ("08a-words.ivsec", &["object - CH1/ 23:10:00", "audio - CH2/ 23:10:00", "tamper - CH3/ 23:10:00"]),
    ("09a-time-month-first.ivsec", &["motion - CH1/ 23:10:00"]),
    ("09b-StartTime-wall-clock.ivsec", &["intrusion - CH1/ 23:10:00 Person 41"]),
    ("16-flag-and-match-of-one-face.ivsec", &["face_match - CH2/ 23:10:00 matched true 6 Eve"]),
];

#[cfg(test)]
fn folder(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: ../shared/cases/{name} is absent");
    None
}

#[cfg(test)]
fn request((timezone, received_at): (&str, &str), body: Vec<u8>) -> Request<Verified> {
    let toml = format!(
        "timezone = \"{timezone}\"\n[[source]]\nid = \"nvr\"\nvendor = \"ivsec\"\nauth = {{ token = \"token\" }}\n"
    );
    let (site, _) = camhook_site::read(&toml, "test").unwrap();
    let request = Request::new(Parts {
        method: Method::Post,
        path: "/ivsec/nvr/token".to_owned(),
        query: String::new(),
        headers: Headers::default(),
        body: Bytes::from(body),
        source_ip: None,
        request_id: "request".to_owned(),
        received_at: received_at.parse().unwrap(),
    });
    Request::assume_verified(request, Arc::clone(site.source("nvr").unwrap()), Vec::new())
}

/// An event in one line.
#[cfg(test)]
fn line(draft: &Draft<'_>) -> String {
    let mut words = vec![draft.kind.to_string()];
    words.push(draft.state.map_or("-".to_owned(), |state| format!("{state:?}").to_lowercase()));
    words.extend(draft.camera.as_ref().map(|camera| {
        format!("{}/{}", camera.id, camera.name.as_ref().map(ToString::to_string).unwrap_or_default())
    }));
    let at =
        draft.device_time.as_ref().and_then(|time| time.at).map(|at| at.strftime("%H:%M:%S").to_string());
    words.extend(at);
    if let Some(plate) = &draft.plate {
        words.push(plate.text.to_string());
        words.extend(plate.list.map(|list| format!("{list:?}")));
        words.extend(plate.group.as_ref().map(|group| format!("group {group}")));
        words.extend(plate.color.as_ref().map(ToString::to_string));
    }
    if let Some(face) = &draft.face {
        words.extend(face.matched.map(|matched| format!("matched {matched}")));
        words.extend([&face.person_id, &face.name].into_iter().flatten().map(ToString::to_string));
        words.extend(face.similarity.map(|similarity| similarity.value().to_string()));
        words.extend(face.list.map(|list| format!("{list:?}")));
        let estimates = [&face.sex, &face.age, &face.glasses, &face.mask];
        words.extend(estimates.into_iter().flatten().map(ToString::to_string));
    }
    for target in &draft.targets {
        if let (Some(class), Some(id)) = (target.class, &target.id) {
            words.push(format!("{class:?} {id}"));
        }
    }
    words.extend(draft.images.iter().map(|image| image.role.to_string()));
    words.join(" ")
}

#[cfg(test)]
fn check(folder_name: &str, cases: &[Case], circumstances: (&str, &str)) {
    let Some(folder) = folder(folder_name) else { return };
    for (file, expected) in cases {
        let body = fs::read(folder.join(format!("{file}.json"))).unwrap();
        let found: Vec<String> = match Ivsec.parse(&request(circumstances, body)) {
            Ok(Parsed::Events(drafts) | Parsed::Partly { events: drafts, .. }) => {
                drafts.iter().map(line).collect()
            }
            Ok(Parsed::Heartbeat) => vec!["heartbeat".to_owned()],
            Ok(Parsed::Ignored(ignored)) => vec![format!("ignored {}", ignored.name())],
            Err(malformed) => vec![malformed.to_string()],
        };
        assert_eq!(found, *expected, "{file}");
    }
    let known = |name: &str| cases.iter().any(|(file, _)| format!("{file}.json") == name);
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(known(&name) || !is_body(&name), "{name} is not looked at");
    }
}

#[cfg(test)]
fn is_body(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "json")
}

#[test]
fn a_body_of_each_form_becomes_its_events() {
    check("ivsec", OF_EACH_FORM, BOGOTA);
}

#[test]
fn the_posts_become_their_events() {
    check("posts", POSTS, BERLIN);
}
