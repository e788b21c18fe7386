//! What functions and the agent do seldom: calls that no other test makes, and that the check of roles expects
//! (infra/lint/roles.py).

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use camhook_end_to_end::devices::PASSWORD;
use camhook_end_to_end::fault_proxy::Fault;
use camhook_end_to_end::lambda_runtime::{Function, Outcome};
use camhook_end_to_end::own_stack::{Delivery, OwnStack};
use camhook_end_to_end::post::{INTRUSION, large_intrusion};
use camhook_end_to_end::stack::Stack;
use camhook_end_to_end::wait;
use camhook_ports::{Clock, SystemClock};
use serde_json::{Value, json};

const TOKEN: &str = "AAAAAAAAAAAAAAAAAAAAAA";

const PATH: &str = "/viewtron/gate/AAAAAAAAAAAAAAAAAAAAAA";

/// One camera and the channels; each test adds what it needs.
const SITE: &str = r#"
timezone = "Europe/Berlin"
alert_channel = "caretaker"

[[source]]
id = "gate"
vendor = "viewtron"
area = "yard"
offline_after = "2m"
auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" }

[[channel]]
id = "caretaker"
kind = "ntfy"
url = "{{devices}}/ntfy/caretaker"
network = "loopback"

[[channel]]
id = "family"
kind = "ntfy"
url = "{{devices}}/ntfy/family"
network = "loopback"
"#;

/// Posts an intrusion of now.
async fn post_intrusion(stack: &OwnStack) {
    assert_eq!(stack.post("viewtron", INTRUSION, PATH).await, 200);
}

async fn tick(watchdog: &Function) {
    let outcome = watchdog.invoke(&json!({})).await;
    assert!(matches!(outcome, Outcome::Answered(_)), "{outcome:?}");
}

/// The `pk` of all items of a kind, in order.
async fn partitions(stack: &OwnStack, prefix: &str) -> Vec<String> {
    let items = stack.table.items(prefix).await;
    let mut partitions: Vec<String> = items.into_iter().map(|item| item["pk"].clone()).collect();
    partitions.sort();
    partitions
}

fn failed(answer: &Value) -> usize {
    answer["batchItemFailures"].as_array().unwrap().len()
}

#[tokio::test]
async fn an_event_that_cannot_be_indexed_is_tried_again_and_then_a_dead_letter() {
    let stack = OwnStack::create(SITE).await;
    assert_eq!(stack.post("viewtron", &large_intrusion(), PATH).await, 200);
    let key = stack.bucket.record_keys("gate").await.remove(0);
    let index = stack.start("index").await;
    stack.proxy.fail(Fault::Status(500), |call| call.is("GetObject", "events/"));
    assert_eq!(failed(&index.call(&stack.stored(&key, 1)).await), 1);
    assert_eq!(partitions(&stack, "retry#").await, ["retry#index"]);
    assert!(stack.proxy.count("ChangeMessageVisibility", "") > 0, "it comes again after a delay of its own");
    assert_eq!(failed(&index.call(&stack.stored(&key, 8)).await), 1);
    assert_eq!(partitions(&stack, "dead#").await, ["dead#index"]);
    assert!(partitions(&stack, "retry#").await.is_empty());
    let alerts = stack.messages(&stack.alerts).await;
    assert_eq!(alerts.len(), 1, "{alerts:?}");

    stack.proxy.heal();
    assert_eq!(failed(&index.call(&stack.stored(&key, 2)).await), 0);
    assert_eq!(stack.bucket.keys("thumbnails/").await.len(), 1);
    let on_the_bus = stack.messages(&stack.bus).await;
    assert_eq!(on_the_bus.len(), 1);
    assert_eq!(on_the_bus[0]["id"], stack.bucket.json(&key).await["id"]);
}

#[tokio::test]
async fn the_watchdog_reports_a_silent_source_and_keeps_what_queues_refuse() {
    let stack = OwnStack::create(SITE).await;
    let watchdog = stack.start("watchdog").await;
    tick(&watchdog).await;

    // Both queues refuse the event, then one of them.
    let names = ["notify", "relay"].map(|queue| format!("{}-{queue}", stack.bucket.name));
    for name in names.clone() {
        stack
            .proxy
            .fail(Fault::Status(500), move |call| call.operation == "SendMessage" && call.target == name);
    }
    post_intrusion(&stack).await;
    stack.proxy.heal();
    let [_, relay] = names;
    stack.proxy.fail(Fault::Status(500), move |call| call.operation == "SendMessage" && call.target == relay);
    stack.bucket.put("pending/unreadable.json", "nothing").await;
    tick(&watchdog).await;
    let pending = stack.bucket.keys("pending/").await;
    assert_eq!(pending.len(), 1, "{pending:?}");
    let waiting = stack.bucket.json(&pending[0]).await;
    assert!(waiting.as_object().unwrap().values().any(|value| *value == json!(["relay"])), "{waiting}");
    assert_eq!(stack.bucket.keys("quarantine/").await.len(), 1, "what is no event");
    stack.proxy.heal();

    // A source that has sent nothing for an hour.
    let hour_ago = SystemClock::start().now() - jiff::SignedDuration::from_hours(1);
    stack.table.set("presence", "gate", "contact", &hour_ago.to_string()).await;
    tick(&watchdog).await;
    let records = stack.bucket.records("gate").await;
    let kinds: Vec<&str> = records.iter().filter_map(|record| record["subject"].as_str()).collect();
    assert!(kinds.contains(&"device_offline"), "{kinds:?}");
    assert!(stack.bucket.keys("pending/").await.is_empty());
}

#[tokio::test]
async fn a_group_is_notified_once_and_a_failed_message_gives_the_cooldown_back() {
    let key = "whsec_YSBrZXkgb2YgdGhlIGVuZCB0byBlbmQgdGVzdHM=";
    let reference = OwnStack::put_secret(&Stack::given(), "channels", key).await;
    let rules = r#"
[[channel]]
id = "signed"
kind = "webhook"
url = "{{devices}}/webhook/signed"
network = "loopback"
secret = "REFERENCE"

[[channel]]
id = "nobody"
kind = "ntfy"
url = "{{devices}}/nowhere"
network = "loopback"

[[rule]]
id = "gathered"
when = { kind = "intrusion" }
coalesce = "1s"
then = [{ notify = "family" }, { notify = "signed" }]

[[rule]]
id = "failing"
when = { kind = "intrusion" }
cooldown = "1h"
then = { notify = "nobody" }

[[rule]]
id = "leaves"
when = { kind = "intrusion" }
then = { mode = "away" }
"#
    .replace("REFERENCE", &reference);
    let stack = OwnStack::create(&format!("{SITE}{rules}")).await;
    post_intrusion(&stack).await;
    let notify = stack.start("notify").await;
    // The last delivery that the queue makes.
    let taken = wait::until("the message", async || stack.notify.take().await).await;
    let mut last = taken.event();
    last["Records"][0]["attributes"]["ApproximateReceiveCount"] = json!("8");
    assert_eq!(failed(&notify.call(&last).await), 1);
    taken.delete().await;
    assert_eq!(partitions(&stack, "dead#").await, ["dead#notify"]);
    let cooldowns = partitions(&stack, "cooldown#").await;
    assert!(!cooldowns.contains(&"cooldown#failing".to_owned()), "nobody was notified: {cooldowns:?}");
    assert_eq!(partitions(&stack, "mode#").await, ["mode#yard"]);

    // The group's message waits in the queue of alerts, beside the alert about the dead letter.
    let mut alert = None;
    wait::until("the group to be notified", async || {
        let taken = stack.alerts.take().await?;
        if !taken.record["body"].as_str().unwrap().contains("camhook.flush.v1") {
            alert = Some(taken);
            return None;
        }
        // Early messages are put off.
        let is_done = failed(&notify.call(&taken.event()).await) == 0;
        if is_done {
            taken.delete().await;
        }
        is_done.then_some(())
    })
    .await;
    assert_eq!(stack.devices.received("/ntfy/family").len(), 1);
    assert_eq!(stack.devices.received("/webhook/signed").len(), 1);
    assert_eq!(stack.proxy.count("DeleteItem", "coalesce#"), 1, "the closed group is removed");

    // An alert that no channel takes.
    let alert = match alert {
        Some(alert) => alert,
        None => wait::until("the alert", async || stack.alerts.take().await).await,
    };
    stack.devices.refuse_once("/ntfy/caretaker", 500);
    let mut event = alert.event();
    assert_eq!(failed(&notify.call(&event).await), 1);
    assert_eq!(partitions(&stack, "retry#").await, ["retry#alerts"]);
    stack.devices.refuse_once("/ntfy/caretaker", 500);
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = json!("8");
    assert_eq!(failed(&notify.call(&event).await), 1);
    assert_eq!(partitions(&stack, "dead#").await, ["dead#alerts", "dead#notify"]);
}

/// A port of the loopback on which nobody listens.
async fn dead_port() -> u16 {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn relays_that_are_not_reached_give_the_cooldown_back() {
    let given = Stack::given();
    let relay_password = OwnStack::put_secret(&given, "relays", PASSWORD).await;
    let agent_password = OwnStack::put_secret(&given, "agent", PASSWORD).await;
    let dead = dead_port().await;
    let relays = format!(
        r#"
[[relay]]
id = "light"
driver = "shelly-gen2"
url = "{{{{devices}}}}"
network = "loopback"
password = "{relay_password}"

[[relay]]
id = "lamp"
driver = "shelly-gen2"
url = "{{{{devices}}}}"
switch = 1
network = "loopback"
via = "agent"
password = "{agent_password}"

[[relay]]
id = "gone"
driver = "http"
url = "http://127.0.0.1:{dead}"
network = "loopback"
on = {{ path = "/on" }}

[[relay]]
id = "dark"
driver = "http"
url = "http://127.0.0.1:{dead}"
network = "loopback"
via = "agent"
on = {{ path = "/on" }}

[[relay]]
id = "published"
driver = "mqtt"
topic = "relays/roles/command"
on = "on"
off = "off"
status_topic = "relays/roles/status"
"#
    );
    let mut rules = String::new();
    for (relay, action, more) in [
        ("light", "action = \"pulse\", seconds = 5", "mode = \"home\"\nmax_age = \"60s\""),
        ("lamp", "action = \"pulse\", seconds = 5", "max_age = \"60s\""),
        ("gone", "action = \"on\"", "max_age = \"10s\""),
        ("dark", "action = \"on\"", "max_age = \"10s\""),
        ("published", "action = \"on\"", "max_age = \"60s\""),
    ] {
        rules.push_str(&format!(
            "\n[[rule]]\nid = \"{relay}-on\"\nwhen = {{ source = \"gate\", kind = \"intrusion\" }}\ncooldown = \"1h\"\n\
             {more}\nthen = {{ relay = \"{relay}\", {action} }}\n"
        ));
    }
    let stack = OwnStack::create(&format!("{SITE}{relays}{rules}")).await;
    let _agent = stack.start_agent(&[]).await;
    let relay = stack.start("relay").await;
    post_intrusion(&stack).await;
    stack.work_off(&stack.relay, &relay).await;
    let event = stack.bucket.records("gate").await[0]["id"].as_str().unwrap().to_owned();
    for id in ["gone", "dark"] {
        let record = stack.bucket.audit_record(id, &event).await;
        assert!(["failed", "late"].contains(&record["decision"].as_str().unwrap()), "{record}");
    }
    for id in ["light", "lamp"] {
        let record = stack.bucket.audit_record(id, &event).await;
        assert_eq!(record["decision"], "done", "{record}");
    }
    let charged = async || {
        let charged = partitions(&stack, "cooldown#").await;
        (charged == ["cooldown#lamp-on", "cooldown#light-on", "cooldown#published-on"]).then_some(())
    };
    wait::until("the cooldowns of relays that were not reached to be gone", charged).await;
    assert_eq!(stack.devices.switched().len(), 2, "{:?}", stack.devices.switched());
}

#[tokio::test]
async fn the_agent_moves_what_it_cannot_read_to_the_dead_letters() {
    let relay = "\n[[relay]]\nid = \"lamp\"\ndriver = \"http\"\nurl = \"{{devices}}\"\nnetwork = \"loopback\"\n\
                 via = \"agent\"\non = { path = \"/webhook/on\" }\n";
    let stack = OwnStack::create(&format!("{SITE}{relay}")).await;
    let _agent = stack.start_agent(&[]).await;
    for queue in [&stack.relay_lan, &stack.releases_lan] {
        queue.send("nothing that a relay function sends").await;
    }
    for queue in &stack.agent_dlqs {
        wait::until("the dead letter", async || (queue.holds().await == 1).then_some(())).await;
    }
    let recorded = async || {
        let recorded = partitions(&stack, "dead#").await;
        (recorded == ["dead#relay-lan", "dead#releases-lan"]).then_some(())
    };
    wait::until("the reasons of both", recorded).await;
    for queue in [&stack.relay_lan, &stack.releases_lan] {
        wait::until("an empty queue", async || (queue.holds().await == 0).then_some(())).await;
    }
}

#[tokio::test]
async fn a_message_that_the_rule_did_not_write_is_a_dead_letter_and_a_status_is_kept() {
    let relay = "\n[[relay]]\nid = \"pump\"\ndriver = \"mqtt\"\ntopic = \"relays/pump\"\non = \"on\"\noff = \"off\"\n\
                 status_topic = \"relays/pump/status\"\n";
    let stack = OwnStack::create(&format!("{SITE}{relay}")).await;
    let mqtt = stack.start("mqtt").await;
    let event = |body: &str, receive_count: &str| {
        json!({ "Records": [{
            "messageId": "m1", "receiptHandle": "none", "body": body,
            "attributes": { "ApproximateReceiveCount": receive_count },
        }] })
    };
    assert_eq!(failed(&mqtt.call(&event("nothing", "1")).await), 1);
    assert_eq!(partitions(&stack, "retry#").await, ["retry#mqtt"]);
    assert_eq!(failed(&mqtt.call(&event("nothing", "5")).await), 1);
    assert_eq!(partitions(&stack, "dead#").await, ["dead#mqtt"]);
    assert!(partitions(&stack, "retry#").await.is_empty());

    let now = SystemClock::start().now().as_millisecond();
    let status = json!({ "topic": "relays/pump/status", "data": "b24=", "ts": now }).to_string();
    assert_eq!(failed(&mqtt.call(&event(&status, "1")).await), 0);
    assert_eq!(partitions(&stack, "topic-status").await, ["topic-status"]);
}

#[tokio::test]
async fn every_vendor_keeps_what_queues_refuse_and_reads_its_secret() {
    let reference = OwnStack::put_secret(&Stack::given(), "sources", TOKEN).await;
    let sources = format!(
        r#"
[[source]]
id = "nvr"
vendor = "ivsec"
auth = {{ token = "{reference}" }}

[[source]]
id = "vms"
vendor = "xprotect"
auth = {{ token = "{reference}" }}

[[source]]
id = "terrace"
vendor = "instar"
dialect = "camera-v2"
auth = {{ token = "{reference}" }}

[[source]]
id = "pond"
vendor = "instar"
topic = "cameras/pond"

[[source]]
id = "phone"
vendor = "control"
auth = {{ token = "{reference}" }}

[[rule]]
when = {{}}
then = {{ notify = "family" }}
"#
    );
    let stack = OwnStack::create(&format!("{SITE}{sources}")).await;
    stack.proxy.fail(Fault::Status(500), |call| call.operation == "SendMessage");
    for (function, source, template) in [
        ("ivsec", "nvr", camhook_ivsec::SAMPLES[0].request),
        ("xprotect", "vms", camhook_xprotect::SAMPLES[0].request),
        ("instar", "terrace", camhook_instar::http::CAMERA_V2.samples[0].request),
    ] {
        let before = stack.bucket.keys("pending/").await.len();
        let path = format!("/{function}/{source}/{TOKEN}");
        assert_eq!(stack.post(function, template, &path).await, 200, "{function}");
        assert!(stack.bucket.keys("pending/").await.len() > before, "{function}");
    }

    let before = stack.bucket.keys("pending/").await.len();
    // {"val":"1"}
    let now = SystemClock::start().now().as_millisecond();
    let message =
        json!({ "topic": "cameras/pond/status/alarm/triggered", "data": "eyJ2YWwiOiIxIn0=", "ts": now });
    stack.mqtt.send(&message.to_string()).await;
    let mqtt = stack.start("mqtt").await;
    assert_eq!(stack.deliver(&stack.mqtt, &mqtt).await, Delivery::Done);
    assert!(stack.bucket.keys("pending/").await.len() > before);

    let show = "GET {{path}} HTTP/1.1\nHost: hooks.example.org\n\n";
    assert_eq!(stack.post("control", show, &format!("/control/phone/{TOKEN}")).await, 200);
    assert!(stack.proxy.count("GetParameters", "") >= 4, "each reads it");
}
