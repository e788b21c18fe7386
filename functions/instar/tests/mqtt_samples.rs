//! What was published of these cameras, as it was published. Skipped where the folder `../shared/samples` beside the
//! project is not there.

use camhook_ingest::MqttDialect;
use camhook_instar::mqtt::{Message, read};
use camhook_instar::{InstarMqtt, Objects, Triggers};
use camhook_site::Site;

fn published(name: &str) -> Option<String> {
    let path = camhook_fixture::published(&format!("instar/{name}"))?;
    std::fs::read_to_string(path).ok()
}

/// The topics of a file, each with the payloads that the file names.
#[cfg(test)]
fn pairs(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut topic = "";
    for line in text.lines() {
        let Some((what, rest)) = line.split_once(':') else { continue };
        let first = rest.split_whitespace().next().unwrap();
        if what == "topic" {
            topic = first;
            continue;
        }
        let of = match what {
            "payload" | "idle" => topic,
            "LWT" => first,
            other => panic!("`{other}` is not known"),
        };
        let payloads = rest.split_whitespace().filter(|word| word.starts_with('{'));
        pairs.extend(payloads.map(|payload| (of.to_owned(), payload.to_owned())));
    }
    pairs
}

/// Camera and message of each pair of a file.
#[cfg(test)]
fn messages(name: &str) -> Option<Vec<(String, Message)>> {
    let text = published(name)?;
    let sources = ["cameras", "instar"]
        .map(|topic| format!("[[source]]\nid = \"{topic}\"\nvendor = \"instar\"\ntopic = \"{topic}\"\n"));
    let toml = format!("timezone = \"UTC\"\n{}", sources.concat());
    let (site, _): (Site, _) = camhook_site::read(&toml, "test").unwrap();
    let message = |(topic, payload): (String, String)| {
        let source = site.source(topic.split('/').next().unwrap()).unwrap();
        let camera = InstarMqtt.device(source, &topic).unwrap_or_else(|| panic!("{topic} names no camera"));
        (camera.id.to_string(), read(source, &camera, payload.as_bytes()).unwrap())
    };
    Some(pairs(&text).into_iter().map(message).collect())
}

#[test]
fn alarms_of_the_older_cameras() {
    let Some(messages) = messages("instar_mqtt_v1_alarm.txt") else { return };
    let code = |value: &str| Message::Code(value.to_owned(), Triggers::of_code(value).unwrap());
    let object = |value: &str| Message::Objects(value.to_owned(), Objects::parse(value).unwrap());
    let expected = [
        ("115", code("1")),
        ("1234567890AB", code("7")),
        ("10D1DC228582", object("1")),
        ("10D1DC228582", object("0")),
    ];
    assert_eq!(messages, expected.map(|(camera, message)| (camera.to_owned(), message)));
}

#[test]
fn alarms_and_last_wills_of_the_newer_cameras() {
    let Some(messages) = messages("instar_mqtt_v2_alarm.txt") else { return };
    let expected = [
        ("115", Message::Mask("17".to_owned(), Triggers::of_mask("17").unwrap())),
        ("115", Message::Objects("1".to_owned(), Objects::parse("1").unwrap())),
        ("115", Message::Online("alive".to_owned())),
        ("115", Message::Offline("dead".to_owned())),
        ("201", Message::Online("online".to_owned())),
        ("201", Message::Offline("offline".to_owned())),
    ];
    assert_eq!(messages, expected.map(|(camera, message)| (camera.to_owned(), message)));
}
