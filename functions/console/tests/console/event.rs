//! The page of an event, and its pictures.

use camhook_event::EventId;
use camhook_ports::{Object, ObjectStore, Ports, Precondition};
use camhook_state::decision::{ActionDecision, ActionOutcome, Decision, FirstWrite, NOTIFY, RELAY, record};
use camhook_state::person::Role;
use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde_json::json;

use crate::support::{Console, NOW, event};

#[tokio::test]
async fn an_event_is_shown_with_pictures_facts_and_neighbors() {
    let console = Console::new();
    let before = console.event("gate", Some("yard"), 40).await;
    let id = console.event("gate", Some("yard"), 30).await;
    let after = console.event("gate", Some("yard"), 20).await;
    console.event("gate", Some("yard"), 10).await;
    console.event("desk", Some("office"), 25).await;
    let cookie = console.sign_in("Anna", Role::Operator, &[]).await;
    let page = console.get(&format!("/console/events/{id}"), &cookie).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    for part in [
        "<h1>Person at drive</h1>",
        "2026-11-29 12:30:00 CET",
        &format!("src=\"../../console/pictures/{id}/0\""),
        "width=\"1280\" height=\"720\"",
        "<rect class=\"box\" x=\"320\" y=\"180\" width=\"320\" height=\"360\"",
        "<polygon class=\"zone\" points=\"128,72 1152,72 640,648\"",
        "Lawn",
        "camhook explain",
        "&quot;specversion&quot;: &quot;1.0&quot;",
        &format!("rel=\"prev\" href=\"../../console/events/{before}\""),
        &format!("rel=\"next\" href=\"../../console/events/{after}\""),
    ] {
        assert!(page.text().contains(part), "{part} in {}", page.text());
    }
    // Boxes are fractions of the whole frame: a picture of a target has none.
    assert_eq!(page.text().matches("<svg").count(), 1);
}

#[tokio::test]
async fn the_outcome_of_each_action_is_shown() {
    let console = Console::new();
    let id = console.event("gate", Some("yard"), 30).await;
    let of: EventId = "0123456789abcdef0123456789abcdef".parse().unwrap();
    let outcomes = [
        ActionOutcome::Delivered { caveat: None },
        ActionOutcome::Duplicate { of },
        ActionOutcome::Cooldown { until: Some(NOW) },
        ActionOutcome::Failed { reason: "no <answer>".to_owned() },
    ];
    let actions = outcomes.into_iter().enumerate().map(|(action, outcome)| ActionDecision {
        rule: format!("rule-{action}"),
        action,
        at: NOW,
        attempt: 2,
        outcome,
    });
    let decision = Decision { event_time: NOW, at: NOW, basis: None, actions: actions.collect() };
    record(console.ports.state(), id.parse().unwrap(), NOTIFY, &decision, FirstWrite::Expected)
        .await
        .unwrap();
    let cookie = console.sign_in("Anna", Role::Viewer, &[]).await;
    let page = console.get(&format!("/console/events/{id}"), &cookie).await;
    for part in
        ["rule-0", "delivered", "same object as", "cooldown until 13:00:00", "no &lt;answer&gt;", "attempt 2"]
    {
        assert!(page.text().contains(part), "{part}");
    }
}

#[tokio::test]
async fn a_picture_is_a_redirect_to_a_url_of_a_minute() {
    let console = Console::new();
    let id = console.event("gate", Some("yard"), 5).await;
    let cookie = console.sign_in("Anna", Role::Viewer, &["yard"]).await;
    for (path, name) in [
        ("pictures/ID/0", "0-overview.jpg"),
        ("pictures/ID/1", "1-target.jpg"),
        ("thumbnails/ID", "1-target.jpg"),
    ] {
        let answer = console.get(&format!("/console/{}", path.replace("ID", &id)), &cookie).await;
        assert_eq!(answer.status, StatusCode::FOUND, "{path}");
        assert!(answer.location().starts_with("memory://images/gate/2026/11/29/"), "{}", answer.location());
        assert!(answer.location().ends_with(&format!("{name}?seconds=60")), "{}", answer.location());
        assert_eq!(answer.header(CACHE_CONTROL), "private, no-store", "not shown after signing out");
    }
    for wrong in ["2", "-1", "x", "99999999999999999999"] {
        let answer = console.get(&format!("/console/pictures/{id}/{wrong}"), &cookie).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{wrong}");
    }
}

#[tokio::test]
async fn no_other_object_of_the_bucket_is_signed() {
    let console = Console::new();
    let other = console.event("desk", Some("office"), 9).await;
    for key in [
        "config/camhook.toml".to_owned(),
        "images/../config/camhook.toml".to_owned(),
        format!("images/desk/2026/11/29/{other}/0-overview.jpg"),
    ] {
        let picture =
            json!({ "role": "overview", "bucket": "b", "key": key, "bytes": 10, "width": 1, "height": 1 });
        let hostile = event("gate", Some("yard"), 5, &json!({ "images": [picture] }));
        console.store(&hostile).await;
        let cookie = console.sign_in("Anna", Role::Admin, &[]).await;
        for path in [format!("pictures/{}/0", hostile.id), format!("thumbnails/{}", hostile.id)] {
            let answer = console.get(&format!("/console/{path}"), &cookie).await;
            assert_eq!((answer.status, answer.location()), (StatusCode::NOT_FOUND, ""), "{key}");
        }
    }
}

#[tokio::test]
async fn an_event_whose_record_expired_is_shown_from_the_index() {
    let console = Console::new();
    let id = console.event("gate", Some("yard"), 5).await;
    let keys = console.ports.objects().list("events/", 1).await.unwrap();
    console.ports.objects().delete(&keys[0]).await.unwrap();
    let cookie = console.sign_in("Anna", Role::Viewer, &[]).await;
    let page = console.get(&format!("/console/events/{id}"), &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("has expired") && page.text().contains("Person at drive"));
    let picture = console.get(&format!("/console/pictures/{id}/0"), &cookie).await;
    assert_eq!(picture.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn pictures_that_were_not_stored_say_why() {
    let console = Console::new();
    let event = event(
        "gate",
        Some("yard"),
        5,
        &json!({
            "images": [{ "role": "overview", "rejected": "too_large" }, { "role": "face", "rejected": "dropped" }],
        }),
    );
    console.store(&event).await;
    let cookie = console.sign_in("Anna", Role::Viewer, &[]).await;
    let page = console.get(&format!("/console/events/{}", event.id), &cookie).await;
    assert!(page.text().contains("larger than 3 MiB") && page.text().contains("settings of the source"));
    assert!(console.get("/console", &cookie).await.text().contains("No picture"));
}

#[tokio::test]
async fn the_next_event_is_the_one_after_a_long_silence_and_not_one_of_the_newest() {
    let console = Console::new();
    let id = console.event("gate", Some("yard"), 1000).await;
    let mut morning = Vec::new();
    for minutes in (1..=300).rev() {
        morning.push(console.event("gate", Some("yard"), minutes).await);
    }
    let cookie = console.sign_in("Anna", Role::Viewer, &[]).await;
    let before = console.ports.index.pages_read();
    let page = console.get(&format!("/console/events/{id}"), &cookie).await;
    assert!(console.ports.index.pages_read() - before <= 4);
    let next = format!("rel=\"next\" href=\"../../console/events/{}\"", morning[0]);
    assert!(page.text().contains(&next), "{next} in {}", page.text());
}

#[tokio::test]
async fn pictures_that_the_bucket_deleted_are_named_without_links() {
    let console = Console::new();
    let cookie = console.sign_in("Anna", Role::Viewer, &[]).await;
    let day = 24 * 60;
    for (days, has_expired) in [(29, false), (31, true), (60, true)] {
        let id = console.event("gate", Some("yard"), days * day).await;
        let page = console.get(&format!("/console/events/{id}"), &cookie).await;
        assert_eq!(page.text().contains("have expired: they are kept for 30 days"), has_expired, "{days}");
        assert_eq!(page.text().contains("<img src=\"../../console/pictures/"), !has_expired, "{days}");
        let wanted = if has_expired { StatusCode::NOT_FOUND } else { StatusCode::FOUND };
        for path in ["pictures/{id}/0", "thumbnails/{id}"] {
            let path = format!("/console/{}", path.replace("{id}", &id));
            assert_eq!(console.get(&path, &cookie).await.status, wanted, "{path} after {days} days");
        }
    }
}

#[tokio::test]
async fn who_is_limited_to_areas_sees_nothing_of_relays_on_the_page_of_an_event() {
    let console = Console::new();
    let id = console.event("gate", Some("yard"), 30).await;
    let relay = ActionOutcome::Relay {
        relay: "barrier".to_owned(),
        decision: "done".to_owned(),
        reason: "answered".to_owned(),
        text: "switched by the device".to_owned(),
    };
    for (part, rule, outcome) in
        [(NOTIFY, "notify-all", ActionOutcome::Delivered { caveat: None }), (RELAY, "open-up", relay)]
    {
        let action = ActionDecision { rule: rule.to_owned(), action: 0, at: NOW, attempt: 1, outcome };
        let decision = Decision { event_time: NOW, at: NOW, basis: None, actions: vec![action] };
        record(console.ports.state(), id.parse().unwrap(), part, &decision, FirstWrite::Expected)
            .await
            .unwrap();
    }
    let of_relays = ["barrier", "switched by the device", "open-up"];
    let limited = console.sign_in("Ben", Role::Operator, &["yard"]).await;
    let everywhere = console.sign_in("Anna", Role::Viewer, &[]).await;
    let shows = async |cookie: &str, part: &str| {
        console.get(&format!("/console/events/{id}"), cookie).await.text().contains(part)
    };
    for part in of_relays {
        assert!(shows(&everywhere, part).await && !shows(&limited, part).await, "{part}");
    }
    assert!(shows(&limited, "notify-all").await);
    // The audit says it in words of its own.
    let audit = json!({
        "type": "camhook.audit.v1", "at": NOW, "decision": "done", "reason": "done", "text": "switched by the device",
        "relay": "barrier", "action": "pulse", "seconds": 1.0, "rule": "open-up", "event": id,
    });
    let key = camhook_event::audit_key("barrier", NOW, &format!("done-{id}-open-up-0"));
    let object = Object { bytes: audit.to_string().into(), content_type: "application/json" };
    console.ports.objects().put(&key, object, Precondition::None).await.unwrap();
    for part in of_relays {
        assert!(shows(&everywhere, part).await && !shows(&limited, part).await, "{part}");
    }
}

#[tokio::test]
async fn an_event_that_has_expired_is_not_found() {
    let console = Console::new();
    let id = console.event("gate", Some("yard"), 5).await;
    console.advance(90 * 24 * 3600);
    let cookie = console.sign_in("Anna", Role::Viewer, &[]).await;
    let page = console.get(&format!("/console/events/{id}"), &cookie).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
}
