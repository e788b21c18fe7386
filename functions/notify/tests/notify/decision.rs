//! What is recorded about an event.

use std::time::Duration;

use camhook_outbound::test_server::Reply;
use camhook_ports::Ports;
use camhook_ports::memory::MemoryPorts;
use camhook_state::decision::{self, ActionOutcome, Decision, NOTIFY};
use camhook_state::{channel_status, control};

use crate::support::{NOW, client, delivered, finished, handled, plate, ports, receiver, site};

const SITE: &str = r#"
[[channel]]
id = "hook"
kind = "webhook"
url = "HOOK/in"
network = "loopback"
secret = "env:KEY"

[[rule]]
id = "plates"
mode = { area = "yard", is = ["home", "away"] }
then = [{ notify = "hook" }]
COOLDOWN
"#;

async fn with_secret() -> MemoryPorts {
    let ports = ports().await;
    ports.secrets.set("env:KEY", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
    ports
}

async fn recorded(ports: &MemoryPorts, digit: char) -> Option<Decision> {
    decision::of_event(ports.state(), plate(digit, None).id).await.unwrap().remove(NOTIFY)
}

async fn outcome(ports: &MemoryPorts, digit: char) -> ActionOutcome {
    let decision = recorded(ports, digit).await.unwrap();
    assert_eq!(decision.actions.len(), 1, "{decision:?}");
    decision.actions[0].outcome.clone()
}

#[tokio::test]
async fn a_delivered_message_is_recorded_with_version_and_modes() {
    let hook = receiver(Reply::status(204)).await;
    let ports = with_secret().await;
    let site = site(&SITE.replace("COOLDOWN", ""), &[("HOOK", &hook)]).with_version(Some("v7".to_owned()));
    control::set_mode(ports.state(), "yard", "away", control::SetBy::Person("ann".to_owned()), NOW)
        .await
        .unwrap();
    finished(&ports, &site, &client(), delivered(&plate('a', None), 1)).await;
    let decision = recorded(&ports, 'a').await.unwrap();
    let basis = decision.basis.unwrap();
    assert_eq!(basis.configuration.as_deref(), Some("v7"));
    assert_eq!(basis.modes.get("yard").map(String::as_str), Some("away"));
    assert_eq!(decision.actions[0].outcome, ActionOutcome::Delivered { caveat: None });
    let channels = channel_status::all(ports.state()).await.unwrap();
    assert_eq!(channels.len(), 1);
    assert_eq!((channels[0].0.as_str(), channels[0].1.event), ("hook", Some(plate('a', None).id)));
}

#[tokio::test]
async fn a_duplicate_names_the_other_event_and_a_cooldown_its_end() {
    let hook = receiver(Reply::status(204)).await;
    let ports = with_secret().await;
    let site = site(&SITE.replace("COOLDOWN", "cooldown = \"10m\""), &[("HOOK", &hook)]);
    let key = Some("58:5b:plate:IB36NL");
    finished(&ports, &site, &client(), delivered(&plate('a', key), 1)).await;
    finished(&ports, &site, &client(), delivered(&plate('b', key), 1)).await;
    assert_eq!(outcome(&ports, 'b').await, ActionOutcome::Duplicate { of: plate('a', None).id });
    ports.clock.advance(Duration::from_secs(90));
    finished(&ports, &site, &client(), delivered(&plate('c', None), 1)).await;
    let ends = NOW.checked_add(Duration::from_secs(600)).unwrap();
    assert_eq!(outcome(&ports, 'c').await, ActionOutcome::Cooldown { until: Some(ends) });
}

#[tokio::test]
async fn a_failure_is_retrying_until_it_is_delivered() {
    let hook = receiver(Reply::status(503)).await;
    let ports = with_secret().await;
    let text = SITE.replace("COOLDOWN", "");
    let (again, _) =
        handled(&ports, &site(&text, &[("HOOK", &hook)]), &client(), delivered(&plate('a', None), 1)).await;
    assert!(again);
    let ActionOutcome::Retrying { next, .. } = outcome(&ports, 'a').await else { panic!() };
    assert_eq!(next, NOW.checked_add(Duration::from_secs(5)).ok());
    assert!(channel_status::all(ports.state()).await.unwrap()[0].1.is_failing());
    let healed = receiver(Reply::status(204)).await;
    ports.clock.advance(Duration::from_secs(60));
    finished(&ports, &site(&text, &[("HOOK", &healed)]), &client(), delivered(&plate('a', None), 2)).await;
    let decision = recorded(&ports, 'a').await.unwrap();
    assert_eq!(decision.actions.len(), 1);
    assert_eq!(decision.actions[0].attempt, 2);
    assert_eq!(decision.actions[0].outcome, ActionOutcome::Delivered { caveat: None });
    assert!(!channel_status::all(ports.state()).await.unwrap()[0].1.is_failing());
}

#[tokio::test]
async fn an_event_that_no_rule_matches_is_recorded_with_its_modes() {
    let hook = receiver(Reply::status(204)).await;
    let ports = with_secret().await;
    let site = site(&SITE.replace("COOLDOWN", ""), &[("HOOK", &hook)]);
    control::set_mode(ports.state(), "yard", "off", control::SetBy::Person("ann".to_owned()), NOW)
        .await
        .unwrap();
    finished(&ports, &site, &client(), delivered(&plate('a', None), 1)).await;
    let decision = recorded(&ports, 'a').await.unwrap();
    assert!(decision.actions.is_empty() && hook.received().is_empty());
    assert_eq!(decision.basis.unwrap().modes.get("yard").map(String::as_str), Some("off"));
}

#[tokio::test]
async fn a_failed_record_costs_no_message() {
    let hook = receiver(Reply::status(204)).await;
    let ports = with_secret().await;
    let site = site(&SITE.replace("COOLDOWN", ""), &[("HOOK", &hook)]);
    ports.state.fail("decision#");
    ports.state.fail("channel");
    finished(&ports, &site, &client(), delivered(&plate('a', None), 1)).await;
    assert_eq!(hook.received().len(), 1);
}
