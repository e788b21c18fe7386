//! The agent's queues over ports in memory: from the relay function to the device, with faults in between.

use std::collections::BTreeSet;
use std::time::Duration;

use camhook_event::{Event, Kind};
use camhook_ports::memory::MemoryPorts;
use camhook_ports::{Clock, Message, Queue, QueueRecord};
use camhook_relay::agent::{Disposition, RelayFilter, process_message_with};
use camhook_relay::release::ReleaseMessage;
use camhook_relay::{DeviceCommand, SendOutcome, handle_with};
use camhook_site::Site;
use camhook_state::control::{self, StopSwitch};
use camhook_state::decision::{self, AGENT, ActionDecision, ActionOutcome, RELAY};
use camhook_state::relay::{self as relay_item, RelayRecord};
use camhook_state::{claim, cooldown};
use serde_json::{Value, json};

use crate::support::*;

struct World {
    ports: MemoryPorts,
    site: Site,
    devices: ScriptedDevices,
}

const MOTION: &str = r#"{ kind = "motion" }"#;

impl World {
    /// Two relays inside: `gate`, which motion toggles or pulses, and `barn`, which is another agent's.
    fn new(action: &str, more: &str) -> Self {
        let then = format!("{{ relay = \"gate\", {action} }}");
        let site = site(&[
            relay("gate", "network = \"lan\"\nvia = \"agent\""),
            relay("barn", "network = \"lan\"\nvia = \"agent\""),
            rule("open", MOTION, &then, more),
            rule("light", r#"{ kind = "plate" }"#, r#"{ relay = "barn", action = "on" }"#, ""),
        ]);
        Self { ports: MemoryPorts::new(NOW), site, devices: ScriptedDevices::default() }
    }

    /// What the relay function puts on the queue because of an event.
    async fn handed_over(&self, event: &Event) -> Vec<Message> {
        let failed = handle_with(&self.ports, &self.site, &self.devices, &[record(event, 1)]).await.failed;
        assert!(failed.is_empty());
        assert!(self.devices.commands().is_empty(), "the function reaches no device inside");
        self.ports.queues.take(Queue::RelayLan)
    }

    async fn take(&self, record: &QueueRecord) -> Disposition {
        self.take_from(Queue::RelayLan, record).await
    }

    async fn take_from(&self, queue: Queue, record: &QueueRecord) -> Disposition {
        let gate = RelayFilter::These(BTreeSet::from(["gate".to_owned()]));
        process_message_with(&self.ports, &self.site, &self.devices, &gate, queue, record).await
    }

    fn advance(&self, seconds: u64) {
        self.ports.clock.advance(Duration::from_secs(seconds));
    }

    /// The decisions and reasons in the audit, in the order of their making.
    fn audit(&self) -> Vec<(String, String)> {
        let keys = self.ports.objects.keys();
        let records = keys.iter().filter(|key| key.starts_with("audit/")).map(|key| {
            let record: Value =
                serde_json::from_slice(&self.ports.objects.object(key).unwrap().bytes).unwrap();
            let field = |name: &str| record[name].as_str().unwrap().to_owned();
            (field("decision"), field("reason"))
        });
        records.collect()
    }
}

fn delivery(message: &Message, receive_count: u32) -> QueueRecord {
    record_of("lan", message.body.clone(), receive_count)
}

fn decided(decision: &str, reason: &str) -> Vec<(String, String)> {
    vec![(decision.to_owned(), reason.to_owned())]
}

const PULSE: &str = "action = \"pulse\", seconds = 5";

#[tokio::test]
async fn a_command_is_executed_once_however_often_it_is_delivered() {
    for (action, asked) in [
        (PULSE, DeviceCommand::On { off_after: Some(Duration::from_secs(5)) }),
        ("action = \"toggle\"", DeviceCommand::Toggle),
    ] {
        let world = World::new(action, "cooldown = \"30s\"");
        let commands = world.handed_over(&event(1, Kind::Motion, NOW)).await;
        assert_eq!(commands.len(), 1);
        assert_eq!(world.take(&delivery(&commands[0], 1)).await, Disposition::Delete);
        world.advance(1);
        assert_eq!(world.take(&delivery(&commands[0], 2)).await, Disposition::Delete);
        assert_eq!(world.devices.commands(), [asked]);
        let mut expected = decided("done", "answered");
        expected.extend(decided("duplicate", "settled"));
        assert_eq!(world.audit(), expected);
        let parts = decision::of_event(&world.ports.state, event_id(1)).await.unwrap();
        assert_eq!(parts[RELAY].actions[0].outcome, ActionOutcome::HandedOver);
        let [ActionDecision { outcome: ActionOutcome::Relay { decision, .. }, .. }] =
            &parts[AGENT].actions[..]
        else {
            panic!("{parts:?}")
        };
        assert_eq!(decision, "done");
    }
}

#[tokio::test]
async fn an_event_that_comes_again_is_handed_over_once() {
    let world = World::new("action = \"toggle\"", "");
    let motion = event(1, Kind::Motion, NOW);
    let commands = world.handed_over(&motion).await;
    assert_eq!(commands.len(), 1);
    assert_eq!(world.handed_over_nothing(&motion).await, 0, "its queue has the command");
    assert_eq!(world.take(&delivery(&commands[0], 1)).await, Disposition::Delete);
    assert_eq!(world.devices.commands(), [DeviceCommand::Toggle]);
    assert_eq!(world.handed_over_nothing(&motion).await, 0);
}

#[tokio::test]
async fn killed_before_the_queue_had_the_command_the_next_delivery_hands_it_over_and_it_acts_once() {
    let world = World::new("action = \"toggle\"", "");
    let motion = event(1, Kind::Motion, NOW);
    let key = claim::ClaimKey { event: event_id(1), rule: "open", action: 0, replay: None };
    let claim::Acquisition::Taken(taken) = claim::take(&world.ports.state, &key, NOW).await.unwrap() else {
        panic!("not taken")
    };
    let holder = claim::Holder::Function;
    claim::hand_over(&world.ports.state, &taken, holder, "handed over").await.unwrap().unwrap();
    let commands = world.handed_over(&motion).await;
    assert_eq!(commands.len(), 1);
    // Had the queue it all the same, the claim lets one of both act.
    for receive_count in [1, 2] {
        assert_eq!(world.take(&delivery(&commands[0], receive_count)).await, Disposition::Delete);
    }
    assert_eq!(world.devices.commands(), [DeviceCommand::Toggle]);
}

impl World {
    /// How many commands an event makes that was carried out.
    async fn handed_over_nothing(&self, event: &Event) -> usize {
        let failed = handle_with(&self.ports, &self.site, &self.devices, &[record(event, 1)]).await.failed;
        assert!(failed.is_empty());
        self.ports.queues.take(Queue::RelayLan).len()
    }
}

#[tokio::test]
async fn a_command_that_waited_too_long_is_late_and_its_cooldown_is_returned() {
    for action in [PULSE, "action = \"toggle\""] {
        let world = World::new(action, "cooldown = \"60s\"");
        let commands = world.handed_over(&event(1, Kind::Motion, NOW)).await;
        world.advance(31);
        assert_eq!(world.take(&delivery(&commands[0], 1)).await, Disposition::Delete);
        assert_eq!(world.audit(), decided("late", "too_old"));
        assert!(world.devices.commands().is_empty());

        let next = world.handed_over(&event(2, Kind::Motion, world.ports.clock.now())).await;
        assert_eq!(next.len(), 1, "the next event need not wait for a cooldown that nothing charged");
    }
}

#[tokio::test]
async fn the_next_post_about_an_object_is_handed_over_when_the_agent_did_nothing_for_the_first_one() {
    let world = World::new(PULSE, "");
    let post = |number, seconds| with_key(event(number, Kind::Motion, at(seconds)), "cam:plate:7");
    // The device is unreachable until the first event is too old.
    let world =
        World { devices: ScriptedDevices::answering([SendOutcome::NotExecuted("refused".into())]), ..world };
    let first = world.handed_over(&post(1, 0.0)).await;
    assert!(world.handed_over(&post(2, 0.0)).await.is_empty(), "the agent has the command");
    world.advance(29);
    assert_eq!(world.take(&delivery(&first[0], 1)).await, Disposition::Delete);
    assert_eq!(world.audit().last().unwrap().0, "failed");
    assert_eq!(world.handed_over_nothing(&post(3, 29.0)).await, 1, "the car still waits");
    assert_eq!(world.handed_over_nothing(&post(4, 29.0)).await, 0);
}

/// Another delivery takes the claim that the function left, and is killed.
#[cfg(test)]
async fn take_and_lose(world: &World) {
    let key = claim::ClaimKey { event: event_id(1), rule: "open", action: 0, replay: None };
    let claim::Acquisition::AlreadyTaken(handed_over) =
        claim::take(&world.ports.state, &key, NOW).await.unwrap()
    else {
        panic!("the function left no claim")
    };
    claim::take_again(&world.ports.state, &handed_over, NOW).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_process_killed_between_claim_and_send_leaves_the_outcome_unknown() {
    let world = World::new(PULSE, "");
    let commands = world.handed_over(&event(1, Kind::Motion, NOW)).await;
    take_and_lose(&world).await;

    assert_eq!(
        world.take(&delivery(&commands[0], 2)).await,
        Disposition::Redeliver,
        "another delivery may be in progress"
    );
    world.advance(13);
    assert_eq!(world.take(&delivery(&commands[0], 3)).await, Disposition::Delete);
    assert_eq!(world.audit(), decided("unknown", "no_word"));
    assert!(world.devices.commands().is_empty());
    assert_eq!(world.ports.queues.take(Queue::Alerts).len(), 1, "people are alerted");
}

#[tokio::test]
async fn a_refused_command_is_retried_soon_while_it_is_young() {
    let mut world = World::new(PULSE, "");
    world.devices = ScriptedDevices::answering([SendOutcome::NotExecuted("connection refused".to_owned())]);
    let commands = world.handed_over(&event(1, Kind::Motion, NOW)).await;
    assert_eq!(world.take(&delivery(&commands[0], 1)).await, Disposition::Redeliver);
    world.advance(2);
    assert_eq!(world.take(&delivery(&commands[0], 2)).await, Disposition::Delete);
    assert_eq!(world.audit(), decided("done", "answered"));
}

#[tokio::test]
async fn a_command_for_another_agent_is_returned_until_it_is_late() {
    let world = World::new(PULSE, "");
    let commands = world.handed_over(&event(1, Kind::Plate, NOW)).await;
    for receive_count in [1, 2, 500] {
        assert_eq!(world.take(&delivery(&commands[0], receive_count)).await, Disposition::Redeliver);
    }
    assert!(world.audit().is_empty());
    world.advance(31);
    assert_eq!(world.take(&delivery(&commands[0], 501)).await, Disposition::Delete);
    assert_eq!(world.audit(), decided("late", "too_old"));
    assert!(world.devices.commands().is_empty());
}

#[tokio::test]
async fn a_release_waits_for_its_time_works_while_stopped_and_finds_its_agent() {
    let world = World::new(PULSE, "");
    for id in ["gate", "barn"] {
        let free = relay_item::read(&world.ports.state, id).await.unwrap();
        let on = RelayRecord { on_until: Some(at(60.0)), generation: 1, ..RelayRecord::default() };
        relay_item::write(&world.ports.state, &free, on, NOW).await.unwrap().unwrap();
    }
    control::set_stop_switch(&world.ports.state, StopSwitch::Stopped, NOW, "test").await.unwrap();
    let release = |id: &str, receive_count| {
        delivery(&ReleaseMessage::new(id, 1).message(Duration::ZERO).unwrap(), receive_count)
    };
    let take = async |record: &QueueRecord| world.take_from(Queue::ReleasesLan, record).await;
    let last_delay =
        || world.ports.queues.retried().last().map(|(queue, _, delay)| (*queue, *delay)).unwrap();
    let minute = (Queue::ReleasesLan, Duration::from_secs(60));

    assert_eq!(take(&release("gate", 1)).await, Disposition::Redeliver);
    assert_eq!(last_delay(), minute, "its time has not come");
    world.advance(3600);
    assert_eq!(take(&release("gate", 2)).await, Disposition::Delete);
    assert_eq!(world.devices.asked(), [("gate".to_owned(), DeviceCommand::Off)]);
    assert_eq!(world.audit(), decided("released", "time_over"));

    for (receive_count, seconds) in [(1, 1), (9, 1), (10, 10), (99, 10)] {
        assert_eq!(take(&release("barn", receive_count)).await, Disposition::Redeliver);
        assert_eq!(last_delay(), (Queue::ReleasesLan, Duration::from_secs(seconds)), "{receive_count}");
    }
    assert!(world.ports.queues.take(Queue::ReleasesLan).is_empty());
    assert_eq!(take(&release("barn", 100)).await, Disposition::Delete);
    assert_eq!(world.ports.queues.take(Queue::ReleasesLan).len(), 1, "SQS counts how often it was received");
    assert_eq!(world.devices.asked().len(), 1);
}

#[tokio::test]
async fn a_release_of_a_relay_that_the_function_switches_now_is_left_to_the_watchdog() {
    let mut world = World::new(PULSE, "");
    world.site = site(&[relay("gate", "")]);
    let release = delivery(&ReleaseMessage::new("gate", 1).message(Duration::ZERO).unwrap(), 1);
    assert_eq!(world.take_from(Queue::ReleasesLan, &release).await, Disposition::Delete);
    assert!(world.devices.asked().is_empty());
}

/// The command for the gate with some of its fields changed.
fn forged(command: &Message, changes: &[(&str, Value)]) -> QueueRecord {
    let mut body: Value = serde_json::from_str(&command.body).unwrap();
    for (field, value) in changes {
        body[*field] = value.clone();
    }
    record_of("forged", body.to_string(), 20)
}

#[tokio::test]
async fn a_command_that_no_rule_of_the_agents_file_contains_is_refused() {
    for (changes, reason) in [
        (vec![("action", json!({ "kind": "on" }))], "not_in_rules"),
        (vec![("action", json!({ "kind": "pulse", "milliseconds": u64::MAX }))], "not_in_rules"),
        (vec![("rule", json!("close"))], "not_in_rules"),
        (vec![("action_index", json!(1))], "not_in_rules"),
        (vec![("source", json!("nobody"))], "not_in_rules"),
        (vec![("replay", json!("relays/2027-01-15T07:00:00Z"))], "not_in_rules"),
        (
            vec![("happened_at", json!("9999-01-01T00:00:00Z")), ("deadline", json!("9999-12-30T00:00:00Z"))],
            "future_time",
        ),
        (vec![("event_time", json!("9999-01-01T00:00:00Z"))], "future_time"),
        (
            vec![
                ("replay", json!("relays/9999-01-01T00:00:00Z")),
                ("happened_at", json!("9999-01-01T00:00:00Z")),
                ("deadline", json!("9999-12-30T00:00:00Z")),
            ],
            "future_time",
        ),
    ] {
        let world = World::new(PULSE, "");
        let command = world.handed_over(&event(1, Kind::Motion, NOW)).await.remove(0);
        assert_eq!(world.take(&forged(&command, &changes)).await, Disposition::Delete, "{changes:?}");
        assert!(world.devices.commands().is_empty(), "{changes:?}");
        assert_eq!(world.audit(), decided("refused", reason), "{changes:?}");
        assert_eq!(world.ports.queues.sent(Queue::Alerts).len(), 1, "{changes:?}: people are alerted");
    }
}

#[tokio::test]
async fn a_command_for_a_relay_that_the_agents_file_does_not_contain_is_refused_with_an_alert() {
    // Fresh, and of an agent that was offline for an hour.
    for seconds in [0, 3600] {
        let mut world = World::new(PULSE, "cooldown = \"60s\"");
        let command = world.handed_over(&event(1, Kind::Motion, NOW)).await.remove(0);
        let with_gate = std::mem::replace(&mut world.site, site(&[]));
        world.advance(seconds);
        for receive_count in 1..20 {
            assert_eq!(world.take(&delivery(&command, receive_count)).await, Disposition::Redeliver);
        }
        assert!(world.audit().is_empty(), "a newer camhook.toml may contain it");
        assert_eq!(world.take(&delivery(&command, 20)).await, Disposition::Delete);
        assert_eq!(world.audit(), decided("refused", "not_in_rules"));
        assert_eq!(world.ports.queues.sent(Queue::Alerts).len(), 1);
        let parts = decision::of_event(&world.ports.state, event_id(1)).await.unwrap();
        assert!(matches!(parts[AGENT].actions[0].outcome, ActionOutcome::Relay { .. }), "{parts:?}");
        // Its claim is settled, and its cooldown is free again.
        world.site = with_gate;
        assert_eq!(world.take(&delivery(&command, 21)).await, Disposition::Delete);
        assert!(world.devices.commands().is_empty());
        let next = event(2, Kind::Motion, world.ports.clock.now());
        assert_eq!(world.handed_over(&next).await.len(), 1);
    }
}

#[tokio::test]
async fn a_command_that_was_executed_before_it_left_the_agents_file_is_not_recorded_as_refused() {
    let mut world = World::new(PULSE, "");
    let command = world.handed_over(&event(1, Kind::Motion, NOW)).await.remove(0);
    // Executed, and killed before its audit record and the deletion of the message.
    world.ports.objects.fail("audit/");
    assert_eq!(world.take(&delivery(&command, 1)).await, Disposition::Delete);
    world.ports.objects.heal();
    world.site = World::new("action = \"on\"", "").site;
    world.advance(40);
    assert_eq!(world.take(&delivery(&command, 20)).await, Disposition::Delete);
    let expected = [decided("done", "answered"), decided("duplicate", "settled")].concat();
    assert_eq!(world.audit(), expected);
    assert!(world.ports.queues.sent(Queue::Alerts).is_empty());
}

#[tokio::test]
async fn a_command_whose_attempt_was_lost_is_unknown_though_the_agents_file_does_not_contain_it() {
    let mut world = World::new(PULSE, "");
    let command = world.handed_over(&event(1, Kind::Motion, NOW)).await.remove(0);
    take_and_lose(&world).await;
    world.site = site(&[]);
    assert_eq!(world.take(&delivery(&command, 20)).await, Disposition::Redeliver, "it may be in progress");
    world.advance(12);
    assert_eq!(world.take(&delivery(&command, 21)).await, Disposition::Delete);
    assert_eq!(world.audit(), decided("unknown", "no_word"));
    assert_eq!(world.ports.queues.sent(Queue::Alerts).len(), 1);
}

#[tokio::test]
async fn a_deadline_in_the_year_9999_is_not_that_of_the_rule() {
    let world = World::new(PULSE, "max_age = \"10s\"");
    let command = world.handed_over(&event(1, Kind::Motion, NOW)).await.remove(0);
    world.advance(11);
    let record = forged(&command, &[("deadline", json!("9999-12-30T00:00:00Z"))]);
    assert_eq!(world.take(&record).await, Disposition::Delete);
    assert!(world.devices.commands().is_empty());
    assert_eq!(world.audit(), decided("late", "too_old"));
}

#[tokio::test]
async fn a_rule_that_the_agent_does_not_know_yet_is_waited_for() {
    let mut world = World::new(PULSE, "");
    let command = world.handed_over(&event(1, Kind::Motion, NOW)).await.remove(0);
    let with_rule = std::mem::replace(&mut world.site, World::new("action = \"on\"", "").site);
    assert_eq!(world.take(&delivery(&command, 1)).await, Disposition::Redeliver);
    assert!(world.audit().is_empty());
    world.site = with_rule;
    world.advance(2);
    assert_eq!(world.take(&delivery(&command, 2)).await, Disposition::Delete);
    assert_eq!(world.audit(), decided("done", "answered"));
}

#[tokio::test]
async fn a_message_that_cannot_be_processed_is_dead_lettered_after_five_deliveries() {
    let world = World::new(PULSE, "");
    let motion = event(1, Kind::Motion, NOW);
    let large = format!("{{\"type\":\"camhook.command.v1\",\"plate\":\"{}\"}}", "IB36NL".repeat(10_000));
    for body in ["", "no JSON", &large, &serde_json::to_string(&motion).unwrap()] {
        let record = |receive_count| record_of("poison", body.to_owned(), receive_count);
        for receive_count in 1..5 {
            assert_eq!(world.take(&record(receive_count)).await, Disposition::Redeliver);
        }
        let Disposition::DeadLetter(reason) = world.take(&record(5)).await else {
            panic!("not dead-lettered")
        };
        assert!(reason.len() < 200 && !reason.contains("IB36NL"), "{reason}");
    }
    assert!(world.audit().is_empty() && world.devices.commands().is_empty());
}

#[tokio::test]
async fn a_late_command_that_cannot_be_recorded_is_dead_lettered() {
    let world = World::new(PULSE, "");
    let command = world.handed_over(&event(1, Kind::Motion, NOW)).await.remove(0);
    world.ports.state.fail("claim#");
    world.advance(90);
    assert_eq!(world.take(&delivery(&command, 50)).await, Disposition::Redeliver, "it may still be recorded");
    world.advance(1);
    assert!(matches!(world.take(&delivery(&command, 51)).await, Disposition::DeadLetter(_)));
}

#[tokio::test]
async fn a_failing_table_switches_nothing_and_the_command_is_redelivered() {
    for prefix in ["claim#", "relay#", "control"] {
        let world = World::new(PULSE, "");
        let commands = world.handed_over(&event(1, Kind::Motion, NOW)).await;
        world.ports.state.fail(prefix);
        assert_eq!(world.take(&delivery(&commands[0], 1)).await, Disposition::Redeliver, "{prefix}");
        assert!(world.devices.commands().is_empty(), "{prefix}");
        world.ports.state.heal();
        world.advance(2);
        assert_eq!(world.take(&delivery(&commands[0], 2)).await, Disposition::Delete, "{prefix}");
        assert_eq!(world.devices.commands().len(), 1, "{prefix}");
    }
}

#[tokio::test]
async fn a_command_that_cannot_be_enqueued_is_sent_by_the_next_delivery_of_the_event() {
    let world = World::new("action = \"toggle\"", "cooldown = \"30s\"");
    let motion = event(1, Kind::Motion, NOW);
    world.ports.queues.fail(Queue::RelayLan);
    let failed = handle_with(&world.ports, &world.site, &world.devices, &[record(&motion, 1)]).await.failed;
    assert_eq!(failed.len(), 1);
    world.ports.queues.heal();
    world.advance(2);
    let commands = world.handed_over(&motion).await;
    assert_eq!(commands.len(), 1);
    assert_eq!(world.take(&delivery(&commands[0], 1)).await, Disposition::Delete);
    assert_eq!(world.devices.commands(), [DeviceCommand::Toggle]);
    let key = cooldown::CooldownKey { rule: "open", scope: "gate" };
    let now = world.ports.clock.now();
    assert!(cooldown::is_charged(&world.ports.state, key, event_id(2), now).await.unwrap());
}

#[tokio::test]
async fn the_audit_says_what_was_read_and_what_matched_by_tolerance() {
    let rule_of = |tolerant: &str| {
        site(&[
            "[lists]\nresidents = [{ plate = \"IB36NL\" }]\n".to_owned(),
            relay("gate", "network = \"lan\"\nvia = \"agent\""),
            relay("light", ""),
            rule(
                "open",
                "{ kind = \"plate\", plate = \"@residents~1\" }",
                "{ relay = \"gate\", action = \"on\" }, { relay = \"light\", action = \"on\" }",
                tolerant,
            ),
        ])
    };
    let mut read = serde_json::to_value(event(1, Kind::Plate, NOW)).unwrap();
    read["data"]["plate"] = json!({ "text": "I836NL" });
    let read: Event = serde_json::from_value(read).unwrap();

    let exact =
        World { ports: MemoryPorts::new(NOW), site: rule_of(""), devices: ScriptedDevices::default() };
    let _ = handle_with(&exact.ports, &exact.site, &exact.devices, &[record(&read, 1)]).await;
    assert!(exact.devices.commands().is_empty() && exact.ports.queues.take(Queue::RelayLan).is_empty());

    let world = World { site: rule_of("tolerant = true"), ..exact };
    let _ = handle_with(&world.ports, &world.site, &world.devices, &[record(&read, 1)]).await;
    let handed_over = world.ports.queues.take(Queue::RelayLan);
    assert_eq!(world.take(&delivery(&handed_over[0], 1)).await, Disposition::Delete);
    let keys = world.ports.objects.keys();
    let keys: Vec<&String> = keys.iter().filter(|key| key.starts_with("audit/")).collect();
    assert_eq!(keys.len(), 2, "{keys:?}");
    for key in keys {
        let record: Value = serde_json::from_slice(&world.ports.objects.object(key).unwrap().bytes).unwrap();
        let expected = json!({ "read": "I836NL", "matched": "IB36NL", "list": "residents" });
        assert_eq!((&record["decision"], &record["plate"]), (&json!("done"), &expected), "{key}");
    }
}
