//! A member that has another name, or stands one level deeper, costs no alarm: what was an event is still one, or is in
//! the quarantine with the name that was found.

use std::fs;
use std::path::PathBuf;

use camhook_xprotect::Xprotect;
use proptest::prelude::*;
use serde_json::{Map, Value};

/// A fixture that becomes an event: head and body of its request, and its settings.
#[derive(Debug, Clone)]
struct Case {
    head: String,
    body: Value,
    settings: String,
}

/// What is done to a member.
#[derive(Debug, Clone, Copy)]
enum Change {
    Rename,
    Nest,
}

/// The fixtures with a JSON body that become an event. A signature does not survive a change.
#[cfg(test)]
fn cases() -> Vec<Case> {
    let folders = fs::read_dir(camhook_fixture::root().join("xprotect")).unwrap();
    let mut folders: Vec<PathBuf> = folders.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let case = |folder: PathBuf| {
        let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
        let expected: Value = serde_json::from_str(&text("expected.json")).ok()?;
        let request = text("request.http");
        let (head, body) = request.split_once("\n\n")?;
        let is_event = expected["events"].is_array() && !head.to_lowercase().contains("x-hub-signature");
        // A repeated name is read once here: what is left of such a fixture may be no event.
        let body: Value = serde_json::from_str(body).ok().filter(|_| is_event)?;
        body["Event"]["EventHeader"].is_object().then_some(())?;
        Some(Case { head: head.to_owned(), body, settings: text("source.toml") })
    };
    let cases: Vec<Case> = folders.into_iter().filter_map(case).collect();
    assert!(cases.len() > 20, "there are fixtures");
    cases
}

/// Changes the member with this number, counted over all objects of the body.
fn change(value: &mut Value, number: &mut usize, change_to: (&str, Change)) {
    match value {
        Value::Object(members) => {
            let names: Vec<String> = members.keys().cloned().collect();
            for name in names {
                if *number == 0 {
                    rename(members, &name, change_to);
                    *number = usize::MAX;
                    return;
                }
                *number -= 1;
                if let Some(member) = members.get_mut(&name) {
                    change(member, number, change_to);
                }
                if *number == usize::MAX {
                    return;
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| {
            if *number != usize::MAX {
                change(value, number, change_to);
            }
        }),
        _ => {}
    }
}

fn rename(members: &mut Map<String, Value>, name: &str, (new_name, change): (&str, Change)) {
    let Some(member) = members.remove(name) else { return };
    match change {
        Change::Rename => members.insert(new_name.to_owned(), member),
        Change::Nest => {
            let nested = Map::from_iter([(new_name.to_owned(), member)]);
            members.insert(name.to_owned(), nested.into())
        }
    };
}

fn count(value: &Value) -> usize {
    match value {
        Value::Object(members) => members.values().map(|member| 1 + count(member)).sum(),
        Value::Array(values) => values.iter().map(count).sum(),
        _ => 0,
    }
}

proptest! {
    #[test]
    fn no_change_of_a_member_loses_an_alarm(
        case in prop::sample::select(cases()),
        at in any::<prop::sample::Index>(),
        new_name in "[a-z]{4,9}Q",
        change_kind in prop::sample::select(vec![Change::Rename, Change::Nest]),
    ) {
        let Case { head, mut body, settings } = case;
        let mut number = at.index(count(&body));
        change(&mut body, &mut number, (&new_name, change_kind));
        prop_assert!(body.to_string().contains(&new_name));
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("request.http"), format!("{head}\n\n{body}")).unwrap();
        fs::write(folder.path().join("source.toml"), settings).unwrap();
        let outcome = camhook_fixture::run(&Xprotect, folder.path()).unwrap();
        let detail = outcome["quarantine"]["reason"]["detail"].as_str().unwrap_or_default();
        prop_assert!(outcome["events"].is_array() || detail.contains(&new_name), "{} became {}", body, outcome);
    }
}
