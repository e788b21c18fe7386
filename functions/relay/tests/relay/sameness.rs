//! Which events count as the same for a relay, and what a cooldown is counted for.

use std::time::Duration;

use camhook_event::{Camera, Correlation, Event, Kind, State};
use camhook_ports::memory::MemoryPorts;
use camhook_ports::{Clock, Queue};
use camhook_relay::handle_with;
use camhook_site::Site;

use crate::support::{NOW, ScriptedDevices, event, record, record_of, relay, rule, site, text};

const ANY: &str = "{}";
const ON: &str = "{ relay = \"gate\", action = \"on\" }";
const HOLD: &str = "{ relay = \"gate\", action = \"hold\", seconds = 600 }";

struct World {
    ports: MemoryPorts,
    site: Site,
    devices: ScriptedDevices,
}

impl World {
    fn new(then: &str, rule_keys: &str, more: &str) -> Self {
        let source = "\n[[source]]\nid = \"yard\"\nvendor = \"viewtron\"\nauth = { token = \"BBBBBBBBBBBBBBBBBBBBBB\" }\n";
        let parts = [
            source.to_owned(),
            more.to_owned(),
            relay("gate", "min_interval = \"0s\""),
            rule("open", ANY, then, rule_keys),
        ];
        Self { ports: MemoryPorts::new(NOW), site: site(&parts), devices: ScriptedDevices::default() }
    }

    /// How many commands the relay has received after these events, a second apart.
    async fn commands_after(&self, events: impl IntoIterator<Item = Event>) -> usize {
        for event in events {
            let outcome = handle_with(&self.ports, &self.site, &self.devices, &[record(&event, 1)]).await;
            assert!(outcome.failed.is_empty(), "{event:?}");
            self.ports.clock.advance(Duration::from_secs(1));
        }
        self.devices.commands().len()
    }
}

/// An event of a camera of a source, about an object that the device numbers.
fn about(number: u32, source: &str, camera: &str, target: &str) -> Event {
    let mut event = event(number, Kind::Intrusion, NOW);
    event.data.source = text(source);
    event.data.camera = Some(Camera { id: text(camera), name: None });
    event.data.correlation = Some(Correlation {
        key: text(&format!("02:00:00:00:00:01:intrusion:{target}")),
        event_ids: vec![text("6")],
        target_ids: vec![text(target)],
    });
    event
}

#[tokio::test]
async fn posts_about_one_object_switch_once_and_those_of_another_source_are_another_object() {
    let world = World::new(ON, "", "");
    assert_eq!(world.commands_after([about(1, "gate", "1", "7"), about(2, "gate", "1", "7")]).await, 1);
    assert_eq!(world.commands_after([about(3, "yard", "1", "7")]).await, 2, "it only sends the same address");
    assert_eq!(world.commands_after([about(4, "gate", "1", "8")]).await, 3);
}

#[tokio::test]
async fn a_named_camera_joins_the_objects_of_its_sources() {
    let world = World::new(ON, "", "\n[[camera]]\nid = \"drive\"\nsources = [\"gate/2\", \"yard/2\"]\n");
    assert_eq!(world.commands_after([about(1, "gate", "2", "7"), about(2, "yard", "2", "7")]).await, 1);
}

#[tokio::test]
async fn two_plates_with_one_number_are_two_objects() {
    let plate = |number, plate: &str| {
        let mut value = serde_json::to_value(about(number, "gate", "1", "0")).unwrap();
        value["data"]["plate"] = serde_json::json!({ "text": plate });
        serde_json::from_value::<Event>(value).unwrap()
    };
    let world = World::new(ON, "", "");
    assert_eq!(world.commands_after([plate(1, "QQ 1"), plate(2, "QQ 2"), plate(3, "QQ 1")]).await, 2);
}

#[tokio::test]
async fn a_count_with_a_target_switches_once_and_one_without_each_time() {
    let count = |number: u32, has_target: bool| {
        let mut event = about(number, "gate", "1", "7");
        event.data.kind = Kind::Counting;
        if !has_target {
            event.data.correlation.as_mut().unwrap().target_ids.clear();
        }
        event
    };
    for (has_target, expected) in [(true, 1), (false, 2)] {
        let world = World::new(ON, "", "");
        assert_eq!(world.commands_after([count(1, has_target), count(2, has_target)]).await, expected);
    }
}

#[tokio::test]
async fn a_hold_and_a_stop_act_on_each_event() {
    let world = World::new(HOLD, "", "");
    let mut later = about(2, "gate", "1", "7");
    later.data.received_at = camhook_event::Time::new(NOW + Duration::from_secs(1));
    assert_eq!(world.commands_after([about(1, "gate", "1", "7"), later]).await, 2);
    let stop = |number| {
        let mut event = about(number, "gate", "1", "7");
        event.data.state = Some(State::Stop);
        event
    };
    let mut world = World::new(ON, "", "");
    world.site =
        site(&[relay("gate", "min_interval = \"0s\""), rule("open", "{ state = \"stop\" }", ON, "")]);
    assert_eq!(world.commands_after([stop(1), stop(2)]).await, 2);
}

#[tokio::test]
async fn a_key_beyond_the_limit_of_the_table_still_switches() {
    let mut many = about(1, "gate", "1", "7");
    let guids = "0f8fad5b-d9cb-469f-a165-70867728950e,".repeat(70);
    many.data.correlation.as_mut().unwrap().key = text(&guids);
    let world = World::new(ON, "", "");
    assert_eq!(world.commands_after([many]).await, 1);
}

#[tokio::test]
async fn a_cooldown_counts_for_the_source_unless_the_rule_counts_it_for_the_camera() {
    for (more, expected) in [("", 2), ("\ncooldown_per = \"source\"", 2), ("\ncooldown_per = \"camera\"", 3)]
    {
        let world = World::new(ON, &format!("cooldown = \"60s\"{more}"), "");
        let events = [
            about(1, "gate", "1", "1"),
            about(2, "gate", "1", "2"),
            about(3, "gate", "2", "3"),
            about(4, "yard", "1", "4"),
        ];
        assert_eq!(world.commands_after(events).await, expected, "{more}");
    }
}

#[tokio::test]
async fn the_agent_returns_the_cooldown_of_the_camera_whose_command_was_late() {
    use camhook_relay::agent::{Disposition, RelayFilter, process_message_with};
    for per in ["source", "camera"] {
        let mut world = World::new(ON, "", "");
        let keys = "min_interval = \"0s\"\nnetwork = \"lan\"\nvia = \"agent\"";
        let cooldown = format!("cooldown = \"60s\"\ncooldown_per = \"{per}\"");
        world.site = site(&[relay("gate", keys), rule("open", ANY, ON, &cooldown)]);
        assert_eq!(world.commands_after([about(1, "gate", "1", "1")]).await, 0);
        let commands = world.ports.queues.take(Queue::RelayLan);
        assert_eq!(commands.len(), 1);
        assert_eq!(commands[0].body.contains("cooldown_scope"), per == "camera", "older agents know none");
        world.ports.clock.advance(Duration::from_secs(31));
        let late = record_of("lan", commands[0].body.clone(), 1);
        let (filter, queue) = (RelayFilter::All, Queue::RelayLan);
        let taken =
            process_message_with(&world.ports, &world.site, &world.devices, &filter, queue, &late).await;
        assert_eq!(taken, Disposition::Delete);
        let mut next = about(2, "gate", "1", "2");
        next.data.received_at = camhook_event::Time::new(world.ports.clock.now());
        world.commands_after([next]).await;
        assert_eq!(world.ports.queues.take(Queue::RelayLan).len(), 1, "{per}: the cooldown is free again");
    }
}
