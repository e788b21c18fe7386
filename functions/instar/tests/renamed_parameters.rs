//! A parameter or a member that has another name, or stands one level deeper, costs no alarm: what was an event is still
//! one, or is in the quarantine with the name that was found. The same for what is published over MQTT.

use std::fs;
use std::path::PathBuf;

use camhook_ingest::{MqttDialect, MqttMessage, Publication};
use camhook_instar::{InstarHttp, InstarMqtt};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A fixture that becomes an event: the parts of its request, and its settings.
#[derive(Debug, Clone)]
struct Case {
    query: Vec<String>,
    body: Body,
    settings: String,
}

#[derive(Debug, Clone)]
enum Body {
    None,
    Form(Vec<String>),
    Json(Value),
}

#[cfg(test)]
fn cases() -> Vec<Case> {
    let folders = fs::read_dir(camhook_fixture::root().join("instar")).unwrap();
    let mut folders: Vec<PathBuf> = folders.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let pairs = |text: &str| -> Vec<String> {
        text.split('&').filter(|pair| pair.contains('=')).map(str::to_owned).collect()
    };
    let case = |folder: PathBuf| {
        let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
        let expected: Value = serde_json::from_str(&text("expected.json")).ok()?;
        let request = text("request.http");
        let (head, body) = request.split_once("\n\n").filter(|_| expected["events"].is_array())?;
        let target = head.split_whitespace().nth(1)?;
        let query = pairs(target.split_once('?').map_or("", |(_, query)| query));
        let is_around = |character: char| character.is_whitespace() || matches!(character, '\u{feff}' | '\0');
        let body = match body.trim_matches(is_around) {
            "" => Body::None,
            json if json.starts_with('{') => Body::Json(serde_json::from_str(json).ok()?),
            form => Body::Form(pairs(form)),
        };
        Some(Case { query, body, settings: text("source.toml") })
    };
    let cases: Vec<Case> = folders.into_iter().filter_map(case).collect();
    assert!(cases.len() > 20, "there are fixtures");
    cases
}

fn rename(pairs: &mut [String], at: prop::sample::Index, new_name: &str) {
    let at = at.index(pairs.len());
    if let Some(pair) = pairs.get_mut(at) {
        let value = pair.split_once('=').map_or("", |(_, value)| value);
        *pair = format!("{new_name}={value}");
    }
}

proptest! {
    #[test]
    fn no_other_name_of_a_parameter_loses_an_alarm(
        case in prop::sample::select(cases()),
        at in any::<prop::sample::Index>(),
        new_name in "[a-z]{4,9}q",
        nests in prop::bool::ANY,
    ) {
        let Case { mut query, mut body, settings } = case;
        match &mut body {
            Body::Json(Value::Object(members)) => {
                let names: Vec<String> = members.keys().cloned().collect();
                let name = &names[at.index(names.len())];
                let member = members.remove(name).unwrap();
                let (name, member) =
                    if nests { (name.clone(), json!({ &new_name: member })) } else { (new_name.clone(), member) };
                members.insert(name, member);
            }
            Body::Form(pairs) if !pairs.is_empty() => rename(pairs, at, &new_name),
            _ => rename(&mut query, at, &new_name),
        }
        let (method, body) = match body {
            Body::None => ("GET", String::new()),
            Body::Form(pairs) => ("POST", pairs.join("&")),
            Body::Json(json) => ("POST", json.to_string()),
        };
        let request = format!("{method} {{{{path}}}}?{} HTTP/1.1\n\n{body}", query.join("&"));
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("request.http"), &request).unwrap();
        fs::write(folder.path().join("source.toml"), settings).unwrap();
        let outcome = camhook_fixture::run(&InstarHttp, folder.path()).unwrap();
        let detail = outcome["quarantine"]["reason"]["detail"].as_str().unwrap_or_default();
        prop_assert!(outcome["events"].is_array() || detail.contains(&new_name), "{} became {}", request, outcome);
    }

    #[test]
    fn no_other_name_of_a_topic_or_a_value_loses_an_alarm(
        path in prop::sample::select(vec!["alarm/triggered", "alarm/triggered/triggers", "alarm/triggered/object"]),
        value in 1_u32..4096,
        new_name in "[a-z]{4,9}q",
        change in 0..6_usize,
    ) {
        let (payload, path) = match change {
            0 => (format!(r#"{{"{new_name}":"{value}"}}"#), path.to_owned()),
            1 => (format!(r#"{{"val":{{"{new_name}":"{value}"}}}}"#), path.to_owned()),
            2 => (format!(r#"{{"val":"{value}"}}"#), format!("alarm/triggered/{new_name}")),
            3 => (format!(r#"{{"val":"{value}"}}"#), format!("alarm/{new_name}")),
            4 => (format!(r#"{{"val":"{value}"}}"#), format!("alarm/{new_name}/triggered")),
            _ => (format!(r#"{{"val":"{value}"}}"#), format!("{new_name}//alarm/triggered")),
        };
        let toml = "timezone = \"UTC\"\n[[source]]\nid = \"yard\"\nvendor = \"instar\"\ntopic = \"cameras\"\n";
        let (site, _) = camhook_site::read(toml, "test").unwrap();
        let source = site.source("yard").unwrap();
        let topic = format!("cameras/115/status/{path}");
        let camera = InstarMqtt.device(source, &topic).unwrap();
        let received_at = jiff::Timestamp::UNIX_EPOCH;
        let message = MqttMessage { topic: &topic, payload: payload.as_bytes(), received_at, id: "1" };
        let is_kept = match InstarMqtt.read(source, &camera, &message) {
            Ok(Publication::Observation { .. }) => true,
            Ok(Publication::Ignored(_)) => false,
            Err(malformed) => malformed.detail.contains(&new_name),
        };
        prop_assert!(is_kept, "{} at {}", payload, path);
    }
}
