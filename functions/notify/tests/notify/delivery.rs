//! Which messages are delivered, how often and with what.

use std::time::Duration;

use camhook_outbound::standard_webhooks::{SigningKey, sign};
use camhook_outbound::test_server::Reply;
use camhook_ports::memory::MemoryPorts;
use camhook_state::control;
use secrecy::SecretString;

use crate::support::{
    CONSOLE, NOW, client, delivered, finished, handle_all, handled, header, json_body, outcomes, picture,
    picture_key, plate, ports, receiver, site,
};

const NTFY: &str = r#"
[[channel]]
id = "family"
kind = "ntfy"
url = "NTFY/family"
network = "loopback"
priority = "high"
tags = ["rotating_light", "auto"]
token = "env:TOKEN"
"#;

fn with_token(ports: MemoryPorts) -> MemoryPorts {
    ports.secrets.set("env:TOKEN", "tk_secret");
    ports
}

fn rule(rest: &str) -> String {
    format!(
        "{NTFY}\n[[rule]]\nid = \"plates\"\nwhen = {{ kind = \"plate\" }}\nthen = {{ notify = \"family\" }}\n{rest}\n"
    )
}

#[tokio::test]
async fn the_picture_arrives_as_the_same_bytes() {
    let ntfy = receiver(Reply::status(200)).await;
    let (ports, site) = (with_token(ports().await), site(&rule(""), &[("NTFY", &ntfy)]));
    let (again, measurements) = handled(&ports, &site, &client(), delivered(&plate('a', None), 1)).await;
    assert!(!again);
    assert_eq!(outcomes(&measurements, "delivered"), 1);

    let received = ntfy.received();
    assert_eq!(received.len(), 1);
    assert_eq!((received[0].method.as_str(), received[0].target.as_str()), ("PUT", "/family"));
    assert_eq!(received[0].body, picture());
    assert_eq!(header(&received[0], "title"), Some("=?UTF-8?B?SUIzNk5MLCBhbGxvdyBsaXN0LCBhdCBUw7xy?="));
    let page = format!("{CONSOLE}/events/{}", "a".repeat(32));
    assert_eq!(header(&received[0], "click"), Some(page.as_str()));
    // Plate · yard, and the local time in a line of its own.
    let text = "=?UTF-8?B?UGxhdGUgwrcgeWFyZAoyMDI2LTExLTIzIDEyOjAwOjAw?=";
    assert_eq!(
        header(&received[0], "message").map(|value| value.replace("?= =?UTF-8?B?", "")),
        Some(text.to_owned())
    );
    assert_eq!(header(&received[0], "filename"), Some("gate-overview.jpg"));
    assert_eq!(header(&received[0], "priority"), Some("4"));
    assert_eq!(header(&received[0], "tags"), Some("rotating_light,auto"));
    assert_eq!(header(&received[0], "authorization"), Some("Bearer tk_secret"));
}

#[tokio::test]
async fn a_second_delivery_sends_nothing() {
    let ntfy = receiver(Reply::status(200)).await;
    let (ports, site) = (with_token(ports().await), site(&rule(""), &[("NTFY", &ntfy)]));
    let event = plate('a', Some("58:5b:plate:IB36NL"));
    for count in 1..=3 {
        let (again, _) = handled(&ports, &site, &client(), delivered(&event, count)).await;
        assert!(!again, "delivery {count}");
    }
    assert_eq!(ntfy.received().len(), 1);
}

#[tokio::test]
async fn two_concurrent_deliveries_send_one_message() {
    let ntfy = receiver(Reply::status(200)).await;
    let (ports, site) = (with_token(ports().await), site(&rule("cooldown = \"30s\""), &[("NTFY", &ntfy)]));
    let event = plate('a', Some("58:5b:plate:IB36NL"));
    let records = [delivered(&event, 1), delivered(&event, 1)];
    let failed = handle_all(&ports, &site, &client(), &records).await;
    // The slower one cannot know yet the outcome of it, and looks again later.
    assert!(failed.len() <= 1, "{failed:?}");
    assert_eq!(ntfy.received().len(), 1);
    ports.clock.advance(Duration::from_secs(45));
    let (again, measurements) = handled(&ports, &site, &client(), delivered(&event, 2)).await;
    assert!(!again);
    assert_eq!(outcomes(&measurements, "delivered"), 0);
    assert_eq!(ntfy.received().len(), 1);
}

#[tokio::test]
async fn several_posts_about_one_thing_are_one_message() {
    let ntfy = receiver(Reply::status(200)).await;
    let (ports, site) = (with_token(ports().await), site(&rule(""), &[("NTFY", &ntfy)]));
    let post = |digit| delivered(&plate(digit, Some("58:5b:plate:IB36NL")), 1);
    finished(&ports, &site, &client(), post('a')).await;
    let (again, measurements) = handled(&ports, &site, &client(), post('b')).await;
    assert_eq!((again, outcomes(&measurements, "duplicate")), (false, 1));
    assert_eq!(ntfy.received().len(), 1);

    ports.clock.advance(Duration::from_secs(60));
    finished(&ports, &site, &client(), post('c')).await;
    assert_eq!(ntfy.received().len(), 2);
}

#[tokio::test]
async fn concurrent_events_share_one_cooldown() {
    let ntfy = receiver(Reply::status(200)).await;
    let (ports, site) = (with_token(ports().await), site(&rule("cooldown = \"30s\""), &[("NTFY", &ntfy)]));
    let records = [delivered(&plate('a', None), 1), delivered(&plate('b', None), 1)];
    let failed = handle_all(&ports, &site, &client(), &records).await;
    assert!(failed.len() <= 1, "{failed:?}");
    assert_eq!(ntfy.received().len(), 1);

    ports.clock.advance(Duration::from_secs(5));
    let failed = handle_all(&ports, &site, &client(), &records).await;
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(ntfy.received().len(), 1);

    ports.clock.advance(Duration::from_secs(30));
    let (again, _) = handled(&ports, &site, &client(), delivered(&plate('c', None), 1)).await;
    assert!(!again);
    assert_eq!(ntfy.received().len(), 2);
}

#[tokio::test]
async fn a_replay_is_delivered_again_and_charges_no_cooldown() {
    let ntfy = receiver(Reply::status(200)).await;
    let (ports, site) = (with_token(ports().await), site(&rule("cooldown = \"1h\""), &[("NTFY", &ntfy)]));
    let event = plate('a', Some("58:5b:plate:IB36NL"));
    let mut replayed = delivered(&event, 1);
    replayed.replay = Some("run-1".to_owned());
    for _ in 0..2 {
        let (again, _) = handled(&ports, &site, &client(), replayed.clone()).await;
        assert!(!again);
    }
    assert_eq!(ntfy.received().len(), 1);
    finished(&ports, &site, &client(), delivered(&event, 1)).await;
    assert_eq!(ntfy.received().len(), 2);
    replayed.replay = Some("run-2".to_owned());
    finished(&ports, &site, &client(), replayed).await;
    assert_eq!(ntfy.received().len(), 3);
}

#[tokio::test]
async fn a_webhook_is_signed_and_links_the_picture() {
    let hook = receiver(Reply::status(204)).await;
    let text = r#"
[[channel]]
id = "system"
kind = "webhook"
url = "HOOK/in?key=1"
network = "loopback"
secret = "env:SIGNING_KEY"
[[rule]]
id = "plates"
when = { kind = "plate" }
then = { notify = "system", title = "{{ plate }}" }
"#;
    let (ports, site) = (ports().await, site(text, &[("HOOK", &hook)]));
    ports.secrets.set("env:SIGNING_KEY", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    let event = plate('a', None);
    let (again, _) = handled(&ports, &site, &client(), delivered(&event, 1)).await;
    assert!(!again);

    let received = hook.received();
    assert_eq!((received[0].method.as_str(), received[0].target.as_str()), ("POST", "/in?key=1"));
    assert_eq!(header(&received[0], "content-type"), Some("application/json"));
    let body = json_body(&received[0]);
    assert_eq!(body["type"], "camhook.notification.v1");
    assert_eq!(body["data"]["title"], "IB36NL");
    assert_eq!(body["data"]["event"], serde_json::to_value(&event).unwrap());
    assert_eq!(body["data"]["picture"], format!("memory://{}?seconds=3600", picture_key('a')));
    let id = header(&received[0], "webhook-id").unwrap();
    assert_eq!(id, format!("{}-plates-0", event.id));
    assert_eq!(header(&received[0], "webhook-timestamp"), Some(NOW.as_second().to_string().as_str()));
    let secret = SecretString::from("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned());
    let key = SigningKey::parse(&secret).unwrap();
    let expected = sign(&key, id, NOW.as_second(), &received[0].body).unwrap();
    assert_eq!(header(&received[0], "webhook-signature"), Some(expected.as_str()));
}

#[tokio::test]
async fn only_urgent_rules_ignore_quiet_hours() {
    let ntfy = receiver(Reply::status(200)).await;
    let quiet = NTFY.replace("tags", "quiet = { from = \"12:00\", to = \"13:00\" }\ntags");
    let rules = |urgent: &str| {
        format!(
            "{quiet}\n[[rule]]\nid = \"plates\"\nthen = {{ notify = \"family\" }}\ncooldown = \"30s\"\n{urgent}\n"
        )
    };
    let ports = with_token(ports().await);
    let (event, servers) = (plate('a', None), [("NTFY", &ntfy)]);
    let (again, measurements) =
        handled(&ports, &site(&rules(""), &servers), &client(), delivered(&event, 1)).await;
    assert_eq!((again, outcomes(&measurements, "quiet")), (false, 1));
    assert!(ntfy.received().is_empty());
    let urgent = site(&rules("urgent = true"), &servers);
    finished(&ports, &urgent, &client(), delivered(&event, 1)).await;
    assert_eq!(ntfy.received().len(), 1);
}

#[tokio::test]
async fn a_rule_depends_on_the_current_mode() {
    let ntfy = receiver(Reply::status(200)).await;
    let (ports, site) = (with_token(ports().await), site(&rule("mode = \"away\""), &[("NTFY", &ntfy)]));
    let event = plate('a', None);
    finished(&ports, &site, &client(), delivered(&event, 1)).await;
    assert!(ntfy.received().is_empty());
    control::set_mode(&ports.state, "yard", "away", control::SetBy::Person("ann".to_owned()), NOW)
        .await
        .unwrap();
    finished(&ports, &site, &client(), delivered(&event, 1)).await;
    assert_eq!(ntfy.received().len(), 1);
}

#[tokio::test]
async fn a_plate_that_matched_by_tolerance_is_named_in_the_message() {
    let ntfy = receiver(Reply::status(200)).await;
    let text = r#"
lists = { residents = [{ plate = "IB36NK", name = "Ann" }] }
[[channel]]
id = "family"
kind = "ntfy"
url = "NTFY/family"
network = "loopback"
[[rule]]
id = "resident"
when.plate = "@residents~1"
then = { notify = "family", body = "{{ plate }}" }
"#;
    let (ports, site) = (ports().await, site(text, &[("NTFY", &ntfy)]));
    let mut event = plate('a', None);
    event.data.images.clear();
    assert!(!handled(&ports, &site, &client(), delivered(&event, 1)).await.0);
    assert_eq!(ntfy.received()[0].body, "IB36NL\nPlate read as IB36NL, matched IB36NK (Ann) on @residents");
}

#[tokio::test]
async fn snoozed_messages_are_not_sent_and_the_next_one_says_how_many() {
    use camhook_state::decision::{self, ActionOutcome, NOTIFY};
    use camhook_state::snooze::{self, SnoozeTarget};
    let text = r#"
[[channel]]
id = "family"
kind = "ntfy"
url = "NTFY/family"
network = "loopback"
[[rule]]
id = "plates"
then = [{ notify = "family", body = "{{ plate }}" }, { mode = "away" }]
"#;
    let targets = [
        SnoozeTarget::Rule("plates".to_owned()),
        SnoozeTarget::Camera("gate".to_owned()),
        SnoozeTarget::Camera("gate/1".to_owned()),
    ];
    for target in targets {
        let ntfy = receiver(Reply::status(200)).await;
        let (ports, site) = (ports().await, site(text, &[("NTFY", &ntfy)]));
        let until = NOW.checked_add(Duration::from_secs(60)).unwrap();
        let others = [SnoozeTarget::Rule("gate".to_owned()), SnoozeTarget::Camera("plates".to_owned())];
        for other in &others {
            snooze::set(&ports.state, other, until, NOW).await.unwrap();
        }
        snooze::set(&ports.state, &target, until, NOW).await.unwrap();
        let events = ['a', 'b', 'c'].map(|digit| {
            let mut event = plate(digit, None);
            event.data.images.clear();
            event
        });
        for (event, receive_count) in [(&events[0], 1), (&events[1], 1), (&events[1], 2)] {
            assert!(!handled(&ports, &site, &client(), delivered(event, receive_count)).await.0);
        }
        assert!(ntfy.received().is_empty(), "{target:?}");
        assert_eq!(control::mode(&ports.state, "yard").await.unwrap().as_deref(), Some("away"));
        let claims = camhook_state::claim::of_event(&ports.state, events[0].id).await.unwrap();
        assert!(claims.iter().any(|(_, action, claim)| *action == 0
            && claim.outcome.as_deref().is_some_and(|outcome| outcome.starts_with("snoozed until "))));
        let decision = decision::of_event(&ports.state, events[1].id).await.unwrap().remove(NOTIFY).unwrap();
        let mut outcomes: Vec<_> =
            decision.actions.iter().map(|action| (action.action, &action.outcome)).collect();
        outcomes.sort_by_key(|(action, _)| *action);
        assert_eq!(outcomes, [(0, &ActionOutcome::Snoozed { until }), (1, &ActionOutcome::ModeSet)]);

        ports.clock.advance(Duration::from_secs(60));
        assert!(!handled(&ports, &site, &client(), delivered(&events[2], 1)).await.0);
        assert_eq!(
            ntfy.received()[0].body,
            "IB36NL\nSnoozed until 2026-11-23 12:01:05: 2 messages were not sent."
        );
    }
}
