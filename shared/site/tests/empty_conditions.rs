//! A condition without content never lets a rule act.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as it does")]

use camhook_event::Event;
use camhook_site::{Context, Modes, evaluate, read};
use serde_json::json;

fn event() -> Event {
    serde_json::from_value(json!({
        "specversion": "1.0", "id": "0123456789abcdef0123456789abcdef", "source": "/viewtron/gate",
        "type": "camhook.event.v1", "subject": "motion", "time": "2026-11-23T08:00:00.000Z",
        "datacontenttype": "application/json",
        "data": {
            "vendor": "viewtron", "source": "gate", "kind": "motion", "report": "detection",
            "received_at": "2026-11-23T08:00:00.000Z", "clock": "server",
        },
    }))
    .unwrap()
}

/// Whether a rule with this `when` matches, and how many warnings a running function gets of it.
fn matches(when: &str) -> (bool, usize) {
    let toml = format!(
        "[[source]]\nid = \"gate\"\nvendor = \"viewtron\"\nauth = {{ token_sha256 = \"{}\" }}\n\
         [[channel]]\nid = \"phone\"\nkind = \"ntfy\"\nurl = \"https://ntfy.example.org/family\"\n\
         [[rule]]\nwhen = {when}\nthen = {{ notify = \"phone\" }}\n",
        "0f1e2d3c".repeat(8)
    );
    let (site, warnings) = read(&toml, "camhook.toml").unwrap();
    let warnings = warnings.iter().filter(|warning| warning.to_string().contains("matches nothing")).count();
    let (event, modes) = (event(), Modes::default());
    let context = Context { site: &site, at: event.time.timestamp(), modes: &modes };
    let [rule] = site.rules() else { return (false, warnings) };
    (evaluate(rule, &event, &context).is_match(), warnings)
}

#[test]
fn an_empty_any_matches_nothing_wherever_it_stands() {
    assert_eq!(matches("{ kind = \"motion\" }"), (true, 0));
    assert_eq!(matches("{ any = [{ kind = \"motion\" }] }"), (true, 0));
    assert_eq!(matches("{}"), (true, 0));
    for when in [
        "{ any = [] }",
        "{ any = [{}] }",
        "{ kind = \"motion\", any = [] }",
        "{ any = [{ kind = \"motion\" }, {}] }",
        "{ any = [{ kind = \"motion\" }, { any = [] }] }",
        "{ all = [{ any = [] }] }",
    ] {
        assert_eq!(matches(when), (false, 1), "{when}");
    }
    // Where nothing meets what `not` excludes, everything else would match.
    for when in ["{ not = { kind = \"plate\", any = [] } }", "{ not = { any = [{}] } }"] {
        assert_eq!(matches(when), (false, 1), "{when}");
    }
}
