//! The agent on site as a process of its own: what the relay function hands over, the line that is cut, deaths in
//! the middle of an actuation.

use std::time::Duration;

use camhook_end_to_end::fault_proxy::Fault;
use camhook_end_to_end::lambda_runtime::Function;
use camhook_end_to_end::own_stack::{Agent, Delivery, OwnStack};
use camhook_end_to_end::post::INTRUSION;
use camhook_end_to_end::wait;
use camhook_ports::{Clock, SystemClock};
use serde_json::{Value, json};
use tokio::sync::watch;

const PATH: &str = "/viewtron/gate/AAAAAAAAAAAAAAAAAAAAAA";

/// One camera, and two relays inside, one of which has no timer.
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

[[relay]]
id = "light"
driver = "shelly-gen2"
url = "{{devices}}"
network = "loopback"
via = "agent"
password = "simulated-shelly"

[[relay]]
id = "heater"
driver = "http"
url = "{{devices}}"
on = { path = "/webhook/heater-on" }
off = { path = "/webhook/heater-off" }
network = "loopback"
via = "agent"

[[rule]]
id = "light-up"
when = { source = "gate", kind = "intrusion" }
then = [{ relay = "light", action = "pulse", seconds = 5 }]
max_age = "MAX_AGE"

[[rule]]
id = "heat-up"
when = { source = "gate", kind = "manual" }
then = [{ relay = "heater", action = "pulse", seconds = 3 }]
"#;

/// What the light is asked for: a pulse that its own timer ends.
const PULSE: &str = "Switch.Set?id=0&on=true&toggle_after=5";

/// A stack on which the relay function has an intrusion of now to act on.
async fn intrusion_on_its_way(max_age: &str) -> (OwnStack, Function) {
    let stack = OwnStack::create(&SITE.replace("MAX_AGE", max_age)).await;
    let relay = stack.start("relay").await;
    (stack, relay)
}

/// Has the relay function hand the command over that an intrusion of now makes.
async fn hand_over(stack: &OwnStack, relay: &Function) {
    assert_eq!(stack.post("viewtron", INTRUSION, PATH).await, 200);
    assert_eq!(stack.deliver(&stack.relay, relay).await, Delivery::Done);
}

/// Has the relay function hand the command over that a button of now makes.
async fn heat_up(stack: &OwnStack, relay: &Function) {
    assert_eq!(stack.post("viewtron", INTRUSION, PATH).await, 200);
    let taken = wait::until("the event", async || stack.relay.take().await).await;
    taken.delete().await;
    let mut event = taken.body();
    event["subject"] = json!("manual");
    event["data"]["kind"] = json!("manual");
    stack.relay.send(&event.to_string()).await;
    assert_eq!(stack.deliver(&stack.relay, relay).await, Delivery::Done);
}

/// The decisions that the audit says, each with its relay and reason.
async fn decisions(stack: &OwnStack) -> Vec<[String; 3]> {
    let records = stack.bucket.jsons("audit/").await;
    let text = |record: &Value, field: &str| record[field].as_str().unwrap_or_default().to_owned();
    records.iter().map(|record| ["relay", "decision", "reason"].map(|field| text(record, field))).collect()
}

fn decision(relay: &str, decision: &str, reason: &str) -> [String; 3] {
    [relay, decision, reason].map(str::to_owned)
}

async fn decided(stack: &OwnStack, count: usize) -> Vec<[String; 3]> {
    wait::until_deadline("decisions", wait::REDELIVERY_DEADLINE, async || {
        let decisions = decisions(stack).await;
        (decisions.len() >= count).then_some(decisions)
    })
    .await
}

async fn said(agent: &Agent, text: &str) {
    let what = format!("the agent to say: {text}");
    wait::until(&what, async || count(agent, text).gt(&0).then_some(())).await;
}

fn count(agent: &Agent, text: &str) -> usize {
    agent.process.output().iter().filter(|line| line.contains(text)).count()
}

#[tokio::test]
async fn what_is_handed_over_is_switched_from_inside_once() {
    let (stack, relay) = intrusion_on_its_way("30s").await;
    let agent = stack.start_agent(&["--area", "barn", "--relay", "light"]).await;
    said(&agent, "started the agent").await;
    hand_over(&stack, &relay).await;
    assert_eq!(decided(&stack, 1).await, [decision("light", "done", "answered")]);
    assert_eq!(stack.devices.switched(), [PULSE]);
    let claims = stack.table.items("claim#").await;
    assert_eq!(claims.len(), 1);
    assert_eq!((claims[0]["state"].as_str(), claims[0]["attempt"].as_str()), ("done", "2"));
    wait::until("a sign of life", async || {
        stack.table.items("presence").await.into_iter().find(|item| item["sk"] == "agent/barn")
    })
    .await;

    agent.process.kill_switch().terminate().await;
    assert_eq!(count(&agent, "stopped, all messages in progress are finished"), 1);
    assert_eq!(stack.relay_lan.holds().await, 0);
}

#[tokio::test]
async fn cut_off_it_drops_what_is_too_old_and_releases_what_is_due_when_it_is_back() {
    let (stack, relay) = intrusion_on_its_way("5s").await;
    let agent = stack.start_agent(&[]).await;
    wait::until("a question for commands", async || {
        (agent.line.count("ReceiveMessage", "") > 0).then_some(())
    })
    .await;
    heat_up(&stack, &relay).await;
    let heater = |what: &str| stack.devices.received(&format!("/webhook/heater-{what}")).len();
    wait::until("the heater to be on", async || (heater("on") == 1).then_some(())).await;
    agent.line.cut();
    said(&agent, "lost the connection").await;

    hand_over(&stack, &relay).await;
    too_old_for_5s().await;
    assert!(stack.devices.switched().is_empty());
    assert_eq!(heater("off"), 0, "its time is over, and nobody inside hears of it");

    agent.line.heal();
    wait::until_deadline("the end of both", wait::REDELIVERY_DEADLINE, async || {
        let decisions = decisions(&stack).await;
        let has = |wanted: [String; 3]| decisions.contains(&wanted);
        let late = has(decision("light", "late", "too_old"));
        (late && has(decision("heater", "released", "time_over"))).then_some(())
    })
    .await;
    assert!(stack.devices.switched().is_empty(), "what is late is not switched");
    assert_eq!((heater("on"), heater("off")), (1, 1));
    assert_eq!((count(&agent, "lost the connection"), count(&agent, "restored the connection")), (1, 1));
}

/// Waits until a command that was handed over before is older than a `max_age` of 5 s.
async fn too_old_for_5s() {
    let clock = SystemClock::start();
    let too_old = clock.elapsed() + Duration::from_secs(6);
    wait::until("the command to be too old", async || (clock.elapsed() > too_old).then_some(())).await;
}

/// Waits until the agent has had an answer of SQS, and with it a time of AWS, and asks again.
async fn polls(agent: &Agent) {
    wait::until("a poll for commands", async || (agent.line.count("ReceiveMessage", "") > 1).then_some(()))
        .await;
}

async fn assert_is_late(stack: &OwnStack) {
    assert_eq!(decided(stack, 1).await, [decision("light", "late", "too_old")]);
    assert!(stack.devices.switched().is_empty(), "what is late is not switched");
}

#[tokio::test]
async fn paused_while_it_polls_it_drops_what_became_too_old_meanwhile() {
    let (stack, relay) = intrusion_on_its_way("5s").await;
    let agent = stack.start_agent(&["--relay", "light"]).await;
    polls(&agent).await;
    agent.process.kill_switch().pause();
    hand_over(&stack, &relay).await;
    too_old_for_5s().await;
    agent.process.kill_switch().resume();
    assert_is_late(&stack).await;
}

#[tokio::test]
async fn behind_a_line_that_holds_answers_back_it_drops_what_became_too_old_meanwhile() {
    let (stack, relay) = intrusion_on_its_way("5s").await;
    let agent = stack.start_agent(&["--relay", "light"]).await;
    polls(&agent).await;
    let (release, released) = watch::channel(false);
    let polls_before = agent.line.count("ReceiveMessage", "");
    agent.line.fail(Fault::Hold(released), |call| call.operation == "ReceiveMessage");
    wait::until("a poll whose answer is held back", async || {
        (agent.line.count("ReceiveMessage", "") > polls_before).then_some(())
    })
    .await;
    hand_over(&stack, &relay).await;
    too_old_for_5s().await;
    agent.line.heal();
    release.send_replace(true);
    assert_is_late(&stack).await;
}

#[tokio::test]
async fn killed_between_claim_and_send_nothing_is_sent_and_people_are_told() {
    let (stack, relay) = intrusion_on_its_way("30s").await;
    let agent = stack.start_agent(&[]).await;
    // The first put finds the claim that was handed over, the second takes it.
    let killed = Fault::KillAfter(agent.process.kill_switch());
    agent.line.fail_nth(2, killed, |call| call.is("PutItem", "claim#"));
    hand_over(&stack, &relay).await;
    agent.process.kill_switch().ended().await;
    assert!(stack.devices.received("/rpc/").is_empty(), "the device was not spoken to");
    assert_is_unknown_and_told(&stack).await;
    assert!(stack.devices.switched().is_empty(), "who took the claim may have sent: it is not sent again");
}

#[tokio::test]
async fn killed_between_send_and_done_it_is_never_sent_again() {
    let (stack, relay) = intrusion_on_its_way("30s").await;
    let agent = stack.start_agent(&[]).await;
    stack.devices.kill_instead_of(200, "/rpc/", agent.process.kill_switch());
    hand_over(&stack, &relay).await;
    agent.process.kill_switch().ended().await;
    assert_eq!(stack.devices.switched(), [PULSE]);
    assert_is_unknown_and_told(&stack).await;
    assert_eq!(stack.devices.switched(), [PULSE], "it was done, and is not done again");
}

/// The agent that comes next decides `unknown`, whatever the device did, and an alert asks to check the relay.
async fn assert_is_unknown_and_told(stack: &OwnStack) {
    let _next = stack.start_agent(&[]).await;
    assert_eq!(decided(stack, 1).await, [decision("light", "unknown", "no_word")]);
    let mut notified = stack.messages(&stack.alerts).await;
    notified.retain(|message| message["type"] == "camhook.trouble.v1");
    assert_eq!(notified.len(), 1, "{notified:?}");
    assert_eq!(notified[0]["about"]["id"], "light");
}

#[tokio::test]
async fn of_two_agents_each_switches_its_own() {
    let (stack, relay) = intrusion_on_its_way("30s").await;
    let house = stack.start_agent(&["--area", "house", "--relay", "heater"]).await;
    said(&house, "started the agent").await;
    hand_over(&stack, &relay).await;
    wait::until("the command to be given back", async || {
        (house.line.count("ChangeMessageVisibility", "") > 0).then_some(())
    })
    .await;
    assert!(decisions(&stack).await.is_empty());
    let _barn = stack.start_agent(&["--area", "barn", "--relay", "light"]).await;
    assert_eq!(decided(&stack, 1).await, [decision("light", "done", "answered")]);
}

#[tokio::test]
async fn stopped_while_it_polls_it_returns_what_the_poll_still_receives() {
    let (stack, relay) = intrusion_on_its_way("30s").await;
    let agent = stack.start_agent(&["--relay", "light"]).await;
    polls(&agent).await;
    let stop = agent.process.kill_switch();
    tokio::join!(stop.terminate(), hand_over(&stack, &relay));
    assert_eq!(count(&agent, "stopped, all messages in progress are finished"), 1);
    assert!(stack.devices.received("/rpc/").is_empty(), "the command came after the stop");
    assert!(stack.relay_lan.take().await.is_some(), "it is visible again at once");
}
