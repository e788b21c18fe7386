//! What was published of these senders, as it was published. Skipped where the folder `../shared/samples` beside
//! the project is not there.

mod common;

use camhook_event::{Kind, TargetClass};
use camhook_ingest::{Adapter, Parsed};
use camhook_instar::http::{CAMERA_V1, CAMERA_V2, CLOUD};
use camhook_instar::{InstarHttp, Objects};
use camhook_picture::SamplePost;

fn published(name: &str) -> Option<String> {
    let path = camhook_fixture::published(&format!("instar/{name}"))?;
    std::fs::read_to_string(path).ok()
}

/// Kind, zone and number of targets of the one event that a query becomes.
fn read(dialect: &str, query: &str) -> (Kind, Option<String>, usize) {
    let source = common::source(&format!("dialect = \"{dialect}\""));
    let request = common::request(&source, query, b"");
    let parsed = InstarHttp.parse(&request);
    let drafts = match &parsed {
        Ok(Parsed::Events(events) | Parsed::Partly { events, .. }) => events.as_slice(),
        Ok(Parsed::Heartbeat | Parsed::Ignored(_)) | Err(_) => &[],
    };
    assert_eq!(drafts.len(), 1, "{query}");
    let draft = &drafts[0];
    let zone = draft.zone.as_ref().and_then(|zone| zone.id.as_ref());
    (draft.kind, zone.map(ToString::to_string), draft.targets.len())
}

#[test]
fn a_request_of_an_older_camera() {
    let Some(text) = published("instar_alarmserver_v1.http") else { return };
    let post = SamplePost::parse(text.as_bytes()).unwrap();
    let (_, query) = post.path_and_query();
    assert_eq!(query, "&active=1");
    assert_eq!(read("camera-v1", query), (Kind::Motion, Some("1".to_owned()), 0));
}

#[test]
fn queries_of_both_generations() {
    for (name, dialect) in
        [("instar_alarmserver_v1_query.txt", "camera-v1"), ("instar_alarmserver_v2_query.txt", "camera-v2")]
    {
        let Some(query) = published(name) else { return };
        assert_eq!(read(dialect, query.trim()), (Kind::Motion, Some("1".to_owned()), 0), "{name}");
    }
}

#[test]
fn the_object_codes_of_the_vendors_flow() {
    let Some(flow) = published("instar_cloud_nodered_flow.json") else { return };
    let nodes: serde_json::Value = serde_json::from_str(&flow).unwrap();
    let rules = nodes.as_array().unwrap().iter().find_map(|node| match node["type"].as_str() {
        Some("change") => node["rules"].as_array(),
        _ => None,
    });
    let rules = rules.unwrap();
    assert_eq!(rules.len(), 8);
    for rule in rules {
        let (code, words) = (rule["from"].as_str().unwrap(), rule["to"].as_str().unwrap());
        let named = [
            ("Person", TargetClass::Person),
            ("Vehicle", TargetClass::Vehicle),
            ("Animal", TargetClass::Animal),
        ];
        let expected: Vec<TargetClass> =
            named.into_iter().filter(|(word, _)| words.contains(word)).map(|(_, class)| class).collect();
        assert_eq!(Objects::parse(code).unwrap().classes(), expected, "{code}: {words}");
    }
}

#[test]
fn the_samples_to_try_a_source_with_are_alarms() {
    for (guide, name) in [(CLOUD, "cloud"), (CAMERA_V1, "camera-v1"), (CAMERA_V2, "camera-v2")] {
        for sample in guide.samples {
            let post = SamplePost::parse(sample.request.as_bytes()).unwrap();
            read(name, post.path_and_query().1);
        }
    }
}

#[test]
fn no_published_file_is_left_out() {
    let Some(folder) = camhook_fixture::published("instar") else { return };
    let these = [include_str!("http_samples.rs"), include_str!("mqtt_samples.rs")];
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(these.iter().any(|text| text.contains(&name)), "{name} is not looked at");
    }
}
