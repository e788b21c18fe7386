//! Messages that cannot be delivered.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use camhook_outbound::test_server::Reply;
use camhook_ports::{Object, ObjectStore, Precondition, Queue};
use camhook_state::dead_letter;
use camhook_state::decision::{self, ActionOutcome, NOTIFY};
use serde_json::json;

use crate::support::{
    OddPorts, client, delivered, finished, handle_all, handled, header, impatient_client, json_body,
    outcomes, picture, picture_key, plate, ports, receiver, receiver_by, record, site,
};

const BOTH: &str = r#"
[[channel]]
id = "family"
kind = "ntfy"
url = "NTFY/family"
network = "loopback"
[[channel]]
id = "system"
kind = "webhook"
url = "HOOK/in"
network = "loopback"
[[rule]]
id = "plates"
when = { kind = "plate" }
then = [{ notify = "family" }, { notify = "system" }]
cooldown = "10m"
"#;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test]
async fn only_the_channel_that_failed_is_tried_again() {
    let attempts = AtomicUsize::new(0);
    let ntfy = receiver_by(move |_| {
        let status = if attempts.fetch_add(1, Ordering::SeqCst) < 2 { 503 } else { 200 };
        Reply::status(status)
    });
    let (ntfy, hook) = (ntfy.await, receiver(Reply::status(200)).await);
    let (ports, site) = (ports().await, site(BOTH, &[("NTFY", &ntfy), ("HOOK", &hook)]));
    let event = plate('a', Some("58:5b:plate:IB36NL"));
    for (count, again) in [(1, true), (2, true), (3, false)] {
        let record = delivered(&event, count);
        assert_eq!(handled(&ports, &site, &client(), record).await.0, again, "delivery {count}");
    }
    assert_eq!((ntfy.received().len(), hook.received().len()), (3, 1));
    let delays: Vec<_> = ports.queues.retried().into_iter().map(|(queue, _, delay)| (queue, delay)).collect();
    assert_eq!(delays, [(Queue::Notify, seconds(5)), (Queue::Notify, seconds(15))]);
}

#[tokio::test]
async fn a_retry_waits_as_long_as_the_channel_asks() {
    let ntfy = receiver(Reply::with_header(429, "retry-after", "120")).await;
    let hook = receiver(Reply::status(200)).await;
    let (ports, site) = (ports().await, site(BOTH, &[("NTFY", &ntfy), ("HOOK", &hook)]));
    let (again, _) = handled(&ports, &site, &client(), delivered(&plate('a', None), 1)).await;
    assert!(again);
    let retried = ports.queues.retried();
    assert_eq!(retried.len(), 1);
    assert!(retried[0].1.ends_with("-1"));
    assert_eq!(retried[0].2, seconds(120));
}

#[tokio::test]
async fn a_channel_that_asks_for_an_hour_delays_no_other() {
    let grouped = BOTH.replace("cooldown = \"10m\"", "coalesce = \"20s\"");
    for text in [BOTH.to_owned(), grouped] {
        let attempts = AtomicUsize::new(0);
        let ntfy = receiver_by(move |_| {
            let status = if attempts.fetch_add(1, Ordering::SeqCst) == 0 { 503 } else { 200 };
            Reply::status(status)
        });
        let ntfy = ntfy.await;
        let hook = receiver(Reply::with_header(429, "retry-after", "3600")).await;
        let (ports, site) = (ports().await, site(&text, &[("NTFY", &ntfy), ("HOOK", &hook)]));
        let event = plate('a', None);
        let mut message = delivered(&event, 1);
        if text.contains("coalesce") {
            finished(&ports, &site, &client(), message).await;
            ports.clock.advance(seconds(21));
            message = record(ports.queues.sent(Queue::Alerts)[0].body.clone(), 1);
        }
        let receive = async |receive_count, after| {
            ports.clock.advance(seconds(after));
            let message = record(message.body.clone(), receive_count);
            assert!(handled(&ports, &site, &client(), message).await.0);
            let (_, _, delay) = ports.queues.retried().pop().unwrap();
            ((ntfy.received().len(), hook.received().len()), delay)
        };
        assert_eq!(receive(1, 0).await, ((1, 1), seconds(5)));
        assert_eq!(receive(2, 5).await, ((2, 1), seconds(3595)));
        let decision = decision::find(&ports.state, event.id, NOTIFY).await.unwrap().unwrap();
        let recorded = decision.actions.iter().find(|action| action.action == 1).unwrap();
        let ActionOutcome::Retrying { next: Some(next), .. } = recorded.outcome else {
            panic!("{recorded:?}")
        };
        assert_eq!(next.duration_since(recorded.at), jiff::SignedDuration::from_secs(3600));
        assert_eq!(receive(3, 3595).await, ((2, 2), seconds(3600)));
        // The last delivery has no later one to wait for.
        assert_eq!(receive(8, 10).await.0, (2, 3));
    }
}

#[tokio::test]
async fn a_channel_without_an_answer_is_tried_again_with_the_same_id() {
    let attempts = AtomicUsize::new(0);
    let hook = receiver_by(move |_| {
        if attempts.fetch_add(1, Ordering::SeqCst) == 0 { Reply::Silence } else { Reply::status(200) }
    });
    let (ntfy, hook) = (receiver(Reply::status(200)).await, hook.await);
    let (ports, site) = (ports().await, site(BOTH, &[("NTFY", &ntfy), ("HOOK", &hook)]));
    let event = plate('a', None);
    assert!(handled(&ports, &site, &impatient_client(), delivered(&event, 1)).await.0);
    assert!(!handled(&ports, &site, &client(), delivered(&event, 2)).await.0);
    let received = hook.received();
    assert_eq!(received.len(), 2);
    assert_eq!(header(&received[0], "webhook-id"), header(&received[1], "webhook-id"));
    assert_eq!(ntfy.received().len(), 1);
}

#[tokio::test]
async fn a_message_that_failed_permanently_charges_no_cooldown() {
    let attempts = AtomicUsize::new(0);
    let ntfy = receiver_by(move |_| {
        let status = if attempts.fetch_add(1, Ordering::SeqCst) < 2 { 503 } else { 200 };
        Reply::status(status)
    });
    let (ntfy, hook) = (ntfy.await, receiver(Reply::status(503)).await);
    let text = BOTH.replace(", { notify = \"system\" }", "");
    let (ports, site) = (ports().await, site(&text, &[("NTFY", &ntfy), ("HOOK", &hook)]));
    let (first, second) = (plate('a', None), plate('b', None));
    assert!(handled(&ports, &site, &client(), delivered(&first, 7)).await.0);
    // While the first is still tried, the second waits: nobody knows yet which of them charges.
    assert!(handled(&ports, &site, &client(), delivered(&second, 1)).await.0);
    assert_eq!(ntfy.received().len(), 1);

    assert!(handled(&ports, &site, &client(), delivered(&first, 8)).await.0);
    assert!(!handled(&ports, &site, &client(), delivered(&second, 2)).await.0);
    assert_eq!(ntfy.received().len(), 3);
    let (again, measurements) = handled(&ports, &site, &client(), delivered(&plate('c', None), 1)).await;
    assert_eq!((again, outcomes(&measurements, "cooldown")), (false, 1));
}

#[tokio::test]
async fn an_unreadable_or_panicking_message_fails_alone() {
    let (ntfy, hook) = (receiver(Reply::status(200)).await, receiver(Reply::status(200)).await);
    let site = site(&BOTH.replace("cooldown = \"10m\"", ""), &[("NTFY", &ntfy), ("HOOK", &hook)]);
    let ports = OddPorts::new().await;
    let good = delivered(&plate('a', None), 1);
    let poison =
        record(good.body.replace("0-overview", "poison").replace(&"a".repeat(32), &"b".repeat(32)), 1);
    let unreadable = record("{".to_owned(), 1);
    let ids = [poison.message_id.clone(), unreadable.message_id.clone()];
    let failed = handle_all(&ports, &site, &client(), &[poison, unreadable, good]).await;
    assert_eq!(failed, ids);
    assert_eq!(ports.inner.metrics.counted(camhook_notify::RETRIES), 2);
    assert_eq!((ntfy.received().len(), hook.received().len()), (1, 1));
    assert_eq!(ports.inner.queues.retried().len(), 2);
}

#[tokio::test]
async fn nothing_is_delivered_without_a_claim() {
    let (ntfy, hook) = (receiver(Reply::status(200)).await, receiver(Reply::status(200)).await);
    let (ports, site) = (ports().await, site(BOTH, &[("NTFY", &ntfy), ("HOOK", &hook)]));
    let event = plate('a', None);
    ports.state.fail("claim#");
    assert!(handled(&ports, &site, &client(), delivered(&event, 1)).await.0);
    assert!(ntfy.received().is_empty() && hook.received().is_empty());
    ports.state.heal();
    assert!(!handled(&ports, &site, &client(), delivered(&event, 2)).await.0);
    assert_eq!((ntfy.received().len(), hook.received().len()), (1, 1));
}

#[tokio::test]
async fn an_attempt_that_was_killed_is_repeated_by_the_next_delivery() {
    let (ntfy, hook) = (receiver(Reply::status(200)).await, receiver(Reply::status(200)).await);
    let (ports, site) = (ports().await, site(BOTH, &[("NTFY", &ntfy), ("HOOK", &hook)]));
    let event = plate('a', None);
    let key = camhook_state::claim::ClaimKey { event: event.id, rule: "plates", action: 0, replay: None };
    camhook_state::claim::take(&ports.state, &key, crate::support::NOW).await.unwrap();

    assert!(handled(&ports, &site, &client(), delivered(&event, 1)).await.0);
    assert_eq!((ntfy.received().len(), hook.received().len()), (0, 1));
    assert_eq!(ports.queues.retried()[0].2, seconds(45));
    ports.clock.advance(seconds(45));
    assert!(!handled(&ports, &site, &client(), delivered(&event, 2)).await.0);
    assert_eq!((ntfy.received().len(), hook.received().len()), (1, 1));
}

#[tokio::test]
async fn a_refused_picture_is_replaced_by_a_link() {
    let ntfy = receiver_by(|request| Reply::status(if request.body.len() > 1000 { 413 } else { 200 })).await;
    let hook = receiver(Reply::status(200)).await;
    let site = site(BOTH, &[("NTFY", &ntfy), ("HOOK", &hook)]);
    let ports = OddPorts::new().await;
    assert!(!handled(&ports, &site, &client(), delivered(&plate('a', None), 1)).await.0);
    let received = ntfy.received();
    assert_eq!(received[0].body, picture());
    assert_eq!(received[1].body, "Plate · yard\n2026-11-23 12:00:00");
    let link = format!("https://bucket.example/{}?X-Amz-Expires=3600", picture_key('a'));
    assert_eq!(header(&received[1], "attach"), Some(link.as_str()));
    assert_eq!(json_body(&hook.received()[0])["data"]["picture"], link);
}

#[tokio::test]
async fn a_picture_that_cannot_be_read_does_not_stop_the_message() {
    let (ntfy, hook) = (receiver(Reply::status(200)).await, receiver(Reply::status(200)).await);
    let site = site(BOTH, &[("NTFY", &ntfy), ("HOOK", &hook)]);
    let ports = ports().await;
    ports.objects.fail("images/");
    assert!(!handled(&ports, &site, &client(), delivered(&plate('a', None), 1)).await.0);
    assert_eq!(ntfy.received()[0].body, "Plate · yard\n2026-11-23 12:00:00");
    assert_eq!(hook.received().len(), 1);
}

#[tokio::test]
async fn a_dead_letter_has_its_reasons() {
    let (ntfy, hook) = (receiver(Reply::status(403)).await, receiver(Reply::status(200)).await);
    let (ports, site) = (ports().await, site(BOTH, &[("NTFY", &ntfy), ("HOOK", &hook)]));
    let event = plate('a', None);
    let name = delivered(&event, 1).message_id;
    for count in 1..=8 {
        let recorded = dead_letter::find(&ports.state, Queue::Notify, &name).await.unwrap();
        assert_eq!(recorded, None, "delivery {count}");
        assert!(handled(&ports, &site, &client(), delivered(&event, count)).await.0);
    }
    let dead = dead_letter::find(&ports.state, Queue::Notify, &name).await.unwrap().unwrap();
    assert_eq!(dead.reasons, ["channel family: refused with status 403"]);

    let unreadable = record("{".to_owned(), 8);
    let name = unreadable.message_id.clone();
    assert!(handled(&ports, &site, &client(), unreadable).await.0);
    let dead = dead_letter::find(&ports.state, Queue::Notify, &name).await.unwrap().unwrap();
    assert!(dead.reasons[0].starts_with("the message is not an event"), "{dead:?}");
}

const FAMILY: &str = r#"
alert_channel = "admin"
[[channel]]
id = "admin"
kind = "ntfy"
url = "ADMIN/admin"
network = "loopback"
[[channel]]
id = "family"
kind = "ntfy"
url = "NTFY/family"
network = "loopback"
[[rule]]
id = "plates"
when = { kind = "plate" }
then = { notify = "family" }
"#;

#[tokio::test]
async fn the_claim_records_why_a_message_went_without_its_picture() {
    let ntfy = receiver_by(|request| Reply::status(if request.body.len() > 1000 { 413 } else { 200 })).await;
    let (ports, site) = (ports().await, site(FAMILY, &[("NTFY", &ntfy), ("ADMIN", &ntfy)]));
    let event = plate('a', None);
    assert!(!handled(&ports, &site, &client(), delivered(&event, 1)).await.0);
    let claims = camhook_state::claim::of_event(&ports.state, event.id).await.unwrap();
    let outcome = claims[0].2.outcome.as_deref();
    assert_eq!(outcome, Some("delivered without the picture: refused with status 413"));
}

#[tokio::test]
async fn a_service_that_keeps_failing_gets_the_text_without_the_picture() {
    let ntfy = receiver_by(|request| Reply::status(if request.body.len() > 1000 { 500 } else { 200 })).await;
    let (ports, site) = (ports().await, site(FAMILY, &[("NTFY", &ntfy), ("ADMIN", &ntfy)]));
    let event = plate('a', None);
    for (count, again) in [(1, true), (2, true), (3, false)] {
        assert_eq!(handled(&ports, &site, &client(), delivered(&event, count)).await.0, again, "{count}");
    }
    assert_eq!(ntfy.received().last().unwrap().body, "Plate · yard\n2026-11-23 12:00:00");
}

#[tokio::test]
async fn a_missing_picture_is_no_dead_link_even_where_s3_denies_it() {
    let (ntfy, hook) = (receiver(Reply::status(200)).await, receiver(Reply::status(200)).await);
    let site = site(BOTH, &[("NTFY", &ntfy), ("HOOK", &hook)]);
    let ports = OddPorts::new().await;
    ports.deny_missing();
    let mut value = serde_json::to_value(plate('a', None)).unwrap();
    for image in value["data"]["images"].as_array_mut().unwrap() {
        image["key"] = image["key"].as_str().unwrap().replace("overview", "expired").into();
    }
    let record = record(value.to_string(), 1);
    assert!(!handled(&ports, &site, &client(), record).await.0);
    let received = ntfy.received();
    assert_eq!(received[0].body, "Plate · yard\n2026-11-23 12:00:00");
    assert_eq!(header(&received[0], "attach"), None);
    assert_eq!(json_body(&hook.received()[0])["data"].get("picture"), None);
}

#[tokio::test]
async fn a_channel_that_takes_links_gets_none_to_a_missing_picture() {
    let hook = receiver(Reply::status(200)).await;
    let text = BOTH.replace("{ notify = \"family\" }, ", "").replace("cooldown = \"10m\"", "");
    let site = site(&text, &[("NTFY", &hook), ("HOOK", &hook)]);
    for (digit, is_denied, status) in [('a', false, "404"), ('b', true, "403")] {
        let ports = OddPorts::new().await;
        if is_denied {
            ports.deny_missing();
        }
        let mut event = serde_json::to_value(plate(digit, None)).unwrap();
        let expired = event["data"]["images"][1].clone();
        event["data"]["images"] = json!([expired]);
        event["data"]["images"][0]["key"] = picture_key(digit).replace("overview", "expired").into();
        let (again, metrics) = handled(&ports, &site, &client(), record(event.to_string(), 1)).await;
        assert!(!again);
        assert_eq!(json_body(hook.received().last().unwrap())["data"].get("picture"), None);
        let missing: Vec<_> = metrics.iter().filter(|metric| metric.name == "PicturesMissing").collect();
        assert_eq!((missing.len(), missing[0].dimensions[0].value.as_str()), (1, status));
        // A picture that is there is linked.
        let record = delivered(&plate(if is_denied { 'd' } else { 'c' }, None), 1);
        assert!(!handled(&ports, &site, &client(), record).await.0);
        let body = json_body(hook.received().last().unwrap());
        assert!(body["data"]["picture"].as_str().unwrap().contains("0-overview.jpg"), "{body}");
    }
}

#[tokio::test]
async fn a_forged_key_reads_no_other_object() {
    let (ntfy, hook) = (receiver(Reply::status(200)).await, receiver(Reply::status(200)).await);
    let text = BOTH.replace("cooldown = \"10m\"", "");
    let (ports, site) = (ports().await, site(&text, &[("NTFY", &ntfy), ("HOOK", &hook)]));
    let secret = Object { bytes: "token = \"hunter2\"".into(), content_type: "application/toml" };
    ports.objects.put("config/camhook.toml", secret.clone(), Precondition::None).await.unwrap();
    ports.objects.put(&picture_key('b'), secret, Precondition::None).await.unwrap();
    for (digit, key) in [('c', "config/camhook.toml".to_owned()), ('d', picture_key('b'))] {
        let mut value = serde_json::to_value(plate(digit, None)).unwrap();
        value["data"]["images"] = json!([{
            "role": "overview", "bucket": "memory", "key": key, "bytes": 3, "width": 16, "height": 16,
        }]);
        assert!(!handled(&ports, &site, &client(), record(value.to_string(), 1)).await.0);
    }
    assert_eq!((ntfy.received().len(), hook.received().len()), (2, 2));
    for request in ntfy.received() {
        assert_eq!(request.body, "Plate · yard\n2026-11-23 12:00:00");
        assert_eq!(header(&request, "attach"), None);
    }
    assert!(hook.received().iter().all(|request| json_body(request)["data"].get("picture").is_none()));
}

#[tokio::test]
async fn what_failed_is_sent_in_quiet_hours_that_began_since_and_what_was_quiet_is_not() {
    let attempts = AtomicUsize::new(0);
    let family = receiver_by(move |_| {
        Reply::status(if attempts.fetch_add(1, Ordering::SeqCst) == 0 { 503 } else { 200 })
    });
    let (family, other) = (family.await, receiver(Reply::status(200)).await);
    // It is 12:00:05.
    let channel = |id: &str, server: &str, quiet: &str| {
        format!(
            "[[channel]]\nid = \"{id}\"\nkind = \"ntfy\"\nurl = \"{server}/{id}\"\nnetwork = \"loopback\"\n\
             quiet = {quiet}\n"
        )
    };
    let text = format!(
        "{}{}[[rule]]\nid = \"plates\"\nthen = [{{ notify = \"family\" }}, {{ notify = \"other\" }}]\n",
        channel("family", "FAMILY", r#"{ from = "12:01", to = "13:00" }"#),
        channel("other", "OTHER", r#"{ from = "11:00", to = "12:01" }"#),
    );
    let (ports, site) = (ports().await, site(&text, &[("FAMILY", &family), ("OTHER", &other)]));
    assert!(handled(&ports, &site, &client(), delivered(&plate('a', None), 1)).await.0);
    ports.clock.advance(Duration::from_secs(60));
    finished(&ports, &site, &client(), delivered(&plate('a', None), 2)).await;
    assert_eq!((family.received().len(), other.received().len()), (2, 0));
}
