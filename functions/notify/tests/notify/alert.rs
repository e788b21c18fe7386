//! Alerts to the alert channel.

use std::time::Duration;

use camhook_outbound::test_server::Reply;
use camhook_ports::Queue;
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::control;
use camhook_state::flush::Flush;

use crate::support::{
    NOW, alerted, client, delivered, handled, header, plate, ports, receiver, receiver_by, record, site,
};

const SITE: &str = r#"
alert_channel = "admin"
[[channel]]
id = "admin"
kind = "ntfy"
url = "ADMIN/admin"
network = "loopback"
[[channel]]
id = "family"
kind = "ntfy"
url = "FAMILY/family"
network = "loopback"
[[rule]]
id = "plates"
when = { kind = "plate" }
then = [{ notify = "family" }]
"#;

fn message(about: AlertSubject, text: &str) -> String {
    Alert::new(about, text.to_owned(), NOW).message().unwrap().body
}

#[tokio::test]
async fn an_alert_is_sent_once() {
    let (admin, family) = (receiver(Reply::status(200)).await, receiver(Reply::status(200)).await);
    let (ports, site) = (ports().await, site(SITE, &[("ADMIN", &admin), ("FAMILY", &family)]));
    let body = message(AlertSubject::Relay("gate".to_owned()), "the relay gave no answer");
    for count in 1..=2 {
        assert!(!alerted(&ports, &site, &client(), record(body.clone(), count)).await);
    }
    let received = admin.received();
    assert_eq!(received.len(), 1);
    assert_eq!(header(&received[0], "title"), Some("camhook alert: relay gate"));
    assert_eq!(received[0].body, "the relay gave no answer\n2026-11-23 12:00:05");
    assert!(family.received().is_empty());

    // An identical alert within five minutes is suppressed.
    let again = |seconds| {
        let at = NOW.checked_add(Duration::from_secs(seconds)).unwrap();
        let text = "the relay gave no answer".to_owned();
        record(Alert::new(AlertSubject::Relay("gate".to_owned()), text, at).message().unwrap().body, 1)
    };
    assert!(!alerted(&ports, &site, &client(), again(10)).await);
    assert_eq!(admin.received().len(), 1);
    ports.clock.advance(Duration::from_secs(301));
    assert!(!alerted(&ports, &site, &client(), again(301)).await);
    assert_eq!(admin.received().len(), 2);
}

#[tokio::test]
async fn a_channel_that_needs_a_person_alerts_at_once() {
    let (admin, family) = (receiver(Reply::status(200)).await, receiver(Reply::status(403)).await);
    let (ports, site) = (ports().await, site(SITE, &[("ADMIN", &admin), ("FAMILY", &family)]));
    assert!(handled(&ports, &site, &client(), delivered(&plate('a', None), 1)).await.0);
    let queued = ports.queues.take(Queue::Alerts);
    assert_eq!(queued.len(), 1);
    assert!(!alerted(&ports, &site, &client(), record(queued[0].body.clone(), 1)).await);
    let received = admin.received();
    let text = String::from_utf8(received[0].body.to_vec()).unwrap();
    assert!(
        text.starts_with("The channel family does not accept messages: refused with status 403"),
        "{text}"
    );
    assert!(handled(&ports, &site, &client(), delivered(&plate('a', None), 2)).await.0);
    assert!(ports.queues.take(Queue::Alerts).is_empty());
}

#[tokio::test]
async fn a_channel_that_is_down_alerts_at_the_last_delivery() {
    let (admin, family) = (receiver(Reply::status(200)).await, receiver(Reply::status(503)).await);
    let (ports, site) = (ports().await, site(SITE, &[("ADMIN", &admin), ("FAMILY", &family)]));
    for count in 1..=8 {
        assert!(handled(&ports, &site, &client(), delivered(&plate('a', None), count)).await.0);
        assert_eq!(ports.queues.take(Queue::Alerts).len(), usize::from(count == 8), "delivery {count}");
    }
}

#[tokio::test]
async fn a_failing_alert_channel_causes_no_alert() {
    let admin = receiver(Reply::status(403)).await;
    let family = receiver(Reply::status(200)).await;
    let text = SITE.replace(
        "then = [{ notify = \"family\" }]",
        "then = [{ notify = \"family\" }, { notify = \"admin\" }]",
    );
    let (ports, site) = (ports().await, site(&text, &[("ADMIN", &admin), ("FAMILY", &family)]));
    assert!(handled(&ports, &site, &client(), delivered(&plate('a', None), 1)).await.0);
    assert!(ports.queues.sent(Queue::Alerts).is_empty());
    // The last delivery alerts in any case; that this alert fails alerts nobody.
    assert!(handled(&ports, &site, &client(), delivered(&plate('a', None), 8)).await.0);
    let dead_letter = ports.queues.take(Queue::Alerts).remove(0);
    for count in [1, 8] {
        assert!(alerted(&ports, &site, &client(), record(dead_letter.body.clone(), count)).await);
    }
    assert!(ports.queues.sent(Queue::Alerts).is_empty());

    let about_itself = record(message(AlertSubject::Channel("admin".to_owned()), "it is down"), 1);
    let before = admin.received().len();
    assert!(!alerted(&ports, &site, &client(), about_itself).await);
    assert_eq!(admin.received().len(), before);

    // Other alerts that it refuses are tried again, and cause no further alert.
    let other = message(AlertSubject::Configuration, "line 3 is wrong");
    for count in [1, 8] {
        assert!(alerted(&ports, &site, &client(), record(other.clone(), count)).await);
    }
    assert!(ports.queues.sent(Queue::Alerts).is_empty());
}

#[tokio::test]
async fn without_an_alert_channel_alerts_are_only_logged() {
    let (admin, family) = (receiver(Reply::status(200)).await, receiver(Reply::status(403)).await);
    let text = SITE.replace("alert_channel = \"admin\"", "");
    let (ports, site) = (ports().await, site(&text, &[("ADMIN", &admin), ("FAMILY", &family)]));
    assert!(handled(&ports, &site, &client(), delivered(&plate('a', None), 1)).await.0);
    assert!(ports.queues.sent(Queue::Alerts).is_empty());
    let alert = record(message(AlertSubject::Configuration, "line 3 is wrong"), 1);
    assert!(!alerted(&ports, &site, &client(), alert).await);
}

#[tokio::test]
async fn nothing_but_alerts_is_accepted_from_the_queue_of_alerts() {
    let (admin, family) = (receiver(Reply::status(200)).await, receiver(Reply::status(200)).await);
    let text = SITE.replace("then = [", "then = [{ mode = \"off\" }, ");
    let (ports, site) = (ports().await, site(&text, &[("ADMIN", &admin), ("FAMILY", &family)]));
    let flush = Flush::new("plates".to_owned(), "gate".to_owned(), plate('a', None).id);
    let forged = [delivered(&plate('a', None), 1), record(flush.message(Duration::ZERO).unwrap().body, 1)];
    for record in forged {
        assert!(!alerted(&ports, &site, &client(), record).await);
    }
    assert!(admin.received().is_empty() && family.received().is_empty());
    assert_eq!(control::mode(&ports.state, "yard").await.unwrap(), None);
    assert!(alerted(&ports, &site, &client(), record("{".to_owned(), 1)).await);
    assert_eq!(ports.queues.retried()[0].0, Queue::Alerts);
}

#[tokio::test]
async fn a_chat_that_moved_alerts_once_a_day_with_what_to_change() {
    let family = receiver_by(|request| {
        if String::from_utf8_lossy(&request.body).contains("-100987") {
            return Reply::status(200);
        }
        let body = r#"{"ok":false,"description":"upgraded","parameters":{"migrate_to_chat_id":-100987}}"#;
        Reply::Answer { status: 400, headers: vec![], body: body.into() }
    });
    let (admin, family) = (receiver(Reply::status(200)).await, family.await);
    let text = SITE.replace(
        "kind = \"ntfy\"\nurl = \"FAMILY/family\"",
        "kind = \"telegram\"\ntoken = \"env:TOKEN\"\nchat = -4711\nserver = \"FAMILY\"",
    );
    let (ports, site) = (ports().await, site(&text, &[("ADMIN", &admin), ("FAMILY", &family)]));
    ports.secrets.set("env:TOKEN", "123:abc");
    for digit in ['a', 'b'] {
        assert!(!handled(&ports, &site, &client(), delivered(&plate(digit, None), 1)).await.0);
    }
    let alerts = ports.queues.take(Queue::Alerts);
    assert_eq!(alerts.len(), 1);
    assert!(alerts[0].body.contains("set `chat = -100987` in the place of -4711"), "{alerts:?}");
    ports.clock.advance(Duration::from_secs(25 * 3600));
    assert!(!handled(&ports, &site, &client(), delivered(&plate('c', None), 1)).await.0);
    assert_eq!(ports.queues.take(Queue::Alerts).len(), 1);
}

#[tokio::test]
async fn a_message_that_not_everybody_got_is_delivered_once_and_alerts_once_a_day() {
    let (admin, family) = (receiver(Reply::status(200)).await, receiver(Reply::status(424)).await);
    let text = SITE.replace("kind = \"ntfy\"\nurl = \"FAMILY", "kind = \"apprise\"\nurl = \"FAMILY/notify");
    let (ports, site) = (ports().await, site(&text, &[("ADMIN", &admin), ("FAMILY", &family)]));
    for digit in ['a', 'b'] {
        assert!(!handled(&ports, &site, &client(), delivered(&plate(digit, None), 1)).await.0);
    }
    assert_eq!(family.received().len(), 2);
    let alerts = ports.queues.take(Queue::Alerts);
    assert_eq!(alerts.len(), 1);
    assert!(alerts[0].body.contains("The channel family delivered a message in part"), "{alerts:?}");
    let claims = camhook_state::claim::of_event(&ports.state, plate('a', None).id).await.unwrap();
    let outcome = claims[0].2.outcome.as_deref().unwrap();
    assert!(outcome.starts_with("delivered in part: at least one service"), "{outcome}");
}
