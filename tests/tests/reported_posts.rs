//! Posts as they stand in public reports and after field tables of other receivers, over HTTP: what each becomes.
//!
//! They stand beside the project, in `../shared/cases`; where that folder is absent, each test reports that it is
//! skipped.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fs;
use std::path::{Path, PathBuf};

use camhook_end_to_end::source::Source;
use serde_json::Value;

/// A file, and what each of its events is: kind, state, camera, what was recognized, and the roles of its pictures.
type Case = (&'static str, &'static [&'static str]);

const IVSEC_FORMS: &[Case] = &[];

const IVSEC_POSTS: &[Case] = &[];

const VIEWTRON_POSTS: &[Case] = &[];

fn folder(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: ../shared/cases/{name} is absent");
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
        let mut body = fs::read(folder.join(file)).unwrap();
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

const VIEWTRON_SOAP: &[Case] = &[];
