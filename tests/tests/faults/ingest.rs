//! S3 and SQS refusing what a webhook needs, and what its sender hears.

use std::time::Duration;

use camhook_end_to_end::cloud::Bucket;
use camhook_end_to_end::fault_proxy::Fault;
use camhook_end_to_end::gateway::{self, BodyForm};
use camhook_end_to_end::lambda_runtime::Function;
use camhook_end_to_end::own_stack::OwnStack;
use camhook_end_to_end::post::Post;
use camhook_ports::{Clock, SystemClock};
use serde_json::{Value, json};

use crate::{PATH, SITE, event, intrusion, post, status};

/// The longest that a function may run: after that its sender hears of a failure that may be none.
const FUNCTION_LIMIT: Duration = Duration::from_secs(10);

async fn only_record(bucket: &Bucket) -> Value {
    let records = bucket.records("gate").await;
    let [record] = <[Value; 1]>::try_from(records).unwrap();
    record
}

async fn assert_pictures_are_stored(bucket: &Bucket, record: &Value, post: &Post) {
    let images = record["data"]["images"].as_array().unwrap();
    let sent = post.pictures();
    assert_eq!(images.len(), sent.len());
    for (image, sent) in images.iter().zip(&sent) {
        let stored = bucket.bytes(image["key"].as_str().unwrap()).await;
        assert!(stored == *sent, "{} is not what was sent", image["key"]);
    }
}

#[tokio::test]
async fn an_intrusion_is_stored_and_sent_to_both_queues() {
    let stack = OwnStack::create(SITE).await;
    let viewtron = stack.start("viewtron").await;
    let intrusion = intrusion();
    assert_eq!(post(&viewtron, &intrusion).await, 200);

    let record = only_record(&stack.bucket).await;
    assert_eq!(record["data"]["kind"], "intrusion");
    assert_pictures_are_stored(&stack.bucket, &record, &intrusion).await;
    assert_eq!(stack.messages(&stack.notify).await, std::slice::from_ref(&record));
    assert_eq!(stack.messages(&stack.relay).await, [record]);
    assert_eq!(stack.bucket.keys("").await.len(), 1 + 1 + 2, "configuration, record and pictures are all");
    viewtron.has_counted("Events", &[("Vendor", "viewtron"), ("Kind", "intrusion")], 1.0).await;
    assert_eq!(viewtron.counted("PicturesStored", &[("Vendor", "viewtron")]), 2.0);
}

#[tokio::test]
async fn a_record_that_cannot_be_stored_is_never_acknowledged() {
    let stack = OwnStack::create(SITE).await;
    let viewtron = stack.start("viewtron").await;
    let intrusion = intrusion();
    stack.proxy.fail(Fault::Status(503), |call| call.is("PutObject", "events/"));
    assert_eq!(post(&viewtron, &intrusion).await, 503);

    assert!(stack.bucket.keys("events/").await.is_empty());
    assert!(stack.bucket.keys("pending/").await.is_empty());
    assert_eq!(stack.proxy.count("SendMessage", ""), 0, "what is not stored is not enqueued");
    assert!(stack.proxy.count("PutObject", "events/") > 1, "it was tried again");
    viewtron.has_counted("Unavailable", &[("Vendor", "viewtron"), ("Cause", "store")], 1.0).await;

    // A sender that does send again makes the same event of it.
    stack.proxy.heal();
    assert_eq!(post(&viewtron, &intrusion).await, 200);
    let record = only_record(&stack.bucket).await;
    assert_pictures_are_stored(&stack.bucket, &record, &intrusion).await;
}

#[tokio::test]
async fn a_store_that_never_answers_ends_before_the_function_does() {
    let stack = OwnStack::create(SITE).await;
    let viewtron = stack.start("viewtron").await;
    stack.proxy.fail(Fault::Silence, |call| call.is("PutObject", ""));
    let clock = SystemClock::start();
    assert_eq!(post(&viewtron, &intrusion()).await, 503);
    assert!(clock.elapsed() < FUNCTION_LIMIT, "it took {:?}", clock.elapsed());
}

#[tokio::test]
async fn one_failed_try_is_not_noticed() {
    let stack = OwnStack::create(SITE).await;
    let viewtron = stack.start("viewtron").await;
    stack.proxy.fail_nth(1, Fault::Status(503), |call| call.is("PutObject", "events/"));
    stack.proxy.fail_nth(2, Fault::Close, |call| call.is("PutObject", "images/"));
    stack.proxy.fail_nth(1, Fault::Status(500), |call| call.is("SendMessage", ""));
    let intrusion = intrusion();
    assert_eq!(post(&viewtron, &intrusion).await, 200);

    let record = only_record(&stack.bucket).await;
    assert_pictures_are_stored(&stack.bucket, &record, &intrusion).await;
    assert!(stack.bucket.keys("pending/").await.is_empty());
    assert_eq!(stack.messages(&stack.notify).await, std::slice::from_ref(&record));
    assert_eq!(stack.messages(&stack.relay).await, [record]);
}

#[tokio::test]
async fn an_event_goes_on_without_a_picture_that_cannot_be_stored() {
    let stack = OwnStack::create(SITE).await;
    let viewtron = stack.start("viewtron").await;
    let intrusion = intrusion();
    stack.proxy.fail(Fault::Status(503), |call| {
        call.operation == "PutObject" && call.target.ends_with("1-target.jpg")
    });
    assert_eq!(post(&viewtron, &intrusion).await, 200);

    let record = only_record(&stack.bucket).await;
    let images = record["data"]["images"].as_array().unwrap();
    assert_eq!(images.len(), 2, "a rejected picture keeps its place");
    assert_eq!(images[1], json!({ "role": "target", "rejected": "store_failed" }));
    let overview = stack.bucket.bytes(images[0]["key"].as_str().unwrap()).await;
    assert!(overview == intrusion.pictures()[0]);
    assert_eq!(stack.bucket.keys("images/").await.len(), 1);
    assert_eq!(stack.messages(&stack.notify).await, std::slice::from_ref(&record));
    assert_eq!(stack.messages(&stack.relay).await, [record]);
    let rejected = [("Vendor", "viewtron"), ("Reason", "store_failed")];
    viewtron.has_counted("PicturesRejected", &rejected, 1.0).await;
    assert_eq!(viewtron.counted("PicturesStored", &[("Vendor", "viewtron")]), 1.0);
}

/// Reports the level of a recorder's motion alarm, as its `n`th post; the status of the reply.
async fn report(function: &Function, n: usize, level: bool) -> u64 {
    let template = format!(
        "POST {{{{path}}}} HTTP/1.1\r\nContent-Type: application/xml\r\n\r\n<config version=\"1.0\"><alarmStatusInfo>\
         <motionAlarm type=\"boolean\" id=\"3\">{level}</motionAlarm></alarmStatusInfo></config>"
    );
    let post = Post::new(&template, PATH);
    let reply =
        function.call(&gateway::event(&post.request(), BodyForm::Text, &format!("request-{n}"))).await;
    status(&reply)
}

/// The states of the events of `gate`, in the order of their receipt.
async fn states(bucket: &Bucket) -> Vec<String> {
    let mut records = bucket.records("gate").await;
    records.sort_by_key(|record| record["data"]["received_at"].as_str().unwrap().to_owned());
    records.iter().map(|record| record["data"]["state"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_level_that_changes_back_after_the_table_failed_is_an_event() {
    let stack = OwnStack::create(SITE).await;
    let viewtron = stack.start("viewtron").await;
    assert_eq!(report(&viewtron, 1, true).await, 200);
    assert_eq!(report(&viewtron, 2, true).await, 200);
    assert_eq!(states(&stack.bucket).await, ["start"]);

    stack.proxy.fail(Fault::Status(500), |call| call.target.starts_with("level#"));
    assert_eq!(report(&viewtron, 3, false).await, 200);
    stack.proxy.heal();

    let another = stack.start("viewtron").await;
    assert_eq!(report(&another, 4, true).await, 200);
    assert_eq!(states(&stack.bucket).await, ["start", "stop", "start"]);
    assert!(stack.bucket.keys("unknown-levels/").await.is_empty());
    assert_eq!(report(&viewtron, 5, true).await, 200);
    assert_eq!(states(&stack.bucket).await.len(), 3);
}

/// What is pending after a post while these queues refuse, until the watchdog delivers it.
async fn owed_and_delivered(refusing: &[&str]) {
    let stack = OwnStack::create(SITE).await;
    let viewtron = stack.start("viewtron").await;
    let intrusion = intrusion();
    for queue in refusing {
        let name = queue_name(&stack, queue);
        stack.proxy.fail(Fault::Status(503), move |call| call.is("SendMessage", &name));
    }
    assert_eq!(post(&viewtron, &intrusion).await, 200);
    let record = only_record(&stack.bucket).await;
    assert_pictures_are_stored(&stack.bucket, &record, &intrusion).await;
    let pending = stack.bucket.keys("pending/").await;
    assert_eq!(pending, [format!("pending/{}.json", record["id"].as_str().unwrap())]);
    assert_eq!(stack.bucket.json(&pending[0]).await, json!({ "owed": refusing, "message": record }));
    for (name, queue) in [("notify", &stack.notify), ("relay", &stack.relay)] {
        let expected = usize::from(!refusing.contains(&name));
        assert_eq!(queue.holds().await, expected, "messages of {name}");
    }

    // It stays pending while a queue refuses.
    let watchdog = stack.start("watchdog").await;
    let tick = json!({ "source": "aws.events", "detail-type": "Scheduled Event" });
    watchdog.call(&tick).await;
    assert_eq!(stack.bucket.keys("pending/").await, pending);

    stack.proxy.heal();
    watchdog.call(&tick).await;
    watchdog.has_counted("PendingDelivered", &[], 1.0).await;
    assert!(stack.bucket.keys("pending/").await.is_empty());
    assert_eq!(stack.messages(&stack.notify).await, std::slice::from_ref(&record));
    assert_eq!(stack.messages(&stack.relay).await, [record]);
}

fn queue_name(stack: &OwnStack, queue: &str) -> String {
    let url = if queue == "notify" { &stack.notify.url } else { &stack.relay.url };
    url.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn what_one_queue_refuses_is_delivered_by_the_watchdog() {
    owed_and_delivered(&["relay"]).await;
}

#[tokio::test]
async fn what_both_queues_refuse_is_delivered_by_the_watchdog() {
    owed_and_delivered(&["notify", "relay"]).await;
}

#[tokio::test]
async fn nothing_is_acknowledged_when_everything_refuses() {
    let stack = OwnStack::create(SITE).await;
    let viewtron = stack.start("viewtron").await;
    // The function knows its site: what fails is all that comes after that.
    assert_eq!(post(&viewtron, &intrusion()).await, 200);
    stack.proxy.fail(Fault::Status(500), |_| true);
    let clock = SystemClock::start();
    assert_eq!(post(&viewtron, &intrusion()).await, 503);
    assert!(clock.elapsed() < FUNCTION_LIMIT, "it took {:?}", clock.elapsed());
    assert_eq!(stack.bucket.records("gate").await.len(), 1);
}

#[tokio::test]
async fn nothing_is_acknowledged_that_is_stored_and_owed_but_not_kept() {
    let stack = OwnStack::create(SITE).await;
    let viewtron = stack.start("viewtron").await;
    stack
        .proxy
        .fail(Fault::Status(503), |call| call.is("SendMessage", "") || call.is("PutObject", "pending/"));
    assert_eq!(post(&viewtron, &intrusion()).await, 503);
}

#[tokio::test]
async fn nobody_is_served_without_a_site() {
    let stack = OwnStack::create(SITE).await;
    let viewtron = stack.start("viewtron").await;
    stack.proxy.fail(Fault::Status(503), |call| call.is("GetObject", "config/"));
    assert_eq!(post(&viewtron, &intrusion()).await, 503);
    stack.proxy.heal();
    assert_eq!(post(&viewtron, &intrusion()).await, 200);
}

async fn post_at_the_same_moment(left: &Function, right: &Function, post: &Post) {
    let event = event(post);
    let (left, right) = tokio::join!(left.call(&event), right.call(&event));
    assert_eq!((status(&left), status(&right)), (200, 200));
}

#[tokio::test]
async fn the_same_post_twice_and_at_the_same_moment_is_one_event() {
    let stack = OwnStack::create(SITE).await;
    let (first, second) = (stack.start("viewtron").await, stack.start("viewtron").await);
    let intrusion = intrusion();
    post_at_the_same_moment(&first, &second, &intrusion).await;
    assert_eq!(post(&first, &intrusion).await, 200);

    let record = only_record(&stack.bucket).await;
    assert_pictures_are_stored(&stack.bucket, &record, &intrusion).await;
    assert_eq!(stack.bucket.keys("images/").await.len(), 2);
    for queue in [&stack.notify, &stack.relay] {
        let messages = stack.messages(queue).await;
        assert_eq!(messages.len(), 3, "standard queues carry each delivery");
        assert!(messages.iter().all(|message| message["id"] == record["id"]), "all are of one event");
    }

    // The consumers are who makes one of them.
    let stack = OwnStack::create(SITE).await;
    let (first, second) = (stack.start("viewtron").await, stack.start("viewtron").await);
    post_at_the_same_moment(&first, &second, &intrusion).await;
    let (notify, relay) = (stack.start("notify").await, stack.start("relay").await);
    stack.work_off(&stack.relay, &relay).await;
    stack.work_off(&stack.notify, &notify).await;
    assert_eq!(stack.devices.switched(), ["Switch.Set?id=0&on=true&toggle_after=5"]);
    assert_eq!(stack.devices.received("/ntfy/family").len(), 1);
    assert_eq!(stack.devices.received("/webhook/automation").len(), 1);
}
