//! What is recorded about the relay actions of an event.

use std::time::Duration;

use camhook_event::Kind;
use camhook_ports::memory::MemoryPorts;
use camhook_relay::{SendOutcome, handle_with};
use camhook_site::Site;
use camhook_state::control::{self, MatchedBy, SetBy, StopSwitch};
use camhook_state::decision::{self, ActionDecision, ActionOutcome, Decision, RELAY};

use crate::support::{NOW, ScriptedDevices, event, event_id, record, relay, rule, site};

const ON: &str = r#"{ relay = "gate", action = "on" }"#;

async fn decision(ports: &MemoryPorts, number: u32) -> Option<Decision> {
    decision::of_event(&ports.state, event_id(number)).await.unwrap().remove(RELAY)
}

/// The only recorded action.
async fn action(ports: &MemoryPorts, number: u32) -> ActionDecision {
    let decision = decision(ports, number).await.unwrap();
    assert_eq!(decision.actions.len(), 1, "{decision:?}");
    decision.actions[0].clone()
}

fn summary(action: &ActionDecision) -> (&str, &str, u32) {
    match &action.outcome {
        ActionOutcome::Relay { relay, decision, reason, .. } => {
            assert_eq!(relay, "gate");
            (decision, reason, action.attempt)
        }
        other => panic!("{other:?}"),
    }
}

fn gate(more: &str) -> Site {
    site(&[relay("gate", ""), rule("open", "{ kind = \"motion\" }", ON, more)])
}

#[tokio::test]
async fn the_outcome_of_an_action_is_recorded_once_with_its_configuration_and_modes() {
    let site = gate("mode = [\"home\", \"away\"]").with_version(Some("v7".to_owned()));
    let (ports, devices) = (MemoryPorts::new(NOW), ScriptedDevices::default());
    control::set_mode(&ports.state, "yard", "away", SetBy::Person("ann".to_owned()), NOW).await.unwrap();
    for receive_count in [1, 2] {
        let _ = handle_with(&ports, &site, &devices, &[record(&event(1, Kind::Motion, NOW), receive_count)])
            .await;
        ports.clock.advance(Duration::from_secs(1));
    }
    let recorded = decision(&ports, 1).await.unwrap();
    assert_eq!(recorded.event_time, NOW);
    let basis = recorded.basis.unwrap();
    assert_eq!(basis.configuration.as_deref(), Some("v7"));
    assert_eq!(basis.modes.get("yard").map(String::as_str), Some("away"));
    // The second delivery finds what the first one decided.
    let action = action(&ports, 1).await;
    assert_eq!((summary(&action).0, summary(&action).1), ("done", "answered"));
    assert_eq!(devices.asked().len(), 1);
}

#[tokio::test]
async fn an_event_that_switches_no_relay_has_no_item() {
    let (ports, devices) = (MemoryPorts::new(NOW), ScriptedDevices::default());
    let _ = handle_with(&ports, &gate(""), &devices, &[record(&event(1, Kind::Face, NOW), 1)]).await;
    assert_eq!(decision(&ports, 1).await, None);
}

#[tokio::test]
async fn what_prevents_an_action_is_recorded() {
    let (ports, devices) = (MemoryPorts::new(NOW), ScriptedDevices::default());
    let site = gate("cooldown = \"10m\"");
    let old = NOW.checked_sub(Duration::from_secs(60)).unwrap();
    let _ = handle_with(&ports, &site, &devices, &[record(&event(1, Kind::Motion, old), 1)]).await;
    assert_eq!(summary(&action(&ports, 1).await), ("late", "too_old", 1));
    for number in [2, 3] {
        let _ = handle_with(&ports, &site, &devices, &[record(&event(number, Kind::Motion, NOW), 1)]).await;
    }
    assert_eq!(summary(&action(&ports, 2).await), ("done", "answered", 1));
    assert_eq!(summary(&action(&ports, 3).await).1, "cooldown");
    control::set_stop_switch(&ports.state, StopSwitch::Stopped, NOW, "ann").await.unwrap();
    let _ = handle_with(&ports, &site, &devices, &[record(&event(4, Kind::Motion, NOW), 1)]).await;
    assert_eq!(summary(&action(&ports, 4).await), ("stopped", "stop_switch", 1));
}

#[tokio::test]
async fn an_action_that_is_tried_again_names_the_time_and_then_its_outcome() {
    let refused = SendOutcome::NotExecuted("connection refused".to_owned());
    let (ports, devices) = (MemoryPorts::new(NOW), ScriptedDevices::answering([refused]));
    let site = gate("");
    let _ = handle_with(&ports, &site, &devices, &[record(&event(1, Kind::Motion, NOW), 1)]).await;
    let ActionOutcome::Retrying { reason, next } = action(&ports, 1).await.outcome else { panic!() };
    assert!(reason.contains("connection refused"), "{reason}");
    assert_eq!(next, NOW.checked_add(Duration::from_secs(2)).ok());
    ports.clock.advance(Duration::from_secs(2));
    let _ = handle_with(&ports, &site, &devices, &[record(&event(1, Kind::Motion, NOW), 2)]).await;
    assert_eq!(summary(&action(&ports, 1).await), ("done", "answered", 2));
}

#[tokio::test]
async fn a_failed_record_affects_no_relay() {
    let (ports, devices) = (MemoryPorts::new(NOW), ScriptedDevices::default());
    ports.state.fail("decision#");
    let outcome = handle_with(&ports, &gate(""), &devices, &[record(&event(1, Kind::Motion, NOW), 1)]).await;
    assert!(outcome.failed.is_empty());
    assert_eq!(devices.asked().len(), 1);
}

#[tokio::test]
async fn an_event_that_set_the_mode_is_evaluated_under_the_mode_before() {
    let (ports, devices) = (MemoryPorts::new(NOW), ScriptedDevices::default());
    control::set_mode(&ports.state, "yard", "away", SetBy::Person("ann".to_owned()), NOW).await.unwrap();
    let event = event(1, Kind::Motion, NOW);
    // notify was faster.
    let by = MatchedBy { rule: "open", event: event.id, at: NOW };
    control::set_mode_by_event(&ports.state, "yard", "home", by).await.unwrap();
    let _ = handle_with(&ports, &gate("mode = \"away\""), &devices, &[record(&event, 1)]).await;
    assert_eq!(devices.asked().len(), 1);
}
