//! Several events become one message.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use camhook_event::Event;
use camhook_outbound::test_server::Reply;
use camhook_ports::memory::MemoryPorts;
use camhook_ports::{Message, Object, ObjectStore, Precondition, Queue, QueueRecord};
use serde_json::json;

use crate::support::{
    client, delivered, finished, handled, header, outcomes, picture_key, plate, ports, receiver, receiver_by,
    record, site,
};

const SITE: &str = r#"
[[channel]]
id = "family"
kind = "ntfy"
url = "NTFY/family"
network = "loopback"
[[rule]]
id = "people"
then = { notify = "family", title = "{{ count }} at {{ source }}", body = "{{ event.data.targets[0].confidence }}" }
coalesce = "10s"
"#;

/// An event whose target the device is so sure of, and whose picture has a name of its own.
fn event(digit: char, confidence: f64) -> Event {
    let mut value = serde_json::to_value(plate(digit, None)).unwrap();
    value["data"]["targets"] = json!([{ "class": "person", "confidence": confidence }]);
    value["data"]["images"] = json!([{
        "role": "overview", "bucket": "memory", "key": picture_key(digit),
        "bytes": 3, "width": 16, "height": 16,
    }]);
    serde_json::from_value(value).unwrap()
}

async fn ports_with_pictures() -> MemoryPorts {
    let ports = ports().await;
    for digit in ['a', 'b', 'c', 'd'] {
        let object = Object { bytes: format!("picture {digit}").into(), content_type: "image/jpeg" };
        ports.objects.put(&picture_key(digit), object, Precondition::None).await.unwrap();
    }
    ports
}

/// The one message that is queued, as it is delivered.
fn only_queued(ports: &MemoryPorts) -> (Message, QueueRecord) {
    let mut queued = ports.queues.take(Queue::Alerts);
    assert_eq!(queued.len(), 1, "{queued:?}");
    let message = queued.remove(0);
    let record = record(message.body.clone(), 1);
    (message, record)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test]
async fn events_within_the_window_are_one_message_with_the_best_picture() {
    let ntfy = receiver(Reply::status(200)).await;
    let (ports, site) = (ports_with_pictures().await, site(SITE, &[("NTFY", &ntfy)]));
    for (digit, confidence) in [('a', 0.5), ('b', 0.9), ('c', 0.7)] {
        finished(&ports, &site, &client(), delivered(&event(digit, confidence), 1)).await;
        ports.clock.advance(seconds(2));
    }
    assert!(ntfy.received().is_empty());
    let (message, flush) = only_queued(&ports);
    assert_eq!(message.delay, seconds(10));

    // The queue's clock may be ahead of ours.
    assert!(handled(&ports, &site, &client(), flush.clone()).await.0);
    assert_eq!(ports.queues.retried().pop().unwrap().2, seconds(5));
    assert!(ntfy.received().is_empty());
    ports.clock.advance(seconds(4));
    for count in 1..=2 {
        let again = QueueRecord { receive_count: count, ..flush.clone() };
        finished(&ports, &site, &client(), again).await;
    }
    let received = ntfy.received();
    assert_eq!(received.len(), 1);
    assert_eq!(header(&received[0], "title"), Some("3 at gate"));
    assert_eq!(header(&received[0], "message"), Some("0.9"));
    assert_eq!(received[0].body, "picture b");

    // The next event opens the next group; one of the last group that is delivered again does not.
    finished(&ports, &site, &client(), delivered(&event('b', 0.9), 2)).await;
    assert!(ports.queues.sent(Queue::Alerts).is_empty());
    finished(&ports, &site, &client(), delivered(&event('d', 0.1), 1)).await;
    let (_, flush) = only_queued(&ports);
    ports.clock.advance(seconds(10));
    finished(&ports, &site, &client(), flush).await;
    assert_eq!(header(&ntfy.received()[1], "title"), Some("1 at gate"));
}

/// Each call to the table in turn is the last one of a delivery; each delivery is repeated until it succeeds. Every
/// event is in a message, and no event is in two.
#[tokio::test]
async fn a_crash_at_any_step_loses_no_event() {
    for failing in ["coalesce#", "claim#"] {
        for healthy in 0..12 {
            let ntfy = receiver(Reply::status(200)).await;
            let (ports, site) = (ports_with_pictures().await, site(SITE, &[("NTFY", &ntfy)]));
            for (index, digit) in ['a', 'b', 'c'].into_iter().enumerate() {
                let mut count = 1;
                if index == healthy % 3 {
                    ports.state.fail_after(failing, healthy / 3);
                    let _ = handled(&ports, &site, &client(), delivered(&event(digit, 0.5), count)).await;
                    ports.state.heal();
                    count += 1;
                }
                finished(&ports, &site, &client(), delivered(&event(digit, 0.5), count)).await;
            }
            ports.clock.advance(seconds(10));
            let queued = ports.queues.take(Queue::Alerts);
            assert!(!queued.is_empty(), "{failing} {healthy}");
            for message in queued {
                let flush = record(message.body, 1);
                ports.state.fail_after(failing, healthy / 3);
                let _ = handled(&ports, &site, &client(), flush.clone()).await;
                ports.state.heal();
                ports.clock.advance(seconds(45));
                finished(&ports, &site, &client(), QueueRecord { receive_count: 2, ..flush }).await;
            }
            let titles: Vec<_> =
                ntfy.received().iter().map(|it| header(it, "title").unwrap().to_owned()).collect();
            // Only a crash between delivering and recording it can deliver it twice.
            assert!(titles.iter().all(|title| title == "3 at gate"), "{failing} {healthy}: {titles:?}");
            assert!((1..=2).contains(&titles.len()), "{failing} {healthy}: {titles:?}");
        }
    }
}

#[tokio::test]
async fn a_queue_that_refuses_leaves_the_event_to_be_delivered_again() {
    let ntfy = receiver(Reply::status(200)).await;
    let (ports, site) = (ports_with_pictures().await, site(SITE, &[("NTFY", &ntfy)]));
    ports.queues.fail(Queue::Alerts);
    assert!(handled(&ports, &site, &client(), delivered(&event('a', 0.5), 1)).await.0);
    ports.queues.heal();
    finished(&ports, &site, &client(), delivered(&event('a', 0.5), 2)).await;
    let (_, flush) = only_queued(&ports);
    ports.clock.advance(seconds(10));
    finished(&ports, &site, &client(), flush).await;
    assert_eq!(header(&ntfy.received()[0], "title"), Some("1 at gate"));
}

#[tokio::test]
async fn a_group_that_fails_is_retried_while_the_next_gathers() {
    let attempts = AtomicUsize::new(0);
    let ntfy = receiver_by(move |_| {
        Reply::status(if attempts.fetch_add(1, Ordering::SeqCst) == 0 { 503 } else { 200 })
    });
    let ntfy = ntfy.await;
    let (ports, site) = (ports_with_pictures().await, site(SITE, &[("NTFY", &ntfy)]));
    finished(&ports, &site, &client(), delivered(&event('a', 0.5), 1)).await;
    let (_, first) = only_queued(&ports);
    ports.clock.advance(seconds(10));
    assert!(handled(&ports, &site, &client(), first.clone()).await.0);

    finished(&ports, &site, &client(), delivered(&event('b', 0.5), 1)).await;
    finished(&ports, &site, &client(), delivered(&event('c', 0.5), 1)).await;
    let (_, second) = only_queued(&ports);
    finished(&ports, &site, &client(), QueueRecord { receive_count: 2, ..first }).await;
    ports.clock.advance(seconds(10));
    finished(&ports, &site, &client(), second).await;
    let received = ntfy.received();
    let titles: Vec<_> = received.iter().map(|it| header(it, "title").unwrap()).collect();
    assert_eq!(titles, ["1 at gate", "1 at gate", "2 at gate"]);
}

#[tokio::test]
async fn a_group_that_fails_for_good_alerts_at_its_last_delivery() {
    let ntfy = receiver(Reply::status(503)).await;
    let admin =
        "[[channel]]\nid = \"admin\"\nkind = \"ntfy\"\nurl = \"NTFY/admin\"\nnetwork = \"loopback\"\n";
    let text = format!("alert_channel = \"admin\"\n{admin}{SITE}");
    let (ports, site) = (ports_with_pictures().await, site(&text, &[("NTFY", &ntfy)]));
    finished(&ports, &site, &client(), delivered(&event('a', 0.5), 1)).await;
    let (_, flush) = only_queued(&ports);
    ports.clock.advance(seconds(10));
    for receive_count in 1..=8 {
        assert!(handled(&ports, &site, &client(), QueueRecord { receive_count, ..flush.clone() }).await.0);
        let alerts = ports.queues.take(Queue::Alerts).len();
        assert_eq!(alerts, usize::from(receive_count == 8), "delivery {receive_count}");
    }
}

#[tokio::test]
async fn a_message_of_a_group_that_was_removed_is_dropped_with_an_alert() {
    let ntfy = receiver(Reply::status(503)).await;
    let before = site(SITE, &[("NTFY", &ntfy)]);
    let after = site(
        &SITE.replace("then = { notify", "then = { mode = \"home\", area = \"yard\" } # {"),
        &[("NTFY", &ntfy)],
    );
    let ports = ports_with_pictures().await;
    finished(&ports, &before, &client(), delivered(&event('a', 0.5), 1)).await;
    let (_, flush) = only_queued(&ports);
    ports.clock.advance(seconds(10));
    assert!(handled(&ports, &before, &client(), flush.clone()).await.0);
    let attempts = ntfy.received().len();
    finished(&ports, &after, &client(), QueueRecord { receive_count: 2, ..flush }).await;
    assert_eq!(ntfy.received().len(), attempts);
    let alerts = ports.queues.take(Queue::Alerts);
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert!(alerts[0].body.contains("The notification of the rule people"), "{alerts:?}");
}

#[tokio::test]
async fn a_failing_group_does_not_count_as_the_evaluation_of_its_first_event() {
    let ntfy =
        receiver_by(|request| Reply::status(if request.target == "/family" { 503 } else { 200 })).await;
    let other = "[[channel]]\nid = \"other\"\nkind = \"ntfy\"\nurl = \"NTFY/other\"\nnetwork = \"loopback\"\n\
                 [[rule]]\nid = \"single\"\nthen = { notify = \"other\" }\n";
    let site = site(&format!("{SITE}{other}"), &[("NTFY", &ntfy)]);
    let ports = ports_with_pictures().await;
    // Killed before the other rule's message: only the group is known.
    let only_group = self::site(SITE, &[("NTFY", &ntfy)]);
    ports.state.fail("decision#");
    finished(&ports, &only_group, &client(), delivered(&event('a', 0.5), 1)).await;
    ports.state.heal();
    let (_, flush) = only_queued(&ports);
    ports.clock.advance(seconds(10));
    assert!(handled(&ports, &site, &client(), flush).await.0);
    finished(&ports, &site, &client(), delivered(&event('a', 0.5), 2)).await;
    let to_other = ntfy.received().iter().filter(|request| request.target == "/other").count();
    assert_eq!(to_other, 1);
}

#[tokio::test]
async fn a_group_charges_the_cooldown_and_is_suppressed_within_it() {
    let ntfy = receiver(Reply::status(200)).await;
    let text = format!("{SITE}cooldown = \"1m\"\n");
    let (ports, site) = (ports_with_pictures().await, site(&text, &[("NTFY", &ntfy)]));
    finished(&ports, &site, &client(), delivered(&event('a', 0.5), 1)).await;
    let (_, flush) = only_queued(&ports);
    ports.clock.advance(seconds(10));
    finished(&ports, &site, &client(), flush).await;

    let (again, measurements) = handled(&ports, &site, &client(), delivered(&event('b', 0.5), 1)).await;
    assert_eq!((again, outcomes(&measurements, "cooldown")), (false, 1));
    assert!(ports.queues.sent(Queue::Alerts).is_empty());
    ports.clock.advance(seconds(60));
    finished(&ports, &site, &client(), delivered(&event('c', 0.5), 1)).await;
    let (_, flush) = only_queued(&ports);
    ports.clock.advance(seconds(10));
    finished(&ports, &site, &client(), flush).await;
    assert_eq!(ntfy.received().len(), 2);
}

#[tokio::test]
async fn a_group_ignores_quiet_hours_that_began_after_it() {
    let ntfy = receiver(Reply::status(200)).await;
    // It is 12:00:05.
    let text = SITE.replace("network", "quiet = { from = \"12:01\", to = \"13:00\" }\nnetwork");
    let text = text.replace("coalesce = \"10s\"", "coalesce = \"1m\"");
    let (ports, site) = (ports_with_pictures().await, site(&text, &[("NTFY", &ntfy)]));
    finished(&ports, &site, &client(), delivered(&event('a', 0.5), 1)).await;
    let (_, flush) = only_queued(&ports);
    ports.clock.advance(seconds(60));
    finished(&ports, &site, &client(), flush).await;
    assert_eq!(ntfy.received().len(), 1);
    let (_, measurements) = handled(&ports, &site, &client(), delivered(&event('b', 0.5), 1)).await;
    assert_eq!(outcomes(&measurements, "quiet"), 1);
    assert!(ports.queues.sent(Queue::Alerts).is_empty());
}

#[tokio::test]
async fn a_replay_is_not_gathered() {
    let ntfy = receiver(Reply::status(200)).await;
    let (ports, site) = (ports_with_pictures().await, site(SITE, &[("NTFY", &ntfy)]));
    let mut replayed = delivered(&event('a', 0.5), 1);
    replayed.replay = Some("run-1".to_owned());
    finished(&ports, &site, &client(), replayed).await;
    assert_eq!(ntfy.received().len(), 1);
}
