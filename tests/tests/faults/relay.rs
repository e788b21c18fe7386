//! The relay function killed at every moment of an actuation, and what the next delivery makes of it.

use camhook_end_to_end::fault_proxy::Fault;
use camhook_end_to_end::lambda_runtime::{Function, Outcome, TRACE};
use camhook_end_to_end::own_stack::{Delivery, OwnStack};
use camhook_end_to_end::wait;
use serde_json::Value;

use crate::{SITE, intrusion, post};

/// What the relay is asked for: a pulse that its own timer ends.
const PULSE: &str = "Switch.Set?id=0&on=true&toggle_after=5";

/// A stack whose relay queue holds an intrusion of now, and the function that is to act on it.
async fn intrusion_on_its_way() -> (OwnStack, Function) {
    let stack = OwnStack::create(SITE).await;
    let viewtron = stack.start("viewtron").await;
    assert_eq!(post(&viewtron, &intrusion()).await, 200);
    let relay = stack.start("relay").await;
    (stack, relay)
}

/// The decisions that the audit says, each with its reason.
async fn decisions(stack: &OwnStack) -> Vec<(String, String)> {
    let records = stack.bucket.jsons("audit/").await;
    let text = |record: &Value, field: &str| record[field].as_str().unwrap_or_default().to_owned();
    records.iter().map(|record| (text(record, "decision"), text(record, "reason"))).collect()
}

/// What is on its way to the trouble channel.
async fn trouble(stack: &OwnStack) -> Vec<Value> {
    let mut messages = stack.messages(&stack.alerts).await;
    messages.retain(|message| message["type"] == "camhook.trouble.v1");
    messages
}

#[tokio::test]
async fn an_intrusion_switches_the_light_once() {
    let (stack, relay) = intrusion_on_its_way().await;
    assert_eq!(stack.deliver(&stack.relay, &relay).await, Delivery::Done);
    let asked: Vec<u16> = stack.devices.received("/rpc/").iter().map(|request| request.status).collect();
    assert_eq!(asked, [401, 200], "the challenge, and its answer");
    assert_eq!(stack.devices.switched(), [PULSE]);
    assert_eq!(decisions(&stack).await, [("done".to_owned(), "answered".to_owned())]);
    let claims = stack.table.items("claim#").await;
    assert_eq!(claims.len(), 1);
    assert_eq!(claims[0]["state"], "done");
    assert!(trouble(&stack).await.is_empty());
}

#[tokio::test]
async fn one_event_delivered_twice_at_the_same_moment_acts_once() {
    let (stack, relay) = intrusion_on_its_way().await;
    let message = stack.messages(&stack.relay).await.remove(0).to_string();
    let other = stack.start("relay").await;
    let queue = stack.cloud.create_queue(&format!("{}-twice", stack.bucket.name)).await;
    queue.send(&message).await;
    queue.send(&message).await;
    tokio::join!(stack.deliver(&queue, &relay), stack.deliver(&queue, &other));
    assert_eq!(stack.devices.switched(), [PULSE]);
    // Any further delivery finds that it is done.
    let later = stack.cloud.create_queue(&format!("{}-later", stack.bucket.name)).await;
    later.send(&message).await;
    stack.work_off(&later, &relay).await;
    assert_eq!(stack.devices.switched(), [PULSE]);
}

#[tokio::test]
async fn killed_before_the_claim_it_acts_in_the_next_delivery() {
    let (stack, relay) = intrusion_on_its_way().await;
    stack.proxy.fail(Fault::KillBefore(relay.kill_switch()), |call| call.is("PutItem", "claim#"));
    assert_eq!(stack.deliver(&stack.relay, &relay).await, Delivery::Died);
    assert!(stack.devices.received("/rpc/").is_empty());

    stack.proxy.heal();
    let again = stack.start("relay").await;
    stack.work_off(&stack.relay, &again).await;
    assert_eq!(stack.devices.switched(), [PULSE]);
    assert_eq!(decisions(&stack).await, [("done".to_owned(), "answered".to_owned())]);
}

#[tokio::test]
async fn killed_between_claim_and_send_nobody_can_say_and_people_are_told() {
    let (stack, relay) = intrusion_on_its_way().await;
    stack.proxy.fail(Fault::KillAfter(relay.kill_switch()), |call| call.is("PutItem", "claim#"));
    assert_eq!(stack.deliver(&stack.relay, &relay).await, Delivery::Died);
    assert!(stack.devices.received("/rpc/").is_empty(), "the device was not spoken to");

    stack.proxy.heal();
    assert_is_unknown_and_told(&stack).await;
    assert!(stack.devices.switched().is_empty(), "who took the claim may have sent: it is not sent again");
}

#[tokio::test]
async fn killed_at_the_challenge_it_has_sent_nothing_and_nobody_can_say_that() {
    let (stack, relay) = intrusion_on_its_way().await;
    stack.devices.kill_instead_of(401, "/rpc/", relay.kill_switch());
    assert_eq!(stack.deliver(&stack.relay, &relay).await, Delivery::Died);

    assert_is_unknown_and_told(&stack).await;
    assert!(stack.devices.switched().is_empty());
}

#[tokio::test]
async fn killed_between_send_and_done_it_is_never_sent_again() {
    let (stack, relay) = intrusion_on_its_way().await;
    stack.devices.kill_instead_of(200, "/rpc/", relay.kill_switch());
    assert_eq!(stack.deliver(&stack.relay, &relay).await, Delivery::Died);
    assert_eq!(stack.devices.switched(), [PULSE]);

    assert_is_unknown_and_told(&stack).await;
    assert_eq!(stack.devices.switched(), [PULSE], "it was done, and is not done again");
}

#[tokio::test]
async fn killed_after_the_answer_and_before_done_it_is_never_sent_again() {
    let (stack, relay) = intrusion_on_its_way().await;
    // The second put of the claim is the one that says what came of it.
    stack.proxy.fail_nth(2, Fault::KillBefore(relay.kill_switch()), |call| call.is("PutItem", "claim#"));
    assert_eq!(stack.deliver(&stack.relay, &relay).await, Delivery::Died);
    assert_eq!(stack.devices.switched(), [PULSE]);

    assert_is_unknown_and_told(&stack).await;
    assert_eq!(stack.devices.switched(), [PULSE], "it was done, and is not done again");
}

/// The next deliveries decide `unknown`, whatever the device did, and an alert asks to check the relay.
async fn assert_is_unknown_and_told(stack: &OwnStack) {
    let again = stack.start("relay").await;
    stack.work_off(&stack.relay, &again).await;
    assert_eq!(decisions(stack).await, [("unknown".to_owned(), "no_word".to_owned())]);
    let claims = stack.table.items("claim#").await;
    assert_eq!(claims.len(), 1);
    assert_eq!(claims[0]["state"], "unknown");
    let notified = trouble(stack).await;
    assert_eq!(notified.len(), 1, "{notified:?}");
    assert_eq!(notified[0]["about"]["id"], "light");
}

#[tokio::test]
async fn a_device_that_puts_a_command_off_is_asked_again_while_the_event_is_young() {
    let (stack, relay) = intrusion_on_its_way().await;
    stack.devices.refuse_once("/rpc/", 429);
    assert_eq!(stack.deliver(&stack.relay, &relay).await, Delivery::Again);
    assert!(stack.devices.switched().is_empty());
    stack.work_off(&stack.relay, &relay).await;
    assert_eq!(stack.devices.switched(), [PULSE]);
    assert_eq!(decisions(&stack).await, [("done".to_owned(), "answered".to_owned())]);
}

/// A board that answers 404 to everything, so that its release is never confirmed.
const BOARD: &str = r#"
driver = "http"
url = "{{devices}}"
network = "loopback"
on = { path = "/board/on" }
off = { path = "/board/off" }
"#;

/// How many deliveries a release has in this test: more than the 16 rounds after which Lambda takes a function that sends
/// to its own queue for a loop.
const DELIVERIES: usize = 20;

#[tokio::test]
async fn a_release_that_is_never_confirmed_is_not_sent_to_the_functions_own_queues() {
    let (shelly, rest) = SITE.split_once("driver = \"shelly-gen2\"").unwrap();
    let (_, rules) = rest.split_once("[[rule]]").unwrap();
    let stack = OwnStack::create(&format!("{shelly}{BOARD}\n[[rule]]{rules}")).await;
    let viewtron = stack.start("viewtron").await;
    assert_eq!(post(&viewtron, &intrusion()).await, 200);
    let relay = stack.start("relay").await;
    assert_eq!(stack.deliver(&stack.relay, &relay).await, Delivery::Done);
    let name = stack.bucket.name.clone();
    let releases = || {
        let mut calls = stack.proxy.calls();
        calls.retain(|call| call.is("SendMessage", &format!("{name}-releases")));
        calls
    };
    let sent = releases();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].trace, TRACE, "what Lambda recognizes a loop by goes along with each message");
    let to_relay = || stack.proxy.count("SendMessage", &format!("{name}-relay"));
    let by_webhook = to_relay();

    let taken = wait::until("the release", async || stack.releases.take().await).await;
    for _ in 0..DELIVERIES {
        let Outcome::Answered(answer) = relay.invoke(&taken.event()).await else { panic!("no answer") };
        assert_eq!(answer["batchItemFailures"].as_array().unwrap().len(), 1, "it has to be delivered again");
    }
    let asked = |path: &str| stack.devices.received(path).len();
    assert_eq!(
        (asked("/board/on"), asked("/board/off")),
        (1, DELIVERIES),
        "it may be on, and is switched off"
    );
    assert_eq!(releases().len(), 1);
    assert_eq!(to_relay(), by_webhook);
    assert_eq!(stack.proxy.count("ChangeMessageVisibility", &format!("{name}-releases")), DELIVERIES);
    let released = decisions(&stack).await;
    assert_eq!(released[0], ("unknown".to_owned(), "no_word".to_owned()));
    assert_eq!(stack.releases.holds().await, 1, "it waits in its queue");
}
