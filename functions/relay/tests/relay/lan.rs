//! The queue to the agents over ports in memory: from the relay function to the device, and what goes wrong on the
//! way.

use std::collections::BTreeSet;
use std::time::Duration;

use camhook_event::{Event, Kind};
use camhook_ports::memory::MemoryPorts;
use camhook_ports::{Clock, Message, Queue, QueueRecord};
use camhook_relay::lan::{Reach, Taken, take_with};
use camhook_relay::release::ReleaseMessage;
use camhook_relay::{Command, Sent, handle_with};
use camhook_site::Site;
use camhook_state::control::{self, StopSwitch};
use camhook_state::relay::{self as relay_item, RelayRecord};
use camhook_state::{claim, cooldown};
use serde_json::Value;

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
        let (failed, _) = handle_with(&self.ports, &self.site, &self.devices, &[record(event, 1)]).await;
        assert!(failed.is_empty());
        assert!(self.devices.commands().is_empty(), "the function reaches no device inside");
        self.ports.queues.take(Queue::RelayLan)
    }

    async fn take(&self, record: &QueueRecord) -> Taken {
        let gate = Reach::These(BTreeSet::from(["gate".to_owned()]));
        take_with(&self.ports, &self.site, &self.devices, &gate, record).await.0
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
async fn a_command_is_carried_out_once_at_once_and_however_often_it_comes() {
    for (action, asked) in [
        (PULSE, Command::On { off_after: Some(Duration::from_secs(5)) }),
        ("action = \"toggle\"", Command::Toggle),
    ] {
        let world = World::new(action, "cooldown = \"30s\"");
        let commands = world.handed_over(&event(1, Kind::Motion, NOW)).await;
        assert_eq!(commands.len(), 1);
        assert_eq!(world.take(&delivery(&commands[0], 1)).await, Taken::Done);
        world.advance(1);
        assert_eq!(world.take(&delivery(&commands[0], 2)).await, Taken::Done);
        assert_eq!(world.devices.commands(), [asked]);
        let mut expected = decided("done", "answered");
        expected.extend(decided("duplicate", "settled"));
        assert_eq!(world.audit(), expected);
    }
}

#[tokio::test]
async fn an_event_that_comes_again_is_handed_over_again_and_acts_once() {
    let world = World::new("action = \"toggle\"", "");
    let motion = event(1, Kind::Motion, NOW);
    let mut commands = world.handed_over(&motion).await;
    commands.extend(world.handed_over(&motion).await);
    assert_eq!(commands.len(), 2);
    for command in &commands {
        assert_eq!(world.take(&delivery(command, 1)).await, Taken::Done);
    }
    assert_eq!(world.devices.commands(), [Command::Toggle]);
    assert_eq!(world.handed_over_nothing(&motion).await, 0);
}

impl World {
    /// How many commands an event makes that was carried out.
    async fn handed_over_nothing(&self, event: &Event) -> usize {
        let (failed, _) = handle_with(&self.ports, &self.site, &self.devices, &[record(event, 1)]).await;
        assert!(failed.is_empty());
        self.ports.queues.take(Queue::RelayLan).len()
    }
}

#[tokio::test]
async fn a_command_that_waited_too_long_is_late_and_its_cooldown_is_given_back() {
    for action in [PULSE, "action = \"toggle\""] {
        let world = World::new(action, "cooldown = \"60s\"");
        let commands = world.handed_over(&event(1, Kind::Motion, NOW)).await;
        world.advance(31);
        assert_eq!(world.take(&delivery(&commands[0], 1)).await, Taken::Done);
        assert_eq!(world.audit(), decided("late", "too_old"));
        assert!(world.devices.commands().is_empty());

        let next = world.handed_over(&event(2, Kind::Motion, world.ports.clock.now())).await;
        assert_eq!(next.len(), 1, "the next event need not wait for a cooldown that nothing charged");
    }
}

#[tokio::test]
async fn whoever_died_between_claim_and_send_leaves_it_unknown() {
    let world = World::new(PULSE, "");
    let commands = world.handed_over(&event(1, Kind::Motion, NOW)).await;
    let key = claim::ClaimKey { event: event_id(1), rule: "open", action: 0, replay: None };
    let claim::Acquisition::AlreadyTaken(handed_over) =
        claim::take(&world.ports.state, &key, NOW).await.unwrap()
    else {
        panic!("the function left no claim")
    };
    claim::take_again(&world.ports.state, &handed_over, NOW).await.unwrap().unwrap();

    assert_eq!(world.take(&delivery(&commands[0], 2)).await, Taken::Again, "somebody may be at work");
    world.advance(13);
    assert_eq!(world.take(&delivery(&commands[0], 3)).await, Taken::Done);
    assert_eq!(world.audit(), decided("unknown", "no_word"));
    assert!(world.devices.commands().is_empty());
    assert_eq!(world.ports.queues.take(Queue::Notify).len(), 1, "people are told");
}

#[tokio::test]
async fn a_device_that_refuses_is_asked_again_soon_while_the_command_is_young() {
    let mut world = World::new(PULSE, "");
    world.devices = ScriptedDevices::answering([Sent::NoEffect("connection refused".to_owned())]);
    let commands = world.handed_over(&event(1, Kind::Motion, NOW)).await;
    assert_eq!(world.take(&delivery(&commands[0], 1)).await, Taken::Again);
    world.advance(2);
    assert_eq!(world.take(&delivery(&commands[0], 2)).await, Taken::Done);
    assert_eq!(world.audit(), decided("done", "answered"));
}

#[tokio::test]
async fn a_command_for_another_agent_is_given_back_until_it_is_late() {
    let world = World::new(PULSE, "");
    let commands = world.handed_over(&event(1, Kind::Plate, NOW)).await;
    for receive_count in [1, 2, 500] {
        assert_eq!(world.take(&delivery(&commands[0], receive_count)).await, Taken::GivenBack);
    }
    assert!(world.audit().is_empty());
    world.advance(31);
    assert_eq!(world.take(&delivery(&commands[0], 501)).await, Taken::Done);
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
    let release = |id: &str| ReleaseMessage::new(id, 1).message(Duration::ZERO).unwrap();

    assert_eq!(world.take(&delivery(&release("gate"), 1)).await, Taken::Done);
    let again = world.ports.queues.take(Queue::RelayLan);
    assert_eq!(again.len(), 1, "its time has not come, and it stays on the queue inside");
    world.advance(3600);
    assert_eq!(world.take(&delivery(&again[0], 1)).await, Taken::Done);
    assert_eq!(world.devices.asked(), [("gate".to_owned(), Command::Off)]);
    assert_eq!(world.audit(), decided("released", "time_over"));

    assert_eq!(world.take(&delivery(&release("barn"), 1)).await, Taken::GivenBack);
    assert!(world.ports.queues.take(Queue::RelayLan).is_empty());
    assert_eq!(world.take(&delivery(&release("barn"), 100)).await, Taken::Done);
    assert_eq!(world.ports.queues.take(Queue::RelayLan).len(), 1, "the queue forgets what is too old");
    assert_eq!(world.devices.asked().len(), 1);
}

#[tokio::test]
async fn a_failing_table_switches_nothing_and_the_command_comes_again() {
    for prefix in ["claim#", "relay#", "control"] {
        let world = World::new(PULSE, "");
        let commands = world.handed_over(&event(1, Kind::Motion, NOW)).await;
        world.ports.state.fail(prefix);
        assert_eq!(world.take(&delivery(&commands[0], 1)).await, Taken::Again, "{prefix}");
        assert!(world.devices.commands().is_empty(), "{prefix}");
        world.ports.state.heal();
        world.advance(2);
        assert_eq!(world.take(&delivery(&commands[0], 2)).await, Taken::Done, "{prefix}");
        assert_eq!(world.devices.commands().len(), 1, "{prefix}");
    }
}

#[tokio::test]
async fn a_queue_that_refuses_the_command_leaves_it_to_the_next_delivery_of_the_event() {
    let world = World::new("action = \"toggle\"", "cooldown = \"30s\"");
    let motion = event(1, Kind::Motion, NOW);
    world.ports.queues.fail(Queue::RelayLan);
    let (failed, _) = handle_with(&world.ports, &world.site, &world.devices, &[record(&motion, 1)]).await;
    assert_eq!(failed.len(), 1);
    world.ports.queues.heal();
    world.advance(2);
    let commands = world.handed_over(&motion).await;
    assert_eq!(commands.len(), 1);
    assert_eq!(world.take(&delivery(&commands[0], 1)).await, Taken::Done);
    assert_eq!(world.devices.commands(), [Command::Toggle]);
    let key = cooldown::CooldownKey { rule: "open", scope: "gate" };
    let now = world.ports.clock.now();
    assert!(cooldown::is_charged(&world.ports.state, key, event_id(2), now).await.unwrap());
}

#[tokio::test]
async fn what_belongs_to_the_function_is_not_taken() {
    let world = World::new(PULSE, "");
    let motion = event(1, Kind::Motion, NOW);
    assert_eq!(world.take(&record(&motion, 1)).await, Taken::Again);
    assert!(world.audit().is_empty() && world.devices.commands().is_empty());
}
