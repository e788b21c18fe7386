//! `tests/evaluate.toml`: rules, events, and why a rule does not match.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as it does")]

use std::collections::BTreeMap;

use camhook_event::Event;
use camhook_site::{Context, Modes, PlateText, evaluate, read};
use proptest::prelude::*;
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

/// Whether an event with this plate matches a rule about `@first~1` of a site with two lists, and by tolerance.
fn tolerant_verdict(first: &[String], second: &[String], read_plate: &str) -> (bool, bool) {
    verdict_of("when.plate = '@first~1'", first, second, read_plate)
}

/// Whether an event with this plate matches a rule of a site with two lists, and by tolerance.
fn verdict_of(rule: &str, first: &[String], second: &[String], read_plate: &str) -> (bool, bool) {
    let entries = |plates: &[String]| {
        let entries: Vec<String> = plates.iter().map(|plate| format!("{{ plate = '{plate}' }}")).collect();
        entries.join(", ")
    };
    let text = format!(
        "lists = {{ first = [{}], second = [{}] }}\n\
         [[source]]\nid = 'gate'\nvendor = 'viewtron'\n\
         auth = {{ token_sha256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' }}\n\
         [[channel]]\nid = 'family'\nkind = 'webhook'\nurl = 'https://example.org/family'\n\
         [[rule]]\n{rule}\nthen = {{ notify = 'family' }}\n",
        entries(first),
        entries(second)
    );
    let (site, _) = read(&text, "site").unwrap();
    let data = json!({"kind": "plate", "plate": {"text": read_plate}}).to_string();
    let event = event(Some(&data), "2026-11-23T12:00:00Z");
    let modes = Modes::default();
    let context = Context { site: &site, at: event.time.timestamp(), modes: &modes };
    let verdict = evaluate(&site.rules()[0], &event, &context);
    (verdict.is_match(), !verdict.plate_matches().is_empty())
}

/// The fewest characters to change, add or remove to make one plate another.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, character) in one.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], index + 1);
        for column in 1..row.len() {
            let changed = diagonal + usize::from(*character != other[column - 1]);
            diagonal = row[column];
            row[column] = changed.min(row[column] + 1).min(row[column - 1] + 1);
        }
    }
    row[other.len()]
}

/// Whether a plate is the listed one with one character changed or missing, or none.
fn is_misread(plate: &str, listed: &str) -> bool {
    plate.len() <= listed.len() && distance(plate, listed) <= 1
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Neither `plate` nor `not` accepts a plate that is like those of both lists, or that was not read.
    #[test]
    fn a_plate_that_may_be_of_either_list_never_meets_not(
        first in prop::collection::vec("[ABO0]{4,5}", 1..4),
        second in prop::collection::vec("[ABO0]{4,5}", 1..4),
        other in "[ABO0]{3,5}",
    ) {
        let excluding = "when = { kind = 'plate', not = { plate = '@first~1' } }";
        let excluding_several = "when = { kind = 'plate', not = { any = [{ plate = ['AAAA', '@first~1'] }] } }";
        let doubly = "when = { kind = 'plate', not = { not = { plate = '@first~1' } } }";
        for plate in first.iter().chain(&second).chain([&other]) {
            let (is_match, _) = tolerant_verdict(&first, &second, plate);
            let (is_not_excluded, _) = verdict_of(excluding, &first, &second, plate);
            let is_close = first.iter().any(|listed| is_misread(plate, listed));
            prop_assert!(!(is_close && is_not_excluded), "{} is like one of {:?}", plate, first);
            prop_assert!(!(is_match && is_not_excluded));
            let (passes_several, _) = verdict_of(excluding_several, &first, &second, plate);
            prop_assert!(!(is_close && passes_several));
            prop_assert_eq!(verdict_of(doubly, &first, &second, plate).0, is_match);
        }
        prop_assert!(!verdict_of(excluding, &first, &second, "-").0, "a plate that was not read");
    }

    /// Few letters, so that plates are often alike.
    #[test]
    fn no_tolerant_match_makes_a_plate_of_one_list_one_of_another(
        first in prop::collection::vec("[ABO0]{3,5}", 1..4),
        second in prop::collection::vec("[ABO0]{3,5}", 1..4),
        other in "[ABO0]{2,6}",
    ) {
        for plate in first.iter().chain(&second).chain([&other]) {
            let (is_match, by_tolerance) = tolerant_verdict(&first, &second, plate);
            let is_like = |plates: &[String]| plates.iter().any(|listed| distance(plate, listed) <= 1);
            prop_assert_eq!(is_match && !by_tolerance, first.contains(plate));
            prop_assert!(!(by_tolerance && second.contains(plate)), "{} is on the other list", plate);
            if by_tolerance {
                prop_assert!(is_like(&first), "{} is like none of {:?}", plate, first);
                let (_, by_tolerance_of_other) = tolerant_verdict(&second, &first, plate);
                prop_assert!(!by_tolerance_of_other, "{} is on both lists", plate);
            }
        }
    }
}

#[test]
fn a_tolerant_match_says_what_was_read_and_what_matched() {
    let cases: Cases = toml::from_str(include_str!("evaluate.toml")).unwrap();
    let rule = "[[rule]]\nthen = { notify = \"family\" }\nwhen.plate = \"@residents~1\"";
    let (site, _) = read(&format!("{}\n{rule}", cases.site), "site").unwrap();
    let data = r#"{"kind": "plate", "plate": {"text": "i8-36 nl"}}"#;
    let event = event(Some(data), "2026-11-23T12:00:00Z");
    let modes = Modes::default();
    let context = Context { site: &site, at: event.time.timestamp(), modes: &modes };
    let matches = evaluate(&site.rules()[0], &event, &context).plate_matches();
    let [found] = matches.as_slice() else { panic!("{matches:?}") };
    assert_eq!(found.to_string(), "Plate read as I836NL, matched IB36NL (Ann) on @residents");
    assert_eq!(Some(&found.read), PlateText::new("I836NL").as_ref());
}
