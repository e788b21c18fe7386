//! The relay function over ports in memory: each delivery of an event, and the deliveries after it.

use std::time::Duration;

use crate::support::*;
use camhook_event::{Event, Kind, State};
use camhook_ports::memory::MemoryPorts;
use camhook_ports::{Clock, Object, Queue, QueueRecord};
use camhook_relay::release::{ConfirmedOff, confirm_off};
use camhook_relay::{
    DeviceCommand, DeviceTimer, Devices, MAX_EVENT_RECEIVES, SendOutcome, handle_with, replay,
};
use camhook_site::{Relay, Site};
use camhook_state::control::{self, StopSwitch};
use camhook_state::dead_letter;
use camhook_state::relay::{self as relay_item, RelayRecord};
use serde_json::Value;

struct World {
    ports: MemoryPorts,
    site: Site,
    devices: ScriptedDevices,
    releases: ReleaseQueue,
}

impl World {
    fn new(parts: &[String]) -> Self {
        Self {
            ports: MemoryPorts::new(NOW),
            site: site(parts),
            devices: ScriptedDevices::default(),
            releases: ReleaseQueue::default(),
        }
    }

    fn answering(mut self, answers: impl IntoIterator<Item = SendOutcome>) -> Self {
        self.devices = ScriptedDevices::answering(answers);
        self
    }

    async fn deliver(&self, event: &Event, receive_count: u32) -> Vec<String> {
        self.handle(&[record(event, receive_count)]).await
    }

    /// Handles a batch: the ids of the messages that have to be delivered again.
    async fn handle(&self, records: &[QueueRecord]) -> Vec<String> {
        let failed = handle_with(&self.ports, &self.site, &self.devices, records).await.failed;
        self.releases.take(&self.ports, Queue::Releases);
        failed
    }

    fn advance(&self, seconds: u64) {
        self.ports.clock.advance(Duration::from_secs(seconds));
    }

    /// The decisions and reasons in the audit, in the order of their making.
    fn audit(&self) -> Vec<(String, String)> {
        let field = |record: &Value, name: &str| record[name].as_str().unwrap().to_owned();
        self.audit_records().iter().map(|one| (field(one, "decision"), field(one, "reason"))).collect()
    }

    fn audit_records(&self) -> Vec<Value> {
        let keys = self.ports.objects.keys();
        let objects = keys.iter().filter(|key| key.starts_with("audit/"));
        objects
            .map(|key| {
                let Object { bytes, .. } = self.ports.objects.object(key).unwrap();
                serde_json::from_slice(&bytes).unwrap()
            })
            .collect()
    }

    fn alerts(&self) -> Vec<String> {
        let messages = self.ports.queues.sent(Queue::Alerts);
        messages
            .iter()
            .map(|message| serde_json::from_str::<camhook_state::alert::Alert>(&message.body).unwrap().text)
            .collect()
    }

    /// Delivers the releases whose time has come: how many there were.
    async fn deliver_releases(&self) -> usize {
        let due = self.releases.due(&self.ports);
        for record in &due {
            let failed = self.handle(std::slice::from_ref(record)).await;
            self.releases.settle(&self.ports, record, failed.is_empty());
        }
        assert!(
            self.ports.queues.sent(Queue::Relay).is_empty(),
            "the function sends nothing to its own queue"
        );
        due.len()
    }

    /// In how many seconds each release is delivered.
    fn release_delays(&self) -> Vec<u64> {
        self.releases.delays(&self.ports)
    }
}

fn pulse(relay: &str) -> String {
    format!("{{ relay = \"{relay}\", action = \"pulse\", seconds = 5 }}")
}

fn then(relay: &str, action: &str) -> String {
    format!("{{ relay = \"{relay}\", action = \"{action}\" }}")
}

const MOTION: &str = r#"{ kind = "motion" }"#;

fn gate() -> World {
    World::new(&[relay("gate", ""), rule("open", MOTION, &pulse("gate"), "")])
}

fn five_seconds() -> DeviceCommand {
    DeviceCommand::On { off_after: Some(Duration::from_secs(5)) }
}

fn decisions(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(decision, reason)| ((*decision).to_owned(), (*reason).to_owned())).collect()
}

#[tokio::test]
async fn a_fresh_event_switches_the_relay_once_however_often_it_is_delivered() {
    let world = gate();
    let event = event(1, Kind::Motion, NOW);
    assert!(world.deliver(&event, 1).await.is_empty());
    world.advance(1);
    assert!(world.deliver(&event, 2).await.is_empty());
    assert_eq!(world.devices.commands(), [five_seconds()]);
    assert_eq!(world.audit(), decisions(&[("done", "answered"), ("duplicate", "settled")]));
    assert!(world.ports.queues.sent(Queue::Releases).is_empty(), "the device has a timer of its own");
    let record = &world.audit_records()[0];
    assert_eq!(record["relay"], "gate");
    assert_eq!(record["action"], "pulse");
    assert_eq!(record["seconds"], 5.0);
    assert_eq!(record["rule"], "open");
    assert_eq!(record["event"], event.id.to_string());
    assert!(record["text"].as_str().unwrap().contains(r#"{"was_on":false}"#));
}

#[tokio::test]
async fn two_deliveries_at_the_same_moment_switch_once() {
    let world = gate();
    let event = event(1, Kind::Motion, NOW);
    let failed = world.handle(&[record(&event, 1), record(&event, 1)]).await;
    assert!(failed.len() <= 1, "the second one waits for what the first one did, or has seen it");
    assert_eq!(world.devices.commands().len(), 1);
    assert!(world.ports.metrics.counted("RelayDecisions") >= 1);
    world.advance(2);
    world.deliver(&event, 2).await;
    assert_eq!(world.devices.commands().len(), 1);
    assert!(world.alerts().is_empty());
}

#[tokio::test]
async fn an_event_older_than_max_age_is_dropped() {
    for (age, expected) in [(30.0, "done"), (30.001, "late")] {
        let world = gate();
        world.deliver(&event(1, Kind::Motion, at(-age)), 1).await;
        assert_eq!(world.audit()[0].0, expected, "{age}");
    }
    let world = World::new(&[relay("gate", ""), rule("open", MOTION, &pulse("gate"), "max_age = \"5s\"")]);
    world.deliver(&event(1, Kind::Motion, at(-6.0)), 1).await;
    assert_eq!(world.audit(), decisions(&[("late", "too_old")]));
    assert!(world.devices.commands().is_empty());
}

#[tokio::test]
async fn the_lag_counts_where_the_clock_is_trusted() {
    for (trust, expected) in [("trusted", "late"), ("untrusted", "done")] {
        let mut world = gate();
        let head = HEAD.replace("area = \"yard\"", &format!("area = \"yard\"\nclock = \"{trust}\""));
        let text = format!("{head}{}{}", relay("gate", ""), rule("open", MOTION, &pulse("gate"), ""));
        world.site = camhook_site::read(&text, "test").unwrap().0;
        let mut event = event(1, Kind::Motion, NOW);
        event.data.lag_s = Some(31.0);
        world.deliver(&event, 1).await;
        assert_eq!(world.audit()[0].0, expected, "{trust}");
    }
}

#[tokio::test]
async fn a_lag_beyond_all_time_is_late_and_one_below_zero_makes_nothing_younger() {
    let head = HEAD.replace("area = \"yard\"", "area = \"yard\"\nclock = \"trusted\"");
    for (lag, age, expected) in [
        (1e300, 0.0, "late"),
        (-15.0, 31.0, "late"),
        (-15.0, 1.0, "done"),
        // Ahead by more than its tolerance, the time of a trusted clock proves nothing.
        (-100.0, 1.0, "late"),
    ] {
        let mut world = gate();
        let text = format!("{head}{}{}", relay("gate", ""), rule("open", MOTION, &pulse("gate"), ""));
        world.site = camhook_site::read(&text, "test").unwrap().0;
        let mut event = event(1, Kind::Motion, at(-age));
        event.data.lag_s = Some(lag);
        world.deliver(&event, 1).await;
        assert_eq!(world.audit()[0].0, expected, "{lag} {age}");
    }
}

#[tokio::test]
async fn the_stop_switch_is_read_before_each_actuation() {
    let world = gate();
    control::set_stop_switch(&world.ports.state, StopSwitch::Stopped, NOW, "test").await.unwrap();
    let stopped = event(1, Kind::Motion, NOW);
    world.deliver(&stopped, 1).await;
    control::set_stop_switch(&world.ports.state, StopSwitch::Running, NOW, "test").await.unwrap();
    world.advance(1);
    world.deliver(&event(2, Kind::Motion, NOW), 1).await;
    world.advance(1);
    // Decided is decided: a late second delivery does not act after all.
    world.deliver(&stopped, 2).await;
    assert_eq!(world.devices.commands().len(), 1);
    let expected = [("stopped", "stop_switch"), ("done", "answered"), ("duplicate", "settled")];
    assert_eq!(world.audit(), decisions(&expected));
}

#[tokio::test]
async fn a_mode_is_read_before_each_actuation() {
    let away = "mode = \"away\"";
    let world = World::new(&[relay("gate", ""), rule("open", MOTION, &pulse("gate"), away)]);
    world.deliver(&event(1, Kind::Motion, NOW), 1).await;
    control::set_mode(&world.ports.state, "yard", "away", control::SetBy::Person("ann".to_owned()), NOW)
        .await
        .unwrap();
    world.deliver(&event(2, Kind::Motion, NOW), 1).await;
    assert_eq!(world.devices.commands().len(), 1);
}

#[tokio::test]
async fn several_posts_about_one_object_switch_once() {
    let world = gate();
    world.deliver(&with_key(event(1, Kind::Motion, NOW), "cam:motion:7:20"), 1).await;
    world.advance(20);
    world.deliver(&with_key(event(2, Kind::Motion, at(20.0)), "cam:motion:7:20"), 1).await;
    world.deliver(&with_key(event(3, Kind::Motion, at(20.0)), "cam:motion:7:21"), 1).await;
    world.advance(45);
    world.deliver(&with_key(event(4, Kind::Motion, at(65.0)), "cam:motion:7:20"), 1).await;
    assert_eq!(world.devices.commands().len(), 3);
    let seen: Vec<String> = world.audit().into_iter().map(|(_, reason)| reason).collect();
    assert_eq!(seen.iter().filter(|reason| *reason == "same_thing").count(), 1);
}

#[tokio::test]
async fn the_next_post_about_an_object_acts_when_the_first_one_did_nothing() {
    let post = |number, seconds| with_key(event(number, Kind::Motion, at(seconds)), "cam:plate:7");
    for (answer, switches) in [(not_executed(), 2), (unconfirmed(), 1), (confirmed(), 1)] {
        let both = format!("{}, {}", pulse("gate"), pulse("lamp"));
        let parts = [relay("gate", ""), relay("lamp", ""), rule("open", MOTION, &both, "max_age = \"1s\"")];
        let world = World::new(&parts).answering([answer.clone()]);
        world.deliver(&post(1, 0.0), 1).await;
        world.advance(5);
        for (number, seconds) in [(2, 5.0), (3, 5.5)] {
            world.deliver(&post(number, seconds), 1).await;
        }
        let commands = world.devices.asked();
        let of = |relay: &str| commands.iter().filter(|(asked, _)| asked == relay).count();
        assert_eq!((of("gate"), of("lamp")), (switches, 1), "{answer:?}: {:?}", world.audit());
    }
}

#[tokio::test]
async fn the_smallest_interval_refuses_a_pulse_and_lets_off_through() {
    let world = World::new(&[
        relay("gate", "min_interval = \"3s\""),
        rule("open", MOTION, &pulse("gate"), ""),
        rule("close", r#"{ kind = "input" }"#, &then("gate", "off"), ""),
        rule("stay", r#"{ kind = "manual" }"#, &then("gate", "on"), ""),
    ]);
    world.deliver(&event(1, Kind::Motion, NOW), 1).await;
    world.advance(1);
    world.deliver(&event(2, Kind::Motion, at(1.0)), 1).await;
    let close = event(3, Kind::Input, at(1.0));
    world.deliver(&close, 1).await;
    assert_eq!(world.devices.commands(), [five_seconds(), DeviceCommand::Off]);
    world.advance(1);
    let stay = event(4, Kind::Manual, at(2.0));
    assert_eq!(world.deliver(&stay, 1).await.len(), 1, "it waits for its turn");
    world.advance(2);
    assert!(world.deliver(&stay, 2).await.is_empty());
    assert_eq!(world.devices.commands().len(), 3);
    let seen: Vec<String> = world.audit().into_iter().map(|(decision, _)| decision).collect();
    assert!(seen.contains(&"refused".to_owned()), "{seen:?}");
}

#[tokio::test]
async fn an_older_stop_does_not_undo_a_newer_start() {
    let world = World::new(&[
        relay("light", ""),
        rule("on", r#"{ kind = "intrusion", state = "start" }"#, &then("light", "on"), ""),
        rule("off", r#"{ kind = "intrusion", state = "stop" }"#, &then("light", "off"), ""),
    ]);
    let event_of = |number, state, seconds| with_state(event(number, Kind::Intrusion, at(seconds)), state);
    world.deliver(&event_of(1, State::Start, -9.0), 1).await;
    world.deliver(&event_of(3, State::Start, -2.0), 1).await;
    world.deliver(&event_of(2, State::Stop, -5.0), 1).await;
    let on = DeviceCommand::On { off_after: None };
    assert_eq!(world.devices.commands(), [on, on]);
    world.deliver(&event_of(4, State::Stop, -1.0), 1).await;
    assert_eq!(world.devices.commands(), [on, on, DeviceCommand::Off]);
    assert!(world.audit().contains(&("late".to_owned(), "overtaken".to_owned())));
}

#[tokio::test]
async fn a_command_that_was_not_executed_is_retried_within_max_age() {
    let refused = || SendOutcome::NotExecuted("connection refused".to_owned());
    let world = gate().answering([refused(), refused()]);
    let event = event(1, Kind::Motion, NOW);
    assert_eq!(world.deliver(&event, 1).await, ["message-00000000000000000000000000000001"]);
    let retried = world.ports.queues.retried();
    assert_eq!(retried[0].2, Duration::from_secs(2), "soon enough for max_age");
    world.advance(2);
    assert_eq!(world.deliver(&event, 2).await.len(), 1);
    world.advance(4);
    assert!(world.deliver(&event, 3).await.is_empty());
    assert_eq!(world.devices.commands().len(), 3);
    assert_eq!(world.audit(), decisions(&[("done", "answered")]));
    assert_eq!(world.audit_records()[0]["attempt"], 3);
    assert!(world.alerts().is_empty());
}

#[tokio::test]
async fn an_action_that_was_never_executed_has_failed_and_sends_an_alert() {
    let refused = (0..9).map(|_| SendOutcome::NotExecuted("status 500".to_owned()));
    let world = gate().answering(refused);
    let event = event(1, Kind::Motion, NOW);
    for (receive_count, delay) in [(1, 2), (2, 4), (3, 8)] {
        assert_eq!(world.deliver(&event, receive_count).await.len(), 1);
        world.advance(delay);
    }
    // Age 14 s, and 16 s more is the deadline itself.
    assert_eq!(world.deliver(&event, 4).await.len(), 1);
    world.advance(17);
    assert!(world.deliver(&event, 5).await.is_empty());
    assert_eq!(world.devices.commands().len(), 4, "nothing is sent after max_age");
    assert_eq!(world.audit(), decisions(&[("failed", "no_effect")]));
    assert_eq!(world.alerts().len(), 1);
    assert!(world.alerts()[0].contains("status 500"), "{:?}", world.alerts());
    let item = relay_item::read(&world.ports.state, "gate").await.unwrap();
    assert_eq!(item.record().last_action, None, "what did not happen is not remembered");
}

#[tokio::test]
async fn a_toggle_is_never_retried() {
    let toggle = || World::new(&[relay("bell", ""), rule("ring", MOTION, &then("bell", "toggle"), "")]);
    for (answer, decision) in [
        (SendOutcome::NotExecuted("refused".to_owned()), "failed"),
        (SendOutcome::Unconfirmed("silence".to_owned()), "unknown"),
    ] {
        let world = toggle().answering([answer]);
        let event = event(1, Kind::Motion, NOW);
        assert!(world.deliver(&event, 1).await.is_empty());
        world.advance(2);
        assert!(world.deliver(&event, 2).await.is_empty());
        assert_eq!(world.devices.commands(), [DeviceCommand::Toggle]);
        assert_eq!(world.audit()[0].0, decision);
        assert_eq!(world.alerts().len(), 1);
    }
}

#[tokio::test]
async fn silence_after_sending_is_unknown_and_sends_an_alert() {
    let world = gate().answering([SendOutcome::Unconfirmed("no answer within 4.0 s".to_owned())]);
    let event = event(1, Kind::Motion, NOW);
    assert!(world.deliver(&event, 1).await.is_empty());
    world.advance(2);
    assert!(world.deliver(&event, 2).await.is_empty());
    assert_eq!(world.devices.commands().len(), 1);
    assert_eq!(world.audit(), decisions(&[("unknown", "no_word"), ("duplicate", "settled")]));
    assert_eq!(world.alerts().len(), 1);
}

#[tokio::test]
async fn a_claim_of_another_delivery_is_awaited_and_then_unknown() {
    let world = gate();
    let event = event(1, Kind::Motion, NOW);
    let claim = camhook_state::claim::ClaimKey { event: event.id, rule: "open", action: 0, replay: None };
    camhook_state::claim::take(&world.ports.state, &claim, NOW).await.unwrap();
    world.advance(2);
    assert_eq!(world.deliver(&event, 2).await.len(), 1, "the other delivery may be in progress");
    assert!(world.alerts().is_empty());
    world.advance(60);
    assert!(world.deliver(&event, 3).await.is_empty());
    assert!(world.devices.commands().is_empty());
    assert_eq!(world.audit(), decisions(&[("unknown", "no_word")]));
    assert_eq!(world.alerts().len(), 1);
}

#[tokio::test]
async fn an_address_outside_the_list_is_refused_at_once() {
    let world = gate().answering([SendOutcome::Forbidden("169.254.169.254 is link-local".to_owned())]);
    assert!(world.deliver(&event(1, Kind::Motion, NOW), 1).await.is_empty());
    assert_eq!(world.audit(), decisions(&[("refused", "forbidden")]));
    assert_eq!(world.alerts().len(), 1);
}

#[tokio::test]
async fn a_cooldown_is_charged_by_an_execution_and_returned_by_a_failure() {
    let cooldown = "cooldown = \"60s\"\nmax_age = \"3s\"";
    let world = World::new(&[relay("gate", ""), rule("open", MOTION, &pulse("gate"), cooldown)]).answering([
        SendOutcome::NotExecuted("refused".to_owned()),
        SendOutcome::NotExecuted("refused".to_owned()),
    ]);
    let failing = event(1, Kind::Motion, NOW);
    assert_eq!(world.deliver(&failing, 1).await.len(), 1);
    world.advance(2);
    assert!(world.deliver(&failing, 2).await.is_empty(), "nothing is left of max_age");
    world.advance(1);
    world.deliver(&event(2, Kind::Motion, at(3.0)), 1).await;
    world.advance(5);
    world.deliver(&event(3, Kind::Motion, at(8.0)), 1).await;
    let expected = [("failed", "no_effect"), ("done", "answered"), ("refused", "cooldown")];
    assert_eq!(world.audit(), decisions(&expected));
}

#[tokio::test]
async fn a_replayed_event_moves_no_relay() {
    let world = gate();
    let mut replayed = record(&event(1, Kind::Motion, NOW), 1);
    replayed.replay = Some("run-1".to_owned());
    assert!(world.handle(&[replayed]).await.is_empty());
    assert!(world.devices.commands().is_empty());
    assert_eq!(world.audit(), decisions(&[("refused", "replay")]));
}

#[tokio::test]
async fn a_replay_that_is_requested_to_switches_the_relay_once_and_within_max_age() {
    let world = gate();
    let yesterday = event(1, Kind::Motion, at(-86_400.0));
    let replayed = |run: &str| QueueRecord { replay: Some(run.to_owned()), ..record(&yesterday, 1) };
    let (late, now) = (replay::relay_run_name(at(-31.0)), replay::relay_run_name(NOW));
    for run in [&late, &now, &now] {
        assert!(world.handle(&[replayed(run)]).await.is_empty());
    }
    assert_eq!(world.devices.commands().len(), 1);
    let mut decided = world.audit();
    decided.sort();
    assert_eq!(decided, decisions(&[("done", "answered"), ("duplicate", "settled"), ("late", "too_old")]));
}

#[tokio::test]
async fn a_dry_run_sends_nothing_and_charges_the_cooldown() {
    let cooldown = "cooldown = \"60s\"";
    let world = World::new(&[
        relay("bare-gate", "dry_run = true"),
        rule("open", MOTION, &pulse("bare-gate"), cooldown),
    ]);
    for (number, seconds) in [(1, 0.0), (1, 0.0), (2, 5.0)] {
        assert!(world.deliver(&event(number, Kind::Motion, at(seconds)), 1).await.is_empty());
        world.advance(5);
    }
    assert!(world.devices.commands().is_empty());
    assert!(
        world.ports.queues.sent(Queue::Releases).is_empty(),
        "nothing is on, so nothing is to be released"
    );
    let expected = [("dry_run", "dry_run"), ("duplicate", "settled"), ("refused", "cooldown")];
    assert_eq!(world.audit(), decisions(&expected));
    let state = relay_item::read(&world.ports.state, "bare-gate").await.unwrap();
    assert_eq!(*state.record(), RelayRecord::default());
}

#[tokio::test]
async fn a_relay_that_is_on_when_a_dry_run_begins_is_still_switched_off() {
    let rule = || rule("open", MOTION, &pulse("bare-gate"), "");
    let mut world = World::new(&[relay("bare-gate", ""), rule()]);
    assert!(world.deliver(&event(1, Kind::Motion, NOW), 1).await.is_empty());
    world.site = site(&[relay("bare-gate", "dry_run = true"), rule()]);
    world.advance(6);
    assert_eq!(world.deliver_releases().await, 1);
    assert_eq!(world.devices.commands().last(), Some(&DeviceCommand::Off));
    assert_eq!(world.audit(), decisions(&[("done", "answered"), ("released", "time_over")]));
}

fn bare() -> World {
    World::new(&[
        relay("bare-gate", ""),
        rule("open", MOTION, &pulse("bare-gate"), ""),
        rule("stay", r#"{ kind = "manual" }"#, &then("bare-gate", "on"), ""),
        rule("close", r#"{ kind = "input" }"#, &then("bare-gate", "off"), ""),
    ])
}

const ON: DeviceCommand = DeviceCommand::On { off_after: None };

fn confirmed() -> SendOutcome {
    SendOutcome::Confirmed("{}".to_owned())
}

fn unconfirmed() -> SendOutcome {
    SendOutcome::Unconfirmed("status 404".to_owned())
}

fn not_executed() -> SendOutcome {
    SendOutcome::NotExecuted("connection refused".to_owned())
}

#[tokio::test]
async fn a_device_without_a_timer_is_switched_off_when_its_time_is_over_and_not_before() {
    let world = bare();
    world.deliver(&event(1, Kind::Motion, NOW), 1).await;
    assert_eq!(world.release_delays(), [5]);
    control::set_stop_switch(&world.ports.state, StopSwitch::Stopped, NOW, "test").await.unwrap();
    world.advance(5);
    world.deliver_releases().await;
    assert_eq!(world.devices.commands(), [ON, DeviceCommand::Off], "a release works while all is stopped");
    assert!(world.release_delays().is_empty());
    assert_eq!(world.audit(), decisions(&[("done", "answered"), ("released", "time_over")]));
}

#[tokio::test]
async fn a_long_pulse_waits_in_its_queue_and_is_never_sent_again() {
    let day = "{ relay = \"bare-gate\", action = \"pulse\", seconds = 86400 }";
    let world = World::new(&[relay("bare-gate", ""), rule("open", MOTION, day, "")]);
    world.deliver(&event(1, Kind::Motion, NOW), 1).await;
    assert_eq!(world.release_delays(), [900], "a queue delays what is sent by 15 minutes at most");
    let mut deliveries = 0;
    while world.devices.commands().len() == 1 {
        let delays = world.release_delays();
        assert!(delays.len() == 1 && delays[0] <= 12 * 3600, "{delays:?}");
        world.advance(delays[0].max(1));
        deliveries += world.deliver_releases().await;
    }
    assert!(deliveries <= 4, "{deliveries} deliveries in a day");
    assert_eq!(world.devices.commands(), [ON, DeviceCommand::Off]);
    let on_for = world.audit_records().last().unwrap()["at"].as_str().unwrap().to_owned();
    assert!(on_for.starts_with("2027-01-16T08:00:0"), "{on_for}");
}

#[tokio::test]
async fn a_relay_whose_release_cannot_be_enqueued_is_not_switched_on() {
    let world = bare();
    world.ports.queues.fail(Queue::Releases);
    let event = event(1, Kind::Motion, NOW);
    assert_eq!(world.deliver(&event, 1).await.len(), 1);
    assert!(world.devices.commands().is_empty());
    world.ports.queues.heal();
    world.advance(2);
    assert!(world.deliver(&event, 2).await.is_empty(), "nothing was sent, so it is tried again");
    assert_eq!(world.devices.commands(), [ON]);
    assert_eq!(world.release_delays(), [5]);
}

#[tokio::test]
async fn a_release_backs_off_until_the_device_confirms_and_alerts_once_a_day() {
    let refusals = std::iter::once(confirmed()).chain((0..200).map(|number| match number % 2 {
        0 => not_executed(),
        _ => unconfirmed(),
    }));
    let world = bare().answering(refusals);
    world.deliver(&event(1, Kind::Motion, NOW), 1).await;
    world.advance(5);
    let mut delays = Vec::new();
    let mut alerts = Vec::new();
    for _ in 0..110 {
        world.deliver_releases().await;
        let delay = world.release_delays()[0];
        delays.push(delay);
        alerts.push(world.alerts().len());
        world.advance(delay);
    }
    assert_eq!(delays[..9], [10, 20, 40, 80, 160, 320, 640, 900, 900]);
    assert!(delays[9..].iter().all(|delay| *delay == 900));
    assert_eq!(alerts[..4], [0, 0, 1, 1]);
    // 900 s apart, a day after the first alert comes with the 102nd failure.
    assert_eq!((alerts[100], alerts[109]), (1, 2), "{alerts:?}");
    assert!(world.alerts()[0].contains("confirm-off bare-gate"), "{:?}", world.alerts());
    let failed = world.audit().iter().filter(|(decision, _)| decision == "failed").count();
    assert_eq!(failed, 4, "the first three, and the one of the second alert");
}

#[tokio::test]
async fn a_device_that_confirms_at_last_ends_the_release() {
    let world = bare().answering([confirmed(), not_executed(), unconfirmed(), confirmed()]);
    world.deliver(&event(1, Kind::Motion, NOW), 1).await;
    for seconds in [5, 10, 20] {
        world.advance(seconds);
        world.deliver_releases().await;
    }
    assert!(world.release_delays().is_empty());
    let expected =
        [("done", "answered"), ("failed", "no_effect"), ("failed", "no_word"), ("released", "time_over")];
    assert_eq!(world.audit(), decisions(&expected));
    assert_eq!(world.audit_records()[3]["attempt"], 3);
    assert!(world.alerts().is_empty());
}

/// A board that switches and answers 404 to everything.
#[tokio::test]
async fn an_unknown_command_is_sent_once_and_released() {
    let world = bare().answering([unconfirmed(), unconfirmed(), confirmed()]);
    let event = event(1, Kind::Motion, NOW);
    for receive_count in 1..=4 {
        assert!(world.deliver(&event, receive_count).await.is_empty());
        world.advance(1);
    }
    assert_eq!(world.devices.commands(), [ON], "it is not repeated");
    assert_eq!(world.audit()[0], ("unknown".to_owned(), "no_word".to_owned()));
    assert_eq!(world.alerts().len(), 1);
    assert_eq!(world.release_delays(), [1], "what switches it off stays");
    world.advance(1);
    world.deliver_releases().await;
    world.advance(10);
    world.deliver_releases().await;
    assert_eq!(world.devices.commands(), [ON, DeviceCommand::Off, DeviceCommand::Off]);
    assert!(world.release_delays().is_empty());
}

#[tokio::test]
async fn a_persons_confirmation_ends_the_release() {
    let world = bare().answering(std::iter::once(confirmed()).chain((0..5).map(|_| unconfirmed())));
    world.deliver(&event(1, Kind::Motion, NOW), 1).await;
    world.advance(5);
    world.deliver_releases().await;
    assert_eq!(confirm_off(&world.ports, "bare-gate", "ann").await.unwrap(), ConfirmedOff::Released);
    assert_eq!(confirm_off(&world.ports, "bare-gate", "ann").await.unwrap(), ConfirmedOff::NotPending);
    assert_eq!(confirm_off(&world.ports, "nobody", "ann").await.unwrap(), ConfirmedOff::NotPending);
    world.advance(10);
    world.deliver_releases().await;
    assert!(world.release_delays().is_empty());
    assert_eq!(world.devices.commands().len(), 2, "nothing more is asked");
    let last = world.audit_records().pop().unwrap();
    assert_eq!((&last["decision"], &last["reason"]), (&"released".into(), &"confirmed_off".into()));
    assert!(last["text"].as_str().unwrap().contains("ann"));
}

#[tokio::test]
async fn a_person_confirms_only_a_release_that_is_due() {
    let world = bare();
    world.deliver(&event(1, Kind::Motion, NOW), 1).await;
    let confirm = async || confirm_off(&world.ports, "bare-gate", "ann").await.unwrap();
    assert_eq!(confirm().await, ConfirmedOff::NotDue { on_until: at(5.0) }, "the pulse is running");
    let pulse = relay_item::read(&world.ports.state, "bare-gate").await.unwrap();
    // A pulse between its preparation and its record, over an older release that keeps failing.
    let busy = RelayRecord { busy_until: Some(at(13.0)), ..pulse.record().clone() };
    relay_item::write(&world.ports.state, &pulse, busy, NOW).await.unwrap().unwrap();
    world.advance(6);
    assert_eq!(confirm().await, ConfirmedOff::Busy { until: at(13.0) });
    world.advance(7);
    assert_eq!(confirm().await, ConfirmedOff::Released);
    assert_eq!(confirm().await, ConfirmedOff::NotPending);
}

/// A device that answers so late that somebody else changes the relay's item before the answer is recorded.
struct SlowDevices<'a> {
    ports: &'a MemoryPorts,
    outcome: SendOutcome,
}

impl Devices for SlowDevices<'_> {
    fn timer(&self, relay: &Relay) -> DeviceTimer {
        timer(relay)
    }

    async fn send(&self, relay: &Relay, _command: DeviceCommand, _left: Duration) -> SendOutcome {
        let state = &self.ports.state;
        let item = relay_item::read(state, relay.id.as_str()).await.unwrap();
        let confirmed = RelayRecord { on_until: None, busy_until: None, ..item.record().clone() };
        relay_item::write(state, &item, confirmed, NOW).await.unwrap().unwrap();
        self.outcome.clone()
    }
}

#[tokio::test]
async fn a_release_is_kept_whoever_changes_the_item_before_the_answer_is_recorded() {
    for (outcome, is_kept) in [(confirmed(), true), (unconfirmed(), true), (not_executed(), false)] {
        let world = bare();
        let devices = SlowDevices { ports: &world.ports, outcome: outcome.clone() };
        let record = record(&event(1, Kind::Motion, NOW), 1);
        let _ = handle_with(&world.ports, &world.site, &devices, &[record]).await;
        let item = relay_item::read(&world.ports.state, "bare-gate").await.unwrap();
        assert_eq!(item.record().on_until, is_kept.then(|| at(5.0)), "{outcome:?}");
        world.releases.take(&world.ports, Queue::Releases);
        world.advance(5);
        world.deliver_releases().await;
        assert_eq!(world.devices.commands().len(), usize::from(is_kept), "{outcome:?}: off");
    }
}

#[tokio::test]
async fn an_audit_record_that_cannot_be_written_stops_nothing() {
    let world = bare();
    world.ports.objects.fail("audit/");
    world.deliver(&event(1, Kind::Motion, NOW), 1).await;
    world.advance(5);
    world.deliver_releases().await;
    assert_eq!(world.ports.metrics.counted("RelayAuditLost"), 2);
    assert_eq!(world.devices.commands(), [ON, DeviceCommand::Off]);
}

#[tokio::test]
async fn killed_before_the_audit_of_a_release_the_next_delivery_writes_the_record() {
    let world = bare();
    world.deliver(&event(1, Kind::Motion, NOW), 1).await;
    world.advance(5);
    let release = world.releases.due(&world.ports).remove(0);
    world.ports.objects.fail("audit/");
    assert!(world.handle(std::slice::from_ref(&release)).await.is_empty());
    world.ports.objects.heal();
    let recorded = async || relay_item::read(&world.ports.state, "bare-gate").await.unwrap();
    assert!(recorded().await.record().release_audit.is_some());
    world.advance(60);
    for _ in 0..2 {
        assert!(world.handle(std::slice::from_ref(&release)).await.is_empty());
        assert_eq!(world.devices.commands(), [ON, DeviceCommand::Off], "it is not switched again");
        assert_eq!(world.audit().last().unwrap(), &("released".to_owned(), "time_over".to_owned()));
        assert_eq!(world.audit_records().last().unwrap()["at"], "2027-01-15T08:00:05.000Z");
        assert_eq!(world.ports.metrics.counted("RelayAuditRecovered"), 1, "once");
        assert_eq!(recorded().await.record().release_audit, None);
    }
}

#[tokio::test]
async fn a_release_outlives_a_table_that_fails() {
    let world = bare();
    world.deliver(&event(1, Kind::Motion, NOW), 1).await;
    world.advance(5);
    world.ports.state.fail("relay#");
    world.deliver_releases().await;
    assert_eq!(world.release_delays(), [10]);
    world.ports.state.heal();
    world.advance(10);
    world.deliver_releases().await;
    assert_eq!(world.devices.commands(), [ON, DeviceCommand::Off]);
}

#[tokio::test]
async fn a_release_that_panics_is_retried() {
    let world = bare().answering([confirmed(), SendOutcome::Unconfirmed("panic".to_owned())]);
    world.deliver(&event(1, Kind::Motion, NOW), 1).await;
    world.advance(5);
    world.deliver_releases().await;
    assert_eq!(world.release_delays(), [10]);
    world.advance(10);
    world.deliver_releases().await;
    assert_eq!(world.devices.commands(), [ON, DeviceCommand::Off, DeviceCommand::Off]);
    assert!(world.release_delays().is_empty());
}

#[tokio::test]
async fn a_release_does_not_switch_off_what_was_switched_on_for_good() {
    let world = bare();
    world.deliver(&event(1, Kind::Motion, NOW), 1).await;
    world.advance(1);
    world.deliver(&event(2, Kind::Manual, at(1.0)), 1).await;
    world.advance(5);
    world.deliver_releases().await;
    assert_eq!(world.devices.commands(), [ON, ON]);
    assert!(world.release_delays().is_empty());
}

#[tokio::test]
async fn a_longer_pulse_is_released_once_and_by_its_own_time() {
    let world = bare();
    world.deliver(&event(1, Kind::Motion, NOW), 1).await;
    world.advance(3);
    world.deliver(&event(2, Kind::Motion, at(3.0)), 1).await;
    assert_eq!(world.release_delays(), [2], "the message that the queue has finds the new end");
    world.advance(2);
    world.deliver_releases().await;
    assert_eq!(world.devices.commands(), [ON, ON]);
    assert_eq!(world.release_delays(), [3]);
    world.advance(3);
    world.deliver_releases().await;
    assert_eq!(world.devices.commands(), [ON, ON, DeviceCommand::Off]);
}

#[tokio::test]
async fn a_relay_that_was_removed_from_the_configuration_stays_pending() {
    let mut world = bare();
    world.deliver(&event(1, Kind::Motion, NOW), 1).await;
    let with = std::mem::replace(&mut world.site, site(&[]));
    world.advance(5);
    for delay in [10, 20, 40, 80] {
        world.deliver_releases().await;
        assert_eq!(world.release_delays(), [delay]);
        world.advance(delay);
    }
    assert_eq!(world.alerts().len(), 1);
    assert!(world.alerts()[0].contains("camhook.toml has no such relay"), "{:?}", world.alerts());
    world.site = with;
    world.deliver_releases().await;
    assert_eq!(world.devices.commands(), [ON, DeviceCommand::Off]);
}

#[tokio::test]
async fn the_release_of_a_relay_that_the_agent_switches_now_goes_to_the_agent() {
    let mut world = bare();
    world.deliver(&event(1, Kind::Motion, NOW), 1).await;
    world.site = site(&[relay("bare-gate", "network = \"lan\"\nvia = \"agent\"")]);
    world.advance(5);
    world.deliver_releases().await;
    assert_eq!(world.ports.queues.sent(Queue::ReleasesLan).len(), 1);
    assert!(world.release_delays().is_empty());
    assert_eq!(world.devices.commands(), [ON]);
}

fn presence(relay_id: &str) -> World {
    let hold = format!("{{ relay = \"{relay_id}\", action = \"hold\", seconds = 10 }}");
    World::new(&[
        relay(relay_id, "min_interval = \"2s\""),
        rule("presence", r#"{ kind = "tracking", report = "tracking" }"#, &hold, ""),
    ])
}

fn tracking(number: u32, seconds: f64) -> Event {
    let mut event = with_key(event(number, Kind::Tracking, at(seconds)), "cam:tracking:1");
    event.data.report = camhook_event::Report::Tracking;
    event
}

#[tokio::test]
async fn a_hold_extends_the_devices_timer_with_each_event() {
    let world = presence("porch");
    world.deliver(&tracking(1, 0.0), 1).await;
    world.advance(1);
    world.deliver(&tracking(2, 1.0), 1).await;
    world.advance(1);
    // Received at 1.5 s and delivered at 2 s: on until 11.5 s.
    world.deliver(&tracking(3, 1.5), 1).await;
    // An older one adds nothing.
    world.deliver(&tracking(4, 0.5), 1).await;
    let on = |milliseconds| DeviceCommand::On { off_after: Some(Duration::from_millis(milliseconds)) };
    assert_eq!(world.devices.commands(), [on(10_000), on(10_000), on(9_500)]);
    assert!(world.audit().contains(&("duplicate".to_owned(), "held_longer".to_owned())));
}

#[tokio::test]
async fn a_hold_without_a_timer_moves_the_end_and_keeps_one_release() {
    let world = presence("bare-porch");
    for second in 0..30_u32 {
        world.deliver(&tracking(second, f64::from(second)), 1).await;
        assert_eq!(world.release_delays().len(), 1);
        world.deliver_releases().await;
        world.advance(1);
    }
    assert!(!world.devices.commands().contains(&DeviceCommand::Off));
    world.advance(9);
    assert_eq!(world.deliver_releases().await, 1);
    assert_eq!(world.devices.commands().last(), Some(&DeviceCommand::Off));
}

#[tokio::test]
async fn a_relay_of_the_agent_gets_the_claimed_command_through_the_queue() {
    let world = World::new(&[
        relay("gate", "network = \"lan\"\nvia = \"agent\""),
        rule("open", MOTION, &pulse("gate"), "cooldown = \"30s\""),
    ]);
    let event = event(1, Kind::Motion, NOW);
    assert!(world.deliver(&event, 1).await.is_empty());
    assert!(world.devices.commands().is_empty());
    let sent = world.ports.queues.sent(Queue::RelayLan);
    assert_eq!(sent.len(), 1);
    assert!(!sent[0].body.contains("relay.example.org"), "no address goes through the queue");
}

#[tokio::test]
async fn why_a_message_is_dead_lettered_is_recorded() {
    let world = gate();
    world.ports.state.fail("claim#");
    let event = event(1, Kind::Motion, NOW);
    let noted = async || {
        let name = record(&event, 1).message_id;
        dead_letter::find(&world.ports.state, Queue::Relay, &name).await.unwrap()
    };
    world.deliver(&event, MAX_EVENT_RECEIVES - 1).await;
    assert_eq!(noted().await, None);
    world.deliver(&event, MAX_EVENT_RECEIVES).await;
    let reasons = noted().await.unwrap().reasons;
    assert!(reasons[0].contains("the state table failed at an item of `claim`"), "{reasons:?}");
}

#[tokio::test]
async fn the_last_delivery_records_and_alerts_whatever_prevents_the_action() {
    let max_age = "max_age = \"2h\"";
    let of_rule = |relay_keys: &str| {
        World::new(&[relay("gate", relay_keys), rule("open", MOTION, &then("gate", "on"), max_age)])
    };
    let event = event(1, Kind::Motion, NOW);
    // A device that never accepts the command.
    let world = of_rule("").answering((0..99).map(|_| not_executed()));
    for receive_count in 1..MAX_EVENT_RECEIVES {
        assert_eq!(world.deliver(&event, receive_count).await.len(), 1, "{receive_count}");
        world.ports.clock.advance(world.ports.queues.retried().last().unwrap().2);
    }
    assert!(world.audit().is_empty());
    let elapsed = world.ports.clock.now().duration_since(NOW);
    assert!(elapsed >= jiff::SignedDuration::from_mins(15), "a max_age of 15 minutes is served: {elapsed:?}");
    assert!(world.deliver(&event, MAX_EVENT_RECEIVES).await.is_empty());
    assert_eq!(world.audit(), decisions(&[("failed", "no_effect")]));
    assert_eq!(world.alerts().len(), 1);

    // A `min_interval` that outlasts all deliveries.
    let world = of_rule("min_interval = \"1h\"");
    world.deliver(&crate::support::event(2, Kind::Motion, NOW), 1).await;
    assert_eq!(world.deliver(&event, MAX_EVENT_RECEIVES - 1).await.len(), 1);
    assert!(world.deliver(&event, MAX_EVENT_RECEIVES).await.is_empty());
    assert!(world.audit().contains(&("failed".to_owned(), "last_delivery".to_owned())));
    assert_eq!(world.alerts().len(), 1);

    // A table that fails: the dead letter sends the alert.
    let world = of_rule("");
    world.ports.state.fail("claim#");
    assert_eq!(world.deliver(&event, MAX_EVENT_RECEIVES).await.len(), 1);
    assert_eq!(world.audit(), decisions(&[("failed", "last_delivery")]));
    assert_eq!(world.alerts().len(), 1);
}

#[test]
fn the_queue_delivers_an_event_as_often_as_the_function_expects() {
    let template = include_str!("../../../../infra/template.yaml");
    let (_, queue) = template.split_once("\n  RelayQueue:\n").unwrap();
    let (_, count) = queue.split_once("maxReceiveCount: ").unwrap();
    assert_eq!(count.lines().next().unwrap().parse(), Ok(MAX_EVENT_RECEIVES));
}

#[tokio::test]
async fn a_decision_whose_alert_cannot_be_sent_is_recorded_by_the_last_delivery() {
    let world = gate().answering([unconfirmed()]);
    world.ports.queues.fail(Queue::Alerts);
    assert_eq!(world.deliver(&event(1, Kind::Motion, NOW), MAX_EVENT_RECEIVES).await.len(), 1);
    assert_eq!(world.audit(), decisions(&[("unknown", "no_word")]));
}

#[tokio::test]
async fn a_failing_table_switches_nothing_and_the_event_is_redelivered() {
    for prefix in ["claim#", "relay#", "control", "once#"] {
        let world = gate();
        world.ports.state.fail(prefix);
        let event = with_key(event(1, Kind::Motion, NOW), "cam:plate:IB36NL");
        assert_eq!(world.deliver(&event, 1).await.len(), 1, "{prefix}");
        assert!(world.devices.commands().is_empty(), "{prefix}");
        world.ports.state.heal();
        world.advance(2);
        assert!(world.deliver(&event, 2).await.is_empty(), "{prefix}");
        assert_eq!(world.devices.commands().len(), 1, "{prefix}");
    }
}

#[tokio::test]
async fn one_message_that_panics_or_cannot_be_read_leaves_the_others() {
    let world = gate().answering([SendOutcome::Unconfirmed("panic".to_owned())]);
    let good = event(2, Kind::Motion, NOW);
    let records = [
        record(&event(1, Kind::Motion, NOW), 1),
        record_of("broken", "{\"type\":".to_owned(), 1),
        record(&event(3, Kind::Audio, NOW), 1),
    ];
    let failed = world.handle(&records).await;
    let expected = ["message-00000000000000000000000000000001", "message-broken"];
    assert_eq!(failed, expected);
    world.advance(9);
    assert!(world.deliver(&good, 1).await.is_empty());
    assert_eq!(world.devices.commands().len(), 2);
}

fn signed_site(clock: &str, sources: &[&str]) -> Site {
    let source = |id: &&str| {
        format!(
            "\n[[source]]\nid = \"{id}\"\nvendor = \"xprotect\"\narea = \"yard\"\nclock = \"{clock}\"\n\
             auth = {{ hmac = \"a-key-that-two-sources-share\" }}\n"
        )
    };
    let sources: Vec<String> = sources.iter().map(source).collect();
    let two_rules = [rule("open", MOTION, &pulse("gate"), ""), rule("again", MOTION, &pulse("gate"), "")];
    site(&[sources.concat(), relay("gate", "min_interval = \"0s\""), two_rules.concat()])
}

/// An event of a signed source that happened `lag` seconds before it was received, now.
fn signed(number: u32, source: &str, lag: Option<f64>) -> Event {
    let mut event = event(number, Kind::Motion, NOW);
    event.data.vendor = camhook_event::Vendor::Xprotect;
    event.data.source = text(source);
    event.data.lag_s = lag;
    let id = text("E1F0A3C2-0000-4000-8000-000000000001");
    let key = text(&format!("{source}:motion:{number}"));
    event.data.correlation =
        Some(camhook_event::Correlation { key, event_ids: vec![id], target_ids: vec![] });
    event
}

#[tokio::test]
async fn a_signed_event_moves_a_relay_only_when_its_own_time_is_young() {
    let day = 86_400.0;
    for (lag, decision, reason) in [
        (Some(1.0), "done", "answered"),
        (Some(day), "late", "too_old"),
        (Some(-day), "late", "no_time"),
        (None, "late", "no_time"),
    ] {
        for clock in ["trusted", "untrusted"] {
            let mut world = gate();
            world.site = signed_site(clock, &["vms"]);
            world.deliver(&signed(1, "vms", lag), 1).await;
            let expected = (decision.to_owned(), reason.to_owned());
            assert!(world.audit().contains(&expected), "{clock} {lag:?}: {:?}", world.audit());
        }
    }
}

#[tokio::test]
async fn two_sources_with_one_key_act_once_for_one_event() {
    let mut world = gate();
    world.site = signed_site("trusted", &["vms", "annex"]);
    world.deliver(&signed(1, "vms", Some(1.0)), 1).await;
    let by_the_first = world.devices.commands().len();
    assert_eq!(by_the_first, 2, "both rules act on it");
    // Captured, and posted to the other source five seconds later: another id, another device in its key.
    world.advance(5);
    world.deliver(&signed(2, "annex", Some(6.0)), 1).await;
    assert_eq!(world.devices.commands().len(), by_the_first);
    assert!(world.audit().contains(&("duplicate".to_owned(), "same_thing".to_owned())));
    // The first one delivered again is no duplicate of itself: its claims settle it.
    world.deliver(&signed(1, "vms", Some(1.0)), 2).await;
    assert_eq!(world.devices.commands().len(), by_the_first);
}

#[tokio::test]
async fn a_start_that_is_stamped_ahead_does_not_make_the_stop_older() {
    let world = World::new(&[
        relay("light", ""),
        rule("on", r#"{ kind = "intrusion", state = "start" }"#, &then("light", "on"), ""),
        rule("off", r#"{ kind = "intrusion", state = "stop" }"#, &then("light", "off"), ""),
    ]);
    // Stamped 14 s ahead, which is within the tolerance of the source.
    let mut start = with_state(event(1, Kind::Intrusion, NOW), State::Start);
    start.time = camhook_event::Time::new(at(14.0));
    world.deliver(&start, 1).await;
    world.advance(5);
    let stop = with_state(event(2, Kind::Intrusion, at(5.0)), State::Stop);
    world.deliver(&stop, 1).await;
    assert_eq!(world.devices.commands(), [ON, DeviceCommand::Off]);
}

/// A light that is on from the start to the stop of an intrusion.
fn lit_while_intruded() -> World {
    World::new(&[
        relay("light", ""),
        rule("on", r#"{ kind = "intrusion", state = "start" }"#, &then("light", "on"), ""),
        rule("off", r#"{ kind = "intrusion", state = "stop" }"#, &then("light", "off"), ""),
    ])
}

/// A start or stop that was received at a time, with the device's time in whole seconds before it.
fn stamped(number: u32, state: State, received: f64, lag: f64) -> Event {
    let mut event = with_state(event(number, Kind::Intrusion, at(received)), state);
    event.data.lag_s = Some(lag);
    if lag.abs() <= 15.0 {
        event.time = camhook_event::Time::new(at(received - lag));
    }
    event
}

#[tokio::test]
async fn a_lag_around_the_tolerance_does_not_make_the_stop_older() {
    for (start, stop) in [(15.1, 14.7), (14.7, 15.1), (15.9, 14.9), (3600.0, 0.0), (3600.0, 3599.5)] {
        let world = lit_while_intruded();
        world.deliver(&stamped(1, State::Start, 0.0, start), 1).await;
        world.advance(5);
        world.deliver(&stamped(2, State::Stop, 5.0, stop), 1).await;
        assert_eq!(world.devices.commands(), [ON, DeviceCommand::Off], "{start} {stop}");
    }
}

#[tokio::test]
async fn a_start_of_the_same_second_that_is_delivered_after_its_stop_does_not_switch() {
    let world = lit_while_intruded();
    world.deliver(&stamped(2, State::Stop, 0.9, 0.9), 1).await;
    world.advance(1);
    world.deliver(&stamped(1, State::Start, 0.2, 0.2), 1).await;
    assert_eq!(world.devices.commands(), [DeviceCommand::Off]);
    assert!(world.audit().contains(&("late".to_owned(), "overtaken".to_owned())));
    world.deliver(&stamped(3, State::Start, 1.0, 0.0), 1).await;
    assert_eq!(world.devices.commands(), [DeviceCommand::Off, ON], "the next second is newer");
}

#[tokio::test]
async fn a_source_whose_lag_counts_needs_a_plausible_time() {
    let source = |vendor: &str, clock: &str| {
        format!(
            "\n[[source]]\nid = \"other\"\nvendor = \"{vendor}\"\n{clock}\n\
             auth = {{ token = \"BBBBBBBBBBBBBBBBBBBBBB\" }}\n"
        )
    };
    let (trusted, untrusted) = ("clock = \"trusted\"", "clock = \"untrusted\"");
    for (vendor, clock, lag, expected) in [
        ("xprotect", untrusted, None, ("late", "no_time")),
        ("xprotect", trusted, None, ("late", "no_time")),
        ("xprotect", untrusted, Some(-16.0), ("late", "no_time")),
        ("xprotect", untrusted, Some(-14.0), ("done", "answered")),
        ("viewtron", trusted, None, ("late", "no_time")),
        ("viewtron", trusted, Some(-16.0), ("late", "no_time")),
        ("viewtron", trusted, Some(1.0), ("done", "answered")),
        ("viewtron", untrusted, None, ("done", "answered")),
        ("viewtron", untrusted, Some(-16.0), ("done", "answered")),
    ] {
        let mut world = gate();
        let rule = rule("open", MOTION, &pulse("gate"), "");
        world.site = site(&[source(vendor, clock), relay("gate", ""), rule]);
        let mut event = event(1, Kind::Motion, NOW);
        event.data.vendor = vendor.parse().unwrap();
        event.data.source = text("other");
        event.data.lag_s = lag;
        world.deliver(&event, 1).await;
        assert_eq!(world.audit(), decisions(&[expected]), "{vendor} {clock} {lag:?}");
    }
}

/// The ports of a process that is killed when it writes its first audit record.
#[tokio::test]
async fn killed_before_the_audit_the_next_delivery_writes_the_record_from_the_claim() {
    let cooldown = "cooldown = \"60s\"";
    let world = World::new(&[relay("gate", ""), rule("open", MOTION, &pulse("gate"), cooldown)]);
    let event = event(1, Kind::Motion, NOW);
    world.ports.objects.fail("audit/");
    world.ports.state.fail_after("cooldown#", 2);
    assert!(world.deliver(&event, 1).await.is_empty());
    assert!(world.audit().is_empty());
    world.ports.objects.heal();
    world.ports.state.heal();
    world.advance(7);
    assert!(world.deliver(&event, 2).await.is_empty());
    assert_eq!(world.audit(), decisions(&[("done", "answered"), ("duplicate", "settled")]));
    let record = &world.audit_records()[0];
    assert_eq!(
        (record["at"].as_str().unwrap(), record["attempt"].as_u64()),
        ("2027-01-15T08:00:00.000Z", Some(1))
    );
    assert_eq!(record["age_s"], 0.0);
    assert!(record["text"].as_str().unwrap().contains("was_on"));
    assert_eq!(world.devices.commands().len(), 1);
    assert_eq!(world.ports.metrics.counted("RelayAuditRecovered"), 1);
    // Its cooldown, which was not charged either, is.
    world.deliver(&crate::support::event(2, Kind::Motion, at(7.0)), 1).await;
    assert!(world.audit().contains(&("refused".to_owned(), "cooldown".to_owned())), "{:?}", world.audit());
    // And the record is written once.
    world.deliver(&event, 3).await;
    assert_eq!(world.ports.metrics.counted("RelayAuditRecovered"), 1);
}

#[tokio::test]
async fn a_stopped_or_late_event_returns_the_cooldown_that_it_reserved() {
    let cooldown = "cooldown = \"60s\"";
    let other = "{ kind = \"input\" }";
    for is_stopped in [true, false] {
        let world = World::new(&[
            relay("gate", ""),
            rule("open", MOTION, &pulse("gate"), cooldown),
            rule("close", other, &then("gate", "off"), ""),
        ]);
        // Killed after it reserved the cooldown: the claim could not be taken.
        world.ports.state.fail_after("claim#", 1);
        let first = event(1, Kind::Motion, NOW);
        assert_eq!(world.deliver(&first, 1).await.len(), 1);
        world.ports.state.heal();
        let switch = if is_stopped { StopSwitch::Stopped } else { StopSwitch::Running };
        control::set_stop_switch(&world.ports.state, switch, NOW, "test").await.unwrap();
        world.advance(31);
        assert!(world.deliver(&first, 2).await.is_empty());
        control::set_stop_switch(&world.ports.state, StopSwitch::Running, NOW, "test").await.unwrap();
        world.deliver(&event(2, Kind::Motion, at(31.0)), 1).await;
        assert_eq!(world.devices.commands(), [five_seconds()], "the next event need not wait");
    }
}

#[tokio::test]
async fn a_deferred_toggle_is_retried_after_the_devices_delay() {
    let put_off = |seconds| SendOutcome::Deferred {
        reason: "status 429".to_owned(),
        retry_after: Some(Duration::from_secs(seconds)),
    };
    let world = World::new(&[relay("bell", ""), rule("ring", MOTION, &then("bell", "toggle"), "")])
        .answering([put_off(3), put_off(1)]);
    let event = event(1, Kind::Motion, NOW);
    for (receive_count, delay) in [(1, 3), (2, 4)] {
        assert_eq!(world.deliver(&event, receive_count).await.len(), 1);
        assert_eq!(world.ports.queues.retried().last().unwrap().2, Duration::from_secs(delay));
        world.advance(delay);
    }
    assert!(world.deliver(&event, 3).await.is_empty());
    assert_eq!(world.devices.commands(), [DeviceCommand::Toggle; 3]);
    assert_eq!(world.audit(), decisions(&[("done", "answered")]));
}

#[tokio::test]
async fn a_device_that_asks_for_time_delays_no_other_relay_and_is_not_asked_before() {
    let world = World::new(&[
        relay("a", ""),
        relay("b", ""),
        rule("first", MOTION, &pulse("a"), ""),
        rule("second", MOTION, &pulse("b"), ""),
    ])
    .answering([
        SendOutcome::Deferred { reason: "status 429".to_owned(), retry_after: Some(Duration::from_secs(25)) },
        not_executed(),
    ]);
    let event = event(1, Kind::Motion, NOW);
    for (receive_count, delay) in [(1, 2), (2, 23)] {
        assert_eq!(world.deliver(&event, receive_count).await.len(), 1);
        assert_eq!(world.ports.queues.retried().last().unwrap().2, Duration::from_secs(delay));
        world.advance(delay);
    }
    assert!(world.deliver(&event, 3).await.is_empty());
    let asked: Vec<String> = world.devices.asked().into_iter().map(|(relay, _)| relay).collect();
    assert_eq!(asked, ["a", "b", "b", "a"]);
    assert_eq!(world.audit().iter().filter(|(decision, _)| decision == "done").count(), 2);
}

#[tokio::test]
async fn the_last_delivery_asks_a_device_before_the_time_that_it_named() {
    let world = gate().answering([SendOutcome::Deferred {
        reason: "status 429".to_owned(),
        retry_after: Some(Duration::from_secs(25)),
    }]);
    let event = event(1, Kind::Motion, NOW);
    assert_eq!(world.deliver(&event, 1).await.len(), 1);
    world.advance(2);
    assert!(world.deliver(&event, MAX_EVENT_RECEIVES).await.is_empty());
    assert_eq!(world.audit(), decisions(&[("done", "answered")]));
}

#[tokio::test]
async fn a_hold_switches_on_what_an_unknown_pulse_may_have_left_off() {
    let world = World::new(&[
        relay("porch", ""),
        rule("flash", MOTION, r#"{ relay = "porch", action = "pulse", seconds = 300 }"#, ""),
        rule(
            "stay",
            r#"{ kind = "tracking", report = "tracking" }"#,
            r#"{ relay = "porch", action = "hold", seconds = 60 }"#,
            "",
        ),
    ])
    .answering([unconfirmed()]);
    world.deliver(&event(1, Kind::Motion, NOW), 1).await;
    world.advance(5);
    world.deliver(&tracking(2, 5.0), 1).await;
    let on = |seconds| DeviceCommand::On { off_after: Some(Duration::from_secs(seconds)) };
    assert_eq!(world.devices.commands(), [on(300), on(295)]);
    world.advance(5);
    world.deliver(&tracking(3, 10.0), 1).await;
    assert_eq!(world.devices.commands().len(), 2, "it is known to be on for longer now");
}

#[tokio::test]
async fn a_toggle_before_which_something_else_failed_is_retried() {
    let world = World::new(&[relay("bell", ""), rule("ring", MOTION, &then("bell", "toggle"), "")])
        .answering([SendOutcome::NotAttempted("the secret cannot be read".to_owned())]);
    let event = event(1, Kind::Motion, NOW);
    assert_eq!(world.deliver(&event, 1).await.len(), 1);
    world.advance(2);
    assert!(world.deliver(&event, 2).await.is_empty());
    assert_eq!(world.devices.commands(), [DeviceCommand::Toggle; 2]);
    assert_eq!(world.audit(), decisions(&[("done", "answered")]));
}

#[tokio::test]
async fn a_toggle_that_was_not_sent_is_retried() {
    let world = World::new(&[relay("bell", ""), rule("ring", MOTION, &then("bell", "toggle"), "")]);
    // The relay's item is read, and cannot be written: the claim is taken, and nothing is sent.
    world.ports.state.fail_after("relay#", 1);
    let event = event(1, Kind::Motion, NOW);
    assert_eq!(world.deliver(&event, 1).await.len(), 1);
    world.ports.state.heal();
    world.advance(2);
    assert!(world.deliver(&event, 2).await.is_empty());
    assert_eq!(world.devices.commands(), [DeviceCommand::Toggle]);
}

#[tokio::test]
async fn an_event_whose_other_action_fails_is_handed_over_once() {
    let world = World::new(&[
        relay("gate", "network = \"lan\"\nvia = \"agent\""),
        relay("siren", ""),
        rule("open", MOTION, &format!("{}, {}", pulse("gate"), pulse("siren")), ""),
    ])
    .answering((0..9).map(|_| not_executed()));
    let event = event(1, Kind::Motion, NOW);
    for (receive_count, delay) in [(1, 2), (2, 4), (3, 8)] {
        assert_eq!(world.deliver(&event, receive_count).await.len(), 1);
        world.advance(delay);
    }
    assert_eq!(world.ports.queues.sent(Queue::RelayLan).len(), 1);
}

#[tokio::test]
async fn a_lost_attempt_is_unknown_in_its_claim_whoever_delivers_it_next() {
    let world = gate();
    let event = event(1, Kind::Motion, NOW);
    let key = camhook_state::claim::ClaimKey { event: event.id, rule: "open", action: 0, replay: None };
    camhook_state::claim::take(&world.ports.state, &key, NOW).await.unwrap();
    world.advance(11);
    assert_eq!(world.deliver(&event, 2).await.len(), 1, "another delivery may be in progress");
    world.advance(1);
    assert!(world.deliver(&event, 3).await.is_empty());
    let claim = camhook_state::claim::find(&world.ports.state, &key, at(12.0)).await.unwrap().unwrap();
    assert_eq!(claim.state, camhook_state::claim::ClaimState::Unknown);
    assert_eq!(claim.decision.unwrap().decision, "unknown");
    world.advance(1);
    assert!(world.deliver(&event, 4).await.is_empty());
    assert_eq!(world.alerts().len(), 1, "once");
    assert_eq!(world.audit(), decisions(&[("unknown", "no_word"), ("duplicate", "settled")]));
}

#[tokio::test]
async fn a_decision_whose_alert_cannot_be_sent_is_made_again_and_sends_nothing_more() {
    for (answer, decision, deliveries) in [
        (SendOutcome::Unconfirmed("silence".to_owned()), ("unknown", "no_word"), 1),
        (SendOutcome::Forbidden("not allowed".to_owned()), ("refused", "forbidden"), 2),
    ] {
        let world = gate().answering([answer.clone(), answer.clone(), answer]);
        world.ports.queues.fail(Queue::Alerts);
        let event = event(1, Kind::Motion, NOW);
        assert_eq!(world.deliver(&event, 1).await.len(), 1);
        assert!(world.audit().is_empty(), "it is not settled without its alert");
        world.ports.queues.heal();
        world.advance(12);
        assert!(world.deliver(&event, 2).await.is_empty());
        assert_eq!(world.alerts().len(), 1);
        assert_eq!(world.audit(), decisions(&[decision]));
        assert_eq!(world.devices.commands().len(), deliveries, "an unknown command is not sent again");
    }
}
