//! A configuration with an error, pushed, uploaded by hand, and present at a cold start: no post is lost, one alert is
//! sent, and a rollback puts the version before in force again.

use camhook_end_to_end::lambda_runtime::{Function, Outcome};
use camhook_end_to_end::own_stack::{Delivery, OwnStack};
use camhook_end_to_end::post::INTRUSION;
use camhook_end_to_end::wait;
use camhook_ports::{Clock, SystemClock};
use serde_json::{Value, json};

const PATH: &str = "/viewtron/gate/AAAAAAAAAAAAAAAAAAAAAA";

const CONFIGURATION: &str = "config/camhook.toml";

const SITE: &str = r#"
timezone = "Europe/Berlin"
alert_channel = "caretaker"

[[source]]
id = "gate"
vendor = "viewtron"
auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" }

[[source]]
id = "nvr"
vendor = "ivsec"
auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" }

[[source]]
id = "vms"
vendor = "xprotect"
auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" }

[[source]]
id = "terrace"
vendor = "instar"
dialect = "camera-v2"
auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" }

[[source]]
id = "pond"
vendor = "instar"
topic = "cameras/pond"

[[source]]
id = "phone"
vendor = "control"
auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" }

[[channel]]
id = "caretaker"
kind = "ntfy"
url = "{{devices}}/ntfy/caretaker"
network = "loopback"

[[relay]]
id = "light"
driver = "shelly-gen2"
url = "{{devices}}"
network = "loopback"
password = "simulated-shelly"

[[relay]]
id = "garden"
driver = "shelly-gen2"
url = "{{devices}}"
switch = 1
network = "loopback"
via = "agent"
password = "simulated-shelly"

[[rule]]
id = "light-up"
when = { source = "gate", kind = "intrusion" }
then = [{ relay = "light", action = "pulse", seconds = 5 }]
max_age = "5m"
"#;

/// What somebody uploads without checking it.
fn wrong(stack: &OwnStack) -> String {
    site(stack).replace("vendor = \"viewtron\"", "vendor = \"viewtorn\"")
}

fn site(stack: &OwnStack) -> String {
    SITE.replace("{{devices}}", &stack.devices.url())
}

/// Lets the watchdog tick once.
async fn tick(watchdog: &Function) {
    let outcome = watchdog.invoke(&json!({})).await;
    assert!(matches!(outcome, Outcome::Answered(_)), "{outcome:?}");
}

/// Posts an intrusion of now to a function that has just started.
async fn post_to_a_cold_function(stack: &OwnStack) -> Value {
    stack.post("viewtron", INTRUSION, PATH).await
}

/// Runs a command while the watchdog ticks, as AWS has it tick each minute.
async fn run(stack: &OwnStack, watchdog: &Function, arguments: &[&str]) -> String {
    let process = stack.command("config", arguments);
    let kill_switch = process.kill_switch();
    let ended = kill_switch.ended();
    let ticking = async {
        loop {
            tick(watchdog).await;
        }
    };
    tokio::select! {
        () = wait::within("the command to end", ended) => {}
        () = ticking => {}
    }
    process.output().join("\n")
}

#[tokio::test]
async fn an_invalid_configuration_loses_no_post_and_sends_one_alert() {
    let stack = OwnStack::create(SITE).await;
    let watchdog = stack.start("watchdog").await;
    tick(&watchdog).await;
    stack.bucket.put(CONFIGURATION, wrong(&stack)).await;
    for _ in 0..3 {
        tick(&watchdog).await;
    }

    // Every function that starts now.
    assert_eq!(post_to_a_cold_function(&stack).await, 200);
    assert_eq!(stack.bucket.records("gate").await.len(), 1);
    let (notify, relay) = (stack.start("notify").await, stack.start("relay").await);
    assert_eq!(stack.deliver(&stack.relay, &relay).await, Delivery::Done);
    assert_eq!(stack.devices.switched().len(), 1, "{:?}", stack.devices.switched());
    stack.work_off(&stack.alerts, &notify).await;
    let alerts = stack.devices.received("/ntfy/caretaker");
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    let alert = String::from_utf8_lossy(&alerts[0].body);
    assert!(
        alert.contains("config/camhook.toml:7:10") && alert.contains("did you mean `viewtron`?"),
        "{alert}"
    );

    // And the agent.
    let agent = stack.start_agent(&[]).await;
    wait::until("the agent to take commands", async || {
        let output = agent.process.output().join("\n");
        output.contains("garden").then_some(())
    })
    .await;
}

#[tokio::test]
async fn each_function_starts_with_the_last_valid_configuration() {
    let stack = OwnStack::create(SITE).await;
    tick(&stack.start("watchdog").await).await;
    stack.bucket.put(CONFIGURATION, wrong(&stack)).await;

    let token = "AAAAAAAAAAAAAAAAAAAAAA";
    for (function, source, template) in [
        ("ivsec", "nvr", camhook_ivsec::SAMPLES[0].request),
        ("xprotect", "vms", camhook_xprotect::SAMPLES[0].request),
        ("instar", "terrace", camhook_instar::http::CAMERA_V2.samples[0].request),
    ] {
        let path = format!("/{function}/{source}/{token}");
        assert_eq!(stack.post(function, template, &path).await, 200, "{function}");
        assert_eq!(stack.bucket.records(source).await.len(), 1, "{function}");
    }

    let show = "GET {{path}} HTTP/1.1\nHost: hooks.example.org\n\n";
    assert_eq!(stack.post("control", show, &format!("/control/phone/{token}")).await, 200);

    let mqtt = stack.start("mqtt").await;
    let now = SystemClock::start().now().as_millisecond();
    // {"val":"1"}
    let message =
        json!({ "topic": "cameras/pond/status/alarm/triggered", "data": "eyJ2YWwiOiIxIn0=", "ts": now });
    let record = json!({ "messageId": "m1", "receiptHandle": "r1", "body": message.to_string(),
        "attributes": { "ApproximateReceiveCount": "1" } });
    let outcome = mqtt.invoke(&json!({ "Records": [record] })).await;
    assert!(
        matches!(&outcome, Outcome::Answered(answer) if answer["batchItemFailures"] == json!([])),
        "{outcome:?}"
    );
    assert_eq!(stack.bucket.records("pond").await.len(), 1);

    let key = stack.bucket.record_keys("pond").await.remove(0);
    let indexed = stack.start("index").await.call(&stack.stored(&key, 1)).await;
    assert_eq!(indexed["batchItemFailures"], json!([]));
    tick(&stack.start("watchdog").await).await;
}

#[tokio::test]
async fn a_rollback_puts_the_version_before_in_force_again() {
    let stack = OwnStack::create(SITE).await;
    let watchdog = stack.start("watchdog").await;
    tick(&watchdog).await;
    stack.bucket.put(CONFIGURATION, wrong(&stack)).await;
    tick(&watchdog).await;

    let history = stack.run("config", &["history"]).await.join("\n");
    let lines: Vec<&str> = history.lines().filter(|line| line.contains(" bytes ")).collect();
    assert_eq!(lines.len(), 2, "{history}");
    assert!(lines[0].ends_with("invalid") && lines[1].ends_with("valid, in force"), "{history}");

    let output = run(&stack, &watchdog, &["rollback"]).await;
    assert!(output.contains("is valid and in force"), "{output}");
    assert_eq!(stack.bucket.bytes(CONFIGURATION).await, site(&stack));
    let history = stack.run("config", &["history"]).await.join("\n");
    assert!(history.lines().next().unwrap().ends_with("valid, in force"), "{history}");
}

#[tokio::test]
async fn a_push_uploads_what_is_right_and_nothing_else() {
    let stack = OwnStack::create(SITE).await;
    let watchdog = stack.start("watchdog").await;
    tick(&watchdog).await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };

    let refused = run(&stack, &watchdog, &["push", &file("wrong.toml", &wrong(&stack))]).await;
    assert!(refused.contains("wrong.toml:7:10") && refused.contains("did you mean `viewtron`?"), "{refused}");
    let refused = run(&stack, &watchdog, &["push", &file("empty.toml", "")]).await;
    assert!(refused.contains("--allow-empty"), "{refused}");
    assert_eq!(stack.bucket.bytes(CONFIGURATION).await, site(&stack));

    let second = site(&stack).replace("id = \"light-up\"", "id = \"light-the-yard\"");
    let pushed = run(&stack, &watchdog, &["push", &file("second.toml", &second)]).await;
    assert!(pushed.contains("+id = \"light-the-yard\""), "{pushed}");
    assert!(pushed.contains("is valid and in force"), "{pushed}");
    assert_eq!(stack.bucket.bytes(CONFIGURATION).await, second);
    let shown = stack.run("config", &["show"]).await.join("\n");
    assert!(shown.contains("light-the-yard"), "{shown}");
}
