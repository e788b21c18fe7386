//! Modes that events set.

use camhook_outbound::test_server::Reply;
use camhook_ports::Queue;
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::control;

use crate::support::{NOW, client, delivered, handle_all, handled, plate, ports, receiver, site};

const SITE: &str = r#"
[[channel]]
id = "family"
kind = "ntfy"
url = "NTFY/family"
network = "loopback"
[[rule]]
id = "leaving"
when = { kind = "plate" }
then = [{ mode = "away" }, { mode = "off", area = "yard" }, { notify = "family" }]
"#;

async fn mode(ports: &camhook_ports::memory::MemoryPorts) -> Option<String> {
    control::mode(&ports.state, "yard").await.unwrap()
}

#[tokio::test]
async fn an_event_sets_a_mode_once() {
    let ntfy = receiver(Reply::status(200)).await;
    let text = SITE.replace(", { mode = \"off\", area = \"yard\" }", "");
    let (ports, site) = (ports().await, site(&text, &[("NTFY", &ntfy)]));
    let event = plate('a', None);
    assert!(!handled(&ports, &site, &client(), delivered(&event, 1)).await.0);
    assert_eq!(mode(&ports).await.as_deref(), Some("away"));
    assert_eq!(ntfy.received().len(), 1);

    // Somebody comes home; the same event, delivered again or replayed, does not send them away.
    control::set_mode(
        &ports.state,
        "yard",
        "home",
        control::SetBy::Person("ann".to_owned()),
        event.time.timestamp(),
    )
    .await
    .unwrap();
    let mut replayed = delivered(&event, 1);
    replayed.replay = Some("run-1".to_owned());
    for record in [delivered(&event, 2), replayed] {
        assert!(!handled(&ports, &site, &client(), record).await.0);
        assert_eq!(mode(&ports).await.as_deref(), Some("home"));
    }
}

#[tokio::test]
async fn modes_are_set_in_the_order_of_the_rule() {
    let ntfy = receiver(Reply::status(200)).await;
    let (ports, site) = (ports().await, site(SITE, &[("NTFY", &ntfy)]));
    assert!(!handled(&ports, &site, &client(), delivered(&plate('a', None), 1)).await.0);
    assert_eq!(mode(&ports).await.as_deref(), Some("off"));
}

#[tokio::test]
async fn a_late_event_does_not_change_a_newer_mode() {
    let ntfy = receiver(Reply::status(200)).await;
    let (ports, site) = (ports().await, site(SITE, &[("NTFY", &ntfy)]));
    control::set_mode(&ports.state, "yard", "home", control::SetBy::Person("ann".to_owned()), NOW)
        .await
        .unwrap();
    // The event is five seconds older than the mode.
    assert!(!handled(&ports, &site, &client(), delivered(&plate('a', None), 1)).await.0);
    assert_eq!(mode(&ports).await.as_deref(), Some("home"));
    assert_eq!(ntfy.received().len(), 1);
}

#[tokio::test]
async fn a_rule_that_only_sets_a_mode_needs_no_channel() {
    let text = "[[rule]]\nid = \"leaving\"\nthen = { mode = \"away\" }\ncooldown = \"1m\"\n";
    let (ports, site) = (ports().await, site(text, &[]));
    let records = [delivered(&plate('a', None), 1)];
    let failed = handle_all(&ports, &site, &client(), &records).await;
    assert!(failed.is_empty());
    assert_eq!(mode(&ports).await.as_deref(), Some("away"));
}

#[tokio::test]
async fn a_mode_that_cannot_be_set_is_set_later() {
    let ntfy = receiver(Reply::status(200)).await;
    let (ports, site) = (ports().await, site(SITE, &[("NTFY", &ntfy)]));
    let event = plate('a', None);
    ports.state.fail("control");
    assert!(handled(&ports, &site, &client(), delivered(&event, 1)).await.0);
    ports.state.heal();
    assert!(!handled(&ports, &site, &client(), delivered(&event, 2)).await.0);
    assert_eq!(mode(&ports).await.as_deref(), Some("off"));
    assert_eq!(ntfy.received().len(), 1);
}

#[tokio::test]
async fn an_address_alone_sets_no_mode_and_that_sends_an_alert() {
    let text = "[[rule]]\nid = \"leaving\"\nthen = { mode = \"away\" }\n";
    let head = "[[source]]\nid = \"gate\"\nvendor = \"viewtron\"\narea = \"yard\"\nauth = { allow = \"203.0.113.7\" }\n";
    let (site, _) = camhook_site::read(&format!("{head}{text}"), "test").unwrap();
    let ports = ports().await;
    assert!(!handled(&ports, &site, &client(), delivered(&plate('a', None), 1)).await.0);
    assert_eq!(mode(&ports).await, None);
    let alerts = ports.queues.sent(Queue::Alerts);
    let alert: Alert = serde_json::from_str(&alerts[0].body).unwrap();
    assert_eq!((alerts.len(), alert.about), (1, AlertSubject::Source("gate".to_owned())));
}
