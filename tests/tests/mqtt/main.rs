//! Cameras, a real Mosquitto bridge, the local cloud's IoT over mutual TLS, the deployed function: alarms arrive
//! whatever happens to the bridge. Run by `make test-mqtt`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

mod broker;

use broker::Broker;
use camhook_end_to_end::cloud::{Bucket, Cloud, assert_valid};
use camhook_end_to_end::device_log::received;
use camhook_end_to_end::source::Source;
use camhook_end_to_end::stack::Stack;
use camhook_end_to_end::wait;
use serde_json::Value;

struct Site {
    stack: Stack,
    cloud: Cloud,
    bucket: Bucket,
}

impl Site {
    fn given() -> Self {
        let stack = Stack::given();
        let cloud = Cloud::of(&stack);
        let bucket = cloud.bucket(&stack.bucket);
        Self { stack, cloud, bucket }
    }

    /// The events of one camera, in the order of their times.
    async fn events(&self, source: &str, camera: &str) -> Vec<Value> {
        let mut records = self.bucket.records(source).await;
        records.retain(|record| record["data"]["camera"]["id"] == camera);
        records.sort_by_key(|record| record["time"].as_str().unwrap().to_owned());
        records
    }

    async fn events_when_there_are(&self, count: usize, source: &str, camera: &str) -> Vec<Value> {
        wait::until(&format!("{count} events of {camera}"), async || {
            let events = self.events(source, camera).await;
            (events.len() >= count).then_some(events)
        })
        .await
    }

    /// Waits until no message is under way.
    async fn is_quiet(&self) {
        for queue in ["mqtt", "notify", "relay"] {
            let queue = self.cloud.queue(&self.stack.queues[queue]);
            let empty = async || (queue.holds().await == 0).then_some(());
            wait::until_deadline("an empty queue", wait::REDELIVERY_DEADLINE, empty).await;
        }
    }

    /// How many notifications there were about a camera.
    fn notified(&self, camera: &str) -> usize {
        let webhooks = received(&self.stack, "/webhook/automation");
        let of_camera = |event: &Value| event["data"]["event"]["data"]["camera"]["id"] == camera;
        webhooks.iter().filter(|webhook| of_camera(&webhook.json())).count()
    }
}

#[tokio::test]
async fn an_alarm_of_a_newer_camera_is_told_once_and_its_object_has_the_same_key() {
    let site = Site::given();
    let broker = Broker::start(&site.stack).await;
    for (path, value) in [
        ("alarm/triggered", "7"),
        ("alarm/triggered/triggers", "17"),
        ("alarm/triggered/objects", "2"),
        ("alarm/triggered", "0"),
        ("alarm/triggered/triggers", "0"),
        ("alarm/triggered/objects", "0"),
    ] {
        broker.publish(&format!("cameras/115/status/{path}"), &format!("{{\"val\":\"{value}\"}}")).await;
    }
    site.events_when_there_are(2, "bridged", "115").await;
    site.is_quiet().await;
    let events = site.events("bridged", "115").await;
    let [alarm, object] = &events[..] else { panic!("{} events: {events:#?}", events.len()) };
    assert_valid(alarm);
    assert_valid(object);
    assert_eq!((&alarm["data"]["kind"], &alarm["data"]["zone"]["id"]), (&"motion".into(), &"1".into()));
    assert_eq!(object["data"]["targets"][0]["class"], "vehicle");
    assert_eq!(alarm["data"]["correlation"]["key"], object["data"]["correlation"]["key"]);
    assert_eq!(site.notified("115"), 1, "a rule acts once for one key");
}

#[tokio::test]
async fn a_last_will_is_a_camera_that_is_gone() {
    let site = Site::given();
    let broker = Broker::start(&site.stack).await;
    let topic = "instar/10D1DC228582/status/testament";
    let mut camera = broker.connect(topic, r#"{"val":"dead"}"#).await;
    broker.publish(topic, r#"{"val":"alive"}"#).await;
    site.events_when_there_are(1, "macs", "10D1DC228582").await;
    camera.kill().await.unwrap();
    let events = site.events_when_there_are(2, "macs", "10D1DC228582").await;
    let kinds: Vec<&str> = events.iter().map(|event| event["data"]["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["device_online", "device_offline"]);
    assert_eq!(events[0]["data"]["device"]["mac"], "10:d1:dc:22:85:82");
}

#[tokio::test]
async fn a_wrong_password_and_another_topic_pass_nothing_on() {
    let site = Site::given();
    let broker = Broker::start(&site.stack).await;
    let alarm = "cameras/200/status/alarm/triggered";
    assert!(!broker.try_publish("200", "wrong", alarm, r#"{"val":"1"}"#).await.success());
    broker.publish("cameras/200/status/task/photoseries/snap/base64", r#"{"val":"/9j/4AAQ"}"#).await;
    broker.publish("cameras/200/status/system/version", r#"{"val":"5"}"#).await;
    broker.publish(alarm, r#"{"val":"6"}"#).await;
    let events = site.events_when_there_are(1, "bridged", "200").await;
    assert_eq!(events[0]["data"]["kind"], "audio");
    let handed_on = |topic: &str| {
        broker
            .log()
            .lines()
            .any(|line| line.contains("PUBLISH to local.camhook-bridge-") && line.contains(topic))
    };
    assert!(handed_on(alarm) && !handed_on("photoseries") && !handed_on("version"), "{}", broker.log());
    site.is_quiet().await;
    assert_eq!(site.events("bridged", "200").await.len(), 1);
}

#[tokio::test]
async fn a_camera_cannot_publish_in_the_name_of_another() {
    let site = Site::given();
    let broker = Broker::start(&site.stack).await;
    let payload = r#"{"val":"1"}"#;
    for path in ["alarm/triggered", "testament", "alarm/area1/enable"] {
        let topic = format!("cameras/115/status/{path}");
        // The broker acknowledges what it refuses: MQTT 3.1.1 has no other answer.
        let _ = broker.try_publish("intruder", broker::PASSWORD, &topic, payload).await;
        let refused = format!("'{topic}'");
        let is_denied = |line: &str| line.contains("Denied PUBLISH") && line.contains(&refused);
        assert!(broker.log().lines().any(is_denied), "{topic} was not refused:\n{}", broker.log());
    }
    broker.publish("cameras/intruder/status/alarm/triggered", payload).await;
    site.events_when_there_are(1, "bridged", "intruder").await;
}

#[tokio::test]
async fn a_camera_behind_the_bridge_is_switched_and_its_word_confirms_it() {
    const COMMAND: &str = "cameras/way-back/alarm/area1/enable";
    const STATUS: &str = "cameras/way-back/status/alarm/area1/enable";
    let mut source = Source::given("way-back").await;
    let broker = Broker::start(&source.stack).await;
    broker.bridge_listens("cameras/+/alarm/#").await;
    let camera = broker.listen(COMMAND).await;
    let reply = source.send("GET", &format!("{}?&active=99", source.url), &[], b"").await;
    assert_eq!(reply.status(), 200);
    let event = source.the_event().await;
    let command = wait::within("a command in the house", camera.wait_with_output()).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&command.stdout).trim(), r#"{"val":"1"}"#);
    broker.publish(STATUS, r#"{"val":"1"}"#).await;
    let decided = source.bucket.audit_record("area-in-the-house", event["id"].as_str().unwrap()).await;
    assert_eq!(decided["decision"], "done", "{decided}");
    assert_eq!(decided["text"], r#"the device answered: {"val":"1"}"#);
}

/// The bridge dies right after it wrote an alarm down, again and again: before, while or after it hands it on.
#[tokio::test]
async fn a_bridge_that_is_killed_loses_no_alarm_and_tells_none_twice() {
    const ALARMS: usize = broker::KILLED;
    let site = Site::given();
    let mut broker = Broker::start(&site.stack).await;
    let cameras: Vec<String> = (0..ALARMS).map(|number| format!("killed-{number}")).collect();
    for camera in &cameras {
        let topic = format!("cameras/{camera}/status/alarm/triggered");
        broker.publish(&topic, r#"{"val":"1"}"#).await;
        broker.has_saved(&topic).await;
        broker.kill_and_start().await;
    }
    for camera in &cameras {
        site.events_when_there_are(1, "bridged", camera).await;
    }
    site.is_quiet().await;
    for camera in &cameras {
        assert_eq!(site.events("bridged", camera).await.len(), 1, "{camera}");
        assert_eq!(site.notified(camera), 1, "{camera}");
    }
}
