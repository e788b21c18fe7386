//! `tests/evaluate.toml`: rules, events, and why a rule does not match.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as it does")]

use std::collections::BTreeMap;

use camhook_event::Event;
use camhook_site::{Context, Modes, evaluate, read};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Cases {
    /// A camhook.toml without rules.
    site: String,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// What stands below `[[rule]]`, without `then`.
    #[serde(default)]
    rule: String,
    /// What the event's `data` has beside vendor, source and kind, as JSON.
    #[serde(default)]
    data: Option<String>,
    #[serde(default)]
    at: Option<String>,
    #[serde(default)]
    modes: BTreeMap<String, String>,
    /// Why the rule does not match; it matches when there is no reason.
    #[serde(default)]
    not_matched: Vec<String>,
}

fn event(data: Option<&str>, at: &str) -> Event {
    let mut event = json!({
        "specversion": "1.0", "id": "0123456789abcdef0123456789abcdef", "source": "/viewtron/gate",
        "type": "camhook.event.v1", "subject": "motion", "time": at, "datacontenttype": "application/json",
        "data": {
            "vendor": "viewtron", "source": "gate", "area": "yard", "kind": "motion", "report": "detection",
            "received_at": at, "clock": "server",
        },
    });
    let more: Value = serde_json::from_str(data.unwrap_or("{}")).unwrap();
    for (key, value) in more.as_object().unwrap() {
        match value {
            Value::Null => event["data"].as_object_mut().unwrap().remove(key),
            value => event["data"].as_object_mut().unwrap().insert(key.clone(), value.clone()),
        };
    }
    event["subject"] = event["data"]["kind"].clone();
    serde_json::from_value(event).unwrap()
}

#[test]
fn every_rule_matches_or_names_the_reasons() {
    let cases: Cases = toml::from_str(include_str!("evaluate.toml")).unwrap();
    let mut wrong = Vec::new();
    for case in cases.case {
        let text = format!("{}\n[[rule]]\nthen = {{ notify = \"family\" }}\n{}", cases.site, case.rule);
        let (site, _) = read(&text, &case.name).unwrap_or_else(|problems| panic!("{problems:#?}"));
        let at = case.at.as_deref().unwrap_or("2026-11-23T12:00:00Z");
        let event = event(case.data.as_deref(), at);
        let modes: Modes = case.modes.into_iter().collect();
        let context = Context { site: &site, at: event.time.timestamp(), modes: &modes };
        let verdict = evaluate(&site.rules()[0], &event, &context);
        let reasons: Vec<String> = verdict.explain().iter().map(ToString::to_string).collect();
        if reasons != case.not_matched || verdict.is_match() != reasons.is_empty() {
            wrong.push(format!("{}: expected {:?}, found {reasons:?}", case.name, case.not_matched));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_person_is_named_by_a_list_on_its_days_and_else_by_the_device() {
    let cases: Cases = toml::from_str(include_str!("evaluate.toml")).unwrap();
    let (site, _) = read(&cases.site, "site").unwrap();
    let person = |data: &str, at: &str| {
        let event = event(Some(data), at);
        site.person(&event).map(|name| name.as_str().to_owned())
    };
    let plate = r#"{"plate":{"text":"ib-36 nl"}}"#;
    assert_eq!(person(plate, "2026-11-23T12:00:00Z").as_deref(), Some("Ann"));
    let guest = r#"{"plate":{"text":"GUEST1"},"face":{"name":"from the device"}}"#;
    assert_eq!(person(guest, "2026-12-31T22:59:00Z").as_deref(), Some("Bob"));
    // 23:01 UTC is the next day in Berlin.
    assert_eq!(person(guest, "2026-12-31T23:01:00Z").as_deref(), Some("from the device"));
    assert_eq!(person("{}", "2026-11-23T12:00:00Z"), None);
}
