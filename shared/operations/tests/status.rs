//! The state of a stack: what is wrong, and how many calls it takes.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use camhook_event::CONFIG_KEY;
use camhook_operations::status::{ConfigurationState, Problem, Status, read};
use camhook_ports::memory::{MemoryMonitor, MemoryPorts};
use camhook_ports::{ActiveAlarm, Clock, Object, ObjectStore, Precondition, Queue, QueueDepth};
use camhook_state::channel_status::{self, ChannelStatus};
use camhook_state::configuration::{self, AlertState, ConfigurationVerdict, ValidVersion, Validation};
use camhook_state::control::{StopSwitch, set_stop_switch};
use camhook_state::presence;
use camhook_state::relay::{self, RelayRecord, ReleaseFailures};
use camhook_state::snooze::{self, SnoozeTarget};
use jiff::Timestamp;

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

/// With that many sources, each in an area of its own, and 61 relays, one of an agent.
fn toml(sources: usize) -> String {
    let mut toml = r#"
        timezone = "UTC"
        [[channel]]
        id = "family"
        kind = "webhook"
        url = "https://example.org"
    "#
    .to_owned();
    toml.push_str("[[relay]]\nid = \"inside\"\ndriver = \"shelly-gen2\"\nurl = \"http://192.0.2.7\"\nnetwork = \"lan\"\nvia = \"agent\"\n");
    for number in 0..60 {
        let relay = format!(
            "[[relay]]\nid = \"relay-{number}\"\ndriver = \"shelly-gen2\"\nurl = \"http://relay.example.org\"\n"
        );
        toml.push_str(&relay);
    }
    for number in 0..sources {
        write!(
            toml,
            "[[source]]\nid = \"camera-{number:03}\"\nvendor = \"viewtron\"\narea = \"area-{}\"\n\
             offline_after = \"10m\"\nauth = {{ token = \"{number:022}\" }}\n",
            number % 10
        )
        .unwrap();
    }
    toml
}

struct Stack {
    ports: MemoryPorts,
    monitor: MemoryMonitor,
}

impl Stack {
    fn new() -> Self {
        Self { ports: MemoryPorts::new(NOW), monitor: MemoryMonitor::default() }
    }

    async fn put(&self, key: &str, text: &str) {
        let object = Object { bytes: Bytes::from(text.to_owned()), content_type: "text/plain" };
        self.ports.objects.put(key, object, Precondition::None).await.unwrap();
    }

    fn calls(&self) -> u64 {
        self.ports.state.calls() + self.ports.objects.calls() + self.monitor.calls()
    }

    async fn status(&self) -> Status {
        read(&self.ports, &self.monitor).await.unwrap()
    }
}

#[tokio::test]
async fn five_hundred_sources_take_ten_calls_at_most() {
    for rejected in [false, true] {
        let stack = Stack::new();
        stack.put(CONFIG_KEY, &toml(500)).await;
        if rejected {
            let valid = ValidVersion { version: "1".to_owned(), since: NOW, sources: 500 };
            configuration::record_valid_version(&stack.ports.state, &valid).await.unwrap();
            stack.put(CONFIG_KEY, "timezone = ").await;
        }
        for number in 0..500 {
            let id = format!("camera-{number:03}");
            presence::record_contact(&stack.ports.state, &id, NOW).await.unwrap();
        }
        let before = stack.calls();
        let status = stack.status().await;
        let calls = stack.calls() - before;
        assert!(calls <= 10, "{calls}");
        assert_eq!(stack.monitor.calls(), 2, "the depths of all queues take one call, and all alarms one");
        assert_eq!((status.sources.sources.len(), status.relays.relays.len()), (500, 61));
        assert_eq!((status.modes.len(), status.channels.len()), (10, 1));
        let problems = if rejected { vec![Problem::ConfigurationRejected] } else { vec![] };
        assert_eq!(status.problems, problems);
    }
}

#[tokio::test]
async fn everything_that_is_wrong_is_a_problem() {
    let stack = Stack::new();
    stack.put(CONFIG_KEY, &toml(3)).await;
    let state = &stack.ports.state;
    presence::record_contact(state, "camera-000", NOW).await.unwrap();
    presence::record_contact(state, &presence::agent("barn"), NOW).await.unwrap();
    stack.put("quarantine/2026/11/23/camera-002/1/reason.json", "{}").await;
    stack.put("quarantine/2026/11/23/camera-002/1/request.bin", "").await;
    stack.put("pending/1.json", "{}").await;
    stack.ports.clock.advance(Duration::from_secs(3600));
    let later = stack.ports.clock.now();
    presence::record_refusal(state, "camera-001", later, "token").await.unwrap();
    set_stop_switch(state, StopSwitch::Stopped, later, "ann").await.unwrap();
    let read = relay::read(state, "relay-7").await.unwrap();
    let failures = ReleaseFailures { count: 2, since: NOW, alerted: None, next: later };
    let record = RelayRecord { release_failures: Some(failures), ..RelayRecord::default() };
    relay::write(state, &read, record, NOW).await.unwrap();
    let failed =
        ChannelStatus { failed: Some(later), reason: Some("403".to_owned()), ..ChannelStatus::default() };
    channel_status::record(state, "family", &failed).await.unwrap();
    let rule = SnoozeTarget::Rule("drive".to_owned());
    snooze::set(state, &rule, later.checked_add(Duration::from_secs(60)).unwrap(), later).await.unwrap();
    snooze::set(state, &SnoozeTarget::Rule("old".to_owned()), later, NOW).await.unwrap();
    let depth = |queue, oldest_s, dead_letters| QueueDepth { queue, messages: 1, oldest_s, dead_letters };
    stack.monitor.set_depths(vec![
        depth(Queue::Notify, Some(901), 2),
        depth(Queue::Releases, Some(40_000), 0),
        depth(Queue::Relay, Some(900), 0),
    ]);
    let alarm =
        ActiveAlarm { name: "ApiErrorsAlarm".to_owned(), description: "see".to_owned(), since: Some(NOW) };
    stack.monitor.set_alarms(vec![alarm.clone()]);
    let status = stack.status().await;
    assert_eq!(status.alarms, vec![alarm.clone()]);
    assert_eq!(
        status.problems,
        [
            Problem::SourceOffline { source: "camera-000".to_owned(), since: NOW },
            Problem::SourceRefused { source: "camera-001".to_owned(), reason: "token".to_owned(), at: later },
            Problem::SourceNeverSeen { source: "camera-002".to_owned() },
            Problem::AgentOffline { agent: "barn".to_owned(), since: Some(NOW) },
            Problem::Quarantined { count: 1 },
            Problem::Pending { count: 1 },
            Problem::DeadLetters { queue: Queue::Notify, count: 2 },
            Problem::QueueLate { queue: Queue::Notify, oldest_s: 901 },
            Problem::Alarm(alarm),
            Problem::RelaysDisabled { since: later, by: Some("ann".to_owned()) },
            Problem::ReleaseUnconfirmed { relay: "relay-7".to_owned(), since: NOW },
            Problem::ChannelFailing { channel: "family".to_owned(), since: later, reason: "403".to_owned() },
        ]
    );
    let targets: Vec<_> = status.snoozes.into_iter().map(|snooze| snooze.target).collect();
    assert_eq!(targets, [rule]);
}

#[tokio::test]
async fn the_configuration_is_valid_unchecked_rejected_or_missing() {
    let stack = Stack::new();
    let state = async || stack.status().await.configuration;
    assert_eq!(state().await.state, ConfigurationState::Missing);
    stack.put(CONFIG_KEY, &toml(1)).await;
    assert_eq!(state().await.state, ConfigurationState::Unchecked);
    let verdict = async |version: &str, verdict, errors: &[&str]| {
        let errors = errors.iter().map(|error| (*error).to_owned()).collect();
        let validation = Validation { verdict, at: NOW, errors, alert: AlertState::NotNeeded };
        configuration::record_validation(&stack.ports.state, version, &validation).await.unwrap();
    };
    verdict("1", ConfigurationVerdict::Valid, &[]).await;
    let valid = ValidVersion { version: "1".to_owned(), since: NOW, sources: 1 };
    configuration::record_valid_version(&stack.ports.state, &valid).await.unwrap();
    assert_eq!(state().await.state, ConfigurationState::Valid);
    stack.put(CONFIG_KEY, "timezone = \"Nowhere\"").await;
    let rejected = state().await;
    assert_eq!((rejected.state, rejected.in_force.as_deref()), (ConfigurationState::Rejected, Some("1")));
    assert!(rejected.errors[0].contains("Nowhere"), "{rejected:?}");
    assert_eq!(stack.status().await.sources.sources.len(), 1, "the last valid version is in force");
    // Valid by itself, and refused by the watchdog.
    stack.put(CONFIG_KEY, "timezone = \"UTC\"").await;
    verdict("3", ConfigurationVerdict::Invalid, &["it names no source"]).await;
    let rejected = state().await;
    assert_eq!(rejected.state, ConfigurationState::Rejected);
    assert_eq!(rejected.errors, ["it names no source"]);
}

#[tokio::test]
async fn an_agent_without_relays_is_no_longer_missed() {
    let stack = Stack::new();
    stack.put(CONFIG_KEY, "timezone = \"UTC\"").await;
    presence::record_contact(&stack.ports.state, &presence::agent("barn"), NOW).await.unwrap();
    stack.ports.clock.advance(Duration::from_secs(3600));
    let status = stack.status().await;
    assert_eq!((status.sources.agents.len(), status.problems), (1, vec![]));
}

#[tokio::test]
async fn queues_and_alarms_that_cannot_be_read_are_problems_and_a_failing_table_is_an_error() {
    let stack = Stack::new();
    stack.put(CONFIG_KEY, &toml(0)).await;
    stack.monitor.fail();
    let status = stack.status().await;
    let is_expected =
        matches!(status.problems[..], [Problem::QueuesUnknown { .. }, Problem::AlarmsUnknown { .. }]);
    assert!(is_expected, "{:?}", status.problems);
    assert_eq!((status.queues, status.alarms), (vec![], vec![]));
    stack.ports.state.fail("presence");
    let error = read(&stack.ports, &stack.monitor).await.unwrap_err().to_string();
    assert!(error.contains("state table") && error.contains("presence"), "{error}");
}
