//! Sources, agents, relays, modes and decisions of a stack.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use std::time::Duration;

use bytes::Bytes;
use camhook_event::EventId;
use camhook_operations::decisions::{self, outcomes};
use camhook_operations::modes::AreaMode;
use camhook_operations::relays::RelayExecutor;
use camhook_operations::sources::SourceState;
use camhook_operations::tokens::CredentialState;
use camhook_operations::{modes, relays, sources, tokens};
use camhook_ports::memory::MemoryPorts;
use camhook_ports::{Clock, Object, ObjectStore, Precondition};
use camhook_site::Site;
use camhook_state::control::{self, SetBy, StopSwitch};
use camhook_state::decision::{self, ActionDecision, ActionOutcome, Decision, FirstWrite};
use camhook_state::presence::{self, Accepted, Content};
use camhook_state::relay::{self as relay_item, LastAction, RelayRecord};
use jiff::Timestamp;

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn site() -> Site {
    let toml = r#"
        timezone = "UTC"
        [[source]]
        id = "gate"
        vendor = "viewtron"
        area = "yard"
        offline_after = "10m"
        auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" }
        [[source]]
        id = "door"
        vendor = "viewtron"
        area = "barn"
        auth = { token = "AAAAAAAAAAAAAAAAAAAAAB" }
        [[source]]
        id = "attic"
        vendor = "viewtron"
        offline_after = "10m"
        auth = { token = "AAAAAAAAAAAAAAAAAAAAAC" }
        [[source]]
        id = "phone"
        vendor = "control"
        auth = { token = "AAAAAAAAAAAAAAAAAAAAAD" }
        [[relay]]
        id = "light"
        driver = "shelly-gen2"
        network = "lan"
        via = "agent"
        url = "http://192.0.2.7"
        [[relay]]
        id = "horn"
        driver = "shelly-gen2"
        url = "http://horn.example.org"
        dry_run = true
        [[rule]]
        id = "away"
        mode = { area = "barn", is = ["away"] }
        then = [{ relay = "light", action = "on" }]
    "#;
    match camhook_site::read(toml, "test") {
        Ok((site, _)) => site,
        Err(problems) => panic!("{problems:#?}"),
    }
}

async fn put(ports: &MemoryPorts, key: &str) {
    let object = Object { bytes: Bytes::new(), content_type: "text/plain" };
    ports.objects.put(key, object, Precondition::None).await.unwrap();
}

#[tokio::test]
async fn sources_are_listed_with_what_was_last_heard_of_them() {
    let (ports, site) = (MemoryPorts::new(NOW), site());
    let (state, start) = (&ports.state, ports.clock.now());
    presence::record_event(state, "gate", start).await.unwrap();
    presence::record_contact(state, "door", start).await.unwrap();
    presence::record_contact(state, &presence::agent("barn"), start).await.unwrap();
    for key in ["door/1/request.bin", "door/1/reason.json", "door/2/request.bin", "gone/3/request.bin"] {
        put(&ports, &format!("quarantine/2026/11/23/{key}")).await;
    }
    ports.clock.advance(Duration::from_secs(600));
    let later = ports.clock.now();
    presence::record_refusal(state, "door", later, "token").await.unwrap();
    let calls = (state.calls(), ports.objects.calls());
    let listed = sources::list(&ports, &site).await.unwrap();
    assert_eq!((state.calls() - calls.0, ports.objects.calls() - calls.1), (1, 1));
    let states: Vec<_> =
        listed.sources.iter().map(|source| (source.id.as_str(), source.state, source.quarantined)).collect();
    assert_eq!(
        states,
        [
            ("attic", SourceState::Never, 0),
            ("door", SourceState::Refused, 2),
            ("gate", SourceState::Offline, 0)
        ]
    );
    assert_eq!((listed.quarantined, listed.more_quarantined), (3, false));
    assert_eq!(listed.sources[2].event, Some(start));
    assert_eq!(listed.sources[1].refusal.as_ref().unwrap().reason, "token");
    assert_eq!((listed.agents[0].name.as_str(), listed.agents[0].online), ("barn", false));
    presence::record_contact(state, &presence::agent("barn"), later).await.unwrap();
    presence::record_contact(state, "gate", later).await.unwrap();
    let listed = sources::list(&ports, &site).await.unwrap();
    assert!(listed.agents[0].online);
    assert_eq!(listed.sources[2].state, SourceState::Ok);
}

#[tokio::test]
async fn what_was_replayed_is_no_longer_counted() {
    let (ports, site) = (MemoryPorts::new(NOW), site());
    for key in ["door/1/request.bin", "door/1/reason.json", "door/1/replay.json", "gate/2/request.bin"] {
        put(&ports, &format!("quarantine/2026/11/23/{key}")).await;
    }
    let listed = sources::list(&ports, &site).await.unwrap();
    let counts: Vec<_> = listed.sources.iter().map(|source| source.quarantined).collect();
    assert_eq!((counts, listed.quarantined), (vec![0, 0, 1], 1));
}

#[tokio::test]
async fn a_device_that_fails_now_is_counted_beside_many_older_posts() {
    let (ports, site) = (MemoryPorts::new(NOW), site());
    for post in 0..600 {
        for file in ["reason.json", "request.bin"] {
            put(&ports, &format!("quarantine/2026/11/01/door/{post}/{file}")).await;
        }
    }
    let today = ports.clock.now().strftime("%Y/%m/%d").to_string();
    put(&ports, &format!("quarantine/{today}/gate/1/request.bin")).await;
    let listed = sources::list(&ports, &site).await.unwrap();
    let gate = listed.sources.iter().find(|source| source.id == "gate").unwrap();
    assert_eq!((gate.quarantined, listed.more_quarantined), (1, true));
}

#[tokio::test]
async fn relays_and_modes_take_one_call_each() {
    let (ports, site) = (MemoryPorts::new(NOW), site());
    let (state, now) = (&ports.state, ports.clock.now());
    let by = SetBy::Person("ann".to_owned());
    control::set_mode(state, "yard", "away", by.clone(), now).await.unwrap();
    control::set_stop_switch(state, StopSwitch::Stopped, now, "ann").await.unwrap();
    let read = relay_item::read(state, "light").await.unwrap();
    let record = RelayRecord {
        on_until: Some(now),
        last_action: Some(LastAction::Pulse),
        last_actuation: Some(now),
        ..RelayRecord::default()
    };
    relay_item::write(state, &read, record, now).await.unwrap();
    let calls = state.calls();
    let modes = modes::list(state, &site).await.unwrap();
    let listed = relays::list(state, &site).await.unwrap();
    assert_eq!(state.calls() - calls, 2);
    let barn = AreaMode { area: "barn".to_owned(), mode: "home".to_owned(), since: None, by: None };
    let yard = AreaMode { area: "yard".to_owned(), mode: "away".to_owned(), since: Some(now), by: Some(by) };
    assert_eq!(modes, [barn, yard]);
    assert_eq!((listed.switch, listed.by.as_deref()), (StopSwitch::Stopped, Some("ann")));
    let [light, horn] = &listed.relays[..] else { panic!("{listed:?}") };
    assert_eq!((light.executor, light.dry_run, light.on_until), (RelayExecutor::Agent, false, Some(now)));
    assert_eq!((horn.executor, horn.dry_run, horn.last_action), (RelayExecutor::Function, true, None));
}

#[tokio::test]
async fn an_action_that_an_agent_executed_has_the_outcome_of_the_agent() {
    let ports = MemoryPorts::new(NOW);
    let (state, now, event) = (&ports.state, ports.clock.now(), EventId::of_sender_id("gate", "1"));
    let action =
        |outcome| ActionDecision { rule: "open".to_owned(), action: 0, at: now, attempt: 1, outcome };
    let of = |outcome| Decision { event_time: now, at: now, basis: None, actions: vec![action(outcome)] };
    let first = FirstWrite::Expected;
    let handed_over = of(ActionOutcome::HandedOver);
    decision::record(state, event, decision::RELAY, &handed_over, first).await.unwrap();
    let found = decisions::of_event(state, event).await.unwrap();
    assert_eq!(outcomes(&found), handed_over.actions);
    let failed = of(ActionOutcome::Failed { reason: "no route".to_owned() });
    decision::record(state, event, decision::AGENT, &failed, first).await.unwrap();
    let replayed = of(ActionOutcome::Quiet);
    decision::record(state, event, "notify#run-1", &replayed, first).await.unwrap();
    let found = decisions::of_event(state, event).await.unwrap();
    let parts: Vec<_> = found.iter().map(|part| (part.part.as_str(), part.replay.as_deref())).collect();
    assert_eq!(parts, [("relay", None), ("agent", None), ("notify", Some("run-1"))]);
    assert_eq!(outcomes(&found), failed.actions);
}

#[tokio::test]
async fn of_two_tokens_the_one_that_was_used_last_is_current() {
    let toml = r#"
        timezone = "UTC"
        [[source]]
        id = "gate"
        vendor = "viewtron"
        auth = { token = ["ssm:/old", "ssm:/new", "ssm:/next"], basic = { user = "camera", password = "ssm:/p" } }
    "#;
    let (site, _) = camhook_site::read(toml, "test").unwrap();
    let ports = MemoryPorts::new(NOW);
    let (old, new) = ("token:ssm:/old".to_owned(), "token:ssm:/new".to_owned());
    for (seconds, name) in [(0, &old), (1, &new)] {
        let at = NOW.checked_add(Duration::from_secs(seconds)).unwrap();
        let post = Accepted { at, content: Content::Event, credentials: std::slice::from_ref(name) };
        presence::record_accepted(&ports.state, "gate", post).await.unwrap();
    }
    let listed = tokens::list(&ports.state, &site).await.unwrap();
    let states: Vec<_> =
        listed.iter().map(|credential| (credential.credential.as_str(), credential.state)).collect();
    assert_eq!(
        states,
        [
            ("token:ssm:/old", CredentialState::Superseded),
            ("token:ssm:/new", CredentialState::Current),
            ("token:ssm:/next", CredentialState::Unused),
            ("basic:camera:ssm:/p", CredentialState::Only),
        ]
    );
    assert_eq!(listed[0].last_used, Some(NOW));
}
