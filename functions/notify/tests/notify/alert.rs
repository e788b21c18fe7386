//! Alerts to the alert channel.

use std::time::Duration;

use camhook_outbound::test_server::Reply;
use camhook_ports::Queue;
use camhook_state::alert::{Alert, AlertSubject};

use crate::support::{NOW, client, delivered, handled, header, plate, ports, receiver, record, site};

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
        assert!(!handled(&ports, &site, &client(), record(body.clone(), count)).await.0);
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
    assert!(!handled(&ports, &site, &client(), again(10)).await.0);
    assert_eq!(admin.received().len(), 1);
    ports.clock.advance(Duration::from_secs(301));
    assert!(!handled(&ports, &site, &client(), again(301)).await.0);
    assert_eq!(admin.received().len(), 2);
}

#[tokio::test]
async fn a_channel_that_needs_a_person_alerts_at_once() {
    let (admin, family) = (receiver(Reply::status(200)).await, receiver(Reply::status(403)).await);
    let (ports, site) = (ports().await, site(SITE, &[("ADMIN", &admin), ("FAMILY", &family)]));
    assert!(handled(&ports, &site, &client(), delivered(&plate('a', None), 1)).await.0);
    let queued = ports.queues.take(Queue::Notify);
    assert_eq!(queued.len(), 1);
    assert!(!handled(&ports, &site, &client(), record(queued[0].body.clone(), 1)).await.0);
    let received = admin.received();
    let text = String::from_utf8(received[0].body.to_vec()).unwrap();
    assert!(
        text.starts_with("The channel family does not accept messages: refused with status 403"),
        "{text}"
    );
    assert!(handled(&ports, &site, &client(), delivered(&plate('a', None), 2)).await.0);
    assert!(ports.queues.take(Queue::Notify).is_empty());
}

#[tokio::test]
async fn a_channel_that_is_down_alerts_at_the_last_delivery() {
    let (admin, family) = (receiver(Reply::status(200)).await, receiver(Reply::status(503)).await);
    let (ports, site) = (ports().await, site(SITE, &[("ADMIN", &admin), ("FAMILY", &family)]));
    for count in 1..=8 {
        assert!(handled(&ports, &site, &client(), delivered(&plate('a', None), count)).await.0);
        assert_eq!(ports.queues.take(Queue::Notify).len(), usize::from(count == 8), "delivery {count}");
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
    for count in [1, 8] {
        assert!(handled(&ports, &site, &client(), delivered(&plate('a', None), count)).await.0);
    }
    assert!(ports.queues.sent(Queue::Notify).is_empty());

    let about_itself = record(message(AlertSubject::Channel("admin".to_owned()), "it is down"), 1);
    let before = admin.received().len();
    assert!(!handled(&ports, &site, &client(), about_itself).await.0);
    assert_eq!(admin.received().len(), before);

    // Other alerts that it refuses are tried again, and cause no further alert.
    let other = message(AlertSubject::Configuration, "line 3 is wrong");
    for count in [1, 8] {
        assert!(handled(&ports, &site, &client(), record(other.clone(), count)).await.0);
    }
    assert!(ports.queues.sent(Queue::Notify).is_empty());
}

#[tokio::test]
async fn without_an_alert_channel_alerts_are_only_logged() {
    let (admin, family) = (receiver(Reply::status(200)).await, receiver(Reply::status(403)).await);
    let text = SITE.replace("alert_channel = \"admin\"", "");
    let (ports, site) = (ports().await, site(&text, &[("ADMIN", &admin), ("FAMILY", &family)]));
    assert!(handled(&ports, &site, &client(), delivered(&plate('a', None), 1)).await.0);
    assert!(ports.queues.sent(Queue::Notify).is_empty());
    let alert = record(message(AlertSubject::Configuration, "line 3 is wrong"), 1);
    assert!(!handled(&ports, &site, &client(), alert).await.0);
}
