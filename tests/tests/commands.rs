//! The commands that look after a stack, as processes of their own: the stop switch under load, modes, why a rule
//! matches, and dead letters.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeMap;

use camhook_end_to_end::lambda_runtime::Function;
use camhook_end_to_end::own_stack::{Delivery, OwnStack};
use camhook_end_to_end::post::INTRUSION;
use camhook_end_to_end::stack::Stack;
use camhook_end_to_end::wait;
use serde_json::{Value, json};

const PATH: &str = "/viewtron/gate/AAAAAAAAAAAAAAAAAAAAAA";

/// One camera, two channels beside the one for alerts, one relay.
const SITE: &str = r#"
timezone = "Europe/Berlin"
alert_channel = "caretaker"

[[source]]
id = "gate"
vendor = "viewtron"
area = "yard"
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

[[channel]]
id = "garden"
kind = "ntfy"
url = "{{devices}}/ntfy/garden"
network = "loopback"

[[relay]]
id = "light"
driver = "shelly-gen2"
url = "{{devices}}"
network = "loopback"
password = "simulated-shelly"

[[rule]]
id = "notify"
when = { source = "gate" }
then = [{ notify = "family" }, { notify = "garden" }]
cooldown = "60s"

[[rule]]
id = "light-up"
when = { source = "gate", kind = "intrusion" }
then = [{ relay = "light", action = "pulse", seconds = 5 }]
max_age = "60s"

[[rule]]
id = "nobody-home"
when = { source = "gate" }
mode = "away"
then = [{ notify = "caretaker" }]
"#;

/// Posts an intrusion of now.
async fn post_intrusion(stack: &OwnStack) {
    assert_eq!(stack.post("viewtron", INTRUSION, PATH).await, 200);
}

/// The decisions in the audit.
async fn decisions(stack: &OwnStack) -> Vec<String> {
    let records = stack.bucket.jsons("audit/").await;
    records.iter().map(|record| record["decision"].as_str().unwrap_or_default().to_owned()).collect()
}

/// What `camhook explain` prints for the only event.
async fn explained(stack: &OwnStack) -> String {
    let records = stack.bucket.records("gate").await;
    stack.run("explain", &[records[0]["id"].as_str().unwrap()]).await.join("\n")
}

#[tokio::test]
async fn explain_shows_matched_rules_and_outcomes() {
    let stack = OwnStack::create(SITE).await;
    post_intrusion(&stack).await;
    let before = explained(&stack).await;
    assert!(before.contains("light-up: matched\n    relay light: pulse for 5 s"), "{before}");
    assert!(!before.contains("the device answered"), "{before}");
    assert!(
        before.contains("nobody-home: not matched: the mode of yard is home, the rule wants away"),
        "{before}"
    );

    let armed = stack.run("arm", &["yard", "away"]).await.join("\n");
    assert!(armed.starts_with("yard: away since "), "{armed}");
    let relay = stack.start("relay").await;
    assert_eq!(stack.deliver(&stack.relay, &relay).await, Delivery::Done);
    let after = explained(&stack).await;
    assert!(after.contains("done: the device answered"), "{after}");
    assert!(after.contains("nobody-home: matched"), "{after}");
}

/// Nothing is switched after `camhook relays off` returned, whatever was under way before.
/// A stack with secrets, a channel that is reached, a relay that is not, and a channel whose secret is missing.
#[tokio::test]
async fn doctor_checks_everything_and_names_a_fix_for_each_failure() {
    let given = Stack::given();
    let reached = &given.devices.url;
    let site = format!(
        "timezone = \"Europe/Berlin\"\n\
         [[source]]\nid = \"yard\"\nvendor = \"viewtron\"\nauth = {{ token = \"AAAAAAAAAAAAAAAAAAAAAA\" }}\n\
         [[channel]]\nid = \"phone\"\nkind = \"ntfy\"\nurl = \"{reached}/ntfy/doctor\"\nnetwork = \"loopback\"\n\
         [[channel]]\nid = \"chat\"\nkind = \"telegram\"\nchat = 1\n\
         server = \"{reached}/telegram\"\nnetwork = \"loopback\"\ntoken = \"ssm:/camhook/channels/no-such\"\n\
         [[relay]]\nid = \"gate\"\ndriver = \"shelly-gen2\"\nurl = \"http://127.0.0.1:1\"\nnetwork = \"loopback\"\n"
    );
    let stack = OwnStack::create(&site).await;
    let output = stack.run_behind_proxy("doctor", &["--json"]).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let checks: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let results: BTreeMap<&str, &str> = checks
        .iter()
        .map(|check| (check["check"].as_str().unwrap(), check["result"].as_str().unwrap()))
        .collect();
    for (check, result) in [
        ("bucket", "ok"),
        ("table", "ok"),
        ("queues", "ok"),
        ("event index", "ok"),
        // No watchdog runs in this stack.
        ("configuration", "failed"),
        ("secret ssm:/camhook/channels/no-such", "failed"),
        ("channel phone", "ok"),
        ("relay gate", "failed"),
        ("DNS", "ok"),
        ("clock", "ok"),
        ("foreign host names", "ok"),
    ] {
        assert_eq!(results.get(check), Some(&result), "{check} in {text}");
    }
    let failed = checks.iter().filter(|check| check["result"] == "failed");
    assert!(failed.clone().all(|check| !check["fix"].as_str().unwrap().is_empty()), "{text}");
    assert_eq!((failed.count(), output.status.code()), (3, Some(1)), "{text}");
}

#[tokio::test]
async fn nothing_is_switched_after_relays_off_returned() {
    const EVENTS: usize = 12;
    let stack = OwnStack::create(SITE).await;
    post_intrusion(&stack).await;
    // Many events of one moment, about different things.
    let taken = wait::until("the event", async || stack.relay.take().await).await;
    taken.delete().await;
    for number in 0..EVENTS {
        let mut event = taken.body();
        event["id"] = json!(format!("{number:032x}"));
        event["data"].as_object_mut().unwrap().remove("correlation");
        stack.relay.send(&event.to_string()).await;
    }
    let functions = [stack.start("relay").await, stack.start("relay").await];
    let work = work_off(&functions, &stack);
    let stop = async {
        wait::until("the first to be switched", async || {
            (!stack.devices.switched().is_empty()).then_some(())
        })
        .await;
        let command = stack.command("relays", &["off", "--by", "ann"]);
        command.kill_switch().ended().await;
        (stack.devices.switched().len(), command.output())
    };
    let ((switched, output), ()) = tokio::join!(stop, work);
    assert!(
        output.iter().any(|line| line.contains("relays are off since") && line.contains("by ann")),
        "{output:?}"
    );
    assert_eq!(stack.devices.switched().len(), switched, "{:?}", decisions(&stack).await);
    let decisions = wait::until("all decisions", async || {
        let decisions = decisions(&stack).await;
        (decisions.len() >= EVENTS).then_some(decisions)
    })
    .await;
    let of = |wanted: &str| decisions.iter().filter(|decision| *decision == wanted).count();
    assert_eq!((of("done"), of("done") + of("stopped")), (switched, EVENTS), "{decisions:?}");
    assert!(of("stopped") > 0, "the stop came too late to be seen");
}

/// Both functions work on the queue of relays until it is empty.
async fn work_off(functions: &[Function; 2], stack: &OwnStack) {
    let [one, other] = functions;
    tokio::join!(stack.work_off(&stack.relay, one), stack.work_off(&stack.relay, other));
}

#[tokio::test]
async fn dead_letters_are_listed_with_reasons_and_sent_again() {
    let stack = OwnStack::create(SITE).await;
    post_intrusion(&stack).await;
    let notify = stack.start("notify").await;
    // The last delivery that the queue makes: one channel takes the message, the other does not.
    stack.devices.refuse_once("/ntfy/garden", 500);
    let taken = wait::until("the message", async || stack.notify.take().await).await;
    let mut last = taken.event();
    last["Records"][0]["attributes"]["ApproximateReceiveCount"] = json!("8");
    notify.call(&last).await;
    let delivered = |topic: &str| stack.devices.received(&format!("/ntfy/{topic}")).len();
    assert_eq!((delivered("family"), delivered("garden")), (1, 1));
    // The queue moves it under the name that it has.
    let message = taken.record["messageId"].as_str().unwrap().to_owned();
    taken.delete().await;
    stack.notify_dlq.send(taken.record["body"].as_str().unwrap()).await;
    let moved = wait::until("the dead letter", async || stack.notify_dlq.take().await).await;
    let name = moved.record["messageId"].as_str().unwrap().to_owned();
    moved.give_back().await;
    stack.table.rename("dead#notify", &message, &name).await;

    let listed = stack.run("dlq", &["--json"]).await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    let letter: Value = serde_json::from_str(&listed[0]).unwrap();
    assert_eq!((letter["queue"].as_str(), letter["message"].as_str()), (Some("notify"), Some(&*name)));
    assert!(letter["reasons"][0].as_str().unwrap().contains("channel garden"), "{letter}");
    let states: BTreeMap<u64, &str> = letter["actions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|action| (action["action"].as_u64().unwrap(), action["state"].as_str().unwrap()))
        .collect();
    assert_eq!(states, BTreeMap::from([(1, "done"), (2, "taken")]));

    for command in ["send", "drop"] {
        let shown = stack.run("dlq", &[command, &name, "--dry-run"]).await;
        assert!(shown.iter().any(|line| line.contains("would ") && line.contains(&name)), "{shown:?}");
    }
    let still = stack.run("dlq", &["--json"]).await;
    assert_eq!(
        (still.len(), stack.notify.holds().await),
        (1, 0),
        "a dry run sends and deletes nothing: {still:?}"
    );
    let sent = stack.run("dlq", &["send", letter["event"].as_str().unwrap()]).await;
    assert!(sent.iter().any(|line| line.contains("sent again")), "{sent:?}");
    assert_eq!(stack.notify_dlq.holds().await, 0);
    stack.work_off(&stack.notify, &notify).await;
    assert_eq!(
        (delivered("family"), delivered("garden")),
        (1, 2),
        "the channel that accepted the message gets it once"
    );
    assert!(stack.table.items("dead#").await.is_empty());
}
