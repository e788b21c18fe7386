//! Levels that a recorder repeats become an event when they change, whichever instance of the function receives them.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use camhook_event::Event;
use camhook_ingest::{Headers, Instance, Method, Parts, Request, handle};
use camhook_ports::memory::MemoryPorts;
use camhook_ports::{Clock, Queue};
use camhook_site::Site;
use camhook_viewtron::Viewtron;
use jiff::Timestamp;

const BEGIN: Timestamp = Timestamp::constant(1_795_420_800, 0);

/// A source with its function's surroundings in memory.
struct Recorder {
    ports: MemoryPorts,
    site: Site,
    posts: u32,
}

impl Recorder {
    fn new() -> Self {
        let toml = "timezone = \"UTC\"\n[[source]]\nid = \"yard\"\nvendor = \"viewtron\"\nauth = { token = \"token\" }\n";
        let (site, _) = camhook_site::read(toml, "test").unwrap();
        Self { ports: MemoryPorts::new(BEGIN), site, posts: 0 }
    }

    /// Posts levels ten seconds after the post before, to a new instance of the function; the status of the reply.
    async fn post(&mut self, levels: &str) -> u16 {
        self.post_from("203.0.113.7", levels).await
    }

    async fn post_from(&mut self, address: &str, levels: &str) -> u16 {
        self.posts += 1;
        self.ports.clock.advance(Duration::from_secs(10));
        let body = format!("<config version=\"1.0\"><alarmStatusInfo>{levels}</alarmStatusInfo></config>");
        let address: IpAddr = address.parse().unwrap();
        let request = Request::new(Parts {
            method: Method::Post,
            path: "/viewtron/yard/token".to_owned(),
            query: String::new(),
            headers: Headers::default(),
            body: Bytes::from(body),
            source_ip: Some(address),
            request_id: format!("request-{}", self.posts),
            received_at: self.ports.clock.now(),
        });
        handle(&self.ports, &self.site, &Viewtron, &Instance::default(), request).await.status
    }

    /// Kind, camera and state of the events since the last look.
    fn events(&self) -> Vec<String> {
        let messages = self.ports.queues.take(Queue::Notify);
        let events = messages.iter().map(|message| serde_json::from_str::<Event>(&message.body).unwrap());
        events
            .map(|Event { data, .. }| {
                let camera = data.camera.map_or_else(|| "-".to_owned(), |camera| camera.id.to_string());
                format!(
                    "{} {camera} {}",
                    data.kind,
                    serde_json::to_value(data.state).unwrap().as_str().unwrap()
                )
            })
            .collect()
    }
}

fn motion(channel: u32, level: bool) -> String {
    format!("<motionAlarm type=\"boolean\" id=\"{channel}\">{level}</motionAlarm>")
}

#[tokio::test]
async fn a_repeated_level_is_no_event_and_a_changed_one_is() {
    let mut recorder = Recorder::new();
    for (post, expected) in [
        (motion(3, true), &["motion 3 start"][..]),
        (motion(3, true), &[]),
        (motion(5, true), &["motion 5 start"]),
        (motion(5, true) + &motion(3, true), &["motion 3 start"]),
        (motion(5, true) + &motion(3, false), &["motion 3 stop"]),
        (motion(5, true) + &motion(3, false), &[]),
        (motion(5, true) + &motion(3, true), &["motion 3 start"]),
    ] {
        assert_eq!(recorder.post(&post).await, 200);
        assert_eq!(recorder.events(), expected, "{post}");
    }
    assert_eq!(recorder.ports.metrics.counted_with("Ignored", "repeated_level"), 2);
}

#[tokio::test]
async fn the_event_of_a_level_is_not_lost_when_it_cannot_be_stored() {
    let mut recorder = Recorder::new();
    recorder.ports.objects.fail("events/");
    assert_eq!(recorder.post(&motion(3, true)).await, 503);
    recorder.ports.objects.heal();
    assert_eq!(recorder.post(&motion(3, true)).await, 200);
    assert_eq!(recorder.events(), ["motion 3 start"]);
    assert_eq!(recorder.post(&motion(3, true)).await, 200);
    assert!(recorder.events().is_empty());
}

#[tokio::test]
async fn every_level_is_an_event_while_the_table_fails() {
    let mut recorder = Recorder::new();
    recorder.ports.state.fail("level#");
    for _ in 0..2 {
        assert_eq!(recorder.post(&motion(3, true)).await, 200);
        assert_eq!(recorder.events(), ["motion 3 start"]);
    }
}

#[tokio::test]
async fn a_level_that_changes_back_after_the_table_failed_is_an_event_whichever_instance_receives_it() {
    for is_down_for_one_call in [true, false] {
        let mut recorder = Recorder::new();
        assert_eq!(recorder.post(&motion(3, true)).await, 200);
        if is_down_for_one_call {
            recorder.ports.state.fail_next("level#");
        } else {
            recorder.ports.state.fail("level#");
        }
        assert_eq!(recorder.post(&motion(3, false)).await, 200);
        recorder.ports.state.heal();
        assert_eq!(recorder.post(&motion(3, true)).await, 200);
        assert_eq!(recorder.post(&motion(3, true)).await, 200);
        assert_eq!(recorder.events(), ["motion 3 start", "motion 3 stop", "motion 3 start"]);
        assert!(recorder.ports.objects.keys().iter().all(|key| !key.starts_with("unknown-levels/")));
    }
}

#[tokio::test]
async fn a_level_that_changes_back_is_an_event_where_a_role_may_not_list_the_bucket() {
    let mut recorder = Recorder::new();
    recorder.ports.objects.deny_missing();
    assert_eq!(recorder.post(&motion(3, true)).await, 200);
    assert_eq!(recorder.post(&motion(3, true)).await, 200);
    recorder.ports.state.fail("level#");
    assert_eq!(recorder.post(&motion(3, false)).await, 200);
    recorder.ports.state.heal();
    assert_eq!(recorder.post(&motion(3, true)).await, 200);
    assert_eq!(recorder.events(), ["motion 3 start", "motion 3 stop", "motion 3 start"]);
}

#[tokio::test]
async fn a_table_that_fails_again_during_the_next_comparison_loses_nothing() {
    for calls_that_work in 0..6 {
        let mut recorder = Recorder::new();
        assert_eq!(recorder.post(&motion(3, true)).await, 200);
        recorder.ports.state.fail("level#");
        assert_eq!(recorder.post(&motion(3, false)).await, 200);
        recorder.ports.state.heal();
        recorder.ports.state.fail_after("level#", calls_that_work);
        assert_eq!(recorder.post(&motion(3, true)).await, 200);
        recorder.ports.state.heal();
        assert_eq!(recorder.post(&motion(3, false)).await, 200);
        let expected = ["motion 3 start", "motion 3 stop", "motion 3 start", "motion 3 stop"];
        assert_eq!(recorder.events(), expected, "after {calls_that_work} calls");
    }
}

#[tokio::test]
async fn a_level_that_neither_table_nor_bucket_can_record_is_not_acknowledged() {
    let mut recorder = Recorder::new();
    assert_eq!(recorder.post(&motion(3, true)).await, 200);
    recorder.ports.state.fail("level#");
    recorder.ports.objects.fail("unknown-levels/");
    assert_eq!(recorder.post(&motion(3, false)).await, 503);
    recorder.ports.state.heal();
    recorder.ports.objects.heal();
    assert_eq!(recorder.post(&motion(3, false)).await, 200);
    assert_eq!(recorder.events(), ["motion 3 start", "motion 3 stop"]);
}

#[tokio::test]
async fn a_repeated_level_is_an_event_while_the_bucket_cannot_be_asked() {
    let mut recorder = Recorder::new();
    assert_eq!(recorder.post(&motion(3, true)).await, 200);
    recorder.ports.objects.fail("unknown-levels/");
    assert_eq!(recorder.post(&motion(3, true)).await, 200);
    recorder.ports.objects.heal();
    assert_eq!(recorder.post(&motion(3, true)).await, 200);
    assert_eq!(recorder.events(), ["motion 3 start", "motion 3 start"]);
}

#[tokio::test]
async fn devices_without_a_name_are_known_by_their_address() {
    let mut recorder = Recorder::new();
    for address in ["203.0.113.7", "203.0.113.8"] {
        assert_eq!(recorder.post_from(address, &motion(1, true)).await, 200);
        assert_eq!(recorder.events(), ["motion 1 start"], "{address}");
    }
}

#[tokio::test]
async fn a_level_that_is_neither_on_nor_off_is_always_an_event() {
    let mut recorder = Recorder::new();
    for _ in 0..2 {
        assert_eq!(recorder.post("<motionAlarm id=\"3\">strong</motionAlarm>").await, 200);
        assert_eq!(recorder.ports.queues.take(Queue::Notify).len(), 1);
    }
}

#[tokio::test]
async fn entries_with_one_number_are_compared_each_with_its_own_last_level() {
    let mut recorder = Recorder::new();
    let input = |name: &str, level: bool| format!("<sensorAlarmIn name=\"{name}\">{level}</sensorAlarmIn>");
    let entries = |first: bool, second: bool| {
        format!(
            "<motionAlarm><item id=\"1\" channel=\"3\" value=\"{first}\"/><item id=\"1\" channel=\"5\" value=\"{second}\"/></motionAlarm>"
        )
    };
    for (post, expected) in [
        (input("Gate", true) + &input("Door", true), &["input - start", "input - start"][..]),
        (input("Gate", true) + &input("Door", true), &[]),
        (input("Gate", true) + &input("Door", false), &["input - stop"]),
        (entries(true, true), &["motion 3 start", "motion 5 start"]),
        (entries(true, false), &["motion 5 stop"]),
        (entries(true, false), &[]),
    ] {
        assert_eq!(recorder.post(&post).await, 200);
        assert_eq!(recorder.events(), expected, "{post}");
    }
}

#[tokio::test]
async fn what_is_off_is_no_event_again_however_late_it_is_repeated() {
    let mut recorder = Recorder::new();
    let off: String = (1..=6).map(|channel| motion(channel, false)).collect();
    assert_eq!(recorder.post(&off).await, 200);
    assert_eq!(recorder.events().len(), 6);
    for minutes in [6, 60, 24 * 60] {
        recorder.ports.clock.advance(Duration::from_mins(minutes));
        assert_eq!(recorder.post(&off).await, 200);
        assert!(recorder.events().is_empty(), "{minutes}");
    }
    assert_eq!(recorder.post(&motion(4, true)).await, 200);
    assert_eq!(recorder.events(), ["motion 4 start"]);
    assert_eq!(recorder.post(&off).await, 200);
    assert_eq!(recorder.events(), ["motion 4 stop"]);
}
