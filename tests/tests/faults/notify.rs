//! An event is notified once, however often its message is delivered and whichever function is killed.

use base64_simd::STANDARD;
use camhook_end_to_end::devices::Received;
use camhook_end_to_end::lambda_runtime::Function;
use camhook_end_to_end::own_stack::{Delivery, OwnStack};
use camhook_end_to_end::post::Post;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::{SIGNING_KEY, SITE, intrusion, post};

/// A stack whose notification queue holds an intrusion of now, and the function that notifies of it.
async fn intrusion_on_its_way() -> (OwnStack, Function, Post) {
    let stack = OwnStack::create(SITE).await;
    let viewtron = stack.start("viewtron").await;
    let intrusion = intrusion();
    assert_eq!(post(&viewtron, &intrusion).await, 200);
    let notify = stack.start("notify").await;
    (stack, notify, intrusion)
}

/// Source: the specification of Standard Webhooks, version 1.
fn assert_signed(request: &Received) {
    let mut code = Hmac::<Sha256>::new_from_slice(SIGNING_KEY).unwrap();
    let (id, timestamp) = (request.header("webhook-id"), request.header("webhook-timestamp"));
    code.update(format!("{id}.{timestamp}.").as_bytes());
    code.update(&request.body);
    let expected = format!("v1,{}", STANDARD.encode_to_string(code.finalize().into_bytes()));
    assert_eq!(request.header("webhook-signature"), expected);
}

#[tokio::test]
async fn people_are_told_with_the_picture_and_systems_with_a_signature() {
    let (stack, notify, intrusion) = intrusion_on_its_way().await;
    assert_eq!(stack.deliver(&stack.notify, &notify).await, Delivery::Done);

    let notified = stack.devices.received("/ntfy/family");
    assert_eq!(notified.len(), 1);
    assert_eq!(notified[0].header("title"), "intrusion at Drive");
    assert!(intrusion.pictures().contains(&notified[0].body.to_vec()), "the picture is one that was sent");
    let posted = stack.devices.received("/webhook/automation");
    assert_eq!(posted.len(), 1);
    assert_signed(&posted[0]);
    let body: Value = serde_json::from_slice(&posted[0].body).unwrap();
    let records = stack.bucket.records("gate").await;
    assert_eq!(body["data"]["event"], records[0]);
    assert!(stack.devices.received("/ntfy/caretaker").is_empty());
}

#[tokio::test]
async fn one_event_delivered_twice_at_the_same_moment_is_told_once() {
    let (stack, notify, _) = intrusion_on_its_way().await;
    let message = stack.messages(&stack.notify).await.remove(0).to_string();
    let other = stack.start("notify").await;
    let queue = stack.cloud.create_queue(&format!("{}-twice", stack.bucket.name)).await;
    queue.send(&message).await;
    queue.send(&message).await;
    // One of them may want its message again much later, to see the other's outcome.
    tokio::join!(stack.deliver(&queue, &notify), stack.deliver(&queue, &other));
    assert_eq!(stack.devices.received("/ntfy/family").len(), 1);
    assert_eq!(stack.devices.received("/webhook/automation").len(), 1);

    // Once the outcome is recorded, further deliveries do nothing.
    let later = stack.cloud.create_queue(&format!("{}-later", stack.bucket.name)).await;
    later.send(&message).await;
    assert_eq!(stack.deliver(&later, &notify).await, Delivery::Done);
    assert_eq!(stack.devices.received("/ntfy/family").len(), 1);
    assert_eq!(stack.devices.received("/webhook/automation").len(), 1);
}

#[tokio::test]
async fn a_channel_that_failed_is_told_again_and_one_that_worked_is_not() {
    let (stack, notify, _) = intrusion_on_its_way().await;
    stack.devices.refuse_once("/webhook/", 500);
    assert_eq!(stack.deliver(&stack.notify, &notify).await, Delivery::Again);
    stack.work_off(&stack.notify, &notify).await;
    assert_eq!(stack.devices.received("/ntfy/family").len(), 1);
    let posted = stack.devices.received("/webhook/automation");
    assert_eq!(posted.iter().map(|request| request.status).collect::<Vec<_>>(), [500, 200]);
    posted.iter().for_each(assert_signed);
    assert_eq!(posted[0].header("webhook-id"), posted[1].header("webhook-id"));
}

/// A message is rather sent twice than never; systems recognize the second one by its id.
#[tokio::test]
async fn killed_after_sending_and_before_done_it_is_sent_again_under_the_same_id() {
    let (stack, notify, _) = intrusion_on_its_way().await;
    stack.devices.kill_instead_of(200, "/webhook/", notify.kill_switch());
    assert_eq!(stack.deliver(&stack.notify, &notify).await, Delivery::Died);

    let again = stack.start("notify").await;
    stack.work_off(&stack.notify, &again).await;
    let posted = stack.devices.received("/webhook/automation");
    assert_eq!(posted.len(), 2);
    assert_eq!(posted[0].header("webhook-id"), posted[1].header("webhook-id"));
    let claims = stack.table.items("claim#").await;
    assert_eq!(claims.len(), 2);
    assert!(claims.iter().all(|claim| claim["state"] == "done"), "{claims:?}");
}
