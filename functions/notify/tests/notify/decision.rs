//! What is recorded about an event.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use camhook_outbound::test_server::Reply;
use camhook_ports::memory::MemoryPorts;
use camhook_ports::{Ports, Queue};
use camhook_state::decision::{self, ActionOutcome, Decision, NOTIFY};
use camhook_state::snooze::{self, SnoozeTarget};
use camhook_state::{channel_status, control};

use crate::support::{NOW, client, delivered, finished, handled, plate, ports, receiver, receiver_by, site};

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

const ARRIVING: &str = r#"
[[channel]]
id = "phone"
kind = "ntfy"
url = "NTFY/phone"
network = "loopback"
[[rule]]
id = "arriving"
mode = "away"
then = [{ mode = "home" }, { notify = "phone" }]
"#;

/// Sets the mode of the area after the event.
async fn set(ports: &MemoryPorts, mode: &str) {
    let ann = control::SetBy::Person("ann".to_owned());
    control::set_mode(ports.state(), "yard", mode, ann, NOW).await.unwrap();
}

/// Sets the mode of the area when the event happens.
async fn set_before_event(ports: &MemoryPorts, mode: &str) {
    let (ann, at) = (control::SetBy::Person("ann".to_owned()), plate('a', None).time.timestamp());
    control::set_mode(ports.state(), "yard", mode, ann, at).await.unwrap();
}

/// The outcomes by rule and action.
async fn outcomes(ports: &MemoryPorts) -> Vec<(String, usize, ActionOutcome)> {
    let mut actions = recorded(ports, 'a').await.unwrap().actions;
    actions.sort_by_key(|action| (action.rule.clone(), action.action));
    actions.into_iter().map(|action| (action.rule, action.action, action.outcome)).collect()
}

fn delivered_as(rule: &str, action: usize) -> (String, usize, ActionOutcome) {
    (rule.to_owned(), action, ActionOutcome::Delivered { caveat: None })
}

#[tokio::test]
async fn a_message_that_failed_is_sent_whatever_the_mode_is_by_then() {
    // Set by the event itself, by a person, and by both before a dead letter is sent again.
    for (mode, count, resent) in [(None, 1, 2), (Some("off"), 1, 2), (Some("home"), 8, 1)] {
        let failing = AtomicBool::new(true);
        let phone = receiver_by(move |_| {
            Reply::status(if failing.swap(false, Ordering::SeqCst) { 503 } else { 200 })
        })
        .await;
        let (ports, site) = (ports().await, site(ARRIVING, &[("NTFY", &phone)]));
        set_before_event(&ports, "away").await;
        let event = plate('a', None);
        assert!(handled(&ports, &site, &client(), delivered(&event, count)).await.0);
        assert_eq!(control::mode(ports.state(), "yard").await.unwrap().as_deref(), Some("home"));
        if let Some(mode) = mode {
            set(&ports, mode).await;
        }
        ports.clock.advance(Duration::from_secs(60));
        finished(&ports, &site, &client(), delivered(&event, resent)).await;
        assert_eq!(phone.received().len(), 2);
        let mode_set = ("arriving".to_owned(), 0, ActionOutcome::ModeSet);
        assert_eq!(outcomes(&ports).await, [mode_set, delivered_as("arriving", 1)]);
        let basis = recorded(&ports, 'a').await.unwrap().basis.unwrap();
        assert_eq!(basis.modes.get("yard").map(String::as_str), Some("away"), "as of the evaluation");
    }
}

#[tokio::test]
async fn a_second_delivery_evaluates_under_the_mode_before_the_events_own_change() {
    let phone = receiver(Reply::status(200)).await;
    let (ports, site) = (ports().await, site(ARRIVING, &[("NTFY", &phone)]));
    set_before_event(&ports, "away").await;
    let event = plate('a', None);
    // The first delivery was interrupted once the mode was set: it recorded nothing.
    ports.state.fail("decision#");
    finished(&ports, &site, &client(), delivered(&event, 1)).await;
    ports.state.heal();
    finished(&ports, &site, &client(), delivered(&event, 2)).await;
    let basis = recorded(&ports, 'a').await.unwrap().basis.unwrap();
    assert_eq!(basis.modes.get("yard").map(String::as_str), Some("away"));
}

#[tokio::test]
async fn a_rule_that_could_not_be_prepared_is_carried_out_later() {
    let phone = receiver(Reply::status(200)).await;
    let text = format!("{ARRIVING}cooldown = \"1m\"\n").replace("{ mode = \"home\" }, ", "");
    let (ports, site) = (ports().await, site(&text, &[("NTFY", &phone)]));
    set_before_event(&ports, "away").await;
    ports.state.fail("cooldown#");
    assert!(handled(&ports, &site, &client(), delivered(&plate('a', None), 1)).await.0);
    assert!(matches!(outcome(&ports, 'a').await, ActionOutcome::Retrying { .. }));
    ports.state.heal();
    set(&ports, "home").await;
    finished(&ports, &site, &client(), delivered(&plate('a', None), 2)).await;
    assert_eq!((phone.received().len(), outcomes(&ports).await), (1, vec![delivered_as("arriving", 0)]));
}

#[tokio::test]
async fn a_message_whose_rule_was_removed_is_dropped_with_an_alert() {
    let phone = receiver(Reply::status(503)).await;
    let before = site(ARRIVING, &[("NTFY", &phone)]);
    let without_action = ARRIVING.replace(", { notify = \"phone\" }", "");
    for text in [without_action, ARRIVING.replace("\"arriving\"", "\"other\"")] {
        let (ports, after) = (ports().await, site(&text, &[("NTFY", &phone)]));
        set_before_event(&ports, "away").await;
        assert!(handled(&ports, &before, &client(), delivered(&plate('a', None), 1)).await.0);
        let attempts = phone.received().len();
        finished(&ports, &after, &client(), delivered(&plate('a', None), 2)).await;
        assert_eq!(phone.received().len(), attempts);
        let found = outcomes(&ports).await;
        assert!(matches!(&found[1], (_, 1, ActionOutcome::Dropped { .. })), "{found:?}");
        let alerts = ports.queues.sent(Queue::Alerts);
        assert_eq!(alerts.len(), 1);
        let said = "The notification of the rule arriving about the event aaaa";
        assert!(alerts[0].body.contains(said), "{alerts:?}");
    }
}

#[tokio::test]
async fn a_snooze_ends_a_message_that_failed_and_says_so() {
    let phone = receiver(Reply::status(503)).await;
    let text = ARRIVING.replace("{ mode = \"home\" }, ", "").replace("mode = \"away\"", "");
    let (ports, site) = (ports().await, site(&text, &[("NTFY", &phone)]));
    assert!(handled(&ports, &site, &client(), delivered(&plate('a', None), 1)).await.0);
    let until = NOW.checked_add(Duration::from_secs(600)).unwrap();
    snooze::set(ports.state(), &SnoozeTarget::Rule("arriving".to_owned()), until, NOW).await.unwrap();
    finished(&ports, &site, &client(), delivered(&plate('a', None), 2)).await;
    assert_eq!(outcome(&ports, 'a').await, ActionOutcome::Snoozed { until });
}
