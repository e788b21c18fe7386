//! Sources that only their address identifies.

use camhook_event::Kind;
use camhook_ports::Queue;
use camhook_ports::memory::MemoryPorts;
use camhook_relay::handle_with;
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::decision::{self, ActionOutcome, RELAY};

use crate::support::{HEAD, NOW, ScriptedDevices, event, event_id, record, relay, rule};

#[tokio::test]
async fn an_address_alone_moves_no_relay_and_that_sends_an_alert() {
    let head = HEAD.replace(
        "token_sha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"",
        "allow = \"203.0.113.7\"",
    );
    let parts = [
        relay("gate", ""),
        rule("open", "{ kind = \"motion\" }", "{ relay = \"gate\", action = \"on\" }", ""),
    ];
    let (site, warnings) = camhook_site::read(&format!("{head}{}", parts.concat()), "test").unwrap();
    assert!(warnings.iter().any(|warning| warning.to_string().contains("an address alone proves `gate`")));
    let (ports, devices) = (MemoryPorts::new(NOW), ScriptedDevices::default());
    for (kind, alerts) in [(Kind::Face, 0), (Kind::Motion, 1)] {
        let _ = handle_with(&ports, &site, &devices, &[record(&event(1, kind, NOW), 1)]).await;
        assert!(devices.asked().is_empty());
        assert_eq!(ports.queues.sent(Queue::Alerts).len(), alerts, "{kind}");
    }
    let alert: Alert = serde_json::from_str(&ports.queues.sent(Queue::Alerts)[0].body).unwrap();
    assert_eq!(alert.about, AlertSubject::Source("gate".to_owned()));
    assert!(alert.text.contains("open"), "{}", alert.text);
    let decision = decision::of_event(&ports.state, event_id(1)).await.unwrap().remove(RELAY).unwrap();
    let ActionOutcome::Relay { decision, reason, .. } = &decision.actions[0].outcome else { panic!() };
    assert_eq!((decision.as_str(), reason.as_str()), ("refused", "address_only"));
}
